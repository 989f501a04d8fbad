//! Printing. Total: a kernel that nobody verified prints as far as it makes sense.

use std::fmt::Write;

use super::is_ident;
use crate::kernel::{Core, Def, Kernel, ValueId};
use crate::signature::{FUEL_DEFAULT, Length, OnError, ResultTy, Table};
use crate::types::Scalar;

/// The canonical text, ending in a newline.
pub fn print(kernel: &Kernel) -> String {
    let (core, names) = (&kernel.core, &kernel.names);
    let mut out = String::new();
    for line in names.doc.lines() {
        out.push_str(format!("/// {line}").trim_end());
        out.push('\n');
    }
    let mut slot = 0;
    let mut slots = |count: usize| {
        slot += count;
        (slot - count..slot).map(|slot| format!("%{slot} ")).collect::<String>()
    };
    let params: Vec<String> = (core.signature.params.iter().zip(&names.params))
        .map(|(param, name)| format!("{}{}: {param}", slots(param.slots().len()), quoted(name)))
        .collect();
    let results: Vec<String> = (core.signature.results.iter().enumerate())
        .map(|(index, result)| {
            let name = names.results.get(index).map(|name| quoted(name) + ": ").unwrap_or_default();
            match result {
                ResultTy::List { len, .. } => format!("{}{name}{result} of {}", slots(1), length(len)),
                _ => format!("{name}{result}"),
            }
        })
        .collect();
    let results = match &results[..] {
        [one] if names.results.is_empty() => one.clone(),
        many => format!("({})", many.join(", ")),
    };
    let _ = write!(out, "kernel {}({}) -> {results}", quoted(&names.kernel), params.join(", "));
    if core.signature.fuel != FUEL_DEFAULT {
        let _ = write!(out, " fuel {}", core.signature.fuel);
    }
    if core.signature.on_error == OnError::Null {
        out.push_str(" on_error null");
    }
    out.push_str(" {\n");
    for (index, table) in core.tables.iter().enumerate() {
        print_table(index, table, &mut out);
    }
    print_values(core, &mut out);
    let _ = writeln!(out, "{}\n}}", format!("  return {}", list(&core.returns)).trim_end());
    out
}

/// Elements of a table on one line.
const TABLE_LINE: usize = 12;

fn print_table(index: usize, table: &Table, out: &mut String) {
    let elements: Vec<String> = (0..table.len() as u64)
        .filter_map(|index| table.get(index))
        .map(|bits| constant(Scalar::from_bits(table.elem, bits)))
        .collect();
    let lines: Vec<String> = elements.chunks(TABLE_LINE).map(|line| line.join(", ")).collect();
    let _ = match &lines[..] {
        [] | [_] => writeln!(out, "  table {index}: {} = [{}]", table.elem, lines.concat()),
        _ => writeln!(out, "  table {index}: {} = [\n    {}\n  ]", table.elem, lines.join(",\n    ")),
    };
}

/// A region that is being printed: who owns it, whether it is the `then` of an `if`, and its end.
struct Open {
    owner: ValueId,
    is_then: bool,
    end: usize,
}

fn print_values(core: &Core, out: &mut String) {
    let mut open: Vec<Open> = Vec::new();
    for (index, value) in core.values.iter().enumerate().skip(core.slots() as usize) {
        close_regions(core, &mut open, index, out);
        let _ = write!(out, "{}%{index}: {} = ", indent(open.len() + 1), value.ty);
        let _ = match &value.def {
            Def::Param(slot) => writeln!(out, "param {slot}"),
            Def::Const(bits) => writeln!(out, "const {}", constant(Scalar::from_bits(value.ty, *bits))),
            Def::Op(op, args) => writeln!(out, "{op} {}", list(args)),
            Def::Output { of, index } => writeln!(out, "output {of}, {index}"),
            Def::Carried(index) => writeln!(out, "carried {index}"),
            Def::Load { array, index } => writeln!(out, "load {array}, {index}"),
            Def::Store { array, index, value } => writeln!(out, "store {array}, {index}, {value}"),
            Def::If { cond, then, .. } => {
                open.push(Open { owner: ValueId(index as u32), is_then: true, end: then.end.index() });
                writeln!(out, "if {cond} {{")
            }
            Def::Loop { inits, body } => {
                open.push(Open { owner: ValueId(index as u32), is_then: false, end: body.end.index() });
                writeln!(out, "loop {} {{", list(inits))
            }
        };
    }
    close_regions(core, &mut open, usize::MAX, out);
}

/// Ends the regions that end before value `index`.
fn close_regions(core: &Core, open: &mut Vec<Open>, index: usize, out: &mut String) {
    while let Some(Open { owner, is_then, end }) = open.pop() {
        if end > index {
            return open.push(Open { owner, is_then, end });
        }
        let depth = open.len() + 1;
        let (inner, outer) = (indent(depth + 1), indent(depth));
        let _ = match &core.value(owner).def {
            Def::If { then, otherwise, .. } if is_then => {
                open.push(Open { owner, is_then: false, end: otherwise.end.index() });
                writeln!(out, "{inner}yield {}\n{outer}}} else {{", list(&then.yields))
            }
            Def::If { otherwise: region, .. } | Def::Loop { body: region, .. } => {
                writeln!(out, "{inner}yield {}\n{outer}}}", list(&region.yields))
            }
            _ => unreachable!("only these are opened"),
        };
    }
}

/// Two spaces a level; no deeper than what the verifier lets through.
fn indent(depth: usize) -> String {
    "  ".repeat(depth.min(crate::limits::NESTING_MAX + 2))
}

fn list(ids: &[ValueId]) -> String {
    ids.iter().map(|id| id.to_string()).collect::<Vec<_>>().join(", ")
}

/// `2 * param 0 + param 1 + -3`
fn length(length: &Length) -> String {
    let term = |&(param, times): &(u32, i32)| match times {
        1 => format!("param {param}"),
        _ => format!("{times} * param {param}"),
    };
    let mut sum: Vec<String> = length.terms.iter().map(term).collect();
    if length.constant != 0 || sum.is_empty() {
        sum.push(length.constant.to_string());
    }
    sum.join(" + ")
}

fn constant(scalar: Scalar) -> String {
    match scalar {
        Scalar::F32(v) if v.is_nan() => format!("bits:{:#x}", v.to_bits()),
        Scalar::F64(v) if v.is_nan() => format!("bits:{:#x}", v.to_bits()),
        other => other.to_string(),
    }
}

fn quoted(name: &str) -> String {
    if is_ident(name) { name.to_string() } else { format!("{name:?}") }
}
