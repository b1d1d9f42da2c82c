//! Messages that went well, that did not, and none.

use std::time::Duration;

use domain::{
    delivery::{Attempt, AttemptVerdict},
    id::{ChannelId, IncidentId, ProfileId},
    recipient::{Bounce, Standing},
};
use store::recipients::Recipient;
use uuid::Uuid;

use super::{
    recipients::{RecipientSearch, RecipientsPage, Row},
    search::choice,
    show::{DeliveryPage, view},
    *,
};
use crate::{
    locale::Language,
    pages::samples::{NOW, shell},
};

pub(crate) fn lists(language: Language) -> Vec<DeliveriesPage> {
    let all = [
        DeliveryState::Pending,
        DeliveryState::Sent,
        DeliveryState::Failed,
        DeliveryState::Expired,
        DeliveryState::Cancelled,
    ];
    let lines = all
        .iter()
        .enumerate()
        .map(|(i, s)| delivery(i as u128, *s).into())
        .collect();
    let filtered = Search {
        state: "failed".to_owned(),
        incident: "42".to_owned(),
        from: "2026-11-22T08:00".to_owned(),
        ..Search::default()
    };
    let wrong = Search {
        from: "yesterday".to_owned(),
        ..Search::default()
    };
    vec![
        list(language, lines, Search::default()),
        list(language, Vec::new(), Search::default()),
        list(language, Vec::new(), filtered),
        list(language, Vec::new(), wrong),
    ]
}

fn list(language: Language, lines: Vec<Line>, search: Search) -> DeliveriesPage {
    let shell = shell(language, Section::Deliveries, "nav-deliveries");
    let one = |label: &str| vec![choice("1".to_owned(), label.to_owned())];
    DeliveriesPage {
        options: Options {
            channels: one("On call"),
            monitors: one("Shop"),
            profiles: one("smtp.example.org"),
            ..Options::fixed(&shell)
        },
        unreadable: search.filter().is_err(),
        csv_href: search.href("/deliveries.csv"),
        lines,
        pager: search.pager(&shell, Some("c")),
        search,
        shell,
    }
}

pub(crate) fn recipients(language: Language) -> Vec<RecipientsPage> {
    let fine = Standing::default().accepted(NOW.minus(Duration::from_mins(5)));
    let dead = Standing::default()
        .accepted(NOW.minus(Duration::from_hours(900)))
        .refused(NOW.minus(Duration::from_hours(50)), "550 5.1.1 No such user")
        .refused(NOW.minus(Duration::from_hours(2)), "550 5.1.1 No such user");
    let bounce = Bounce {
        at: NOW.minus(Duration::from_hours(1)),
        status: "5.2.1".to_owned(),
        text: "550 5.2.1 The account is disabled".to_owned(),
    };
    let returned = fine.clone().bounced(bounce, true);
    let all = [
        ("me@example.org", fine),
        ("left@example.org", dead),
        ("old@example.net", returned),
    ];
    let rows = all.map(|(address, standing)| Recipient {
        address: address.to_owned(),
        standing,
    });
    let suspended = RecipientSearch {
        state: "suspended".to_owned(),
        ..RecipientSearch::default()
    };
    let view = |rows: &[Recipient], search: RecipientSearch| {
        let shell = shell(language, Section::Deliveries, "recipients-title");
        RecipientsPage {
            rows: rows.iter().map(|r| Row::new(&shell, r.clone())).collect(),
            suspended: rows.len() as u64 / 2,
            pager: Pager::new(&shell, "/deliveries/recipients", &[], None, None),
            search,
            shell,
        }
    };
    vec![
        view(&rows, RecipientSearch::default()),
        view(&[], RecipientSearch::default()),
        view(&[], suspended),
    ]
}

