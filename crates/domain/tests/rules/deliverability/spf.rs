//! SPF, on records as they are published.

use domain::deliverability::{Code, Kind, Topic};

use super::{World, codes, complete, find, subject};

/// What Google and Microsoft publish, shortened to what decides.
const WORLD: &[(&str, &str)] = &[
    (
        "_spf.google.com",
        "v=spf1 include:_netblocks.google.com include:_netblocks2.google.com include:_netblocks3.google.com ~all",
    ),
    (
        "_netblocks.google.com",
        "v=spf1 ip4:35.190.247.0/24 ip4:64.233.160.0/19 ~all",
    ),
    ("_netblocks2.google.com", "v=spf1 ip6:2001:4860:4000::/36 ~all"),
    ("_netblocks3.google.com", "v=spf1 ip4:172.217.0.0/19 ~all"),
    (
        "spf.protection.outlook.com",
        "v=spf1 ip4:40.92.0.0/15 ip6:2a01:111:f400::/48 -all",
    ),
    ("gmail.com", "v=spf1 redirect=_spf.google.com"),
    ("other.example", "no spf here"),
    ("two.example", "v=spf1 -all"),
    ("two.example", "v=spf1 ~all"),
    ("bad.example", "v=spf1 ipv4:192.0.2.1 -all"),
    ("plus.example", "v=spf1 +all"),
    ("mail.example.org", "A 192.0.2.25"),
    ("loop1.example", "v=spf1 include:loop2.example -all"),
    ("loop2.example", "v=spf1 include:loop1.example -all"),
];

fn spf_of(server: &str, records: &[&str]) -> Vec<domain::deliverability::Finding> {
    let mut world = World::of(WORLD);
    for record in records {
        world.add("example.org", Kind::Txt, record);
    }
    world.add("example.org", Kind::Mx, "mail.example.org");
    let (findings, _) = world.judge(&subject(server, "watch@example.org", ""));
    complete(&findings);
    findings
}

const GOOGLE: &str = "smtp.gmail.com";
const OWN: &str = "mail.example.org";

