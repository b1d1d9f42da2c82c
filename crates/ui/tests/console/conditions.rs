//! What may be wrong beside an outage: how a monitor is told to look for it, and what its incidents are called.

use std::time::Duration;

use domain::{
    channel::ChannelDraft,
    clock::Clock,
    delivery::{Attempt, AttemptVerdict},
    id::{ChannelId, IncidentId},
    incident::IncidentKind,
    monitor::{Monitor, MonitorConfig},
    outcome::{Evidence, Outcome, Phases, Reason, ReasonKind, Verdict},
    state::{Known, MonitorState, Transition},
};
use http::StatusCode;
use serde_json::json;
use store::{
    Recorded,
    outbox::{Next, Terms},
};

use crate::visitor::{Answer, EMAIL, PASSWORD, Scene, Visitor};

const ADDRESS: &str = "me@example.net";
const EXPIRES: &str = "The certificate of shop.example expires on 2026-12-27 08:00 UTC, in 30 days.";
const NEARER: &str = "The certificate of shop.example expires on 2026-12-27 08:00 UTC, in 14 days.";

fn see_other(answer: &Answer) -> &str {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    answer.location()
}

fn shop(url: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        ("kind", "http"),
        ("name", "Shop"),
        ("target.url", url),
        ("rhythm", "every"),
        ("schedule.every", "1h"),
    ]
}

async fn form(visitor: &mut Visitor, page: &str) -> String {
    visitor.get(&format!("{page}/edit")).await.body
}

