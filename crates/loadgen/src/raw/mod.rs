//! What the machine itself charges for the same bytes, in the same run: without it no figure can be compared with another
//! machine's.

pub(crate) mod disk;
pub(crate) mod echo;
pub(crate) mod fan_out;

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpStream;

use crate::route::Route;

/// A child that does not listen by then never will.
const PATIENCE: Duration = Duration::from_secs(20);

/// Connects to a child that has just been started, as soon as it listens.
async fn connect_first(route: &Route) -> Result<TcpStream> {
    let connecting = async {
        loop {
            match route.connect_plain(0).await {
                Ok(stream) => return stream,
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, connecting).await.context("the child does not listen")
}

/// How long a raw cost is measured, and how long before that it runs unmeasured.
fn spans(size: crate::setting::Size) -> (Duration, Duration) {
    let millis = |warm_up, span| (Duration::from_millis(warm_up), Duration::from_millis(span));
    size.of(millis(500, 3_000), millis(0, 200))
}
