//! A profile as the sequence of events that the coder codes. The encoder and the program that makes the tables read it;
//! the decoder makes the same sequence as it goes.

use alloc::string::String;
use alloc::vec::Vec;

use unicode_normalization::UnicodeNormalization as _;

use super::script::{self, SCRIPTS};
use super::symbol::{self, ANCHORS, END, FIELDS, OTHER, OWN, PLATFORM, SCRIPT, Symbol, TEXT, start};
use crate::profile::{AccentColor, DisplayText, Link, LinkUrl, Platform, Profile};

/// One step of the coder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Go to a tree, to the context of one symbol, or to its root for none. Codes nothing.
    Enter(Tree, Option<Symbol>),
    /// Code a symbol in the present context.
    Symbol(Symbol),
    /// Code a character in the present context: its symbol, or, if the tree does not have it, `LITERAL` and its bits.
    Character(char),
    /// Escape from every context of the tree, the root's too.
    Leave,
    /// Code a number below 2 to the power of `bits`, all equally likely.
    Bits {
        /// The number.
        value: u32,
        /// How many bits it has.
        bits: u32,
    },
}

/// The trees, each with contexts of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tree {
    /// Display name, role, company, bio, pronouns: Latin letters and what goes with them.
    Text,
    /// Usernames and addresses.
    Handle,
    /// Platforms.
    Links,
    /// Which fields there are.
    Fields,
    /// Another script, by its index.
    Script(usize),
}

impl Tree {
    /// How many there are.
    pub const COUNT: usize = 4 + SCRIPTS.len();

    /// A tree's place among all.
    pub const fn index(self) -> usize {
        match self {
            Self::Text => 0,
            Self::Handle => 1,
            Self::Links => 2,
            Self::Fields => 3,
            Self::Script(index) => index.saturating_add(4),
        }
    }
}

/// The events of a profile.
pub fn of_profile(profile: &Profile) -> Vec<Event> {
    let mut events = Vec::new();
    let mut anchors = Anchors::default();
    events.push(Event::Enter(Tree::Fields, None));
    events.push(Event::Symbol(FIELDS.saturating_add(fields(profile))));
    push_text(profile.display_name.as_str(), start::DISPLAY_NAME, &mut events);
    anchors.set_display_name(profile.display_name.as_str());
    push_handle(profile.username.as_str(), Some(start::USERNAME), &anchors, &mut events);
    anchors.set_username(profile.username.as_str());
    for (text, start) in [
        (profile.role.as_ref().map(DisplayText::as_str), start::ROLE),
        (profile.company.as_ref().map(DisplayText::as_str), start::COMPANY),
        (profile.bio.as_ref().map(DisplayText::as_str), start::BIO),
        (profile.pronouns.as_ref().map(DisplayText::as_str), start::PRONOUNS),
    ] {
        if let Some(text) = text {
            push_text(text, start, &mut events);
        }
    }
    if let Some(avatar) = &profile.avatar_url {
        push_handle(without_scheme(avatar.as_str()), Some(start::AVATAR_URL), &anchors, &mut events);
    }
    if profile.accent_color != AccentColor::default() {
        let [r, g, b] = profile.accent_color.rgb;
        events.push(Event::Bits { value: u32::from_be_bytes([0, r, g, b]), bits: 24 });
    }

    let mut previous = start::LINKS;
    for link in profile.links() {
        previous = push_link(link, previous, &mut anchors, &mut events);
    }
    events.push(Event::Enter(Tree::Links, Some(previous)));
    events.push(Event::Symbol(END));
    events
}

/// How many bytes of UTF-8 all texts of a profile take, as they are coded: an address without its `https://`, and none that
/// follows from the platform.
pub fn text_bytes(profile: &Profile) -> usize {
    let texts = [
        Some(profile.display_name.as_str()),
        Some(profile.username.as_str()),
        profile.role.as_ref().map(DisplayText::as_str),
        profile.company.as_ref().map(DisplayText::as_str),
        profile.bio.as_ref().map(DisplayText::as_str),
        profile.pronouns.as_ref().map(DisplayText::as_str),
        profile.avatar_url.as_ref().map(|url| without_scheme(url.as_str())),
    ];
    let links = profile.links().iter().flat_map(|link| {
        let own = link.own_url().map(|url| without_scheme(url.as_str()));
        let name = link.platform().number().is_none().then(|| link.platform().as_str());
        let username = link.username().as_str();
        let address = matches!(Style::of(link.platform(), own.is_some()), Style::Address);
        [name, Some(if address { without_scheme(username) } else { username }), own]
    });
    texts.into_iter().chain(links).flatten().map(str::len).fold(0, usize::saturating_add)
}

