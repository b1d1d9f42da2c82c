//! The binary `watchbell`: command line, configuration, telemetry, wiring and lifecycle.
//!
//! Flow: [`cli`] reads the command line and the environment, [`config`] turns both into settings or into a clear error,
//! [`commands`] run one command each, and [`serve`] wires store, scheduler, dispatcher and web together and stops them
//! in two phases. What this crate does not do: no decision about monitors or messages; those live in `domain`.

use std::process::ExitCode;

mod cli;
mod clock;
mod commands;
mod config;
mod connections;
mod failure;
mod instance;
mod metrics;
mod probes;
mod serve;
mod telemetry;

/// Musl's and glibc's allocators keep what many short-lived tasks touched; resident memory is a promise here.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let command = cli::read();
    match commands::run(command) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
