//! Sizes, opening sentences, nothing of one machine, no skipped tests.

use super::source::{is_test_file, lines_without_tests};
use super::{Problem, Tree};

const LINES_MAX: usize = 800;
const COMPONENT_LINES_MAX: usize = 250;

/// Files over [`LINES_MAX`]. This list only ever shrinks.
const ALLOWED_LONG: [&str; 0] = [];

/// The rules about files as such.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.iter() {
        // These rules have to name what they forbid.
        if path.starts_with("crates/xtask/src/tidy/") {
            continue;
        }
        check_opening(path, text, &mut problems);
        check_size(path, text, &mut problems);
        check_skipped_tests(path, text, &mut problems);
        check_places(path, text, &mut problems);
    }
    problems
}

fn check_opening(path: &str, text: &str, problems: &mut Vec<Problem>) {
    if path.ends_with(".rs") && !text.starts_with("//!") {
        problems.push(Problem::new(
            path,
            "must open with `//!` and one plain sentence",
            "a reader decides by the first line whether this is the file",
        ));
    }
}

fn check_size(path: &str, text: &str, problems: &mut Vec<Problem>) {
    let (lines, most) = if path.ends_with(".svelte") {
        (text.lines().count(), COMPONENT_LINES_MAX)
    } else if path.ends_with(".rs") || path.ends_with(".ts") {
        (lines_without_tests(text), LINES_MAX)
    } else {
        return;
    };
    if lines > most && !ALLOWED_LONG.contains(&path) {
        problems.push(Problem::new(
            path,
            format!("has {lines} lines (tests not counted); {most} are the most"),
            "a file that does not fit into a head is two files",
        ));
    }
}

fn check_skipped_tests(path: &str, text: &str, problems: &mut Vec<Problem>) {
    let words: &[&str] = if path.ends_with(".rs") {
        &["#[ignore"]
    } else if is_test_file(path) || path.starts_with("web/e2e/") && path.ends_with(".ts") {
        &[
            "test.skip",
            "test.only",
            "test.fixme",
            "it.skip",
            "it.only",
            "describe.skip",
            "describe.only",
            "it.todo",
        ]
    } else {
        return;
    };
    for (line, word) in occurrences(text, words) {
        problems.push(Problem::new(
            format!("{path}:{line}"),
            format!("`{word}`"),
            "a skipped test looks like a kept promise; mend it or remove it",
        ));
    }
}

const MACHINE_PATHS: [&str; 4] = ["/home/", "/root/", "/Users/", "C:\\Users"];
const REGISTRY_HOSTS: [&str; 5] =
    ["registry.npmjs.org", "registry.yarnpkg.com", "npmmirror", "index.crates.io", "static.crates.io"];

fn check_places(path: &str, text: &str, problems: &mut Vec<Problem>) {
    for (line, word) in occurrences(text, &MACHINE_PATHS) {
        problems.push(Problem::new(
            format!("{path}:{line}"),
            format!("a path of somebody's machine (`{word}`)"),
            "nobody else has it",
        ));
    }
    for (line, word) in occurrences(text, &REGISTRY_HOSTS) {
        problems.push(Problem::new(
            format!("{path}:{line}"),
            format!("the host of a registry (`{word}`)"),
            "everybody's own settings say where packages come from",
        ));
    }
    if path.ends_with("package-lock.json") && text.contains("\"resolved\": \"http") {
        problems.push(Problem::new(
            path,
            "has \"resolved\" addresses: `npm install --omit-lockfile-registry-resolved`",
            "everybody's own settings say where packages come from; \"integrity\" says which they are",
        ));
    }
}

fn occurrences<'a>(text: &'a str, words: &'a [&'a str]) -> impl Iterator<Item = (usize, &'a str)> {
    text.lines().enumerate().flat_map(|(index, line)| {
        words.iter().filter(move |word| line.contains(**word)).map(move |word| (index + 1, *word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of([(path, text)])).into_iter().map(|problem| problem.what).collect()
    }

    #[test]
    fn a_file_without_its_sentence() {
        assert_eq!(whats("crates/a/src/lib.rs", "fn a() {}\n").len(), 1);
        assert!(whats("crates/a/src/lib.rs", "//! What a is.\n").is_empty());
    }

    #[test]
    fn a_file_that_is_two_files_but_tests_may_be_long() {
        let long = format!("//! Doc.\n{}", "fn a() {}\n".repeat(LINES_MAX));
        assert_eq!(whats("crates/a/src/lib.rs", &long).len(), 1);
        let tests = format!("//! Doc.\n#[cfg(test)]\nmod tests {{\n{}}}\n", "fn a() {}\n".repeat(LINES_MAX));
        assert!(whats("crates/a/src/lib.rs", &tests).is_empty());
        assert_eq!(whats("web/app/src/ui/Chat.svelte", &"<p>\n".repeat(COMPONENT_LINES_MAX + 1)).len(), 1);
    }

    #[test]
    fn a_skipped_test() {
        assert_eq!(whats("crates/a/tests/b.rs", "//! Doc.\n#[ignore]\nfn a() {}\n"), ["`#[ignore`"]);
        assert_eq!(whats("web/e2e/stories/chat.spec.ts", "test.only('a', () => {});\n"), ["`test.only`"]);
    }

    #[test]
    fn somebodys_machine_and_a_registry() {
        assert_eq!(whats("README.md", "cd /home/alice/anser\n"), ["a path of somebody's machine (`/home/`)"]);
        assert_eq!(whats(".npmrc", "registry=https://registry.npmjs.org\n").len(), 1);
        let lock = "{ \"resolved\": \"https://packages.example/a.tgz\" }";
        assert_eq!(whats("web/app/package-lock.json", lock).len(), 1);
    }
}
