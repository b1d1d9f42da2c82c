//! What cannot be undone asks first and names what it ends.

use askama::Template;
use axum::extract::Path;
use store::StoreError;

use super::{Link, Tab, contact, href, show::find, tabs};
use crate::{
    Flash, Section, Shell, SignedIn,
    error::{self, Error},
    shell::page,
};

#[derive(Template)]
#[template(path = "pages/on-call/ask.html")]
pub(crate) struct AskPage {
    shell: Shell,
    tabs: Vec<Link>,
    question: String,
    what: String,
    /// Where the answer goes; `None`: it cannot be done.
    action: Option<String>,
    yes: String,
    back: String,
}

impl AskPage {
    pub(super) fn contact(shell: Shell, id: i64, name: &str, rotations: &[String]) -> Self {
        let what = if rotations.is_empty() {
            shell.t("contact-delete-what")
        } else {
            shell
                .t("contact-delete-needed")
                .arg("rotations", rotations.join(", "))
        };
        Self {
            question: shell.t("contact-delete-question").arg("name", name).to_string(),
            what: what.to_string(),
            action: rotations
                .is_empty()
                .then(|| format!("/on-call/contacts/{id}/delete")),
            yes: shell.t("contact-delete-do").arg("name", name).to_string(),
            back: format!("/on-call/contacts/{id}"),
            tabs: tabs::links(&shell, Tab::OnCall),
            shell,
        }
    }

    pub(super) fn rotation(shell: Shell, href: &str, name: &str) -> Self {
        Self {
            question: shell.t("rotation-delete-question").arg("name", name).to_string(),
            what: shell.t("rotation-delete-what").to_string(),
            action: Some(format!("{href}/delete")),
            yes: shell.t("rotation-delete-do").arg("name", name).to_string(),
            back: href.to_owned(),
            tabs: tabs::links(&shell, Tab::OnCall),
            shell,
        }
    }

    pub(super) fn feed(shell: Shell, href: &str, name: &str) -> Self {
        Self {
            question: shell.t("feed-renew-question").arg("name", name).to_string(),
            what: shell.t("feed-renew-what").to_string(),
            action: Some(format!("{href}/renew")),
            yes: shell.t("feed-renew-do").to_string(),
            back: href.to_owned(),
            tabs: tabs::links(&shell, Tab::OnCall),
            shell,
        }
    }
}

pub(super) async fn contact(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let contact = contact::find(&signed_in, &id).await?;
    let rotations = signed_in.store().contacts().rotations_of(contact.id).await?;
    let shell = signed_in.shell(Section::Alerting, "contact-delete-title");
    page(&AskPage::contact(shell, contact.id.0, &contact.name, &rotations))
}

pub(super) async fn delete_contact(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let found = contact::find(&signed_in, &id).await?;
    match signed_in.store().contacts().delete(found.id).await {
        Ok(_) => {
            tracing::info!(contact.id = found.id.0, user = signed_in.by(), "contact deleted");
            Ok(Flash::good("flash-contact-deleted")
                .about(&found.name)
                .redirect(&signed_in.visit, "/on-call"))
        }
        // Put into a rotation since the page was opened: it says so now.
        Err(StoreError::ContactInUse(_)) => contact(signed_in, Path(id)).await,
        Err(e) => Err(e.into()),
    }
}

pub(super) async fn rotation(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let rotation = find(&signed_in, &id).await?;
    let shell = signed_in.shell(Section::Alerting, "rotation-delete-title");
    page(&AskPage::rotation(shell, &href(&rotation), &rotation.plan.name))
}

pub(super) async fn delete_rotation(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let rotation = find(&signed_in, &id).await?;
    signed_in.store().rotations().delete(rotation.id).await?;
    tracing::info!(
        rotation.id = rotation.id.0,
        user = signed_in.by(),
        "rotation deleted"
    );
    let flash = Flash::good("flash-rotation-deleted").about(&rotation.plan.name);
    Ok(flash.redirect(&signed_in.visit, "/on-call"))
}

pub(super) async fn feed(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let rotation = find(&signed_in, &id).await?;
    let shell = signed_in.shell(Section::Alerting, "feed-renew-title");
    page(&AskPage::feed(shell, &href(&rotation), &rotation.plan.name))
}

pub(super) async fn renew_feed(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let rotation = find(&signed_in, &id).await?;
    if !signed_in.store().rotations().renew_feed(rotation.id).await? {
        return Err(Error::NotFound);
    }
    tracing::info!(
        rotation.id = rotation.id.0,
        user = signed_in.by(),
        "address of a calendar renewed"
    );
    Ok(Flash::good("flash-feed-renewed").redirect(&signed_in.visit, &href(&rotation)))
}
