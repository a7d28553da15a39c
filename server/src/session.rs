//! Login sessions: a random token in the client's hands, its hash in ours.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sealcard_core::UnixTime;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The longest that a session lasts that nobody uses.
pub const LIFETIME_SECS: u64 = 24 * 60 * 60;

/// By how much using a session prolongs it, up to [`LIFETIME_SECS`] from then.
pub const PROLONGED_BY_SECS: u64 = 60 * 60;

/// How much of its life must be gone before a session is prolonged: so rarely is that written down.
pub const RENEWED_AFTER_SECS: u64 = 10 * 60;

/// The most sessions of an account. The oldest end when there are more.
pub const MAX_SESSIONS: i64 = 100;

/// Longer names of programs are cut.
const MAX_USER_AGENT: usize = 200;

/// A login session. The token itself is never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token, in base64url.
    pub token_hash: String,
    /// A public id for lists.
    pub id: String,
    /// Whose it is.
    pub account_id: String,
    /// What they were called when this was read: for show.
    pub username: String,
    /// When it began.
    pub created_at: UnixTime,
    /// When it was last used, to within [`RENEWED_AFTER_SECS`].
    pub last_activity: UnixTime,
    /// When it ends.
    pub expires_at: UnixTime,
    /// From where it was begun, for its owner to recognise.
    pub ip_address: Option<String>,
    /// With what program.
    pub user_agent: Option<String>,
}

impl Session {
    /// Whether it is time to write down that it is used.
    #[must_use]
    pub fn is_to_be_renewed(&self, now: UnixTime) -> bool {
        let full = now.saturating_add(LIFETIME_SECS);
        full.secs_since(self.expires_at) >= RENEWED_AFTER_SECS
    }
}

/// A session as it stands in Redis.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionJson {
    id: String,
    user_id: String,
    username: String,
    /// Nobody is: there is no such check yet. Other services on the same Redis read it.
    is_verified: bool,
    created_at: u64,
    last_activity: u64,
    expires_at: u64,
    ip_address: Option<String>,
    user_agent: Option<String>,
}

impl From<Session> for SessionJson {
    fn from(session: Session) -> Self {
        Self {
            id: session.id,
            user_id: session.account_id,
            username: session.username,
            is_verified: false,
            created_at: session.created_at.as_secs(),
            last_activity: session.last_activity.as_secs(),
            expires_at: session.expires_at.as_secs(),
            ip_address: session.ip_address,
            user_agent: session.user_agent,
        }
    }
}

impl SessionJson {
    /// The session of a token, if it has not ended by `now`.
    #[must_use]
    pub fn session(&self, token_hash: &str, now: UnixTime) -> Option<Session> {
        let session = Session {
            token_hash: token_hash.to_owned(),
            id: self.id.clone(),
            account_id: self.user_id.clone(),
            username: self.username.clone(),
            created_at: UnixTime::from_secs(self.created_at),
            last_activity: UnixTime::from_secs(self.last_activity),
            expires_at: UnixTime::from_secs(self.expires_at),
            ip_address: self.ip_address.clone(),
            user_agent: self.user_agent.clone(),
        };
        Some(session).filter(|session| session.expires_at > now)
    }
}

/// Who begins a session.
#[derive(Clone, Debug, Default)]
pub struct Device {
    /// From where.
    pub ip_address: Option<String>,
    /// With what program, as it calls itself.
    pub user_agent: Option<String>,
}

/// A new session, and the token that the client is given once.
///
/// The token is 256 random bits in base64url. It is no JWT and signed by no key, so that a QR token can never be taken
/// for one, nor one for a QR token.
///
/// # Errors
/// If the system has no randomness.
pub fn begin(
    account_id: String,
    username: String,
    device: Device,
    now: UnixTime,
) -> Result<(String, Session), getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let session = Session {
        token_hash: hash(&token),
        id: uuid::Uuid::new_v4().to_string(),
        account_id,
        username,
        created_at: now,
        last_activity: now,
        expires_at: now.saturating_add(LIFETIME_SECS),
        ip_address: device.ip_address,
        user_agent: device.user_agent.map(|name| name.chars().take(MAX_USER_AGENT).collect()),
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
        let begin = || begin("a".into(), "ada".into(), Device::default(), UnixTime::from_secs(1000)).unwrap();
        let ((token, session), (other, _)) = (begin(), begin());
        assert_eq!(token.len(), 43);
        assert_ne!(token, other);
        assert_eq!(session.token_hash, hash(&token));
        assert!(!session.token_hash.contains(&token));
        assert_eq!(session.expires_at.as_secs(), 1000 + 86_400);
    }

    #[test]
    fn it_ends_and_is_renewed_when_it_should() {
        let now = UnixTime::from_secs(1_000_000);
        let (_, session) = begin("a".into(), "ada".into(), Device::default(), now).unwrap();
        assert!(!session.is_to_be_renewed(now.saturating_add(RENEWED_AFTER_SECS - 1)));
        assert!(session.is_to_be_renewed(now.saturating_add(RENEWED_AFTER_SECS)));
        let json = SessionJson::from(session.clone());
        assert_eq!(json.session(&session.token_hash, now.saturating_add(LIFETIME_SECS - 1)), Some(session.clone()));
        assert_eq!(json.session(&session.token_hash, now.saturating_add(LIFETIME_SECS)), None);
    }
}
