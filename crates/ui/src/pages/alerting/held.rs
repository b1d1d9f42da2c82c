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
        let name = match hold.by {
            HeldBy::Silence(id) => format!("#{id}"),
            HeldBy::Maintenance(id) => format!("#{id}"),
            HeldBy::Parent(id) => {
                let mut names = store.monitors().names(&[id]).await?;
                names.pop().map_or_else(|| format!("#{id}"), |(_, name)| name)
            }
        };
        Ok(Self::new(shell, hold, name))
    }

    pub(crate) fn new(shell: &Shell, hold: Hold, name: String) -> Self {
        let (key, href) = match hold.by {
            HeldBy::Silence(_) => ("held-silence", "/silences".to_owned()),
            HeldBy::Maintenance(_) => ("held-maintenance", "/maintenance".to_owned()),
            HeldBy::Parent(id) => ("held-parent", format!("/monitors/{id}")),
        };
        Self {
            words: shell.t(key).to_string(),
            href,
            name,
            until: hold.until,
        }
    }
}
