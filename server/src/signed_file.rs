//! The signed files that verifiers fetch: the revocation list, and the trust bundle if this server holds the root.

use sealcard_core::{Grant, IssueError, Issuer, RevocationList, SigningKey, TrustAnchor, TrustBundle, Ttl, UnixTime};

use crate::db::{FileName, Repository, SignError, SignedFile};

/// For how long a list is fresh: a day. Whoever was online since yesterday knows what was revoked until then.
const LIST_FRESH_SECS: u32 = 86_400;

/// For how long a bundle is fresh: a week.
const BUNDLE_FRESH_SECS: u32 = 7 * 86_400;

/// For how long from its signing a bundle lets a key sign: as long as the bundle could go unrenewed without harm.
const SIGNING_SECS: u64 = 90 * 86_400;

/// Signed anew at least so often, so that whoever fetches it gets a young one.
const RENEW_SECS: u64 = 3_600;

/// Where the trust bundle comes from.
pub enum TrustBundleSource {
    /// There is none: verifiers use the JWK set.
    None,
    /// A root kept elsewhere signed it.
    Signed(String),
    /// This server holds the root.
    Root(SigningKey),
}

/// The revocation list, signed by the issuer.
///
/// # Errors
/// [`SignError`].
pub async fn revocation_list(db: &dyn Repository, key: &SigningKey, now: UnixTime) -> Result<SignedFile, SignError> {
    let source = key.verifying_key().id().to_string();
    let name = FileName::Revocations;
    let known = db.signed_file(name).await?;
    if is_current(&known, &source, now) {
        return Ok(known);
    }
    let key = SigningKey::from_seed(*key.to_seed());
    let sign = move |epoch, before: &SignedFile, revoked: &[_]| {
        // It speaks for every pass in it: servers' clocks may differ by a little.
        let newest = revoked.iter().map(|pass: &crate::db::RevokedPass| pass.issued_at).max();
        let issued_at = now.max(before.issued_at).max(newest.unwrap_or(now));
        let indices = revoked.iter().map(|pass| pass.revocation_index).collect();
        let list = RevocationList::new(epoch, issued_at, LIST_FRESH_SECS, indices).sign(&key)?;
        Ok((issued_at, list.to_text()))
    };
    db.renew_signed_file(name, &source, now, is_current, Box::new(sign)).await
}

/// The trust bundle: this issuer's key, vouched for by the root.
///
/// # Errors
/// [`SignError`].
pub async fn trust_bundle(
    db: &dyn Repository,
    root: &SigningKey,
    issuer: &Issuer,
    issuer_name: &str,
    now: UnixTime,
) -> Result<SignedFile, SignError> {
    let key = issuer.verifying_key();
    let source = format!("{} {} {issuer_name}", root.verifying_key().id(), key.id());
    let name = FileName::TrustBundle;
    let known = db.signed_file(name).await?;
    if is_current(&known, &source, now) {
        return Ok(known);
    }
    let root = SigningKey::from_seed(*root.to_seed());
    let issuer_name = issuer_name.parse().ok();
    let sign = move |epoch, before: &SignedFile, _: &[_]| {
        let issued_at = now.max(before.issued_at);
        let grant = Grant {
            max_ttl: Some(Ttl::MAX),
            revocation_lists: true,
            not_before: UnixTime::EARLIEST,
            not_after: issued_at.saturating_add(SIGNING_SECS),
        };
        let anchor = TrustAnchor { grant, ..TrustAnchor::new(issuer_name, key) };
        let bundle = TrustBundle::new(epoch, issued_at, BUNDLE_FRESH_SECS, vec![anchor]);
        let bundle = bundle.map_err(|_| IssueError::TooEarly { issued_at })?.sign(&root)?;
        Ok((issued_at, bundle.to_text()))
    };
    db.renew_signed_file(name, &source, now, is_current, Box::new(sign)).await
}

/// Whether a file says what is so, and is young.
fn is_current(file: &SignedFile, source: &str, now: UnixTime) -> bool {
    file.source == source && now.secs_since(file.issued_at) < RENEW_SECS
}
