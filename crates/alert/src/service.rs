//! Services with an API of their own. Each has one file here, which says what is asked of it and what its answers mean;
//! what a person fills in stands in [`domain::channel::catalogue`].
//!
//! Flow: [`Sender`] puts together what there is to say ([`Brief`]) in the language of those who read it, asks the
//! service's file for the request, exchanges it through the egress policy (`http`), and asks the file what the answer
//! means. What a target or a person put into a message is text and nothing else: each file escapes it for its service.

use std::{borrow::Cow, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    attention::Rejection,
    channel::{ChannelKind, ServiceChannel},
    clock::Timestamp,
    delivery::{Event, Notice},
    policy::Severity,
};
use reqwest::header::AUTHORIZATION;
use secrecy::SecretString;
use store::Store;
use url::Url;

use crate::{
    channel::{Channel, Receipt, Retry, SendError, Trace},
    http::{Answer, Http, Redactor, answer::after},
    lifecycle,
    links::{Links, Pages},
    message::{Brief, Reader},
};

mod escape;
mod outgoing;
mod plain;
mod said;

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
pub(crate) struct Call<'a> {
    pub(crate) config: &'a ServiceChannel,
    pub(crate) notice: &'a Notice,
    pub(crate) brief: &'a Brief,
    /// The same for every message about one incident, and different between installations.
    pub(crate) key: &'a str,
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
            Event::Opened | Event::Reminder | Event::Flapping | Event::CertificateExpiring => Stage::Trigger,
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

/// The service's verdict. Who asks for patience by the status gets it, and as long as the header says, whatever word or
/// number the body has beside it.
fn judge(service: &dyn Service, answer: &Answer) -> Verdict {
    let verdict = service.judge(answer);
    let (Err((retry, reason)), true) = (&verdict, answer.asks_for_patience()) else {
        return verdict;
    };
    let general = answer.judge(CREDENTIALS);
    match (retry, general) {
        (Retry::After(_) | Retry::Within(_), _)
        | (_, Ok(()))
        | (Retry::Backoff, Err((Retry::Backoff, _))) => verdict,
        (Retry::Backoff, Err((general, _))) => Err((general, reason.clone())),
        (Retry::Never | Retry::Briefly | Retry::OnSettings, Err(general)) => Err(general),
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

/// One channel of a service.
pub(crate) struct Sender {
    pub(crate) http: Arc<Http>,
    pub(crate) links: Links,
    pub(crate) store: Store,
    pub(crate) config: ServiceChannel,
}

#[async_trait]
impl Channel for Sender {
    async fn send(&self, notice: &Notice) -> Result<Receipt, SendError> {
        let refused = |retry, reason: String| SendError::new(retry, reason, Trace::default());
        let general = self.store.settings().general().await.map_err(|error| {
            let reason = format!("The settings could not be read: {error}. It is tried again.");
            refused(Retry::Backoff, reason)
        })?;
        let Some(service) = of(self.config.kind()) else {
            let reason = "This version of Watchbell does not know the service of this channel.";
            return Err(refused(Retry::OnSettings, reason.to_owned()));
        };
        let notice = if service.keeps_incidents(&self.config) {
            lifecycle::current(notice)
        } else {
            Cow::Borrowed(notice)
        };
        let notice = &*notice;
        let now = self.http.now();
        let reader = Reader::new(&general, (self.config.language, self.config.timezone), now);
        let pages = Pages {
            links: &self.links,
            token: &|incident| {
                let links = self.store.acknowledgements();
                links.token(incident, notice.channel, &notice.recipient)
            },
        };
        let brief = Brief::new(notice, pages, reader);
        let key = self.links.key(notice);
        let call = Call {
            config: &self.config,
            notice,
            brief: &brief,
            key: &key,
            at: now,
        };
        let (mut answer, mut redactor) = self.ask(service, &call).await?;
        if call.opening().is_some() && service.lost(&answer) {
            let alone = Notice {
                thread_reference: None,
                ..notice.clone()
            };
            let call = Call {
                notice: &alone,
                ..call
            };
            (answer, redactor) = self.ask(service, &call).await?;
        }
        match judge(service, &answer) {
            Ok(reference) => Ok(Receipt {
                reference: reference.map(|r| redactor.clean(&r)),
                trace: answer.trace,
                ..Receipt::default()
            }),
            Err((retry, reason)) => {
                // What only other settings help against is about the channel, in whatever form it was said.
                let by_settings = (retry == Retry::OnSettings).then_some(Rejection::Unauthorised);
                let rejection = service.rejects(&answer).or(by_settings);
                let trace = Trace {
                    rejection: rejection.filter(|_| !answer.asks_for_patience()),
                    ..answer.trace
                };
                Err(SendError::new(retry, redactor.clean(&reason), trace))
            }
        }
    }
}

impl Sender {
    async fn ask(&self, service: &dyn Service, call: &Call<'_>) -> Result<(Answer, Redactor), SendError> {
        let request = service
            .request(call)
            .and_then(Outgoing::into_request)
            .map_err(|Unusable(reason)| SendError::new(Retry::OnSettings, reason, Trace::default()))?;
        // Some logins hold the secret in other letters (RFC 7617).
        let login = request.headers().get(AUTHORIZATION);
        let login = login.and_then(|v| v.to_str().ok()).map(SecretString::from);
        // Some repeat the message, and more people read the log than were told.
        let proof = call.brief.proof().map(SecretString::from);
        let secrets: Vec<&SecretString> = self.config.secret_values().chain(&login).chain(&proof).collect();
        let redactor = Redactor::new(request.url(), &secrets);
        let answer = self.http.exchange(request, &redactor).await?;
        Ok((answer, redactor))
    }
}
