//! What somebody wrote, and where: flags over environment over one TOML file.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use super::{ConfigError, Key};

/// Where the data lies if nobody says.
pub(super) const DATA_DEFAULT: &str = "anser-data";
/// The settings file inside the data directory.
const FILE_NAME: &str = "anser.toml";

/// The settings that somebody wrote, each from its strongest source.
pub type Written = BTreeMap<Key, Value>;

/// One value as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The text; lists of a file are joined by commas.
    pub text: OsString,
    /// Where it stands.
    pub source: Source,
}

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// On the command line.
    Flag(String),
    /// In an environment variable.
    Variable(String),
    /// In the settings file.
    File(PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag(flag) => write!(f, "from the flag --{flag}"),
            Source::Variable(name) => write!(f, "from the environment variable {name}"),
            Source::File(file) => write!(f, "from the file {}", file.display()),
        }
    }
}

/// Collects what was written. The file is the one named by `config`, else `anser.toml` in the data
/// directory, which may be missing.
pub fn gather(
    flags: Vec<(Key, OsString)>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Written, ConfigError> {
    let mut written = Written::new();
    for (key, text) in flags {
        written.insert(key, Value { text, source: Source::Flag(key.flag()) });
    }
    for key in Key::ALL {
        if let Some(text) = environment(&key.variable()) {
            let value = Value { text, source: Source::Variable(key.variable()) };
            written.entry(key).or_insert(value);
        }
    }

    let named = written.get(&Key::Config).map(|value| PathBuf::from(&value.text));
    let file = match &named {
        Some(file) => file.clone(),
        None => {
            let data = written.get(&Key::Data).map_or(OsStr::new(DATA_DEFAULT), |value| &value.text);
            Path::new(data).join(FILE_NAME)
        }
    };
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(written),
        Err(error) => {
            return Err(ConfigError::Unreadable { file: shown(&file), why: error.to_string() });
        }
    };
    for (key, text) in parse_file(&file, named.is_some(), &text)? {
        let value = Value { text: text.into(), source: Source::File(file.clone()) };
        written.entry(key).or_insert(value);
    }
    Ok(written)
}

fn parse_file(file: &Path, named: bool, text: &str) -> Result<Vec<(Key, String)>, ConfigError> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| ConfigError::NotToml {
        file: shown(file),
        why: error.to_string(),
    })?;
    let mut values = Vec::new();
    for (name, value) in table {
        let Some(key) = Key::ALL.into_iter().find(|key| key.name() == name) else {
            return Err(ConfigError::UnknownKey { file: shown(file), key: name, known: known_keys() });
        };
        // A file in the data directory cannot say where the data directory is, and no file names itself.
        if key == Key::Config || (key == Key::Data && !named) {
            return Err(ConfigError::NotInFile {
                file: shown(file),
                key: key.name(),
                flag: format!("--{}", key.flag()),
                variable: key.variable(),
            });
        }
        values.push((key, plain_text(&value)));
    }
    Ok(values)
}

fn known_keys() -> String {
    let names: Vec<&str> = Key::ALL.into_iter().map(Key::name).filter(|name| *name != "config").collect();
    names.join(", ")
}

/// A TOML value as one would write it as a flag. Whether it makes sense is decided later, in one place.
fn plain_text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(items) => items.iter().map(plain_text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
        |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
    }

    fn file_with(text: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE_NAME), text).unwrap();
        dir
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let dir = file_with("listen = \"1.1.1.1:1\"\nlog_level = \"warn\"\nregistration = \"closed\"\n");
        let data = dir.path().to_str().unwrap();
        let set = [("ANSER_DATA", data), ("ANSER_LISTEN", "2.2.2.2:2"), ("ANSER_LOG_LEVEL", "debug")];
        let written = gather(vec![(Key::Listen, "3.3.3.3:3".into())], environment(&set)).unwrap();

        assert_eq!(written[&Key::Listen].text, "3.3.3.3:3");
        assert_eq!(written[&Key::LogLevel].text, "debug");
        assert_eq!(written[&Key::Registration].text, "closed");
        assert_eq!(written[&Key::Registration].source, Source::File(dir.path().join(FILE_NAME)));
    }

    #[test]
    fn an_unknown_key_of_the_file_is_refused_by_name() {
        let dir = file_with("listne = \"1.1.1.1:1\"\n");
        let error = gather(vec![(Key::Data, dir.path().into())], environment(&[])).unwrap_err().to_string();
        assert!(error.contains("listne"), "{error}");
        assert!(error.contains("metrics_listen"), "the error lists what there is: {error}");
    }

    #[test]
    fn a_file_in_the_data_directory_cannot_move_it() {
        let dir = file_with("data = \"elsewhere\"\n");
        let error = gather(vec![(Key::Data, dir.path().into())], environment(&[])).unwrap_err();
        assert!(matches!(error, ConfigError::NotInFile { key: "data", .. }), "{error}");
    }

    #[test]
    fn a_named_file_may_say_where_the_data_is_but_must_exist() {
        let dir = file_with("data = \"elsewhere\"\n");
        let file = dir.path().join(FILE_NAME);
        let written = gather(vec![(Key::Config, file.into())], environment(&[])).unwrap();
        assert_eq!(written[&Key::Data].text, "elsewhere");

        let missing = dir.path().join("missing.toml");
        let error = gather(vec![(Key::Config, missing.into())], environment(&[])).unwrap_err();
        assert!(matches!(error, ConfigError::Unreadable { .. }), "{error}");
    }

    #[test]
    fn what_is_not_toml_is_refused_with_its_line() {
        let dir = file_with("listen = \n");
        let error = gather(vec![(Key::Data, dir.path().into())], environment(&[])).unwrap_err().to_string();
        assert!(error.contains("line 1"), "{error}");
    }
}
