//! What one request may cost.

use std::time::Duration;

/// The largest request body: far more than the largest profile.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// How long a request may take, its body's arrival included.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
