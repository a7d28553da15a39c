package dev.sealcard

import java.nio.charset.CharacterCodingException
import java.time.Duration
import java.time.Instant
import dev.sealcard.ffi.SealcardException as FfiException

/**
 * Why something was refused or could not be done, with a class for each stable code.
 *
 * ```kotlin
 * catch (e: SealcardException) {
 *     when (e) {
 *         is SealcardException.Expired -> show("Expired at ${e.expiresAt}")
 *         is SealcardException.ProofMissing -> show("A copy: ask to see it in the app")
 *         else -> show(e.message)
 *     }
 * }
 * ```
 *
 * @property code the stable code, like `expired`: the same in every language, on the command line and over HTTP
 * @property message a sentence in English, for logs and developers
 * @property cause for [KeyUnavailable], what the app's own [DeviceKey] threw: whether the phone is locked, the key gone, or its owner
 * has refused
 */
public sealed class SealcardException private constructor(error: FfiException) : Exception(error.sentence()) {
    public val code: String = error.stableCode()
    override val message: String get() = super.message.orEmpty()

    /** Not a token, bundle or list in the one accepted spelling. */
    public class Malformed internal constructor(error: FfiException) : SealcardException(error)

    /** Of a version or kind that this version of the library does not know. */
    public class UnsupportedVersion internal constructor(error: FfiException) : SealcardException(error)

    /** No trusted key has its key hint. */
    public class UnknownKey internal constructor(error: FfiException) : SealcardException(error)

    /** A trusted key has the hint, and did not sign this: forged or altered. */
    public class BadSignature internal constructor(error: FfiException) : SealcardException(error)

    /**
     * Its validity has ended.
     *
     * @property expiresAt the last second of its validity
     */
    public class Expired internal constructor(error: FfiException, public val expiresAt: Instant) :
        SealcardException(error)

    /**
     * Its validity has not begun: one of the clocks is wrong.
     *
     * @property issuedAt the first second of its validity
     */
    public class NotYetValid internal constructor(error: FfiException, public val issuedAt: Instant) :
        SealcardException(error)

    /** A profile field is over its limit or not safe to show. */
    public class InvalidProfile internal constructor(error: FfiException) : SealcardException(error)

    /** Not a key: wrong length, off the curve, of another type, or private where a public one belongs. */
    public class InvalidKey internal constructor(error: FfiException) : SealcardException(error)

    /** A key of small order, for which anyone could sign. */
    public class WeakKey internal constructor(error: FfiException) : SealcardException(error)

    /** A trust file that cannot be read as a set of keys. */
    public class InvalidTrust internal constructor(error: FfiException) : SealcardException(error)

    /** A life outside 1 second to 30 days. */
    public class InvalidTtl internal constructor(error: FfiException) : SealcardException(error)

    /** No host name for links in its one spelling. */
    public class InvalidHost internal constructor(error: FfiException) : SealcardException(error)

    /**
     * The issuer has revoked it.
     *
     * @property listAge how old the list is that says so
     */
    public class Revoked internal constructor(error: FfiException, public val listAge: Duration) :
        SealcardException(error)

    /**
     * A fresh revocation list was asked for, and the one there is old.
     *
     * @property listAge how old the list is
     */
    public class RevocationStale internal constructor(error: FfiException, public val listAge: Duration) :
        SealcardException(error)

    /** A fresh revocation list was asked for, and there is none. */
    public class RevocationUnknown internal constructor(error: FfiException) : SealcardException(error)

    /** A pass without its device's proof: a copy. Or nothing that could answer the challenge. */
    public class ProofMissing internal constructor(error: FfiException) : SealcardException(error)

    /** The proof is not by the device that the pass is bound to, or there is no pass where one belongs. */
    public class ProofInvalid internal constructor(error: FfiException) : SealcardException(error)

    /**
     * The proof is too old: a screenshot, or a replay.
     *
     * @property age how old the proof is
     * @property maxAge how old it may be
     */
    public class ProofStale internal constructor(error: FfiException, public val age: Duration, public val maxAge: Duration) :
        SealcardException(error)

