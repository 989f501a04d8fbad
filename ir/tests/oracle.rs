//! An outside judge of the interpreter: tests/oracle/oracle.py, which asks NumPy, Python's integers and
//! mpmath. Every operation of the table, every operand type it takes, special values against special
//! values and random rows: faults and bits must agree, and where the oracle hands over an exact value the
//! error must be within the operation's bound.
//!
//! `FILBERT_LONG=1` takes many more rows, `FILBERT_ORACLE=require` fails where Python is missing instead of
//! saying so and going on, `FILBERT_ORACLE_OPS=exp,ln` asks about these alone. docs/accuracy.md is written by
//! the long run, see its head.

mod accuracy;
mod python;
mod rows;
mod ulp;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::thread::available_parallelism;

use filbert_ir::interp::Interpreter;
use filbert_ir::kernel::{Kernel, Names, VerifiedKernel};
use filbert_ir::random::Rng;
use filbert_ir::{Builder, Op, Scalar, Type, verify};

use python::Oracle;

/// Rows that are asked for at once.
const BLOCK_ROWS: usize = 10_000;
/// How often a long run looks around the greatest error it has seen for a greater one.
const CLIMBS: usize = 50;

/// One way to type an operation.
#[derive(Clone)]
struct Typed {
    op: Op,
    args: Vec<Type>,
    ret: Type,
}

/// What an operation gives for a row, or must give.
#[derive(Clone, PartialEq, Debug)]
enum Outcome {
    Fault(String),
    Bits(u64),
}

/// What the oracle says of a row.
#[derive(Clone, Debug)]
enum Answer {
    Exactly(Outcome),
    Nan,
    Real(ulp::Real),
}

/// The greatest error seen, and where.
#[derive(Clone, Debug)]
struct Worst {
    ulp: f64,
    args: Vec<Scalar>,
    got: Scalar,
}

/// What was found out, by all threads together.
#[derive(Default)]
struct Findings {
    rows: usize,
    wrong: Vec<String>,
    /// Greatest errors of the functions, by operation and type.
    worst: BTreeMap<(Op, Type), Worst>,
}

fn long() -> bool {
    std::env::var_os("FILBERT_LONG").is_some()
}

#[test]
fn every_operation_agrees_with_the_outside_oracle() {
    let Some(python) = python::set_up() else { return };
    let known = Oracle::start(&python).names();
    for op in Op::ALL {
        assert!(known.iter().any(|name| name == op.name()), "tests/oracle/oracle.py has no rule for {op}");
    }
    // Only these, while one works on them.
    let only = std::env::var("FILBERT_ORACLE_OPS").ok();
    let is_asked = |op: &Op| only.as_ref().is_none_or(|only| only.split(',').any(|name| name == op.name()));
    let asked: Vec<Typed> = Op::ALL.iter().copied().filter(is_asked).flat_map(typings).collect();
    let todo = Mutex::new(asked.into_iter());
    let findings = Mutex::new(Findings::default());
    std::thread::scope(|scope| {
        for _ in 0..available_parallelism().map_or(1, |n| n.get()) {
            scope.spawn(|| {
                let mut oracle = Oracle::start(&python);
                loop {
                    let next = todo.lock().unwrap().next();
                    let Some(typed) = next else { break };
                    judge(&mut oracle, &typed, &findings);
                }
            });
        }
    });
    let findings = findings.into_inner().unwrap();
    println!("{} rows agree with the oracle; greatest errors of functions, ULP:", findings.rows);
    for ((op, ty), worst) in &findings.worst {
        println!("  {op:10} {ty} {:8.3} of {:4}  {}", worst.ulp, op.row().ulp, at(worst));
    }
    assert!(findings.wrong.is_empty(), "{} wrong:\n{}", findings.wrong.len(), findings.wrong.join("\n"));
    if long() && only.is_none() {
        accuracy::bless(&findings.worst, findings.rows);
    }
}

