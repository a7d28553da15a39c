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

/// An address, which Rust has made sure is one.
func url(string: String) throws -> URL {
    guard let url = URL(string: string) else { throw URLError(.badURL) }
    return url
}
