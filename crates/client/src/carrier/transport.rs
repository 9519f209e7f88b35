//! TCP to the server, with TLS or without.

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::{Ending, Route};
use crate::address::Address;

/// What carriers run over.
pub(super) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

pub(super) async fn connect(route: &Route) -> Result<Box<dyn Transport>, Ending> {
    let Address { tls, host, port, .. } = &route.address;
    let tcp = TcpStream::connect((host.as_str(), *port)).await?;
    // Frames are small and somebody waits for each.
    tcp.set_nodelay(true)?;
    if !*tls {
        return Ok(Box::new(tcp));
    }
    let name = ServerName::try_from(host.clone()).map_err(|_| Ending::ServerName)?;
    Ok(Box::new(route.tls.connect(name, tcp).await?))
}
