//! The trees as numbered tables, in Rust and in bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sealcard_core::training::event::Tree;
use sealcard_core::training::symbol::Symbol;

use crate::quantize::shares;
use crate::tree::{Trees, Weights, all_trees, history};

pub struct Tables {
    roots: Vec<u16>,
    starts: Vec<Start>,
    nodes: Vec<Node>,
}

struct Start {
    tree: u16,
    symbol: Symbol,
    node: u16,
}

struct Node {
    escape: u16,
    parent: u16,
    entries: Vec<Entry>,
}

struct Entry {
    symbol: Symbol,
    share: u16,
    next: u16,
}

impl Tables {
    pub fn of(trees: &Trees) -> Self {
        let mut keys: Vec<_> = trees.contexts.keys().collect();
        keys.sort_by_key(|(tree, context)| (tree.index(), context.len(), context.clone()));
        let mut numbers: BTreeMap<(Tree, &[Symbol]), u16> = BTreeMap::new();
        for (number, (tree, context)) in (0..).zip(&keys) {
            numbers.insert((*tree, context), number);
        }
        let number = |tree: Tree, history: &[Symbol]| numbers[&(tree, trees.longest(tree, history).as_slice())];
        let node = |(tree, context): &(Tree, Vec<Symbol>)| {
            let root = context.is_empty();
            let weights =
                Weights::of(&trees.contexts[&(*tree, context.clone())], root && !matches!(tree, Tree::Script(_)));
            let mut list: Vec<(u64, Symbol)> = weights.of.iter().map(|(symbol, weight)| (*weight, *symbol)).collect();
            list.sort_by_key(|(weight, symbol)| (u64::MAX - weight, *symbol));
            let all: Vec<u64> = [weights.escape].into_iter().chain(list.iter().map(|(weight, _)| *weight)).collect();
            let shares = shares(&all);
            let entry = |(share, (_, symbol)): (&u16, &(u64, Symbol))| {
                let longer: Vec<_> = context.iter().copied().chain([*symbol]).collect();
                Entry { symbol: *symbol, share: *share, next: number(*tree, &longer) }
            };
            let parent = number(*tree, if root { context } else { &context[1..] });
            Node { escape: shares[0], parent, entries: shares[1..].iter().zip(&list).map(entry).collect() }
        };
        let start = |(tree, symbol): (Tree, Symbol)| {
            let node = number(tree, &history(tree, symbol));
            Start { tree: tree.index() as u16, symbol, node }
        };
        let mut starts: Vec<_> = trees.starts().into_iter().map(start).collect();
        starts.sort_by_key(|start| (start.tree, start.symbol));
        Self {
            roots: all_trees().map(|tree| number(tree, &[])).collect(),
            starts,
            nodes: keys.into_iter().map(node).collect(),
        }
    }

    pub fn to_rust(&self) -> String {
        let roots: Vec<_> = self.roots.iter().map(u16::to_string).collect();
        let (mut starts, mut nodes, mut entries, mut count) = (String::new(), String::new(), String::new(), 0);
        for Start { tree, symbol, node } in &self.starts {
            writeln!(starts, "    start({tree}, {symbol:#06x}, {node}),").expect("a String");
        }
        for node in &self.nodes {
            writeln!(nodes, "    node({count}, {}, {}, {}),", node.entries.len(), node.escape, node.parent)
                .expect("a String");
            count += node.entries.len();
            let mut end = node.escape;
            for Entry { symbol, share, next } in &node.entries {
                end += share;
                writeln!(entries, "    entry({symbol:#06x}, {end}, {next}),").expect("a String");
            }
        }
        let head = "//! Made by `cargo run -p sealcard-training` from the texts in `core/training`. Not for editing.\n\n\
                    use super::event::Tree;\nuse super::model::{Entry, Node, Start, entry, node, start};\n";
        let table = |doc: &str, declaration: &str, count: usize, rows: &str| {
            format!("\n/// {doc}\n#[rustfmt::skip]\npub(super) static {declaration}; {count}] = [\n{rows}];\n")
        };
        let roots = format!(
            "\n/// The root of each tree.\n#[rustfmt::skip]\npub(super) const ROOTS: [u16; Tree::COUNT] = [{}];\n",
            roots.join(", ")
        );
        let starts =
            table("Where trees are entered with a symbol, in order.", "STARTS: [Start", self.starts.len(), &starts);
        let nodes = table("The contexts.", "NODES: [Node", self.nodes.len(), &nodes);
        let entries = table("The contexts' entries, the largest first.", "ENTRIES: [Entry", count, &entries);
        [head, &roots, &starts, &nodes, &entries].concat()
    }

    /// As `docs/FORMAT.md` describes them: 16-bit numbers, the high byte first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut numbers = self.roots.clone();
        numbers.push(self.starts.len() as u16);
        numbers.extend(self.starts.iter().flat_map(|start| [start.tree, start.symbol, start.node]));
        numbers.push(self.nodes.len() as u16);
        numbers.extend(self.nodes.iter().flat_map(|node| [node.entries.len() as u16, node.escape, node.parent]));
        let entries = self.nodes.iter().flat_map(|node| &node.entries);
        numbers.extend(entries.flat_map(|entry| [entry.symbol, entry.share, entry.next]));
        numbers.into_iter().flat_map(u16::to_be_bytes).collect()
    }
}
