//! Creating and changing a policy.

use askama::Template;
use axum::{
    Form as FormBody,
    extract::Path,
    response::{IntoResponse as _, Redirect},
};
use domain::{
    field::FieldErrors,
    hours::QuietAction,
    id::PolicyId,
    policy::{Concern, Policy, PolicyConfig, Severity},
};
use http::StatusCode;
use serde_json::Value;
use store::StoreError;

use super::{
    Names, fields, find,
    summary::Summary,
    tabs::{self, Link, Tab},
    words,
};
use crate::{
    Flash, Section, Shell, SignedIn, Typed,
    components::{Field, Form},
    error,
    pages::hours_fields::HoursFields,
    shell::{page, page_with},
};

#[derive(Template)]
#[template(path = "pages/policies/edit.html")]
pub(crate) struct EditPage {
    pub(super) shell: Shell,
    pub(super) tabs: Vec<Link>,
    pub(super) form: Form,
    /// `None` while it is new.
    pub(super) policy: Option<Existing>,
    pub(super) names: Names,
    pub(super) summary: Summary,
    /// The step that a button was about.
    pub(super) focus: Option<usize>,
}

pub(crate) struct Existing {
    pub(super) href: String,
    pub(super) name: String,
}

/// The fields of one step, ready to print.
pub(crate) struct StepFields {
    number: usize,
    place: usize,
    after: Field,
    channels: Vec<Field>,
    rotations: Vec<Field>,
    events: Vec<Field>,
    nobody: Vec<String>,
    no_events: Vec<String>,
    quiet: Field,
    quiet_hours: HoursFields,
    /// There are quiet hours, or something is wrong with them.
    quiet_open: bool,
}

impl EditPage {
    fn action(&self) -> &str {
        self.policy.as_ref().map_or("/policies", |p| &p.href)
    }

    fn strays(&self) -> Vec<String> {
        let names = fields::names(&self.form);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.form.other_errors(&names)
    }

    fn severity(&self) -> Field {
        let field = self.form.select("severity", self.shell.t("policy-severity"));
        Severity::ALL.iter().fold(field, |field, s| {
            field.choice(s, words::severity(&self.shell, *s))
        })
    }

    fn steps(&self) -> Vec<StepFields> {
        (0..fields::count(&self.form)).map(|n| self.step(n)).collect()
    }

    fn step(&self, n: usize) -> StepFields {
        let (shell, form) = (&self.shell, &self.form);
        let field = |name: &str| format!("steps.{n}.{name}");
        let mut after = form
            .text(&field("after"), shell.t("policy-step-after"))
            .placeholder("10m")
            .hint(shell.t("policy-step-after-hint"));
        if self.focus == Some(n) {
            after = after.autofocus();
        }
        let channels = self.names.channels.keys();
        let rotations = self.names.rotations.keys();
        let event = |c: &Concern| {
            let key = match c {
                Concern::Down => "policy-event-down",
                Concern::Degraded => "policy-event-degraded",
                Concern::Certificate => "policy-event-certificate",
                Concern::NoData => "policy-event-no-data",
                Concern::Recovered => "policy-event-recovered",
            };
            form.checkbox(&field(&format!("events.{c}")), shell.t(key))
        };
        let nobody = [form.errors(&field("channels")), form.errors(&field("rotations"))];
        StepFields {
            number: n + 1,
            place: n,
            after,
            channels: channels
                .map(|id| form.checkbox(&field(&format!("channels.{id}")), self.names.channel(*id)))
                .collect(),
            rotations: rotations
                .map(|id| form.checkbox(&field(&format!("rotations.{id}")), self.names.rotation(*id)))
                .collect(),
            events: Concern::ALL.iter().map(event).collect(),
            nobody: nobody.concat(),
            no_events: form.errors(&field("events")),
            quiet: self.quiet(n),
            quiet_hours: HoursFields::new(shell, form, &fields::quiet_hours(n), true),
            quiet_open: !form.value(&fields::quiet_action(n)).is_empty(),
        }
    }

    fn quiet(&self, n: usize) -> Field {
        let shell = &self.shell;
        self.form
            .select(&fields::quiet_action(n), shell.t("quiet-action"))
            .choice("", shell.t("quiet-none"))
            .choice(QuietAction::Hold, shell.t("quiet-hold"))
            .choice(QuietAction::Digest, shell.t("quiet-digest"))
    }

    /// Empty: a step would have nobody to tell.
    fn nobody_to_tell(&self) -> bool {
        self.names.channels.is_empty() && self.names.rotations.is_empty()
    }
}

pub(super) async fn new(signed_in: SignedIn) -> error::Result {
    let shell = signed_in.shell(Section::Alerting, "policy-new-title");
    let form = fields::fresh(shell.language);
    page(&view(&signed_in, shell, form, None).await?)
}

