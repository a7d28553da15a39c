//! Growing the trees of contexts, and cutting them back.

use std::collections::{BTreeMap, BTreeSet};

use sealcard_core::training::event::{Event, Tree};
use sealcard_core::training::script::{COMMON, SCRIPTS};
use sealcard_core::training::symbol::{self, ANCHORS, END, FIELDS, LITERAL, OTHER, OWN, SCRIPT, Symbol, start};

use crate::quantize::log2;

/// The longest context, in text and handles; other scripts have contexts of one character.
const MAX_CONTEXT: usize = 3;

/// How often a symbol must have followed a context to be kept there.
const MIN_COUNT: u32 = 5;

/// How many platforms have numbers.
const KNOWN: u16 = 42;

/// A context in its tree, its oldest symbol first.
type Key = (Tree, Vec<Symbol>);

/// How often each symbol was coded in a context, and how often none fitted.
#[derive(Default, Clone)]
pub struct Context {
    pub counts: BTreeMap<Symbol, u32>,
    pub escapes: u32,
}

pub struct Trees {
    /// One walk through the training texts: tree, history, symbol (none: left).
    steps: Vec<(Tree, Vec<Symbol>, Option<Symbol>)>,
    starts: BTreeSet<(Tree, Symbol)>,
    pub contexts: BTreeMap<Key, Context>,
}

impl Trees {
    pub fn grow(texts: &[Vec<Event>]) -> Self {
        let steps = steps(texts);
        let mut followers: BTreeMap<Key, BTreeMap<Symbol, u32>> = BTreeMap::new();
        for (tree, history, symbol) in &steps {
            let Some(symbol) = symbol else { continue };
            for length in 0..=history.len().min(max_context(*tree)) {
                let context = history[history.len() - length..].to_vec();
                *followers.entry((*tree, context)).or_default().entry(*symbol).or_default() += 1;
            }
        }
        let mut keys: Vec<_> = followers.keys().cloned().collect();
        keys.sort_by_key(|(_, context)| context.len());
        let mut contexts: BTreeMap<Key, Context> = BTreeMap::new();
        for key in keys {
            let (tree, context) = &key;
            let shorter = |part: &[Symbol]| contexts.contains_key(&(*tree, part.to_vec()));
            let closed = context.is_empty()
                || shorter(&context[1..]) && (is_start(context) || shorter(&context[..context.len() - 1]));
            if !closed {
                continue;
            }
            let least = if context.is_empty() { 2 } else { MIN_COUNT };
            let kept: BTreeMap<_, _> =
                followers[&key].iter().filter(|(_, n)| **n >= least).map(|(s, _)| (*s, 0)).collect();
            if context.is_empty() || !kept.is_empty() {
                contexts.insert(key, Context { counts: kept, escapes: 0 });
            }
        }
        for tree in all_trees() {
            let root = contexts.entry((tree, Vec::new())).or_default();
            root.counts.extend(forced(tree).into_iter().map(|symbol| (symbol, 0)));
        }
        let mut trees = Self { steps, starts: starts(), contexts };
        trees.count();
        trees
    }

    /// Drops the contexts that gain least for each entry, until there are at most `max` entries.
    pub fn prune(&mut self, max: usize) {
        while self.entries() > max {
            let needed: BTreeSet<Key> = self
                .contexts
                .keys()
                .filter(|(_, context)| !context.is_empty())
                .flat_map(|(tree, context)| {
                    [(*tree, context[1..].to_vec()), (*tree, context[..context.len() - 1].to_vec())]
                })
                .collect();
            let mut gains: Vec<(i64, Key)> = self
                .contexts
                .iter()
                .filter(|(key, _)| !key.1.is_empty() && !needed.contains(*key))
                .map(|(key, context)| (self.gain(key, context), key.clone()))
                .collect();
            assert!(!gains.is_empty(), "the roots alone have more than {max} entries");
            gains.sort();
            for (_, key) in gains.iter().take((gains.len() / 10).max(1)) {
                if self.entries() <= max {
                    break;
                }
                self.contexts.remove(key);
            }
            self.count();
        }
    }

