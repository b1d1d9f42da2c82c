//! The form of a rotation.

use askama::Template;
use axum::{
    Form as FormBody,
    extract::Path,
    response::{IntoResponse as _, Redirect},
};
use domain::{
    field::{FieldError, FieldErrors},
    id::RotationId,
    rotation::{MOST_LAYERS, MOST_PEOPLE, RotationDraft},
    zone::Wall,
};
use http::StatusCode;
use store::StoreError;

use super::{Cast, Link, Tab, fields, href, show::find, tabs};
use crate::{
    Flash, Section, Shell, SignedIn, Typed,
    components::{Field, Form},
    error,
    pages::hours_fields::HoursFields,
    shell::{page, page_with},
};

#[derive(Template)]
#[template(path = "pages/on-call/edit.html")]
pub(crate) struct RotationForm {
    shell: Shell,
    tabs: Vec<Link>,
    form: Form,
    /// `None` while it is new.
    id: Option<RotationId>,
    /// Who can be chosen.
    people: Vec<(i64, String)>,
}

/// The fields of one layer.
struct LayerFields {
    n: usize,
    name: Field,
    people: Vec<Field>,
    complaints: Vec<String>,
    every: Field,
    unit: Field,
    at: Field,
    from: Field,
    hours: HoursFields,
    restricted: bool,
}

impl RotationForm {
    pub(super) fn new(shell: Shell, form: Form, id: Option<RotationId>, cast: &Cast) -> Self {
        Self {
            tabs: tabs::links(&shell, Tab::OnCall),
            people: cast.contacts.iter().map(|c| (c.id.0, c.name.clone())).collect(),
            shell,
            form,
            id,
        }
    }

    fn action(&self) -> String {
        self.id.map_or_else(
            || "/on-call/rotations".to_owned(),
            |id| format!("/on-call/rotations/{id}/edit"),
        )
    }

    fn back(&self) -> String {
        self.id
            .map_or_else(|| "/on-call".to_owned(), |id| format!("/on-call/rotations/{id}"))
    }

    fn count(&self) -> usize {
        self.form.value(fields::COUNT).parse().unwrap_or(1)
    }

    fn is_full(&self) -> bool {
        self.count() >= MOST_LAYERS
    }

    fn layers(&self) -> Vec<LayerFields> {
        (0..self.count()).map(|n| self.layer(n)).collect()
    }

    fn layer(&self, n: usize) -> LayerFields {
        let (t, form) = (|key: &str| self.shell.t(key), &self.form);
        let name = |field: &str| fields::name(n, field);
        let chosen = (0..MOST_PEOPLE)
            .take_while(|place| !form.value(&fields::person(n, *place)).is_empty())
            .count();
        let seat = |place: usize| {
            let label = t("layer-person").arg("n", place + 1);
            let field = form.select(&fields::person(n, place), label).choice("", "–");
            self.people
                .iter()
                .fold(field, |field, (id, name)| field.choice(id, name))
        };
        let unit = form.select(&name("handover.unit"), t("handover-unit"));
        let prefix = fields::hours(n);
        LayerFields {
            n,
            name: form
                .text(&name("name"), t("layer-name"))
                .placeholder(t("layer-name-example")),
            people: (0..chosen + fields::SPARE).map(seat).collect(),
            complaints: form.errors(&name("people")),
            every: form
                .number(&name("handover.every"), t("handover-every"))
                .inputmode("numeric"),
            unit: unit
                .choice("days", t("handover-days"))
                .choice("weeks", t("handover-weeks")),
            at: form.field("time", &name("handover.at"), t("handover-at")),
            from: form.field("date", &name("handover.from"), t("handover-from")),
            restricted: !form.value(&format!("{prefix}.spans.0.from")).is_empty()
                || !form.errors(&format!("{prefix}.spans")).is_empty()
                || !form.errors(&format!("{prefix}.spans.0.days")).is_empty()
                || !form.errors(&format!("{prefix}.spans.0.from")).is_empty(),
            hours: HoursFields::new(&self.shell, form, &prefix, false),
        }
    }

    fn strays(&self) -> Vec<String> {
        let names = fields::names(self.count());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.form.other_errors(&names)
    }
}

/// Of a rotation that there is not yet.
pub(super) fn fresh(shell: &Shell, zone: domain::zone::Tz) -> Form {
    let today = today(shell, zone);
    let form = shell.form().with("zone", zone.name()).with(fields::COUNT, 1);
    fields::begun(form, 0, &today)
}

fn today(shell: &Shell, zone: domain::zone::Tz) -> String {
    Wall::of(zone, shell.now).map_or_else(String::new, |w| w.date)
}

