//! The signed files that verifiers fetch: the revocation list, and the trust bundle if this server holds the root.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sealcard_core::{DisplayText, Issuer, RevocationList, SigningKey, TrustAnchor, TrustBundle, UnixTime, VerifyError};
use thiserror::Error;

use crate::db::{FileName, Repository, RevokedPass, SignError, SignedFile};

/// For how long a list is fresh: a day. Whoever was online since yesterday knows what was revoked until then.
const LIST_FRESH_SECS: u32 = 86_400;

/// For how long a bundle is fresh: a week.
const BUNDLE_FRESH_SECS: u32 = 7 * 86_400;

/// Signed anew at least so often, so that whoever fetches it gets a young one.
const RENEW_SECS: u64 = 3_600;

/// How far servers' clocks may be apart; less than the leeway of verifiers.
const CLOCKS_DIFFER_SECS: u64 = 30;

/// Where the trust bundle comes from.
pub enum TrustBundleSource {
    /// There is none: verifiers use the JWK set.
    None,
    /// A root kept elsewhere signed it: a file, read anew whenever somebody asks, for a new one must count at once.
    File(PathBuf),
    /// This server holds the root.
    Root(Arc<SigningKey>),
}

/// The revocation list, signed by the issuer.
///
/// # Errors
/// [`SignError`].
pub async fn revocation_list(db: &dyn Repository, issuer: Arc<Issuer>, now: UnixTime) -> Result<SignedFile, SignError> {
    let source = issuer.verifying_key().id().to_string();
    let name = FileName::Revocations;
    let known = db.signed_file(name).await?;
    if is_current(&known, &source, now) {
        return Ok(known);
    }
    let sign = move |epoch, before: &SignedFile, revoked: &[_]| {
        // It speaks for every pass in it: servers' clocks may differ by a little.
        let newest = revoked.iter().map(|pass: &RevokedPass| pass.issued_at).max();
        let issued_at = not_before(now, [before.issued_at, newest.unwrap_or(now)]);
        let indices = revoked.iter().map(|pass| pass.revocation_index).collect();
        let list = RevocationList::new(epoch, issued_at, LIST_FRESH_SECS, indices).sign(issuer.signing_key())?;
        Ok((issued_at, list.to_text()))
    };
    db.renew_signed_file(name, &source, now, is_current, Box::new(sign)).await
}

/// The trust bundle: this issuer's keys, vouched for by the root.
///
/// # Errors
/// [`SignError`].
pub async fn trust_bundle(
    db: &dyn Repository,
    root: &Arc<SigningKey>,
    anchors: Vec<TrustAnchor>,
    now: UnixTime,
) -> Result<SignedFile, SignError> {
    let source = source_of(root, &anchors);
    let name = FileName::TrustBundle;
    let known = db.signed_file(name).await?;
    if is_current(&known, &source, now) {
        return Ok(known);
    }
    let root = Arc::clone(root);
    let sign = move |epoch, before: &SignedFile, _: &[_]| {
        let issued_at = not_before(now, [before.issued_at]);
        let bundle = TrustBundle::new(epoch, issued_at, BUNDLE_FRESH_SECS, anchors)?.sign(&root)?;
        Ok((issued_at, bundle.to_text()))
    };
    db.renew_signed_file(name, &source, now, is_current, Box::new(sign)).await
}

/// Whose keys by whose word. When a key may sign no more is part of it once that is settled; until then it moves with the
/// clock.
fn source_of(root: &SigningKey, anchors: &[TrustAnchor]) -> String {
    let mut source = root.verifying_key().id().to_string();
    for TrustAnchor { key, issuer, grant } in anchors {
        let issuer = issuer.as_ref().map_or("", DisplayText::as_str);
        let until = if anchors.iter().any(|next| next.grant.not_before == grant.not_after) { "ended" } else { "open" };
        source.push_str(&format!(" {} {} {until} {issuer};", key.id(), grant.not_before.as_secs()));
    }
    source
}

/// A trust bundle in a file. Only its form is checked: the root is not here.
///
/// # Errors
/// [`BundleFileError`].
pub fn read_bundle(file: &Path) -> Result<String, BundleFileError> {
    let text = std::fs::read_to_string(file).map_err(BundleFileError::Io)?.trim_end().to_owned();
    TrustBundle::unverified_from_text(&text).map_err(BundleFileError::Form)?;
    Ok(text)
}

/// A file that holds no trust bundle.
#[derive(Debug, Error)]
pub enum BundleFileError {
    /// It cannot be read.
    #[error(transparent)]
    Io(std::io::Error),
    /// It is none.
    #[error(transparent)]
    Form(VerifyError),
}