/// Which optional fields there are, as [`FIELDS`] counts them.
fn fields(profile: &Profile) -> Symbol {
    let present = [
        profile.role.is_some(),
        profile.company.is_some(),
        profile.bio.is_some(),
        profile.pronouns.is_some(),
        profile.avatar_url.is_some(),
        profile.accent_color != AccentColor::default(),
    ];
    present.into_iter().rev().fold(0, |sum, present| sum << 1 | Symbol::from(present))
}

/// The events of one text by itself, for training on texts that belong to no profile.
pub fn of_text(text: &str, start: Symbol) -> Vec<Event> {
    let mut events = Vec::new();
    push_text(text, start, &mut events);
    events
}

/// The events of one username or address by itself, for training.
pub fn of_handle(handle: &str, start: Option<Symbol>) -> Vec<Event> {
    let mut events = Vec::new();
    push_handle(handle, start, &Anchors::default(), &mut events);
    events
}

fn push_link(link: &Link, previous: Symbol, anchors: &mut Anchors, events: &mut Vec<Event>) -> Symbol {
    let own = link.own_url().map(LinkUrl::as_str);
    let username = link.username().as_str();
    events.push(Event::Enter(Tree::Links, Some(previous)));
    if own.is_some() {
        events.push(Event::Symbol(OWN));
    }
    let number = link.platform().number();
    let platform = number.map_or(OTHER, |number| PLATFORM.saturating_add(number.into()));
    events.push(Event::Symbol(platform));
    if number.is_none() {
        push_text(link.platform().as_str(), start::PLATFORM_NAME, events);
    }
    let style = Style::of(link.platform(), own.is_some());
    match style {
        Style::Address => push_handle(without_scheme(username), Some(style.start()), anchors, events),
        Style::Name(_) | Style::Other => push_handle(username, Some(style.start()), anchors, events),
    }
    if let Some(own) = own {
        push_handle(without_scheme(own), Some(start::URL), anchors, events);
    }
    anchors.add_link(link.platform(), username, own);
    platform
}

/// How a link's username is coded.
#[derive(Clone, Copy)]
pub(super) enum Style {
    /// A name on the platform with this number.
    Name(u8),
    /// An address, its `https://` left out.
    Address,
    /// Any text, beside an address of its own or none.
    Other,
}

impl Style {
    pub(super) fn of(platform: &Platform, own_url: bool) -> Self {
        match platform.number() {
            Some(_) if platform.is_whole_address() && !own_url => Self::Address,
            Some(number) if !own_url => Self::Name(number),
            _ => Self::Other,
        }
    }

    pub(super) fn start(self) -> Symbol {
        match self {
            Self::Name(number) => start::PLATFORM.saturating_add(number.into()),
            Self::Address => start::URL,
            Self::Other => start::OTHER_USERNAME,
        }
    }
}

/// An address as it is coded: `https://` goes without saying.
fn without_scheme(url: &str) -> &str {
    url.strip_prefix("https://").unwrap_or(url)
}

fn push_text(text: &str, start: Symbol, events: &mut Vec<Event>) {
    events.push(Event::Enter(Tree::Text, Some(start)));
    let mut tree = Tree::Text;
    for character in text.chars().flat_map(script::to_jamo) {
        let wanted = script::of_char(character).map_or(Tree::Text, Tree::Script);
        let common = script::COMMON.contains(&character) && tree != Tree::Text;
        if wanted != tree && !common {
            if tree != Tree::Text {
                events.extend([Event::Leave, Event::Enter(Tree::Text, None)]);
            }
            if let Tree::Script(index) = wanted {
                events.push(Event::Symbol(SCRIPT.saturating_add(u16::try_from(index).unwrap_or_default())));
                events.push(Event::Enter(wanted, Some(start::SCRIPT)));
            }
            tree = wanted;
        }
        events.push(Event::Character(character));
    }
    events.push(Event::Symbol(END));
}

