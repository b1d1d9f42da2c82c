//! `watchbell admin create`: the way in when the browser is not one.

use std::{
    io::{BufRead, IsTerminal, Write},
    process::ExitCode,
};

use domain::mail::Address;
use store::accounts::Password;

use crate::{
    config::Config,
    failure::{Code, Failure},
};

pub(crate) async fn create(config: &Config, email: &str, from_stdin: bool) -> Result<ExitCode, Failure> {
    let email = Address::parse("email", email).map_err(|e| {
        bad_input(
            "the mail address cannot be used",
            e.message,
            "Example: me@example.org.",
        )
    })?;
    let password = Password::parse("password", &read_password(from_stdin)?).map_err(|e| {
        bad_input(
            "the password cannot be used",
            e.message,
            "Choose another one and try again.",
        )
    })?;
    let store = super::open_store(config).await?;
    store
        .accounts()
        .upsert_admin(&email, &password)
        .await
        .map_err(super::store_failed)?;
    store.close().await;
    let _ = writeln!(
        std::io::stdout(),
        "The administrator {email} can log in. Sessions of this account were ended."
    );
    Ok(ExitCode::SUCCESS)
}

fn read_password(from_stdin: bool) -> Result<String, Failure> {
    let stdin = std::io::stdin();
    if !from_stdin && stdin.is_terminal() {
        let _ = write!(
            std::io::stderr(),
            "New password (it will be visible; use --password-stdin to pipe it in): "
        );
    }
    let mut line = String::new();
    stdin.lock().read_line(&mut line).map_err(|e| {
        bad_input(
            "no password was given",
            e.to_string(),
            "Pipe it in with --password-stdin.",
        )
    })?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        let why = "standard input was empty".to_owned();
        return Err(bad_input(
            "no password was given",
            why,
            "Pipe it in with --password-stdin.",
        ));
    }
    Ok(password.to_owned())
}

fn bad_input(what: &str, why: String, todo: &str) -> Failure {
    Failure::new(Code::BadData, what, why, todo)
}
