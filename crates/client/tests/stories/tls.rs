//! Over TLS: only with a server whose certificate is trusted.

use std::path::{Path, PathBuf};

use anser_client::{Client, ClientConfig, FailureReason, Outcome};
use anser_server::config::{Settings, TlsFiles};

use crate::helpers::{TestServer, register};

/// A server with a certificate of its own, and where the certificate is.
async fn server_with_certificate() -> (TestServer, PathBuf) {
    let server = TestServer::start_with(make_certificate).await;
    let certificate = certificate_in(server.dir_of("alice").parent().unwrap());
    (server, certificate)
}

fn make_certificate(settings: &mut Settings, dir: &Path) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = TlsFiles { cert: certificate_in(dir), key: dir.join("key.pem") };
    std::fs::write(&files.cert, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    settings.tls = Some(files);
}

fn certificate_in(dir: &Path) -> PathBuf {
    dir.join("certificate.pem")
}

#[tokio::test]
async fn a_trusted_server_is_talked_to() {
    let (server, certificate) = server_with_certificate().await;
    let url = format!("wss://localhost:{}", server.port());
    let mut config = ClientConfig::new(url, server.dir_of("alice"));
    config.ca_certificates = Some(certificate);
    let client = Client::open(config).await.unwrap();
    assert_eq!(client.command(register("alice")).await, Outcome::Done);
    client.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_hears_no_password() {
    let (server, _certificate) = server_with_certificate().await;
    let url = format!("wss://localhost:{}", server.port());
    let client = Client::open(ClientConfig::new(url, server.dir_of("alice"))).await.unwrap();
    let outcome = client.command(register("alice")).await;
    let Outcome::Failed { failure } = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.reason, FailureReason::Offline);
}

#[tokio::test]
async fn certificates_that_cannot_be_used_are_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = ClientConfig::new("wss://localhost", dir.path());
    let path = dir.path().join("empty.pem");
    std::fs::write(&path, "").unwrap();
    config.ca_certificates = Some(path);
    let Err(error) = Client::open(config).await else { panic!("it should have been refused") };
    assert!(error.to_string().contains("empty.pem: there is no certificate in it"), "{error}");
}
