// A badge: shows a fresh presentation of a pass every 30 seconds, as a phone does, without a network.
//
//     java -cp 'target/*:target/lib/*' dev.sealcard.examples.BadgeKt PASS DEVICE.jwk [--png FILE]
//
// PASS is a file with the pass; DEVICE.jwk the device's key, as `sealcard keygen --kind device` writes it. A phone would use a key in
// its chip. With --png it draws one presentation into a file, and ends.

package dev.sealcard.examples

import java.io.IOException
import java.nio.file.Path
import java.time.Instant
import kotlin.io.path.readText
import kotlin.io.path.writeBytes
import dev.sealcard.Pass
import dev.sealcard.Presenter
import dev.sealcard.QrMatrix
import dev.sealcard.SealcardException
import dev.sealcard.SoftwareDeviceKey

fun main(args: Array<String>) {
    if (args.size != 2 && !(args.size == 4 && args[2] == "--png")) fail("badge", "usage: badge PASS DEVICE.jwk [--png FILE]")
    try {
        val pass = Pass.parse(Path.of(args[0]).readText().trim())
        val presenter = Presenter(pass, SoftwareDeviceKey.ofPrivateJwk(Path.of(args[1]).readText()))
        if (args.size == 4) {
            Path.of(args[3]).writeBytes(QrMatrix(presenter.present(Instant.now())).png(pixels = 600))
            return
        }
        val terminal = System.console() != null
        while (true) {
            if (terminal) print("\u001b[2J\u001b[H")
            print(QrMatrix(presenter.present(Instant.now())).terminal(colored = terminal))
            println(pass.unverifiedSnapshot.profile.displayName)
            Thread.sleep(30_000)
        }
    } catch (error: IOException) {
        fail("badge", "cannot read or write ${error.message}")
    } catch (error: SealcardException) {
        fail("badge", error.message)
    }
}
