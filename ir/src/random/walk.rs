//! Kernels that walk along the ends of their lists: integers are compared, moved by little and used as
//! indexes, under all kinds of conditions. They are for whoever leaves checks out.

use super::rng::Rng;
use crate::builder::Builder;
use crate::kernel::{Kernel, Names, ValueId};
use crate::op::Op;
use crate::signature::{Array, Datum, Length, Param, ResultTy, Signature, Table};
use crate::types::{Scalar, Type};

/// A random kernel of two lists, some integers and a list that it writes.
pub fn walking_kernel(seed: u64) -> Kernel {
    let mut rng = Rng::new(seed);
    let mut builder = Builder::new();
    let mut seen = Vec::new();
    let fixed = rng.chance(30).then_some(3);
    let lists = [Param::list(Type::F64), Param::List { elem: Type::F64, inner: 1, len: fixed }];
    let lengths: Vec<ValueId> = lists.into_iter().flat_map(|param| builder.declare(param)).collect();
    for ty in [Type::U64, Type::U64, Type::I64, Type::I32, Type::U8] {
        seen.push(builder.param(ty));
    }
    let length = builder.slot(Type::U64);
    builder.table(Table::new(Type::F64, &[Scalar::F64(1.0); 4]));
    builder.signature.fuel = 1 + rng.below(60) as u64;
    let lengths = [lengths, vec![length]].concat();
    seen.extend(&lengths);
    let out = Length { constant: rng.below(4) as i64 - 1, terms: vec![(0, 1 + rng.below(2) as i32)] };
    let left = 15 + rng.below(50);
    let mut walker = Walker { rng, builder, seen, lengths, left };
    walker.region(0);
    let first = walker.any(Type::U64);
    let results = vec![ResultTy::strict(Type::U64), ResultTy::List { elem: Type::F64, inner: 1, len: out }];
    let (core, _) = walker.builder.finish_as(results, vec![first]);
    let params = (0..core.signature.params.len()).map(|i| format!("p{i}")).collect();
    let names = Names { kernel: format!("walk_{seed}"), params, ..Names::default() };
    Kernel { core, names, source: None }
}

/// Rows of small numbers, some of them beyond 0, and of short lists.
pub fn walking_rows(seed: u64, signature: &Signature, n: usize) -> Vec<Vec<Datum>> {
    let mut rng = Rng::new(!seed);
    let mut datum = |param: &Param| match param {
        Param::List { elem, len, .. } => {
            let length = len.map_or(rng.below(7), |len| len as usize);
            Datum::List(vec![Scalar::from_bits(*elem, 0); length])
        }
        Param::Scalar { ty, .. } => {
            let ty = ty.storage();
            let bits = if rng.chance(80) { rng.below(8) as u64 } else { rng.next_u64() & ty.mask() };
            let bits = if rng.chance(10) { bits.wrapping_neg() & ty.mask() } else { bits };
            Datum::Scalar(Scalar::from_bits(ty, bits))
        }
    };
    (0..n).map(|_| signature.params.iter().map(&mut datum).collect()).collect()
}

/// A kernel in the making.
struct Walker {
    rng: Rng,
    builder: Builder,
    /// Values in sight, integers and bools.
    seen: Vec<ValueId>,
    /// Lengths in sight.
    lengths: Vec<ValueId>,
    left: usize,
}

const INTS: [Type; 5] = [Type::U64, Type::U64, Type::I64, Type::I32, Type::U8];

impl Walker {
    /// A value of the type that is in sight, the late ones more often; or a constant.
    fn any(&mut self, ty: Type) -> ValueId {
        let fitting: Vec<ValueId> = self.seen.iter().copied().filter(|&id| self.builder.ty(id) == ty).collect();
        if fitting.is_empty() || (ty != Type::Bool && self.rng.chance(15)) {
            let small = [0, 1, 1, 1, 2, 3, 4, 7, ty.mask(), ty.mask() >> 1];
            let bits = self.rng.pick(&small) & ty.mask();
            return self.builder.constant(Scalar::from_bits(ty, bits));
        }
        let back = self.rng.below(fitting.len()).min(self.rng.below(fitting.len()));
        fitting[fitting.len() - 1 - back]
    }

    fn compare(&mut self) -> ValueId {
        let ty = self.rng.pick(&INTS);
        let op = self.rng.pick(&[Op::Lt, Op::Lt, Op::Lt, Op::Le, Op::Gt, Op::Ge, Op::Ne, Op::Eq]);
        let x = self.any(ty);
        let y = match ty {
            Type::U64 if self.rng.chance(60) => self.rng.pick(&self.lengths.clone()),
            _ => self.any(ty),
        };
        let compared = self.builder.op(op, &[x, y]);
        match self.rng.below(8) {
            0 => self.builder.op(Op::Not, &[compared]),
            1 => {
                let other = self.any(Type::Bool);
                let op = self.rng.pick(&[Op::And, Op::Or]);
                self.builder.op(op, &[compared, other])
            }
            _ => compared,
        }
    }

    fn region(&mut self, depth: usize) {
        let mut here = 3 + self.rng.below(10);
        while self.left > 0 && here > 0 {
            (self.left, here) = (self.left - 1, here - 1);
            match self.rng.below(100) {
                0..30 => self.arithmetic(),
                30..40 => {
                    let (from, to) = (self.rng.pick(&INTS), self.rng.pick(&INTS));
                    let arg = self.any(from);
                    let cast = self.builder.cast(arg, to);
                    self.seen.push(cast);
                }
                40..50 => {
                    let compared = self.compare();
                    self.seen.push(compared);
                }
                50..70 if depth < 5 => self.branch(depth),
                70..82 if depth < 4 => self.repeat(depth),
                _ => self.access(),
            }
        }
    }

