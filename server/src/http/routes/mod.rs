//! The handlers, one file a resource.

pub(super) mod account;
pub(super) mod cache;
pub(super) mod dashboard;
pub(super) mod health;
pub(super) mod jwks;
pub(super) mod link;
pub(super) mod pass;
pub(super) mod picture;
pub(super) mod profile;
pub(super) mod public;
pub(super) mod qr_code;
pub(super) mod scan;
pub(super) mod session;
pub(super) mod signed_file;
pub(super) mod tenant;
