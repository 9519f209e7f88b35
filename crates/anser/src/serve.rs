//! `anser serve`: runs a server until it is told to stop.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Instant;

use anser_server::app;
use anser_server::config::Settings;
use anyhow::Context;

/// Starts, says where, waits for Ctrl-C or SIGTERM, stops well.
pub(crate) fn run(mut settings: Settings) -> anyhow::Result<()> {
    let started = Instant::now();
    crate::log::start(&settings);
    crate::open_files::fit(&mut settings);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the system gives no threads or timers")?;
    runtime.block_on(async {
        let scheme = if settings.tls.is_some() { "https" } else { "http" };
        let data = settings.data.display().to_string();
        // Asked for before the doors open, so that no signal finds us without an answer.
        let mut stop = stop_signal()?;
        let running = app::start(settings).await?;
        say(format_args!(
            "Anser {} is ready ({} ms).",
            env!("CARGO_PKG_VERSION"),
            started.elapsed().as_millis()
        ));
        say(format_args!("  open   {scheme}://{}/", to_open(running.address())));
        if let Some(address) = running.metrics_address() {
            say(format_args!("  metrics http://{address}/metrics"));
        }
        say(format_args!("  data   {data}"));
        say(format_args!("  stop   Ctrl-C"));

        stop.wait().await;
        say(format_args!("Stopping: letting everybody finish. (Ctrl-C again: at once.)"));
        tokio::select! {
            () = running.shutdown() => say(format_args!("Stopped.")),
            () = stop.wait() => say(format_args!("Stopped at once. What was called sent is on the disk.")),
        }
        Ok(())
    })
}

/// Ends this process at once when standard input does: whoever starts a server as a child holds the other end, and lets go of
/// it even when killed. What was called sent is on the disk.
pub(crate) fn end_with_stdin() {
    std::thread::spawn(|| {
        let _ended_or_broken = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
}

/// For the person at the keyboard. If nobody reads (any more), that is no reason to stop serving.
fn say(words: std::fmt::Arguments<'_>) {
    let _nobody_reads = writeln!(std::io::stdout(), "{words}");
}

/// An address that a browser on this machine can open: "all addresses" is none.
fn to_open(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Whatever asks a program to end.
struct StopSignal {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
fn stop_signal() -> anyhow::Result<StopSignal> {
    use tokio::signal::unix::{SignalKind, signal};

    let listen = |kind| signal(kind).context("the system does not let us wait for signals");
    Ok(StopSignal {
        terminate: listen(SignalKind::terminate())?,
        interrupt: listen(SignalKind::interrupt())?,
    })
}

#[cfg(unix)]
impl StopSignal {
    /// The next request to end.
    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
fn stop_signal() -> anyhow::Result<StopSignal> {
    Ok(StopSignal {})
}

#[cfg(not(unix))]
impl StopSignal {
    /// The next request to end.
    async fn wait(&mut self) {
        // If one cannot wait for Ctrl-C, the system ends the program by itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
