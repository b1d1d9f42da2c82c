//! Policies, what they would do, putting an incident off, and dependencies: as people use them.

use domain::{
    id::RotationId,
    rotation::{ContactDraft, RotationDraft},
};
use http::StatusCode;
use serde_json::json;
use testkit::{HttpTarget, WebhookSink};

use crate::visitor::{Answer, Scene, Visitor};

fn see_other(answer: &Answer) -> &str {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    answer.location()
}

async fn channel(visitor: &mut Visitor, name: &str, to: &str) {
    let fields = [("kind", "email"), ("name", name), ("config.to", to)];
    let created = visitor.post("/channels", &fields).await;
    assert_eq!(created.status, StatusCode::SEE_OTHER, "{}", created.body);
}

const NIGHT: [(&str, &str); 10] = [
    ("name", "Night <shift>"),
    ("severity", "error"),
    ("steps.0.after", ""),
    ("steps.0.channels.1", "on"),
    ("steps.0.events.down", "on"),
    ("steps.0.events.recovered", "on"),
    ("reminders", "on"),
    ("reminders.first", "1h"),
    ("reminders.longest", "1d"),
    ("tags", "prod"),
];

fn monitor(name: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        ("kind", "tcp"),
        ("name", name),
        ("target.host", "127.0.0.1"),
        ("target.port", "9"),
        ("rhythm", "every"),
        ("schedule.every", "1h"),
    ]
}

#[tokio::test]
async fn a_policy_is_built_step_by_step_and_deleted() {
    let scene = Scene::new().await;
    let mut visitor = scene.admin().await;
    let empty = visitor.get("/policies").await.body;
    assert!(empty.contains("No policy yet") && empty.contains("needs none"));
    channel(&mut visitor, "Chat", "chat@example.org").await;
    channel(&mut visitor, "Pager", "pager@example.org").await;
    let form = visitor.get("/policies/new").await.body;
    assert!(form.contains("name=\"steps.0.channels.2\"") && !form.contains("steps.1.after"));

    // A step more, with what was typed so far, mistakes included; nothing is saved.
    let mut typed = NIGHT.to_vec();
    typed[2].1 = "soon";
    typed.push(("do", "add"));
    let added = visitor.post("/policies", &typed).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.body);
    assert!(added.body.contains("name=\"steps.1.after\"") && added.body.contains("value=\"soon\""));
    assert!(added.body.contains("Night &#60;shift&#62;") && !added.body.contains("<shift>"));
    assert!(added.body.contains("name=\"steps.0.channels.1\" checked"));
    assert!(
        !added.body.contains("role=\"alert\""),
        "nothing is wrong before it is saved"
    );
    assert!(visitor.get("/policies").await.body.contains("No policy yet"));

    // A step less.
    typed.truncate(NIGHT.len());
    typed.extend([
        ("steps.1.after", "10m"),
        ("steps.1.channels.2", "on"),
        ("do", "remove.0"),
    ]);
    let removed = visitor.post("/policies", &typed).await;
    assert!(removed.body.contains("value=\"10m\"") && !removed.body.contains("value=\"soon\""));
    assert!(removed.body.contains("name=\"steps.0.channels.2\" checked"));

    // Mistakes stand at the step that they were made in.
    typed.pop();
    let refused = visitor.post("/policies", &typed).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("id=\"steps-0-after-error\""),
        "{}",
        refused.body
    );
    assert!(
        refused.body.contains("Choose what this step tells of."),
        "of the second one"
    );

    typed[2].1 = "";
    typed.push(("steps.1.events.down", "on"));
    let summary = visitor.post("/policies/summary", &typed).await;
    assert_eq!(summary.status, StatusCode::OK);
    assert!(!summary.body.contains("<html"));
    for words in [
        "one of its tags (prod)",
        "After 10 min",
        "Pager",
        "Only of outages, not of their ends.",
        "at most 1 d",
    ] {
        assert!(summary.body.contains(words), "{words}: {}", summary.body);
    }
    let created = visitor.post("/policies", &typed).await;
    assert_eq!(see_other(&created), "/policies");
    let list = visitor.get("/policies").await.body;
    assert!(list.contains("At once: Chat · After 10 min: Pager"), "{list}");
    assert!(list.contains("Tag prod") && list.contains("Error"));
    let shown = visitor.get("/policies/1").await.body;
    assert!(shown.contains("name=\"steps.1.channels.2\" checked"), "{shown}");
    assert!(!shown.contains("name=\"steps.1.events.recovered\" checked"));

    // A channel that went while the form was open.
    typed.push(("steps.1.channels.77", "on"));
    let gone = visitor.post("/policies/1", &typed).await;
    assert_eq!(gone.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(gone.body.contains("no channel with the id 77"), "{}", gone.body);

    // Its only channel cannot be taken away.
    let mut lonely = NIGHT.to_vec();
    lonely[0].1 = "Lonely";
    assert_eq!(
        see_other(&visitor.post("/policies/1", &lonely).await),
        "/policies"
    );
    let asked = visitor.get("/channels/1/delete").await.body;
    assert!(
        asked.contains("/policies/1") && !asked.contains("class=\"danger\""),
        "{asked}"
    );
    let kept = visitor.post("/channels/1/delete", &[]).await;
    assert_eq!(see_other(&kept), "/channels/1/delete");
    let told = visitor.get("/channels/1/delete").await.body;
    assert!(
        told.contains("the policy Lonely would tell nobody any more"),
        "{told}"
    );

    let mut shop = monitor("Shop");
    shop.push(("policy", "1"));
    see_other(&visitor.post("/monitors", &shop).await);
    let asked = visitor.get("/policies/1/delete").await.body;
    assert!(
        asked.contains("Delete Lonely?") && asked.contains("/monitors/1") && asked.contains("nobody is told")
    );
    assert_eq!(
        see_other(&visitor.post("/policies/1/delete", &[]).await),
        "/policies"
    );
    assert_eq!(visitor.get("/policies/1").await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        see_other(&visitor.post("/channels/1/delete", &[]).await),
        "/channels"
    );
}

