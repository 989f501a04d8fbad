//! What is written of a run: tables for people, lines for programs.

use std::fmt::Write;

use crate::bars::{AVX2_PART, Against, BARS};
use crate::cases::{CASES, KI, MI};
use crate::machine::Limits;
use crate::measure::{Entry, Outcome};
use crate::shared::protocol::Ty;

/// Everything that a report is made of.
pub(crate) struct Report {
    pub(crate) date: String,
    pub(crate) command: String,
    pub(crate) machine: Vec<String>,
    pub(crate) versions: Vec<String>,
    /// The load of the machine: at the start, the most on the way, at the end.
    pub(crate) load: [f64; 3],
    pub(crate) minutes: f64,
    pub(crate) limits: Limits,
    pub(crate) outcomes: Vec<Outcome>,
}

/// Peers in the order of columns, with what stands above.
const PEERS: [(&str, &str); 12] = [
    ("numba", "Numba strict"),
    ("numba-fast", "Numba fastmath"),
    ("numba-bits", "Numba bit by bit"),
    ("svml", "SVML strict"),
    ("svml-fast", "SVML fastmath"),
    ("rustc", "rustc native"),
    ("cython", "Cython"),
    ("cython-fast", "Cython -ffast-math"),
    ("numpy", "NumPy"),
    ("numexpr", "NumExpr"),
    ("polars", "Polars"),
    ("duckdb", "DuckDB"),
];

/// Our variants besides the first.
const OURS: [(&str, &str); 4] = [
    ("filbert-avx2", "AVX2"),
    ("filbert-scalar", "scalar"),
    ("filbert-contract", "contract"),
    ("filbert-fast", "fast"),
];

/// `4 Ki`, `16 Mi`.
pub(crate) fn size(elements: usize) -> String {
    match elements {
        n if n >= MI && n.is_multiple_of(MI) => format!("{} Mi", n / MI),
        n if n >= KI && n.is_multiple_of(KI) => format!("{} Ki", n / KI),
        n => n.to_string(),
    }
}

/// Three digits, whatever the size.
fn digits(x: f64) -> String {
    match x.abs() {
        a if a >= 100.0 => format!("{x:.0}"),
        a if a >= 10.0 => format!("{x:.1}"),
        a if a >= 1.0 => format!("{x:.2}"),
        _ => format!("{x:.3}"),
    }
}

fn ratio(x: Option<f64>) -> String {
    x.map_or_else(|| "·".into(), |x| if x < 10.0 { format!("{x:.2}") } else { digits(x) })
}

/// Lines of a table in Markdown, its columns as wide as what they hold.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |row: &[String], at: usize| row.get(at).cloned().unwrap_or_default();
    let widths: Vec<usize> =
        (0..columns).map(|at| rows.iter().map(|row| cell(row, at).chars().count()).max().unwrap_or(0).max(3)).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (at, width) in widths.iter().enumerate() {
            let pad = " ".repeat(width - cell(row, at).chars().count());
            let words = if at == 0 { format!("{}{pad}", cell(row, at)) } else { format!("{pad}{}", cell(row, at)) };
            let _ = write!(text, "| {words} ");
        }
        text += "|\n";
        if index == 0 {
            for (at, width) in widths.iter().enumerate() {
                let _ = write!(text, "|{}{}", "-".repeat(width + 1), if at == 0 { "-" } else { ":" });
            }
            text += "|\n";
        }
    }
    text
}

impl Report {
    /// The whole report.
    pub(crate) fn markdown(&self) -> String {
        let [start, most, end] = self.load;
        let mut text = format!("# Filbert beside its peers, {}\n\n", self.date);
        let _ = writeln!(text, "```sh\n{}\n```\n", self.command);
        let _ = writeln!(text, "Made by that command, as docs/benchmarks.md describes it; not written by hand.\n");
        self.machine.iter().for_each(|line| {
            let _ = writeln!(text, "- {line}");
        });
        let _ = writeln!(text, "- {}", self.versions.join(", "));
        let busy =
            if most > 1.5 * cores() { ": **other work ran beside it**, so only ratios mean something" } else { "" };
        let _ = writeln!(
            text,
            "- load of the machine {start:.1} before, {most:.1} at most, {end:.1} after{busy}; {:.0} minutes\n",
            self.minutes
        );
        text += "Times are nanoseconds an element, medians of rounds in which all take turns; ratios are medians, over these rounds, of the peer's time divided by ours: above 1 we are faster. ± is half the distance between the quartiles. The limit is the least time that this machine, by what it was measured to do in this run, could take for the bytes and the operations of a row; the share is the limit divided by our time. Where math functions are called, only the bytes count for the limit. Quotients count as if the divider made all of them: where some are made without it, the share can be above 100 %.\n\n";
        text += "## The bars\n\n";
        text += &self.bars();
        text += "\n## What this machine can do, one core\n\n";
        text += &self.roofline();
        let groups = self.groups();
        for (ty, elements, threads) in groups {
            let many = if threads == 1 { "one thread".to_string() } else { format!("{threads} threads") };
            let _ = writeln!(text, "\n## {} of {ty}, {many}\n", size(elements));
            text += &self.ours(ty, elements, threads);
            text.push('\n');
            text += &self.peers(ty, elements, threads);
        }
        text += &self.left_out();
        text
    }

