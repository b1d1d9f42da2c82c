//! Whatever happens, and in whatever order: outcomes, acknowledgements, snoozes, silences, windows, restarts, and sends
//! that succeed, fail or are lost with the process. What people are told must make sense all the same.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use domain::{
    channel::Channel,
    clock::Timestamp,
    delivery::{DeliveryState, Event, Notice},
    id::{ChannelId, IncidentId, SilenceId},
    maintenance::MaintenanceConfig,
    monitor::Monitor,
    outcome::{Fault, FaultKind, Reason, ReasonKind, Verdict},
    policy::PolicyConfig,
    silence::SilenceDraft,
    state::{Known, MonitorState, Transition, advance},
};
use proptest::{collection, prelude::*, test_runner::TestCaseError};
use serde_json::json;
use store::{
    Record, Recorded, Snoozed,
    outbox::{Claimed, Delivery, DeliveryFilter, Next, Terms},
};

use crate::harness::{Db, LEASE, outcome};

const MIN: Duration = Duration::from_mins(1);
/// A router with a policy, a shop with a channel of its own, and a shelf that depends on the router.
const MONITORS: usize = 3;
const ROUTER: usize = 0;
const SHELF: usize = 2;

#[derive(Clone, Debug)]
enum Step {
    Outcome {
        monitor: usize,
        found: Found,
    },
    Wait {
        minutes: u32,
    },
    /// The dispatcher goes round; each message ends as the next of these says.
    Send {
        ends: Vec<End>,
    },
    Acknowledge {
        monitor: usize,
    },
    Snooze {
        monitor: usize,
        minutes: u32,
    },
    Silence {
        monitor: usize,
        minutes: u32,
    },
    EndSilences,
    Window {
        monitor: usize,
        minutes: u32,
    },
    Restart,
}

#[derive(Clone, Copy, Debug)]
enum Found {
    Up,
    Slow,
    Down,
    /// A fault of our own.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Sent,
    Later,
    Failed,
    /// The process dies with it; the message may have arrived.
    Lost {
        arrived: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let monitor = 0..MONITORS;
    let found = prop_oneof![
        4 => Just(Found::Up),
        4 => Just(Found::Down),
        1 => Just(Found::Slow),
        1 => Just(Found::Nothing),
    ];
    let end = prop_oneof![
        6 => Just(End::Sent),
        2 => Just(End::Later),
        1 => Just(End::Failed),
        1 => any::<bool>().prop_map(|arrived| End::Lost { arrived }),
    ];
    prop_oneof![
        8 => (monitor.clone(), found).prop_map(|(monitor, found)| Step::Outcome { monitor, found }),
        5 => (0_u32..25).prop_map(|minutes| Step::Wait { minutes }),
        6 => collection::vec(end, 1..4).prop_map(|ends| Step::Send { ends }),
        2 => monitor.clone().prop_map(|monitor| Step::Acknowledge { monitor }),
        1 => (monitor.clone(), 1_u32..60).prop_map(|(monitor, minutes)| Step::Snooze { monitor, minutes }),
        1 => (monitor.clone(), 1_u32..60).prop_map(|(monitor, minutes)| Step::Silence { monitor, minutes }),
        1 => Just(Step::EndSilences),
        1 => (monitor, 1_u32..60).prop_map(|(monitor, minutes)| Step::Window { monitor, minutes }),
        1 => Just(Step::Restart),
    ]
}

/// Open at both ends: what happens at the same millisecond may have come before or after.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: Timestamp,
    until: Timestamp,
}

impl Span {
    fn holds(self, at: Timestamp) -> bool {
        self.from < at && at < self.until
    }
}

const FOR_EVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// What one recipient of one channel was told of one incident.
type Ear = (IncidentId, ChannelId, String);

struct World {
    db: Db,
    channels: [Channel; 3],
    monitors: Vec<Monitor>,
    states: Vec<MonitorState>,
    /// By monitor.
    held: Vec<Vec<Span>>,
    /// With the monitor and the place of its span in [`Self::held`].
    silences: Vec<(SilenceId, usize, usize)>,
    /// By incident.
    quiet: HashMap<IncidentId, Vec<Span>>,
    opened: HashMap<IncidentId, (usize, Timestamp)>,
    heard: BTreeMap<Ear, Vec<Event>>,
    arrived: HashMap<String, u32>,
    lost: HashMap<String, u32>,
}

