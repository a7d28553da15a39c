//! What the holder's phone does: it keeps a pass and makes presentations of it, offline.

use std::sync::Arc;

use sealcard_core::{self as core, Challenge, DeviceSignature, PassError, UnixTime};

use crate::{DeviceKey, HolderKey, SealcardError, UnverifiedSnapshot};

/// A snapshot that is bound to a device's key. What is shown is not the pass, but a presentation of it.
#[derive(Debug, uniffi::Object)]
pub struct Pass {
    pub(crate) pass: core::Pass,
}

#[uniffi::export]
impl Pass {
    /// Reads the payload text that the issuer gave. The issuer's signature is for verifiers to check, not for the holder.
    ///
    /// # Errors
    /// `malformed`, `unsupported_version`, or `proof_invalid` for what is no pass.
    #[uniffi::constructor]
    pub fn from_text(text: &str) -> Result<Self, SealcardError> {
        Ok(Self { pass: core::Pass::from_text(text)? })
    }

    /// The key of the device that makes its presentations.
    #[must_use]
    pub fn holder_key(&self) -> Arc<HolderKey> {
        Arc::new(HolderKey { key: self.pass.holder_key().clone() })
    }

    /// What the pass says. The issuer's signature was not checked.
    #[must_use]
    pub fn unverified_snapshot(&self) -> UnverifiedSnapshot {
        self.pass.unverified_snapshot().into()
    }
}

/// A pass and the device's key to it.
#[derive(uniffi::Object)]
pub struct Presenter {
    pass: Arc<Pass>,
    key: Arc<dyn DeviceKey>,
}

#[uniffi::export]
impl Presenter {
    /// # Errors
    /// `proof_invalid` if the pass is bound to another key, `key_unavailable` if the key cannot be had.
    #[uniffi::constructor]
    pub fn new(pass: Arc<Pass>, key: Arc<dyn DeviceKey>) -> Result<Self, SealcardError> {
        if key.holder_key()?.key != *pass.pass.holder_key() {
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
        let unsigned = self.pass.pass.present(now, challenge.as_ref())?;
        let signature = self.key.sign(unsigned.to_be_signed().to_vec())?;
        let signature = DeviceSignature::from_key_store(&signature, self.pass.pass.holder_key());
        let signature = signature.map_err(|error| SealcardError::ProofInvalid { reason: error.to_string() })?;
        let carrier = unsigned.carrier().clone();
        Ok(unsigned.with_signature(&signature)?.to_text_of(&carrier))
    }
}
