//! The alphabet of the text coder: characters, and a few symbols of its own in Unicode's private-use area, which no
//! profile contains.

/// A character below U+10000, or one of the symbols here.
pub type Symbol = u16;

/// The end of a text, or of the list of links.
pub const END: Symbol = 0xe000;
/// A character that the tree does not have follows, as bits.
pub const LITERAL: Symbol = 0xe001;
/// In the tree of handles: what follows is coded as text.
pub const TEXT: Symbol = 0xe002;
/// In the tree of links: the link has an address of its own.
pub const OWN: Symbol = 0xe003;
/// In the tree of links: the platform is not a known one, and its name follows.
pub const OTHER: Symbol = 0xe004;

/// Anchors: parts of handles that were there before.
pub const ANCHORS: [Symbol; 5] = [0xe010, 0xe011, 0xe012, 0xe013, 0xe014];

/// A switch to the script with this index.
pub const SCRIPT: Symbol = 0xe020;
/// In the tree of fields: these optional fields are present, the sum of a 1 for the role, 2 for the company, 4 for the bio, 8
/// for the pronouns, 16 for the avatar's address and 32 for a colour that is not the default one.
pub const FIELDS: Symbol = 0xe080;
/// In the tree of links: the platform with this number.
pub const PLATFORM: Symbol = 0xe100;

/// Contexts in which a text starts. They are never coded.
pub mod start {
    use super::Symbol;

    /// The display name.
    pub const DISPLAY_NAME: Symbol = 0xe040;
    /// The username.
    pub const USERNAME: Symbol = 0xe041;
    /// The role.
    pub const ROLE: Symbol = 0xe042;
    /// The company.
    pub const COMPANY: Symbol = 0xe043;
    /// The bio.
    pub const BIO: Symbol = 0xe044;
    /// The pronouns.
    pub const PRONOUNS: Symbol = 0xe045;
    /// The avatar's address.
    pub const AVATAR_URL: Symbol = 0xe046;
    /// In the tree of links: the first platform. The next ones follow the platform before.
    pub const LINKS: Symbol = 0xe048;
    /// The name of a platform that is not a known one.
    pub const PLATFORM_NAME: Symbol = 0xe049;
    /// A link's username beside an address of its own, or on a platform that is not a known one.
    pub const OTHER_USERNAME: Symbol = 0xe04a;
    /// A link's own address.
    pub const URL: Symbol = 0xe04b;
    /// A script's first character.
    pub const SCRIPT: Symbol = 0xe04c;
    /// Any handle: the context of every start in the tree of handles, where no longer one is known.
    pub const HANDLE: Symbol = 0xe04e;
    /// A handle that is coded as text.
    pub const TEXT: Symbol = 0xe04d;
    /// A link's username on the platform with this number.
    pub const PLATFORM: Symbol = 0xe200;
}

/// The first of the 2,816 symbols that stand for the emoji from U+1F000.
const EMOJI: Symbol = 0xe300;

/// The symbol of a character, if it has one.
pub fn of_char(character: char) -> Option<Symbol> {
    match u32::from(character) {
        code @ 0x1f000..=0x1faff => u16::try_from(code).ok().or_else(|| {
            let offset = u16::try_from(code.saturating_sub(0x1f000)).ok()?;
            EMOJI.checked_add(offset)
        }),
        0xe000..=0xf8ff => None,
        code => u16::try_from(code).ok(),
    }
}

/// The character of a symbol, if it stands for one.
pub fn to_char(symbol: Symbol) -> Option<char> {
    match symbol {
        0xe300..=0xedff => char::from_u32(u32::from(symbol).saturating_sub(EMOJI.into()).saturating_add(0x1f000)),
        0xe000..=0xf8ff => None,
        code => char::from_u32(code.into()),
    }
}