    pub fn entries(&self) -> usize {
        self.contexts.values().map(|context| context.counts.len()).sum()
    }

    pub fn contexts(&self) -> usize {
        self.contexts.len()
    }

    /// The longest context in the table that `history` ends with.
    pub fn longest(&self, tree: Tree, history: &[Symbol]) -> Vec<Symbol> {
        let longest = history.len().min(max_context(tree));
        (0..=longest)
            .rev()
            .map(|length| history[history.len() - length..].to_vec())
            .find(|context| self.contexts.contains_key(&(tree, context.clone())))
            .expect("the root is there")
    }

    /// The symbols with which trees are entered.
    pub fn starts(&self) -> BTreeSet<(Tree, Symbol)> {
        self.starts.clone()
    }

    /// What a context saves, in 1/65,536 bits for each of its entries, against coding in the next shorter one.
    fn gain(&self, key: &Key, context: &Context) -> i64 {
        let parent = &self.contexts[&(key.0, self.longest(key.0, &key.1[1..]))];
        let (here, there) = (Weights::of(context, false), Weights::of(parent, false));
        let mut gain = i64::from(context.escapes) * (log2(here.escape) - log2(here.total));
        for (symbol, count) in &context.counts {
            let direct = there.of.get(symbol).map(|weight| log2(*weight) - log2(there.total));
            // Six bits is what a symbol costs that the parent does not have either.
            let parent = direct.unwrap_or(log2(there.escape.max(1)) - log2(there.total) - (6 << 16));
            gain += i64::from(*count) * (log2(here.of[symbol]) - log2(here.total) - parent);
        }
        gain / (context.counts.len() as i64 + 1)
    }

    /// Codes the training texts and counts what is used where; drops entries that never are.
    fn count(&mut self) {
        for context in self.contexts.values_mut() {
            context.escapes = 0;
            context.counts.values_mut().for_each(|count| *count = 0);
        }
        let steps = std::mem::take(&mut self.steps);
        for (tree, history, symbol) in &steps {
            let mut context = self.longest(*tree, history);
            let known = symbol.filter(|symbol| self.contexts[&(*tree, Vec::new())].counts.contains_key(symbol));
            // A character that the tree does not have is coded as a literal.
            let wanted = symbol.map(|_| known.unwrap_or(LITERAL));
            loop {
                let here = self.contexts.get_mut(&(*tree, context.clone())).expect("in the table");
                if let Some(count) = wanted.and_then(|wanted| here.counts.get_mut(&wanted)) {
                    *count += 1;
                    break;
                }
                here.escapes += 1;
                if context.is_empty() {
                    break;
                }
                context = self.longest(*tree, &context[1..]);
            }
        }
        self.steps = steps;
        let begins: BTreeSet<_> = self.contexts.keys().cloned().collect();
        for ((tree, context), here) in &mut self.contexts {
            let forced = if context.is_empty() { forced(*tree) } else { BTreeSet::new() };
            here.counts.retain(|symbol, count| {
                let longer: Vec<_> = context.iter().copied().chain([*symbol]).collect();
                *count > 0 || forced.contains(symbol) || begins.contains(&(*tree, longer))
            });
        }
    }
}

/// Counts less a discount, the discounts going to the escape.
pub struct Weights {
    pub of: BTreeMap<Symbol, u64>,
    pub escape: u64,
    pub total: u64,
}

impl Weights {
    pub fn of(context: &Context, never_escapes: bool) -> Self {
        // In fifths: a count is 5, the discount of each symbol 4.
        let of: BTreeMap<_, _> = context
            .counts
            .iter()
            .map(|(symbol, count)| (*symbol, (u64::from(*count) * 5).saturating_sub(4).max(1)))
            .collect();
        let used = context.counts.values().filter(|count| **count > 0).count() as u64;
        let escape = if never_escapes { 0 } else { (u64::from(context.escapes) * 5 + used * 4).max(1) };
        let total = of.values().sum::<u64>() + escape;
        Self { of, escape, total }
    }
}

