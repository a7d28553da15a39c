package dev.sealcard

import java.time.Instant
import dev.sealcard.ffi.Presenter as FfiPresenter

/**
 * What the holder's phone does: it makes presentations of a pass, offline. Close it when it is no longer needed.
 *
 * ```kotlin
 * val presenter = Presenter(Pass.parse(passText), key)
 * while (isActive) {
 *     image = QrMatrix(presenter.present(Instant.now())).png(pixels = 600)
 *     delay(30_000)
 * }
 * ```
 *
 * @throws SealcardException [SealcardException.ProofInvalid] if the pass is bound to another key,
 * [SealcardException.KeyUnavailable] if the key cannot be had
 */
public class Presenter(pass: Pass, key: DeviceKey) : AutoCloseable {
    private val presenter = calling { FfiPresenter(pass.text, ForeignDeviceKey(key)) }

    /**
     * A fresh presentation, as a payload text. After a minute it is refused.
     *
     * @param now the moment that it is made for; `Instant.now()`, but for tests
     * @param challenge what the verifier shows, if it does
     * @throws SealcardException [SealcardException.KeyUnavailable] if the key does not sign, [SealcardException.ProofInvalid] if
     * what it returns is no signature of its own
     */
    public fun present(now: Instant, challenge: Challenge? = null): String =
        calling { presenter.present(challenge?.toByteArray(), now) }

    override fun close(): Unit = presenter.close()
}
