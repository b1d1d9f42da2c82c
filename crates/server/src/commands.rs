//! One module per command; here is what they share.

use std::{process::ExitCode, sync::Arc};

use secrecy::ExposeSecret;
use store::{Store, StoreError};

use crate::{
    cli::{self, Cli, Command},
    clock::SystemClock,
    config::{Config, prepare_data_dir},
    failure::{Code, Failure},
    serve, telemetry,
};

mod admin;
mod healthcheck;
mod mail;
mod token;

pub(crate) fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let config = Config::parse(cli.settings)?;
    let command = cli.command.unwrap_or(Command::Serve);
    if let Command::Healthcheck = command {
        return Ok(healthcheck::run(config.listen));
    }
    // A one-off command prints its result; only what goes wrong belongs in its log.
    let filter = if matches!(command, Command::Serve) {
        config.log.as_str()
    } else {
        "warn"
    };
    telemetry::start(filter, config.log_format)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| {
            Failure::new(
                Code::TryAgain,
                "the program cannot start",
                e,
                "Check the limits on threads and open files.",
            )
        })?;
    runtime.block_on(async {
        match command {
            Command::Serve | Command::Healthcheck => serve::run(config).await,
            Command::Admin(cli::Admin::Create {
                email,
                password_stdin,
            }) => admin::create(&config, &email, password_stdin).await,
            Command::Token(cli::Token::Create { email, name, scope }) => {
                token::create(&config, &email, &name, scope).await
            }
            Command::Mail(cli::Mail::Test { to, dry_run }) => mail::test(&config, &to, dry_run).await,
        }
    })
}

/// Opens the database; works beside a running instance.
pub(crate) async fn open_store(config: &Config) -> Result<Store, Failure> {
    prepare_data_dir(&config.data_dir)?;
    let message_domain = config.public_url.host_str().unwrap_or("localhost").to_owned();
    let options = store::Options {
        url: config.database_url.expose_secret().to_owned(),
        data_dir: config.data_dir.clone(),
        key: config.master_key()?,
        clock: Arc::new(SystemClock),
        message_domain,
    };
    Store::open(options).await.map_err(cannot_open)
}

fn cannot_open(error: StoreError) -> Failure {
    let what = "the database cannot be opened";
    match &error {
        StoreError::NewerSchema { .. } => Failure::new(
            Code::BadData,
            what,
            &error,
            "Run the newer version of Watchbell again, or restore a backup that was made before the upgrade (<data dir>/backups).",
        ),
        error @ (StoreError::Busy | StoreError::Unavailable(_)) => Failure::new(
            Code::TryAgain,
            what,
            error,
            "Check that the database runs and that WATCHBELL_DATABASE_URL is right, then start again.",
        ),
        error => Failure::new(
            Code::BadData,
            what,
            error,
            "Restore the newest file from <data dir>/backups, or report this with the line above.",
        ),
    }
}

/// A command could not do its work because of the database.
pub(crate) fn store_failed(error: StoreError) -> Failure {
    Failure::new(
        Code::TryAgain,
        "the database refused",
        error,
        "Try again; if it stays, read the log of the server.",
    )
}
