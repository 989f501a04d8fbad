//! From a kernel to the IR of one block: operations on all lanes, `if`s as masks.
//!
//! Both sides of an `if` are computed, in all lanes, and its condition chooses among what they yield. What may
//! fail inside a side fails only where that side was taken: `active` is the mask of the lanes that are where
//! the walk stands. Nothing else cares, because no instruction here traps and nothing is written before the end.
//! Loops stand in `repeat`. What is known when the code is made is not computed: see `known`.
//!
//! A row that may fail is not stored: the lanes in which some check failed are gathered in one mask, and the
//! block's code leaves before its stores if one is set. Who failed first, and how, is found by the scalar code,
//! so a check may be set too often (the block is then only computed again) but never too seldom.
//!
//! Loads stand before their first use and stores at the end, all behind the check: an output may be an input.

mod bits;
mod cast;
mod divide;
mod float;
mod int;
mod known;
mod math;
mod memory;
mod repeat;

use std::collections::BTreeMap;

use filbert_ir::{Core, Def, Op, Region, Scalar, Type, ValueId};

use super::build::Build;
use super::ir::{Body, Of, Shape, Ty, V, What, Width};
use crate::abi;
use crate::passes::Optimized;
use crate::proof::{self, Proofs};
use crate::target::Target;
use known::Got;
pub(super) use repeat::DEPTH_MAX;

/// Instructions of a block with loops that are written out.
const WRITTEN_OUT_MAX: usize = 2048;
/// Instructions of any block. A thousand values are seldom more, but functions may be hundreds of them each.
const INSTS_MAX: usize = 16_384;

/// Whether some value needs lanes of 64 bits to be computed, though it has 32.
pub(super) fn widens(core: &Core) -> bool {
    math::widens(core) || divide::widens(core)
}

/// Why a kernel is not vectorised, in a line.
pub(super) type Refused = String;

/// The kernel's block with the original values that it checks, or why there is none; with short loops written out,
/// or with every loop a loop.
pub(super) fn convert(
    optimized: &Optimized,
    shape: Shape,
    target: &Target,
    writes_out: bool,
) -> Result<(Body, Vec<ValueId>), Refused> {
    let core = &optimized.kernel.core;
    let mut convert = Convert {
        build: Build::new(shape),
        core,
        proofs: proof::prove(core),
        never_nan: crate::lower::never_nan(core),
        values: vec![None; core.values.len()],
        outputs: vec![Vec::new(); core.values.len()],
        addresses: vec![None; abi::lists(core).len()],
        selects: BTreeMap::new(),
        used: core.read_values(),
        writes_out,
        steady: Vec::new(),
        loops: 0,
        depth: 0,
        active: None,
        has_rows: false,
        failing: None,
        origins: &optimized.origins,
        sites: Vec::new(),
        uniform: target.uniform(),
    };
    // The masks of a tail, by width; only tails have them.
    convert.build.push(What::Tail, Ty::Mask(Width::W32), &[]);
    convert.build.push(What::Tail, Ty::Mask(Width::W64), &[]);
    convert.check_assumptions();
    convert.region(core.slots(), core.values.len() as u32)?;
    convert.check();
    match target.sums() {
        true => convert.sum()?,
        false => convert.results(),
    }
    convert.spend_once();
    let insts = convert.build.insts.len();
    let most = if writes_out && core.has_loops() { WRITTEN_OUT_MAX } else { INSTS_MAX };
    if insts > most {
        return Err(format!("becomes {insts} instructions, more than {most}"));
    }
    Ok((Body { shape, insts: convert.build.insts, copies: 1, is_tail: false }, convert.sites))
}

