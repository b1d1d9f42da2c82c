//! What every test of a probe needs: probes, targets, and verdicts taken apart.

use std::{io::Write, process::Command, sync::Arc, time::Duration};

use domain::{
    outcome::{FaultKind, Outcome, ReasonKind, Verdict},
    target::{Kind, Target},
};
use egress::{Dialer, Options, Policy};
use probe::Probes;
use serde_json::Value;
use testkit::WallClock;

/// Probes that trust the test authority.
pub(crate) fn probes() -> Probes {
    probes_with(&[], Options::default())
}

pub(crate) fn probes_with(deny: &[&str], options: Options) -> Probes {
    let policy = Policy::new(Vec::new(), deny.iter().map(|n| n.parse().unwrap()).collect());
    let options = Options {
        extra_ca_pem: Some(testkit::tls::ca_pem()),
        ..options
    };
    Probes::new(
        Dialer::with_options(policy, options).unwrap(),
        Arc::new(WallClock),
    )
}

pub(crate) fn target(kind: Kind, value: Value) -> Target {
    Target::from_json("target", kind, value, None).unwrap()
}

/// Checks an HTTP target with a deadline of three seconds.
pub(crate) async fn http(probes: &Probes, value: Value) -> Outcome {
    probes
        .check(&target(Kind::Http, value), Duration::from_secs(3))
        .await
}

/// Why it is down.
pub(crate) fn down(outcome: &Outcome) -> (ReasonKind, &str) {
    match &outcome.verdict {
        Verdict::Down(reason) => (reason.kind, &reason.detail),
        other => panic!("{other:?}"),
    }
}

/// What of ours failed.
pub(crate) fn internal(outcome: &Outcome) -> (FaultKind, &str) {
    match &outcome.verdict {
        Verdict::Internal(fault) => (fault.kind, &fault.detail),
        other => panic!("{other:?}"),
    }
}

/// Runs the named test once more in a network namespace of its own: nothing but loopback, and pings permitted or not.
/// True in there; outside, false after that run went well.
pub(crate) fn in_empty_network(test: &str, pings: bool) -> bool {
    if inside() {
        return true;
    }
    // As root, or as root of a user namespace where the system permits those.
    let ways: [&[&str]; 2] = [&["unshare", "-n"], &["unshare", "-r", "-n"]];
    let works = |way: &&&[&str]| {
        Command::new(way[0])
            .args(&way[1..])
            .arg("true")
            .output()
            .is_ok_and(|o| o.status.success())
    };
    let Some(way) = ways.iter().find(works) else {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: this machine gives no network namespace"
        );
        return false;
    };
    let range = if pings { "0 0" } else { "1 0" };
    let script = format!("ip link set lo up && echo '{range}' > /proc/sys/net/ipv4/ping_group_range");
    again(test, way, &script);
    false
}

/// Runs the named test once more with few file descriptors. True in there.
pub(crate) fn with_few_files(test: &str) -> bool {
    if !inside() {
        again(test, &["env"], "ulimit -n 64");
        return false;
    }
    true
}

const INSIDE: &str = "WATCHBELL_TEST_INSIDE";

#[expect(
    clippy::disallowed_methods,
    reason = "how the inner run knows that it is the inner one"
)]
fn inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

fn again(test: &str, wrapper: &[&str], before: &str) {
    let script = format!("{before} && exec \"$0\" --exact {test} --nocapture");
    let run = Command::new(wrapper[0])
        .args(&wrapper[1..])
        .args(["sh", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    let complaints = String::from_utf8_lossy(&run.stderr);
    assert!(
        run.status.success() && said.contains("1 passed"),
        "{said}{complaints}"
    );
}
