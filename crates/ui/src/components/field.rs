//! A form: what was typed, what is wrong with it, and its fields.

use std::{collections::BTreeMap, fmt};

use askama::{Template, filters::HtmlSafe};
use domain::field::{FieldError, FieldErrors};

use crate::{Shell, locale::Language};

/// What was typed and what is wrong with it. Secrets are never in here, so they are never echoed.
#[derive(Clone, Debug, Default)]
pub struct Form {
    values: BTreeMap<String, String>,
    errors: FieldErrors,
    language: Language,
}

impl Form {
    pub fn new(language: Language) -> Self {
        Self {
            language,
            ..Self::default()
        }
    }

    /// What came in, without the token and without the fields named in `secrets`.
    pub fn typed(language: Language, pairs: &[(String, String)], secrets: &[&str]) -> Self {
        let mut form = Self::new(language);
        for (name, value) in pairs {
            if name != crate::security::csrf::FIELD && !secrets.contains(&name.as_str()) {
                form.values.insert(name.clone(), value.clone());
            }
        }
        form
    }

    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.values.insert(name.to_owned(), value.to_string());
        self
    }

    /// A box that is ticked.
    pub fn tick(self, name: &str, ticked: bool) -> Self {
        if ticked { self.with(name, "on") } else { self }
    }

    pub fn refused(mut self, errors: FieldErrors) -> Self {
        self.errors = errors;
        self
    }

    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    pub fn is(&self, name: &str, value: &str) -> bool {
        self.value(name) == value
    }

    pub fn ticked(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Everything that was typed, as a browser would send it again.
    pub fn pairs(&self) -> Vec<(String, String)> {
        self.values.iter().map(|(n, v)| (n.clone(), v.clone())).collect()
    }

    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// What is wrong with this field, in the reader's language.
    pub fn errors(&self, name: &str) -> Vec<String> {
        self.errors.of(name).map(|e| self.language.complaint(e)).collect()
    }

    /// Complaints about anything but `names`: shown above the form, so that none is lost.
    pub fn other_errors(&self, names: &[&str]) -> Vec<String> {
        let other = |e: &&FieldError| !names.contains(&e.field.as_str());
        self.errors
            .0
            .iter()
            .filter(other)
            .map(|e| self.language.complaint(e))
            .collect()
    }

    /// A field of this form, ready to print.
    pub fn field(&self, kind: &'static str, name: &str, label: impl fmt::Display) -> Field {
        Field {
            kind,
            id: name.replace('.', "-"),
            label: label.to_string(),
            value: self.value(name).to_owned(),
            ticked: self.ticked(name),
            errors: self.errors(name),
            name: name.to_owned(),
            hint: String::new(),
            placeholder: String::new(),
            autocomplete: "off",
            inputmode: "",
            list: String::new(),
            required: false,
            autofocus: false,
            rows: 0,
            choices: Vec::new(),
        }
    }

    pub fn text(&self, name: &str, label: impl fmt::Display) -> Field {
        self.field("text", name, label)
    }

    pub fn email(&self, name: &str, label: impl fmt::Display) -> Field {
        self.field("email", name, label)
    }

    pub fn number(&self, name: &str, label: impl fmt::Display) -> Field {
        self.field("number", name, label)
    }

    /// Always empty: a stored or typed password is not sent to a browser.
    pub fn password(&self, name: &str, label: impl fmt::Display) -> Field {
        let mut field = self.field("password", name, label);
        field.value.clear();
        field
    }

    pub fn area(&self, name: &str, label: impl fmt::Display, rows: u32) -> Field {
        let mut field = self.field("area", name, label);
        field.rows = rows;
        field
    }

    pub fn checkbox(&self, name: &str, label: impl fmt::Display) -> Field {
        self.field("checkbox", name, label)
    }

    /// One of several, all visible, each with its meaning: add them by [`Field::choice`].
    pub fn radio(&self, name: &str, label: impl fmt::Display) -> Field {
        self.field("radio", name, label)
    }

    /// One of several in a list: add them by [`Field::choice`].
    pub fn select(&self, name: &str, label: impl fmt::Display) -> Field {
        self.field("select", name, label)
    }
}

/// One labelled control with its hint and its complaints, tied together for screen readers.
#[derive(Clone, Debug, Template)]
#[template(path = "components/field.html")]
pub struct Field {
    kind: &'static str,
    id: String,
    name: String,
    label: String,
    value: String,
    ticked: bool,
    errors: Vec<String>,
    hint: String,
    placeholder: String,
    autocomplete: &'static str,
    inputmode: &'static str,
    list: String,
    required: bool,
    autofocus: bool,
    rows: u32,
    choices: Vec<Choice>,
}

impl HtmlSafe for Field {}

/// One of the values of a select or radio field.
#[derive(Clone, Debug)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub hint: String,
}

impl Field {
    pub fn hint(mut self, text: impl fmt::Display) -> Self {
        self.hint = text.to_string();
        self
    }

    pub fn placeholder(mut self, text: impl fmt::Display) -> Self {
        self.placeholder = text.to_string();
        self
    }

    /// A token of the HTML standard: `username`, `current-password`, `new-password`, …
    pub fn autocomplete(mut self, token: &'static str) -> Self {
        self.autocomplete = token;
        self
    }

    pub fn inputmode(mut self, mode: &'static str) -> Self {
        self.inputmode = mode;
        self
    }

    /// The id of a `datalist` with suggestions.
    pub fn suggestions(mut self, id: &str) -> Self {
        id.clone_into(&mut self.list);
        self
    }

    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub fn autofocus(mut self) -> Self {
        self.autofocus = true;
        self
    }

    pub fn choice(self, value: impl fmt::Display, label: impl fmt::Display) -> Self {
        self.choice_with(value, label, "")
    }

    pub fn choice_with(
        mut self,
        value: impl fmt::Display,
        label: impl fmt::Display,
        hint: impl fmt::Display,
    ) -> Self {
        self.choices.push(Choice {
            value: value.to_string(),
            label: label.to_string(),
            hint: hint.to_string(),
        });
        self
    }

    pub fn choices(mut self, choices: &[Choice]) -> Self {
        self.choices.extend_from_slice(choices);
        self
    }

    /// The ids that describe the control.
    fn described_by(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.id));
        let error = (!self.errors.is_empty()).then(|| format!("{}-error", self.id));
        [hint, error].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

impl Shell {
    /// An empty form in the language of the page.
    pub fn form(&self) -> Form {
        Form::new(self.language)
    }
}
