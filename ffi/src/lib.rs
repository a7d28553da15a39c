//! The face of [`sealcard_core`] for Swift and Kotlin.
//!
//! Rules live in the core; this crate will only translate types. It re-exports the core until the bindings are built.

pub use sealcard_core as core;