#[tokio::test]
async fn a_monitor_says_who_would_hear_of_it() {
    let scene = Scene::new().await;
    let mut visitor = scene.admin().await;
    channel(&mut visitor, "Chat", "chat@example.org, you@example.org").await;
    let mut shop = monitor("Shop");
    let page = see_other(&visitor.post("/monitors", &shop).await).to_owned();
    let nobody = visitor.get(&page).await.body;
    assert!(nobody.contains("Nobody. When this goes down, no message is sent."));
    assert!(nobody.contains(&format!("{page}/edit#channels")));

    see_other(&visitor.post("/policies", &NIGHT).await);
    shop.push(("tags", "prod"));
    see_other(&visitor.post(&page, &shop).await);
    let told = visitor.get(&page).await.body;
    for words in [
        "If this went down now",
        "the policy for the tag prod",
        "At once",
        "chat@example.org, you@example.org",
        "is reminded after 1 h",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let form = visitor.get(&format!("{page}/edit")).await.body;
    assert!(
        form.contains("By rule: Night &#60;shift&#62;, by the tag prod"),
        "{form}"
    );
    visitor.post("/channels/1/disable", &[]).await;
    let deaf = visitor.get(&page).await.body;
    assert!(
        deaf.contains("Every channel that would be told is switched off"),
        "{deaf}"
    );
    assert!(deaf.contains("Switched off, so not told:"));
    assert!(visitor.get("/policies").await.body.contains("Tells nobody"));

    shop.push(("policy", "77"));
    let refused = visitor.post(&page, &shop).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("no policy with the id 77"),
        "{}",
        refused.body
    );
}