/// The first character that a literal of this tree can be, and its bits.
pub fn literal_range(tree: Tree) -> (u32, u32) {
    match tree {
        Tree::Script(index) => SCRIPTS.get(index).map_or((0, 21), |script| (script.first, script.literal_bits)),
        _ => (0, 14),
    }
}

fn push_handle(handle: &str, start: Option<Symbol>, anchors: &Anchors, events: &mut Vec<Event>) {
    events.push(Event::Enter(Tree::Handle, start));
    if !handle.is_ascii() {
        events.push(Event::Symbol(TEXT));
        return push_text(handle, start::TEXT, events);
    }
    let mut rest = handle;
    while let Some(character) = rest.chars().next() {
        let anchor = anchors.longest_prefix(rest);
        let (symbol, length) = anchor.unwrap_or((symbol::of_char(character).unwrap_or(END), 1));
        events.push(Event::Symbol(symbol));
        rest = rest.get(length..).unwrap_or_default();
    }
    events.push(Event::Symbol(END));
}

/// What a handle is often made of. In the order of [`ANCHORS`]: the username; the name's first word; its other words;
/// the last handle that was another; the last host.
#[derive(Default)]
pub(super) struct Anchors([String; ANCHORS.len()]);

impl Anchors {
    /// The first word of the name, and the others together, in lower-case ASCII. Words of one letter do not count.
    pub(super) fn set_display_name(&mut self, name: &str) {
        let fold = |word: &str| -> String {
            let letter = |c: char| Some(c.to_ascii_lowercase()).filter(char::is_ascii_alphanumeric);
            if word.is_ascii() {
                word.chars().filter_map(letter).collect()
            } else {
                // No other characters in NFC are made of an ASCII letter and marks.
                let latin = |c: &char| matches!(c, ..'\u{250}' | '\u{1e00}'..'\u{1f00}');
                word.chars().filter(latin).nfd().filter_map(letter).collect()
            }
        };
        let mut words = name.split(' ').map(fold).filter(|word| word.len() >= 2);
        let [_, first, others, ..] = &mut self.0;
        *first = words.next().unwrap_or_default();
        *others = words.collect();
    }

    pub(super) fn set_username(&mut self, username: &str) {
        let [anchor, ..] = &mut self.0;
        *anchor = username.into();
    }

    pub(super) fn add_link(&mut self, platform: &Platform, username: &str, own_url: Option<&str>) {
        let [own, _, _, handle, host] = &mut self.0;
        let name = platform.as_str();
        if platform.is_whole_address() {
            let address = without_scheme(own_url.unwrap_or(username));
            let address = address.strip_prefix("www.").unwrap_or(address);
            *host = address.split('/').next().unwrap_or_default().into();
        } else if name == "email" {
            *host = username.split('@').next_back().unwrap_or_default().into();
        } else if name != "stackoverflow" && username.is_ascii() {
            let user = username.split('@').next_back().unwrap_or_default();
            if user != own.as_str() {
                *handle = user.into();
            }
        }
    }

    /// The text that an anchor stands for.
    pub(super) fn get(&self, anchor: Symbol) -> Option<&str> {
        let index = ANCHORS.iter().position(|known| *known == anchor)?;
        self.0.get(index).map(String::as_str)
    }

    /// The longest anchor that `text` starts with, and its length.
    fn longest_prefix(&self, text: &str) -> Option<(Symbol, usize)> {
        let fitting = ANCHORS
            .into_iter()
            .zip(&self.0)
            .filter(|(_, anchor)| anchor.len() >= 2 && text.starts_with(anchor.as_str()));
        // The first of the longest: `rev` because `max_by_key` prefers the last.
        fitting.map(|(symbol, anchor)| (symbol, anchor.len())).rev().max_by_key(|(_, length)| *length)
    }
}
