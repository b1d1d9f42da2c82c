//! Which monitors are meant.

use domain::{id::MonitorId, matcher::Matcher, target::Kind};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::refused;

fn read(value: Value) -> Matcher {
    Matcher::from_json("matcher", value).expect("valid")
}

fn words(tags: &[&str]) -> Vec<String> {
    tags.iter().map(|t| (*t).to_owned()).collect()
}

#[test]
fn every_group_that_is_given_must_match_and_any_of_a_group_is_enough() {
    let table = [
        (json!({"all": true}), true),
        (json!({"tags": ["eu"]}), true),
        (json!({"tags": ["us", "eu"]}), true),
        (json!({"tags": ["us"]}), false),
        (json!({"tags": ["EU"]}), false),
        (json!({"monitors": [7, 9]}), true),
        (json!({"monitors": [9]}), false),
        (json!({"kinds": ["tcp", "http"]}), true),
        (json!({"kinds": ["ping"]}), false),
        (json!({"tags": ["prod"], "kinds": ["http"]}), true),
        (json!({"tags": ["prod"], "kinds": ["ping"]}), false),
        (json!({"tags": ["us"], "monitors": [7]}), false),
        (json!({"tags": ["eu"], "monitors": [7], "kinds": ["http"]}), true),
        (json!({"tags": [], "monitors": [7]}), true),
    ];
    for (value, expected) in table {
        let matcher = read(value.clone());
        let met = matcher.matches(MonitorId(7), &words(&["eu", "prod"]), Kind::Http);
        assert_eq!(met, expected, "{value}");
    }
    assert!(!read(json!({"tags": ["eu"]})).matches(MonitorId(7), &[], Kind::Http));
}

#[test]
fn everything_must_be_said() {
    let one = |code| vec![("matcher".to_owned(), code)];
    for value in [json!({}), json!({"all": false}), json!({"tags": [], "kinds": []})] {
        assert_eq!(
            refused(Matcher::from_json("matcher", value)),
            one("matcher-empty")
        );
    }
    let both = Matcher::from_json("matcher", json!({"all": true, "tags": ["eu"]}));
    assert_eq!(
        refused(both),
        [("matcher.all".to_owned(), "matcher-all-and-some")]
    );
    assert!(read(json!({"all": true})).is_everything());
}

#[test]
fn every_mistake_is_named_by_its_field() {
    let wrong = json!({"tags": ["eu", " "], "monitors": "7", "kinds": ["smoke"], "tag": "eu"});
    let expected = [
        ("matcher.tags", "required"),
        ("matcher.monitors", "type-list"),
        ("matcher.kinds", "kind-unknown"),
        ("matcher.tag", "unknown-field"),
    ];
    let found = refused(Matcher::from_json("matcher", wrong));
    for (field, code) in expected {
        assert!(
            found.contains(&(field.to_owned(), code)),
            "{field} {code}: {found:?}"
        );
    }
    assert_eq!(found.len(), expected.len());
    let many = json!({"tags": vec!["t"; 21], "monitors": (0..501).collect::<Vec<_>>()});
    let codes: Vec<_> = refused(Matcher::from_json("m", many))
        .into_iter()
        .map(|(_, c)| c)
        .collect();
    assert_eq!(codes, ["tags-too-many", "monitors-too-many"]);
}

proptest! {
    #[test]
    fn what_was_read_is_written_as_it_means(
        tags in proptest::collection::vec("[a-z]{1,8}", 0..5),
        monitors in proptest::collection::vec(1..50_i64, 0..5),
        http in any::<bool>(),
        id in 1..50_i64,
    ) {
        let kinds = if http { vec!["http"] } else { Vec::new() };
        let value = json!({"tags": tags, "monitors": monitors, "kinds": kinds});
        let Ok(matcher) = Matcher::from_json("", value) else {
            prop_assert!(tags.is_empty() && monitors.is_empty() && !http);
            return Ok(());
        };
        let again = Matcher::from_json("", matcher.to_json()).expect("valid");
        prop_assert_eq!(&again, &matcher);
        let meant = (tags.is_empty() || tags.iter().any(|t| t == "a"))
            && (monitors.is_empty() || monitors.contains(&id));
        prop_assert_eq!(matcher.matches(MonitorId(id), &["a".to_owned()], Kind::Http), meant);
    }
}
