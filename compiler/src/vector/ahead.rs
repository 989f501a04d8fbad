//! The first half of the next turn beside the second half of this one.
//!
//! A long block first waits for quotients and roots, and then has so many products and sums to do that the divider is
//! idle: blocks beside one another do so in the same time. A CPU that looks some hundred instructions ahead does not
//! see the next turn's quotients before this one's end is near. Here the loop does: a turn makes what blocks do up to
//! some quotients for the rows behind its own, and passes it on in places of the stack (software pipelining, in two
//! stages; M. Lam, PLDI 1988). What is made of the first turn's rows comes before the loop, and the loop ends one
//! turn earlier than it could: the loop behind it has the rows that are left.
//!
//! Only whole rows are read, and before a turn is begun all rows of the next one are known to be there. A kernel whose
//! rows may fail, or leave for the scalar code, has no halves: nothing of a later row may be seen before.

use super::ir::{Args, Body, Inst, Ty, V, What};
use super::order;
use super::quotients;

/// Blocks of a turn: with those of the next one as many as there are registers for.
pub(super) const COPIES: u32 = 2;

/// Instructions of a block that is long enough.
const LONG: usize = 100;

/// The values of a block that are passed on, at most.
const PASSED_MAX: usize = 4;

/// How far the next turn's half begins behind this one's, in hundredths of the turn, and by how many steps each block
/// behind the one before: what simulated and measured turns of several kernels had in common.
const LAG: usize = 45;
const BEHIND: usize = 30;

/// The turn, and what is made before the first one.
pub(super) struct Halves {
    pub(super) turn: Body,
    pub(super) before: Body,
}

/// A turn in two halves, where its longest chain becomes a quarter shorter by that.
pub(super) fn halves(body: &Body) -> Option<Halves> {
    let is_plain = |inst: &Inst| match inst.what {
        What::Store { .. } => true,
        what => inst.ty != Ty::None && !what.is_element(),
    };
    if body.copies != COPIES || body.insts.len() < LONG * COPIES as usize || !body.insts.iter().all(is_plain) {
        return None;
    }
    // By how many quotients and roots, one behind the other, each value is made.
    let mut depths = vec![0u32; body.insts.len()];
    for (index, inst) in body.insts.iter().enumerate() {
        let before = inst.args.iter().map(|v| depths[v.index()]).max().unwrap_or(0);
        depths[index] = before + u32::from(quotients::busy(inst) > 0);
    }
    let deepest = depths.iter().copied().max().unwrap_or(0);
    let cut = |depth: u32| Cut::new(body, &depths, depth);
    let cuts = (1..=deepest).map(cut).filter(|cut| cut.passed.len() <= PASSED_MAX * COPIES as usize);
    let best = cuts.min_by_key(|cut| cut.longest)?;
    let has_place = best.passed.iter().all(|&v| matches!(body.inst(v).ty, Ty::Lanes(_)));
    (has_place && best.longest * 4 <= order::longest(body) * 3).then(|| best.halves())
}

/// A body cut in two.
struct Cut<'a> {
    body: &'a Body,
    /// Whether each instruction is of the first half.
    is_first: Vec<bool>,
    /// What the second half reads of the first.
    passed: Vec<V>,
    /// The longest chain of the longer half.
    longest: u32,
}

