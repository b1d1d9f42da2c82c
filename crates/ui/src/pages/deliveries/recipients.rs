//! What is known of each mail address, and those that get nothing more.

use askama::Template;
use axum::{Form, extract::Query};
use domain::{
    clock::Timestamp,
    recipient::{Bounce, Cause},
};
use serde::Deserialize;
use store::recipients::{Recipient, RecipientFilter};

use crate::{
    Flash, Section, Shell, SignedIn,
    components::{Pager, href},
    error,
    shell::page,
};

const HERE: &str = "/deliveries/recipients";
const PAGE_SIZE: u32 = 50;

#[derive(Template)]
#[template(path = "pages/deliveries/recipients.html")]
pub(crate) struct RecipientsPage {
    pub(super) shell: Shell,
    pub(super) search: RecipientSearch,
    pub(super) suspended: u64,
    pub(super) rows: Vec<Row>,
    pub(super) pager: Pager,
}

/// The filter, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RecipientSearch {
    pub(super) q: String,
    /// `suspended` or nothing.
    pub(super) state: String,
    pub(super) cursor: String,
}

impl RecipientSearch {
    fn is_active(&self) -> bool {
        !(self.q.is_empty() && self.state.is_empty())
    }

    fn only_suspended(&self) -> bool {
        self.state == "suspended"
    }

    fn with_state(&self, state: &str) -> String {
        href(HERE, &[("q", &self.q), ("state", state)])
    }
}

/// An address, ready to print.
pub(crate) struct Row {
    address: String,
    /// Its messages in the log.
    href: String,
    /// Since when and why, if it is.
    suspended: Option<(Timestamp, String)>,
    last_accepted: Option<Timestamp>,
    last_refusal: Option<(Timestamp, String)>,
    /// Refusals since the last accepted mail.
    refusals: u32,
    bounce: Option<Bounce>,
}

impl Row {
    pub(super) fn new(shell: &Shell, recipient: Recipient) -> Self {
        let Recipient { address, standing } = recipient;
        let suspended = standing.suspended.map(|s| {
            let why = match s.cause {
                Cause::Refused => shell.t("recipient-why-refused"),
                Cause::Bounced => shell.t("recipient-why-bounced"),
            };
            (s.since, why.to_string())
        });
        Self {
            href: href("/deliveries", &[("recipient", &address)]),
            address,
            suspended,
            last_accepted: standing.last_accepted,
            last_refusal: standing.last_refusal,
            refusals: standing.run.map_or(0, |r| r.count),
            bounce: standing.last_bounce,
        }
    }
}

pub(super) async fn list(signed_in: SignedIn, Query(search): Query<RecipientSearch>) -> error::Result {
    let recipients = signed_in.store().recipients();
    let shell = signed_in.shell(Section::Deliveries, "recipients-title");
    let some = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
    let filter = RecipientFilter {
        part: some(&search.q),
        suspended: search.only_suspended(),
        cursor: some(&search.cursor),
        limit: PAGE_SIZE,
    };
    let found = recipients.page(&filter).await?;
    let query = [("q", search.q.as_str()), ("state", &search.state)];
    page(&RecipientsPage {
        suspended: recipients.suspended_count().await?,
        rows: found.items.into_iter().map(|r| Row::new(&shell, r)).collect(),
        pager: Pager::new(
            &shell,
            HERE,
            &query,
            filter.cursor.as_deref(),
            found.next.as_deref(),
        ),
        search,
        shell,
    })
}

#[derive(Deserialize)]
pub(super) struct Enable {
    #[serde(default)]
    address: String,
}

pub(super) async fn enable(signed_in: SignedIn, Form(form): Form<Enable>) -> error::Result {
    let enabled = signed_in.store().recipients().enable(&form.address).await?;
    let flash = if enabled {
        let address = domain::text::sanitize(&form.address, 254);
        tracing::info!(recipient.address = %address, user = signed_in.by(), "recipient enabled again");
        Flash::good("flash-recipient-enabled").about(&address)
    } else {
        Flash::bad("flash-recipient-not-suspended")
    };
    Ok(flash.redirect(&signed_in.visit, HERE))
}
