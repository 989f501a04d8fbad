//! Random programs: their text goes through the front end and the interpreter, and beside it a walk over
//! the same program computes what Rust would. The walk has jumps, as Rust has them; the kernel has none, so
//! this is the second opinion on where lowering put the rest of the code.
//!
//! `WILD=100000 cargo test -p filbert-syntax --test main wild` runs more of them.

use std::fmt::Write;

use filbert_ir::{Scalar, interp};

/// Variables `v0` to `v5`, all i64; the first two are parameters.
const VARIABLES: usize = 6;
/// Turns after which a loop is ended by its condition.
const TURNS_MAX: i64 = 7;
/// Steps that a row may take.
const STEPS_MAX: usize = 20_000;

enum Expr {
    Number(i64),
    Variable(usize),
    Add(Box<Expr>, Box<Expr>),
    Mul(Box<Expr>, Box<Expr>),
    /// Fails where the divisor is zero.
    Div(Box<Expr>, Box<Expr>),
    Less(Box<Expr>, Box<Expr>),
    /// `if`, with what stands before the values.
    If(Box<Expr>, Block, Block),
    /// `&&` of two numbers that are not zero.
    And(Box<Expr>, Box<Expr>),
    /// Arms for the remainders 0 and 1 by three; the second has a guard.
    Match(Box<Expr>, Box<Expr>, [Block; 3]),
    /// A block with a label.
    Labelled(usize, Block),
    /// A loop with a label, whose value is that of its `break`.
    Loop(usize, Block),
    Return(Box<Expr>),
    Break(usize, Box<Expr>),
    Continue(usize),
    /// `Some(x).filter(..)?`: leaves with -7 where the value is below the bound.
    Option(Box<Expr>, Box<Expr>),
}

enum Stmt {
    Set(usize, Expr),
    Do(Expr),
    While(usize, Expr, Vec<Stmt>),
    /// Variable, label, ends, whether they count, whether backwards.
    For(usize, usize, Expr, Expr, bool, bool, Vec<Stmt>),
}

/// Statements and a value.
struct Block(Vec<Stmt>, Box<Expr>);

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % limit
    }
}

/// What is around the place where something is generated.
#[derive(Clone, Default)]
struct Around {
    /// Labels of loops, which can be continued; with a value if it is `loop`.
    loops: Vec<(usize, bool)>,
    blocks: Vec<usize>,
    depth: usize,
}

struct Maker {
    random: Random,
    labels: usize,
}

impl Maker {
    fn expr(&mut self, around: &Around) -> Expr {
        let mut inside = around.clone();
        inside.depth += 1;
        let simple = around.depth > 4 || self.random.below(3) == 0;
        let boxed = |maker: &mut Maker| Box::new(maker.expr(&inside));
        match if simple { self.random.below(4) } else { self.random.below(16) } {
            0 | 1 => Expr::Number(self.random.below(7) as i64 - 2),
            2 | 3 => Expr::Variable(self.random.below(VARIABLES)),
            4 | 5 => Expr::Add(boxed(self), boxed(self)),
            6 => Expr::Mul(boxed(self), boxed(self)),
            7 => Expr::Div(boxed(self), boxed(self)),
            8 => Expr::Less(boxed(self), boxed(self)),
            9 | 10 => Expr::If(boxed(self), self.block(&inside), self.block(&inside)),
            11 => Expr::And(boxed(self), boxed(self)),
            12 => {
                let arms = [self.block(&inside), self.block(&inside), self.block(&inside)];
                Expr::Match(boxed(self), boxed(self), arms)
            }
            13 => {
                self.labels += 1;
                let label = self.labels;
                inside.blocks.push(label);
                Expr::Labelled(label, self.block(&inside))
            }
            14 => {
                self.labels += 1;
                let label = self.labels;
                inside.loops.push((label, true));
                Expr::Loop(label, self.block(&inside))
            }
            _ => self.jump(&inside),
        }
    }

    fn jump(&mut self, around: &Around) -> Expr {
        let value = Box::new(self.expr(around));
        match self.random.below(6) {
            0 => Expr::Return(value),
            1 => Expr::Option(value, Box::new(self.expr(around))),
            2 | 3 if !around.loops.is_empty() => {
                let (label, has_value) = around.loops[self.random.below(around.loops.len())];
                if has_value && self.random.below(2) == 0 { Expr::Break(label, value) } else { Expr::Continue(label) }
            }
            _ if !around.blocks.is_empty() => Expr::Break(around.blocks[self.random.below(around.blocks.len())], value),
            _ => Expr::Return(value),
        }
    }