struct Convert<'a> {
    build: Build,
    core: &'a Core,
    proofs: Proofs,
    never_nan: Vec<bool>,
    /// What each value became, once somebody asked for it (slots, constants) or the walk met it.
    values: Vec<Option<Got>>,
    /// For each `if` and loop, all that it gives.
    outputs: Vec<Vec<Got>>,
    /// The addresses of the lists, once somebody asked for them.
    addresses: Vec<Option<V>>,
    /// Choices so far: mask, what it is where the mask is set, and elsewhere.
    selects: BTreeMap<V, [V; 3]>,
    /// The values that somebody reads.
    used: Vec<bool>,
    /// Whether short loops are written out.
    writes_out: bool,
    /// Values that are the same in each iteration of the counted loops around.
    steady: Vec<(ValueId, u64)>,
    /// Loops so far.
    loops: u32,
    /// Counted loops around.
    depth: u32,
    /// The lanes that take this region; `None` for all.
    active: Option<V>,
    /// Whether those are lanes that have a row.
    has_rows: bool,
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
            let got = match &core.value(id).def {
                Def::Param(_) | Def::Const(_) | Def::Carried(_) => continue,
                Def::Op(op, args) => match self.folded(id, *op, args) {
                    Some(got) => got,
                    None => Got::Made(self.op(id, *op, args)?),
                },
                Def::If { cond, then, otherwise } => {
                    self.branch(id, *cond, then, otherwise)?;
                    next = otherwise.end.0;
                    continue;
                }
                Def::Output { of, index } => self.outputs[of.index()][*index as usize],
                Def::Loop { inits, body } => {
                    self.repeat(id, inits, body)?;
                    next = body.end.0;
                    continue;
                }
                Def::Load { array, index } => self.element(id, *array, *index)?,
                Def::Store { array, index, value } => self.put(id, *array, *index, *value)?,
            };
            self.values[id.index()] = Some(got);
        }
        Ok(())
    }

    /// Both sides, each under its mask; of a condition that is known only the side that is taken.
    fn branch(&mut self, id: ValueId, cond: ValueId, then: &Region, otherwise: &Region) -> Result<(), Refused> {
        if let Some(bits) = self.known(cond) {
            let taken = if bits != 0 { then } else { otherwise };
            self.region(taken.start.0, taken.end.0)?;
            let outputs = taken.yields.iter().map(|&y| self.got(y)).collect();
            self.gives(id, outputs);
            return Ok(());
        }
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
            sides[index] = region.yields.iter().map(|&y| self.got(y)).collect();
        }
        self.active = outside;
        let [yes, no] = sides;
        let types = then.yields.iter().map(|&y| self.core.ty(y));
        let outputs: Vec<Got> =
            types.zip(yes.into_iter().zip(no)).map(|(ty, (yes, no))| self.choose(ty, cond, yes, no)).collect();
        self.gives(id, outputs);
        Ok(())
    }

    /// An `if` or a loop gives these.
    fn gives(&mut self, id: ValueId, outputs: Vec<Got>) {
        self.values[id.index()] = Some(outputs[0]);
        self.outputs[id.index()] = outputs;
    }

    /// The lanes that take this region and have a row: only those may touch memory or keep a loop going.
    fn here(&mut self) -> V {
        match self.active {
            Some(active) if self.has_rows => active,
            Some(active) => {
                let rows = self.build.rows();
                self.build.mask_and(rows, active)
            }
            None => self.build.rows(),
        }
    }

    fn choose(&mut self, ty: Type, cond: V, yes: Got, no: Got) -> Got {
        if yes == no {
            return yes;
        }
        if ty == Type::Bool {
            return Got::Made(self.choose_mask(cond, yes, no));
        }
        let (yes, no) = (self.made(ty, yes), self.made(ty, no));
        let v = self.build.select(cond, yes, no);
        self.selects.insert(v, [cond, yes, no]);
        Got::Made(v)
    }

    fn choose_mask(&mut self, cond: V, yes: Got, no: Got) -> V {
        match (yes, no) {
            (Got::Known(yes), Got::Known(_)) => {
                if yes != 0 {
                    cond
                } else {
                    self.build.mask_not(cond)
                }
            }
            (Got::Made(yes), Got::Known(0)) => self.build.mask_and(cond, yes),
            (Got::Known(0), Got::Made(no)) => self.build.mask_andn(cond, no),
            (Got::Known(_), Got::Made(no)) => self.build.mask_or(cond, no),
            (Got::Made(yes), Got::Known(_)) => {
                let not = self.build.mask_not(cond);
                self.build.mask_or(not, yes)
            }
            (Got::Made(yes), Got::Made(no)) => {
                let v = self.build.mask_select(cond, yes, no);
                self.selects.insert(v, [cond, yes, no]);
                v
            }
        }
    }

    fn op(&mut self, id: ValueId, op: Op, args: &[ValueId]) -> Result<V, Refused> {
        let ty = self.core.ty(args[0]);
        match op {
            Op::Select => {
                let (cond, ty) = (self.value(args[0]), self.core.ty(id));
                let (yes, no) = (self.got(args[1]), self.got(args[2]));
                let chosen = self.choose(ty, cond, yes, no);
                Ok(self.made(ty, chosen))
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
        let got = self.got(id);
        self.made(self.core.ty(id), got)
    }

    fn load(&mut self, slot: u32, ty: Type) -> V {
        let is_uniform = slot < u64::BITS && self.uniform >> slot & 1 == 1;
        let what = if is_uniform { What::Uniform { slot, of: Of::Value } } else { What::Load { slot, elem: ty } };
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

    /// Leaves here if a row has failed.
    fn check(&mut self) {
        if let Some(failing) = self.failing.take() {
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
        let mut returns = returns.iter();
        for (index, column) in columns.iter().enumerate() {
            for element in 0..column.width {
                let id = returns.next().expect("a value for each element of a column");
                let v = leaving.iter().find(|(known, _)| known == id).map(|(_, v)| *v);
                let v = v.expect("every result is on its way");
                let (index, elem, width) = (index as u32, column.ty, column.width);
                let what = match width {
                    1 => What::Store { column: index, elem },
                    _ => What::Spread { column: index, elem, width, element },
                };
                self.build.push(what, Ty::None, &[v]);
            }
        }
    }

    /// The one result, on its way into a sum: which NaN it is does not matter there.
    fn sum(&mut self) -> Result<(), Refused> {
        match (&self.core.returns[..], &abi::output_columns(self.core)[..]) {
            (&[id], [column]) if column.width == 1 && column.ty.is_float() => {
                let v = self.value(id);
                self.build.push(What::Sum { elem: column.ty }, Ty::None, &[v]);
                Ok(())
            }
            _ => Err("gives more or other than one float".into()),
        }
    }

    /// A value as it leaves the kernel: NaN canonical, a bool 0 or 1, narrow elements side by side.
    fn leaving(&mut self, id: ValueId) -> V {
        let (v, ty) = (self.canonical(id), self.core.ty(id));
        match ty {
            Type::Bool => {
                let one = self.build.constant(Width::W32, 1);
                let byte = self.build.or_zero(v, one);
                self.build.packed(byte, 1)
            }
            _ => self.build.packed(v, ty.bytes()),
        }
    }

    /// A value in which a NaN is the canonical one.
    fn canonical(&mut self, id: ValueId) -> V {
        let (v, ty) = (self.value(id), self.core.ty(id));
        if !ty.is_float() || self.never_nan[id.index()] { v } else { self.build.canonical(v) }
    }
}

fn refuses(op: Op, ty: Type) -> Refused {
    format!("has {op} of {ty}")
}
