//! QR codes, scans and events from outside, over HTTP, `redis-cli` and the database: each story on SQLite and on PostgreSQL,
//! without Redis, with one, and with a cluster.

mod client;
mod codes;
mod events;
mod scans;
mod tenants;