    fn groups(&self) -> Vec<(Ty, usize, usize)> {
        let mut groups: Vec<_> =
            self.outcomes.iter().map(|o| (o.group.threads, o.group.ty, o.group.elements)).collect();
        groups.sort();
        groups.dedup();
        groups.into_iter().map(|(threads, ty, elements)| (ty, elements, threads)).collect()
    }

    fn of(&self, ty: Ty, elements: usize, threads: usize) -> impl Iterator<Item = &Outcome> {
        let wanted = (ty, elements, threads);
        let is = move |o: &&Outcome| (o.group.ty, o.group.elements, o.group.threads) == wanted;
        let place = |o: &&Outcome| CASES.iter().position(|case| case.name == o.group.case.name);
        let mut found: Vec<&Outcome> = self.outcomes.iter().filter(is).collect();
        found.sort_by_key(place);
        found.into_iter()
    }

    /// The bars beside what was reached.
    pub(crate) fn bars(&self) -> String {
        let head =
            ["kernel", "size", "ours", "against", "bar", "ratio", "", "AVX2 needs", "AVX2", "", "share of limit"];
        let mut rows = vec![head.map(String::from).to_vec()];
        for bar in BARS {
            let Some(reached) = bar.reached(&self.outcomes) else { continue };
            let outcome = self.outcomes.iter().find(|outcome| bar.is_about(outcome));
            let verdict = |ratio: Option<f64>, bar: f64| match ratio {
                // To the digits that are shown.
                Some(ratio) if (ratio * 100.0).round() >= bar * 100.0 => "met",
                Some(_) => "**missed**",
                None => "not measured",
            };
            let least = AVX2_PART * bar.at_least;
            let of_avx2 =
                reached.avx2.map(|avx2| [format!("{least:.2}"), ratio(Some(avx2)), verdict(Some(avx2), least).into()]);
            let mut row = vec![
                bar.case.to_string(),
                format!("{} {}", size(bar.elements), bar.ty),
                bar.ours.strip_prefix("filbert-").unwrap_or("strict").into(),
                bar.against.title().into(),
                format!("{:.2}", bar.at_least),
                ratio(reached.ratio),
                verdict(reached.ratio, bar.at_least).into(),
            ];
            row.extend(of_avx2.unwrap_or_default());
            row.push(outcome.and_then(|outcome| self.share(outcome, bar.ours)).unwrap_or_default());
            rows.push(row);
        }
        if rows.len() == 1 { "Nothing was measured that a bar is about.\n".into() } else { table(&rows) }
    }

    fn limit(&self, outcome: &Outcome) -> Option<f64> {
        let group = outcome.group;
        self.limits.least(group.case, group.ty, group.elements, outcome.steps)
    }

    fn share(&self, outcome: &Outcome, ours: &str) -> Option<String> {
        let share = self.limit(outcome)? / outcome.entry(ours)?.times().median;
        let bytes_only = if outcome.group.case.work.is_none() { " (bytes)" } else { "" };
        Some(format!("{:.0} %{bytes_only}", share * 100.0))
    }

    /// Our own times.
    fn ours(&self, ty: Ty, elements: usize, threads: usize) -> String {
        let mut head = vec!["kernel", "back end", "least", "median", "±"];
        let variants: Vec<_> = OURS.iter().filter(|(name, _)| self.has(ty, elements, threads, name)).collect();
        head.extend(variants.iter().map(|(_, title)| *title));
        head.extend(if threads == 1 { ["limit", "share"].as_slice() } else { &[] });
        let mut rows = vec![head.into_iter().map(String::from).collect::<Vec<_>>()];
        for outcome in self.of(ty, elements, threads) {
            let mut row = vec![outcome.group.case.name.to_string()];
            match outcome.entry("filbert") {
                Some(entry) => {
                    let times = entry.times();
                    let backend = entry.note.split(',').next().unwrap_or_default();
                    row.push(backend.into());
                    row.extend([digits(times.least), digits(times.median), spread(entry)]);
                }
                None => row.extend(["not yet", "·", "·", "·"].map(String::from)),
            }
            let time = |name: &str| outcome.entry(name).map_or("·".into(), |entry| digits(entry.times().median));
            row.extend(variants.iter().map(|(name, _)| time(name)));
            if threads == 1 {
                row.push(self.limit(outcome).map_or("·".into(), digits));
                row.push(self.share(outcome, "filbert").unwrap_or("·".into()));
            }
            rows.push(row);
        }
        table(&rows)
    }

