//! Who is asking: the address that requests are counted by.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies in front of this server: what they say of an address is believed, and nobody else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// Addresses that cannot be read.
#[derive(Debug, Error)]
#[error("--trusted-proxies {0:?}: addresses or networks with commas between them, like 127.0.0.1,10.0.0.0/8")]
pub struct TrustedProxiesError(String);

impl TrustedProxies {
    /// # Errors
    /// [`TrustedProxiesError`].
    pub fn parse(text: &str) -> Result<Self, TrustedProxiesError> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let network = |part: &str| part.parse().or_else(|_| part.parse::<IpAddr>().map(IpNet::from));
        let networks = parts.map(network).collect::<Result<_, _>>();
        networks.map(Self).map_err(|_| TrustedProxiesError(text.to_owned()))
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// A client, as requests are counted: an IPv4 address, or the first half of an IPv6 address, which one household or phone has
/// as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    address: IpAddr,
    /// What of it is counted by itself; 0 for the client as a whole.
    about: u64,
}

impl Client {
    /// Whoever has opened the connection; behind trusted proxies, the last address in `X-Forwarded-For` that is none of theirs:
    /// what stands before it may be invented.
    #[must_use]
    pub fn of(peer: IpAddr, headers: &HeaderMap, trusted: &TrustedProxies) -> Self {
        let mut client = peer.to_canonical();
        if trusted.0.is_empty() || !trusted.trusts(client) {
            return Self::of_address(client);
        }
        // As bytes: what a client has invented need not be text, and must not hide what a proxy has added.
        let lines = headers.get_all(X_FORWARDED_FOR).into_iter().map(HeaderValue::as_bytes);
        let hops: Vec<_> = lines.flat_map(|line| line.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii).collect();
        for hop in hops.into_iter().rev() {
            // What is no address was not written by a proxy of ours.
            let Some(address) = parse_hop(hop) else { break };
            client = address.to_canonical();
            if !trusted.trusts(client) {
                break;
            }
        }
        Self::of_address(client)
    }

    /// What this client does about one thing, like a username.
    #[must_use]
    pub fn about(self, thing: &str) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(thing.as_bytes()));
        Self { about: u64::from_be_bytes([a, b, c, d, e, f, g, h]), ..self }
    }

    /// Something that differs from client to client, and costs nothing.
    pub(super) fn low_byte(&self) -> u8 {
        match self.address {
            IpAddr::V4(address) => address.octets()[3],
            // Of the network: the rest is 0.
            IpAddr::V6(address) => address.octets()[7],
        }
    }

    fn of_address(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self { address, about: 0 },
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self { address: IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)), about: 0 }
            }
        }
    }
}

/// An address as proxies write it, with a port or without.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?;
    let plain = hop.parse::<IpAddr>().ok();
    plain.or_else(|| hop.parse::<std::net::SocketAddr>().ok().map(|address| address.ip()))
}

impl std::fmt::Display for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.about {
            0 => self.address.fmt(f),
            about => write!(f, "{}:{about:016x}", self.address),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &str) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
        }
        Client::of(peer.parse().unwrap(), &headers, &TrustedProxies::parse(trusted).unwrap()).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"], ""), "203.0.113.9");
        assert_eq!(client("203.0.113.9", &["198.51.100.1"], "10.0.0.0/8"), "203.0.113.9");
        assert_eq!(client("10.1.2.3", &["198.51.100.1"], "10.0.0.0/8"), "198.51.100.1");
        // What the client wrote itself stands first, and does not count.
        assert_eq!(client("10.1.2.3", &["1.1.1.1, 198.51.100.1"], "10.0.0.0/8"), "198.51.100.1");
        assert_eq!(client("10.1.2.3", &["1.1.1.1", "198.51.100.1, 10.9.9.9"], "10.0.0.0/8"), "198.51.100.1");
        assert_eq!(client("10.1.2.3", &["x, 10.9.9.9"], "10.0.0.0/8"), "10.9.9.9");
        assert_eq!(client("10.1.2.3", &["\u{ff}, 198.51.100.1"], "10.0.0.0/8"), "198.51.100.1", "no text");
        assert_eq!(client("10.1.2.3", &[], "10.0.0.0/8"), "10.1.2.3");
        assert_eq!(client("10.1.2.3", &["198.51.100.1:4711"], "10.0.0.0/8"), "198.51.100.1");
        assert_eq!(client("::ffff:10.1.2.3", &["[2001:db8:1:2:3::4]:80"], "10.0.0.0/8"), "2001:db8:1:2::");
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        assert_eq!(client("2001:db8:1:2:aaaa::1", &[], ""), client("2001:db8:1:2:bbbb::2", &[], ""));
        assert_ne!(client("2001:db8:1:2::1", &[], ""), client("2001:db8:1:3::1", &[], ""));
        assert_eq!(client("::ffff:192.0.2.1", &[], ""), "192.0.2.1");
    }

    #[test]
    fn networks_are_read_or_refused() {
        for right in ["", "127.0.0.1", "10.0.0.0/8, ::1", "2001:db8::/32"] {
            assert!(TrustedProxies::parse(right).is_ok(), "{right}");
        }
        for wrong in ["x", "10.0.0.0/33", "10.0.0.0/8 ::1"] {
            assert!(TrustedProxies::parse(wrong).is_err(), "{wrong}");
        }
    }
}
