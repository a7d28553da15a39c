//! The cache from outside, over HTTP and `redis-cli`: against a real Redis, and the same against a real Redis Cluster.

mod backend;
mod coherence;
mod keys;
mod outages;
mod servers;
