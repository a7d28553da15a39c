//! Real parts for the tests: the real binary, a real PostgreSQL, a real Redis, a real QR reader.
//!
//! A missing tool fails the test that needs it, with the package that brings it; `scripts/test` installs them all.

pub mod binary;
pub mod clock;
pub mod fuzz;
pub mod ports;
pub mod postgres;
pub mod profiles;
pub mod redis;
pub mod relay;
pub mod server;
pub mod site;
pub mod vectors;
pub mod zbar;
