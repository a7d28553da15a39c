//! What the server caches, and what each change makes wrong: the two tables of `docs/CACHING.md`.

use crate::cache::{CachedResponse, Declaration, Invalidation, Json, LoadError, Resource, Tiers};
use crate::clock;
use crate::dashboard::DashboardStats;
use crate::db::DbError;
use crate::public_profile::PublicProfile;
use crate::qr_code::{Destination, Id, QrCodeJson};
use crate::session::SessionJson;
use sealcard_core::{UnixTime, Username};
use serde::{Deserialize, Serialize};

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
    Declaration {
        name: "session",
        key: "session:{sessionId}",
        ttl_secs: 86_400,
        tags: &[],
        tiers: Tiers::Both,
        version: 0,
    },
    Declaration {
        name: "tenants",
        key: "qr-service:tenants:{accountId}",
        ttl_secs: 300,
        tags: &[],
        tiers: Tiers::Both,
        version: 0,
    },
    Declaration {
        name: "qrCodes",
        key: "qr-service:qr-codes:{tenantId}",
        ttl_secs: 300,
        tags: &[],
        tiers: Tiers::Both,
        version: 0,
    },
    Declaration {
        name: "qrCode",
        key: "qr-service:qr:{tenantId:qrId}",
        ttl_secs: 1_800,
        tags: &[],
        tiers: Tiers::Both,
        version: 0,
    },
    Declaration {
        name: "scan",
        key: "qr-service:scan:{qrId}",
        ttl_secs: 1_800,
        tags: &[],
        tiers: Tiers::Both,
        version: 0,
    },
];

/// Public profiles.
pub const PROFILE: Resource<PublicProfile> = Resource::declared(TABLE, "profile");

/// What an account sees about itself.
pub const DASHBOARD: Resource<Json<DashboardStats>> = Resource::declared(TABLE, "dashboard");

/// The revocation list, as answered.
pub const REVOCATIONS: Resource<CachedResponse> = Resource::declared(TABLE, "revocations");

/// Login sessions, by the hashes of their tokens.
pub const SESSION: Resource<Json<SessionJson>> = Resource::declared(TABLE, "session");

/// What the sets of an account's sessions begin with in Redis, for whoever looks there.
pub const SESSIONS_OF: &str = "sessions:user:";

/// The ids of the tenants of an account.
pub const TENANTS: Resource<Json<Vec<String>>> = Resource::declared(TABLE, "tenants");

/// A code with its number, from which the next page goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberedCode {
    /// Its number.
    pub number: i64,
    /// The code.
    #[serde(flatten)]
    pub code: QrCodeJson,
}

/// The newest codes of a tenant, a page of them and one more, without how often they were scanned.
pub const QR_CODES: Resource<Json<Vec<NumberedCode>>> = Resource::declared(TABLE, "qrCodes");

/// A code, without how often it was scanned.
pub const QR_CODE: Resource<Json<QrCodeJson>> = Resource::declared(TABLE, "qrCode");

/// Where a code leads.
pub const SCAN: Resource<Json<Destination>> = Resource::declared(TABLE, "scan");

/// What the counters of scans begin with in Redis. They are no cached values: they have no end, and only ever grow.
pub const SCAN_COUNT: &str = "qr-service:scan-count:";

/// A day.
const DAY_SECS: u64 = 86_400;

/// What [`QR_CODE`] is asked for with.
#[must_use]
pub fn qr_code_argument(tenant_id: &Id, qr_id: &Id) -> String {
    format!("{tenant_id}:{qr_id}")
}

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
        /// The hashes of the tokens of its sessions, if the name is another.
        token_hashes: &'a [String],
    },
    /// `POST /api/profiles/me/pass`
    PassIssued {
        /// Whose.
        account_id: &'a str,
    },
    /// `POST /api/tokens/revoke`
    PassesRevoked,
    /// `DELETE /api/sessions/{id}`, and whatever ends or prolongs single sessions
    SessionsChanged {
        /// The hashes of their tokens.
        token_hashes: &'a [String],
    },
    /// `DELETE /api/sessions`, `PUT /api/accounts/me/password`
    AllSessionsEnded {
        /// Whose.
        account_id: &'a str,
        /// The hashes of their tokens.
        token_hashes: &'a [String],
    },
    /// `POST /api/tenants`, `PUT|DELETE /api/tenants/{tenantId}/members/{username}`
    TenantsChanged {
        /// Who is in another tenant, or one fewer.
        account_id: &'a str,
    },
    /// `POST /api/qr`
    QrCodeCreated {
        /// Whose.
        tenant_id: &'a Id,
        /// Which.
        qr_id: &'a Id,
    },
    /// `PATCH /api/qr/{qrId}`
    QrCodeChanged {
        /// Whose.
        tenant_id: &'a Id,
        /// Which.
        qr_id: &'a Id,
    },
    /// Scans were counted that Redis may not show
    CountsNotShown {
        /// Of which codes.
        qr_ids: &'a [String],
    },
    /// `DELETE /api/qr/{qrId}`
    QrCodeDeleted {
        /// Whose.
        tenant_id: &'a Id,
        /// Which.
        qr_id: &'a Id,
        /// When.
        now: UnixTime,
    },
}

