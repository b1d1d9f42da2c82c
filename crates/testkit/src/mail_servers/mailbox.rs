//! What a server delivered.

use std::{fs, path::PathBuf, time::Duration};

use crate::wait_for;

/// A maildir.
#[derive(Clone, Debug)]
pub struct Mailbox(PathBuf);

impl Mailbox {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self(dir)
    }

    /// Every message, byte for byte as the server stored it: with its own headers on top.
    pub fn messages(&self) -> Vec<Vec<u8>> {
        let entries = fs::read_dir(self.0.join("new")).into_iter().flatten().flatten();
        entries.filter_map(|entry| fs::read(entry.path()).ok()).collect()
    }

    /// Those to one recipient, by their `To:` line.
    pub fn to(&self, recipient: &str) -> Vec<Vec<u8>> {
        let line = format!("To: {recipient}").to_lowercase();
        let mut all = self.messages();
        all.retain(|m| {
            String::from_utf8_lossy(m)
                .to_lowercase()
                .lines()
                .any(|l| l == line)
        });
        all
    }

    /// Waits for the one message to a recipient.
    pub async fn wait_for(&self, recipient: &str, within: Duration) -> Vec<u8> {
        let what = format!("a message to {recipient} in {}", self.0.display());
        let found = wait_for(within, &what, || async {
            let mut found = self.to(recipient);
            found.pop().map(|message| (message, found.len()))
        })
        .await;
        assert_eq!(found.1, 0, "{recipient} has more than one message");
        found.0
    }
}
