//! A message on its way to a service: what is asked, in which order, and what the answers mean together.

use std::{borrow::Cow, sync::Arc};

use async_trait::async_trait;
use domain::{attention::Rejection, channel::ServiceChannel, delivery::Notice};
use reqwest::header::AUTHORIZATION;
use secrecy::SecretString;
use store::Store;

use super::{CREDENTIALS, Call, Outgoing, Service, Step, Unusable, Verdict, of};
use crate::{
    channel::{Channel, Receipt, Retry, SendError, Trace},
    http::{Answer, Http, Redactor},
    lifecycle,
    links::{Links, Pages},
    message::{Brief, Reader},
};

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
        let told = std::iter::once(notice).chain(&notice.also);
        let keys =
            told.filter_map(|n| Some((n.event, self.links.incident_key(n.subject.as_ref()?.incident.id))));
        let keys: Vec<_> = keys.collect();
        let call = Call {
            config: &self.config,
            notice,
            brief: &brief,
            key: &key,
            keys: &keys,
            room: None,
            at: now,
        };
        let mut notes = Vec::new();
        for step in service.before(&call).map_err(unusable)? {
            if let Err(error) = self.take(service, &call, step).await {
                notes.push(error.reason);
                break;
            }
        }
        let receipt = self.tell(service, &call, notes).await?;
        if let Some(step) = service.afterwards(&call).map_err(unusable)? {
            self.take(service, &call, step).await?;
        }
        Ok(receipt)
    }
}

impl Sender {
    /// The message itself. `notes` are what else is to be said about how it went.
    async fn tell(
        &self,
        service: &dyn Service,
        call: &Call<'_>,
        mut notes: Vec<String>,
    ) -> Result<Receipt, SendError> {
        let (mut answer, mut redactor) = self.ask(service, call).await?;
        if let Some(moved) = service.moved(&answer) {
            notes.push(moved.advice);
            let call = Call {
                room: Some(&moved.room),
                ..*call
            };
            (answer, redactor) = self.ask(service, &call).await?;
        }
        if call.opening().is_some() && service.lost(&answer) {
            let alone = Notice {
                thread_reference: None,
                ..call.notice.clone()
            };
            let call = Call {
                notice: &alone,
                ..*call
            };
            (answer, redactor) = self.ask(service, &call).await?;
        }
        let with_notes = |text: String| {
            let texts: Vec<&str> = notes.iter().map(String::as_str).chain([text.as_str()]).collect();
            redactor.clean(texts.join(" ").trim())
        };
        match judge(service, &answer) {
            Ok(reference) => {
                let mut trace = answer.trace;
                if !notes.is_empty() {
                    trace.reply_text = Some(with_notes(trace.reply_text.unwrap_or_default()));
                }
                Ok(Receipt {
                    reference: reference.map(|r| redactor.clean(&r)),
                    trace,
                    ..Receipt::default()
                })
            }
            Err((retry, reason)) => {
                let trace = refusing(service, answer, retry);
                Err(SendError::new(retry, with_notes(reason), trace))
            }
        }
    }

    /// Something that belongs to the message.
    async fn take(&self, service: &dyn Service, call: &Call<'_>, step: Step) -> Result<(), SendError> {
        let failed = |reason: &str| format!("{} {reason}", step.failed);
        let asked = self.exchange(step.request, call).await;
        let (answer, redactor) = asked.map_err(|error| SendError {
            reason: failed(&error.reason),
            ..error
        })?;
        judge(service, &answer).map(drop).map_err(|(retry, reason)| {
            let reason = redactor.clean(&failed(&reason));
            SendError::new(retry, reason, refusing(service, answer, retry))
        })
    }

    async fn ask(&self, service: &dyn Service, call: &Call<'_>) -> Result<(Answer, Redactor), SendError> {
        let request = service.request(call).map_err(unusable)?;
        self.exchange(request, call).await
    }

    async fn exchange(&self, request: Outgoing, call: &Call<'_>) -> Result<(Answer, Redactor), SendError> {
        let request = request.into_request().map_err(unusable)?;
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

fn unusable(Unusable(reason): Unusable) -> SendError {
    SendError::new(Retry::OnSettings, reason, Trace::default())
}

/// What was seen of a no. What only other settings help against is about the channel, in whatever form it was said, and
/// what passes by itself is not.
fn refusing(service: &dyn Service, answer: Answer, retry: Retry) -> Trace {
    let by_settings = (retry == Retry::OnSettings).then_some(Rejection::Unauthorised);
    let rejection = service.rejects(&answer).or(by_settings);
    Trace {
        rejection: rejection.filter(|_| !answer.asks_for_patience()),
        ..answer.trace
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
