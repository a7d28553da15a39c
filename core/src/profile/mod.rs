//! A person's profile, in types that cannot be wrong.
//!
//! [`ProfileDraft`] is what people and programs hand in; [`Profile::parse`] is the only way from it to a [`Profile`].
//! Whatever breaks a limit is named by field and reason in a [`ProfileError`].

mod color;
mod confusable;
mod display_safe;
mod draft;
mod error;
mod link;
mod platform;
mod text;
mod url;
mod username;

pub use color::AccentColor;
pub use draft::{LinkDraft, ProfileDraft};
pub use error::{ProfileError, ProfileProblem};
pub use link::{Link, MAX_LINKS};
pub use platform::Platform;
pub use text::DisplayText;
pub use url::LinkUrl;
pub(crate) use url::is_host;
pub use username::Username;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::wire::text::event;

/// The most bytes of UTF-8 that all texts of a profile may take together, not counting `https://` and what follows from a
/// link's platform. It bounds the memory of a verifier.
pub const MAX_PROFILE_BYTES: usize = 4096;

/// A profile within every limit, all of its text safe to show.
///
/// As JSON it has DevCard's public shape without what belongs to a viewer or to a database (`id`, `displayOrder`,
/// `followed`): links stand in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "ProfileDraft")]
#[non_exhaustive]
pub struct Profile {
    /// 3 to 50 of `[a-zA-Z0-9_-]`, case-sensitive.
    pub username: Username,
    /// 1 to 100 characters.
    pub display_name: DisplayText<100>,
    /// Up to 300 characters.
    pub bio: Option<DisplayText<300>>,
    /// Up to 50 characters.
    pub pronouns: Option<DisplayText<50>>,
    /// Up to 100 characters.
    pub role: Option<DisplayText<100>>,
    /// Up to 100 characters.
    pub company: Option<DisplayText<100>>,
    pub(crate) avatar_url: Option<LinkUrl>,
    /// The colour the owner chose for the card.
    pub accent_color: AccentColor,
    pub(crate) links: Vec<Link>,
}

impl Profile {
    /// Parses a draft. Text is brought to Unicode NFC first; an empty optional field is an absent one.
    ///
    /// # Errors
    /// [`ProfileError`] names the first field that is over its limit or not safe to show, and why.
    pub fn parse(draft: ProfileDraft) -> Result<Self, ProfileError> {
        let mut links = Vec::new();
        if draft.links.len() > MAX_LINKS {
            let problem = ProfileProblem::TooMany { max: MAX_LINKS, actual: draft.links.len() };
            return Err(ProfileError::new("links", problem));
        }
        for (index, link) in draft.links.into_iter().enumerate() {
            links.push(Link::parse(link).map_err(|error| error.of_link(index))?);
        }
        let profile = Self {
            username: Username::parse(&draft.username).map_err(|problem| ProfileError::new("username", problem))?,
            display_name: required("displayName", &draft.display_name)?,
            bio: optional("bio", draft.bio.as_deref())?,
            pronouns: optional("pronouns", draft.pronouns.as_deref())?,
            role: optional("role", draft.role.as_deref())?,
            company: optional("company", draft.company.as_deref())?,
            avatar_url: present(draft.avatar_url.as_deref())
                .map(LinkUrl::parse_https)
                .transpose()
                .map_err(|problem| ProfileError::new("avatarUrl", problem))?,
            accent_color: present(draft.accent_color.as_deref())
                .map(AccentColor::parse)
                .transpose()
                .map_err(|problem| ProfileError::new("accentColor", problem))?
                .unwrap_or_default(),
            links,
        };
        match event::text_bytes(&profile) {
            actual if actual > MAX_PROFILE_BYTES => {
                Err(ProfileError::new("profile", ProfileProblem::Bytes { max: MAX_PROFILE_BYTES, actual }))
            }
            _ => Ok(profile),
        }
    }

    /// The picture's address, always https.
    #[must_use]
    pub const fn avatar_url(&self) -> Option<&LinkUrl> {
        self.avatar_url.as_ref()
    }

    /// The links in the order the owner gave them: at most [`MAX_LINKS`].
    #[must_use]
    pub fn links(&self) -> &[Link] {
        &self.links
    }
}

impl TryFrom<ProfileDraft> for Profile {
    type Error = ProfileError;

    fn try_from(draft: ProfileDraft) -> Result<Self, ProfileError> {
        Self::parse(draft)
    }
}

