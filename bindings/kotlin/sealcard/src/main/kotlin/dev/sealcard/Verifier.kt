package dev.sealcard

import java.time.Instant
import dev.sealcard.ffi.StoredState as FfiState
import dev.sealcard.ffi.Verifier as FfiVerifier

/**
 * Tells who shows a QR code, without a network.
 *
 * ```kotlin
 * val verifier = Verifier.ofRoots(listOf(rootJwk), state = stored)
 * try {
 *     val snapshot = verifier.verify(scanned, Instant.now())
 *     welcome(snapshot.profile.displayName)
 * } catch (e: SealcardException) {
 *     refuse(e.message)
 * }
 * ```
 *
 * Threads may share a verifier; they verify side by side. Close it when it is no longer needed: after that, every call throws
 * an [IllegalStateException].
 */
public class Verifier private constructor(private val verifier: FfiVerifier) : AutoCloseable {
    /**
     * Verifies a payload text, as a QR code carries it, and says who it is.
     *
     * @param now the moment to judge it at; `Instant.now()`, but for tests
     * @param challenge what the verifier has shown; then only a presentation that answers it will do
     * @throws SealcardException with a class for each way to fail
     */
    public fun verify(text: String, now: Instant, challenge: Challenge? = null): VerifiedSnapshot =
        calling { VerifiedSnapshot(verifier.verify(text, challenge?.toByteArray(), now)) }

    /**
     * Verifies a token as it is, the way an NFC tag carries it.
     *
     * @throws SealcardException as for texts
     */
    public fun verify(token: ByteArray, now: Instant, challenge: Challenge? = null): VerifiedSnapshot =
        calling { VerifiedSnapshot(verifier.verifyBytes(token, challenge?.toByteArray(), now)) }

    /**
     * Takes a trust bundle that a root signed, as a server has it at `/api/trust-bundle`. Store [state] afterwards.
     *
     * @throws SealcardException [SealcardException.Rollback] for an older one, or why it is none of a pinned root. The verifier
     * goes on as before.
     */
    public fun updateTrustBundle(text: String, now: Instant): Update = calling { verifier.updateTrustBundle(text, now) }

    /**
     * Takes a revocation list that a trusted issuer signed, as a server has it at `/api/revocations`. Store [state] afterwards.
     *
     * @throws SealcardException [SealcardException.Rollback] for an older one, or why it is none of a trusted issuer. The
     * verifier goes on as before.
     */
    public fun updateRevocationList(text: String, now: Instant): Update =
        calling { verifier.updateRevocationList(text, now) }

    /**
     * What to store: trust bundle, revocation lists and the newest time that was proven. Store it after each update, and now and then
     * after scans, but never over a state with more [StoredState.changes], nor without looking at [trustBundle] first if the app has
     * other roots than before: a bundle of a root that is no longer given is left out.
     */
    public val state: StoredState get() = verifier.state().let { StoredState(it.bytes, it.changes) }

    /** The trust bundle that counts. */
    public val trustBundle: SignedFile? get() = verifier.trustBundle()

    /** The revocation lists that count: at most one of each issuer. */
    public val revocationLists: List<SignedFile> get() = verifier.revocationLists()

    override fun close(): Unit = verifier.close()

    public companion object {
        /**
         * A verifier that trusts whom these roots vouch for: the JWK of one root, or, while one takes over from another, of the
         * new one and then the old one. It trusts nobody until there is a trust bundle, in [state] or by [updateTrustBundle].
         *
         * @param state what [Verifier.state] was when the app last stored it
         * @throws SealcardException [SealcardException.InvalidState] for a state that is damaged: start anew without one. Else
         * what is wrong with a root or the settings.
         */
        public fun ofRoots(
            roots: List<String>,
            settings: VerifierSettings = VerifierSettings(),
            state: StoredState? = null,
        ): Verifier = calling { Verifier(FfiVerifier.withRoots(roots, settings, state?.toFfi())) }

        /**
         * A verifier that trusts the keys of a JWK set, as a server has it at `/.well-known/jwks.json`.
         *
         * @throws SealcardException what is wrong with the set, the settings or the state
         */
        public fun ofJwks(
            jwks: String,
            settings: VerifierSettings = VerifierSettings(),
            state: StoredState? = null,
        ): Verifier = calling { Verifier(FfiVerifier.withJwks(jwks, settings, state?.toFfi())) }
    }
}

/**
 * What a verifier must keep between two runs of an app.
 *
 * @property changes how often the state has changed. Where the platform has a place that no backup sets back, keep the number there,
 * and store it after the bytes: handed over with them, it has an older state refused. Without such a place, hand over 0.
 */
public class StoredState(bytes: ByteArray, public val changes: UInt) {
    private val content = bytes.copyOf()

    /** The state; it holds no secrets. */
    public fun toByteArray(): ByteArray = content.copyOf()

    override fun equals(other: Any?): Boolean =
        other is StoredState && content.contentEquals(other.content) && changes == other.changes

    override fun hashCode(): Int = content.contentHashCode()

    override fun toString(): String = "StoredState(${content.size} bytes, $changes changes)"

    internal fun toFfi() = FfiState(content, changes)
}

/** How a verifier judges: how far clocks may be off, how old a proof may be, what is made of an old revocation list. */
public typealias VerifierSettings = dev.sealcard.ffi.VerifierSettings

/** Whether an update brought something new. */
public typealias Update = dev.sealcard.ffi.Update

/** A trust bundle or revocation list that counts. */
public typealias SignedFile = dev.sealcard.ffi.SignedFile
