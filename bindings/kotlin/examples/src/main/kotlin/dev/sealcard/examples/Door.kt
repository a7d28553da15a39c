// A door: says who shows a payload, or why not, without a network.
//
//     java -cp 'target/*:target/lib/*' dev.sealcard.examples.DoorKt \
//         ROOT.jwk STATE [--bundle FILE] [--revocations FILE] [PAYLOAD | PICTURE.png]...
//
// The trust bundle and the revocation list are learnt once and kept in STATE. Without payloads, they are read from standard input,
// one a line. It ends with 1 if anyone was refused.

package dev.sealcard.examples

import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardCopyOption.ATOMIC_MOVE
import java.time.Instant
import kotlin.io.path.exists
import kotlin.io.path.readBytes
import kotlin.io.path.readText
import kotlin.io.path.writeBytes
import kotlin.system.exitProcess
import dev.sealcard.Binding
import dev.sealcard.QrReader
import dev.sealcard.SealcardException
import dev.sealcard.StoredState
import dev.sealcard.Verifier
import dev.sealcard.isolatedDisplayName

fun main(args: Array<String>) {
    try {
        exitProcess(if (Door(args.toMutableList()).use { it.open() }) 0 else 1)
    } catch (error: IllegalArgumentException) {
        fail("door", error.message)
    } catch (error: IOException) {
        fail("door", "cannot read or write ${error.message}")
    } catch (error: SealcardException) {
        fail("door", error.message)
    }
}

private class Door(private val arguments: MutableList<String>) : AutoCloseable {
    private val bundle = option("--bundle")
    private val revocations = option("--revocations")
    private val verifier: Verifier
    private val stateFile: Path

    init {
        require(arguments.size >= 2 && arguments.none { it.startsWith("--") }) {
            "usage: door ROOT.jwk STATE [--bundle FILE] [--revocations FILE] [PAYLOAD | PICTURE.png]..."
        }
        val root = Path.of(arguments.removeAt(0))
        stateFile = Path.of(arguments.removeAt(0))
        val stored = stateFile.takeIf { it.exists() }?.let { StoredState(it.readBytes(), 0u) }
        verifier = try {
            Verifier.ofRoots(listOf(root.readText()), state = stored)
        } catch (error: SealcardException.InvalidState) {
            throw IllegalArgumentException("$stateFile: ${error.message} (delete it)")
        }
        // Another root than the state was made with: to store it again would forget its bundle.
        require(stored == null || verifier.trustBundle != null || bundle != null) {
            "$stateFile holds no trust bundle of $root: give one with --bundle"
        }
    }

    /** Whether everyone was let in. */
    fun open(): Boolean {
        bundle?.let { verifier.updateTrustBundle(Path.of(it).readText().trim(), Instant.now()) }
        revocations?.let { verifier.updateRevocationList(Path.of(it).readText().trim(), Instant.now()) }
        store()
        // Each as it comes: a scanner that types waits for its answer.
        val payloads = arguments.ifEmpty { null }?.asSequence() ?: generateSequence(::readlnOrNull)
        var welcome = true
        for (payload in payloads) welcome = judge(payload) && welcome
        store()
        return welcome
    }

    private fun judge(argument: String): Boolean {
        if (!argument.endsWith(".png")) return verify(argument)
        val payloads = try {
            QrReader.scan(Path.of(argument).readBytes())
        } catch (error: SealcardException.InvalidPicture) {
            throw IllegalArgumentException("$argument: ${error.message}")
        }
        if (payloads.isEmpty()) println("refused: no QR code in $argument")
        return payloads.isNotEmpty() && payloads.map(::verify).all { it }
    }

    private fun verify(payload: String): Boolean = try {
        val snapshot = verifier.verify(payload, Instant.now())
        val profile = snapshot.profile
        val how = if (snapshot.binding == Binding.Bearer) "a copy is as good" else "shown by its own device"
        val issuer = snapshot.issuer ?: "an issuer without a name"
        println("welcome: ${profile.isolatedDisplayName} (${profile.username}), says $issuer; $how")
        true
    } catch (error: SealcardException) {
        println("refused: ${error.code}: ${error.message}")
        false
    }

    private fun store() {
        val new = stateFile.resolveSibling("${stateFile.fileName}.new")
        new.writeBytes(verifier.state.toByteArray())
        Files.move(new, stateFile, ATOMIC_MOVE)
    }

    private fun option(name: String): String? {
        val place = arguments.indexOf(name)
        if (place < 0 || place + 1 >= arguments.size) return null
        arguments.removeAt(place)
        return arguments.removeAt(place)
    }

    override fun close() = verifier.close()
}

internal fun fail(program: String, reason: String?): Nothing {
    System.err.println("$program: $reason")
    exitProcess(2)
}
