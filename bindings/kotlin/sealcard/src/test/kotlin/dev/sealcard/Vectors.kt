package dev.sealcard

import java.nio.file.Path
import java.time.Instant
import kotlin.io.path.readText
import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.ObjectMapper

/** The shared test vectors, as `tests/vectors/README.md` describes them. */
object Vectors {
    private val folder = Path.of("../../../tests/vectors")

    fun read(name: String): JsonNode = ObjectMapper().readTree(folder.resolve(name).readText())

    /** A trust file by its name, as the text of a file. */
    fun trust(name: String): String = trust.get(name).toString()

    private val trust = read("trust.json")
}

/** The text of a member, or null. */
fun JsonNode.text(name: String): String? = get(name)?.takeUnless { it.isNull }?.textValue()

/** The moment of a member: Unix times reach 2^64 - 1, and moments do not. */
fun JsonNode.moment(name: String): Instant {
    val seconds = get(name).bigIntegerValue()
    return if (seconds.bitLength() > 54) Instant.MAX else Instant.ofEpochSecond(seconds.longValueExact())
}

fun JsonNode.number(name: String): UInt = get(name).longValue().toUInt()

fun bytes(hex: String): ByteArray = hex.chunked(2).map { it.toInt(16).toByte() }.toByteArray()

fun hex(bytes: List<Byte>): String = bytes.joinToString("") { "%02x".format(it) }

/** The stable code of what was thrown; another exception is a failure. */
fun code(attempt: () -> Unit): String? = try {
    attempt()
    null
} catch (error: SealcardException) {
    check(!error.message.isBlank())
    // The class is the code's, whichever it is: ProofMissing is proof_missing.
    val snake = error::class.simpleName!!.replace(Regex("(?<=.)[A-Z]"), "_$0").lowercase()
    check(snake == error.code) { "${error::class} has the code ${error.code}" }
    error.code
}
