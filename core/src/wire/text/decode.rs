//! Bytes into profiles.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use super::event::{self, Anchors, Style, Tree};
use super::model::{Choice, Context};
use super::range::Decoder;
use super::script::{self, SCRIPTS};
use super::symbol::{self, END, FIELDS, LITERAL, OTHER, OWN, PLATFORM, SCRIPT, Symbol, TEXT, start};
use crate::profile::{
    AccentColor, DisplayText, Link, LinkUrl, MAX_LINKS, MAX_PROFILE_BYTES, Platform, Profile, ProfileProblem, Username,
};

/// The bytes are not a profile's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TextError;

impl From<ProfileProblem> for TextError {
    fn from(_: ProfileProblem) -> Self {
        Self
    }
}

/// The most characters of any field.
const MAX_CHARACTERS: usize = 300;

/// The most bytes of a text; a longer one cannot be of so few characters, and is refused while it is read.
const MAX_TEXT_BYTES: usize = 4 * MAX_CHARACTERS;

/// Room that most fields do with.
const USUAL_BYTES: usize = 128;

/// The most choices in one text or handle: three jamo, and a script entered and left, for every character.
const MAX_STEPS: usize = 5 * MAX_CHARACTERS;

/// The profile coded in these bytes, and nothing else in them.
pub(crate) fn decode(bytes: &[u8]) -> Result<Profile, TextError> {
    if bytes.last() == Some(&0) {
        return Err(TextError);
    }
    let mut reader = Reader {
        decoder: Decoder::new(bytes),
        tree: Tree::Text,
        context: Context::enter(Tree::Text, None),
        bytes_left: MAX_PROFILE_BYTES,
        buffer: String::with_capacity(USUAL_BYTES),
    };
    let profile = reader.profile()?;
    if reader.decoder.is_finished() { Ok(profile) } else { Err(TextError) }
}

struct Reader<'a> {
    decoder: Decoder<'a>,
    tree: Tree,
    context: Context,
    bytes_left: usize,
    /// Where each text grows. It leaves as a copy without room to spare, and the next one uses the same memory.
    buffer: String,
}

/// What a context gave.
enum Read {
    Symbol(Symbol),
    /// Escaped from the root too.
    Left,
}

