import Sealcard
import XCTest

/// Every shared vector, valid and invalid, with its exact code.
final class VectorTests: XCTestCase {
    private func verify(_ payload: Payload, _ trust: [String: String]) throws -> VerifiedSnapshot {
        let settings = VerifierSettings(leewaySecs: payload.leeway, linkHost: payload.linkHost)
        let verifier = try Verifier(jwks: trust[payload.trust]!, settings: settings)
        if let text = payload.text { return try verifier.verify(text, at: moment(payload.now)) }
        return try verifier.verify(data(hex: payload.bytes!), at: moment(payload.now))
    }

    func testValidPayloadsSayWhatTheyShould() throws {
        let (payloads, trust) = (try Vectors.read("valid.json") as [Payload], try Vectors.trust())
        XCTAssertGreaterThanOrEqual(payloads.count, 140)
        for payload in payloads {
            let verified = try verify(payload, trust)
            let profile = verified.profile
            let expected = payload.expected!
            let said = Expected(
                profile: ExpectedProfile(
                    username: profile.username, displayName: profile.displayName, bio: profile.bio,
                    pronouns: profile.pronouns, role: profile.role, company: profile.company,
                    avatarUrl: profile.avatarUrl?.absoluteString, accentColor: profile.accentColor,
                    links: zip(profile.links, expected.profile.links).map { link, expected in
                        let url = link.url.flatMap { written($0, as: expected.url) }
                        return ExpectedLink(platform: link.platform, username: link.username, url: url)
                    }
                ),
                issuer: verified.issuer, keyId: verified.keyId, issuedAt: expected.issuedAt,
                expiresAt: expected.expiresAt, card: verified.card, event: verified.event,
                otherFields: verified.otherFields.map { ExpectedField(id: $0.id, data: hex($0.data)) }
            )
            XCTAssertEqual(said, expected, payload.name)
            XCTAssertEqual(profile.links.count, expected.profile.links.count, payload.name)
            XCTAssertEqual(verified.issuedAt, moment(expected.issuedAt), payload.name)
            XCTAssertEqual(verified.expiresAt, moment(expected.expiresAt), payload.name)
            XCTAssertEqual(verified.binding, .bearer, payload.name)
        }
    }

    /// An address as the vectors have it: Foundation's may have some more characters percent-encoded.
    private func written(_ url: URL, as expected: String?) -> String? {
        let text = url.absoluteString
        return text.removingPercentEncoding == expected?.removingPercentEncoding ? expected : text
    }

    /// What Foundation takes for something else is percent-encoded: a mark in a mail address does not begin a fragment.
    func testAddressesMeanWhatTheyWereSignedFor() throws {
        let payload = (try Vectors.read("valid.json") as [Payload]).first { $0.name.hasPrefix("addresses that not everything") }!
        XCTAssertEqual(try verify(payload, Vectors.trust()).profile.links.map { $0.url?.absoluteString }, [
            "mailto:a!%23$'*+-/=%5E_%60%7B%7C%7D~.b@engines.org", "mailto:a%23b@engines.org", "https://ada.dev/?a=1?b#c%23d",
        ])
    }

    func testInvalidPayloadsAreRefusedWithTheirCodes() throws {
        let (payloads, trust) = (try Vectors.read("invalid.json") as [Payload], try Vectors.trust())
        XCTAssertGreaterThanOrEqual(payloads.count, 400)
        for payload in payloads {
            XCTAssertEqual(code { _ = try verify(payload, trust) }, payload.error, payload.name)
        }
    }

    func testInvalidTrustFilesAreRefusedWithTheirCodes() throws {
        let files = try Vectors.read("invalid-trust.json") as [TrustFile]
        XCTAssertGreaterThanOrEqual(files.count, 70)
        for file in files {
            XCTAssertEqual(code { _ = try Verifier(jwks: file.trust) }, file.error, file.name)
        }
    }

    /// Every story is told to one verifier, and to one that is made anew from the stored state before each step.
    func testStoriesEndAsTheyShould() throws {
        let (stories, trust) = (try Vectors.read("offline.json") as [Story], try Vectors.trust())
        XCTAssertGreaterThanOrEqual(stories.count, 200)
        for story in stories {
            let settings = VerifierSettings(
                leewaySecs: story.leeway, maxProofAgeSecs: story.maxProofAge,
                requireFreshRevocations: story.requireFreshRevocations
            )
            func makeVerifier(_ state: StoredState?) throws -> Verifier {
                guard let roots = story.roots else {
                    return try Verifier(jwks: trust[story.trust!]!, settings: settings, state: state)
                }
                return try Verifier(roots: roots.map { try $0.text() }, settings: settings, state: state)
            }
            let verifier = try makeVerifier(nil)
            var restored = try makeVerifier(nil)
            for (place, step) in story.steps.enumerated() {
                restored = try makeVerifier(restored.state)
                for verifier in [verifier, restored] {
                    tell(step, to: verifier, "\(story.name), step \(place)")
                }
                XCTAssertEqual(verifier.state, restored.state, story.name)
            }
        }
    }

    private func tell(_ step: Step, to verifier: Verifier, _ place: String) {
        var outcome = ""
        let refusal = code {
            let now = moment(step.now)
            if let bundle = step.bundle {
                outcome = try verifier.update(trustBundle: bundle, at: now) == .applied ? "applied" : "unchanged"
            } else if let list = step.revocations {
                outcome = try verifier.update(revocationList: list, at: now) == .applied ? "applied" : "unchanged"
            } else {
                let challenge = try step.challenge.map(Challenge.init(text:))
                let verified = try verifier.verify(step.token!, at: now, answering: challenge)
                outcome = "verified"
                XCTAssertEqual(verified.binding == .bearer ? "bearer" : "device", step.binding, place)
                XCTAssertEqual(word(verified.revocation), step.revocation, place)
                XCTAssertEqual(word(verified.trust), step.trust, place)
            }
        }
        XCTAssertEqual(refusal ?? outcome, step.expect, place)
    }

    private func word(_ freshness: Freshness) -> String {
        switch freshness {
        case .fresh: "fresh"
        case .stale: "stale"
        case .unknown: "unknown"
        }
    }
}
