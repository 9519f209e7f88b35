//! Where the server is, taken apart.

use tokio_tungstenite::tungstenite::http::Uri;

use crate::error::ClientError;

/// The protocol's door on every server: for WebSockets ...
const SOCKET_PATH: &str = "/v1/ws";
/// ... and for links made of HTTP exchanges.
const POLL_PATH: &str = "/v1/poll";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) tls: bool,
    /// Without brackets, as the resolver wants it.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// What the WebSocket handshake asks for.
    pub(crate) socket: Uri,
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Address, ClientError> {
        let refuse = |reason| ClientError::BadAddress { url: url.to_owned(), reason };
        let uri: Uri = url.parse().map_err(|_| refuse("it is not a URL"))?;
        let tls = match uri.scheme_str() {
            Some("wss" | "https") => true,
            Some("ws" | "http") => false,
            _ => return Err(refuse("it must begin with wss:// or ws://")),
        };
        let Some(authority) = uri.authority() else { return Err(refuse("it names no host")) };
        if authority.host().is_empty() {
            return Err(refuse("it names no host"));
        }
        // A server behind a proxy may live under a path of its own.
        let base = uri.path().trim_end_matches('/');
        let base = base.strip_suffix(SOCKET_PATH).unwrap_or(base);
        let scheme = if tls { "wss" } else { "ws" };
        Ok(Address {
            tls,
            host: authority.host().trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            socket: format!("{scheme}://{authority}{base}{SOCKET_PATH}")
                .parse()
                .map_err(|_| refuse("it is not a URL"))?,
        })
    }

    /// Where links made of HTTP exchanges are opened.
    pub(crate) fn poll_path(&self) -> String {
        let base = self.socket.path().strip_suffix(SOCKET_PATH).unwrap_or_default();
        format!("{base}{POLL_PATH}")
    }

    /// Host and port as they stand in the address.
    pub(crate) fn authority(&self) -> &str {
        self.socket.authority().map_or("", |authority| authority.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, tls: bool, host: &str, port: u16, uri: &str) {
        let expected = Address { tls, host: host.into(), port, socket: uri.parse().unwrap() };
        assert_eq!(Address::parse(url).unwrap(), expected);
    }

    #[test]
    fn addresses_as_people_write_them() {
        check("wss://chat.example.org", true, "chat.example.org", 443, "wss://chat.example.org/v1/ws");
        check("https://chat.example.org/", true, "chat.example.org", 443, "wss://chat.example.org/v1/ws");
        check("http://localhost:8080", false, "localhost", 8080, "ws://localhost:8080/v1/ws");
        check("ws://[::1]:9000/v1/ws", false, "::1", 9000, "ws://[::1]:9000/v1/ws");
        check("wss://example.org/chat", true, "example.org", 443, "wss://example.org/chat/v1/ws");
    }

    #[test]
    fn what_is_no_address_is_refused_in_words() {
        let refusal = Address::parse("chat.example.org").unwrap_err().to_string();
        assert_eq!(refusal, "`chat.example.org` is not a server address: it must begin with wss:// or ws://");
        assert!(Address::parse("").is_err());
        assert!(Address::parse("ftp://example.org").is_err());
        assert!(Address::parse("wss://").is_err());
    }
}
