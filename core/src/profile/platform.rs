//! Where a link leads: a known platform by number, any other by name.

use alloc::string::String;

use serde::{Serialize, Serializer};

use super::{DisplayText, LinkUrl, ProfileProblem};

/// How a platform's address is made from a name.
enum Address {
    /// The name follows this text.
    After(&'static str),
    /// The name is itself the whole address.
    Whole,
    /// The platform has no addresses; the name is for copying.
    None,
}

use Address::{After, None as NoAddress, Whole};

/// The known platforms. A platform's number is its place here. The table is frozen with the format's version, so that old
/// and new readers agree; a platform that is not in it travels by its name.
const KNOWN: [(&str, Address); 42] = [
    ("github", After("https://github.com/")),
    ("linkedin", After("https://www.linkedin.com/in/")),
    ("twitter", After("https://x.com/")),
    ("gitlab", After("https://gitlab.com/")),
    ("devfolio", After("https://devfolio.co/@")),
    ("npm", After("https://www.npmjs.com/~")),
    ("devto", After("https://dev.to/")),
    ("hashnode", After("https://hashnode.com/@")),
    ("medium", After("https://medium.com/@")),
    ("leetcode", After("https://leetcode.com/u/")),
    ("hackerrank", After("https://www.hackerrank.com/profile/")),
    ("stackoverflow", After("https://stackoverflow.com/users/")),
    ("discord", NoAddress),
    ("telegram", After("https://t.me/")),
    ("email", After("mailto:")),
    ("portfolio", Whole),
    ("custom", Whole),
    ("website", Whole),
    ("instagram", After("https://www.instagram.com/")),
    ("youtube", After("https://www.youtube.com/@")),
    ("twitch", After("https://www.twitch.tv/")),
    ("dribbble", After("https://dribbble.com/")),
    ("behance", After("https://www.behance.net/")),
    ("figma", After("https://www.figma.com/@")),
    ("codepen", After("https://codepen.io/")),
    ("replit", After("https://replit.com/@")),
    ("producthunt", After("https://www.producthunt.com/@")),
    ("mastodon", After("https://")),
    ("bluesky", After("https://bsky.app/profile/")),
    ("codeberg", After("https://codeberg.org/")),
    ("hackernews", After("https://news.ycombinator.com/user?id=")),
    ("kaggle", After("https://www.kaggle.com/")),
    ("threads", After("https://www.threads.com/@")),
    ("huggingface", After("https://huggingface.co/")),
    ("reddit", After("https://www.reddit.com/user/")),
    ("phone", After("tel:")),
    ("facebook", After("https://www.facebook.com/")),
    ("tiktok", After("https://www.tiktok.com/@")),
    ("whatsapp", After("https://wa.me/")),
    ("matrix", After("https://matrix.to/#/")),
    ("orcid", After("https://orcid.org/")),
    ("pinterest", After("https://www.pinterest.com/")),
];

/// A platform: one of the known ones, or any other by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Platform(Repr);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Repr {
    /// An index into [`KNOWN`].
    Known(u8),
    Other(DisplayText<50>),
}

impl Platform {
    /// A known platform's name, in upper or lower case, or any text of 1 to 50 characters that is safe to show.
    ///
    /// # Errors
    /// As [`DisplayText::parse`].
    pub fn parse(name: &str) -> Result<Self, ProfileProblem> {
        let name = DisplayText::parse(name)?;
        Ok(Self::known(name.as_str()).unwrap_or(Self(Repr::Other(name))))
    }

    /// An unknown platform read from a token. A known one's name there would be a second spelling, or pass as it.
    pub(crate) fn other_from_signed(name: String) -> Result<Self, ProfileProblem> {
        match Self::known(&name) {
            Some(_) => Err(ProfileProblem::PlatformUsername),
            None => DisplayText::from_signed(name).map(|name| Self(Repr::Other(name))),
        }
    }

    fn known(name: &str) -> Option<Self> {
        let index = KNOWN.iter().position(|(known, _)| known.eq_ignore_ascii_case(name))?;
        u8::try_from(index).ok().map(|number| Self(Repr::Known(number)))
    }

    /// The platform with this number.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        KNOWN.get(usize::from(number)).map(|_| Self(Repr::Known(number)))
    }

    /// The platform's number, if it is a known one.
    pub(crate) fn number(&self) -> Option<u8> {
        match self.0 {
            Repr::Known(number) => Some(number),
            Repr::Other(_) => None,
        }
    }

    /// The name, as in the JSON.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Known(_) => self.entry().map_or("", |(name, _)| name),
            Repr::Other(name) => name.as_str(),
        }
    }

    /// Whether a name on this platform is itself a whole address.
    pub(crate) fn is_whole_address(&self) -> bool {
        matches!(self.entry(), Some((_, Whole)))
    }

    /// The address of `username` on this platform, or `None` if the platform has no addresses of its own.
    ///
    /// # Errors
    /// [`ProfileProblem`] if the name cannot stand in such an address.
    pub(super) fn address(&self, username: &str) -> Result<Option<LinkUrl>, ProfileProblem> {
        match self.entry() {
            Some((_, After(start))) => {
                let Some(path) = start.strip_prefix("https://") else {
                    return LinkUrl::from_signed([start, username].concat()).map(Some);
                };
                if climbs(username) || !username.bytes().all(is_path_byte) {
                    return Err(ProfileProblem::PlatformUsername);
                }
                if path.is_empty() {
                    return LinkUrl::from_signed([start, username].concat()).map(Some);
                }
                LinkUrl::in_path(start, username).map(Some)
            }
            Some((_, Whole)) => LinkUrl::from_signed(username.into()).map(Some),
            Some((_, NoAddress)) | None => Ok(None),
        }
    }

    /// Whether a link on this platform may have `url` instead of the address made from the name: a known platform's links
    /// stay on it, so that its name means what it says.
    pub(super) fn accepts(&self, url: &LinkUrl) -> bool {
        match self.as_str() {
            "email" | "phone" => false,
            "twitter" => url.is_on("x.com") || url.is_on("twitter.com"),
            "threads" => url.is_on("threads.net") || url.is_on("threads.com"),
            "discord" => url.is_on("discord.com") || url.is_on("discord.gg"),
            "mastodon" => url.as_str().starts_with("https://"),
            _ => match self.entry() {
                Some((_, After(start))) => {
                    let host = start.trim_start_matches("https://").split('/').next().unwrap_or_default();
                    url.is_on(host.trim_start_matches("www."))
                }
                Some((_, Whole | NoAddress)) | None => true,
            },
        }
    }

    fn entry(&self) -> Option<&'static (&'static str, Address)> {
        self.number().and_then(|number| KNOWN.get(usize::from(number)))
    }
}

