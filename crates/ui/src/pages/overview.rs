//! The first page: what is wrong now, then every monitor.

use std::time::Duration;

use askama::Template;
use axum::{
    Router,
    extract::Query,
    routing::{get, post},
};
use domain::{
    channel::{Channel, ChannelKind},
    id::MonitorId,
    in_force::InForce,
    incident::IncidentKind,
    monitor::Monitor,
    state::{MonitorState, Status},
};
use serde::Deserialize;
use store::{MonitorFilter, Neglected, Store};

use crate::{
    App, Flash, Section, Shell, SignedIn,
    components::{Pager, href},
    error,
    pages::settings::mail::Concerns,
    shell::{page, status_key},
};

mod loss;
mod row;
#[cfg(test)]
mod samples;
mod trouble;
use loss::Loss;
pub(crate) use row::{Row, bar, load, strip_label};
#[cfg(test)]
pub(crate) use samples::samples;
use trouble::{Trouble, WRONG, troubles};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(show))
        .route("/one-kind-is-enough", post(accept_one_kind))
}

#[derive(Template)]
#[template(path = "pages/overview.html")]
pub(crate) struct OverviewPage {
    shell: Shell,
    /// What is left to do before Watchbell can ring; `None` once all is done.
    checklist: Option<Checklist>,
    /// Why one kind of channel is too few (a text key), while there is one and nobody has said that it is enough.
    second_channel: Option<&'static str>,
    concerns: Concerns,
    /// Recipients that get no mail.
    suspended: u64,
    /// Monitors of whose outage nobody would hear.
    unheard: u64,
    /// Channels that somebody has to look after.
    neglected: Vec<Neglected>,
    /// What channels did not deliver, and what they lost.
    lost: Vec<Loss>,
    verdict: Verdict,
    troubles: Vec<Trouble>,
    /// More troubles than are listed.
    more_troubles: u64,
    statuses: Vec<Count>,
    tags: Vec<String>,
    search: Search,
    rows: Vec<Row>,
    pager: Pager,
    total: u64,
}

/// The filter, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Search {
    q: String,
    status: String,
    tag: String,
    cursor: String,
}

impl Search {
    fn is_active(&self) -> bool {
        !(self.q.is_empty() && self.status.is_empty() && self.tag.is_empty())
    }

    fn filter(&self, stale: Vec<MonitorId>) -> MonitorFilter {
        let some = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        MonitorFilter {
            status: Status::parse(&self.status),
            tag: some(&self.tag),
            stale,
            query: some(&self.q),
            cursor: some(&self.cursor),
            limit: PAGE_SIZE,
        }
    }
}

const PAGE_SIZE: u32 = 50;
/// What is wrong is listed up to here; beyond it, the filter is the better list.
const MOST_TROUBLES: u32 = 12;

/// Steps of the first five minutes.
pub(crate) struct Checklist {
    mail: bool,
    channel: bool,
    monitor: bool,
}

/// The one sentence that a glance is for.
pub(crate) struct Verdict {
    shape: &'static str,
    tone: &'static str,
    headline: String,
    detail: String,
}

/// How many monitors have a status; a link to exactly those.
pub(crate) struct Count {
    label: String,
    number: u64,
    href: String,
    current: bool,
}

async fn show(signed_in: SignedIn, Query(search): Query<Search>) -> error::Result {
    let store = signed_in.store();
    let shell = signed_in.shell(Section::Overview, "nav-overview");
    let numbers = store.monitors().counts().await?;
    let numbers = signed_in.visit.app.scheduler.count_stale(numbers);
    let of = |status: Status| {
        numbers
            .iter()
            .filter(|(s, _)| *s == status)
            .map(|(_, n)| n)
            .sum::<u64>()
    };
    let total: u64 = numbers.iter().map(|(_, n)| n).sum();

    let (expiring, expires) = store
        .incidents()
        .open_of_kind(IncidentKind::Certificate, MOST_TROUBLES)
        .await?;
    let wrong = WRONG.iter().map(|status| of(*status)).sum();
    let mut troubles = troubles(&signed_in, &shell, wrong).await?;
    troubles.extend(expiring.iter().map(|row| Trouble::expiring(&shell, row)));
    troubles.truncate(MOST_TROUBLES as usize);
    let more_troubles = (wrong + expires).saturating_sub(troubles.len() as u64);
    let found = store.monitors().page(&search.filter(signed_in.stale())).await?;
    let rows = row::load(&signed_in, &shell, found.items).await?;
    let query = [
        ("q", search.q.as_str()),
        ("status", &search.status),
        ("tag", &search.tag),
    ];
    let cursor = (!search.cursor.is_empty()).then_some(search.cursor.as_str());
    let channels = store.channels().all().await?;
    let general = store.settings().general().await?;
    let checklist = checklist(store, &channels, total).await?;
    let view = OverviewPage {
        // One thing after the other: first that it rings at all.
        second_channel: only_kind(&channels)
            .filter(|_| checklist.is_none() && !general.one_kind_is_enough)
            .map(second_channel),
        checklist,
        concerns: Concerns::read(&signed_in).await?,
        suspended: store.recipients().suspended_count().await?,
        unheard: store.policies().unheard().await?,
        neglected: store.channels().neglected().await?,
        lost: loss::view(&shell, &store.outbox().lost().await?),
        verdict: verdict(&shell, total, &of, expires),
        troubles,
        more_troubles,
        statuses: counts(&shell, &search, total, &numbers),
        tags: store.monitors().tags().await?,
        pager: Pager::new(&shell, "/", &query, cursor, found.next.as_deref()),
        rows,
        search,
        total,
        shell,
    };
    page(&view)
}

