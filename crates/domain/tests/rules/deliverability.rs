//! Deliverability, by tables of records as they stand in the world, and by property.

use std::collections::BTreeMap;

use domain::{
    deliverability::{Answer, Code, Finding, Kind, Question, Status, Subject, Topic, Zone, judge},
    mail::MailSettings,
};
use serde_json::json;

mod hostile;
mod records;
mod results;
mod spf;
mod subject;

/// Settings with this server and sender.
fn settings(host: &str, from: &str) -> MailSettings {
    let body = json!({ "host": host, "port": 587, "security": "starttls", "from": from });
    MailSettings::from_json(body, None).expect("valid settings")
}

fn subject(server: &str, from: &str, selectors: &str) -> Subject {
    Subject::parse("", "", selectors, Some(&settings(server, from))).expect("a valid subject")
}

/// Records by name: `TXT` unless the value starts with `MX ` or `A `. Names that are not here do not exist.
#[derive(Default)]
struct World(BTreeMap<Question, Answer>);

impl World {
    fn of(records: &[(&str, &str)]) -> Self {
        let mut world = Self::default();
        for (name, value) in records {
            let (kind, value) = match value.split_once(' ') {
                Some(("MX", host)) => (Kind::Mx, host.trim_end_matches('.')),
                Some(("A", address)) => (Kind::Address, address),
                _ => (Kind::Txt, *value),
            };
            world.add(name, kind, value);
        }
        world
    }

    fn add(&mut self, name: &str, kind: Kind, value: &str) {
        let question = Question {
            name: name.to_owned(),
            kind,
        };
        match self
            .0
            .entry(question)
            .or_insert_with(|| Answer::Records(Vec::new()))
        {
            Answer::Records(all) => all.push(value.to_owned()),
            other => *other = Answer::Records(vec![value.to_owned()]),
        }
    }

    fn fail(mut self, name: &str, kind: Kind) -> Self {
        let question = Question {
            name: name.to_owned(),
            kind,
        };
        self.0.insert(question, Answer::Failed("No answer.".to_owned()));
        self
    }

    fn answer(&self, question: &Question) -> Answer {
        let exists = self.0.keys().any(|q| q.name == question.name);
        let nothing = if exists { Answer::Empty } else { Answer::NoName };
        self.0.get(question).cloned().unwrap_or(nothing)
    }

    /// Asks until nothing is open, as the program does. Gives the findings and how many questions there were.
    fn judge(&self, subject: &Subject) -> (Vec<Finding>, usize) {
        let mut zone = Zone::default();
        for _ in 0..200 {
            let judgement = judge(subject, &zone);
            if judgement.open.is_empty() {
                return (judgement.findings, zone.len());
            }
            for question in judgement.open {
                let answer = self.answer(&question);
                zone.add(question, answer);
            }
        }
        panic!("the questions never end");
    }
}

fn codes(findings: &[Finding], topic: Topic) -> Vec<&'static str> {
    let of_topic = findings.iter().filter(|f| f.topic() == topic);
    of_topic.map(|f| f.code.as_str()).collect()
}

fn find(findings: &[Finding], code: Code) -> &Finding {
    findings
        .iter()
        .find(|f| f.code == code)
        .unwrap_or_else(|| panic!("{} is not among {findings:#?}", code.as_str()))
}

/// Every sentence has all of its values, whoever makes the finding.
fn complete(findings: &[Finding]) {
    for finding in findings {
        for template in [finding.code.seen(), finding.code.advice()] {
            for part in template.split('{').skip(1) {
                let name = part.split('}').next().unwrap_or_default();
                assert!(
                    finding.args.iter().any(|(n, _)| *n == name),
                    "{} misses {name}",
                    finding.code.as_str()
                );
            }
        }
    }
}

#[test]
fn codes_are_unique_and_have_their_words() {
    let mut names: Vec<&str> = Code::ALL.iter().map(|c| c.as_str()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    for code in Code::ALL {
        assert!(!code.seen().is_empty(), "{}", code.as_str());
        let needs_advice = matches!(code.status(), Status::Bad | Status::Warning);
        assert!(
            !needs_advice || !code.advice().is_empty(),
            "{}: and now?",
            code.as_str()
        );
    }
}
