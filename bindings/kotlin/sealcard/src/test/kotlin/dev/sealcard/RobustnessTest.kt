package dev.sealcard

import java.lang.reflect.InvocationTargetException
import java.nio.file.Path
import java.time.Instant
import java.util.concurrent.Callable
import java.util.concurrent.Executors
import kotlin.io.path.readText
import kotlin.random.Random
import com.fasterxml.jackson.databind.JsonNode
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.condition.EnabledOnOs
import org.junit.jupiter.api.condition.OS

/** Nothing that reaches the library stops the app, and nothing leaks. */
class RobustnessTest {
    private val payload: JsonNode = Vectors.read("valid.json")
        .first { it.has("text") && !it.has("linkHost") && it.text("trust") == "example" }
    private val text: String = payload.text("text")!!
    private val now: Instant = payload.moment("now")

    private fun verifier(): Verifier = Verifier.ofJwks(Vectors.trust("example"))

    @Test
    fun `hostile texts are refused`() {
        val verifier = verifier()
        val texts = listOf(
            "", "SC1:", "\u0000", "SC1:\u0000\u0000", "A".repeat(10_000_000), "SC1:" + ":".repeat(8_000), "\ud83d\udc69", "\ud800",
            "\udfff SC1:",
        )
        for (text in texts) {
            val name = text.take(20)
            assertEquals("malformed", code { verifier.verify(text, now) }, name)
            assertEquals("malformed", code { verifier.updateTrustBundle(text, now) }, name)
            assertEquals("malformed", code { verifier.updateRevocationList(text, now) }, name)
            assertEquals("malformed", code { inspect(text) }, name)
            assertEquals("malformed", code { Pass.parse(text) }, name)
            assertNotNull(code { Verifier.ofJwks(text) }, name)
            assertNotNull(code { Verifier.ofRoots(listOf(text)) }, name)
        }
        assertEquals("unsupported_version", code { verifier.verify(ByteArray(10_000_000), now) })
        assertEquals("malformed", code { verifier.verify(ByteArray(0), now) })
        assertEquals("invalid_trust", code { Verifier.ofRoots(emptyList()) })
        val state = StoredState(ByteArray(100), 0u)
        assertEquals("invalid_state", code { Verifier.ofJwks(Vectors.trust("example"), state = state) })
        val settings = VerifierSettings(linkHost = "not a host")
        assertEquals("invalid_host", code { Verifier.ofJwks(Vectors.trust("example"), settings) })
    }

    @Test
    fun `moments of any kind are taken`() {
        val verifier = verifier()
        for (moment in listOf(Instant.MIN, Instant.EPOCH, Instant.ofEpochSecond(-1))) {
            assertEquals("not_yet_valid", code { verifier.verify(text, moment) }, "$moment")
        }
        for (moment in listOf(Instant.MAX, Instant.MAX.minusSeconds(1), Instant.ofEpochSecond(1_000_000_000_000))) {
            assertEquals("expired", code { verifier.verify(text, moment) }, "$moment")
        }
    }

    @Test
    fun `every changed token is refused`() {
        val verifier = verifier()
        for (place in text.indices) {
            for (other in "0Z :a\u00e9".filter { it != text[place] }) {
                assertNotNull(code { verifier.verify(text.replaceRange(place, place + 1, "$other"), now) })
            }
        }
    }

    /** Texts, bytes and states of all kinds, with something changed, through every door: [code] lets no other exception pass. */
    @Test
    fun `whatever is changed an answer or a refusal comes`() {
        val random = Random(7)
        val story = Vectors.read("offline.json").filter { it.has("roots") }
        val texts = story.flatMap { it["steps"] }.flatMap { step -> listOfNotNull(step.text("bundle"), step.text("revocations"), step.text("token")) }
        val verifier = Verifier.ofRoots(story.first()["roots"].map { it.toString() })
        val jwks = Vectors.trust("example")
        val picture = QrMatrix("SC1:TEST").png(40)
        val changed = { bytes: ByteArray ->
            val at = random.nextInt(bytes.size)
            when (random.nextInt(4)) {
                0 -> bytes.copyOf(at)
                1 -> bytes.copyOf().also { it[at] = random.nextInt().toByte() }
                2 -> bytes.copyOf(at) + random.nextBytes(3) + bytes.drop(at)
                else -> bytes.copyOf(at) + bytes.drop(at + 1)
            }
        }
        repeat(5_000) {
            val text = changed(texts.random(random).encodeToByteArray()).decodeToString()
            code { verifier.updateTrustBundle(text, now) }
            code { verifier.updateRevocationList(text, now) }
            code { verifier.verify(text, now) }
            code { verifier.verify(changed(text.encodeToByteArray() + 0), now) }
            code { inspect(text) }
            code { Pass.parse(text) }
            code { QrMatrix(text) }
            code { QrReader.scan(changed(picture)) }
            code { HolderKey.ofP256(changed(ByteArray(33) { 2 })) }
            code { HolderKey.ofJwk(changed(jwks.encodeToByteArray()).decodeToString()) }
            code { Challenge.of(changed(ByteArray(9))) }
            val state = StoredState(changed(verifier.state.toByteArray()), 0u)
            assertEquals("invalid_state", code { Verifier.ofJwks(jwks, state = state).close() } ?: "invalid_state")
        }
    }

