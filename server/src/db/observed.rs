//! A database that is watched: every call is counted and timed, and while it is known to be away none waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use sealcard_core::UnixTime;

use super::*;
use crate::cache::{Change, LogError, LogExtent, SECONDS, SLOW};
use crate::events::Event;
use crate::qr_code::{Destination, QrCode, QrCodeChange};
use crate::session::Session;

/// How long a call may take: the database ends its own work sooner, but may be stopped itself.
const TIMEOUT: Duration = Duration::from_secs(6);

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfOperation {
    op: &'static str,
}

pub(super) struct Observed {
    inner: Arc<dyn Repository>,
    /// Whoever follows the log of changes finds out, twice a second, whether the database answers.
    is_down: AtomicBool,
    queries: Family<OfOperation, Counter>,
    failures: Family<OfOperation, Counter>,
    seconds: Family<OfOperation, Histogram>,
    up: Gauge,
}

impl Observed {
    pub(super) fn new(inner: Arc<dyn Repository>, registry: &mut Registry) -> Self {
        let observed = Self {
            inner,
            is_down: AtomicBool::new(false),
            queries: Family::default(),
            failures: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            up: Gauge::default(),
        };
        registry.register("db_queries", "Calls to the database", observed.queries.clone());
        registry.register("db_failures", "Calls that found the database away", observed.failures.clone());
        registry.register("db_query_seconds", "Duration of calls to the database", observed.seconds.clone());
        registry.register("db_up", "1 while the database answers", observed.up.clone());
        observed.up.set(1);
        observed
    }

    async fn watch<T, E: From<DbError>>(
        &self,
        op: &'static str,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        if self.is_down.load(Ordering::SeqCst) {
            self.failures.get_or_create(&OfOperation { op }).inc();
            return Err(away().into());
        }
        self.queries.get_or_create(&OfOperation { op }).inc();
        let began = Instant::now();
        let result = tokio::time::timeout(TIMEOUT, call).await.unwrap_or_else(|_| Err(away().into()));
        let took = began.elapsed();
        self.seconds.get_or_create(&OfOperation { op }).observe(took.as_secs_f64());
        if took >= SLOW {
            tracing::warn!(op, ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX), "slow database operation");
        }
        if result.is_err() {
            self.failures.get_or_create(&OfOperation { op }).inc();
        }
        result
    }

    fn note<T>(&self, result: Result<T, LogError>) -> Result<T, LogError> {
        // A log that cannot be read is no reason to refuse everything else: only a database that does not answer is.
        let is_down = result.as_ref().is_err_and(|error| {
            let away = error.downcast_ref::<DbError>().is_some_and(|error| matches!(error, DbError::Unavailable(_)));
            away || error.downcast_ref::<sqlx::Error>().is_some_and(error::means_away)
        });
        self.is_down.store(is_down, Ordering::SeqCst);
        self.up.set(i64::from(!is_down));
        result
    }
}

/// It does not answer.
fn away() -> DbError {
    DbError::Unavailable(Arc::new(sqlx::Error::PoolTimedOut))
}

/// How long reading the log may take: it also tells whether the database is there.
const LOG_TIMEOUT: Duration = Duration::from_secs(1);

async fn in_time<T>(reading: impl Future<Output = Result<T, LogError>>) -> Result<T, LogError> {
    tokio::time::timeout(LOG_TIMEOUT, reading).await.unwrap_or_else(|_| Err(Box::new(away())))
}

#[async_trait]
impl ChangeLog for Observed {
    async fn extent(&self) -> Result<LogExtent, LogError> {
        self.note(in_time(self.inner.extent()).await)
    }

    async fn changes(&self, after: i64, missing: &[i64], limit: u32) -> Result<Vec<Change>, LogError> {
        self.note(in_time(self.inner.changes(after, missing, limit)).await)
    }
}

/// Watches every call of a trait; what else it has is given as it is.
macro_rules! watch {
    ($trait:ident { $(fn $name:ident(&self $(, $argument:ident: $type:ty)*) -> Result<$ok:ty, $error:ty>;)* } $($rest:tt)*) => {
        #[async_trait]
        impl $trait for Observed {
            $(
                async fn $name(&self $(, $argument: $type)*) -> Result<$ok, $error> {
                    self.watch(stringify!($name), self.inner.$name($($argument),*)).await
                }
            )*

            $($rest)*
        }
    };
}

