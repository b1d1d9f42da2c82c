//! A service with an API of its own: chat, paging, push, text messages.
//!
//! What a person fills in differs from service to service and nothing else does, so each is described by its fields
//! ([`Service`], in the [`catalogue`]): the form, the API and what is sealed at rest follow from them.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::Url;

use super::{ChannelKind, catalogue};
use crate::{
    field::FieldError,
    json::Object,
    language::Language,
    target::parse_url,
    text::parse_line,
    zone::{self, Tz},
};

/// What a service wants to know.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    pub kind: ChannelKind,
    pub family: Family,
    pub fields: &'static [ServiceField],
    /// Where its maker says how to get what is to be filled in.
    pub docs: &'static str,
}

/// What services are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Chat,
    /// Wakes whoever is on call, and keeps track of it.
    Paging,
    /// On a telephone.
    Push,
    /// Hands the message on.
    Bridge,
}

/// One thing to fill in.
#[derive(Clone, Copy, Debug)]
pub struct ServiceField {
    pub name: &'static str,
    pub shape: Shape,
    pub need: Need,
    /// Sealed at rest and never shown again.
    pub secret: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One line of at most so many characters.
    Line(usize),
    /// An address by http or https.
    Url,
    /// One of these.
    Choice(&'static [&'static str]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Required,
    Optional,
    /// What counts when it is left empty.
    Default(&'static str),
}

/// A service with what was filled in.
#[derive(Clone, Debug)]
pub struct ServiceChannel {
    service: &'static Service,
    values: BTreeMap<&'static str, FieldValue>,
    /// Of the people who read it; `None` = that of the installation.
    pub language: Option<Language>,
    /// In which their times are; `None` = that of the installation.
    pub timezone: Option<Tz>,
}

#[derive(Clone, Debug)]
enum FieldValue {
    Plain(String),
    Secret(SecretString),
}

impl FieldValue {
    fn exposed(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(secret) => secret.expose_secret(),
        }
    }
}

impl ServiceField {
    pub(super) const fn required(name: &'static str, shape: Shape) -> Self {
        Self {
            name,
            shape,
            need: Need::Required,
            secret: false,
        }
    }

    pub(super) const fn optional(self) -> Self {
        Self {
            need: Need::Optional,
            ..self
        }
    }

    pub(super) const fn default(self, value: &'static str) -> Self {
        Self {
            need: Need::Default(value),
            ..self
        }
    }

    pub(super) const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    fn parse(&self, path: &str, text: &str) -> Result<String, FieldError> {
        match self.shape {
            Shape::Line(most) => parse_line(path, text, most),
            Shape::Url => parse_url(path, text).map(String::from),
            Shape::Choice(known) => {
                let known_text = known.join(", ");
                known
                    .iter()
                    .find(|k| **k == text)
                    .map(|k| (*k).to_owned())
                    .ok_or_else(|| {
                        FieldError::new(path, "choice-unknown", format!("Choose one of: {known_text}."))
                            .with("known", known_text)
                    })
            }
        }
    }
}

