//! One file for each service.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a request that has not what it must have fails at once and loudly"
)]

use crate::row::Row;

mod alertmanager;
mod apprise;
mod bark;
mod dingtalk;
mod discord;
mod feishu;
mod google_chat;
mod gotify;
mod matrix;
mod mattermost;
mod ntfy;
mod pagerduty;
mod pushover;
mod rocket_chat;
mod serverchan;
mod slack;
mod slack_bot;
mod splunk_on_call;
mod teams;
mod telegram;
mod twilio;
mod wecom;

pub(crate) fn all() -> Vec<Row> {
    vec![
        slack::row(),
        slack_bot::row(),
        discord::row(),
        teams::row(),
        google_chat::row(),
        mattermost::row(),
        rocket_chat::row(),
        telegram::row(),
        matrix::row(),
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
