//! Who saved what of the mail profiles, in the log: the names of the fields that changed, and never a value. It stands
//! behind every save, so that no way to save is without it.

use super::MailProfile;

pub(super) fn saved(profile: &MailProfile) {
    let MailProfile {
        id,
        revision,
        settings,
        saved_by,
        changed,
        ..
    } = profile;
    tracing::info!(
        mail.profile = id.0,
        settings.revision = revision,
        settings.saved_by = saved_by,
        settings.changed = changed.join(", "),
        "mail settings saved"
    );
    if !settings.verify_certificate {
        tracing::warn!(
            mail.profile = id.0,
            settings.revision = revision,
            settings.saved_by = saved_by,
            "mail settings saved without the certificate check: anybody on the way can read the password"
        );
    }
    if settings.allow_insecure_auth {
        tracing::warn!(
            mail.profile = id.0,
            settings.revision = revision,
            settings.saved_by = saved_by,
            "mail settings saved that let the password travel unencrypted"
        );
    }
}