impl World {
    async fn new() -> Self {
        let db = Db::sqlite().await;
        let chat = db
            .channel(json!({"name": "Chat", "kind": "slack", "config": {"url": "https://hooks.slack.com/services/T0/B0/x"}}))
            .await;
        let mail = db.mail_channel(&["a@example.org", "b@example.org"]).await;
        let hook = db.webhook("https://hooks.example/x").await;
        let policy = json!({
            "name": "Router", "recovery_after": "3m", "reminders": {"first": "10m", "longest": "40m"},
            "steps": [{"channels": [chat.id.0]}, {"after": "10m", "channels": [mail.id.0]}, {"after": "20m", "channels": [hook.id.0]}],
        });
        let policy = PolicyConfig::from_json(policy).unwrap();
        let policy = db.store.policies().create(&policy).await.unwrap();
        let router = db
            .monitor_with(
                json!({"name": "Router", "policy": policy.id, "confirm_after": 2, "slow_above": "1s"}),
            )
            .await;
        let own = json!({"name": "Shop", "channels": [mail.id.0], "confirm_after": 1, "slow_above": "1s"});
        let shop = db.monitor_with(own).await;
        let shelf =
            json!({"name": "Shelf", "channels": [hook.id.0], "confirm_after": 1, "parents": [router.id]});
        let shelf = db.monitor_with(shelf).await;
        Self {
            db,
            channels: [chat, mail, hook],
            monitors: vec![router, shop, shelf],
            states: vec![MonitorState::default(); MONITORS],
            held: vec![Vec::new(); MONITORS],
            silences: Vec::new(),
            quiet: HashMap::new(),
            opened: HashMap::new(),
            heard: BTreeMap::new(),
            arrived: HashMap::new(),
            lost: HashMap::new(),
        }
    }

    async fn take(&mut self, step: &Step) {
        let now = self.db.now();
        match step {
            Step::Outcome { monitor, found } => self.outcome(*monitor, *found).await,
            Step::Wait { minutes } => self.db.advance(*minutes * MIN + Duration::from_millis(7)),
            Step::Send { ends } => self.send(ends).await,
            Step::Acknowledge { monitor } => {
                if let Some(id) = self.open(*monitor).await {
                    self.db.store.incidents().acknowledge(id, "ada").await.unwrap();
                    self.be_quiet(id, now, FOR_EVER);
                }
            }
            Step::Snooze { monitor, minutes } => {
                let until = now.plus(*minutes * MIN);
                if let Some(id) = self.open(*monitor).await
                    && let Some(Snoozed::Until(until)) =
                        self.db.store.incidents().snooze(id, until, "ada").await.unwrap()
                {
                    // The later of two counts from now on.
                    for span in self.quiet.entry(id).or_default() {
                        if span.until != FOR_EVER {
                            span.until = span.until.min(now);
                        }
                    }
                    self.be_quiet(id, now, until);
                }
            }
            Step::Silence { monitor, minutes } => {
                let draft = json!({"matcher": {"monitors": [self.monitors[*monitor].id]}, "reason": "Busy", "duration": format!("{minutes}m")});
                let draft = SilenceDraft::from_json(draft, now).unwrap();
                let silence = self.db.store.silences().create(&draft, "ada").await.unwrap();
                self.silences
                    .push((silence.id, *monitor, self.held[*monitor].len()));
                self.held[*monitor].push(Span {
                    from: now,
                    until: silence.ends_at,
                });
            }
            Step::EndSilences => {
                for (id, monitor, place) in std::mem::take(&mut self.silences) {
                    let ended = self.db.store.silences().end(id, "ada").await.unwrap();
                    if ended.is_some() {
                        let span = &mut self.held[monitor][place];
                        span.until = span.until.min(now);
                    }
                }
            }
            Step::Window { monitor, minutes } => {
                let until = now.plus(*minutes * MIN);
                let when = json!({"from": now.to_rfc3339(), "to": until.to_rfc3339()});
                let config = json!({"title": "Work", "matcher": {"monitors": [self.monitors[*monitor].id]}, "when": when});
                let config = MaintenanceConfig::from_json(config, now, None).unwrap();
                self.db.store.maintenances().create(&config, "ada").await.unwrap();
                self.held[*monitor].push(Span { from: now, until });
            }
            Step::Restart => {
                self.db.reopen().await;
                self.db.store.outbox().recover_claims().await.unwrap();
                let states = self.db.store.monitors().states().await.unwrap();
                for (monitor, state) in self.monitors.iter().zip(&mut self.states) {
                    *state = states.get(&monitor.id).cloned().unwrap_or_default();
                }
            }
        }
    }

    fn be_quiet(&mut self, id: IncidentId, from: Timestamp, until: Timestamp) {
        self.quiet.entry(id).or_default().push(Span { from, until });
    }

    async fn open(&self, monitor: usize) -> Option<IncidentId> {
        let id = self.monitors[monitor].id;
        let open = self.db.store.incidents().open_of(&[id]).await.unwrap();
        open.get(&id).map(|i| i.id)
    }

