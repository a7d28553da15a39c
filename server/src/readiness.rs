//! What must be there for a load balancer to send requests here.

use thiserror::Error;

/// What `/ready` asks for. Nothing, unless somebody says otherwise: every server has the same database and the same Redis, so
/// that all of them would be taken out at once, with what they can still serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// The database.
    pub database: bool,
    /// Redis, if one is configured.
    pub redis: bool,
}

/// What is no part.
#[derive(Debug, Error)]
#[error("--ready-needs {0:?}: say database, redis, or both with a comma between them")]
pub struct ReadinessError(String);

impl Readiness {
    /// Parts with commas between them.
    ///
    /// # Errors
    /// [`ReadinessError`].
    pub fn parse(text: &str) -> Result<Self, ReadinessError> {
        let mut needs = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part {
                "database" => needs.database = true,
                "redis" => needs.redis = true,
                _ => return Err(ReadinessError(text.to_owned())),
            }
        }
        Ok(needs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_or_refused() {
        let needs = |text| Readiness::parse(text).map(|needs| (needs.database, needs.redis)).ok();
        assert_eq!(needs(""), Some((false, false)));
        assert_eq!(needs("database"), Some((true, false)));
        assert_eq!(needs(" redis, database,"), Some((true, true)));
        for wrong in ["kafka", "database redis", "Redis"] {
            assert_eq!(needs(wrong), None, "{wrong}");
        }
    }
}