#[test]
fn records_as_they_are_published() {
    let end = "spf-relay-unknown";
    for (server, records, expected) in [
        (
            GOOGLE,
            &["v=spf1 include:_spf.google.com ~all"][..],
            &[
                "spf-found",
                "spf-end-soft-fail",
                "spf-provider-included",
                "spf-lookups",
                end,
            ][..],
        ),
        (
            "smtp.office365.com",
            &["v=spf1 include:spf.protection.outlook.com -all", "MS=ms12345678"],
            &[
                "spf-found",
                "spf-end-fail",
                "spf-provider-included",
                "spf-lookups",
                end,
            ],
        ),
        (
            GOOGLE,
            &["v=spf1 include:spf.protection.outlook.com -all"],
            &[
                "spf-found",
                "spf-end-fail",
                "spf-provider-missing",
                "spf-lookups",
                end,
            ],
        ),
        (
            "smtp.sendgrid.net",
            &["v=spf1 mx -all"],
            &[
                "spf-found",
                "spf-end-fail",
                "spf-provider-optional",
                "spf-lookups",
                end,
            ],
        ),
        (OWN, &[], &["spf-missing", end]),
        (OWN, &["google-site-verification=abc"], &["spf-missing", end]),
        (
            OWN,
            &["\"v=spf1 mx -all\""],
            &["spf-lookalike", "spf-missing", end],
        ),
        (OWN, &["v=spf1 mx -all", "v=spf1 a ~all"], &["spf-several", end]),
        (
            OWN,
            &["v=spf1 mx +all"],
            &["spf-found", "spf-end-pass", "spf-lookups", end],
        ),
        (
            OWN,
            &["v=spf1 mx ?all"],
            &["spf-found", "spf-end-neutral", "spf-lookups", end],
        ),
        (
            OWN,
            &["v=spf1 mx"],
            &["spf-found", "spf-end-missing", "spf-lookups", end],
        ),
        (OWN, &["v=spf1 -all"], &["spf-found", "spf-nobody", end]),
        (
            OWN,
            &["v=spf1 mx -all include:_spf.google.com"],
            &["spf-found", "spf-end-fail", "spf-ignored", "spf-lookups", end],
        ),
        (
            OWN,
            &["v=spf1 redirect=plus.example"],
            &["spf-found", "spf-end-pass", "spf-lookups", end],
        ),
        (
            OWN,
            &["v=spf1 mx ptr -all"],
            &["spf-found", "spf-end-fail", "spf-lookups", "spf-ptr", end],
        ),
        (
            OWN,
            &["v=spf1 ip4:192.0.2.1,192.0.2.2 -all"],
            &["spf-found", "spf-syntax", end],
        ),
        (
            OWN,
            &["v=spf1 include:other.example -all"],
            &[
                "spf-found",
                "spf-end-fail",
                "spf-lookups",
                "spf-include-missing",
                end,
            ],
        ),
        (
            OWN,
            &["v=spf1 include:gone.example -all"],
            &[
                "spf-found",
                "spf-end-fail",
                "spf-lookups",
                "spf-void",
                "spf-include-missing",
                end,
            ],
        ),
        (
            OWN,
            &["v=spf1 include:two.example -all"],
            &[
                "spf-found",
                "spf-end-fail",
                "spf-lookups",
                "spf-include-several",
                end,
            ],
        ),
        (
            OWN,
            &["v=spf1 include:bad.example -all"],
            &["spf-found", "spf-end-fail", "spf-lookups", "spf-syntax", end],
        ),
        (
            OWN,
            &["v=spf1 include:loop1.example -all"],
            &["spf-found", "spf-end-fail", "spf-lookups", "spf-loop", end],
        ),
        (
            OWN,
            &["v=spf1 a:x1.example a:x2.example mx:x3.example ~all"],
            &[
                "spf-found",
                "spf-end-soft-fail",
                "spf-lookups",
                "spf-too-many-void",
                end,
            ],
        ),
        (
            OWN,
            &["v=spf1 exists:%{i}._spf.example.org include:%{d}.example ~all"],
            &[
                "spf-found",
                "spf-end-soft-fail",
                "spf-lookups-at-least",
                "spf-macro",
                end,
            ],
        ),
    ] {
        let findings = spf_of(server, records);
        assert_eq!(codes(&findings, Topic::Spf), expected, "{server} {records:?}");
    }
}

#[test]
fn the_record_to_publish_is_exact() {
    let published = |server: &str, records: &[&str], code| {
        let findings = spf_of(server, records);
        let publish = find(&findings, code).publish.clone().map(|p| (p.name, p.value));
        let (name, value) = publish.unwrap_or_default();
        assert_eq!(name, "example.org");
        value
    };
    assert_eq!(
        published(GOOGLE, &[], Code::SpfMissing),
        "v=spf1 include:_spf.google.com ~all"
    );
    assert_eq!(
        published(OWN, &[], Code::SpfMissing),
        "v=spf1 a:mail.example.org ~all"
    );
    assert_eq!(published("127.0.0.1", &[], Code::SpfMissing), "v=spf1 mx ~all");
    assert_eq!(published("192.168.7.7", &[], Code::SpfMissing), "v=spf1 mx ~all");
    assert_eq!(
        published("198.51.100.7", &[], Code::SpfMissing),
        "v=spf1 ip4:198.51.100.7 ~all"
    );
    assert_eq!(
        published(
            GOOGLE,
            &["v=spf1 mx ip4:192.0.2.1 -all"],
            Code::SpfProviderMissing
        ),
        "v=spf1 mx ip4:192.0.2.1 include:_spf.google.com -all"
    );
    assert_eq!(
        published(GOOGLE, &["v=spf1 mx"], Code::SpfProviderMissing),
        "v=spf1 mx include:_spf.google.com"
    );
    assert_eq!(
        published(
            OWN,
            &["v=spf1 mx -all", "v=spf1 MX a redirect=_spf.google.com"],
            Code::SpfSeveral
        ),
        "v=spf1 mx a include:_spf.google.com ~all"
    );
    assert_eq!(
        published(OWN, &["v=spf1 mx +all"], Code::SpfEndPass),
        "v=spf1 mx ~all"
    );
    assert_eq!(
        published(OWN, &["v=spf1 mx"], Code::SpfEndMissing),
        "v=spf1 mx ~all"
    );
}

