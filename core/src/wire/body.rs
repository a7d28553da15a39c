//! The body of a snapshot in postcard, and the one spelling it may have.
//!
//! Absent fields cost one byte, a link's address nothing if its platform makes it from the name, and times are
//! counted from an epoch of our own. postcard alone would accept trailing bytes and padded integers, so what was
//! read is written again and must come out the same.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::EncodeError;
use crate::profile::{AccentColor, DisplayText, Link, LinkUrl, MAX_LINKS, Platform, Profile, ProfileProblem, Username};
use crate::{Snapshot, Ttl, UnixTime};

/// 2026-01-01T00:00:00Z: times in tokens count from here.
const EPOCH_SECS: u64 = 1_767_225_600;

/// The body's fields in their order.
#[derive(Serialize, Deserialize)]
struct Body<'a> {
    issued_at: u64,
    ttl: u32,
    username: &'a str,
    display_name: &'a str,
    bio: Option<&'a str>,
    pronouns: Option<&'a str>,
    role: Option<&'a str>,
    company: Option<&'a str>,
    avatar_url: Option<&'a str>,
    /// Absent: the default colour.
    accent_color: Option<[u8; 3]>,
    #[serde(borrow)]
    links: Vec<BodyLink<'a>>,
}

#[derive(Serialize, Deserialize)]
struct BodyLink<'a> {
    #[serde(borrow)]
    platform: BodyPlatform<'a>,
    username: &'a str,
    own_url: Option<&'a str>,
}

#[derive(Serialize, Deserialize)]
enum BodyPlatform<'a> {
    Known(u8),
    Other(&'a str),
}

/// The body is not one that an issuer could have written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BodyError;

impl From<ProfileProblem> for BodyError {
    fn from(_: ProfileProblem) -> Self {
        Self
    }
}

impl From<postcard::Error> for BodyError {
    fn from(_: postcard::Error) -> Self {
        Self
    }
}

pub(super) fn encode(snapshot: &Snapshot, token: &mut Vec<u8>) -> Result<(), EncodeError> {
    let issued_at = snapshot.issued_at.as_secs().checked_sub(EPOCH_SECS).ok_or(EncodeError::BeforeEpoch)?;
    let profile = &snapshot.profile;
    let accent = profile.accent_color;
    let body = Body {
        issued_at,
        ttl: snapshot.ttl.as_secs(),
        username: profile.username.as_str(),
        display_name: profile.display_name.as_str(),
        bio: profile.bio.as_ref().map(DisplayText::as_str),
        pronouns: profile.pronouns.as_ref().map(DisplayText::as_str),
        role: profile.role.as_ref().map(DisplayText::as_str),
        company: profile.company.as_ref().map(DisplayText::as_str),
        avatar_url: profile.avatar_url.as_ref().map(LinkUrl::as_str),
        accent_color: (accent != AccentColor::default()).then_some(accent.rgb),
        links: profile.links().iter().map(BodyLink::of).collect(),
    };
    let bytes = postcard::to_allocvec(&body).map_err(|_| EncodeError::TooLarge { bytes: usize::MAX })?;
    token.extend_from_slice(&bytes);
    Ok(())
}

pub(super) fn decode(bytes: &[u8]) -> Result<Snapshot, BodyError> {
    let (body, rest) = postcard::take_from_bytes::<Body<'_>>(bytes)?;
    if !rest.is_empty() || postcard::to_allocvec(&body)? != bytes {
        return Err(BodyError);
    }
    if body.links.len() > MAX_LINKS {
        return Err(BodyError);
    }
    let accent_color = body.accent_color.map_or_else(AccentColor::default, |rgb| AccentColor { rgb });
    if body.accent_color.is_some() && accent_color == AccentColor::default() {
        return Err(BodyError);
    }
    Ok(Snapshot {
        profile: Profile {
            username: Username::parse(body.username)?,
            display_name: DisplayText::from_signed(body.display_name)?,
            bio: body.bio.map(DisplayText::from_signed).transpose()?,
            pronouns: body.pronouns.map(DisplayText::from_signed).transpose()?,
            role: body.role.map(DisplayText::from_signed).transpose()?,
            company: body.company.map(DisplayText::from_signed).transpose()?,
            avatar_url: body.avatar_url.map(LinkUrl::parse_https).transpose()?,
            accent_color,
            links: body.links.into_iter().map(BodyLink::parse).collect::<Result<_, _>>()?,
        },
        issued_at: UnixTime::from_secs(body.issued_at.checked_add(EPOCH_SECS).ok_or(BodyError)?),
        ttl: Ttl::from_secs(body.ttl).map_err(|_| BodyError)?,
    })
}

impl<'a> BodyLink<'a> {
    fn of(link: &'a Link) -> Self {
        let platform = link.platform();
        Self {
            platform: platform.number().map_or_else(|| BodyPlatform::Other(platform.as_str()), BodyPlatform::Known),
            username: link.username().as_str(),
            own_url: link.own_url().map(LinkUrl::as_str),
        }
    }

