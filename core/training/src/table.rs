//! The trees as Rust source.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sealcard_core::training::event::Tree;
use sealcard_core::training::symbol::Symbol;

use crate::quantize::shares;
use crate::tree::{Trees, Weights, all_trees, history};

pub fn write(trees: &Trees) -> String {
    let mut numbers: BTreeMap<(Tree, &[Symbol]), usize> = BTreeMap::new();
    let mut keys: Vec<_> = trees.contexts.keys().collect();
    keys.sort_by_key(|(tree, context)| (tree.index(), context.len(), context.clone()));
    for (number, (tree, context)) in keys.iter().enumerate() {
        numbers.insert((*tree, context), number);
    }
    let number = |tree: Tree, history: &[Symbol]| numbers[&(tree, trees.longest(tree, history).as_slice())];

    let (mut nodes, mut entries, mut first) = (String::new(), String::new(), 0);
    for (tree, context) in &keys {
        let here = &trees.contexts[&(*tree, context.clone())];
        let root = context.is_empty();
        let weights = Weights::of(here, root && !matches!(tree, Tree::Script(_)));
        let mut list: Vec<(u64, Symbol)> = weights.of.iter().map(|(symbol, weight)| (*weight, *symbol)).collect();
        list.sort_by_key(|(weight, symbol)| (u64::MAX - weight, *symbol));
        let all: Vec<u64> = [weights.escape].into_iter().chain(list.iter().map(|(weight, _)| *weight)).collect();
        let shares = shares(&all);
        let escape = shares[0];
        let parent = if root { number(*tree, context) } else { number(*tree, &context[1..]) };
        writeln!(nodes, "    node({first}, {}, {escape}, {parent}),", list.len()).expect("a String");
        let mut end = escape;
        for (share, (_, symbol)) in shares[1..].iter().zip(&list) {
            end += share;
            let history: Vec<_> = context.iter().copied().chain([*symbol]).collect();
            let next = number(*tree, &history);
            writeln!(entries, "    entry({symbol:#06x}, {end}, {next}),").expect("a String");
        }
        first += list.len();
    }
    let mut starts: Vec<_> = trees
        .starts()
        .into_iter()
        .map(|(tree, symbol)| (tree.index(), symbol, number(tree, &history(tree, symbol))))
        .collect();
    starts.sort_unstable();
    let starts: String =
        starts.iter().map(|(tree, symbol, node)| format!("    start({tree}, {symbol:#06x}, {node}),\n")).collect();
    let roots: Vec<_> = all_trees().map(|tree| number(tree, &[]).to_string()).collect();
    format!(
        "//! Made by `cargo run -p sealcard-training` from the texts in `core/training`. Not for editing.\n\n\
         use super::event::Tree;\nuse super::model::{{Entry, Node, Start, entry, node, start}};\n\n\
         /// The root of each tree.\n#[rustfmt::skip]\npub(super) const ROOTS: [u16; Tree::COUNT] = [{}];\n\n\
         /// Where trees are entered with a symbol, in order.\n#[rustfmt::skip]\npub(super) static STARTS: [Start; {}] = [\n{starts}];\n\n\
         /// The contexts.\n#[rustfmt::skip]\npub(super) static NODES: [Node; {}] = [\n{nodes}];\n\n\
         /// The contexts' entries, the heaviest first.\n#[rustfmt::skip]\npub(super) static ENTRIES: [Entry; {first}] = [\n{entries}];\n",
        roots.join(", "),
        starts.lines().count(),
        keys.len(),
    )
}
