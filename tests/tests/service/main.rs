//! QR codes, scans, events, sessions and limits from outside, over HTTP, `redis-cli` and the database: each story on SQLite and on PostgreSQL,
//! without Redis, with one, and with a cluster.

mod client;
mod codes;
mod events;
mod rate_limits;
mod scans;
mod sessions;
mod tenants;

use sealcard_tests::site::Site;

/// What a query of the database says.
pub(crate) fn sql(site: &Site, query: &str) -> String {
    match &site.database {
        Some(url) => sealcard_tests::postgres::query(url, query),
        None => {
            let file = site.data_dir().join("sealcard.db");
            let output = std::process::Command::new("sqlite3").arg(&file).arg(query).output().expect("sqlite3 runs");
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        }
    }
}
