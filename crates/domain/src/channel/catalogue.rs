//! The services that there are, and what each wants to know.

use super::{
    ChannelKind,
    service::{Family, Service, ServiceField, Shape},
};

/// An address that lets in whoever knows it.
const URL: ServiceField = ServiceField::required("url", Shape::Url).secret();
/// The service of a maker has one; of one's own it can be anywhere.
const SERVER: ServiceField = ServiceField::required("server", Shape::Url);
const TOKEN: ServiceField = line("token").secret();
const KEY: ServiceField = line("key").secret();
const USER_KEY: ServiceField = line("user").secret();
const PASSWORD: ServiceField = line("password").secret().optional();
const SIGNING_SECRET: ServiceField = line("secret").secret().optional();
/// Whoever knows it reads and writes it.
const TOPIC: ServiceField = line("topic").secret();
const PRIORITY: ServiceField = choice("priority", &["min", "low", "default", "high", "max"]);
const PUSHOVER_PRIORITY: ServiceField = choice("priority", &["lowest", "low", "normal", "high", "emergency"]);
const NUMBER: ServiceField = choice(
    "priority",
    &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"],
);
const LEVEL: ServiceField = choice("level", &["passive", "active", "timeSensitive", "critical"]);

const fn line(name: &'static str) -> ServiceField {
    ServiceField::required(name, Shape::Line(500))
}

const fn choice(name: &'static str, known: &'static [&'static str]) -> ServiceField {
    ServiceField::required(name, Shape::Choice(known))
}

/// In the order in which they are offered.
pub const SERVICES: &[Service] = &[
    Service {
        kind: ChannelKind::Slack,
        family: Family::Chat,
        fields: &[URL],
        docs: "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
    },
    Service {
        kind: ChannelKind::SlackBot,
        family: Family::Chat,
        fields: &[TOKEN, line("room"), SERVER.default("https://slack.com")],
        docs: "https://docs.slack.dev/reference/methods/chat.postMessage",
    },
    Service {
        kind: ChannelKind::Discord,
        family: Family::Chat,
        fields: &[URL],
        docs: "https://support.discord.com/hc/en-us/articles/228383668-Intro-to-Webhooks",
    },
    Service {
        kind: ChannelKind::Teams,
        family: Family::Chat,
        fields: &[URL],
        docs: "https://support.microsoft.com/en-us/office/create-incoming-webhooks-with-workflows-for-microsoft-teams-8ae491c7-0394-4861-ba59-055e33f75498",
    },
    Service {
        kind: ChannelKind::GoogleChat,
        family: Family::Chat,
        fields: &[URL],
        docs: "https://developers.google.com/workspace/chat/quickstart/webhooks",
    },
    Service {
        kind: ChannelKind::Mattermost,
        family: Family::Chat,
        fields: &[URL, line("room").optional()],
        docs: "https://developers.mattermost.com/integrate/webhooks/incoming/",
    },
    Service {
        kind: ChannelKind::RocketChat,
        family: Family::Chat,
        fields: &[URL],
        docs: "https://docs.rocket.chat/docs/integrations",
    },
    Service {
        kind: ChannelKind::Telegram,
        family: Family::Chat,
        fields: &[
            TOKEN,
            line("room"),
            line("thread").optional(),
            SERVER.default("https://api.telegram.org"),
        ],
        docs: "https://core.telegram.org/bots/features#botfather",
    },
    Service {
        kind: ChannelKind::Matrix,
        family: Family::Chat,
        fields: &[SERVER, TOKEN, line("room")],
        docs: "https://spec.matrix.org/latest/client-server-api/",
    },
    Service {
        kind: ChannelKind::Feishu,
        family: Family::Chat,
        fields: &[URL, SIGNING_SECRET],
        docs: "https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot",
    },
    Service {
        kind: ChannelKind::DingTalk,
        family: Family::Chat,
        fields: &[URL, SIGNING_SECRET],
        docs: "https://open.dingtalk.com/document/orgapp/custom-robot-access",
    },
    Service {
        kind: ChannelKind::WeCom,
        family: Family::Chat,
        fields: &[URL],
        docs: "https://developer.work.weixin.qq.com/document/path/91770",
    },
    Service {
        kind: ChannelKind::PagerDuty,
        family: Family::Paging,
        fields: &[KEY, SERVER.default("https://events.pagerduty.com")],
        docs: "https://support.pagerduty.com/main/docs/services-and-integrations",
    },
    Service {
        kind: ChannelKind::SplunkOnCall,
        family: Family::Paging,
        fields: &[KEY, line("route"), SERVER.default("https://alert.victorops.com")],
        docs: "https://help.victorops.com/knowledge-base/rest-endpoint-integration-guide/",
    },
    Service {
        kind: ChannelKind::Alertmanager,
        family: Family::Paging,
        fields: &[SERVER, line("user").optional(), PASSWORD, TOKEN.optional()],
        docs: "https://prometheus.io/docs/alerting/latest/alerts_api/",
    },
    Service {
        kind: ChannelKind::Ntfy,
        family: Family::Push,
        fields: &[
            TOPIC,
            PRIORITY.default("high"),
            TOKEN.optional(),
            SERVER.default("https://ntfy.sh"),
        ],
        docs: "https://docs.ntfy.sh/publish/",
    },
    Service {
        kind: ChannelKind::Pushover,
        family: Family::Push,
        fields: &[
            TOKEN,
            USER_KEY,
            PUSHOVER_PRIORITY.default("high"),
            line("sound").optional(),
            SERVER.default("https://api.pushover.net"),
        ],
        docs: "https://pushover.net/api",
    },
    Service {
        kind: ChannelKind::Gotify,
        family: Family::Push,
        fields: &[SERVER, TOKEN, NUMBER.default("8")],
        docs: "https://gotify.net/docs/pushmsg",
    },
    Service {
        kind: ChannelKind::Bark,
        family: Family::Push,
        fields: &[
            KEY,
            LEVEL.default("timeSensitive"),
            SERVER.default("https://api.day.app"),
        ],
        docs: "https://bark.day.app/#/en-us/",
    },
    Service {
        kind: ChannelKind::ServerChan,
        family: Family::Push,
        fields: &[KEY, SERVER.default("https://sctapi.ftqq.com")],
        docs: "https://sct.ftqq.com/",
    },
    Service {
        kind: ChannelKind::Twilio,
        family: Family::Push,
        fields: &[
            line("account"),
            TOKEN,
            line("from"),
            line("to"),
            SERVER.default("https://api.twilio.com"),
        ],
        docs: "https://www.twilio.com/docs/messaging/api/message-resource",
    },
    Service {
        kind: ChannelKind::Apprise,
        family: Family::Bridge,
        fields: &[SERVER, KEY, line("tag").optional()],
        docs: "https://github.com/caronc/apprise-api",
    },
];

pub fn of(kind: ChannelKind) -> Option<&'static Service> {
    SERVICES.iter().find(|s| s.kind == kind)
}
