//! Registers: a linear scan over the instructions of a body.
//!
//! A value has one place for all its life, from its instruction to its last use: a register, or a slot on the
//! stack where there is none. Of two values that want one register the one that lives longer goes to the
//! stack; one that is read in a loop stays before one that is not. A value that a loop reads and that was made
//! before it lives until the loop ends. What a carried value becomes is made in its place if that is free by then.
//! Constants need no slot, they lie behind the code: they get what registers nobody uses, those first that
//! instructions cannot read from memory. So do values that are one for all rows, of which those without a register
//! are put on the stack before the loop.
//!
//! An instruction reads at most one operand from memory. Where that is not enough, or the result goes to the
//! stack, it works on scratch registers; two of each bank are kept aside if any instruction needs one, and three
//! if any gathers: its result may not stand where an operand does.

use super::ir::{Bank, Body, Inst, Isa, V, What};
use super::machine::Memory;

/// Bytes of all slots of a body: the frame stays below a page, which the guard page of a stack can be trusted to
/// catch.
pub(super) const SLOTS_BYTES_MAX: u32 = 3840;

/// Bytes of a slot.
pub(super) fn slot_bytes(isa: Isa) -> u32 {
    isa.bits() / 8
}

/// Scratch registers of a bank, at most.
const SCRATCH: u32 = 3;

/// Where a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// A register of its bank.
    Register(u32),
    /// A slot on the stack.
    Slot(u32),
    /// Behind the code.
    Pool,
    /// Nobody reads it.
    Nowhere,
}

/// Where everything is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Places {
    pub(super) of: Vec<Place>,
    pub(super) slots: u32,
}

impl Places {
    pub(super) fn is_memory(&self, v: V) -> bool {
        matches!(self.of[v.index()], Place::Slot(_) | Place::Pool)
    }
}

/// Registers of a bank that values may have. Mask 0 cannot be a mask where one is asked for.
pub(super) fn count(isa: Isa, bank: Bank) -> u32 {
    match (isa, bank) {
        (Isa::Avx512, Bank::Vector) => 32,
        (Isa::Avx2, Bank::Vector) => 16,
        (Isa::Avx512, Bank::Mask) => 7,
        (Isa::Avx2, Bank::Mask) => 0,
    }
}

/// The scratch registers of a bank: its last ones.
pub(super) fn scratch(isa: Isa, bank: Bank, index: u32) -> u32 {
    assert!(index < SCRATCH, "an instruction works on at most {SCRATCH} scratch registers of a bank");
    count(isa, bank) - 1 - index
}

/// The register that holds the lanes of a sum to which a block of a turn adds: below the scratch registers, whether
/// those are wanted or not.
pub(super) fn sum_register(isa: Isa, copy: u32) -> u32 {
    count(isa, Bank::Vector) - SCRATCH - 1 - copy
}

/// The operand that an instruction would read from memory, of those that are there: the last one, or of
/// a product and sum any one that a form can take.
pub(super) fn folded(inst: &Inst, is_memory: impl Fn(V) -> bool) -> Option<usize> {
    let last = inst.args.len().checked_sub(1)?;
    let machine = match inst.what {
        What::Machine(machine, _) => machine,
        // What it works on beside is read from a register.
        What::Masked(_) => return is_memory(inst.args[last]).then_some(last),
        // Read out of the way, where there is room for what is divided.
        What::Quotient(_) => return is_memory(inst.args[2]).then_some(2),
        _ => return None,
    };
    match machine {
        // Of a constant factor and a constant to be added, the second is where the result is made.
        _ if machine.forms().is_some() => [1, 2].into_iter().find(|&place| is_memory(inst.args[place])),
        _ if machine.row().memory == Memory::Registers => None,
        // The register would be read twice.
        _ if inst.args[..last].contains(&inst.args[last]) => None,
        _ => is_memory(inst.args[last]).then_some(last),
    }
}

