//! Who is logged in: from the cache, with the database behind it.
//!
//! The database has every session, and says when it ends. What is cached of it is forgotten like everything else that is
//! cached: a session that was ended is ended at once, here and on every server that hears of it, and elsewhere within the time
//! for which nothing is believed that was not checked against the log. Beside that, Redis has for each account the set of its
//! sessions, for whoever looks there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use redis::Value;
use sealcard_core::UnixTime;
use tokio::sync::Notify;

use crate::cache::{Cache, Json};
use crate::cached::{SESSION, SESSIONS_OF, TABLE};
use crate::clock;
use crate::db::{DbError, Repository};
use crate::session::{LIFETIME_SECS, PROLONGED_BY_SECS, Session, SessionJson};

/// The most sessions that wait to be prolonged.
const MAX_WAITING: usize = 10_000;

/// Prolongs a session in Redis, unless it has almost its whole life before it.
const PROLONG: &str = "
local ttl = redis.call('TTL', KEYS[1])
local most = tonumber(ARGV[2])
if ttl >= 0 and ttl < most - 60 then redis.call('EXPIRE', KEYS[1], math.min(ttl + tonumber(ARGV[1]), most)) end
return ttl";

/// Adds a session to the set of its account.
const ADD: &str = "
if redis.call('TYPE', KEYS[1]).ok ~= 'set' then redis.call('UNLINK', KEYS[1]) end
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1";

/// Finds sessions, and prolongs those that are used.
pub struct Sessions {
    db: Arc<dyn Repository>,
    cache: Arc<Cache>,
    /// Sessions that were used, by the hashes of their tokens, and whether that is to be written down.
    used: Mutex<HashMap<String, bool>>,
    came: Notify,
}

impl Sessions {
    /// Of this database, through this cache.
    #[must_use]
    pub fn new(db: Arc<dyn Repository>, cache: Arc<Cache>) -> Self {
        Self { db, cache, used: Mutex::default(), came: Notify::new() }
    }

    /// The session of a token, given as [`crate::session::hash`] makes it, if it has not ended. It is prolonged, a moment later.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn find(&self, token_hash: &str, now: UnixTime) -> Result<Option<Session>, DbError> {
        let load =
            || async { Ok::<_, DbError>(self.db.session(token_hash, now).await?.map(|session| Json(session.into()))) };
        let found: Option<crate::cache::Found<Json<SessionJson>>> =
            self.cache.get_or_load(SESSION, token_hash, load).await?;
        let session = found.and_then(|found| found.value.0.session(token_hash, now));
        if let Some(session) = &session {
            self.used(session, now);
        }
        Ok(session)
    }

    /// Takes note that a session has begun.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn begun(&self, session: &Session) -> Result<(), DbError> {
        self.find(&session.token_hash, session.created_at).await?;
        let add = |_: usize, key: &str| {
            let mut cmd = redis::cmd("EVAL");
            cmd.arg(ADD).arg(1).arg(key).arg(&session.token_hash).arg(LIFETIME_SECS);
            cmd
        };
        self.in_set(&session.account_id, add).await;
        Ok(())
    }

    /// The sessions of an account, oldest first. What the set in Redis has beside them is taken out of it.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn of(&self, account_id: &str, now: UnixTime) -> Result<Vec<Session>, DbError> {
        let sessions = self.db.sessions_of(account_id, now).await?;
        let members = |_: usize, key: &str| {
            let mut cmd = redis::cmd("SMEMBERS");
            cmd.arg(key);
            cmd
        };
        let known = self.in_set(account_id, members).await;
        let known = known.and_then(|known| redis::from_redis_value::<Vec<String>>(known).ok()).unwrap_or_default();
        let is_over = |hash: &String| !sessions.iter().any(|session| session.token_hash == *hash);
        let over: Vec<_> = known.into_iter().filter(is_over).collect();
        self.ended(account_id, &over).await;
        Ok(sessions)
    }

    /// Takes sessions out of the set of their account.
    pub async fn ended(&self, account_id: &str, token_hashes: &[String]) {
        if token_hashes.is_empty() {
            return;
        }
        let remove = |_: usize, key: &str| {
            let mut cmd = redis::cmd("SREM");
            cmd.arg(key).arg(token_hashes);
            cmd
        };
        self.in_set(account_id, remove).await;
    }

    async fn in_set(&self, account_id: &str, cmd: impl Fn(usize, &str) -> redis::Cmd + Send + Sync) -> Option<Value> {
        let key = format!("{SESSIONS_OF}{account_id}");
        let values = self.cache.entries().run("sessions", &[key], cmd).await.ok()?;
        values.into_iter().next()
    }

    fn used(&self, session: &Session, now: UnixTime) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= MAX_WAITING {
            return;
        }
        let is_first = used.is_empty();
        *used.entry(session.token_hash.clone()).or_default() |= session.is_to_be_renewed(now);
        if is_first {
            self.came.notify_one();
        }
    }

    /// Prolongs the sessions that are used, until it is dropped.
    pub async fn run(self: Arc<Self>) {
        let form = SESSION.declaration(TABLE);
        loop {
            self.came.notified().await;
            let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
            let key = |hash: &String| form.map(|declaration| declaration.key_of(hash)).unwrap_or_default();
            let keys: Vec<_> = used.keys().map(key).collect();
            let prolong = |_: usize, key: &str| {
                let mut cmd = redis::cmd("EVAL");
                cmd.arg(PROLONG).arg(1).arg(key).arg(PROLONGED_BY_SECS).arg(LIFETIME_SECS);
                cmd
            };
            for keys in keys.chunks(500) {
                // What Redis does not know it need not prolong.
                let _ = self.cache.entries().run::<Value>("prolong sessions", keys, prolong).await;
            }
            for (hash, _) in used.into_iter().filter(|(_, is_to_be_renewed)| *is_to_be_renewed) {
                match self.db.renew_session(&hash, clock::now()).await {
                    Ok(committed) => self.cache.settle(committed).await,
                    Err(error) => tracing::debug!(%error, "a session was not prolonged just now"),
                }
            }
        }
    }
}
