package dev.sealcard

import java.time.Duration
import java.time.Instant
import dev.sealcard.ffi.Binding as FfiBinding
import dev.sealcard.ffi.Freshness as FfiFreshness
import dev.sealcard.ffi.VerifiedSnapshot as FfiSnapshot

/**
 * A snapshot that a trusted issuer signed, unaltered, in time, and shown by whom it is bound to: what a [Verifier] returns.
 *
 * @property profile whom it describes
 * @property card which of the person's cards it is, if the issuer said so: 1 to 32 characters
 * @property event the event that it was issued for, if the issuer said so: 1 to 32 characters
 * @property otherFields what a newer issuer added
 * @property issuer the name that the trust bundle or JWK set has for the issuer
 * @property keyId the id of the key that signed it: the RFC 7638 thumbprint, in base64url
 * @property issuedAt the first second of its validity
 * @property expiresAt the last second of its validity
 * @property verifiedAt the moment it was verified for
 * @property binding who may show it
 * @property revocation how old the issuer's revocation list is, which does not revoke it
 * @property trust how old the trust bundle is that vouches for the issuer; unknown for a JWK set
 */
@ConsistentCopyVisibility
public data class VerifiedSnapshot internal constructor(
    val profile: Profile,
    val card: String?,
    val event: String?,
    val otherFields: List<OtherField>,
    val issuer: String?,
    val keyId: String,
    val issuedAt: Instant,
    val expiresAt: Instant,
    val verifiedAt: Instant,
    val binding: Binding,
    val revocation: Freshness,
    val trust: Freshness,
) {
    internal constructor(it: FfiSnapshot) : this(
        it.profile, it.card, it.event, it.otherFields, it.issuer, it.keyId, it.issuedAt, it.expiresAt, it.verifiedAt,
        Binding.of(it.binding), Freshness.of(it.revocation), Freshness.of(it.trust),
    )
}

/** Who may show a snapshot. */
public sealed interface Binding {
    /** Anyone who has a copy, while it is valid. */
    public data object Bearer : Binding

    /**
     * Only the device that it names, which proved to be there.
     *
     * @property provenAt when it did
     */
    public data class Device(val provenAt: Instant) : Binding

    public companion object {
        internal fun of(binding: FfiBinding): Binding = when (binding) {
            FfiBinding.Bearer -> Bearer
            is FfiBinding.Device -> Device(binding.provenAt)
        }
    }
}

/** How old what a verifier knows is, against what the signed file says of itself. */
public sealed interface Freshness {
    /** As young as it has to be. */
    public data class Fresh(val age: Duration) : Freshness

    /** Older: something newer should be there, and was not fetched. */
    public data class Stale(val age: Duration) : Freshness

    /** There is no such file. */
    public data object Unknown : Freshness

    public companion object {
        internal fun of(freshness: FfiFreshness): Freshness = when (freshness) {
            is FfiFreshness.Fresh -> Fresh(seconds(freshness.ageSecs))
            is FfiFreshness.Stale -> Stale(seconds(freshness.ageSecs))
            FfiFreshness.Unknown -> Unknown
        }
    }
}

/** So many seconds; the longest there is for all that is longer. */
internal fun seconds(seconds: ULong): Duration = Duration.ofSeconds(seconds.coerceAtMost(Long.MAX_VALUE.toULong()).toLong())

/** A person's profile. All texts are in Unicode's NFC and safe to show. */
public typealias Profile = dev.sealcard.ffi.Profile

/** A link to a person elsewhere. */
public typealias Link = dev.sealcard.ffi.Link

/** A signed field that a newer issuer added. */
public typealias OtherField = dev.sealcard.ffi.OtherField

/**
 * The display name between Unicode's marks that keep its writing direction from spilling over into the text around it: for
 * putting it into a sentence.
 */
public val Profile.isolatedDisplayName: String get() = "\u2068$displayName\u2069"
