//! Our own network is cut, with 500 monitors behind it. Everything happens in network namespaces: this one has Watchbell
//! and the receiver of its messages, one behind a cable is the internet, one behind another is the local network.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use testkit::{Api, WebhookSink, wait_for};

use crate::scene::{Db, Scene};

const MONITORS: usize = 500;
/// A debug build on a busy machine, and a network that must be given up first.
const PATIENCE: Duration = Duration::from_secs(45);
const INSIDE: &str = "WATCHBELL_TEST_INSIDE";
const SELF: &str = "own_network::our_own_network_is_cut_and_nobody_is_called";

/// Accepts connections on a port, and closes them.
const SERVER: &str = "
import asyncio, sys
async def main():
    server = await asyncio.start_server(lambda reader, writer: writer.close(), '0.0.0.0', int(sys.argv[1]), backlog=1024)
    print('ready', flush=True)
    await server.serve_forever()
asyncio.run(main())
";

/// A network behind a cable. Every address of `net` is in it.
struct Far {
    near_end: &'static str,
    far_end: &'static str,
    /// Keeps the namespace; answers on port 7.
    server: Child,
}

impl Far {
    fn new(names: [&'static str; 2], near: &str, far: &str, net: &str) -> Self {
        let script =
            format!("ip link set lo up && ip route add local {net} dev lo && exec python3 -c \"$0\" 7");
        let server = ready(Command::new("unshare").args(["-n", "sh", "-c", &script, SERVER]));
        let [near_end, far_end] = names;
        let id = server.id();
        shell(&format!(
            "ip link add {near_end} type veth peer name {far_end} netns {id} && ip addr add {near}/30 dev {near_end} && ip link set {near_end} up"
        ));
        let this = Self {
            near_end,
            far_end,
            server,
        };
        this.inside(&format!(
            "ip addr add {far}/30 dev {far_end} && ip link set {far_end} up"
        ));
        shell(&format!("ip route add {net} via {far}"));
        this
    }

    fn inside(&self, script: &str) {
        let id = self.server.id();
        run(Command::new("nsenter").args(["-t", &id.to_string(), "-n", "sh", "-c", script]));
    }

    /// Another port that answers.
    fn serve(&self, port: u16) -> Child {
        let (id, port) = (self.server.id().to_string(), port.to_string());
        ready(Command::new("nsenter").args(["-t", &id, "-n", "python3", "-c", SERVER, &port]))
    }

    /// The cable is pulled at the other end: here nothing changes but that nothing comes back.
    fn cut(&self) {
        self.inside(&format!("ip link set {} down", self.far_end));
    }

    fn mend(&self) {
        self.inside(&format!("ip link set {} up", self.far_end));
        shell(&format!("ip neigh flush dev {}", self.near_end));
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        end(&mut self.server);
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn shell(script: &str) {
    run(Command::new("sh").args(["-c", script]));
}

fn run(command: &mut Command) {
    let done = command.output().expect("it starts");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {said}");
}

/// Starts a server and waits until it listens.
fn ready(command: &mut Command) -> Child {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    let out = child.stdout.as_mut().expect("its output is piped");
    BufReader::new(out)
        .read_line(&mut line)
        .expect("it says something");
    assert_eq!(line.trim(), "ready", "{command:?}");
    child
}

/// Runs this test once more in a namespace of its own. True in there; outside, false after that run went well.
fn in_a_network_of_its_own() -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "how the inner run knows that it is the inner one"
    )]
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let program = std::env::current_exe().expect("this program");
    let done = Command::new("unshare")
        .args(["-r", "-n", "sh", "-c"])
        .arg("ip link set lo up && exec \"$0\" --exact \"$1\" --nocapture")
        .arg(program)
        .arg(SELF)
        .env(INSIDE, "1")
        .output()
        .expect("unshare starts");
    let said = String::from_utf8_lossy(&done.stdout);
    let complaints = String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.success() && said.contains("1 passed"),
        "{said}{complaints}"
    );
    false
}

fn monitor(name: &str, host: &str, port: u16, zone: &str, channel: i64) -> Value {
    json!({
        "name": name, "kind": "tcp", "target": { "host": host, "port": port }, "schedule": { "every": "5s" },
        "timeout": "1s", "confirm_after": 2, "recheck_every": "1s", "zone": zone, "channels": [channel],
    })
}

async fn with_status(api: &Api, status: &str, n: usize) -> Vec<Value> {
    let path = format!("/monitors?limit=500&status={status}");
    let all = |page: &Value| page["items"].as_array().map_or(0, Vec::len);
    let page = api.poll(&path, PATIENCE, |page| all(page) == n).await;
    page["items"].as_array().cloned().unwrap_or_default()
}

async fn readiness(scene: &Scene) -> Value {
    let answer = scene.bell.client().get(scene.bell.url("/readyz")).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 200, "being offline is no reason to be restarted");
    serde_json::from_str(&answer.text().await.expect("text")).expect("JSON")
}

/// Type and monitor of each message, in order.
fn told(sink: &WebhookSink) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let requests = sink.requests();
    let bodies = requests
        .iter()
        .map(|r| serde_json::from_slice::<Value>(&r.body).expect("JSON"));
    bodies
        .map(|b| {
            let about = match &b["data"]["monitor"]["name"] {
                Value::Null => &b["data"]["incident"]["origin"],
                name => name,
            };
            (text(&b["type"]), text(about))
        })
        .collect()
}

