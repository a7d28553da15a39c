//! Pictures of QR codes.

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use sealcard_core::qr::{MAX_PIXELS, QrMatrix};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::ApiError;

/// The width of a picture if none is asked for.
const DEFAULT_PIXELS: u32 = 400;

/// The form of a picture.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum PictureFormat {
    #[default]
    Png,
    Svg,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct PictureQuery {
    /// The form of the picture.
    #[serde(default)]
    #[param(required = false)]
    pub(super) format: PictureFormat,
    /// The width in pixels; 400 if absent.
    #[param(minimum = 1, maximum = 2048)]
    size: Option<u32>,
}

impl PictureQuery {
    /// The width in pixels.
    pub(super) fn size(&self) -> Result<u32, ApiError> {
        let size = self.size.unwrap_or(DEFAULT_PIXELS);
        if (1..=MAX_PIXELS).contains(&size) {
            return Ok(size);
        }
        Err(ApiError::malformed(format!("size: {size}, but 1 to {MAX_PIXELS} pixels are allowed")))
    }
}

/// A text as a picture. Drawing takes milliseconds, more than everything else about such a request: it is kept off the threads
/// that serve.
pub(super) async fn picture(text: String, format: PictureFormat, size: u32) -> Result<Response, ApiError> {
    let drawn = tokio::task::spawn_blocking(move || draw(&text, format, size)).await;
    let (content_type, picture) = drawn.unwrap_or_else(|error| {
        tracing::error!(%error, "a picture was not drawn");
        Err(ApiError::internal())
    })?;
    Ok(([(header::CONTENT_TYPE, content_type)], picture).into_response())
}

fn draw(text: &str, format: PictureFormat, size: u32) -> Result<(&'static str, Vec<u8>), ApiError> {
    let matrix = QrMatrix::new(text)
        .map_err(|error| ApiError::unprocessable(error.code().as_str(), "Profile too large").with_detail(error))?;
    match format {
        PictureFormat::Svg => Ok(("image/svg+xml", matrix.to_svg(size).into_bytes())),
        PictureFormat::Png => match matrix.to_png(size) {
            Ok(png) => Ok(("image/png", png)),
            Err(error) => {
                tracing::error!(%error, "a PNG was not written");
                Err(ApiError::internal())
            }
        },
    }
}
