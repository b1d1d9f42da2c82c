//! Everything goes down at once and comes back: few messages, in which each monitor is told once; little memory; pages
//! that answer. A kill in the middle changes none of it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use domain::monitor::MonitorConfig;
use serde_json::{Value, json};
use store::{MasterKey, Options, Store};
use testkit::{HttpTarget, Reply, Script, SmtpServer, WallClock, Watchbell, wait_for};

use crate::{
    crawl::Reader,
    scene::{Db, PATIENCE, Scene},
};

/// A build without optimisation shares the machine with the load that it is under; ten thousand are for a release.
const MONITORS: usize = if cfg!(debug_assertions) { 1_000 } else { 10_000 };
/// Of the checks; everything is decided by the first one that fails.
const EVERY: &str = "30s";
/// For everything to be decided and told, in a build without optimisation on a busy machine.
const LONG: Duration = Duration::from_secs(150);
const WINDOW: Duration = Duration::from_secs(30);
/// Of the first message, from the moment in which the targets stopped to answer: a check must come round first.
const FIRST: Duration = Duration::from_secs(5);
/// Bytes.
const MEMORY: u64 = 100 * 1024 * 1024;
/// Of a page, at the 95th percentile.
const PAGE: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_500 } else { 300 });

struct Storm {
    scene: Scene,
    target: HttpTarget,
    smtp: SmtpServer,
    chat: HttpTarget,
    channels: [i64; 2],
}

impl Storm {
    async fn gather() -> Self {
        let target = HttpTarget::start().await;
        let smtp = SmtpServer::start(Script::plain()).await;
        let chat = HttpTarget::start().await;
        chat.reply(Reply::ok("ok"));
        let mut scene = Scene::start(Db::Sqlite, &[]).await;
        scene.set_mail(&smtp).await;
        let slack = json!({
            "name": "Chat", "kind": "slack", "config": { "url": chat.url("/services/T0/B0/x") }, "enabled": true,
        });
        let slack = scene.api.create("/channels", slack).await["id"]
            .as_i64()
            .expect("an id");
        let channels = [scene.email(&["a@example.org"]).await, slack];
        assert!(scene.bell.stop().await.success());
        let begun = Instant::now();
        make_monitors(&scene.bell, &target, &channels).await;
        eprintln!("{MONITORS} monitors made in {:?}", begun.elapsed());
        scene.bell.restart().await;
        let storm = Self {
            scene,
            target,
            smtp,
            chat,
            channels,
        };
        storm.until_none_is("pending").await;
        storm
    }

    async fn until_none_is(&self, status: &str) {
        let path = format!("/monitors?status={status}&limit=1");
        let none = |page: &Value| page["items"].as_array().is_some_and(Vec::is_empty);
        self.scene.api.poll(&path, LONG, none).await;
    }

    async fn until_settled(&self) {
        wait_for(LONG, "everything to be told", || async {
            for state in ["pending", "sending"] {
                let (_, page) = self
                    .scene
                    .api
                    .get(&format!("/deliveries?state={state}&limit=1"))
                    .await;
                if !page["items"].as_array()?.is_empty() {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }

    /// All deliveries of one event through one channel.
    async fn deliveries(&self, channel: i64, event: &str) -> Vec<Value> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/deliveries?channel={channel}&event={event}&limit=500{cursor}");
            let (code, page) = self.scene.api.get(&path).await;
            assert_eq!(code, 200, "{page}");
            all.extend(page["items"].as_array().cloned().unwrap_or_default());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }

    /// What arrived in each channel: the words in front, once for each message however often it came, and when.
    fn arrived(&self, channel: i64, word: &str) -> Vec<String> {
        let subjects: Vec<(Option<String>, String)> = if channel == self.channels[0] {
            let subject = |m: &testkit::smtp::Message| {
                (m.header("Message-ID"), m.header("Subject").unwrap_or_default())
            };
            self.smtp.messages().iter().map(subject).collect()
        } else {
            let title =
                |r: &testkit::Request| (None, r.json()["text"].as_str().unwrap_or_default().to_owned());
            self.chat.requests().iter().map(title).collect()
        };
        let mut seen = HashSet::new();
        subjects
            .into_iter()
            .filter(|(id, subject)| seen.insert(id.clone().unwrap_or_else(|| subject.clone())))
            .map(|(_, subject)| subject)
            .filter(|subject| subject.contains(&format!("{word}]")))
            .collect()
    }

    /// Each monitor is told of once, the numbers in the messages are those of the deliveries, and there are few messages.
    async fn assert_told(&self, event: &str, word: &str, took: Duration) {
        for channel in self.channels {
            let rows = self.deliveries(channel, event).await;
            let incidents: HashSet<i64> = rows.iter().filter_map(|d| d["incident_id"].as_i64()).collect();
            assert_eq!(
                (rows.len(), incidents.len()),
                (MONITORS, MONITORS),
                "{event}: one row for each"
            );
            assert!(rows.iter().all(|d| d["state"] == "sent"), "{event}");
            let mut messages: BTreeMap<String, usize> = BTreeMap::new();
            for row in &rows {
                let id = row["digest_of"]
                    .as_str()
                    .or(row["id"].as_str())
                    .unwrap_or_default();
                *messages.entry(id.to_owned()).or_default() += 1;
            }
            let mut planned: Vec<usize> = messages.into_values().collect();
            let arrived = self.arrived(channel, word);
            let mut told: Vec<usize> = arrived.iter().map(|subject| count_in(subject, word)).collect();
            planned.sort_unstable();
            told.sort_unstable();
            assert_eq!(told, planned, "{event}, channel {channel}: {arrived:?}");
            assert_eq!(told.iter().sum::<usize>(), MONITORS);
            let most = 1 + usize::try_from(took.as_millis().div_ceil(WINDOW.as_millis())).expect("few");
            assert!(
                told.len() <= most,
                "{} messages in {took:?}: {told:?}",
                told.len()
            );
            eprintln!("{event}, channel {channel}: {told:?} in {took:?}");
        }
    }

    /// Resident, in bytes.
    fn memory(&self) -> u64 {
        let pid = self.scene.bell.pid().expect("it runs");
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).expect("a size");
        let kilobytes = line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok());
        kilobytes.expect("a number") * 1024
    }
}

/// Into the database of an instance that does not run: by the API each would cost a request, and the first ones are
/// checked while the last ones are made.
async fn make_monitors(bell: &Watchbell, target: &HttpTarget, channels: &[i64]) {
    let (dir, url) = (bell.data_dir(), target.url("/health"));
    let store = Store::open(Options {
        url: format!("sqlite://{}", dir.join("watchbell.db").display()),
        data_dir: dir.to_owned(),
        key: MasterKey::load_or_create(&dir.join("secret.key")).expect("the key of this instance"),
        clock: Arc::new(WallClock),
        message_domain: "watch.example".into(),
    });
    let store = store.await.expect("its database");
    for n in 0..MONITORS {
        let monitor = json!({
            "name": format!("Shop {n:05}"), "kind": "http", "target": { "url": url },
            "schedule": { "every": EVERY }, "timeout": "10s", "confirm_after": 1, "channels": channels,
        });
        let monitor = MonitorConfig::from_json(monitor, None).expect("a monitor");
        store.monitors().create(&monitor).await.expect("it is stored");
    }
    store.close().await;
}

/// `[7500 DOWN] …` is 7500, `[DOWN] …` is one.
fn count_in(subject: &str, word: &str) -> usize {
    let inner = subject
        .trim_start_matches('[')
        .split(word)
        .next()
        .unwrap_or_default();
    inner.trim().parse().unwrap_or(1)
}

/// Looks at the pages and at the memory until it is told to end: how long pages took, and the most memory.
struct Watch {
    pages: HashMap<&'static str, Vec<Duration>>,
    memory: u64,
}

impl Watch {
    fn new() -> Self {
        Self {
            pages: HashMap::new(),
            memory: 0,
        }
    }

