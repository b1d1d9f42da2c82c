//! The profiles in their order, and what can be done with one of them beside changing it.

use alert::Outlook;
use askama::Template;
use axum::extract::Path;
use domain::{
    clock::Timestamp,
    id::ProfileId,
    mail::{MailSettings, Security},
};

use super::{
    HERE,
    in_use::how_it_goes,
    links,
    stored::{Stored, Target, has_unreadable_secret},
    trial,
};
use crate::{
    Flash, Section, Shell, SignedIn,
    components::Mark,
    error::{self, Error},
    locale::Language,
    pages::settings::tabs::{Link, Tab},
    shell::page,
};

/// The list at the head of the page.
pub(super) struct Profiles {
    pub(super) rows: Vec<Row>,
    /// What the next message does, in one sentence.
    pub(super) next: String,
    /// The next message goes.
    pub(super) goes: bool,
}

pub(super) struct Row {
    pub(super) id: ProfileId,
    pub(super) href: String,
    pub(super) title: String,
    /// Server and encryption, where the title does not say them.
    pub(super) server: String,
    pub(super) mark: Mark,
    /// "Primary", "Fallback 1".
    pub(super) role: String,
    pub(super) is_next: bool,
    pub(super) is_here: bool,
    pub(super) enabled: bool,
    /// Switching it would write a new revision, and the secret that cannot be read would be lost.
    pub(super) locked: bool,
    pub(super) is_first: bool,
    pub(super) is_last: bool,
}

impl Profiles {
    pub(super) fn new(language: Language, stored: &Stored, outlook: &Outlook, now: Timestamp) -> Self {
        let here = stored.id();
        let last = stored.profiles.len().saturating_sub(1);
        let rows: Vec<Row> = stored
            .profiles
            .iter()
            .enumerate()
            .map(|(i, p)| {
                let account = stored.account_of(language, p);
                let (shape, key) = how_it_goes(p, account.as_ref(), &stored.health_of(p.id));
                let target = if i == 0 {
                    Target::Primary
                } else {
                    Target::One(p.id)
                };
                Row {
                    id: p.id,
                    href: target.href(),
                    title: p.settings.title(),
                    server: server(language, &p.settings),
                    mark: Mark::new(shape, language.text(key).to_string()),
                    role: if i == 0 {
                        language.text("mail-role-primary").to_string()
                    } else {
                        language.text("mail-role-fallback").arg("n", i).to_string()
                    },
                    is_next: *outlook == Outlook::Uses(p.id),
                    is_here: here == Some(p.id),
                    enabled: p.settings.enabled,
                    locked: has_unreadable_secret(&p.settings),
                    is_first: i == 0,
                    is_last: i == last,
                }
            })
            .collect();
        let next = match outlook {
            Outlook::Uses(id) => {
                let title = rows.iter().find(|r| r.id == *id).map(|r| r.title.as_str());
                language
                    .text("mail-next-uses")
                    .arg("name", title.unwrap_or_default())
            }
            Outlook::Waits { until, .. } => language
                .text("mail-next-waits")
                .arg("seconds", until.since(now).as_secs().max(1)),
            Outlook::Stuck(_) => language.text("mail-next-stuck"),
        };
        Self {
            next: next.to_string(),
            goes: matches!(outlook, Outlook::Uses(_)),
            rows,
        }
    }
}

