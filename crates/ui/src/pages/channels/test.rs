//! The test message: the way of every other message, with somebody waiting for the answer.

use std::sync::PoisonError;

use alert::channel::{Receipt, Retry, SendError};
use axum::{Extension, extract::Path};

use super::{Tests, edit, find};
use crate::{Flash, Shell, SignedIn, error, shell::page};

/// What became of it.
pub(crate) struct Outcome {
    pub(super) ok: bool,
    pub(super) headline: String,
    /// What happened and what to do.
    pub(super) detail: Option<String>,
    /// What an alert that failed like this would do.
    pub(super) fate: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) server: Option<String>,
    pub(super) remote: Option<String>,
    pub(super) step: Option<String>,
    pub(super) reply: Option<String>,
}

/// The answer to a POST and not a redirect: what a test showed is kept nowhere.
pub(super) async fn test(
    signed_in: SignedIn,
    Path(id): Path<String>,
    Extension(tests): Extension<Tests>,
) -> error::Result {
    let channel = find(signed_in.store(), &id).await?;
    let allowed = {
        let mut tests = tests.lock().unwrap_or_else(PoisonError::into_inner);
        tests.take(signed_in.session.user.id, signed_in.visit.app.now())
    };
    if allowed.is_err() {
        let flash = Flash::bad("flash-channel-tests-too-many");
        return Ok(flash.redirect(&signed_in.visit, &format!("/channels/{}", channel.id)));
    }
    let result = signed_in.visit.app.alert.send_test(&channel).await;
    tracing::info!(
        channel.id = channel.id.0,
        ok = result.is_ok(),
        user = signed_in.by(),
        "channel tested"
    );
    let mut view = edit::view(&signed_in, channel, None).await?;
    if let Some(channel) = view.channel.as_mut() {
        channel.outcome = Some(Outcome::new(&view.shell, result));
    }
    page(&view)
}

impl Outcome {
    pub(super) fn new(shell: &Shell, result: Result<Receipt, SendError>) -> Self {
        let (ok, headline, failure, reference, trace) = match result {
            Ok(r) => (true, shell.t("channel-test-ok"), None, r.reference, r.trace),
            Err(e) => (
                false,
                shell.t("channel-test-failed"),
                Some((e.reason, e.retry)),
                None,
                e.trace,
            ),
        };
        let (detail, retry) = failure.unzip();
        let reply = match (trace.reply_code, trace.reply_text) {
            (Some(code), Some(text)) => Some(format!("{code} {text}")),
            (Some(code), None) => Some(code.to_string()),
            (None, text) => text,
        };
        Self {
            ok,
            headline: headline.to_string(),
            detail,
            fate: retry.map(|r| fate(shell, r)),
            reference,
            server: trace.server,
            remote: trace.remote.map(|r| r.to_string()),
            step: trace.step,
            reply,
        }
    }
}

fn fate(shell: &Shell, retry: Retry) -> String {
    let text = match retry {
        Retry::Never => shell.t("retry-never"),
        Retry::Briefly => shell.t("retry-briefly"),
        Retry::Backoff | Retry::Within(_) => shell.t("retry-backoff"),
        Retry::After(wait) => shell.t("retry-after").arg("span", shell.span(&wait)),
        Retry::OnSettings => shell.t("retry-on-settings"),
    };
    text.to_string()
}
