//! Passes: a profile bound to a device, as the server signs it for days without a network.

use sealcard_core::{HolderKey, IssueError, Issuer, Snapshot, Token, Ttl, UnixTime};
use thiserror::Error;

use crate::cache::Cache;
use crate::db::{DbError, IssuedPass, Repository, StoredProfile};

/// How many bits a place in the revocation list has, from try to try: a million places, and more when most are taken. They are
/// drawn at random, so that nobody can tell from one how many passes there are.
const INDEX_BITS: [u32; 8] = [20, 20, 20, 20, 24, 24, 28, 32];

/// How many passes an account may have at a time: nobody fills the revocation list alone.
pub const MAX_PASSES: u64 = 100;

/// What a pass is to be.
pub struct PassRequest {
    /// The device that it is bound to.
    pub holder_key: HolderKey,
    /// How long it lives.
    pub ttl: Ttl,
}

/// Why there is no pass.
#[derive(Debug, Error)]
pub enum PassError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The pass.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// No randomness.
    #[error("the system has no randomness for a place in the revocation list: {0}")]
    Random(#[from] getrandom::Error),
    /// The account has [`MAX_PASSES`] that have not expired.
    #[error("an account may have {MAX_PASSES} passes that have not expired, revoked ones included")]
    TooMany,
    /// Every place that was drawn is taken.
    #[error("the revocation list is full")]
    Full,
}

/// A pass, its place in the revocation list taken before anyone has it.
///
/// # Errors
/// [`PassError`].
pub async fn issue(
    db: &dyn Repository,
    cache: &Cache,
    issuer: &Issuer,
    account_id: &str,
    stored: &StoredProfile,
    request: PassRequest,
    now: UnixTime,
) -> Result<(Token, UnixTime), PassError> {
    // Two at once may pass the limit together: it bounds the list, not the last pass.
    if db.count_passes(account_id, now).await? >= MAX_PASSES {
        return Err(PassError::TooMany);
    }
    let mut snapshot = Snapshot::new(stored.profile.clone(), now, request.ttl);
    snapshot.holder_key = Some(request.holder_key);
    for bits in INDEX_BITS {
        let revocation_index = getrandom::u32()? >> 32_u32.saturating_sub(bits);
        snapshot.revocation_index = Some(revocation_index);
        // Signed first: what cannot be signed takes no place.
        let token = issuer.issue(&snapshot)?;
        let expires_at = snapshot.expires_at();
        let pass = IssuedPass { revocation_index, account_id: account_id.into(), issued_at: now, expires_at };
        if cache.settle(db.create_pass(pass).await?).await {
            return Ok((token, expires_at));
        }
    }
    Err(PassError::Full)
}
