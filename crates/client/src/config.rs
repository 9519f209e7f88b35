//! What one must say to open a client.

use std::path::PathBuf;
use std::time::Duration;

use anser_protocol::link::Carrier;

/// Where the server is, and where this client keeps its things.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// `wss://host[:port]`, or `ws://` without TLS; `https` and `http` are understood as the same.
    pub server_url: String,
    /// A directory of this client's own, made if it is not there. It holds the session's token.
    pub data_dir: PathBuf,
    /// A PEM file with the certificates to trust instead of the public ones.
    pub ca_certificates: Option<PathBuf>,
    /// The name of the network this device is in at first, see [`crate::Client::in_network`]. Who stays in one network
    /// for ever need not find a better one.
    pub network: String,
    /// A link that is not open by then counts as failed.
    pub connect_timeout: Duration,
    /// What may carry the link, the best first. It falls to the next where one does not work, and climbs back.
    pub carriers: Vec<Carrier>,
}

impl ClientConfig {
    /// The usual: public certificates, all carriers, and ten seconds to connect (a few round trips of the worst 2G
    /// link).
    pub fn new(server_url: impl Into<String>, data_dir: impl Into<PathBuf>) -> ClientConfig {
        ClientConfig {
            server_url: server_url.into(),
            data_dir: data_dir.into(),
            ca_certificates: None,
            network: "default".to_owned(),
            connect_timeout: Duration::from_secs(10),
            carriers: Carrier::ALL.to_vec(),
        }
    }
}
