//! Headers as receivers write them.

use domain::deliverability::{
    Code, Topic,
    results::{LONGEST_PASTE, parse},
};

use super::{codes, complete, find};

const GMAIL: &str = "Delivered-To: me@gmail.com\r
Received: by 2002:a05:6a10:1234 with SMTP id x;\r
        Thu, 26 Nov 2026 10:00:00 -0800 (PST)\r
ARC-Authentication-Results: i=1; mx.google.com;\r
       dkim=pass header.i=@example.org header.s=s1 header.b=AbCdEf12;\r
       spf=pass (google.com: domain of watch@example.org designates 192.0.2.25 as permitted sender) smtp.mailfrom=watch@example.org\r
Return-Path: <watch@example.org>\r
Authentication-Results: mx.google.com;\r
       dkim=pass header.i=@example.org header.s=s1 header.b=AbCdEf12;\r
       spf=pass (google.com: domain of watch@example.org designates 192.0.2.25 as permitted sender) smtp.mailfrom=watch@example.org;\r
       dmarc=pass (p=QUARANTINE sp=NONE dis=NONE) header.from=example.org\r
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org;\r
        s=s1; t=1795687200; h=from:to; bh=xyz=; b=AbCdEf12==\r
From: Watchbell <watch@example.org>\r
\r
Hello\r
";

const OUTLOOK: &str = "Authentication-Results: spf=softfail (sender IP is 192.0.2.25)
 smtp.mailfrom=bounce.example.net; dkim=none (message not signed)
 header.d=none;dmarc=fail action=quarantine
 header.from=example.org;compauth=fail reason=000
From: watch@example.org
";

#[test]
fn gmail_says_that_all_is_well() {
    let pasted = parse("headers", GMAIL).expect("headers");
    assert_eq!(pasted.from.as_deref(), Some("example.org"));
    let signature = &pasted.signatures[0];
    assert_eq!(
        (signature.domain.as_str(), signature.selector.as_str()),
        ("example.org", "s1")
    );
    let findings = pasted.findings();
    complete(&findings);
    assert_eq!(
        codes(&findings, Topic::Results),
        [
            "result-spf-pass",
            "result-dkim-pass",
            "result-dmarc-pass",
            "result-aligned"
        ]
    );
    assert_eq!(
        find(&findings, Code::ResultSpfPass).seen(),
        "mx.google.com: SPF passed for example.org."
    );
}

#[test]
fn outlook_leaves_its_name_out() {
    let findings = parse("headers", OUTLOOK).expect("headers").findings();
    complete(&findings);
    assert_eq!(
        codes(&findings, Topic::Results),
        ["result-spf-soft-fail", "result-dkim-none", "result-dmarc-fail"]
    );
    let seen = find(&findings, Code::ResultSpfSoftFail).seen();
    assert!(
        seen.contains("bounce.example.net") && seen.contains("sender IP is 192.0.2.25"),
        "{seen}"
    );
}

#[test]
fn single_headers_and_what_they_lead_to() {
    for (text, expected) in [
        ("Authentication-Results: mx.example; none", None),
        (
            "Authentication-Results: mx.example 1; spf=pass smtp.mailfrom=example.org",
            Some(vec![
                "result-spf-pass",
                "result-not-checked",
                "result-not-checked",
            ]),
        ),
        (
            "mx.example; dkim=pass header.d=example.org",
            Some(vec![
                "result-not-checked",
                "result-dkim-pass",
                "result-not-checked",
            ]),
        ),
        (
            "AUTHENTICATION-RESULTS: mx.example; DKIM/1 = PASS reason=\"good; signature\" header.d=Example.ORG; spf=permerror; dmarc=permerror",
            Some(vec!["result-spf-error", "result-dkim-pass", "result-dmarc-error"]),
        ),
        (
            "Authentication-Results: mx.example; spf=temperror; dkim=temperror; dmarc=temperror",
            Some(vec!["result-temporary", "result-temporary", "result-temporary"]),
        ),
        (
            "Authentication-Results: mx.example; spf=odd; dkim=policy; dmarc=none",
            Some(vec!["result-unusual", "result-dkim-none", "result-dmarc-none"]),
        ),
        (
            "Authentication-Results: a.example; dkim=fail header.d=example.org; dkim=pass header.d=esp.example; spf=fail smtp.mailfrom=esp.example; dmarc=fail header.from=example.org",
            Some(vec![
                "result-spf-fail",
                "result-dkim-fail",
                "result-dkim-pass",
                "result-dmarc-fail",
                "result-unaligned",
            ]),
        ),
        ("Subject: nothing\n\nspf=pass", None),
        ("a picture of a mail", None),
    ] {
        match (parse("headers", text), expected) {
            (Ok(pasted), Some(expected)) => {
                let findings = pasted.findings();
                complete(&findings);
                assert_eq!(codes(&findings, Topic::Results), expected, "{text}");
            }
            (Err(e), None) => assert_eq!(e.code, "headers-without-results", "{text}"),
            (parsed, _) => panic!("{text}: {parsed:?}"),
        }
    }
}

/// What stands below the first server's headers may have been written by the sender.
#[test]
fn only_the_last_receiver_is_believed() {
    let forged = "Authentication-Results: mx.receiver.example; spf=fail smtp.mailfrom=example.org
Authentication-Results: mx.receiver.example; dkim=none; dmarc=fail header.from=example.org
Received: from evil
Authentication-Results: mx.evil.example; spf=pass smtp.mailfrom=example.org; dkim=pass header.d=example.org; dmarc=pass header.from=example.org
";
    let findings = parse("headers", forged).expect("headers").findings();
    assert_eq!(
        codes(&findings, Topic::Results),
        ["result-spf-fail", "result-dkim-none", "result-dmarc-fail"]
    );
}

#[test]
fn what_is_too_long_or_empty_is_refused() {
    for (text, code) in [
        (String::new(), "required"),
        (" \n ".to_owned(), "required"),
        ("x".repeat(LONGEST_PASTE + 1), "headers-too-long"),
    ] {
        assert_eq!(parse("headers", &text).map_err(|e| e.code), Err(code));
    }
}
