package dev.sealcard

/** A token, unverified, and what it costs in a QR code. */
public typealias InspectedToken = dev.sealcard.ffi.InspectedToken

/** What a token claims. **Anyone can write this**: show it only as unverified. */
public typealias UnverifiedSnapshot = dev.sealcard.ffi.UnverifiedSnapshot

/** What a presentation's proof claims. */
public typealias UnverifiedProof = dev.sealcard.ffi.UnverifiedProof

/** What a payload costs: bytes, characters, modules, and what each part of the profile adds. */
public typealias Budget = dev.sealcard.ffi.Budget

/** The size of a QR code. */
public typealias QrSize = dev.sealcard.ffi.QrSize

/** What one part of a profile adds to its token. */
public typealias FieldCost = dev.sealcard.ffi.FieldCost

/**
 * What a payload text claims, and what it costs. It checks no signature: anyone can write such a text.
 *
 * @throws SealcardException [SealcardException.Malformed] or [SealcardException.UnsupportedVersion]
 */
public fun inspect(text: String): InspectedToken = calling { dev.sealcard.ffi.inspect(text) }
