//! No secret leaves the process, not even at trace level.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use testkit::{
    Act, Canary, HttpTarget, Rule, Script, SmtpServer, Step, TokenEndpoint, WebhookSink, smtp::Auth,
};

use crate::{
    crawl::Reader,
    scene::{Db, PATIENCE, SIGNING_SECRET, Scene},
};

const USER: &str = "canary-user";
const AUTHORIZE: &str = "/settings/mail/profiles/2/authorize";

/// Pages that must have been among those that were read.
const PAGES: [&str; 14] = [
    "/",
    "/monitors",
    "/channels",
    "/channels/1",
    "/channels/2",
    "/incidents",
    "/deliveries",
    "/deliveries.csv",
    "/deliveries/recipients",
    "/settings/mail",
    "/settings/mail/new",
    "/settings/mail/2",
    "/settings/mail/authorize",
    "/settings/tokens",
];

/// What was told to whoever asked, and where.
#[derive(Default)]
struct Told(Vec<(String, String)>);

impl Told {
    fn add(&mut self, place: impl Into<String>, text: impl ToString) {
        self.0.push((place.into(), text.to_string()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn canaries_are_in_no_page_no_answer_no_file_and_no_log() {
    let (password, client_secret, access, refresh, code) = (
        Canary::new(),
        Canary::new(),
        Canary::new(),
        Canary::new(),
        Canary::new(),
    );
    let (path, header) = (Canary::new(), Canary::new());
    let (target, sink) = (HttpTarget::start().await, WebhookSink::start().await);
    let endpoint = TokenEndpoint::start().await;
    endpoint.device_code(code.value(), Duration::from_mins(15));
    let script = Script::plain()
        .auth(Auth::Anyone)
        .mechanisms("PLAIN LOGIN XOAUTH2");
    let smtp = SmtpServer::start(script).await;
    let scene = Scene::start(Db::Sqlite, &[("WATCHBELL_LOG", "trace")]).await;
    let mut told = Told::default();

    // The first profile logs in with a password, and the server repeats it when it is tested.
    let mail = json!({
        "name": "First", "host": "127.0.0.1", "port": smtp.port(), "security": "none", "from": "watch@example.org",
        "username": USER, "password": password.value(),
    });
    told.add("the settings", scene.put("/settings/mail", mail).await);
    let sent = STANDARD.encode(format!("\0{USER}\0{}", password.value()));
    let echo = format!(
        "535-5.7.8 {} is wrong\n535 5.7.8 and so is {sent}",
        password.value()
    );
    smtp.rule(Rule::on(Step::Auth, Act::reply(echo)).times(1));
    for ok in [false, true] {
        let to = json!({ "to": "me@example.org" });
        let test = scene.api.post("/settings/mail/test", to).await.1;
        assert_eq!(test["ok"], ok, "{test}");
        told.add("a test", test);
    }

    // The second one logs in with a token.
    let mut client = endpoint.device_client();
    client["client_secret"] = client_secret.value().into();
    let by_token = json!({
        "name": "Second", "host": "127.0.0.1", "port": smtp.port(), "security": "none", "from": "watch@example.org",
        "username": USER, "auth": "xoauth2", "oauth": client,
    });
    told.add(
        "a profile",
        scene.api.create("/settings/mail/profiles", by_token).await,
    );
    told.add("a device code", scene.api.post(AUTHORIZE, json!({})).await.1);
    endpoint.grants(access.value(), Some(refresh.value()), Duration::from_hours(1));
    let connected = scene
        .api
        .poll(AUTHORIZE, PATIENCE, |a| a["state"] == "connected")
        .await;
    told.add("a connection", connected);
    let test = scene
        .api
        .post(
            "/settings/mail/profiles/2/test",
            json!({ "to": "me@example.org" }),
        )
        .await
        .1;
    assert_eq!(test["ok"], true, "{test}");
    told.add("a test by token", test);
    for (canary, what) in [(&password, "the password"), (&access, "the token")] {
        let used = smtp.auth_attempts().iter().any(|a| a.password == canary.value());
        assert!(used, "{what} was used");
    }

    // An outage, told by mail and by hook.
    let email = scene.email(&["a@example.org"]).await;
    let hook = scene
        .api
        .create(
            "/channels",
            json!({ "name": "Hook", "kind": "webhook",
                    "config": { "url": sink.target().url(&format!("/{}", path.value())), "secret": SIGNING_SECRET,
                                "headers": { "X-Token": header.value() } } }),
        )
        .await;
    let dead_man = Canary::new();
    about_who_hears(
        &scene,
        &hook,
        &sink.target().url(&format!("/{}", dead_man.value())),
        &mut told,
    )
    .await;
    let channels = [email, hook["id"].as_i64().expect("an id")];
    told.add("a channel", hook);
    let monitor = scene.watch(&target, &channels).await;
    let change =
        json!({ "target": { "url": target.url("/health"), "headers": { "Authorization": header.value() } } });
    let (status, changed) = scene.api.patch(&format!("/monitors/{monitor}"), change).await;
    assert_eq!(status, 200, "{changed}");
    told.add("a monitor", changed);
    target.close().await;
    scene.until_status(monitor, "down").await;
    let deliveries = scene.until_settled(2).await;
    assert!(deliveries.iter().all(|d| d["state"] == "sent"), "{deliveries:#?}");

    read_the_api(&scene, &mut told).await;
    let mut reader = Reader::sign_in(&scene.bell).await;
    read_the_console(&mut reader, &smtp, &password, &client_secret, &mut told).await;

    let session = Canary::from_value(reader.session());
    let token = Canary::from_value(scene.api.bearer().to_owned());
    let signing = Canary::from_value(SIGNING_SECRET.trim_start_matches("whsec_").to_owned());
    let data_dir = scene.bell.data_dir().to_owned();
    let bell = scene.end().await;
    let log = bell.output();
    assert!(
        log.contains("TRACE"),
        "the log is as talkative as it can be:\n{log}"
    );
    let canaries = [
        password,
        client_secret,
        access,
        refresh,
        code,
        path,
        header,
        session,
        token,
        signing,
        dead_man,
    ];
    for canary in canaries {
        canary.assert_absent("the log", &log);
        canary.assert_absent_below(&data_dir);
        for (place, text) in &told.0 {
            canary.assert_absent(place, text);
        }
    }
}

/// One of everything that says who hears of what and when.
async fn about_who_hears(scene: &Scene, hook: &Value, dead_man: &str, told: &mut Told) {
    let ada = scene
        .api
        .create("/contacts", json!({ "name": "Ada", "channels": [hook["id"]] }))
        .await;
    let handover = json!({ "every": 1, "unit": "weeks", "at": "09:00", "from": "2026-01-05" });
    let layer = json!({ "name": "Days", "people": [ada["id"]], "handover": handover, "hours": null });
    let rotation = json!({ "name": "Operations", "zone": "UTC", "layers": [layer] });
    let silence = json!({ "matcher": { "tags": ["lab"] }, "reason": "Moving", "duration": "1h" });
    let window = json!({ "title": "Yearly", "matcher": { "tags": ["lab"] },
                         "when": { "cron": "0 3 1 1 *", "timezone": "UTC", "duration": "2h" } });
    let policy = json!({ "name": "Night shift", "steps": [{ "channels": [hook["id"]] }] });
    for (path, body) in [
        ("/rotations", rotation),
        ("/silences", silence),
        ("/maintenance", window),
        ("/policies", policy),
    ] {
        told.add(format!("POST {path}"), scene.api.create(path, body).await);
    }
    let (status, saved) = scene
        .api
        .put("/settings/dead-man", json!({ "url": dead_man, "every": "30s" }))
        .await;
    assert_eq!(status, 200, "{saved}");
    told.add("the dead-man's switch", saved);
}

/// Every GET of the document; ids are those of the list that they belong to.
async fn read_the_api(scene: &Scene, told: &mut Told) {
    let (_, document) = scene.api.get("/openapi.json").await;
    let paths = document["paths"].as_object().expect("paths");
    let mut read = 0;
    for (template, operations) in paths {
        if operations.get("get").is_none() {
            continue;
        }
        let mut addresses = vec![template.clone()];
        if let Some((list, rest)) = template.split_once("/{id}") {
            let (_, list_of) = scene.api.get(list).await;
            let ids = list_of["items"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|i| &i["id"]);
            let id = |id: &Value| id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            addresses = ids.map(|i| format!("{list}/{}{rest}", id(i))).collect();
            assert!(!addresses.is_empty(), "there is nothing at {list}");
        }
        for address in addresses {
            let (status, answer) = scene.api.get(&address).await;
            // The first profile has no authorization.
            assert!(status == 200 || status == 409, "{address}: {status} {answer}");
            read += 1;
            told.add(format!("GET /api/v1{address}"), answer);
        }
    }
    assert!(read > 20, "{read} answers");
}

/// Every page, a form that is refused with its secrets in it, and a test that is watched.
async fn read_the_console(
    reader: &mut Reader<'_>,
    smtp: &SmtpServer,
    password: &Canary,
    client_secret: &Canary,
    told: &mut Told,
) {
    let pages = reader.follow_every_link().await;
    let paths: Vec<&str> = pages.keys().filter_map(|p| p.split('?').next()).collect();
    for page in PAGES {
        assert!(paths.contains(&page), "no link leads to {page}: {paths:?}");
    }
    let transcripts = pages.values().filter(|body| body.contains("AUTH PLAIN ***"));
    assert!(transcripts.count() > 0, "no page shows what was said");
    for (page, body) in pages {
        told.add(format!("the page {page}"), body);
    }

    let port = smtp.port().to_string();
    let mut form = vec![
        ("host", "127.0.0.1"),
        ("port", port.as_str()),
        ("security", "none"),
        ("username", USER),
        ("password", password.value()),
        ("oauth_client_secret", client_secret.value()),
        ("from", "nobody"),
        ("verify_certificate", "on"),
        ("test_to", "me@example.org"),
        ("do", "test"),
    ];
    let (status, body) = reader.post("/settings/mail", &form).await;
    assert_eq!(status, 422, "{body}");
    told.add("a refused form", body);
    form.retain(|(name, _)| *name != "from" && *name != "oauth_client_secret");
    form.push(("from", "watch@example.org"));
    let (status, card) = reader.post("/settings/mail/tests", &form).await;
    assert_eq!(status, 201, "{card}");
    let stream = card
        .split("data-stream=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let (status, steps) = reader.get(stream.expect("a stream")).await;
    assert!(status == 200 && steps.contains("event: done"), "{steps}");
    told.add("a card", card);
    told.add("a stream", steps);
    let pasted = format!("smtps://{USER}:{}@127.0.0.1", password.value());
    let (_, answer) = reader.post("/settings/mail/paste", &[("host", &pasted)]).await;
    told.add("a pasted address", answer);
}
