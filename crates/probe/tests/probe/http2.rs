//! HTTP/2, offered by the server in the TLS handshake.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use domain::outcome::{ReasonKind, Verdict};
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use testkit::tls::{Certificate, acceptor};

use crate::scene::{down, http, probes};

async fn answer(request: Request<Incoming>) -> Result<Response<Full<&'static [u8]>>, Infallible> {
    let mut response = Response::new(Full::new(b"over two".as_slice()));
    match request.uri().path() {
        "/slow" => tokio::time::sleep(Duration::from_millis(150)).await,
        "/never" => std::future::pending().await,
        "/huge" => {
            for i in 0..100 {
                let name = hyper::header::HeaderName::from_bytes(format!("x-{i}").as_bytes()).unwrap();
                response
                    .headers_mut()
                    .insert(name, "a".repeat(2000).parse().unwrap());
            }
        }
        _ => {}
    }
    Ok(response)
}

/// Serves `n` connections.
async fn serve(listener: tokio::net::TcpListener, n: usize) {
    let acceptor = acceptor(Certificate::Good, &["h2"]);
    for _ in 0..n {
        let (stream, _) = listener.accept().await.unwrap();
        let tls = acceptor.accept(stream).await.unwrap();
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(tls), service_fn(answer));
        // A client that leaves early is what some of these tests are about.
        let _ = connection.await;
    }
}

async fn listen() -> (tokio::net::TcpListener, SocketAddr) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

#[tokio::test]
async fn it_is_spoken_where_offered_with_all_phases() {
    let (listener, addr) = listen().await;
    let check = async {
        let outcome = http(&probes(), json!({ "url": format!("https://{addr}/slow") })).await;
        assert_eq!(outcome.verdict, Verdict::Up);
        assert_eq!(outcome.evidence.http_version.as_deref(), Some("HTTP/2.0"));
        assert_eq!(outcome.evidence.body_bytes, Some(8));
        assert!(outcome.evidence.certificate.is_some());
        assert!(outcome.phases.tls.is_some() && outcome.phases.wait.unwrap() >= Duration::from_millis(150));
    };
    tokio::join!(check, serve(listener, 1));
}

#[tokio::test]
async fn its_headers_and_its_silence_have_limits() {
    let (listener, addr) = listen().await;
    let check = async {
        let outcome = http(&probes(), json!({ "url": format!("https://{addr}/huge") })).await;
        assert_eq!(down(&outcome).0, ReasonKind::Protocol, "{:?}", outcome.verdict);
        let outcome = http(&probes(), json!({ "url": format!("https://{addr}/never") })).await;
        assert_eq!(
            down(&outcome),
            (
                ReasonKind::Timeout,
                "No answer within 3 s (waiting for the first byte)"
            )
        );
    };
    tokio::join!(check, serve(listener, 2));
}