    async fn outcome(&mut self, n: usize, found: Found) {
        let (now, monitor) = (self.db.now(), &self.monitors[n]);
        let verdict = match found {
            Found::Up | Found::Slow => Verdict::Up,
            Found::Down => Verdict::Down(Reason::new(ReasonKind::Connect, "Connection refused.")),
            Found::Nothing => Verdict::Internal(Fault::new(FaultKind::Resolver, "No resolver answers.")),
        };
        let mut outcome = outcome(now, verdict);
        if matches!(found, Found::Slow) {
            outcome.phases.total = Duration::from_secs(2);
        }
        let config = &monitor.config;
        let (mut state, transition) = advance(self.states[n].clone(), &outcome, config.thresholds);
        let mut transitions: Vec<Transition> = transition.into_iter().collect();
        transitions.extend(state.judge(&outcome, config));
        let opens = |t: &Transition| matches!(t, Transition::Opened { .. });
        let opens: Vec<bool> = transitions.iter().map(opens).collect();
        let recorded = Recorded {
            monitor: monitor.id,
            revision: monitor.revision,
            outcome,
            state: state.clone(),
            transitions,
        };
        let record = self.db.store.record(recorded).await.unwrap();
        if let Record::Stored { incidents, .. } = record {
            // Nothing is resolved that was not open.
            assert_eq!(incidents.len(), opens.len());
            for (id, _) in incidents.into_iter().zip(opens).filter(|(_, opens)| *opens) {
                self.opened.entry(id).or_insert((n, now));
            }
        }
        if n == ROUTER {
            let failed = fails(&self.states[n]);
            match (failed, fails(&state)) {
                (false, true) => self.held[SHELF].push(Span {
                    from: now,
                    until: FOR_EVER,
                }),
                (true, false) => {
                    for span in self.held[SHELF].iter_mut().filter(|s| s.until == FOR_EVER) {
                        span.until = now;
                    }
                }
                _ => {}
            }
        }
        self.states[n] = state;
    }

    async fn send(&mut self, ends: &[End]) {
        let mut ends = ends.iter().cycle();
        for channel in self.db.due().await {
            for claimed in self
                .db
                .store
                .outbox()
                .claim(channel, &Terms::new(16, LEASE))
                .await
                .unwrap()
            {
                let end = *ends.next().unwrap();
                self.finish(&claimed, end).await;
            }
        }
    }

    async fn finish(&mut self, claimed: &Claimed, end: End) {
        let outbox = self.db.store.outbox();
        if outbox.still_held(&claimed.lease).await.unwrap().is_none() {
            outbox.release(&claimed.lease).await.unwrap();
            return;
        }
        if matches!(end, End::Sent | End::Lost { arrived: true }) {
            self.hear(&claimed.notice);
        }
        let next = match end {
            End::Sent => Next::Sent,
            End::Later => Next::Retry {
                at: self.db.now().plus(MIN),
            },
            End::Failed => Next::Failed,
            End::Lost { .. } => {
                *self.lost.entry(claimed.notice.message_id.clone()).or_default() += 1;
                return;
            }
        };
        assert!(self.db.finish(claimed, next).await);
    }

    fn hear(&mut self, notice: &Notice) {
        *self.arrived.entry(notice.message_id.clone()).or_default() += 1;
        for one in std::iter::once(notice).chain(&notice.also) {
            let incident = one.subject.as_ref().unwrap().incident.id;
            let ear = (incident, one.channel, one.recipient.clone());
            self.heard.entry(ear).or_default().push(one.event);
        }
    }

    async fn rows(&self) -> Vec<Delivery> {
        let mut filter = DeliveryFilter {
            limit: 500,
            ..Default::default()
        };
        let mut rows = Vec::new();
        loop {
            let page = self.db.store.outbox().page(&filter).await.unwrap();
            rows.extend(page.items);
            match page.next {
                Some(next) => filter.cursor = Some(next),
                None => return rows,
            }
        }
    }

    /// Everything works for so long that whatever is due is told.
    async fn calm(&mut self, minutes: u32) {
        for _ in 0..minutes {
            self.db.advance(MIN);
            self.send(&[End::Sent]).await;
        }
    }

    /// Channel and delay of every step for this monitor.
    fn steps(&self, monitor: usize) -> Vec<(ChannelId, Duration)> {
        let [chat, mail, hook] = &self.channels;
        match monitor {
            ROUTER => vec![
                (chat.id, Duration::ZERO),
                (mail.id, 10 * MIN),
                (hook.id, 20 * MIN),
            ],
            SHELF => vec![(hook.id, Duration::ZERO)],
            _ => vec![(mail.id, Duration::ZERO)],
        }
    }

    fn recipients(&self, channel: ChannelId) -> BTreeSet<String> {
        let channel = self.channels.iter().find(|c| c.id == channel).unwrap();
        channel
            .config
            .as_ref()
            .unwrap()
            .recipients()
            .into_iter()
            .collect()
    }

