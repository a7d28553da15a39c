//! A public profile ready to be served: its JSON written, its token signed, once for many requests.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::HeaderValue;
use sealcard_core::{Issuer, Profile, UnixTime};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::cache::{CacheError, Value};
use crate::db::StoredProfile;
use crate::http::etag_of;
use crate::profile_json::{self, ANYBODY, Audience, ProfileJson};
use crate::token::SessionToken;

/// How long a signed token is handed out again, in seconds. Short: whoever gets it wants all of its ten minutes.
const TOKEN_KEPT_SECS: u64 = 5;

/// A profile as anybody may see it.
#[derive(Debug)]
pub struct PublicProfile {
    /// The profile.
    pub profile: Profile,
    link_ids: Vec<String>,
    /// The answer's body.
    pub body: Bytes,
    /// Its ETag.
    pub etag: HeaderValue,
    /// One for each form.
    tokens: [Mutex<Option<SignedBy>>; 2],
}

/// A token, and with whose key it was signed.
#[derive(Debug)]
struct SignedBy {
    issuer: Arc<Issuer>,
    token: Arc<SessionToken>,
}

impl PublicProfile {
    /// Prepares a stored profile.
    ///
    /// # Errors
    /// [`CacheError::Value`] if it cannot be written as JSON.
    pub fn new(stored: StoredProfile) -> Result<Self, CacheError> {
        Self::prepare(stored.profile, stored.link_ids)
    }

    fn prepare(profile: Profile, link_ids: Vec<String>) -> Result<Self, CacheError> {
        let body = serde_json::to_vec(&ProfileJson::new(&profile, &link_ids, ANYBODY)).map_err(CacheError::value)?;
        let etag = etag_of(&body);
        Ok(Self { body: body.into(), etag, profile, link_ids, tokens: Default::default() })
    }

    /// The body of an answer to somebody who follows these links.
    ///
    /// # Errors
    /// [`CacheError::Value`] if it cannot be written as JSON.
    pub fn body_for(&self, followed: &[String]) -> Result<Vec<u8>, CacheError> {
        let json = ProfileJson::new(&self.profile, &self.link_ids, Audience::Client(followed));
        serde_json::to_vec(&json).map_err(CacheError::value)
    }

    /// A token of one form, signed for this call or a few seconds ago with the same key.
    ///
    /// # Errors
    /// Those of `sign`.
    pub fn token<E>(
        &self,
        form: TokenForm,
        issuer: &Arc<Issuer>,
        now: UnixTime,
        sign: impl FnOnce() -> Result<SessionToken, E>,
    ) -> Result<Arc<SessionToken>, E> {
        let [sc1, jwt] = &self.tokens;
        let slot = match form {
            TokenForm::Sc1 => sc1,
            TokenForm::Jwt => jwt,
        };
        let is_young = |known: &&SignedBy| {
            let issued_at = known.token.issued_at;
            Arc::ptr_eq(&known.issuer, issuer) && issued_at <= now && now.secs_since(issued_at) < TOKEN_KEPT_SECS
        };
        // Whoever panicked while it held the lock has left the token whole.
        let mut kept = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.as_ref().filter(is_young) {
            return Ok(Arc::clone(&known.token));
        }
        let token = Arc::new(sign()?);
        *kept = Some(SignedBy { issuer: Arc::clone(issuer), token: Arc::clone(&token) });
        Ok(token)
    }
}

/// The form of a session token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenForm {
    /// Ours.
    #[default]
    Sc1,
    /// A JWT.
    Jwt,
}

impl Value for PublicProfile {
    fn encode(&self) -> Result<Vec<u8>, CacheError> {
        let json = ProfileJson::new(&self.profile, &self.link_ids, Audience::Cache);
        serde_json::to_vec(&json).map_err(CacheError::value)
    }

    fn decode(bytes: &[u8]) -> Result<Self, CacheError> {
        let (profile, link_ids) = profile_json::parse(bytes)?;
        Self::prepare(profile, link_ids)
    }

    fn weight(&self) -> usize {
        // The body, the profile's own texts, about as long, and the tokens that may come.
        self.body.len().saturating_mul(2).saturating_add(size_of::<Self>()).saturating_add(1_500)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo;
    use sealcard_core::SigningKey;

    fn profile() -> PublicProfile {
        let profile = demo::profile().unwrap();
        let link_ids = (0..profile.links().len()).map(|id| id.to_string()).collect();
        PublicProfile::prepare(profile, link_ids).unwrap()
    }

    #[test]
    fn what_comes_out_of_the_cache_is_what_went_in() {
        let before = profile();
        let stored = before.encode().unwrap();
        let after = PublicProfile::decode(&stored).unwrap();
        assert_eq!((&after.profile, &after.body, &after.etag), (&before.profile, &before.body, &before.etag));
        let stored = String::from_utf8(stored).unwrap();
        assert!(!stored.contains("followed"), "it depends on the viewer: {stored}");
        assert!(String::from_utf8_lossy(&before.body).contains(r#""followed":false"#));
    }

    #[test]
    fn what_is_no_profile_does_not_come_out() {
        let good = String::from_utf8(profile().encode().unwrap()).unwrap();
        let wrong = [
            "garbage".to_owned(),
            "{}".to_owned(),
            good.replace("Alex Chen", "Alex\\u202eChen"),
            good.replace("devcard-demo", "no name"),
            good.replace(r#""displayOrder":0"#, r#""displayOrder":9"#),
            good.replace(r#""bio""#, r#""_userId":"1","bio""#),
        ];
        for json in wrong {
            assert!(PublicProfile::decode(json.as_bytes()).is_err(), "{json}");
        }
    }

    #[test]
    fn a_token_is_handed_out_again_for_seconds_and_not_after_a_change_of_keys() {
        let profile = profile();
        let issuer = |seed| Arc::new(Issuer::new(SigningKey::from_seed([seed; 32])));
        let (one, other) = (issuer(1), issuer(2));
        let at = |secs: u64| UnixTime::from_secs(1_800_000_000 + secs);
        let token = |issuer: &Arc<Issuer>, now| {
            profile.token(TokenForm::Sc1, issuer, now, || crate::token::sc1(issuer, &profile.profile, now)).unwrap()
        };
        let first = token(&one, at(0));
        assert!(Arc::ptr_eq(&first, &token(&one, at(4))));
        assert!(!Arc::ptr_eq(&first, &token(&one, at(5))));
        let second = token(&one, at(6));
        assert!(!Arc::ptr_eq(&second, &token(&other, at(6))), "another key");
        assert!(!Arc::ptr_eq(&second, &token(&one, at(3))), "a clock set back");
    }
}
