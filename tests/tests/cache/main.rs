//! The cache from outside, over HTTP and `redis-cli`: against a real Redis, and the same against a real Redis Cluster.

mod admin;
mod backend;
mod coherence;
mod database_away;
mod keys;
mod observed;
mod outages;
mod servers;
mod settings;
mod tags;
