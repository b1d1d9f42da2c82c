//! A person and how to reach them: the form.

use askama::Template;
use axum::{
    Form as FormBody,
    extract::Path,
    response::{IntoResponse as _, Redirect},
};
use domain::{
    field::{FieldError, FieldErrors},
    id::{ChannelId, ContactId},
    rotation::{Contact, ContactDraft},
};
use http::StatusCode;
use serde_json::json;
use store::StoreError;

use super::{Cast, Link, Tab, tabs};
use crate::{
    Flash, Section, Shell, SignedIn, Typed,
    components::{Field, Form},
    error::{self, Error},
    pages::form::{ticked, value},
    shell::{page, page_with},
};

#[derive(Template)]
#[template(path = "pages/on-call/contact.html")]
pub(crate) struct ContactPage {
    shell: Shell,
    tabs: Vec<Link>,
    form: Form,
    /// `None` while they are new.
    id: Option<ContactId>,
    channels: Vec<(ChannelId, String, bool)>,
}

impl ContactPage {
    pub(super) fn new(shell: Shell, form: Form, id: Option<ContactId>, cast: Cast) -> Self {
        Self {
            tabs: tabs::links(&shell, Tab::OnCall),
            channels: cast.channels,
            shell,
            form,
            id,
        }
    }

    fn action(&self) -> String {
        self.id.map_or_else(
            || "/on-call/contacts".to_owned(),
            |id| format!("/on-call/contacts/{id}"),
        )
    }

    fn ways(&self) -> Vec<Field> {
        let field = |(id, name, enabled): &(ChannelId, String, bool)| {
            let label = if *enabled {
                name.clone()
            } else {
                format!("{name} ({})", self.shell.t("channel-off"))
            };
            self.form.checkbox(&way(*id), label)
        };
        self.channels.iter().map(field).collect()
    }

    fn strays(&self) -> Vec<String> {
        self.form.other_errors(&["name", "channels"])
    }
}

fn way(id: ChannelId) -> String {
    format!("channels.{id}")
}

pub(super) fn stored(form: Form, contact: &Contact) -> Form {
    let form = form.with("name", &contact.name);
    contact
        .channels
        .iter()
        .fold(form, |form, id| form.tick(&way(*id), true))
}

/// Channels in the order of their list.
pub(super) fn read(typed: &[(String, String)], cast: &Cast) -> Result<ContactDraft, FieldErrors> {
    let chosen = cast.channels.iter().filter(|(id, ..)| ticked(typed, &way(*id)));
    let channels: Vec<i64> = chosen.map(|(id, ..)| id.0).collect();
    ContactDraft::from_json(json!({ "name": value(typed, "name"), "channels": channels }))
}

pub(super) async fn find(signed_in: &SignedIn, id: &str) -> Result<Contact, Error> {
    let id: ContactId = id.parse().map_err(|_| Error::NotFound)?;
    signed_in.store().contacts().get(id).await?.ok_or(Error::NotFound)
}

pub(super) async fn new(signed_in: SignedIn) -> error::Result {
    let shell = signed_in.shell(Section::Alerting, "contact-new");
    let cast = Cast::read(&signed_in).await?;
    page(&ContactPage::new(shell.clone(), shell.form(), None, cast))
}

pub(super) async fn show(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let contact = find(&signed_in, &id).await?;
    let shell = signed_in.shell_titled(Section::Alerting, &contact.name);
    let cast = Cast::read(&signed_in).await?;
    let form = stored(shell.form(), &contact);
    page(&ContactPage::new(shell, form, Some(contact.id), cast))
}

pub(super) async fn create(signed_in: SignedIn, FormBody(typed): Typed) -> error::Result {
    let cast = Cast::read(&signed_in).await?;
    let errors = match read(&typed, &cast) {
        Ok(draft) => match accept(signed_in.store().contacts().create(&draft).await)? {
            Ok(contact) => {
                tracing::info!(
                    contact.id = contact.id.0,
                    user = signed_in.by(),
                    "contact created"
                );
                return Ok(Flash::good("flash-contact-saved")
                    .about(&contact.name)
                    .redirect(&signed_in.visit, "/on-call"));
            }
            Err(errors) => errors,
        },
        Err(errors) => errors,
    };
    let shell = signed_in.shell(Section::Alerting, "contact-new");
    refused(shell, None, cast, &typed, errors)
}

pub(super) async fn save(
    signed_in: SignedIn,
    Path(id): Path<String>,
    FormBody(typed): Typed,
) -> error::Result {
    let contact = find(&signed_in, &id).await?;
    let cast = Cast::read(&signed_in).await?;
    let errors = match read(&typed, &cast) {
        Ok(draft) => match accept(signed_in.store().contacts().update(contact.id, &draft).await)? {
            Ok(Some(contact)) => {
                tracing::info!(
                    contact.id = contact.id.0,
                    user = signed_in.by(),
                    "contact changed"
                );
                return Ok(Flash::good("flash-contact-saved")
                    .about(&contact.name)
                    .redirect(&signed_in.visit, "/on-call"));
            }
            // Deleted while the form was open.
            Ok(None) => return Ok(Redirect::to("/on-call").into_response()),
            Err(errors) => errors,
        },
        Err(errors) => errors,
    };
    let shell = signed_in.shell_titled(Section::Alerting, &contact.name);
    refused(shell, Some(contact.id), cast, &typed, errors)
}

/// A channel that was deleted while the form was open is a mistake in the form.
fn accept<T>(result: Result<T, StoreError>) -> error::Result<Result<T, FieldErrors>> {
    match result {
        Ok(saved) => Ok(Ok(saved)),
        Err(StoreError::UnknownChannel(id)) => {
            let message = format!("There is no channel with the id {id}.");
            Ok(Err(FieldError::new("channels", "channel-unknown", message)
                .with("id", id)
                .into()))
        }
        Err(e) => Err(e.into()),
    }
}

fn refused(
    shell: Shell,
    id: Option<ContactId>,
    cast: Cast,
    typed: &[(String, String)],
    errors: FieldErrors,
) -> error::Result {
    let form = Form::typed(shell.language, typed, &[]).refused(errors);
    page_with(
        StatusCode::UNPROCESSABLE_ENTITY,
        &ContactPage::new(shell, form, id, cast),
    )
}
