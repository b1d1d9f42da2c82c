//! Services with an API of their own. Each has one file here, which says what is asked of it and what its answers mean;
//! what a person fills in stands in [`domain::channel::catalogue`].
//!
//! Flow: [`Sender`] puts together what there is to say ([`Brief`]) in the language of those who read it, asks the
//! service's file for the request, exchanges it through the egress policy (`http`), and asks the file what the answer
//! means. What a target or a person put into a message is text and nothing else: each file escapes it for its service.

use std::time::Duration;

use domain::{
    attention::Rejection,
    channel::{ChannelKind, ServiceChannel},
    clock::Timestamp,
    delivery::{Event, Notice},
    policy::Severity,
};
use url::Url;

use crate::{
    channel::Retry,
    http::{Answer, answer::after},
    message::Brief,
};

mod escape;
mod outgoing;
mod plain;
mod said;
mod sender;

mod alertmanager;
mod apprise;
mod bark;
mod dingtalk;
mod discord;
mod feishu;
mod google_chat;
mod gotify;
mod matrix;
mod mattermost;
mod ntfy;
mod pagerduty;
mod pushover;
mod rocket_chat;
mod serverchan;
mod slack;
mod slack_bot;
mod splunk_on_call;
mod teams;
mod telegram;
mod twilio;
mod wecom;

pub(crate) use outgoing::Outgoing;
pub(crate) use sender::Sender;

/// What a refused login is about.
const CREDENTIALS: &str = "the address, the key or the token of this channel";

/// One kind of service.
pub(crate) trait Service: Send + Sync {
    /// What is asked of it for one message.
    fn request(&self, call: &Call<'_>) -> Result<Outgoing, Unusable>;

    /// What its answer means. Many say no with a status of 200.
    fn judge(&self, answer: &Answer) -> Verdict {
        answer.judge(CREDENTIALS)?;
        Ok(None)
    }

    /// Whether its no is about the channel and not about the message.
    fn rejects(&self, answer: &Answer) -> Option<Rejection> {
        answer.rejection()
    }

    /// What is asked of it before the message. When that fails, the message is sent all the same and its delivery says so.
    fn before(&self, _call: &Call<'_>) -> Result<Vec<Step>, Unusable> {
        Ok(Vec::new())
    }

    /// What is asked of it when it has taken the message. When that fails, so has the message.
    fn afterwards(&self, _call: &Call<'_>) -> Result<Option<Step>, Unusable> {
        Ok(None)
    }

    /// Where it says that the room of the channel is now. Then the message is sent there in the same attempt.
    fn moved(&self, _answer: &Answer) -> Option<Moved> {
        None
    }

    /// Whether it keeps an incident of its own, which opens and is resolved, for each of ours.
    fn keeps_incidents(&self, _config: &ServiceChannel) -> bool {
        false
    }

    /// Whether it says that the message that was to be changed cannot be changed (any more). Then a new one is sent:
    /// nobody may go without word of a recovery because somebody tidied up.
    fn lost(&self, _answer: &Answer) -> bool {
        false
    }
}

/// The service's yes, with its own name for the message if it gives one; or what to do next, and why in words.
pub(crate) type Verdict = Result<Option<String>, (Retry, String)>;

/// Something that belongs to a message and is asked beside it.
pub(crate) struct Step {
    pub(crate) request: Outgoing,
    /// How a sentence begins that says that it failed; the reason follows.
    pub(crate) failed: &'static str,
}

/// Another room for the messages of a channel.
pub(crate) struct Moved {
    pub(crate) room: String,
    /// What a person should do, in words.
    pub(crate) advice: String,
}

/// Why nothing can be asked with what was filled in: a sentence for a person.
#[derive(Debug)]
pub(crate) struct Unusable(pub(crate) String);

fn of(kind: ChannelKind) -> Option<&'static dyn Service> {
    Some(match kind {
        ChannelKind::Slack => &slack::Slack,
        ChannelKind::SlackBot => &slack_bot::SlackBot,
        ChannelKind::Discord => &discord::Discord,
        ChannelKind::Teams => &teams::Teams,
        ChannelKind::GoogleChat => &google_chat::GoogleChat,
        ChannelKind::Mattermost => &mattermost::Mattermost,
        ChannelKind::RocketChat => &rocket_chat::RocketChat,
        ChannelKind::Telegram => &telegram::Telegram,
        ChannelKind::Matrix => &matrix::Matrix,
        ChannelKind::Feishu => &feishu::Feishu,
        ChannelKind::DingTalk => &dingtalk::DingTalk,
        ChannelKind::WeCom => &wecom::WeCom,
        ChannelKind::PagerDuty => &pagerduty::PagerDuty,
        ChannelKind::SplunkOnCall => &splunk_on_call::SplunkOnCall,
        ChannelKind::Alertmanager => &alertmanager::Alertmanager,
        ChannelKind::Ntfy => &ntfy::Ntfy,
        ChannelKind::Pushover => &pushover::Pushover,
        ChannelKind::Gotify => &gotify::Gotify,
        ChannelKind::Bark => &bark::Bark,
        ChannelKind::ServerChan => &serverchan::ServerChan,
        ChannelKind::Twilio => &twilio::Twilio,
        ChannelKind::Apprise => &apprise::Apprise,
        ChannelKind::Email | ChannelKind::Webhook => return None,
    })
}