    /// Everybody's times as multiples of ours.
    pub(crate) fn peers(&self, ty: Ty, elements: usize, threads: usize) -> String {
        let peers: Vec<_> = PEERS.iter().filter(|(name, _)| self.has(ty, elements, threads, name)).collect();
        let mut head = vec!["time / ours".to_string(), "best Numba".into()];
        head.extend(peers.iter().map(|(_, title)| title.to_string()));
        let mut rows = vec![head];
        for outcome in self.of(ty, elements, threads) {
            let mut row = vec![outcome.group.case.name.to_string(), ratio(Against::Numba.ratio(outcome, "filbert"))];
            // Without a time of ours the cells are theirs, in nanoseconds.
            let is_ours = outcome.entry("filbert").is_some();
            let cell = |name: &str| match (is_ours, outcome.entry(name)) {
                (false, Some(entry)) => format!("{} ns", digits(entry.times().median)),
                _ => ratio(outcome.ratio(name, "filbert")),
            };
            row.extend(peers.iter().map(|(name, _)| cell(name)));
            rows.push(row);
        }
        table(&rows)
    }

    fn has(&self, ty: Ty, elements: usize, threads: usize, variant: &str) -> bool {
        self.of(ty, elements, threads).any(|outcome| outcome.entry(variant).is_some())
    }

    fn roofline(&self) -> String {
        if self.limits.rate.is_empty() {
            return "Not measured.\n".into();
        }
        let rates = self.limits.rate.iter().map(|(name, amount)| format!("{name} {}", digits(*amount)));
        let text = format!("Operations a nanosecond: {}.\n\n", rates.collect::<Vec<_>>().join(", "));
        let mut names: Vec<&String> = self.limits.bandwidth.keys().map(|key| &key.0).collect();
        names.sort();
        names.dedup();
        let mut head = vec!["bytes a nanosecond over".to_string()];
        head.extend(names.iter().map(|name| name.replace('_', " ")));
        let mut rows = vec![head];
        let mut sizes: Vec<u64> = self.limits.bandwidth.keys().map(|key| key.1).collect();
        sizes.sort();
        sizes.dedup();
        for bytes in sizes {
            let shown = if bytes >= MI as u64 {
                format!("{} MiB", bytes / MI as u64)
            } else {
                format!("{} KiB", bytes / KI as u64)
            };
            let cell = |name: &&String| {
                self.limits.bandwidth.get(&((*name).clone(), bytes)).map_or("·".into(), |x| digits(*x))
            };
            rows.push(std::iter::once(shown).chain(names.iter().map(cell)).collect());
        }
        text + &table(&rows)
    }

    /// Who was not timed, and why: each reason once.
    fn left_out(&self) -> String {
        let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
        for outcome in &self.outcomes {
            let group = outcome.group;
            for (variant, why) in &outcome.left_out {
                let place = format!("{} of {} {}", group.case.name, size(group.elements), group.ty);
                let head = format!("{variant}: {why}");
                match reasons.iter_mut().find(|(reason, _)| *reason == head) {
                    Some((_, places)) => places.push(place),
                    None => reasons.push((head, vec![place])),
                }
            }
        }
        if reasons.is_empty() {
            return String::new();
        }
        let mut text = "\n## Not timed\n\n".to_string();
        for (reason, places) in reasons {
            let others = if places.len() > 3 { format!(" and {} more", places.len() - 3) } else { String::new() };
            let _ = writeln!(text, "- {reason} ({}{others})", places[..places.len().min(3)].join(", "));
        }
        text
    }

    /// A line for each peer of each group.
    pub(crate) fn csv(&self) -> String {
        let mut text = "kernel,type,elements,threads,peer,ns_least,ns_median,spread,rounds,repeats,ratio_to_filbert,error_of_tolerance,prepare_ms,note\n".to_string();
        for outcome in &self.outcomes {
            let group = outcome.group;
            for entry in &outcome.entries {
                let times = entry.times();
                let ratio =
                    outcome.ratio(&entry.variant, "filbert").map_or(String::new(), |ratio| format!("{ratio:.4}"));
                let _ = writeln!(
                    text,
                    "{},{},{},{},{},{:.5},{:.5},{:.4},{},{},{ratio},{:.3e},{:.3},\"{}\"",
                    group.case.name,
                    group.ty,
                    group.elements,
                    group.threads,
                    entry.variant,
                    times.least,
                    times.median,
                    times.spread,
                    entry.rounds.len(),
                    entry.repeats,
                    entry.error,
                    entry.milliseconds,
                    entry.note.replace('"', "'"),
                );
            }
        }
        text
    }
}

