//! `docs/protocol.md` knows every name of `proto/` and every limit, so that a client can be written from it.

use std::collections::BTreeSet;

use super::{Problem, Tree};

const PAGE: &str = "docs/protocol.md";
const LIMITS: &str = "crates/protocol/src/limits.rs";
const WHY: &str = "someone with only that page and proto/ must be able to write a client";

/// Names on the wire that the page does not mention.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let Some(page) = tree.get(PAGE) else {
        return vec![Problem::new(PAGE, "is missing", WHY)];
    };
    let known: BTreeSet<&str> = words(page).collect();
    let mut problems = Vec::new();
    for (path, text) in tree.iter() {
        let names = match path {
            LIMITS => limits(text),
            _ if path.starts_with("proto/") && path.ends_with(".proto") => names_on_the_wire(text),
            _ => continue,
        };
        for (line, name) in names.into_iter().filter(|(_, name)| !known.contains(name)) {
            problems.push(Problem::new(
                format!("{path}:{line}"),
                format!("{PAGE} does not mention `{name}`"),
                WHY,
            ));
        }
    }
    problems
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
}

fn limits(text: &str) -> Vec<(usize, &str)> {
    numbered(text, |line| line.trim().strip_prefix("pub const ")?.split(':').next())
}

/// Messages, enums, fields and enum values.
fn names_on_the_wire(text: &str) -> Vec<(usize, &str)> {
    numbered(text, |line| {
        let line = line.split("//").next().unwrap_or_default().trim();
        for keyword in ["message ", "enum "] {
            if let Some(rest) = line.strip_prefix(keyword) {
                return words(rest).next();
            }
        }
        if line.starts_with("syntax") || line.starts_with("option") {
            return None;
        }
        // "uint64 seq = 2;" or "GROUP = 2;": the name stands before the equals sign.
        let (before, after) = line.split_once('=')?;
        let is_numbered = after.trim().starts_with(|c: char| c.is_ascii_digit());
        let name = before.split_whitespace().last()?;
        (is_numbered && !name.ends_with("_UNSPECIFIED")).then_some(name)
    })
}

fn numbered<'a>(text: &'a str, name: impl Fn(&'a str) -> Option<&'a str>) -> Vec<(usize, &'a str)> {
    text.lines().enumerate().filter_map(|(index, line)| Some((index + 1, name(line)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROTO: &str = "syntax = \"proto3\";\n// note = 3\nmessage Send {\n  bytes send_key = 2; // why\n}\n\
                         enum Kind {\n  KIND_UNSPECIFIED = 0;\n  GROUP = 2;\n}\n";

    #[test]
    fn names_are_read_from_a_proto() {
        assert_eq!(names_on_the_wire(PROTO), [(3, "Send"), (4, "send_key"), (6, "Kind"), (8, "GROUP")]);
    }

    #[test]
    fn a_field_the_page_does_not_mention() {
        let tree = Tree::of([
            (PAGE, "`Send` has a `send_keys`; `Kind` is GROUP."),
            ("proto/anser/v1/a.proto", PROTO),
        ]);
        let problems = check(&tree);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].place, "proto/anser/v1/a.proto:4");
    }

    #[test]
    fn a_limit_the_page_does_not_mention() {
        let limits = "/// Why.\npub const TEXT_CHARS_MAX: usize = 5_000;\n";
        assert_eq!(check(&Tree::of([(PAGE, "nothing"), (LIMITS, limits)])).len(), 1);
        assert!(check(&Tree::of([(PAGE, "| TEXT_CHARS_MAX | 5000 |"), (LIMITS, limits)])).is_empty());
    }

    #[test]
    fn a_missing_page() {
        assert_eq!(check(&Tree::default())[0].what, "is missing");
    }
}
