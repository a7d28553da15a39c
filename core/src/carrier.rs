//! How a token travels as text: `SC1:` and base45, all of it in the QR code's alphanumeric mode; or as a link that any
//! phone's camera opens, the token in the fragment, which never reaches a server.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::ErrorCode;
use crate::base_n::{BASE41, BASE45, encoded_len};

/// The start of every payload text that is no link.
const PREFIX: &str = "SC1:";

/// What stands around the host of a link.
const LINK_START: &str = "https://";
const LINK_PATH: &str = "/s#";

/// The longest payload text: what the largest QR code holds.
pub const MAX_TEXT_BYTES: usize = 4296;

/// The bytes of a file that travels as `SC1:` and base45, refused unread if they are more than `max_bytes`. White space after
/// them, which editors and shells leave, is no part of them.
pub(crate) fn read_file(text: &str, max_bytes: usize) -> Result<Vec<u8>, CarrierError> {
    let text = text.trim_ascii_end();
    if text.len() > PREFIX.len().saturating_add(encoded_len(max_bytes)) {
        return Err(CarrierError);
    }
    let coded = text.strip_prefix(PREFIX).ok_or(CarrierError)?;
    BASE45.decode(coded.as_bytes()).map_err(|_| CarrierError)
}

/// How a token is written as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// `SC1:` and base45: the smallest QR code, for apps that scan.
    Text,
    /// `https://HOST/s#` and base41: any phone's camera opens the page at this host.
    Link(LinkHost),
}

/// The host of links: a name in lower case with a dot in it, at most 64 bytes.
///
/// It is not signed. So a verifier accepts links to one host only, its own: else everyone could write a token in as many
/// ways as there are hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkHost(String);

impl LinkHost {
    /// The longest host.
    pub const MAX_BYTES: usize = 64;

    /// # Errors
    /// [`LinkHostError`].
    pub fn parse(host: &str) -> Result<Self, LinkHostError> {
        let lower = !host.bytes().any(|byte| byte.is_ascii_uppercase());
        let fits = host.len() <= Self::MAX_BYTES;
        if lower && fits && crate::profile::is_host(host) { Ok(Self(host.into())) } else { Err(LinkHostError) }
    }

    /// The host as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Not a host that links can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkHostError;

impl LinkHostError {
    /// The stable code, `invalid_host`.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        ErrorCode::InvalidHost
    }
}

impl fmt::Display for LinkHostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a host like card.example.org: lower case, with a dot, at most 64 bytes, no scheme, no port")
    }
}

impl core::error::Error for LinkHostError {}

impl Carrier {
    /// The payload text of these bytes.
    pub(crate) fn write(&self, token: &[u8]) -> String {
        let mut text = self.start();
        match self {
            Self::Text => BASE45.encode_into(token, &mut text),
            Self::Link(_) => BASE41.encode_into(token, &mut text),
        }
        text
    }

    /// How many characters a token of so many bytes takes.
    #[must_use]
    pub fn text_len(&self, token_bytes: usize) -> usize {
        self.start().len().saturating_add(encoded_len(token_bytes))
    }

    /// What stands before the coded bytes.
    pub(crate) fn start(&self) -> String {
        match self {
            Self::Text => PREFIX.into(),
            Self::Link(LinkHost(host)) => [LINK_START, host, LINK_PATH].concat(),
        }
    }

    /// The bytes of a payload text, and how they were written. Refuses long input before it does any work on it.
    pub(crate) fn read(text: &str) -> Result<(Self, Vec<u8>), CarrierError> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(CarrierError);
        }
        let (carrier, token) = if let Some(coded) = text.strip_prefix(PREFIX) {
            (Self::Text, BASE45.decode(coded.as_bytes()))
        } else {
            let link = text.strip_prefix(LINK_START).ok_or(CarrierError)?;
            let (host, coded) = link.split_once(LINK_PATH).ok_or(CarrierError)?;
            let host = LinkHost::parse(host).map_err(|_| CarrierError)?;
            (Self::Link(host), BASE41.decode(coded.as_bytes()))
        };
        token.map(|token| (carrier, token)).map_err(|_| CarrierError)
    }
}