fn cores() -> f64 {
    std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64)
}

fn spread(entry: &Entry) -> String {
    format!("{:.0} %", entry.times().spread * 50.0)
}

/// Outcomes with known figures.
#[cfg(test)]
pub(crate) fn samples() -> Vec<Outcome> {
    use crate::cases::find;
    use crate::measure::Group;
    let entry = |variant: &str, rounds: &[f64]| Entry {
        variant: variant.into(),
        milliseconds: 1.5,
        note: "vector (AVX-512), 120 bytes".into(),
        error: 0.25,
        repeats: 100,
        rounds: rounds.to_vec(),
    };
    let group = |name, ty, elements, threads| Group { case: find(name).unwrap(), ty, elements, threads };
    vec![
        Outcome {
            group: group("saxpy", Ty::F64, 4 * KI, 1),
            entries: vec![
                entry("filbert", &[1.0, 1.0, 2.0]),
                entry("filbert-avx2", &[3.0, 3.0, 6.0]),
                entry("numba", &[2.0, 2.0, 4.0]),
                entry("numba-fast", &[1.5, 1.5, 3.0]),
            ],
            left_out: vec![("duckdb".into(), "it is not there".into())],
            steps: 0.0,
        },
        Outcome {
            group: group("sum", Ty::F64, 4 * KI, 1),
            entries: vec![entry("numba", &[0.5])],
            left_out: vec![],
            steps: 0.0,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report {
            date: "2026-01-02".into(),
            command: "the command".into(),
            machine: vec!["a machine".into()],
            versions: vec!["numba=0.68.1".into()],
            load: [0.1, 0.2, 0.3],
            minutes: 2.0,
            limits: Limits::default(),
            outcomes: samples(),
        }
    }

    #[test]
    fn sizes_have_names() {
        assert_eq!([4096, 1 << 20, 16 << 20, 100].map(size), ["4 Ki", "1 Mi", "16 Mi", "100"].map(String::from));
    }

    #[test]
    fn a_table_is_aligned() {
        let rows = [["a", "bcdef"], ["longer", "1"]].map(|row| row.map(String::from).to_vec());
        assert_eq!(table(&rows), "| a      | bcdef |\n|--------|------:|\n| longer |     1 |\n");
    }

    #[test]
    fn ratios_are_of_the_best() {
        let text = report().peers(Ty::F64, 4 * KI, 1);
        let line = text.lines().find(|line| line.contains("saxpy")).unwrap();
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        assert_eq!(cells, ["", "saxpy", "1.50", "2.00", "1.50", ""]);
        // Nothing of ours: the peer's own time.
        assert!(text.lines().any(|line| line.contains("sum") && line.contains("0.500 ns")), "{text}");
    }

    #[test]
    fn bars_say_whether_they_are_met() {
        let text = report().bars();
        let line = text.lines().find(|line| line.contains("| Numba |") || line.contains("Numba |")).unwrap();
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        assert_eq!(cells[..10], ["", "saxpy", "4 Ki f64", "strict", "Numba", "0.97", "1.50", "met", "0.58", "0.50"]);
        assert_eq!(cells[10], "**missed**");
        assert!(text.contains("not measured"));
    }

    #[test]
    fn a_report_says_what_it_is_of() {
        let text = report().markdown();
        for part in ["the command", "a machine", "numba=0.68.1", "4 Ki of f64, one thread", "duckdb: it is not there"] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert!(!text.contains("other work ran beside it"));
        let busy = Report { load: [1.0, 1000.0, 1.0], ..report() };
        assert!(busy.markdown().contains("other work ran beside it"));
    }

    #[test]
    fn csv_has_a_line_for_each_peer() {
        let text = report().csv();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1 + 4 + 1);
        assert_eq!(
            lines[3],
            "saxpy,f64,4096,1,numba,2.00000,2.00000,0.5000,3,100,2.0000,2.500e-1,1.500,\"vector (AVX-512), 120 bytes\""
        );
        let fields = |line: &str| line.split(",\"").next().unwrap().split(',').count();
        assert!(lines[1..].iter().all(|line| fields(line) + 1 == lines[0].split(',').count()));
    }
}
