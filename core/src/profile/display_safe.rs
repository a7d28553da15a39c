//! Which characters are safe to show.
//!
//! The list is fixed with the format, not taken from a Unicode version, so that every verifier agrees for ever:
//! a character that a later Unicode assigns is shown by phones that know it and as a box by others.
//!
//! Some invisible characters carry meaning and are allowed where they do: a non-joiner between Arabic letters, which
//! Persian needs; joiners after a virama, and after a Bengali or Kannada ra before one; Mongolian variation selectors; the
//! joiner inside emoji sequences, style
//! selectors after symbols and in keycaps, and ideographic variation selectors after Han characters, which Japanese names
//! need; and the tags of the flags of England, Scotland and Wales.
//!
//! Combining marks need something to stand on, and do not pile up: a text does not begin with one, and no more than
//! [`MAX_MARKS`] follow each other.

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::is_nfc;

/// The most combining marks in a row: Hebrew and Tibetan need four or five.
const MAX_MARKS: usize = 6;

/// Never shown: controls, bidi controls, invisible fillers and formats, private use and noncharacters.
const NEVER: [(u32, u32); 33] = [
    (0x0000, 0x001f),
    (0x007f, 0x009f),
    (0x00ad, 0x00ad),
    (0x034f, 0x034f),
    (0x061c, 0x061c),
    (0x070f, 0x070f),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x200b, 0x200b),
    (0x200e, 0x200f),
    (0x2028, 0x202e),
    (0x2060, 0x206f),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xe000, 0xf8ff),
    (0xfdd0, 0xfdef),
    (0xfe00, 0xfe0d),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffc),
    (0xfffe, 0xffff),
    (0x13430, 0x1345f),
    (0x16fe4, 0x16fe4),
    (0x1bca0, 0x1bca3),
    (0x1d159, 0x1d159),
    (0x1d173, 0x1d17a),
    (0x1fffe, 0x1ffff),
    (0x2fffe, 0x2ffff),
    (0x3fffe, 0x3ffff),
    (0x40000, 0xdffff),
    (0xe0000, 0xe00ff),
    (0xe01f0, 0xeffff),
    (0xf0000, 0x0010_ffff),
];

/// Symbols that emoji are made of.
const EMOJI: [(u32, u32); 10] = [
    (0x00a9, 0x00a9),
    (0x00ae, 0x00ae),
    (0x203c, 0x203c),
    (0x2049, 0x2049),
    (0x2100, 0x214f),
    (0x2190, 0x2bff),
    (0x3030, 0x3030),
    (0x303d, 0x303d),
    (0x3297, 0x3299),
    (0x1f000, 0x1fffd),
];

/// Arabic letters, without digits and marks.
const ARABIC_LETTERS: [(u32, u32); 7] = [
    (0x0620, 0x064a),
    (0x066e, 0x066f),
    (0x0671, 0x06d3),
    (0x06d5, 0x06d5),
    (0x06fa, 0x06ff),
    (0x0750, 0x077f),
    (0x08a0, 0x08c9),
];

/// Viramas (canonical combining class 9), after which a joiner or non-joiner chooses the form of a conjunct.
const VIRAMAS: [u32; 69] = [
    0x094d, 0x09cd, 0x0a4d, 0x0acd, 0x0b4d, 0x0bcd, 0x0c4d, 0x0ccd, 0x0d3b, 0x0d3c, 0x0d4d, 0x0dca, 0x0e3a, 0x0eba,
    0x0f84, 0x1039, 0x103a, 0x1714, 0x1715, 0x1734, 0x17d2, 0x1a60, 0x1b44, 0x1baa, 0x1bab, 0x1bf2, 0x1bf3, 0x2d7f,
    0xa806, 0xa82c, 0xa8c4, 0xa953, 0xa9c0, 0xaaf6, 0xabed, 0x10a3f, 0x11046, 0x11070, 0x1107f, 0x110b9, 0x11133,
    0x11134, 0x111c0, 0x11235, 0x112ea, 0x1134d, 0x113ce, 0x113cf, 0x113d0, 0x11442, 0x114c2, 0x115bf, 0x1163f,
    0x116b6, 0x1172b, 0x11839, 0x1193d, 0x1193e, 0x119e0, 0x11a34, 0x11a47, 0x11a99, 0x11c3f, 0x11d44, 0x11d45,
    0x11d97, 0x11f41, 0x11f42, 0x1612f,
];

/// Arabic vowel marks.
const ARABIC_MARKS: [(u32, u32); 2] = [(0x064b, 0x065f), (0x0670, 0x0670)];

/// Mongolian letters, after which a selector chooses the form.
const MONGOLIAN: [(u32, u32); 1] = [(0x1820, 0x18aa)];

const HAN: [(u32, u32); 4] = [(0x3400, 0x4dbf), (0x4e00, 0x9fff), (0xf900, 0xfaff), (0x20000, 0x3fffd)];

