//! How many tests a step's output speaks of: cargo test, Vitest, Playwright, or our own closing line.

/// The number of tests that passed, summed over all the closing lines in `output`; at least 1,
/// since a step that succeeded is a check in itself.
pub(crate) fn passed(output: &str) -> u32 {
    let plain = without_colours(output);
    plain.lines().filter_map(passed_in_line).sum::<u32>().max(1)
}

fn passed_in_line(line: &str) -> Option<u32> {
    let line = line.trim();
    // cargo test: "test result: ok. 12 passed; 0 failed; …"; Vitest: "Tests  12 passed (12)"; Playwright: "12 passed (1.2m)".
    let counted = if let Some(rest) = line.strip_prefix("test result: ok. ") {
        rest
    } else if let Some(rest) = line.strip_prefix("Tests ") {
        rest.trim_start()
    } else {
        line
    };
    let (number, rest) = counted.split_once(' ')?;
    let rest = rest.strip_prefix("passed")?;
    if !(rest.is_empty() || rest.starts_with([' ', ';', ','])) {
        return None;
    }
    number.parse().ok()
}

fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..start]);
        let after = &rest[start + 2..];
        // A sequence ends at its first letter.
        let end = after.find(|c: char| c.is_ascii_alphabetic()).map_or(after.len(), |at| at + 1);
        rest = &after[end..];
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &str, expect: u32) {
        assert_eq!(passed(output), expect, "{output}");
    }

    #[test]
    fn each_runner_is_understood() {
        check(
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured\ntest result: ok. 3 passed; 0 failed",
            15,
        );
        check(" Test Files  4 passed (4)\n      Tests  31 passed (31)\n", 31);
        check("\u{1b}[32m  10 passed\u{1b}[39m\u{1b}[2m (1.2m)\u{1b}[22m\n", 10);
        check("6 passed, 0 failed", 6);
    }

    #[test]
    fn silence_counts_as_the_step_itself() {
        check("", 1);
        check("somebody passed by", 1);
    }
}
