//! What the settings come to: checked, complete, ready to use.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anser_protocol::limits;
use tracing::level_filters::LevelFilter;

use super::raw::{DATA_DEFAULT, Value, Written};
use super::{ConfigError, Key};

/// Connections at once, if nobody says: fits the memory of a small machine (about 20 KB each).
const CONNECTIONS_DEFAULT: usize = 20_000;
/// More than one process can hold on any system we know.
const CONNECTIONS_MAX: usize = 10_000_000;

/// Everything a server needs to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Everything the server keeps is in this directory; it is made if missing.
    pub data: PathBuf,
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Where `/metrics` is served; `None`: on `listen`, for this machine only.
    pub metrics_listen: Option<SocketAddr>,
    /// Speak TLS with these; `None`: plain.
    pub tls: Option<TlsFiles>,
    /// Whether strangers may make accounts.
    pub registration: Registration,
    /// Web pages that may connect.
    pub allowed_origins: Origins,
    /// Client addresses are in X-Forwarded-For, put there by a proxy of ours.
    pub trust_forwarded_for: bool,
    /// Connections at once; more are turned away.
    pub connections_max: usize,
    /// Those of them that have not said Hello successfully.
    pub connections_silent_max: usize,
    /// Members of a group.
    pub group_members_max: usize,
    /// How log lines look.
    pub log_format: LogFormat,
    /// How much is logged.
    pub log_level: LevelFilter,
}

/// Where the certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, PEM, leaf first.
    pub cert: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Anybody.
    Open,
    /// Nobody.
    Closed,
}

/// Which web pages may open links. Programs that are no browsers send no origin and are not asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Those that came from the host they connect to.
    SameHost,
    /// These, as browsers write them: `https://chat.example.org`.
    Listed(BTreeSet<String>),
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For eyes.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl Settings {
    /// All defaults, with the data in `data`.
    pub fn with_defaults(data: PathBuf) -> Settings {
        Settings {
            data,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7440)),
            metrics_listen: None,
            tls: None,
            registration: Registration::Open,
            allowed_origins: Origins::SameHost,
            trust_forwarded_for: false,
            connections_max: CONNECTIONS_DEFAULT,
            connections_silent_max: CONNECTIONS_DEFAULT / 2,
            group_members_max: limits::GROUP_MEMBERS_DEFAULT,
            log_format: LogFormat::Text,
            log_level: LevelFilter::INFO,
        }
    }
}

/// Checks what was written and fills in the rest.
pub(super) fn resolve(written: &Written) -> Result<Settings, ConfigError> {
    let get = |key: Key| written.get(&key).map(|value| (key, value));
    let mut settings = Settings::with_defaults(PathBuf::from(DATA_DEFAULT));
    if let Some(path) = path(get(Key::Data))? {
        settings.data = path;
    }
    if let Some(address) = parsed(get(Key::Listen), |text| text.parse().ok())? {
        settings.listen = address;
    }
    settings.metrics_listen = parsed(get(Key::MetricsListen), |text| text.parse().ok())?;
    settings.tls = tls(path(get(Key::TlsCert))?, path(get(Key::TlsKey))?)?;
    if let Some(registration) = parsed(get(Key::Registration), parse_registration)? {
        settings.registration = registration;
    }
    if let Some(origins) = parsed(get(Key::AllowedOrigins), parse_origins)? {
        settings.allowed_origins = origins;
    }
    if let Some(trust) = parsed(get(Key::TrustForwardedFor), |text| text.parse().ok())? {
        settings.trust_forwarded_for = trust;
    }
    if let Some(count) = parsed(get(Key::ConnectionsMax), parse_count)? {
        settings.connections_max = count;
        settings.connections_silent_max = count.div_ceil(2);
    }
    if let Some(count) = parsed(get(Key::ConnectionsSilentMax), parse_count)? {
        settings.connections_silent_max = count;
    }
    if let Some(members) = parsed(get(Key::GroupMembersMax), parse_members)? {
        settings.group_members_max = members;
    }
    if let Some(format) = parsed(get(Key::LogFormat), parse_log_format)? {
        settings.log_format = format;
    }
    if let Some(level) = parsed(get(Key::LogLevel), parse_log_level)? {
        settings.log_level = level;
    }
    Ok(settings)
}

