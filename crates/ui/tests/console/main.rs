//! The console as a browser sees it, and the files that it is made of.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers as well"
)]

mod acknowledge;
mod conditions;
mod deliverability;
mod everyday;
mod gate;
mod locales;
mod log;
mod mail;
mod mail_account;
mod mail_profiles;
mod maintenance;
mod messages;
mod oauth;
mod on_call;
mod own_health;
mod policies;
mod second_channel;
mod services;
mod sign_in;
mod silences;
mod sources;
mod templates;
mod unsubscribe;
mod visitor;
mod zones;