    async fn look(&mut self, storm: &Storm, reader: &mut Reader<'_>) {
        for path in ["/", "/incidents"] {
            let begun = Instant::now();
            let (status, _) = reader.get(path).await;
            assert_eq!(status, 200, "{path}");
            self.pages.entry(path).or_default().push(begun.elapsed());
        }
        self.memory = self.memory.max(storm.memory());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    fn assert_quick(&mut self) {
        for (path, times) in &mut self.pages {
            times.sort_unstable();
            let p95 = times[times.len() * 95 / 100];
            eprintln!(
                "{path}: {} times, p50 {:?}, p95 {p95:?}",
                times.len(),
                times[times.len() / 2]
            );
            assert!(
                p95 <= PAGE,
                "{path}: {p95:?} at the 95th percentile of {}",
                times.len()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_go_down_and_come_back() {
    let storm = Storm::gather().await;
    let mut reader = Reader::sign_in(&storm.scene.bell).await;
    let before = storm.memory();
    let mut watch = Watch::new();

    for (event, word, status) in [
        ("incident.opened", "DOWN", "up"),
        ("incident.resolved", "UP", "down"),
    ] {
        if word == "DOWN" {
            storm.target.close().await;
        } else {
            storm.target.reopen();
        }
        let begun = Instant::now();
        let all_told = async {
            storm.until_none_is(status).await;
            eprintln!("{event}: all decided after {:?}", begun.elapsed());
            storm.until_settled().await;
        };
        let first_told = async {
            wait_for(PATIENCE, "the first message", || async {
                let told = storm.channels.iter().all(|c| !storm.arrived(*c, word).is_empty());
                told.then_some(())
            })
            .await;
            begun.elapsed()
        };
        let (mut all_told, mut first_told) = (Box::pin(all_told), Box::pin(first_told));
        let mut first = None;
        loop {
            tokio::select! {
                () = &mut all_told => break,
                after = &mut first_told, if first.is_none() => first = Some(after),
                () = watch.look(&storm, &mut reader) => {}
            }
        }
        let took = begun.elapsed();
        let first = first.expect("a first message");
        assert!(first <= FIRST, "{event}: the first message after {first:?}");
        storm.assert_told(event, word, took).await;
    }
    let grown = watch.memory.saturating_sub(before);
    eprintln!(
        "memory: {} MiB before, {} MiB more at most",
        before >> 20,
        grown >> 20
    );
    assert!(
        grown < MEMORY,
        "{} MiB more than {} MiB",
        grown >> 20,
        before >> 20
    );
    watch.assert_quick();
    storm.scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_storm_changes_none_of_it() {
    let mut storm = Storm::gather().await;
    for (event, word, status) in [
        ("incident.opened", "DOWN", "up"),
        ("incident.resolved", "UP", "down"),
    ] {
        if word == "DOWN" {
            storm.target.close().await;
        } else {
            storm.target.reopen();
        }
        let begun = Instant::now();
        wait_for(PATIENCE, "the first message", || async {
            (!storm.arrived(storm.channels[0], word).is_empty()).then_some(())
        })
        .await;
        // Thousands are planned and collected, and some are decided and not recorded yet.
        tokio::time::sleep(Duration::from_secs(10)).await;
        storm.scene.kill_and_restart().await;
        storm.until_none_is(status).await;
        storm.until_settled().await;
        storm.assert_told(event, word, begun.elapsed()).await;
    }
    storm.scene.end().await;
}