    @Test
    fun `a null from Java and a closed verifier are exceptions`() {
        val verifier = verifier()
        val verify = Verifier::class.java.getMethod("verify", String::class.java, Instant::class.java, Challenge::class.java)
        val error = assertThrows<InvocationTargetException> { verify.invoke(verifier, null, now, null) }
        assertInstanceOf(NullPointerException::class.java, error.targetException)
        verifier.close()
        verifier.close()
        assertThrows<IllegalStateException> { verifier.verify(text, now) }
        assertThrows<IllegalStateException> { verifier.state }
        val key = SoftwareDeviceKey.ofP256(ByteArray(32) { 3 })
        key.close()
        assertThrows<IllegalStateException> { key.holderKey() }
    }

    @Test
    fun `a refusal has values`() {
        val late = now.plusSeconds(10_000_000)
        val error = assertThrows<SealcardException.Expired> { verifier().verify(text, late) }
        assertEquals(payload["expected"].moment("expiresAt"), error.expiresAt)
        assertTrue(error.message.startsWith("expired "), error.message)
    }

    /** Threads share a verifier: some verify, one hands it bundles, one stores its state, and at last one closes it. */
    @Test
    fun `threads share a verifier`() {
        val story = Vectors.read("offline.json").first { story ->
            val outcomes = story["steps"].map { it.text("expect") }
            story.has("roots") && "applied" in outcomes && "verified" in outcomes
        }
        val steps = story["steps"].toList()
        val moment = steps.first().moment("now")
        val verifier = Verifier.ofRoots(story["roots"].map { it.toString() })
        for (step in steps.takeWhile { !it.has("token") }) {
            step.text("bundle")?.let { code { verifier.updateTrustBundle(it, step.moment("now")) } }
            step.text("revocations")?.let { code { verifier.updateRevocationList(it, step.moment("now")) } }
        }
        val (tokens, bundles) = steps.mapNotNull { it.text("token") } to steps.mapNotNull { it.text("bundle") }
        val judge = { tokens.map { code { verifier.verify(it, moment) } } }
        val before = judge()
        val pool = Executors.newFixedThreadPool(16)
        try {
            val work = (0..<16).map { thread ->
                Callable {
                    repeat(200) {
                        when (thread) {
                            0 -> bundles.forEach { code { verifier.updateTrustBundle(it, moment) } }
                            1 -> assertTrue(verifier.state.toByteArray().size > 20)
                            else -> assertEquals(before, judge())
                        }
                    }
                }
            }
            pool.invokeAll(work).forEach { it.get() }
            // Closed while others use it: they finish, or are told.
            val closing = (0..<16).map { thread ->
                Callable {
                    repeat(50) { round ->
                        if (thread == 7 && round == 10) verifier.close()
                        try { judge() } catch (_: IllegalStateException) { }
                    }
                }
            }
            pool.invokeAll(closing).forEach { it.get() }
        } finally {
            pool.shutdown()
        }
        assertThrows<IllegalStateException> { judge() }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    fun `a hundred thousand verifications leave no memory behind`() {
        val verifier = verifier()
        assertFlat(warmUp = 50_000, rounds = 100_000) { round ->
            verifier.verify(text, now)
            if (round % 10 == 0) assertEquals("malformed", code { verifier.verify("SC1:NOT A TOKEN", now) })
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    fun `presentations and pictures leave no memory behind`() {
        val vector = Vectors.read("passes.json").first { it.text("name") == "P-256" }
        val inner = SoftwareDeviceKey.ofPrivateJwk(vector["key"].toString())
        var locked = false
        val key = object : DeviceKey {
            override fun holderKey() = inner.holderKey()
            override fun sign(message: ByteArray) = if (locked) throw IllegalStateException("locked") else inner.sign(message)
        }
        val pass = Pass.parse(vector.text("pass")!!)
        val picture = QrMatrix("SC1:TEST").png(40)
        assertFlat(warmUp = 3_000, rounds = 6_000) { round ->
            locked = round % 2 == 0
            Presenter(pass, key).use { assertEquals(if (locked) "key_unavailable" else null, code { it.present(now) }) }
            if (round % 10 == 0) QrReader.scan(picture)
            if (round % 500 == 0) System.gc()
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    fun `verifiers that nobody closes leave no memory behind`() {
        assertFlat(warmUp = 10_000, rounds = 20_000) { round ->
            val verifier = verifier()
            if (round % 2 == 0) verifier.close()
            if (round % 500 == 0) System.gc()
        }
    }

    private fun assertFlat(warmUp: Int, rounds: Int, work: (Int) -> Unit) {
        repeat(warmUp, work)
        val before = residentBytes()
        repeat(rounds, work)
        val growth = residentBytes() - before
        assertTrue(growth < 8 shl 20, "memory grew by $growth bytes")
    }

    /** The memory of the process. Java's heap has its full size from the start, so that it is not what grows. */
    private fun residentBytes(): Long {
        System.gc()
        return Path.of("/proc/self/statm").readText().split(" ")[1].toLong() * 4096
    }
}
