//! The header: types, numbers, and each function with what its kernel's author and its signature say of it.

use std::fmt::Write;

use filbert_ir::kernel::SEMANTICS_VERSION;
use filbert_ir::{Code, Def, Fault, Logical, Op, Param, Unit};

use crate::shape::{Input, Output, Role, Shape};
use crate::{C_ABI_VERSION, Export, Module, target_symbol};

/// What a function returns besides 0 and the numbers of faults.
pub(crate) const NOT_COMPUTED: u32 = 100;
/// As above.
pub(crate) const NO_CODE: u32 = 101;

pub(crate) fn header(module: &Module) -> String {
    let upper = module.name.to_ascii_uppercase();
    let mut out = format!(
        "/* Kernels of `{name}` as C functions. Made by Filbert {version}; docs/aot.md tells how to use them.\n\
         \x20*\n\
         \x20* Every function computes `rows` rows, of columns that the caller owns, and returns 0, or why it stopped.\n\
         \x20* Columns need no alignment. A result may be written over a column that is read, at the same address; they do\n\
         \x20* not overlap otherwise. Threads may call all functions at any time. Results have the same bits on every\n\
         \x20* machine. */\n\
         #ifndef FILBERT_{upper}_H\n\
         #define FILBERT_{upper}_H\n\n\
         #include <stdbool.h>\n\
         #include <stddef.h>\n\
         #include <stdint.h>\n\n\
         #ifdef __cplusplus\n\
         extern \"C\" {{\n\
         #endif\n\n\
         {common}",
        name = module.name,
        version = env!("CARGO_PKG_VERSION"),
        common = common(),
    );
    let _ = write!(
        out,
        "/* Which code runs on this CPU: \"x86-64-v3\", say; NULL where this object has none for it. */\n\
         const char *{}(void);\n",
        target_symbol(&module.name)
    );
    for export in &module.exports {
        out.push('\n');
        function(&mut out, export);
    }
    out.push_str("\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
    out
}

/// What all headers have in common; the first one that is included has it.
fn common() -> String {
    let mut out = format!(
        "#ifndef FILBERT_C_ABI_VERSION\n\
         #define FILBERT_C_ABI_VERSION {C_ABI_VERSION}\n\
         #define FILBERT_VERSION \"{}\"\n\
         /* What kernels mean: the same number, the same bits. */\n\
         #define FILBERT_SEMANTICS_VERSION {SEMANTICS_VERSION}\n\n\
         /* Why a call stopped. */\n\
         enum filbert_fault {{\n",
        env!("CARGO_PKG_VERSION")
    );
    let mut row = |name: &str, number: u32, says: &str| {
        let _ = writeln!(out, "    FILBERT_{name} = {number}, /* {says} */");
    };
    row("OK", 0, "all rows are computed");
    for fault in Fault::ALL {
        let (name, code): (_, Code) = (name_of_fault(fault), fault.code());
        row(name, fault.number(), &format!("{code}: {}", code.title()));
    }
    row("NOT_COMPUTED", NOT_COMPUTED, "a sine, cosine or tangent of more than 1e8, which objects do not have");
    row("NO_CODE", NO_CODE, "this CPU has less than any code of the object needs");
    out.push_str(
        "};\n\n\
         /* Where a call stopped. Rows before `row` are computed; results of `row` and of those behind it do not count. */\n\
         typedef struct filbert_error {\n\
         \x20   uint64_t row;\n\
         \x20   uint32_t fault;    /* enum filbert_fault */\n\
         \x20   uint32_t line;     /* in the kernel's source, from 1; 0 where that is not known */\n\
         \x20   uint32_t column;\n\
         \x20   uint32_t reserved; /* 0 */\n\
         } filbert_error;\n\
         #elif FILBERT_C_ABI_VERSION != ",
    );
    let _ = write!(out, "{C_ABI_VERSION}\n#error \"headers of different versions of Filbert\"\n#endif\n\n");
    out
}

fn name_of_fault(fault: Fault) -> &'static str {
    match fault {
        Fault::Overflow => "OVERFLOW",
        Fault::DivideByZero => "DIVIDE_BY_ZERO",
        Fault::ShiftRange => "SHIFT_RANGE",
        Fault::ClampBounds => "CLAMP_BOUNDS",
        Fault::IndexRange => "INDEX_RANGE",
        Fault::Fuel => "FUEL",
        Fault::UnequalLengths => "UNEQUAL_LENGTHS",
        Fault::Domain => "DOMAIN",
        Fault::Assertion => "ASSERTION",
    }
}

