//! QR codes whose target can change: each belongs to a tenant, and `/scan/{qrId}` leads to wherever it points now.

mod id;
mod target;

use sealcard_core::UnixTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;
use utoipa::ToSchema;

pub use id::{Id, IdError, MAX_ID};
pub use target::{MAX_TARGET_BYTES, TargetError, TargetUrl};

use crate::clock;

/// The most bytes of a style as JSON.
pub const MAX_STYLE_BYTES: usize = 1024;

/// The most levels of objects and arrays inside each other in a style, its own object included: readers of JSON have limits.
pub const MAX_STYLE_DEPTH: usize = 32;

/// A QR code as it is stored.
#[derive(Clone, Debug)]
pub struct QrCode {
    /// Its id, the same for whoever asks.
    pub qr_id: Id,
    /// Whose it is.
    pub tenant_id: Id,
    /// Where it leads.
    pub target: TargetUrl,
    /// What whoever draws it wants to remember; the server only keeps it.
    pub style: Option<Style>,
    /// When it was made.
    pub created_at: UnixTime,
}

/// How a code is to be drawn: any JSON object of up to [`MAX_STYLE_BYTES`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Style(Map<String, Value>);

/// Whether arrays and objects lie deeper inside each other than so many levels.
fn is_deeper_than(value: &Value, levels: usize) -> bool {
    let inside = |value: &Value| levels.checked_sub(1).is_none_or(|levels| is_deeper_than(value, levels));
    match value {
        Value::Array(values) => levels == 0 || values.iter().any(inside),
        Value::Object(members) => levels == 0 || members.values().any(inside),
        _ => false,
    }
}

/// A style that is too large.
#[derive(Debug, Error)]
#[error("style: an object of up to {MAX_STYLE_BYTES} bytes as JSON, {MAX_STYLE_DEPTH} levels deep at most")]
pub struct StyleError;

impl Style {
    /// # Errors
    /// [`StyleError`].
    pub fn parse(object: Map<String, Value>) -> Result<Self, StyleError> {
        let style = Self(object);
        let is_deep = style.0.values().any(|value| is_deeper_than(value, MAX_STYLE_DEPTH.saturating_sub(1)));
        if is_deep || style.to_text().len() > MAX_STYLE_BYTES { Err(StyleError) } else { Ok(style) }
    }

    /// As its JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        // A JSON object always serialises.
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// Out of its JSON, as the database has it.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }
}

/// A code as it is cached and answered: everything but how often it was scanned, which is never cached with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QrCodeJson {
    /// Its id.
    pub qr_id: String,
    /// Where it leads.
    pub target_url: String,
    /// Whose it is.
    pub tenant_id: String,
    /// When it was made, ISO 8601.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// What was given for its drawing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub style: Option<Map<String, Value>>,
}

impl From<QrCode> for QrCodeJson {
    fn from(code: QrCode) -> Self {
        Self {
            qr_id: code.qr_id.into(),
            target_url: code.target.into(),
            tenant_id: code.tenant_id.into(),
            created_at: clock::iso8601(code.created_at),
            style: code.style.map(|style| style.0),
        }
    }
}

/// What a scan needs to know of a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Destination {
    /// Whose it is.
    pub tenant_id: String,
    /// Where it leads. Parsed again when it comes from Redis, where others may have written.
    pub target_url: TargetUrl,
}

/// What is to change of a code: what is absent stays.
#[derive(Debug, Default)]
pub struct QrCodeChange {
    /// A new target.
    pub target: Option<TargetUrl>,
    /// A new style, or none any more.
    pub style: Option<Option<Style>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_has_a_size() {
        let style = |length: usize| {
            let mut object = Map::new();
            object.insert("s".into(), "x".repeat(length).into());
            Style::parse(object)
        };
        // {"s":"…"}
        let most = style(MAX_STYLE_BYTES.saturating_sub(8)).unwrap();
        assert_eq!(most.to_text().len(), MAX_STYLE_BYTES);
        assert_eq!(Style::from_text(&most.to_text()), Some(most));
        assert!(style(MAX_STYLE_BYTES.saturating_sub(7)).is_err());
    }
}
