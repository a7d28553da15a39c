//! The face of [`sealcard_core`] for Swift and Kotlin, through UniFFI.
//!
//! It has no rules of its own: it translates types, and every decision is the core's. What app developers see are the packages
//! in `bindings/`, which wrap what is generated from here.
//!
//! Nothing here panics on any input. Objects may be shared by threads. Errors are [`SealcardError`], with one variant for each
//! of the core's codes.

mod challenge;
mod device_key;
mod error;
mod inspect;
mod pass;
mod profile;
mod qr;
mod remote;
mod verified;
mod verifier;

pub use challenge::{challenge_from_text, challenge_to_text};
pub use device_key::{
    DeviceKey, DeviceKeyError, SoftwareDeviceKey, ed25519_holder_key, jwk_holder_key, p256_holder_key,
};
pub use error::{SealcardError, error_codes};
pub use inspect::{Budget, FieldCost, InspectedToken, QrSize, UnverifiedProof, UnverifiedSnapshot, inspect};
pub use pass::{Presenter, read_pass};
pub use profile::{Link, OtherField, Profile, Url};
pub use qr::{ErrorCorrection, QrMatrix, qr_matrix, qr_png, qr_svg, qr_terminal, scan_luma, scan_png};
pub use remote::Bytes;
pub use verified::{Binding, Freshness, VerifiedSnapshot};
pub use verifier::{SignedFile, StoredState, Update, Verifier, VerifierSettings};

uniffi::setup_scaffolding!("sealcard");
