import SealcardFFI

/// A snapshot that is bound to a device's key, as the issuer gave it. What is shown is not the pass, but a presentation of it by
/// a ``Presenter``. Keep ``text``: a pass is made from it again.
public struct Pass: Sendable, Hashable {
    /// The payload text that the issuer gave.
    public let text: String
    /// What it says. The issuer's signature was not checked: that is for verifiers.
    public let unverifiedSnapshot: UnverifiedSnapshot

    /// Spaces and line ends around the text are not part of it: trim what comes from a file.
    ///
    /// - Throws: ``SealcardError/Kind/malformed``, ``SealcardError/Kind/unsupportedVersion``, or
    ///   ``SealcardError/Kind/proofInvalid`` for what is no pass.
    public init(_ text: String) throws {
        let text = try text.bounded()
        unverifiedSnapshot = try calling { try readPass(text: text) }
        self.text = text
    }
}
