//! `ARCHITECTURE.md` knows every crate, and `docs/promises.md` names only tests that exist.

use super::{Problem, Tree};

const MAP: &str = "ARCHITECTURE.md";
const PROMISES: &str = "docs/promises.md";

/// What the two pages must say, and must not.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    check_map(tree, &mut problems);
    check_promises(tree, &mut problems);
    problems
}

fn check_map(tree: &Tree, problems: &mut Vec<Problem>) {
    let map = tree.get(MAP).unwrap_or_default();
    let manifest = tree.get("Cargo.toml").unwrap_or_default();
    for (line, name) in workspace_dependencies(manifest) {
        if !map.lines().any(|line| line.starts_with('|') && line.contains(&format!("`{name}`"))) {
            problems.push(Problem::new(
                format!("Cargo.toml:{line}"),
                format!("{MAP} has no line for the dependency `{name}`"),
                "whoever adds a dependency says in one line why it is worth having",
            ));
        }
    }
    for (path, _) in tree.iter() {
        let Some(folder) = path.strip_suffix("/Cargo.toml") else { continue };
        let name = folder.rsplit('/').next().unwrap_or(folder);
        let room = format!("{name}/");
        if !map.lines().any(|line| line.trim_start().starts_with(&room)) {
            problems.push(Problem::new(
                path,
                format!("{MAP} has no line that begins with `{room}`"),
                "a newcomer finds every room on the map",
            ));
        }
    }
}

/// Names in `[workspace.dependencies]`, without our own crates.
fn workspace_dependencies(manifest: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut inside = false;
    for (index, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            inside = line == "[workspace.dependencies]";
        } else if let Some((name, _)) = line.split_once('=')
            && inside
            && !line.starts_with('#')
            && !name.starts_with("anser-")
        {
            found.push((index + 1, name.trim()));
        }
    }
    found
}

fn check_promises(tree: &Tree, problems: &mut Vec<Problem>) {
    let why = "a promise is kept when a test checks it, and this page says which";
    let Some(page) = tree.get(PROMISES) else {
        problems.push(Problem::new(PROMISES, "is missing", why));
        return;
    };
    for (line, path, test) in tests_named(page) {
        let place = format!("{PROMISES}:{line}");
        match tree.get(path) {
            None => problems.push(Problem::new(place, format!("there is no file {path}"), why)),
            Some(text) if !has_test(path, text, test) => {
                problems.push(Problem::new(place, format!("{path} has no test `{test}`"), why));
            }
            Some(_) => {}
        }
    }
}

/// Entries of the form `path::test`, in backticks.
fn tests_named(page: &str) -> Vec<(usize, &str, &str)> {
    let mut found = Vec::new();
    for (index, line) in page.lines().enumerate() {
        for quoted in line.split('`').skip(1).step_by(2) {
            if let Some((path, test)) = quoted.split_once("::")
                && path.contains('/')
            {
                found.push((index + 1, path, test));
            }
        }
    }
    found
}

/// In Rust a function (a contract suite's functions too, which are generic), in TypeScript the quoted sentence.
fn has_test(path: &str, text: &str, test: &str) -> bool {
    if path.ends_with(".rs") {
        let name = test.rsplit("::").next().unwrap_or(test);
        return ['(', '<'].iter().any(|next| text.contains(&format!("fn {name}{next}")));
    }
    ['\'', '"', '`'].iter().any(|quote| text.contains(&format!("{quote}{test}{quote}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(tree: &Tree) -> Vec<String> {
        check(tree).into_iter().map(|problem| problem.what).collect()
    }

    #[test]
    fn a_dependency_and_a_crate_without_a_line() {
        let manifest = "[workspace.dependencies]\nanser-store = { path = \"crates/store\" }\nserde = \"1\"\n[profile.dev]\n";
        let map = "| `serde` | why |\n  store/  the memory\n";
        let files = |map| {
            Tree::of([("Cargo.toml", manifest), ("crates/store/Cargo.toml", ""), (MAP, map), (PROMISES, "")])
        };
        assert!(whats(&files(map)).is_empty());
        assert_eq!(whats(&files("")).len(), 2);
    }

    #[test]
    fn a_test_that_does_not_exist() {
        let page = "| D2 | `crates/a/src/b.rs::repeats`, `web/e2e/c.spec.ts::two people chat` |\n\
                    | D3 | `crates/a/src/b.rs::gone`, `crates/gone.rs::x`, `web/e2e/c.spec.ts::gone` |\n";
        let tree = Tree::of([
            (PROMISES, page),
            ("crates/a/src/b.rs", "fn repeats() {}"),
            ("web/e2e/c.spec.ts", "test('two people chat', …"),
        ]);
        let expect = [
            "crates/a/src/b.rs has no test `gone`",
            "there is no file crates/gone.rs",
            "web/e2e/c.spec.ts has no test `gone`",
        ];
        assert_eq!(whats(&tree), expect);
    }
}
