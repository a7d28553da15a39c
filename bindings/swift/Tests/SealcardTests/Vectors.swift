import Foundation
import Sealcard

/// The shared test vectors, as `tests/vectors/README.md` describes them.
enum Vectors {
    static func read<Content: Decodable>(_ name: String) throws -> Content {
        let folder = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../../tests/vectors").standardized
        return try JSONDecoder().decode(Content.self, from: Data(contentsOf: folder.appendingPathComponent(name)))
    }

    /// The trust files by name, each as the text of a file.
    static func trust() throws -> [String: String] {
        try (read("trust.json") as [String: JSON]).mapValues { try $0.text() }
    }
}

/// A payload to accept or refuse.
struct Payload: Decodable {
    let name: String
    let trust: String
    let text: String?
    let bytes: String?
    let now: UInt64
    let leeway: UInt32
    let linkHost: String?
    let expected: Expected?
    let error: String?
}

struct Expected: Decodable, Equatable {
    let profile: ExpectedProfile
    let issuer: String?
    let keyId: String
    let issuedAt: UInt64
    let expiresAt: UInt64
    let card: String?
    let event: String?
    let otherFields: [ExpectedField]
}

struct ExpectedProfile: Decodable, Equatable {
    let username: String
    let displayName: String
    let bio, pronouns, role, company, avatarUrl: String?
    let accentColor: String
    let links: [ExpectedLink]
}

struct ExpectedLink: Decodable, Equatable {
    let platform: String
    let username: String
    let url: String?
}

struct ExpectedField: Decodable, Equatable {
    let id: UInt8
    let data: String
}

/// A trust file to refuse.
struct TrustFile: Decodable {
    let name: String
    let trust: String
    let error: String
}

/// What reaches one verifier in which order.
struct Story: Decodable {
    let name: String
    let trust: String?
    let roots: [JSON]?
    let leeway: UInt32
    let maxProofAge: UInt32
    let requireFreshRevocations: Bool
    let steps: [Step]
}

struct Step: Decodable {
    let now: UInt64
    let bundle, revocations, token, challenge: String?
    let expect: String
    let binding, revocation, trust: String?
}

/// A pass, and what its device makes of it.
struct PassVector: Decodable {
    let name: String
    let key: JSON
    let pass: String
    let now: UInt64
    let challenge, presentation, error: String?
}

/// Any JSON, to hand on as text.
enum JSON: Codable {
    case object([String: JSON]), array([JSON]), string(String), number(Double), bool(Bool), null

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() { self = .null }
        else if let bool = try? value.decode(Bool.self) { self = .bool(bool) }
        else if let number = try? value.decode(Double.self) { self = .number(number) }
        else if let string = try? value.decode(String.self) { self = .string(string) }
        else if let array = try? value.decode([JSON].self) { self = .array(array) }
        else { self = .object(try value.decode([String: JSON].self)) }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .object(let object): try value.encode(object)
        case .array(let array): try value.encode(array)
        case .string(let string): try value.encode(string)
        case .number(let number): try value.encode(number)
        case .bool(let bool): try value.encode(bool)
        case .null: try value.encodeNil()
        }
    }

    func text() throws -> String {
        String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
    }
}

func moment(_ seconds: UInt64) -> Date {
    Date(timeIntervalSince1970: TimeInterval(seconds))
}

func data(hex: String) -> Data {
    var rest = Substring(hex)
    var data = Data()
    while !rest.isEmpty {
        data.append(UInt8(rest.prefix(2), radix: 16)!)
        rest = rest.dropFirst(2)
    }
    return data
}

func hex(_ data: Data) -> String {
    data.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// The stable code of what was thrown; another error has none.
func code(_ attempt: () throws -> Void) -> String? {
    do {
        try attempt()
        return nil
    } catch let error as SealcardError {
        // The case is the code's, whichever it is: `.proofMissing(…)` is `proof_missing`.
        let name = "\(error.kind)".prefix { $0 != "(" }
        let snake = name.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
        return snake == error.code ? error.code : "\(error.kind) has the code \(error.code)"
    } catch {
        return "not a SealcardError: \(error)"
    }
}
