//! `watchbell mail test`: the saved settings, by the path that alerts take, step by step.

use std::{io::Write, process::ExitCode, sync::Arc};

use alert::{
    Through,
    mail::{CertificateReport, MailTest, StepReport, Trial},
};
use domain::mail::Address;

use crate::{
    clock::SystemClock,
    config::Config,
    failure::{Code, Failure},
    serve,
};

pub(crate) async fn test(config: &Config, to: &str, dry_run: bool) -> Result<ExitCode, Failure> {
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
    let trial = Trial {
        dry_run,
        observer: &print_step,
    };
    let report = alert.test_mail(Through::Primary, &to, trial).await;
    store.close().await;
    print_rest(&report);
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

/// One line, at the moment at which the step ends.
fn print_step(step: &StepReport) {
    let mark = if step.ok { "ok  " } else { "FAIL" };
    let mut out = std::io::stdout().lock();
    let _ = writeln!(
        out,
        "{mark} {:<10} {:>6} ms  {}",
        step.step.as_str(),
        step.ms,
        step.detail
    );
    let _ = out.flush();
}

fn print_rest(report: &MailTest) {
    let mut out = std::io::stdout().lock();
    for step in &report.not_reached {
        let why = if report.dry_run && report.ok {
            "left out: a dry run sends nothing"
        } else {
            "not reached"
        };
        let _ = writeln!(out, "-    {:<10} {:>6}     {why}", step.as_str(), "");
    }
    if let Some(certificate) = &report.certificate {
        let _ = print_certificate(&mut out, certificate);
    }
}

fn print_certificate(out: &mut impl Write, shown: &CertificateReport) -> std::io::Result<()> {
    writeln!(out, "\nThe certificate of the server:")?;
    writeln!(out, "  subject      {}", shown.subject)?;
    writeln!(out, "  issuer       {}", shown.issuer)?;
    writeln!(out, "  names        {}", shown.names.join(", "))?;
    writeln!(out, "  valid from   {}", shown.not_before)?;
    writeln!(
        out,
        "  valid until  {} ({} days left)",
        shown.not_after, shown.days_left
    )?;
    writeln!(out, "  SHA-256      {}", shown.fingerprint_sha256)?;
    for (i, link) in shown.chain.iter().enumerate() {
        let head = if i == 0 { "chain" } else { "" };
        writeln!(out, "  {head:<12} {}, issued by {}", link.subject, link.issuer)?;
    }
    Ok(())
}
