package dev.sealcard

/**
 * A snapshot that is bound to a device's key, as the issuer gave it. What is shown is not the pass, but a presentation of it by a
 * [Presenter]. Keep [text]: a pass is made from it again.
 */
public class Pass private constructor(
    /** The payload text that the issuer gave. */
    public val text: String,
    /** What it says. The issuer's signature was not checked: that is for verifiers. */
    public val unverifiedSnapshot: UnverifiedSnapshot,
) {
    override fun equals(other: Any?): Boolean = other is Pass && text == other.text

    override fun hashCode(): Int = text.hashCode()

    public companion object {
        /**
         * Spaces and line ends around the text are not part of it: trim what comes from a file.
         *
         * @throws SealcardException [SealcardException.Malformed], [SealcardException.UnsupportedVersion], or
         * [SealcardException.ProofInvalid] for what is no pass
         */
        public fun parse(text: String): Pass = calling { Pass(text, dev.sealcard.ffi.readPass(text)) }
    }
}
