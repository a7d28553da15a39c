//! Passwords: argon2id, with the work bounded and the same for every answer.

use std::sync::Arc;

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use thiserror::Error;
use tokio::sync::Semaphore;

use crate::db::NO_PASSWORD;

/// The fewest characters a password may have.
pub const MIN_CHARACTERS: usize = 8;

/// The most bytes a password may have.
pub const MAX_BYTES: usize = 256;

/// Hashes and checks passwords, a few at a time: each takes 19 MiB and some 20 ms.
pub struct Passwords {
    at_once: Arc<Semaphore>,
    /// The hash that a login is checked against when the account does not exist.
    nobody: String,
}

/// A password that cannot be accepted, or a hash that could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PasswordError {
    /// Too short to be worth hashing.
    #[error("a password needs at least {MIN_CHARACTERS} characters")]
    TooShort,
    /// Longer than any password manager makes.
    #[error("a password may have at most {MAX_BYTES} bytes")]
    TooLong,
    /// Out of memory or randomness.
    #[error("the password could not be hashed")]
    Failed,
}

/// A password within the limits. Wiped when dropped, never printed.
pub struct NewPassword(zeroize::Zeroizing<String>);

impl NewPassword {
    /// # Errors
    /// [`PasswordError::TooShort`] or [`PasswordError::TooLong`].
    pub fn parse(text: String) -> Result<Self, PasswordError> {
        let text = zeroize::Zeroizing::new(text);
        if text.len() > MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        if text.chars().count() < MIN_CHARACTERS {
            return Err(PasswordError::TooShort);
        }
        Ok(Self(text))
    }
}

impl Passwords {
    /// # Errors
    /// [`PasswordError::Failed`].
    pub fn new() -> Result<Self, PasswordError> {
        let at_once = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self { at_once: Arc::new(Semaphore::new(at_once)), nobody: hash("nobody has this password")? })
    }

    /// The hash of a password, in PHC form.
    ///
    /// # Errors
    /// [`PasswordError::Failed`].
    pub async fn hash(&self, password: NewPassword) -> Result<String, PasswordError> {
        self.run(move || hash(&password.0)).await?
    }

    /// Whether `password` is the one of `hash`; without a hash, as much work and the answer no.
    ///
    /// # Errors
    /// [`PasswordError::Failed`].
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, PasswordError> {
        let password = zeroize::Zeroizing::new(password);
        // Some accounts have no password: nobody can log in to them, and that takes as long to find out.
        let hash = hash.filter(|hash| hash != NO_PASSWORD);
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        let right = self
            .run(move || {
                password.len() <= MAX_BYTES
                    && Argon2::default().verify_password(password.as_bytes(), hash.as_str()).is_ok()
            })
            .await?;
        Ok(right && known)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
        let permit = Arc::clone(&self.at_once).acquire_owned().await.map_err(|_| PasswordError::Failed)?;
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        })
        .await
        .map_err(|_| PasswordError::Failed)
    }
}

fn hash(password: &str) -> Result<String, PasswordError> {
    match Argon2::default().hash_password(password.as_bytes()) {
        Ok(hash) => Ok(hash.to_string()),
        Err(_) => Err(PasswordError::Failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_8_characters_to_256_bytes() {
        let parse = |text: String| NewPassword::parse(text).map(|_| ());
        assert_eq!(parse("ü".repeat(7)), Err(PasswordError::TooShort));
        assert_eq!(parse("ü".repeat(8)), Ok(()));
        assert_eq!(parse("a".repeat(256)), Ok(()));
        assert_eq!(parse("a".repeat(257)), Err(PasswordError::TooLong));
    }

    #[tokio::test]
    async fn only_the_right_password_of_a_known_account_passes() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash(NewPassword::parse("correct horse".into()).unwrap()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("wrong horse".into(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("nobody has this password".into(), None).await.unwrap());
        assert!(!passwords.verify("!".into(), Some("!".into())).await.unwrap());
    }
}
