//! Whose request this is, for the login throttle.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap};
use ipnet::IpNet;

/// The address of the peer, or, when the peer is a trusted proxy, the right-most hop that is not one.
///
/// Only what a trusted proxy appended counts: everything further left was written by the client.
pub(crate) fn client_ip(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut current = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |c| c.0.ip())
        .to_canonical();
    let is_proxy = |ip: IpAddr| trusted.iter().any(|net| net.contains(&ip));
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .collect();
    for hop in hops.iter().rev() {
        if !is_proxy(current) {
            break;
        }
        match parse_hop(hop.trim()) {
            Some(ip) => current = ip.to_canonical(),
            None => break,
        }
    }
    current
}

/// `192.0.2.1`, `192.0.2.1:5000`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:5000`.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    hop.parse::<IpAddr>()
        .ok()
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|a| a.ip()))
        .or_else(|| hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_peers_are_believed() {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        for (peer, forwarded, expected) in [
            ("192.0.2.9:1", &["203.0.113.5"][..], "192.0.2.9"),
            ("10.0.0.1:1", &["203.0.113.5"], "203.0.113.5"),
            ("10.0.0.1:1", &["1.1.1.1, 203.0.113.5, 10.0.0.2"], "203.0.113.5"),
            ("10.0.0.1:1", &["1.1.1.1", "203.0.113.5:4711"], "203.0.113.5"),
            ("[fd00::1]:1", &["[2001:db8::5]:99"], "2001:db8::5"),
            ("[::ffff:10.0.0.1]:1", &["::ffff:203.0.113.5"], "203.0.113.5"),
            ("10.0.0.1:1", &["nonsense"], "10.0.0.1"),
            ("10.0.0.1:1", &[], "10.0.0.1"),
        ] {
            let mut extensions = Extensions::new();
            extensions.insert(ConnectInfo::<SocketAddr>(peer.parse().unwrap()));
            let mut headers = HeaderMap::new();
            for f in forwarded {
                headers.append("x-forwarded-for", f.parse().unwrap());
            }
            assert_eq!(
                client_ip(&extensions, &headers, &trusted),
                expected.parse::<IpAddr>().unwrap(),
                "{peer} {forwarded:?}"
            );
        }
    }
}
