//! The frozen context model: trees of contexts, each with the symbols that may follow and their weights.

use super::event::Tree;
use super::range::Share;
use super::symbol::Symbol;
use super::tables::{ENTRIES, NODES, ROOTS, STARTS};

/// A context: the numbers of its entries, the weight of escaping to the context one symbol shorter, and that context.
pub(super) struct Node {
    pub(super) first_entry: u16,
    pub(super) entries: u16,
    pub(super) escape: u16,
    pub(super) parent: u16,
    /// The escape's weight and the entries'.
    pub(super) total: u32,
}

/// A symbol that may follow a context.
pub(super) struct Entry {
    pub(super) symbol: Symbol,
    pub(super) weight: u16,
    /// The longest context that the text ends with after this symbol.
    pub(super) next: u16,
}

/// Where a tree is entered.
pub(super) struct Start {
    pub(super) tree: u8,
    pub(super) symbol: Symbol,
    pub(super) node: u16,
}

/// A place in a tree: a context.
#[derive(Clone, Copy)]
pub(super) struct Context(u16);

/// What may be coded in a context.
pub(super) enum Choice {
    Symbol(Symbol, Context),
    Escape,
}

impl Context {
    /// The context in which a tree is entered with this symbol, or the tree's root if there is none.
    pub(super) fn enter(tree: Tree, symbol: Option<Symbol>) -> Self {
        let start = symbol.and_then(|symbol| {
            let wanted = (tree.index(), symbol);
            let index = STARTS.binary_search_by_key(&wanted, |start| (start.tree.into(), start.symbol)).ok();
            index.and_then(|index| STARTS.get(index))
        });
        let root = || ROOTS.get(tree.index()).copied().unwrap_or_default();
        Self(start.map_or_else(root, |start| start.node))
    }

    /// The context one symbol shorter; `None` for a root.
    pub(super) fn shorter(self) -> Option<Self> {
        self.node().map(|node| node.parent).filter(|parent| *parent != self.0).map(Self)
    }

    /// Whether a symbol can be coded here or after escapes.
    pub(super) fn can_code(self, symbol: Symbol) -> bool {
        let mut context = Some(self);
        while let Some(here) = context {
            if here.find(symbol).is_some() {
                return true;
            }
            context = here.shorter();
        }
        false
    }

    /// The share of a symbol in this context, if it has it, and where it leads.
    pub(super) fn find(self, symbol: Symbol) -> Option<(Share, Self)> {
        let node = self.node()?;
        let mut start = u32::from(node.escape);
        for entry in self.entries() {
            let weight = u32::from(entry.weight);
            if entry.symbol == symbol {
                return Some((Share { start, weight, total: node.total }, Self(entry.next)));
            }
            start = start.saturating_add(weight);
        }
        None
    }

    pub(super) fn escape(self) -> Option<Share> {
        let node = self.node().filter(|node| node.escape > 0)?;
        Some(Share { start: 0, weight: node.escape.into(), total: node.total })
    }

    pub(super) fn total(self) -> u32 {
        self.node().map_or(1, |node| node.total)
    }

    /// Whose share a position lies in.
    pub(super) fn at(self, position: u32) -> Option<(Choice, Share)> {
        let node = self.node()?;
        let mut start = u32::from(node.escape);
        if position < start {
            return self.escape().map(|share| (Choice::Escape, share));
        }
        for entry in self.entries() {
            let weight = u32::from(entry.weight);
            let end = start.saturating_add(weight);
            if position < end {
                let share = Share { start, weight, total: node.total };
                return Some((Choice::Symbol(entry.symbol, Self(entry.next)), share));
            }
            start = end;
        }
        None
    }

    fn node(self) -> Option<&'static Node> {
        NODES.get(usize::from(self.0))
    }

    fn entries(self) -> &'static [Entry] {
        let range = self.node().map(|node| {
            let first = usize::from(node.first_entry);
            first..first.saturating_add(node.entries.into())
        });
        range.and_then(|range| ENTRIES.get(range)).unwrap_or_default()
    }
}

/// For the tables.
pub(super) const fn node(first_entry: u16, entries: u16, escape: u16, parent: u16, total: u32) -> Node {
    Node { first_entry, entries, escape, parent, total }
}

/// For the tables.
pub(super) const fn start(tree: u8, symbol: Symbol, node: u16) -> Start {
    Start { tree, symbol, node }
}

/// For the tables.
pub(super) const fn entry(symbol: Symbol, weight: u16, next: u16) -> Entry {
    Entry { symbol, weight, next }
}
