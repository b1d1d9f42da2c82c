use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::field::FieldErrors;

fn read(config: Value) -> Result<OwnRequest, FieldErrors> {
    let mut o = Object::new("", config).unwrap();
    let own = OwnRequest::read(&mut o);
    let errors = o.finish();
    own.filter(|_| errors.is_empty()).ok_or(errors)
}

fn code(config: Value) -> (String, &'static str) {
    let errors = read(config.clone()).expect_err(&config.to_string());
    assert_eq!(errors.0.len(), 1, "{config}: {errors:?}");
    (errors.0[0].field.clone(), errors.0[0].code)
}

fn own(content_type: &str, body: &str) -> OwnRequest {
    read(json!({ "content_type": content_type, "body": body })).unwrap()
}

const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn a_body_is_all_that_must_be_said() {
    let own = read(json!({ "body": "{\"text\": {{ json:reason }}}" })).unwrap();
    assert_eq!(own.method, WebhookMethod::Post);
    assert_eq!(own.content_type, "application/json");
    assert_eq!(
        own.body(|_| "503 \"Service\"".to_owned()).unwrap(),
        r#"{"text": "503 \"Service\""}"#
    );
    let get = read(json!({ "method": "GET", "body": " \n" })).unwrap();
    assert_eq!((get.source(), get.body(|_| String::new())), (None, None));
}

#[test]
fn every_mistake_is_named_by_its_field() {
    let json_body = |body: &str| json!({ "body": body });
    let form = |body: &str| json!({ "content_type": FORM, "body": body });
    for (config, field, code_) in [
        (json!({}), "body", "required"),
        (json!({ "method": "PUT", "body": "  " }), "body", "required"),
        (
            json!({ "method": "DELETE", "body": "{}" }),
            "method",
            "choice-unknown",
        ),
        (json!({ "method": "GET", "body": "{}" }), "body", "body-with-get"),
        (json!({ "body": 7 }), "body", "type-text"),
        (json!({ "body": { "a": 1 } }), "body", "type-text"),
        (
            json!({ "content_type": "json", "body": "{}" }),
            "content_type",
            "content-type-invalid",
        ),
        (
            json!({ "content_type": "text/plain\r\nX-Y: z", "body": "{}" }),
            "content_type",
            "content-type-invalid",
        ),
        (
            json!({ "content_type": format!("text/{}", "x".repeat(120)), "body": "{}" }),
            "content_type",
            "content-type-invalid",
        ),
        (json_body(&"x".repeat(8001)), "body", "too-long"),
        (
            json_body("{\"a\": \"\u{0}\"}"),
            "body",
            "control-characters-but-lines",
        ),
        (json_body("{{json:nope}}"), "body", "template-unknown"),
        (json_body("{{html:reason}}"), "body", "template-unknown"),
        (json_body("{{json:json:reason}}"), "body", "template-unknown"),
        (json_body("{{json: reason}}"), "body", "template-unknown"),
        (json_body("{{reason | upper}}"), "body", "template-unknown"),
        (json_body("{{json:reason"), "body", "template-open"),
        (
            json_body(&format!("[{}]", vec!["{{json:link}}"; 41].join(","))),
            "body",
            "template-too-many",
        ),
        (
            json_body("{\"a\": \"{{reason}}\"}"),
            "body",
            "template-json-plain",
        ),
        (
            json_body("{\"a\": {{incident_id}}}"),
            "body",
            "template-json-plain",
        ),
        (json_body("{\"a\": \"{{json:reason}}\"}"), "body", "template-json"),
        (json_body("{\"a\": {{url:incident_id}}}"), "body", "template-json"),
        (json_body("{\"a\": \"{{url:reason}}}"), "body", "template-json"),
        (
            json_body("{{json:reason}}{{json:reason}}"),
            "body",
            "template-json",
        ),
        (json_body("{\"a\": 1,}"), "body", "template-json"),
        (json_body("not JSON"), "body", "template-json"),
        (
            json!({ "content_type": "Application/Problem+JSON; charset=utf-8", "body": "{{reason}}" }),
            "body",
            "template-json-plain",
        ),
        (form("text={{reason}}"), "body", "template-form-plain"),
        (form("payload={{json:reason}}"), "body", "template-form-plain"),
        (json!({ "body": "{}", "query": "x" }), "query", "unknown-field"),
    ] {
        assert_eq!(code(config.clone()), (field.to_owned(), code_), "{config}");
    }
}

#[test]
fn a_refusal_says_what_to_write_instead() {
    let message = |config: Value| read(config).unwrap_err().0[0].message.clone();
    assert_eq!(
        message(json!({ "body": "{\"a\": {{reason}}}" })),
        "A value with quotes in it would break the JSON. Write {{json:reason}} instead of {{reason}}, without quotes around it: it brings its own."
    );
    assert_eq!(
        message(json!({ "content_type": FORM, "body": "a={{json:reason}}" })),
        "A value with & or = in it would add fields to the form. Write {{url:reason}} instead of {{json:reason}}."
    );
    assert_eq!(
        message(json!({ "body": "{\n\n\"a\": \"{{json:reason}}\"}" })),
        "With its placeholders filled in, this is not JSON (line 3). A json: placeholder brings its own quotes; a url: placeholder needs them."
    );
    assert_eq!(
        message(json!({ "body": "{{name}}" })),
        "There is no placeholder {{name}}. Known are: event, monitor, target, status, since, reason, duration, link, incident_id, timestamp, json:…, url:…."
    );
}