    fn arithmetic(&mut self) {
        const OPS: [Op; 22] = [
            Op::Add,
            Op::Add,
            Op::Add,
            Op::Sub,
            Op::Sub,
            Op::Mul,
            Op::Min,
            Op::Max,
            Op::Div,
            Op::Rem,
            Op::And,
            Op::Or,
            Op::WrappingMul,
            Op::RemEuclid,
            Op::DivEuclid,
            Op::WrappingAdd,
            Op::WrappingSub,
            Op::AbsDiff,
            Op::Clamp,
            Op::Shr,
            Op::Shl,
            Op::Select,
        ];
        let (op, ty) = (self.rng.pick(&OPS), self.rng.pick(&INTS));
        let args = match op {
            Op::Select => vec![self.any(Type::Bool), self.any(ty), self.any(ty)],
            Op::Clamp => vec![self.any(ty), self.any(ty), self.any(ty)],
            Op::Shl | Op::Shr => {
                let amount = self.builder.constant(Scalar::U32(self.rng.below(8) as u32));
                vec![self.any(ty), amount]
            }
            _ => {
                let x = self.any(ty);
                let y = match self.rng.chance(60) {
                    true => self.builder.constant(Scalar::from_bits(ty, 1 + self.rng.below(3) as u64)),
                    false => self.any(ty),
                };
                vec![x, y]
            }
        };
        let value = self.builder.op(op, &args);
        self.seen.push(value);
    }

    fn branch(&mut self, depth: usize) {
        let cond = self.compare();
        let mark = self.seen.len();
        let ty = self.rng.pick(&INTS);
        let open = self.builder.begin_if(cond);
        self.region(depth + 1);
        let yes = [self.any(ty), self.any(Type::U64)];
        self.seen.truncate(mark);
        let open = self.builder.begin_else(open, &yes);
        if self.rng.chance(40) {
            self.region(depth + 1);
        }
        let no = [self.any(ty), self.any(Type::U64)];
        self.seen.truncate(mark);
        let results = self.builder.end_if(open, &no);
        self.seen.extend(results);
    }

    /// A loop in the shape of `while` or of `do`, whose carried values mostly move by a little.
    fn repeat(&mut self, depth: usize) {
        let mark = self.seen.len();
        let mut inits: Vec<ValueId> = Vec::new();
        for _ in 0..1 + self.rng.below(3) {
            let ty = self.rng.pick(&INTS);
            inits.push(match self.rng.below(10) {
                0..4 => self.builder.constant(Scalar::from_bits(ty, self.rng.below(2) as u64)),
                4 | 5 => self.compare(),
                _ => self.any(ty),
            });
        }
        let (open, carried) = self.builder.begin_loop(&inits);
        self.seen.extend(&carried);
        let (go_on, next) = if self.rng.chance(60) {
            let flag = carried.iter().copied().find(|&id| self.builder.ty(id) == Type::Bool);
            let cond = match flag {
                Some(flag) if self.rng.chance(70) => flag,
                _ => self.compare(),
            };
            let inner = self.builder.begin_if(cond);
            self.region(depth + 1);
            let mut yes = vec![self.builder.constant(Scalar::Bool(true))];
            yes.extend(self.moved(&carried));
            self.seen.truncate(mark + carried.len());
            let inner = self.builder.begin_else(inner, &yes);
            let mut no = vec![self.builder.constant(Scalar::Bool(self.rng.chance(5)))];
            no.extend(match self.rng.chance(80) {
                true => carried.clone(),
                false => self.moved(&carried),
            });
            let results = self.builder.end_if(inner, &no);
            (results[0], results[1..].to_vec())
        } else {
            self.region(depth + 1);
            let next = self.moved(&carried);
            self.seen.extend(&next);
            (self.compare(), next)
        };
        self.seen.truncate(mark);
        let finals = self.builder.end_loop(open, go_on, &next);
        self.seen.extend(finals);
    }

    fn moved(&mut self, carried: &[ValueId]) -> Vec<ValueId> {
        let mut next = |&id: &ValueId| {
            let ty = self.builder.ty(id);
            if ty == Type::Bool {
                return self.compare();
            }
            let step = self.builder.constant(Scalar::from_bits(ty, 1 + self.rng.below(2) as u64));
            match self.rng.below(10) {
                0..3 => self.builder.op(Op::Add, &[id, step]),
                3 | 4 => self.builder.op(Op::WrappingAdd, &[id, step]),
                5 => self.builder.op(Op::Sub, &[id, step]),
                6 => self.builder.op(Op::WrappingSub, &[id, step]),
                7 => id,
                _ => self.any(ty),
            }
        };
        carried.iter().map(&mut next).collect()
    }

    fn access(&mut self) {
        let index = self.any(Type::U64);
        let array = self.rng.pick(&[Array::Param(0), Array::Param(1), Array::Result(1), Array::Table(0)]);
        match self.rng.below(10) {
            0 => {
                let length = self.rng.pick(&self.lengths.clone());
                let checked = self.builder.op(Op::Index, &[index, length]);
                self.seen.push(checked);
            }
            1 => {
                let lengths = self.lengths.clone();
                let (x, y) = (self.rng.pick(&lengths), self.rng.pick(&lengths));
                self.builder.op(Op::SameLength, &[x, y]);
            }
            2 => {
                let compared = self.compare();
                self.builder.op(Op::Assert, &[compared]);
            }
            3 | 4 => {
                let element = self.builder.constant(1.5);
                self.builder.store(Array::Result(1), index, element);
            }
            _ => {
                self.builder.load(Type::F64, array, index);
            }
        }
    }
}
