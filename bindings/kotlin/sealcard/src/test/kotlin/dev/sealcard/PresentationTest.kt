package dev.sealcard

import java.math.BigInteger
import java.security.KeyFactory
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import java.security.spec.ECPoint
import java.security.spec.ECPrivateKeySpec
import java.security.spec.ECPublicKeySpec
import java.time.Duration
import java.util.Base64
import com.fasterxml.jackson.databind.JsonNode
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** Passes and presentations: with keys of the platform's, and with those that fail. */
class PresentationTest {
    private fun vector(name: String): JsonNode = Vectors.read("passes.json").first { it.text("name") == name }

    private fun verifier() = Verifier.ofJwks(Vectors.trust("example"))

    private fun pair(curve: String): KeyPair =
        KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec(curve)) }.generateKeyPair()

    /** The vector's device key as one of the platform's, which signs in DER, with whichever s comes. */
    private fun platformKey(): KeyStoreDeviceKey {
        val jwk = vector("P-256")["key"]
        val number = { name: String -> BigInteger(1, Base64.getUrlDecoder().decode(jwk.text(name))) }
        val curve = (pair("secp256r1").public as ECPublicKey).params
        val factory = KeyFactory.getInstance("EC")
        val public = factory.generatePublic(ECPublicKeySpec(ECPoint(number("x"), number("y")), curve))
        return KeyStoreDeviceKey(factory.generatePrivate(ECPrivateKeySpec(number("d"), curve)), public as ECPublicKey)
    }

    @Test
    fun `a key of the platform's key store proves who is there`() {
        val key = platformKey()
        val pass = Pass.parse(vector("P-256").text("pass")!!)
        assertEquals(pass.unverifiedSnapshot.holderKey, key.holderKey().jwk)
        val now = vector("P-256").moment("now")
        val presenter = Presenter(pass, key)
        // Enough for both values of s, and for numbers with leading zeros.
        repeat(300) { assertEquals(Binding.Device(now), verifier().verify(presenter.present(now), now).binding) }
    }

    @Test
    fun `keys of the platform are read, and those of other curves refused`() {
        repeat(300) {
            val pair = pair("secp256r1")
            val key = KeyStoreDeviceKey(pair.private, pair.public as ECPublicKey)
            assertEquals(HolderKey.ofJwk(key.holderKey().jwk), key.holderKey())
            assertEquals("proof_invalid", code { Presenter(Pass.parse(vector("P-256").text("pass")!!), key) })
        }
        val other = pair("secp384r1")
        assertEquals("invalid_key", code { HolderKey.ofP256(other.public as ECPublicKey) })
    }

    @Test
    fun `a presentation proves who is there for a minute`() {
        val vector = vector("P-256")
        val key = SoftwareDeviceKey.ofPrivateJwk(vector["key"].toString())
        val pass = Pass.parse(vector.text("pass")!!)
        assertEquals(key.holderKey().jwk, pass.unverifiedSnapshot.holderKey)
        val now = vector.moment("now")
        val text = Presenter(pass, key).present(now)
        val verified = verifier().verify(text, now + Duration.ofSeconds(30))
        assertEquals(Binding.Device(now), verified.binding)
        assertEquals(pass.unverifiedSnapshot.profile, verified.profile)
        assertEquals("proof_stale", code { verifier().verify(text, now + Duration.ofSeconds(61)) })
        assertEquals("proof_missing", code { verifier().verify(pass.text, now) })
    }

    @Test
    fun `a challenge is answered and no other`() {
        val vector = vector("Ed25519")
        val presenter = Presenter(Pass.parse(vector.text("pass")!!), SoftwareDeviceKey.ofPrivateJwk(vector["key"].toString()))
        val now = vector.moment("now")
        val challenge = Challenge.random()
        assertEquals(challenge, Challenge.parse(challenge.toString()))
        assertEquals(challenge, Challenge.of(challenge.toByteArray()))
        assertNotEquals(challenge, Challenge.random())
        val text = presenter.present(now, challenge)
        verifier().verify(text, now, challenge)
        assertEquals("wrong_challenge", code { verifier().verify(text, now) })
        assertEquals("wrong_challenge", code { verifier().verify(text, now, Challenge.random()) })
        for (size in 0..20) {
            assertEquals(if (size in 4..16) null else "wrong_challenge", code { Challenge.of(ByteArray(size)) })
        }
    }

    @Test
    fun `a key that does not sign is an error of its own`() {
        val vector = vector("P-256")
        val holder = SoftwareDeviceKey.ofPrivateJwk(vector["key"].toString()).holderKey()
        val pass = Pass.parse(vector.text("pass")!!)
        val presenter = { answer: () -> ByteArray ->
            Presenter(pass, object : DeviceKey {
                override fun holderKey() = holder
                override fun sign(message: ByteArray) = answer()
            })
        }
        val error = assertThrows<SealcardException.KeyUnavailable> {
            presenter { throw IllegalStateException("the phone is locked") }.present(vector.moment("now"))
        }
        assertEquals("key_unavailable", error.code)
        assertEquals("the device's key did not sign: the phone is locked", error.message)
        assertEquals("the phone is locked", error.cause?.message)
        // An Error too is the key's, not the library's.
        val unfinished = assertThrows<SealcardException.KeyUnavailable> { presenter { TODO() }.present(vector.moment("now")) }
        assertInstanceOf(NotImplementedError::class.java, unfinished.cause)
        for (answer in listOf(ByteArray(0), ByteArray(64), ByteArray(64) { -1 }, ByteArray(70), ByteArray(1_000_000))) {
            assertEquals("proof_invalid", code { presenter { answer }.present(vector.moment("now")) }, "${answer.size}")
        }
        val gone = object : DeviceKey {
            override fun holderKey(): HolderKey = TODO()
            override fun sign(message: ByteArray) = message
        }
        assertEquals("key_unavailable", code { Presenter(pass, gone) })
        assertEquals("proof_invalid", code { Presenter(pass, SoftwareDeviceKey.ofP256(ByteArray(32) { 3 })) })
    }

    @Test
    fun `keys of wrong lengths and weak ones are refused`() {
        assertEquals("weak_key", code { HolderKey.ofEd25519(ByteArray(32)) })
        assertEquals("invalid_key", code { HolderKey.ofEd25519(ByteArray(31)) })
        assertEquals("invalid_key", code { HolderKey.ofP256(ByteArray(64)) })
        assertEquals("invalid_key", code { SoftwareDeviceKey.ofP256(ByteArray(32)) })
        assertEquals("invalid_key", code { SoftwareDeviceKey.ofEd25519(ByteArray(33)) })
        assertEquals("invalid_key", code { HolderKey.ofJwk(vector("P-256")["key"].toString()) }, "a private key")
    }
}
