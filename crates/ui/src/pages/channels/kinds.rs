//! Which kind of channel is to be added.

use askama::Template;
use domain::channel::{ChannelKind, Family, catalogue::SERVICES};

use super::{kind_name, service};
use crate::Shell;

#[derive(Template)]
#[template(path = "pages/channels/kinds.html")]
pub(crate) struct KindsPage {
    pub(super) shell: Shell,
    groups: Vec<Group>,
}

struct Group {
    title: String,
    kinds: Vec<Kind>,
}

struct Kind {
    tag: &'static str,
    name: String,
    about: String,
}

const FAMILIES: [(Family, &str); 4] = [
    (Family::Chat, "channel-family-chat"),
    (Family::Paging, "channel-family-paging"),
    (Family::Push, "channel-family-push"),
    (Family::Bridge, "channel-family-bridge"),
];

impl KindsPage {
    pub(super) fn new(shell: Shell) -> Self {
        let own = [
            (ChannelKind::Email, "channel-kind-email-about"),
            (ChannelKind::Webhook, "channel-kind-webhook-about"),
        ];
        let own = own.map(|(kind, about)| Kind {
            tag: kind.as_str(),
            name: kind_name(&shell, kind),
            about: shell.t(about).to_string(),
        });
        let mut groups = vec![Group {
            title: shell.t("channel-family-own").to_string(),
            kinds: own.into(),
        }];
        for (family, title) in FAMILIES {
            let kinds = SERVICES.iter().filter(|s| s.family == family).map(|s| {
                let (name, about) = service::about(&shell, s);
                Kind {
                    tag: s.kind.as_str(),
                    name,
                    about,
                }
            });
            groups.push(Group {
                title: shell.t(title).to_string(),
                kinds: kinds.collect(),
            });
        }
        Self { shell, groups }
    }
}
