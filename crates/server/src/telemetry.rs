//! Logs: text for people, JSON for machines; on stderr, so that stdout stays what a command prints.

use tracing_subscriber::{EnvFilter, fmt};

use crate::failure::{Code, Failure};

const QUIET: &str = "info,sea_orm_migration=warn,sqlx=warn";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
}

impl Format {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Starts logging. `filter` as in the `WATCHBELL_LOG` variable.
pub(crate) fn start(filter: &str, format: Format) -> Result<(), Failure> {
    // At the usual level the libraries below say nothing that a person needs.
    let filter = if filter == "info" { QUIET } else { filter };
    let filter = EnvFilter::try_new(filter).map_err(|e| {
        Failure::new(
            Code::BadConfig,
            "the setting WATCHBELL_LOG cannot be used",
            e,
            "Use error, warn, info, debug, trace, or filters like info,alert=debug.",
        )
    })?;
    let base = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        Format::Text => base
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .try_init(),
        Format::Json => base.json().flatten_event(true).try_init(),
    };
    started.map_err(|e| {
        Failure::new(
            Code::Unavailable,
            "logging cannot be started",
            e,
            "Report this as a defect of Watchbell.",
        )
    })
}
