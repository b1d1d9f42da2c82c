//! The rules of the vocabulary, by table and by property, through its public face alone.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers as well"
)]

mod bounce;
mod channel;
mod condition;
mod csv;
mod deliverability;
mod escalation;
mod host;
mod mail;
mod maintenance;
mod matcher;
mod monitor;
mod policy;
mod reach;
mod recipient;
mod retry;
mod schedule;
mod service;
mod silence;
mod state;
mod text;
mod zone;

use domain::field::{FieldError, FieldErrors};

/// What a complaint is about: field and code.
fn named(e: &FieldError) -> (String, &'static str) {
    assert!(!e.message.trim().is_empty(), "{} has no words", e.code);
    (e.field.clone(), e.code)
}

/// All complaints of something that must be refused.
fn refused<T>(result: Result<T, FieldErrors>) -> Vec<(String, &'static str)> {
    let errors = result.err().map(|e| e.0).expect("this should be refused");
    assert!(!errors.is_empty(), "refused without a word");
    errors.iter().map(named).collect()
}
