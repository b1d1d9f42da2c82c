//! HTTP: up when the answer has an accepted status and its body arrives.
//!
//! Redirects are followed here, hop by hop: each hop passes the egress policy, has its own phases, and gets no
//! credentials of another origin. Everything is bounded: the whole check by its deadline, headers by 64 KiB, the body
//! by 1 MiB *after* decompression. A longer body is not a fault; reading stops there.

use std::{ops::AddAssign, time::Duration};

use domain::{
    outcome::{FaultKind, Phases, ReasonKind, Verdict},
    target::HttpTarget,
};
use egress::{Dialer, tls::Captured};
use http::{HeaderMap, StatusCode, header};
use reqwest::{Client, Request, Response};
use tokio::time::{Instant, timeout_at};

use crate::{
    Finding, Probe,
    deadline::{Deadline, words},
    failure::{denied, down, ours},
};

mod clients;
mod failure;
mod redirect;
mod trace;

use clients::{Clients, LONGEST_HEADERS};
use failure::Scene;
use redirect::{Hop, is_redirect};
use trace::{Marks, traced};

const LONGEST_BODY: u64 = 1024 * 1024;

pub(crate) struct Http {
    dialer: Dialer,
    clients: Clients,
}

impl Http {
    pub(crate) fn new(dialer: Dialer) -> Self {
        Self {
            clients: Clients::new(dialer.clone()),
            dialer,
        }
    }
}

impl Probe<HttpTarget> for Http {
    async fn probe(&self, target: &HttpTarget, deadline: Deadline) -> Finding {
        let mut finding = Finding::of(Verdict::Up);
        let client = match self.clients.get(target.verify_certificate, deadline.total) {
            Ok(client) => client,
            Err(what) => return Finding::of(ours(FaultKind::Defect, what)),
        };
        let hop = match Hop::first(target) {
            Ok(hop) => hop,
            Err(e) => return Finding::of(ours(FaultKind::Defect, format!("A header cannot be sent: {e}."))),
        };
        if let Err(verdict) = self.walk(&client, target, hop, deadline, &mut finding).await {
            finding.verdict = verdict;
        }
        finding
    }
}

impl Http {
    /// Follows redirects to the final answer and reads it.
    async fn walk(
        &self,
        client: &Client,
        target: &HttpTarget,
        mut hop: Hop,
        deadline: Deadline,
        finding: &mut Finding,
    ) -> Result<(), Verdict> {
        for followed in 0.. {
            finding.evidence.hops.push(shown(&hop.url));
            let response = self.ask(client, target, &hop, deadline, finding).await?;
            let status = response.status();
            let location = response
                .headers()
                .get(header::LOCATION)
                .filter(|_| is_redirect(status));
            let Some(location) = location.filter(|_| target.max_redirects > 0) else {
                return answer(target, response, deadline, finding).await;
            };
            let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
            let wrong = |detail: String| down(ReasonKind::Redirect, detail);
            hop = hop.follow(status, &location, &target.url).map_err(wrong)?;
            if followed >= target.max_redirects {
                let url = shown(&hop.url);
                return Err(wrong(if finding.evidence.hops.contains(&url) {
                    format!("Redirected in a circle, back to {url}")
                } else {
                    format!(
                        "Redirected more than {} times, last to {url}",
                        target.max_redirects
                    )
                }));
            }
        }
        Ok(())
    }

