//! The Sealcard server as a library, and what the `sealcard` command is made of.
//!
//! `cli` reads arguments and calls the rest; `http` is the service; `db` keeps things; `cache` stands between them, and
//! `cached` says what of it is cached.
//! The rules of tokens and profiles live in [`sealcard_core`].

pub mod cache;
pub mod cached;
pub mod cli;
pub mod clock;
pub mod dashboard;
pub mod data_dir;
pub mod db;
pub mod demo;
pub mod device_key;
pub mod events;
pub mod http;
pub mod key_ring;
pub mod logging;
pub mod pass;
pub mod password;
pub mod private_file;
mod profile_json;
pub mod public_profile;
pub mod qr_code;
pub mod rate_limit;
pub mod readiness;
pub mod scans;
pub mod session;
pub mod sessions;
pub mod settings;
pub mod signed_file;
pub mod signing_key;
pub mod token;
