//! How mails are worded.

use domain::mail_message::{Placeholder, SubjectStyle, Template};
use serde::Serialize;
use store::MessageRevision;
use utoipa::{ToSchema, openapi::schema::Object};

use super::{Time, one_of};

fn styles() -> Object {
    one_of(SubjectStyle::ALL.iter().map(|s| s.as_str()))
}

/// What a person sets. An unknown field is refused by its name.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessagesDraft {
    /// `status`: `[DOWN] name`. `thread`: `Incident #42: name`, then `Re: Incident #42: name`, so that mail programs make
    /// one conversation of each incident. Default `status`.
    #[schema(schema_with = styles, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_style: Option<&'static str>,
    /// Instead of the usual subject. `{{name}}` is replaced for each name of `placeholders`; with `thread` only by those
    /// that stay the same: `monitor`, `target`, `kind`, `tags`, `incident`, `channel`.
    #[schema(max_length = 200, example = "{{status}} {{monitor}}")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Added to every mail about an incident; placeholders as in `subject`.
    #[schema(max_length = 2048, example = "Runbook: https://wiki.example/{{kind}}")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How the next mail is worded.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessagesView {
    /// Counts up with every save; 0 = never saved.
    pub revision: i64,
    pub saved_at: Option<Time>,
    pub saved_by: Option<String>,
    #[schema(schema_with = styles)]
    pub subject_style: &'static str,
    pub subject: Option<String>,
    pub note: Option<String>,
    /// What may stand between `{{` and `}}`.
    pub placeholders: Vec<&'static str>,
}

impl From<MessageRevision> for MessagesView {
    fn from(stored: MessageRevision) -> Self {
        let (saved_at, saved_by) = stored.saved.unzip();
        let source = |t: Option<Template>| t.map(|t| t.source().to_owned());
        Self {
            revision: stored.revision,
            saved_at: saved_at.map(Time),
            saved_by,
            subject_style: stored.settings.subject_style.as_str(),
            subject: source(stored.settings.subject),
            note: source(stored.settings.note),
            placeholders: Placeholder::ALL.iter().map(|p| p.as_str()).collect(),
        }
    }
}
