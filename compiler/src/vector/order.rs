//! The order of a turn's instructions: those on which most others wait come first, as long as there are registers.
//!
//! Functions come one behind the other from `convert`, each a chain in which a step waits for the one before. A
//! CPU looks ahead, but not as far as the next function. Here steps of several chains are mixed: among instructions
//! whose operands are there, of a window of the old order, the one with the longest way to the end is next; once too
//! many values are alive, the one that frees most (of several the first, or where registers are few the one with the
//! longest way, as was measured). Only the order changes, never what is computed: checks and
//! stores stay behind everything else, and what touches elements of lists behind what it rests on.

use super::ir::{Args, Bank, Body, Inst, Isa, Ty, V, What};
use super::machine::Machine;
use super::quotients;
use super::registers;

/// Instructions of the old order among which the next one is chosen, for each of the blocks beside one another.
const WINDOW: usize = 70;

/// Instructions of a block that is long enough to keep a CPU from the next one.
const LONG: usize = 100;

/// Instructions of a block with loops that are written out, of which the order is worth the time that it takes.
const WRITTEN_OUT_MAX: usize = 500;

/// Half cycles of a CPU that begins two instructions a cycle until a result is there. Roughly: a CPU puts right
/// what is wrong.
fn latency(inst: &Inst) -> u32 {
    let What::Machine(machine, _) = inst.what else { return 8 };
    match machine {
        Machine::DivF64 | Machine::DivF32 => 32,
        Machine::SqrtF64 | Machine::SqrtF32 => 40,
        Machine::Mul64 => 30,
        Machine::And64 | Machine::Or64 | Machine::Xor64 | Machine::Andn64 => 2,
        Machine::Ternary64 | Machine::Ternary32 | Machine::Shl64 | Machine::Shr64 => 2,
        Machine::Add64 | Machine::Sub64 | Machine::Blend64 | Machine::Keep64 => 2,
        Machine::MaskAnd | Machine::MaskOr | Machine::MaskNot => 2,
        Machine::CompareF64 | Machine::TestNot64 => 6,
        _ => 8,
    }
}

/// Half cycles of the longest chain of a body, in each of which a CPU begins an instruction.
pub(super) fn longest(body: &Body) -> u32 {
    longest_of(body, |_| true)
}

/// The same of some of its instructions.
pub(super) fn longest_of(body: &Body, is_of: impl Fn(V) -> bool) -> u32 {
    let mut there = vec![0; body.insts.len()];
    for (index, inst) in body.insts.iter().enumerate().filter(|(index, _)| is_of(V(*index as u32))) {
        let begun = inst.args.iter().map(|v| there[v.index()]).max().unwrap_or(0);
        there[index] = begun + if inst.what.is_kept() { 0 } else { latency(inst) };
    }
    there.into_iter().max().unwrap_or(0)
}

/// An iteration of a loop, in half cycles.
#[derive(Clone, Copy)]
pub(super) struct Iteration {
    /// Its longest chain.
    pub(super) longest: u32,
    /// What its instructions keep busy.
    pub(super) work: u32,
}

/// An iteration of the first innermost loop that lanes leave by themselves.
pub(super) fn iteration(body: &Body) -> Option<Iteration> {
    let end = body.insts.iter().position(|inst| matches!(inst.what, What::Again { .. }))?;
    let head = body.insts[..end].iter().rposition(|inst| matches!(inst.what, What::Head { .. }))?;
    let (mut longest, mut work, mut divider) = (0, 0, 0);
    let mut there = vec![0; end];
    for (index, inst) in body.insts[..end].iter().enumerate().skip(head) {
        if inst.what.is_kept() {
            continue;
        }
        let begun = inst.args.iter().filter(|v| v.index() >= head).map(|v| there[v.index()]).max().unwrap_or(0);
        there[index] = begun + if inst.ty == Ty::None { 0 } else { latency(inst) };
        longest = longest.max(there[index]);
        work += if matches!(inst.what, What::Machine(Machine::Mul64, _)) { 3 } else { 1 };
        divider += quotients::busy(inst);
    }
    Some(Iteration { longest, work: work.max(divider) })
}

