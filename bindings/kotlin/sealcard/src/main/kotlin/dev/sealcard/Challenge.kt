package dev.sealcard

import java.security.SecureRandom
import dev.sealcard.ffi.challengeFromText
import dev.sealcard.ffi.challengeToText

/** What a verifier shows so that a presentation must be made for it, now: 4 to 16 bytes that nobody could foresee. */
public class Challenge private constructor(private val bytes: ByteArray, private val text: String) {
    /** The bytes. */
    public fun toByteArray(): ByteArray = bytes.copyOf()

    /** Two hexadecimal digits a byte, in lower case. */
    override fun toString(): String = text

    override fun equals(other: Any?): Boolean = other is Challenge && text == other.text

    override fun hashCode(): Int = text.hashCode()

    public companion object {
        /** @throws SealcardException [SealcardException.WrongChallenge] for fewer than 4 or more than 16 bytes */
        public fun of(bytes: ByteArray): Challenge = calling { Challenge(bytes.copyOf(), challengeToText(bytes)) }

        /**
         * Reads what [toString] writes.
         *
         * @throws SealcardException [SealcardException.WrongChallenge]
         */
        public fun parse(text: String): Challenge = calling { Challenge(challengeFromText(text), text) }

        /** A new one of 8 bytes from the system's secure random source. */
        public fun random(): Challenge = of(ByteArray(8).also(SecureRandom()::nextBytes))
    }
}
