//! Loops: written out, counted, or under a mask.
//!
//! How often a loop runs may follow from constants alone. Then all lanes stay together: a short loop whose index
//! somebody uses is written out, with another known index each time; any other repeats its body so many times,
//! and its last iteration, in which the condition ends it, is written out behind.
//!
//! All other loops go on as long as any lane does. `active` is then carried too: the lanes that are still in the
//! loop. What lanes carry that have left stays, if somebody reads it; otherwise it may become anything. Often the
//! next value is chosen by the very condition on which the loop goes on; what is chosen where it ends is not
//! computed then.
//!
//! A row that fails ends the block's code at the end of the iteration, so no row runs on because its own check
//! went unheard.
//!
//! Iterations are those of the block: each lane makes no more of them, so fuel that is enough for the block is
//! enough for each of its rows. Where it is not, the rows are left to the scalar code.

use std::collections::BTreeMap;

use filbert_ir::{Array, Def, Op, Region, Type, ValueId};

use super::math::is_expanded;
use super::{Convert, Got, Refused};
use crate::vector::ir::{Counted, Isa, Ty, V, What};
use crate::vector::machine::Machine;

/// Iterations of a loop that is written out, at most.
const TIMES_MAX: u32 = 32;

/// Operations that a loop which is written out becomes, at most; a function counts as `FUNCTION`.
const OPS_MAX: u32 = 1024;
const FUNCTION: u32 = 24;

/// Counted loops within one another: each has a register.
pub(in crate::vector) const DEPTH_MAX: u32 = 2;

/// Values that are looked at, at most, to count the iterations of a loop.
const COUNTING_MAX: usize = 1 << 14;

/// How often a loop runs whose condition follows from constants.
struct Trips {
    /// Times that it goes on.
    times: u32,
    /// Carried values that the condition depends on, as the last iteration finds them.
    last: Vec<Option<u64>>,
    /// What is the same in all iterations but the last.
    steady: Vec<(ValueId, u64)>,
}