pub(super) async fn new(signed_in: SignedIn) -> error::Result {
    let shell = signed_in.shell(Section::Alerting, "rotation-new");
    let cast = Cast::read(&signed_in).await?;
    let zone = signed_in.store().settings().general().await?.zone();
    let form = fresh(&shell, zone);
    page(&RotationForm::new(shell, form, None, &cast))
}

pub(super) async fn show(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let rotation = find(&signed_in, &id).await?;
    let shell = signed_in.shell_titled(Section::Alerting, &rotation.plan.name);
    let cast = Cast::read(&signed_in).await?;
    let form = fields::stored(shell.form(), &rotation.plan);
    page(&RotationForm::new(shell, form, Some(rotation.id), &cast))
}

pub(super) async fn create(signed_in: SignedIn, FormBody(typed): Typed) -> error::Result {
    let shell = signed_in.shell(Section::Alerting, "rotation-new");
    let cast = Cast::read(&signed_in).await?;
    if let Some(changed) = fields::change(&typed) {
        return again(shell, None, &cast, &changed);
    }
    let typed = fields::without_gaps(&typed);
    let errors = match RotationDraft::from_json(fields::body(&typed)) {
        Ok(draft) => match accept(signed_in.store().rotations().create(&draft).await, &draft)? {
            Ok(rotation) => {
                tracing::info!(
                    rotation.id = rotation.id.0,
                    user = signed_in.by(),
                    "rotation created"
                );
                let flash = Flash::good("flash-rotation-saved").about(&draft.name);
                return Ok(flash.redirect(&signed_in.visit, &href(&rotation)));
            }
            Err(errors) => errors,
        },
        Err(errors) => errors,
    };
    refused(shell, None, &cast, &typed, errors)
}

pub(super) async fn save(
    signed_in: SignedIn,
    Path(id): Path<String>,
    FormBody(typed): Typed,
) -> error::Result {
    let rotation = find(&signed_in, &id).await?;
    let shell = signed_in.shell_titled(Section::Alerting, &rotation.plan.name);
    let cast = Cast::read(&signed_in).await?;
    if let Some(changed) = fields::change(&typed) {
        return again(shell, Some(rotation.id), &cast, &changed);
    }
    let typed = fields::without_gaps(&typed);
    let errors = match RotationDraft::from_json(fields::body(&typed)) {
        Ok(draft) => match accept(
            signed_in.store().rotations().update(rotation.id, &draft).await,
            &draft,
        )? {
            Ok(Some(rotation)) => {
                tracing::info!(
                    rotation.id = rotation.id.0,
                    user = signed_in.by(),
                    "rotation changed"
                );
                let flash = Flash::good("flash-rotation-saved").about(&draft.name);
                return Ok(flash.redirect(&signed_in.visit, &href(&rotation)));
            }
            // Deleted while the form was open.
            Ok(None) => return Ok(Redirect::to("/on-call").into_response()),
            Err(errors) => errors,
        },
        Err(errors) => errors,
    };
    refused(shell, Some(rotation.id), &cast, &typed, errors)
}

/// A contact that was deleted while the form was open is a mistake in the form.
fn accept<T>(result: Result<T, StoreError>, draft: &RotationDraft) -> error::Result<Result<T, FieldErrors>> {
    match result {
        Ok(saved) => Ok(Ok(saved)),
        Err(StoreError::UnknownContact(id)) => {
            let layer = draft.layers.iter().position(|l| l.people.contains(&id));
            let field = fields::name(layer.unwrap_or(0), "people");
            let message = format!("There is no contact with the id {id}.");
            Ok(Err(FieldError::new(field, "contact-unknown", message)
                .with("id", id)
                .into()))
        }
        Err(e) => Err(e.into()),
    }
}

/// The same form with a layer more or less. Nothing is saved.
fn again(shell: Shell, id: Option<RotationId>, cast: &Cast, typed: &[(String, String)]) -> error::Result {
    let count = fields::count(typed);
    let mut form = fields::form(shell.form(), typed);
    let zone = domain::zone::parse("zone", form.value("zone")).unwrap_or(domain::zone::Tz::UTC);
    if form.value(&fields::name(count - 1, "handover.every")).is_empty() {
        form = fields::begun(form, count - 1, &today(&shell, zone));
    }
    page(&RotationForm::new(shell, form, id, cast))
}

fn refused(
    shell: Shell,
    id: Option<RotationId>,
    cast: &Cast,
    typed: &[(String, String)],
    errors: FieldErrors,
) -> error::Result {
    let form = fields::form(shell.form(), typed).refused(errors);
    page_with(
        StatusCode::UNPROCESSABLE_ENTITY,
        &RotationForm::new(shell, form, id, cast),
    )
}
