//! The mail settings and their test.

use alert::{Through, mail::Trial};
use axum::{Json, extract::State};
use domain::{
    field::FieldErrors,
    json::Object,
    mail::{Address, MailSettings},
};
use serde_json::{Value, json};
use store::{MailProfile, mail::MailHealth};

use crate::{
    App,
    caller::{Caller, Reader, Writer},
    failure,
    problem::Problem,
    request::{Body, merge_patch},
    wire::mail::{MailDraft, MailTestRequest, MailTestView, MailView},
};

/// Read the mail settings
#[utoipa::path(get, path = "/settings/mail", tag = "settings", operation_id = "get_mail",
    responses((status = 200, body = MailView)))]
pub(crate) async fn get(_: Reader, State(app): State<App>) -> Result<Json<MailView>, Problem> {
    view(&app).await.map(Json)
}

/// Save the mail settings
///
/// The very next message uses them; messages that waited for settings are released. A password that is left out is
/// kept as long as server, port, security, certificate check and user name stay the same.
#[utoipa::path(put, path = "/settings/mail", tag = "settings", operation_id = "put_mail",
    request_body = MailDraft,
    responses((status = 200, body = MailView)))]
pub(crate) async fn put(
    Writer(caller): Writer,
    State(app): State<App>,
    Body(body): Body,
) -> Result<Json<MailView>, Problem> {
    let current = app.store.mail().primary().await.map_err(failure)?;
    let settings = MailSettings::from_json(body, current.as_ref().map(|c| &c.settings))?;
    let saved = app.store.mail().save_primary(&settings, &caller.name).await;
    saved.map_err(failure)?;
    view(&app).await.map(Json)
}

/// Send a test mail
///
/// It takes the way of every other mail, with the saved settings or with unsaved changes laid over them. A saved
/// password goes to no other server than the one that it was saved for. Without `to` it goes to the person whose token
/// this is. At most five per minute and token. With
/// `dry_run` the server is asked about sender and recipient, and nothing is sent.
#[utoipa::path(post, path = "/settings/mail/test", tag = "settings", operation_id = "test_mail",
    request_body = MailTestRequest,
    responses((status = 200, body = MailTestView)))]
pub(crate) async fn test(
    Writer(caller): Writer,
    State(app): State<App>,
    Body(body): Body,
) -> Result<Json<MailTestView>, Problem> {
    let current = app.store.mail().primary().await.map_err(failure)?;
    run_test(&app, &caller, current, body).await.map(Json)
}

/// Tests a profile, or what is laid over it. `None`: there is none yet.
pub(crate) async fn run_test(
    app: &App,
    caller: &Caller,
    current: Option<MailProfile>,
    body: Value,
) -> Result<MailTestView, Problem> {
    let wanted = read_test(body, &caller.email, current.as_ref().map(|c| &c.settings))?;
    app.take_test(caller)?;
    let through = match (wanted.overlay, &current) {
        (Some(settings), _) => Through::Unsaved(Box::new(settings)),
        (None, Some(profile)) => Through::Profile(profile.id),
        (None, None) => Through::Primary,
    };
    let trial = Trial {
        dry_run: wanted.dry_run,
        ..Trial::default()
    };
    let report = app.alert.test_mail(through, &wanted.to, trial).await;
    tracing::info!(
        ok = report.ok,
        mail.server = report.server,
        mail.to = %wanted.to,
        mail.dry_run = wanted.dry_run,
        caller = %caller.name,
        "mail settings tested"
    );
    Ok(report.into())
}

/// A test as it was asked for.
struct Wanted {
    to: Address,
    /// `None`: what is saved.
    overlay: Option<MailSettings>,
    dry_run: bool,
}

fn read_test(body: Value, own: &str, current: Option<&MailSettings>) -> Result<Wanted, FieldErrors> {
    let mut o = Object::new("", body)?;
    let to = o.text("to").unwrap_or_else(|| own.to_owned());
    let to = o.parse("to", Some(to), |f, v| Address::parse(f, &v));
    let dry_run = o.boolean("dry_run").unwrap_or(false);
    let overlay = match o.value("settings") {
        None => None,
        Some(changes) => {
            let mut merged = current.map_or_else(|| json!({}), MailSettings::to_json);
            merge_patch(&mut merged, changes);
            match MailSettings::from_json(merged, current) {
                Ok(settings) => Some(settings),
                Err(errors) => {
                    o.errors.0.extend(errors.0.into_iter().map(|mut e| {
                        e.field = format!("settings.{}", e.field);
                        e
                    }));
                    None
                }
            }
        }
    };
    let errors = o.finish();
    match to {
        Some(to) if errors.is_empty() => Ok(Wanted { to, overlay, dry_run }),
        _ => Err(errors),
    }
}

async fn view(app: &App) -> Result<MailView, Problem> {
    let profile = app.store.mail().primary().await.map_err(failure)?;
    let health = match &profile {
        Some(profile) => app.store.mail().health(profile.id).await.map_err(failure)?,
        None => MailHealth::default(),
    };
    let queue = app.store.mail().queue().await.map_err(failure)?;
    Ok(MailView::new(profile.as_ref(), health, queue))
}
