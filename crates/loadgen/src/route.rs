//! How to reach a server: which address, from which of ours, with TLS or without.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, Result};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use crate::target::Target;

/// The name in the certificate of a server of ours.
pub(crate) const SERVER_NAME: &str = "localhost";
/// So many addresses of this machine connections come from: each has only so many ports.
const SOURCES: usize = 16;

/// What connections run over.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// How to reach a server. There is none to another machine without a [`Target`], and so without permission.
#[derive(Clone)]
pub(crate) struct Route {
    server: SocketAddr,
    tls: Option<TlsConnector>,
}

impl Route {
    /// To a child of ours, on this machine.
    pub(crate) fn to_port(port: u16) -> Route {
        Route { server: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), tls: None }
    }

    pub(crate) fn to_target(target: &Target) -> Route {
        Route { server: target.address(), tls: None }
    }

    /// The same, with TLS. Each handshake is a whole one, as that of a client which comes for the first time.
    pub(crate) fn with_tls(self, certificate: &CertificateDer<'static>) -> Result<Route> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).context("our own certificate is none")?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Route { tls: Some(TlsConnector::from(Arc::new(config))), ..self })
    }

    pub(crate) fn server(&self) -> SocketAddr {
        self.server
    }

    /// Connects as client number `client`, which decides from where.
    pub(crate) async fn connect(&self, client: usize) -> Result<Box<dyn Transport>> {
        let stream = self.connect_plain(client).await?;
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        Ok(Box::new(tls.connect(ServerName::try_from(SERVER_NAME)?, stream).await?))
    }

    /// The same, without TLS in any case.
    pub(crate) async fn connect_plain(&self, client: usize) -> Result<TcpStream> {
        let stream = match self.source(client) {
            None => TcpStream::connect(self.server).await?,
            Some(source) => {
                let socket = TcpSocket::new_v4()?;
                socket.bind(SocketAddr::new(source, 0))?;
                socket.connect(self.server).await?
            }
        };
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// 127.0.0.2 and on, where all of 127.0.0.0/8 is this machine: on Linux.
    fn source(&self, client: usize) -> Option<IpAddr> {
        let has_many = cfg!(target_os = "linux") && self.server.ip().is_loopback() && self.server.is_ipv4();
        // Below 256.
        let last = 2 + (client % SOURCES) as u8;
        has_many.then_some(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)))
    }
}
