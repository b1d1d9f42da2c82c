//! One rotation: who is on call, the next two weeks, who takes over, and its calendar.

use askama::Template;
use axum::extract::Path;
use domain::{
    id::{OverrideId, RotationId},
    rotation::Rotation,
};

use super::{Cast, Handing, Link, Now, Tab, href, moment, outlook, tabs, timeline::Timeline};
use crate::{
    Section, Shell, SignedIn,
    components::{Field, Form},
    error::{self, Error},
    shell::page,
};

#[derive(Template)]
#[template(path = "pages/on-call/rotation.html")]
pub(crate) struct RotationPage {
    pub(super) shell: Shell,
    tabs: Vec<Link>,
    href: String,
    name: String,
    zone: &'static str,
    now: Now,
    next: Vec<Handing>,
    timeline: Timeline,
    overrides: Vec<OverrideLine>,
    /// Of somebody who takes over.
    pub(super) form: Form,
    people: Vec<(i64, String)>,
    feed: String,
}

pub(crate) struct OverrideLine {
    id: OverrideId,
    who: String,
    from: String,
    to: String,
    note: String,
    by: String,
}

impl RotationPage {
    pub(super) fn new(shell: Shell, rotation: &Rotation, cast: &Cast, feed: String) -> Self {
        let zone = rotation.plan.zone;
        let (now, next) = outlook(&shell, rotation, cast);
        // What is over is history.
        let current = rotation.overrides.iter().filter(|o| o.to > shell.now);
        let overrides = current.map(|o| OverrideLine {
            id: o.id,
            who: cast.name(o.contact),
            from: moment(&shell, zone, o.from),
            to: moment(&shell, zone, o.to),
            note: o.note.clone(),
            by: o.by.clone(),
        });
        Self {
            tabs: tabs::links(&shell, Tab::OnCall),
            href: href(rotation),
            name: rotation.plan.name.clone(),
            zone: zone.name(),
            now,
            next,
            timeline: Timeline::new(&shell, rotation, cast),
            overrides: overrides.collect(),
            form: shell.form(),
            people: cast.contacts.iter().map(|c| (c.id.0, c.name.clone())).collect(),
            feed,
            shell,
        }
    }

    fn contact_field(&self) -> Field {
        let field = self.form.select("contact", self.shell.t("on-call-who"));
        let field = field.choice("", self.shell.t("on-call-choose"));
        self.people
            .iter()
            .fold(field, |field, (id, name)| field.choice(id, name))
    }

    fn strays(&self) -> Vec<String> {
        self.form.other_errors(&["contact", "from", "to", "note"])
    }
}

pub(super) async fn find(signed_in: &SignedIn, id: &str) -> Result<Rotation, Error> {
    let id: RotationId = id.parse().map_err(|_| Error::NotFound)?;
    signed_in
        .store()
        .rotations()
        .get(id)
        .await?
        .ok_or(Error::NotFound)
}

pub(super) async fn view(signed_in: &SignedIn, rotation: &Rotation) -> error::Result<RotationPage> {
    let shell = signed_in.shell_titled(Section::Alerting, &rotation.plan.name);
    let cast = Cast::read(signed_in).await?;
    let token = signed_in.store().rotations().feed_token(rotation.id).await?;
    let base = signed_in.visit.app.public_url.as_str().trim_end_matches('/');
    let feed = token
        .map(|t| format!("{base}/on-call/feed/{t}.ics"))
        .unwrap_or_default();
    Ok(RotationPage::new(shell, rotation, &cast, feed))
}

pub(super) async fn show(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let rotation = find(&signed_in, &id).await?;
    page(&view(&signed_in, &rotation).await?)
}
