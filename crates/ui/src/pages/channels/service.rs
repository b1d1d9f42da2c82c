//! The form of a service: its fields come from the catalogue of the domain, their words from `services.ftl`.

use domain::channel::{Need, Service, ServiceChannel, ServiceField, Shape};
use serde_json::{Map, Value};

use crate::{
    Shell,
    components::{Field, Form},
    pages::form::{ticked, value},
};

pub(super) fn path(field: &ServiceField) -> String {
    format!("config.{}", field.name)
}

/// The box that takes a stored secret away.
fn forget(field: &ServiceField) -> String {
    format!("forget.{}", field.name)
}

/// What was typed, as the `config` of the API.
pub(super) fn body(typed: &[(String, String)], service: &Service) -> Value {
    let text = |field: &ServiceField| {
        let text = value(typed, &path(field));
        match text.trim() {
            // An empty field keeps what is stored, where it cannot be shown.
            "" if field.secret && !ticked(typed, &forget(field)) => Value::Null,
            _ => text.into(),
        }
    };
    let fields = service.fields.iter().map(|f| (f.name.to_owned(), text(f)));
    let mut all: Map<String, Value> = fields.collect();
    for name in ["language", "timezone"] {
        all.insert(name.to_owned(), value(typed, &format!("config.{name}")).into());
    }
    all.into()
}

/// The form of a channel as it is stored.
pub(super) fn stored(form: Form, channel: &ServiceChannel) -> Form {
    let shown = |form: Form, field: &ServiceField| match channel.shown(field.name) {
        Some(text) => form.with(&path(field), text),
        None => form,
    };
    let form = channel.service().fields.iter().fold(form, shown);
    super::fields::reader(form, channel.language, channel.timezone)
}

/// The fields to fill in, those that are usually left alone at the end.
pub(super) fn fields(
    shell: &Shell,
    form: &Form,
    service: &Service,
    channel: Option<&ServiceChannel>,
    is_new: bool,
) -> (Vec<Field>, Vec<Field>) {
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for field in service.fields {
        let set = channel.is_some_and(|c| c.is_set(field.name));
        let list = match field.need {
            Need::Default(_) if field.shape == Shape::Url => &mut last,
            Need::Required | Need::Optional | Need::Default(_) => &mut first,
        };
        list.push(control(shell, form, service, field, is_new));
        if set && field.secret && field.need == Need::Optional {
            list.push(form.checkbox(&forget(field), shell.t("service-forget")));
        }
    }
    (first, last)
}

fn control(shell: &Shell, form: &Form, service: &Service, field: &ServiceField, is_new: bool) -> Field {
    let name = path(field);
    let label = words(shell, service, field, "").unwrap_or_else(|| field.name.to_owned());
    let control = match field.shape {
        Shape::Choice(known) => {
            let chosen = form.value(&name);
            let chosen = if chosen.is_empty() { default(field) } else { chosen };
            let form = form.clone().with(&name, chosen);
            known.iter().fold(form.select(&name, label), |select, choice| {
                let key = format!("service-choice-{}", choice.to_lowercase());
                let words = if shell.language.knows(&key) {
                    shell.t(&key).to_string()
                } else {
                    (*choice).to_owned()
                };
                select.choice(choice, words)
            })
        }
        Shape::Line(_) | Shape::Url if field.secret => {
            let control = form.password(&name, label).autocomplete("new-password");
            if is_new {
                control
            } else {
                control.placeholder(shell.t("channel-kept"))
            }
        }
        Shape::Url => form.field("url", &name, label).placeholder(default(field)),
        Shape::Line(_) => form.text(&name, label).placeholder(default(field)),
    };
    let control = if field.need == Need::Required && (is_new || !field.secret) {
        control.required()
    } else {
        control
    };
    match words(shell, service, field, "-hint") {
        Some(hint) => control.hint(hint),
        None => control,
    }
}

fn default(field: &ServiceField) -> &'static str {
    match field.need {
        Need::Default(value) => value,
        Need::Required | Need::Optional => "",
    }
}

/// The service's own words for a field, else those that all share.
fn words(shell: &Shell, service: &Service, field: &ServiceField, ending: &str) -> Option<String> {
    let kind = service.kind.as_str().replace('_', "-");
    let own = format!("service-{kind}-{}{ending}", field.name);
    let shared = format!("service-field-{}{ending}", field.name);
    let key = [own, shared].into_iter().find(|key| shell.language.knows(key))?;
    Some(shell.t(&key).to_string())
}

/// What it is called, and a sentence about it.
pub(super) fn about(shell: &Shell, service: &Service) -> (String, String) {
    let kind = service.kind.as_str().replace('_', "-");
    let text = |ending: &str| shell.t(&format!("service-{kind}{ending}")).to_string();
    (text(""), text("-about"))
}

#[cfg(test)]
mod tests {
    use domain::channel::catalogue::SERVICES;

    use crate::locale::Language;

    #[test]
    fn every_field_has_words_in_every_language() {
        for language in Language::ALL {
            for service in SERVICES {
                let kind = service.kind.as_str().replace('_', "-");
                for key in [format!("service-{kind}"), format!("service-{kind}-about")] {
                    assert!(language.knows(&key), "{key} in {}", language.tag());
                }
                for field in service.fields {
                    let keys = [
                        format!("service-{kind}-{}", field.name),
                        format!("service-field-{}", field.name),
                    ];
                    assert!(
                        keys.iter().any(|k| language.knows(k)),
                        "{keys:?} in {}",
                        language.tag()
                    );
                }
            }
        }
    }
}