    /**
     * The proof is from the future: one of the clocks is wrong.
     *
     * @property ahead how far in the future
     */
    public class ProofNotYetValid internal constructor(error: FfiException, public val ahead: Duration) :
        SealcardException(error)

    /** It does not answer the challenge that was set, answers one that was not, or what was given is no challenge. */
    public class WrongChallenge internal constructor(error: FfiException) : SealcardException(error)

    /** The key is known, and may not sign this: another purpose, outside its time, or for too long a life. */
    public class NotPermitted internal constructor(error: FfiException) : SealcardException(error)

    /**
     * This device's clock is behind a time that was proven to it.
     *
     * @property provenTime the newest time that was proven
     */
    public class ClockBehind internal constructor(error: FfiException, public val provenTime: Instant) :
        SealcardException(error)

    /**
     * A trust bundle or revocation list older than the one the verifier has, or another with the same number.
     *
     * @property epoch its number
     * @property known the number of the one that the verifier has
     */
    public class Rollback internal constructor(error: FfiException, public val epoch: UInt, public val known: UInt) :
        SealcardException(error)

    /** A verifier's stored state is damaged, mixed, or older than asked for: start anew, and fetch bundle and list. */
    public class InvalidState internal constructor(error: FfiException) : SealcardException(error)

    /** Larger than any QR code, or than any verifier takes. */
    public class TooLarge internal constructor(error: FfiException) : SealcardException(error)

    /** The device's key did not sign: locked, gone, or refused by its owner. */
    public class KeyUnavailable internal constructor(error: FfiException) : SealcardException(error)

    /** Not a picture of 1 to 4096 pixels a side: damaged, or of another size than said. */
    public class InvalidPicture internal constructor(error: FfiException) : SealcardException(error)

    internal companion object {
        fun of(error: FfiException): SealcardException = when (error) {
            is FfiException.Malformed -> Malformed(error)
            is FfiException.UnsupportedVersion -> UnsupportedVersion(error)
            is FfiException.UnknownKey -> UnknownKey(error)
            is FfiException.BadSignature -> BadSignature(error)
            is FfiException.Expired -> Expired(error, error.expiresAt)
            is FfiException.NotYetValid -> NotYetValid(error, error.issuedAt)
            is FfiException.InvalidProfile -> InvalidProfile(error)
            is FfiException.InvalidKey -> InvalidKey(error)
            is FfiException.WeakKey -> WeakKey(error)
            is FfiException.InvalidTrust -> InvalidTrust(error)
            is FfiException.InvalidTtl -> InvalidTtl(error)
            is FfiException.InvalidHost -> InvalidHost(error)
            is FfiException.Revoked -> Revoked(error, seconds(error.listAgeSecs))
            is FfiException.RevocationStale -> RevocationStale(error, seconds(error.listAgeSecs))
            is FfiException.RevocationUnknown -> RevocationUnknown(error)
            is FfiException.ProofMissing -> ProofMissing(error)
            is FfiException.ProofInvalid -> ProofInvalid(error)
            is FfiException.ProofStale -> ProofStale(error, seconds(error.ageSecs), seconds(error.maxAgeSecs.toULong()))
            is FfiException.ProofNotYetValid -> ProofNotYetValid(error, seconds(error.aheadSecs))
            is FfiException.WrongChallenge -> WrongChallenge(error)
            is FfiException.NotPermitted -> NotPermitted(error)
            is FfiException.ClockBehind -> ClockBehind(error, error.provenTime)
            is FfiException.Rollback -> Rollback(error, error.epoch, error.known)
            is FfiException.InvalidState -> InvalidState(error)
            is FfiException.TooLarge -> TooLarge(error)
            is FfiException.KeyUnavailable -> KeyUnavailable(error)
            is FfiException.InvalidPicture -> InvalidPicture(error)
        }
    }
}

/** Calls Rust: an error comes out as a [SealcardException]. */
internal inline fun <Answer> calling(call: () -> Answer): Answer = try {
    call()
} catch (error: FfiException) {
    throw SealcardException.of(error).apply { ForeignDeviceKey.takeThrown()?.let(::initCause) }
} catch (_: CharacterCodingException) {
    throw SealcardException.of(FfiException.Malformed("this is not a Unicode text: half of a pair of surrogates"))
}
