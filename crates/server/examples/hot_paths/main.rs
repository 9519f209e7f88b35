//! One hot path, as many rounds of it as asked for: what `cargo xtask counts` counts the instructions of.
//!
//! | module | what it holds |
//! |---|---|
//! | [`frames`] | bytes and frames: the codec, the server's end of a link, its WebSocket |
//! | [`store`] | appending messages |
//! | [`node`] | a message through services, bus, courier and mailboxes |

mod frames;
mod node;
mod store;

use std::process::ExitCode;

type Path = fn(rounds: u64);

const PATHS: [(&str, Path); 8] = [
    ("codec", frames::codec),
    ("session", frames::session),
    ("websocket", frames::websocket),
    ("append-memory", store::append_memory),
    ("append-sqlite", store::append_sqlite),
    ("welcome", node::welcome),
    ("message", node::message),
    ("fan-out", node::fan_out),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, rounds] = arguments.as_slice() else {
        eprintln!("usage: hot_paths PATH ROUNDS");
        return ExitCode::FAILURE;
    };
    match (PATHS.iter().find(|(of_path, _)| of_path == name), rounds.parse()) {
        (Some((_, path)), Ok(rounds)) => path(rounds),
        _ => {
            eprintln!("there is no such path, or that is no number");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
