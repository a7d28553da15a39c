// How the generated code turns Rust's values into Foundation's. No value of either side may stop the app.

import Foundation

/// The moment so many seconds after 1970.
func date(unixTime: UInt64) -> Date {
    Date(timeIntervalSince1970: TimeInterval(unixTime))
}

/// The second that a moment lies in, since 1970: 0 for whatever lies before, and for what is no moment at all.
func unixTime(date: Date) -> UInt64 {
    let seconds = date.timeIntervalSince1970.rounded(.down)
    guard seconds > 0 else { return 0 }
    return UInt64(exactly: seconds) ?? .max
}

/// An address, which Rust has made sure is one: ASCII, with a scheme and no user name or port. What may stand in it and Foundation
/// does not take or takes for something else, as in some mail addresses, is percent-encoded, on every system alike.
func url(string: String) throws -> URL {
    guard let url = URL(string: needsEncoding(string) ? encoded(string) : string) else { throw URLError(.badURL) }
    return url
}

/// Whether there is anything to be encoded. Of nearly all addresses, there is not.
private func needsEncoding(_ address: String) -> Bool {
    var marks = address.hasPrefix("mailto:") ? 1 : 0
    return address.utf8.contains { byte in
        if byte == UInt8(ascii: "#") { marks += 1 }
        return marks > 1 || isHard(byte)
    }
}

private func encoded(_ address: String) -> String {
    var marks = address.hasPrefix("mailto:") ? 1 : 0
    return address.utf8.map { byte in
        if byte == UInt8(ascii: "#") { marks += 1 }
        let plain = byte == UInt8(ascii: "#") ? marks == 1 : !isHard(byte)
        return plain ? String(UnicodeScalar(byte)) : "%" + String(byte, radix: 16, uppercase: true)
    }.joined()
}

/// What an address may not hold by RFC 3986, though it may stand in a mail address.
private func isHard(_ byte: UInt8) -> Bool {
    switch UnicodeScalar(byte) {
    case "{", "|", "}", "^", "`", "\"", "<", ">", "\\", " ": true
    default: false
    }
}
