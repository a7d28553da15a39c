//! Looking inside a token before anything in it is believed.

use sealcard_core::{self as core, Carrier, HolderKey, UnixTime};

use crate::profile::text;
use crate::{Bytes, ErrorCorrection, OtherField, Profile, SealcardError};

/// What a token claims. **Anyone can write this**: show it only as unverified.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct UnverifiedSnapshot {
    /// Whom it claims to describe.
    pub profile: Profile,
    /// Which of the person's cards it claims to be.
    pub card: Option<String>,
    /// The event that it claims to be issued for.
    pub event: Option<String>,
    /// What a newer issuer may have added.
    pub other_fields: Vec<OtherField>,
    /// The first second of the validity that it claims.
    pub issued_at: UnixTime,
    /// The last second of the validity that it claims.
    pub expires_at: UnixTime,
    /// The key of the device that it claims to be bound to, as a JWK.
    pub holder_key: Option<String>,
    /// Its place in the revocation list.
    pub revocation_index: Option<u32>,
}

/// What a presentation's proof claims.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct UnverifiedProof {
    /// When it was made.
    pub time: UnixTime,
    /// The challenge that it answers.
    pub challenge: Option<Bytes>,
}

/// A token, unverified, and what it costs in a QR code.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct InspectedToken {
    /// What it claims.
    pub unverified_snapshot: UnverifiedSnapshot,
    /// What a presentation's proof claims; none for a snapshot by itself.
    pub unverified_proof: Option<UnverifiedProof>,
    /// The key hint that it claims.
    pub unverified_key_hint: u8,
    /// Its size.
    pub budget: Budget,
}

/// What a payload costs.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Budget {
    /// The token's size in bytes, signatures included.
    pub token_bytes: u32,
    /// The length of the text that it was read from.
    pub characters: u32,
    /// The smallest QR code of that text at each error correction, from the weakest; what no code reaches is left out.
    pub qr_sizes: Vec<QrSize>,
    /// What each part of the profile that could be left out adds, the dearest first.
    pub costs: Vec<FieldCost>,
}

/// The size of a QR code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct QrSize {
    /// The error correction.
    pub error_correction: ErrorCorrection,
    /// 1 to 40.
    pub version: u8,
    /// Modules a side, without the quiet zone.
    pub modules: u16,
    /// The side of the smallest sensible print in millimetres, quiet zone included.
    pub print_mm: u16,
}

/// What one part of a profile adds to its token.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct FieldCost {
    /// The part's JSON path, like `bio` or `links[2]`.
    pub field: String,
    /// How many bytes the token is smaller without it.
    pub bytes: u32,
}

/// What a payload text claims, and what it costs. It checks no signature: anyone can write such a text.
///
/// # Errors
/// `malformed` or `unsupported_version`.
#[uniffi::export]
pub fn inspect(text: &str) -> Result<InspectedToken, SealcardError> {
    let token = core::UnverifiedSnapshot::from_text(text)?;
    let snapshot = token.unverified_snapshot()?;
    let carrier = token.carrier().unwrap_or(&Carrier::Text);
    let bytes = token.size_in_bytes();
    let size = |level| {
        let size = core::QrSize::of_token(bytes, carrier, level)?;
        let (version, modules, print_mm) = (size.version(), size.modules(), size.print_mm());
        Some(QrSize { error_correction: level.into(), version, modules, print_mm })
    };
    let cost = |cost: core::FieldCost| FieldCost { field: cost.field.into(), bytes: count(cost.bytes) };
    Ok(InspectedToken {
        unverified_snapshot: UnverifiedSnapshot::from(&snapshot),
        unverified_proof: token.unverified_proof().map(|proof| UnverifiedProof {
            time: proof.time,
            challenge: proof.challenge.map(|challenge| Bytes(challenge.as_bytes().to_vec())),
        }),
        unverified_key_hint: token.unverified_key_hint()?,
        budget: Budget {
            token_bytes: count(bytes),
            characters: count(text.len()),
            qr_sizes: core::ErrorCorrection::ALL.into_iter().filter_map(size).collect(),
            costs: snapshot.costs().into_iter().map(cost).collect(),
        },
    })
}

/// A text that is read has at most a few thousand bytes.
fn count(bytes: usize) -> u32 {
    bytes.try_into().unwrap_or(u32::MAX)
}

impl From<&core::Snapshot> for UnverifiedSnapshot {
    fn from(snapshot: &core::Snapshot) -> Self {
        Self {
            profile: (&snapshot.profile).into(),
            card: text(snapshot.card.as_ref()),
            event: text(snapshot.event.as_ref()),
            other_fields: snapshot.other_fields().iter().map(OtherField::from).collect(),
            issued_at: snapshot.issued_at,
            expires_at: snapshot.expires_at(),
            holder_key: snapshot.holder_key.as_ref().map(HolderKey::to_jwk),
            revocation_index: snapshot.revocation_index,
        }
    }
}
