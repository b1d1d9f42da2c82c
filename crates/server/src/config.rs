//! Settings of the process: parsed once, at the start, with an error that says what to change.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use store::MasterKey;
use url::Url;

use crate::{
    cli::{Raw, VARIABLES},
    failure::{Code, Failure},
    telemetry::Format,
};

#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) data_dir: PathBuf,
    pub(crate) database_url: SecretString,
    pub(crate) public_url: Url,
    key: KeySource,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) log: String,
    pub(crate) log_format: Format,
    pub(crate) egress_allow: Vec<IpNet>,
    pub(crate) egress_deny: Vec<IpNet>,
}

#[derive(Clone, Debug)]
enum KeySource {
    Given(SecretString),
    File(PathBuf),
    /// Made in the data directory at the first start.
    Own,
}

impl Config {
    pub(crate) fn parse(raw: Raw) -> Result<Self, Failure> {
        let listen: SocketAddr = raw.listen.parse().map_err(|_| {
            bad(
                "WATCHBELL_LISTEN",
                format!("\"{}\" is not an address and port", raw.listen),
                "Use for example 127.0.0.1:8380 or 0.0.0.0:8380.",
            )
        })?;
        let data_dir = PathBuf::from(&raw.data_dir);
        let database_url = match raw.database_url {
            Some(url) => check_database_url(url)?,
            None => SecretString::from(format!("sqlite://{}", data_dir.join("watchbell.db").display())),
        };
        let key = match (raw.secret_key, raw.secret_key_file) {
            (Some(_), Some(_)) => {
                return Err(bad(
                    "WATCHBELL_SECRET_KEY",
                    "it is set together with WATCHBELL_SECRET_KEY_FILE",
                    "Set one of the two.",
                ));
            }
            (Some(key), None) => KeySource::Given(key),
            (None, Some(file)) => KeySource::File(PathBuf::from(file)),
            (None, None) => KeySource::Own,
        };
        Ok(Self {
            listen,
            data_dir,
            database_url,
            public_url: parse_public_url(raw.public_url, listen)?,
            key,
            trusted_proxies: parse_networks("WATCHBELL_TRUSTED_PROXIES", raw.trusted_proxies)?,
            log: raw.log,
            log_format: Format::parse(&raw.log_format).ok_or_else(|| {
                bad(
                    "WATCHBELL_LOG_FORMAT",
                    format!("\"{}\" is not a format", raw.log_format),
                    "Use text or json.",
                )
            })?,
            egress_allow: parse_networks("WATCHBELL_EGRESS_ALLOW", raw.egress_allow)?,
            egress_deny: parse_networks("WATCHBELL_EGRESS_DENY", raw.egress_deny)?,
        })
    }

    /// The key that seals secrets. Made and kept in the data directory unless another one is given.
    pub(crate) fn master_key(&self) -> Result<MasterKey, Failure> {
        match &self.key {
            KeySource::Given(key) => MasterKey::from_base64(key).map_err(|e| {
                bad(
                    "WATCHBELL_SECRET_KEY",
                    e,
                    "Give the base64 of 32 random bytes: openssl rand -base64 32",
                )
            }),
            KeySource::File(path) => {
                let text = std::fs::read_to_string(path).map_err(|e| {
                    bad(
                        "WATCHBELL_SECRET_KEY_FILE",
                        format!("{} cannot be read: {e}", path.display()),
                        "Check the path and that this user may read it.",
                    )
                })?;
                MasterKey::from_base64(&SecretString::from(text.trim().to_owned())).map_err(|e| {
                    bad(
                        "WATCHBELL_SECRET_KEY_FILE",
                        e,
                        "The file must hold the base64 of 32 random bytes: openssl rand -base64 32",
                    )
                })
            }
            KeySource::Own => {
                let path = self.data_dir.join("secret.key");
                MasterKey::load_or_create(&path).map_err(|e| {
                    Failure::new(
                        Code::DataDir,
                        format!("the key file {} cannot be used", path.display()),
                        e,
                        "Restore the file from a backup, or check that this user may read and write it.",
                    )
                })
            }
        }
    }
}

