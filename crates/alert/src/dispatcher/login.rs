//! Mail settings that the server refuses (a wrong password) are not tried by every message that is due: an account
//! would be locked, and every try says the same.

use std::time::Duration;

use parking_lot::Mutex;
use store::Store;
use tokio::time::Instant;

use crate::channel::{Receipt, Retry, SendError, Trace};

/// Then one message may try again: the other side may have changed its mind.
const HOLDS_FOR: Duration = Duration::from_mins(15);

/// The last refusal of mail settings as such, if nothing has been accepted since.
#[derive(Default)]
pub(super) struct Refusal(Mutex<Option<Refused>>);

#[derive(Clone)]
struct Refused {
    revision: i64,
    reason: String,
    server: Option<String>,
    at: Instant,
}

impl Refusal {
    /// The answer that the settings of this moment would get, when that is known. Saving settings makes a new
    /// revision, about which nothing is known.
    pub(super) async fn foreseen(&self, store: &Store) -> Option<SendError> {
        let refused = self.0.lock().clone()?;
        if refused.at.elapsed() >= HOLDS_FOR {
            return None;
        }
        let current = store.settings().mail().await.ok()??;
        (current.revision == refused.revision).then(|| {
            let trace = Trace {
                settings_revision: Some(refused.revision),
                server: refused.server,
                ..Trace::default()
            };
            let reason = format!("{} Not tried again with the same settings.", refused.reason);
            SendError::new(Retry::OnSettings, reason, trace)
        })
    }

    /// Learns from a real attempt.
    pub(super) fn note(&self, result: &Result<Receipt, SendError>) {
        match result {
            Ok(_) => *self.0.lock() = None,
            Err(SendError {
                reason,
                retry: Retry::OnSettings,
                trace,
            }) => {
                if let Some(revision) = trace.settings_revision {
                    *self.0.lock() = Some(Refused {
                        revision,
                        reason: reason.clone(),
                        server: trace.server.clone(),
                        at: Instant::now(),
                    });
                }
            }
            Err(_) => {}
        }
    }
}
