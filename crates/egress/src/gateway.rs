//! The router that this machine sends everything to that is not in its own network.

use std::net::Ipv4Addr;

/// Where the kernel lists its IPv4 routes.
const ROUTES: &str = "/proc/net/route";
const FLAG_GATEWAY: u16 = 0x2;

/// The default gateway, as the kernel says at this moment; `None` where there is none, or where it does not say.
pub fn default_gateway() -> Option<Ipv4Addr> {
    parse(&std::fs::read_to_string(ROUTES).ok()?)
}

/// Columns: interface, destination, gateway, flags, references, use, metric, mask, …; addresses as the machine keeps
/// them in memory. Of several the one with the smallest metric.
fn parse(routes: &str) -> Option<Ipv4Addr> {
    let gateway = |line: &str| {
        let columns: Vec<&str> = line.split_ascii_whitespace().collect();
        let [_, destination, gateway, flags, _, _, metric, mask, ..] = columns[..] else {
            return None;
        };
        let number = |text: &str| u32::from_str_radix(text, 16).ok();
        let is_default = number(destination)? == 0 && number(mask)? == 0;
        let flags = u16::from_str_radix(flags, 16).ok()?;
        (is_default && flags & FLAG_GATEWAY != 0).then_some(())?;
        Some((
            metric.parse::<u32>().ok()?,
            Ipv4Addr::from(number(gateway)?.to_ne_bytes()),
        ))
    };
    let found = routes.lines().skip(1).filter_map(gateway).min();
    found.map(|(_, address)| address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn the_best_default_route_is_the_gateway() {
        let head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
        let route = |gateway: &str, flags: &str, metric: &str| {
            format!("eth0\t00000000\t{gateway}\t{flags}\t0\t0\t{metric}\t00000000\t0\t0\t0\n")
        };
        let local = "eth0\t0000A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n";
        let table = [
            (String::new(), None),
            (local.to_owned(), None),
            (route("00000000", "0001", "0"), None),
            (
                format!("{local}{}", route("0100A8C0", "0003", "100")),
                Some("192.168.0.1"),
            ),
            (
                format!(
                    "{}{}",
                    route("0100A8C0", "0003", "600"),
                    route("0101000A", "0003", "100")
                ),
                Some("10.0.1.1"),
            ),
            ("nonsense\n\u{0}\n".to_owned(), None),
        ];
        for (routes, expected) in table {
            let expected: Option<Ipv4Addr> = expected.map(|a| a.parse().unwrap());
            assert_eq!(parse(&format!("{head}{routes}")), expected, "{routes}");
        }
    }
}
