//! Texts: every one that is used exists in both languages with the same values, and none is left over.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    channel::{Shape, catalogue::SERVICES},
    deliverability::Code,
};

use crate::sources::{calls, code, files, literals, root};

const LANGUAGES: [&str; 2] = ["en", "zh-CN"];

/// Key to the names of its values.
fn messages(language: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in files(&format!("web/locales/{language}"), "ftl") {
        // Those belong to the mails.
        if path.ends_with("emails.ftl") {
            continue;
        }
        let mut key = String::new();
        for line in text.lines() {
            if let Some((name, _)) = line.split_once(" =").filter(|(n, _)| is_key(n)) {
                name.clone_into(&mut key);
                assert!(
                    all.insert(key.clone(), BTreeSet::new()).is_none(),
                    "{path}: {key} stands there twice"
                );
            }
            let values = line.split('$').skip(1).map(|rest| {
                rest.chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect::<String>()
            });
            all.entry(key.clone()).or_default().extend(values);
        }
    }
    all.remove("");
    all
}

fn is_key(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Complaints about fields: English comes with the complaint itself.
fn is_complaint(key: &str) -> bool {
    key.starts_with("error-")
}

/// Findings about the sender's records: English comes with the finding itself.
fn is_finding(key: &str) -> bool {
    key.starts_with("finding-")
}

#[test]
fn both_languages_say_the_same_things() {
    let [english, chinese] = LANGUAGES.map(messages);
    for (key, values) in &english {
        assert!(
            !is_complaint(key),
            "{key}: the English sentence is in FieldError.message"
        );
        assert!(
            !is_finding(key),
            "{key}: the English sentence is in domain::deliverability"
        );
        let other = chinese.get(key).unwrap_or_else(|| panic!("zh-CN has no {key}"));
        assert_eq!(values, other, "{key}: the values differ");
    }
    for key in chinese.keys().filter(|k| !is_complaint(k) && !is_finding(k)) {
        assert!(english.contains_key(key), "en has no {key}");
    }
}

#[test]
fn every_text_that_is_used_exists_and_none_is_left_over() {
    let known: BTreeSet<String> = messages("en").into_keys().collect();
    let mut quoted = BTreeSet::new();
    for (path, text) in files("web/templates", "html") {
        if path.contains("/emails/") {
            continue;
        }
        for key in calls(&text, &["t("]) {
            assert!(known.contains(&key), "{path} uses {key}, which does not exist");
        }
        quoted.extend(literals(&text));
    }
    for (path, text) in files("crates/ui/src", "rs") {
        let text = code(&text);
        let direct = ["t(", "text(", "Flash::good(", "Flash::bad(", "Forbidden("];
        for key in calls(&text, &direct)
            .into_iter()
            .filter(|k| k.contains('-') && is_key(k))
        {
            // Form fields have names as well; those have no dash.
            assert!(known.contains(&key), "{path} uses {key}, which does not exist");
        }
        quoted.extend(literals(&text));
    }
    quoted.extend(of_channels());
    let left: Vec<_> = known.iter().filter(|k| !quoted.contains(*k)).collect();
    assert!(left.is_empty(), "nothing uses {left:?}");
}

/// The words of kinds of channels, which are put together from the names in the catalogue.
fn of_channels() -> Vec<String> {
    let mut all = vec!["channel-kind-email".to_owned(), "channel-kind-webhook".to_owned()];
    for service in SERVICES {
        let kind = service.kind.as_str().replace('_', "-");
        all.extend([format!("service-{kind}"), format!("service-{kind}-about")]);
        for field in service.fields {
            for of in [kind.as_str(), "field"] {
                let key = format!("service-{of}-{}", field.name);
                all.extend([format!("{key}-hint"), key]);
            }
            if let Shape::Choice(known) = field.shape {
                all.extend(
                    known
                        .iter()
                        .map(|c| format!("service-choice-{}", c.to_lowercase())),
                );
            }
        }
    }
    all
}

#[test]
fn every_complaint_is_translated() {
    let chinese: BTreeSet<String> = messages("zh-CN")
        .into_keys()
        .filter(|k| is_complaint(k))
        .collect();
    let mut used = BTreeSet::new();
    for folder in [
        "crates/domain/src",
        "crates/store/src",
        "crates/ui/src",
        "crates/api/src",
    ] {
        for (path, text) in files(folder, "rs") {
            let text = text
                .split("#[cfg(test)]\nmod tests {")
                .next()
                .unwrap_or_default()
                .to_owned();
            for code in crate::sources::complaint_codes(&text) {
                let key = format!("error-{code}");
                let api_only = folder == "crates/api/src";
                assert!(api_only || chinese.contains(&key), "{path}: zh-CN has no {key}");
                used.insert(key);
            }
        }
    }
    let left: Vec<_> = chinese.difference(&used).collect();
    assert!(left.is_empty(), "nothing complains {left:?}");
}

#[test]
fn every_finding_is_translated_with_its_values() {
    let chinese: BTreeMap<String, BTreeSet<String>> = messages("zh-CN")
        .into_iter()
        .filter(|(k, _)| is_finding(k))
        .collect();
    let mut used = BTreeSet::new();
    for code in Code::ALL {
        let key = format!("finding-{}", code.as_str());
        let advice = format!("{key}-do");
        for (key, english) in [(key, code.seen()), (advice, code.advice())] {
            if english.is_empty() {
                continue;
            }
            let values: BTreeSet<String> = english
                .split('{')
                .skip(1)
                .filter_map(|p| Some(p.split_once('}')?.0.to_owned()))
                .collect();
            let translated = chinese.get(&key).unwrap_or_else(|| panic!("zh-CN has no {key}"));
            assert_eq!(translated, &values, "{key}: the values differ");
            used.insert(key);
        }
    }
    let left: Vec<_> = chinese.keys().filter(|k| !used.contains(*k)).collect();
    assert!(left.is_empty(), "nothing finds {left:?}");
}

/// A message that does not parse is a message that is missing.
#[test]
fn every_file_parses() {
    for language in LANGUAGES {
        for (path, text) in files(&format!("web/locales/{language}"), "ftl") {
            let parsed = fluent::FluentResource::try_new(text);
            assert!(parsed.is_ok(), "{path}: {:?}", parsed.err().map(|e| e.1));
        }
    }
}

#[test]
fn the_folder_is_found() {
    assert!(root().join("web/locales/en/shell.ftl").is_file());
}

/// Watchbell logs in with OAuth 2.0, so whoever may not use a password any more is told.
#[test]
fn a_refused_password_at_microsoft_leads_to_oauth() {
    for language in LANGUAGES {
        let mut found = false;
        for (_, text) in files(&format!("web/locales/{language}"), "ftl") {
            for line in text
                .lines()
                .filter(|l| l.starts_with("hint-m365-basic-auth-fix ="))
            {
                assert!(line.contains("OAuth 2.0"), "{language}: {line}");
                found = true;
            }
        }
        assert!(found, "{language}");
    }
}