pub(super) async fn show(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let policy = find(signed_in.store(), &id).await?;
    let shell = signed_in.shell_titled(Section::Alerting, &policy.config.name);
    let form = fields::stored(shell.language, &policy.config);
    page(&view(&signed_in, shell, form, Some(&policy)).await?)
}

pub(super) async fn create(signed_in: SignedIn, FormBody(typed): Typed) -> error::Result {
    let typed = fields::tidied(typed);
    if let Some(rearranged) = fields::rearranged(&typed) {
        return again(&signed_in, None, rearranged).await;
    }
    let body = fields::body(&typed);
    let saved = match PolicyConfig::from_json(body.clone()) {
        Ok(config) => accept(signed_in.store().policies().create(&config).await, &body)?,
        Err(errors) => Err(errors),
    };
    match saved {
        Ok(policy) => {
            tracing::info!(policy.id = policy.id.0, user = signed_in.by(), "policy created");
            Ok(saved_flash("flash-policy-created", &signed_in, &policy))
        }
        Err(errors) => refused(&signed_in, None, &typed, errors).await,
    }
}

pub(super) async fn save(
    signed_in: SignedIn,
    Path(id): Path<String>,
    FormBody(typed): Typed,
) -> error::Result {
    let policy = find(signed_in.store(), &id).await?;
    let typed = fields::tidied(typed);
    if let Some(rearranged) = fields::rearranged(&typed) {
        return again(&signed_in, Some(&policy), rearranged).await;
    }
    let body = fields::body(&typed);
    let saved = match PolicyConfig::from_json(body.clone()) {
        Ok(config) => accept(
            signed_in.store().policies().update(policy.id, &config).await,
            &body,
        )?,
        Err(errors) => Err(errors),
    };
    match saved {
        Ok(Some(policy)) => {
            tracing::info!(policy.id = policy.id.0, user = signed_in.by(), "policy changed");
            Ok(saved_flash("flash-policy-saved", &signed_in, &policy))
        }
        // Deleted while the form was open.
        Ok(None) => Ok(Redirect::to("/policies").into_response()),
        Err(errors) => refused(&signed_in, Some(&policy), &typed, errors).await,
    }
}

fn saved_flash(key: &str, signed_in: &SignedIn, policy: &Policy) -> axum::response::Response {
    let flash = Flash::good(key).about(&policy.config.name);
    flash.redirect(&signed_in.visit, "/policies")
}

/// A channel that was deleted while the form was open is a mistake in the form, everything else is not.
fn accept<T>(result: Result<T, StoreError>, body: &Value) -> error::Result<Result<T, FieldErrors>> {
    match result {
        Ok(saved) => Ok(Ok(saved)),
        Err(e) => Ok(Err(e.in_policy(body)?.into())),
    }
}

/// The same form with a step more or less; nothing is saved, and nothing is wrong yet.
async fn again(
    signed_in: &SignedIn,
    policy: Option<&Policy>,
    (typed, place): (Vec<(String, String)>, usize),
) -> error::Result {
    let shell = titled(signed_in, policy);
    let form = Form::typed(shell.language, &typed, &[]);
    let view = EditPage {
        focus: Some(place),
        ..view(signed_in, shell, form, policy).await?
    };
    page(&view)
}

async fn refused(
    signed_in: &SignedIn,
    policy: Option<&Policy>,
    typed: &[(String, String)],
    errors: FieldErrors,
) -> error::Result {
    let shell = titled(signed_in, policy);
    let form = Form::typed(shell.language, typed, &[]).refused(errors);
    let view = view(signed_in, shell, form, policy).await?;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &view)
}

fn titled(signed_in: &SignedIn, policy: Option<&Policy>) -> Shell {
    match policy {
        Some(policy) => signed_in.shell_titled(Section::Alerting, &policy.config.name),
        None => signed_in.shell(Section::Alerting, "policy-new-title"),
    }
}

async fn view(
    signed_in: &SignedIn,
    shell: Shell,
    form: Form,
    policy: Option<&Policy>,
) -> error::Result<EditPage> {
    let names = Names::read(signed_in.store(), &shell).await?;
    Ok(EditPage {
        tabs: tabs::links(&shell, Tab::Policies),
        summary: Summary::typed(&shell, fields::body(&form.pairs()), &names),
        policy: policy.map(|p| existing(p.id, &p.config.name)),
        focus: None,
        names,
        form,
        shell,
    })
}

pub(super) fn existing(id: PolicyId, name: &str) -> Existing {
    Existing {
        href: format!("/policies/{id}"),
        name: name.to_owned(),
    }
}
