import Foundation
import SealcardFFI

/// Tells who shows a QR code, without a network.
///
/// ```swift
/// let verifier = try Verifier(roots: [rootJWK], state: stored)
/// do {
///     let snapshot = try verifier.verify(scanned, at: Date())
///     welcome(snapshot.profile.displayName)
/// } catch let error as SealcardError {
///     refuse(error.localizedDescription)
/// }
/// ```
///
/// Threads may share a verifier; they verify side by side.
public final class Verifier: Sendable {
    private let verifier: SealcardFFI.Verifier

    /// A verifier that trusts whom these roots vouch for: the JWK of one root, or, while one takes over from another, of the
    /// new one and then the old one. It trusts nobody until there is a trust bundle, in `state` or by
    /// ``update(trustBundle:at:)``.
    ///
    /// - Parameter state: what ``state`` was when the app last stored it.
    /// - Throws: ``SealcardError/Kind/invalidState`` for a state that is damaged: start anew without one. Else what is
    ///   wrong with a root or the settings.
    public init(roots: [String], settings: VerifierSettings = .standard, state: StoredState? = nil) throws {
        let roots = try roots.map { try $0.bounded() }
        verifier = try calling { try .withRoots(roots: roots, settings: settings, state: state) }
    }

    /// A verifier that trusts the keys of a JWK set, as a server has it at `/.well-known/jwks.json`.
    ///
    /// - Throws: what is wrong with the set, the settings or the state.
    public init(jwks: String, settings: VerifierSettings = .standard, state: StoredState? = nil) throws {
        let jwks = try jwks.bounded()
        verifier = try calling { try .withJwks(jwks: jwks, settings: settings, state: state) }
    }

    /// Verifies a payload text, as a QR code carries it.
    ///
    /// - Parameters:
    ///   - now: the moment to judge it at; `Date()`, but for tests.
    ///   - challenge: what the verifier has shown; then only a presentation that answers it will do.
    /// - Throws: ``SealcardError``, with a case for each way to fail.
    public func verify(_ text: String, at now: Date, answering challenge: Challenge? = nil) throws -> VerifiedSnapshot {
        let text = try text.bounded()
        return try calling { VerifiedSnapshot(try verifier.verify(text: text, challenge: challenge?.bytes, now: now)) }
    }

    /// Verifies a token as it is, the way an NFC tag carries it.
    ///
    /// - Throws: as for texts.
    public func verify(_ token: Data, at now: Date, answering challenge: Challenge? = nil) throws -> VerifiedSnapshot {
        let token = try token.bounded()
        return try calling { VerifiedSnapshot(try verifier.verifyBytes(token: token, challenge: challenge?.bytes, now: now)) }
    }

    /// Takes a trust bundle that a root signed, as a server has it at `/api/trust-bundle`. Store ``state`` afterwards.
    ///
    /// - Throws: ``SealcardError/Kind/rollback`` for an older one, or why it is none of a pinned root. The
    ///   verifier goes on as before.
    @discardableResult
    public func update(trustBundle text: String, at now: Date) throws -> Update {
        let text = try text.bounded()
        return try calling { try verifier.updateTrustBundle(text: text, now: now) }
    }

    /// Takes a revocation list that a trusted issuer signed, as a server has it at `/api/revocations`. Store ``state``
    /// afterwards.
    ///
    /// - Throws: ``SealcardError/Kind/rollback`` for an older one, or why it is none of a trusted issuer. The
    ///   verifier goes on as before.
    @discardableResult
    public func update(revocationList text: String, at now: Date) throws -> Update {
        let text = try text.bounded()
        return try calling { try verifier.updateRevocationList(text: text, now: now) }
    }

    /// What to store: trust bundle, revocation lists and the newest time that was proven. Store it after each update, and now and
    /// then after scans, but never over a state with more ``StoredState/changes``, nor without looking at ``trustBundle`` first if
    /// the app has other roots than before: a bundle of a root that is no longer given is left out.
    public var state: StoredState { verifier.state() }

    /// The trust bundle that counts.
    public var trustBundle: SignedFile? { verifier.trustBundle() }

    /// The revocation lists that count: at most one of each issuer.
    public var revocationLists: [SignedFile] { verifier.revocationLists() }
}

/// How a verifier judges: how far clocks may be off, how old a proof may be, what is made of an old revocation list.
public typealias VerifierSettings = SealcardFFI.VerifierSettings

/// What a verifier must keep between two runs of an app: `bytes`, and `changes`, how often they have changed. Where the platform has
/// a place that no backup sets back, keep `changes` there, and store it after `bytes`: handed over with them, it has an older state
/// refused. Without such a place, hand over 0.
public typealias StoredState = SealcardFFI.StoredState

/// Whether an update brought something new.
public typealias Update = SealcardFFI.Update

/// A trust bundle or revocation list that counts.
public typealias SignedFile = SealcardFFI.SignedFile

extension VerifierSettings {
    /// A minute of leeway, proofs of at most a minute, an old revocation list is reported and does not refuse.
    public static let standard = VerifierSettings()
}
