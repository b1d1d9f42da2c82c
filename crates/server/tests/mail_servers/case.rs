//! A table of cases: what is set up, and what the test on the settings page must say about it.

use std::{collections::HashMap, time::Duration};

use serde_json::{Value, json};
use testkit::{
    Api, Watchbell, WatchbellOptions,
    mail_servers::{PASSWORD, USER},
    tls,
};

/// What a test of the settings may take, by its own promise, and the time that a busy machine adds.
const LONGEST: Duration = Duration::from_secs(70);
/// A token may ask for so many tests a minute.
const TESTS_OF_A_TOKEN: usize = 5;

pub(crate) struct Case {
    pub(crate) name: String,
    settings: Value,
    to: String,
    expected: Expected,
    within: Duration,
}

enum Expected {
    Accepted,
    /// The step and the key of the hint.
    Refused(&'static str, &'static str),
}

impl Case {
    /// Without a login, with the test authority as the own one, to a recipient of this case alone.
    pub(crate) fn new(name: &str, port: u16, security: &str) -> Self {
        Self {
            name: name.to_owned(),
            settings: json!({
                "host": "127.0.0.1", "port": port, "security": security, "ca_pem": tls::ca_pem(),
                "from": USER, "from_name": "Watchbell", "hello_name": "watch.example.org",
            }),
            to: format!("{}@example.org", name.replace([' ', ','], "-")),
            expected: Expected::Accepted,
            within: LONGEST,
        }
    }

    pub(crate) fn login(self) -> Self {
        self.with("username", USER).with("password", PASSWORD)
    }

    pub(crate) fn wrong_password(self) -> Self {
        self.with("username", USER).with("password", "not the one")
    }

    pub(crate) fn from(self, address: &str) -> Self {
        self.with("from", address)
    }

    pub(crate) fn to(mut self, address: &str) -> Self {
        address.clone_into(&mut self.to);
        self
    }

    pub(crate) fn refused(mut self, step: &'static str, hint: &'static str) -> Self {
        self.expected = Expected::Refused(step, hint);
        self
    }

    /// It must be over by then, which is a promise of its own.
    pub(crate) fn within(mut self, seconds: u64) -> Self {
        self.within = Duration::from_secs(seconds);
        self
    }

    fn with(mut self, field: &str, value: &str) -> Self {
        self.settings[field] = value.into();
        self
    }

    pub(crate) fn settings(&self) -> &Value {
        &self.settings
    }

    pub(crate) fn recipient(&self) -> &str {
        &self.to
    }

    pub(crate) fn is_accepted(&self) -> bool {
        matches!(self.expected, Expected::Accepted)
    }

    /// Tests the settings without saving them. Gives what was wrong with the answer, if something was.
    async fn run(&self, api: &Api, hints: &HashMap<String, String>) -> Option<String> {
        let begun = std::time::Instant::now();
        let body = json!({ "to": self.to, "settings": self.settings });
        let asked = tokio::time::timeout(self.within, api.post("/settings/mail/test", body)).await;
        let Ok((status, report)) = asked else {
            return Some(format!("{}: no answer within {:?}", self.name, self.within));
        };
        let seen = (status == 200).then(|| {
            let hint = report["hint"].as_str().map(|text| {
                let known = hints.iter().find(|(_, words)| *words == text);
                known.map_or(text, |(key, _)| key.as_str())
            });
            (report["ok"].as_bool(), report["failed_step"].as_str(), hint)
        });
        let wanted = match self.expected {
            Expected::Accepted => (Some(true), None, None),
            Expected::Refused(step, hint) => (Some(false), Some(step), Some(hint)),
        };
        (seen != Some(wanted)).then(|| {
            format!(
                "{}: wanted {wanted:?}, saw {seen:?} after {:?}: {report:#}",
                self.name,
                begun.elapsed()
            )
        })
    }
}

pub(crate) fn options() -> WatchbellOptions {
    WatchbellOptions::new(env!("CARGO_BIN_EXE_watchbell"))
}

/// Runs all cases side by side and says of each that went wrong what was seen.
pub(crate) async fn run(cases: &[Case], log: impl FnOnce() -> String) {
    let bell = Watchbell::start(options()).await;
    let first = bell.admin().await;
    let hints = hints();
    let mut tokens = vec![first];
    while tokens.len() * TESTS_OF_A_TOKEN < cases.len() {
        tokens.push(bell.token("write").await);
    }
    let running = cases
        .iter()
        .enumerate()
        .map(|(i, case)| case.run(&tokens[i / TESTS_OF_A_TOKEN], &hints));
    let wrong: Vec<String> = join(running).await.into_iter().flatten().collect();
    assert!(
        wrong.is_empty(),
        "{} of {} cases went wrong:\n\n{}\n\nlog of the server:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n\n"),
        log()
    );
}

/// All of them at once, on this task.
async fn join<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut open: Vec<_> = futures.map(|f| (Box::pin(f), None)).collect();
    std::future::poll_fn(|cx| {
        let mut ready = true;
        for (future, result) in &mut open {
            if result.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(done) => *result = Some(done),
                    std::task::Poll::Pending => ready = false,
                }
            }
        }
        if ready {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    open.into_iter().filter_map(|(_, result)| result).collect()
}

/// The texts of the catalogue as people read them, by key: cause and what to do.
fn hints() -> HashMap<String, String> {
    let texts: HashMap<&str, &str> = include_str!("../../../../web/locales/en/emails.ftl")
        .lines()
        .filter_map(|line| line.strip_prefix("hint-")?.split_once(" = "))
        .collect();
    let keys = texts.keys().filter_map(|key| key.strip_suffix("-cause"));
    keys.map(|key| {
        let text = |part| texts[format!("{key}-{part}").as_str()];
        (key.to_owned(), format!("{} {}", text("cause"), text("fix")))
    })
    .collect()
}
