import Foundation
import SealcardFFI

/// A device's key pair, wherever the private half is kept. With the Secure Enclave it never leaves the chip:
///
/// ```swift
/// struct EnclaveKey: DeviceKey {
///     let key: SecureEnclave.P256.Signing.PrivateKey
///     func holderKey() throws -> HolderKey { try HolderKey(p256: key.publicKey.x963Representation) }
///     func signature(for message: Data) throws -> Data { try key.signature(for: message).derRepresentation }
/// }
/// ```
public protocol DeviceKey: Sendable {
    /// The public half.
    func holderKey() throws -> HolderKey

    /// Signs the message as it is: Ed25519, or ECDSA over its SHA-256, as DER or as r and s of 32 bytes each; s may be either of
    /// its two values.
    func signature(for message: Data) throws -> Data
}

/// The public half of a device's key, which the issuer binds a pass to.
public struct HolderKey: Sendable, Hashable {
    /// The key as a JWK, a JSON object: what `POST /api/profiles/me/pass` takes as `holderKey` (insert it as it is, not as a string).
    /// The answer's `token` is the pass.
    public let jwk: String

    /// A P-256 key, compressed (33 bytes) or as X9.63 has it (65 bytes).
    ///
    /// - Throws: ``SealcardError/Kind/invalidKey``.
    public init(p256 point: Data) throws {
        jwk = try calling { try p256HolderKey(point: point) }
    }

    /// An Ed25519 key of 32 bytes.
    ///
    /// - Throws: ``SealcardError/Kind/invalidKey`` or ``SealcardError/Kind/weakKey``.
    public init(ed25519 key: Data) throws {
        jwk = try calling { try ed25519HolderKey(key: key) }
    }

    /// A key of either kind.
    ///
    /// - Throws: ``SealcardError/Kind/invalidKey`` or ``SealcardError/Kind/weakKey``.
    public init(jwk: String) throws {
        self.jwk = try calling { try jwkHolderKey(jwk: jwk) }
    }
}

/// A device key in memory, for tests and servers: a phone's belongs into its chip.
public final class SoftwareDeviceKey: DeviceKey {
    private let key: SealcardFFI.SoftwareDeviceKey

    /// The P-256 key of a secret of 32 bytes from a secure random source.
    ///
    /// - Throws: ``SealcardError/Kind/invalidKey`` for other lengths, and for the few numbers that no P-256 key has.
    public init(p256 secret: Data) throws {
        key = try calling { try .p256(secret: secret) }
    }

    /// The Ed25519 key of a seed of 32 bytes from a secure random source.
    ///
    /// - Throws: ``SealcardError/Kind/invalidKey`` for other lengths.
    public init(ed25519 seed: Data) throws {
        key = try calling { try .ed25519(seed: seed) }
    }

    /// A private JWK, as `sealcard keygen --kind device` writes it.
    ///
    /// - Throws: ``SealcardError/Kind/invalidKey`` or ``SealcardError/Kind/weakKey``.
    public init(privateJWK: String) throws {
        key = try calling { try .fromPrivateJwk(jwk: privateJWK) }
    }

    public func holderKey() throws -> HolderKey { try HolderKey(jwk: key.holderKey()) }

    public func signature(for message: Data) throws -> Data { try key.sign(message: message) }
}

/// What Rust calls: the app's key, and any error of it as one that Rust knows.
final class ForeignDeviceKey: SealcardFFI.DeviceKey {
    private static let errorKey = "dev.sealcard.device-key-error"
    private let key: any DeviceKey

    init(_ key: any DeviceKey) {
        self.key = key
    }

    func holderKey() throws -> String {
        try answering { try key.holderKey().jwk.bounded() }
    }

    func sign(message: Data) throws -> Data {
        try answering { try key.signature(for: message).bounded() }
    }

    /// The app's error itself waits on this thread, in which Rust was called and calls, for whoever called Rust.
    private func answering<Answer>(_ ask: () throws -> Answer) throws -> Answer {
        do {
            return try ask()
        } catch {
            Thread.current.threadDictionary[Self.errorKey] = error
            throw DeviceKeyError.Unavailable(reason: error.localizedDescription)
        }
    }

    /// The error that waits on this thread.
    static func takeError() -> (any Error)? {
        defer { Thread.current.threadDictionary.removeObject(forKey: errorKey) }
        return Thread.current.threadDictionary[errorKey] as? any Error
    }
}
