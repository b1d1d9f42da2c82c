//! One file for each service.
#![expect(
    clippy::unwrap_used,
    reason = "what is asked of a service is of its shape, or the test has found something"
)]

use crate::row::Row;

mod alertmanager;
mod apprise;
mod bark;
mod dingtalk;
mod feishu;
mod gotify;
mod ntfy;
mod pagerduty;
mod pushover;
mod serverchan;
mod slack;
mod splunk_on_call;
mod twilio;
mod wecom;

pub(crate) fn all() -> Vec<Row> {
    vec![
        slack::row(),
        feishu::row(),
        dingtalk::row(),
        wecom::row(),
        pagerduty::row(),
        splunk_on_call::row(),
        alertmanager::row(),
        ntfy::row(),
        pushover::row(),
        gotify::row(),
        bark::row(),
        serverchan::row(),
        twilio::row(),
        apprise::row(),
    ]
}
