//! One conversation about one message: while it goes on, and what is left of it.

use std::{net::SocketAddr, time::Duration};

use domain::mail::Address;
use tokio::time::Instant;

use super::{
    CertificateReport, Failure, Letter, Observer, Profile, Reply, StepReport, session::Session,
    steps::Progress, transcript,
};
use crate::channel::Trace;

/// What became of one message, whatever became of it.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub result: Result<Accepted, Failure>,
    pub steps: Vec<StepReport>,
    /// `+0.120 s S: …`, `… C: …`, and `… -- …` for what neither side said; the time is since the begin of the
    /// conversation. Holds no password in any form.
    pub transcript: Vec<String>,
    pub trace: Trace,
    /// What the server presented, also when it was refused. `None`: it came to no handshake.
    pub certificate: Option<CertificateReport>,
}

impl Conversation {
    /// It failed before there was a connection.
    pub(crate) fn not_begun(profile: Profile<'_>, failure: Failure, observer: Observer<'_>) -> Self {
        let mut progress = Progress::new(observer);
        progress.begin(failure.step);
        progress.report(failure.step, false, progress.elapsed(), &failure.what);
        let settings = profile.settings;
        let trace = Trace {
            profile: profile.stored.map(|(id, _)| (id, settings.title())),
            settings_revision: profile.revision(),
            server: Some(settings.server.to_string()),
            step: Some(failure.step.to_string()),
            ..Trace::default()
        };
        Self {
            result: Err(failure),
            steps: progress.into_parts().0,
            transcript: Vec::new(),
            trace,
            certificate: None,
        }
    }
}

/// The server's final yes to the end of the data. It says that the server took the message, not that anybody got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub reply: Reply,
    /// The server's own name for the message, if it said one.
    pub queue_id: Option<String>,
    /// Recipients of a shared message that the server did not take; it took the others.
    pub refused: Vec<(Address, Failure)>,
}

/// What is known of a connection, however far the conversation gets.
#[derive(Clone, Default)]
pub(super) struct Seen {
    pub(super) remote: Option<SocketAddr>,
    /// The version of TLS.
    pub(super) tls: Option<String>,
}

/// A conversation that goes on.
pub(super) struct Talk<'a> {
    pub(super) progress: Progress<'a>,
    pub(super) seen: Seen,
    /// What was said on connections that are done with.
    pub(super) transcript: Vec<String>,
    pub(super) began: Instant,
}

impl<'a> Talk<'a> {
    pub(super) fn begin(observer: Observer<'a>) -> Self {
        Self {
            progress: Progress::new(observer),
            seen: Seen::default(),
            transcript: Vec::new(),
            began: Instant::now(),
        }
    }

    /// Submits over a connection that earlier messages used.
    pub(super) async fn go_on(
        &mut self,
        session: Session,
        letter: &Letter,
        within: Duration,
    ) -> Result<(Session, Accepted), Failure> {
        session.resume(within);
        self.seen = session.seen().clone();
        let wire = session.wire.clone();
        let submitted = session.deliver(letter, &mut self.progress).await;
        if submitted.is_err() {
            self.transcript = wire.transcript();
        }
        submitted
    }

    /// The connection was of no more use for this message, which goes on with a new one.
    pub(super) fn give_up(&mut self, failure: &Failure) {
        self.progress
            .missed(&format!("on the open connection: {}", failure.what));
        let passed = self.began.elapsed();
        self.transcript.push(transcript::line(
            passed,
            "--",
            "this connection takes no further message; a new one is opened",
        ));
    }

    pub(super) fn end(mut self, profile: Profile<'_>, result: Result<Accepted, Failure>) -> Conversation {
        if let Err(failure) = &result {
            let took = self.progress.elapsed();
            self.progress.report(failure.step, false, took, &failure.what);
        }
        let step = self.progress.current();
        let reply = match &result {
            Ok(accepted) => Some(&accepted.reply),
            Err(failure) => failure.reply.as_ref(),
        };
        let Self {
            progress,
            seen: Seen { remote, tls },
            transcript,
            began,
        } = self;
        let server = profile.settings.server.to_string();
        tracing::debug!(
            mail.server = %server,
            mail.settings_revision = profile.revision(),
            mail.step = %step,
            mail.accepted = result.is_ok(),
            duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "mail conversation ended"
        );
        let trace = Trace {
            profile: profile.stored.map(|(id, _)| (id, profile.settings.title())),
            settings_revision: profile.revision(),
            remote,
            server: Some(server),
            step: Some(step.to_string()),
            tls,
            reply_code: reply.map(|r| r.code),
            enhanced_code: reply.and_then(Reply::enhanced).map(str::to_owned),
            reply_text: reply.map(Reply::text),
            transcript: Some(transcript.join("\n")).filter(|t| !t.is_empty()),
            // Of mail the breaker of its profile keeps count.
            rejection: None,
        };
        let (steps, certificate) = progress.into_parts();
        Conversation {
            result,
            steps,
            transcript,
            trace,
            certificate,
        }
    }
}
