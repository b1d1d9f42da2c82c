//! Deleting a policy, and what its monitors have then.

use askama::Template;
use axum::extract::Path;
use domain::{id::MonitorId, policy::Policy};
use store::{Because, Store};

use super::find;
use crate::{Flash, Section, Shell, SignedIn, error, shell::page};

/// Monitors that the page names.
const MOST_USERS: u64 = 20;

#[derive(Template)]
#[template(path = "pages/policies/delete.html")]
pub(crate) struct DeletePage {
    pub(super) shell: Shell,
    pub(super) href: String,
    pub(super) name: String,
    pub(super) default: bool,
    pub(super) tags: Vec<String>,
    pub(super) users: Vec<User>,
    /// More than are listed.
    pub(super) more: u64,
}

/// A monitor that names the policy.
pub(crate) struct User {
    pub(super) id: MonitorId,
    pub(super) name: String,
    /// What it has afterwards.
    pub(super) then: String,
    pub(super) nobody: bool,
}

pub(super) async fn ask(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let store = signed_in.store();
    let policy = find(store, &id).await?;
    let shell = signed_in.shell(Section::Alerting, "policy-delete-title");
    let listed = store.monitors().with_policy(policy.id, MOST_USERS).await?;
    let count = store.policies().named_by(policy.id).await?;
    let more = count.saturating_sub(listed.len() as u64);
    let mut users = Vec::with_capacity(listed.len());
    for (id, name) in listed {
        let (then, nobody) = afterwards(store, &shell, &policy, id).await?;
        users.push(User {
            id,
            name,
            then,
            nobody,
        });
    }
    page(&DeletePage {
        href: format!("/policies/{}", policy.id),
        name: policy.config.name,
        default: policy.config.default,
        tags: policy.config.tags,
        users,
        more,
        shell,
    })
}

/// What the rules give a monitor without the policy, in words, and whether that is nobody.
async fn afterwards(
    store: &Store,
    shell: &Shell,
    policy: &Policy,
    id: MonitorId,
) -> error::Result<(String, bool)> {
    let Some(monitor) = store.monitors().get(id).await? else {
        return Ok((String::new(), false));
    };
    if !monitor.config.channels.is_empty() {
        return Ok((shell.t("policy-then-own").to_string(), false));
    }
    let text = match store.policies().by_rule(&monitor, Some(policy.id)).await? {
        Some((other, Because::Tag(tag))) => {
            let text = shell.t("policy-then-tag").arg("tag", tag);
            text.arg("policy", other.config.name)
        }
        Some((other, _)) => shell.t("policy-then-default").arg("policy", other.config.name),
        None => return Ok((shell.t("policy-then-nobody").to_string(), true)),
    };
    Ok((text.to_string(), false))
}

pub(super) async fn delete(signed_in: SignedIn, Path(id): Path<String>) -> error::Result {
    let policy = find(signed_in.store(), &id).await?;
    signed_in.store().policies().delete(policy.id).await?;
    tracing::info!(policy.id = policy.id.0, user = signed_in.by(), "policy deleted");
    Ok(Flash::good("flash-policy-deleted")
        .about(&policy.config.name)
        .redirect(&signed_in.visit, "/policies"))
}