/// Letters and symbols that are always safe, are no marks and never change with what stands before them. Not all of them:
/// those that names and titles are mostly written in.
const PLAIN: [(u32, u32); 21] = [
    (0x0020, 0x007e),
    (0x00a1, 0x00ac),
    (0x00ae, 0x02ff),
    (0x0391, 0x03a1),
    (0x03a3, 0x0482),
    (0x048a, 0x052f),
    (0x05d0, 0x05ea),
    (0x0620, 0x064a),
    (0x0904, 0x0939),
    (0x0e01, 0x0e30),
    (0x10a0, 0x10c5),
    (0x10d0, 0x10ff),
    (0x2010, 0x2027),
    (0x3001, 0x3003),
    (0x3041, 0x3096),
    (0x30a1, 0x30ff),
    (0x4e00, 0x9fff),
    (0xac00, 0xd7a3),
    (0xff01, 0xff5e),
    (0x1f300, 0x1f3f3),
    (0x1f3f5, 0x1f64f),
];

const BLACK_FLAG: char = '\u{1f3f4}';

/// England, Scotland and Wales: after a black flag, `gbeng`, `gbsct` or `gbwls` in tags, and the tag that ends them.
const REGIONS: [&str; 3] = [
    "\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    "\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
];

/// Before it there are no combining marks.
const FIRST_MARK: char = '\u{300}';

const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';
const TEXT_STYLE: char = '\u{fe0e}';
const EMOJI_STYLE: char = '\u{fe0f}';
const KEYCAP: char = '\u{20e3}';

/// Whether nothing in it needs a closer look: every character is safe wherever it stands, is no combining mark, and is in
/// NFC whatever its neighbours are. So is most text of many languages.
pub(super) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || text.chars().all(is_plain_character)
}

fn is_plain_character(character: char) -> bool {
    matches!(character, ' '..='~') || within(character, &PLAIN)
}

/// Whether a text is in NFC. A plain character never changes with what stands before it, so that the text may be looked at in
/// pieces that each begin with one; a piece of one plain character is in NFC.
pub(super) fn is_composed(text: &str) -> bool {
    let mut piece = 0..0;
    for (index, character) in text.char_indices() {
        if is_plain_character(character) {
            if !text.get(piece.clone()).is_none_or(is_nfc) {
                return false;
            }
            piece = index..index;
        } else {
            piece.end = index.saturating_add(character.len_utf8());
        }
    }
    text.get(piece).is_none_or(is_nfc)
}

/// The first character that is not safe where it stands, with the number of characters before it.
pub(super) fn first_unsafe(text: &str) -> Option<(usize, char)> {
    let mut previous = None;
    // As if the text followed one mark too many: it may not begin with another.
    let mut marks = MAX_MARKS;
    let mut characters = text.chars().peekable();
    let mut index = 0_usize;
    let mut region = "".chars();
    while let Some(character) = characters.next() {
        if is_plain_character(character) {
            marks = 0;
            previous = Some(character);
            index = index.saturating_add(1);
            continue;
        }
        if character == BLACK_FLAG {
            region = region_after_flag(characters.clone()).chars();
        } else if region.next() == Some(character) {
            index = index.saturating_add(1);
            continue;
        }
        marks = if character >= FIRST_MARK && is_combining_mark(character) { marks.saturating_add(1) } else { 0 };
        if marks > MAX_MARKS || !is_safe(previous, character, characters.peek().copied()) {
            return Some((index, character));
        }
        previous = Some(character);
        index = index.saturating_add(1);
    }
    None
}

/// The tags that follow a black flag, if they make the flag of a region that phones know.
fn region_after_flag(rest: impl Iterator<Item = char> + Clone) -> &'static str {
    REGIONS.into_iter().find(|region| region.chars().eq(rest.clone().take(region.chars().count()))).unwrap_or_default()
}

fn is_safe(previous: Option<char>, character: char, next: Option<char>) -> bool {
    let after = |ranges: &[(u32, u32)]| previous.is_some_and(|previous| within(previous, ranges));
    let before = |ranges: &[(u32, u32)]| next.is_some_and(|next| within(next, ranges));
    let after_virama = || previous.is_some_and(|previous| VIRAMAS.contains(&u32::from(previous)));
    match character {
        NON_JOINER => {
            let arabic = after(&ARABIC_LETTERS) || after(&ARABIC_MARKS);
            after_virama() || (arabic && before(&ARABIC_LETTERS))
        }
        JOINER => {
            let emoji = (after(&EMOJI) || previous == Some(EMOJI_STYLE)) && before(&EMOJI);
            let joined_ra =
                matches!((previous, next), (Some('\u{9b0}'), Some('\u{9cd}')) | (Some('\u{cb0}'), Some('\u{ccd}')));
            after_virama() || emoji || joined_ra
        }
        EMOJI_STYLE if next == Some(KEYCAP) => previous.is_some_and(|c| matches!(c, '0'..='9' | '#' | '*')),
        TEXT_STYLE | EMOJI_STYLE => after(&EMOJI),
        '\u{e0100}'..='\u{e01ef}' => after(&HAN),
        '\u{180b}'..='\u{180f}' => after(&MONGOLIAN),
        _ => !within(character, &NEVER),
    }
}

