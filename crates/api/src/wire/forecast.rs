//! What would happen if a monitor went down now.

use domain::{
    duration,
    hold::{HeldBy, Hold},
    policy::Concern,
};
use serde::Serialize;
use store::{Because, Forecast, ForecastStep, Reach};
use utoipa::{ToSchema, openapi::schema::Object};

use super::{
    Time, one_of,
    policy::{RemindersBody, severities},
};

fn reasons() -> Object {
    one_of(["named", "tag", "default"])
}

fn holders() -> Object {
    one_of(["silence", "maintenance", "parent"])
}

fn concern() -> Object {
    one_of(Concern::ALL.iter().map(|c| c.as_str()))
}

/// Who is told, and when, if nobody acknowledges it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ForecastView {
    /// `null`: the channels of the monitor alone.
    pub policy: Option<ForecastPolicy>,
    #[schema(schema_with = severities)]
    pub severity: &'static str,
    /// Nobody is told before this ends.
    pub held: Option<HeldView>,
    /// `false`: nobody would be told of an outage, now or later.
    pub tells: bool,
    /// The earliest first.
    pub steps: Vec<ForecastStepView>,
    pub reminders: Option<RemindersBody>,
    /// So long the monitor must be up again before anybody hears of it.
    pub recovery_after: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ForecastPolicy {
    pub id: i64,
    pub name: String,
    /// Why the monitor has it.
    #[schema(schema_with = reasons)]
    pub because: &'static str,
    /// The tag that they share.
    pub tag: Option<String>,
}

/// What holds alerts back.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldView {
    #[schema(schema_with = holders)]
    pub by: &'static str,
    /// Of the silence, the maintenance window, or the monitor that is down.
    pub id: i64,
    /// When it ends by itself.
    pub until: Option<Time>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ForecastStepView {
    pub after: String,
    /// A step without `down` tells nobody of an outage.
    #[schema(schema_with = concerns)]
    pub events: Vec<&'static str>,
    /// Those that are switched on.
    pub channels: Vec<ReachView>,
    /// Who is on call now in its rotations; their channels are among those above.
    pub on_call: Vec<OnCallNowView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OnCallNowView {
    pub rotation: i64,
    /// The name of a contact; `null`: nobody is on call.
    pub person: Option<String>,
}

fn concerns() -> utoipa::openapi::schema::Array {
    utoipa::openapi::schema::ArrayBuilder::new()
        .items(concern())
        .build()
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReachView {
    pub id: i64,
    pub name: String,
    pub kind: &'static str,
    /// Mail addresses. Empty where the channel has none of its own, and where it does not want to hear of outages.
    pub recipients: Vec<String>,
    /// It hears of an outage.
    pub hears: bool,
}

impl From<Hold> for HeldView {
    fn from(hold: Hold) -> Self {
        let (by, id) = match hold.by {
            HeldBy::Silence(id) => ("silence", id.0),
            HeldBy::Maintenance(id) => ("maintenance", id.0),
            HeldBy::Parent(id) => ("parent", id.0),
        };
        Self {
            by,
            id,
            until: hold.until.map(Time),
        }
    }
}

impl From<Forecast> for ForecastView {
    fn from(f: Forecast) -> Self {
        let policy = f.policy.map(|(id, name, because)| {
            let (because, tag) = match because {
                Because::Named => ("named", None),
                Because::Tag(tag) => ("tag", Some(tag)),
                Because::Default => ("default", None),
            };
            ForecastPolicy {
                id: id.0,
                name,
                because,
                tag,
            }
        });
        let steps: Vec<ForecastStepView> = f.steps.into_iter().map(Into::into).collect();
        let down = Concern::Down.as_str();
        let tells = |s: &ForecastStepView| s.events.contains(&down) && s.channels.iter().any(|c| c.hears);
        Self {
            policy,
            severity: f.severity.as_str(),
            held: f.hold.map(Into::into),
            tells: steps.iter().any(tells),
            steps,
            reminders: f.reminders.map(Into::into),
            recovery_after: duration::format(f.recovery_after),
        }
    }
}

impl From<ForecastStep> for ForecastStepView {
    fn from(step: ForecastStep) -> Self {
        Self {
            after: duration::format(step.after),
            events: step.events.iter().map(|concern| concern.as_str()).collect(),
            channels: step.reaches.into_iter().map(Into::into).collect(),
            on_call: step
                .on_call
                .into_iter()
                .map(|(rotation, person)| OnCallNowView {
                    rotation: rotation.0,
                    person,
                })
                .collect(),
        }
    }
}

impl From<Reach> for ReachView {
    fn from(reach: Reach) -> Self {
        Self {
            id: reach.channel.0,
            name: reach.name,
            kind: reach.kind.as_str(),
            hears: !reach.recipients.is_empty(),
            recipients: reach.recipients.into_iter().filter(|r| !r.is_empty()).collect(),
        }
    }
}
