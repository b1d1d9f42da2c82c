//! The addresses inside an address: what the network may make of it once it has left.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// The address itself (IPv4-mapped IPv6 as IPv4), followed by every IPv4 address that a translator or tunnel could
/// take out of it. A rule must look at all of them.
pub(crate) fn meanings(ip: IpAddr) -> Vec<IpAddr> {
    let ip = ip.to_canonical();
    let mut all = vec![ip];
    if let IpAddr::V6(v6) = ip {
        all.extend(embedded(v6).into_iter().map(IpAddr::V4));
    }
    all
}

fn embedded(ip: Ipv6Addr) -> Vec<Ipv4Addr> {
    let o = ip.octets();
    let v4 = |a: usize, b: usize, c: usize, d: usize| Ipv4Addr::new(o[a], o[b], o[c], o[d]);
    match ip.segments() {
        // NAT64, RFC 6052: the well-known prefix carries the address in the last 32 bits.
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => vec![v4(12, 13, 14, 15)],
        // NAT64 for local use, RFC 8215: whoever runs it chooses a prefix length from /48 to /96 and with it the
        // place (RFC 6052, 2.2); bits 64 to 71 are skipped. Reading at the wrong place finds 0.x.x.x, no address.
        [0x64, 0xff9b, 1, ..] => {
            let mut all = vec![
                v4(6, 7, 9, 10),
                v4(7, 9, 10, 11),
                v4(9, 10, 11, 12),
                v4(12, 13, 14, 15),
            ];
            all.retain(|ip| ip.octets()[0] != 0);
            all
        }
        // 6to4, RFC 3056.
        [0x2002, ..] => vec![v4(2, 3, 4, 5)],
        // Teredo, RFC 4380: the server in the clear, the client with every bit flipped.
        [0x2001, 0, ..] => vec![v4(4, 5, 6, 7), Ipv4Addr::from_bits(!v4(12, 13, 14, 15).to_bits())],
        // IPv4-compatible, RFC 4291 (deprecated); :: and ::1 are themselves.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 || low > 1 => vec![v4(12, 13, 14, 15)],
        _ => Vec::new(),
    }
}

/// True when the address belongs to this machine: only then can a socket be bound to it.
pub(crate) fn is_own(ip: IpAddr) -> bool {
    ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok()
}

/// True when the routing table knows a way. Connecting a datagram socket asks it without sending anything.
pub(crate) fn has_route(ip: IpAddr) -> bool {
    let any: IpAddr = match ip {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    UdpSocket::bind((any, 0)).is_ok_and(|s| s.connect((ip, 9)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_disguise_of_an_address_is_seen() {
        let metadata: IpAddr = "169.254.169.254".parse().unwrap();
        for disguise in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a9fe:a9fe",
            "64:ff9b:1:a9fe:a9:fe00::",
            "64:ff9b:1:a9:fe:a9fe::",
            "64:ff9b:1:0:a9:fea9:fe00:0",
            "2002:a9fe:a9fe::1",
            "2001:0:4136:e378:8000:63bf:5601:5601",
            "2001:0:a9fe:a9fe::1",
            "::169.254.169.254",
        ] {
            let ip: IpAddr = disguise.parse().unwrap();
            assert!(meanings(ip).contains(&metadata), "{disguise}: {:?}", meanings(ip));
        }
    }

    #[test]
    fn plain_addresses_mean_only_themselves() {
        for plain in ["192.0.2.1", "2001:db8::1", "::1", "::", "2a00:1450::8"] {
            let ip: IpAddr = plain.parse().unwrap();
            assert_eq!(meanings(ip), vec![ip]);
        }
    }

    #[test]
    fn loopback_is_ours_and_documentation_is_not() {
        assert!(is_own("127.0.0.1".parse().unwrap()));
        assert!(!is_own("192.0.2.1".parse().unwrap()));
        assert!(has_route("127.0.0.1".parse().unwrap()));
    }
}
