//! Tenants, their QR codes, and how often those were scanned.

use async_trait::async_trait;
use sealcard_core::UnixTime;
use serde::{Deserialize, Serialize};

use super::DbError;
use crate::cache::Committed;
use crate::events::Event;
use crate::qr_code::{Destination, Id, QrCode, QrCodeChange, Style, TargetUrl};

/// The most tenants that an account makes.
pub const MAX_TENANTS: i64 = 100;

/// The most tenants that an account is made a member of.
pub const MAX_MEMBERSHIPS: i64 = 1_000;

/// The most members of a tenant.
pub const MAX_MEMBERS: i64 = 1_000;

/// The most codes of a tenant.
pub const MAX_CODES: i64 = 100_000;

/// Accounts that make codes together.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its id, chosen by whoever made it.
    pub tenant_id: Id,
    /// Its name, for people.
    pub name: String,
    /// When it was made.
    pub created_at: UnixTime,
}

/// What has become of something that there may only be so many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done, or was so before.
    Done,
    /// There would be too many.
    TooMany,
    /// There is no such account, or code.
    Missing,
}

/// Scans that are to be added, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanBatch {
    /// Who wrote it: random for each process.
    pub writer: String,
    /// Its number among the batches of this writer, from 1 on. A writer begins the next when this one is written.
    pub number: i64,
    /// How often which code was scanned on which day, in the order of codes and days, each once.
    pub scans: Vec<ScansOfDay>,
}

/// How often a code was scanned on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScansOfDay {
    /// The code.
    pub qr_id: String,
    /// UTC, like `2026-01-31`.
    pub day: String,
    /// How often.
    pub scans: u64,
}

/// How often codes were scanned, a batch included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanCounts {
    /// In all, by code.
    pub totals: Vec<(String, u64)>,
    /// On the days of the batch.
    pub days: Vec<ScansOfDay>,
}

/// The part of the database for QR codes.
#[async_trait]
pub trait Codes: Send + Sync {
    /// Stores a tenant with its first member. [`DbError::Conflict`] if the id is taken.
    async fn create_tenant(&self, tenant: Tenant, account_id: &str) -> Result<Committed<Outcome>, DbError>;

    /// The tenants of an account, by id.
    async fn tenants_of(&self, account_id: &str) -> Result<Vec<Tenant>, DbError>;

    /// The usernames of a tenant's members, in order.
    async fn members_of(&self, tenant_id: &str) -> Result<Vec<String>, DbError>;

    /// Makes the account of this name a member, or ends its membership. [`Outcome::TooMany`] if there are as many as there may
    /// be, or if it is the last: somebody must stay.
    async fn set_member(&self, tenant_id: &str, username: &str, is_member: bool)
    -> Result<Committed<Outcome>, DbError>;

    /// Stores a code. [`DbError::Conflict`] if the id is taken by whatever tenant, or was another's: it may be printed somewhere.
    async fn create_code(&self, code: QrCode) -> Result<Committed<Outcome>, DbError>;

    /// Codes of a tenant with their numbers, the newest first, from below a number on.
    async fn codes_of(&self, tenant_id: &str, below: Option<i64>, limit: u32) -> Result<Vec<(i64, QrCode)>, DbError>;

    /// A code of a tenant.
    async fn code(&self, tenant_id: &str, qr_id: &str) -> Result<Option<QrCode>, DbError>;

    /// Changes a code of a tenant, and returns it as it is then.
    async fn change_code(
        &self,
        tenant_id: &str,
        qr_id: &str,
        change: QrCodeChange,
    ) -> Result<Committed<Option<QrCode>>, DbError>;

    /// Removes a code of a tenant with all its counts. Returns whether there was one.
    async fn delete_code(&self, tenant_id: &str, qr_id: &str, now: UnixTime) -> Result<Committed<bool>, DbError>;

    /// Where a code leads, whoever's it is.
    async fn destination(&self, qr_id: &str) -> Result<Option<Destination>, DbError>;

    /// Adds a batch of scans, unless it was added before; those of codes that there are not any more count for nothing.
    /// Returns how often its codes were scanned, the batch included.
    async fn add_scans(&self, batch: &ScanBatch) -> Result<ScanCounts, DbError>;

    /// Takes note that what Redis shows of these codes may be too little: every server removes it there that can.
    async fn forget_counts(&self, qr_ids: &[String]) -> Result<Committed<()>, DbError>;

    /// How often codes were scanned in all: those that there are. And whether that includes a batch.
    async fn scan_totals(
        &self,
        qr_ids: &[String],
        batch: Option<&ScanBatch>,
    ) -> Result<(Vec<(String, u64)>, bool), DbError>;

    /// How often codes were scanned on a day: those that were.
    async fn scans_on(&self, qr_ids: &[String], day: &str) -> Result<Vec<ScansOfDay>, DbError>;

    /// How often a code was scanned on each day from this one on, in order; days without scans are left out. And whether that
    /// includes a batch.
    async fn scan_days(
        &self,
        qr_id: &str,
        from: &str,
        batch: Option<&ScanBatch>,
    ) -> Result<(Vec<ScansOfDay>, bool), DbError>;

    /// Keeps events, each with its place in the stream if it came that way; those that are there already are left as they are.
    async fn add_events(&self, events: &[(Option<String>, Event)]) -> Result<(), DbError>;

    /// Removes events of the time before, a few thousand at most. Returns how many.
    async fn delete_old_events(&self, before: UnixTime) -> Result<u64, DbError>;

    /// Forgets writers of batches that have written nothing since. Returns how many.
    async fn delete_old_writers(&self, before: UnixTime) -> Result<u64, DbError>;
}

/// The columns of a code, after its number.
pub(super) type CodeRow = (i64, String, String, String, Option<String>, i64);

/// A row as a code.
pub(super) fn code_of(
    (number, qr_id, tenant_id, target, style, created_at): CodeRow,
) -> Result<(i64, QrCode), DbError> {
    let damaged = |column: &'static str| sqlx::Error::Decode(column.into());
    Ok((
        number,
        QrCode {
            qr_id: Id::parse(&qr_id).map_err(|_| damaged("qr_codes.id"))?,
            tenant_id: Id::parse(&tenant_id).map_err(|_| damaged("qr_codes.tenant_id"))?,
            target: TargetUrl::parse(&target).map_err(|_| damaged("qr_codes.target_url"))?,
            style: style.as_deref().and_then(Style::from_text),
            created_at: time(created_at),
        },
    ))
}

/// A row as a destination.
pub(super) fn destination_of((tenant_id, target): (String, String)) -> Result<Destination, DbError> {
    let target_url = TargetUrl::parse(&target).map_err(|_| sqlx::Error::Decode("qr_codes.target_url".into()))?;
    Ok(Destination { tenant_id, target_url })
}

/// A row as a tenant.
pub(super) fn tenant_of((tenant_id, name, created_at): (String, String, i64)) -> Result<Tenant, DbError> {
    let tenant_id = Id::parse(&tenant_id).map_err(|_| sqlx::Error::Decode("tenants.id".into()))?;
    Ok(Tenant { tenant_id, name, created_at: time(created_at) })
}

fn time(secs: i64) -> UnixTime {
    UnixTime::from_secs(u64::try_from(secs).unwrap_or_default())
}

/// A count as it is stored.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A stored count.
pub(super) fn count(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or_default()
}
