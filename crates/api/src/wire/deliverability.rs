//! Findings about the sender's records and a receiver's headers.

use alert::deliverability::Looked;
use domain::deliverability::{Finding, Status, Subject, Topic, results::Pasted};
use serde::Serialize;
use utoipa::{ToSchema, openapi::schema::Object};

use super::{Time, one_of};

fn statuses() -> Object {
    one_of(Status::ALL.iter().map(|s| s.as_str()))
}

fn topics() -> Object {
    one_of(Topic::ALL.iter().map(|t| t.as_str()))
}

/// What DNS says about the sender.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliverabilityView {
    #[schema(example = "example.org")]
    pub domain: String,
    /// Domain of the envelope sender, which SPF is asked about.
    #[schema(example = "example.org")]
    pub envelope: String,
    /// The selectors that were asked for; empty = those that the provider usually uses.
    pub selectors: Vec<String>,
    /// The mail service that the saved server belongs to, if it is a known one.
    #[schema(example = "Google")]
    pub provider: Option<&'static str>,
    /// When DNS was asked.
    pub looked_at: Time,
    pub findings: Vec<FindingView>,
}

/// One thing that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingView {
    #[schema(schema_with = topics)]
    pub topic: &'static str,
    /// Stable name of the finding.
    #[schema(example = "spf-missing")]
    pub code: &'static str,
    #[schema(schema_with = statuses)]
    pub status: &'static str,
    /// What was seen.
    pub seen: String,
    /// What to do; `null` = nothing.
    pub advice: Option<String>,
    /// The TXT record that cures it, where there is one.
    pub publish: Option<RecordView>,
}

/// A TXT record to publish.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordView {
    #[schema(example = "_dmarc.example.org")]
    pub name: String,
    #[schema(example = "v=DMARC1; p=none; rua=mailto:postmaster@example.org")]
    pub value: String,
}

/// The headers of a mail that arrived, as the mail program shows its source.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PastedHeaders {
    /// At most 128 KiB.
    pub headers: String,
}

/// What the receiver found out.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResultsView {
    /// Domain of the From header, if it was pasted.
    pub from: Option<String>,
    /// Selectors of the signatures, to look their keys up.
    pub signatures: Vec<SignatureView>,
    pub findings: Vec<FindingView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SignatureView {
    pub domain: String,
    pub selector: String,
}

impl DeliverabilityView {
    pub(crate) fn new(subject: &Subject, looked: &Looked) -> Self {
        Self {
            domain: subject.domain.clone(),
            envelope: subject.envelope.clone(),
            selectors: subject.selectors.iter().map(ToString::to_string).collect(),
            provider: subject.provider().map(|p| p.name),
            looked_at: Time(looked.at),
            findings: looked.findings.iter().map(FindingView::new).collect(),
        }
    }
}

impl ResultsView {
    pub(crate) fn new(pasted: &Pasted) -> Self {
        let signature = |s: &domain::deliverability::results::Signature| SignatureView {
            domain: s.domain.clone(),
            selector: s.selector.clone(),
        };
        Self {
            from: pasted.from.clone(),
            signatures: pasted.signatures.iter().map(signature).collect(),
            findings: pasted.findings().iter().map(FindingView::new).collect(),
        }
    }
}

impl FindingView {
    fn new(finding: &Finding) -> Self {
        Self {
            topic: finding.topic().as_str(),
            code: finding.code.as_str(),
            status: finding.status().as_str(),
            seen: finding.seen(),
            advice: finding.advice(),
            publish: finding.publish.as_ref().map(|p| RecordView {
                name: p.name.clone(),
                value: p.value.clone(),
            }),
        }
    }
}
