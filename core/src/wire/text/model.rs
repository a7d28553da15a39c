//! The frozen context model: trees of contexts, each with the symbols that may follow and their shares.

use super::event::Tree;
use super::range::Share;
use super::symbol::Symbol;
use super::tables::{ENTRIES, NODES, ROOTS, STARTS};

/// A context: which entries are its own, the share of escaping to the context one symbol shorter, and that context.
pub(super) struct Node {
    pub(super) first_entry: u16,
    pub(super) entries: u16,
    pub(super) escape: u16,
    pub(super) parent: u16,
}

/// A symbol that may follow a context.
pub(super) struct Entry {
    pub(super) symbol: Symbol,
    /// Where its share ends. It begins where that of the entry before ends, and the first one's where the escape's does.
    pub(super) end: u16,
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
        let mut start = node.escape;
        for entry in node.entries() {
            if entry.symbol == symbol {
                return Some((Share { start, end: entry.end }, Self(entry.next)));
            }
            start = entry.end;
        }
        None
    }

    pub(super) fn escape(self) -> Option<Share> {
        let escape = self.node().map(|node| node.escape).filter(|escape| *escape > 0)?;
        Some(Share { start: 0, end: escape })
    }

    /// The choice whose share has this part of the range, and that share.
    pub(super) fn read(self, part: u16) -> Option<(Choice, Share)> {
        let node = self.node()?;
        if part < node.escape {
            return Some((Choice::Escape, Share { start: 0, end: node.escape }));
        }
        // The largest shares stand first.
        let entries = node.entries();
        let index = entries.iter().position(|entry| part < entry.end)?;
        let start = index.checked_sub(1).and_then(|before| entries.get(before)).map_or(node.escape, |entry| entry.end);
        let entry = entries.get(index)?;
        Some((Choice::Symbol(entry.symbol, Self(entry.next)), Share { start, end: entry.end }))
    }

    fn node(self) -> Option<&'static Node> {
        NODES.get(usize::from(self.0))
    }
}

impl Node {
    fn entries(&self) -> &'static [Entry] {
        let first = usize::from(self.first_entry);
        ENTRIES.get(first..first.saturating_add(self.entries.into())).unwrap_or_default()
    }
}

/// For the tables.
pub(super) const fn node(first_entry: u16, entries: u16, escape: u16, parent: u16) -> Node {
    Node { first_entry, entries, escape, parent }
}

/// For the tables.
pub(super) const fn start(tree: u8, symbol: Symbol, node: u16) -> Start {
    Start { tree, symbol, node }
}

/// For the tables.
pub(super) const fn entry(symbol: Symbol, end: u16, next: u16) -> Entry {
    Entry { symbol, end, next }
}
