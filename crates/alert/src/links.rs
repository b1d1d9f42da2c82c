//! The addresses of our own pages, as messages carry them.

use domain::{
    delivery::{Event, Notice},
    id::{IncidentId, MonitorId},
    incident::{Incident, Progress},
};
use url::Url;

/// Built from the public URL of the process, which may have a path of its own; never from a request.
#[derive(Clone, Debug)]
pub(crate) struct Links(Url);

/// The pages that one message leads to.
#[derive(Clone, Copy)]
pub(crate) struct Pages<'a> {
    pub(crate) links: &'a Links,
    /// The proof that its reader was told of an incident (`store::Acknowledgements::token`).
    pub(crate) token: &'a (dyn Fn(IncidentId) -> String + Sync),
}

impl Pages<'_> {
    /// Where its reader acknowledges this incident; none where there is nothing to acknowledge.
    pub(crate) fn acknowledge(&self, event: Event, incident: &Incident) -> Option<String> {
        let told = matches!(event, Event::Opened | Event::Reminder | Event::Flapping);
        let waits = told && incident.progress == Progress::Open && self.links.is_reachable();
        waits.then(|| self.links.acknowledge(&(self.token)(incident.id)))
    }
}

impl Links {
    pub(crate) fn new(public_url: Url) -> Self {
        Self(public_url)
    }

    pub(crate) fn incident(&self, id: IncidentId) -> String {
        self.page("incidents", id.0)
    }

    /// The same for every message about one incident, and no other installation's.
    pub(crate) fn key(&self, notice: &Notice) -> String {
        let page = match &notice.subject {
            // It is about many incidents, and takes the place of a message about none of them.
            Some(_) if notice.is_digest() => {
                format!(
                    "{}/digests/{}",
                    self.0.as_str().trim_end_matches('/'),
                    notice.delivery
                )
            }
            Some(subject) => self.incident(subject.incident.id),
            None => format!(
                "{}/tests/{}",
                self.0.as_str().trim_end_matches('/'),
                notice.delivery
            ),
        };
        without_scheme(&page)
    }

    /// The same for each message that tells of this incident alone.
    pub(crate) fn incident_key(&self, id: IncidentId) -> String {
        without_scheme(&self.incident(id))
    }

    /// All of them.
    pub(crate) fn incidents(&self) -> String {
        format!("{}/incidents", self.0.as_str().trim_end_matches('/'))
    }

    pub(crate) fn monitor(&self, id: MonitorId) -> String {
        self.page("monitors", id.0)
    }

    /// Where one sees who is told, and stops it.
    pub(crate) fn channels(&self) -> String {
        format!("{}/channels", self.0.as_str().trim_end_matches('/'))
    }

    /// Where one recipient stops the messages of one channel.
    pub(crate) fn unsubscribe(&self, token: &str) -> String {
        format!("{}/unsubscribe/{token}", self.0.as_str().trim_end_matches('/'))
    }

    /// Where one recipient acknowledges one incident.
    pub(crate) fn acknowledge(&self, token: &str) -> String {
        format!("{}/ack/{token}", self.0.as_str().trim_end_matches('/'))
    }

    /// True when a page may mean something on another machine than this one.
    pub(crate) fn is_reachable(&self) -> bool {
        match self.0.host() {
            Some(url::Host::Domain(name)) => name != "localhost" && !name.ends_with(".localhost"),
            Some(url::Host::Ipv4(ip)) => !ip.is_loopback() && !ip.is_unspecified(),
            Some(url::Host::Ipv6(ip)) => !ip.is_loopback() && !ip.is_unspecified(),
            None => false,
        }
    }

    fn page(&self, kind: &str, id: i64) -> String {
        format!("{}/{kind}/{id}", self.0.as_str().trim_end_matches('/'))
    }
}

fn without_scheme(page: &str) -> String {
    page.split_once("://")
        .map_or_else(|| page.to_owned(), |(_, rest)| rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_the_public_url_is_kept() {
        for (public, page) in [
            ("http://127.0.0.1:8380", "http://127.0.0.1:8380/incidents/7"),
            (
                "https://example.org/watch/",
                "https://example.org/watch/incidents/7",
            ),
        ] {
            let links = Links::new(Url::parse(public).unwrap());
            assert_eq!(links.incident(IncidentId(7)), page);
        }
    }
}
