//! Mail addresses.

use crate::{
    id::ProfileId,
    json::Object,
    language::Language,
    mail::Address,
    zone::{self, Tz},
};

/// Every address gets a message of its own; `cc` and `bcc` are kept apart because people think in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailChannel {
    pub to: Vec<Address>,
    pub cc: Vec<Address>,
    pub bcc: Vec<Address>,
    /// Of the people who read it; `None` = that of the installation.
    pub language: Option<Language>,
    /// In which their times are; `None` = that of the installation.
    pub timezone: Option<Tz>,
    /// The mail profile that is used first; `None`: the first in order.
    pub profile: Option<ProfileId>,
}

const MOST_RECIPIENTS: usize = 50;

impl EmailChannel {
    pub(super) fn read(o: &mut Object) -> Option<Self> {
        let mut list = |name: &str, required: bool| {
            let texts = o.texts(name).unwrap_or_default();
            if texts.len() > MOST_RECIPIENTS {
                return o.complain(name, "recipients-too-many", "Use at most 50 addresses.");
            }
            if required && texts.is_empty() && o.errors.of(&o.path(name)).next().is_none() {
                return o.complain(name, "recipients-missing", "Enter at least one mail address.");
            }
            o.parse(name, Some(texts), |f, v| {
                v.iter().map(|t| Address::parse(f, t)).collect()
            })
        };
        let (to, cc, bcc) = (list("to", true), list("cc", false), list("bcc", false));
        let language = o.text("language").filter(|t| !t.trim().is_empty());
        let language = o.parse("language", language, |f, v| Language::read(f, &v));
        let timezone = o.text("timezone").filter(|t| !t.trim().is_empty());
        let timezone = o.parse("timezone", timezone, |f, v| zone::parse(f, &v));
        let profile = o.integer("profile").map(ProfileId);
        Some(Self {
            to: to?,
            cc: cc?,
            bcc: bcc?,
            language,
            timezone,
            profile,
        })
    }
}