    /// Sends one request and waits for the head of its answer.
    async fn ask(
        &self,
        client: &Client,
        target: &HttpTarget,
        hop: &Hop,
        deadline: Deadline,
        finding: &mut Finding,
    ) -> Result<Response, Verdict> {
        let mut request = Request::new(hop.method.clone(), hop.url.clone());
        *request.headers_mut() = hop.headers.clone();
        *request.body_mut() = target
            .body
            .as_ref()
            .filter(|_| hop.with_body)
            .map(|b| b.clone().into());
        // The deadline is innermost, so that what was seen until then is kept.
        let sending = timeout_at(deadline.at, client.execute(request));
        let guarded = self.dialer.guarded(&hop.url, deadline.at, sending);
        let ((sent, marks), captured) = egress::tls::capture(traced(guarded)).await;
        let head_at = Instant::now();
        let sent = sent.map_err(|e| denied(&e))?;
        let answered = matches!(sent, Ok(Ok(_))).then_some(head_at);
        add_phases(&mut finding.phases, &marks, &captured, answered);

        let leaf = egress::certificate::leaf(&captured);
        let scene = Scene {
            url: &hop.url,
            marks: &marks,
            captured: &captured,
            leaf: leaf.as_ref(),
            deadline,
        };
        let response = match sent {
            Err(_) => Err(scene.late()),
            Ok(Err(e)) => Err(scene.verdict(&e)),
            Ok(Ok(response)) => Ok(response),
        };
        if leaf.is_some() {
            finding.evidence.certificate = leaf;
        }
        let response = response?;
        let evidence = &mut finding.evidence;
        evidence.remote = response.remote_addr();
        evidence.http_status = Some(response.status().as_u16());
        evidence.http_version = Some(format!("{:?}", response.version()));
        if size(response.headers()) > LONGEST_HEADERS as usize {
            return Err(down(
                ReasonKind::Protocol,
                "The headers of the answer are longer than 64 KiB",
            ));
        }
        Ok(response)
    }
}

/// Judges the final answer.
async fn answer(
    target: &HttpTarget,
    response: Response,
    deadline: Deadline,
    finding: &mut Finding,
) -> Result<(), Verdict> {
    let status = response.status();
    if !target.accepts(status.as_u16()) {
        let expected: Vec<_> = target.accept_status.iter().map(ToString::to_string).collect();
        let detail = format!("Answered {}; expected {}", named(status), expected.join(", "));
        return Err(down(ReasonKind::Status, detail));
    }
    let started = Instant::now();
    let mut read = 0;
    let result = timeout_at(deadline.at, read_body(response, &mut read)).await;
    finding.evidence.body_bytes = Some(read);
    match result {
        Ok(Ok(())) => {
            finding.phases.transfer = Some(started.elapsed());
            Ok(())
        }
        Ok(Err(e)) if e.is_timeout() => Err(unfinished(deadline, read)),
        Ok(Err(e)) => Err(failure::body(&e, read)),
        Err(_) => Err(unfinished(deadline, read)),
    }
}

/// Counts the body as it is decoded, chunk by chunk: nothing is kept, and a decompression bomb ends at the limit.
async fn read_body(mut response: Response, read: &mut u64) -> reqwest::Result<()> {
    while let Some(chunk) = response.chunk().await? {
        *read += chunk.len() as u64;
        if *read >= LONGEST_BODY {
            *read = LONGEST_BODY;
            break;
        }
    }
    Ok(())
}

fn unfinished(deadline: Deadline, read: u64) -> Verdict {
    down(
        ReasonKind::Timeout,
        format!(
            "The body was not complete within {} ({read} bytes read)",
            words(deadline.total)
        ),
    )
}

/// Adds the phases of one hop. Over several hops they sum up, so that they still explain the total.
fn add_phases(phases: &mut Phases, marks: &Marks, captured: &Captured, head_at: Option<Instant>) {
    let tcp_start = marks
        .dns_end
        .or(marks.connect_start.filter(|_| marks.dns_start.is_none()));
    let tcp_end = captured.started.or(marks.connect_end);
    add(&mut phases.dns, between(marks.dns_start, marks.dns_end));
    add(&mut phases.connect, between(tcp_start, tcp_end));
    add(&mut phases.tls, between(captured.started, marks.connect_end));
    add(&mut phases.wait, between(marks.connect_end, head_at));
}

fn add(sum: &mut Option<Duration>, part: Option<Duration>) {
    if let Some(part) = part {
        sum.get_or_insert_default().add_assign(part);
    }
}

fn between(from: Option<Instant>, to: Option<Instant>) -> Option<Duration> {
    Some(to?.saturating_duration_since(from?))
}

fn size(headers: &HeaderMap) -> usize {
    // Colon, space and line end.
    headers.iter().map(|(n, v)| n.as_str().len() + v.len() + 4).sum()
}

fn named(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// A URL never has credentials here: the target type refuses them, and redirects lose them.
fn shown(url: &url::Url) -> String {
    domain::text::sanitize(url.as_str(), 500)
}
