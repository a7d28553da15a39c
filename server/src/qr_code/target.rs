//! Where a code may lead: to an address of the web, and nowhere else.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

/// The most bytes of an address, as it is sent to browsers.
pub const MAX_TARGET_BYTES: usize = 2048;

/// An address that a phone can be sent to: `http` or `https`, with a host, without user and password. In its one spelling, all
/// ASCII, so that it is safe in a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TargetUrl(String);

/// Why a code cannot lead there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TargetError {
    /// It is no address.
    #[error("targetUrl: not an address like https://example.org/menu")]
    Malformed,
    /// Scripts, files, other programs' addresses.
    #[error("targetUrl: only http and https")]
    Scheme,
    /// `https://bank.example@evil.example` shows one host and leads to another.
    #[error("targetUrl: no user or password in the address")]
    Credentials,
    /// Too long.
    #[error("targetUrl: up to {MAX_TARGET_BYTES} bytes")]
    TooLong,
}

impl TargetUrl {
    /// # Errors
    /// [`TargetError`].
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        if text.len() > MAX_TARGET_BYTES {
            return Err(TargetError::TooLong);
        }
        // The standard for addresses drops line breaks and blanks; here, they are a mistake or an attempt.
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(TargetError::Malformed);
        }
        let url = Url::parse(text).map_err(|_| TargetError::Malformed)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(TargetError::Scheme);
        }
        let has_slashes = text.split_once(':').is_some_and(|(_, rest)| rest.starts_with("//"));
        if !has_slashes || url.host_str().is_none_or(str::is_empty) {
            return Err(TargetError::Malformed);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials);
        }
        let text = String::from(url);
        if text.len() > MAX_TARGET_BYTES { Err(TargetError::TooLong) } else { Ok(Self(text)) }
    }

    /// As it is sent to browsers.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for TargetUrl {
    type Error = TargetError;

    fn try_from(text: String) -> Result<Self, TargetError> {
        Self::parse(&text)
    }
}

impl From<TargetUrl> for String {
    fn from(target: TargetUrl) -> Self {
        target.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn web_addresses_and_nothing_else() {
        for (given, kept) in [
            ("https://example.org", "https://example.org/"),
            ("HTTP://Example.ORG/Menu?a=1#b", "http://example.org/Menu?a=1#b"),
            ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
            ("https://example.org:8443/x", "https://example.org:8443/x"),
            ("http://[::1]:3000/", "http://[::1]:3000/"),
        ] {
            assert_eq!(TargetUrl::parse(given).unwrap().as_str(), kept);
        }
        for (given, error) in [
            ("", TargetError::Malformed),
            ("example.org", TargetError::Malformed),
            ("//example.org", TargetError::Malformed),
            ("https:example.org", TargetError::Malformed),
            ("https://", TargetError::Malformed),
            (" https://example.org", TargetError::Malformed),
            ("https://example.org/a b", TargetError::Malformed),
            ("https://example.org/\r\nSet-Cookie: a=b", TargetError::Malformed),
            ("https:\\\\example.org", TargetError::Malformed),
            ("java\tscript:alert(1)", TargetError::Malformed),
            ("javascript:alert(1)", TargetError::Scheme),
            ("JavaScript://example.org/%0aalert(1)", TargetError::Scheme),
            ("data:text/html,x", TargetError::Scheme),
            ("file:///etc/passwd", TargetError::Scheme),
            ("intent://scan/#Intent;end", TargetError::Scheme),
            ("ftp://example.org/", TargetError::Scheme),
            ("mailto:a@example.org", TargetError::Scheme),
            ("https://bank.example@evil.example/", TargetError::Credentials),
            ("https://a:b@example.org/", TargetError::Credentials),
        ] {
            assert_eq!(TargetUrl::parse(given), Err(error), "{given}");
        }
    }

    #[test]
    fn the_length_counts_as_it_is_sent() {
        let of_length = |length: usize| format!("https://e.org/{}", "a".repeat(length.saturating_sub(14)));
        assert!(TargetUrl::parse(&of_length(MAX_TARGET_BYTES)).is_ok());
        assert_eq!(TargetUrl::parse(&of_length(MAX_TARGET_BYTES + 1)), Err(TargetError::TooLong));
        let grows = format!("https://e.org/{}", "ü".repeat(400));
        assert_eq!(TargetUrl::parse(&grows), Err(TargetError::TooLong));
    }

    proptest! {
        /// What is accepted has one spelling, and fits a header.
        #[test]
        fn what_is_kept_is_kept_as_it_is(text in "(https?://)?[ -~äß日\\t]{0,40}") {
            if let Ok(target) = TargetUrl::parse(&text) {
                prop_assert_eq!(TargetUrl::parse(target.as_str()), Ok(target.clone()));
                prop_assert!(target.as_str().bytes().all(|b| b.is_ascii_graphic()));
                prop_assert!(target.as_str().starts_with("http"));
            }
        }
    }
}