#[test]
fn lookups_are_counted_at_any_depth() {
    let counted = |record: &str| {
        let findings = spf_of(OWN, &[record]);
        let found = findings.iter().find(|f| f.args.iter().any(|(n, _)| *n == "most"));
        let found = found.map(|f| {
            (
                f.code.as_str(),
                f.args.iter().find(|(n, _)| *n == "count").map(|(_, v)| v.clone()),
            )
        });
        found
            .map(|(code, count)| (code, count.unwrap_or_default()))
            .unwrap_or_default()
    };
    let expected = |code, count: &str| (code, count.to_owned());
    assert_eq!(counted("v=spf1 ip4:192.0.2.1 -all"), expected("spf-lookups", "0"));
    // One for the include, three below it.
    assert_eq!(
        counted("v=spf1 include:_spf.google.com -all"),
        expected("spf-lookups", "4")
    );
    // Twice the same counts twice.
    let twice = "v=spf1 include:_spf.google.com include:_spf.google.com a mx -all";
    assert_eq!(counted(twice), expected("spf-lookups-at-limit", "10"));
    let eleven = "v=spf1 include:_spf.google.com include:_spf.google.com a mx ptr -all";
    assert_eq!(counted(eleven), expected("spf-too-many-lookups", "11"));
    assert_eq!(
        counted("v=spf1 redirect=_spf.google.com"),
        expected("spf-lookups", "4")
    );
    // What stands behind "all" costs nothing.
    assert_eq!(
        counted("v=spf1 -all include:_spf.google.com"),
        expected("spf-lookups", "0")
    );
    let many = format!("v=spf1 {} -all", ["include:_spf.google.com"; 20].join(" "));
    assert_eq!(counted(&many), expected("spf-too-many-lookups", "30+"));
}

#[test]
fn a_redirect_is_followed_to_its_end() {
    let world = World::of(WORLD);
    let (findings, _) = world.judge(&subject(GOOGLE, "me@gmail.com", ""));
    assert_eq!(
        codes(&findings, Topic::Spf),
        [
            "spf-found",
            "spf-end-soft-fail",
            "spf-provider-own",
            "spf-lookups",
            "spf-relay-unknown"
        ]
    );
    // A provider that is reached by a redirect is included as well.
    let mut world = World::of(WORLD);
    world.add("example.org", Kind::Txt, "v=spf1 redirect=gmail.com");
    let (findings, _) = world.judge(&subject(GOOGLE, "me@example.org", ""));
    find(&findings, Code::SpfProviderIncluded);
}

#[test]
fn what_could_not_be_looked_up_is_unknown_and_accuses_nobody() {
    let world = World::of(&[("example.org", "v=spf1 include:_spf.slow.example -all")])
        .fail("_spf.slow.example", Kind::Txt);
    let (findings, _) = world.judge(&subject(GOOGLE, "me@example.org", ""));
    assert_eq!(
        codes(&findings, Topic::Spf),
        [
            "spf-found",
            "spf-end-fail",
            "spf-lookups-at-least",
            "spf-include-failed",
            "spf-relay-unknown"
        ]
    );
    let world = World::of(&[]).fail("example.org", Kind::Txt);
    let (findings, _) = world.judge(&subject(GOOGLE, "me@example.org", ""));
    assert_eq!(codes(&findings, Topic::Spf), ["spf-failed"]);
}