/// Server (where the title is a name), encryption, user.
fn server(language: Language, settings: &MailSettings) -> String {
    let security = match settings.security {
        Security::Tls => "mail-security-tls",
        Security::StartTls => "mail-security-starttls",
        Security::None => "mail-security-none",
    };
    let named = settings.name.is_some().then(|| settings.server.to_string());
    let user = settings.credentials.as_ref().map(|c| c.username.clone());
    let parts = [named, Some(language.text(security).to_string()), user];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Asks before a profile is deleted.
#[derive(Template)]
#[template(path = "pages/settings/mail/delete.html")]
pub(crate) struct Deletion {
    pub(super) shell: Shell,
    pub(super) tabs: Vec<Link>,
    pub(super) id: ProfileId,
    pub(super) title: String,
    /// Nothing stands in for it.
    pub(super) is_only: bool,
}

pub(super) async fn confirm(who: SignedIn, Path(id): Path<String>) -> error::Result {
    let stored = Stored::read(&who, Target::of(&id)?).await?;
    let current = stored.current().ok_or(Error::NotFound)?;
    let shell = who.shell(Section::Settings, "mail-delete-title");
    page(&Deletion {
        tabs: links(&shell, Tab::Mail),
        id: current.id,
        title: current.settings.title(),
        is_only: stored.profiles.len() == 1,
        shell,
    })
}

pub(super) async fn delete(who: SignedIn, Path(id): Path<String>) -> error::Result {
    let stored = Stored::read(&who, Target::of(&id)?).await?;
    let current = stored.current().ok_or(Error::NotFound)?;
    who.store().mail().delete(current.id).await?;
    tracing::info!(
        mail.profile = current.id.0,
        user.email = who.by(),
        "mail profile deleted"
    );
    Ok(Flash::good("flash-mail-deleted")
        .about(&current.settings.title())
        .redirect(&who.visit, HERE))
}

pub(super) async fn up(who: SignedIn, Path(id): Path<String>) -> error::Result {
    shift(who, &id, Direction::Up).await
}

pub(super) async fn down(who: SignedIn, Path(id): Path<String>) -> error::Result {
    shift(who, &id, Direction::Down).await
}

#[derive(Clone, Copy)]
enum Direction {
    Up,
    Down,
}

/// One place. Where somebody else has changed the order meanwhile nothing happens: the page shows what there is.
async fn shift(who: SignedIn, id: &str, direction: Direction) -> error::Result {
    let stored = Stored::read(&who, Target::of(id)?).await?;
    let id = stored.id().ok_or(Error::NotFound)?;
    let mut order: Vec<ProfileId> = stored.profiles.iter().map(|p| p.id).collect();
    let from = order.iter().position(|other| *other == id).unwrap_or_default();
    let to = match direction {
        Direction::Up => from.checked_sub(1),
        Direction::Down => Some(from + 1).filter(|to| *to < order.len()),
    };
    if let Some(to) = to {
        order.swap(from, to);
        if who.store().mail().reorder(&order).await? {
            tracing::info!(
                mail.profile = id.0,
                mail.position = to,
                user.email = who.by(),
                "mail profile moved"
            );
        }
    }
    Ok(Flash::good("flash-mail-moved").redirect(&who.visit, HERE))
}

pub(super) async fn enable(who: SignedIn, Path(id): Path<String>) -> error::Result {
    switch(who, &id, true).await
}

pub(super) async fn disable(who: SignedIn, Path(id): Path<String>) -> error::Result {
    switch(who, &id, false).await
}

async fn switch(who: SignedIn, id: &str, enabled: bool) -> error::Result {
    let stored = Stored::read(&who, Target::of(id)?).await?;
    let current = stored.current().ok_or(Error::NotFound)?;
    if has_unreadable_secret(&current.settings) {
        return Ok(Flash::bad("flash-mail-locked").redirect(&who.visit, HERE));
    }
    let settings = MailSettings {
        enabled,
        ..current.settings.clone()
    };
    trial::save(&who, Some(current.id), &settings).await?;
    let key = if enabled {
        "flash-mail-on"
    } else {
        "flash-mail-off"
    };
    Ok(Flash::good(key)
        .about(&settings.title())
        .redirect(&who.visit, HERE))
}

/// The next message does not wait for the breaker.
pub(super) async fn try_now(who: SignedIn, Path(id): Path<String>) -> error::Result {
    let target = Target::of(&id)?;
    let stored = Stored::read(&who, target).await?;
    let id = stored.id().ok_or(Error::NotFound)?;
    who.store().mail().try_now(id).await?;
    tracing::info!(
        mail.profile = id.0,
        user.email = who.by(),
        "mail profile is tried now"
    );
    Ok(Flash::good("flash-mail-try-now").redirect(&who.visit, &target.href()))
}
