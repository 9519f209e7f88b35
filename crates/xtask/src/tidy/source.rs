//! How the rules read Rust: which lines are code, and what is imported.

/// The lines that a product runs, with their numbers: no comments, and nothing from the test module on.
pub(super) fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let end = line_of_test_module(text);
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .take_while(move |(number, _)| *number < end)
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// How long a file is without its test module.
pub(super) fn lines_without_tests(text: &str) -> usize {
    text.lines().count().min(line_of_test_module(text) - 1)
}

/// Files that only tests compile.
pub(super) fn is_test_file(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.ends_with(".test.ts")
}

/// Every path that `use` brings in, braces unfolded: `use crate::{a, b::C};` gives `crate::a` and `crate::b::C`.
pub(super) fn imports(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut statement = String::new();
    let mut began_at = 0;
    for (number, line) in code_lines(text) {
        let line = line.split("//").next().unwrap_or_default().trim();
        if statement.is_empty() {
            let Some(at) = position_of_use(line) else { continue };
            began_at = number;
            statement.push_str(&line[at..]);
        } else {
            statement.push_str(line);
        }
        if let Some(end) = statement.find(';') {
            unfold(&statement[..end].replace(' ', ""), "", &mut |path| found.push((began_at, path)));
            statement.clear();
        }
    }
    found
}

fn position_of_use(line: &str) -> Option<usize> {
    let at = line.find("use ")?;
    let before = line[..at].trim();
    let is_statement = before.is_empty() || before.starts_with("pub");
    is_statement.then_some(at + "use ".len())
}

fn unfold(tree: &str, prefix: &str, found: &mut dyn FnMut(String)) {
    let Some(open) = tree.find('{') else {
        found(format!("{prefix}{tree}"));
        return;
    };
    let prefix = format!("{prefix}{}", &tree[..open]);
    let inside = tree[open + 1..].strip_suffix('}').unwrap_or(&tree[open + 1..]);
    let mut depth = 0;
    let mut begin = 0;
    for (at, character) in inside.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                unfold(&inside[begin..at], &prefix, found);
                begin = at + 1;
            }
            _ => {}
        }
    }
    if begin < inside.len() {
        unfold(&inside[begin..], &prefix, found);
    }
}

/// The first line of `#[cfg(test)] mod … {`, or one past the end.
fn line_of_test_module(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    for (index, pair) in lines.windows(2).enumerate() {
        if pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{') {
            return index + 1;
        }
    }
    lines.len() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_the_test_module_are_not_code() {
        let text = "//! Doc.\nfn a() {}\n  // why\n#[cfg(test)]\nmod tests {\n  fn b() {}\n}\n";
        assert_eq!(code_lines(text).collect::<Vec<_>>(), [(2, "fn a() {}")]);
        assert_eq!(lines_without_tests(text), 3);
        assert_eq!(lines_without_tests("a\nb\n"), 2);
    }

    #[test]
    fn imports_are_unfolded() {
        let text = "use std::fmt;\npub(crate) use crate::{\n    bus::{Bus, Notice},\n    gateway as door,\n};\nlet x = 1;\n";
        let paths: Vec<String> = imports(text).into_iter().map(|(_, path)| path).collect();
        assert_eq!(paths, ["std::fmt", "crate::bus::Bus", "crate::bus::Notice", "crate::gatewayasdoor"]);
    }
}
