//! The command line. Names are fixed by the contract; flag beats environment beats default.

use clap::{Args, Parser, Subcommand, ValueEnum};
use secrecy::SecretString;

#[derive(Debug, Parser)]
#[command(
    name = "watchbell",
    version,
    about = "Watches your sites and services, decides what is really down, and makes sure that people hear of it.",
    after_help = "Mail is set up in the browser under Settings > Mail; no environment variable and no flag changes it."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) settings: Raw,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Settings as typed; [`crate::config::Config::parse`] makes sense of them.
#[derive(Args, Clone, Debug)]
pub(crate) struct Raw {
    /// Address and port of the web pages and the API
    #[arg(
        long,
        global = true,
        env = "WATCHBELL_LISTEN",
        default_value = "127.0.0.1:8380",
        value_name = "ADDRESS"
    )]
    pub(crate) listen: String,
    /// Where the SQLite database, secret.key and instance.lock live
    #[arg(
        long,
        global = true,
        env = "WATCHBELL_DATA_DIR",
        default_value = "./data",
        value_name = "DIR"
    )]
    pub(crate) data_dir: String,
    /// postgres://… or sqlite://… [default: sqlite://<data dir>/watchbell.db]
    #[arg(
        long,
        global = true,
        env = "WATCHBELL_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub(crate) database_url: Option<SecretString>,
    /// The address that people open; every link in a message is built from it [default: http://<listen>]
    #[arg(long, global = true, env = "WATCHBELL_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Key that seals secrets at rest, base64 of 32 bytes [default: made in the data directory]
    #[arg(
        long,
        global = true,
        env = "WATCHBELL_SECRET_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    pub(crate) secret_key: Option<SecretString>,
    /// File that holds this key
    #[arg(long, global = true, env = "WATCHBELL_SECRET_KEY_FILE", value_name = "FILE")]
    pub(crate) secret_key_file: Option<String>,
    /// Networks whose X-Forwarded-For counts, comma-separated CIDRs
    #[arg(long, global = true, env = "WATCHBELL_TRUSTED_PROXIES", value_name = "CIDRS")]
    pub(crate) trusted_proxies: Option<String>,
    /// What to log: error, warn, info, debug, trace, or filters like alert=debug
    #[arg(
        long,
        global = true,
        env = "WATCHBELL_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    pub(crate) log: String,
    /// How to log: text or json
    #[arg(
        long,
        global = true,
        env = "WATCHBELL_LOG_FORMAT",
        default_value = "text",
        value_name = "FORMAT"
    )]
    pub(crate) log_format: String,
    /// Networks that may be dialled although they are denied by default, comma-separated CIDRs
    #[arg(long, global = true, env = "WATCHBELL_EGRESS_ALLOW", value_name = "CIDRS")]
    pub(crate) egress_allow: Option<String>,
    /// Networks that are never dialled, comma-separated CIDRs
    #[arg(long, global = true, env = "WATCHBELL_EGRESS_DENY", value_name = "CIDRS")]
    pub(crate) egress_deny: Option<String>,
}

/// The variables that [`Raw`] reads; any other `WATCHBELL_*` is a mistake worth a warning.
pub(crate) const VARIABLES: [&str; 11] = [
    "WATCHBELL_LISTEN",
    "WATCHBELL_DATA_DIR",
    "WATCHBELL_DATABASE_URL",
    "WATCHBELL_PUBLIC_URL",
    "WATCHBELL_SECRET_KEY",
    "WATCHBELL_SECRET_KEY_FILE",
    "WATCHBELL_TRUSTED_PROXIES",
    "WATCHBELL_LOG",
    "WATCHBELL_LOG_FORMAT",
    "WATCHBELL_EGRESS_ALLOW",
    "WATCHBELL_EGRESS_DENY",
];

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs everything: scheduler, dispatcher, web pages, API (the default)
    Serve,
    /// Manages the administrator
    #[command(subcommand)]
    Admin(Admin),
    /// Manages API tokens
    #[command(subcommand)]
    Token(Token),
    /// Tries the saved mail settings
    #[command(subcommand)]
    Mail(Mail),
    /// Asks /healthz of the running instance; exit 0 or 1
    Healthcheck,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// Creates the administrator, or sets a new password for that account and ends its sessions
    Create {
        #[arg(long)]
        email: String,
        /// Read the password from standard input instead of asking for it
        #[arg(long)]
        password_stdin: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Prints a new API token alone on standard output
    Create {
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
        #[arg(long, value_enum, default_value = "write")]
        scope: Scope,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Scope {
    Read,
    Write,
    Push,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Mail {
    /// Sends a test mail through the saved settings and prints each step; exit 0 only on a final 2xx
    Test {
        #[arg(long)]
        to: String,
        /// Stop before the message: ask the server about sender and recipient, and send nothing
        #[arg(long)]
        dry_run: bool,
    },
}

pub(crate) fn read() -> Cli {
    Cli::parse()
}