#[tokio::test]
async fn parents_are_typed_by_name_or_number() {
    let scene = Scene::new().await;
    let mut visitor = scene.admin().await;
    for name in ["Router", "Switch", "switch", "7"] {
        see_other(&visitor.post("/monitors", &monitor(name)).await);
    }
    let mut shop = monitor("Shop");
    shop.push(("parents", "rout\r\nSwitch\r\nNowhere"));
    let refused = visitor.post("/monitors", &shop).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for words in [
        "Similar: Router",
        "Use the number of the one that you mean: #2, #3",
        "no monitor &#34;Nowhere&#34;",
    ] {
        assert!(refused.body.contains(words), "{words}: {}", refused.body);
    }
    assert!(
        refused.body.contains("Nowhere</textarea>"),
        "what was typed is still there"
    );

    shop.pop();
    shop.push(("parents", " router \r\n\r\n#3\r\n7"));
    let page = see_other(&visitor.post("/monitors", &shop).await).to_owned();
    let form = visitor.get(&format!("{page}/edit")).await.body;
    assert!(form.contains("\nRouter\n#3\n7</textarea>"), "{form}");
    let shown = visitor.get(&page).await.body;
    assert!(
        shown.contains("Depends on <a href=\"/monitors/1\">Router</a>"),
        "{shown}"
    );
    let parent = visitor.get("/monitors/1").await.body;
    assert!(
        parent.contains(&format!("Needed by <a href=\"{page}\">Shop</a>")),
        "{parent}"
    );

    let mut router = monitor("Router");
    router.push(("parents", "Shop"));
    let circle = visitor.post("/monitors/1", &router).await;
    assert_eq!(circle.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(circle.body.contains("cannot depend on itself"), "{}", circle.body);
}

#[tokio::test]
async fn an_incident_says_what_comes_next_and_is_put_off() {
    let scene = Scene::new().await;
    let target = HttpTarget::start().await;
    let sink = WebhookSink::start().await;
    target.respond(503);
    let mut visitor = scene.admin().await;
    let url = sink.url();
    let hook = [
        ("kind", "webhook"),
        ("name", "Chat"),
        ("config.url", url.as_str()),
    ];
    visitor.post("/channels", &hook).await;
    channel(&mut visitor, "Pager", "pager@example.org").await;
    let mut night = NIGHT.to_vec();
    night.extend([
        ("steps.1.after", "30m"),
        ("steps.1.channels.2", "on"),
        ("steps.1.events.down", "on"),
    ]);
    see_other(&visitor.post("/policies", &night).await);
    let address = target.url("/");
    let outage = |name: &'static str, parents: &'static str| {
        [
            ("kind", "http"),
            ("name", name),
            ("target.url", address.as_str()),
            ("rhythm", "every"),
            ("schedule.every", "1h"),
            ("confirm_after", "1"),
            ("policy", "1"),
            ("parents", parents),
        ]
    };
    for (name, parents) in [("Router", ""), ("Shop", "Router")] {
        let page = visitor.post("/monitors", &outage(name, parents)).await;
        let page = see_other(&page).to_owned();
        visitor.post(&format!("{page}/check"), &[]).await;
    }
    let router = visitor.get("/incidents/1").await.body;
    for words in [
        "Next step at",
        "After 30 min: Pager",
        "Night &#60;shift&#62;",
        "It took down one monitor",
        "Shop",
    ] {
        assert!(router.contains(words), "{words}: {router}");
    }
    let shop = visitor.get("/incidents/2").await.body;
    for words in [
        "Held back",
        "this depends on a monitor that is down. <a href=\"/monitors/1\">Router</a>",
        "Nobody is told for now: Router, on which this one depends, is down",
        "Nobody was told so far: something holds the alerts back.",
    ] {
        assert!(shop.contains(words), "{words}: {shop}");
    }
    let page = visitor.get("/monitors/2").await.body;
    assert!(page.contains("this depends on a monitor that is down"), "{page}");

    assert!(router.contains("value=\"4h\"") && router.contains("(UTC)"));
    for wrong in ["", "9d"] {
        let answer = visitor.post("/incidents/1/snooze", &[("for", wrong)]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}");
    }
    for chosen in ["morning", "4h"] {
        let snoozed = visitor.post("/incidents/1/snooze", &[("for", chosen)]).await;
        assert_eq!(see_other(&snoozed), "/incidents/1");
    }
    let snoozed = visitor.get("/incidents/1").await.body;
    for words in [
        "Snoozed: nobody is told anything before",
        "by me@example.org",
        "Snoozed for 4 h by me@example.org",
        "End the snooze",
    ] {
        assert!(snoozed.contains(words), "{words}: {snoozed}");
    }
    assert_eq!(
        see_other(&visitor.post("/incidents/1/wake", &[]).await),
        "/incidents/1"
    );
    visitor.post("/incidents/1/wake", &[]).await;
    let woken = visitor.get("/incidents/1").await.body;
    assert!(woken.contains("Snooze ended by me@example.org") && !woken.contains("End the snooze"));
    assert!(
        woken.contains("<dt>Reminders</dt><dd>1</dd>"),
        "one, however often it is ended: {woken}"
    );

    visitor.post("/incidents/1/acknowledge", &[]).await;
    let acknowledged = visitor.get("/incidents/1").await.body;
    assert!(acknowledged.contains("Acknowledged: no further step, no reminder."));
    assert!(!acknowledged.contains("/incidents/1/snooze"));
    let late = visitor.post("/incidents/1/snooze", &[("for", "1h")]).await;
    see_other(&late);
    assert!(
        visitor
            .get("/incidents/1")
            .await
            .body
            .contains("nothing more would be told anyway")
    );
}

#[tokio::test]
async fn the_overview_says_that_nobody_would_hear() {
    let scene = Scene::new().await;
    let mut visitor = scene.admin().await;
    channel(&mut visitor, "Chat", "chat@example.org").await;
    see_other(&visitor.post("/monitors", &monitor("Shop")).await);
    const WARNING: &str = "no working channel and no policy";
    assert!(visitor.get("/").await.body.contains(WARNING));
    let mut everybody = NIGHT.to_vec();
    everybody.push(("default", "on"));
    see_other(&visitor.post("/policies", &everybody).await);
    assert!(!visitor.get("/").await.body.contains(WARNING));
}

/// Ada is on call in the first rotation; nobody is in the second, which has not begun.
async fn rotations(scene: &Scene) {
    let ada = json!({ "name": "Ada", "channels": [1] });
    let ada = ContactDraft::from_json(ada).unwrap();
    let ada = scene.store.contacts().create(&ada).await.unwrap().id.0;
    for (name, from) in [("Operations", "2020-01-01"), ("Next year", "2099-01-01")] {
        let handover = json!({ "every": 1, "unit": "days", "at": "09:00", "from": from });
        let layer = json!({ "name": "Days", "people": [ada], "handover": handover });
        let plan = json!({ "name": name, "zone": "UTC", "layers": [layer] });
        let plan = RotationDraft::from_json(plan).unwrap();
        scene.store.rotations().create(&plan).await.unwrap();
    }
}

#[tokio::test]
async fn a_monitor_and_its_incident_say_who_is_on_call_and_where_nobody_is() {
    let scene = Scene::new().await;
    let mut visitor = scene.admin().await;
    channel(&mut visitor, "Ada's phone", "ada@example.org").await;
    rotations(&scene).await;
    let form = visitor.get("/policies/new").await.body;
    assert!(
        form.contains("Operations") && form.contains("Next year"),
        "{form}"
    );
    let policy = [
        ("name", "People"),
        ("severity", "error"),
        ("steps.0.after", "30m"),
        ("steps.0.rotations.1", "on"),
        ("steps.0.rotations.2", "on"),
        ("steps.0.events.down", "on"),
        ("steps.0.events.recovered", "on"),
        ("default", "on"),
    ];
    see_other(&visitor.post("/policies", &policy).await);
    let mut shop = monitor("Shop");
    shop.push(("confirm_after", "1"));
    let page = see_other(&visitor.post("/monitors", &shop).await).to_owned();
    let forecast = visitor.get(&page).await.body;
    for words in [
        "On call: Ada",
        "Nobody is on call in Next year",
        "ada@example.org",
    ] {
        assert!(forecast.contains(words), "{words}: {forecast}");
    }
    visitor.post(&format!("{page}/check"), &[]).await;
    let incident = visitor.get("/incidents/1").await.body;
    for words in [
        "Next step at",
        "After 30 min: Ada",
        "On call: Ada",
        "Nobody is on call in Next year",
    ] {
        assert!(incident.contains(words), "{words}: {incident}");
    }

    scene.store.rotations().delete(RotationId(1)).await.unwrap();
    let unmanned = visitor.get(&page).await.body;
    for words in [
        "Nobody is on call now, and every other channel",
        "href=\"/on-call\"",
    ] {
        assert!(unmanned.contains(words), "{words}: {unmanned}");
    }
    assert!(!unmanned.contains("On call: Ada"), "{unmanned}");
    let incident = visitor.get("/incidents/1").await.body;
    assert!(incident.contains("Nobody is on call in Next year"), "{incident}");
    assert!(!incident.contains("its channels are switched off"), "{incident}");
}
