package dev.sealcard

/**
 * The smallest QR code that holds a text, at the highest error correction that its version allows.
 *
 * @property text what it says
 * @throws SealcardException [SealcardException.TooLarge]
 */
public class QrMatrix(public val text: String) {
    private val matrix = calling { dev.sealcard.ffi.qrMatrix(text) }

    /** 1 to 40. */
    public val version: Int get() = matrix.version.toInt()

    /** The highest that the version allows. */
    public val errorCorrection: ErrorCorrection get() = matrix.errorCorrection

    /** Modules a side, with the quiet zone of 4 that readers need. */
    public val width: Int get() = matrix.width.toInt()

    /** Whether a module is dark. Columns and rows count from the top left corner of the quiet zone; all beyond is light. */
    public fun isDark(column: Int, row: Int): Boolean =
        column in 0..<width && row in 0..<width && matrix.modules[row * width + column] == 1.toByte()

    /** A PNG file of so many pixels a side: at most 2048, at least one a module. */
    public fun png(pixels: Int): ByteArray = calling { dev.sealcard.ffi.qrPng(text, unsigned(pixels)) }

    /** An SVG document of so many pixels a side: 1 to 2048, else the nearest. */
    public fun svg(pixels: Int): String = calling { dev.sealcard.ffi.qrSvg(text, unsigned(pixels)) }

    /** Lines of half blocks for a terminal; with colours they are right on any. */
    public fun terminal(colored: Boolean): String = calling { dev.sealcard.ffi.qrTerminal(text, colored) }

    override fun equals(other: Any?): Boolean = other is QrMatrix && text == other.text

    override fun hashCode(): Int = text.hashCode()
}

/** How much of a damaged QR code a reader can restore: about 7, 15, 25 or 30 %. */
public typealias ErrorCorrection = dev.sealcard.ffi.ErrorCorrection

/** A number of Rust's, which has none below 0. */
internal fun unsigned(number: Int): UInt = number.coerceAtLeast(0).toUInt()
