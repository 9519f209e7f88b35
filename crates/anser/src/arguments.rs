//! What the person at the keyboard asked for.

use std::ffi::OsString;
use std::path::PathBuf;

use anser_protocol::Moment;
use anser_server::config::Key;
use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

/// One of the commands.
pub(crate) enum Asked {
    /// Run a server with these settings, as they were written.
    Serve { flags: Vec<(Key, OsString)>, is_child: bool },
    /// Fill a data directory with made-up chats.
    Seed(SeedOptions),
    /// Measure.
    Bench(anser_loadgen::Asked),
    /// Be a child of such a measuring.
    BenchChild(Vec<String>),
    /// Say which version this is.
    Version,
}

/// What to fill which directory with.
pub(crate) struct SeedOptions {
    pub(crate) data: PathBuf,
    pub(crate) chats: usize,
    pub(crate) messages: usize,
    pub(crate) handle: String,
    pub(crate) password: String,
    /// The moment of the newest message; `None` for now.
    pub(crate) until: Option<Moment>,
}

const UNTIL_STDIN_ENDS: &str = "until-stdin-ends";

/// Reads the command line. Wrong usage and `--help` end the program here, in clap's words.
pub(crate) fn parse() -> Asked {
    let matches = command().get_matches();
    match matches.subcommand() {
        Some(("serve", matches)) => {
            Asked::Serve { flags: written(matches), is_child: matches.get_flag(UNTIL_STDIN_ENDS) }
        }
        Some(("seed", matches)) => Asked::Seed(seed_options(matches)),
        Some(("bench", matches)) => bench_asked(matches),
        _ => Asked::Version,
    }
}

/// Made from the table of settings, so that every one of them is a flag, and none is forgotten.
fn command() -> Command {
    let mut serve = Command::new("serve")
        .about("Run a server")
        .long_about(
            "Run a server. Each setting can be given as a flag, in the environment (--log-level as \
             ANSER_LOG_LEVEL) or in a TOML file (as log_level); a flag wins over the environment, and that over \
             the file.",
        );
    for key in Key::ALL {
        // Taken as it is: what is allowed is judged in one place, wherever the value comes from.
        let argument = Arg::new(key.name())
            .long(key.flag())
            .value_name(key.value())
            .help(key.help())
            .value_parser(ValueParser::os_string());
        serve = serve.arg(argument);
    }
    // For programs that start servers, not for people.
    serve =
        serve.arg(
            Arg::new(UNTIL_STDIN_ENDS).long(UNTIL_STDIN_ENDS).action(ArgAction::SetTrue).hide(true).help(
                "End at once when standard input does, as it does when the parent ends, in whatever way",
            ),
        );
    Command::new("anser")
        .about("Instant messaging that people run for themselves")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(serve)
        .subcommand(seed())
        .subcommand(bench())
        .subcommand(Command::new("version").about("Say which version this is"))
}

fn seed() -> Command {
    let option = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let number = value_parser!(u32).range(1..);
    Command::new("seed")
        .about("Fill a new data directory with made-up chats, to try Anser at size")
        .long_about(
            "Fill a new data directory with made-up chats, to try Anser at size: people, groups and texts of many \
             kinds, over more than a year. Everybody in it has the same password: never let others reach a server \
             with such a directory.",
        )
        .arg(option("data", "DIR", "The directory, new or without accounts").required(true)
            .value_parser(value_parser!(PathBuf)))
        .arg(option("chats", "COUNT", "How many chats, the big one included").default_value("2000")
            .value_parser(number))
        .arg(option("messages", "COUNT", "Messages in the big chat").default_value("100000").value_parser(number))
        .arg(option("handle", "HANDLE", "The one whose chats these are").default_value("alice"))
        .arg(option("password", "TEXT", "Everybody's password").default_value("made up people"))
        .arg(option("until", "MS", "When the newest message was written, in milliseconds since 1970 [default: now]")
            .value_parser(value_parser!(u64)))
}