fn present(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn required<const MAX: usize>(field: &'static str, text: &str) -> Result<DisplayText<MAX>, ProfileError> {
    DisplayText::parse(text).map_err(|problem| ProfileError::new(field, problem))
}

fn optional<const MAX: usize>(
    field: &'static str,
    text: Option<&str>,
) -> Result<Option<DisplayText<MAX>>, ProfileError> {
    present(text).map(|text| required(field, text)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString as _};

    fn draft() -> ProfileDraft {
        ProfileDraft { username: "ada".into(), display_name: "Ada".into(), ..ProfileDraft::default() }
    }

    fn refused(change: impl FnOnce(&mut ProfileDraft)) -> String {
        let mut draft = draft();
        change(&mut draft);
        Profile::parse(draft).unwrap_err().to_string()
    }

    #[test]
    fn every_limit_holds_on_both_sides() {
        let text = |n| "ü".repeat(n);
        let fits = ProfileDraft {
            username: "a".repeat(50),
            display_name: text(100),
            bio: Some(text(300)),
            pronouns: Some(text(50)),
            role: Some(text(100)),
            company: Some(text(100)),
            avatar_url: Some("https://a.example/".to_string() + &"a".repeat(182)),
            ..draft()
        };
        assert!(Profile::parse(fits).is_ok());
        assert_eq!(refused(|d| d.username = "ab".into()), "username: 2 characters, but 3 to 50 are allowed");
        assert_eq!(refused(|d| d.username = "a".repeat(51)), "username: 51 characters, but 3 to 50 are allowed");
        assert_eq!(refused(|d| d.display_name = String::new()), "displayName: empty");
        assert_eq!(refused(|d| d.display_name = "  ".into()), "displayName: empty");
        assert_eq!(refused(|d| d.display_name = text(101)), "displayName: 101 characters, but at most 100 are allowed");
        assert_eq!(refused(|d| d.bio = Some(text(301))), "bio: 301 characters, but at most 300 are allowed");
        assert_eq!(refused(|d| d.pronouns = Some(text(51))), "pronouns: 51 characters, but at most 50 are allowed");
        assert_eq!(refused(|d| d.role = Some(text(101))), "role: 101 characters, but at most 100 are allowed");
        assert_eq!(refused(|d| d.company = Some(text(101))), "company: 101 characters, but at most 100 are allowed");
        let link = |n: usize| LinkDraft { platform: "discord".into(), username: "x".repeat(n), url: None };
        // With the username and the display name, of 3 bytes each, 4,096 bytes and one more.
        let mut links = alloc::vec![link(200); 20];
        links.push(link(90));
        assert!(Profile::parse(ProfileDraft { links: links.clone(), ..draft() }).is_ok());
        links.push(link(1));
        assert_eq!(refused(|d| d.links = links), "profile: 4097 bytes, but at most 4096 are allowed");
        let long = "https://a.example/".to_string() + &"a".repeat(183);
        assert_eq!(refused(|d| d.avatar_url = Some(long)), "avatarUrl: 201 bytes, but at most 200 are allowed");
        assert_eq!(refused(|d| d.accent_color = Some("#12345".into())), "accentColor: not a colour like #6366f1");
        assert_eq!(
            refused(|d| d.links = alloc::vec![LinkDraft::default(); 33]),
            "links: 33 entries, but at most 32 are allowed"
        );
    }

    #[test]
    fn an_empty_optional_field_is_absent() {
        let mut empty = draft();
        empty.bio = Some(String::new());
        empty.avatar_url = Some(String::new());
        let profile = Profile::parse(empty).unwrap();
        assert_eq!((profile.bio, profile.avatar_url), (None, None));
    }

    #[test]
    fn json_has_the_public_shape() {
        let json = r##"{"username":"ada","displayName":"Ada","bio":null,"pronouns":null,"role":null,"company":"ACM","avatarUrl":null,"accentColor":"#6366f1","links":[{"platform":"github","username":"ada","url":"https://github.com/ada"},{"platform":"discord","username":"ada#1","url":null}]}"##;
        let profile: Profile = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&profile).unwrap(), json);
    }

    #[test]
    fn a_link_problem_says_which_link() {
        let bad =
            LinkDraft { platform: "custom".into(), username: "x".into(), url: Some("javascript:alert(1)".into()) };
        let good = LinkDraft { platform: "github".into(), username: "ada".into(), url: None };
        assert_eq!(
            refused(|d| d.links = alloc::vec![good, bad]),
            "links[1].url: only https, mailto and tel addresses are allowed"
        );
    }
}
