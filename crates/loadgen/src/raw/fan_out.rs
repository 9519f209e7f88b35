//! Bare writes: the same bytes to many sockets, one after the other, as a child process.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::{connect_first, spans};
use crate::route::Route;
use crate::server::free_port;
use crate::setting::Setting;

/// The role of the child.
pub(crate) const ROLE: &str = "fan-out";
/// How often everybody is written to, if nothing else is to be compared with.
pub(crate) const ROUNDS_PER_SECOND: u64 = 20;

/// CPU time of writing so many bytes to one of `members` sockets, when all of them are written to so often.
pub(crate) async fn write(
    setting: &Setting,
    members: usize,
    rounds_per_second: u64,
    bytes: usize,
) -> Result<f64> {
    if setting.target.is_some() {
        // What this machine charges says nothing about that of somebody else.
        return Ok(f64::NAN);
    }
    let port = free_port()?;
    let words = [port.to_string(), members.to_string(), bytes.to_string()];
    let child = setting.play(ROLE, &words.each_ref().map(String::as_str))?;
    let route = Route::to_port(port);
    let mut control = connect_first(&route).await?;
    let mut readers = JoinSet::new();
    for number in 0..members {
        readers.spawn(read(route.connect_plain(number).await?));
    }
    let (warm_up, span) = spans(setting.size);
    let mut every = tokio::time::interval(Duration::from_secs(1) / u32::try_from(rounds_per_second)?);
    let warm_rounds = warm_up.as_millis() as u64 * rounds_per_second / 1_000;
    let rounds = (span.as_millis() as u64 * rounds_per_second / 1_000).max(1);
    let mut usage = child.meter().read();
    for round in 0..warm_rounds + rounds {
        if round == warm_rounds {
            usage = child.meter().read();
        }
        every.tick().await;
        control.write_all(&[1]).await?;
    }
    // The last round is under way.
    every.tick().await;
    let cpu_us = child.meter().read().cpu_us_since(usage);
    Ok(cpu_us / (rounds * members as u64) as f64)
}

async fn read(mut stream: TcpStream) {
    let mut buffer = vec![0; 4 * 1024];
    while let Ok(1..) = stream.read(&mut buffer).await {}
}

/// The child: whoever comes first says when, everybody else is written to.
pub(crate) fn serve(words: &[String]) -> Result<()> {
    let numbers: Vec<usize> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let [port, members, bytes] = *numbers else { anyhow::bail!("fan-out needs a port, members and bytes") };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let port = u16::try_from(port).context("a port")?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let (mut control, _) = listener.accept().await?;
        let mut sockets = Vec::new();
        for _ in 0..members {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            // Registered for writing; afterwards a write is one call of the system and nothing more.
            stream.writable().await?;
            sockets.push(stream);
        }
        let message = vec![7; bytes];
        let mut round = [0];
        while control.read_exact(&mut round).await.is_ok() {
            for socket in &mut sockets {
                socket.write_all(&message).await?;
            }
        }
        Ok(())
    })
}