    fn block(&mut self, around: &Around) -> Block {
        let stmts = self.stmts(around);
        Block(stmts, Box::new(self.expr(around)))
    }

    fn stmts(&mut self, around: &Around) -> Vec<Stmt> {
        let count = if around.depth > 4 { 0 } else { self.random.below(3) };
        (0..count).map(|_| self.stmt(around)).collect()
    }

    fn stmt(&mut self, around: &Around) -> Stmt {
        let mut inside = around.clone();
        inside.depth += 1;
        match self.random.below(8) {
            0..=3 => Stmt::Set(self.random.below(VARIABLES), self.expr(&inside)),
            4 => Stmt::Do(self.expr(&inside)),
            5 => Stmt::Do(Expr::If(
                Box::new(self.expr(&inside)),
                Block(self.stmts(&inside), Box::new(self.jump(&inside))),
                self.block(&inside),
            )),
            6 => {
                self.labels += 1;
                let label = self.labels;
                inside.loops.push((label, false));
                Stmt::While(label, self.expr(&inside), self.stmts(&inside))
            }
            _ => {
                self.labels += 1;
                let label = self.labels;
                let (low, high) = (self.expr(around), self.expr(around));
                inside.loops.push((label, false));
                let (inclusive, backwards) = (self.random.below(2) == 0, self.random.below(2) == 0);
                let variable = self.random.below(VARIABLES);
                Stmt::For(variable, label, low, high, inclusive, backwards, self.stmts(&inside))
            }
        }
    }
}

fn write_expr(out: &mut String, expr: &Expr) {
    let two = |out: &mut String, a: &Expr, between: &str, b: &Expr, end: &str| {
        out.push('(');
        write_expr(out, a);
        out.push_str(between);
        write_expr(out, b);
        out.push_str(end);
    };
    match expr {
        Expr::Number(n) => write!(out, "({n}i64)").unwrap(),
        Expr::Variable(v) => write!(out, "v{v}").unwrap(),
        Expr::Add(a, b) => two(out, a, ").wrapping_add(", b, ")"),
        Expr::Mul(a, b) => two(out, a, ").wrapping_mul(", b, ")"),
        Expr::Div(a, b) => two(out, a, ").wrapping_div(", b, ")"),
        Expr::Less(a, b) => {
            out.push_str("((");
            two(out, a, ") < (", b, ")");
            out.push_str(") as i64)");
        }
        Expr::And(a, b) => {
            out.push_str("((");
            two(out, a, " != 0) && (0 != ", b, ")");
            out.push_str(") as i64)");
        }
        Expr::If(cond, then, otherwise) => {
            out.push_str("(if (");
            write_expr(out, cond);
            out.push_str(") > 0 {");
            write_block(out, then);
            out.push_str("} else {");
            write_block(out, otherwise);
            out.push_str("})");
        }
        Expr::Match(of, guard, [zero, one, rest]) => {
            out.push_str("(match (");
            write_expr(out, of);
            out.push_str(").rem_euclid(3) { 0 => {");
            write_block(out, zero);
            out.push_str("} 1 if (");
            write_expr(out, guard);
            out.push_str(") > 0 => {");
            write_block(out, one);
            out.push_str("} _ => {");
            write_block(out, rest);
            out.push_str("} })");
        }
        Expr::Labelled(label, block) => {
            write!(out, "('l{label}: {{").unwrap();
            write_block(out, block);
            out.push_str("})");
        }
        Expr::Loop(label, Block(stmts, value)) => {
            write!(out, "{{ let mut t{label} = 0; 'l{label}: loop {{ t{label} += 1; ").unwrap();
            write!(out, "if t{label} > {TURNS_MAX} {{ break 'l{label} v0; }} ").unwrap();
            write_stmts(out, stmts);
            out.push_str("v1 = ");
            write_expr(out, value);
            out.push_str("; } }");
        }
        Expr::Return(value) => {
            out.push_str("(return Some(");
            write_expr(out, value);
            out.push_str("))");
        }
        Expr::Break(label, value) => {
            write!(out, "(break 'l{label} ").unwrap();
            write_expr(out, value);
            out.push(')');
        }
        Expr::Continue(label) => write!(out, "(continue 'l{label})").unwrap(),
        Expr::Option(value, bound) => {
            out.push_str("(Some(");
            write_expr(out, value);
            out.push_str(").zip(Some(");
            write_expr(out, bound);
            out.push_str(")).and_then(|(x, low)| if x < low { None } else { Some(x) })?)");
        }
    }
}

