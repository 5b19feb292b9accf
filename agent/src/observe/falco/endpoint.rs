//! Where Falco's web server can be asked, seen from here; and why not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use thiserror::Error;

use super::config::{Settings, Webserver};

/// The network of a process, seen from ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// The same namespace.
    Ours,
    /// Another one, with its own address where one was found ([`own_address`]).
    Other(Option<Ipv4Addr>),
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
    #[error("no IPv4 address was found in its network namespace")]
    NoAddress,
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
        Network::Other(own) if listen.is_unspecified() => own.ok_or(Unreachable::NoAddress)?.into(),
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

/// The first address of a network that is not loopback, from /proc/PID/net/fib_trie: a pod's address. Networks with
/// IPv6 only have none there.
#[must_use]
pub fn own_address(fib_trie: &str) -> Option<Ipv4Addr> {
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

    const POD: Network = Network::Other(Some(Ipv4Addr::new(10, 244, 1, 7)));

    #[test]
    fn addresses() {
        for (listen, network, expected) in [
            ("0.0.0.0", Network::Ours, "127.0.0.1:8765"),
            ("::", Network::Ours, "[::1]:8765"),
            ("127.0.0.1", Network::Ours, "127.0.0.1:8765"),
            (" 192.0.2.1 ", Network::Ours, "192.0.2.1:8765"),
            ("0.0.0.0", POD, "10.244.1.7:8765"),
            ("::", POD, "10.244.1.7:8765"),
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
        assert_eq!(of(|_| {}, Network::Other(None)), Unreachable::NoAddress);
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
        assert_eq!(own_address(FIB_TRIE), Some(Ipv4Addr::new(10, 244, 1, 7)));
        let (_, local) = FIB_TRIE.split_once("Local:").unwrap();
        assert_eq!(own_address(local), Some(Ipv4Addr::new(192, 0, 2, 9)), "loopback is passed over");
        for none in ["", "/32 host LOCAL", "|-- 10.0.0.1\n/24 link UNICAST", "|-- x\n/32 host LOCAL"] {
            assert_eq!(own_address(none), None, "{none:?}");
        }
    }
}
