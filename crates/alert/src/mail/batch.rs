//! The connection that the mails of one batch share.
//!
//! A mail takes the connection out, so that nobody else speaks on it, and puts it back when the server has taken the
//! message. Whatever ends otherwise (a refusal, an error, a panic, a sender that is cancelled) does not put it back. A
//! connection speaks for the settings and the token that it was opened with, and for no others.

use std::{sync::Arc, time::Duration};

use domain::id::ProfileId;
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::{Profile, session::Session};

/// Messages on one connection: enough to spare the handshakes, few enough that no server minds.
const MOST: usize = 20;
/// How long a connection waits for the next message.
const IDLE: Duration = Duration::from_secs(5);
/// A connection that is older takes no further message, however busy it is.
const OLDEST: Duration = Duration::from_mins(5);

/// Has at most one connection, and that only between two messages. Clones share it.
#[derive(Clone)]
pub struct Batch {
    kept: Arc<Mutex<Option<Kept>>>,
    most: usize,
}

struct Kept {
    session: Session,
    key: Key,
    since: Instant,
}

/// What a connection was opened with.
pub(super) struct Key {
    profile: (ProfileId, i64),
    token: Option<SecretString>,
}

impl Key {
    /// `None` for settings that are not saved: nobody can say whether they are the same as others.
    pub(super) fn of(profile: Profile<'_>, token: Option<&SecretString>) -> Option<Self> {
        profile.stored.map(|profile| Self {
            profile,
            token: token.cloned(),
        })
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        let [mine, theirs] = [self, other].map(|key| key.token.as_ref().map(ExposeSecret::expose_secret));
        self.profile == other.profile && mine == theirs
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self::of(MOST)
    }
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch")
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

impl Batch {
    fn of(most: usize) -> Self {
        Self {
            kept: Arc::default(),
            most,
        }
    }

    /// For one message alone.
    pub fn single() -> Self {
        Self::of(1)
    }

    /// The connection for a message with this key, if there is one. Another one says goodbye.
    pub(super) async fn take(&self, key: &Key) -> Option<Session> {
        let kept = self.kept.lock().take()?;
        if kept.key == *key && !kept.is_stale() {
            return Some(kept.session);
        }
        kept.session.close().await;
        None
    }

    /// Whether this connection has a further message before it.
    pub(super) fn goes_on(&self, session: &Session) -> bool {
        session.messages() < self.most && session.opened().elapsed() < OLDEST
    }

    /// Keeps a connection for the next message, or gives it back if there is one already.
    pub(super) fn keep(&self, key: Key, session: Session) -> Option<Session> {
        let mut kept = self.kept.lock();
        if kept.is_some() {
            return Some(session);
        }
        *kept = Some(Kept {
            session,
            key,
            since: Instant::now(),
        });
        None
    }

    /// When the connection will have waited long enough; `None`: there is none that waits.
    pub(crate) fn idle_until(&self) -> Option<Instant> {
        self.kept.lock().as_ref().map(|kept| kept.since + IDLE)
    }

    /// Ends a connection that nobody has used for long: its farewell, to be awaited.
    pub(crate) fn end_idle(&self) -> Option<impl Future<Output = ()> + Send + 'static> {
        let mut kept = self.kept.lock();
        let idle = kept.as_ref().is_some_and(Kept::is_stale);
        let stale = if idle { kept.take() } else { None };
        stale.map(|kept| kept.session.close())
    }

    /// Ends the connection, if there is one: its farewell, to be awaited.
    pub(crate) fn end(&self) -> Option<impl Future<Output = ()> + Send + 'static> {
        self.kept.lock().take().map(|kept| kept.session.close())
    }
}

impl Kept {
    fn is_stale(&self) -> bool {
        self.since.elapsed() >= IDLE
    }
}