/// Gives every value its place, or says that there are too many.
pub(super) fn allocate(body: &Body) -> Result<Places, String> {
    let loops = loops(body);
    let last = last_uses(body, &loops);
    let scratch = if body.insts.iter().any(is_apart) { SCRATCH } else { SCRATCH - 1 };
    // What will be wanted for certain is kept aside from the start.
    let is_certain = |bank: Bank| {
        let is_crowded = || loops.is_empty() && alive(body, &last, bank) > count(body.shape.isa, bank);
        body.insts.iter().any(always_needs_scratch) || is_crowded()
    };
    let mut kept = BANKS.map(|bank| if is_certain(bank) { scratch } else { 0 });
    let places = loop {
        let places = scan(body, &loops, &last, kept);
        let mut more = kept;
        BANKS
            .iter()
            .filter(|&&bank| needs_scratch(body, &places, bank))
            .for_each(|&bank| more[bank as usize] = scratch);
        if more == kept {
            break places;
        }
        kept = more;
    };
    let most = SLOTS_BYTES_MAX / slot_bytes(body.shape.isa);
    match places.slots {
        slots if slots <= most => Ok(places),
        slots => Err(format!("needs {slots} places on the stack, more than {most}")),
    }
}

const BANKS: [Bank; 2] = [Bank::Vector, Bank::Mask];

/// Most values of a bank that live at once, constants left out.
pub(super) fn most_alive(body: &Body, bank: Bank) -> u32 {
    alive(body, &last_uses(body, &loops(body)), bank)
}

/// The same, by who reads each value last.
fn alive(body: &Body, last: &[usize], bank: Bank) -> u32 {
    let mut ends = vec![0u32; body.insts.len() + 1];
    let (mut alive, mut most) = (0u32, 0);
    for (index, inst) in body.insts.iter().enumerate() {
        alive -= ends[index];
        if is_scanned(body, inst, bank) && last[index] > index {
            alive += 1;
            ends[last[index]] += 1;
        }
        most = most.max(alive);
    }
    most
}

/// Whether an instruction wants its result and its operands apart, and its mask for itself.
fn is_apart(inst: &Inst) -> bool {
    matches!(inst.what, What::Gather { .. } | What::Scatter { .. })
}

/// Whether an instruction works on scratch registers wherever its operands are.
fn always_needs_scratch(inst: &Inst) -> bool {
    is_apart(inst) || matches!(inst.what, What::Spread { .. })
}

fn is_scanned(body: &Body, inst: &Inst, bank: Bank) -> bool {
    body.shape.bank(inst.ty) == Some(bank) && !inst.what.is_kept()
}

/// A loop's first and last instruction. Loops that end earlier stand earlier.
fn loops(body: &Body) -> Vec<(usize, usize)> {
    let mut heads = Vec::new();
    let mut loops = Vec::new();
    for (index, inst) in body.insts.iter().enumerate() {
        match inst.what {
            What::Head { repeat, .. } => heads.push((repeat, index)),
            What::Repeat { repeat, .. } | What::Again { repeat } => {
                let place = heads.iter().rposition(|(head, _)| *head == repeat).expect("a loop has a head");
                match loops.iter_mut().find(|(head, _)| *head == heads[place].1) {
                    // Each block of a turn asks whether there is another iteration.
                    Some(known) => *known = (heads[place].1, index),
                    None => loops.push((heads[place].1, index)),
                }
            }
            _ => {}
        }
    }
    loops.sort_by_key(|&(_, end)| end);
    loops
}