impl ServiceChannel {
    pub fn service(&self) -> &'static Service {
        self.service
    }

    pub fn kind(&self) -> ChannelKind {
        self.service.kind
    }

    /// What was filled in or counts without it; secrets too.
    pub fn get(&self, name: &str) -> Option<&str> {
        if let Some(value) = self.values.get(name) {
            return Some(value.exposed());
        }
        let field = self.service.fields.iter().find(|f| f.name == name)?;
        match field.need {
            Need::Default(value) => Some(value),
            Need::Required | Need::Optional => None,
        }
    }

    /// The same where a person may read it.
    pub fn shown(&self, name: &str) -> Option<&str> {
        match self.values.get(name)? {
            FieldValue::Plain(text) => Some(text),
            FieldValue::Secret(_) => None,
        }
    }

    pub fn is_set(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Everything that must not be seen.
    pub fn secret_values(&self) -> impl Iterator<Item = &SecretString> {
        self.values.values().filter_map(|v| match v {
            FieldValue::Secret(secret) => Some(secret),
            FieldValue::Plain(_) => None,
        })
    }

    /// Where it is: the origin of its address.
    pub(super) fn origin(&self) -> Option<String> {
        self.origin_of(|field| field.shape == Shape::Url)
    }

    /// Of the address that is not a secret itself: one that is comes with its own secret in it.
    fn plain_origin(&self) -> Option<String> {
        self.origin_of(|field| field.shape == Shape::Url && !field.secret)
    }

    fn origin_of(&self, which: impl Fn(&ServiceField) -> bool) -> Option<String> {
        let field = self.service.fields.iter().find(|f| which(f))?;
        let url = Url::parse(self.get(field.name)?).ok()?;
        Some(url.origin().ascii_serialization())
    }

    pub(super) fn read(o: &mut Object, kind: ChannelKind, previous: Option<&Self>) -> Option<Self> {
        let service = catalogue::of(kind)?;
        let previous = previous.filter(|p| p.kind() == kind);
        let mut values = BTreeMap::new();
        let mut complete = true;
        // Plain ones first: where they lead decides whether the stored secrets may go there.
        for field in service.fields.iter().filter(|f| !f.secret) {
            match o.text(field.name).filter(|t| !t.trim().is_empty()) {
                Some(text) => match o.parse(field.name, Some(text), |f, t| field.parse(f, &t)) {
                    Some(text) => drop(values.insert(field.name, FieldValue::Plain(text))),
                    None => complete = false,
                },
                None => complete &= field.may_be_empty(o),
            }
        }
        let mut draft = Self {
            service,
            values,
            language: None,
            timezone: None,
        };
        let same_place = previous.is_none_or(|p| p.plain_origin() == draft.plain_origin());
        for field in service.fields.iter().filter(|f| f.secret) {
            let stored = previous.and_then(|p| p.values.get(field.name));
            match (o.text(field.name), stored) {
                (Some(text), _) if !text.trim().is_empty() => {
                    match o.parse(field.name, Some(text), |f, t| field.parse(f, &t)) {
                        Some(text) => {
                            let secret = FieldValue::Secret(text.into());
                            draft.values.insert(field.name, secret);
                        }
                        None => complete = false,
                    }
                }
                // An empty text takes away what may be missing.
                (Some(_), _) | (None, None) => complete &= field.may_be_empty(o),
                (None, Some(stored)) if same_place => {
                    draft.values.insert(field.name, stored.clone());
                }
                (None, Some(_)) => {
                    complete = false;
                    let _: Option<()> = o.complain(
                        field.name,
                        "secret-moved",
                        "It was stored for another server and does not go to a new one by itself. Enter it again.",
                    );
                }
            }
        }
        let language = o.text("language").filter(|t| !t.trim().is_empty());
        draft.language = o.parse("language", language, |f, v| Language::read(f, &v));
        let timezone = o.text("timezone").filter(|t| !t.trim().is_empty());
        draft.timezone = o.parse("timezone", timezone, |f, v| zone::parse(f, &v));
        complete.then_some(draft)
    }

    pub(super) fn to_json(&self) -> Value {
        let mut all = Map::new();
        for field in self.service.fields {
            let shown = self.shown(field.name).map_or(Value::Null, Value::from);
            all.insert(field.name.to_owned(), shown);
        }
        let words = [
            ("language", self.language.map(Language::as_str)),
            ("timezone", self.timezone.map(Tz::name)),
        ];
        all.extend(words.map(|(name, value)| (name.to_owned(), value.map_or(Value::Null, Value::from))));
        all.into()
    }

    pub(super) fn secrets(&self) -> Option<SecretString> {
        let secret = |(name, value): (&&'static str, &FieldValue)| match value {
            FieldValue::Secret(s) => Some(((*name).to_owned(), Value::from(s.expose_secret()))),
            FieldValue::Plain(_) => None,
        };
        let all: Map<String, Value> = self.values.iter().filter_map(secret).collect();
        (!all.is_empty()).then(|| SecretString::from(Value::from(all).to_string()))
    }
}

impl ServiceField {
    /// Complains about a field without which nothing works.
    fn may_be_empty(&self, o: &mut Object) -> bool {
        let required = self.need == Need::Required;
        // A value of another type has its complaint already.
        if required && o.errors.of(&o.path(self.name)).next().is_none() {
            let _: Option<()> = o.complain(self.name, "required", "This field is required.");
        }
        !required
    }
}
