//! Profiles as plain records.

use sealcard_core as core;

use crate::Bytes;

/// The address of a link or picture. Its scheme is `https`, `mailto` or `tel`, it is ASCII, and a picture's is `https`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(pub String);

uniffi::custom_type!(Url, String, { lower: |url| url.0, try_lift: |text| Ok(Url(text)) });

impl From<&core::LinkUrl> for Url {
    fn from(url: &core::LinkUrl) -> Self {
        Self(url.as_str().into())
    }
}

/// A person's profile. All texts are in Unicode's NFC and safe to show: no control, bidi-override or invisible characters.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Profile {
    /// 3 to 50 of `[a-zA-Z0-9_-]`, case-sensitive.
    pub username: String,
    /// 1 to 100 characters.
    pub display_name: String,
    /// Up to 300 characters.
    pub bio: Option<String>,
    /// Up to 50 characters.
    pub pronouns: Option<String>,
    /// Up to 100 characters.
    pub role: Option<String>,
    /// Up to 100 characters.
    pub company: Option<String>,
    /// Where the profile's picture is.
    pub avatar_url: Option<Url>,
    /// The colour that the owner chose for the card, like `#6366f1`.
    pub accent_color: String,
    /// Up to 32, in their order.
    pub links: Vec<Link>,
    /// Whether the display name mixes alphabets that look alike, as someone may who wants to pass for another: worth a warning.
    pub mixes_alphabets: bool,
}

/// A link to a person elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Link {
    /// The platform's name in lower case, like `github`; `custom` for an address that is of none.
    pub platform: String,
    /// The name there: 1 to 200 characters.
    pub username: String,
    /// Where it leads, if anywhere. Open it only when asked to.
    pub url: Option<Url>,
}

/// A signed field that a newer issuer added and this version of the library does not know.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct OtherField {
    /// What kind of field it is.
    pub id: u8,
    /// Its content.
    pub data: Bytes,
}

impl From<&core::Profile> for Profile {
    fn from(profile: &core::Profile) -> Self {
        let link = |link: &core::Link| Link {
            platform: link.platform().as_str().into(),
            username: link.username().as_str().into(),
            url: link.url().map(Url::from),
        };
        Self {
            username: profile.username.as_str().into(),
            display_name: profile.display_name.as_str().into(),
            bio: text(profile.bio.as_ref()),
            pronouns: text(profile.pronouns.as_ref()),
            role: text(profile.role.as_ref()),
            company: text(profile.company.as_ref()),
            avatar_url: profile.avatar_url().map(Url::from),
            accent_color: profile.accent_color.to_string(),
            links: profile.links().iter().map(link).collect(),
            mixes_alphabets: profile.display_name.mixes_alphabets(),
        }
    }
}

impl From<&core::OtherField> for OtherField {
    fn from(field: &core::OtherField) -> Self {
        Self { id: field.id(), data: Bytes(field.data().into()) }
    }
}

pub(crate) fn text<const MAX: usize>(text: Option<&core::DisplayText<MAX>>) -> Option<String> {
    text.map(|text| text.as_str().into())
}
