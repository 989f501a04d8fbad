//! Which blocks a turn of the loop computes, and the order of its instructions.
//!
//! Copies of the block, for rows that follow one another, are interleaved instruction by instruction: while one
//! waits for its operand the others go on. How many follows from a rule on registers and length, which never
//! changes a bit of a result. Constants are shared by all copies, and so are the loops of the kernel: an iteration
//! computes all copies. Where lanes leave a loop by themselves all copies go on while any lane does.

use super::ahead::{self, Halves};
use super::ir::{Args, Bank, Body, Inst, Isa, Shape, Ty, V, What};
use super::machine::Machine;
use super::order::{self, Iteration};
use super::quotients;
use super::registers;
use crate::abi::SUM_LANES;

/// Copies that are interleaved at most.
const COPIES_MAX: usize = 12;

/// Instructions of a turn of copies that wait for one another's operands.
const INTERLEAVED_MAX: usize = 160;

/// The same for blocks of so many instructions, which are bound by nothing but the number of these: the more copies,
/// the fewer cycles without one. Shorter ones are bound by loads and stores.
const DENSE: std::ops::RangeInclusive<usize> = 15..=24;
const INTERLEAVED_DENSE_MAX: usize = 208;

/// Copies of other blocks.
const COPIES_USUAL: u32 = 8;

/// Copies of blocks whose lanes leave a loop by themselves.
const LOOPING_MAX: u32 = 4;

/// Instructions of a block of which two make a turn, although not all their values have registers: so many that a
/// CPU does not see the next block in time, and not so many that the code grows without end. The fewer registers there
/// are, the more is lost to the stack.
fn pays_spills(isa: Isa) -> std::ops::RangeInclusive<usize> {
    match isa {
        Isa::Avx512 => 100..=600,
        Isa::Avx2 => 100..=500,
    }
}

/// Values that each of three blocks keeps alive at most, where three make a turn although their values have not all
/// registers.
const ALIVE_OF_THREE_MAX: u32 = 15;

/// How many copies a turn of the loop has.
pub(super) fn copies(body: &Body) -> u32 {
    let usual = usual_copies(body);
    match body.summed() {
        Some(_) => sum_copies(body, usual),
        None => usual,
    }
}

/// As many as have a row for each lane of the sum: the lanes then stay in registers. Where these are too few, so many
/// that the rows of a turn are a whole part of the lanes.
fn sum_copies(body: &Body, usual: u32) -> u32 {
    let all = SUM_LANES / body.shape.lanes;
    if all <= COPIES_USUAL {
        let turn = interleaved(body, all);
        let work = turn.insts.iter().filter(|inst| !inst.what.is_kept()).count();
        let alive = |bank| registers::most_alive(&turn, bank);
        let registers = |bank| registers::count(body.shape.isa, bank);
        let fits = alive(Bank::Vector) + all <= registers(Bank::Vector) && alive(Bank::Mask) <= registers(Bank::Mask);
        if fits && work <= INTERLEAVED_MAX {
            return all;
        }
    }
    1 << usual.min(all / 2).max(1).ilog2()
}