/// For each value the instruction that reads it last; its own if none does. What stands before a loop and is read
/// in it is read again.
fn last_uses(body: &Body, loops: &[(usize, usize)]) -> Vec<usize> {
    let mut last: Vec<usize> = (0..body.insts.len()).collect();
    for (index, inst) in body.insts.iter().enumerate() {
        // The operands of a gather are still read when its result is begun.
        let until = index + usize::from(is_apart(inst));
        inst.args.iter().for_each(|v| last[v.index()] = until);
        // Still read when the result has begun as another operand.
        let still_read = match inst.what {
            // What it works on may be what it begins as.
            What::Masked(_) if inst.args.len() == 4 && inst.args[2] == inst.args[1] => &inst.args[3..],
            What::Masked(_) if inst.args.len() == 4 => &inst.args[2..],
            // In the code out of the way.
            What::Quotient(_) => &inst.args[1..3],
            What::Machine(machine, _) if machine.is_begun() => &inst.args[1..],
            _ => &[],
        };
        still_read.iter().for_each(|v| last[v.index()] = index + 1);
    }
    for &(head, end) in loops {
        for last in &mut last[..head] {
            if (head..end).contains(last) {
                *last = end;
            }
        }
    }
    last
}

/// For each value how many loops stand around the innermost place where it is read or made.
fn depths(body: &Body, loops: &[(usize, usize)]) -> Vec<u32> {
    let mut depths = vec![0; body.insts.len()];
    if loops.is_empty() {
        return depths;
    }
    for (index, inst) in body.insts.iter().enumerate() {
        let depth = loops.iter().filter(|&&(head, end)| (head..=end).contains(&index)).count() as u32;
        for v in inst.args.iter().map(|v| v.index()).chain([index]) {
            depths[v] = depths[v].max(depth);
        }
    }
    depths
}

/// For each value the carried value in whose place it is made: it becomes that value's next one, and nobody reads
/// the old one between.
fn joined(body: &Body, loops: &[(usize, usize)], last: &[usize]) -> Vec<Option<V>> {
    let mut joined = vec![None; body.insts.len()];
    if loops.is_empty() {
        return joined;
    }
    let mut sets = vec![0u32; body.insts.len()];
    for inst in body.insts.iter().filter(|inst| inst.what == What::Set) {
        sets[inst.args[0].index()] += 1;
    }
    let around = |at: usize| loops.iter().find(|&&(head, end)| (head..=end).contains(&at)).copied();
    for (index, inst) in body.insts.iter().enumerate() {
        let (What::Set, 2) = (inst.what, inst.args.len()) else { continue };
        let (carry, next) = (inst.args[0], inst.args[1]);
        let made = next.index();
        let Some((head, end)) = around(index) else { continue };
        let is_plain = !body.is_kept(next) && !matches!(body.inst(next).what, What::Carry | What::Rows | What::Tail);
        // In place of its second operand an instruction under a mask may not find its others.
        let is_lost = match (body.inst(next).what, &body.inst(next).args[..]) {
            (What::Masked(_), [_, old, others @ ..]) if others.len() == 2 => *old != carry && others.contains(&carry),
            _ => false,
        };
        let is_plain = is_plain && !is_lost && !is_apart(body.inst(next));
        let in_this_loop = made > head && around(made) == Some((head, end)) && carry.index() < head;
        // Behind the loop it is the final value that is read.
        let is_read = body.insts[made + 1..=end].iter().enumerate().any(|(distance, inst)| {
            let at = made + 1 + distance;
            let from = usize::from(matches!(inst.what, What::Set));
            at != index && inst.args[from.min(inst.args.len())..].contains(&carry)
        });
        let same_bank = body.shape.bank(body.inst(next).ty) == body.shape.bank(body.inst(carry).ty);
        if is_plain
            && in_this_loop
            && !is_read
            && same_bank
            && sets[carry.index()] == 1
            && joined[made].is_none()
            && last[made] <= end
        {
            joined[made] = Some(carry);
        }
    }
    joined
}

/// Most registers of a bank.
const REGISTERS_MAX: usize = 32;

/// The values whose life each instruction ends: those of `first[i]..first[i + 1]`.
struct Ends {
    first: Vec<u32>,
    of: Vec<V>,
}

