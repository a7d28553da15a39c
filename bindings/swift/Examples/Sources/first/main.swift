// README.md's first scan and first badge, run by scripts/interop, which also checks that README.md shows them as they are here.
//
//     first ROOT.jwk BUNDLE LIST PASS DEVICE.jwk

import Foundation
import Sealcard

func contents(_ place: Int) throws -> String {
    try String(contentsOfFile: CommandLine.arguments[place], encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
}

func scan(_ scanned: String) throws {
    let (rootJWK, bundle, list) = (try contents(1), try contents(2), try contents(3))
    let stored: StoredState? = nil
    func save(_ state: StoredState) {}
    // README
    // Once, online: what the server has at /api/trust-bundle and /api/revocations. The root's JWK is part of the app.
    let verifier = try Verifier(roots: [rootJWK], state: stored)
    try verifier.update(trustBundle: bundle, at: Date())
    try verifier.update(revocationList: list, at: Date())
    save(verifier.state)

    // At the door, offline.
    do {
        let snapshot = try verifier.verify(scanned, at: Date())
        let copied = snapshot.binding == .bearer                   // else its own device proved to be there
        print("Welcome, \(snapshot.profile.isolatedDisplayName)\(copied ? " (anyone may show a copy)" : "")")
    } catch let error as SealcardError {
        print("\(error.code): \(error.localizedDescription)")
    }
    // README
}

/// Scans what is shown.
func show(_ picture: Data) throws -> Never {
    try QrReader.scan(png: picture).forEach(scan)
    exit(0)
}

struct PrivateKey: Decodable { let d: String }
let d = try JSONDecoder().decode(PrivateKey.self, from: Data(contents(5).utf8)).d
let base64 = d.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
let (secret, passText) = (Data(base64Encoded: base64 + "=")!, try contents(4))
// README
// In an app the key stays in the Secure Enclave: see DeviceKey. Send holderKey().jwk to POST /api/profiles/me/pass, keep the pass.
let key = try SoftwareDeviceKey(p256: secret)
let presenter = try Presenter(pass: Pass(passText), key: key)
for try await presentation in presenter.presentations() {      // now, and every 30 seconds
    try show(QrMatrix(presentation).png(pixels: 600))
}
// README
