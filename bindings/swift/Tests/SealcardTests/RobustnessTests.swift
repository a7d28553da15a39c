import Foundation
import Sealcard
import XCTest

/// Nothing that reaches the library stops the app, and nothing leaks.
final class RobustnessTests: XCTestCase {
    private func payload() throws -> Payload {
        try (Vectors.read("valid.json") as [Payload]).first { $0.text != nil && $0.linkHost == nil && $0.trust == "example" }!
    }

    private func verifier() throws -> Verifier {
        try Verifier(jwks: Vectors.trust()["example"]!)
    }

    func testHostileTextsAreRefused() throws {
        let (verifier, now) = (try verifier(), moment(1_800_000_000))
        for text in [
            "", "SC1:", "\0", "SC1:\0\0\0", String(repeating: "A", count: 10_000_000), "SC1:" + String(repeating: ":", count: 8_000),
            "\u{1F469}\u{200D}\u{1F4BB}", String(decoding: [0xff, 0xfe, 0xc0], as: UTF8.self),
        ] {
            XCTAssertEqual(code { _ = try verifier.verify(text, at: now) }, "malformed", String(text.prefix(20)))
            XCTAssertEqual(code { _ = try verifier.update(trustBundle: text, at: now) }, "malformed")
            XCTAssertEqual(code { _ = try verifier.update(revocationList: text, at: now) }, "malformed")
            XCTAssertEqual(code { _ = try inspect(text) }, "malformed")
            XCTAssertEqual(code { _ = try Pass(text) }, "malformed")
            XCTAssertNotNil(code { _ = try Verifier(jwks: text) })
            XCTAssertNotNil(code { _ = try Verifier(roots: [text]) })
        }
        XCTAssertEqual(code { _ = try verifier.verify(Data(count: 10_000_000), at: now) }, "unsupported_version")
        XCTAssertEqual(code { _ = try verifier.verify(Data(), at: now) }, "malformed")
        // More than 2 GB, of which the system gives nothing before it is looked at.
        XCTAssertEqual(code { _ = try verifier.verify(Data(count: (2 << 30) + 5), at: now) }, "malformed")
        XCTAssertEqual(code { _ = try QrReader.scan(png: Data(count: (2 << 30) + 5)) }, "invalid_picture")
        XCTAssertEqual(code { _ = try Verifier(roots: []) }, "invalid_trust")
        let state = StoredState(bytes: Data(count: 100), changes: 0)
        XCTAssertEqual(code { _ = try Verifier(jwks: Vectors.trust()["example"]!, state: state) }, "invalid_state")
        let settings = VerifierSettings(linkHost: "not a host")
        XCTAssertEqual(code { _ = try Verifier(jwks: Vectors.trust()["example"]!, settings: settings) }, "invalid_host")
    }

    func testMomentsOfAnyKindAreTaken() throws {
        let (verifier, text) = (try verifier(), try payload().text!)
        for seconds in [-Double.infinity, -1e300, -1, 0] {
            XCTAssertEqual(code { _ = try verifier.verify(text, at: Date(timeIntervalSince1970: seconds)) }, "not_yet_valid")
        }
        for seconds in [1e12, 1.8e19, 1.9e19, 1e300, Double.infinity] {
            XCTAssertEqual(code { _ = try verifier.verify(text, at: Date(timeIntervalSince1970: seconds)) }, "expired")
        }
        XCTAssertEqual(code { _ = try verifier.verify(text, at: Date(timeIntervalSince1970: .nan)) }, "not_yet_valid")
        XCTAssertEqual(code { _ = try verifier.verify(text, at: .distantFuture) }, "expired")
        XCTAssertEqual(code { _ = try verifier.verify(text, at: .distantPast) }, "not_yet_valid")
    }

    /// Every character of a token, changed into others: never accepted, never a crash.
    func testChangedTokensAreRefused() throws {
        let (verifier, payload) = (try verifier(), try payload())
        let characters = Array(payload.text!)
        for place in characters.indices {
            for other: Character in ["0", "Z", " ", ":", "a", "\u{e9}"] where other != characters[place] {
                var changed = characters
                changed[place] = other
                XCTAssertThrowsError(try verifier.verify(String(changed), at: moment(payload.now)))
            }
        }
    }

