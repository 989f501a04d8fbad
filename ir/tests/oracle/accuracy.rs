//! docs/accuracy.md: the greatest errors that the long run has seen, beside the bounds of the table.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use filbert_ir::{Op, Type};

use super::{Worst, at, rows};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/accuracy.md");
const BEGIN: &str = "<!-- accuracy: begin -->\n";
const END: &str = "<!-- accuracy: end -->";

fn functions() -> impl Iterator<Item = Op> {
    Op::ALL.iter().copied().filter(|&op| rows::is_function(op))
}

/// Rewrites the table if `BLESS` is set.
pub(super) fn bless(worst: &BTreeMap<(Op, Type), Worst>, rows: usize) {
    if std::env::var_os("BLESS").is_none() {
        return;
    }
    let page = fs::read_to_string(PAGE).unwrap();
    let (head, rest) = page.split_once(BEGIN).unwrap();
    let (_, tail) = rest.split_once(END).unwrap();
    let mut table = format!("{rows} rows of all operations were asked; the functions:\n\n");
    table += "| function | bound, ULP | f32 | where | f64 | where |\n|---|---|---|---|---|---|\n";
    for op in functions() {
        let seen = |ty| &worst[&(op, ty)];
        let (single, double) = (seen(Type::F32), seen(Type::F64));
        let _ = writeln!(
            table,
            "| `{op}` | {} | {:.3} | `{}` | {:.3} | `{}` |",
            op.row().ulp,
            single.ulp,
            at(single),
            double.ulp,
            at(double)
        );
    }
    fs::write(PAGE, [head, BEGIN, &table, END, tail].concat()).unwrap();
}

/// The page has a row for each function, with the bound of the table and errors below it.
pub(super) fn check() {
    let page = fs::read_to_string(PAGE).unwrap();
    let table = page.split_once(BEGIN).unwrap().1.split_once(END).unwrap().0;
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split('|').map(str::trim).collect()).collect();
    let how = "BLESS=1 FILBERT_LONG=1 cargo test -p filbert-ir oracle";
    for op in functions() {
        let name = format!("`{op}`");
        let row = rows.iter().find(|row| row.get(1) == Some(&name.as_str()));
        let row = row.unwrap_or_else(|| panic!("docs/accuracy.md has no {op}: {how}"));
        assert_eq!(row[2], op.row().ulp.to_string(), "docs/accuracy.md has another bound of {op}: {how}");
        for seen in [row[3], row[5]] {
            assert!(seen.parse::<f32>().unwrap() <= op.row().ulp, "{op}: {seen} ULP were seen");
        }
    }
}
