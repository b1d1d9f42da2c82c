//! Who is on call: now, next, and the people and rotations behind it.

use askama::Template;
use axum::{
    Extension, Router,
    routing::{get, post},
};
use domain::{
    clock::Timestamp,
    id::{ChannelId, ContactId},
    rotation::{AHEAD, Contact, Rotation, Shift, Source, shifts},
    zone::{Tz, Wall},
};

use super::tabs::{self, Link, Tab};
use crate::{
    App, Section, Shell, SignedIn, error, pages::hours_fields::day_word, security::signed::Turnstile,
    shell::page,
};

mod ask;
mod contact;
mod edit;
mod feed;
mod fields;
mod overriding;
#[cfg(test)]
pub(crate) mod samples;
mod show;
mod timeline;

/// Handovers that are listed.
const NEXT: usize = 4;

pub(super) fn routes() -> Router<App> {
    let calendar = Router::new()
        .route("/on-call/feed/{token}", get(feed::read))
        .layer(Extension(Turnstile::default()));
    Router::new()
        .route("/on-call", get(overview))
        .route("/on-call/contacts", post(contact::create))
        .route("/on-call/contacts/new", get(contact::new))
        .route("/on-call/contacts/{id}", get(contact::show).post(contact::save))
        .route(
            "/on-call/contacts/{id}/delete",
            get(ask::contact).post(ask::delete_contact),
        )
        .route("/on-call/rotations", post(edit::create))
        .route("/on-call/rotations/new", get(edit::new))
        .route("/on-call/rotations/{id}", get(show::show))
        .route("/on-call/rotations/{id}/edit", get(edit::show).post(edit::save))
        .route(
            "/on-call/rotations/{id}/delete",
            get(ask::rotation).post(ask::delete_rotation),
        )
        .route(
            "/on-call/rotations/{id}/renew",
            get(ask::feed).post(ask::renew_feed),
        )
        .route("/on-call/rotations/{id}/overrides", post(overriding::add))
        .route("/on-call/overrides/{id}/remove", post(overriding::remove))
        .merge(calendar)
}

#[derive(Template)]
#[template(path = "pages/on-call/overview.html")]
pub(crate) struct OverviewPage {
    shell: Shell,
    tabs: Vec<Link>,
    rotations: Vec<Card>,
    contacts: Vec<Row>,
    /// There is a channel by which somebody could be reached.
    reachable: bool,
}

/// A rotation in short.
pub(crate) struct Card {
    href: String,
    name: String,
    now: Now,
    next: Vec<Handing>,
}

/// Who is on call.
pub(crate) struct Now {
    /// `None`: nobody.
    who: Option<String>,
    /// Why, in words.
    why: Option<String>,
    /// In the rotation's zone; `None`: not within eight weeks.
    until: Option<String>,
    zone: &'static str,
    /// Nobody can reach them: their channels are gone or switched off.
    unreachable: bool,
}

/// One who is next, or nobody.
pub(crate) struct Handing {
    at: String,
    who: Option<String>,
}

/// A person in the list.
pub(crate) struct Row {
    id: ContactId,
    name: String,
    /// Names of the channels.
    ways: Vec<String>,
}

/// The people and channels that pages name.
pub(crate) struct Cast {
    pub(super) contacts: Vec<Contact>,
    /// Number, name, whether it is switched on.
    pub(super) channels: Vec<(ChannelId, String, bool)>,
}

impl Cast {
    async fn read(signed_in: &SignedIn) -> error::Result<Self> {
        let channels = signed_in.store().channels().all().await?;
        Ok(Self {
            contacts: signed_in.store().contacts().all().await?,
            channels: channels.into_iter().map(|c| (c.id, c.name, c.enabled)).collect(),
        })
    }

    fn name(&self, id: ContactId) -> String {
        let found = self.contacts.iter().find(|c| c.id == id);
        found.map_or_else(|| format!("#{id}"), |c| c.name.clone())
    }

