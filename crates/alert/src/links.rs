//! The addresses of our own pages, as messages carry them.

use domain::{
    delivery::Notice,
    id::{IncidentId, MonitorId},
};
use url::Url;

/// Built from the public URL of the process, which may have a path of its own; never from a request.
#[derive(Clone, Debug)]
pub(crate) struct Links(Url);

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
            Some(subject) => self.incident(subject.incident.id),
            None => format!(
                "{}/tests/{}",
                self.0.as_str().trim_end_matches('/'),
                notice.delivery
            ),
        };
        page.split_once("://")
            .map_or(page.clone(), |(_, rest)| rest.to_owned())
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

    fn page(&self, kind: &str, id: i64) -> String {
        format!("{}/{kind}/{id}", self.0.as_str().trim_end_matches('/'))
    }
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
