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