/// Ends the reminder of a second channel, for everybody.
async fn accept_one_kind(who: SignedIn) -> error::Result {
    let settings = who.store().settings();
    let mut general = settings.general().await?;
    general.one_kind_is_enough = true;
    settings.save_general(&general, who.by()).await?;
    Ok(Flash::good("flash-one-kind-is-enough").redirect(&who.visit, "/"))
}

/// What all channels that are on have in common. When that way is blocked, nobody hears of anything.
fn only_kind(channels: &[Channel]) -> Option<ChannelKind> {
    let mut kinds = channels.iter().filter(|c| c.enabled).map(|c| c.kind);
    let first = kinds.next()?;
    kinds.all(|kind| kind == first).then_some(first)
}

fn second_channel(only: ChannelKind) -> &'static str {
    match only {
        ChannelKind::Email => "second-channel-mail",
        ChannelKind::Webhook => "second-channel-webhook",
        _ => "second-channel-service",
    }
}

async fn checklist(store: &Store, channels: &[Channel], monitors: u64) -> error::Result<Option<Checklist>> {
    let list = Checklist {
        mail: store.mail().primary().await?.is_some(),
        channel: !channels.is_empty(),
        monitor: monitors > 0,
    };
    // Mail is not needed by who only uses webhooks.
    let done = list.channel && list.monitor;
    Ok((!done).then_some(list))
}

/// `expires`: certificates about to.
fn verdict(shell: &Shell, total: u64, of: &dyn Fn(Status) -> u64, expires: u64) -> Verdict {
    let (down, unknown, slow) = (of(Status::Down), of(Status::Unknown), of(Status::Degraded));
    let up = of(Status::Up) + slow;
    let maintenance = of(Status::Maintenance);
    let (shape, tone, headline) = if total == 0 {
        ("pending", "", shell.t("overview-nothing-watched"))
    } else if down > 0 {
        ("down", "bad", shell.t("overview-down").count("n", down))
    } else if unknown > 0 {
        ("unknown", "warn", shell.t("overview-unknown").count("n", unknown))
    } else if slow > 0 {
        ("degraded", "warn", shell.t("overview-slow").count("n", slow))
    } else if expires > 0 {
        (
            "degraded",
            "warn",
            shell.t("overview-expiring").count("n", expires),
        )
    } else if up == 0 && maintenance > 0 {
        ("maintenance", "", shell.t("overview-under-maintenance"))
    } else if up == 0 {
        ("pending", "", shell.t("overview-waiting"))
    } else {
        ("up", "", shell.t("overview-all-up"))
    };
    let detail = match total {
        0 => shell.t("overview-nothing-watched-detail"),
        _ if maintenance > 0 => shell
            .t("overview-detail-maintenance")
            .count("up", up)
            .count("total", total)
            .count("maintenance", maintenance),
        _ => shell.t("overview-detail").count("up", up).count("total", total),
    };
    Verdict {
        shape,
        tone,
        headline: headline.to_string(),
        detail: detail.to_string(),
    }
}

/// The status that people see.
pub(crate) fn status_of(monitor: &Monitor, state: &MonitorState, in_force: &InForce) -> Status {
    let config = &monitor.config;
    let window = in_force.maintenance_of(monitor.id, &config.tags, config.target.kind());
    state.shown(config.enabled, window.is_some())
}

fn counts(shell: &Shell, search: &Search, total: u64, numbers: &[(Status, u64)]) -> Vec<Count> {
    let link = |status: &str| href("/", &[("q", &search.q), ("status", status), ("tag", &search.tag)]);
    let all = Count {
        label: shell.t("filter-all").to_string(),
        number: total,
        href: link(""),
        current: search.status.is_empty(),
    };
    let each = Status::ALL.into_iter().filter_map(|status| {
        let number = numbers
            .iter()
            .filter(|(s, _)| *s == status)
            .map(|(_, n)| *n)
            .sum();
        (number > 0).then(|| Count {
            label: shell.t(status_key(status)).to_string(),
            number,
            href: link(status.as_str()),
            current: search.status == status.as_str(),
        })
    });
    std::iter::once(all).chain(each).collect()
}

pub(crate) const DAY: Duration = Duration::from_hours(24);
pub(crate) const MONTH: Duration = Duration::from_hours(24 * 30);
