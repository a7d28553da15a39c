//! What a verifier must keep between two runs of an app, as one opaque value.
//!
//! ```text
//! 1 byte   0x01
//!          varint: the time floor, in seconds since 1970; how often the state has changed
//! bytes    a varint, and so many bytes: the trust bundle, or none
//!          varint: how many revocation lists; of each:
//!   32 bytes the key that signed it
//!   bytes    its issuer's name, or none
//!   bytes    the list
//! 16 bytes the start of the SHA-256 of the context string and all before
//! ```

use alloc::vec::Vec;
use core::fmt;

use sha2::{Digest as _, Sha256};

use super::update::{KnownBundle, KnownList};
use super::{Verifier, VerifyError};
use crate::profile::DisplayText;
use crate::wire::number::{push_varint, take_u32, take_varint};
use crate::{ErrorCode, MAX_TRUST_ANCHORS, UnixTime, VerifyingKey};

const VERSION: u8 = 1;
const CONTEXT: &[u8] = b"sealcard/v1/verifier-state\0";
const DIGEST_LEN: usize = 16;

impl Verifier {
    /// Everything that this verifier must remember: the trust bundle, the revocation lists and the time floor. Store it
    /// whenever [`Verifier::changes`] has grown; it holds no secrets.
    #[must_use]
    pub fn state(&self) -> Vec<u8> {
        let mut state = Vec::from([VERSION]);
        push_varint(self.floor.as_secs(), &mut state);
        push_varint(self.changes.into(), &mut state);
        push_bytes(self.bundle.as_ref().map_or(&[], |known| &known.bytes), &mut state);
        push_varint(self.lists.len() as u64, &mut state);
        for known in &self.lists {
            state.extend_from_slice(known.signer.as_bytes());
            push_bytes(known.issuer.as_ref().map_or("", DisplayText::as_str).as_bytes(), &mut state);
            push_bytes(&known.bytes, &mut state);
        }
        let digest = digest(&state);
        state.extend_from_slice(&digest);
        state
    }

    /// How often the state has changed since it was first made. An app that can keep a number where it cannot be set back
    /// keeps this one, and hands it to [`Verifier::restore`].
    #[must_use]
    pub const fn changes(&self) -> u32 {
        self.changes
    }

    /// Goes on from a stored state: the first thing that a verifier does, before it learns anything. A trust bundle in it by a
    /// root that is no longer pinned is left out; the next one brings the issuers' keys back.
    ///
    /// `at_least` is how often the state had changed when it was last stored, if the app keeps that number (store the state
    /// first, then the number), else 0. The state's digest finds damage and states mixed of several; it is no seal against
    /// whoever can write the app's storage.
    ///
    /// # Errors
    /// [`StateError`] if the state is damaged or mixed, or has changed fewer times than `at_least`, or this verifier has learnt
    /// something before. The verifier stays as it was.
    pub fn restore(&mut self, state: &[u8], at_least: u32) -> Result<(), StateError> {
        let restored = self.restored(state).filter(|_| self.changes == 0).ok_or(StateError)?;
        if restored.changes < at_least {
            return Err(StateError);
        }
        *self = restored;
        Ok(())
    }

    fn restored(&self, state: &[u8]) -> Option<Self> {
        let (state, expected) = state.split_last_chunk::<DIGEST_LEN>()?;
        let rest = state.strip_prefix(&[VERSION]).filter(|_| digest(state) == *expected)?;
        let (floor, rest) = take_varint(rest).ok()?;
        let (changes, rest) = take_u32(rest).ok()?;
        let (bundle, rest) = take_bytes(rest)?;
        let (count, mut rest) = take_u32(rest).ok()?;
        let mut restored = Self { lists: Vec::new(), ..self.clone() };
        (restored.floor, restored.changes) = (UnixTime::from_secs(floor), changes);
        let bundle = match bundle {
            [] => None,
            bytes => match KnownBundle::read(bytes.into(), &self.roots) {
                Ok(bundle) => Some(bundle),
                // Its root was pinned when it was taken, and is no longer.
                Err(VerifyError::UnknownKey { .. } | VerifyError::BadSignature) => None,
                Err(_) => return None,
            },
        };
        for _ in 0..usize::try_from(count).ok().filter(|count| *count <= MAX_TRUST_ANCHORS)? {
            let (signer, more) = rest.split_first_chunk::<32>()?;
            let (issuer, more) = take_bytes(more)?;
            let (list, more) = take_bytes(more)?;
            let issuer = if issuer.is_empty() {
                None
            } else {
                Some(DisplayText::from_signed(core::str::from_utf8(issuer).ok()?.into()).ok()?)
            };
            let signer = VerifyingKey::from_bytes(signer).ok()?;
            restored.lists.push(KnownList::read(list.into(), issuer, signer).ok()?);
            rest = more;
        }
        if let Some(bundle) = bundle {
            restored.apply_bundle(bundle);
        }
        rest.is_empty().then_some(restored)
    }
}

fn digest(state: &[u8]) -> [u8; DIGEST_LEN] {
    let digest: [u8; 32] = Sha256::new_with_prefix(CONTEXT).chain_update(state).finalize().into();
    let [start @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = digest;
    start
}

fn push_bytes(bytes: &[u8], state: &mut Vec<u8>) {
    push_varint(bytes.len() as u64, state);
    state.extend_from_slice(bytes);
}

fn take_bytes(state: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = take_u32(state).ok()?;
    rest.split_at_checked(usize::try_from(len).ok()?)
}

/// A stored state that cannot be gone on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateError;

impl StateError {
    /// The stable code, `invalid_state`.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        ErrorCode::InvalidState
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stored state is damaged, mixed or older than asked for: start anew and fetch again")
    }
}

impl core::error::Error for StateError {}