struct Order<'a> {
    body: &'a Body,
    /// What each instruction reads that has a place while it lives, each once.
    reads: Vec<Args>,
    /// For each instruction where those that wait for it begin in `waiting`, in the old order.
    first: Vec<u32>,
    waiting: Vec<u32>,
    /// Operands that each instruction still waits for; loads are no reason to wait.
    waits: Vec<u32>,
    /// Users that are left of each value.
    left: Vec<u32>,
    /// Half cycles from an instruction's begin to the end.
    heights: Vec<u32>,
    /// When the operands are there.
    ready_at: Vec<u32>,
    is_done: Vec<bool>,
    /// The new order.
    done: Vec<V>,
    /// Values alive, of each bank.
    alive: [i32; 2],
}

/// Steps by which each of three long blocks begins behind the one before.
const BEHIND: usize = 30;

/// Three long blocks that begin one behind another, where nothing but results comes of them: so they do not all want
/// the divider in the same time, and not at all in another.
pub(super) fn staggered(body: Body) -> Body {
    // Nothing is stored before all blocks are checked.
    let end = |inst: &Inst| match inst.what {
        What::Check => 1,
        What::Store { .. } => 2,
        _ => 0,
    };
    let is_plain = |inst: &Inst| end(inst) > 0 || inst.ty != Ty::None && !matches!(inst.what, What::Gather { .. });
    if body.copies != 3 || body.insts.len() < LONG * 3 || !body.insts.iter().all(is_plain) {
        return body;
    }
    let mut steps = [0, BEHIND, 2 * BEHIND];
    let mut places: Vec<(u8, usize, V)> = Vec::with_capacity(body.insts.len());
    for (index, inst) in body.insts.iter().enumerate() {
        let step = &mut steps[inst.copy as usize];
        *step += usize::from(!inst.what.is_shared());
        places.push((end(inst), if inst.what.is_shared() { 0 } else { *step }, V(index as u32)));
    }
    places.sort();
    in_order(&body, places.into_iter().map(|(.., v)| v))
}

/// The same instructions in another order.
fn in_order(body: &Body, order: impl Iterator<Item = V> + Clone) -> Body {
    // Where each value went.
    let mut names = vec![V(0); body.insts.len()];
    order.clone().enumerate().for_each(|(place, v)| names[v.index()] = V(place as u32));
    let moved = |v: V| {
        let inst = body.inst(v);
        Inst { args: inst.args.map(|arg| names[arg.index()]), ..*inst }
    };
    Body { insts: order.map(moved).collect(), ..body.clone() }
}

/// The same instructions in a better order. Loops stay as they are.
pub(super) fn ordered(body: Body) -> Body {
    let stays = |inst: &Inst| inst.ty == Ty::None && !inst.what.is_end() && !matches!(inst.what, What::Scatter { .. });
    if body.insts.iter().any(stays) {
        return body;
    }
    // What several iterations of a loop that is written out keep alive is more than sixteen registers hold; and a
    // long one has so many chains beside one another that it gains nothing.
    let is_crowded = body.shape.isa == Isa::Avx2 || body.insts.len() > WRITTEN_OUT_MAX;
    if is_crowded && body.insts.iter().any(|inst| matches!(inst.what, What::Spend(_))) {
        return body;
    }
    let mut order = Order::new(&body);
    order.run();
    in_order(&body, order.done.iter().copied())
}

