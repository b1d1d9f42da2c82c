//! As much of JSON Schema 2020-12 as the document uses, strictly: a member that the document does not name is a mistake.

use std::collections::BTreeSet;

use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

pub(crate) struct Document(pub(crate) Value);

impl Document {
    pub(crate) fn new(document: Value) -> Self {
        Self(document)
    }

    /// Every documented operation: its path below the base, its method, and what is said of it.
    pub(crate) fn operations(&self) -> impl Iterator<Item = (&str, Method, &Value)> {
        let paths = self.0["paths"].as_object().unwrap();
        paths.iter().flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, operation)| {
                let method = method.to_uppercase().parse().unwrap();
                (path.as_str(), method, operation)
            })
        })
    }

    pub(crate) fn operation(&self, method: &Method, path: &str) -> Option<&Value> {
        let matches = |template: &str| {
            let (t, p) = (template.split('/'), path.split('/'));
            template.split('/').count() == path.split('/').count()
                && t.zip(p).all(|(t, p)| t == p || t.starts_with('{'))
        };
        let exact = self.operations().find(|(t, m, _)| m == method && *t == path);
        exact
            .or_else(|| self.operations().find(|(t, m, _)| m == method && matches(t)))
            .map(|(.., operation)| operation)
    }

    /// Holds an answer against the document. A path or method that is not in it must be refused as such.
    pub(crate) fn check(
        &self,
        method: &Method,
        path: &str,
        status: StatusCode,
        headers: &HeaderMap,
        body: &Value,
    ) {
        let media_type = headers
            .get("content-type")
            .map_or("", |v| v.to_str().unwrap_or_default());
        let media_type = media_type.split(';').next().unwrap_or_default();
        if method == Method::HEAD {
            assert!(body.is_null());
            return;
        }
        if !status.is_success() {
            assert_eq!(media_type, "application/problem+json", "{method} {path} {status}");
            let problem = &self.0["components"]["schemas"]["Problem"];
            self.hold(problem, body, &format!("{method} {path} {status}"));
            assert_eq!(body["status"], status.as_u16());
        }
        let Some(operation) = self.operation(method, path) else {
            assert!(!status.is_success(), "{method} {path} is not in the document");
            return;
        };
        let responses = &operation["responses"];
        let response = match &responses[status.as_str()] {
            Value::Null => &responses["default"],
            named => named,
        };
        if status.is_success() {
            assert!(
                !responses[status.as_str()].is_null(),
                "{method} {path}: {status} is not in the document"
            );
        }
        let content = &response["content"];
        if content.is_null() {
            assert!(
                body.is_null(),
                "{method} {path}: a body that the document does not have"
            );
            return;
        }
        let schema = &content[media_type]["schema"];
        assert!(
            !schema.is_null(),
            "{method} {path} {status}: {media_type:?} is not in the document"
        );
        self.hold(schema, body, &format!("{method} {path} {status}"));
    }

    pub(crate) fn hold(&self, schema: &Value, value: &Value, what: &str) {
        let mut mistakes = Vec::new();
        self.validate(schema, value, "$", &mut mistakes);
        assert!(mistakes.is_empty(), "{what}: {mistakes:#?}\n{value:#}");
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let pointer = reference.strip_prefix('#').unwrap();
                let target = self.0.pointer(pointer);
                self.resolve(target.unwrap_or_else(|| panic!("dangling reference {reference}")))
            }
            None => schema,
        }
    }

    fn validate(&self, schema: &Value, value: &Value, at: &str, mistakes: &mut Vec<String>) {
        let schema = self.resolve(schema);
        if let Some(options) = schema["oneOf"].as_array() {
            let fits = options.iter().any(|option| {
                let mut tried = Vec::new();
                self.validate(option, value, at, &mut tried);
                tried.is_empty()
            });
            if !fits {
                mistakes.push(format!("{at}: none of the alternatives fits {value}"));
            }
            return;
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(t) => vec![t],
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if !types.is_empty() && !types.iter().any(|t| is(t, value)) {
            mistakes.push(format!("{at}: {value} is not {types:?}"));
            return;
        }
        if let Some(words) = schema["enum"].as_array()
            && !words.contains(value)
        {
            mistakes.push(format!("{at}: {value} is not one of {words:?}"));
        }
        if let Some(items) = value.as_array() {
            for (i, item) in items.iter().enumerate() {
                self.validate(&schema["items"], item, &format!("{at}[{i}]"), mistakes);
            }
        }
        if value.is_object() && (types.contains(&"object") || schema.get("allOf").is_some()) {
            self.validate_object(schema, value, at, mistakes);
        }
    }

    fn validate_object(&self, schema: &Value, value: &Value, at: &str, mistakes: &mut Vec<String>) {
        let mut parts = vec![schema];
        parts.extend(
            schema["allOf"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|s| self.resolve(s)),
        );
        let mut known = BTreeSet::new();
        let mut open = false;
        for part in &parts {
            for name in part["required"].as_array().into_iter().flatten() {
                if value.get(name.as_str().unwrap()).is_none() {
                    mistakes.push(format!("{at}.{name} is missing"));
                }
            }
            for (name, property) in part["properties"].as_object().into_iter().flatten() {
                known.insert(name.as_str());
                if let Some(member) = value.get(name) {
                    self.validate(property, member, &format!("{at}.{name}"), mistakes);
                }
            }
            if let additional @ Value::Object(_) = &part["additionalProperties"] {
                open = true;
                for (name, member) in value.as_object().into_iter().flatten() {
                    self.validate(additional, member, &format!("{at}.{name}"), mistakes);
                }
            }
        }
        // `{"type": "object"}` alone means any object.
        open |= known.is_empty();
        for name in value
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
        {
            if !open && !known.contains(name) {
                mistakes.push(format!("{at}.{name} is not in the document"));
            }
        }
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("unknown type {other}"),
    }
}
