//! Browsers, monitors and certificates.

use std::sync::Arc;

use anser_server::app;
use anser_server::config::{Origins, Settings, TlsFiles};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::helpers::{Link, TestServer, soon};

const LOCAL: &str = "Host: localhost\r\n";

#[tokio::test]
async fn a_monitor_learns_that_the_server_is_well() {
    let server = TestServer::start().await;
    let health = server.http_get("/healthz", LOCAL).await;
    assert!(health.starts_with("HTTP/1.1 200 ") && health.ends_with("ok\n"), "{health}");
}

#[tokio::test]
async fn numbers_are_for_the_operator_of_this_machine() {
    let server = TestServer::start().await;
    let alice = server.register("alice").await;
    assert_eq!(server.metric("anser_sessions").await, 1);
    assert_eq!(server.metric("anser_connections").await, 2, "alice's link, and this question");
    assert_eq!(server.metric("anser_registrations_total").await, 1);
    let numbers = server.http_get("/metrics", LOCAL).await;
    assert!(!numbers.contains("alice"), "numbers only, nothing about anybody");
    drop(alice);

    let strangers = ["Host: chat.example.org\r\n", "Host: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n"];
    for headers in strangers {
        let reply = server.http_get("/metrics", headers).await;
        assert!(reply.starts_with("HTTP/1.1 404 "), "{reply}");
    }
}

#[tokio::test]
async fn numbers_can_have_an_address_of_their_own() {
    let server =
        TestServer::start_with(|settings| settings.metrics_listen = "127.0.0.1:0".parse().ok()).await;
    let own = server.running().metrics_address().unwrap();
    let numbers = crate::helpers::http_get(own, "/metrics", LOCAL).await;
    assert!(numbers.starts_with("HTTP/1.1 200 ") && numbers.ends_with("# EOF\n"), "{numbers}");
    let main = server.http_get("/metrics", LOCAL).await;
    assert!(main.starts_with("HTTP/1.1 404 "), "{main}");
}

#[tokio::test]
async fn every_reply_tells_the_browser_what_it_must_not_do() {
    let server = TestServer::start().await;
    for path in ["/", "/healthz", "/no/such/file.js", "/v1/ws"] {
        let reply = server.http_get(path, LOCAL).await.to_ascii_lowercase();
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval';",
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "referrer-policy: no-referrer",
        ] {
            assert!(reply.contains(header), "{path} lacks {header}: {reply}");
        }
        let policy = reply.lines().find(|line| line.starts_with("content-security-policy")).unwrap();
        assert!(!policy.contains("script-src 'self' 'unsafe-inline'"), "{policy}");
    }
}

#[tokio::test]
async fn only_pages_of_this_host_may_open_links() {
    let server = TestServer::start().await;
    let address = server.address();
    let own = format!("http://{address}");
    assert!(Link::try_open(address, &[("origin", &own)]).await.is_ok());
    assert_eq!(Link::try_open(address, &[("origin", "https://evil.example")]).await.err(), Some(403));
    assert_eq!(Link::try_open(address, &[("origin", "null")]).await.err(), Some(403));

    let listed = TestServer::start_with(|settings| {
        settings.allowed_origins = Origins::Listed(["https://chat.example.org".to_owned()].into());
    })
    .await;
    let allowed = Link::try_open(listed.address(), &[("origin", "https://chat.example.org")]).await;
    assert!(allowed.is_ok());
}

#[tokio::test]
async fn what_is_no_websocket_is_told_so() {
    let server = TestServer::start().await;
    let plain = server.http_get("/v1/ws", LOCAL).await;
    assert!(plain.starts_with("HTTP/1.1 426 "), "{plain}");
    let other = Link::try_open(server.address(), &[("sec-websocket-protocol", "something.else")]).await;
    assert_eq!(other.err(), Some(400));
}

/// A server that speaks TLS with a certificate of its own making, and that certificate.
async fn start_with_certificate() -> (app::Running, CertificateDer<'static>, tempfile::TempDir) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let data = tempfile::tempdir().unwrap();
    let files = TlsFiles { cert: data.path().join("cert.pem"), key: data.path().join("key.pem") };
    std::fs::write(&files.cert, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let mut settings = Settings::with_defaults(data.path().join("data"));
    settings.listen.set_port(0);
    settings.tls = Some(files);
    (app::start(settings).await.unwrap(), made.cert.der().clone(), data)
}

async fn tls_to(
    running: &app::Running,
    certificate: CertificateDer<'static>,
    version: &'static SupportedProtocolVersion,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(running.address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    soon("a TLS handshake", TlsConnector::from(Arc::new(config)).connect(name, stream)).await
}

#[tokio::test]
async fn with_a_certificate_it_speaks_tls_and_nothing_else() {
    let (running, certificate, _data) = start_with_certificate().await;
    let mut stream = tls_to(&running, certificate.clone(), &rustls::version::TLS13).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut reply = String::new();
    soon("a reply", stream.read_to_string(&mut reply)).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");

    let plain = crate::helpers::http_get(running.address(), "/healthz", LOCAL).await;
    assert!(!plain.contains("200 OK"), "{plain}");
    running.shutdown().await;
}

#[tokio::test]
async fn links_work_over_tls() {
    let (running, certificate, _data) = start_with_certificate().await;
    let stream = tls_to(&running, certificate, &rustls::version::TLS13).await.unwrap();
    let request = tokio_tungstenite::tungstenite::http::Request::builder()
        .uri("wss://localhost/v1/ws")
        .header("Host", "localhost")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("Sec-WebSocket-Protocol", "anser.v1")
        .body(())
        .unwrap();
    let (socket, reply) = tokio_tungstenite::client_async(request, stream).await.unwrap();
    assert_eq!(reply.headers()["sec-websocket-protocol"], "anser.v1");
    drop(socket);
    running.shutdown().await;
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named() {
    let data = tempfile::tempdir().unwrap();
    let files = TlsFiles { cert: data.path().join("missing.pem"), key: data.path().join("key.pem") };
    let mut settings = Settings::with_defaults(data.path().join("data"));
    settings.listen.set_port(0);
    settings.tls = Some(files.clone());
    let error = app::start(settings.clone()).await.err().unwrap().to_string();
    assert!(error.contains("missing.pem"), "{error}");

    std::fs::write(&files.cert, "no certificate").unwrap();
    let error = app::start(settings).await.err().unwrap().to_string();
    assert!(error.contains("missing.pem") && error.contains("BEGIN CERTIFICATE"), "{error}");
}
