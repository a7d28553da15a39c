//! Login sessions: a random token in the client's hands, its hash in ours.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sealcard_core::UnixTime;
use sha2::{Digest as _, Sha256};

use crate::db::Session;

/// How long a session lasts.
pub const LIFETIME_SECS: u64 = 24 * 60 * 60;

/// A new session, and the token that the client is given once.
///
/// The token is 256 random bits in base64url. It is no JWT and signed by no key, so that a QR token can never be taken
/// for one, nor one for a QR token.
///
/// # Errors
/// If the system has no randomness.
pub fn begin(account_id: String, now: UnixTime) -> Result<(String, Session), getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let session = Session {
        token_hash: hash(&token),
        id: uuid::Uuid::new_v4().to_string(),
        account_id,
        created_at: now,
        expires_at: now.saturating_add(LIFETIME_SECS),
    };
    Ok((token, session))
}

/// What a token is stored and looked up by. Looking up a hash takes no time that depends on the token's secret part.
#[must_use]
pub fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_random_and_not_what_is_stored() {
        let begin = || begin("a".into(), UnixTime::from_secs(1000)).unwrap();
        let ((token, session), (other, _)) = (begin(), begin());
        assert_eq!(token.len(), 43);
        assert_ne!(token, other);
        assert_eq!(session.token_hash, hash(&token));
        assert!(!session.token_hash.contains(&token));
        assert_eq!(session.expires_at.as_secs(), 1000 + 86_400);
    }
}
