//! What a server says of itself: one number of its `/metrics`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, Result, ensure};

/// The number of this name, as in `anser_sessions`.
pub fn number(server: SocketAddr, name: &str) -> Result<u64> {
    let mut stream = TcpStream::connect(server)?;
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n")?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    ensure!(reply.starts_with("HTTP/1.1 200"), "no metrics: {reply}");
    let mut numbers = reply.lines().filter_map(|line| line.split_once(' '));
    let (_, number) = numbers.find(|(of, _)| *of == name).with_context(|| format!("there is no {name}"))?;
    Ok(number.trim().parse()?)
}
