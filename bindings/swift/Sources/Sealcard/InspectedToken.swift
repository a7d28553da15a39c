import SealcardFFI

/// A token, unverified, and what it costs in a QR code.
public typealias InspectedToken = SealcardFFI.InspectedToken

/// What a token claims. **Anyone can write this**: show it only as unverified.
public typealias UnverifiedSnapshot = SealcardFFI.UnverifiedSnapshot

/// What a presentation's proof claims.
public typealias UnverifiedProof = SealcardFFI.UnverifiedProof

/// What a payload costs: bytes, characters, modules, and what each part of the profile adds.
public typealias Budget = SealcardFFI.Budget

/// The size of a QR code.
public typealias QrSize = SealcardFFI.QrSize

/// What one part of a profile adds to its token.
public typealias FieldCost = SealcardFFI.FieldCost

/// What a payload text claims, and what it costs. It checks no signature: anyone can write such a text.
///
/// - Throws: ``SealcardError/Kind/malformed`` or ``SealcardError/Kind/unsupportedVersion``.
public func inspect(_ text: String) throws -> InspectedToken {
    let text = try text.bounded()
    return try calling { try SealcardFFI.inspect(text: text) }
}
