//! A link on a profile.

use alloc::string::String;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::{DisplayText, LinkDraft, LinkUrl, Platform, ProfileError, ProfileProblem};

/// The most links a profile may have.
pub const MAX_LINKS: usize = 32;

/// A name on a platform, with an address that is safe to open or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    platform: Platform,
    username: DisplayText<200>,
    url: Option<LinkUrl>,
    /// Whether the address is another than the platform makes from the name.
    own_url: bool,
}

impl Link {
    /// # Errors
    /// [`ProfileError`] names the member (`platform`, `username` or `url`) and the reason.
    pub fn parse(draft: LinkDraft) -> Result<Self, ProfileError> {
        let platform = Platform::parse(&draft.platform).map_err(|p| ProfileError::new("platform", p))?;
        let username = DisplayText::parse(&draft.username).map_err(|p| ProfileError::new("username", p))?;
        let url = draft.url.filter(|url| !url.is_empty());
        let address = platform.address(username.as_str());
        match url {
            None => {
                let url = address.map_err(|problem| {
                    // Too long is not the name, but the address that it makes.
                    let field = if matches!(problem, ProfileProblem::Bytes { .. }) { "url" } else { "username" };
                    ProfileError::new(field, problem)
                })?;
                Ok(Self { platform, username, url, own_url: false })
            }
            Some(given) => {
                let url = Some(LinkUrl::parse(&given).map_err(|p| ProfileError::new("url", p))?);
                let own_url = address.ok() != Some(url.clone());
                if own_url && !url.as_ref().is_some_and(|url| platform.accepts(url)) {
                    return Err(ProfileError::new("url", ProfileProblem::PlatformAddress));
                }
                Ok(Self { platform, username, url, own_url })
            }
        }
    }

    /// A link read from a token, where an address stands only if it is not the platform's own.
    pub(crate) fn from_signed(
        platform: Platform,
        username: String,
        own_url: Option<String>,
    ) -> Result<Self, ProfileProblem> {
        let username = DisplayText::from_signed(username)?;
        let address = platform.address(username.as_str());
        match own_url {
            None => Ok(Self { url: address?, platform, username, own_url: false }),
            Some(own) => {
                let url = Some(LinkUrl::from_signed(own)?);
                if address.ok() == Some(url.clone()) || !url.as_ref().is_some_and(|url| platform.accepts(url)) {
                    return Err(ProfileProblem::PlatformAddress);
                }
                Ok(Self { platform, username, url, own_url: true })
            }
        }
    }

    /// The platform.
    #[must_use]
    pub const fn platform(&self) -> &Platform {
        &self.platform
    }

    /// The name on the platform: 1 to 200 characters.
    #[must_use]
    pub const fn username(&self) -> &DisplayText<200> {
        &self.username
    }

    /// Where it leads, if anywhere.
    #[must_use]
    pub const fn url(&self) -> Option<&LinkUrl> {
        self.url.as_ref()
    }

    /// The address, if it is another than the platform makes from the name: what a token must carry.
    #[must_use]
    pub fn own_url(&self) -> Option<&LinkUrl> {
        self.url.as_ref().filter(|_| self.own_url)
    }
}

impl Serialize for Link {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut link = serializer.serialize_struct("Link", 3)?;
        link.serialize_field("platform", &self.platform)?;
        link.serialize_field("username", &self.username)?;
        link.serialize_field("url", &self.url)?;
        link.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    fn link(platform: &str, username: &str, url: Option<&str>) -> Result<Link, ProfileError> {
        Link::parse(LinkDraft { platform: platform.into(), username: username.into(), url: url.map(Into::into) })
    }

    #[test]
    fn an_address_is_carried_only_if_it_is_not_the_platform_s_own() {
        let derived = link("github", "ada", None).unwrap();
        assert_eq!(derived, link("github", "ada", Some("https://github.com/ada")).unwrap());
        assert_eq!((derived.url().unwrap().as_str(), derived.own_url()), ("https://github.com/ada", None));

        let own = link("github", "ada", Some("https://github.com/orgs/ada")).unwrap();
        assert_eq!(own.own_url().unwrap().as_str(), "https://github.com/orgs/ada");

        let whole = link("portfolio", "https://ada.dev", Some("https://ada.dev")).unwrap();
        assert_eq!((whole.url().unwrap().as_str(), whole.own_url()), ("https://ada.dev", None));

        let titled = link("custom", "My blog", Some("https://ada.dev/blog")).unwrap();
        assert_eq!(titled.own_url().unwrap().as_str(), "https://ada.dev/blog");

        let copy_only = link("discord", "ada#1234", None).unwrap();
        assert_eq!((copy_only.url(), copy_only.own_url()), (None, None));

        let unknown = link("myspace", "ada", Some("https://myspace.com/ada")).unwrap();
        assert_eq!(unknown.own_url().unwrap().as_str(), "https://myspace.com/ada");
    }

    #[test]
    fn a_token_may_not_spell_out_the_platform_s_own_address() {
        let github = || Platform::from_number(0).unwrap();
        assert!(Link::from_signed(github(), "ada".into(), Some("https://github.com/ada".into())).is_err());
        assert!(Link::from_signed(github(), "ada".into(), Some("https://github.com/orgs/ada".into())).is_ok());
        assert!(Link::from_signed(github(), "a b".into(), None).is_err());
    }

    #[test]
    fn errors_name_the_member() {
        for (platform, username, url, field) in [
            ("", "ada", None, "platform"),
            ("github", "", None, "username"),
            ("github", "a b", None, "username"),
            ("custom", "x", Some("javascript:alert(1)"), "url"),
            ("custom", "x", None, "username"),
            ("github", "ada", Some("https://evil.example"), "url"),
        ] {
            assert_eq!(link(platform, username, url).unwrap_err().field, field);
        }
        let long = "x".repeat(201);
        assert_eq!(
            link("discord", &long, None).unwrap_err().to_string(),
            "username: 201 characters, but at most 200 are allowed"
        );
        assert!(link("discord", &long[..200], None).is_ok());
    }
}
