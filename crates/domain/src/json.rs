//! Reading a JSON object that a person or a script wrote: every mistake is named by its field, none stops the reading,
//! and a field that nobody asked for is refused by name.

use serde_json::{Map, Value};

use crate::{
    clock::Timestamp,
    field::{FieldError, FieldErrors},
};

/// One object being read. Take fields out, then [`Object::finish`].
#[derive(Debug)]
pub struct Object {
    prefix: String,
    map: Map<String, Value>,
    pub errors: FieldErrors,
}

impl Object {
    /// `prefix` is the path of this object: `""` for a whole body, `"target"` for a part of it.
    pub fn new(prefix: &str, value: Value) -> Result<Self, FieldErrors> {
        match value {
            Value::Object(map) => Ok(Self {
                prefix: prefix.to_owned(),
                map,
                errors: FieldErrors::default(),
            }),
            _ => Err(FieldError::new(prefix, "type-object", "This must be a JSON object.").into()),
        }
    }

    /// The full path of a field of this object.
    pub fn path(&self, name: &str) -> String {
        if self.prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.prefix)
        }
    }

    /// Takes a value out; JSON `null` counts as absent.
    pub fn value(&mut self, name: &str) -> Option<Value> {
        self.map.remove(name).filter(|v| !v.is_null())
    }

    /// Whether a field is there and not `null`.
    pub fn has(&self, name: &str) -> bool {
        self.map.get(name).is_some_and(|v| !v.is_null())
    }

    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(s) => Some(s),
            _ => self.complain(name, "type-text", "This must be a text in quotes."),
        }
    }

    /// A text that must be there (an empty one is left to the field's own parser).
    pub fn required_text(&mut self, name: &str) -> Option<String> {
        if self.map.get(name).is_none_or(Value::is_null) {
            self.map.remove(name);
            return self.complain(name, "required", "This field is required.");
        }
        self.text(name)
    }

    pub fn integer(&mut self, name: &str) -> Option<i64> {
        match self.value(name)?.as_i64() {
            Some(n) => Some(n),
            None => self.complain(name, "type-integer", "This must be a whole number."),
        }
    }

    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Bool(b) => Some(b),
            _ => self.complain(name, "type-boolean", "This must be true or false."),
        }
    }

    /// RFC 3339, with any offset.
    pub fn time(&mut self, name: &str) -> Option<Timestamp> {
        let text = self.text(name)?;
        Timestamp::parse_rfc3339(text.trim()).or_else(|| {
            self.complain(
                name,
                "time-invalid",
                "Write a time with its offset, like 2026-01-31T12:00:00Z.",
            )
        })
    }

    pub fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let Value::Array(items) = self.value(name)? else {
            return self.complain(name, "type-list", "This must be a list.");
        };
        let texts = items.into_iter().map(|v| match v {
            Value::String(s) => Some(s),
            _ => None,
        });
        match texts.collect() {
            Some(texts) => Some(texts),
            None => self.complain(name, "type-text-list", "This must be a list of texts in quotes."),
        }
    }

    pub fn integers(&mut self, name: &str) -> Option<Vec<i64>> {
        let Value::Array(items) = self.value(name)? else {
            return self.complain(name, "type-list", "This must be a list.");
        };
        match items.iter().map(Value::as_i64).collect() {
            Some(numbers) => Some(numbers),
            None => self.complain(name, "type-integer-list", "This must be a list of whole numbers."),
        }
    }

    /// Parses a field that was read; the complaint is kept under the field's full path.
    pub fn parse<T, R>(
        &mut self,
        name: &str,
        raw: Option<R>,
        parse: impl FnOnce(&str, R) -> Result<T, FieldError>,
    ) -> Option<T> {
        let path = self.path(name);
        self.errors.take(parse(&path, raw?))
    }

    /// Reads a part of this object, if it is there; its complaints are kept with the others.
    pub fn part<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str, Value) -> Result<T, FieldErrors>,
    ) -> Option<T> {
        let value = self.value(name)?;
        let path = self.path(name);
        self.errors.absorb(read(&path, value))
    }

    /// Reads a part that must be there.
    pub fn required_part<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str, Value) -> Result<T, FieldErrors>,
    ) -> Option<T> {
        let Some(value) = self.value(name) else {
            return self.complain(name, "required", "This field is required.");
        };
        let path = self.path(name);
        self.errors.absorb(read(&path, value))
    }

    pub fn complain<T>(&mut self, name: &str, code: &'static str, message: &str) -> Option<T> {
        let path = self.path(name);
        self.errors.push(FieldError::new(path, code, message));
        None
    }

    /// Ends the reading: whatever is left in the object is an unknown field.
    pub fn finish(mut self) -> FieldErrors {
        let left: Vec<String> = self.map.keys().map(|k| crate::text::sanitize(k, 60)).collect();
        for name in left {
            let path = self.path(&name);
            self.errors.push(
                FieldError::new(
                    path,
                    "unknown-field",
                    format!("There is no field \"{name}\" here. Remove it or check its spelling."),
                )
                .with("name", name),
            );
        }
        self.errors
    }
}
