//! Which characters are safe to show.
//!
//! The list is fixed with the format, not taken from a Unicode version, so that every verifier agrees for ever:
//! a character that a later Unicode assigns is shown by phones that know it and as a box by others.
//!
//! Some invisible characters carry meaning and are allowed where they do: joiners inside Persian, Indic and other
//! joining scripts, the joiner inside emoji sequences, emoji and text presentation selectors after symbols, and
//! ideographic variation selectors after Han characters, which Japanese names need.

/// Never shown: controls, bidi controls, invisible fillers and formats, private use and noncharacters.
const NEVER: [(u32, u32); 32] = [
    (0x0000, 0x001f),
    (0x007f, 0x009f),
    (0x00ad, 0x00ad),
    (0x034f, 0x034f),
    (0x061c, 0x061c),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
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
    (0xfff0, 0xfffb),
    (0xfffe, 0xffff),
    (0x13430, 0x1345f),
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
const EMOJI: [(u32, u32); 8] = [
    (0x00a9, 0x00a9),
    (0x00ae, 0x00ae),
    (0x203c, 0x203c),
    (0x2049, 0x2049),
    (0x2100, 0x214f),
    (0x2190, 0x2bff),
    (0x3030, 0x3299),
    (0x1f000, 0x1faff),
];

/// Scripts whose letters join: a joiner or non-joiner between them changes how a word is written.
const JOINING: [(u32, u32); 13] = [
    (0x0620, 0x08ff),
    (0x0900, 0x0dff),
    (0x0f00, 0x109f),
    (0x1780, 0x17b3),
    (0x17b6, 0x180a),
    (0x1810, 0x18af),
    (0x1a20, 0x1aaf),
    (0x1b00, 0x1c4f),
    (0xa840, 0xa9df),
    (0xfb50, 0xfdcf),
    (0xfe70, 0xfefc),
    (0x10ac0, 0x10fff),
    (0x11000, 0x11fff),
];

/// Of those, the scripts of the Brahmi family, where a joiner may also end a word.
const BRAHMIC: [(u32, u32); 4] = [(0x0900, 0x0dff), (0x1000, 0x109f), (0x1780, 0x17ff), (0x11000, 0x11fff)];

const HAN: [(u32, u32); 4] = [(0x3400, 0x4dbf), (0x4e00, 0x9fff), (0xf900, 0xfaff), (0x20000, 0x3fffd)];

const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';
const TEXT_STYLE: char = '\u{fe0e}';
const EMOJI_STYLE: char = '\u{fe0f}';

/// The first character that is not safe where it stands, with the number of characters before it.
pub(super) fn first_unsafe(text: &str) -> Option<(usize, char)> {
    let mut previous = None;
    let mut characters = text.chars().peekable();
    let mut index = 0_usize;
    while let Some(character) = characters.next() {
        if !is_safe(previous, character, characters.peek().copied()) {
            return Some((index, character));
        }
        previous = Some(character);
        index = index.saturating_add(1);
    }
    None
}

fn is_safe(previous: Option<char>, character: char, next: Option<char>) -> bool {
    let after = |ranges: &[(u32, u32)]| previous.is_some_and(|previous| within(previous, ranges));
    match character {
        NON_JOINER => joins(previous, next),
        JOINER => {
            let emoji = (after(&EMOJI) || previous == Some(EMOJI_STYLE)) && next.is_some_and(|c| within(c, &EMOJI));
            emoji || joins(previous, next)
        }
        TEXT_STYLE | EMOJI_STYLE => after(&EMOJI) || previous.is_some_and(|c| matches!(c, '0'..='9' | '#' | '*')),
        '\u{e0100}'..='\u{e01ef}' => after(&HAN),
        _ => !within(character, &NEVER),
    }
}

/// Whether a joiner means something between these two.
fn joins(previous: Option<char>, next: Option<char>) -> bool {
    let Some(previous) = previous else { return false };
    within(previous, &BRAHMIC) || (within(previous, &JOINING) && next.is_some_and(|next| within(next, &JOINING)))
}

fn within(character: char, ranges: &[(u32, u32)]) -> bool {
    let code = u32::from(character);
    ranges.iter().any(|&(first, last)| (first..=last).contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "👨\u{200d}👩\u{200d}👧\u{200d}👦 family",
            "❤\u{fe0f}\u{200d}🔥 👩🏽\u{200d}💻 1\u{fe0f}\u{20e3} ☎\u{fe0e}",
            "🇩🇪 🏳\u{fe0f}\u{200d}🌈",
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
            ("می\u{200c}\u{200c}م", 2),
            ("a\u{e0100}", 1),
            ("🏴\u{e0067}", 1),
            ("a\u{e000}", 1),
            ("a\u{fffe}", 1),
            ("a\u{10fffe}", 1),
        ] {
            assert_eq!(first_unsafe(text).map(|(index, _)| index), Some(index), "{text:?}");
        }
    }
}
