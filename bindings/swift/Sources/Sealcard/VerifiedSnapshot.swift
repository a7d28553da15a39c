import Foundation
import SealcardFFI

/// A snapshot that a trusted issuer signed, unaltered, in time, and shown by whom it is bound to. Only a ``Verifier`` makes one; it
/// is true of ``verifiedAt``.
public struct VerifiedSnapshot: Sendable, Hashable {
    /// Whom it describes.
    public let profile: Profile
    /// Which of the person's cards it is, if the issuer said so: 1 to 32 characters.
    public let card: String?
    /// The event that it was issued for, if the issuer said so: 1 to 32 characters.
    public let event: String?
    /// What a newer issuer added.
    public let otherFields: [OtherField]
    /// The name that the trust bundle or JWK set has for the issuer.
    public let issuer: String?
    /// The id of the key that signed it: the RFC 7638 thumbprint, in base64url.
    public let keyId: String
    /// The first second of its validity.
    public let issuedAt: Date
    /// The last second of its validity.
    public let expiresAt: Date
    /// The moment it was verified for.
    public let verifiedAt: Date
    /// Who may show it.
    public let binding: Binding
    /// How old the issuer's revocation list is, which does not revoke it.
    public let revocation: Freshness
    /// How old the trust bundle is that vouches for the issuer; unknown for a JWK set.
    public let trust: Freshness

    init(_ snapshot: SealcardFFI.VerifiedSnapshot) {
        profile = snapshot.profile
        card = snapshot.card
        event = snapshot.event
        otherFields = snapshot.otherFields
        issuer = snapshot.issuer
        keyId = snapshot.keyId
        issuedAt = snapshot.issuedAt
        expiresAt = snapshot.expiresAt
        verifiedAt = snapshot.verifiedAt
        binding = Binding(snapshot.binding)
        revocation = Freshness(snapshot.revocation)
        trust = Freshness(snapshot.trust)
    }
}

/// Who may show a snapshot.
public enum Binding: Sendable, Hashable {
    /// Anyone who has a copy, while it is valid.
    case bearer
    /// Only the device that it names, which proved to be there.
    case device(provenAt: Date)

    init(_ binding: SealcardFFI.Binding) {
        self = switch binding {
        case .bearer: .bearer
        case .device(let provenAt): .device(provenAt: provenAt)
        }
    }
}

/// How old what a verifier knows is, against what the signed file says of itself.
public enum Freshness: Sendable, Hashable {
    /// As young as it has to be.
    case fresh(age: TimeInterval)
    /// Older: something newer should be there, and was not fetched.
    case stale(age: TimeInterval)
    /// There is no such file.
    case unknown

    init(_ freshness: SealcardFFI.Freshness) {
        self = switch freshness {
        case .fresh(let ageSecs): .fresh(age: TimeInterval(ageSecs))
        case .stale(let ageSecs): .stale(age: TimeInterval(ageSecs))
        case .unknown: .unknown
        }
    }
}

/// A person's profile. All texts are in Unicode's NFC and safe to show.
public typealias Profile = SealcardFFI.Profile

/// A link to a person elsewhere.
public typealias Link = SealcardFFI.Link

/// A signed field that a newer issuer added.
public typealias OtherField = SealcardFFI.OtherField

extension Profile {
    /// The display name between Unicode's marks that keep its writing direction from spilling over into the text around it:
    /// for putting it into a sentence.
    public var isolatedDisplayName: String { "\u{2068}\(displayName)\u{2069}" }
}
