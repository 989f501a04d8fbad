//! The error of a failing row: the row is computed once more by the interpreter, which both judges the
//! machine code's claim and knows the operands.

use arrow_array::temporal_conversions as times;
use filbert_ir::interp::{Control, Interpreter, LIST_ELEMENTS_MAX, Row, RowEnd};
use filbert_ir::{
    Array, Code, Datum, Def, Fault, KernelError, Logical, Param, ResultTy, Scalar, Unit, ValueId, VerifiedKernel,
};

use crate::call::Limits;

/// Loop iterations that are spent on computing a failing row again: about a tenth of a second. A row that took
/// longer gives its error without the operands.
const JUDGE_FUEL: u64 = 1 << 20;

/// Elements of a list that a message shows.
const SHOWN_ELEMENTS: usize = 8;

/// The error for a row with these arguments, of which the engine says that `value` failed with `fault`.
/// `Err` if the interpreter sees it otherwise: then the machine code is wrong.
pub(crate) fn row_error(
    kernel: &VerifiedKernel,
    args: &[Datum],
    row: usize,
    fault: Fault,
    value: ValueId,
    limits: Limits<'_>,
) -> Result<KernelError, String> {
    let verdict = judge(kernel, args, limits);
    let detail = match &verdict {
        Verdict::Fault { fault: judged, value: at, interpreter, row } if (*judged, *at) == (fault, value) => {
            describe(kernel, Some((interpreter, row)), fault, value, limits.fuel)
        }
        Verdict::TooLong => describe(kernel, None, fault, value, limits.fuel),
        Verdict::Stopped => {
            let detail = format!("stopped at row {row}, which failed");
            return Ok(KernelError::new(Code::Cancelled, detail).of(kernel, kernel.id()));
        }
        other => return Err(format!("machine code reports {fault:?} at {value}, the interpreter {other}")),
    };
    let names = kernel.names.params.iter().cloned().chain((kernel.names.params.len()..).map(|i| format!("#{i}")));
    let shown = args.iter().zip(&kernel.core.signature.params).map(|(arg, param)| show(arg, param));
    Ok(KernelError {
        row: Some(row as u64),
        value: Some(value),
        args: names.zip(shown).collect(),
        ..KernelError::new(fault.code(), detail).of(kernel, kernel.id())
    })
}

/// What the interpreter says of a row.
enum Verdict {
    Fault { fault: Fault, value: ValueId, interpreter: Box<Interpreter>, row: Row },
    Result,
    TooLong,
    Stopped,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Verdict::Fault { fault, value, .. } => write!(f, "{fault:?} at {value}"),
            Verdict::Result => f.write_str("a result"),
            Verdict::TooLong => f.write_str("takes too long"),
            Verdict::Stopped => f.write_str("was stopped"),
        }
    }
}

fn judge(kernel: &VerifiedKernel, args: &[Datum], limits: Limits<'_>) -> Verdict {
    let core = &kernel.core;
    let params = &core.signature.params;
    let rows_of = |param: u32| match (&params[param as usize], &args[param as usize]) {
        (Param::List { inner, .. }, Datum::List(elements)) => elements.len() as u64 / u64::from(*inner),
        _ => 0,
    };
    let is_long = |result: &ResultTy| match result {
        ResultTy::List { inner, len, .. } => len.of(rows_of).saturating_mul(u64::from(*inner)) > LIST_ELEMENTS_MAX,
        _ => false,
    };
    if core.signature.results.iter().any(is_long) {
        return Verdict::TooLong;
    }
    // A null row has no result, and nobody asks about it.
    let Some(mut row) = Row::new(core, args) else { return Verdict::Result };
    let is_stopped = || limits.stop.is_some_and(|stop| stop.is_raised());
    let mut control = Control::new(limits.fuel.min(JUDGE_FUEL), Some(&is_stopped));
    let mut interpreter = Box::new(Interpreter::new(kernel));
    let mut out = vec![0; core.returns.len()];
    let slots = row.slots.clone();
    match interpreter.row(&slots, &mut row.memory, &mut control, &mut out) {
        Ok(()) => Verdict::Result,
        Err(RowEnd::Stopped) => Verdict::Stopped,
        Err(RowEnd::Fault(end)) if end.fault == Fault::Fuel && limits.fuel > JUDGE_FUEL => Verdict::TooLong,
        Err(RowEnd::Fault(end)) => Verdict::Fault { fault: end.fault, value: end.value, interpreter, row },
    }
}

