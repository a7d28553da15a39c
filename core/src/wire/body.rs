//! The body of a snapshot: when, for how long, and the profile as coded text.
//!
//! ```text
//! varint   issued_at, in seconds from the epoch of ours
//!          in the long form only, for what is not usual:
//! varint   the life in seconds
//! bytes    the fields: a varint, how many bytes follow, and these; see `field`
//!          in both forms:
//! the rest the profile, see `text`
//! ```
//!
//! The short form is that of the tokens a server gives out: it lives 600 s and has no fields. Such a snapshot has no long
//! form. Integers are postcard's varints, and have one spelling: what was read is written again and must come out the same.

use alloc::vec::Vec;

use super::field::{self, Fields};
use super::number::{push_time, push_varint, take_time, take_varint};
use super::{EncodeError, WireError, text};
use crate::{Snapshot, Ttl};

/// The life of a snapshot in the short form.
const USUAL_TTL_SECS: u32 = 600;

/// How much of the usual a snapshot leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Short,
    Long,
}

/// The form that this snapshot has.
pub(super) fn form(snapshot: &Snapshot) -> Form {
    if snapshot.ttl.as_secs() == USUAL_TTL_SECS && !field::has_any(snapshot) { Form::Short } else { Form::Long }
}

pub(super) fn encode(snapshot: &Snapshot, token: &mut Vec<u8>) -> Result<(), EncodeError> {
    push_time(snapshot.issued_at, token)?;
    if form(snapshot) == Form::Long {
        let fields = field::encode(snapshot);
        push_varint(snapshot.ttl.as_secs().into(), token);
        push_varint(fields.len() as u64, token);
        token.extend_from_slice(&fields);
    }
    token.extend_from_slice(&text::encode(&snapshot.profile));
    Ok(())
}