/// The text is no payload in its one spelling within the size limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CarrierError;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MAX_TOKEN_BYTES;
    use alloc::format;
    use alloc::string::ToString as _;
    use proptest::prelude::*;

    fn link() -> Carrier {
        Carrier::Link(LinkHost::parse("card.example.org").unwrap())
    }

    #[test]
    fn the_start_is_mandatory_and_exact() {
        assert_eq!(Carrier::read("SC1:BB8"), Ok((Carrier::Text, b"AB".to_vec())));
        for text in ["", "BB8", "sc1:BB8", " SC1:BB8", "SC1:BB8 ", "SC1:BB8\n", "SC2:BB8", "SC1BB8", "SC1"] {
            assert_eq!(Carrier::read(text), Err(CarrierError), "{text:?}");
        }
        assert_eq!(link().write(b"AB"), "https://card.example.org/s#J-9");
        assert_eq!(Carrier::read("https://card.example.org/s#J-9"), Ok((link(), b"AB".to_vec())));
        for text in [
            "http://card.example.org/s#J-9",
            "HTTPS://card.example.org/s#J-9",
            "https://Card.example.org/s#J-9",
            "https://card.example.org:443/s#J-9",
            "https://user@card.example.org/s#J-9",
            "https://card.example.org./s#J-9",
            "https://card.example.org/s/#J+9",
            "https://card.example.org/s?#J+9",
            "https://card.example.org/S#J+9",
            "https://card.example.org/s#j-9",
            "https://card.example.org/s#J%2D9",
            "https://card.example.org/s#J-9#",
            "https://card.example.org/s#J-",
            "https://card.example.org/s#J-9 ",
            "https://card.example.org/s# -9",
            "https:///s#J-9",
            "card.example.org/s#J-9",
        ] {
            assert_ne!(Carrier::read(text), Ok((link(), b"AB".to_vec())), "{text:?}");
        }
        assert_eq!(Carrier::read("https://other.example/s#J-9").map(|(_, token)| token).as_deref(), Ok(&b"AB"[..]));
    }

    #[test]
    fn the_longest_text_is_what_the_largest_qr_code_holds() {
        for carrier in [Carrier::Text, link()] {
            assert!(Carrier::read(&carrier.write(&[0xff; MAX_TOKEN_BYTES])).is_ok());
        }
        let text = Carrier::Text.write(&[0xff; 2861]);
        assert_eq!(text.len(), MAX_TEXT_BYTES);
        assert!(Carrier::read(&text).is_ok());
        assert_eq!(Carrier::read(&Carrier::Text.write(&[0xff; 2862])), Err(CarrierError));
    }

    #[test]
    fn a_host_has_one_spelling_and_at_most_64_bytes() {
        for host in ["card.example.org", "a.b", "xn--mnchen-3ya.de", &format!("{}.{}", "a".repeat(32), "b".repeat(31))]
        {
            assert_eq!(LinkHost::parse(host).unwrap().as_str(), host);
        }
        let long = format!("{}.{}", "a".repeat(32), "b".repeat(32));
        for host in
            ["", "localhost", "Card.example.org", "a..b", "a.b.", "a.b:80", "a.b/c", "127.0.0.1", "münchen.de", &long]
        {
            assert_eq!(LinkHost::parse(host), Err(LinkHostError), "{host}");
        }
        assert!(LinkHostError.to_string().contains("card.example.org"));
    }

    proptest! {
        #[test]
        fn text_is_one_to_one_with_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for carrier in [Carrier::Text, link()] {
                prop_assert_eq!(Carrier::read(&carrier.write(&bytes)), Ok((carrier, bytes.clone())));
            }
        }

        #[test]
        fn whatever_is_accepted_is_the_only_spelling(text in "(SC1:|https://[a-zA-Z.]{1,9}/s#)[0-9A-Z $%*+./:-]{0,60}") {
            if let Ok((carrier, bytes)) = Carrier::read(&text) {
                prop_assert_eq!(carrier.write(&bytes), text);
            }
        }
    }
}
