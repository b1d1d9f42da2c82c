//! Whatever a person enters and whatever a server answers: the mailer ends in time, does not panic, and says nothing but
//! what it means to say.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene must fail at once"
)]

use std::time::{Duration, Instant};

use alert::mail::{Deadlines, Profile};
use domain::{id::ProfileId, mail::MailSettings};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::json;
use testkit::tls::ca_pem;

use self::server::Heard;
use crate::scene::{PASSWORD, USER};

mod answered;
mod entered;
mod grammar;
mod server;

/// Runs `judge` on `cases` inputs and keeps those that failed once.
fn try_many<S: Strategy>(cases: u32, inputs: S, judge: impl AsyncFn(S::Value) -> Result<(), TestCaseError>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = ProptestConfig {
        cases,
        source_file: Some(file!()),
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&inputs, |input| runtime.block_on(judge(input)))
        .unwrap();
}

/// The conversation of `work`, which must be over in time.
async fn in_time<T>(deadlines: Deadlines, work: impl Future<Output = T>) -> Result<T, TestCaseError> {
    let began = Instant::now();
    let done = tokio::time::timeout(Duration::from_mins(1), work).await;
    let done = done.map_err(|_| TestCaseError::fail("it hangs"))?;
    let most = deadlines.session + deadlines.farewell + Duration::from_secs(1);
    prop_assert!(began.elapsed() <= most, "it took {:?}", began.elapsed());
    Ok(done)
}

/// Everything that was heard keeps to the grammar; gives the messages.
fn read_all(heard: &[Heard]) -> Result<Vec<Vec<u8>>, TestCaseError> {
    let mut messages = Vec::new();
    for one in heard {
        for bytes in [&one.clear, &one.sealed] {
            let read = grammar::read(bytes);
            messages.extend(read.map_err(|why| TestCaseError::fail(format!("{why}\n{one:?}")))?);
        }
    }
    Ok(messages)
}

fn plain_settings(port: u16, security: &str) -> MailSettings {
    let mut body = json!({
        "host": "127.0.0.1", "port": port, "security": security, "from": "watch@example.org", "username": USER,
        "password": PASSWORD,
    });
    if security != "none" {
        body["ca_pem"] = ca_pem().into();
    }
    MailSettings::from_json(body, None).unwrap()
}

fn profile(settings: &MailSettings) -> Profile<'_> {
    Profile {
        settings,
        stored: Some((ProfileId(1), 7)),
    }
}
