//! DMARC, DKIM, MX and alignment, on records as they are published.

use domain::deliverability::{Code, Kind, Subject, Topic};

use super::{World, codes, complete, find, settings, subject};

/// A key of 2048 bits, as it stands at 20230601._domainkey.gmail.com.
const RSA_2048: &str = "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAntvSKT1hkqhKe0xcaZ0x+QbouDsJuBfby/S82jxsoC/SodmfmVs2D1KAH3mi1AqdMdU12h2VfETeOJkgGYq5ljd996AJ7ud2SyOLQmlhaNHH7Lx+Mdab8/zDN1SdxPARDgcM7AsRECHwQ15R20FaKUABGu4NTbR2fDKnYwiq5jQyBkLWP+LgGOgfUF4T4HZb2PY2bQtEP6QeqOtcW4rrsH24L7XhD+HSZb1hsitrE0VPbhJzxDwI4JF815XMnSVjZgYUXP8CxI1Y0FONlqtQYgsorZ9apoW1KPQe8brSSlRsi9sXB/tu56LmG7tEDNmrZ5XUwQYUUADBOu7t1niwXwIDAQAB";
/// 1024 bits, from RFC 6376, appendix C.
const RSA_1024: &str = "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB";

fn judged(records: &[(&str, &str)], subject: &Subject, topic: Topic) -> Vec<&'static str> {
    let (findings, _) = World::of(records).judge(subject);
    complete(&findings);
    codes(&findings, topic)
}

#[test]
fn dmarc_records() {
    for (record, expected) in [
        (None, &["dmarc-missing"][..]),
        (
            Some("v=DMARC1; p=none"),
            &["dmarc-found", "dmarc-policy-none", "dmarc-no-reports"],
        ),
        (
            Some("v=DMARC1; p=quarantine; rua=mailto:dmarc@example.org; pct=50"),
            &["dmarc-found", "dmarc-policy", "dmarc-percent", "dmarc-reports"],
        ),
        (
            Some("v=DMARC1;p=reject;rua=mailto:a@example.org,mailto:b@reports.example.net!10m"),
            &["dmarc-found", "dmarc-policy", "dmarc-reports-elsewhere"],
        ),
        (
            Some("v=DMARC1; p=monitor; rua=mailto:a@example.org"),
            &["dmarc-found", "dmarc-policy-invalid", "dmarc-reports"],
        ),
        (
            Some("v=DMARC1"),
            &["dmarc-found", "dmarc-policy-invalid", "dmarc-no-reports"],
        ),
        (
            Some("v=DMARC1; p=reject; rua=a@example.org"),
            &["dmarc-found", "dmarc-policy", "dmarc-reports-invalid"],
        ),
        (Some("v=dmarc1; p=none"), &["dmarc-lookalike"]),
        (Some("p=none; v=DMARC1"), &["dmarc-lookalike"]),
        (Some("v=spf1 -all"), &["dmarc-missing"]),
    ] {
        let records: Vec<(&str, &str)> = record.map(|r| ("_dmarc.example.org", r)).into_iter().collect();
        let subject = subject("mail.example.org", "me@example.org", "");
        assert_eq!(judged(&records, &subject, Topic::Dmarc), expected, "{record:?}");
    }
    let two = [
        ("_dmarc.example.org", "v=DMARC1; p=none"),
        ("_dmarc.example.org", "v=DMARC1; p=reject"),
    ];
    let subject = subject("mail.example.org", "me@example.org", "");
    assert_eq!(judged(&two, &subject, Topic::Dmarc), ["dmarc-several"]);
}

#[test]
fn a_subdomain_inherits_and_sp_counts_for_it() {
    let subject = subject("mail.example.co.uk", "me@status.example.co.uk", "");
    for (record, expected) in [
        (
            "v=DMARC1; p=reject; sp=none; rua=mailto:d@example.co.uk",
            "dmarc-policy-none",
        ),
        (
            "v=DMARC1; p=none; sp=quarantine; rua=mailto:d@example.co.uk",
            "dmarc-policy",
        ),
        ("v=DMARC1; p=reject; rua=mailto:d@example.co.uk", "dmarc-policy"),
    ] {
        let judged = judged(&[("_dmarc.example.co.uk", record)], &subject, Topic::Dmarc);
        assert_eq!(judged, ["dmarc-inherited", expected, "dmarc-reports"], "{record}");
    }
    // The list of public suffixes ends the search: there is no DMARC of co.uk.
    let judged = judged(&[("_dmarc.co.uk", "v=DMARC1; p=reject")], &subject, Topic::Dmarc);
    assert_eq!(judged, ["dmarc-missing"]);
}

#[test]
fn the_dmarc_record_to_publish_is_exact() {
    let subject = subject("mail.example.org", "me@example.org", "");
    for (record, code, expected) in [
        (
            None,
            Code::DmarcMissing,
            "v=DMARC1; p=none; rua=mailto:postmaster@example.org",
        ),
        (
            Some("v=DMARC1; p=reject;"),
            Code::DmarcNoReports,
            "v=DMARC1; p=reject; rua=mailto:postmaster@example.org",
        ),
        (
            Some("v=DMARC1; p=on; rua=mailto:x@example.org"),
            Code::DmarcPolicyInvalid,
            "v=DMARC1; p=none; rua=mailto:x@example.org",
        ),
    ] {
        let mut world = World::default();
        if let Some(record) = record {
            world.add("_dmarc.example.org", Kind::Txt, record);
        }
        let (findings, _) = world.judge(&subject);
        let publish = find(&findings, code)
            .publish
            .as_ref()
            .map(|p| (p.name.as_str(), p.value.as_str()));
        assert_eq!(publish, Some(("_dmarc.example.org", expected)));
    }
}