fn message(kind: &str, about: &str) -> (String, String) {
    (format!("incident.{kind}"), about.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_network_is_cut_and_nobody_is_called() {
    if !in_a_network_of_its_own() {
        return;
    }
    let wan = Far::new(["wan0", "wan1"], "10.70.0.1", "10.70.0.2", "10.77.0.0/16");
    let lan = Far::new(["lan0", "lan1"], "10.80.0.1", "10.80.0.2", "10.88.0.0/16");
    shell("ip route add default via 10.70.0.2");
    let (mut nas, mut printer) = (lan.serve(8), lan.serve(9));

    let sink = WebhookSink::start().await;
    let scene = Scene::start(Db::Sqlite, &[]).await;
    let channel = scene.webhook(&sink).await;
    let zones = json!({ "zones": [
        { "name": "wan", "references": ["10.77.255.1:7", "10.77.255.2:7", "10.77.255.3:7"] },
        { "name": "lan", "references": ["10.88.0.9:9"] },
    ] });
    scene.put("/settings/zones", zones).await;
    for n in 0..MONITORS {
        let host = format!("10.77.{}.{}", n / 250, 1 + n % 250);
        let body = monitor(&format!("Site {n}"), &host, 7, "wan", channel);
        scene.api.create("/monitors", body).await;
    }
    scene
        .api
        .create("/monitors", monitor("Broken", "10.77.9.9", 1, "wan", channel))
        .await;
    scene
        .api
        .create("/monitors", monitor("NAS", "10.88.0.8", 8, "lan", channel))
        .await;
    with_status(&scene.api, "down", 1).await;
    with_status(&scene.api, "pending", 0).await;
    with_status(&scene.api, "unknown", 0).await;
    scene
        .api
        .poll("/settings/zones", PATIENCE, |z| {
            z["zones"][0]["references"][2]["answered_at"].is_string()
                && z["zones"][1]["references"][0]["answered_at"].is_string()
        })
        .await;
    sink.wait_for(1, PATIENCE).await;
    assert_eq!(told(&sink), [message("opened", "Broken")]);

    let cut = Instant::now();
    wan.cut();
    let unknown = with_status(&scene.api, "unknown", 500.min(MONITORS)).await;
    let noticed = cut.elapsed();
    assert!(
        unknown[0]["state"]["reason"]
            .as_str()
            .expect("a reason")
            .contains("(zone wan)"),
        "{unknown:#?}"
    );
    assert!(readiness(&scene).await["offline_since"]["wan"].is_string());
    let zones = scene.api.get("/settings/zones").await.1;
    assert!(zones["zones"][0]["offline_since"].is_string() && zones["zones"][1]["offline_since"].is_null());
    let metrics = scene.bell.client().get(scene.bell.url("/metrics"));
    let metrics = metrics
        .bearer_auth(scene.api.bearer())
        .send()
        .await
        .expect("metrics");
    let metrics = metrics.text().await.expect("text");
    assert!(
        metrics.contains("watchbell_zone_offline{zone=\"wan\"} 1"),
        "{metrics}"
    );

    // What is reached by another network still rings.
    end(&mut nas);
    sink.wait_for(2, PATIENCE).await;
    assert_eq!(told(&sink)[1], message("opened", "NAS"));
    let open: Vec<Value> = scene.incidents().await;
    assert_eq!(open.len(), 3, "Broken, NAS, and our own: {open:#?}");
    assert!(open.iter().all(|i| i["state"] == "open"), "{open:#?}");

    wan.mend();
    wait_for(PATIENCE, "the network to be found again", || async {
        let ready = readiness(&scene).await;
        ready["offline_since"].is_null().then_some(())
    })
    .await;
    with_status(&scene.api, "unknown", 0).await;
    with_status(&scene.api, "down", 2).await;
    sink.wait_for(3, PATIENCE).await;
    scene.until_settled(3).await;
    let offline = cut.elapsed();
    assert_eq!(
        told(&sink),
        [
            message("opened", "Broken"),
            message("opened", "NAS"),
            message("resolved", "zone:wan")
        ],
        "one message about the gap, and none about a monitor behind it"
    );
    let gaps = scene.api.get("/settings/zones").await.1["gaps"].clone();
    assert!(gaps[0]["until"].is_string() && gaps[1].is_null(), "{gaps}");
    let incidents = scene.incidents().await;
    let of = |name: &str| incidents.iter().find(|i| i["monitor_name"] == name).expect(name);
    assert_eq!((incidents.len(), &of("Broken")["state"]), (3, &json!("open")));

    // What was not seen is neither up nor down.
    let up = with_status(&scene.api, "up", MONITORS).await;
    for monitor in up.iter().step_by(25) {
        let stats = scene
            .api
            .get(&format!("/monitors/{}/stats", monitor["id"]))
            .await
            .1;
        assert_eq!(
            (&stats["uptime_percent"], &stats["down"]),
            (&json!(100.0), &json!(0)),
            "{stats}"
        );
        assert!(stats["unknown"].as_u64() >= Some(1), "{stats}");
        let covered = stats["coverage_percent"].as_f64().expect("a number") / 100.0;
        let seen = Duration::from_hours(24).mul_f64(covered);
        // As many intervals as there were checks that could look, and none for the time offline.
        let looked = stats["up"].as_u64().expect("a number");
        assert!(seen <= Duration::from_secs(5 * looked + 5), "{stats}");
    }
    eprintln!("noticed within {noticed:?}, offline {offline:?}");
    end(&mut printer);
    scene.end().await;
}
