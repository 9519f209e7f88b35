//! Every setting there is: its name, what it means, and what is allowed.

/// The name of one setting. The same in all three places: `metrics_listen` in the file,
/// `--metrics-listen` as a flag, `ANSER_METRICS_LISTEN` in the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // each is described in `row`
pub enum Key {
    Config,
    Data,
    Listen,
    MetricsListen,
    TlsCert,
    TlsKey,
    Registration,
    AllowedOrigins,
    TrustForwardedFor,
    ConnectionsMax,
    ConnectionsSilentMax,
    GroupMembersMax,
    LogFormat,
    LogLevel,
}

/// What is to be known about a key.
struct Row {
    name: &'static str,
    value: &'static str,
    help: &'static str,
    allowed: &'static str,
}

impl Key {
    /// All of them, in the order in which `--help` shows them.
    pub const ALL: [Key; 14] = [
        Key::Config,
        Key::Data,
        Key::Listen,
        Key::MetricsListen,
        Key::TlsCert,
        Key::TlsKey,
        Key::Registration,
        Key::AllowedOrigins,
        Key::TrustForwardedFor,
        Key::ConnectionsMax,
        Key::ConnectionsSilentMax,
        Key::GroupMembersMax,
        Key::LogFormat,
        Key::LogLevel,
    ];

    /// As the file and error messages call it.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// As a flag, without the leading dashes.
    pub fn flag(self) -> String {
        self.name().replace('_', "-")
    }

    /// As an environment variable.
    pub fn variable(self) -> String {
        format!("ANSER_{}", self.name().to_ascii_uppercase())
    }

    /// What stands for its value in `--help`.
    pub fn value(self) -> &'static str {
        self.row().value
    }

    /// What it is for, with its default.
    pub fn help(self) -> &'static str {
        self.row().help
    }

    /// Which values are possible: the end of a sentence that begins "it must be".
    pub fn allowed(self) -> &'static str {
        self.row().allowed
    }

    fn row(self) -> Row {
        match self {
            Key::Config => Row {
                name: "config",
                value: "FILE",
                help: "The settings file, TOML [default: anser.toml in the data directory, if there is one]",
                allowed: "the path of a file",
            },
            Key::Data => Row {
                name: "data",
                value: "DIR",
                help: "The data directory; everything the server keeps is in it [default: anser-data]",
                allowed: "the path of a directory",
            },
            Key::Listen => Row {
                name: "listen",
                value: "ADDR",
                help: "Where clients connect [default: 127.0.0.1:7440]",
                allowed: "an IP address and a port, such as 127.0.0.1:7440, 0.0.0.0:7440 or [::]:7440",
            },
            Key::MetricsListen => Row {
                name: "metrics_listen",
                value: "ADDR",
                help: "Serve /metrics here instead [default: on the main address, for this machine only]",
                allowed: "an IP address and a port, such as 127.0.0.1:7441",
            },
            Key::TlsCert => Row {
                name: "tls_cert",
                value: "FILE",
                help: "Certificate chain, PEM; with tls_key: speak TLS 1.3 [default: plain, for use behind a proxy]",
                allowed: "the path of a PEM file",
            },
            Key::TlsKey => Row {
                name: "tls_key",
                value: "FILE",
                help: "The certificate's private key, PEM",
                allowed: "the path of a PEM file",
            },
            Key::Registration => Row {
                name: "registration",
                value: "WHO",
                help: "Whether strangers may make accounts: open or closed [default: open]",
                allowed: "open or closed",
            },
            Key::AllowedOrigins => Row {
                name: "allowed_origins",
                value: "ORIGINS",
                help: "Web pages that may connect, by comma [default: those this server serves]",
                allowed: "origins separated by commas, such as https://chat.example.org,https://example.org:8443",
            },
            Key::TrustForwardedFor => Row {
                name: "trust_forwarded_for",
                value: "BOOL",
                help: "Take client addresses from X-Forwarded-For; only behind a proxy that sets it [default: false]",
                allowed: "true or false",
            },
            Key::ConnectionsMax => Row {
                name: "connections_max",
                value: "N",
                help: "Connections at once [default: 20000, less if the system allows fewer open files]",
                allowed: "a whole number from 1 to 10000000",
            },
            Key::ConnectionsSilentMax => Row {
                name: "connections_silent_max",
                value: "N",
                help: "Connections at once that have not signed in yet [default: half of connections_max]",
                allowed: "a whole number from 1 to 10000000",
            },
            Key::GroupMembersMax => Row {
                name: "group_members_max",
                value: "N",
                help: "Members of a group [default: 1000]",
                allowed: "a whole number from 2 to 100000",
            },
            Key::LogFormat => Row {
                name: "log_format",
                value: "FORMAT",
                help: "How log lines look: text or json [default: text]",
                allowed: "text or json",
            },
            Key::LogLevel => Row {
                name: "log_level",
                value: "LEVEL",
                help: "How much is logged: error, warn, info, debug or trace [default: info]",
                allowed: "error, warn, info, debug or trace",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_has_a_line_for_every_setting() {
        let manual = include_str!("../../../../docs/manual/operating.md");
        for key in Key::ALL {
            let line = format!("| `{}` |", key.name());
            assert!(manual.contains(&line), "docs/manual/operating.md has no line that begins with {line}");
        }
    }
}
