//! A profile as JSON: as DevCard's clients expect it, and as it stands in the cache.

use sealcard_core::{AccentColor, DisplayText, Link, LinkDraft, LinkUrl, Profile, ProfileDraft};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::cache::CacheError;

/// A profile with the ids of its links.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Profile)]
pub(crate) struct ProfileJson<'a> {
    username: &'a str,
    display_name: &'a str,
    bio: Option<&'a str>,
    pronouns: Option<&'a str>,
    role: Option<&'a str>,
    company: Option<&'a str>,
    #[schema(value_type = Option<String>)]
    avatar_url: Option<&'a LinkUrl>,
    #[schema(value_type = String, pattern = "^#[0-9a-fA-F]{6}$")]
    accent_color: AccentColor,
    links: Vec<LinkJson<'a>>,
}

/// A link of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Link)]
pub(crate) struct LinkJson<'a> {
    id: &'a str,
    platform: &'a str,
    username: &'a str,
    #[schema(value_type = Option<String>)]
    url: Option<&'a LinkUrl>,
    display_order: usize,
    /// Whether the viewer follows the owner there. It depends on the viewer: it is in answers, and never in the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    followed: Option<bool>,
}

/// For whom the JSON is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience<'a> {
    /// A client, who follows these links.
    Client(&'a [String]),
    /// The cache.
    Cache,
}

/// Somebody who has not logged in, or looks at what is their own.
pub(crate) const ANYBODY: Audience<'static> = Audience::Client(&[]);

impl<'a> ProfileJson<'a> {
    pub(crate) fn new(profile: &'a Profile, link_ids: &'a [String], audience: Audience<'_>) -> Self {
        let Profile { username, display_name, bio, pronouns, role, company, accent_color, .. } = profile;
        let links = link_ids.iter().zip(profile.links()).enumerate();
        Self {
            username: username.as_str(),
            display_name: display_name.as_str(),
            bio: bio.as_ref().map(DisplayText::as_str),
            pronouns: pronouns.as_ref().map(DisplayText::as_str),
            role: role.as_ref().map(DisplayText::as_str),
            company: company.as_ref().map(DisplayText::as_str),
            avatar_url: profile.avatar_url(),
            accent_color: *accent_color,
            links: links.map(|(order, (id, link))| LinkJson::new(order, id, link, audience)).collect(),
        }
    }
}

impl<'a> LinkJson<'a> {
    pub(crate) fn new(display_order: usize, id: &'a str, link: &'a Link, audience: Audience<'_>) -> Self {
        Self {
            id,
            platform: link.platform().as_str(),
            username: link.username().as_str(),
            url: link.url(),
            display_order,
            followed: match audience {
                Audience::Client(followed) => Some(followed.iter().any(|followed| followed == id)),
                Audience::Cache => None,
            },
        }
    }
}

/// The JSON of the cache, before it was checked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UncheckedProfile {
    username: String,
    display_name: String,
    bio: Option<String>,
    pronouns: Option<String>,
    role: Option<String>,
    company: Option<String>,
    avatar_url: Option<String>,
    accent_color: String,
    links: Vec<UncheckedLink>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UncheckedLink {
    id: String,
    platform: String,
    username: String,
    url: Option<String>,
    display_order: usize,
}

/// Reads the JSON of the cache: a profile that keeps every rule, and the ids of its links.
pub(crate) fn parse(json: &[u8]) -> Result<(Profile, Vec<String>), CacheError> {
    let unchecked: UncheckedProfile = serde_json::from_slice(json).map_err(CacheError::value)?;
    if unchecked.links.iter().enumerate().any(|(order, link)| link.display_order != order) {
        return Err(CacheError::value("links out of order"));
    }
    let (ids, links) = unchecked
        .links
        .into_iter()
        .map(|link| (link.id, LinkDraft { platform: link.platform, username: link.username, url: link.url }))
        .unzip();
    let draft = ProfileDraft {
        username: unchecked.username,
        display_name: unchecked.display_name,
        bio: unchecked.bio,
        pronouns: unchecked.pronouns,
        role: unchecked.role,
        company: unchecked.company,
        avatar_url: unchecked.avatar_url,
        accent_color: Some(unchecked.accent_color),
        links,
    };
    Ok((Profile::parse(draft).map_err(CacheError::value)?, ids))
}