fn write_block(out: &mut String, Block(stmts, value): &Block) {
    write_stmts(out, stmts);
    write_expr(out, value);
}

fn write_stmts(out: &mut String, stmts: &[Stmt]) {
    for stmt in stmts {
        match stmt {
            Stmt::Set(v, value) => {
                write!(out, "v{v} = ").unwrap();
                write_expr(out, value);
                out.push_str("; ");
            }
            Stmt::Do(value) => {
                write_expr(out, value);
                out.push_str("; ");
            }
            Stmt::While(label, cond, body) => {
                write!(out, "let mut t{label} = 0; 'l{label}: while t{label} < {TURNS_MAX} && (").unwrap();
                write_expr(out, cond);
                write!(out, ") > 0 {{ t{label} += 1; ").unwrap();
                write_stmts(out, body);
                out.push_str("} ");
            }
            Stmt::For(v, label, low, high, inclusive, backwards, body) => {
                let (to, rev) = (if *inclusive { "..=" } else { ".." }, if *backwards { ".rev()" } else { "" });
                write!(out, "'l{label}: for i{label} in ((").unwrap();
                write_expr(out, low);
                write!(out, ").rem_euclid(5){to}(").unwrap();
                write_expr(out, high);
                write!(out, ").rem_euclid(9)){rev} {{ v{v} = i{label}; ").unwrap();
                write_stmts(out, body);
                out.push_str("} ");
            }
        }
    }
}

/// Why a walk does not go on.
enum Stop {
    Return(Option<i64>),
    Break(usize, i64),
    Continue(usize),
    Fault,
    TooLong,
}

struct Walk {
    variables: [i64; VARIABLES],
    steps: usize,
}

type Walked<T> = Result<T, Stop>;

