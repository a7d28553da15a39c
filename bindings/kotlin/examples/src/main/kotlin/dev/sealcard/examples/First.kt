// README.md's first scan and first badge, run by scripts/interop, which also checks that README.md shows them as they are here.
//
//     first ROOT.jwk BUNDLE LIST PASS DEVICE.jwk

package dev.sealcard.examples

import java.nio.file.Path
import java.time.Instant
import java.util.Base64
import kotlin.io.path.readText
import kotlin.system.exitProcess
import dev.sealcard.*

fun main(args: Array<String>) {
    val files = args.map { Path.of(it).readText().trim() }
    val secret = Base64.getUrlDecoder().decode(Regex("\"d\":\"([^\"]*)\"").find(files[4])!!.groupValues[1])
    val passText = files[3]
    /** Scans what is shown. */
    fun show(picture: ByteArray) {
        QrReader.scan(picture).forEach { scan(it, files) }
        exitProcess(0)
    }
    // README
    // In an app the key stays in Android's key store: see KeyStoreDeviceKey. Send holderKey().jwk to POST /api/profiles/me/pass, keep
    // the pass.
    val key = SoftwareDeviceKey.ofP256(secret)
    val presenter = Presenter(Pass.parse(passText), key)
    while (true) {
        show(QrMatrix(presenter.present(Instant.now())).png(pixels = 600))
        Thread.sleep(30_000)
    }
    // README
}

private fun scan(scanned: String, files: List<String>) {
    val (rootJwk, bundle, list) = files
    val stored: StoredState? = null
    fun save(state: StoredState) = check(state.changes > 0u)
    // README
    // Once, online: what the server has at /api/trust-bundle and /api/revocations. The root's JWK is part of the app.
    val verifier = Verifier.ofRoots(listOf(rootJwk), state = stored)
    verifier.updateTrustBundle(bundle, Instant.now())
    verifier.updateRevocationList(list, Instant.now())
    save(verifier.state)

    // At the door, offline.
    try {
        val snapshot = verifier.verify(scanned, Instant.now())
        val copied = if (snapshot.binding == Binding.Bearer) " (anyone may show a copy)" else ""
        println("Welcome, ${snapshot.profile.isolatedDisplayName}$copied")
    } catch (e: SealcardException) {
        println("${e.code}: ${e.message}")
    }
    // README
}