fn steps(texts: &[Vec<Event>]) -> Vec<(Tree, Vec<Symbol>, Option<Symbol>)> {
    let mut steps = Vec::new();
    let (mut tree, mut history) = (Tree::Text, Vec::new());
    for event in texts.iter().flatten() {
        let symbol = match *event {
            Event::Enter(entered, symbol) => {
                (tree, history) = (entered, symbol.map_or_else(Vec::new, |symbol| self::history(entered, symbol)));
                continue;
            }
            Event::Bits { .. } => continue,
            Event::Leave => {
                steps.push((tree, history.clone(), None));
                continue;
            }
            Event::Symbol(symbol) => symbol,
            Event::Character(character) => symbol::of_char(character).unwrap_or(LITERAL),
        };
        steps.push((tree, history.clone(), Some(symbol)));
        history.push(symbol);
        if history.len() > MAX_CONTEXT {
            history.remove(0);
        }
    }
    steps
}

pub fn all_trees() -> impl Iterator<Item = Tree> {
    [Tree::Text, Tree::Handle, Tree::Links, Tree::Fields].into_iter().chain((0..SCRIPTS.len()).map(Tree::Script))
}

/// What a text begins with when its tree is entered with a symbol. Handles of every kind have something in common.
pub fn history(tree: Tree, symbol: Symbol) -> Vec<Symbol> {
    if tree == Tree::Handle { vec![symbol, start::HANDLE] } else { vec![symbol] }
}

/// Whether a context is the beginning of a text: no symbol led there.
fn is_start(context: &[Symbol]) -> bool {
    matches!(context, [_] | [_, start::HANDLE])
}

/// Every way in which the coder enters a tree.
fn starts() -> BTreeSet<(Tree, Symbol)> {
    use start::{
        AVATAR_URL, BIO, COMPANY, DISPLAY_NAME, LINKS, OTHER_USERNAME, PLATFORM_NAME, PRONOUNS, ROLE, TEXT, URL,
        USERNAME,
    };
    let text = [DISPLAY_NAME, ROLE, COMPANY, BIO, PRONOUNS, PLATFORM_NAME, TEXT];
    let handle = [USERNAME, AVATAR_URL, OTHER_USERNAME, URL].into_iter().chain((0..KNOWN).map(|n| start::PLATFORM + n));
    let links = [LINKS, OTHER].into_iter().chain((0..KNOWN).map(|n| symbol::PLATFORM + n));
    let scripts = (0..SCRIPTS.len()).map(|index| (Tree::Script(index), start::SCRIPT));
    let all = text.map(|symbol| (Tree::Text, symbol)).into_iter();
    all.chain(handle.map(|symbol| (Tree::Handle, symbol)))
        .chain(links.map(|symbol| (Tree::Links, symbol)))
        .chain(scripts)
        .collect()
}

fn max_context(tree: Tree) -> usize {
    if matches!(tree, Tree::Script(_)) { 1 } else { MAX_CONTEXT }
}

/// What a tree's root must be able to code, whatever the training texts hold.
fn forced(tree: Tree) -> BTreeSet<Symbol> {
    let ascii = || 0x20..0x7f;
    match tree {
        Tree::Text => {
            ascii().chain((0..SCRIPTS.len() as u16).map(|index| SCRIPT + index)).chain([END, LITERAL]).collect()
        }
        Tree::Handle => ascii().chain(ANCHORS).chain([END, symbol::TEXT]).collect(),
        Tree::Links => (0..KNOWN).map(|number| symbol::PLATFORM + number).chain([END, OWN, OTHER]).collect(),
        Tree::Fields => (0..64).map(|fields| FIELDS + fields).collect(),
        Tree::Script(_) => COMMON.iter().filter_map(|c| symbol::of_char(*c)).chain([END, LITERAL]).collect(),
    }
}