fn usual_copies(body: &Body) -> u32 {
    let alone = arranged(body, 1, false);
    let work = alone.insts.iter().filter(|inst| !inst.what.is_kept()).count();
    if let Some(iteration) = order::iteration(&alone) {
        return looping_copies(body, &alone, iteration);
    }
    // Copies that go step by step keep as many values alive each as one alone. What has the last of few registers
    // waits for it.
    let fits = |copies: u32| {
        [Bank::Vector, Bank::Mask].into_iter().all(|bank| {
            let spare = if body.shape.isa == Isa::Avx2 && bank == Bank::Vector { 2 } else { 0 };
            registers::most_alive(&alone, bank) * copies + spare <= registers::count(body.shape.isa, bank)
        })
    };
    let is_dense = DENSE.contains(&work) && !body.has_loops() && !quotients::are_shared(body);
    let at_once = match is_dense && body.shape.isa == Isa::Avx512 && body.shape.lanes >= 8 {
        true => (INTERLEAVED_DENSE_MAX / work).min(COPIES_MAX) as u32,
        false => (INTERLEAVED_MAX / work.max(1)).min(COPIES_USUAL as usize) as u32,
    };
    // What a loop computes again and again is not worth a trip to the stack.
    let is_worth = pays_spills(body.shape.isa).contains(&work) && (!body.has_loops() || work > INTERLEAVED_MAX);
    // Where a block alone keeps the CPU busy while its longest chain is on the way, another one adds nothing but code.
    let longest = order::longest(&alone) as usize;
    let alive_alone = registers::most_alive(&alone, Bank::Vector);
    let spilling = match is_worth && longest > work {
        // Two do not fill that time either, and three have not too many values.
        true if longest > 2 * work && body.shape.isa == Isa::Avx512 && alive_alone <= ALIVE_OF_THREE_MAX => 3,
        true => 2,
        false => 1,
    };
    (2..=at_once).rev().find(|&copies| fits(copies)).unwrap_or(spilling)
}

/// Blocks of a turn whose lanes leave a loop by themselves. Blocks wait for one another there, so each further one has
/// to have its place in the time of the longest chain.
fn looping_copies(body: &Body, alone: &Body, iteration: Iteration) -> u32 {
    let fits = |bank, copies: u32| {
        let (registers, alive) = (registers::count(body.shape.isa, bank), registers::most_alive(alone, bank));
        // What the loop only reads may lie on the stack, and two gain more than they lose there.
        registers == 0 || if copies == 2 { alive * 4 <= registers * 5 } else { alive * copies * 4 <= registers * 5 }
    };
    let fits = |copies| [Bank::Vector, Bank::Mask].into_iter().all(|bank| fits(bank, copies));
    let Iteration { longest, work } = iteration;
    (2..=LOOPING_MAX)
        .rev()
        .filter(|copies| work * copies <= INTERLEAVED_MAX as u32)
        .find(|&copies| longest * 10 >= work * (copies * 10 - 7) && fits(copies))
        .unwrap_or(1)
}

/// A turn of the loop over blocks.
pub(super) struct Turn {
    pub(super) body: Body,
    /// What is made of the first turn's rows before the loop, if each turn begins the next one.
    pub(super) before: Option<Body>,
}

/// The turn with so many copies, or with fewer in two halves.
pub(super) fn turn(body: &Body, copies: u32) -> Turn {
    if copies >= ahead::COPIES
        && let Some(Halves { turn, before }) = ahead::halves(&arranged(body, ahead::COPIES, false))
    {
        return Turn { body: order::ordered(turn), before: Some(before) };
    }
    let body = quotients::shared_out(arranged(body, copies, false));
    Turn { body: order::ordered(order::staggered(body)), before: None }
}

/// The body with so many copies.
pub(super) fn interleaved(body: &Body, copies: u32) -> Body {
    order::ordered(quotients::shared_out(arranged(body, copies, false)))
}

/// The body for partial blocks: one copy, loads, stores and checks under the tail's mask. It runs once a call, so to
/// put a long one in order takes longer than it will ever save.
pub(super) fn tail(body: &Body) -> Body {
    if is_one_loop(body) { arranged(body, 1, true) } else { one_loop(body) }
}

/// The body for all blocks, of which the last may be a partial one.
pub(super) fn one_loop(body: &Body) -> Body {
    order::ordered(arranged(body, 1, true))
}

/// Whether a block is so long that the tail's masks are nothing beside it: its loop is then the only one.
pub(super) fn is_one_loop(body: &Body) -> bool {
    let is_turned = |inst: &Inst| matches!(inst.what, What::Head { .. } | What::Sum { .. });
    body.insts.len() > INTERLEAVED_MAX && !body.insts.iter().any(is_turned)
}

