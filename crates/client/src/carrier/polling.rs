//! Frames over HTTP exchanges, for networks that let no WebSocket through. An exchange that fails ends the link.

use std::time::{Duration, Instant};

use anser_protocol::{batch, limits};
use bytes::Bytes;
use hyper::{Method, StatusCode};
use tokio::sync::{Notify, mpsc};
use tokio::time::sleep;

use super::lane::{Answered, Asked, CLOSED, LINK, Lane, NUMBER, WAIT_MS};
use super::{Ending, Report, Reporter, Route};

/// How long the server may take for what it answers at once.
const PATIENCE: Duration = Duration::from_millis(limits::WRITE_MS);
/// Saying good-bye is a courtesy: the server also finds out by itself.
const FAREWELL: Duration = Duration::from_secs(2);
const PACE_FIRST: Duration = Duration::from_millis(limits::POLL_PACE_FIRST_MS);
const PACE_MAX: Duration = Duration::from_millis(limits::POLL_PACE_MAX_MS);

/// Opens a link and carries frames until it ends. `is_long`: exchanges down wait at the server for something to come.
pub(super) async fn carry(
    route: &Route,
    is_long: bool,
    queue: mpsc::Receiver<Vec<u8>>,
    reporter: &Reporter,
) -> Result<(), Ending> {
    let mut up = Lane::new(route);
    let name = open(&mut up, route.connect_timeout).await?;
    reporter.tell(Report::Opened).await?;
    let brought = Notify::new();
    let ending = tokio::select! {
        ending = bring(&mut up, &name, queue, &brought) => ending,
        ending = fetch(route, &name, is_long, &brought, reporter) => ending,
    };
    if !matches!(ending, Err(Ending::Closed)) {
        let headers = [(LINK, name)];
        let goodbye = Asked { method: Method::DELETE, path: "", headers: &headers, body: Bytes::new() };
        let _courtesy = Lane::new(route).exchange(goodbye, FAREWELL).await;
    }
    ending
}

async fn open(lane: &mut Lane<'_>, patience: Duration) -> Result<String, Ending> {
    let asked = Asked { method: Method::POST, path: "", headers: &[], body: Bytes::new() };
    let answered = lane.exchange(asked, patience).await?;
    if answered.status != StatusCode::CREATED {
        return Err(Ending::Status(answered.status));
    }
    let name = answered.headers.get(LINK).and_then(|name| name.to_str().ok());
    name.map(str::to_owned).ok_or(Ending::NoName)
}

/// The lane up: all that waits, up to a body's length, is one exchange.
async fn bring(
    lane: &mut Lane<'_>,
    name: &str,
    mut queue: mpsc::Receiver<Vec<u8>>,
    brought: &Notify,
) -> Result<(), Ending> {
    let mut next = None;
    for number in 1_u64.. {
        let Some(first) = (match next.take() {
            Some(frame) => Some(frame),
            None => queue.recv().await,
        }) else {
            break;
        };
        let mut body = Vec::new();
        batch::append(&mut body, &first);
        while let Ok(frame) = queue.try_recv() {
            if body.len() + batch::appended_len(&frame) > limits::POLL_UP_BYTES_MAX {
                next = Some(frame);
                break;
            }
            batch::append(&mut body, &frame);
        }
        let headers = [(LINK, name.to_owned()), (NUMBER, number.to_string())];
        let asked = Asked { method: Method::POST, path: "/up", headers: &headers, body: body.into() };
        let answered = lane.exchange(asked, PATIENCE).await?;
        match answered.status {
            StatusCode::NO_CONTENT => brought.notify_one(),
            // The link is over; the other lane brings the server's last words, or learns the same.
            StatusCode::GONE => std::future::pending().await,
            status => return Err(Ending::Status(status)),
        }
    }
    Err(Ending::LetGo)
}

/// The lane down.
async fn fetch(
    route: &Route,
    name: &str,
    is_long: bool,
    brought: &Notify,
    reporter: &Reporter,
) -> Result<(), Ending> {
    let mut lane = Lane::new(route);
    let wait_ms = if is_long { limits::POLL_WAIT_MS } else { 0 };
    let mut pause = PACE_FIRST;
    for number in 1_u64.. {
        let asked_at = Instant::now();
        let headers = [(LINK, name.to_owned()), (NUMBER, number.to_string()), (WAIT_MS, wait_ms.to_string())];
        let asked = Asked { method: Method::POST, path: "/down", headers: &headers, body: Bytes::new() };
        let answered = lane.exchange(asked, Duration::from_millis(wait_ms) + PATIENCE).await?;
        let has_brought = hand_over(answered, reporter).await?;
        if has_brought {
            pause = PACE_FIRST;
        }
        // A server, or something before it, that does not wait must not be asked all the time.
        let waited = is_long && (has_brought || asked_at.elapsed() >= PACE_MAX);
        if !waited {
            pause = rest(pause, brought).await;
        }
    }
    Ok(())
}

/// Reports the frames of an answer. Whether there were any.
async fn hand_over(answered: Answered, reporter: &Reporter) -> Result<bool, Ending> {
    if answered.status != StatusCode::OK {
        return Err(Ending::Status(answered.status));
    }
    let mut body = answered.body;
    let mut has_brought = false;
    while let Some(frame) =
        batch::take_first(&mut body, limits::SERVER_FRAME_BYTES_MAX).map_err(|_| Ending::NotFrames)?
    {
        has_brought = true;
        reporter.tell(Report::Frame(frame.into())).await?;
    }
    if answered.headers.contains_key(CLOSED) {
        return Err(Ending::Closed);
    }
    Ok(has_brought)
}

/// Waits, less long if something was sent, since then something will come. How long to wait the next time.
async fn rest(pause: Duration, brought: &Notify) -> Duration {
    tokio::select! {
        () = sleep(pause) => (pause * 2).min(PACE_MAX),
        () = brought.notified() => {
            sleep(PACE_FIRST).await;
            PACE_FIRST
        }
    }
}