fn function(out: &mut String, export: &Export) {
    let Export { kernel, symbol, shape } = export;
    out.push_str("/*");
    for line in kernel.names.doc.lines() {
        let _ = write!(out, " {}\n *", line.trim().replace("*/", "* /").replace("/*", "/ *"));
    }
    if !kernel.names.doc.is_empty() {
        out.push('\n');
        out.push_str(" *");
    }
    for (index, argument) in shape.arguments.iter().enumerate() {
        if let Some(says) = says(export, argument.role) {
            let _ = write!(out, " {}: {says}\n *", shape.arguments[index].name);
        }
    }
    let fails = match (kernel.core.is_fallible(), shape.forgives) {
        (_, true) => "A row that fails is null.",
        (true, false) => "A row that fails ends the call: see enum filbert_fault.",
        (false, false) => "No row fails.",
    };
    let angles = match kernel.core.values.iter().any(|value| matches!(value.def, Def::Op(op, _) if takes_angles(op))) {
        true => " An angle beyond 1e8 ends it, too: FILBERT_NOT_COMPUTED.",
        false => "",
    };
    let _ = writeln!(out, " {fails}{angles} `error` may be NULL. */");
    let arguments: Vec<String> =
        shape.arguments.iter().map(|argument| format!("{}{}", argument.ty, argument.name)).collect();
    let _ = writeln!(out, "int32_t {symbol}({});", arguments.join(", "));
}

/// Whether it is an operation that does not answer for every angle in an object.
fn takes_angles(op: Op) -> bool {
    matches!(op, Op::Sin | Op::Cos | Op::Tan | Op::ApproxSin | Op::ApproxCos | Op::ApproxTan)
}

/// What the type of an argument does not say.
fn says(export: &Export, role: Role) -> Option<String> {
    let shape: &Shape = &export.shape;
    match role {
        Role::Rows | Role::Error => None,
        Role::Input(index) => match (&shape.inputs[index], &export.kernel.core.signature.params[index]) {
            (Input::Scalar { ty, .. }, _) => time(*ty),
            (Input::List { elements: None, .. }, _) => Some("lists, one behind the other".into()),
            (Input::List { elements: Some(n), .. }, Param::List { inner, .. }) if *inner > 1 => {
                Some(format!("{n} elements a row, in rows of {inner}"))
            }
            (Input::List { elements: Some(n), .. }, _) => Some(format!("{n} elements a row")),
        },
        Role::InputValid(_) => Some("which rows have a value; NULL: all of them".into()),
        Role::InputOffsets(_) => {
            Some("where each row's list begins and the one before ends, in elements: rows + 1 numbers that rise".into())
        }
        Role::Output(index) => match &shape.outputs[index] {
            Output::Column { width: 1, .. } => match &export.kernel.core.signature.results[index] {
                filbert_ir::ResultTy::Scalar { ty, .. } => time(*ty),
                _ => None,
            },
            Output::Column { width, .. } => Some(format!("{width} elements a row")),
            Output::List { elements, .. } => Some(format!("{elements} elements a row")),
        },
        Role::OutputValid(_) => Some("written: which rows have a value; the others' are 0".into()),
    }
}

/// What a number of this type counts.
fn time(ty: Logical) -> Option<String> {
    let plural = |unit: Unit| format!("{}s", unit.name().to_lowercase());
    Some(match ty {
        Logical::Plain(_) => return None,
        Logical::Date32 => "days since 1970-01-01".into(),
        Logical::Date64 => "milliseconds since 1970-01-01".into(),
        Logical::Time(unit) => format!("{} since midnight", plural(unit)),
        Logical::Timestamp(unit) => format!("{} since 1970-01-01T00:00:00 UTC", plural(unit)),
        Logical::Duration(unit) => plural(unit),
    })
}
