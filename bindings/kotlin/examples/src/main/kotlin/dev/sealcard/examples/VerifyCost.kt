// What a verification costs in Kotlin: a line for each kind, with its name and microseconds.
//
//     verify-cost JWKS BEARER PRESENTATION

package dev.sealcard.examples

import java.nio.file.Path
import java.time.Instant
import kotlin.io.path.readText
import dev.sealcard.Verifier

fun main(args: Array<String>) {
    val (jwks, bearer, presentation) = args.map { Path.of(it).readText() }
    val verifier = Verifier.ofJwks(jwks)
    val now = Instant.ofEpochSecond(1_800_000_000)
    for ((name, text) in listOf("bearer" to bearer, "presentation" to presentation)) {
        val verify = { count: Int ->
            val start = System.nanoTime()
            repeat(count) { verifier.verify(text, now) }
            (System.nanoTime() - start) / 1e3 / count
        }
        verify(20_000)
        println("%s %.1f".format(name, verify(5_000)))
    }
}