fn seed_options(matches: &ArgMatches) -> SeedOptions {
    let text = |name| matches.get_one::<String>(name).cloned().unwrap_or_default();
    // At least 1, by its parser.
    let number = |name| matches.get_one::<u32>(name).map_or(1, |number| *number as usize);
    SeedOptions {
        data: matches.get_one::<PathBuf>("data").cloned().unwrap_or_default(),
        chats: number("chats"),
        messages: number("messages"),
        handle: text("handle"),
        password: text("password"),
        until: matches.get_one::<u64>("until").map(|millis| Moment(*millis)),
    }
}

fn bench() -> Command {
    let option = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let file = |name, help| option(name, "FILE", help).value_parser(value_parser!(PathBuf));
    let folder = |name, help| option(name, "DIR", help).value_parser(value_parser!(PathBuf));
    let scenarios = anser_loadgen::names().join(", ");
    Command::new("bench")
        .about("Measure what messages and sessions cost, beside the raw costs of the machine")
        .long_about(format!(
            "Measure what messages and sessions cost, beside the raw costs of the machine. Servers are started as \
             child processes with default settings, on directories that go afterwards. Each figure is printed as a \
             line of JSON; a table at the end says which marks hold.\n\nScenarios: {scenarios}.",
        ))
        .arg(Arg::new("what").value_name("SCENARIO").help("A scenario, or `all`").required(true))
        .arg(Arg::new("words").num_args(0..).hide(true))
        .arg(Arg::new("smoke").long("smoke").action(ArgAction::SetTrue).help("Everything once, as small as it goes"))
        .arg(option("seed", "NUMBER", "Decides who exists").default_value("1").value_parser(value_parser!(u64)))
        .arg(option("people", "COUNT", "How many sessions there are in the crowd").value_parser(value_parser!(u32).range(2..)))
        .arg(option("minutes", "COUNT", "For how long the crowd is kept").value_parser(value_parser!(u64).range(1..)))
        .arg(folder("dir", "Make data directories here instead of where the system keeps temporary files"))
        .arg(file("json", "Write the figures here too"))
        .arg(file("report", "Write the table here, as Markdown"))
        .arg(option("target", "HOST:PORT", "Put load on a server that runs already, on a directory made by --fill"))
        .arg(option("load-host", "HOST", "The target's host, named again if it is not this machine: its owner agrees"))
        .arg(folder("fill", "Only make the people of the scenario, in a new data directory"))
}

fn bench_asked(matches: &ArgMatches) -> Asked {
    let text = |name| matches.get_one::<String>(name).cloned();
    let path = |name| matches.get_one::<PathBuf>(name).cloned();
    let what = text("what").unwrap_or_default();
    if what == anser_loadgen::CHILD {
        return Asked::BenchChild(matches.get_many("words").into_iter().flatten().cloned().collect());
    }
    Asked::Bench(anser_loadgen::Asked {
        what,
        smoke: matches.get_flag("smoke"),
        seed: matches.get_one("seed").copied().unwrap_or(1),
        people: matches.get_one::<u32>("people").map(|people| *people as usize),
        minutes: matches.get_one("minutes").copied(),
        dir: path("dir"),
        json: path("json"),
        report: path("report"),
        target: text("target"),
        load_host: text("load-host"),
        fill: path("fill"),
    })
}

fn written(matches: &ArgMatches) -> Vec<(Key, OsString)> {
    let mut flags = Vec::new();
    for key in Key::ALL {
        if let Some(text) = matches.get_one::<OsString>(key.name()) {
            flags.push((key, text.clone()));
        }
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn every_setting_is_a_flag_of_serve() {
        for key in Key::ALL {
            let line = ["anser", "serve", &format!("--{}", key.flag()), "some value"];
            let matches = command().try_get_matches_from(line).unwrap();
            let (_, serve) = matches.subcommand().unwrap();
            assert_eq!(written(serve), [(key, "some value".into())]);
        }
    }
}
