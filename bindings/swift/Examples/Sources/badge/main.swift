// A badge: shows a fresh presentation of a pass every 30 seconds, as a phone does, without a network.
//
//     swift run badge PASS DEVICE.jwk [--png FILE]
//
// PASS is a file with the pass; DEVICE.jwk the device's key, as `sealcard keygen --kind device` writes it. A phone would use a key in
// its chip. With --png it draws one presentation into a file, and ends.

import Foundation
import Sealcard

func fail(_ reason: String) -> Never {
    FileHandle.standardError.write(Data("badge: \(reason)\n".utf8))
    exit(2)
}

func contents(_ path: String) -> String {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { fail("cannot read \(path)") }
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
}

let arguments = CommandLine.arguments
guard arguments.count == 3 || (arguments.count == 5 && arguments[3] == "--png") else {
    fail("usage: badge PASS DEVICE.jwk [--png FILE]")
}
do {
    let pass = try Pass(contents(arguments[1]))
    let presenter = try Presenter(pass: pass, key: SoftwareDeviceKey(privateJWK: contents(arguments[2])))
    if arguments.count == 5 {
        let picture = try QrMatrix(presenter.present(at: Date())).png(pixels: 600)
        try picture.write(to: URL(fileURLWithPath: arguments[4]))
    } else {
        for try await presentation in presenter.presentations() {
            let terminal = isatty(STDOUT_FILENO) == 1
            let clear = terminal ? "\u{1B}[2J\u{1B}[H" : ""
            print(clear + (try QrMatrix(presentation).terminal(colored: terminal)), terminator: "")
            print(pass.unverifiedSnapshot.profile.displayName)
            fflush(stdout)
        }
    }
} catch {
    fail(error.localizedDescription)
}
