//! Channels that delivered nothing since they lost a message: nothing fails silently, and nothing is told for ever.

use domain::delivery::DeliveryState;
use store::outbox::Lost;

use crate::{Shell, components::href};

/// Messages that were not delivered, and nothing by the same channel since.
pub(crate) struct Loss {
    pub(super) href: String,
    pub(super) name: String,
    /// How many, and what became of them.
    pub(super) words: String,
}

pub(super) fn view(shell: &Shell, lost: &[Lost]) -> Vec<Loss> {
    let loss = |lost: &Lost| {
        let channel = lost.channel.to_string();
        let key = if lost.state == DeliveryState::Expired {
            "overview-lost-expired"
        } else {
            "overview-lost-failed"
        };
        Loss {
            href: href(
                "/deliveries",
                &[("state", lost.state.as_str()), ("channel", channel.as_str())],
            ),
            name: lost.name.clone(),
            words: shell.t(key).count("n", lost.messages).to_string(),
        }
    };
    lost.iter().map(loss).collect()
}
