//! A figure: what was measured, what the machine charges for the same raw, what was promised, and whether it holds.

use serde::Serialize;

use crate::machine::Machine;

/// What a figure must come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mark {
    AtMost(f64),
    AtLeast(f64),
}

/// One measured number. A value that could not be measured is NaN: it is shown as such, and holds no mark.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// The raw cost of the same, in the same unit.
    pub(crate) baseline: Option<f64>,
    pub(crate) mark: Option<Mark>,
    /// As the machine was when this had just been measured.
    machine: Machine,
}

impl Mark {
    pub(crate) fn number(self) -> f64 {
        match self {
            Mark::AtMost(number) | Mark::AtLeast(number) => number,
        }
    }

    fn is_kept_by(self, value: f64) -> bool {
        match self {
            Mark::AtMost(most) => value <= most,
            Mark::AtLeast(least) => value >= least,
        }
    }
}

impl Figure {
    /// Made right after the measuring.
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Figure {
        Figure { name: name.into(), value, unit, baseline: None, mark: None, machine: Machine::now() }
    }

    /// With the raw cost of the same.
    pub(crate) fn beside(self, baseline: f64) -> Figure {
        Figure { baseline: Some(baseline), ..self }
    }

    pub(crate) fn at_most(self, mark: f64) -> Figure {
        Figure { mark: Some(Mark::AtMost(mark)), ..self }
    }

    pub(crate) fn at_least(self, mark: f64) -> Figure {
        Figure { mark: Some(Mark::AtLeast(mark)), ..self }
    }

    /// How many times the raw cost.
    pub(crate) fn ratio(&self) -> Option<f64> {
        self.baseline.map(|baseline| self.value / baseline)
    }

    /// Whether the mark holds, if there is one.
    pub(crate) fn holds(&self) -> Option<bool> {
        self.mark.map(|mark| mark.is_kept_by(self.value))
    }

    /// As one line of JSON. What was not measured is `null` there.
    pub(crate) fn line(&self) -> String {
        let (mark, bound) = match self.mark {
            None => (None, None),
            Some(mark @ Mark::AtMost(_)) => (Some(mark.number()), Some("at most")),
            Some(mark @ Mark::AtLeast(_)) => (Some(mark.number()), Some("at least")),
        };
        let line = Line {
            figure: &self.name,
            value: rounded(self.value),
            unit: self.unit,
            baseline: self.baseline.map(rounded),
            ratio: self.ratio().map(rounded),
            mark,
            bound,
            holds: self.holds(),
            machine: &self.machine,
        };
        // Plain numbers and texts always make JSON.
        serde_json::to_string(&line).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Line<'a> {
    figure: &'a str,
    value: f64,
    unit: &'a str,
    baseline: Option<f64>,
    ratio: Option<f64>,
    mark: Option<f64>,
    bound: Option<&'a str>,
    holds: Option<bool>,
    machine: &'a Machine,
}

/// Four digits say more than any of these measures can.
pub(crate) fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10_f64.powf(3.0 - value.abs().log10().floor());
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(figure: &Figure) -> serde_json::Value {
        serde_json::from_str(&figure.line()).unwrap()
    }

    #[test]
    fn a_figure_says_what_it_costs_beside_the_raw() {
        let line =
            parsed(&Figure::new("pairs.window-8.cpu-per-message", 21.3, "us").beside(0.8).at_most(25.0));
        assert_eq!(line["figure"], "pairs.window-8.cpu-per-message");
        assert_eq!((&line["value"], &line["ratio"]), (&21.3.into(), &26.63.into()));
        assert_eq!(
            (&line["mark"], &line["bound"], &line["holds"]),
            (&25.0.into(), &"at most".into(), &true.into())
        );
        assert!(line["machine"]["load"][0].is_number(), "{line}");
    }

    #[test]
    fn marks_have_two_directions() {
        assert_eq!(Figure::new("a", 26.0, "us").at_most(25.0).holds(), Some(false));
        assert_eq!(Figure::new("a", 26.0, "%").at_least(25.0).holds(), Some(true));
        assert_eq!(Figure::new("a", 26.0, "%").holds(), None);
    }

    #[test]
    fn what_was_not_measured_holds_nothing() {
        let figure = Figure::new("a", f64::NAN, "us").at_most(25.0);
        assert_eq!(figure.holds(), Some(false));
        assert!(parsed(&figure)["value"].is_null());
    }

    #[test]
    fn four_digits_are_kept() {
        assert_eq!(rounded(0.000_123_46), 0.000_123_5);
        assert_eq!(rounded(123_456.0), 123_500.0);
        assert_eq!(rounded(0.0), 0.0);
    }
}