impl Write<'_> {
    /// What it makes wrong.
    #[must_use]
    pub fn invalidation(&self) -> Invalidation {
        match self {
            Self::AccountCreated { username } => Invalidation::key(profile_key(username)),
            Self::ProfileChanged { account_id, before, after, token_hashes } => {
                let own = Invalidation::key(profile_key(after)).and(Invalidation::tag(account_tag(account_id)));
                if before == after {
                    return own;
                }
                // A session says the name of whom it is.
                own.and(Invalidation::key(profile_key(before))).and(sessions(token_hashes))
            }
            Self::PassIssued { account_id } => Invalidation::tag(account_tag(account_id)),
            Self::PassesRevoked => Invalidation::tag("revocations"),
            Self::SessionsChanged { token_hashes } => sessions(token_hashes),
            Self::AllSessionsEnded { account_id, token_hashes } => {
                sessions(token_hashes).and(Invalidation::key(format!("{SESSIONS_OF}{account_id}")))
            }
            Self::TenantsChanged { account_id } => Invalidation::key(key(TENANTS, account_id)),
            Self::QrCodeChanged { tenant_id, qr_id } => qr_code(tenant_id, qr_id),
            // Ids may be used again: nobody is counted who scanned what was there before.
            Self::QrCodeCreated { tenant_id, qr_id } => {
                qr_code(tenant_id, qr_id).and(Invalidation::key(format!("{SCAN_COUNT}{qr_id}")))
            }
            Self::CountsNotShown { qr_ids } => {
                let keys = qr_ids.iter().map(|qr_id| format!("{SCAN_COUNT}{qr_id}")).collect();
                Invalidation { keys, ..Invalidation::default() }
            }
            Self::QrCodeDeleted { tenant_id, qr_id, now } => {
                let total = Invalidation::key(format!("{SCAN_COUNT}{qr_id}"));
                // By their names: a pattern would look through all of Redis. They live for a day, and clocks differ.
                let days = [now.saturating_sub(DAY_SECS), *now, now.saturating_add(DAY_SECS)];
                let day = |time| Invalidation::key(format!("{SCAN_COUNT}{qr_id}:{}", clock::day(time)));
                days.map(day).into_iter().fold(qr_code(tenant_id, qr_id).and(total), Invalidation::and)
            }
        }
    }
}

fn profile_key(username: &Username) -> String {
    key(PROFILE, username.as_str())
}

fn sessions(token_hashes: &[String]) -> Invalidation {
    let keys = token_hashes.iter().map(|hash| key(SESSION, hash)).collect();
    Invalidation { keys, ..Invalidation::default() }
}

/// Wherever a code is cached.
fn qr_code(tenant_id: &Id, qr_id: &Id) -> Invalidation {
    let keys = [
        key(QR_CODES, tenant_id.as_str()),
        key(QR_CODE, &qr_code_argument(tenant_id, qr_id)),
        key(SCAN, qr_id.as_str()),
    ];
    Invalidation { keys: keys.into(), ..Invalidation::default() }
}

fn key<V>(resource: Resource<V>, argument: &str) -> String {
    resource.declaration(TABLE).map(|declaration| declaration.key_of(argument)).unwrap_or_default()
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
        let (tenant_id, qr_id) = (Id::parse("TENANT").unwrap(), Id::parse("QR").unwrap());
        let (hashes, qr_ids) = (["HASH".to_owned()], ["QR".to_owned()]);
        let writes = [
            Write::AccountCreated { username: &after },
            Write::ProfileChanged { account_id: "ACCOUNT", before: &before, after: &after, token_hashes: &hashes },
            Write::PassIssued { account_id: "ACCOUNT" },
            Write::PassesRevoked,
            Write::SessionsChanged { token_hashes: &hashes },
            Write::AllSessionsEnded { account_id: "ACCOUNT", token_hashes: &hashes },
            Write::TenantsChanged { account_id: "ACCOUNT" },
            Write::QrCodeCreated { tenant_id: &tenant_id, qr_id: &qr_id },
            Write::QrCodeChanged { tenant_id: &tenant_id, qr_id: &qr_id },
            Write::CountsNotShown { qr_ids: &qr_ids },
            Write::QrCodeDeleted { tenant_id: &tenant_id, qr_id: &qr_id, now: UnixTime::from_secs(1_769_860_800) },
        ];
        for write in writes {
            let name = match write {
                Write::AccountCreated { .. } => "AccountCreated",
                Write::ProfileChanged { .. } => "ProfileChanged",
                Write::PassIssued { .. } => "PassIssued",
                Write::PassesRevoked => "PassesRevoked",
                Write::SessionsChanged { .. } => "SessionsChanged",
                Write::AllSessionsEnded { .. } => "AllSessionsEnded",
                Write::TenantsChanged { .. } => "TenantsChanged",
                Write::QrCodeCreated { .. } => "QrCodeCreated",
                Write::QrCodeChanged { .. } => "QrCodeChanged",
                Write::CountsNotShown { .. } => "CountsNotShown",
                Write::QrCodeDeleted { .. } => "QrCodeDeleted",
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
        let renamed =
            Write::ProfileChanged { account_id: "1", before: &before, after: &after, token_hashes: &["x".into()] };
        assert_eq!(renamed.invalidation().keys, ["profile:lovelace", "profile:ada", "session:x"]);
        let edited = Write::ProfileChanged { account_id: "1", before: &before, after: &before, token_hashes: &[] }
            .invalidation();
        assert_eq!(edited.keys, ["profile:ada"]);
        assert_eq!(edited.tags, ["account:1"]);
    }
}
