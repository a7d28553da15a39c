//! What can be cached: every kind of value is declared once, in one table.

use std::any::Any;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::CacheError;

/// No value is kept for longer: a day.
pub const MAX_TTL_SECS: u32 = 86_400;

/// How long values are kept if nothing else is said: an hour.
pub const DEFAULT_TTL_SECS: u32 = 3_600;

/// Where values are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tiers {
    /// In the process and, if there is one, in Redis.
    Both,
    /// In the process alone: what is secret, or cheaper to make than to fetch.
    Memory,
    /// In Redis alone, and nowhere if there is none: what must be right on every server at once.
    Redis,
}

/// One kind of value.
#[derive(Debug)]
pub struct Declaration {
    /// Its name: in settings, metrics and documents.
    pub name: &'static str,
    /// The form of its keys, like `profile:{username}`. What comes before the brace must not begin another's.
    pub key: &'static str,
    /// How long a value is kept, in seconds, up to [`MAX_TTL_SECS`]. Settings may change it.
    pub ttl_secs: u32,
    /// The forms of its tags, each filled with the key's own argument, like `account:{accountId}`, or fixed.
    pub tags: &'static [&'static str],
    /// Where it is kept.
    pub tiers: Tiers,
    /// Raised when the form of the values changes, so that nobody reads an old one: 0 for the first.
    pub version: u16,
}

impl Declaration {
    /// What its keys begin with.
    #[must_use]
    pub fn prefix(&self) -> &'static str {
        self.key.split_once('{').map_or(self.key, |(prefix, _)| prefix)
    }

    /// The key for an argument, with everything escaped that could mean something to Redis.
    #[must_use]
    pub fn key_of(&self, argument: &str) -> String {
        fill(self.key, argument)
    }

    /// The tags for an argument.
    pub(super) fn tags_of(&self, argument: &str) -> Vec<String> {
        self.tags.iter().map(|form| fill(form, argument)).collect()
    }
}

/// A declaration together with the type of its values.
#[derive(Debug)]
pub struct Resource<V> {
    pub(super) index: usize,
    values: PhantomData<fn() -> V>,
}

impl<V> Clone for Resource<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Resource<V> {}

impl<V> Resource<V> {
    /// The declaration of this name. Evaluated while compiling: a name that is not in the table does not compile.
    #[must_use]
    pub const fn declared(table: &[Declaration], name: &str) -> Self {
        let mut index = 0;
        while index < table.len() {
            #[expect(clippy::indexing_slicing, reason = "below the length, and evaluated while compiling")]
            let candidate = table[index].name.as_bytes();
            if equal(candidate, name.as_bytes()) {
                return Self { index, values: PhantomData };
            }
            #[expect(clippy::arithmetic_side_effects, reason = "below the length of a slice")]
            {
                index += 1;
            }
        }
        #[expect(clippy::panic, reason = "stops the compiler, not the program")]
        {
            panic!("there is no such resource in the table")
        }
    }
}

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "below the length, while compiling")]
const fn equal(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}

impl<V> Resource<V> {
    /// Its declaration in the table that it was taken from.
    #[must_use]
    pub fn declaration<'a>(&self, table: &'a [Declaration]) -> Option<&'a Declaration> {
        table.get(self.index)
    }
}

/// A value that can be kept.
pub trait Value: Any + Send + Sync + Sized {
    /// As it stands in Redis.
    ///
    /// # Errors
    /// [`CacheError::Value`].
    fn encode(&self) -> Result<Vec<u8>, CacheError>;

    /// Out of Redis, where anybody may have written: everything is checked.
    ///
    /// # Errors
    /// [`CacheError::Value`].
    fn decode(bytes: &[u8]) -> Result<Self, CacheError>;

    /// How much memory it takes in the process, in bytes, about.
    fn weight(&self) -> usize;
}

/// A value that is kept as its JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Value for Json<T> {
    fn encode(&self) -> Result<Vec<u8>, CacheError> {
        serde_json::to_vec(&self.0).map_err(CacheError::value)
    }

    fn decode(bytes: &[u8]) -> Result<Self, CacheError> {
        serde_json::from_slice(bytes).map(Json).map_err(CacheError::value)
    }

    fn weight(&self) -> usize {
        // What it holds on the heap is not known to serde; its JSON is about as large.
        self.encode().map_or(0, |json| json.len().saturating_add(size_of::<T>()))
    }
}

/// Puts an argument into a form at its braces.
fn fill(form: &str, argument: &str) -> String {
    // Called for each read: searching byte by byte is quicker than setting out to search, in texts as short as these.
    let at = |brace| form.bytes().position(|byte| byte == brace);
    let parts = at(b'{').zip(at(b'}')).and_then(|(open, close)| form.get(..open).zip(form.get(close..)));
    let Some((before, after)) = parts else { return form.to_owned() };
    let after = after.trim_start_matches('}');
    let mut key = String::with_capacity(before.len().saturating_add(argument.len()).saturating_add(after.len()));
    key.push_str(before);
    escape_into(&mut key, argument);
    key.push_str(after);
    key
}

/// Which bytes stand for themselves. A table, for each read asks.
#[expect(clippy::indexing_slicing, reason = "below the length, while compiling")]
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        plain[byte as usize] = !matches!(byte, b'%' | b'{' | b'}' | b'*' | b'?' | b'[' | b']' | b'\\' | b'^');
        byte += 1;
    }
    plain
};

/// Escapes, as in addresses, what is not printable ASCII, what stands for other characters in Redis's patterns, and braces,
/// which decide where a key lives in a cluster.
fn escape_into(key: &mut String, argument: &str) {
    let is_plain = |byte: u8| PLAIN.get(usize::from(byte)).is_some_and(|is_plain| *is_plain);
    if argument.bytes().all(is_plain) {
        return key.push_str(argument);
    }
    for byte in argument.bytes() {
        if is_plain(byte) {
            key.push(char::from(byte));
        } else {
            key.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_mean_something_to_redis_is_escaped() {
        let form = Declaration {
            name: "test",
            key: "t:{id}:end",
            ttl_secs: 1,
            tags: &["t:{id}", "all"],
            tiers: Tiers::Both,
            version: 0,
        };
        assert_eq!(form.prefix(), "t:");
        assert_eq!(form.key_of("a_B-9~:/=&"), "t:a_B-9~:/=&:end");
        assert_eq!(form.key_of("{a}*?[b]\\^ \n%\u{e9}"), "t:%7Ba%7D%2A%3F%5Bb%5D%5C%5E%20%0A%25%C3%A9:end");
        assert_eq!(form.tags_of("*"), ["t:%2A", "all"]);
    }
}