impl Convert<'_> {
    pub(super) fn repeat(&mut self, id: ValueId, inits: &[ValueId], body: &Region) -> Result<(), Refused> {
        self.sites.push(self.origins[id.index()]);
        let inits: Vec<Got> = inits.iter().map(|&init| self.got(init)).collect();
        let outputs = match self.trips(&inits, body) {
            Some(trips) if self.is_written_out(&trips, body) => self.written_out(inits, &trips, body)?,
            Some(trips) if trips.times == 0 => self.written_out(inits, &trips, body)?,
            Some(trips) if self.depth < DEPTH_MAX => self.counted(inits, trips, body)?,
            _ => self.masked(id, inits, body)?,
        };
        self.gives(id, outputs);
        Ok(())
    }

    /// One iteration: what it yields.
    fn iteration(&mut self, carried: &[Got], body: &Region) -> Result<Vec<Got>, Refused> {
        let (start, end) = (body.start.index(), body.end.index());
        self.values[start..end].fill(None);
        for (place, &got) in self.values[start..].iter_mut().zip(carried) {
            *place = Some(got);
        }
        self.region((start + carried.len()) as u32, end as u32)?;
        Ok(body.yields.iter().map(|&y| self.got(y)).collect())
    }

    // --- loops whose iterations are known

    fn is_written_out(&self, trips: &Trips, body: &Region) -> bool {
        if !self.writes_out || trips.times >= TIMES_MAX {
            return false;
        }
        let values = &self.core.values[body.start.index()..body.end.index()];
        let weight = |def: &Def| match def {
            Def::Op(op, _) if is_expanded(*op) => FUNCTION,
            // A choice by an index that is known.
            Def::Op(Op::Select | Op::Eq | Op::Index, _) => 0,
            Def::Op(..) | Def::Load { .. } | Def::Store { .. } => 1,
            _ => 0,
        };
        let ops: u32 = values.iter().map(|value| weight(&value.def)).sum();
        if ops * (trips.times + 1) > OPS_MAX {
            return false;
        }
        // Whether a number that is known only then says which element of a list or an array is meant.
        let mut known: Vec<bool> = trips.last.iter().map(Option::is_some).collect();
        let mut is_index = false;
        for value in &values[known.len()..] {
            let reads = |ids: &[ValueId]| {
                ids.iter().any(|id| known.get(id.index().wrapping_sub(body.start.index())) == Some(&true))
            };
            let depends = match &value.def {
                Def::Load { index, .. } | Def::Store { index, .. } => {
                    is_index |= reads(&[*index]);
                    false
                }
                Def::Op(op, args) => {
                    let depends = reads(args);
                    is_index |= depends && (matches!(op, Op::Index | Op::Eq) || value.ty.is_float());
                    depends && value.ty.is_int()
                }
                _ => false,
            };
            known.push(depends);
        }
        is_index
    }

    fn written_out(&mut self, inits: Vec<Got>, trips: &Trips, body: &Region) -> Result<Vec<Got>, Refused> {
        let mut carried = inits;
        for _ in 0..=trips.times {
            carried = self.iteration(&carried, body)?.split_off(1);
        }
        if trips.times > 0 {
            self.build.push(What::Spend(trips.times), Ty::None, &[]);
        }
        Ok(carried)
    }

    /// Takes the iterations of all loops that were written out at once, where there are no other loops.
    pub(super) fn spend_once(&mut self) {
        let insts = &mut self.build.insts;
        if insts.iter().any(|inst| matches!(inst.what, What::Head { .. })) {
            return;
        }
        let mut all = 0u32;
        for inst in insts.iter_mut() {
            if let What::Spend(times) = &mut inst.what {
                all = all.saturating_add(std::mem::take(times));
            }
        }
        if let Some(What::Spend(times)) =
            insts.iter_mut().rev().map(|inst| &mut inst.what).find(|what| matches!(what, What::Spend(_)))
        {
            *times = all;
        }
    }

    /// The body so many times, and the last iteration.
    fn counted(&mut self, inits: Vec<Got>, trips: Trips, body: &Region) -> Result<Vec<Got>, Refused> {
        self.check();
        self.preload(body);
        let carries = self.carries(inits, body);
        let counted = Counted { times: trips.times, depth: self.depth };
        let repeat = self.loops;
        self.loops += 1;
        let head = self.build.push(What::Head { repeat, counted: Some(counted) }, Ty::None, &[]);
        let known = self.steady.len();
        self.steady.extend(trips.steady);
        self.depth += 1;
        let carried: Vec<Got> = carries.iter().map(|&v| Got::Made(v)).collect();
        let nexts = self.iteration(&carried, body)?.split_off(1);
        self.check();
        self.depth -= 1;
        self.steady.truncate(known);
        let nexts: Vec<(V, V, Option<V>)> = carries
            .iter()
            .zip(nexts)
            .zip(self.types(body))
            .map(|((&carry, next), ty)| (carry, self.made(ty, next), None))
            .collect();
        self.set(nexts);
        self.build.push(What::Repeat { repeat, counted }, Ty::None, &[]);
        self.build.forget_from(head);
        let carried: Vec<Got> =
            carried.iter().zip(&trips.last).map(|(&got, last)| last.map_or(got, Got::Known)).collect();
        // The values that end the loop are known.
        Ok(self.iteration(&carried, body)?.split_off(1))
    }

    /// Runs the part of a loop that its condition depends on.
    fn trips(&self, inits: &[Got], body: &Region) -> Option<Trips> {
        let known: Vec<Option<u64>> =
            inits.iter().map(|got| if let Got::Known(bits) = got { Some(*bits) } else { None }).collect();
        let mut carried = known;
        let mut wanted = vec![false; inits.len()];
        let mut steady: Option<Vec<(ValueId, u64)>> = None;
        let (mut times, mut looked_at) = (0, 0);
        loop {
            let mut run = Run { convert: self, body, carried: &carried, wanted: &mut wanted, memo: BTreeMap::new() };
            let goes_on = run.eval(body.yields[0])? != 0;
            let mut nexts = vec![None; inits.len()];
            // What the condition depends on may grow while this is found out.
            while let Some(place) = (0..inits.len()).find(|&place| run.wanted[place] && nexts[place].is_none()) {
                nexts[place] = Some(run.eval(body.yields[place + 1])?);
            }
            looked_at += 1 + run.memo.len();
            if !goes_on {
                let last = carried.iter().zip(&wanted).map(|(bits, wanted)| bits.filter(|_| *wanted)).collect();
                return Some(Trips { times, last, steady: steady.unwrap_or_default() });
            }
            let seen = std::mem::take(&mut run.memo);
            match &mut steady {
                None => steady = Some(seen.into_iter().filter_map(|(id, bits)| Some((id, bits?))).collect()),
                Some(steady) => steady.retain(|(id, bits)| seen.get(id) == Some(&Some(*bits))),
            }
            carried = nexts;
            times += 1;
            if looked_at > COUNTING_MAX {
                return None;
            }
        }
    }

    // --- loops under a mask

    fn masked(&mut self, id: ValueId, inits: Vec<Got>, body: &Region) -> Result<Vec<Got>, Refused> {
        self.check();
        self.preload(body);
        let outside = (self.active, self.has_rows);
        let lanes = self.here();
        let carries = self.carries(inits, body);
        let active = self.carry(lanes);
        let repeat = self.loops;
        self.loops += 1;
        let head = self.build.push(What::Head { repeat, counted: None }, Ty::None, &[]);
        (self.active, self.has_rows) = (Some(active), true);
        let carried: Vec<Got> = carries.iter().map(|&v| Got::Made(v)).collect();
        let mut nexts = self.iteration(&carried, body)?;
        self.check();
        (self.active, self.has_rows) = outside;
        let go_on = self.made(Type::Bool, nexts[0]);
        let again = self.build.mask_and(active, go_on);
        let facts = self.facts(go_on);
        let types = self.types(body);
        let mut sets = Vec::new();
        for (index, next) in nexts.split_off(1).into_iter().enumerate() {
            let (carry, ty) = (carries[index], types[index]);
            let next = self.made(ty, next);
            if !self.is_read(id, index as u32) {
                sets.push((carry, self.where_it_goes_on(next, &facts), None));
                continue;
            }
            // In the lanes of this iteration, but for those in which it stays what it was.
            let (mut next, mut lanes) = (next, active);
            while let Some(&[mask, yes, no]) = self.selects.get(&next) {
                (next, lanes) = match () {
                    () if no == carry && mask == go_on && lanes == active => (yes, again),
                    () if no == carry => (yes, self.build.mask_and(lanes, mask)),
                    () if yes == carry => (no, self.build.mask_andn(mask, lanes)),
                    () => break,
                };
            }
            if next == carry {
                continue;
            }
            sets.push(match (ty, self.build.shape.isa) {
                (Type::Bool, _) => (carry, self.build.mask_select(lanes, next, carry), None),
                (_, Isa::Avx2) => (carry, self.build.select(lanes, next, carry), None),
                (_, Isa::Avx512) => (carry, next, Some(lanes)),
            });
        }
        sets.push((active, again, None));
        self.set(sets);
        let any = self.build.mask_as(again, self.build.widest());
        self.build.push(What::Again { repeat }, Ty::None, &[any]);
        self.build.forget_from(head);
        Ok(carried)
    }

    /// Whether somebody reads this final value of a loop.
    fn is_read(&self, id: ValueId, index: u32) -> bool {
        let is_output = |place: usize| match self.core.values[place].def {
            Def::Output { of, index: i } => (of, i) == (id, index) && self.used[place],
            _ => false,
        };
        (index == 0 && self.used[id.index()]) || (id.index()..self.core.values.len()).any(is_output)
    }

    /// Masks that hold, or do not, wherever this one holds.
    fn facts(&self, mask: V) -> Vec<(V, bool)> {
        let mut facts = vec![(mask, true)];
        let mut next = 0;
        while let Some(&(v, holds)) = facts.get(next) {
            next += 1;
            let inst = &self.build.insts[v.index()];
            let (What::Machine(machine, _), Ty::Mask(_), true) = (inst.what, inst.ty, holds) else { continue };
            match machine {
                Machine::MaskAnd | Machine::And64 | Machine::And32 => {
                    facts.extend([(inst.args[0], true), (inst.args[1], true)]);
                }
                Machine::MaskAndn | Machine::Andn64 | Machine::Andn32 => {
                    facts.extend([(inst.args[0], false), (inst.args[1], true)]);
                }
                Machine::MaskNot => facts.push((inst.args[0], false)),
                Machine::Xor64 | Machine::Xor32 if self.build.is_const(inst.args[1]) => {
                    facts.push((inst.args[0], false));
                }
                _ => {}
            }
        }
        facts
    }

    /// What a value is where these masks hold.
    fn where_it_goes_on(&self, value: V, facts: &[(V, bool)]) -> V {
        let mut value = value;
        while let Some(&[mask, yes, no]) = self.selects.get(&value) {
            match facts.iter().find(|(v, _)| *v == mask) {
                Some((_, true)) => value = yes,
                Some((_, false)) => value = no,
                None => break,
            }
        }
        value
    }

    // --- what loops carry

    fn types(&self, body: &Region) -> Vec<Type> {
        body.yields[1..].iter().map(|&y| self.core.ty(y)).collect()
    }

    fn carries(&mut self, inits: Vec<Got>, body: &Region) -> Vec<V> {
        let types = self.types(body);
        let inits: Vec<V> = inits.into_iter().zip(types).map(|(init, ty)| self.made(ty, init)).collect();
        inits.into_iter().map(|init| self.carry(init)).collect()
    }

    fn carry(&mut self, init: V) -> V {
        let ty = self.build.ty(init);
        self.build.push(What::Carry, ty, &[init])
    }

    /// All carried values get their next ones at once: one that is the next value of another is copied first.
    fn set(&mut self, sets: Vec<(V, V, Option<V>)>) {
        let carries: Vec<V> = sets.iter().map(|set| set.0).collect();
        let nexts: Vec<V> = sets
            .iter()
            .enumerate()
            .map(|(index, &(_, next, _))| match carries[..index].contains(&next) {
                true => self.carry(next),
                false => next,
            })
            .collect();
        for (&(carry, _, lanes), next) in sets.iter().zip(nexts) {
            // AVX2 holds masks in lanes of one width or the other.
            let next = match (self.build.ty(carry), self.build.ty(next)) {
                (Ty::Mask(width), Ty::Mask(_)) => self.build.mask_as(next, width),
                _ => next,
            };
            match lanes {
                Some(lanes) => self.build.push(What::Set, Ty::None, &[carry, next, lanes]),
                None => self.build.push(What::Set, Ty::None, &[carry, next]),
            };
        }
    }

    /// Loads the slots and addresses that a loop reads before it begins.
    fn preload(&mut self, body: &Region) {
        let core = self.core;
        let values = &core.values[body.start.index()..body.end.index()];
        let mut slots = Vec::new();
        let mut note = |id: ValueId| slots.extend(Some(id).filter(|id| id.0 < core.slots()));
        values.iter().for_each(|value| value.def.each_read(&mut note));
        body.yields.iter().copied().for_each(note);
        for slot in slots {
            self.got(slot);
        }
        for value in values {
            match value.def {
                Def::Load { array: Array::Table(_), .. } => {}
                Def::Load { array, .. } | Def::Store { array, .. } => {
                    self.address(array);
                    self.length(array);
                }
                _ => {}
            }
        }
    }
}

