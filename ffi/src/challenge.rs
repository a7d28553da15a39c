//! Challenges: what a verifier shows so that a presentation must be made for it, now.

use sealcard_core::Challenge;

use crate::SealcardError;

/// A challenge of 4 to 16 bytes as text: two hexadecimal digits a byte, in lower case.
///
/// # Errors
/// `wrong_challenge` for other lengths.
#[uniffi::export]
pub fn challenge_to_text(challenge: Vec<u8>) -> Result<String, SealcardError> {
    Ok(Challenge::from_bytes(&challenge)?.to_string())
}

/// The bytes of a challenge's text.
///
/// # Errors
/// `wrong_challenge`.
#[uniffi::export]
pub fn challenge_from_text(text: &str) -> Result<Vec<u8>, SealcardError> {
    Ok(Challenge::parse(text)?.as_bytes().to_vec())
}
