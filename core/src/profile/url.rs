//! Addresses that are safe to open.

use alloc::string::String;
use core::fmt;

use serde::{Serialize, Serializer};

use super::ProfileProblem;
use super::error::AddressProblem;

/// The most bytes an address may have.
const MAX_BYTES: usize = 200;

/// An https, mailto or tel address of at most 200 bytes, all ASCII.
///
/// https: a host name with a dot, punycode instead of letters beyond ASCII, no user name, no port. mailto: one mail
/// address and nothing after it. tel: digits, with `+`, `-`, `.` and brackets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkUrl(String);

impl LinkUrl {
    /// # Errors
    /// [`ProfileProblem::Bytes`], [`ProfileProblem::Scheme`] or [`ProfileProblem::Address`].
    pub fn parse(text: &str) -> Result<Self, ProfileProblem> {
        Self::from_signed(text.into())
    }

    /// An address that must be https.
    ///
    /// # Errors
    /// As [`LinkUrl::parse`].
    pub fn parse_https(text: &str) -> Result<Self, ProfileProblem> {
        Self::https_from_signed(text.into())
    }

    /// As [`LinkUrl::parse`], for what an issuer signed: the rules are the same.
    pub(crate) fn from_signed(text: String) -> Result<Self, ProfileProblem> {
        let checked = if let Some(rest) = text.strip_prefix("https://") {
            check_https(rest)
        } else if let Some(address) = text.strip_prefix("mailto:") {
            check_mail(address)
        } else if let Some(number) = text.strip_prefix("tel:") {
            check_phone(number)
        } else {
            return Err(ProfileProblem::Scheme { https_only: false });
        };
        Self::new(text, checked)
    }

    /// As [`LinkUrl::parse_https`], for what an issuer signed.
    pub(crate) fn https_from_signed(text: String) -> Result<Self, ProfileProblem> {
        let rest = text.strip_prefix("https://").ok_or(ProfileProblem::Scheme { https_only: true })?;
        let checked = check_https(rest);
        Self::new(text, checked)
    }

    /// What comes of `name` after the start of an address that is safe and reaches into the path.
    pub(super) fn in_path(start: &str, name: &str) -> Result<Self, ProfileProblem> {
        Self::new([start, name].concat(), check_path(name))
    }

    fn new(text: String, checked: Result<(), AddressProblem>) -> Result<Self, ProfileProblem> {
        if text.len() > MAX_BYTES {
            return Err(ProfileProblem::Bytes { max: MAX_BYTES, actual: text.len() });
        }
        checked.map(|()| Self(text)).map_err(ProfileProblem::Address)
    }

    /// Whether it is an https address on `host` or below it.
    pub(super) fn is_on(&self, host: &str) -> bool {
        let rest = self.0.strip_prefix("https://").unwrap_or_default();
        let own = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        own.strip_suffix(host).is_some_and(|below| below.is_empty() || below.ends_with('.'))
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What follows `https://`: a host, then optionally a path, query and fragment of RFC 3986's characters.
fn check_https(rest: &str) -> Result<(), AddressProblem> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(end).ok_or(AddressProblem::Host)?;
    if host.contains('@') {
        return Err(AddressProblem::UserInfo);
    }
    if host.contains(':') {
        return Err(AddressProblem::Port);
    }
    check_host(host)?;
    check_path(path)
}

/// A path, query and fragment, or a part of them.
fn check_path(path: &str) -> Result<(), AddressProblem> {
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {}
            b'-' | b'.' | b'_' | b'~' | b':' | b'/' | b'?' | b'#' | b'@' => {}
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => {}
            b'%' => {
                let mut digits = bytes.clone().take(2).filter(u8::is_ascii_hexdigit);
                if digits.next().is_none() || digits.next().is_none() {
                    return Err(AddressProblem::Percent);
                }
            }
            // All before it was ASCII: a character begins here.
            _ => {
                let at = path.len().saturating_sub(bytes.len()).saturating_sub(1);
                let character = path.get(at..).and_then(|rest| rest.chars().next());
                return Err(AddressProblem::Character(character.unwrap_or(char::REPLACEMENT_CHARACTER)));
            }
        }
    }
    Ok(())
}

