//! What can go wrong with the cache itself. Reading never fails for its sake.

use std::fmt::Display;

use thiserror::Error;

use super::{LogError, MAX_TTL_SECS};

/// An error of the cache.
#[derive(Debug, Error)]
pub enum CacheError {
    /// A setting names a resource that there is not.
    #[error("there is no cached resource {name:?}: there are {}, and \"all\"", known.join(", "))]
    UnknownResource {
        /// What it names.
        name: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// A setting asks for a life that no value can have.
    #[error("{name}={ttl_secs}: values are kept for 1 to {MAX_TTL_SECS} seconds")]
    Ttl {
        /// The resource.
        name: &'static str,
        /// The life asked for.
        ttl_secs: u32,
    },
    /// The log of changes cannot be read.
    #[error("the log of changes cannot be read: {0}")]
    Log(LogError),
    /// A value cannot be written, or is none.
    #[error("{0}")]
    Value(String),
}

impl CacheError {
    /// A value cannot be written, or is none.
    pub fn value(problem: impl Display) -> Self {
        Self::Value(problem.to_string())
    }
}