/// What happened, with types and operands if they are known: `mul of i32 overflows: 70000 * 70000`.
fn describe(
    kernel: &VerifiedKernel,
    judged: Option<(&Interpreter, &Row)>,
    fault: Fault,
    value: ValueId,
    fuel: u64,
) -> String {
    let core = &kernel.core;
    if fault == Fault::Fuel {
        return format!("spent {} loop iterations (fuel)", grouped(fuel));
    }
    let Some((interpreter, row)) = judged else { return fault.code().title().to_string() };
    let (op, args) = match &core.value(value).def {
        Def::Load { array, index } | Def::Store { array, index, .. } => {
            let length = match array {
                Array::Param(param) => row.slots[core.signature.param_slot(*param as usize).index()],
                Array::Result(result) => row.slots[core.signature.length_slot(*result as usize).index()],
                Array::Table(table) => core.tables[*table as usize].len() as u64,
            };
            return format!("the index {} is not below the length {length}", interpreter.bits(*index));
        }
        Def::Op(op, args) => (op, args),
        _ => return fault.code().title().to_string(),
    };
    let ty = core.ty(args[0]);
    let operands: Vec<String> =
        args.iter().map(|&id| Scalar::from_bits(core.ty(id), interpreter.bits(id)).to_string()).collect();
    let call = match (symbol(op.name()), operands.as_slice()) {
        (Some(symbol), [a, b]) => format!("{a} {symbol} {b}"),
        (_, [a]) if op.name() == "neg" => format!("-({a})"),
        _ => format!("{op}({})", operands.join(", ")),
    };
    match (fault, operands.as_slice()) {
        (Fault::Overflow, _) => format!("{call} does not fit {ty}"),
        (Fault::DivideByZero, _) => format!("{call} divides {ty} by zero"),
        (Fault::ShiftRange, _) => format!("{call} shifts {ty} by an amount outside 0..{}", ty.bits()),
        (Fault::ClampBounds, _) => format!("{call} has bounds of {ty} out of order"),
        (Fault::IndexRange, [index, length, ..]) => format!("the index {index} is not below the length {length}"),
        (Fault::UnequalLengths, [a, b, ..]) => format!("the lengths are {a} and {b}"),
        (Fault::Domain, _) => format!("{call} has no value"),
        (Fault::IndexRange | Fault::UnequalLengths | Fault::Assertion | Fault::Fuel, _) => {
            fault.code().title().to_string()
        }
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

/// An argument as messages show it: long lists cut, times as such.
fn show(arg: &Datum, param: &Param) -> String {
    match (arg, param) {
        (Datum::List(elements), Param::List { inner, .. }) if *inner > 1 => {
            let rows = elements.chunks(*inner as usize).map(|row| list(row.iter().map(Scalar::to_string)));
            list(rows)
        }
        (Datum::List(elements), _) => list(elements.iter().map(Scalar::to_string)),
        (Datum::Scalar(scalar), Param::Scalar { ty, .. }) => time(*scalar, *ty).unwrap_or_else(|| scalar.to_string()),
        _ => arg.to_string(),
    }
}

fn list(elements: impl ExactSizeIterator<Item = String>) -> String {
    let count = elements.len();
    let shown: Vec<String> = elements.take(SHOWN_ELEMENTS).collect();
    match count - shown.len() {
        0 => format!("[{}]", shown.join(", ")),
        _ => format!("[{}, ... {} in all]", shown.join(", "), grouped(count as u64)),
    }
}

/// A date or time in words, if the number is one.
fn time(scalar: Scalar, ty: Logical) -> Option<String> {
    let number = match scalar {
        Scalar::I32(v) => i64::from(v),
        Scalar::I64(v) => v,
        _ => return None,
    };
    let of_day = || i32::try_from(number).ok();
    match ty {
        Logical::Plain(_) | Logical::Duration(_) => None,
        Logical::Date32 => of_day().and_then(times::date32_to_datetime).map(|t| t.date().to_string()),
        Logical::Date64 => times::date64_to_datetime(number).map(|t| t.to_string()),
        Logical::Time(unit) => match unit {
            Unit::Second => of_day().and_then(times::time32s_to_time),
            Unit::Millisecond => of_day().and_then(times::time32ms_to_time),
            Unit::Microsecond => times::time64us_to_time(number),
            Unit::Nanosecond => times::time64ns_to_time(number),
        }
        .map(|t| t.to_string()),
        Logical::Timestamp(unit) => match unit {
            Unit::Second => times::timestamp_s_to_datetime(number),
            Unit::Millisecond => times::timestamp_ms_to_datetime(number),
            Unit::Microsecond => times::timestamp_us_to_datetime(number),
            Unit::Nanosecond => times::timestamp_ns_to_datetime(number),
        }
        .map(|t| t.to_string()),
    }
}

/// A count with commas: `1,000,000`.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> = {
        let first = digits.len() % 3;
        let (head, tail) = digits.split_at(first);
        let tail = (0..tail.len()).step_by(3).map(|at| &tail[at..at + 3]);
        std::iter::once(head).filter(|head| !head.is_empty()).chain(tail).collect()
    };
    groups.join(",")
}