#[test]
fn dkim_keys() {
    let spaced = RSA_2048.replace("MIIB", "MIIB \t");
    let cut = &RSA_2048[..300];
    for (record, expected) in [
        (RSA_2048, &["dkim-found"][..]),
        (spaced.as_str(), &["dkim-found"]),
        (RSA_1024, &["dkim-short"]),
        (
            "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
            &["dkim-ed25519"],
        ),
        ("v=DKIM1; p=", &["dkim-revoked"]),
        ("v=DKIM1; k=rsa; t=y:s; p=", &["dkim-revoked"]),
        (cut, &["dkim-key-invalid"]),
        ("v=DKIM1; k=dsa; p=AAAA", &["dkim-kind-unknown"]),
        ("v=DKIM2; p=AAAA", &["dkim-not-a-key"]),
        ("hello", &["dkim-not-a-key"]),
    ] {
        let subject = subject("mail.example.org", "me@example.org", "s1");
        let records = [("s1._domainkey.example.org", record)];
        assert_eq!(judged(&records, &subject, Topic::Dkim), expected, "{record}");
    }
    let subject = subject("mail.example.org", "me@example.org", "s1");
    for (tags, expected) in [
        ("t=y", "dkim-testing"),
        ("s=tlsrpt", "dkim-not-for-mail"),
        ("h=sha1", "dkim-hash"),
    ] {
        let record = RSA_2048.replace("k=rsa", tags);
        let records = [("s1._domainkey.example.org", record.as_str())];
        assert_eq!(judged(&records, &subject, Topic::Dkim), ["dkim-found", expected]);
    }
    for harmless in ["t=s", "s=email", "s=*", "h=sha1:sha256"] {
        let record = RSA_2048.replace("k=rsa", harmless);
        let records = [("s1._domainkey.example.org", record.as_str())];
        assert_eq!(
            judged(&records, &subject, Topic::Dkim),
            ["dkim-found"],
            "{harmless}"
        );
    }
    let two = [
        ("s1._domainkey.example.org", RSA_2048),
        ("s1._domainkey.example.org", RSA_1024),
    ];
    assert_eq!(
        judged(&two, &subject, Topic::Dkim),
        ["dkim-found", "dkim-several"]
    );
}

#[test]
fn selectors_are_asked_or_guessed_and_a_wrong_guess_accuses_nobody() {
    let unknown = subject("mail.example.org", "me@example.org", "");
    assert_eq!(judged(&[], &unknown, Topic::Dkim), ["dkim-no-selector"]);
    let named = subject("mail.example.org", "me@example.org", "a, b");
    assert_eq!(judged(&[], &named, Topic::Dkim), ["dkim-missing", "dkim-missing"]);
    let google = subject("smtp.gmail.com", "me@example.org", "");
    assert_eq!(judged(&[], &google, Topic::Dkim), ["dkim-usual-missing"]);
    let key = [("google._domainkey.example.org", RSA_2048)];
    assert_eq!(judged(&key, &google, Topic::Dkim), ["dkim-found"]);
}

#[test]
fn mail_servers_of_the_domain() {
    let host = ("mail.example.org", "A 192.0.2.25");
    for (records, expected) in [
        (
            &[("example.org", "MX mail.example.org."), host][..],
            &["mx-found"][..],
        ),
        (&[("example.org", "MX .")], &["mx-null"]),
        (
            &[
                ("example.org", "MX ."),
                ("example.org", "MX mail.example.org"),
                host,
            ],
            &["mx-found", "mx-null-besides"],
        ),
        (&[("example.org", "A 192.0.2.1")], &["mx-implicit"]),
        (&[("example.org", "hello")], &["mx-missing"]),
        (&[], &["domain-missing"]),
        (
            &[("example.org", "MX gone.example.org")],
            &["mx-found", "mx-host-missing"],
        ),
        (&[("example.org", "MX 192.0.2.1")], &["mx-found", "mx-is-address"]),
    ] {
        let subject = subject("mail.example.org", "me@example.org", "");
        assert_eq!(judged(records, &subject, Topic::Mx), expected, "{records:?}");
    }
}

#[test]
fn the_envelope_must_belong_to_the_sender() {
    let strict = [(
        "_dmarc.example.org",
        "v=DMARC1; p=reject; aspf=s; adkim=s; rua=mailto:d@example.org",
    )];
    for (envelope, records, expected) in [
        ("", &[][..], &["align-same"][..]),
        ("bounces.example.org", &[], &["align-relaxed"]),
        (
            "bounces.example.org",
            &strict,
            &["align-strict", "align-strict-dkim"],
        ),
        ("example.org", &strict, &["align-same", "align-strict-dkim"]),
        ("bounces.example.net", &[], &["align-elsewhere"]),
    ] {
        let saved = settings("mail.example.org", "me@example.org");
        let subject = Subject::parse("", envelope, "", Some(&saved)).expect("valid");
        assert_eq!(
            judged(records, &subject, Topic::Alignment),
            expected,
            "{envelope}"
        );
    }
    let foreign = subject("mail.example.org", "me@gmail.com", "");
    assert_eq!(
        judged(&[], &foreign, Topic::Alignment),
        ["align-foreign-mailbox", "align-same"]
    );
    let ses = subject("email-smtp.eu-west-1.amazonaws.com", "me@example.org", "");
    assert_eq!(
        judged(&[], &ses, Topic::Alignment),
        ["align-same", "align-provider-envelope"]
    );
}
