//! Session tokens: a profile as the server signs it for showing online, good for 10 minutes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sealcard_core::{IssueError, Issuer, Profile, Snapshot, Ttl, UnixTime};
use serde::Serialize;

use crate::clock;

/// How long a session token lives: 10 minutes.
pub const SESSION_TTL: Ttl = match Ttl::from_secs(600) {
    Ok(ttl) => ttl,
    Err(_) => panic!("outside the format's limits"),
};

/// The JWT's audience: whoever checks it can tell that it is no login.
const JWT_AUDIENCE: &str = "sealcard:qr";

/// A token and its time.
#[derive(Debug)]
pub struct SessionToken {
    /// What the QR code carries.
    pub text: String,
    /// The first second of its validity.
    pub issued_at: UnixTime,
    /// The last second of its validity.
    pub expires_at: UnixTime,
    /// The JSON of an answer with it, up to the number that changes every second.
    json: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionTokenJson<'a> {
    token: &'a str,
    token_type: &'static str,
    expires_at: String,
}

impl SessionToken {
    fn new(text: String, token_type: &'static str, now: UnixTime) -> Self {
        let expires_at = expiry(now);
        let json = SessionTokenJson { token: &text, token_type, expires_at: clock::iso8601(expires_at) };
        // Strings always serialise.
        let json = serde_json::to_string(&json).unwrap_or_default();
        let json = format!("{},\"expiresIn\":", json.trim_end_matches('}'));
        Self { text, issued_at: now, expires_at, json }
    }

    /// The JSON of an answer with it.
    #[must_use]
    pub fn json(&self, now: UnixTime) -> String {
        format!("{}{}}}", self.json, self.expires_at.secs_since(now))
    }
}

/// A token of our own format.
///
/// # Errors
/// [`IssueError`] if the profile is too large, or the clock wrong.
pub fn sc1(issuer: &Issuer, profile: &Profile, now: UnixTime) -> Result<SessionToken, IssueError> {
    let token = issuer.issue(&Snapshot::new(profile.clone(), now, SESSION_TTL))?;
    Ok(SessionToken::new(token.to_text(), "SC1", now))
}

#[derive(Serialize)]
struct JwtHeader {
    alg: &'static str,
    typ: &'static str,
    kid: String,
}

#[derive(Serialize)]
struct JwtClaims<'a> {
    iss: &'a str,
    aud: &'static str,
    sub: &'a str,
    iat: u64,
    exp: u64,
    profile: &'a Profile,
}

/// The same profile as an EdDSA JWT (RFC 8037), for clients that want one. It is some three times as long.
#[must_use]
pub fn jwt(issuer: &Issuer, issuer_name: &str, profile: &Profile, now: UnixTime) -> SessionToken {
    let header = JwtHeader { alg: "EdDSA", typ: "sealcard-qr+jwt", kid: issuer.verifying_key().id().to_string() };
    let claims = JwtClaims {
        iss: issuer_name,
        aud: JWT_AUDIENCE,
        sub: profile.username.as_str(),
        iat: now.as_secs(),
        exp: expiry(now).as_secs(),
        profile,
    };
    let mut text = format!("{}.{}", part(&header), part(&claims));
    // A JWT starts with its header, a token of ours with its context: neither can pass as the other.
    let signature = issuer.signing_key().sign(text.as_bytes());
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    SessionToken::new(text, "JWT", now)
}

fn expiry(now: UnixTime) -> UnixTime {
    now.saturating_add(SESSION_TTL.as_secs().into())
}

fn part(value: &impl Serialize) -> String {
    // Strings, numbers and profiles always serialise.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).unwrap_or_default())
}
