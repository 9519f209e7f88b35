//! `anser bench` on real sockets, as small as it goes: every scenario ends and says what it measured.

#![allow(clippy::unwrap_used)] // a test that cannot go on says where

mod binary;

use std::process::{Command, Output};

use serde_json::Value;

fn bench(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_anser")).arg("bench").args(words).output().unwrap()
}

/// Runs a scenario, and returns its figures by name.
fn figures(words: &[&str]) -> Vec<(String, Value)> {
    let output = bench(words);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    let lines = out.lines().filter(|line| line.starts_with('{'));
    let figures = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    figures.map(|figure| (figure["figure"].as_str().unwrap().to_owned(), figure)).collect()
}

/// Every figure named, with a number, and none that is not.
fn check(scenario: &str, expected: &[&str]) {
    let figures = figures(&[scenario, "--smoke"]);
    let names: Vec<&str> = figures.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, expected);
    for (name, figure) in &figures {
        // Without /proc nothing of another process can be known; and so little CPU time that none was counted has no ratio.
        let may_be_unknown = !cfg!(target_os = "linux") || name.contains(".times-");
        assert!(figure["value"].is_number() || may_be_unknown, "{name}: {figure}");
        let happens = figure["unit"] != "/s" || figure["value"].as_f64() > Some(0.0);
        assert!(happens, "nothing was delivered, or written: {figure}");
        assert!(figure["machine"]["load"].is_array(), "{name}: {figure}");
    }
}

#[test]
fn raw() {
    check(
        "raw",
        &[
            "raw.tcp-echo.window-1",
            "raw.websocket-echo.window-1",
            "raw.tcp-echo.window-8",
            "raw.websocket-echo.window-8",
            "raw.websocket-echo.16-in-a-write",
            "raw.write",
            "raw.append-1.fdatasync-p50",
            "raw.append-1.rows",
            "raw.append-16.fdatasync-p50",
            "raw.append-16.rows",
            "raw.append-256.fdatasync-p50",
            "raw.append-256.rows",
        ],
    );
}

#[test]
fn pairs() {
    check(
        "pairs",
        &[
            "pairs.window-1.cpu-per-message",
            "pairs.window-1.times-the-echo",
            "pairs.window-1.user-cpu-per-message",
            "pairs.window-1.delivered",
            "pairs.window-8.cpu-per-message",
            "pairs.window-8.times-the-echo",
            "pairs.window-8.user-cpu-per-message",
            "pairs.window-8.delivered",
        ],
    );
}

#[test]
fn idle() {
    check(
        "idle",
        &[
            "idle.plain.memory-per-session",
            "idle.plain.cpu-per-resume",
            "idle.tls.memory-per-session",
            "idle.tls.cpu-per-resume",
        ],
    );
}

#[test]
fn latency() {
    check(
        "latency",
        &[
            "latency.shown-p50",
            "latency.shown-p99",
            "latency.shown-max",
            "latency.writer-late-p99",
            "latency.shown",
            "latency.cpu-per-message",
        ],
    );
}

#[test]
fn group() {
    check(
        "group",
        &[
            "group.cpu-per-delivery",
            "group.times-the-write",
            "group.deliveries",
            "group.arrives-p50",
            "group.arrives-p99",
            "group.reporting.cpu-per-delivery",
            "group.reporting.deliveries",
        ],
    );
}

#[test]
fn a_server_that_runs_already_is_put_under_load_and_not_looked_into() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let filled = bench(&["pairs", "--smoke", "--seed", "7", "--fill", data.to_str().unwrap()]);
    assert!(filled.status.success(), "{}", String::from_utf8_lossy(&filled.stderr));
    let server = binary::Server::start(&data);
    let address = server.address.to_string();
    let figures = figures(&["pairs", "--smoke", "--seed", "7", "--target", &address]);
    let value = |wanted: &str| &figures.iter().find(|(name, _)| name == wanted).unwrap().1["value"];
    assert!(value("pairs.window-8.delivered").as_f64().unwrap() > 0.0);
    assert!(value("pairs.window-8.cpu-per-message").is_null());
}

#[test]
fn catch_up() {
    check(
        "catch-up",
        &[
            "catch-up.missed.exchanges-until-right",
            "catch-up.missed.bytes-until-right",
            "catch-up.missed.bytes",
            "catch-up.missed.times-stored",
            "catch-up.missed.all-here",
            "catch-up.cpu-per-50-messages",
            "catch-up.reads",
            "catch-up.few-of-many.exchanges-until-right",
            "catch-up.few-of-many.bytes-until-right",
            "catch-up.few-of-many.times-stored",
            "catch-up.few-of-many.cpu-per-resume",
        ],
    );
}

