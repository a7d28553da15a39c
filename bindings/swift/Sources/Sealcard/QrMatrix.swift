import Foundation
import SealcardFFI

/// The smallest QR code that holds a text, at the highest error correction that its version allows.
public struct QrMatrix: Sendable, Hashable {
    /// What it says.
    public let text: String
    private let matrix: SealcardFFI.QrMatrix

    /// - Throws: ``SealcardError/Kind/tooLarge``.
    public init(_ text: String) throws {
        matrix = try calling { try qrMatrix(text: text) }
        self.text = text
    }

    /// 1 to 40.
    public var version: Int { Int(matrix.version) }

    /// The highest that the version allows.
    public var errorCorrection: ErrorCorrection { matrix.errorCorrection }

    /// Modules a side, with the quiet zone of 4 that readers need.
    public var width: Int { Int(matrix.width) }

    /// Whether a module is dark. Columns and rows count from the top left corner of the quiet zone; all beyond is light.
    public func isDark(column: Int, row: Int) -> Bool {
        guard (0..<width).contains(column), (0..<width).contains(row) else { return false }
        return matrix.modules[matrix.modules.startIndex + row * width + column] == 1
    }

    /// A PNG file of so many pixels a side: at most 2048, at least one a module.
    public func png(pixels: Int) throws -> Data {
        try calling { try qrPng(text: text, pixels: UInt32(clamping: pixels)) }
    }

    /// An SVG document of so many pixels a side: 1 to 2048, else the nearest.
    public func svg(pixels: Int) throws -> String {
        try calling { try qrSvg(text: text, pixels: UInt32(clamping: pixels)) }
    }

    /// Lines of half blocks for a terminal; with colours they are right on any.
    public func terminal(colored: Bool) throws -> String {
        try calling { try qrTerminal(text: text, colored: colored) }
    }
}

/// How much of a damaged QR code a reader can restore: about 7, 15, 25 or 30 %.
public typealias ErrorCorrection = SealcardFFI.ErrorCorrection
