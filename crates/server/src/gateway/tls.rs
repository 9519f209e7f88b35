//! TLS 1.3 from certificate files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::TlsFiles;

/// Why the certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file cannot be read, or is not PEM.
    #[error("{file} cannot be used as {wanted}: {why}")]
    File {
        /// Which file.
        file: PathBuf,
        /// What should be in it.
        wanted: &'static str,
        /// What is wrong.
        why: pem::Error,
    },
    /// There is no certificate in the file.
    #[error("{0} has no certificate in it (looked for \"BEGIN CERTIFICATE\")")]
    NoCertificate(PathBuf),
    /// The key does not fit the certificate, or is of an unknown sort.
    #[error("the certificate and its key cannot be used together: {0}")]
    Pair(#[from] rustls::Error),
}

/// Reads the files and prepares for handshakes.
pub(crate) fn tls_config(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect)
        .map_err(|why| file_error(&files.cert, "a certificate chain", why))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(files.cert.clone()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|why| file_error(&files.key, "a private key", why))?;

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    // WebSocket needs HTTP/1.1; say so, so that no client tries anything else.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn file_error(file: &Path, wanted: &'static str, why: pem::Error) -> TlsError {
    TlsError::File { file: file.to_owned(), wanted, why }
}
