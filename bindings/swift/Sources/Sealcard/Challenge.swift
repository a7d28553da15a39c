import Foundation
import SealcardFFI

/// What a verifier shows so that a presentation must be made for it, now: 4 to 16 bytes that nobody could foresee.
public struct Challenge: Sendable, Hashable, CustomStringConvertible {
    /// The bytes.
    public let bytes: Data
    /// Two hexadecimal digits a byte, in lower case.
    public let description: String

    /// - Throws: ``SealcardError/Kind/wrongChallenge`` for fewer than 4 or more than 16 bytes.
    public init(bytes: Data) throws {
        description = try calling { try challengeToText(challenge: bytes) }
        self.bytes = bytes
    }

    /// Reads what ``description`` writes.
    ///
    /// - Throws: ``SealcardError/Kind/wrongChallenge``.
    public init(text: String) throws {
        bytes = try calling { try challengeFromText(text: text) }
        description = text
    }

    /// A new one of 8 bytes from the system's secure random source.
    public static func random() -> Challenge {
        var generator = SystemRandomNumberGenerator()
        let bytes = Data((0..<8).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        return Challenge(known: bytes)
    }

    private init(known bytes: Data) {
        self.bytes = bytes
        description = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
