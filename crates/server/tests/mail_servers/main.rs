//! The built binary against real mail servers: Postfix, Exim and aiosmtpd, started by the tests.
//! `scripts/lib/mail-servers install` fetches them.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot set its scene must fail at once and loudly"
)]

mod aiosmtpd;
mod case;
mod command;
mod exim;
mod letter;
mod postfix;
mod stripped;
