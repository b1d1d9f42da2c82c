//! What is typed into the form.

use domain::deliverability::Subject;

use super::settings;
use crate::refused;

#[test]
fn what_is_left_out_comes_from_the_settings() {
    let saved = settings("smtp.gmail.com", "Me@Example.ORG");
    let subject = Subject::parse("", " ", "", Some(&saved)).expect("valid");
    assert_eq!(
        (subject.domain.as_str(), subject.envelope.as_str()),
        ("example.org", "example.org")
    );
    assert_eq!(subject.provider().map(|p| p.name), Some("Google"));
    let typed = Subject::parse(
        "ops@Bücher.example",
        "b.example.net",
        "S1, s2 s1._domainkey.example.org,S2",
        None,
    );
    let typed = typed.expect("valid");
    assert_eq!(typed.domain, "xn--bcher-kva.example");
    assert_eq!(typed.envelope, "b.example.net");
    let selectors: Vec<&str> = typed.selectors.iter().map(|s| s.as_str()).collect();
    assert_eq!(selectors, ["s1", "s2"]);
    assert!(typed.provider().is_none());
}

#[test]
fn what_is_no_domain_or_selector_is_refused_by_its_field() {
    let long = "x".repeat(200_000);
    for (domain, envelope, selectors, field, code) in [
        ("", "", "", "domain", "required"),
        ("localhost", "", "", "domain", "domain-invalid"),
        ("192.0.2.1", "", "", "domain", "domain-invalid"),
        ("https://example.org", "", "", "domain", "domain-invalid"),
        ("a..example.org", "", "", "domain", "domain-invalid"),
        ("exam ple.org", "", "", "domain", "domain-invalid"),
        ("example.org\r\nx", "", "", "domain", "control-characters"),
        (&long, "", "", "domain", "too-long"),
        ("example.org", "nonsense", "", "envelope", "domain-invalid"),
        ("example.org", "", "s1/..", "selector", "selector-invalid"),
        ("example.org", "", "<script>", "selector", "selector-invalid"),
        (
            "example.org",
            "",
            "._domainkey.example.org",
            "selector",
            "selector-invalid",
        ),
        (
            "example.org",
            "",
            "a b c d e f g h i j k",
            "selector",
            "selectors-too-many",
        ),
        ("example.org", "", &long, "selector", "too-long"),
    ] {
        let complaints = refused(Subject::parse(domain, envelope, selectors, None));
        assert_eq!(
            complaints,
            [(field.to_owned(), code)],
            "{}",
            &domain[..domain.len().min(40)]
        );
    }
}