/// What is counted, and not measured, must hold however small it is.
fn check_counted(scenario: &str, expected: &[(&str, f64)]) -> Vec<(String, Value)> {
    let figures = figures(&[scenario, "--smoke"]);
    for (name, value) in expected {
        let found = figures.iter().find(|(figure, _)| figure == name);
        assert_eq!(found.map(|(_, figure)| &figure["value"]), Some(&Value::from(*value)), "{name}");
    }
    figures
}

#[test]
fn storm() {
    check_counted(
        "storm",
        &[
            ("storm.sessions", 20.0),
            ("storm.messages-lost", 0.0),
            ("storm.messages-doubled-or-out-of-order", 0.0),
            ("storm.rush.sessions", 20.0),
        ],
    );
}

#[test]
fn overload() {
    check_counted(
        "overload",
        &[("overload.refused-otherwise", 0.0), ("overload.messages-lost-or-doubled", 0.0)],
    );
}

#[test]
fn slow_readers() {
    check_counted("slow-readers", &[("slow-readers.others-wronged", 0.0)]);
}

#[test]
fn crowd() {
    let figures = check_counted(
        "crowd",
        &[("crowd.sessions", 80.0), ("crowd.processes", 2.0), ("crowd.lost", 0.0), ("crowd.wronged", 0.0)],
    );
    let messages = figures.iter().find(|(name, _)| name == "crowd.messages");
    assert!(messages.unwrap().1["value"].as_f64().unwrap() > 0.0, "nobody talks");
}

#[test]
fn load_on_another_machine_needs_its_name_twice() {
    let output = bench(&["pairs", "--smoke", "--target", "192.0.2.7:7440"]);
    assert!(!output.status.success());
    let refusal = String::from_utf8_lossy(&output.stderr);
    assert!(refusal.contains("add --load-host 192.0.2.7"), "{refusal}");
}

#[test]
fn big_group() {
    let figures = check_counted(
        "big-group",
        &[
            ("big-group.members", 1_100.0),
            ("big-group.online", 40.0),
            ("big-group.messages-lost", 0.0),
            ("big-group.wronged", 0.0),
        ],
    );
    let messages = figures.iter().find(|(name, _)| name == "big-group.messages");
    assert!(messages.unwrap().1["value"].as_f64().unwrap() > 0.0, "nobody writes to the group");
}

#[test]
fn store() {
    let of = |in_flight: u32| {
        ["of-the-file", "messages", "cpu-per-message", "p99"]
            .map(|what| format!("store.{in_flight}-in-flight.{what}"))
    };
    let expected: Vec<String> = [1, 16, 256].into_iter().flat_map(of).collect();
    check("store", &expected.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn history() {
    check(
        "history",
        &[
            "history.messages",
            "history.empty.cpu-per-message",
            "history.cpu-per-message",
            "history.times-empty",
            "history.send-p99",
            "history.last-50-p99",
            "history.bytes-per-message",
            "start.listening",
        ],
    );
}

/// Whoever measures may be killed without a word: the server ends with the benchmark.
#[cfg(target_os = "linux")]
#[test]
fn a_benchmark_that_is_killed_leaves_no_server_behind() {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = Command::new(env!("CARGO_BIN_EXE_anser"))
        .args(["bench", "overload", "--smoke", "--dir"])
        .arg(dir.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let server = wait_for("its server", || server_of(bench.id()));
    bench.kill().unwrap();
    bench.wait().unwrap();
    wait_for("the end of the server", || server_named(server).is_none().then_some(()));
}

/// The number of the process that serves for this one.
#[cfg(target_os = "linux")]
fn server_of(parent: u32) -> Option<u32> {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.into_iter().find(|number| server_named(*number) == Some(parent))
}

/// Whose child this process is, if it is there and serves.
#[cfg(target_os = "linux")]
fn server_named(number: u32) -> Option<u32> {
    let line = std::fs::read(format!("/proc/{number}/cmdline")).ok()?;
    if !line.split(|byte| *byte == 0).any(|word| word == b"serve") {
        return None;
    }
    let status = std::fs::read_to_string(format!("/proc/{number}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:")?.trim().parse().ok())
}

#[cfg(target_os = "linux")]
fn wait_for<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let began = std::time::Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        // Limits a hang, measures nothing.
        assert!(began.elapsed() < std::time::Duration::from_secs(120), "waited in vain for {what}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
