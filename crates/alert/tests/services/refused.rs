//! What a refusal of the channel leads to, from the answer on.

use std::sync::Arc;

use alert::channel::Retry;
use domain::clock::Clock;
use serde_json::json;
use testkit::{FakeClock, HttpTarget, wait_for};

use crate::{
    rows,
    scene::{SOON, Scene},
};

/// With one outage there is one refusal and no second one: the message waits for a person, who has to hear of it.
#[tokio::test]
async fn one_answer_that_waits_for_a_person_makes_the_channel_need_attention() {
    let mut seen = Vec::new();
    for row in rows::all() {
        let noes = (row.noes)().into_iter();
        for no in noes.filter(|no| no.retry == Retry::OnSettings) {
            let shown = format!("{}, {:?}", row.kind, no.reply);
            let scene = Scene::new(Arc::new(FakeClock::new()) as Arc<dyn Clock>).await;
            let service = HttpTarget::start().await;
            service.reply(no.reply);
            let config = (row.config)(&service.url(""));
            let channel = scene
                .channel(json!({ "name": "Ops", "kind": row.kind, "config": config }))
                .await;
            let monitor = scene.monitor("Shop", &[channel.id]).await;
            let running = scene.start();
            scene.down(&monitor).await;
            let channels = scene.store.channels();
            wait_for(SOON, &format!("attention after {shown}"), async || {
                let found = channels.neglected().await.ok()?;
                found.into_iter().find(|n| n.channel == channel.id)
            })
            .await;
            running.stop().await;
            let attempts: u32 = scene.deliveries().await.iter().map(|d| d.attempts).sum();
            assert_eq!(attempts, 1, "{shown}");
            seen.push(row.kind);
        }
    }
    for kind in [
        "feishu",
        "dingtalk",
        "wecom",
        "pushover",
        "bark",
        "serverchan",
        "twilio",
    ] {
        assert!(seen.contains(&kind), "{kind}: {seen:?}");
    }
}
