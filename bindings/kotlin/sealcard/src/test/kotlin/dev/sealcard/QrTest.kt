package dev.sealcard

import java.io.ByteArrayInputStream
import java.nio.ByteBuffer
import javax.imageio.ImageIO
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** QR codes: drawn, looked at, and read again. */
class QrTest {
    private val text = "SC1:" + "A1".repeat(150)

    @Test
    fun `what is drawn is read from a file and from pixels`() {
        val matrix = QrMatrix(text)
        val png = matrix.png(600)
        assertEquals(listOf(text), QrReader.scan(png))
        // The platform reads the file too, and both see the same.
        val image = ImageIO.read(ByteArrayInputStream(png))
        assertEquals(600, image.width)
        val pixels = ByteArray(600 * 600) { (image.getRGB(it % 600, it / 600) and 0xff).toByte() }
        assertEquals(listOf(text), QrReader.scan(pixels, 600, 600))
        // As a camera hands it over: a direct buffer that does not begin at 0, rows filled up, the last one cut short.
        val (scale, filling) = 4 to 24
        val side = matrix.width * scale
        val camera = ByteBuffer.allocateDirect(100 + side * (side + filling)).position(100)
        for (y in 0..<side) {
            for (x in 0..<side) camera.put(if (matrix.isDark(x / scale, y / scale)) 20 else 230.toByte())
            if (y < side - 1) repeat(filling) { camera.put(0) }
        }
        camera.flip().position(100)
        assertEquals(listOf(text), QrReader.scan(camera, side, side, side + filling))
        assertEquals(100, camera.position())
    }

    @Test
    fun `a matrix is a square with a quiet zone`() {
        val matrix = QrMatrix(text)
        assertEquals(17 + 4 * matrix.version + 8, matrix.width)
        assertTrue(matrix.isDark(4, 4))
        for ((column, row) in listOf(3 to 3, -1 to 4, 4 to -1, matrix.width to 4, 4 to matrix.width, Int.MAX_VALUE to Int.MAX_VALUE)) {
            assertFalse(matrix.isDark(column, row))
        }
        assertTrue(matrix.svg(300).startsWith("<svg"))
        assertEquals((matrix.width + 1) / 2, matrix.terminal(colored = false).trimEnd().lines().size)
        assertEquals(QrMatrix(text), matrix)
    }

    @Test
    fun `sizes of any kind are taken or refused`() {
        val matrix = QrMatrix(text)
        for (pixels in listOf(Int.MIN_VALUE, -1, 0, 1, 2048, 2049, Int.MAX_VALUE)) {
            matrix.png(pixels)
            matrix.svg(pixels)
        }
        assertArrayEquals(matrix.png(0), matrix.png(-1))
        assertArrayEquals(matrix.png(2048), matrix.png(Int.MAX_VALUE))
        val max = Int.MAX_VALUE
        for ((width, height, stride) in listOf(
            Triple(0, 0, 0), Triple(-1, 5, 5), Triple(5, -1, 5), Triple(5, 5, -1), Triple(5, 5, 4), Triple(max, max, max), Triple(6, 5, 6),
        )) {
            assertEquals("invalid_picture", code { QrReader.scan(ByteArray(25), width, height, stride) }, "$width $height $stride")
        }
        assertEquals(emptyList<String>(), QrReader.scan(ByteArray(25), 5, 5))
        for (size in listOf(0, 100, 17 shl 20)) assertEquals("invalid_picture", code { QrReader.scan(ByteArray(size)) })
        assertEquals("too_large", code { QrMatrix("a".repeat(3000)) })
    }

    @Test
    fun `inspecting tells claims and costs`() {
        val payload = Vectors.read("valid.json").first { it.has("text") && !it["expected"]["profile"]["links"].isEmpty }
        val profile = payload["expected"]["profile"]
        val token = inspect(payload.text("text")!!)
        assertEquals(profile.text("username"), token.unverifiedSnapshot.profile.username)
        assertEquals(null, token.unverifiedProof)
        assertEquals(payload.text("text")!!.length.toUInt(), token.budget.characters)
        assertEquals(ErrorCorrection.entries, token.budget.qrSizes.map { it.errorCorrection })
        assertEquals(profile["links"].size(), token.budget.costs.count { it.field.startsWith("links") })
        assertEquals(inspect(payload.text("text")!!), token)
        assertEquals("malformed", code { inspect("hello") })
    }
}