    fn parse(self) -> Result<Link, BodyError> {
        let platform = match self.platform {
            BodyPlatform::Known(number) => Platform::from_number(number).ok_or(BodyError)?,
            BodyPlatform::Other(name) => Platform::other_from_signed(name)?,
        };
        Ok(Link::from_signed(platform, self.username, self.own_url)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LinkDraft, ProfileDraft};
    use alloc::string::String;
    use proptest::prelude::*;

    fn text(max: usize) -> impl Strategy<Value = String> {
        proptest::collection::vec("[a-zA-Z éßЖ漢あ🚀]", 1..=max).prop_map(|words| words.concat())
    }

    fn links() -> impl Strategy<Value = Vec<LinkDraft>> {
        let link = (0_u8..40, "[a-z0-9]{1,20}", any::<bool>()).prop_map(|(number, username, own)| {
            let platform = Platform::from_number(number)
                .map_or_else(|| "somewhere".into(), |platform| String::from(platform.as_str()));
            let url = own.then(|| alloc::format!("https://example.org/{username}"));
            LinkDraft { platform, username, url }
        });
        proptest::collection::vec(link, 0..=MAX_LINKS)
    }

    prop_compose! {
        /// Snapshots of every shape: links whose platform cannot make an address from the name are dropped.
        fn snapshots()(
            username in "[a-zA-Z0-9_-]{3,50}",
            display_name in text(100),
            texts in proptest::array::uniform4(proptest::option::of(text(50))),
            avatar in any::<bool>(),
            rgb: Option<[u8; 3]>,
            links in links(),
            issued_at in EPOCH_SECS..=u64::from(u32::MAX) * 4,
            ttl in 1..=crate::MAX_TTL_SECS,
        ) -> Option<Snapshot> {
            let [bio, pronouns, role, company] = texts;
            let links = links.into_iter().filter(|link| Link::parse(link.clone()).is_ok()).collect();
            let profile = Profile::parse(ProfileDraft {
                username,
                display_name,
                bio,
                pronouns,
                role,
                company,
                avatar_url: avatar.then(|| "https://example.org/a.png".into()),
                accent_color: rgb.map(|rgb| alloc::format!("{}", AccentColor { rgb })),
                links,
            });
            let ttl = Ttl::from_secs(ttl).ok()?;
            Some(Snapshot { profile: profile.ok()?, issued_at: UnixTime::from_secs(issued_at), ttl })
        }
    }

    fn encoded(snapshot: &Snapshot) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(snapshot, &mut bytes).unwrap();
        bytes
    }

    proptest! {
        #[test]
        fn a_snapshot_survives_its_body(snapshot in snapshots()) {
            let Some(snapshot) = snapshot else { return Ok(()) };
            prop_assert_eq!(decode(&encoded(&snapshot)), Ok(snapshot));
        }

        #[test]
        fn whatever_is_accepted_is_the_only_spelling(snapshot in snapshots(), at: usize, byte: u8, insert: bool) {
            let Some(snapshot) = snapshot else { return Ok(()) };
            let mut bytes = encoded(&snapshot);
            let at = at % bytes.len();
            if insert { bytes.insert(at, byte) } else { bytes[at] = byte }
            if let Ok(snapshot) = decode(&bytes) {
                prop_assert_eq!(encoded(&snapshot), bytes);
            }
        }

        #[test]
        fn any_bytes_are_decoded_or_refused_without_panic(bytes: Vec<u8>) {
            if let Ok(snapshot) = decode(&bytes) {
                prop_assert_eq!(encoded(&snapshot), bytes);
            }
        }
    }

    #[test]
    fn padded_integers_and_trailing_bytes_are_refused() {
        let draft = ProfileDraft { username: "ada".into(), display_name: "Ada".into(), ..ProfileDraft::default() };
        let snapshot = Snapshot {
            profile: Profile::parse(draft).unwrap(),
            issued_at: UnixTime::from_secs(EPOCH_SECS + 5),
            ttl: Ttl::from_secs(600).unwrap(),
        };
        let bytes = encoded(&snapshot);
        assert_eq!(bytes[0], 5);
        assert_eq!(decode(&bytes), Ok(snapshot));
        assert_eq!(decode(&[&[0x85, 0x80, 0x00], &bytes[1..]].concat()), Err(BodyError));
        assert_eq!(decode(&[&bytes[..], &[0]].concat()), Err(BodyError));
        assert_eq!(decode(&bytes[..bytes.len() - 1]), Err(BodyError));
    }

    #[test]
    fn times_before_the_epoch_cannot_be_issued() {
        let draft = ProfileDraft { username: "ada".into(), display_name: "Ada".into(), ..ProfileDraft::default() };
        let early = Snapshot {
            profile: Profile::parse(draft).unwrap(),
            issued_at: UnixTime::from_secs(EPOCH_SECS - 1),
            ttl: Ttl::from_secs(1).unwrap(),
        };
        assert_eq!(encode(&early, &mut Vec::new()), Err(EncodeError::BeforeEpoch));
    }
}
