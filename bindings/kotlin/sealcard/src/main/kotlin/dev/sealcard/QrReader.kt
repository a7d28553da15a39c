package dev.sealcard

import java.nio.ByteBuffer

/**
 * Finds QR codes in pictures, where the platform has no scanner. A picture made for it can keep it busy for minutes: where strangers
 * choose the picture, as at a door, prefer the platform's scanner.
 */
public object QrReader {
    /**
     * The texts of the QR codes in a picture.
     *
     * @param luma its brightness, a byte a pixel, row by row from the top, between the buffer's position and limit. A direct
     * buffer, as CameraX has it, is not copied.
     * @param width 1 to 4096 pixels
     * @param height 1 to 4096 pixels
     * @param rowStride how many bytes after the one before a row begins; [width], unless the camera fills rows up
     * @throws SealcardException [SealcardException.InvalidPicture]
     */
    public fun scan(luma: ByteBuffer, width: Int, height: Int, rowStride: Int = width): List<String> =
        reading(luma) { calling { dev.sealcard.ffi.scanLuma(it, unsigned(width), unsigned(height), unsigned(rowStride)) } }

    /** As [scan] for buffers. */
    public fun scan(luma: ByteArray, width: Int, height: Int, rowStride: Int = width): List<String> =
        scan(ByteBuffer.wrap(luma), width, height, rowStride)

    /**
     * The texts of the QR codes in a PNG file of at most 16 MB and 4096 pixels a side.
     *
     * @throws SealcardException [SealcardException.InvalidPicture]
     */
    public fun scan(png: ByteArray): List<String> =
        reading(ByteBuffer.wrap(png)) { calling { dev.sealcard.ffi.scanPng(it) } }

    /**
     * Rust reads the memory itself, which the JVM must neither move nor, while Rust is at it, free: that the buffer is used
     * afterwards keeps it. (`Reference.reachabilityFence` is younger than the Androids that this runs on.)
     */
    private inline fun <Answer> reading(buffer: ByteBuffer, read: (ByteBuffer) -> Answer): Answer {
        val direct = if (buffer.isDirect) {
            buffer.slice()
        } else {
            ByteBuffer.allocateDirect(buffer.remaining()).put(buffer.duplicate()).flip()
        }
        try {
            return read(direct)
        } finally {
            lastRead = direct
            lastRead = null
        }
    }

    @Volatile
    private var lastRead: ByteBuffer? = null
}
