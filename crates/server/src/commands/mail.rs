//! `watchbell mail test`: the saved settings, by the path that alerts take, step by step.

use std::{io::Write, process::ExitCode, sync::Arc};

use alert::Through;
use domain::mail::Address;

use crate::{
    clock::SystemClock,
    config::Config,
    failure::{Code, Failure},
    serve,
};

pub(crate) async fn test(config: &Config, to: &str) -> Result<ExitCode, Failure> {
    let to = Address::parse("to", to).map_err(|e| {
        Failure::new(
            Code::BadData,
            "the mail address cannot be used",
            e.message,
            "Example: --to me@example.org",
        )
    })?;
    let store = super::open_store(config).await?;
    if store
        .mail()
        .primary()
        .await
        .map_err(super::store_failed)?
        .is_none()
    {
        return Err(Failure::new(
            Code::BadConfig,
            "no mail was sent",
            "mail is not set up, and there is no default server",
            format!(
                "Enter the mail server in the browser: {}settings/mail",
                config.public_url
            ),
        ));
    }
    let alert = serve::make_alert(config, store.clone(), Arc::new(SystemClock))?;
    let report = alert.test_mail(Through::Primary, &to, &|_| ()).await;
    store.close().await;

    let mut out = std::io::stdout().lock();
    for step in &report.steps {
        let mark = if step.ok { "ok  " } else { "FAIL" };
        let _ = writeln!(
            out,
            "{mark} {:<10} {:>6} ms  {}",
            step.step.as_str(),
            step.ms,
            step.detail
        );
    }
    if report.ok {
        return Ok(ExitCode::SUCCESS);
    }
    let step = report.failed_step.map_or("the conversation", |s| s.as_str());
    let why = report
        .steps
        .iter()
        .rev()
        .find(|s| !s.ok)
        .map_or_else(String::new, |s| s.detail.clone());
    let todo = report
        .hint
        .unwrap_or_else(|| "Read the steps above; correct the settings in the browser.".to_owned());
    Err(Failure::new(
        Code::Unavailable,
        format!("the mail was not accepted (step {step})"),
        why,
        todo,
    ))
}
