//! From a kernel to the IR of one block: operations on all lanes, `if`s as masks.
//!
//! Both sides of an `if` are computed, in all lanes, and its condition chooses among what they yield. What may
//! fail inside a side fails only where that side was taken: `active` is the mask of the lanes that are where
//! the walk stands. Nothing else cares, because no instruction here traps and nothing is written before the end.
//!
//! A row that may fail is not stored: the lanes in which some check failed are gathered in one mask, and the
//! block's code leaves before its stores if one is set. Who failed first, and how, is found by the scalar code,
//! so a check may be set too often (the block is then only computed again) but never too seldom.
//!
//! Loads stand before their first use and stores at the end, all behind the check: an output may be an input.

mod bits;
mod cast;
mod float;
mod int;
mod math;

pub(super) use math::widens;

use filbert_ir::{Core, Def, Op, Region, Scalar, Type, ValueId};

use super::build::Build;
use super::ir::{Body, Shape, Ty, V, What, Width};
use crate::abi;
use crate::passes::Optimized;
use crate::proof::{self, Proofs};

/// Why a kernel is not vectorised, in a line.
pub(super) type Refused = String;

/// The kernel's block with the original values that it checks, or why there is none.
pub(super) fn convert(optimized: &Optimized, shape: Shape, uniform: u64) -> Result<(Body, Vec<ValueId>), Refused> {
    let core = &optimized.kernel.core;
    let mut convert = Convert {
        build: Build::new(shape),
        core,
        proofs: proof::prove(core),
        never_nan: crate::lower::never_nan(core),
        values: vec![None; core.values.len()],
        outputs: vec![Vec::new(); core.values.len()],
        active: None,
        failing: None,
        origins: &optimized.origins,
        sites: Vec::new(),
        uniform,
    };
    // The masks of a tail, by width; only tails have them.
    convert.build.push(What::Tail, Ty::Mask(Width::W32), &[]);
    convert.build.push(What::Tail, Ty::Mask(Width::W64), &[]);
    convert.region(core.slots(), core.values.len() as u32)?;
    convert.check();
    convert.results();
    Ok((Body { shape, insts: convert.build.insts, copies: 1, is_tail: false }, convert.sites))
}

struct Convert<'a> {
    build: Build,
    core: &'a Core,
    proofs: Proofs,
    never_nan: Vec<bool>,
    /// What each value became, once somebody asked for it (slots, constants) or the walk met it.
    values: Vec<Option<V>>,
    /// For each `if`, all that it gives.
    outputs: Vec<Vec<V>>,
    /// The lanes that take this region; `None` for all.
    active: Option<V>,
    /// The lanes in which a check failed.
    failing: Option<V>,
    /// The original value of each value.
    origins: &'a [ValueId],
    /// Original values that are checked.
    sites: Vec<ValueId>,
    /// Slots that have one value for all rows.
    uniform: u64,
}

