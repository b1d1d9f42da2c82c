//! Logging in to mail servers with OAuth 2.0: a real store, a scripted authorization server and a scripted mail server.

mod account;
mod connecting;
mod renewing;
mod secrets;

#[path = "../scene/mod.rs"]
mod scene;
