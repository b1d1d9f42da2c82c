//! What a policy does, said in sentences beside its form. With the script it follows what is typed
//! (`web/static/preview.js`).

use askama::Template;
use axum::Form as FormBody;
use domain::policy::{PolicyConfig, Step};
use http::StatusCode;
use serde_json::Value;

use super::{Names, fields, words};
use crate::{Section, Shell, SignedIn, Typed, error, shell::page_with};

#[derive(Template)]
#[template(path = "components/policy-summary.html")]
struct SummaryView<'a> {
    shell: &'a Shell,
    summary: &'a Summary,
}

pub(crate) struct Summary {
    /// For which monitors it is.
    pub(super) scope: String,
    pub(super) steps: Vec<Sentence>,
    pub(super) reminders: String,
    pub(super) recovery: String,
    /// Why it cannot be said yet; then the rest is empty.
    pub(super) complaints: Vec<String>,
}

pub(crate) struct Sentence {
    pub(super) when: String,
    pub(super) whom: String,
    pub(super) more: Vec<String>,
}

impl Summary {
    pub(super) fn of(shell: &Shell, config: &PolicyConfig, names: &Names) -> Self {
        let told = words::told_of(config.steps.iter().map(|s| &s.events));
        Self {
            scope: scope(shell, config),
            steps: config.steps.iter().map(|s| sentence(shell, s, names)).collect(),
            reminders: words::reminders(shell, config.reminders, &told),
            recovery: words::recovery(shell, config.recovery_after, &told),
            complaints: Vec::new(),
        }
    }

    /// Of what is typed so far.
    pub(super) fn typed(shell: &Shell, mut body: Value, names: &Names) -> Self {
        // It does the same whatever it is called.
        if body["name"].as_str().is_none_or(|n| n.trim().is_empty()) {
            body["name"] = Value::from("…");
        }
        match PolicyConfig::from_json(body) {
            Ok(config) => Self::of(shell, &config, names),
            Err(errors) => Self {
                scope: String::new(),
                steps: Vec::new(),
                reminders: String::new(),
                recovery: String::new(),
                complaints: errors.0.iter().map(|e| shell.language.complaint(e)).collect(),
            },
        }
    }
}

fn scope(shell: &Shell, config: &PolicyConfig) -> String {
    let tags = config.tags.join(", ");
    let text = match (config.default, config.tags.is_empty()) {
        (true, _) => shell.t("policy-scope-default"),
        (false, false) => shell.t("policy-scope-tags").arg("tags", tags),
        (false, true) => shell.t("policy-scope-named"),
    };
    text.to_string()
}

fn sentence(shell: &Shell, step: &Step, names: &Names) -> Sentence {
    let only = words::only(shell, &step.events);
    let quiet = step.quiet.iter().flat_map(|q| words::quiet(shell, q));
    Sentence {
        when: words::when_unacknowledged(shell, step.after),
        whom: words::whom(step, names),
        more: only.into_iter().chain(quiet).collect(),
    }
}

/// The fragment beside the form.
pub(super) async fn preview(signed_in: SignedIn, FormBody(typed): Typed) -> error::Result {
    let shell = signed_in.shell(Section::Alerting, "policy-new-title");
    let names = Names::read(signed_in.store(), &shell).await?;
    let summary = Summary::typed(&shell, fields::body(&fields::tidied(typed)), &names);
    let status = if summary.complaints.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    page_with(
        status,
        &SummaryView {
            shell: &shell,
            summary: &summary,
        },
    )
}