fn parsed<T>(
    written: Option<(Key, &Value)>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, ConfigError> {
    let Some((key, value)) = written else {
        return Ok(None);
    };
    match value.text.to_str().and_then(parse) {
        Some(parsed) => Ok(Some(parsed)),
        None => Err(wrong(key, value)),
    }
}

/// Paths need not be text: file systems allow other names.
fn path(written: Option<(Key, &Value)>) -> Result<Option<PathBuf>, ConfigError> {
    let Some((key, value)) = written else {
        return Ok(None);
    };
    if value.text.is_empty() {
        return Err(wrong(key, value));
    }
    Ok(Some(PathBuf::from(&value.text)))
}

fn wrong(key: Key, value: &Value) -> ConfigError {
    ConfigError::Wrong {
        key,
        value: value.text.to_string_lossy().into_owned(),
        source_text: value.source.to_string(),
        allowed: key.allowed(),
    }
}

fn tls(cert: Option<PathBuf>, key: Option<PathBuf>) -> Result<Option<TlsFiles>, ConfigError> {
    match (cert, key) {
        (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(ConfigError::Alone { there: Key::TlsCert, missing: Key::TlsKey }),
        (None, Some(_)) => Err(ConfigError::Alone { there: Key::TlsKey, missing: Key::TlsCert }),
    }
}

fn parse_registration(text: &str) -> Option<Registration> {
    match text {
        "open" => Some(Registration::Open),
        "closed" => Some(Registration::Closed),
        _ => None,
    }
}

/// Browsers send an origin as scheme, host and port only, so anything longer would never match.
fn parse_origins(text: &str) -> Option<Origins> {
    let mut origins = BTreeSet::new();
    for origin in text.split(',').map(str::trim) {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"))?;
        if host.is_empty() || host.contains(['/', '*', '?', '#', '@', ' ']) {
            return None;
        }
        origins.insert(origin.to_ascii_lowercase());
    }
    Some(Origins::Listed(origins))
}

fn parse_count(text: &str) -> Option<usize> {
    text.parse().ok().filter(|count| (1..=CONNECTIONS_MAX).contains(count))
}

fn parse_members(text: &str) -> Option<usize> {
    text.parse().ok().filter(|members| (2..=limits::GROUP_MEMBERS_MAX).contains(members))
}

fn parse_log_format(text: &str) -> Option<LogFormat> {
    match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    }
}

fn parse_log_level(text: &str) -> Option<LevelFilter> {
    match text {
        "error" => Some(LevelFilter::ERROR),
        "warn" => Some(LevelFilter::WARN),
        "info" => Some(LevelFilter::INFO),
        "debug" => Some(LevelFilter::DEBUG),
        "trace" => Some(LevelFilter::TRACE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::raw::Source;
    use super::*;

    fn resolve_flags(flags: &[(Key, &str)]) -> Result<Settings, ConfigError> {
        let value = |key: Key, text: &str| Value { text: text.into(), source: Source::Flag(key.flag()) };
        resolve(&flags.iter().map(|(key, text)| (*key, value(*key, text))).collect())
    }

    #[test]
    fn nothing_written_gives_the_defaults() {
        assert_eq!(resolve_flags(&[]), Ok(Settings::with_defaults("anser-data".into())));
    }

    #[test]
    fn every_wrong_value_is_named_with_its_source_and_what_is_allowed() {
        let wrong = [
            (Key::Data, ""),
            (Key::Listen, "localhost"),
            (Key::MetricsListen, "7441"),
            (Key::TlsCert, ""),
            (Key::TlsKey, ""),
            (Key::Registration, "maybe"),
            (Key::AllowedOrigins, "chat.example.org"),
            (Key::AllowedOrigins, "https://example.org/path"),
            (Key::TrustForwardedFor, "yes"),
            (Key::ConnectionsMax, "0"),
            (Key::ConnectionsSilentMax, "-1"),
            (Key::GroupMembersMax, "1"),
            (Key::GroupMembersMax, "100001"),
            (Key::LogFormat, "xml"),
            (Key::LogLevel, "loud"),
        ];
        for (key, value) in wrong {
            let error = resolve_flags(&[(key, value)]).unwrap_err().to_string();
            assert!(error.contains(key.name()), "{error}");
            assert!(error.contains(&format!("{value:?}")), "{error}");
            assert!(error.contains(&format!("--{}", key.flag())), "{error}");
            assert!(error.contains(key.allowed()), "{error}");
        }
    }

    #[test]
    fn right_values_are_taken() {
        let settings = resolve_flags(&[
            (Key::Data, "/srv/anser"),
            (Key::Listen, "[::]:443"),
            (Key::TlsCert, "cert.pem"),
            (Key::TlsKey, "key.pem"),
            (Key::Registration, "closed"),
            (Key::AllowedOrigins, "https://Chat.example.org, http://localhost:5173"),
            (Key::ConnectionsMax, "101"),
            (Key::GroupMembersMax, "100000"),
        ])
        .unwrap();
        assert_eq!(settings.listen.port(), 443);
        assert_eq!(settings.tls, Some(TlsFiles { cert: "cert.pem".into(), key: "key.pem".into() }));
        assert_eq!(settings.registration, Registration::Closed);
        let origins = ["https://chat.example.org", "http://localhost:5173"].map(String::from);
        assert_eq!(settings.allowed_origins, Origins::Listed(BTreeSet::from(origins)));
        assert_eq!((settings.connections_max, settings.connections_silent_max), (101, 51));
        assert_eq!(settings.group_members_max, 100_000);
    }

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        let error = resolve_flags(&[(Key::TlsCert, "cert.pem")]).unwrap_err();
        assert_eq!(error, ConfigError::Alone { there: Key::TlsCert, missing: Key::TlsKey });
    }
}
