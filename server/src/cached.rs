//! What the server caches, and what each change makes wrong: the two tables of `docs/CACHING.md`.

use crate::cache::{CachedResponse, Declaration, Invalidation, Json, LoadError, Resource, Tiers};
use crate::dashboard::DashboardStats;
use crate::db::DbError;
use crate::public_profile::PublicProfile;
use sealcard_core::Username;

/// Everything that is cached.
pub const TABLE: &[Declaration] = &[
    Declaration {
        name: "profile",
        key: "profile:{username}",
        ttl_secs: 300,
        tags: &[],
        tiers: Tiers::Both,
        version: 0,
    },
    Declaration {
        name: "dashboard",
        key: "computed:dashboard:{accountId}",
        ttl_secs: 60,
        tags: &["account:{accountId}"],
        tiers: Tiers::Both,
        version: 0,
    },
    Declaration {
        name: "revocations",
        key: "api:GET:/api/revocations{query}",
        ttl_secs: 30,
        tags: &["revocations"],
        tiers: Tiers::Redis,
        version: 0,
    },
];

/// Public profiles.
pub const PROFILE: Resource<PublicProfile> = Resource::declared(TABLE, "profile");

/// What an account sees about itself.
pub const DASHBOARD: Resource<Json<DashboardStats>> = Resource::declared(TABLE, "dashboard");

/// The revocation list, as answered.
pub const REVOCATIONS: Resource<CachedResponse> = Resource::declared(TABLE, "revocations");

/// A change that makes something cached wrong.
#[derive(Clone, Copy, Debug)]
pub enum Write<'a> {
    /// `POST /api/accounts`
    AccountCreated {
        /// The new name: somebody may just be told that there is nobody of that name.
        username: &'a Username,
    },
    /// `PUT /api/profiles/me`, and every change of a link
    ProfileChanged {
        /// Whose.
        account_id: &'a str,
        /// The name before.
        before: &'a Username,
        /// The name now.
        after: &'a Username,
    },
    /// `POST /api/profiles/me/pass`
    PassIssued {
        /// Whose.
        account_id: &'a str,
    },
    /// `POST /api/tokens/revoke`
    PassesRevoked,
}

impl Write<'_> {
    /// What it makes wrong.
    #[must_use]
    pub fn invalidation(&self) -> Invalidation {
        match self {
            Self::AccountCreated { username } => Invalidation::key(profile_key(username)),
            Self::ProfileChanged { account_id, before, after } => {
                let own = Invalidation::key(profile_key(after)).and(Invalidation::tag(account_tag(account_id)));
                if before == after { own } else { own.and(Invalidation::key(profile_key(before))) }
            }
            Self::PassIssued { account_id } => Invalidation::tag(account_tag(account_id)),
            Self::PassesRevoked => Invalidation::tag("revocations"),
        }
    }
}

fn profile_key(username: &Username) -> String {
    PROFILE.declaration(TABLE).map(|profile| profile.key_of(username.as_str())).unwrap_or_default()
}

fn account_tag(account_id: &str) -> String {
    format!("account:{account_id}")
}

impl LoadError for DbError {
    fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_resource_takes_the_keys_of_another() {
        for (at, one) in TABLE.iter().enumerate() {
            for (other_at, other) in TABLE.iter().enumerate() {
                assert!(at == other_at || !one.prefix().starts_with(other.prefix()), "{one:?} {other:?}");
                assert!(at == other_at || one.name != other.name);
            }
            assert!((1..=crate::cache::MAX_TTL_SECS).contains(&one.ttl_secs), "{one:?}");
        }
    }

    /// The tables of the document, from the code.
    #[test]
    fn the_document_says_what_the_code_does() {
        let document = include_str!("../../docs/CACHING.md");
        for Declaration { name, key, ttl_secs, tags, tiers, version } in TABLE {
            let tags = if tags.is_empty() { "–".into() } else { format!("`{}`", tags.join("`, `")) };
            let tiers = match tiers {
                Tiers::Both => "process, Redis",
                Tiers::Memory => "process",
                Tiers::Redis => "Redis",
            };
            let row = format!("| `{name}` | `{key}` | {ttl_secs} | {tags} | {tiers} | {version} |");
            assert!(document.contains(&row), "docs/CACHING.md lacks: {row}");
        }
        let rows = document.lines().filter(|line| line.starts_with("| `") && line.ends_with(" 0 |")).count();
        assert_eq!(rows, TABLE.len(), "docs/CACHING.md has rows of resources that there are not");

        let (before, after) = (Username::parse("OLD").unwrap(), Username::parse("NEW").unwrap());
        let writes = [
            Write::AccountCreated { username: &after },
            Write::ProfileChanged { account_id: "ACCOUNT", before: &before, after: &after },
            Write::PassIssued { account_id: "ACCOUNT" },
            Write::PassesRevoked,
        ];
        for write in writes {
            let name = match write {
                Write::AccountCreated { .. } => "AccountCreated",
                Write::ProfileChanged { .. } => "ProfileChanged",
                Write::PassIssued { .. } => "PassIssued",
                Write::PassesRevoked => "PassesRevoked",
            };
            let Invalidation { keys, tags, patterns } = write.invalidation();
            let named =
                |kind: &str, names: Vec<String>| names.into_iter().map(|n| format!("{kind} `{n}`")).collect::<Vec<_>>();
            let all = [named("key", keys), named("tag", tags), named("pattern", patterns)].concat().join(", ");
            let end = format!("| `{name}` | {all} |");
            assert!(document.lines().any(|line| line.ends_with(&end)), "docs/CACHING.md lacks: {end}");
        }
    }

    #[test]
    fn a_rename_forgets_both_names() {
        let (before, after) = (Username::parse("ada").unwrap(), Username::parse("lovelace").unwrap());
        let renamed = Write::ProfileChanged { account_id: "1", before: &before, after: &after }.invalidation();
        assert_eq!(renamed.keys, ["profile:lovelace", "profile:ada"]);
        let edited = Write::ProfileChanged { account_id: "1", before: &before, after: &before }.invalidation();
        assert_eq!(edited.keys, ["profile:ada"]);
        assert_eq!(edited.tags, ["account:1"]);
    }
}
