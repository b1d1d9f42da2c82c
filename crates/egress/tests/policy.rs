//! The table of what may be dialled.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its scene must fail at once"
)]

use std::net::SocketAddr;

use egress::{Dialer, Policy};
use proptest::prelude::*;

fn addr(ip: &str, port: u16) -> SocketAddr {
    SocketAddr::new(ip.parse().unwrap(), port)
}

fn policy(allow: &[&str], deny: &[&str]) -> Policy {
    let nets = |list: &[&str]| list.iter().map(|n| n.parse().unwrap()).collect();
    Policy::new(nets(allow), nets(deny))
}

#[test]
fn private_and_loopback_are_what_a_monitor_is_for() {
    let policy = policy(&[], &[]);
    for ip in [
        "10.0.0.1",
        "172.16.5.5",
        "192.168.1.1",
        "127.0.0.1",
        "::1",
        "fd12:3456::1",
        "100.64.0.1",
        "192.0.2.1",
        "2001:db8::1",
        "8.8.8.8",
        "64:ff9b::c0a8:101",
        "64:ff9b:1::c0a8:101",
        "::ffff:10.0.0.1",
    ] {
        assert_eq!(policy.check(addr(ip, 80)), Ok(()), "{ip}");
    }
}

#[test]
fn some_addresses_are_always_denied() {
    let policy = policy(&[], &[]);
    for (ip, what) in [
        ("169.254.169.254", "metadata"),
        ("169.254.170.2", "metadata"),
        ("100.100.100.200", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("169.254.1.1", "link-local"),
        ("fe80::1", "link-local"),
        ("febf::1", "link-local"),
        ("224.0.0.1", "multicast"),
        ("239.1.1.1", "multicast"),
        ("ff02::1", "multicast"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("::", "unspecified"),
        ("255.255.255.255", "broadcast"),
        // The same in disguise.
        ("::ffff:169.254.169.254", "metadata"),
        ("::ffff:0.0.0.0", "unspecified"),
        ("64:ff9b::a9fe:a9fe", "metadata"),
        ("64:ff9b:1:a9fe:a9:fe00::", "metadata"),
        ("64:ff9b:1::a9fe:a9fe", "metadata"),
        ("2002:a9fe:a9fe::", "metadata"),
        ("2001:0:808:808:0:0:5601:5601", "metadata"),
        ("::169.254.169.254", "metadata"),
    ] {
        let denied = policy.check(addr(ip, 80)).expect_err(ip);
        assert!(denied.reason.contains(what), "{ip}: {}", denied.reason);
        assert!(
            denied.reason.contains("WATCHBELL_EGRESS_ALLOW"),
            "{}",
            denied.reason
        );
    }
}

#[test]
fn the_allow_list_overrides_what_is_always_denied() {
    let policy = policy(&["169.254.169.254/32", "fe80::/10"], &[]);
    for ip in [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "fe80::1",
    ] {
        assert_eq!(policy.check(addr(ip, 80)), Ok(()), "{ip}");
    }
    assert!(policy.check(addr("169.254.1.1", 80)).is_err());
    assert_eq!(policy.check_name("metadata.google.internal"), Ok(()));
}

#[test]
fn the_deny_list_is_above_the_allow_list() {
    let policy = policy(&["10.0.0.0/8"], &["10.1.0.0/16"]);
    assert_eq!(policy.check(addr("10.2.0.1", 80)), Ok(()));
    for ip in [
        "10.1.2.3",
        "::ffff:10.1.2.3",
        "64:ff9b::a01:203",
        "2002:a01:203::1",
    ] {
        let denied = policy.check(addr(ip, 80)).expect_err(ip);
        assert!(
            denied.reason.contains("10.1.0.0/16 in WATCHBELL_EGRESS_DENY"),
            "{}",
            denied.reason
        );
    }
}

#[test]
fn our_own_listener_is_denied_and_its_neighbours_are_not() {
    let one = policy(&[], &[]).with_own_listeners(vec![addr("127.0.0.1", 8080)]);
    assert!(one.check(addr("127.0.0.1", 8080)).is_err());
    assert!(one.check(addr("::ffff:127.0.0.1", 8080)).is_err());
    assert_eq!(one.check(addr("127.0.0.1", 8081)), Ok(()));
    assert_eq!(one.check(addr("127.0.0.2", 8080)), Ok(()));

    for wildcard in ["0.0.0.0", "::"] {
        let any = policy(&[], &[]).with_own_listeners(vec![addr(wildcard, 8080)]);
        for own in ["127.0.0.1", "127.8.8.8", "::1"] {
            assert!(any.check(addr(own, 8080)).is_err(), "{own}");
            assert_eq!(any.check(addr(own, 80)), Ok(()), "{own}");
        }
        assert_eq!(any.check(addr("192.0.2.1", 8080)), Ok(()));
    }
    let allowed = policy(&["127.0.0.1/32"], &[]).with_own_listeners(vec![addr("127.0.0.1", 8080)]);
    assert_eq!(allowed.check(addr("127.0.0.1", 8080)), Ok(()));
}

#[test]
fn the_metadata_name_is_denied_however_it_is_written() {
    let policy = policy(&[], &[]);
    for name in [
        "metadata.google.internal",
        "METADATA.google.Internal",
        "metadata.google.internal.",
    ] {
        assert!(policy.check_name(name).is_err(), "{name}");
    }
    assert_eq!(policy.check_name("example.org"), Ok(()));
}

#[test]
fn urls_are_judged_by_the_host_that_a_client_would_dial() {
    let dialer = Dialer::new(policy(&[], &[])).unwrap();
    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://0251.0376.0251.0376/",
        "http://169.254.43518/",
        "http://[::ffff:169.254.169.254]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://0/",
        "http://metadata.google.internal/",
        "https://METADATA.GOOGLE.INTERNAL./",
    ] {
        assert!(dialer.check_url(&url.parse().unwrap()).is_err(), "{url}");
    }
    for url in [
        "http://example.org/",
        "http://127.0.0.1:8080/",
        "http://2130706433/",
    ] {
        assert_eq!(dialer.check_url(&url.parse().unwrap()), Ok(()), "{url}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever way an address is wrapped, the verdict is the one of the address inside.
    #[test]
    fn a_disguise_changes_no_refusal(bits: u32, pick in 0..5_usize) {
        let inner = if bits % 3 == 0 { 0xa9fe_0000 | (bits >> 16) } else { bits };
        let [a, b, c, d] = inner.to_be_bytes();
        let v4 = std::net::Ipv4Addr::from_bits(inner);
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let wrapped = match pick {
            0 => v4.to_ipv6_mapped(),
            1 => std::net::Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            2 => std::net::Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            3 => std::net::Ipv6Addr::new(0x2001, 0, 0x808, 0x808, 0, 0, !high, !low),
            _ => std::net::Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
        };
        let policy = policy(&["10.9.0.0/16"], &["10.0.0.0/9"]);
        let plain = policy.check(SocketAddr::new(v4.into(), 80));
        let disguised = policy.check(SocketAddr::new(wrapped.into(), 80));
        // 0.x.x.x is how a wrong reading of a local NAT64 address looks; behind one it is no address.
        if plain.is_err() && !(pick == 4 && a == 0) {
            prop_assert!(disguised.is_err(), "{v4} as {wrapped}");
        }
    }
}