/// Variables that look as if they set something and do not. The worst monitor is one whose mail settings are believed.
pub(crate) fn ignored_variables(names: impl Iterator<Item = String>) -> Vec<String> {
    names
        .filter_map(|name| {
            if name.starts_with("SMTP_") || name.starts_with("MAIL_") {
                Some(format!("{name} is ignored: mail is set up in the browser under Settings > Mail"))
            } else if name.starts_with("WATCHBELL_") && !VARIABLES.contains(&name.as_str()) {
                Some(format!(
                    "{name} is ignored: there is no such setting. `watchbell --help` lists the variables; all other settings are in the browser under Settings (mail: Settings > Mail)"
                ))
            } else {
                None
            }
        })
        .collect()
}

fn bad(name: &str, why: impl std::fmt::Display, todo: &str) -> Failure {
    Failure::new(
        Code::BadConfig,
        format!("the setting {name} cannot be used"),
        why,
        todo,
    )
}

fn check_database_url(url: SecretString) -> Result<SecretString, Failure> {
    let known = ["sqlite:", "postgres:", "postgresql:"];
    if known.iter().any(|scheme| url.expose_secret().starts_with(scheme)) {
        return Ok(url);
    }
    // The value may hold a password, so it is not quoted.
    Err(bad(
        "WATCHBELL_DATABASE_URL",
        "it does not begin with sqlite:// or postgres://",
        "Use sqlite:///path/watchbell.db or postgres://user:password@host/database.",
    ))
}

fn parse_public_url(text: Option<String>, listen: SocketAddr) -> Result<Url, Failure> {
    let text = text.unwrap_or_else(|| {
        let shown = if listen.ip().is_unspecified() {
            SocketAddr::new(std::net::Ipv4Addr::LOCALHOST.into(), listen.port())
        } else {
            listen
        };
        format!("http://{shown}")
    });
    let todo = "Use the address that people open, for example https://watch.example.org.";
    let url = Url::parse(&text).map_err(|e| {
        bad(
            "WATCHBELL_PUBLIC_URL",
            format!("\"{text}\" is not an address: {e}"),
            todo,
        )
    })?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(bad(
            "WATCHBELL_PUBLIC_URL",
            format!("\"{text}\" is not an http or https address"),
            todo,
        ));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(bad(
            "WATCHBELL_PUBLIC_URL",
            format!("\"{text}\" has a path"),
            "Give Watchbell a host name of its own; it does not run below a path.",
        ));
    }
    Ok(url)
}

fn parse_networks(name: &str, text: Option<String>) -> Result<Vec<IpNet>, Failure> {
    let parts = text.unwrap_or_default();
    parts
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            part.parse::<IpNet>()
                .or_else(|_| part.parse::<std::net::IpAddr>().map(IpNet::from))
                .map_err(|_| {
                    bad(
                        name,
                        format!("\"{part}\" is not a network"),
                        "Use networks like 10.0.0.0/8 or fd00::/8, separated by commas.",
                    )
                })
        })
        .collect()
}

/// Creates the data directory and shows that it can be written to.
pub(crate) fn prepare_data_dir(dir: &Path) -> Result<(), Failure> {
    let refuse = |e: std::io::Error| {
        Failure::new(
            Code::DataDir,
            format!("the data directory {} cannot be written to", dir.display()),
            e,
            "Give this user write access to it, or set WATCHBELL_DATA_DIR to a directory that it may write to.",
        )
    };
    std::fs::create_dir_all(dir).map_err(refuse)?;
    let trial = dir.join(format!(".write-test-{}", std::process::id()));
    std::fs::write(&trial, b"").map_err(refuse)?;
    std::fs::remove_file(&trial).map_err(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_variable_that_has_no_effect() {
        let given = [
            "SMTP_HOST",
            "MAIL_FROM",
            "WATCHBELL_SMTP_HOST",
            "WATCHBELL_LISTEN",
            "PATH",
            "EMAIL_X",
        ];
        let warnings = ignored_variables(given.iter().map(ToString::to_string));
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        assert!(
            warnings.iter().all(|w| w.contains("Settings > Mail")),
            "{warnings:?}"
        );
    }

    #[test]
    fn the_database_url_is_never_quoted() {
        let url = SecretString::from("mysql://root:hunter2@db/x".to_owned());
        let failure = check_database_url(url).unwrap_err().to_string();
        assert!(!failure.contains("hunter2"), "{failure}");
    }

    #[test]
    fn links_never_point_at_a_wildcard_address() {
        let url = parse_public_url(None, "0.0.0.0:8380".parse().unwrap()).unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:8380/");
    }
}
