//! What holds the alerts of an incident back, for people.

use domain::{
    clock::Timestamp,
    hold::{HeldBy, Hold},
};
use store::Store;

use crate::{Shell, error};

pub(crate) struct Held {
    pub(crate) words: String,
    /// The silence, the maintenance window, or the monitor that is down.
    pub(crate) href: String,
    pub(crate) name: String,
    /// When it ends by itself.
    pub(crate) until: Option<Timestamp>,
}

impl Held {
    pub(crate) async fn read(store: &Store, shell: &Shell, hold: Hold) -> error::Result<Self> {
        let mut author = None;
        // What is gone by now has its number for a name.
        let (id, name) = match hold.by {
            HeldBy::Silence(id) => {
                let silence = store.silences().get(id).await?;
                let (by, reason) = silence.map(|s| (s.author, s.reason)).unzip();
                author = by;
                (id.0, reason)
            }
            HeldBy::Maintenance(id) => {
                let window = store.maintenances().get(id).await?;
                (id.0, window.map(|m| m.config.title))
            }
            HeldBy::Parent(id) => {
                let mut names = store.monitors().names(&[id]).await?;
                (id.0, names.pop().map(|(_, name)| name))
            }
        };
        let name = name.unwrap_or_else(|| format!("#{id}"));
        Ok(Self::new(shell, hold, name, author))
    }

    /// `author`: who made the silence.
    pub(crate) fn new(shell: &Shell, hold: Hold, name: String, author: Option<String>) -> Self {
        let (words, href) = match (hold.by, author) {
            (HeldBy::Silence(id), Some(author)) => (
                shell.t("held-silence-by").arg("author", author),
                format!("/silences/{id}"),
            ),
            (HeldBy::Silence(id), None) => (shell.t("held-silence"), format!("/silences/{id}")),
            (HeldBy::Maintenance(id), _) => (shell.t("held-maintenance"), format!("/maintenance/{id}")),
            (HeldBy::Parent(id), _) => (shell.t("held-parent"), format!("/monitors/{id}")),
        };
        Self {
            words: words.to_string(),
            href,
            name,
            until: hold.until,
        }
    }
}
