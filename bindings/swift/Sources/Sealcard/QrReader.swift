import Foundation
import SealcardFFI

/// Finds QR codes in pictures, where the platform has no scanner. A picture made for it can keep it busy for minutes: where
/// strangers choose the picture, as at a door, prefer the platform's scanner.
public enum QrReader {
    /// The texts of the QR codes in a picture.
    ///
    /// - Parameters:
    ///   - luma: its brightness, a byte a pixel, row by row from the top.
    ///   - width: 1 to 4096 pixels.
    ///   - height: 1 to 4096 pixels.
    ///   - rowStride: how many bytes after the one before a row begins; `width`, unless the camera fills rows up.
    /// - Throws: ``SealcardError/Kind/invalidPicture``.
    public static func scan(luma: Data, width: Int, height: Int, rowStride: Int? = nil) throws -> [String] {
        let (width, height, luma) = (UInt32(clamping: width), UInt32(clamping: height), try luma.bounded { .InvalidPicture(reason: $0) })
        let stride = rowStride.map { UInt32(clamping: $0) } ?? width
        return try calling { try scanLuma(luma: luma, width: width, height: height, rowStride: stride) }
    }

    /// The texts of the QR codes in a PNG file of at most 16 MB and 4096 pixels a side.
    ///
    /// - Throws: ``SealcardError/Kind/invalidPicture``.
    public static func scan(png: Data) throws -> [String] {
        let png = try png.bounded { .InvalidPicture(reason: $0) }
        return try calling { try scanPng(file: png) }
    }
}