    async fn judge(&self, still_open: &BTreeSet<IncidentId>) -> Result<(), TestCaseError> {
        let rows = self.rows().await;
        for row in &rows {
            prop_assert!(row.state.is_final(), "left behind: {row:?}");
            let (monitor, opened) = self.opened[&row.incident];
            let step = self.steps(monitor).into_iter().find(|(id, _)| *id == row.channel);
            let Some((_, after)) = step else {
                return Err(TestCaseError::fail(format!("outside of the policy: {row:?}")));
            };
            if matches!(row.event, Event::Opened | Event::Reminder) {
                prop_assert!(row.created_at >= opened.plus(after), "too early: {row:?}");
                let quiet = self.quiet.get(&row.incident).into_iter().flatten();
                let mut reasons = quiet.chain(&self.held[monitor]);
                let held = reasons.find(|s| s.holds(row.created_at));
                prop_assert!(held.is_none(), "held by {held:?}: {row:?}");
            }
            if row.event == Event::Reminder {
                let told = |r: &&Delivery| {
                    let ear =
                        (r.incident, r.channel, &r.recipient) == (row.incident, row.channel, &row.recipient);
                    ear && r.id != row.id && r.created_at == row.created_at
                };
                let twice = rows
                    .iter()
                    .find(|r| told(r) && matches!(r.event, Event::Opened | Event::Reminder));
                prop_assert!(twice.is_none(), "told twice at once: {row:?} {twice:?}");
            }
        }
        for (ear, events) in &self.heard {
            let end = events
                .iter()
                .position(|e| *e == Event::Resolved)
                .unwrap_or(events.len());
            prop_assert!(
                events[end..].iter().all(|e| *e == Event::Resolved),
                "something after the recovery: {ear:?} {events:?}"
            );
            let told = events.contains(&Event::Opened);
            // One that was refused for good says so in the log.
            let followed = rows.iter().any(|r| {
                let same = (r.incident, r.channel) == (ear.0, ear.1) && r.recipient == ear.2;
                same && r.event == Event::Resolved
            });
            prop_assert!(
                !told || followed,
                "left believing in an outage: {ear:?} {events:?}"
            );
        }
        for (message, copies) in &self.arrived {
            let most = 1 + self.lost.get(message).copied().unwrap_or(0);
            prop_assert!(*copies <= most, "{copies} copies of {message}, {most} at most");
        }
        for (id, (monitor, opened)) in &self.opened {
            let free = self.held[*monitor]
                .iter()
                .all(|s| !(s.from <= *opened && *opened <= s.until));
            for (channel, after) in self.steps(*monitor) {
                let due = still_open.contains(id) || (free && after.is_zero());
                for recipient in self.recipients(channel).into_iter().filter(|_| due) {
                    let row = rows.iter().find(|r| {
                        (r.incident, r.channel, r.event) == (*id, channel, Event::Opened)
                            && r.recipient == recipient
                    });
                    prop_assert!(
                        row.is_some(),
                        "nobody was to be told of {id} by {channel} at {recipient:?}"
                    );
                }
            }
        }
        let failed = |r: &&Delivery| r.state == DeliveryState::Failed;
        for row in rows.iter().filter(failed) {
            prop_assert!(row.reason.is_some(), "failed without a reason: {row:?}");
        }
        Ok(())
    }
}

fn fails(state: &MonitorState) -> bool {
    match &state.known {
        Known::Down { .. } => true,
        Known::Up { failing, .. } | Known::Pending { failing } => failing.is_some() && state.doubt.is_none(),
    }
}

async fn live(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut world = World::new().await;
    for step in &steps {
        world.take(step).await;
    }
    // Whatever was silenced or put off is over; what is still down and was not acknowledged has gone through all steps.
    world.calm(150).await;
    let mut still_open = BTreeSet::new();
    for monitor in 0..MONITORS {
        if let Some(id) = world.open(monitor).await {
            let acknowledged = world
                .quiet
                .get(&id)
                .is_some_and(|q| q.iter().any(|s| s.until == FOR_EVER));
            let waits_for_router = monitor == SHELF && fails(&world.states[ROUTER]);
            let down = matches!(world.states[monitor].known, Known::Down { .. });
            if down && !acknowledged && !waits_for_router {
                still_open.insert(id);
            }
        }
    }
    for monitor in [SHELF, 1, ROUTER] {
        world.outcome(monitor, Found::Up).await;
    }
    world.calm(150).await;
    for monitor in 0..MONITORS {
        assert_eq!(world.open(monitor).await, None, "everything is up");
    }
    world.judge(&still_open).await
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn people_are_told_what_makes_sense(steps in collection::vec(step(), 5..60)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(live(steps))?;
    }
}
