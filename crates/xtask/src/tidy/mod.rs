//! The rules of this repository that no compiler knows; each says its reason when it is broken.
//!
//! | module | its rules |
//! |---|---|
//! | [`rooms`] | which crate may depend on which |
//! | [`words`] | what may not be named where: IO in pure crates, SQL outside stores, doors in services … |
//! | [`files`] | sizes, opening sentences, nothing of one machine, no skipped tests |
//! | [`protocol`] | `docs/protocol.md` knows every name and limit of the wire |
//! | [`documents`] | `ARCHITECTURE.md` knows every crate, `docs/promises.md` only tests that exist |
//! | [`source`] | how the rules read Rust: what is code, what is imported |

mod documents;
mod files;
mod protocol;
mod rooms;
mod source;
mod words;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::answer;

/// Checks every rule on every file that git knows or would take.
pub(crate) fn tidy(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    let problems: Vec<Problem> =
        [rooms::check, words::check, files::check, protocol::check, documents::check]
            .iter()
            .flat_map(|rule| rule(&tree))
            .collect();
    if problems.is_empty() {
        return Ok(());
    }
    bail!("{} things are not tidy\n{}", problems.len(), list(&problems))
}

/// A line per problem; a reason is said once for those it stands behind.
fn list(problems: &[Problem]) -> String {
    let mut text = String::new();
    for alike in problems.chunk_by(|one, next| one.why == next.why) {
        for problem in alike {
            text.push_str(&format!("\n  {}: {}", problem.place, problem.what));
        }
        text.push_str(&format!("\n    because {}\n", alike[0].why));
    }
    text
}

/// The text files of the repository, by their path from its root.
#[derive(Default)]
struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    fn read(root: &Path) -> Result<Tree> {
        let mut list = Command::new("git");
        list.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let paths = answer(&mut list).context("`git ls-files` failed: tidy reads what git would take")?;
        let mut files = BTreeMap::new();
        for path in paths.split('\0').filter(|path| !path.is_empty()) {
            // A deleted file may still be in the index, and pictures are not text.
            if let Ok(text) = std::fs::read_to_string(root.join(path)) {
                files.insert(path.to_owned(), text);
            }
        }
        Ok(Tree { files })
    }

    fn get(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    #[cfg(test)]
    fn of<const N: usize>(files: [(&str, &str); N]) -> Tree {
        Tree { files: files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect() }
    }
}

/// One broken rule, where, and why the rule exists.
#[derive(Debug, PartialEq, Eq)]
struct Problem {
    place: String,
    what: String,
    why: &'static str,
}

impl Problem {
    fn new(place: impl Into<String>, what: impl Into<String>, why: &'static str) -> Problem {
        Problem { place: place.into(), what: what.into(), why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_said_once_for_those_it_stands_behind() {
        let problems =
            [Problem::new("a", "1", "x"), Problem::new("b", "2", "x"), Problem::new("c", "3", "y")];
        assert_eq!(list(&problems), "\n  a: 1\n  b: 2\n    because x\n\n  c: 3\n    because y\n");
    }
}
