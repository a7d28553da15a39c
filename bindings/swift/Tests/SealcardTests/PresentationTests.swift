import Sealcard
import XCTest

/// Passes and presentations: with keys of the app's own, and with those that fail.
final class PresentationTests: XCTestCase {
    /// A key of the app's own, as a key store has it: it answers in DER, and with whichever s comes.
    private struct KeyStoreKey: DeviceKey {
        let inner: SoftwareDeviceKey

        func holderKey() throws -> HolderKey { try inner.holderKey() }
        func signature(for message: Data) throws -> Data { der(try inner.signature(for: message)) }
    }

    /// A key whose answers the test chooses.
    private struct FixedKey: DeviceKey {
        let holder: HolderKey
        let answer: @Sendable () throws -> Data

        func holderKey() throws -> HolderKey { holder }
        func signature(for message: Data) throws -> Data { try answer() }
    }

    private struct Locked: LocalizedError {
        var errorDescription: String? { "the phone is locked" }
    }

    private func vector(_ name: String) throws -> PassVector {
        try XCTUnwrap((Vectors.read("passes.json") as [PassVector]).first { $0.name == name })
    }

    private func verifier() throws -> Verifier {
        try Verifier(jwks: Vectors.trust()["example"]!)
    }

    func testEveryVectorIsPresentedToTheLetterOrRefusedWithItsCode() throws {
        let vectors = try Vectors.read("passes.json") as [PassVector]
        XCTAssertGreaterThanOrEqual(vectors.count, 20)
        for vector in vectors {
            var presentation: String?
            let refusal = code {
                let challenge = try vector.challenge.map { try Challenge(bytes: data(hex: $0)) }
                let key = try SoftwareDeviceKey(privateJWK: vector.key.text())
                let presenter = try Presenter(pass: Pass(vector.pass), key: key)
                presentation = try presenter.present(at: moment(vector.now), answering: challenge)
            }
            XCTAssertEqual(presentation, vector.presentation, vector.name)
            XCTAssertEqual(refusal, vector.error, vector.name)
        }
    }

    func testAKeyOfTheAppsOwnProvesWhoIsThere() throws {
        let vector = try vector("P-256")
        let key = KeyStoreKey(inner: try SoftwareDeviceKey(privateJWK: vector.key.text()))
        let pass = try Pass(vector.pass)
        XCTAssertEqual(pass.unverifiedSnapshot.holderKey, try key.holderKey().jwk)
        let presenter = try Presenter(pass: pass, key: key)
        let now = moment(vector.now)
        let text = try presenter.present(at: now)
        let verified = try verifier().verify(text, at: now.addingTimeInterval(30))
        XCTAssertEqual(verified.binding, .device(provenAt: now))
        XCTAssertEqual(verified.profile, pass.unverifiedSnapshot.profile)
        XCTAssertEqual(code { _ = try verifier().verify(text, at: now.addingTimeInterval(61)) }, "proof_stale")
        XCTAssertEqual(code { _ = try verifier().verify(pass.text, at: now) }, "proof_missing")
    }

    func testAChallengeIsAnsweredAndNoOther() throws {
        let vector = try vector("Ed25519")
        let presenter = try Presenter(pass: Pass(vector.pass), key: SoftwareDeviceKey(privateJWK: vector.key.text()))
        let now = moment(vector.now)
        let challenge = Challenge.random()
        XCTAssertEqual(try Challenge(text: challenge.description), challenge)
        let text = try presenter.present(at: now, answering: challenge)
        XCTAssertNoThrow(try verifier().verify(text, at: now, answering: challenge))
        XCTAssertEqual(code { _ = try verifier().verify(text, at: now) }, "wrong_challenge")
        XCTAssertEqual(code { _ = try verifier().verify(text, at: now, answering: .random()) }, "wrong_challenge")
        XCTAssertNotEqual(Challenge.random(), Challenge.random())
        for count in 0...20 {
            let bytes = Data(repeating: 0xa7, count: count)
            XCTAssertEqual(code { _ = try Challenge(bytes: bytes) }, (4...16).contains(count) ? nil : "wrong_challenge")
        }
    }

