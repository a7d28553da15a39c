//! Scripts other than Latin: each has a tree of its own.

use alloc::string::String;

/// A range of characters whose texts are coded in a tree of their own.
pub struct Script {
    /// The first character.
    pub first: u32,
    /// The last character.
    pub last: u32,
    /// How many bits a character takes that the tree does not have, counted from `first`.
    pub literal_bits: u32,
}

const fn script(first: u32, last: u32, literal_bits: u32) -> Script {
    Script { first, last, literal_bits }
}

/// The scripts with trees. A script's index is its place; the last one takes every character that no other has.
pub const SCRIPTS: [Script; 16] = [
    script(0x0370, 0x03ff, 8),    // Greek
    script(0x0400, 0x052f, 9),    // Cyrillic
    script(0x0530, 0x058f, 7),    // Armenian
    script(0x0590, 0x05ff, 7),    // Hebrew
    script(0x0600, 0x077f, 9),    // Arabic
    script(0x0900, 0x097f, 7),    // Devanagari
    script(0x0980, 0x09ff, 7),    // Bengali
    script(0x0b80, 0x0bff, 7),    // Tamil
    script(0x0c00, 0x0c7f, 7),    // Telugu
    script(0x0e00, 0x0e7f, 7),    // Thai
    script(0x10a0, 0x10ff, 7),    // Georgian
    script(0x1100, 0x11ff, 8),    // Hangul, as jamo
    script(0x3000, 0x9fff, 15),   // kana and Han
    script(0x2190, 0x2bff, 12),   // symbols
    script(0x1f000, 0x1faff, 12), // emoji
    script(0x0000, 0x10_ffff, 21),
];

/// The script of Hangul, whose syllables are taken apart before coding.
const HANGUL: usize = 11;

/// Marks that every script's tree has, so that a text need not leave the script for them.
pub const COMMON: [char; 25] = [
    ' ', '.', ',', '-', '(', ')', '/', '!', '?', ':', '|', '&', '\'', '"', '+', '·', '•', '—', '–', '«', '»', '’',
    '\u{200c}', '\u{200d}', '\u{fe0f}',
];

/// The index of a character's script; `None` is Latin, with digits and general punctuation.
pub fn of_char(character: char) -> Option<usize> {
    let code = u32::from(character);
    match code {
        0..=0x24f | 0x300..=0x36f | 0x1e00..=0x1eff | 0x2000..=0x20cf => None,
        0xac00..=0xd7a3 => Some(HANGUL),
        _ => SCRIPTS.iter().position(|script| (script.first..=script.last).contains(&code)),
    }
}

/// A Hangul syllable as its two or three jamo; any other character as it is.
pub fn to_jamo(character: char) -> impl Iterator<Item = char> {
    let parts = u32::from(character).checked_sub(0xac00).filter(|index| *index < 11_172).map(|index| {
        let tail = index % 28;
        let jamo = |base: u32, offset: u32| char::from_u32(base.saturating_add(offset));
        [jamo(0x1100, index / 588), jamo(0x1161, index % 588 / 28), jamo(0x11a7, tail).filter(|_| tail > 0)]
    });
    parts.unwrap_or([Some(character), None, None]).into_iter().flatten()
}

/// Puts a character after a text: a jamo may make a syllable of the text's last character.
pub(super) fn push_composed(character: char, text: &mut String) {
    match syllable(text, character) {
        Some(syllable) => {
            text.pop();
            text.push(syllable);
        }
        None => text.push(character),
    }
}

/// The syllable that a jamo makes of the text's last character, if it does.
fn syllable(text: &str, jamo: char) -> Option<char> {
    let jamo = u32::from(jamo);
    if !(0x1161..=0x11c2).contains(&jamo) {
        return None;
    }
    let last = text.chars().next_back().map_or(0, u32::from);
    let syllable = match (jamo, last) {
        // A vowel after a leading consonant.
        (0x1161..=0x1175, 0x1100..=0x1112) => {
            let (lead, vowel) = (last.saturating_sub(0x1100), jamo.saturating_sub(0x1161));
            0xac00_u32.saturating_add(lead.saturating_mul(588)).saturating_add(vowel.saturating_mul(28))
        }
        // A tail after a syllable without one.
        (0x11a8.., 0xac00..=0xd7a3) if last.saturating_sub(0xac00).is_multiple_of(28) => {
            last.saturating_add(jamo.saturating_sub(0x11a7))
        }
        _ => return None,
    };
    char::from_u32(syllable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_syllable_is_taken_apart_and_put_together() {
        for syllable in '\u{ac00}'..='\u{d7a3}' {
            let mut text = String::new();
            to_jamo(syllable).for_each(|jamo| push_composed(jamo, &mut text));
            assert_eq!(text, String::from(syllable));
        }
    }

    #[test]
    fn every_literal_fits_its_bits() {
        for script in &SCRIPTS {
            assert!(script.last - script.first < 1 << script.literal_bits);
        }
    }
}
