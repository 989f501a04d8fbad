//! The error of a failing row: the row is computed once more by the interpreter, which both judges the
//! machine code's claim and knows the operands.

use filbert_ir::interp::Interpreter;
use filbert_ir::kernel::Def;
use filbert_ir::{Fault, KernelError, Scalar, ValueId, VerifiedKernel};

/// The error for a row with these arguments, of which the engine says that `value` failed with `fault`.
/// `row` is left out for a call of a single row. `Err` if the interpreter sees it otherwise: then the machine
/// code is wrong.
pub(crate) fn row_error(
    kernel: &VerifiedKernel,
    args: &[Scalar],
    row: Option<usize>,
    fault: Fault,
    value: ValueId,
) -> Result<KernelError, String> {
    let bits: Vec<u64> = args.iter().map(|arg| arg.bits()).collect();
    let mut interpreter = Interpreter::new(kernel);
    let judged = interpreter.scalar_row(&bits, &mut vec![0; kernel.core.returns.len()]);
    if judged.as_ref().err().map(|judged| (judged.fault, judged.value)) != Some((fault, value)) {
        return Err(format!("machine code reports {fault:?} at {value}, the interpreter {judged:?}"));
    }
    let detail = describe(kernel, &interpreter, fault, value);
    let names = kernel.names.params.iter().cloned().chain((kernel.names.params.len()..).map(|i| format!("#{i}")));
    Ok(KernelError {
        row: row.map(|row| row as u64),
        value: Some(value),
        args: names.zip(args).map(|(name, arg)| (name, arg.to_string())).collect(),
        ..KernelError::new(fault.code(), detail).of(kernel, kernel.id())
    })
}

/// What happened, with types and operands: `mul of i32 overflows: 70000 * 70000`.
fn describe(kernel: &VerifiedKernel, interpreter: &Interpreter, fault: Fault, value: ValueId) -> String {
    let core = &kernel.core;
    let Def::Op(op, args) = &core.value(value).def else { return fault.code().title().to_string() };
    let ty = core.ty(args[0]);
    let operands: Vec<String> =
        args.iter().map(|&id| Scalar::from_bits(core.ty(id), interpreter.bits(id)).to_string()).collect();
    let call = match (symbol(op.name()), operands.as_slice()) {
        (Some(symbol), [a, b]) => format!("{a} {symbol} {b}"),
        (_, [a]) if op.name() == "neg" => format!("-({a})"),
        _ => format!("{op}({})", operands.join(", ")),
    };
    match fault {
        Fault::Overflow => format!("{call} does not fit {ty}"),
        Fault::DivideByZero => format!("{call} divides {ty} by zero"),
        Fault::ShiftRange => format!("{call} shifts {ty} by an amount outside 0..{}", ty.bits()),
        Fault::ClampBounds => format!("{call} has bounds of {ty} out of order"),
        Fault::IndexRange => format!("the index {} is not below the length {}", operands[0], operands[1]),
        Fault::UnequalLengths => format!("the lengths are {} and {}", operands[0], operands[1]),
        Fault::Domain => format!("{call} has no value"),
        Fault::Assertion | Fault::Fuel => fault.code().title().to_string(),
    }
}

fn symbol(op: &str) -> Option<&'static str> {
    Some(match op {
        "add" => "+",
        "sub" => "-",
        "mul" => "*",
        "div" => "/",
        "rem" => "%",
        "shl" => "<<",
        "shr" => ">>",
        _ => return None,
    })
}
