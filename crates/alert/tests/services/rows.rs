//! One file for each service.

use crate::row::Row;

mod ntfy;
mod pagerduty;
mod slack;

pub(crate) fn all() -> Vec<Row> {
    vec![slack::row(), pagerduty::row(), ntfy::row()]
}