/// Whether a name inside an address would lead out of its folder. Browsers take `%2e` for a dot too.
fn climbs(name: &str) -> bool {
    let coded_dot = || name.as_bytes().windows(3).any(|code| code.eq_ignore_ascii_case(b"%2e"));
    name.bytes().any(|byte| matches!(byte, b'.' | b'%'))
        && (coded_dot() || name.split('/').any(|segment| matches!(segment, "." | "..")))
}

/// What may stand in a name inside an address: it must not begin a query or fragment.
const fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/' | b'@' | b'+' | b':' | b',' | b'%')
}

impl Serialize for Platform {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn numbers_and_names_agree() {
        for (number, (name, _)) in KNOWN.iter().enumerate() {
            let platform = Platform::parse(name).unwrap();
            assert_eq!(platform.number(), Some(u8::try_from(number).unwrap()));
            assert_eq!(platform.as_str(), *name);
            assert_eq!(Platform::parse(&format!(" {name}\u{3000}")).unwrap(), platform);
            for name in [String::from(*name), name.to_ascii_uppercase()] {
                assert_eq!(Platform::parse(&name).unwrap(), platform);
                assert!(Platform::other_from_signed(name).is_err(), "a second spelling of {platform:?}");
            }
        }
        assert_eq!(Platform::from_number(42), None);
    }

    #[test]
    fn an_unknown_platform_survives_as_text() {
        let platform = Platform::parse("Новая сеть").unwrap();
        assert_eq!((platform.number(), platform.as_str()), (None, "Новая сеть"));
        assert_eq!(platform.address("ada"), Ok(None));
        assert!(Platform::parse(&"p".repeat(50)).is_ok());
        assert!(Platform::parse(&"p".repeat(51)).is_err());
        assert!(Platform::parse("").is_err());
    }

    #[test]
    fn names_stay_inside_their_platform_address() {
        let github = Platform::parse("github").unwrap();
        assert_eq!(github.address("ada").unwrap().unwrap().as_str(), "https://github.com/ada");
        for name in ["a b", "a?x", "a#x", "é", "a\\b", "a<b", "..", "../x", "a/../b", "./a", "%2e%2e/x", "%2E./x"] {
            assert_eq!(github.address(name), Err(ProfileProblem::PlatformUsername), "{name}");
        }
        let mastodon = Platform::parse("mastodon").unwrap();
        assert!(mastodon.address("fosstodon.org/@ada").is_ok());
        assert!(mastodon.address("user:password@evil.example").is_err());
        let email = Platform::parse("email").unwrap();
        assert!(email.address("ada@example.org").is_ok());
        assert!(email.address("ada@example.org?subject=x").is_err());
    }

    #[test]
    fn an_address_of_one_s_own_stays_on_the_platform() {
        let accepts =
            |platform: &str, url: &str| Platform::parse(platform).unwrap().accepts(&LinkUrl::parse(url).unwrap());
        for (platform, url) in [
            ("github", "https://github.com/orgs/ada"),
            ("github", "https://gist.github.com/ada"),
            ("linkedin", "https://de.linkedin.com/in/ada"),
            ("linkedin", "https://linkedin.com/in/ada"),
            ("twitter", "https://twitter.com/ada"),
            ("discord", "https://discord.gg/abc"),
            ("mastodon", "https://example.social/@ada"),
            ("portfolio", "https://ada.dev"),
            ("myspace", "tel:+4930123456"),
        ] {
            assert!(accepts(platform, url), "{platform} {url}");
        }
        for (platform, url) in [
            ("github", "https://evil.example/login"),
            ("github", "https://evilgithub.com/ada"),
            ("github", "https://github.com.evil.example/ada"),
            ("github", "tel:+4930123456"),
            ("email", "mailto:eve@evil.example"),
            ("mastodon", "mailto:eve@evil.example"),
            ("discord", "https://evil.example"),
        ] {
            assert!(!accepts(platform, url), "{platform} {url}");
        }
    }

    #[test]
    fn every_address_of_the_table_is_safe() {
        for (name, address) in &KNOWN {
            if let After(start) = address {
                let username = match *name {
                    "email" => "ada@example.org",
                    "mastodon" => "example.org/@ada",
                    "phone" => "+4930123456",
                    _ => "ada",
                };
                let url = Platform::parse(name).unwrap().address(username).unwrap().unwrap();
                assert_eq!(url.as_str(), format!("{start}{username}"));
            }
        }
    }
}
