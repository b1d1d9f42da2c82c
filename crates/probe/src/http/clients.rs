//! The HTTP clients of the process: few, whatever the number of monitors.
//!
//! A client costs memory (TLS configuration, connector stack), and what may differ between monitors is nearly all in
//! the request. Two things are not: whether a bad certificate is accepted, and the time that a connect may take, which
//! is shared out over the addresses of a name. The latter is rounded up to a few steps; the exact deadline is kept by
//! the probe around it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use egress::{
    Dialer,
    tls::{TlsOptions, client_config},
};
use parking_lot::Mutex;
use reqwest::Client;
use rustls::ClientConfig;

use super::trace::{ConnectMarks, TracedResolver};

pub(super) const LONGEST_HEADERS: u32 = 64 * 1024;
const MOST_HEADERS: usize = 128;
const STEPS: [u64; 7] = [1, 3, 5, 10, 20, 40, 120];

pub(super) struct Clients {
    dialer: Dialer,
    built: Mutex<Built>,
}

#[derive(Default)]
struct Built {
    clients: HashMap<Key, Client>,
    /// One for each value of `verify`.
    tls: HashMap<bool, Arc<ClientConfig>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    verify: bool,
    /// Index into [`STEPS`].
    step: usize,
}

impl Clients {
    pub(super) fn new(dialer: Dialer) -> Self {
        Self {
            dialer,
            built: Mutex::default(),
        }
    }

    /// The error is a sentence about what of ours is broken.
    pub(super) fn get(&self, verify: bool, total: Duration) -> Result<Client, String> {
        let step = STEPS
            .iter()
            .position(|s| Duration::from_secs(*s) >= total)
            .unwrap_or(STEPS.len() - 1);
        let key = Key { verify, step };
        let mut built = self.built.lock();
        if let Some(client) = built.clients.get(&key) {
            return Ok(client.clone());
        }
        let unusable = |e: &dyn std::fmt::Display| format!("No HTTP client could be built: {e}.");
        let tls = match built.tls.get(&verify) {
            Some(config) => Arc::clone(config),
            None => {
                let roots = self.dialer.roots();
                let options = TlsOptions {
                    verify,
                    extra_ca_pem: None,
                    roots,
                    alpn: &["h2", "http/1.1"],
                };
                let config = client_config(options).map_err(|e| unusable(&e))?;
                built.tls.insert(verify, Arc::clone(&config));
                config
            }
        };
        let client = build(&self.dialer, &tls, Duration::from_secs(STEPS[step])).map_err(|e| unusable(&e))?;
        built.clients.insert(key, client.clone());
        Ok(client)
    }
}

fn build(dialer: &Dialer, tls: &ClientConfig, connect: Duration) -> reqwest::Result<Client> {
    Client::builder()
        .user_agent(concat!("Watchbell/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(tls.clone())
        .dns_resolver(TracedResolver(dialer.http_resolver()))
        .connector_layer(ConnectMarks)
        // A fresh connection for every check; it is also what keeps the connect in the task that sends the request.
        .pool_max_idle_per_host(0)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        // HTTP_PROXY of this process is not part of any monitor.
        .no_proxy()
        .referer(false)
        .connect_timeout(connect)
        .http1_max_headers(MOST_HEADERS)
        .http2_max_header_list_size(LONGEST_HEADERS)
        .build()
}