/// One iteration of the part of a loop that its condition depends on.
struct Run<'c, 'k> {
    convert: &'c Convert<'k>,
    body: &'c Region,
    carried: &'c [Option<u64>],
    wanted: &'c mut [bool],
    memo: BTreeMap<ValueId, Option<u64>>,
}

impl Run<'_, '_> {
    fn eval(&mut self, id: ValueId) -> Option<u64> {
        if id < self.body.start {
            return self.convert.known(id);
        }
        if let Some(&found) = self.memo.get(&id) {
            return found;
        }
        let found = self.compute(id);
        self.memo.insert(id, found);
        found
    }

    fn compute(&mut self, id: ValueId) -> Option<u64> {
        let core = self.convert.core;
        match &core.value(id).def {
            Def::Const(bits) => Some(*bits),
            // A carried value of a loop inside has another place.
            Def::Carried(index) if id.0 == self.body.start.0 + index => {
                let index = *index as usize;
                self.wanted[index] = true;
                self.carried[index]
            }
            Def::Op(Op::Select, args) => {
                let chosen = if self.eval(args[0])? != 0 { args[1] } else { args[2] };
                self.eval(chosen)
            }
            Def::Op(op, args) => {
                let convert = self.convert;
                convert.evaluated(id, *op, args, |id| self.eval(id))
            }
            Def::If { .. } => self.output(id, 0),
            Def::Output { of, index } => self.output(*of, *index as usize),
            _ => None,
        }
    }

    fn output(&mut self, of: ValueId, index: usize) -> Option<u64> {
        let Def::If { cond, then, otherwise } = &self.convert.core.value(of).def else { return None };
        let taken = if self.eval(*cond)? != 0 { then } else { otherwise };
        self.eval(taken.yields[index])
    }
}
