//! The server's own numbers, read as an operator reads them.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// All numbers at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    text: String,
}

impl Metrics {
    pub(crate) async fn read(server: SocketAddr) -> Result<Metrics> {
        let mut stream = TcpStream::connect(server).await.context("asking for metrics")?;
        let request = format!("GET /metrics HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        ensure!(text.starts_with("HTTP/1.1 200 "), "the server shows no metrics");
        Ok(Metrics { text })
    }

    /// A number by its name, with its labels if it has some: `anser_closes_total{code="SLOW_READER"}`. 0 if the
    /// server has not counted it yet.
    pub(crate) fn get(&self, name: &str) -> f64 {
        let values = self.text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        values.filter_map(|value| value.trim().parse::<f64>().ok()).next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_by_its_whole_name() {
        let text = "HTTP/1.1 200 OK\r\n\r\n# TYPE anser_closes counter\nanser_sessions_ever 9\nanser_sessions 2\n\
            anser_closes_total{code=\"SLOW_READER\"} 3\n";
        let metrics = Metrics { text: text.to_owned() };
        assert_eq!(metrics.get("anser_sessions"), 2.0);
        assert_eq!(metrics.get("anser_closes_total{code=\"SLOW_READER\"}"), 3.0);
        assert_eq!(metrics.get("anser_closes_total"), 0.0);
    }
}