impl Reader<'_> {
    fn profile(&mut self) -> Result<Profile, TextError> {
        let mut anchors = Anchors::default();
        let fields = self.fields()?;
        let [role, company, bio, pronouns, avatar, color] = [0, 1, 2, 3, 4, 5].map(|bit| fields >> bit & 1 == 1);
        let display_name = self.text(start::DISPLAY_NAME)?;
        anchors.set_display_name(&display_name);
        let username = self.handle(start::USERNAME, &anchors)?;
        anchors.set_username(&username);
        Ok(Profile {
            username: Username::from_signed(username)?,
            display_name: DisplayText::from_signed(display_name)?,
            role: self.optional(role, start::ROLE)?,
            company: self.optional(company, start::COMPANY)?,
            bio: self.optional(bio, start::BIO)?,
            pronouns: self.optional(pronouns, start::PRONOUNS)?,
            avatar_url: if avatar { Some(self.avatar(&anchors)?) } else { None },
            accent_color: if color { self.accent_color()? } else { AccentColor::default() },
            links: self.links(&mut anchors)?,
        })
    }

    /// Which optional fields there are, one bit for each.
    fn fields(&mut self) -> Result<Symbol, TextError> {
        self.enter(Tree::Fields, None);
        match self.read()? {
            Read::Symbol(symbol) => symbol.checked_sub(FIELDS).ok_or(TextError),
            Read::Left => Err(TextError),
        }
    }

    fn optional<const MAX: usize>(
        &mut self,
        present: bool,
        start: Symbol,
    ) -> Result<Option<DisplayText<MAX>>, TextError> {
        if present { Ok(Some(DisplayText::from_signed(self.text(start)?)?)) } else { Ok(None) }
    }

    fn avatar(&mut self, anchors: &Anchors) -> Result<LinkUrl, TextError> {
        let address = self.handle(start::AVATAR_URL, anchors)?;
        Ok(LinkUrl::https_from_signed(with_scheme(address))?)
    }

    fn accent_color(&mut self) -> Result<AccentColor, TextError> {
        let [_, rgb @ ..] = self.bits(24)?.to_be_bytes();
        // The default one has no second spelling.
        Some(AccentColor { rgb }).filter(|color| *color != AccentColor::default()).ok_or(TextError)
    }

    fn links(&mut self, anchors: &mut Anchors) -> Result<Vec<Link>, TextError> {
        let mut links = Vec::new();
        let mut previous = start::LINKS;
        loop {
            self.enter(Tree::Links, Some(previous));
            let mut symbol = self.read()?;
            let own = matches!(symbol, Read::Symbol(OWN));
            if own {
                symbol = self.read()?;
            }
            let platform = match symbol {
                Read::Symbol(END) if !own => return Ok(links),
                Read::Symbol(OTHER) => {
                    previous = OTHER;
                    Platform::other_from_signed(self.text(start::PLATFORM_NAME)?)?
                }
                Read::Symbol(symbol) => {
                    previous = symbol;
                    let number = symbol.checked_sub(PLATFORM).and_then(|number| u8::try_from(number).ok());
                    number.and_then(Platform::from_number).ok_or(TextError)?
                }
                Read::Left => return Err(TextError),
            };
            let style = Style::of(&platform, own);
            let handle = self.handle(style.start(), anchors)?;
            let username = if matches!(style, Style::Address) { with_scheme(handle) } else { handle };
            let url = if own { Some(with_scheme(self.handle(start::URL, anchors)?)) } else { None };
            anchors.add_link(&platform, &username, url.as_deref());
            links.push(Link::from_signed(platform, username, url)?);
            if links.len() > MAX_LINKS {
                return Err(TextError);
            }
        }
    }

    fn text(&mut self, start: Symbol) -> Result<String, TextError> {
        self.enter(Tree::Text, Some(start));
        let mut text = mem::take(&mut self.buffer);
        for _ in 0..MAX_STEPS {
            match self.read()? {
                Read::Symbol(END) => return self.finish(text),
                Read::Symbol(LITERAL) => {
                    let (first, bits) = event::literal_range(self.tree);
                    let code = first.saturating_add(self.bits(bits)?);
                    script::push_composed(char::from_u32(code).ok_or(TextError)?, &mut text);
                }
                Read::Symbol(symbol) => match symbol.checked_sub(SCRIPT).map(usize::from) {
                    Some(index) if index < SCRIPTS.len() => self.enter(Tree::Script(index), Some(start::SCRIPT)),
                    _ => script::push_composed(symbol::to_char(symbol).ok_or(TextError)?, &mut text),
                },
                Read::Left => self.enter(Tree::Text, None),
            }
            if text.len() > MAX_TEXT_BYTES {
                return Err(TextError);
            }
        }
        Err(TextError)
    }

    fn handle(&mut self, start: Symbol, anchors: &Anchors) -> Result<String, TextError> {
        self.enter(Tree::Handle, Some(start));
        let mut handle = mem::take(&mut self.buffer);
        for step in 0..MAX_STEPS {
            match self.read()? {
                Read::Symbol(END) => return self.finish(handle),
                Read::Symbol(TEXT) if step == 0 => return self.text(start::TEXT),
                Read::Symbol(symbol) => match anchors.get(symbol) {
                    Some(anchor) => handle.push_str(anchor),
                    None => handle.push(symbol::to_char(symbol).ok_or(TextError)?),
                },
                Read::Left => return Err(TextError),
            }
            if handle.len() > MAX_CHARACTERS {
                return Err(TextError);
            }
        }
        Err(TextError)
    }

    /// The text that was read into the buffer, if there may be so much of it.
    fn finish(&mut self, buffer: String) -> Result<String, TextError> {
        self.bytes_left = self.bytes_left.checked_sub(buffer.len()).ok_or(TextError)?;
        let text = buffer.as_str().into();
        self.buffer = buffer;
        self.buffer.clear();
        Ok(text)
    }

    fn enter(&mut self, tree: Tree, symbol: Option<Symbol>) {
        self.tree = tree;
        self.context = Context::enter(tree, symbol);
    }

    fn read(&mut self) -> Result<Read, TextError> {
        loop {
            let (choice, share) = self.decoder.part().and_then(|part| self.context.read(part)).ok_or(TextError)?;
            self.decoder.take(share);
            match choice {
                Choice::Symbol(symbol, next) => {
                    self.context = next;
                    return Ok(Read::Symbol(symbol));
                }
                Choice::Escape => match self.context.shorter() {
                    Some(shorter) => self.context = shorter,
                    None => return Ok(Read::Left),
                },
            }
        }
    }

    fn bits(&mut self, bits: u32) -> Result<u32, TextError> {
        let (mut value, mut rest) = (0_u32, bits);
        while rest > 0 {
            let now = rest.min(12);
            rest = rest.saturating_sub(now);
            value = value << now | self.decoder.take_number(now).ok_or(TextError)?;
        }
        Ok(value)
    }
}

/// An address as it is, with the `https://` that goes without saying.
fn with_scheme(address: String) -> String {
    if address.starts_with("mailto:") || address.starts_with("tel:") {
        address
    } else {
        ["https://", &address].concat()
    }
}
