//! What is measured: a file for each scenario, and the list of them.

mod big_group;
mod catch_up;
mod chat;
mod crowd;
mod group;
mod history;
mod idle;
mod latency;
mod overload;
mod pairs;
mod raw;
mod slow_readers;
mod store;
mod storm;

use anyhow::{Result, bail};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use crate::figure::Figure;
use crate::setting::{Setting, Size};
use crate::world::Plan;

/// One scenario.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// In a few words, for people.
    pub(crate) about: &'static str,
    /// Too long for `all`: only when named.
    pub(crate) is_apart: bool,
    /// Who is in it, if that is all the server needs to know beforehand: then any server will do.
    pub(crate) plan: Option<fn(Size) -> Plan>,
    pub(crate) run: for<'a> fn(&'a Setting) -> LocalBoxFuture<'a, Result<Vec<Figure>>>,
}

/// In the order in which `all` runs them.
const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "raw",
        about: "what the machine itself charges",
        is_apart: false,
        plan: None,
        run: |setting| raw::run(setting).boxed_local(),
    },
    Scenario {
        name: "pairs",
        about: "pairs of people write to each other, as fast as it is delivered",
        is_apart: false,
        plan: Some(pairs::plan),
        run: |setting| pairs::run(setting).boxed_local(),
    },
    Scenario {
        name: "idle",
        about: "signed-in sessions that only are there",
        is_apart: false,
        plan: Some(idle::plan),
        run: |setting| idle::run(setting).boxed_local(),
    },
    Scenario {
        name: "latency",
        about: "1,000 messages a second, from the writer's hand to the reader's screen",
        is_apart: false,
        plan: Some(latency::plan),
        run: |setting| latency::run(setting).boxed_local(),
    },
    Scenario {
        name: "group",
        about: "a group with 1,000 members online",
        is_apart: false,
        plan: Some(group::plan),
        run: |setting| group::run(setting).boxed_local(),
    },
    Scenario {
        name: "big-group",
        about: "a group of 100,000, a fifth of them here, and the messages of others meanwhile",
        is_apart: false,
        plan: None,
        run: |setting| big_group::run(setting).boxed_local(),
    },
    Scenario {
        name: "catch-up",
        about: "much was missed: until the list is right, until all is here, and what reading costs",
        is_apart: false,
        plan: None,
        run: |setting| catch_up::run(setting).boxed_local(),
    },
    Scenario {
        name: "storm",
        about: "the server is restarted under everybody",
        is_apart: false,
        plan: None,
        run: |setting| storm::run(setting).boxed_local(),
    },
    Scenario {
        name: "overload",
        about: "twice as many messages as can be stored",
        is_apart: false,
        plan: None,
        run: |setting| overload::run(setting).boxed_local(),
    },
    Scenario {
        name: "slow-readers",
        about: "many stop reading while the others go on",
        is_apart: false,
        plan: None,
        run: |setting| slow_readers::run(setting).boxed_local(),
    },
    Scenario {
        name: "crowd",
        about: "as many sessions as the machine holds, in several processes",
        is_apart: true,
        plan: None,
        run: |setting| crowd::run(setting).boxed_local(),
    },
    Scenario {
        name: "store",
        about: "the store alone, beside a bare file that is synced as often",
        is_apart: false,
        plan: None,
        run: |setting| store::run(setting).boxed_local(),
    },
    Scenario {
        name: "history",
        about: "ten million messages: sending, reading, starting",
        is_apart: false,
        plan: None,
        run: |setting| history::run(setting).boxed_local(),
    },
];

/// The names of all scenarios, for whoever is to choose one.
pub fn names() -> Vec<&'static str> {
    SCENARIOS.iter().map(|scenario| scenario.name).collect()
}

/// The scenario of this name, or all that belong to `all`.
pub(crate) fn chosen(what: &str) -> Result<Vec<&'static Scenario>> {
    if what == "all" {
        return Ok(SCENARIOS.iter().filter(|scenario| !scenario.is_apart).collect());
    }
    match SCENARIOS.iter().find(|scenario| scenario.name == what) {
        Some(scenario) => Ok(vec![scenario]),
        None => bail!("there is no scenario `{what}`; there are: all, {}", names().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_scenario_is_refused_with_the_names() {
        let refusal = chosen("nonsense").map(|_| ()).unwrap_err().to_string();
        assert!(refusal.contains("`nonsense`; there are: all, raw, pairs"), "{refusal}");
    }

    #[test]
    fn all_are_those_that_are_not_apart() {
        let all = chosen("all").unwrap();
        assert!(all.iter().all(|scenario| !scenario.is_apart));
        assert!(SCENARIOS.iter().all(|scenario| chosen(scenario.name).unwrap()[0].name == scenario.name));
    }
}
