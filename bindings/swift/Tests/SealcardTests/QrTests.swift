import Sealcard
import XCTest

/// QR codes: drawn, looked at, and read again.
final class QrTests: XCTestCase {
    private let text = "SC1:" + String(repeating: "A1", count: 150)

    func testWhatIsDrawnIsReadFromAFileAndFromPixels() throws {
        let matrix = try QrMatrix(text)
        XCTAssertEqual(try QrReader.scan(png: matrix.png(pixels: 600)), [text])
        // As a camera hands it over: with rows that are filled up, the last one cut short.
        let (scale, filling) = (4, 24)
        let side = matrix.width * scale
        var luma = Data()
        for y in 0..<side {
            luma += (0..<side).map { matrix.isDark(column: $0 / scale, row: y / scale) ? 20 : 230 }
            luma += Data(count: filling)
        }
        luma.removeLast(filling)
        XCTAssertEqual(try QrReader.scan(luma: luma, width: side, height: side, rowStride: side + filling), [text])
    }

    func testAMatrixIsASquareWithAQuietZone() throws {
        let matrix = try QrMatrix(text)
        XCTAssertEqual(matrix.width, 17 + 4 * matrix.version + 8)
        XCTAssertTrue(matrix.isDark(column: 4, row: 4))
        for (column, row) in [(3, 3), (-1, 4), (4, -1), (matrix.width, 4), (4, matrix.width), (.max, .max), (.min, .min)] {
            XCTAssertFalse(matrix.isDark(column: column, row: row))
        }
        XCTAssertTrue(try matrix.svg(pixels: 300).hasPrefix("<svg"))
        XCTAssertEqual(try matrix.terminal(colored: false).split(separator: "\n").count, (matrix.width + 1) / 2)
        XCTAssertEqual(matrix, try QrMatrix(text))
    }

    func testSizesOfAnyKindAreTakenOrRefused() throws {
        let matrix = try QrMatrix(text)
        for pixels in [Int.min, -1, 0, 1, 2048, 2049, .max] {
            XCTAssertNoThrow(try matrix.png(pixels: pixels))
            XCTAssertNoThrow(try matrix.svg(pixels: pixels))
        }
        XCTAssertEqual(try matrix.png(pixels: -1), try matrix.png(pixels: 0))
        XCTAssertEqual(try matrix.png(pixels: .max), try matrix.png(pixels: 2048))
        for (width, height, stride) in [(0, 0, 0), (-1, 5, 5), (5, -1, 5), (5, 5, -1), (5, 5, 4), (Int.max, .max, .max), (6, 5, 6)] {
            let refusal = code { _ = try QrReader.scan(luma: Data(count: 25), width: width, height: height, rowStride: stride) }
            XCTAssertEqual(refusal, "invalid_picture", "\(width) \(height) \(stride)")
        }
        XCTAssertEqual(try QrReader.scan(luma: Data(count: 25), width: 5, height: 5), [])
        XCTAssertEqual(code { _ = try QrReader.scan(png: Data(count: 100)) }, "invalid_picture")
        XCTAssertEqual(code { _ = try QrReader.scan(png: Data(count: 17 << 20)) }, "invalid_picture")
        XCTAssertEqual(code { _ = try QrReader.scan(png: Data()) }, "invalid_picture")
        XCTAssertEqual(code { _ = try QrMatrix(String(repeating: "a", count: 3000)) }, "too_large")
        // Part of a larger piece of data: indices that do not begin at 0.
        let file = try Data([1, 2, 3]) + matrix.png(pixels: 400)
        XCTAssertEqual(try QrReader.scan(png: file.dropFirst(3)), [text])
    }

    func testInspectingTellsClaimsAndCosts() throws {
        let payload = (try Vectors.read("valid.json") as [Payload]).first { $0.text != nil && !$0.expected!.profile.links.isEmpty }!
        let token = try inspect(payload.text!)
        XCTAssertEqual(token.unverifiedSnapshot.profile.username, payload.expected!.profile.username)
        XCTAssertNil(token.unverifiedProof)
        XCTAssertEqual(Int(token.budget.characters), payload.text!.utf8.count)
        XCTAssertEqual(token.budget.qrSizes.map(\.errorCorrection), [.l, .m, .q, .h])
        XCTAssertEqual(token.budget.costs.filter { $0.field.hasPrefix("links") }.count, payload.expected!.profile.links.count)
        XCTAssertEqual(code { _ = try inspect("hello") }, "malformed")
    }
}