fn within(character: char, ranges: &[(u32, u32)]) -> bool {
    let code = u32::from(character);
    // The ranges ascend: only the first that does not end before the character can hold it.
    let next = ranges.partition_point(|&(_, last)| last < code);
    ranges.get(next).is_some_and(|&(first, _)| first <= code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_normalization::char::canonical_combining_class;
    use unicode_normalization::{IsNormalized, is_nfc_quick};
    use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

    #[test]
    fn ranges_ascend() {
        for ranges in [&NEVER[..], &PLAIN, &EMOJI, &ARABIC_LETTERS, &ARABIC_MARKS, &MONGOLIAN, &HAN] {
            assert!(ranges.iter().all(|(first, last)| first <= last));
            assert!(ranges.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }

    #[test]
    fn plain_characters_are_safe_starters_in_nfc_next_to_any_other() {
        for character in '\0'..=char::MAX {
            if is_plain_character(character) {
                assert!(is_safe(None, character, None), "{character:?}");
                assert!(!is_combining_mark(character), "{character:?}");
                assert_eq!(canonical_combining_class(character), 0, "{character:?}");
                assert_eq!(is_nfc_quick(core::iter::once(character)), IsNormalized::Yes, "{character:?}");
                assert_ne!(character.general_category(), GeneralCategory::Unassigned, "{character:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_text_in_pieces_is_in_nfc_as_the_whole_is(text in "([a-zéÅΑΩЙи가각각नऩगがが\u{300}-\u{315}\u{345}\u{93c}\u{94d}\u{f75}]|\\PC){0,12}") {
            prop_assert_eq!(is_composed(&text), is_nfc(&text));
        }
    }

    #[test]
    fn names_of_the_world_are_safe() {
        for text in [
            "Zoë Müller-O’Neil",
            "Владимир",
            "山田　太郎",
            "渡邉\u{e0100}葛\u{e0101}",
            "김철수",
            "علی رضا می\u{200c}خواهم",
            "शक्\u{200d}ति क्\u{200c}ष",
            "അവന\u{d4d}\u{200d}",
            "ক্ষ র\u{200d}\u{9cd}য",
            "ರ\u{200d}\u{ccd}ಯಾಂಕ್",
            "مُ\u{200c}م",
            "ᠨ\u{180b}ᠣ",
            "👨\u{200d}👩\u{200d}👧\u{200d}👦 family",
            "❤\u{fe0f}\u{200d}🔥 👩🏽\u{200d}💻 1\u{fe0f}\u{20e3} ☎\u{fe0e}",
            "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} 🏴\u{200d}☠\u{fe0f}",
            "🇩🇪 🏳\u{fe0f}\u{200d}🌈",
            "קָמָץ בְּרֵאשִׁ֖ית",
            "Z\u{336}\u{336}\u{336}\u{336}\u{336}\u{336}",
            "C++ / C# <3 & more: 100 %",
        ] {
            assert_eq!(first_unsafe(text), None, "{text}");
        }
    }

    #[test]
    fn characters_that_deceive_are_not() {
        for (text, index) in [
            ("a\u{0}b", 1),
            ("a\nb", 1),
            ("a\tb", 1),
            ("a\u{7f}", 1),
            ("a\u{85}", 1),
            ("soft\u{ad}hyphen", 4),
            ("\u{202e}evil", 0),
            ("\u{2066}isolate\u{2069}", 0),
            ("a\u{200b}b", 1),
            ("a\u{200e}b", 1),
            ("a\u{2060}b", 1),
            ("\u{feff}a", 0),
            ("a\u{3164}", 1),
            ("a\u{2800}", 1),
            ("pay\u{200c}pal", 3),
            ("pay\u{200d}pal", 3),
            ("\u{200d}", 0),
            ("🚀\u{200d}", 1),
            ("🚀\u{200d}a", 1),
            ("a\u{fe0f}", 1),
            ("می\u{200c}", 2),
            ("ひ\u{200d}ろ", 1),
            ("ひ\u{fe0f}ろ", 1),
            ("ㄱ\u{200d}ㄴ", 1),
            ("Agent 7\u{fe0f}", 7),
            ("1\u{fe0e}", 1),
            ("राम\u{200d}", 3),
            ("क\u{200c}paypal", 1),
            ("١\u{200c}٢", 1),
            ("\u{301}", 0),
            ("\u{16fe4}", 0),
            ("Z\u{336}\u{336}\u{336}\u{336}\u{336}\u{336}\u{336}", 7),
            ("می\u{200c}\u{200c}م", 2),
            ("a\u{e0100}", 1),
            ("a\u{180b}", 1),
            ("ᠨ\u{180b}\u{180b}", 2),
            ("🏴\u{e0067}", 1),
            ("🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}", 1),
            ("a\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}", 1),
            ("🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}\u{e0067}", 7),
            ("a\u{e000}", 1),
            ("a\u{fffe}", 1),
            ("a\u{10fffe}", 1),
        ] {
            assert_eq!(first_unsafe(text).map(|(index, _)| index), Some(index), "{text:?}");
        }
    }
}
