package dev.sealcard

import java.math.BigInteger
import java.security.PrivateKey
import java.security.Signature
import java.security.interfaces.ECPublicKey
import dev.sealcard.ffi.DeviceKeyException
import dev.sealcard.ffi.SoftwareDeviceKey as FfiSoftwareDeviceKey

/** A device's key pair, wherever the private half is kept. */
public interface DeviceKey {
    /** The public half. */
    public fun holderKey(): HolderKey

    /**
     * Signs the message as it is: Ed25519, or ECDSA over its SHA-256, as DER or as r and s of 32 bytes each; s may be either of
     * its two values.
     */
    public fun sign(message: ByteArray): ByteArray
}

/** The public half of a device's key, which the issuer binds a pass to. */
public class HolderKey private constructor(
    /**
     * The key as a JWK, a JSON object: what `POST /api/profiles/me/pass` takes as `holderKey` (insert it as it is, not as a string).
     * The answer's `token` is the pass.
     */
    public val jwk: String,
) {
    override fun equals(other: Any?): Boolean = other is HolderKey && jwk == other.jwk

    override fun hashCode(): Int = jwk.hashCode()

    override fun toString(): String = jwk

    public companion object {
        /**
         * A P-256 key as a point of SEC 1: compressed (33 bytes) or not (65 bytes).
         *
         * @throws SealcardException [SealcardException.InvalidKey]
         */
        public fun ofP256(point: ByteArray): HolderKey = calling { HolderKey(dev.sealcard.ffi.p256HolderKey(point)) }

        /**
         * A P-256 key of the platform's.
         *
         * @throws SealcardException [SealcardException.InvalidKey] for a key of another curve
         */
        public fun ofP256(key: ECPublicKey): HolderKey =
            ofP256(byteArrayOf(4) + coordinate(key.w.affineX) + coordinate(key.w.affineY))

        /**
         * An Ed25519 key of 32 bytes.
         *
         * @throws SealcardException [SealcardException.InvalidKey] or [SealcardException.WeakKey]
         */
        public fun ofEd25519(key: ByteArray): HolderKey = calling { HolderKey(dev.sealcard.ffi.ed25519HolderKey(key)) }

        /**
         * A key of either kind.
         *
         * @throws SealcardException [SealcardException.InvalidKey] or [SealcardException.WeakKey]
         */
        public fun ofJwk(jwk: String): HolderKey = calling { HolderKey(dev.sealcard.ffi.jwkHolderKey(jwk)) }

        /** 32 bytes, big-endian; of a larger number more, which no key has. */
        private fun coordinate(number: BigInteger): ByteArray {
            val bytes = number.toByteArray().dropWhile { it == 0.toByte() }.toByteArray()
            return ByteArray((32 - bytes.size).coerceAtLeast(0)) + bytes
        }
    }
}

/**
 * A P-256 key of the platform's key store. With Android's it never leaves the chip:
 *
 * ```kotlin
 * val store = KeyStore.getInstance("AndroidKeyStore").apply { load(null) }
 * if (!store.containsAlias("sealcard")) KeyPairGenerator.getInstance("EC", "AndroidKeyStore").run {
 *     initialize(
 *         KeyGenParameterSpec.Builder("sealcard", KeyProperties.PURPOSE_SIGN)
 *             .setAlgorithmParameterSpec(ECGenParameterSpec("secp256r1")).setDigests(KeyProperties.DIGEST_SHA256).build()
 *     )
 *     generateKeyPair()
 * }
 * val public = store.getCertificate("sealcard").publicKey as ECPublicKey
 * val key = KeyStoreDeviceKey(store.getKey("sealcard", null) as PrivateKey, public)
 * ```
 */
public class KeyStoreDeviceKey(private val privateKey: PrivateKey, private val publicKey: ECPublicKey) : DeviceKey {
    override fun holderKey(): HolderKey = HolderKey.ofP256(publicKey)

    override fun sign(message: ByteArray): ByteArray = Signature.getInstance("SHA256withECDSA").run {
        initSign(privateKey)
        update(message)
        sign()
    }
}

/** A device key in memory, for tests and servers: a phone's belongs into its chip. */
public class SoftwareDeviceKey private constructor(private val key: FfiSoftwareDeviceKey) : DeviceKey, AutoCloseable {
    override fun holderKey(): HolderKey = HolderKey.ofJwk(key.holderKey())

    override fun sign(message: ByteArray): ByteArray = key.sign(message)

    override fun close(): Unit = key.close()

    public companion object {
        /**
         * The P-256 key of a secret of 32 bytes from a secure random source.
         *
         * @throws SealcardException [SealcardException.InvalidKey] for other lengths, and for the few numbers that no P-256 key has
         */
        public fun ofP256(secret: ByteArray): SoftwareDeviceKey = calling { SoftwareDeviceKey(FfiSoftwareDeviceKey.p256(secret)) }

        /**
         * The Ed25519 key of a seed of 32 bytes from a secure random source.
         *
         * @throws SealcardException [SealcardException.InvalidKey] for other lengths
         */
        public fun ofEd25519(seed: ByteArray): SoftwareDeviceKey = calling { SoftwareDeviceKey(FfiSoftwareDeviceKey.ed25519(seed)) }

        /**
         * A private JWK, as `sealcard keygen --kind device` writes it.
         *
         * @throws SealcardException [SealcardException.InvalidKey] or [SealcardException.WeakKey]
         */
        public fun ofPrivateJwk(jwk: String): SoftwareDeviceKey =
            calling { SoftwareDeviceKey(FfiSoftwareDeviceKey.fromPrivateJwk(jwk)) }
    }
}

/** What Rust calls: the app's key, and any error of it as one that Rust knows. */
internal class ForeignDeviceKey(private val key: DeviceKey) : dev.sealcard.ffi.DeviceKey {
    override fun holderKey(): String = answering { key.holderKey().jwk }

    override fun sign(message: ByteArray): ByteArray = answering { key.sign(message) }

    private inline fun <Answer> answering(ask: () -> Answer): Answer = try {
        ask()
    } catch (error: Throwable) {
        // Errors too: what leaves here goes through C, where nothing could hold it.
        thrown.set(error)
        throw DeviceKeyException.Unavailable(error.message ?: error.toString())
    }

    companion object {
        /** The app's exception itself waits on the thread in which Rust was called and calls, for whoever called Rust. */
        private val thrown = ThreadLocal<Throwable>()

        /** The exception that waits on this thread. */
        fun takeThrown(): Throwable? = thrown.get().also { thrown.remove() }
    }
}