    /// Texts, bytes and states of all kinds, with something changed, through every door: an answer or a refusal comes.
    func testWhateverIsChangedAnAnswerOrARefusalComes() throws {
        var random = Random(state: 7)
        let stories = (try Vectors.read("offline.json") as [Story]).filter { $0.roots != nil }
        let texts = stories.flatMap(\.steps).flatMap { [$0.bundle, $0.revocations, $0.token].compactMap { $0 } }
        let verifier = try Verifier(roots: stories[0].roots!.map { try $0.text() })
        let (jwks, now) = (try Vectors.trust()["example"]!, moment(1_800_000_000))
        let picture = try QrMatrix("SC1:TEST").png(pixels: 40)
        func changed(_ data: Data) -> Data {
            var data = data
            let place = Int.random(in: 0..<data.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: data = data.prefix(place)
            case 1: data[place] = .random(in: .min ... .max, using: &random)
            case 2: data.insert(contentsOf: (0..<3).map { _ in UInt8.random(in: .min ... .max, using: &random) }, at: place)
            default: data.remove(at: place)
            }
            return data
        }
        func refused(_ attempt: () throws -> Void) {
            if let refusal = code(attempt) { XCTAssertFalse(refusal.contains(" "), refusal) }
        }
        for _ in 0..<5_000 {
            let text = String(decoding: changed(Data(texts.randomElement(using: &random)!.utf8)), as: UTF8.self)
            refused { try verifier.update(trustBundle: text, at: now) }
            refused { try verifier.update(revocationList: text, at: now) }
            refused { _ = try verifier.verify(text, at: now) }
            refused { _ = try verifier.verify(changed(Data(text.utf8) + [0]), at: now) }
            refused { _ = try inspect(text) }
            refused { _ = try Pass(text) }
            refused { _ = try QrMatrix(text) }
            refused { _ = try QrReader.scan(png: changed(picture)) }
            refused { _ = try HolderKey(p256: changed(Data(repeating: 2, count: 33))) }
            refused { _ = try HolderKey(jwk: String(decoding: changed(Data(jwks.utf8)), as: UTF8.self)) }
            refused { _ = try Challenge(bytes: changed(Data(count: 9))) }
            let state = StoredState(bytes: changed(verifier.state.bytes), changes: 0)
            XCTAssertEqual(code { _ = try Verifier(jwks: jwks, state: state) } ?? "invalid_state", "invalid_state")
        }
    }

    func testErrorsHaveSentencesAndValues() throws {
        let (verifier, payload) = (try verifier(), try payload())
        XCTAssertThrowsError(try verifier.verify(payload.text!, at: moment(payload.now + 10_000_000))) { error in
            let refusal = error as? SealcardError
            XCTAssertEqual(refusal?.kind, .expired(expiresAt: moment(payload.expected!.expiresAt)))
            XCTAssertEqual(error.localizedDescription, refusal?.reason)
            XCTAssertTrue(error.localizedDescription.hasPrefix("expired "), error.localizedDescription)
        }
    }

    /// Threads share a verifier: some verify, one hands it lists and bundles, one stores its state.
    func testThreadsShareAVerifier() throws {
        let story = (try Vectors.read("offline.json") as [Story]).first { story in
            story.roots != nil && story.steps.contains { $0.expect == "applied" } && story.steps.contains { $0.expect == "verified" }
        }!
        let verifier = try Verifier(roots: story.roots!.map { try $0.text() })
        let now = story.steps[0].now
        for step in story.steps.prefix(while: { $0.token == nil }) {
            _ = try? step.bundle.map { try verifier.update(trustBundle: $0, at: moment(step.now)) }
            _ = try? step.revocations.map { try verifier.update(revocationList: $0, at: moment(step.now)) }
        }
        let tokens = story.steps.compactMap(\.token)
        let bundles = story.steps.compactMap(\.bundle)
        let before = tokens.map { token in code { _ = try verifier.verify(token, at: moment(now)) } }
        DispatchQueue.concurrentPerform(iterations: 16) { thread in
            for _ in 0..<200 {
                if thread == 0 {
                    for bundle in bundles { _ = try? verifier.update(trustBundle: bundle, at: moment(now)) }
                } else if thread == 1 {
                    XCTAssertGreaterThan(verifier.state.bytes.count, 20)
                } else {
                    let after = tokens.map { token in code { _ = try verifier.verify(token, at: moment(now)) } }
                    XCTAssertEqual(after, before)
                }
            }
        }
    }

    func testAHundredThousandVerificationsLeaveNoMemoryBehind() throws {
        #if os(Linux)
        let (verifier, payload) = (try verifier(), try payload())
        func verify(_ count: Int) throws {
            for round in 0..<count {
                _ = try verifier.verify(payload.text!, at: moment(payload.now))
                _ = try? verifier.verify("SC1:NOT A TOKEN", at: moment(payload.now))
                if round % 100 == 0 { _ = try Verifier(jwks: Vectors.trust()["example"]!, state: verifier.state) }
            }
        }
        try verify(5_000)
        let before = try residentBytes()
        try verify(100_000)
        let growth = try residentBytes() - before
        XCTAssertLessThan(growth, 4 << 20, "memory grew by \(growth) bytes")
        #else
        throw XCTSkip("reads /proc")
        #endif
    }

    private func residentBytes() throws -> Int {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[1]
        return Int(pages)! * 4096
    }
}

/// The same numbers in every run.
private struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
