// A door: says who shows a payload, or why not, without a network.
//
//     swift run door ROOT.jwk STATE [--bundle FILE] [--revocations FILE] [PAYLOAD | PICTURE.png]...
//
// The trust bundle and the revocation list are learnt once and kept in STATE. Without payloads, they are read from standard input,
// one a line. It ends with 1 if anyone was refused.

import Foundation
import Sealcard

func fail(_ reason: String) -> Never {
    FileHandle.standardError.write(Data("door: \(reason)\n".utf8))
    exit(2)
}

func contents(_ path: String) -> String {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { fail("cannot read \(path)") }
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
}

var arguments = Array(CommandLine.arguments.dropFirst())
func option(_ name: String) -> String? {
    guard let place = arguments.firstIndex(of: name), place + 1 < arguments.count else { return nil }
    defer { arguments.removeSubrange(place...place + 1) }
    return arguments[place + 1]
}
let bundle = option("--bundle"), revocations = option("--revocations")
guard arguments.count >= 2, !arguments.contains(where: { $0.hasPrefix("--") }) else {
    fail("usage: door ROOT.jwk STATE [--bundle FILE] [--revocations FILE] [PAYLOAD | PICTURE.png]...")
}
let root = arguments.removeFirst(), stateFile = URL(fileURLWithPath: arguments.removeFirst())

do {
    // A state that is there and cannot be read is an error: a new one would forget what was learnt.
    let known = FileManager.default.fileExists(atPath: stateFile.path)
    let stored = known ? StoredState(bytes: try Data(contentsOf: stateFile), changes: 0) : nil
    let verifier = try Verifier(roots: [contents(root)], state: stored)
    // Another root than the state was made with: to store it again would forget its bundle.
    if known && verifier.trustBundle == nil && bundle == nil {
        fail("\(stateFile.path) holds no trust bundle of \(root): give one with --bundle")
    }
    try bundle.map { _ = try verifier.update(trustBundle: contents($0), at: Date()) }
    try revocations.map { _ = try verifier.update(revocationList: contents($0), at: Date()) }
    try verifier.state.bytes.write(to: stateFile, options: .atomic)

    var refused = false
    func judge(_ payload: String) {
        do {
            let snapshot = try verifier.verify(payload, at: Date())
            let (profile, issuer) = (snapshot.profile, snapshot.issuer ?? "an issuer without a name")
            let how = snapshot.binding == .bearer ? "a copy is as good" : "shown by its own device"
            print("welcome: \(profile.isolatedDisplayName) (\(profile.username)), says \(issuer); \(how)")
        } catch {
            refused = true
            print("refused: \((error as? SealcardError)?.code ?? "error"): \(error.localizedDescription)")
        }
    }
    func open(_ argument: String) {
        guard argument.hasSuffix(".png") else { return judge(argument) }
        guard let picture = FileManager.default.contents(atPath: argument) else { fail("cannot read \(argument)") }
        do {
            let payloads = try QrReader.scan(png: picture)
            if payloads.isEmpty { print("refused: no QR code in \(argument)"); refused = true }
            payloads.forEach(judge)
        } catch {
            fail("\(argument): \(error.localizedDescription)")
        }
    }
    if arguments.isEmpty {
        while let line = readLine() { open(line) }
    } else {
        arguments.forEach(open)
    }
    try verifier.state.bytes.write(to: stateFile, options: .atomic)
    exit(refused ? 1 : 0)
} catch let error as SealcardError where error.kind == .invalidState {
    fail("\(stateFile.path): \(error.localizedDescription) (delete it)")
} catch let error as SealcardError {
    fail(error.localizedDescription)
} catch {
    fail("\(stateFile.path): \(error.localizedDescription)")
}
