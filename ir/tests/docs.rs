//! docs/language.md holds the table of operations as this build has it. `BLESS=1` rewrites it.

use std::fmt::Write;
use std::fs;

use filbert_ir::op::{Class, OpRow, Rule};
use filbert_ir::{Op, Type};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/language.md");
const BEGIN: &str = "<!-- operations: begin -->\n";
const END: &str = "<!-- operations: end -->";

fn class(class: Class) -> &'static str {
    match class {
        Class::Float => "float",
        Class::Int => "integer",
        Class::SignedInt => "signed integer",
        Class::UnsignedInt => "unsigned integer",
        Class::Num => "number",
        Class::SignedNum => "signed number",
        Class::IntOrBool => "integer or bool",
        Class::Any => "any",
    }
}

fn operands(rule: Rule) -> String {
    match rule {
        Rule::Unary(c) => format!("{}: `T -> T`", class(c)),
        Rule::Binary(c) => format!("{}: `T, T -> T`", class(c)),
        Rule::Ternary(c) => format!("{}: `T, T, T -> T`", class(c)),
        Rule::Compare(c) => format!("{}: `T, T -> bool`", class(c)),
        Rule::Test(c) => format!("{}: `T -> bool`", class(c)),
        Rule::Shift => "integers: `T, U -> T`".into(),
        Rule::FloatPowInt => "float: `T, i32 -> T`".into(),
        Rule::IntPow => "integer: `T, u32 -> T`".into(),
        Rule::Count => "integer: `T -> u32`".into(),
        Rule::AbsDiff => "integer: `T, T -> unsigned T`".into(),
        Rule::Lengths => "`u64, u64 -> bool`".into(),
        Rule::Index => "`u64, u64 -> u64`".into(),
        Rule::Assert => "`bool -> bool`".into(),
        Rule::Select => "any: `bool, T, T -> T`".into(),
        Rule::Cast => "any to any, but not float to bool, integer to bool, bool to float".into(),
    }
}

/// How the language writes an operation.
fn written(row: &OpRow) -> String {
    let operator = match row.op {
        Op::Add => "a + b",
        Op::Sub => "a - b",
        Op::Mul => "a * b",
        Op::Div => "a / b",
        Op::Rem => "a % b",
        Op::Neg => "-a",
        Op::And => "a & b",
        Op::Or => "a | b",
        Op::Xor => "a ^ b",
        Op::Not => "!a",
        Op::Shl => "a << n",
        Op::Shr => "a >> n",
        Op::Eq => "a == b",
        Op::Ne => "a != b",
        Op::Lt => "a < b",
        Op::Le => "a <= b",
        Op::Gt => "a > b",
        Op::Ge => "a >= b",
        Op::Select => "(passes make it from `if`)",
        Op::Cast => "a as U",
        Op::AddOverflows => "a.overflowing_add(b).1",
        Op::SubOverflows => "a.overflowing_sub(b).1",
        Op::MulOverflows => "a.overflowing_mul(b).1",
        Op::Assert => "assert!(a)",
        Op::Index => "(`x[i]` where the list is part of another)",
        Op::SameLength => "(lists that must be alike, at the kernel's start)",
        _ => return format!("`a.{}({})`", row.name, ["", "b", "b, c"][row.rule.arity() - 1]),
    };
    if operator.starts_with('(') { operator.into() } else { format!("`{}`", operator.replace('|', "\\|")) }
}

/// For which operand types a row can fail.
fn failing(row: &OpRow) -> String {
    let flags = [(row.fails_on_int, "integers"), (row.fails_on_float, "floats"), (row.fails_on_bool, "bools")];
    let names: Vec<&str> = flags.into_iter().filter(|(fails, _)| *fails).map(|(_, name)| name).collect();
    if names.is_empty() { "never".into() } else { names.join(", ") }
}

/// The classes that the column *operands* names, with their types.
fn classes() -> String {
    let mut out = String::from("| class | types |\n|---|---|\n");
    for one in Class::ALL {
        let tys: Vec<&str> = Type::ALL.into_iter().filter(|&ty| one.contains(ty)).map(Type::name).collect();
        let _ = writeln!(out, "| {} | {} |", class(one), tys.join(", "));
    }
    out
}

fn table() -> String {
    let mut out = classes();
    out.push_str(
        "\n| written | in the IR | operands | a null operand gives | fails for | error, ULP | what it gives |\n",
    );
    out.push_str("|---|---|---|---|---|---|---|\n");
    for row in Op::ALL.iter().map(|op| op.row()) {
        let _ = writeln!(
            out,
            "| {} | `{}` | {} | null | {} | {} | {} |",
            written(row),
            row.name,
            operands(row.rule),
            failing(row),
            if row.ulp.is_finite() { row.ulp.to_string() } else { "none".into() },
            row.doc.replace('|', "\\|")
        );
    }
    out
}

#[test]
fn docs_hold_the_table_of_operations() {
    let page = fs::read_to_string(PAGE).unwrap();
    let (head, rest) = page.split_once(BEGIN).unwrap();
    let (old, tail) = rest.split_once(END).unwrap();
    if std::env::var_os("BLESS").is_some() {
        fs::write(PAGE, [head, BEGIN, &table(), END, tail].concat()).unwrap();
    } else {
        assert_eq!(old, table(), "docs/language.md is stale: BLESS=1 cargo test -p filbert-ir docs");
    }
}
