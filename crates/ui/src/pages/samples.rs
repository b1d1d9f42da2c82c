//! Sample pages: every view with plausible content, rendered by one test and looked at by people.

use askama::DynTemplate;
use domain::clock::Timestamp;

use crate::{Section, Shell, flash::Flash, locale::Language};

/// Each view under the name of its template. A page that is not in here is not tested for rendering: add yours.
pub(crate) fn all(language: Language) -> Vec<(&'static str, Box<dyn DynTemplate>)> {
    let mut all = Vec::new();
    add(&mut all, "login", super::login::samples(language));
    add(&mut all, "setup", super::setup::samples(language));
    add(&mut all, "overview", super::overview::samples(language));
    let monitors = super::monitors::samples(language);
    add(&mut all, "monitors", monitors.lists);
    add(&mut all, "monitors/show", monitors.pages);
    add(&mut all, "monitors/check", monitors.checks);
    add(&mut all, "monitors/edit", monitors.forms);
    add(&mut all, "monitors/delete", monitors.deletes);
    add(&mut all, "incidents", super::incidents::lists(language));
    add(&mut all, "incidents/show", super::incidents::details(language));
    add(&mut all, "deliveries", super::deliveries::lists(language));
    add(&mut all, "deliveries/show", super::deliveries::details(language));
    add(
        &mut all,
        "deliveries/recipients",
        super::deliveries::recipients(language),
    );
    add(&mut all, "policies", super::alerting::policies::lists(language));
    add(
        &mut all,
        "policies/edit",
        super::alerting::policies::edits(language),
    );
    add(
        &mut all,
        "policies/delete",
        super::alerting::policies::deletes(language),
    );
    add(&mut all, "channels", super::channels::lists(language));
    add(&mut all, "channels/kinds", super::channels::kinds(language));
    add(&mut all, "channels/edit", super::channels::edits(language));
    add(&mut all, "channels/secret", super::channels::secrets(language));
    add(&mut all, "channels/delete", super::channels::deletes(language));
    let on_call = super::alerting::samples::all(language);
    add(&mut all, "on-call", on_call.overviews);
    add(&mut all, "on-call/contact", on_call.contacts);
    add(&mut all, "on-call/rotation", on_call.rotations);
    add(&mut all, "on-call/edit", on_call.forms);
    add(&mut all, "on-call/ask", on_call.questions);
    add(
        &mut all,
        "settings/mail",
        super::settings::mail::samples(language),
    );
    add(
        &mut all,
        "settings/deliverability",
        super::settings::mail::deliverability::samples(language),
    );
    add(
        &mut all,
        "settings/messages",
        super::settings::messages::samples(language),
    );
    let silences = super::alerting::silences::lists(language);
    add(&mut all, "silences", silences);
    add(
        &mut all,
        "silences/edit",
        super::alerting::silences::forms(language),
    );
    let maintenance = super::alerting::maintenance::lists(language);
    add(&mut all, "maintenance", maintenance);
    add(
        &mut all,
        "maintenance/edit",
        super::alerting::maintenance::forms(language),
    );
    add(
        &mut all,
        "maintenance/delete",
        super::alerting::maintenance::deletes(language),
    );
    add(&mut all, "unsubscribe", super::unsubscribe::samples(language));
    add(&mut all, "acknowledge", super::acknowledge::samples(language));
    add(
        &mut all,
        "settings/mail/delete",
        super::settings::mail::deletions(language),
    );
    add(
        &mut all,
        "settings/authorize",
        super::settings::mail::authorize::samples(language),
    );
    add(
        &mut all,
        "settings/security",
        super::settings::security::samples(language),
    );
    add(
        &mut all,
        "settings/tokens",
        super::settings::tokens::samples(language),
    );
    add(
        &mut all,
        "settings/zones",
        super::settings::zones::samples(language),
    );
    add(
        &mut all,
        "settings/general",
        super::settings::general::samples(language),
    );
    add(
        &mut all,
        "settings/health",
        super::settings::health::samples(language),
    );
    all
}

fn add<T: DynTemplate + 'static>(
    all: &mut Vec<(&'static str, Box<dyn DynTemplate>)>,
    name: &'static str,
    samples: Vec<T>,
) {
    all.extend(
        samples
            .into_iter()
            .map(|s| (name, Box::new(s) as Box<dyn DynTemplate>)),
    );
}

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_443_600_000);

/// The layout as a stranger sees it. `title` is a text key.
pub(crate) fn stranger(language: Language, title: &str) -> Shell {
    Shell {
        language,
        title: language.text(title).to_string(),
        section: Section::None,
        csrf: "sample-token".to_owned(),
        user: None,
        flash: None,
        here: "/login".to_owned(),
        exposed: false,
        locked: false,
        offline: Vec::new(),
        now: NOW,
    }
}

/// The layout as an administrator sees it.
pub(crate) fn shell(language: Language, section: Section, title: &str) -> Shell {
    Shell {
        section,
        user: Some("me@example.org".to_owned()),
        ..stranger(language, title)
    }
}

/// The layout with every notice that it can carry.
pub(crate) fn noisy_shell(language: Language, section: Section, title: &str) -> Shell {
    Shell {
        exposed: true,
        locked: true,
        offline: vec![("wan".to_owned(), NOW.minus(std::time::Duration::from_mins(14)))],
        flash: Some(Flash::good("flash-welcome")),
        ..shell(language, section, title)
    }
}

/// The pages are also left in `target/ui-samples`, for people to look at.
#[test]
fn every_page_renders_in_every_language() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/ui-samples");
    std::fs::create_dir_all(&folder).unwrap();
    for language in Language::ALL {
        for (i, (name, view)) in all(language).into_iter().enumerate() {
            let html = view.dyn_render().unwrap_or_else(|e| panic!("{name}: {e}"));
            assert!(html.contains(&format!("lang=\"{}\"", language.tag())), "{name}");
            assert!(html.trim_end().ends_with("</html>"), "{name}");
            // Every POST form starts with the token.
            // Where the signature in the address is the proof, there is none.
            let forms = match name {
                "unsubscribe" | "acknowledge" => 0,
                _ => html.matches("method=\"post\"").count(),
            };
            assert_eq!(
                html.matches("name=\"csrf\"").count(),
                forms,
                "{name}: a form without its token"
            );
            let file = format!("{}-{i:02}-{}.html", language.tag(), name.replace('/', "-"));
            std::fs::write(folder.join(file), html).unwrap();
        }
    }
}
