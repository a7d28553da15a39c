// How the generated code turns Rust's values into Java's. No value of either side may stop the app.

package dev.sealcard.ffi

import java.time.Instant

/** The moment so many seconds after 1970; [Instant.MAX] for all later than that. */
internal fun instantOf(unixTime: ULong): Instant =
    if (unixTime > Instant.MAX.epochSecond.toULong()) Instant.MAX else Instant.ofEpochSecond(unixTime.toLong())

/** The second that a moment lies in, since 1970: 0 for whatever lies before, and Rust's last for [Instant.MAX]. */
internal fun unixTimeOf(instant: Instant): ULong = when {
    instant == Instant.MAX -> ULong.MAX_VALUE
    instant.epochSecond < 0 -> 0UL
    else -> instant.epochSecond.toULong()
}
