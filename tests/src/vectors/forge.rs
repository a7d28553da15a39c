//! Tokens made by hand, also such as no issuer here would make.

use sealcard_core::training::event::{self, Event, Tree};
use sealcard_core::training::symbol::{END, FIELDS, OTHER, OWN, PLATFORM, Symbol, start};
use sealcard_core::training::{encode_events, script, symbol};
use sealcard_core::{Profile, SigningKey};

/// The time of every vector that says nothing else: 2027-01-15T08:00:00Z.
pub const NOW: u64 = 1_800_000_000;

/// 2026-01-01T00:00:00Z.
pub const EPOCH: u64 = 1_767_225_600;

/// What a snapshot's signature covers first.
pub const CONTEXT: &[u8] = b"sealcard/v1/snapshot\0";

/// The issuer of every vector that says nothing else.
pub fn key() -> SigningKey {
    SigningKey::from_seed([7; 32])
}

pub fn hint(key: &SigningKey) -> u8 {
    key.verifying_key().id().hint()
}

/// These bytes and the signature over them.
pub fn signed_by(key: &SigningKey, context: &[u8], unsigned: &[u8]) -> Vec<u8> {
    let signature = key.sign(&[context, unsigned].concat());
    [unsigned, &signature].concat()
}

/// A snapshot with this first byte and body.
pub fn token(first_byte: u8, body: &[u8]) -> Vec<u8> {
    let key = key();
    signed_by(&key, CONTEXT, &[&[first_byte, hint(&key)], body].concat())
}

/// A snapshot in the short form, issued now.
pub fn short(text: &[u8]) -> Vec<u8> {
    token(0x11, &[&varint(NOW - EPOCH)[..], text].concat())
}

/// A snapshot in the long form, issued now.
pub fn long(life: u64, fields: &[u8], text: &[u8]) -> Vec<u8> {
    let head = [varint(NOW - EPOCH), varint(life), varint(fields.len() as u64)].concat();
    token(0x19, &[&head[..], fields, text].concat())
}

pub fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A field of a snapshot.
pub fn field(id: u8, data: &[u8]) -> Vec<u8> {
    [&[id, u8::try_from(data.len()).expect("at most 255")], data].concat()
}

/// The coded text of a profile.
pub fn text_of(profile: &Profile) -> Vec<u8> {
    encode_events(event::of_profile(profile))
}

/// A profile of which nothing has been checked.
#[derive(Clone)]
pub struct Raw {
    pub username: String,
    pub display_name: String,
    pub role: Option<String>,
    pub company: Option<String>,
    pub bio: Option<String>,
    pub pronouns: Option<String>,
    /// Without its `https://`.
    pub avatar: Option<String>,
    pub color: Option<u32>,
    pub links: Vec<RawLink>,
}

#[derive(Clone)]
pub struct RawLink {
    pub platform: RawPlatform,
    /// As it is coded: an address without its `https://`.
    pub username: String,
    /// Likewise.
    pub own_url: Option<String>,
}

#[derive(Clone)]
pub enum RawPlatform {
    Number(u16),
    Name(String),
}

impl Raw {
    /// Username and display name only.
    pub fn new() -> Self {
        Self {
            username: "ada".into(),
            display_name: "Ada".into(),
            role: None,
            company: None,
            bio: None,
            pronouns: None,
            avatar: None,
            color: None,
            links: Vec::new(),
        }
    }

    pub fn events(&self) -> Vec<Event> {
        let texts = [
            (&self.role, start::ROLE),
            (&self.company, start::COMPANY),
            (&self.bio, start::BIO),
            (&self.pronouns, start::PRONOUNS),
        ];
        let present = texts.iter().map(|(text, _)| text.is_some()).chain([self.avatar.is_some(), self.color.is_some()]);
        let fields = present.zip(0..).map(|(present, bit)| Symbol::from(present) << bit).sum::<Symbol>();
        let mut events = vec![Event::Enter(Tree::Fields, None), Event::Symbol(FIELDS + fields)];
        events.extend(event::of_text(&self.display_name, start::DISPLAY_NAME));
        events.extend(event::of_handle(&self.username, Some(start::USERNAME)));
        for (text, start) in texts {
            events.extend(text.iter().flat_map(|text| event::of_text(text, start)));
        }
        events.extend(self.avatar.iter().flat_map(|url| event::of_handle(url, Some(start::AVATAR_URL))));
        events.extend(self.color.map(|value| Event::Bits { value, bits: 24 }));
        let mut previous = start::LINKS;
        for link in &self.links {
            events.push(Event::Enter(Tree::Links, Some(previous)));
            events.extend(link.own_url.as_ref().map(|_| Event::Symbol(OWN)));
            let style = match &link.platform {
                RawPlatform::Number(number) => {
                    previous = PLATFORM + number;
                    events.push(Event::Symbol(previous));
                    match number {
                        _ if link.own_url.is_some() => start::OTHER_USERNAME,
                        15..=17 => start::URL,
                        _ => start::PLATFORM + number,
                    }
                }
                RawPlatform::Name(name) => {
                    previous = OTHER;
                    events.push(Event::Symbol(OTHER));
                    events.extend(event::of_text(name, start::PLATFORM_NAME));
                    start::OTHER_USERNAME
                }
            };
            events.extend(event::of_handle(&link.username, Some(style)));
            events.extend(link.own_url.iter().flat_map(|url| event::of_handle(url, Some(start::URL))));
        }
        events.extend([Event::Enter(Tree::Links, Some(previous)), Event::Symbol(END)]);
        events
    }

    pub fn text(&self) -> Vec<u8> {
        encode_events(self.events())
    }
}

/// The events of a profile whose display name is made of these, instead of by the rules.
pub fn with_name_events(name: Vec<Event>) -> Vec<u8> {
    let raw = Raw::new().events();
    let name_begins = 2;
    let name_ends = raw.iter().position(|event| *event == Event::Symbol(END)).expect("the name ends") + 1;
    encode_events([&raw[..name_begins], &name, &raw[name_ends..]].concat())
}

/// A display name of one literal in the tree that takes every character.
pub fn literal(code: u32) -> Vec<u8> {
    literal_of_script(script::SCRIPTS.len() - 1, code)
}

/// A display name of one literal in this script's tree.
pub fn literal_of_script(index: usize, code: u32) -> Vec<u8> {
    let script = &script::SCRIPTS[index];
    with_name_events(vec![
        Event::Enter(Tree::Text, Some(start::DISPLAY_NAME)),
        Event::Symbol(symbol::SCRIPT + index as Symbol),
        Event::Enter(Tree::Script(index), Some(start::SCRIPT)),
        Event::Symbol(symbol::LITERAL),
        Event::Bits { value: code - script.first, bits: script.literal_bits },
        Event::Symbol(END),
    ])
}

/// A display name before which a script is entered and left so many times: two outcomes each.
pub fn restless(rounds: usize, name: &str) -> Vec<u8> {
    let round = [
        Event::Symbol(symbol::SCRIPT),
        Event::Enter(Tree::Script(0), Some(start::SCRIPT)),
        Event::Leave,
        Event::Enter(Tree::Text, None),
    ];
    let mut events = vec![Event::Enter(Tree::Text, Some(start::DISPLAY_NAME))];
    events.extend(round.repeat(rounds));
    events.extend(name.chars().map(Event::Character));
    events.push(Event::Symbol(END));
    with_name_events(events)
}
