//! The table at the end: every figure, and of every mark whether it holds.

use crate::figure::{Figure, Mark, rounded};

/// What became of a scenario.
pub(crate) struct Ran {
    pub(crate) scenario: &'static str,
    pub(crate) figures: Vec<Figure>,
    /// Why it could not go on, if it could not.
    pub(crate) stopped: Option<String>,
}

const HEADINGS: [&str; 6] = ["figure", "value", "raw", "times", "mark", ""];

/// For a terminal: columns, then what is missed and what could not be measured.
pub(crate) fn text(all: &[Ran]) -> String {
    let rows: Vec<[String; 6]> = all.iter().flat_map(|ran| &ran.figures).map(cells).collect();
    let mut widths = HEADINGS.map(|heading| heading.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut lines = vec![aligned(&HEADINGS.map(str::to_owned), &widths)];
    lines.extend(rows.iter().map(|row| aligned(row, &widths)));
    lines.push(String::new());
    lines.extend(summary(all));
    lines.join("\n")
}

/// For a report.
pub(crate) fn markdown(all: &[Ran]) -> String {
    let mut lines =
        vec!["| figure | value | raw | times | mark | |".to_owned(), "|---|---|---|---|---|---|".to_owned()];
    for figure in all.iter().flat_map(|ran| &ran.figures) {
        lines.push(format!("| {} |", cells(figure).join(" | ")));
    }
    lines.push(String::new());
    lines.extend(summary(all).into_iter().map(|line| format!("- {line}")));
    lines.join("\n")
}

fn summary(all: &[Ran]) -> Vec<String> {
    let marked: Vec<&Figure> =
        all.iter().flat_map(|ran| &ran.figures).filter(|figure| figure.mark.is_some()).collect();
    let missed: Vec<&str> = marked
        .iter()
        .filter(|figure| figure.holds() != Some(true))
        .map(|figure| figure.name.as_str())
        .collect();
    let mut lines = vec![format!("{} of {} marks hold", marked.len() - missed.len(), marked.len())];
    if !missed.is_empty() {
        lines.push(format!("missed: {}", missed.join(", ")));
    }
    for ran in all {
        if let Some(why) = &ran.stopped {
            lines.push(format!("{} could not go on: {why}", ran.scenario));
        }
    }
    lines
}

fn cells(figure: &Figure) -> [String; 6] {
    let mark = match figure.mark {
        None => String::new(),
        Some(Mark::AtMost(most)) => format!("≤ {most}"),
        Some(Mark::AtLeast(least)) => format!("≥ {least}"),
    };
    let verdict = match figure.holds() {
        None => "",
        Some(true) => "holds",
        Some(false) if figure.value.is_nan() => "not measured",
        Some(false) => "MISSED",
    };
    [
        figure.name.clone(),
        format!("{} {}", number(figure.value), figure.unit),
        figure.baseline.map(number).unwrap_or_default(),
        figure.ratio().map(number).unwrap_or_default(),
        mark,
        verdict.to_owned(),
    ]
}

fn number(value: f64) -> String {
    if value.is_nan() { "?".to_owned() } else { rounded(value).to_string() }
}

/// The first column begins on the left, numbers end on the right.
fn aligned(cells: &[String; 6], widths: &[usize; 6]) -> String {
    let [figure, value, raw, times, mark, verdict] = cells;
    let [w0, w1, w2, w3, w4, _] = widths;
    format!("{figure:<w0$}  {value:>w1$}  {raw:>w2$}  {times:>w3$}  {mark:>w4$}  {verdict}")
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran() -> Vec<Ran> {
        let kept = Figure::new("pairs.cpu", 21.34, "us").beside(8.0).at_most(25.0);
        let missed = Figure::new("idle.bytes", 9_000.0, "B").at_most(3_072.0);
        let unmarked = Figure::new("pairs.rate", 12_345.0, "/s");
        vec![
            Ran { scenario: "pairs", figures: vec![kept, unmarked], stopped: None },
            Ran { scenario: "idle", figures: vec![missed], stopped: Some("no sockets".to_owned()) },
        ]
    }

    #[test]
    fn the_table_names_what_holds_what_is_missed_and_what_stopped() {
        let expected = "\
figure       value  raw  times    mark
pairs.cpu   21.34 us    8  2.668    ≤ 25  holds
pairs.rate  12350 /s
idle.bytes    9000 B               ≤ 3072  MISSED

1 of 2 marks hold
missed: idle.bytes
idle could not go on: no sockets";
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeezed(&text(&ran())), squeezed(expected));
        assert!(text(&ran()).lines().nth(1).unwrap().ends_with("≤ 25  holds"));
    }

    #[test]
    fn the_report_has_the_same_rows() {
        let report = markdown(&ran());
        assert!(report.contains("| pairs.cpu | 21.34 us | 8 | 2.668 | ≤ 25 | holds |"), "{report}");
        assert!(report.contains("- missed: idle.bytes"), "{report}");
    }
}