/// What must be understood is looked for before what is in it is judged: a later version may lift a limit of this one, and
/// say so with a field that must be known.
pub(super) fn decode(form: Form, bytes: &[u8]) -> Result<Snapshot, WireError> {
    let (issued_at, bytes) = take_time(bytes)?;
    let (ttl, fields, bytes) = match form {
        Form::Short => (USUAL_TTL_SECS.into(), &[][..], bytes),
        Form::Long => {
            let (ttl, bytes) = take_varint(bytes)?;
            let (length, bytes) = take_varint(bytes)?;
            let length = usize::try_from(length).map_err(|_| WireError::Malformed)?;
            let (fields, bytes) = bytes.split_at_checked(length).ok_or(WireError::Malformed)?;
            (ttl, fields, bytes)
        }
    };
    let Fields { card, event, holder_key, revocation_index, other } = field::decode(fields)?;
    let ttl = u32::try_from(ttl).ok().and_then(|ttl| Ttl::from_secs(ttl).ok()).ok_or(WireError::Malformed)?;
    let profile = text::decode(bytes).map_err(|_| WireError::Malformed)?;
    let snapshot = Snapshot { profile, issued_at, ttl, card, event, holder_key, revocation_index, other_fields: other };
    if self::form(&snapshot) == form { Ok(snapshot) } else { Err(WireError::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OtherField;
    use crate::UnixTime;
    use crate::profile::{AccentColor, DisplayText, Link, MAX_LINKS, Platform, Profile};
    use crate::wire::number::EPOCH_SECS;
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
            ttl in prop_oneof![Just(USUAL_TTL_SECS), 1..=crate::MAX_TTL_SECS],
            (card, event) in proptest::option::of((text(20), text(20))).prop_map(Option::unzip),
            other in proptest::collection::btree_map((4_u8..=127).prop_map(|id| id * 2), "[a-z]{0,9}".prop_map(String::into_bytes), 0..3),
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
            let label = |label: Option<String>| label.and_then(|label| DisplayText::parse(&label).ok());
            Some(Snapshot {
                card: label(card),
                event: label(event),
                other_fields: other.into_iter().map(|(id, data)| OtherField { id, data }).collect(),
                ..Snapshot::new(profile.ok()?, UnixTime::from_secs(issued_at), ttl)
            })
        }
    }

    fn encoded(snapshot: &Snapshot) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(snapshot, &mut bytes).unwrap();
        bytes
    }

    fn ada() -> Profile {
        let draft = ProfileDraft { username: "ada".into(), display_name: "Ada".into(), ..ProfileDraft::default() };
        Profile::parse(draft).unwrap()
    }

    fn snapshot_of(profile: Profile, ttl: u32) -> Snapshot {
        Snapshot::new(profile, UnixTime::from_secs(EPOCH_SECS + 5), Ttl::from_secs(ttl).unwrap())
    }

    proptest! {
        #[test]
        fn a_snapshot_survives_its_body(snapshot in snapshots()) {
            let Some(snapshot) = snapshot else { return Ok(()) };
            prop_assert_eq!(decode(form(&snapshot), &encoded(&snapshot)), Ok(snapshot));
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
            let snapshot = snapshot_of(profile.unwrap(), 1);
            prop_assert_eq!(decode(form(&snapshot), &encoded(&snapshot)), Ok(snapshot));
        }

        /// Among coded texts the choice is the issuer's, who signs it: whatever is accepted means the same when it is
        /// written again.
        #[test]
        fn changed_bytes_are_refused_or_another_snapshot(snapshot in snapshots(), at: usize, byte: u8, insert: bool) {
            let Some(snapshot) = snapshot else { return Ok(()) };
            let mut bytes = encoded(&snapshot);
            let at = at % bytes.len();
            if insert { bytes.insert(at, byte) } else { bytes[at] = byte }
            if let Ok(changed) = decode(form(&snapshot), &bytes) {
                prop_assert_eq!(decode(form(&changed), &encoded(&changed)), Ok(changed));
            }
        }

        #[test]
        fn any_bytes_are_decoded_or_refused_without_panic(bytes: Vec<u8>, long: bool) {
            if let Ok(snapshot) = decode(if long { Form::Long } else { Form::Short }, &bytes) {
                prop_assert_eq!(decode(form(&snapshot), &encoded(&snapshot)), Ok(snapshot));
            }
        }
    }

    #[test]
    fn padded_integers_and_trailing_bytes_are_refused() {
        let snapshot = snapshot_of(ada(), 600);
        let bytes = encoded(&snapshot);
        let decode = |bytes: &[u8]| decode(Form::Short, bytes);
        assert_eq!(bytes[0], 5);
        assert_eq!(decode(&bytes), Ok(snapshot));
        assert_eq!(decode(&[&[0x85, 0x80, 0x00], &bytes[1..]].concat()), Err(WireError::Malformed));
        assert_eq!(decode(&[&bytes[..], &[0]].concat()), Err(WireError::Malformed));
        assert_eq!(decode(&bytes[..bytes.len() - 1]), Err(WireError::Malformed));
    }

    #[test]
    fn the_long_form_is_for_what_the_short_one_cannot_say() {
        let usual = encoded(&snapshot_of(ada(), 600));
        let longer = snapshot_of(ada(), 601);
        let bytes = encoded(&longer);
        assert_eq!(bytes, [&[5, 0xd9, 0x04, 0], &usual[1..]].concat());
        assert_eq!(decode(Form::Long, &bytes), Ok(longer));
        for (ttl, code) in [(&[0xd8, 0x04][..], "600 s"), (&[0], "0 s"), (&[0x81, 0x9a, 0x9e, 0x01], "30 days and 1 s")]
        {
            let bytes = [&[5], ttl, &[0], &usual[1..]].concat();
            assert_eq!(decode(Form::Long, &bytes), Err(WireError::Malformed), "{code}");
        }
        let labelled = Snapshot { card: Some(DisplayText::parse("work").unwrap()), ..snapshot_of(ada(), 600) };
        let bytes = encoded(&labelled);
        assert_eq!(bytes, [&[5, 0xd8, 0x04, 6, 2, 4], &b"work"[..], &usual[1..]].concat());
        assert_eq!(decode(Form::Long, &bytes), Ok(labelled));
        let too_long = [&[5, 0xd8, 0x04, 99, 2, 4], &b"work"[..], &usual[1..]].concat();
        assert_eq!(decode(Form::Long, &too_long), Err(WireError::Malformed));
    }

    #[test]
    fn times_before_the_epoch_cannot_be_issued() {
        let early = Snapshot { issued_at: UnixTime::from_secs(EPOCH_SECS - 1), ..snapshot_of(ada(), 600) };
        assert_eq!(encode(&early, &mut Vec::new()), Err(EncodeError::BeforeEpoch));
    }
}