impl<'a> Cut<'a> {
    /// Behind quotients and roots of this depth. The first half is what they are made of.
    fn new(body: &'a Body, depths: &[u32], depth: u32) -> Cut<'a> {
        let mut is_first = vec![false; body.insts.len()];
        for (index, inst) in body.insts.iter().enumerate().rev() {
            is_first[index] |= quotients::busy(inst) > 0 && depths[index] <= depth;
            if is_first[index] {
                inst.args.iter().for_each(|v| is_first[v.index()] = true);
            }
        }
        let is_passed = |v: V| {
            let inst = body.inst(v);
            is_first[v.index()] && !inst.what.is_kept() && !matches!(inst.what, What::Load { .. })
        };
        let mut passed: Vec<V> = Vec::new();
        for (_, inst) in body.insts.iter().enumerate().filter(|(index, _)| !is_first[*index]) {
            passed.extend(inst.args.iter().copied().filter(|&v| is_passed(v)));
        }
        passed.sort();
        passed.dedup();
        let mut cut = Cut { body, is_first, passed, longest: 0 };
        let [first, second] = [true, false].map(|half| order::longest_of(body, |v| cut.is_first[v.index()] == half));
        cut.longest = first.max(second);
        cut
    }

    fn halves(&self) -> Halves {
        Halves { turn: self.turn(), before: self.before() }
    }

    fn turn(&self) -> Body {
        let body = self.body;
        let mut made = Made::default();
        // What the second half reads beside: constants, and inputs of which the first half is made too.
        let mut is_read = vec![false; body.insts.len()];
        for (index, inst) in body.insts.iter().enumerate().filter(|(index, _)| !self.is_first[*index]) {
            is_read[index] = true;
            inst.args.iter().for_each(|v| is_read[v.index()] = true);
        }
        let is_there = |inst: &Inst| inst.what.is_kept() || matches!(inst.what, What::Load { .. });
        let is_own = |&index: &usize| is_read[index] && (!self.is_first[index] || is_there(&body.insts[index]));
        let own: Vec<usize> = (0..body.insts.len()).filter(is_own).collect();
        let next: Vec<usize> = (0..body.insts.len()).filter(|&index| self.is_first[index]).collect();
        let mut names = [vec![V(0); body.insts.len()], vec![V(0); body.insts.len()]];
        for &v in &self.passed {
            names[0][v.index()] = made.push(Inst { what: What::Ahead, args: Args::new(&[]), ..*body.inst(v) });
        }
        // Both halves side by side, each in its old order; results come last.
        let is_end = |index: usize| body.insts[index].ty == Ty::None;
        let count = body.insts.len();
        let step = |index: usize, at: usize| (is_end(index), at + (body.insts[index].copy * COPIES) as usize * BEHIND);
        let mut all: Vec<((bool, usize), usize, usize)> = Vec::with_capacity(2 * count);
        all.extend(own.iter().enumerate().map(|(at, &index)| (step(index, at * count / own.len()), 0, index)));
        let lag = LAG * count / 100;
        all.extend(next.iter().enumerate().map(|(at, &index)| (step(index, at * count / next.len() + lag), 1, index)));
        all.sort();
        for (_, half, index) in all {
            let inst = &body.insts[index];
            let other = names[1 - half][index];
            if inst.what.is_kept() && made.is_there(other, inst) {
                names[half][index] = other;
                continue;
            }
            let copy = if half == 1 && !inst.what.is_kept() { inst.copy + body.copies } else { inst.copy };
            names[half][index] = made.push(Inst { args: inst.args.map(|v| names[half][v.index()]), copy, ..*inst });
        }
        for &v in &self.passed {
            let args = Args::new(&[names[0][v.index()], names[1][v.index()]]);
            made.push(Inst { what: What::Pass, ty: Ty::None, args, copy: body.inst(v).copy });
        }
        Body { insts: made.insts, ..body.clone() }
    }

    fn before(&self) -> Body {
        let body = self.body;
        let mut made = Made::default();
        let places: Vec<V> = (self.passed.iter())
            .map(|&v| made.push(Inst { what: What::Ahead, args: Args::new(&[]), ..*body.inst(v) }))
            .collect();
        let mut names = vec![V(0); body.insts.len()];
        for (index, inst) in body.insts.iter().enumerate().filter(|(index, _)| self.is_first[*index]) {
            names[index] = made.push(Inst { args: inst.args.map(|v| names[v.index()]), ..*inst });
        }
        for (place, v) in places.into_iter().zip(&self.passed) {
            let args = Args::new(&[place, names[v.index()]]);
            made.push(Inst { what: What::Pass, ty: Ty::None, args, copy: body.inst(*v).copy });
        }
        Body { insts: made.insts, ..body.clone() }
    }
}

/// Instructions so far.
#[derive(Default)]
struct Made {
    insts: Vec<Inst>,
}

impl Made {
    fn push(&mut self, inst: Inst) -> V {
        self.insts.push(inst);
        V(self.insts.len() as u32 - 1)
    }

    /// Whether this value is the instruction's.
    fn is_there(&self, v: V, inst: &Inst) -> bool {
        self.insts.get(v.index()).is_some_and(|known| known.what == inst.what && known.ty == inst.ty)
    }
}