#[test]
fn python_says_what_the_kernel_files_expect() {
    let Some(python) = python::set_up() else { return };
    let files = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/kernels")).unwrap();
    let files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    let script = Path::new(python::FOLDER).join("field.py");
    let output = Command::new(&python).arg("-I").arg(script).arg("--check").args(&files).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn the_page_of_accuracy_names_each_bound() {
    accuracy::check();
}

/// `(1.5, 2.0) = 2.25`
fn at(worst: &Worst) -> String {
    let args: Vec<String> = worst.args.iter().map(Scalar::to_string).collect();
    format!("({}) = {}", args.join(", "), worst.got)
}

/// Every choice of operand types (and, for a cast, of the result's) that the operation takes.
fn typings(op: Op) -> Vec<Typed> {
    let mut tuples = vec![Vec::new()];
    for _ in 0..op.rule().arity() {
        let longer = |tuple: &Vec<Type>| Type::ALL.map(|ty| [tuple.as_slice(), &[ty]].concat());
        tuples = tuples.iter().flat_map(longer).collect();
    }
    let mut typings = Vec::new();
    for args in tuples {
        let wanted = if op == Op::Cast { &Type::ALL[..] } else { &args[..1] };
        let typed = |&wanted: &Type| op.result_type(&args, wanted).map(|ret| Typed { op, args: args.clone(), ret });
        typings.extend(wanted.iter().filter_map(typed));
    }
    assert!(!typings.is_empty(), "{op} takes no types");
    typings
}

/// A kernel that is this one operation.
fn kernel(typed: &Typed) -> VerifiedKernel {
    let mut builder = Builder::new();
    let params: Vec<_> = typed.args.iter().map(|&ty| builder.param(ty)).collect();
    let result = if typed.op == Op::Cast { builder.cast(params[0], typed.ret) } else { builder.op(typed.op, &params) };
    let (core, _) = builder.finish(vec![result]);
    let params = ["a", "b", "c"][..typed.args.len()].iter().map(|name| name.to_string()).collect();
    let names = Names { kernel: typed.op.name().into(), params, ..Names::default() };
    verify(Kernel { core, names, source: None }).unwrap_or_else(|found| panic!("{found}"))
}

fn judge(oracle: &mut Oracle, typed: &Typed, findings: &Mutex<Findings>) {
    let mut interpreter = Interpreter::new(&kernel(typed));
    let (mut asked, mut wrong, mut worst) = (0, Vec::new(), None);
    let mut judge = |rows: &[Vec<Scalar>], worst: &mut Option<Worst>| {
        asked += rows.len();
        for (row, answer) in rows.iter().zip(oracle.ask(typed, rows)) {
            let got = run(&mut interpreter, row);
            if let Err(why) = compare(typed, row, &got, &answer, worst) {
                let args: Vec<String> = row.iter().map(|arg| format!("{arg} ({:#x})", arg.bits())).collect();
                wrong.push(format!("{} {:?} -> {}: ({}): {why}", typed.op, typed.args, typed.ret, args.join(", ")));
            }
        }
    };
    for rows in rows::rows(typed.op, &typed.args, long()).chunks(BLOCK_ROWS) {
        judge(rows, &mut worst);
    }
    if long() && rows::is_function(typed.op) {
        // Uphill from there.
        let mut rng = Rng::new(typed.op as u64);
        for _ in 0..CLIMBS {
            let top = worst.as_ref().map_or_else(Vec::new, |worst: &Worst| worst.args.clone());
            judge(&rows::around(&mut rng, &top, BLOCK_ROWS), &mut worst);
        }
    }
    let more = wrong.len().saturating_sub(5);
    wrong.truncate(5);
    if more > 0 {
        wrong.push(format!("  and {more} more of {} {:?}", typed.op, typed.args));
    }
    let mut findings = findings.lock().unwrap();
    findings.rows += asked;
    findings.wrong.extend(wrong);
    if let Some(worst) = worst {
        findings.worst.insert((typed.op, typed.ret), worst);
    }
}

fn run(interpreter: &mut Interpreter, row: &[Scalar]) -> Outcome {
    let args: Vec<u64> = row.iter().map(|arg| arg.bits()).collect();
    let mut out = [0];
    match interpreter.scalar_row(&args, &mut out) {
        Ok(()) => Outcome::Bits(out[0]),
        Err(e) => Outcome::Fault(format!("{:?}", e.fault)),
    }
}

fn compare(
    typed: &Typed,
    row: &[Scalar],
    got: &Outcome,
    answer: &Answer,
    worst: &mut Option<Worst>,
) -> Result<(), String> {
    let show = |outcome: &Outcome| match outcome {
        Outcome::Fault(name) => name.clone(),
        Outcome::Bits(bits) => format!("{} ({bits:#x})", Scalar::from_bits(typed.ret, *bits)),
    };
    match answer {
        Answer::Exactly(want) if got == want => Ok(()),
        Answer::Exactly(want) => Err(format!("expected {}, got {}", show(want), show(got))),
        Answer::Nan => {
            let nan = Scalar::from_bits(
                typed.ret,
                if typed.ret == Type::F32 { f32::NAN.to_bits().into() } else { f64::NAN.to_bits() },
            );
            let want = Outcome::Bits(nan.canonical().bits());
            if *got == want { Ok(()) } else { Err(format!("expected NaN, got {}", show(got))) }
        }
        Answer::Real(real) => {
            let Outcome::Bits(bits) = got else { return Err(format!("expected {real}, got {}", show(got))) };
            let scalar = Scalar::from_bits(typed.ret, *bits);
            let (error, bound) = (real.error(scalar), f64::from(typed.op.row().ulp));
            let error = error / slack(typed.op, row, real, typed.ret);
            if worst.as_ref().is_none_or(|worst| error > worst.ulp) {
                *worst = Some(Worst { ulp: error, args: row.to_vec(), got: scalar });
            }
            if error <= bound {
                Ok(())
            } else {
                Err(format!("expected {real}, got {scalar}: {error:.3} ULP, not {bound}"))
            }
        }
    }
}

/// How much larger an error may be than the table says. Below 0, ln_gamma is a difference of two terms, and
/// its bound is one of the greater term's last place.
fn slack(op: Op, row: &[Scalar], real: &ulp::Real, ty: Type) -> f64 {
    let x = match row[0] {
        Scalar::F64(x) => x,
        Scalar::F32(x) => f64::from(x),
        _ => return 1.0,
    };
    if op != Op::LnGamma || x > 0.0 {
        return 1.0;
    }
    let term = filbert_ir::math::ln_gamma_f64(-x).abs().max(1.0);
    (ulp::last_place(term, ty) / real.last_place(ty)).max(1.0)
}