impl Ends {
    fn new(last: &[usize]) -> Ends {
        // A life may end behind the last instruction.
        let mut first = vec![0u32; last.len() + 3];
        last.iter().for_each(|&end| first[end + 2] += 1);
        (1..first.len()).for_each(|index| first[index] += first[index - 1]);
        let mut of = vec![V(0); last.len()];
        for (v, &end) in last.iter().enumerate() {
            let next = &mut first[end + 1];
            of[*next as usize] = V(v as u32);
            *next += 1;
        }
        Ends { first, of }
    }
}

/// Places, with so many registers of each bank kept aside.
fn scan(body: &Body, loops: &[(usize, usize)], last: &[usize], kept: [u32; 2]) -> Places {
    let depths = depths(body, loops);
    let joined = joined(body, loops, last);
    // Who gives way: what is read in fewer loops, then what these loops only read, then what lives longer.
    let is_made = |v: V| {
        let is_within = |&(head, end): &(usize, usize)| (head..=end).contains(&v.index());
        body.inst(v).what == What::Carry || loops.iter().any(is_within)
    };
    let stays = |v: V| {
        let depth = depths[v.index()];
        (depth, depth > 0 && is_made(v), std::cmp::Reverse((last[v.index()], v)))
    };
    let mut places = Places { of: vec![Place::Nowhere; body.insts.len()], slots: 0 };
    let mut spilled = Vec::new();
    let ends = Ends::new(last);
    for bank in BANKS {
        let registers = count(body.shape.isa, bank).saturating_sub(kept[bank as usize]);
        let mut free: u32 = if registers == 32 { u32::MAX } else { (1 << registers) - 1 };
        if bank == Bank::Vector {
            (0..body.sum_registers()).for_each(|copy| free &= !(1 << sum_register(body.shape.isa, copy)));
        }
        let mut never_used = free;
        // Who has each register.
        let mut holders = [None; REGISTERS_MAX];
        // Instructions up to here were looked at for values whose life they end.
        let mut ended = 0;
        for (index, inst) in body.insts.iter().enumerate() {
            if !is_scanned(body, inst, bank) || last[index] == index || joined[index].is_some() {
                continue;
            }
            for &v in &ends.of[ends.first[ended] as usize..ends.first[index + 1] as usize] {
                if let Place::Register(register) = places.of[v.index()]
                    && holders[register as usize] == Some(v)
                {
                    holders[register as usize] = None;
                    free |= 1 << register;
                }
            }
            ended = index + 1;
            let v = V(index as u32);
            let register = match free.trailing_zeros() {
                32 => {
                    let least = holders.iter().flatten().copied().min_by_key(|&other| stays(other));
                    match least.map(|other| (other, places.of[other.index()])) {
                        Some((other, Place::Register(register))) if stays(other) < stays(v) => {
                            places.of[other.index()] = Place::Nowhere;
                            spilled.push(other);
                            register
                        }
                        _ => {
                            spilled.push(v);
                            continue;
                        }
                    }
                }
                register => wanted_register(inst, index, last, &places, free).unwrap_or(register),
            };
            free &= !(1 << register);
            never_used &= !(1 << register);
            places.of[index] = Place::Register(register);
            holders[register as usize] = Some(v);
        }
        if bank == Bank::Vector {
            constants(body, loops, never_used, &mut places);
        }
    }
    slots(spilled, last, &mut places);
    for (index, carry) in joined.iter().enumerate() {
        if let Some(carry) = carry {
            places.of[index] = places.of[carry.index()];
        }
    }
    places
}

