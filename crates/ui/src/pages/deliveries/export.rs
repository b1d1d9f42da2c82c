//! The filtered list as a table for spreadsheets, sent while it is read.

use axum::{body::Body, extract::Query, response::IntoResponse as _};
use futures_util::{StreamExt as _, stream};
use http::{
    StatusCode,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE},
};

use super::Search;
use crate::{
    SignedIn,
    error::{self, Error},
};

/// By which spreadsheets know that it is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

pub(super) async fn table(signed_in: SignedIn, Query(search): Query<Search>) -> error::Result {
    let filter = search
        .filter()
        .map_err(|_| Error::Refused(StatusCode::BAD_REQUEST))?;
    let mut export = signed_in.store().outbox().export(filter);
    // What fails at once is still a page that says so; later the table can only break off.
    let head = export.next().await?.unwrap_or_default();
    let rest = stream::try_unfold(export, |mut export| async {
        let lines = export.next().await.inspect_err(|e| {
            tracing::error!(error = %e, "an export of deliveries broke off");
        })?;
        Ok::<_, store::StoreError>(lines.map(|lines| (lines, export)))
    });
    let lines = stream::once(async move { Ok(format!("{BYTE_ORDER_MARK}{head}")) }).chain(rest);
    let day = signed_in.visit.app.now().to_utc().format("%Y-%m-%d");
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"watchbell-deliveries-{day}.csv\""),
        ),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}
