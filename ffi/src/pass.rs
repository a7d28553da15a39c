//! What the holder's phone does: it keeps a pass and makes presentations of it, offline.

use std::sync::Arc;

use sealcard_core::{Challenge, DeviceSignature, HolderKey, Pass, PassError, UnixTime};

use crate::{DeviceKey, SealcardError, UnverifiedSnapshot};

/// What a pass says: a snapshot that is bound to a device's key, as the issuer gave it. The issuer's signature is for verifiers
/// to check, not for the holder.
///
/// # Errors
/// `malformed`, `unsupported_version`, or `proof_invalid` for what is no pass.
#[uniffi::export]
pub fn read_pass(text: &str) -> Result<UnverifiedSnapshot, SealcardError> {
    Ok(Pass::from_text(text)?.unverified_snapshot().into())
}

/// A pass and the device's key to it.
#[derive(uniffi::Object)]
pub struct Presenter {
    pass: Pass,
    key: Arc<dyn DeviceKey>,
}

#[uniffi::export]
impl Presenter {
    /// # Errors
    /// As [`read_pass`]; `proof_invalid` if the pass is bound to another key, `key_unavailable` if the key cannot be had.
    #[uniffi::constructor]
    pub fn new(pass: &str, key: Arc<dyn DeviceKey>) -> Result<Self, SealcardError> {
        let pass = Pass::from_text(pass)?;
        if HolderKey::from_jwk(&key.holder_key()?)? != *pass.holder_key() {
            return Err(PassError::OtherDevice.into());
        }
        Ok(Self { pass, key })
    }

    /// A fresh presentation, as a payload text: for this moment, and for the verifier that shows this challenge of 4 to 16
    /// bytes, if one does. Make one every 30 seconds; after a minute it is refused.
    ///
    /// # Errors
    /// `key_unavailable` if the key does not sign, `proof_invalid` if what it returns is no signature of its own,
    /// `wrong_challenge` for what is no challenge, `not_yet_valid` for times before 2026.
    pub fn present(&self, challenge: Option<Vec<u8>>, now: UnixTime) -> Result<String, SealcardError> {
        let challenge = challenge.as_deref().map(Challenge::from_bytes).transpose()?;
        let unsigned = self.pass.present(now, challenge.as_ref())?;
        let signature = self.key.sign(unsigned.to_be_signed().to_vec())?;
        let signature = DeviceSignature::from_key_store(&signature, self.pass.holder_key());
        let signature = signature.map_err(|error| SealcardError::ProofInvalid { reason: error.to_string() })?;
        let carrier = unsigned.carrier().clone();
        Ok(unsigned.with_signature(&signature)?.to_text_of(&carrier))
    }
}