impl<'a> Order<'a> {
    fn new(body: &'a Body) -> Order<'a> {
        let count = body.insts.len();
        let (mut waits, mut left, mut heights) = (vec![0; count], vec![0; count], vec![0; count]);
        let mut pairs = memory(body);
        let reads: Vec<Args> = body.insts.iter().map(|inst| reads(body, inst)).collect();
        pairs.extend(passed(body));
        for (index, reads) in reads.iter().enumerate() {
            for &v in reads.iter() {
                left[v.index()] += 1;
                if !is_free(body.inst(v)) {
                    pairs.push([v.0, index as u32]);
                }
            }
        }
        let mut first = vec![0u32; count + 1];
        for &[before, after] in &pairs {
            first[before as usize + 1] += 1;
            waits[after as usize] += 1;
        }
        for index in 0..count {
            first[index + 1] += first[index];
        }
        let mut waiting = vec![0; pairs.len()];
        let mut next = first.clone();
        for &[before, after] in &pairs {
            let next = &mut next[before as usize];
            waiting[*next as usize] = after;
            *next += 1;
        }
        // Where the divider and the rest share their work, a quotient has a way to go as long as the divider's queue.
        let is_shared = true;
        let mut queue = 0;
        for index in (0..count).rev() {
            let users = &waiting[first[index] as usize..first[index + 1] as usize];
            let behind = users.iter().map(|&user| heights[user as usize]).max().unwrap_or(0);
            heights[index] = behind + latency(&body.insts[index]);
            let busy = if is_shared { quotients::busy(&body.insts[index]) } else { 0 };
            if busy > 0 {
                queue += busy;
                heights[index] = heights[index].max(behind + queue);
            }
        }
        let (ready_at, is_done) = (vec![0; count], vec![false; count]);
        let done = Vec::with_capacity(count);
        Order { body, reads, first, waiting, waits, left, heights, ready_at, is_done, done, alive: [0; 2] }
    }

    fn run(&mut self) {
        let body = self.body;
        let [vectors, masks] = [Bank::Vector, Bank::Mask].map(|bank| limit(body.shape.isa, bank));
        let limits = [vectors - body.sum_registers() as i32, masks];
        // Elements of lists are written as soon as they are there, if nothing has to be known before.
        let is_checked = body.insts.iter().any(|inst| inst.what == What::Check);
        let bound: Vec<bool> = body
            .insts
            .iter()
            .enumerate()
            .map(|(index, inst)| match inst.what {
                What::Sum { .. } | What::Scatter { .. } | What::Pass => true,
                What::Spread { .. } => !is_checked,
                // Something rests on it.
                What::Check => self.first[index] < self.first[index + 1],
                _ => inst.ty != Ty::None && !is_free(inst),
            })
            .collect();
        // What is there from the start and the budget, without which nothing is written; then what waits for nothing
        // else.
        for (index, inst) in body.insts.iter().enumerate() {
            if inst.what.is_kept() || matches!(inst.what, What::Tail | What::Spend(_)) {
                self.put(index);
            }
        }
        let mut ready: Vec<usize> = Vec::new();
        // Instructions up to here were looked at.
        let (mut first, mut seen) = (0, 0);
        let mut now = 0;
        let window = WINDOW * body.copies.max(2) as usize;
        loop {
            while first < body.insts.len() && (self.is_done[first] || !bound[first]) {
                first += 1;
            }
            while seen < body.insts.len().min(first + window) {
                if bound[seen] && self.waits[seen] == 0 {
                    ready.push(seen);
                }
                seen += 1;
            }
            let is_crowded = [0, 1].iter().any(|&bank| self.alive[bank] >= limits[bank]);
            let mut best = None;
            for (place, &index) in ready.iter().enumerate() {
                let height = u32::MAX - self.heights[index];
                let key = match (is_crowded, body.shape.isa) {
                    (false, _) => (self.ready_at[index].max(now) as i32, height, index),
                    (true, Isa::Avx512) => (self.growth(index), 0, index),
                    (true, Isa::Avx2) => (self.growth(index), height, index),
                };
                if best.is_none_or(|(least, _)| key < least) {
                    best = Some((key, place));
                }
            }
            let Some((_, place)) = best else { break };
            let index = ready.swap_remove(place);
            now = now.max(self.ready_at[index]) + 1;
            let reads = self.reads[index];
            for &arg in reads.iter() {
                if matches!(body.inst(arg).what, What::Load { .. }) && !self.is_done[arg.index()] {
                    self.put(arg.index());
                }
            }
            self.put(index);
            let there = now - 1 + latency(&body.insts[index]);
            for place in self.first[index]..self.first[index + 1] {
                let user = self.waiting[place as usize] as usize;
                self.ready_at[user] = self.ready_at[user].max(there);
                self.waits[user] -= 1;
                if self.waits[user] == 0 && user < seen && bound[user] {
                    ready.push(user);
                }
            }
        }
        // Loads whose values are stored as they are, checks, stores.
        for index in 0..body.insts.len() {
            if !self.is_done[index] {
                self.put(index);
            }
        }
    }

    /// The instruction is next.
    fn put(&mut self, index: usize) {
        self.is_done[index] = true;
        self.done.push(V(index as u32));
        let reads = self.reads[index];
        for &v in reads.iter() {
            self.left[v.index()] -= 1;
            if self.left[v.index()] == 0 {
                self.count(v, -1);
            }
        }
        if self.left[index] > 0 {
            self.count(V(index as u32), 1);
        }
    }

    fn count(&mut self, v: V, by: i32) {
        let inst = self.body.inst(v);
        if let (Some(bank), false) = (self.body.shape.bank(inst.ty), inst.what.is_kept()) {
            self.alive[bank as usize] += by;
        }
    }

    /// How many values more are alive behind an instruction than before it.
    fn growth(&self, index: usize) -> i32 {
        let mut growth = i32::from(self.body.insts[index].ty != Ty::None);
        for v in self.reads[index].iter() {
            growth -= i32::from(self.left[v.index()] == 1);
            growth += i32::from(!self.is_done[v.index()]);
        }
        growth
    }
}

/// Operands that are not there from the start, each once.
fn reads(body: &Body, inst: &Inst) -> Args {
    let mut distinct = Args::new(&[]);
    for v in inst.args.iter().copied() {
        if !body.is_kept(v) && !distinct.contains(&v) {
            distinct = distinct.with(v);
        }
    }
    distinct
}

/// Pairs of instructions on elements that keep their order: what is written is read behind, and what a check says of
/// lengths is known before elements are touched.
fn memory(body: &Body) -> Vec<[u32; 2]> {
    let mut pairs = Vec::with_capacity(body.insts.len() * 2);
    let (mut checked, mut written) = (None, None);
    let mut read = Vec::new();
    for (index, inst) in body.insts.iter().enumerate() {
        let index = index as u32;
        match inst.what {
            What::Check => checked = Some(index),
            What::Gather { .. } => {
                pairs.extend(checked.into_iter().chain(written).map(|before| [before, index]));
                read.push(index);
            }
            What::Scatter { .. } => {
                let before = checked.into_iter().chain(written).chain(read.drain(..));
                pairs.extend(before.map(|before| [before, index]));
                written = Some(index);
            }
            _ => {}
        }
    }
    pairs
}

/// Pairs of which the first reads what the turn before has passed on, and the second takes its place.
fn passed(body: &Body) -> Vec<[u32; 2]> {
    let ahead = |v: &V| body.inst(*v).what == What::Ahead;
    let mut places = vec![None; body.insts.len()];
    for (index, inst) in body.insts.iter().enumerate().filter(|(_, inst)| inst.what == What::Pass) {
        places[inst.args[0].index()] = Some(index as u32);
    }
    let readers = body.insts.iter().enumerate().filter(|(_, inst)| inst.what != What::Pass);
    let pairs = readers.flat_map(|(index, inst)| {
        let read = inst.args.iter().filter(|v| ahead(v)).filter_map(|v| places[v.index()]);
        read.map(move |pass| [index as u32, pass]).collect::<Vec<_>>()
    });
    pairs.collect()
}

/// What stands where it is wanted: nobody waits for it.
fn is_free(inst: &Inst) -> bool {
    inst.what.is_kept() || matches!(inst.what, What::Tail | What::Load { .. })
}

/// Values that may be alive before what frees some goes first.
fn limit(isa: Isa, bank: Bank) -> i32 {
    let registers = registers::count(isa, bank) as i32;
    match bank {
        Bank::Vector => registers - 2,
        // Masks that are vectors have none of their own.
        Bank::Mask if registers == 0 => i32::MAX,
        Bank::Mask => registers - 2,
    }
}

#[cfg(test)]
mod tests {
    use filbert_ir::Type;

