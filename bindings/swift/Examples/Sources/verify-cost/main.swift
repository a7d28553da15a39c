// What a verification costs in Swift: a line for each kind, with its name and microseconds.
//
//     verify-cost JWKS BEARER PRESENTATION

import Foundation
import Sealcard

func contents(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
}

let arguments = CommandLine.arguments
let verifier = try Verifier(jwks: contents(arguments[1]))
let now = Date(timeIntervalSince1970: 1_800_000_000)
for (name, file) in [("bearer", arguments[2]), ("presentation", arguments[3])] {
    let text = try contents(file)
    func verify(_ count: Int) throws -> Double {
        let start = Date()
        for _ in 0..<count { _ = try verifier.verify(text, at: now) }
        return Date().timeIntervalSince(start) * 1e6 / Double(count)
    }
    _ = try verify(2_000)
    print(name, String(format: "%.1f", try verify(5_000)))
}
