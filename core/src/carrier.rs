//! How a token travels as text: `SC1:` and base45, all of it in the QR code's alphanumeric mode.

use alloc::string::String;
use alloc::vec::Vec;

use crate::base45;
use crate::wire::{MAX_TEXT_BYTES, MAX_TOKEN_BYTES};

/// The start of every payload text.
pub(crate) const PREFIX: &str = "SC1:";

/// The text is not `SC1:` and base45 within the size limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CarrierError;

pub(crate) fn to_text(token: &[u8]) -> String {
    let mut text = String::from(PREFIX);
    base45::encode_into(token, &mut text);
    text
}

/// Refuses long input before it does any work on it.
pub(crate) fn from_text(text: &str) -> Result<Vec<u8>, CarrierError> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(CarrierError);
    }
    let body = text.strip_prefix(PREFIX).ok_or(CarrierError)?;
    base45::decode(body.as_bytes()).map_err(|_| CarrierError)
}

const _: () = assert!(MAX_TEXT_BYTES == PREFIX.len() + base45::encoded_len(MAX_TOKEN_BYTES));

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_prefix_is_mandatory_and_exact() {
        assert_eq!(from_text("SC1:BB8").as_deref(), Ok(&b"AB"[..]));
        for text in ["", "BB8", "sc1:BB8", " SC1:BB8", "SC1:BB8 ", "SC1:BB8\n", "SC2:BB8", "SC1BB8", "SC1"] {
            assert_eq!(from_text(text), Err(CarrierError), "{text:?}");
        }
    }

    #[test]
    fn the_longest_text_is_that_of_the_largest_token() {
        let text = to_text(&[0xff; MAX_TOKEN_BYTES]);
        assert_eq!(text.len(), MAX_TEXT_BYTES);
        assert!(from_text(&text).is_ok());
        assert_eq!(from_text(&to_text(&[0xff; MAX_TOKEN_BYTES + 1])), Err(CarrierError));
    }

    proptest! {
        #[test]
        fn text_is_one_to_one_with_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(from_text(&to_text(&bytes)), Ok(bytes));
        }
    }
}