impl Convert<'_> {
    fn region(&mut self, start: u32, end: u32) -> Result<(), Refused> {
        let core = self.core;
        let mut next = start;
        while next < end {
            let id = ValueId(next);
            next += 1;
            let value = match &core.value(id).def {
                Def::Param(_) | Def::Const(_) => continue,
                Def::Op(op, args) => self.op(id, *op, args)?,
                Def::If { cond, then, otherwise } => {
                    self.branch(id, *cond, then, otherwise)?;
                    next = otherwise.end.0;
                    continue;
                }
                Def::Output { of, index } => self.outputs[of.index()][*index as usize],
                Def::Loop { .. } | Def::Carried(_) => return Err("has a loop".into()),
                Def::Load { .. } | Def::Store { .. } => return Err("reads or writes lists or tables".into()),
            };
            self.values[id.index()] = Some(value);
        }
        Ok(())
    }

    /// Both sides, each under its mask.
    fn branch(&mut self, id: ValueId, cond: ValueId, then: &Region, otherwise: &Region) -> Result<(), Refused> {
        let cond = self.value(cond);
        let outside = self.active;
        let mut sides = [Vec::new(), Vec::new()];
        for (index, region) in [then, otherwise].into_iter().enumerate() {
            // Without anything that can fail in the region nobody asks for the mask, and it is dropped.
            self.active = Some(match (outside, index) {
                (None, 0) => cond,
                (None, _) => self.build.mask_not(cond),
                (Some(active), 0) => self.build.mask_and(cond, active),
                (Some(active), _) => self.build.mask_andn(cond, active),
            });
            self.region(region.start.0, region.end.0)?;
            sides[index] = region.yields.iter().map(|&y| self.value(y)).collect();
        }
        self.active = outside;
        let [yes, no] = sides;
        let types = then.yields.iter().map(|&y| self.core.ty(y));
        let outputs: Vec<V> =
            types.zip(yes.into_iter().zip(no)).map(|(ty, (yes, no))| self.choose(ty, cond, yes, no)).collect();
        self.values[id.index()] = Some(outputs[0]);
        self.outputs[id.index()] = outputs;
        Ok(())
    }

    fn choose(&mut self, ty: Type, cond: V, yes: V, no: V) -> V {
        match ty {
            _ if yes == no => yes,
            Type::Bool => self.build.mask_select(cond, yes, no),
            _ => self.build.select(cond, yes, no),
        }
    }

    fn op(&mut self, id: ValueId, op: Op, args: &[ValueId]) -> Result<V, Refused> {
        let ty = self.core.ty(args[0]);
        match op {
            Op::Select => {
                let [cond, yes, no] = std::array::from_fn(|i| self.value(args[i]));
                Ok(self.choose(self.core.ty(id), cond, yes, no))
            }
            Op::Cast => self.cast(args[0], self.core.ty(id)),
            _ if ty.is_float() => self.float_op(id, op, args),
            _ if ty == Type::Bool => self.bool_op(id, op, args),
            _ => self.int_op(id, op, ty, args),
        }
    }

    fn bool_op(&mut self, id: ValueId, op: Op, args: &[ValueId]) -> Result<V, Refused> {
        let x = self.value(args[0]);
        let y = args.get(1).map_or(x, |&y| self.value(y));
        let build = &mut self.build;
        Ok(match op {
            Op::And => build.mask_and(x, y),
            Op::Or => build.mask_or(x, y),
            Op::Xor | Op::Ne => build.mask_xor(x, y),
            Op::Not => build.mask_not(x),
            Op::Lt => build.mask_andn(x, y),
            Op::Gt => build.mask_andn(y, x),
            Op::Eq | Op::Le | Op::Ge => {
                // What it is not.
                let not = match op {
                    Op::Eq => build.mask_xor(x, y),
                    Op::Le => build.mask_andn(y, x),
                    _ => build.mask_andn(x, y),
                };
                build.mask_not(not)
            }
            Op::Assert => {
                if !self.never_fails(id) {
                    let bad = self.build.mask_not(x);
                    self.fail_where(id, bad);
                }
                self.build.mask_constant(true)
            }
            _ => return Err(refuses(op, Type::Bool)),
        })
    }

    // --- values

    /// What a value became. Slots and constants are made where they are first wanted.
    fn value(&mut self, id: ValueId) -> V {
        if let Some(v) = self.values[id.index()] {
            return v;
        }
        let ty = self.core.ty(id);
        let v = match self.core.value(id).def {
            Def::Param(slot) => self.load(slot, ty),
            Def::Const(bits) => self.constant(ty, bits),
            _ => unreachable!("an operand comes before its user"),
        };
        self.values[id.index()] = Some(v);
        v
    }

    fn load(&mut self, slot: u32, ty: Type) -> V {
        let is_uniform = slot < u64::BITS && self.uniform >> slot & 1 == 1;
        let what = if is_uniform { What::Uniform { slot } } else { What::Load { slot, elem: ty } };
        let v = self.build.push(what, Ty::Lanes(Width::of(ty)), &[]);
        if ty == Type::Bool { self.build.non_zero(v) } else { v }
    }

    fn constant(&mut self, ty: Type, bits: u64) -> V {
        match Scalar::from_bits(ty, bits) {
            Scalar::Bool(set) => self.build.mask_constant(set),
            Scalar::I8(value) => self.build.constant(Width::W32, u64::from(value as u32)),
            Scalar::I16(value) => self.build.constant(Width::W32, u64::from(value as u32)),
            _ => self.build.constant(Width::of(ty), bits),
        }
    }

    // --- faults

    fn never_fails(&self, id: ValueId) -> bool {
        self.proofs.never_fails[id.index()]
    }

    /// The rows of these lanes fail at the value `id`, if they are here at all.
    fn fail_where(&mut self, id: ValueId, bad: V) {
        let site = self.origins[id.index()];
        if !self.sites.contains(&site) {
            self.sites.push(site);
        }
        self.leave_where(bad);
    }

    /// The rows of these lanes are left to the scalar code, if they are here at all.
    fn leave_where(&mut self, bad: V) {
        let bad = match self.active {
            Some(active) => self.build.mask_and(bad, active),
            None => bad,
        };
        self.failing = Some(match self.failing {
            Some(failing) => self.build.mask_or(failing, bad),
            None => bad,
        });
    }

    fn check(&mut self) {
        if let Some(failing) = self.failing {
            let widest = self.build.widest();
            let failing = self.build.mask_as(failing, widest);
            let failing = self.build.lanes_only(failing);
            self.build.push(What::Check, Ty::None, &[failing]);
        }
    }

    // --- results

    fn results(&mut self) {
        let columns = abi::output_columns(self.core);
        let returns = self.core.returns.clone();
        let mut leaving: Vec<(ValueId, V)> = Vec::new();
        for &id in &returns {
            if !leaving.iter().any(|(known, _)| *known == id) {
                let v = self.leaving(id);
                leaving.push((id, v));
            }
        }
        for (column, (id, ty)) in returns.iter().zip(columns.iter().map(|column| column.ty)).enumerate() {
            let v = leaving.iter().find(|(known, _)| known == id).map(|(_, v)| *v);
            let v = v.expect("every result is on its way");
            self.build.push(What::Store { column: column as u32, elem: ty }, Ty::None, &[v]);
        }
    }

    /// A value as it leaves the kernel: NaN canonical, a bool 0 or 1, narrow elements side by side.
    fn leaving(&mut self, id: ValueId) -> V {
        let (v, ty) = (self.value(id), self.core.ty(id));
        match ty {
            Type::F32 | Type::F64 if !self.never_nan[id.index()] => {
                let width = Width::of(ty);
                let canonical = Scalar::from_bits(ty, nan_bits(width)).bits();
                let canonical = self.build.constant(width, canonical);
                let nan = self.build.fcompare(super::build::Compare::Unordered, v, v);
                self.build.select(nan, canonical, v)
            }
            Type::Bool => {
                let one = self.build.constant(Width::W32, 1);
                let byte = self.build.or_zero(v, one);
                self.build.packed(byte, 1)
            }
            _ => self.build.packed(v, ty.bytes()),
        }
    }
}

/// The bits of the NaN that kernels return.
fn nan_bits(width: Width) -> u64 {
    match width {
        Width::W64 => 0x7ff8_0000_0000_0000,
        Width::W32 => 0x7fc0_0000,
    }
}

fn refuses(op: Op, ty: Type) -> Refused {
    format!("has {op} of {ty}")
}
