//! There is one way in which mail leaves: a second one would pass its tests while alerts fail, or the other way round.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read the sources must fail at once"
)]

use std::{fs, path::Path};

/// Every source file outside of tests, as path and text.
fn sources(dir: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn one_function_talks_to_mail_servers() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut all = Vec::new();
    for krate in fs::read_dir(crates).unwrap() {
        let src = krate.unwrap().path().join("src");
        if src.is_dir() {
            sources(&src, &mut all);
        }
    }
    // However the lines are broken.
    for (_, source) in &mut all {
        source.retain(|c| !c.is_whitespace());
    }
    let places = |text: &str| -> Vec<String> {
        let holds = all.iter().filter(|(_, source)| source.contains(text));
        holds.map(|(path, _)| path.clone()).collect()
    };
    assert!(
        places("lettre::transport")
            .iter()
            .all(|p| p.contains("alert/src/mail"))
    );
    for single in ["connect_with_transport(", "Session::open("] {
        let found = places(single);
        assert_eq!(found.len(), 1, "{single}: {found:?}");
    }
    // Alerts and the weekly mail deliver, the test may also rehearse; logging in by token is on the way of all three.
    for (call, allowed) in [
        (
            "mailer.deliver(",
            &["alert/src/email.rs", "alert/src/canary.rs"][..],
        ),
        ("mailer.hold(", &["alert/src/mail/test.rs"]),
        (
            "hold_with(",
            &["alert/src/mail.rs", "alert/src/oauth/delivery.rs"],
        ),
    ] {
        let callers = places(call);
        let known = |p: &String| allowed.iter().any(|a| p.ends_with(a));
        assert!(
            callers.len() == allowed.len() && callers.iter().all(known),
            "{call}: {callers:?}"
        );
    }
}