/// Where an instruction that works in place saves a move: the place of an operand that nobody else wants.
fn wanted_register(inst: &Inst, index: usize, last: &[usize], places: &Places, free: u32) -> Option<u32> {
    let wanted = match inst.what {
        What::Machine(machine, _) if machine.takes_place() => &inst.args[..],
        What::Masked(_) if inst.args.len() == 4 => &inst.args[1..2],
        What::Quotient(_) => &inst.args[..1],
        _ => return None,
    };
    wanted.iter().find_map(|arg| match places.of[arg.index()] {
        Place::Register(register) if last[arg.index()] == index && free & 1 << register != 0 => Some(register),
        _ => None,
    })
}

/// Gives slots to values that have no register, each again when its value is dead.
fn slots(mut spilled: Vec<V>, last: &[usize], places: &mut Places) {
    spilled.sort();
    // The first are taken, by values that are one for all rows.
    let first = places.slots;
    // When each slot is free again.
    let mut ends: Vec<usize> = Vec::new();
    for v in spilled {
        let slot = ends.iter().position(|&end| end <= v.index()).unwrap_or_else(|| {
            ends.push(0);
            ends.len() - 1
        });
        ends[slot] = last[v.index()];
        places.of[v.index()] = Place::Slot(first + slot as u32);
    }
    places.slots = first + ends.len() as u32;
}

/// Gives constants the registers that nobody uses.
fn constants(body: &Body, loops: &[(usize, usize)], mut free: u32, places: &mut Places) {
    // What turns pass on lies on the stack, in the same places for all.
    for (index, inst) in body.insts.iter().enumerate().filter(|(_, inst)| inst.what == What::Ahead) {
        debug_assert!(inst.args.is_empty());
        places.of[index] = Place::Slot(places.slots);
        places.slots += 1;
    }
    // Uses that cannot read memory count most, and those in loops.
    let mut weights = vec![0u32; body.insts.len()];
    for (index, inst) in body.insts.iter().enumerate() {
        let depth = loops.iter().filter(|&&(head, end)| (head..=end).contains(&index)).count() as u32;
        for (place, v) in inst.args.iter().enumerate() {
            if body.is_kept(*v) && body.inst(*v).what != What::Ahead {
                let folds = folded(inst, |other| other == *v) == Some(place);
                let is_seldom = matches!(inst.what, What::Quotient(_));
                let weight = if folds || is_seldom { 1 } else { 1000 };
                weights[v.index()] += weight * 8u32.pow(depth.min(3));
            }
        }
    }
    let mut wanted: Vec<V> = (0..body.insts.len() as u32).map(V).filter(|&v| weights[v.index()] > 0).collect();
    wanted.sort_by_key(|v| std::cmp::Reverse(weights[v.index()]));
    for v in wanted {
        places.of[v.index()] = match free.trailing_zeros() {
            32 if body.is_const(v) => Place::Pool,
            32 => {
                places.slots += 1;
                Place::Slot(places.slots - 1)
            }
            register => {
                free &= !(1 << register);
                Place::Register(register)
            }
        };
    }
}

/// Whether some instruction has more operands of the bank in memory than it can read there, or its result.
fn needs_scratch(body: &Body, places: &Places, bank: Bank) -> bool {
    let is_of_bank = |inst: &Inst| body.shape.bank(inst.ty) == Some(bank);
    body.insts.iter().enumerate().any(|(index, inst)| {
        let is_memory = |v: V| places.is_memory(v);
        let folded = folded(inst, is_memory);
        let is_seldom = |place| matches!(inst.what, What::Quotient(_)) && (1..3).contains(&place);
        let is_loaded =
            |place, v| folded != Some(place) && !is_seldom(place) && is_memory(v) && is_of_bank(body.inst(v));
        (matches!(places.of[index], Place::Slot(_)) && is_of_bank(inst))
            || always_needs_scratch(inst)
            // It adds to lanes in memory, and puts them back.
            || (matches!(inst.what, What::Sum { .. }) && body.sum_registers() == 0 && bank == Bank::Vector)
            || inst.args.iter().enumerate().any(|(place, &v)| is_loaded(place, v))
    })
}

#[cfg(test)]
mod tests;