    use super::super::build::Build;
    use super::super::ir::{Shape, Width};
    use super::*;

    /// Two chains, one behind the other, are mixed; every operand stands before its user, and stores stand last in
    /// their order.
    #[test]
    fn chains_are_mixed_and_nothing_is_lost() {
        chains_are_mixed(Shape { isa: Isa::Avx512, lanes: 8 });
        chains_are_mixed(Shape { isa: Isa::Avx2, lanes: 4 });
    }

    fn chains_are_mixed(shape: Shape) {
        let mut build = Build::new(shape);
        let ty = Ty::Lanes(Width::W64);
        let mut ends = Vec::new();
        for slot in 0..2 {
            let mut x = build.push(What::Load { slot, elem: Type::F64 }, ty, &[]);
            for step in 0..10 {
                let by = build.float(Width::W64, f64::from(step) + 0.5);
                x = build.fadd(x, by);
            }
            ends.push(x);
        }
        for (column, &x) in ends.iter().enumerate() {
            build.push(What::Store { column: column as u32, elem: Type::F64 }, Ty::None, &[x]);
        }
        let old = Body { shape, insts: build.insts, copies: 1, is_tail: false };
        let new = ordered(old.clone());
        assert_eq!(new.insts.len(), old.insts.len());
        for (index, inst) in new.insts.iter().enumerate() {
            assert!(inst.args.iter().all(|v| v.index() < index), "{new}");
        }
        let stores: Vec<What> = new.insts[new.insts.len() - 2..].iter().map(|inst| inst.what).collect();
        let column = |column| What::Store { column, elem: Type::F64 };
        assert_eq!(stores, [column(0), column(1)]);
        // No two steps of a chain follow one another.
        let follows = |pair: &[Inst], at: usize| pair[1].args.contains(&V(at as u32));
        let waits = new.insts.windows(2).enumerate().filter(|(at, pair)| {
            matches!(pair[0].what, What::Machine(..)) && matches!(pair[1].what, What::Machine(..)) && follows(pair, *at)
        });
        assert!(waits.count() <= 1, "{new}");
    }