/// Whether a file says what is so, and is young.
fn is_current(file: &SignedFile, source: &str, now: UnixTime) -> bool {
    let is_young =
        now.secs_since(file.issued_at) < RENEW_SECS && file.issued_at <= now.saturating_add(CLOCKS_DIFFER_SECS);
    file.source == source && is_young
}

/// Now, or one of these times if it is a little later: a time far ahead is some server's mistake, and is not followed.
fn not_before<const N: usize>(now: UnixTime, times: [UnixTime; N]) -> UnixTime {
    let latest = times.into_iter().max().unwrap_or(now);
    now.max(latest.min(now.saturating_add(CLOCKS_DIFFER_SECS)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{self, IssuedPass, Revoke};
    use prometheus_client::registry::Registry;
    use sealcard_core::{TrustStore, Verifier};

    const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);
    const DAY: u64 = 86_400;

    fn issuer() -> Arc<Issuer> {
        Arc::new(Issuer::new(SigningKey::from_seed([7; 32])))
    }

    /// What a verifier reads out of the list of this moment: its number and its indices.
    async fn list(db: &dyn Repository, now: UnixTime) -> (u32, Vec<u32>) {
        let file = revocation_list(db, issuer(), now).await.unwrap();
        let jwks = TrustStore::from_jwks(&issuer().verifying_key().to_jwks(None)).unwrap();
        let mut verifier = Verifier::new(jwks);
        verifier.update_revocation_list(&file.content, now).unwrap();
        let list = verifier.revocation_lists().next().unwrap();
        (list.epoch(), list.indices().collect())
    }

    fn pass(revocation_index: u32, account_id: &str, issued_at: UnixTime, life: u64) -> IssuedPass {
        IssuedPass {
            revocation_index,
            account_id: account_id.into(),
            issued_at,
            expires_at: issued_at.saturating_add(life),
        }
    }

    #[tokio::test]
    async fn a_list_is_signed_when_something_has_changed_and_forgets_what_has_expired() {
        let folder = tempfile::tempdir().unwrap();
        let db = db::connect(None, folder.path(), &mut Registry::default()).await.unwrap();
        let db = db.as_ref();
        let revoke =
            async |account: &str, which, now| db.revoke_passes(Some(account), which, now).await.unwrap().unsettled();
        assert!(db.create_pass(pass(5, "ada", NOW, DAY)).await.unwrap().unsettled());
        assert!(!db.create_pass(pass(5, "eve", NOW, DAY)).await.unwrap().unsettled(), "the place is taken");
        assert!(db.create_pass(pass(9, "ada", NOW, 9 * DAY)).await.unwrap().unsettled());
        // By a server whose clock is a little ahead.
        assert!(db.create_pass(pass(7, "ada", NOW.saturating_add(20), DAY)).await.unwrap().unsettled());
        let (first, indices) = list(db, NOW).await;
        assert!(indices.is_empty());
        assert!(u64::from(first) >= NOW.secs_since(UnixTime::EARLIEST), "a lost database does not set it back");

        assert_eq!(revoke("eve", Revoke::One(5), NOW).await, 0);
        assert_eq!(list(db, NOW.saturating_add(1)).await, (first, vec![]), "nothing has changed");
        assert_eq!(revoke("ada", Revoke::One(5), NOW).await, 1);
        assert_eq!(list(db, NOW.saturating_add(1)).await, (first + 1, vec![5]));
        assert_eq!(revoke("ada", Revoke::All, NOW).await, 3);
        assert_eq!(list(db, NOW.saturating_add(1)).await, (first + 2, vec![5, 7, 9]));

        // A day after they have expired they are left out, and weeks later their places are free again.
        let later = NOW.saturating_add(2 * DAY + 21);
        assert_eq!(list(db, later).await.1, [9]);
        assert_eq!(db.count_passes("ada", later).await.unwrap(), 1);
        assert_eq!(db.delete_expired_passes(later).await.unwrap(), 2);
        assert!(db.create_pass(pass(5, "eve", later, DAY)).await.unwrap().unsettled());
        db.close().await;
    }

    #[tokio::test]
    async fn a_clock_far_ahead_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let db = db::connect(None, folder.path(), &mut Registry::default()).await.unwrap();
        let year_ahead = NOW.saturating_add(365 * DAY);
        let wrong = revocation_list(db.as_ref(), issuer(), year_ahead).await.unwrap();
        let right = revocation_list(db.as_ref(), issuer(), NOW).await.unwrap();
        assert_eq!(right.issued_at, NOW.saturating_add(CLOCKS_DIFFER_SECS));
        assert!(right.epoch > wrong.epoch);
        // Half a minute ahead is: two servers' clocks are never the same.
        let other = revocation_list(db.as_ref(), issuer(), NOW.saturating_add(5)).await.unwrap();
        assert_eq!(other, right);
        db.close().await;
    }
}