#[test]
fn each_way_of_writing_keeps_a_value_where_it_stands() {
    let value = |_| "a\"b\\c&d=e\r\nX:\u{0}{{link}} 商".to_owned();
    for (content_type, body, expected) in [
        ("text/plain", "[{{reason}}]", "[a\"b\\c&d=e  X: {{link}} 商]"),
        (
            "application/json",
            "[{{json:reason}}, \"{{url:reason}}\"]",
            "[\"a\\\"b\\\\c&d=e  X: {{link}} 商\", \"a%22b%5Cc%26d%3De%20%20X%3A%20%7B%7Blink%7D%7D%20%E5%95%86\"]",
        ),
        (
            FORM,
            "a=1&b={{url:reason}}",
            "a=1&b=a%22b%5Cc%26d%3De%20%20X%3A%20%7B%7Blink%7D%7D%20%E5%95%86",
        ),
    ] {
        assert_eq!(own(content_type, body).body(value).unwrap(), expected);
    }
}

#[test]
fn the_longest_body_is_not_cut() {
    let one = "{{url:reason}}";
    let padding = "字".repeat(8000 - one.len() * 40);
    let longest = own("text/plain", &(one.repeat(40) + &padding));
    let body = longest.body(|_| "\u{10ffff}".repeat(600)).unwrap();
    assert!(
        body.len() <= LARGEST_BODY && body.ends_with('字'),
        "{}",
        body.len()
    );
}

/// What JSON is made of, with placeholders in all places where they could do harm.
fn json_like() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\\",
        ",",
        ":",
        " ",
        "\n",
        "1",
        "true",
        "a",
        "\"a\":",
        "\"b\"",
        "\\u00",
        "{{json:reason}}",
        "{{json:monitor}}",
        "{{url:reason}}",
        "\"{{url:monitor}}\"",
    ]);
    let wild = prop::collection::vec(pieces, 0..12).prop_map(|p| p.concat());
    let member = prop::sample::select(vec![
        "\"a\": {{json:reason}}",
        "\"b\": \"{{url:reason}} x\"",
        "{{json:monitor}}: [{{json:link}}, null]",
        "\"\\{{json:reason}}",
        "\"c\": \"{{json:reason}}\"",
    ]);
    let tame = prop::collection::vec(member, 0..6).prop_map(|m| format!("{{{}}}", m.join(",")));
    prop_oneof![wild, tame]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_value_breaks_a_json_body_that_was_let_in(
        source in json_like(),
        reason in prop_oneof![".{0,40}", "[\\x00-\\x1f\"\\\\{}\\[\\]:,x0-9 \u{2028}\u{202e}]{0,600}", "\u{10ffff}{0,600}"],
        monitor in "[\"\\\\,:}\\]0-9a]{0,8}",
    ) {
        let value = |v: WebhookValue| match v {
            WebhookValue::Reason => reason.clone(),
            _ => monitor.clone(),
        };
        if let Ok(own) = read(json!({ "body": source })) {
            let body = own.body(value).unwrap();
            prop_assert!(body.len() <= LARGEST_BODY);
            prop_assert!(serde_json::from_str::<Value>(&body).is_ok(), "{} gave {}", own.source().unwrap(), body);
        }
    }

    /// The value arrives as it was, but for what is not safe on a line, and nothing else moves.
    #[test]
    fn a_value_arrives_and_nothing_else_changes(reason in ".{0,200}") {
        let own = own("application/json", r#"{"a": {{json:reason}}, "b": "{{url:reason}}", "c": 1}"#);
        let body: Value = serde_json::from_str(&own.body(|_| reason.clone()).unwrap()).unwrap();
        let expected = crate::text::sanitize(&reason, 500);
        prop_assert_eq!(body["a"].as_str(), Some(expected.as_str()));
        prop_assert_eq!(body.as_object().unwrap().len(), 3);
        let b = body["b"].as_str().unwrap();
        let read: Vec<_> = url::form_urlencoded::parse(format!("b={b}").as_bytes()).into_owned().collect();
        prop_assert_eq!(read, [("b".to_owned(), expected)]);
    }

    #[test]
    fn a_form_has_the_fields_that_were_written(reason in ".{0,200}") {
        let own = own(FORM, "text={{url:reason}}&source=watchbell");
        let body = own.body(|_| reason.clone()).unwrap();
        let read: Vec<_> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let expected = crate::text::sanitize(&reason, 500);
        prop_assert_eq!(read, [("text".to_owned(), expected), ("source".to_owned(), "watchbell".to_owned())]);
    }
}
