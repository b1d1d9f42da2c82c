//! The policy for HTTP clients: they bring their own connector, so it sits in their resolver.

use std::{future::Future, net::SocketAddr};

use domain::host::Host;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::Instant;
use url::Url;

use crate::{Denied, DialError, Dialer};

tokio::task_local! {
    /// Port and deadline of the request that is being sent: a resolver is told the name alone, and our own listener
    /// is denied by address and port.
    static REQUEST: (u16, Instant);
}

/// Resolves and filters for a `reqwest::Client`. An address literal never reaches a resolver: send every request,
/// and every redirect, through [`Dialer::guarded`].
#[derive(Clone, Debug)]
pub struct HttpResolver(Dialer);

impl Dialer {
    pub fn http_resolver(&self) -> HttpResolver {
        HttpResolver(self.clone())
    }

    /// What can be said about a URL before its name is resolved: the whole answer when the host is a literal.
    pub fn check_url(&self, url: &Url) -> Result<(), Denied> {
        let port = url.port_or_known_default().unwrap_or(0);
        match url.host() {
            Some(url::Host::Ipv4(ip)) => self.policy().check(SocketAddr::new(ip.into(), port)),
            Some(url::Host::Ipv6(ip)) => self.policy().check(SocketAddr::new(ip.into(), port)),
            Some(url::Host::Domain(name)) => self.policy().check_name(name),
            None => Err(Denied {
                reason: format!("{url} has no host."),
            }),
        }
    }

    /// Checks the URL and runs the request to it, so that [`HttpResolver`] knows its port and deadline. The client must not keep
    /// idle connections (`pool_max_idle_per_host(0)`): only then does it resolve in this task.
    pub async fn guarded<F: Future>(
        &self,
        url: &Url,
        deadline: impl Into<Instant>,
        request: F,
    ) -> Result<F::Output, Denied> {
        self.check_url(url)?;
        let port = url.port_or_known_default().unwrap_or(0);
        Ok(REQUEST.scope((port, deadline.into()), request).await)
    }
}

impl Resolve for HttpResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let dialer = self.0.clone();
        let request = REQUEST.try_with(|r| *r);
        Box::pin(async move {
            let host = Host::Name(name.as_str().to_owned());
            let (port, deadline) = request.unwrap_or_else(|_| (0, Instant::now() + crate::dial::UNHURRIED));
            let all = dialer.addresses(&host, port, deadline).await?;
            Ok(Box::new(all.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}

impl DialError {
    /// Finds the refusal or resolver error that an HTTP client wrapped.
    pub fn in_chain<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(e) = next {
            if let Some(found) = e.downcast_ref::<Self>() {
                return Some(found);
            }
            next = e.source();
        }
        None
    }
}
