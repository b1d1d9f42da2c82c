//! The bodies that travel, apart from what they mean: requests are read by the domain (it names every mistake), and
//! the draft types here say in the OpenAPI document what it accepts; answers are built from domain values.
//!
//! One rule for secrets: they are written and never read. A secret member `x` reads back as `x_set: true`, be it a
//! field of its own or a header inside `headers`.

use std::time::Duration;

use domain::clock::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::{
    ToSchema,
    openapi::schema::{Object, ObjectBuilder, Type},
};

pub mod bounce;
pub mod channel;
pub mod check;
pub mod deliverability;
pub mod delivery;
pub mod forecast;
pub mod health;
pub mod hours;
pub mod incident;
pub mod mail;
pub mod maintenance;
pub mod matcher;
pub mod messages;
pub mod monitor;
pub mod oauth;
pub mod on_call;
pub mod policy;
pub mod service;
pub mod silence;
pub mod zones;

/// RFC 3339 in UTC with milliseconds.
#[derive(Clone, Copy, Debug, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-01-31T12:00:00.000Z")]
pub struct Time(pub Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339())
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give it back as `cursor` to get the next page; `null` = this was the last one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Of things of which there are few.
    pub(crate) fn whole<R>(all: impl IntoIterator<Item = R>, item: impl FnMut(R) -> T) -> Self {
        Self {
            items: all.into_iter().map(item).collect(),
            next: None,
        }
    }

    pub(crate) fn from<R>(page: store::Page<R>, item: impl FnMut(R) -> T) -> Self {
        Self {
            items: page.items.into_iter().map(item).collect(),
            next: page.next,
        }
    }
}

/// Milliseconds with their fraction: a round trip in a local network takes less than one.
pub(crate) fn ms(d: Duration) -> f64 {
    (d.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

/// The schema of a text that is one of these words.
pub(crate) fn one_of(words: impl IntoIterator<Item = &'static str>) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words))
        .build()
}
