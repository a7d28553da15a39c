//! Profiles into bytes.

use alloc::vec::Vec;

use super::event::{self, Event, Tree};
use super::model::Context;
use super::range::{Encoder, Share};
use super::symbol::{self, LITERAL, Symbol};
use crate::profile::Profile;

/// The profile, coded.
pub(crate) fn encode(profile: &Profile) -> Vec<u8> {
    encode_events(event::of_profile(profile))
}

/// Events, coded, whether or not they make a profile.
pub fn encode_events(events: impl IntoIterator<Item = Event>) -> Vec<u8> {
    let mut writer = Writer { encoder: Encoder::new(), tree: Tree::Text, context: Context::enter(Tree::Text, None) };
    for event in events {
        writer.write(event);
    }
    writer.encoder.finish()
}

struct Writer {
    encoder: Encoder,
    tree: Tree,
    context: Context,
}

impl Writer {
    fn write(&mut self, event: Event) {
        match event {
            Event::Enter(tree, symbol) => {
                self.tree = tree;
                self.context = Context::enter(tree, symbol);
            }
            Event::Symbol(symbol) => self.symbol(symbol),
            Event::Character(character) => match symbol::of_char(character) {
                Some(symbol) if self.context.can_code(symbol) => self.symbol(symbol),
                _ => {
                    let (first, bits) = event::literal_range(self.tree);
                    self.symbol(LITERAL);
                    self.bits(u32::from(character).saturating_sub(first), bits);
                }
            },
            Event::Leave => {
                let mut context = Some(self.context);
                while let Some(here) = context {
                    self.share(here.escape());
                    context = here.shorter();
                }
            }
            Event::Bits { value, bits } => self.bits(value, bits),
        }
    }

    /// Codes a symbol in the longest context that has it. The program that makes the tables gives every root all symbols
    /// of its tree.
    fn symbol(&mut self, symbol: Symbol) {
        let mut context = Some(self.context);
        while let Some(here) = context {
            if let Some((share, next)) = here.find(symbol) {
                self.encoder.encode(share);
                self.context = next;
                return;
            }
            self.share(here.escape());
            context = here.shorter();
        }
    }

    fn share(&mut self, share: Option<Share>) {
        if let Some(share) = share {
            self.encoder.encode(share);
        }
    }

    /// A number of equally likely bits, at most twelve at a time, the highest first.
    fn bits(&mut self, value: u32, bits: u32) {
        let mut rest = bits;
        while rest > 0 {
            let now = rest.min(12);
            rest = rest.saturating_sub(now);
            let below = (1_u32 << now).saturating_sub(1);
            self.encoder.encode(Share::of_number(value >> rest & below, now));
        }
    }
}
