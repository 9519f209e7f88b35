//! Whom load may be put on: this machine, and another only if its host is named twice.

use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::{Context, Result, bail};

/// A server that somebody runs, and may be put under load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    address: SocketAddr,
}

impl Target {
    /// `HOST:PORT`. A host that is not this machine must be named a second time: load that its owner has not agreed to
    /// is an attack, and a typing mistake should not be one.
    pub(crate) fn parse(target: &str, load_host: Option<&str>) -> Result<Target> {
        let Some((host, _port)) = target.rsplit_once(':') else {
            bail!("`{target}` is no address: HOST:PORT, such as 127.0.0.1:7440");
        };
        let addresses: Vec<SocketAddr> =
            target.to_socket_addrs().with_context(|| format!("`{target}` leads nowhere"))?.collect();
        let Some(address) = addresses.first().copied() else { bail!("`{target}` leads nowhere") };
        let is_here = addresses.iter().all(|address| address.ip().is_loopback());
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if !is_here && load_host != Some(host) {
            bail!(
                "{host} is not this machine. Putting load on a server is an attack unless those who run it agree; if \
                 they do, add --load-host {host}"
            );
        }
        Ok(Target { address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_may_be_put_under_load() {
        assert_eq!(Target::parse("127.0.0.1:7440", None).unwrap().address(), ([127, 0, 0, 1], 7440).into());
        assert!(Target::parse("127.9.9.9:1", None).is_ok());
        assert!(Target::parse("[::1]:7440", None).is_ok());
    }

    #[test]
    fn another_only_when_named_by_a_flag() {
        let refusal = Target::parse("192.0.2.7:7440", None).unwrap_err().to_string();
        assert!(refusal.contains("--load-host 192.0.2.7"), "{refusal}");
        assert!(Target::parse("192.0.2.7:7440", Some("192.0.2.8")).is_err(), "another host's permission");
        assert!(Target::parse("192.0.2.7:7440", Some("192.0.2.7")).is_ok());
        assert!(Target::parse("[2001:db8::1]:7440", None).is_err());
        assert!(Target::parse("[2001:db8::1]:7440", Some("2001:db8::1")).is_ok());
        assert!(Target::parse("0.0.0.0:7440", None).is_err(), "all addresses are not only ours");
    }

    #[test]
    fn what_is_no_address_is_refused_in_words() {
        let refusal = Target::parse("localhost", None).unwrap_err().to_string();
        assert!(refusal.contains("HOST:PORT"), "{refusal}");
    }
}
