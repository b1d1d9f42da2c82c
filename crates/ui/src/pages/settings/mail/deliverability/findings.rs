//! Findings, ready to print.

use domain::deliverability::{Finding, Publish, Status, Topic};

use crate::locale::Language;

/// One topic with its findings; its own mark is that of its worst one.
pub(super) struct TopicView {
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) shape: &'static str,
    pub(super) word: String,
    pub(super) findings: Vec<FindingView>,
}

pub(super) struct FindingView {
    pub(super) shape: &'static str,
    pub(super) word: String,
    pub(super) seen: String,
    pub(super) advice: Option<String>,
    pub(super) publish: Option<Publish>,
    /// Of the element with the record, for the button that copies it.
    pub(super) id: String,
}

/// The topics that have findings, in their order.
pub(super) fn by_topic(language: Language, findings: &[Finding]) -> Vec<TopicView> {
    let topics = Topic::ALL.iter().filter_map(|topic| {
        let of_topic: Vec<&Finding> = findings.iter().filter(|f| f.topic() == *topic).collect();
        let worst = of_topic.iter().map(|f| f.status()).max_by_key(|s| weight(*s))?;
        let (shape, word) = mark(worst);
        Some(TopicView {
            id: topic.as_str(),
            title: language.text(title(*topic)).to_string(),
            shape,
            word: language.text(word).to_string(),
            findings: of_topic
                .iter()
                .enumerate()
                .map(|(i, f)| finding(language, *topic, i, f))
                .collect(),
        })
    });
    topics.collect()
}

fn finding(language: Language, topic: Topic, i: usize, finding: &Finding) -> FindingView {
    let (shape, word) = mark(finding.status());
    let (seen, advice) = language.finding(finding);
    FindingView {
        shape,
        word: language.text(word).to_string(),
        seen,
        advice,
        publish: finding.publish.clone(),
        id: format!("{}-{i}", topic.as_str()),
    }
}

/// What is not known outweighs what is good, but no warning.
fn weight(status: Status) -> u8 {
    match status {
        Status::Good => 0,
        Status::Unknown => 1,
        Status::Warning => 2,
        Status::Bad => 3,
    }
}

/// Shape and text key of a status.
fn mark(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Good => ("up", "deliverability-good"),
        Status::Warning => ("degraded", "deliverability-warning"),
        Status::Bad => ("down", "deliverability-bad"),
        Status::Unknown => ("unknown", "deliverability-unknown"),
    }
}

fn title(topic: Topic) -> &'static str {
    match topic {
        Topic::Spf => "deliverability-spf",
        Topic::Dkim => "deliverability-dkim",
        Topic::Dmarc => "deliverability-dmarc",
        Topic::Alignment => "deliverability-alignment",
        Topic::Mx => "deliverability-mx",
        Topic::Results => "deliverability-results",
    }
}
