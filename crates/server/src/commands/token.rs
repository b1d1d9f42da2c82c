//! `watchbell token create`: a token for scripts, alone on standard output.

use std::{io::Write, process::ExitCode};

use secrecy::ExposeSecret;

use crate::{
    cli::Scope,
    config::Config,
    failure::{Code, Failure},
};

pub(crate) async fn create(
    config: &Config,
    email: &str,
    name: &str,
    scope: Scope,
) -> Result<ExitCode, Failure> {
    let name = domain::text::parse_line("name", name, domain::monitor::LONGEST_NAME).map_err(|e| {
        Failure::new(
            Code::BadData,
            "the name of the token cannot be used",
            e.message,
            "Example: --name backup-script",
        )
    })?;
    let store = super::open_store(config).await?;
    let accounts = store.accounts();
    let user = accounts
        .user_by_email(email)
        .await
        .map_err(super::store_failed)?
        .ok_or_else(|| {
            Failure::new(
                Code::BadData,
                format!("there is no account {}", domain::text::sanitize(email, 80)),
                "nobody with this mail address has been created",
                "Create the administrator first: watchbell admin create --email …",
            )
        })?;
    let scope = match scope {
        Scope::Read => store::accounts::Scope::Read,
        Scope::Write => store::accounts::Scope::Write,
        Scope::Push => store::accounts::Scope::Push,
    };
    let token = accounts
        .create_token(user.id, &name, scope, None)
        .await
        .map_err(super::store_failed)?;
    store.close().await;
    let _ = writeln!(std::io::stdout(), "{}", token.expose_secret());
    Ok(ExitCode::SUCCESS)
}