/// A name of at least two labels of letters, digits and inner hyphens.
fn check_host(host: &str) -> Result<(), AddressProblem> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if !host.bytes().all(allowed) {
        let character = host.chars().find(|c| !u8::try_from(*c).is_ok_and(allowed));
        return Err(character.map_or(AddressProblem::Host, AddressProblem::Character));
    }
    let label = |label: &[u8]| !matches!(label, [] | [b'-', ..] | [.., b'-']) && label.len() <= 63;
    let mut labels = host.as_bytes().rsplit(|byte| *byte == b'.');
    // A last label that begins with a digit may be read as part of an IP address, in decimal, octal or hexadecimal.
    let last = labels.next().is_some_and(|last| label(last) && last.first().is_some_and(u8::is_ascii_alphabetic));
    let before = labels.next().is_some_and(label);
    if last && before && labels.all(label) { Ok(()) } else { Err(AddressProblem::Host) }
}

/// Whether this is a host as it may stand in an address.
pub(crate) fn is_host(host: &str) -> bool {
    check_host(host).is_ok()
}

fn check_mail(address: &str) -> Result<(), AddressProblem> {
    let (local, host) = address.split_once('@').ok_or(AddressProblem::Mail)?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$'*+-/=^_`{|}~.".contains(&b);
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    if local.is_empty() || local.len() > 64 || dots || !local.bytes().all(allowed) {
        return Err(AddressProblem::Mail);
    }
    check_host(host).map_err(|_| AddressProblem::Mail)
}

fn check_phone(number: &str) -> Result<(), AddressProblem> {
    let rest = number.strip_prefix('+').unwrap_or(number);
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    let allowed = |b: u8| b.is_ascii_digit() || b"-.()".contains(&b);
    if (3..=15).contains(&digits) && rest.bytes().all(allowed) { Ok(()) } else { Err(AddressProblem::Phone) }
}

impl fmt::Display for LinkUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for LinkUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn ordinary_addresses_are_accepted() {
        for text in [
            "https://example.org",
            "https://www.example.co.uk/~ada/?q=1&r=%C3%A9#top",
            "https://xn--mnchen-3ya.de/",
            "https://avatars.githubusercontent.com/u/81928642?v=4",
            "https://fosstodon.org/@ada",
            "https://A.example/",
            "mailto:ada+card@example.org",
            "tel:+49-30-123456",
        ] {
            assert_eq!(LinkUrl::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn dangerous_or_ambiguous_addresses_are_refused() {
        for text in [
            "",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            " https://example.org",
            "data:text/html,x",
            "http://example.org",
            "HTTPS://example.org",
            "ftp://example.org",
            "//example.org",
            "https:example.org",
            "https://",
            "https:///path",
            "https://example",
            "https://example.org:8443/",
            "https://user@example.org",
            "https://good.example@evil.example",
            "https://münchen.de",
            "https://exa_mple.org",
            "https://-example.org",
            "https://example..org",
            "https://127.0.0.1/",
            "https://127.0.0.0x1/",
            "https://0x7f.0x1/admin",
            "https://[::1]/",
            "https://example.org\\@evil.example",
            "https://example.org/ space",
            "https://example.org/\n",
            "https://example.org/\u{202e}",
            "https://example.org/é",
            "https://example.org/%",
            "https://example.org/%1",
            "https://example.org/%zz",
            "https://example.org/<script>",
            "mailto:",
            "mailto:ada",
            "mailto:@example.org",
            "mailto:ada@example.org?bcc=x@example.org",
            "mailto:ada@example.org,eve@example.org",
            "mailto:a%0Ab@example.org",
            "mailto:a..b@example.org",
            "tel:",
            "tel:12",
            "tel:+49 30",
            "tel:+1;ext=5",
            "tel:1234567890123456",
        ] {
            assert!(LinkUrl::parse(text).is_err(), "{text}");
        }
        assert_eq!(LinkUrl::parse_https("mailto:ada@example.org"), Err(ProfileProblem::Scheme { https_only: true }));
    }

    #[test]
    fn an_address_has_at_most_200_bytes() {
        let path = |n: usize| format!("https://example.org/{}", "a".repeat(n - 20));
        assert!(LinkUrl::parse(&path(200)).is_ok());
        assert_eq!(LinkUrl::parse(&path(201)), Err(ProfileProblem::Bytes { max: 200, actual: 201 }));
    }
}