#[tokio::test]
async fn early_warnings_are_set_shown_corrected_and_switched_off() {
    let scene = Scene::new().await;
    let mut visitor = scene.admin().await;
    let fresh = visitor.get("/monitors/new").await.body;
    assert!(
        fresh.contains("value=\"30, 14, 7, 3, 1\"") && fresh.contains("placeholder=\"800ms\""),
        "{fresh}"
    );
    assert!(
        !visitor
            .get("/monitors/new?kind=ping")
            .await
            .body
            .contains("before the certificate"),
        "no certificate is seen by ping"
    );

    let with = |slow: &'static str, days: &'static str| {
        let mut fields = shop("https://127.0.0.1:9/");
        fields.extend([("slow_above", slow), ("certificate_days", days)]);
        fields
    };
    let refused = visitor.post("/monitors", &with("fast", "30, soon")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for kept in [
        "value=\"fast\"",
        "value=\"30, soon\"",
        "id=\"slow_above-error\"",
        "id=\"certificate_days-error\"",
    ] {
        assert!(refused.body.contains(kept), "{kept}: {}", refused.body);
    }
    let far = visitor.post("/monitors", &with("1h", "400")).await;
    assert!(
        far.body.contains("at most 10 numbers of days from 1 to 365"),
        "{}",
        far.body
    );

    let created = visitor.post("/monitors", &with("800ms", "7，14, 7")).await;
    let page = see_other(&created).to_owned();
    let shown = visitor.get(&page).await.body;
    assert!(
        shown.contains("Degraded after 2 checks in a row that took longer than 800 ms."),
        "{shown}"
    );
    assert!(
        shown.contains("Warns 14, 7 days before its certificate expires."),
        "{shown}"
    );
    let again = form(&mut visitor, &page).await;
    assert!(
        again.contains("value=\"800ms\"") && again.contains("value=\"14, 7\""),
        "{again}"
    );

    see_other(&visitor.post(&page, &with("", "")).await);
    let never = visitor.get(&page).await.body;
    assert!(
        never.contains("Its certificate is not warned of.") && !never.contains("longer than"),
        "{never}"
    );
    let stored = scene
        .store
        .monitors()
        .all()
        .await
        .unwrap()
        .remove(0)
        .config
        .warnings;
    assert!(
        stored.slow_above.is_none() && stored.certificate_days.is_empty(),
        "{stored:?}"
    );
}

#[tokio::test]
async fn what_the_api_set_stays_where_the_form_has_no_field_for_it() {
    let scene = Scene::new().await;
    let mut visitor = scene.admin().await;
    let body = json!({ "name": "Port", "kind": "tcp", "target": { "host": "127.0.0.1", "port": 9 },
        "schedule": { "every": "1h" }, "certificate_days": [5] });
    let config = MonitorConfig::from_json(body, None).unwrap();
    let id = scene.store.monitors().create(&config).await.unwrap().id;
    let page = format!("/monitors/{id}");
    let edit = form(&mut visitor, &page).await;
    assert!(
        edit.contains("type=\"hidden\" name=\"certificate_days\" value=\"5\""),
        "{edit}"
    );
    assert!(!visitor.get(&page).await.body.contains("certificate expires"));
}

/// A monitor that is up, with a mail channel of its own.
struct Watched {
    monitor: Monitor,
    channel: ChannelId,
}

impl Watched {
    async fn new(scene: &Scene) -> Self {
        let body = json!({ "name": "On call", "kind": "email", "config": { "to": [ADDRESS] } });
        let draft = ChannelDraft::from_json(body, None).unwrap();
        let channel = scene.store.channels().create(&draft).await.unwrap().id;
        let body = json!({
            "name": "Shop", "kind": "http", "target": { "url": "https://shop.example/" },
            "schedule": { "every": "30s" }, "channels": [channel.0], "enabled": false,
        });
        let config = MonitorConfig::from_json(body, None).unwrap();
        let monitor = scene.store.monitors().create(&config).await.unwrap();
        Self { monitor, channel }
    }

    async fn record(&self, scene: &Scene, transition: Transition) {
        let now = scene.clock.now();
        let recorded = Recorded {
            monitor: self.monitor.id,
            revision: self.monitor.revision,
            outcome: Outcome {
                at: now,
                verdict: Verdict::Up,
                phases: Phases::default(),
                evidence: Box::new(Evidence::default()),
            },
            state: MonitorState {
                known: Known::Up {
                    since: now,
                    failing: None,
                },
                ..MonitorState::default()
            },
            transitions: vec![transition],
        };
        scene.store.record(recorded).await.unwrap();
    }

    async fn open(&self, scene: &Scene, kind: IncidentKind, why: ReasonKind, detail: &str) -> IncidentId {
        let since = scene.clock.now();
        let reason = Reason::new(why, detail);
        self.record(scene, Transition::Opened { kind, since, reason })
            .await;
        scene.store.incidents().open_of(&[self.monitor.id]).await.unwrap()[&self.monitor.id].id
    }

    async fn end(&self, scene: &Scene, kind: IncidentKind) {
        let at = scene.clock.now();
        self.record(scene, Transition::Resolved { kind, since: at, at })
            .await;
    }
}

/// Nobody reads of an outage, in letters of any size.
fn tells_of_no_outage(page: &str) {
    let lower = page.to_lowercase();
    // Styles and icons are no words.
    let words = lower
        .replace("s-down", "")
        .replace("mark down", "")
        .replace("downloads", "");
    for wrong in ["down", "outage", "up again", "failing", "first failure"] {
        assert!(!words.contains(wrong), "{wrong}: {page}");
    }
}

#[tokio::test]
async fn an_incident_about_a_certificate_never_says_that_anything_is_down() {
    let scene = Scene::new().await;
    let mut visitor = scene.admin().await;
    let watched = Watched::new(&scene).await;
    let kind = IncidentKind::Certificate;
    let id = watched.open(&scene, kind, ReasonKind::Certificate, EXPIRES).await;
    let page = format!("/incidents/{id}");
    let open = visitor.get(&page).await.body;
    assert!(
        open.contains("Certificate expires soon") && open.contains(EXPIRES),
        "{open}"
    );
    assert!(open.contains("Warning"), "it is never critical: {open}");
    tells_of_no_outage(&open);
    let list = visitor.get("/incidents").await.body;
    assert!(list.contains("<span class=\"chip\">Certificate</span>"), "{list}");
    tells_of_no_outage(&list);
    let monitor = visitor
        .get(&format!("/monitors/{}", watched.monitor.id))
        .await
        .body;
    assert!(
        monitor.contains("Certificate expires soon") && monitor.contains(&page) && monitor.contains(EXPIRES),
        "beside the status: {monitor}"
    );

    // By the link in a message.
    let links = scene.store.acknowledgements();
    let link = format!("/ack/{}", links.token(id, watched.channel, ADDRESS));
    let mut stranger = scene.visitor();
    let asked = stranger.get(&link).await.body;
    assert!(asked.contains("The certificate of Shop expires soon"), "{asked}");
    tells_of_no_outage(&asked);

    scene.clock.advance(Duration::from_hours(1));
    let nearer = Transition::Worsened {
        kind,
        at: scene.clock.now(),
        reason: Reason::new(ReasonKind::Certificate, NEARER),
    };
    watched.record(&scene, nearer).await;
    let worse = visitor.get(&page).await.body;
    assert!(
        worse.contains(EXPIRES) && worse.contains(NEARER),
        "the story keeps both: {worse}"
    );
    tells_of_no_outage(&worse);

    see_other(&visitor.post(&format!("{page}/acknowledge"), &[]).await);
    scene.clock.advance(Duration::from_mins(5));
    watched.end(&scene, kind).await;
    let over = visitor.get(&page).await.body;
    assert!(over.contains("The certificate is in order again"), "{over}");
    tells_of_no_outage(&over);
    let done = stranger.get(&link).await.body;
    assert!(
        done.contains("The certificate of Shop is in order again"),
        "{done}"
    );
    tells_of_no_outage(&done);

    let log = visitor.get("/deliveries").await.body;
    assert!(log.contains("Certificate expires soon · Shop"), "{log}");
    let chinese = [("language", "zh-CN"), ("next", "/")];
    visitor.post("/language", &chinese).await;
    let chinese = visitor.get(&page).await.body;
    assert!(
        chinese.contains("证书即将过期") && chinese.contains("事件") && !chinese.contains("故障"),
        "{chinese}"
    );
}

#[tokio::test]
async fn a_slow_monitor_and_one_that_cannot_be_checked_are_called_what_they_are() {
    let scene = Scene::new().await;
    let mut visitor = scene.admin().await;
    let watched = Watched::new(&scene).await;
    let slow = "The check took 1.24 s, more than 800 ms.";
    for (kind, why, detail, name, over) in [
        (
            IncidentKind::Degraded,
            ReasonKind::Slow,
            slow,
            "Slow",
            "As fast as it should be again",
        ),
        (
            IncidentKind::NoData,
            ReasonKind::NoData,
            "Ping is not allowed.",
            "Cannot be checked",
            "It can be checked again",
        ),
    ] {
        let id = watched.open(&scene, kind, why, detail).await;
        let page = format!("/incidents/{id}");
        let open = visitor.get(&page).await.body;
        assert!(open.contains(name) && open.contains(detail), "{open}");
        tells_of_no_outage(&open);
        tells_of_no_outage(&visitor.get("/incidents").await.body);
        scene.clock.advance(Duration::from_mins(1));
        watched.end(&scene, kind).await;
        let ended = visitor.get(&page).await.body;
        assert!(ended.contains(over), "{ended}");
        tells_of_no_outage(&ended);
    }
}

#[tokio::test]
async fn a_policy_for_certificates_alone_says_so_wherever_it_is_read() {
    let scene = Scene::new().await;
    let mut visitor = scene.admin().await;
    let fields = [
        ("kind", "email"),
        ("name", "Web team"),
        ("config.to", "web@example.org"),
    ];
    see_other(&visitor.post("/channels", &fields).await);
    let fresh = visitor.get("/policies/new").await.body;
    for concern in ["down", "degraded", "certificate", "no_data", "recovered"] {
        assert!(
            fresh.contains(&format!("name=\"steps.0.events.{concern}\" checked")),
            "{concern}: {fresh}"
        );
    }
    let policy = [
        ("name", "Certificates"),
        ("severity", "critical"),
        ("steps.0.after", ""),
        ("steps.0.channels.1", "on"),
        ("steps.0.events.certificate", "on"),
        ("reminders", "on"),
        ("reminders.first", "1h"),
        ("reminders.longest", "1d"),
        ("tags", "web"),
    ];
    let only = "Only of certificates that expire, not of their ends.";
    let summary = visitor.post("/policies/summary", &policy).await.body;
    for words in [
        only,
        "at each of the monitor&#39;s days",
        "Nobody is told of the end.",
    ] {
        assert!(summary.contains(words), "{words}: {summary}");
    }
    assert!(!summary.contains("is reminded after"), "{summary}");
    tells_of_no_outage(&summary);
    see_other(&visitor.post("/policies", &policy).await);
    let list = visitor.get("/policies").await.body;
    assert!(list.contains(only) && !list.contains("Tells nobody"), "{list}");
    let shown = visitor.get("/policies/1").await.body;
    assert!(
        shown.contains("name=\"steps.0.events.certificate\" checked"),
        "{shown}"
    );
    assert!(!shown.contains("name=\"steps.0.events.down\" checked"), "{shown}");

    // Of an outage it tells nobody, and the page of its monitor knows.
    let mut monitor = shop("https://127.0.0.1:9/");
    monitor.push(("tags", "web"));
    let page = see_other(&visitor.post("/monitors", &monitor).await).to_owned();
    let told = visitor.get(&page).await.body;
    assert!(told.contains("does not want to hear of outages"), "{told}");
    assert!(told.contains(only) && told.contains("Not of outages"), "{told}");

    let two = [("steps.0.events.down", "on"), ("steps.0.events.recovered", "on")];
    let both: Vec<(&str, &str)> = policy.iter().chain(&two).copied().collect();
    let summary = visitor.post("/policies/summary", &both).await.body;
    assert!(
        summary.contains("Only of outages and certificates that expire, and their ends."),
        "{summary}"
    );
}

#[tokio::test]
async fn the_overview_tells_of_certificates_and_of_messages_that_were_lost() {
    let scene = Scene::new().await;
    let mut visitor = scene.admin().await;
    let watched = Watched::new(&scene).await;
    let id = watched
        .open(
            &scene,
            IncidentKind::Certificate,
            ReasonKind::Certificate,
            EXPIRES,
        )
        .await;
    let page = visitor.get("/").await.body;
    assert!(page.contains("one certificate expires soon"), "{page}");
    assert!(
        page.contains(EXPIRES) && page.contains(&format!("/incidents/{id}")),
        "{page}"
    );
    assert!(!page.contains("did not deliver"), "{page}");

    let outbox = scene.store.outbox();
    let terms = Terms::new(1, Duration::from_mins(1));
    let claimed = outbox.claim(watched.channel, &terms).await.unwrap().remove(0);
    let attempt = Attempt {
        number: 1,
        started_at: scene.clock.now(),
        duration: Duration::from_millis(12),
        profile: None,
        settings_revision: None,
        remote: None,
        server: None,
        step: None,
        tls: None,
        reply_code: None,
        enhanced_code: None,
        reply_text: None,
        verdict: AttemptVerdict::Refused {
            reason: "No such user.".to_owned(),
        },
        transcript: None,
        rejection: None,
    };
    assert!(
        outbox
            .finish(&claimed.lease, &attempt, Next::Failed)
            .await
            .unwrap()
    );
    let page = visitor.get("/").await.body;
    let log = format!("/deliveries?state=failed&#38;channel={}", watched.channel);
    assert!(
        page.contains("On call") && page.contains("one message was refused for good"),
        "{page}"
    );
    assert!(page.contains(&log), "{log}: {page}");
    scene.clock.advance(Duration::from_hours(25));
    visitor.get("/login").await;
    visitor
        .post("/login", &[("email", EMAIL), ("password", PASSWORD)])
        .await;
    let page = visitor.get("/").await.body;
    assert!(
        page.contains(EXPIRES) && !page.contains("refused for good"),
        "it does not shout for ever: {page}"
    );
}
