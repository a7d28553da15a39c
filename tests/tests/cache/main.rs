//! The cache from outside, over HTTP and `redis-cli`: against a real Redis, and the same against a real Redis Cluster.
//!
//! | What is to be validated | Where |
//! | --- | --- |
//! | starting, with and without Redis; settings | [`settings`], [`outages`] |
//! | `HIT` and `MISS`, and how often the database is asked | [`coherence`], [`keys`] |
//! | invalidation: by key, tag and pattern; on every server; under load | [`coherence`], [`tags`], [`servers`] |
//! | going on without Redis, or without the database | [`outages`], [`database_away`] |
//! | health, metrics, logs | [`observed`] |
//! | what the operator may do | [`admin`] |

mod admin;
mod coherence;
mod database_away;
mod keys;
mod observed;
mod outages;
mod servers;
mod settings;
mod tags;
