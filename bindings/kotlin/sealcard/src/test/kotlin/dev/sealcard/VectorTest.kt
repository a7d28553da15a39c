package dev.sealcard

import com.fasterxml.jackson.databind.JsonNode
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Every shared vector, valid and invalid, with its exact code. */
class VectorTest {
    private fun verify(payload: JsonNode): VerifiedSnapshot {
        val settings = VerifierSettings(leewaySecs = payload.number("leeway"), linkHost = payload.text("linkHost"))
        Verifier.ofJwks(Vectors.trust(payload.text("trust")!!), settings).use { verifier ->
            val now = payload.moment("now")
            return payload.text("text")?.let { verifier.verify(it, now) } ?: verifier.verify(bytes(payload.text("bytes")!!), now)
        }
    }

    @Test
    fun `valid payloads say what they should`() {
        val payloads = Vectors.read("valid.json")
        assertTrue(payloads.size() >= 140)
        for (payload in payloads) {
            val name = payload.text("name")
            val verified = verify(payload)
            val expected = payload["expected"]
            val profile = expected["profile"]
            val links = profile["links"].map { Link(it.text("platform")!!, it.text("username")!!, it.text("url")) }
            assertEquals(
                Profile(
                    profile.text("username")!!, profile.text("displayName")!!, profile.text("bio"), profile.text("pronouns"),
                    profile.text("role"), profile.text("company"), profile.text("avatarUrl"), profile.text("accentColor")!!,
                    links, verified.profile.mixesAlphabets,
                ),
                verified.profile, name,
            )
            assertEquals(expected.text("issuer"), verified.issuer, name)
            assertEquals(expected.text("keyId"), verified.keyId, name)
            assertEquals(expected.text("card"), verified.card, name)
            assertEquals(expected.text("event"), verified.event, name)
            assertEquals(expected.moment("issuedAt"), verified.issuedAt, name)
            assertEquals(expected.moment("expiresAt"), verified.expiresAt, name)
            assertEquals(
                expected["otherFields"].map { it.number("id") to it.text("data") },
                verified.otherFields.map { it.id.toUInt() to hex(it.data) }, name,
            )
            assertEquals(Binding.Bearer, verified.binding, name)
            assertEquals(verify(payload), verified, name)
        }
    }

    @Test
    fun `invalid payloads are refused with their codes`() {
        val payloads = Vectors.read("invalid.json")
        assertTrue(payloads.size() >= 400)
        for (payload in payloads) assertEquals(payload.text("error"), code { verify(payload) }, payload.text("name"))
    }

    @Test
    fun `invalid trust files are refused with their codes`() {
        val files = Vectors.read("invalid-trust.json")
        assertTrue(files.size() >= 70)
        for (file in files) {
            assertEquals(file.text("error"), code { Verifier.ofJwks(file.text("trust")!!) }, file.text("name"))
        }
    }

    @Test
    fun `passes are presented to the letter or refused with their codes`() {
        val vectors = Vectors.read("passes.json")
        assertTrue(vectors.size() >= 20)
        for (vector in vectors) {
            var presentation: String? = null
            val refusal = code {
                val challenge = vector.text("challenge")?.let { Challenge.of(bytes(it)) }
                SoftwareDeviceKey.ofPrivateJwk(vector["key"].toString()).use { key ->
                    Presenter(Pass.parse(vector.text("pass")!!), key).use {
                        presentation = it.present(vector.moment("now"), challenge)
                    }
                }
            }
            assertEquals(vector.text("presentation"), presentation, vector.text("name"))
            assertEquals(vector.text("error"), refusal, vector.text("name"))
        }
    }

    /** Every story is told to one verifier, and to one that is made anew from the stored state before each step. */
    @Test
    fun `stories end as they should`() {
        val stories = Vectors.read("offline.json")
        assertTrue(stories.size() >= 200)
        for (story in stories) {
            val settings = VerifierSettings(
                story.number("leeway"), story.number("maxProofAge"), story["requireFreshRevocations"].booleanValue(),
            )
            val make = { state: StoredState? ->
                val roots = story["roots"]?.map { it.toString() }
                if (roots == null) Verifier.ofJwks(Vectors.trust(story.text("trust")!!), settings, state)
                else Verifier.ofRoots(roots, settings, state)
            }
            val verifier = make(null)
            var restored = make(null)
            for ((place, step) in story["steps"].withIndex()) {
                restored = restored.use { make(it.state) }
                for (each in listOf(verifier, restored)) tell(step, each, "${story.text("name")}, step $place")
                assertEquals(verifier.state, restored.state, story.text("name"))
            }
            verifier.close()
            restored.close()
        }
    }

    private fun tell(step: JsonNode, verifier: Verifier, place: String) {
        val now = step.moment("now")
        var outcome = ""
        val refusal = code {
            val update = step.text("bundle")?.let { verifier.updateTrustBundle(it, now) }
                ?: step.text("revocations")?.let { verifier.updateRevocationList(it, now) }
            outcome = update?.name?.lowercase() ?: run {
                val verified = verifier.verify(step.text("token")!!, now, step.text("challenge")?.let(Challenge::parse))
                val binding = if (verified.binding is Binding.Device) "device" else "bearer"
                assertEquals(step.text("binding"), binding, place)
                assertEquals(step.text("revocation"), word(verified.revocation), place)
                assertEquals(step.text("trust"), word(verified.trust), place)
                "verified"
            }
        }
        assertEquals(step.text("expect"), refusal ?: outcome, place)
    }

    private fun word(freshness: Freshness) = when (freshness) {
        is Freshness.Fresh -> "fresh"
        is Freshness.Stale -> "stale"
        Freshness.Unknown -> "unknown"
    }
}
