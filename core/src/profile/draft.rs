//! A profile as people hand it in: plain strings, nothing checked.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;

use super::Profile;

/// The fields of a profile before parsing, in DevCard's JSON shape. Unknown members are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileDraft {
    /// See [`Profile::username`].
    pub username: String,
    /// See [`Profile::display_name`].
    pub display_name: String,
    /// See [`Profile::bio`].
    pub bio: Option<String>,
    /// See [`Profile::pronouns`].
    pub pronouns: Option<String>,
    /// See [`Profile::role`].
    pub role: Option<String>,
    /// See [`Profile::company`].
    pub company: Option<String>,
    /// See [`Profile::avatar_url()`].
    pub avatar_url: Option<String>,
    /// See [`Profile::accent_color`]; absent means the default.
    pub accent_color: Option<String>,
    /// See [`Profile::links`].
    #[serde(default)]
    pub links: Vec<LinkDraft>,
}

/// A link before parsing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct LinkDraft {
    /// The platform's name; an unknown one is kept as text.
    pub platform: String,
    /// The name on that platform; for a portfolio or custom link usually the address itself.
    pub username: String,
    /// The address. Absent: the platform's own address for that name.
    pub url: Option<String>,
}

impl From<&Profile> for ProfileDraft {
    fn from(profile: &Profile) -> Self {
        let text = |text: &str| Some(String::from(text));
        Self {
            username: profile.username.as_str().into(),
            display_name: profile.display_name.as_str().into(),
            bio: profile.bio.as_ref().and_then(|bio| text(bio.as_str())),
            pronouns: profile.pronouns.as_ref().and_then(|pronouns| text(pronouns.as_str())),
            role: profile.role.as_ref().and_then(|role| text(role.as_str())),
            company: profile.company.as_ref().and_then(|company| text(company.as_str())),
            avatar_url: profile.avatar_url.as_ref().and_then(|url| text(url.as_str())),
            accent_color: Some(alloc::format!("{}", profile.accent_color)),
            links: profile.links().iter().map(LinkDraft::from).collect(),
        }
    }
}

impl From<&super::Link> for LinkDraft {
    fn from(link: &super::Link) -> Self {
        Self {
            platform: link.platform().as_str().into(),
            username: link.username().as_str().into(),
            url: link.own_url().map(|url| url.as_str().into()),
        }
    }
}
