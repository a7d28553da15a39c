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
    var fragment = string.hasPrefix("mailto:")
    let encoded = string.utf8.map { byte in
        let character = Character(UnicodeScalar(byte))
        defer { fragment = fragment || character == "#" }
        let taken = !"{|}^`\"<>\\ ".contains(character) && !(character == "#" && fragment)
        return taken ? String(character) : "%" + String(byte, radix: 16, uppercase: true)
    }
    guard let url = URL(string: encoded.joined()) else { throw URLError(.badURL) }
    return url
}
