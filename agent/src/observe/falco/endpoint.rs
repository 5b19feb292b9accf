//! Where Falco's web server can be asked, seen from here; and why not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use thiserror::Error;

use super::config::{Settings, Webserver};

/// The network of a process, seen from ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// The same namespace.
    Ours,
    /// Another one, with its own addresses where they were found.
    Other(Addresses),
}

/// The addresses of another network: a pod's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// See [`own_v4`].
    pub v4: Option<Ipv4Addr>,
    /// See [`own_v6`].
    pub v6: Option<Ipv6Addr>,
}

impl Addresses {
    /// The one to ask if somebody listens on all of this kind. Who listens on `::` listens on IPv4 too, as Linux has it
    /// by default.
    fn of(self, any: IpAddr) -> Option<IpAddr> {
        let v4 = self.v4.map(IpAddr::V4);
        if any.is_ipv4() { v4 } else { v4.or_else(|| self.v6.map(IpAddr::V6)) }
    }
}

/// Why nobody answers. Each is a fact about visibility, not a failure of Falco.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Unreachable {
    /// `webserver.enabled` is false.
    #[error("its web server is off (webserver.enabled)")]
    Off,
    /// `/metrics` is not served.
    #[error("it serves no metrics (metrics.enabled and webserver.prometheus_metrics_enabled)")]
    NoMetrics,
    /// This version of dropctl speaks no TLS.
    #[error("its web server speaks TLS only (webserver.ssl_enabled), which dropctl does not")]
    Tls,
    /// Bound to loopback in a network that is not ours.
    #[error("it listens on {address} of a network namespace of its own")]
    Loopback {
        /// What it listens on.
        address: IpAddr,
    },
    /// Another network without an address that we could find.
    #[error("it listens on {any} of a network namespace in which no such address was found")]
    NoAddress {
        /// What it listens on.
        any: IpAddr,
    },
    /// Not an address and a port.
    #[error("{address:?} port {port} is no address to ask")]
    BadAddress {
        /// As configured.
        address: String,
        /// As configured.
        port: u32,
    },
}

/// Where `/versions` is.
///
/// # Errors
///
/// [`Unreachable`].
pub fn versions(webserver: &Webserver, network: Network) -> Result<SocketAddr, Unreachable> {
    let bad =
        || Unreachable::BadAddress { address: webserver.listen_address.clone(), port: webserver.listen_port };
    if !webserver.enabled {
        return Err(Unreachable::Off);
    }
    if webserver.ssl_enabled {
        return Err(Unreachable::Tls);
    }
    let listen: IpAddr = webserver.listen_address.trim().parse().map_err(|_| bad())?;
    let port = u16::try_from(webserver.listen_port).ok().filter(|port| *port > 0).ok_or_else(bad)?;
    let address = match network {
        Network::Ours => match listen {
            IpAddr::V4(any) if any.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(any) if any.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            address => address,
        },
        Network::Other(_) if listen.is_loopback() => return Err(Unreachable::Loopback { address: listen }),
        Network::Other(own) if listen.is_unspecified() => {
            own.of(listen).ok_or(Unreachable::NoAddress { any: listen })?
        }
        Network::Other(_) => listen,
    };
    Ok(SocketAddr::new(address, port))
}

/// Where `/metrics` is.
///
/// # Errors
///
/// [`Unreachable`].
pub fn metrics(settings: &Settings, network: Network) -> Result<SocketAddr, Unreachable> {
    let address = versions(&settings.webserver, network)?;
    let served = settings.metrics_enabled && settings.webserver.prometheus_metrics_enabled;
    if served { Ok(address) } else { Err(Unreachable::NoMetrics) }
}

/// The first address of a network that is not loopback, from /proc/PID/net/fib_trie.
#[must_use]
pub fn own_v4(fib_trie: &str) -> Option<Ipv4Addr> {
    let mut candidate = None;
    for line in fib_trie.lines().map(str::trim) {
        if let Some(leaf) = line.strip_prefix("|-- ") {
            candidate = leaf.parse::<Ipv4Addr>().ok();
        } else if line == "/32 host LOCAL"
            && let Some(address) = candidate.filter(|address| !address.is_loopback())
        {
            return Some(address);
        }
    }
    None
}