    /// Three long blocks: each begins behind the one before, and yet all are checked before anything is stored.
    #[test]
    fn all_blocks_are_checked_before_one_stores() {
        let shape = Shape { isa: Isa::Avx512, lanes: 8 };
        let mut build = Build::new(shape);
        let ty = Ty::Lanes(Width::W64);
        let first = build.push(What::Load { slot: 0, elem: Type::F64 }, ty, &[]);
        let x = (0..LONG).fold(first, |x, _| build.fadd(x, first));
        let failing = build.fcompare(super::super::build::Compare::Lt, x, first);
        build.push(What::Check, Ty::None, &[failing]);
        build.push(What::Store { column: 0, elem: Type::F64 }, Ty::None, &[x]);
        let block = Body { shape, insts: build.insts, copies: 1, is_tail: false };
        let turn = super::super::schedule::turn(&block, 3).body;
        let is_check = |inst: &Inst| inst.what == What::Check;
        let is_store = |inst: &Inst| matches!(inst.what, What::Store { .. });
        let last_check = turn.insts.iter().rposition(is_check).expect("three checks");
        let first_store = turn.insts.iter().position(is_store).expect("three stores");
        assert_eq!(turn.insts.iter().filter(|inst| is_check(inst)).count(), 3);
        assert!(last_check < first_store, "{turn}");
        let begins = |copy: u32| {
            let is_first = |inst: &Inst| inst.copy == copy && matches!(inst.what, What::Machine(Machine::AddF64, _));
            turn.insts.iter().position(is_first).expect("blocks add")
        };
        assert!(begins(0) < begins(1) && begins(1) < begins(2), "{turn}");
    }
}
