//! A QR code for a terminal, two modules in one character.

use alloc::string::String;

use super::QrMatrix;

/// How a QR code is to be shown as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminalStyle {
    /// Blocks are light and spaces dark, as on a terminal with light text on a dark ground. For files and pipes.
    Plain,
    /// The same with the colours set, so that it is right on any terminal.
    Colored,
}

impl QrMatrix {
    /// Lines of half blocks, each with a line end, quiet zone included.
    #[must_use]
    pub fn to_terminal(&self, style: TerminalStyle) -> String {
        // Bright white on black, whatever the terminal's own colours are.
        let (start, end) = match style {
            TerminalStyle::Plain => ("", "\n"),
            TerminalStyle::Colored => ("\x1b[38;5;231;48;5;16m", "\x1b[0m\n"),
        };
        let side = self.width_with_quiet_zone();
        let mut text = String::new();
        for y in (0..side).step_by(2) {
            text.push_str(start);
            for x in 0..side {
                // The width is odd: what lies below the last row is outside the picture, and left dark.
                let below = y.saturating_add(1);
                let light = (!self.is_dark(x, y), below < side && !self.is_dark(x, below));
                text.push(match light {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push_str(end);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_as_wide_as_the_code_and_the_border_is_light() {
        let code = QrMatrix::new("SC1:TEST").unwrap();
        let text = code.to_terminal(TerminalStyle::Plain);
        assert_eq!(text.lines().count(), code.width_with_quiet_zone().div_ceil(2));
        assert!(text.lines().all(|line| line.chars().count() == code.width_with_quiet_zone()));
        assert!(text.lines().next().unwrap().chars().all(|c| c == '█'));
        assert!(text.lines().last().unwrap().chars().all(|c| c == '▀'));
        let colored = code.to_terminal(TerminalStyle::Colored);
        assert_eq!(colored.matches("\x1b[0m\n").count(), text.lines().count());
    }
}
