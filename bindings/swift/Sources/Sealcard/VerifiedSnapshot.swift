import SealcardFFI

/// A snapshot that a trusted issuer signed, unaltered, in time, and shown by whom it is bound to. Only a ``Verifier`` makes one
/// that means it.
public typealias VerifiedSnapshot = SealcardFFI.VerifiedSnapshot

/// Who may show a snapshot: anyone who has a copy, or the device that it names.
public typealias Binding = SealcardFFI.Binding

/// How old what a verifier knows is, against what the signed file says of itself.
public typealias Freshness = SealcardFFI.Freshness

/// A person's profile. All texts are in Unicode's NFC and safe to show.
public typealias Profile = SealcardFFI.Profile

/// A link to a person elsewhere.
public typealias Link = SealcardFFI.Link

/// A signed field that a newer issuer added.
public typealias OtherField = SealcardFFI.OtherField

extension Profile {
    /// The display name between Unicode's marks that keep its writing direction from spilling over into the text around it:
    /// for putting it into a sentence.
    public var isolatedDisplayName: String { isolated(text: displayName) }
}