fn arranged(body: &Body, copies: u32, is_tail: bool) -> Body {
    let live = live(body);
    let mut insts: Vec<Inst> = Vec::with_capacity(body.insts.len() * copies as usize);
    // What each value became in each copy.
    let mut names: Vec<[V; COPIES_MAX]> = vec![[V(0); COPIES_MAX]; body.insts.len()];
    for (index, inst) in body.insts.iter().enumerate() {
        let mask = if is_tail { tail_of(body.shape, inst) } else { None };
        match inst.what {
            What::Tail if is_tail => {}
            What::Tail => continue,
            _ if !live[index] => continue,
            What::Rows if is_tail => {
                names[index] = [tail_mask(body.shape, body.shape.widest_bytes()); COPIES_MAX];
                continue;
            }
            _ if inst.what.is_shared() => {
                names[index] = [V(insts.len() as u32); COPIES_MAX];
                insts.push(*inst);
                continue;
            }
            _ => {}
        }
        if let What::Again { .. } = inst.what {
            let mut going = names[inst.args[0].index()][..copies as usize].iter().copied();
            let first = going.next().expect("a turn has a block");
            let any = going.fold(first, |any, v| any_of(&mut insts, body.shape, any, v));
            insts.push(Inst { args: Args::new(&[any]), ..*inst });
            continue;
        }
        for copy in 0..copies {
            let args: Args = inst.args.map(|v| names[v.index()][copy as usize]);
            let args = mask.map_or(args, |mask| args.with(mask));
            names[index][copy as usize] = V(insts.len() as u32);
            insts.push(Inst { args, copy, ..*inst });
        }
    }
    Body { shape: body.shape, insts, copies, is_tail }
}

/// The lanes that are set in one of two masks.
fn any_of(insts: &mut Vec<Inst>, shape: Shape, a: V, b: V) -> V {
    let machine = if shape.isa == Isa::Avx512 { Machine::MaskOr } else { Machine::Or64 };
    let ty = insts[a.index()].ty;
    insts.push(Inst { what: What::Machine(machine, None), ty, args: Args::new(&[a, b]), copy: 0 });
    V(insts.len() as u32 - 1)
}

/// The tail's mask that an instruction needs.
fn tail_of(shape: Shape, inst: &Inst) -> Option<V> {
    let bytes = match inst.what {
        What::Load { elem, .. } | What::Store { elem, .. } | What::Sum { elem } => elem.bytes() as u32,
        What::Address { .. } => 8,
        // AVX2 writes lane by lane, as far as there are rows.
        What::Spread { elem, .. } if shape.isa == Isa::Avx512 => elem.bytes() as u32,
        // The mask of failing lanes is as wide as the widest lanes.
        What::Check => shape.widest_bytes(),
        _ => return None,
    };
    Some(tail_mask(shape, bytes))
}

/// The tail's mask for lanes of so many bytes. The two stand first; AVX-512 has one for all widths.
fn tail_mask(shape: Shape, bytes: u32) -> V {
    if shape.isa == Isa::Avx2 && bytes == 8 { V(1) } else { V(0) }
}

/// What the checks and stores depend on. What a loop carries lives as long as somebody reads it: that may be an
/// earlier instruction, so with loops this takes more than one look.
pub(super) fn live(body: &Body) -> Vec<bool> {
    let mut live = vec![false; body.insts.len()];
    let looks = if body.has_loops() { usize::MAX } else { 1 };
    for _ in 0..looks {
        let mut changed = false;
        for (index, inst) in body.insts.iter().enumerate().rev() {
            let wanted = match inst.what {
                What::Set => live[inst.args[0].index()],
                _ => inst.ty == Ty::None,
            };
            changed |= wanted && !live[index];
            live[index] |= wanted;
            if live[index] {
                for v in inst.args.iter() {
                    changed |= !live[v.index()];
                    live[v.index()] = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    live
}