    func testAKeyThatDoesNotSignIsAnErrorOfItsOwn() throws {
        let vector = try vector("P-256")
        let holder = try SoftwareDeviceKey(privateJWK: vector.key.text()).holderKey()
        let pass = try Pass(vector.pass)
        let locked = try Presenter(pass: pass, key: FixedKey(holder: holder) { throw Locked() })
        XCTAssertThrowsError(try locked.present(at: moment(vector.now))) { error in
            XCTAssertEqual((error as? SealcardError)?.code, "key_unavailable")
            XCTAssertTrue((error as? SealcardError)?.underlyingError is Locked)
            XCTAssertEqual(error.localizedDescription, "the device's key did not sign: the phone is locked")
        }
        for answer in [Data(), Data(count: 64), Data(repeating: 0xff, count: 64), Data(count: 70), Data(count: 1_000_000)] {
            let wrong = try Presenter(pass: pass, key: FixedKey(holder: holder) { answer })
            XCTAssertEqual(code { _ = try wrong.present(at: moment(vector.now)) }, "proof_invalid", "\(answer)")
        }
        let other = try SoftwareDeviceKey(p256: Data(repeating: 3, count: 32))
        XCTAssertEqual(code { _ = try Presenter(pass: pass, key: other) }, "proof_invalid")
    }

    func testKeysAreReadInEachFormAndNoOther() throws {
        let key = try SoftwareDeviceKey(p256: Data(repeating: 3, count: 32)).holderKey()
        XCTAssertEqual(try HolderKey(jwk: key.jwk), key)
        let fields = try JSONDecoder().decode([String: String].self, from: Data(key.jwk.utf8))
        let (x, y) = (base64url(fields["x"]!), base64url(fields["y"]!))
        XCTAssertEqual(try HolderKey(p256: Data([4]) + x + y), key)
        XCTAssertEqual(try HolderKey(p256: Data([2 + y.last! % 2]) + x), key)
        XCTAssertEqual(code { _ = try HolderKey(p256: x + y) }, "invalid_key")
        XCTAssertEqual(code { _ = try HolderKey(ed25519: Data(count: 32)) }, "weak_key")
        XCTAssertEqual(code { _ = try HolderKey(ed25519: Data(count: 31)) }, "invalid_key")
        XCTAssertEqual(code { _ = try SoftwareDeviceKey(p256: Data(count: 32)) }, "invalid_key")
        XCTAssertEqual(code { _ = try SoftwareDeviceKey(ed25519: Data(count: 33)) }, "invalid_key")
        XCTAssertEqual(code { _ = try HolderKey(jwk: vector("P-256").key.text()) }, "invalid_key", "a private key")
    }

    func testPresentationsComeUntilTheyAreNoLongerWanted() async throws {
        let vector = try vector("P-256")
        let presenter = try Presenter(pass: Pass(vector.pass), key: SoftwareDeviceKey(privateJWK: vector.key.text()))
        var texts: Set<String> = []
        for try await text in presenter.presentations(every: 1) {
            texts.insert(text)
            if texts.count == 2 { break }
        }
        XCTAssertEqual(texts.count, 2)
    }
}

/// An ECDSA signature of r and s as ASN.1 DER, with the other one of the two values that s may have.
func der(_ signature: Data) -> Data {
    let order: [UInt8] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ]
    var high = [UInt8](repeating: 0, count: 32)
    var borrow = 0
    for (place, s) in signature.suffix(32).enumerated().reversed() {
        let difference = Int(order[place]) - Int(s) - borrow
        borrow = difference < 0 ? 1 : 0
        high[place] = UInt8(difference + 256 * borrow)
    }
    func integer(_ bytes: Data) -> Data {
        let short = bytes.drop { $0 == 0 }
        let content = (short.first ?? 0x80) < 0x80 ? Data(short) : Data([0]) + short
        return Data([2, UInt8(content.count)]) + content
    }
    let content = integer(signature.prefix(32)) + integer(Data(high))
    return Data([0x30, UInt8(content.count)]) + content
}

func base64url(_ text: String) -> Data {
    let base64 = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
    return Data(base64Encoded: base64 + String(repeating: "=", count: (4 - base64.count % 4) % 4))!
}