impl Walk {
    fn expr(&mut self, expr: &Expr) -> Walked<i64> {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return Err(Stop::TooLong);
        }
        Ok(match expr {
            Expr::Number(n) => *n,
            Expr::Variable(v) => self.variables[*v],
            Expr::Add(a, b) => self.expr(a)?.wrapping_add(self.expr(b)?),
            Expr::Mul(a, b) => self.expr(a)?.wrapping_mul(self.expr(b)?),
            Expr::Div(a, b) => {
                let (a, b) = (self.expr(a)?, self.expr(b)?);
                if b == 0 {
                    return Err(Stop::Fault);
                }
                a.wrapping_div(b)
            }
            Expr::Less(a, b) => i64::from(self.expr(a)? < self.expr(b)?),
            Expr::And(a, b) => i64::from(self.expr(a)? != 0 && 0 != self.expr(b)?),
            Expr::If(cond, then, otherwise) => {
                let taken = self.expr(cond)? > 0;
                self.block(if taken { then } else { otherwise })?
            }
            Expr::Match(of, guard, [zero, one, rest]) => match self.expr(of)?.rem_euclid(3) {
                0 => self.block(zero)?,
                1 if self.expr(guard)? > 0 => self.block(one)?,
                _ => self.block(rest)?,
            },
            Expr::Labelled(label, block) => match self.block(block) {
                Err(Stop::Break(to, value)) if to == *label => value,
                other => other?,
            },
            Expr::Loop(label, Block(stmts, value)) => {
                for _ in 0..TURNS_MAX {
                    let turn = self.stmts(stmts).and_then(|()| self.expr(value));
                    match turn {
                        Ok(value) => self.variables[1] = value,
                        Err(Stop::Break(to, value)) if to == *label => return Ok(value),
                        Err(Stop::Continue(to)) if to == *label => {}
                        Err(stop) => return Err(stop),
                    }
                }
                self.variables[0]
            }
            Expr::Return(value) => return Err(Stop::Return(Some(self.expr(value)?))),
            Expr::Break(label, value) => return Err(Stop::Break(*label, self.expr(value)?)),
            Expr::Continue(label) => return Err(Stop::Continue(*label)),
            Expr::Option(value, bound) => {
                let (x, low) = (self.expr(value)?, self.expr(bound)?);
                if x < low {
                    return Err(Stop::Return(None));
                }
                x
            }
        })
    }

    fn block(&mut self, Block(stmts, value): &Block) -> Walked<i64> {
        self.stmts(stmts)?;
        self.expr(value)
    }

    fn stmts(&mut self, stmts: &[Stmt]) -> Walked<()> {
        for stmt in stmts {
            match stmt {
                Stmt::Set(v, value) => self.variables[*v] = self.expr(value)?,
                Stmt::Do(value) => drop(self.expr(value)?),
                Stmt::While(label, cond, body) => {
                    let mut turns = 0;
                    while turns < TURNS_MAX {
                        match self.expr(cond) {
                            Ok(cond) if cond <= 0 => break,
                            Ok(_) => {}
                            // The condition stands inside its loop.
                            Err(Stop::Continue(to)) if to == *label => continue,
                            Err(stop) => return Err(stop),
                        }
                        turns += 1;
                        self.turn(*label, body)?;
                    }
                }
                Stmt::For(v, label, low, high, inclusive, backwards, body) => {
                    let (low, high) = (self.expr(low)?.rem_euclid(5), self.expr(high)?.rem_euclid(9));
                    let mut numbers: Vec<i64> = (low..high + i64::from(*inclusive)).collect();
                    if *backwards {
                        numbers.reverse();
                    }
                    for number in numbers {
                        self.variables[*v] = number;
                        self.turn(*label, body)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn turn(&mut self, label: usize, body: &[Stmt]) -> Walked<()> {
        match self.stmts(body) {
            Err(Stop::Continue(to)) if to == label => Ok(()),
            other => other,
        }
    }
}

/// A program as text, and its body.
fn program(seed: u64) -> (String, Block) {
    let mut maker = Maker { random: Random(seed), labels: 0 };
    let block = maker.block(&Around::default());
    let mut text = String::from("#[kernel(fuel = 20000)]\nfn wild(mut v0: i64, mut v1: i64) -> Option<i64> { ");
    for v in 2..VARIABLES {
        write!(text, "let mut v{v} = {v}; ").unwrap();
    }
    text.push_str("let result = { ");
    write_block(&mut text, &block);
    text.push_str(" }; Some(result) }");
    (text, block)
}

fn check(seed: u64) -> bool {
    let (text, block) = program(seed);
    let module = match filbert_syntax::parse(&text, "wild") {
        Ok(module) => module,
        Err(found) if found.list.iter().all(|finding| finding.code == filbert_ir::Code::KernelTooLarge) => {
            return false;
        }
        Err(found) => panic!("seed {seed}: {found}\n{text}"),
    };
    let kernel = &module.kernels[0];
    let mut compared = false;
    for (a, b) in [(0, 0), (1, -1), (3, 2), (-5, 4), (7, 9), (i64::MAX, i64::MIN)] {
        let mut walk = Walk { variables: [a, b, 2, 3, 4, 5], steps: 0 };
        let want = match walk.block(&block) {
            Ok(value) | Err(Stop::Return(Some(value))) => Ok(Some(value)),
            Err(Stop::Return(None)) => Ok(None),
            Err(Stop::Fault) => Err(filbert_ir::Fault::DivideByZero),
            Err(Stop::TooLong) => continue,
            Err(Stop::Break(..) | Stop::Continue(_)) => panic!("seed {seed}: a jump leads nowhere\n{text}"),
        };
        let got = interp::run_scalars(kernel, &[Scalar::I64(a), Scalar::I64(b)]);
        let got = got.map(|row| (row[1] == Scalar::Bool(true)).then_some(row[0])).map_err(|fault| fault.fault);
        if got == Err(filbert_ir::Fault::Fuel) {
            continue;
        }
        compared = true;
        assert_eq!(got, want.map(|value| value.map(Scalar::I64)), "seed {seed}, row ({a}, {b})\n{text}");
    }
    compared
}

#[test]
fn programs_with_jumps_give_what_a_walk_over_them_gives() {
    let count = std::env::var("WILD").ok().and_then(|count| count.parse().ok()).unwrap_or(3000);
    let compared = (0..count).filter(|&seed| check(seed)).count() as u64;
    assert!(compared > count / 2, "only {compared} of {count}");
}

#[test]
#[ignore]
fn shortest() {
    let from: u64 = std::env::var("FROM").ok().and_then(|c| c.parse().ok()).unwrap_or(0);
    let mut best: Option<(usize, u64, String)> = None;
    for seed in from..from + 20000 {
        let result = std::panic::catch_unwind(|| check(seed));
        if let Err(why) = result {
            let text = program(seed).0;
            let why = why.downcast_ref::<String>().cloned().unwrap_or_default();
            if best.as_ref().is_none_or(|b| text.len() < b.0) {
                best = Some((text.len(), seed, why));
            }
        }
    }
    if let Some(best) = best {
        std::fs::write("/tmp/s1/best.txt", best.2).unwrap();
    }
}