/// One message on its way to a service.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) config: &'a ServiceChannel,
    pub(crate) notice: &'a Notice,
    pub(crate) brief: &'a Brief,
    /// The same for every message about one incident, and different between installations.
    pub(crate) key: &'a str,
    /// The same of each event that it tells of, in the order of [`Notice::also`] behind its own.
    pub(crate) keys: &'a [(Event, String)],
    /// Where the room is that was filled in, if the service says that it has moved.
    pub(crate) room: Option<&'a str>,
    /// When it is sent.
    pub(crate) at: Timestamp,
}

/// Where a message stands in the life of its incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Trigger,
    Acknowledge,
    Resolve,
    Test,
}

impl Call<'_> {
    pub(crate) fn stage(&self) -> Stage {
        match self.notice.event {
            Event::Opened | Event::Reminder | Event::Flapping => Stage::Trigger,
            Event::Acknowledged => Stage::Acknowledge,
            Event::Resolved => Stage::Resolve,
            Event::Test => Stage::Test,
        }
    }

    /// A test rings nobody.
    pub(crate) fn severity(&self) -> Severity {
        let subject = self.notice.subject.as_ref();
        subject.map_or(Severity::Info, |s| s.incident.severity)
    }

    pub(crate) fn get(&self, field: &str) -> Option<&str> {
        self.config.get(field)
    }

    /// Something without which nothing can be asked; the form does not let it be left out.
    pub(crate) fn need(&self, field: &str) -> Result<&str, Unusable> {
        let missing = || {
            Unusable(format!(
                "The field \"{field}\" of this channel is empty. Fill it in."
            ))
        };
        self.get(field).ok_or_else(missing)
    }

    /// The room that was filled in, or where it is now.
    pub(crate) fn room(&self) -> Result<&str, Unusable> {
        self.room.map_or_else(|| self.need("room"), Ok)
    }

    /// The address that was filled in.
    pub(crate) fn url(&self) -> Result<Url, Unusable> {
        parse(self.need("url")?)
    }

    /// A path below the address of the server, which may have one of its own.
    pub(crate) fn server(&self, path: &[&str]) -> Result<Url, Unusable> {
        let mut url = parse(self.need("server")?)?;
        url.set_query(None);
        url.set_fragment(None);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        Ok(url)
    }

    /// What the service called its message about the opening of this incident; `None` for the opening itself.
    pub(crate) fn opening(&self) -> Option<&str> {
        self.notice.thread_reference.as_deref()
    }

    /// The same, if this message takes its place. Nobody sees that a message has changed, so what is to be seen is a
    /// message of its own.
    pub(crate) fn replaced(&self) -> Option<&str> {
        match self.stage() {
            Stage::Acknowledge | Stage::Resolve => self.opening(),
            Stage::Trigger | Stage::Test => None,
        }
    }
}

/// What the status of an answer means that may say in its body how long to wait.
fn judge_patiently(answer: &Answer, wait: Option<Duration>) -> Result<(), (Retry, String)> {
    answer.judge(CREDENTIALS).map_err(|(retry, reason)| match wait {
        Some(wait) if retry == Retry::Backoff => (after(wait), reason),
        _ => (retry, reason),
    })
}

fn parse(text: &str) -> Result<Url, Unusable> {
    Url::parse(text)
        .map_err(|_| Unusable("The address of this channel is not a URL. Enter it again.".to_owned()))
}