pub(crate) fn delivery(n: u128, state: DeliveryState) -> Delivery {
    let waiting = state == DeliveryState::Pending;
    let reason = match state {
        DeliveryState::Pending => Some("Mail is not set up. Enter a mail server under Settings > Mail."),
        DeliveryState::Failed => Some("The server refused the recipient: 550 5.1.1 No such user."),
        DeliveryState::Expired => Some("Not delivered within 24 hours."),
        DeliveryState::Cancelled => Some("Merged into the recovery message."),
        DeliveryState::Sending | DeliveryState::Sent => None,
    };
    let created_at = NOW.minus(Duration::from_secs(97));
    Delivery {
        id: DeliveryId(Uuid::from_u128(0x0198_c0de_0000_7000_8000_0000_0000_0000 + n)),
        event: if n.is_multiple_of(2) {
            Event::Opened
        } else {
            Event::Resolved
        },
        event_at: created_at,
        incident: IncidentId(42),
        monitor_name: "Shop".to_owned(),
        kind: match n {
            3 => IncidentKind::Certificate,
            4 => IncidentKind::NoData,
            _ => IncidentKind::Down,
        },
        channel: ChannelId(1),
        channel_name: if n.is_multiple_of(2) { "Chat" } else { "On call" }.to_owned(),
        recipient: if n.is_multiple_of(2) { "" } else { "me@example.org" }.to_owned(),
        state,
        reason: reason.map(str::to_owned),
        waiting,
        created_at,
        next_attempt_at: None,
        attempts: 2,
        number: 0,
        held_until: None,
        message_id: "0198c0de-0000-7000-8000-000000000001@example.org".to_owned(),
        digest_of: (n == 2).then(|| DeliveryId(Uuid::from_u128(0x0198_c0de_0000_7000_8000_0000_0000_0000))),
        expires_at: NOW.plus(Duration::from_hours(24)),
        finished_at: state.is_final().then(|| created_at.plus(Duration::from_secs(3))),
        requested_by: n.is_multiple_of(3).then(|| "me@example.org".to_owned()),
        bounce: (state == DeliveryState::Sent).then(|| Bounce {
            at: NOW,
            status: "5.2.1".to_owned(),
            text: "550 5.2.1 The account is disabled".to_owned(),
        }),
    }
}

pub(crate) fn details(language: Language) -> Vec<DeliveryPage> {
    let attempt = |number, verdict, code, text: &str, step: &str| Attempt {
        number,
        started_at: NOW.minus(Duration::from_secs(90 - u64::from(number) * 30)),
        duration: Duration::from_millis(812),
        profile: Some((ProfileId(1), "Primary".to_owned())),
        settings_revision: Some(7),
        remote: Some("203.0.113.25:465".parse().unwrap()),
        server: Some("smtp.example.org:465".to_owned()),
        step: Some(step.to_owned()),
        tls: Some("TLS 1.3".to_owned()),
        reply_code: Some(code),
        enhanced_code: None,
        reply_text: Some(text.to_owned()),
        verdict,
        transcript: Some(
            "+0.041 s S: 220 smtp.example.org ESMTP\n+0.042 s C: EHLO watch.example.org".to_owned(),
        ),
        rejection: None,
    };
    let deferred = AttemptVerdict::Deferred {
        reason: "The server is busy. It is tried again in 30 s.".to_owned(),
    };
    let accepted = AttemptVerdict::Accepted {
        reference: Some("4XyZ1c2d3e".to_owned()),
    };
    let refused = AttemptVerdict::Refused {
        reason: "The server refused the recipient.".to_owned(),
    };
    let waiting = AttemptVerdict::Waiting {
        reason: "The server refused the password.".to_owned(),
    };
    let greylisted = attempt(1, deferred, 451, "4.7.1 Greylisted, try again later", "rcpt_to");
    let titled = || shell(language, Section::Deliveries, "delivery-title");
    let mut due = delivery(5, DeliveryState::Pending);
    due.waiting = false;
    due.next_attempt_at = Some(NOW.plus(Duration::from_secs(30)));
    let mut held = delivery(7, DeliveryState::Pending);
    held.waiting = false;
    held.reason = Some("Held until 07:00 by the quiet hours of the channel.".to_owned());
    held.held_until = Some(NOW.plus(Duration::from_hours(6)));
    held.next_attempt_at = held.held_until;
    let mut released = due.clone();
    released.held_until = Some(NOW.minus(Duration::from_secs(20)));
    vec![
        view(titled(), held, Vec::new()),
        view(titled(), released, Vec::new()),
        view(
            titled(),
            delivery(1, DeliveryState::Sent),
            vec![
                greylisted.clone(),
                attempt(2, accepted, 250, "2.0.0 Ok: queued as 4XyZ1c2d3e", "reply"),
            ],
        ),
        view(
            titled(),
            delivery(3, DeliveryState::Failed),
            vec![
                attempt(1, waiting, 535, "5.7.8 No", "auth"),
                attempt(2, refused, 550, "5.1.1 No such user", "rcpt_to"),
            ],
        ),
        view(titled(), due, Vec::new()),
    ]
}
