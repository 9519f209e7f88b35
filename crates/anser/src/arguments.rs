//! What the person at the keyboard asked for.

use std::ffi::OsString;

use anser_server::config::Key;
use clap::builder::ValueParser;
use clap::{Arg, ArgMatches, Command};

/// One of the commands.
pub(crate) enum Asked {
    /// Run a server with these settings, as they were written.
    Serve { flags: Vec<(Key, OsString)> },
    /// Say which version this is.
    Version,
}

/// Reads the command line. Wrong usage and `--help` end the program here, in clap's words.
pub(crate) fn parse() -> Asked {
    let matches = command().get_matches();
    match matches.subcommand() {
        Some(("serve", matches)) => Asked::Serve { flags: written(matches) },
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
    Command::new("anser")
        .about("Instant messaging that people run for themselves")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(serve)
        .subcommand(Command::new("version").about("Say which version this is"))
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