watch! { Repository {
    fn create_account(&self, account: NewAccount) -> Result<Committed<()>, DbError>;
    fn credentials(&self, username: &str) -> Result<Option<Credentials>, DbError>;
    fn credentials_of(&self, account_id: &str) -> Result<Option<Credentials>, DbError>;
    fn change_password(&self, account_id: &str, password_hash: &str) -> Result<Committed<()>, DbError>;
    fn profile(&self, username: &str) -> Result<Option<StoredProfile>, DbError>;
    fn usernames(&self, after: &str, limit: u32) -> Result<Vec<String>, DbError>;
    fn profile_of(&self, account_id: &str) -> Result<Option<StoredProfile>, DbError>;
    fn edit_profile(&self, account_id: &str, edit: Edit) -> Result<Committed<StoredProfile>, EditError>;
    fn follow(&self, follower_id: &str, link_id: &str, follows: bool) -> Result<bool, DbError>;
    fn followed_links(&self, follower_id: &str, username: &str) -> Result<Vec<String>, DbError>;
    fn delete_old_changes(&self, before: UnixTime) -> Result<u64, DbError>;
    fn ping(&self) -> Result<(), DbError>;
}
    async fn close(&self) {
        self.inner.close().await;
    }
}

watch! { Sessions {
    fn create_session(&self, session: Session, password_hash: &str) -> Result<Committed<bool>, DbError>;
    fn session(&self, token_hash: &str, now: UnixTime) -> Result<Option<Session>, DbError>;
    fn sessions_of(&self, account_id: &str, now: UnixTime) -> Result<Vec<Session>, DbError>;
    fn renew_session(&self, token_hash: &str, now: UnixTime) -> Result<Committed<()>, DbError>;
    fn delete_session(&self, account_id: &str, id: &str) -> Result<Committed<Option<String>>, DbError>;
    fn delete_sessions_of(&self, account_id: &str) -> Result<Committed<()>, DbError>;
    fn delete_ended_sessions(&self, now: UnixTime) -> Result<u64, DbError>;
} }

watch! { Passes {
    fn create_pass(&self, pass: IssuedPass) -> Result<Committed<bool>, DbError>;
    fn revoke_passes(&self, account_id: Option<&str>, which: Revoke, now: UnixTime) -> Result<Committed<u64>, DbError>;
    fn count_passes(&self, account_id: &str, now: UnixTime) -> Result<u64, DbError>;
    fn delete_expired_passes(&self, before: UnixTime) -> Result<u64, DbError>;
    fn signed_file(&self, name: FileName) -> Result<SignedFile, DbError>;
    fn renew_signed_file(&self, name: FileName, source: &str, now: UnixTime, is_current: IsCurrent, sign: Sign)
        -> Result<SignedFile, SignError>;
} }

watch! { Codes {
    fn create_tenant(&self, tenant: Tenant, account_id: &str) -> Result<Committed<Outcome>, DbError>;
    fn tenants_of(&self, account_id: &str) -> Result<Vec<Tenant>, DbError>;
    fn members_of(&self, tenant_id: &str) -> Result<Vec<String>, DbError>;
    fn set_member(&self, tenant_id: &str, username: &str, is_member: bool) -> Result<Committed<Outcome>, DbError>;
    fn create_code(&self, code: QrCode) -> Result<Committed<Outcome>, DbError>;
    fn codes_of(&self, tenant_id: &str, below: Option<i64>, limit: u32) -> Result<Vec<(i64, QrCode)>, DbError>;
    fn code(&self, tenant_id: &str, qr_id: &str) -> Result<Option<QrCode>, DbError>;
    fn change_code(&self, tenant_id: &str, qr_id: &str, change: QrCodeChange) -> Result<Committed<Option<QrCode>>, DbError>;
    fn delete_code(&self, tenant_id: &str, qr_id: &str, now: UnixTime) -> Result<Committed<bool>, DbError>;
    fn destination(&self, qr_id: &str) -> Result<Option<Destination>, DbError>;
    fn add_scans(&self, batch: &ScanBatch) -> Result<ScanCounts, DbError>;
    fn forget_counts(&self, qr_ids: &[String]) -> Result<Committed<()>, DbError>;
    fn scan_totals(&self, qr_ids: &[String], batch: Option<&ScanBatch>) -> Result<(Vec<(String, u64)>, bool), DbError>;
    fn scans_on(&self, qr_ids: &[String], day: &str) -> Result<Vec<ScansOfDay>, DbError>;
    fn scan_days(&self, qr_id: &str, from: &str, batch: Option<&ScanBatch>) -> Result<(Vec<ScansOfDay>, bool), DbError>;
    fn add_events(&self, events: &[(Option<String>, Event)]) -> Result<(), DbError>;
    fn delete_old_events(&self, before: UnixTime) -> Result<u64, DbError>;
    fn delete_old_writers(&self, before: UnixTime) -> Result<u64, DbError>;
} }
