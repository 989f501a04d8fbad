//! docs/language.md holds the table of operations as this build has it. `BLESS=1` rewrites it.

use std::fmt::Write;
use std::fs;

use filbert_ir::Op;
use filbert_ir::op::{Class, OpRow, Rule};

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
        _ => return format!("`a.{}({})`", row.name, ["", "b", "b, c"][row.rule.arity() - 1]),
    };
    if operator.starts_with('(') { operator.into() } else { format!("`{}`", operator.replace('|', "\\|")) }
}

fn table() -> String {
    let mut out =
        String::from("| written | in the IR | operands | error, ULP | what it gives |\n|---|---|---|---|---|\n");
    for row in Op::ALL.iter().map(|op| op.row()) {
        let _ = writeln!(
            out,
            "| {} | `{}` | {} | {} | {} |",
            written(row),
            row.name,
            operands(row.rule),
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
