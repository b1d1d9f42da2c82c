//! The schema: one file per migration, string identifiers only.
//!
//! A migration is frozen once released: what it creates is written out in it, so that a later change of the store's
//! rows cannot change what an old database is upgraded through. Every migration runs in a transaction on both
//! databases, so a killed upgrade leaves either the old schema or the new one.
//!
//! What this crate does not do: locking, backing up before, refusing a newer database. `store` does that around it.

// `MigrationTrait` is written so, and async_trait demands the same lifetimes of its implementations.
#![expect(elided_lifetimes_in_paths, reason = "the signature is sea-orm-migration's")]

use sea_orm_migration::prelude::*;

mod m20261123_000001_monitors;
mod m20261123_000002_incidents;
mod m20261123_000003_outbox;
mod m20261123_000004_samples;
mod m20261123_000005_settings;
mod m20261123_000006_accounts;
mod m20261126_000007_mail_profiles;
mod m20261126_000008_mail_messages;
mod m20261126_000009_mail_recipients;
mod m20261126_000010_mail_tokens;
mod m20261126_000011_setting_changes;
mod m20261126_000012_mail_canary;
mod m20261126_000013_policies;
mod m20261126_000014_digests;
mod m20261126_000015_offline_gaps;
mod m20261126_000016_on_call;
mod m20261126_000017_silences;
mod m20261126_000018_own_incidents;
mod m20261127_000019_incident_kinds;
mod m20261127_000020_told_on_call;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_monitors::Migration),
            Box::new(m20261123_000002_incidents::Migration),
            Box::new(m20261123_000003_outbox::Migration),
            Box::new(m20261123_000004_samples::Migration),
            Box::new(m20261123_000005_settings::Migration),
            Box::new(m20261123_000006_accounts::Migration),
            Box::new(m20261126_000007_mail_profiles::Migration),
            Box::new(m20261126_000008_mail_messages::Migration),
            Box::new(m20261126_000009_mail_recipients::Migration),
            Box::new(m20261126_000010_mail_tokens::Migration),
            Box::new(m20261126_000011_setting_changes::Migration),
            Box::new(m20261126_000012_mail_canary::Migration),
            Box::new(m20261126_000013_policies::Migration),
            Box::new(m20261126_000014_digests::Migration),
            Box::new(m20261126_000015_offline_gaps::Migration),
            Box::new(m20261126_000016_on_call::Migration),
            Box::new(m20261126_000017_silences::Migration),
            Box::new(m20261126_000018_own_incidents::Migration),
            Box::new(m20261127_000019_incident_kinds::Migration),
            Box::new(m20261127_000020_told_on_call::Migration),
        ]
    }
}
