//! The body of a snapshot: when, for how long, and the profile as coded text.
//!
//! ```text
//! varint   issued_at, in seconds from the epoch of ours
//! varint   the life in seconds; 0 stands for 600, that of the tokens a server gives out
//! the rest the profile, see `text`
//! ```
//!
//! Integers are postcard's varints, and have one spelling: what was read is written again and must come out the same.

use alloc::vec::Vec;

use super::{EncodeError, text};
use crate::{Snapshot, Ttl, UnixTime};

/// 2026-01-01T00:00:00Z: times in tokens count from here.
const EPOCH_SECS: u64 = 1_767_225_600;

/// The life that is written as 0.
const USUAL_TTL_SECS: u32 = 600;

/// The body is not one that an issuer could have written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BodyError;

pub(super) fn encode(snapshot: &Snapshot, token: &mut Vec<u8>) -> Result<(), EncodeError> {
    let issued_at = snapshot.issued_at.as_secs().checked_sub(EPOCH_SECS).ok_or(EncodeError::BeforeEpoch)?;
    let ttl = Some(snapshot.ttl.as_secs()).filter(|ttl| *ttl != USUAL_TTL_SECS).unwrap_or_default();
    token.extend_from_slice(&times(issued_at, ttl));
    token.extend_from_slice(&text::encode(&snapshot.profile));
    Ok(())
}

pub(super) fn decode(bytes: &[u8]) -> Result<Snapshot, BodyError> {
    let ((issued_at, ttl), rest) = postcard::take_from_bytes::<(u64, u32)>(bytes).map_err(|_| BodyError)?;
    if ttl == USUAL_TTL_SECS || bytes.strip_suffix(rest) != Some(&times(issued_at, ttl)) {
        return Err(BodyError);
    }
    let ttl = if ttl == 0 { USUAL_TTL_SECS } else { ttl };
    Ok(Snapshot {
        profile: text::decode(rest).map_err(|_| BodyError)?,
        issued_at: UnixTime::from_secs(issued_at.checked_add(EPOCH_SECS).ok_or(BodyError)?),
        ttl: Ttl::from_secs(ttl).map_err(|_| BodyError)?,
    })
}

fn times(issued_at: u64, ttl: u32) -> Vec<u8> {
    // Two integers always serialise.
    postcard::to_allocvec(&(issued_at, ttl)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{AccentColor, DisplayText, Link, MAX_LINKS, Platform, Profile};
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

        /// Text of every script and symbol, wherever text may stand.
        #[test]
        fn any_text_that_is_safe_to_show_survives(
            texts in proptest::array::uniform5(proptest::collection::vec(any::<char>(), 1..60)),
        ) {
            let safe = |text: &Vec<char>| {
                let keep = |c: &char| DisplayText::<1>::parse(c.encode_utf8(&mut [0; 4])).is_ok();
                let text: String = text.iter().filter(|c| keep(c)).collect();
                DisplayText::<50>::parse(&text).ok().map(|text| String::from(text.as_str()))
            };
            let [name, bio, role, platform, username] = texts.each_ref().map(safe);
            let link = platform.zip(username).map(|(platform, username)| LinkDraft { platform, username, url: None });
            let profile = Profile::parse(ProfileDraft {
                username: "ada".into(),
                display_name: name.unwrap_or_else(|| "Ada".into()),
                bio,
                role,
                links: link.into_iter().collect(),
                ..ProfileDraft::default()
            });
            let (issued_at, ttl) = (UnixTime::from_secs(EPOCH_SECS), Ttl::from_secs(1).unwrap());
            let snapshot = Snapshot { profile: profile.unwrap(), issued_at, ttl };
            prop_assert_eq!(decode(&encoded(&snapshot)), Ok(snapshot));
        }

        /// Among coded texts the choice is the issuer's, who signs it: whatever is accepted means the same when it is
        /// written again.
        #[test]
        fn changed_bytes_are_refused_or_another_snapshot(snapshot in snapshots(), at: usize, byte: u8, insert: bool) {
            let Some(snapshot) = snapshot else { return Ok(()) };
            let mut bytes = encoded(&snapshot);
            let at = at % bytes.len();
            if insert { bytes.insert(at, byte) } else { bytes[at] = byte }
            if let Ok(changed) = decode(&bytes) {
                prop_assert_eq!(decode(&encoded(&changed)), Ok(changed));
            }
        }

        #[test]
        fn any_bytes_are_decoded_or_refused_without_panic(bytes: Vec<u8>) {
            if let Ok(snapshot) = decode(&bytes) {
                prop_assert_eq!(decode(&encoded(&snapshot)), Ok(snapshot));
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
