//! What may not be named where, and why: one table.

use super::source::{code_lines, imports, is_test_file};
use super::{Problem, Tree};

struct Ban {
    /// Folders (or files) this is about …
    within: &'static [&'static str],
    /// … except these.
    except: &'static [&'static str],
    /// What must not stand there. Rust: in a line of code or as an import; else: in any line.
    words: &'static [&'static str],
    why: &'static str,
}

const PURE: [&str; 3] = ["crates/protocol/src/", "crates/client-core/src/", "crates/local-store/src/"];

const BANS: [Ban; 10] = [
    Ban {
        within: &PURE,
        except: &[],
        words: &[
            "std::time",
            "std::fs",
            "std::net",
            "std::thread",
            "std::env",
            "std::process",
            "std::io::std",
            "SystemTime",
            "Instant::now",
            "rand::rng()",
            "rand::random",
            "SysRng",
            "tokio::",
            "rusqlite",
            "println!",
        ],
        why: "a pure room takes time, randomness and what was read as arguments: the same code then runs \
              in the browser, natively and in the simulator",
    },
    Ban {
        within: &["crates/server/src/services/"],
        except: &[],
        words: &[
            "crate::gateway",
            "crate::app",
            "crate::config",
            "axum",
            "hyper",
            "tungstenite",
            "wire::Frame",
        ],
        why: "services know store and bus; doors know services, never the other way round",
    },
    Ban {
        within: &["crates/server/src/services/"],
        except: &[],
        words: &[
            "tokio::spawn",
            "tokio::time",
            "tokio::task",
            "tokio::net",
            "std::time",
            "std::thread",
            "std::fs",
            "SystemTime",
            "Instant::now",
            "sleep(",
        ],
        why: "a service is a sequence of awaits with `now` as an argument: so the simulator can run it, and \
              reading it once is understanding it",
    },
    Ban {
        within: &["crates/server/src/bus"],
        except: &[],
        words: &["crate::services", "crate::gateway", "crate::app"],
        why: "the bus is the only arrow upward: it knows notices, not who sends or takes them",
    },
    Ban {
        within: &["crates/server/src/services/accounts"],
        except: &[],
        words: &["services::conversations", "services::messages", "super::conversations", "super::messages"],
        why: "services are ordered: accounts, conversations, messages; each may use those before it",
    },
    Ban {
        within: &["crates/server/src/services/conversations"],
        except: &[],
        words: &["services::messages", "super::messages"],
        why: "services are ordered: accounts, conversations, messages; each may use those before it",
    },
    Ban {
        within: &["crates/store/src/"],
        except: &[],
        words: &[
            "anser_protocol::wire",
            "anser_protocol::codec",
            "anser_protocol::session",
            "anser_protocol::link",
        ],
        why: "a store knows rows, never frames",
    },
    Ban {
        within: &["crates/", "web/engine/", "web/app/src/"],
        except: &["crates/store/", "crates/local-store/", "crates/xtask/"],
        words: &[
            "SELECT ",
            "INSERT INTO ",
            "INSERT OR ",
            "DELETE FROM ",
            "CREATE TABLE ",
            "ALTER TABLE ",
            "DROP TABLE ",
        ],
        why: "only `store` holds the server's SQL and only `local-store` the clients': a schema has one reader",
    },
    Ban {
        within: &["crates/server/src/", "crates/client/src/", "crates/store/src/"],
        except: &[],
        words: &["unbounded_channel", "UnboundedSender", "unbounded()", "unbounded::<", "mpsc::channel()"],
        why: "no queue is unbounded: a queue that grows hides the reader who is too slow",
    },
    Ban {
        within: &["web/app/src/ui/"],
        except: &[],
        words: &["/worker/", "engine/wasm", "WebSocket", "navigator.storage", "sqlite"],
        why: "components show and ask: they know commands and events, so that a native shell can stand behind them",
    },
];

/// Every line of code against the table.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.iter().filter(|(path, _)| is_source(path) && !is_test_file(path)) {
        for ban in BANS.iter().filter(|ban| ban.concerns(path)) {
            for (line, word) in ban.broken_in(path, text) {
                problems.push(Problem::new(format!("{path}:{line}"), format!("`{}`", word.trim()), ban.why));
            }
        }
    }
    problems
}

fn is_source(path: &str) -> bool {
    [".rs", ".ts", ".svelte"].iter().any(|ending| path.ends_with(ending))
}

impl Ban {
    fn concerns(&self, path: &str) -> bool {
        self.within.iter().any(|folder| path.starts_with(folder))
            && !self.except.iter().any(|folder| path.starts_with(folder))
    }

    fn broken_in(&self, path: &str, text: &str) -> Vec<(usize, &'static str)> {
        let mut found = Vec::new();
        for &word in self.words {
            found.extend(
                code_lines(text).filter(|(_, line)| line.contains(word)).map(|(line, _)| (line, word)),
            );
            if path.ends_with(".rs") {
                // The same path written with braces: `use crate::{bus, gateway}`.
                let imported = imports(text).into_iter().filter(|(_, import)| import.starts_with(word));
                found.extend(imported.map(|(line, _)| (line, word)));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_one(path: &str, text: &str, expect: &[&str]) {
        let problems = check(&Tree::of([(path, text)]));
        let found: Vec<String> =
            problems.iter().map(|problem| format!("{} {}", problem.place, problem.what)).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn a_clock_in_a_pure_room() {
        let text = "//! Doc.\nuse std::{fmt, time::Instant};\n";
        check_one(
            "crates/client-core/src/engine.rs",
            text,
            &["crates/client-core/src/engine.rs:2 `std::time`"],
        );
        check_one("crates/client/src/driver.rs", text, &[]);
    }

    #[test]
    fn a_service_that_knows_a_door_or_waits() {
        let path = "crates/server/src/services/messages.rs";
        check_one(path, "use crate::{bus::Bus, gateway::hub};\n", &[&format!("{path}:1 `crate::gateway`")]);
        check_one(path, "    tokio::spawn(async {});\n", &[&format!("{path}:1 `tokio::spawn`")]);
        check_one(path, "    // never tokio::spawn here\n", &[]);
    }

    #[test]
    fn services_and_the_bus_keep_their_order() {
        let path = "crates/server/src/services/accounts.rs";
        check_one(path, "use super::messages::Messages;\n", &[&format!("{path}:1 `super::messages`")]);
        let path = "crates/server/src/bus.rs";
        check_one(path, "use crate::services::Accounts;\n", &[&format!("{path}:1 `crate::services`")]);
    }

    #[test]
    fn a_store_that_sees_frames_and_sql_that_escaped() {
        let path = "crates/store/src/log.rs";
        check_one(path, "use anser_protocol::wire::Head;\n", &[&format!("{path}:1 `anser_protocol::wire`")]);
        let sql = "    connection.execute(\"DELETE FROM event\")?;\n";
        check_one("crates/server/src/app.rs", sql, &["crates/server/src/app.rs:1 `DELETE FROM`"]);
        check_one("crates/store/src/sqlite/log.rs", sql, &[]);
        check_one("crates/server/tests/crash.rs", sql, &[]);
    }

    #[test]
    fn an_unbounded_queue_and_a_component_with_hands() {
        let path = "crates/server/src/gateway/hub.rs";
        check_one(
            path,
            "let (a, b) = mpsc::unbounded_channel();\n",
            &[&format!("{path}:1 `unbounded_channel`")],
        );
        let path = "web/app/src/ui/Chat.svelte";
        check_one(path, "import { open } from '../worker/socket';\n", &[&format!("{path}:1 `/worker/`")]);
    }
}
