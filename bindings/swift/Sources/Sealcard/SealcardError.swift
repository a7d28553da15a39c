import Foundation
import SealcardFFI

/// Why something was refused or could not be done.
///
/// ```swift
/// catch let error as SealcardError {
///     switch error.kind {
///     case .expired(let expiresAt): show("Expired \(expiresAt.formatted(.relative(presentation: .named)))")
///     case .proofMissing: show("A copy: ask to see it in the app")
///     default: show(error.localizedDescription)
///     }
/// }
/// ```
public struct SealcardError: LocalizedError, Sendable {
    /// What went wrong, with the values that a sentence of the app's own needs.
    public let kind: Kind
    /// The stable code, like `expired`: the same in every language, on the command line and over HTTP.
    public let code: String
    /// A sentence in English, for logs and developers.
    public let reason: String

    /// What the app's own ``DeviceKey`` threw, for ``Kind/keyUnavailable``: whether the phone is locked, the key gone, or its owner
    /// has refused.
    public let underlyingError: (any Error)?

    /// The reason.
    public var errorDescription: String? { reason }

    /// What went wrong: a case for each code.
    public enum Kind: Hashable, Sendable {
        /// Not a token, bundle or list in the one accepted spelling.
        case malformed
        /// Of a version or kind that this version of the library does not know.
        case unsupportedVersion
        /// No trusted key has its key hint.
        case unknownKey
        /// A trusted key has the hint, and did not sign this: forged or altered.
        case badSignature
        /// Its validity has ended. `expiresAt`: the last second of its validity.
        case expired(expiresAt: Date)
        /// Its validity has not begun: one of the clocks is wrong. `issuedAt`: the first second of its validity.
        case notYetValid(issuedAt: Date)
        /// A profile field is over its limit or not safe to show.
        case invalidProfile
        /// Not a key: wrong length, off the curve, of another type, or private where a public one belongs.
        case invalidKey
        /// A key of small order, for which anyone could sign.
        case weakKey
        /// A trust file that cannot be read as a set of keys.
        case invalidTrust
        /// A life outside 1 second to 30 days.
        case invalidTtl
        /// No host name for links in its one spelling.
        case invalidHost
        /// The issuer has revoked it. `listAge`: how old the list is that says so.
        case revoked(listAge: TimeInterval)
        /// A fresh revocation list was asked for, and the one there is old. `listAge`: how old the list is.
        case revocationStale(listAge: TimeInterval)
        /// A fresh revocation list was asked for, and there is none.
        case revocationUnknown
        /// A pass without its device's proof: a copy. Or nothing that could answer the challenge.
        case proofMissing
        /// The proof is not by the device that the pass is bound to, or there is no pass where one belongs.
        case proofInvalid
        /// The proof is too old: a screenshot, or a replay. `age`: how old the proof is. `maxAge`: how old it may be.
        case proofStale(age: TimeInterval, maxAge: TimeInterval)
        /// The proof is from the future: one of the clocks is wrong. `ahead`: how far in the future.
        case proofNotYetValid(ahead: TimeInterval)
        /// It does not answer the challenge that was set, answers one that was not, or what was given is no challenge.
        case wrongChallenge
        /// The key is known, and may not sign this: another purpose, outside its time, or for too long a life.
        case notPermitted
        /// This device's clock is behind a time that was proven to it. `provenTime`: the newest time that was proven.
        case clockBehind(provenTime: Date)
        /// A trust bundle or revocation list older than the one the verifier has, or another with the same number. `epoch`: its number. `known`: the number of the one that the verifier has.
        case rollback(epoch: UInt32, known: UInt32)
        /// A verifier's stored state is damaged, mixed, or older than asked for: start anew, and fetch bundle and list.
        case invalidState
        /// Larger than any QR code, or than any verifier takes.
        case tooLarge
        /// The device's key did not sign: locked, gone, or refused by its owner.
        case keyUnavailable
        /// Not a picture of 1 to 4096 pixels a side: damaged, or of another size than said.
        case invalidPicture
    }

    init(_ error: SealcardFFI.SealcardError, underlying: (any Error)? = nil) {
        underlyingError = underlying
        code = error.stableCode()
        reason = error.sentence()
        kind = switch error {
        case .Malformed: .malformed
        case .UnsupportedVersion: .unsupportedVersion
        case .UnknownKey: .unknownKey
        case .BadSignature: .badSignature
        case .Expired(_, let expiresAt): .expired(expiresAt: expiresAt)
        case .NotYetValid(_, let issuedAt): .notYetValid(issuedAt: issuedAt)
        case .InvalidProfile: .invalidProfile
        case .InvalidKey: .invalidKey
        case .WeakKey: .weakKey
        case .InvalidTrust: .invalidTrust
        case .InvalidTtl: .invalidTtl
        case .InvalidHost: .invalidHost
        case .Revoked(_, let listAgeSecs): .revoked(listAge: TimeInterval(listAgeSecs))
        case .RevocationStale(_, let listAgeSecs): .revocationStale(listAge: TimeInterval(listAgeSecs))
        case .RevocationUnknown: .revocationUnknown
        case .ProofMissing: .proofMissing
        case .ProofInvalid: .proofInvalid
        case .ProofStale(_, let ageSecs, let maxAgeSecs): .proofStale(age: TimeInterval(ageSecs), maxAge: TimeInterval(maxAgeSecs))
        case .ProofNotYetValid(_, let aheadSecs): .proofNotYetValid(ahead: TimeInterval(aheadSecs))
        case .WrongChallenge: .wrongChallenge
        case .NotPermitted: .notPermitted
        case .ClockBehind(_, let provenTime): .clockBehind(provenTime: provenTime)
        case .Rollback(_, let epoch, let known): .rollback(epoch: epoch, known: known)
        case .InvalidState: .invalidState
        case .TooLarge: .tooLarge
        case .KeyUnavailable: .keyUnavailable
        case .InvalidPicture: .invalidPicture
        }
    }
}

/// Calls Rust: an error comes out as a ``SealcardError``.
func calling<Answer>(_ call: () throws -> Answer) throws -> Answer {
    do {
        return try call()
    } catch let error as SealcardFFI.SealcardError {
        throw SealcardError(error, underlying: ForeignDeviceKey.takeError())
    }
}

/// The most bytes that are handed over to Rust. Nothing that it takes is a tenth as long; what is longer than 2 GB, the generated code
/// would stop the app for.
private let mostBytes = 256 << 20

extension String {
    /// The text, if it is not absurdly long.
    func bounded() throws -> String {
        if utf8.count > mostBytes { throw SealcardError(.Malformed(reason: "a text of \(utf8.count) bytes is no token and no file")) }
        return self
    }
}

extension Data {
    /// The bytes, if they are not absurdly many.
    func bounded(_ refusal: (_ reason: String) -> SealcardFFI.SealcardError = { .Malformed(reason: $0) }) throws -> Data {
        if count > mostBytes { throw SealcardError(refusal("\(count) bytes are too many")) }
        return self
    }
}