/// The first address of a network that others can reach, from /proc/PID/net/if_inet6: address, interface, length of the
/// prefix, scope, flags (net/ipv6/addrconf.c, `if6_seq_show`).
#[must_use]
pub fn own_v6(if_inet6: &str) -> Option<Ipv6Addr> {
    /// `IPV6_ADDR_ANY`, as the kernel prints the scope of global addresses.
    const GLOBAL: &str = "00";
    /// `IFA_F_DADFAILED`, `IFA_F_TENTATIVE`: not to be used, or not yet.
    const UNUSABLE: u8 = 0x08 | 0x40;
    if_inet6.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let address = u128::from_str_radix(words.next()?, 16).ok()?;
        let (scope, flags) = (words.nth(2)?, u8::from_str_radix(words.next()?, 16).ok()?);
        (scope == GLOBAL && flags & UNUSABLE == 0).then(|| Ipv6Addr::from(address))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webserver(listen_address: &str) -> Webserver {
        Webserver {
            enabled: true,
            listen_address: listen_address.to_owned(),
            listen_port: 8765,
            ssl_enabled: false,
            prometheus_metrics_enabled: true,
        }
    }

    const V4: Ipv4Addr = Ipv4Addr::new(10, 244, 1, 7);
    const V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x10, 0x244, 0, 0, 0, 0, 7);
    const POD: Network = Network::Other(Addresses { v4: Some(V4), v6: None });
    const POD_OF_BOTH: Network = Network::Other(Addresses { v4: Some(V4), v6: Some(V6) });
    const POD_OF_V6: Network = Network::Other(Addresses { v4: None, v6: Some(V6) });

    #[test]
    fn addresses() {
        for (listen, network, expected) in [
            ("0.0.0.0", Network::Ours, "127.0.0.1:8765"),
            ("::", Network::Ours, "[::1]:8765"),
            ("127.0.0.1", Network::Ours, "127.0.0.1:8765"),
            (" 192.0.2.1 ", Network::Ours, "192.0.2.1:8765"),
            ("0.0.0.0", POD, "10.244.1.7:8765"),
            ("::", POD, "10.244.1.7:8765"),
            ("::", POD_OF_BOTH, "10.244.1.7:8765"),
            ("::", POD_OF_V6, "[fd00:10:244::7]:8765"),
            ("fd00::8", POD_OF_V6, "[fd00::8]:8765"),
            ("10.244.1.8", POD, "10.244.1.8:8765"),
        ] {
            let address = versions(&webserver(listen), network).map(|address| address.to_string());
            assert_eq!(address.as_deref(), Ok(expected), "{listen} {network:?}");
        }
    }

    #[test]
    fn reasons() {
        let of = |change: fn(&mut Webserver), network| {
            let mut webserver = webserver("0.0.0.0");
            change(&mut webserver);
            versions(&webserver, network).unwrap_err()
        };
        assert_eq!(of(|server| server.enabled = false, POD), Unreachable::Off);
        assert_eq!(of(|server| server.ssl_enabled = true, POD), Unreachable::Tls);
        let nowhere = Unreachable::NoAddress { any: Ipv4Addr::UNSPECIFIED.into() };
        assert_eq!(of(|_| {}, Network::Other(Addresses::default())), nowhere);
        assert_eq!(of(|_| {}, POD_OF_V6), nowhere, "0.0.0.0 is IPv4 only");
        let loopback = of(|server| server.listen_address = "127.0.0.1".to_owned(), POD);
        assert_eq!(loopback, Unreachable::Loopback { address: Ipv4Addr::LOCALHOST.into() });
        for change in [
            (|server| server.listen_port = 0) as fn(&mut Webserver),
            |server| server.listen_port = 65_536,
            |server| server.listen_address = "localhost".to_owned(),
        ] {
            assert!(matches!(of(change, Network::Ours), Unreachable::BadAddress { .. }));
        }
    }

    const FIB_TRIE: &str = "\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.244.1.0/24 2 0 2
        |-- 10.244.1.0
           /24 link UNICAST
        |-- 10.244.1.7
           /32 host LOCAL
        |-- 10.244.1.255
           /32 link BROADCAST
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
Local:
  +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
        |-- 192.0.2.9
           /32 host LOCAL
";

    #[test]
    fn a_pod_address() {
        assert_eq!(own_v4(FIB_TRIE), Some(V4));
        let (_, local) = FIB_TRIE.split_once("Local:").unwrap();
        assert_eq!(own_v4(local), Some(Ipv4Addr::new(192, 0, 2, 9)), "loopback is passed over");
        for none in ["", "/32 host LOCAL", "|-- 10.0.0.1\n/24 link UNICAST", "|-- x\n/32 host LOCAL"] {
            assert_eq!(own_v4(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_pod_address_of_version_6() {
        const LOOPBACK: &str = "00000000000000000000000000000001 01 80 10 80       lo\n";
        const LINK: &str = "fe80000000000000005056fffe000001 02 40 20 80     eth0\n";
        const TENTATIVE: &str = "fd000010024400000000000000000009 02 40 00 40     eth0\n";
        const FAILED: &str = "fd000010024400000000000000000009 02 40 00 c8     eth0\n";
        const OWN: &str = "fd000010024400000000000000000007 02 40 00 80     eth0\n";
        assert_eq!(own_v6(&[LOOPBACK, LINK, TENTATIVE, FAILED, OWN].concat()), Some(V6));
        for none in ["", LOOPBACK, LINK, TENTATIVE, FAILED, "x 02 40 00 80 eth0", "fd00 02 40", "\n"] {
            assert_eq!(own_v6(none), None, "{none:?}");
        }
    }
}
