//! Which crate may depend on which (ARCHITECTURE.md, "Rooms"), read from each `Cargo.toml`.

use super::{Problem, Tree};

struct Room {
    folder: &'static str,
    name: &'static str,
    /// Crates of ours its product code may use.
    uses: &'static [&'static str],
    /// Knows no IO: see [`HANDS`].
    pure: bool,
}

const ROOMS: [Room; 15] = [
    Room { folder: "crates/protocol", name: "anser-protocol", uses: &[], pure: true },
    Room { folder: "crates/client-core", name: "anser-client-core", uses: &["anser-protocol"], pure: true },
    Room {
        folder: "crates/local-store",
        name: "anser-local-store",
        uses: &["anser-client-core", "anser-protocol"],
        pure: true,
    },
    Room { folder: "crates/failpoints", name: "anser-failpoints", uses: &[], pure: false },
    Room {
        folder: "crates/store",
        name: "anser-store",
        uses: &["anser-failpoints", "anser-protocol"],
        pure: false,
    },
    Room {
        folder: "crates/server",
        name: "anser-server",
        uses: &["anser-failpoints", "anser-protocol", "anser-store"],
        pure: false,
    },
    Room {
        folder: "crates/client",
        name: "anser-client",
        uses: &["anser-client-core", "anser-failpoints", "anser-local-store", "anser-protocol"],
        pure: false,
    },
    Room {
        folder: "crates/loadgen",
        name: "anser-loadgen",
        uses: &["anser-client-core", "anser-protocol", "anser-store"],
        pure: false,
    },
    Room {
        folder: "crates/anser",
        name: "anser",
        uses: &["anser-loadgen", "anser-protocol", "anser-server", "anser-store"],
        pure: false,
    },
    Room {
        folder: "crates/sim",
        name: "anser-sim",
        uses: &["anser-client-core", "anser-protocol", "anser-server", "anser-store"],
        pure: false,
    },
    Room {
        folder: "crates/prove",
        name: "anser-prove",
        uses: &["anser-client", "anser-client-core", "anser-local-store", "anser-protocol", "anser-store"],
        pure: false,
    },
    Room {
        folder: "web/engine",
        name: "anser-web-engine",
        uses: &["anser-client-core", "anser-local-store", "anser-protocol"],
        pure: false,
    },
    Room { folder: "crates/bindgen", name: "anser-bindgen", uses: &[], pure: false },
    Room { folder: "crates/xtask", name: "anser-xtask", uses: &[], pure: false },
    Room { folder: "fuzz", name: "anser-fuzz", uses: &["anser-client-core", "anser-protocol"], pure: false },
];

/// Crates that reach out of the process, or wait: no pure room may have them.
const HANDS: [&str; 12] = [
    "async-trait",
    "axum",
    "crossbeam-channel",
    "futures-util",
    "getrandom",
    "hyper",
    "hyper-util",
    "rusqlite",
    "tokio",
    "tokio-rustls",
    "tokio-tungstenite",
    "wasm-bindgen",
];

/// The rooms, and what each manifest must say.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.iter() {
        let Some(folder) = path.strip_suffix("/Cargo.toml") else { continue };
        match ROOMS.iter().find(|room| room.folder == folder) {
            Some(room) => check_room(room, path, text, &mut problems),
            None => problems.push(Problem::new(
                path,
                "a crate that the table of rooms does not know (crates/xtask/src/tidy/rooms.rs)",
                "a crate exists only where the compiler must forbid something, or the dependencies differ",
            )),
        }
    }
    problems
}

fn check_room(room: &Room, path: &str, manifest: &str, problems: &mut Vec<Problem>) {
    for dependency in dependencies(manifest) {
        let place = format!("{path}:{}", dependency.line);
        let name = dependency.name;
        // Tests may look at a room from outside: the native client is tried against the real server.
        if dependency.for_tests {
            continue;
        }
        let is_ours = ROOMS.iter().any(|other| other.name == name);
        if is_ours && !room.uses.contains(&name) {
            let what = format!("{} must not depend on {name}", room.name);
            problems.push(Problem::new(
                place,
                what,
                "arrows between rooms have one direction (ARCHITECTURE.md)",
            ));
        } else if room.pure && HANDS.contains(&name) {
            let what = format!("{} must not depend on {name}", room.name);
            problems.push(Problem::new(
                place,
                what,
                "a pure room does no IO and never waits: browser, native client and simulator run the same code",
            ));
        } else if room.folder != "fuzz" && !dependency.from_workspace {
            problems.push(Problem::new(
                place,
                format!("{name} must be taken with `workspace = true`"),
                "every version is pinned once, in the root Cargo.toml",
            ));
        }
    }
    if room.folder != "fuzz" && !manifest.contains("[lints]\nworkspace = true") {
        problems.push(Problem::new(
            path,
            "needs `[lints] workspace = true`",
            "`unsafe` is forbidden and warnings are defects in every crate",
        ));
    }
}

struct Dependency<'a> {
    line: usize,
    name: &'a str,
    for_tests: bool,
    from_workspace: bool,
}

/// Reads the one form that our manifests use: a section, and a dependency per line.
fn dependencies(manifest: &str) -> Vec<Dependency<'_>> {
    let mut found = Vec::new();
    let mut section = "";
    for (index, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
            continue;
        }
        if line.is_empty() || line.starts_with('#') || !section.ends_with("dependencies") {
            continue;
        }
        let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
        found.push(Dependency {
            line: index + 1,
            name,
            for_tests: section.ends_with("dev-dependencies"),
            from_workspace: line.replace(' ', "").contains("workspace=true"),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINTS: &str = "\n[lints]\nworkspace = true\n";

    fn whats(path: &str, manifest: &str) -> Vec<String> {
        let manifest = format!("{manifest}{LINTS}");
        check(&Tree::of([(path, manifest.as_str())])).into_iter().map(|problem| problem.what).collect()
    }

    #[test]
    fn an_arrow_in_the_wrong_direction_is_found() {
        let manifest = "[dependencies]\nanser-server.workspace = true\n";
        assert_eq!(
            whats("crates/store/Cargo.toml", manifest),
            ["anser-store must not depend on anser-server"]
        );
        assert!(whats("crates/anser/Cargo.toml", manifest).is_empty());
    }

    #[test]
    fn a_pure_room_may_not_have_hands() {
        let manifest = "[dependencies]\ntokio = { workspace = true, features = [\"rt\"] }\n";
        let problem = "anser-client-core must not depend on tokio";
        assert_eq!(whats("crates/client-core/Cargo.toml", manifest), [problem]);
        assert!(whats("crates/client/Cargo.toml", manifest).is_empty());
    }

    #[test]
    fn tests_may_look_at_a_room_from_outside() {
        let manifest = "[dev-dependencies]\nanser-server.workspace = true\n";
        assert!(whats("crates/client/Cargo.toml", manifest).is_empty());
    }

    #[test]
    fn a_version_of_its_own_is_found() {
        let manifest = "[dependencies]\nanyhow = \"1\"\n";
        assert_eq!(
            whats("crates/anser/Cargo.toml", manifest),
            ["anyhow must be taken with `workspace = true`"]
        );
    }

    #[test]
    fn an_unknown_crate_and_missing_lints_are_found() {
        assert_eq!(whats("crates/extra/Cargo.toml", "").len(), 1);
        let without_lints = check(&Tree::of([("crates/anser/Cargo.toml", "")]));
        assert!(without_lints[0].what.contains("[lints]"), "{without_lints:?}");
    }
}
