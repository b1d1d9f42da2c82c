//! The calendar of a rotation, by its secret address: no session, and whoever has the address may read it.

use std::collections::BTreeMap;

use axum::{Extension, extract::Path, response::IntoResponse as _};
use domain::rotation::calendar;
use http::header::CONTENT_TYPE;

use crate::{
    Visit,
    error::{self, Error},
    security::signed::Turnstile,
};

/// Whatever is not one of our addresses gets the same answer as any page that does not exist.
pub(super) async fn read(
    visit: Visit,
    Path(file): Path<String>,
    Extension(turnstile): Extension<Turnstile>,
) -> error::Result {
    turnstile.pass(&visit)?;
    let token = file.strip_suffix(".ics").ok_or(Error::NotFound)?;
    let store = &visit.app.store;
    let feed = store
        .rotations()
        .by_feed_token(token)
        .await?
        .ok_or(Error::NotFound)?;
    let contacts = store.contacts().all().await?;
    let names: BTreeMap<_, _> = contacts.into_iter().map(|c| (c.id, c.name)).collect();
    let host = visit.app.public_url.host_str().unwrap_or("watchbell");
    let text = calendar(&feed.rotation, &names, feed.changed_at, visit.app.now(), host);
    Ok(([(CONTENT_TYPE, "text/calendar; charset=utf-8")], text).into_response())
}