    fn reaches(&self, id: ContactId) -> bool {
        let found = self.contacts.iter().find(|c| c.id == id);
        let on = |id: &ChannelId| self.channels.iter().any(|(c, _, enabled)| c == id && *enabled);
        found.is_some_and(|c| c.channels.iter().any(on))
    }

    fn ways(&self, contact: &Contact) -> Vec<String> {
        let named = |id: &ChannelId| self.channels.iter().find(|(c, ..)| c == id);
        contact
            .channels
            .iter()
            .filter_map(named)
            .map(|(_, name, _)| name.clone())
            .collect()
    }
}

/// A moment in the rotation's zone: "Mon 2026-11-30 09:00".
fn moment(shell: &Shell, zone: Tz, at: Timestamp) -> String {
    Wall::of(zone, at).map_or_else(
        || at.to_string(),
        |wall| {
            format!(
                "{} {} {}",
                day_word(shell.language, wall.weekday),
                wall.date,
                wall.time
            )
        },
    )
}

/// Who is on call now and who is next. Shifts of one person that follow one another are one here.
fn outlook(shell: &Shell, rotation: &Rotation, cast: &Cast) -> (Now, Vec<Handing>) {
    let (now, zone) = (shell.now, rotation.plan.zone);
    let horizon = now.plus(AHEAD);
    let mut stretches: Vec<Shift> = Vec::new();
    for shift in shifts(rotation, now, horizon) {
        let who = |s: &Shift| s.duty.map(|d| d.contact);
        match stretches.last_mut() {
            Some(last) if who(last) == who(&shift) => last.to = shift.to,
            _ => stretches.push(shift),
        }
    }
    let current = stretches.first();
    let duty = current.and_then(|s| s.duty);
    let until = current.map(|s| s.to).filter(|to| *to < horizon);
    let now = Now {
        who: duty.map(|d| cast.name(d.contact)),
        why: duty.map(|d| why(shell, rotation, d.source)),
        until: until.map(|at| moment(shell, zone, at)),
        zone: zone.name(),
        unreachable: duty.is_some_and(|d| !cast.reaches(d.contact)),
    };
    let next = stretches.iter().skip(1).take(NEXT).map(|s| Handing {
        at: moment(shell, zone, s.from),
        who: s.duty.map(|d| cast.name(d.contact)),
    });
    (now, next.collect())
}

fn why(shell: &Shell, rotation: &Rotation, source: Source) -> String {
    match source {
        Source::Layer { layer, .. } => rotation
            .plan
            .layers
            .get(layer)
            .map_or_else(String::new, |l| l.name.clone()),
        Source::Override(id) => {
            let note = rotation.find_override(id).map_or("", |o| o.note.as_str());
            let took_over = shell.t("on-call-override").to_string();
            if note.is_empty() {
                took_over
            } else {
                format!("{took_over}: {note}")
            }
        }
    }
}

impl OverviewPage {
    fn new(shell: Shell, rotations: &[Rotation], cast: &Cast) -> Self {
        let card = |rotation: &Rotation| {
            let (now, next) = outlook(&shell, rotation, cast);
            Card {
                href: href(rotation),
                name: rotation.plan.name.clone(),
                now,
                next,
            }
        };
        let row = |c: &Contact| Row {
            id: c.id,
            name: c.name.clone(),
            ways: cast.ways(c),
        };
        Self {
            tabs: tabs::links(&shell, Tab::OnCall),
            rotations: rotations.iter().map(card).collect(),
            contacts: cast.contacts.iter().map(row).collect(),
            reachable: !cast.channels.is_empty(),
            shell,
        }
    }
}

fn href(rotation: &Rotation) -> String {
    format!("/on-call/rotations/{}", rotation.id)
}

async fn overview(signed_in: SignedIn) -> error::Result {
    let shell = signed_in.shell(Section::Alerting, "alerting-on-call");
    let rotations = signed_in.store().rotations().all().await?;
    let cast = Cast::read(&signed_in).await?;
    page(&OverviewPage::new(shell, &rotations, &cast))
}
