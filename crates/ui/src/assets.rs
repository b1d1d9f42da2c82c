//! Style sheet, script and images: embedded, named by their content, cached for ever.

use std::{collections::HashMap, sync::LazyLock};

use axum::{
    body::Body,
    extract::Path,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{StatusCode, header};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../web/static"]
struct StaticFiles;

struct Asset {
    /// `/static/<hash>/<name>`: a new content is a new address, so no browser keeps an old one.
    url: String,
    hash: String,
    media_type: String,
    bytes: axum::body::Bytes,
}

static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    StaticFiles::iter()
        .filter_map(|name| {
            let file = StaticFiles::get(&name)?;
            let hash = URL_SAFE_NO_PAD.encode(&file.metadata.sha256_hash()[..9]);
            let asset = Asset {
                url: format!("/static/{hash}/{name}"),
                hash,
                media_type: file.metadata.mimetype().to_owned(),
                bytes: axum::body::Bytes::from(file.data.into_owned()),
            };
            Some((name.into_owned(), asset))
        })
        .collect()
});

/// The address of a file in `web/static`.
pub(crate) fn url(name: &str) -> &'static str {
    ASSETS.get(name).map_or("", |a| &a.url)
}

/// `GET /static/{hash}/{*name}`. An old hash is gone: serving today's bytes under it would be cached as yesterday's.
pub(crate) async fn file(Path((hash, name)): Path<(String, String)>) -> Response {
    match ASSETS.get(&name).filter(|a| a.hash == hash) {
        Some(asset) => (
            [
                (header::CONTENT_TYPE, asset.media_type.as_str()),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ],
            Body::from(asset.bytes.clone()),
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `GET /favicon.ico`, which browsers ask for whatever the page says.
pub(crate) async fn favicon() -> axum::response::Redirect {
    axum::response::Redirect::permanent(url("favicon.svg"))
}
