//! The IR of the vector back end: one block of rows, in SSA, an instruction of the machine each.
//!
//! A value is the instruction that makes it, by its number; operands have smaller numbers. An `if` of the kernel
//! has become masks, and the loop over blocks stands in `emit`. What an instruction computes is a row of
//! `machine`; `build` makes sequences of them for whatever has no instruction of its own, so everything behind
//! it treats all instructions alike.
//!
//! A loop of the kernel is a range of instructions from its `Head` to its `Repeat` or `Again`. What it carries from
//! one iteration to the next are values of their own, which stand before the head and are changed by `Set`:
//!
//! ```text
//!   v4: w64 = carry v2            is v2 at first
//!   v5: mask = carry v1           the lanes that go on
//!   head
//!   v6: w64 = AddF64 v4, v3
//!   v7: mask = ..
//!   set v4, v6, v5                in the lanes that are still there
//!   set v5, v7
//!   again v7                      while any goes on
//! ```
//!
//! A lane holds 32 or 64 bits. Narrower integers live in lanes of 32 bits, extended by their sign or by zeros;
//! a bool is a mask. A block has as many rows as its widest lanes fit into a register, so values of 32 bits
//! beside others of 64 take half a register.

use filbert_ir::Type;

use super::machine::Machine;
use crate::abi::SUM_LANES;

/// Which instructions there are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Isa {
    /// AVX2 and FMA, 16 registers of 256 bits; a mask is a vector of zeros and ones.
    Avx2,
    /// AVX-512 F, DQ and VL: 32 registers of 512 bits, masks in registers of their own.
    Avx512,
}

impl Isa {
    /// Bits of its registers.
    pub(super) fn bits(self) -> u32 {
        match self {
            Isa::Avx2 => 256,
            Isa::Avx512 => 512,
        }
    }
}

/// Bits of a lane.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Width {
    W32,
    W64,
}

impl Width {
    /// Of the lanes that hold values of this type; a bool's is of no consequence.
    pub(super) fn of(ty: Type) -> Width {
        if ty.bits() == 64 { Width::W64 } else { Width::W32 }
    }

    pub(super) fn bits(self) -> u32 {
        match self {
            Width::W32 => 32,
            Width::W64 => 64,
        }
    }
}

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Ty {
    /// Numbers.
    Lanes(Width),
    /// Truth of each lane. The width says in which lanes AVX2 holds it, all bits 0 or all 1; AVX-512 has a
    /// register of bits for it, whatever the width.
    Mask(Width),
    /// The bytes of narrow elements side by side, as AVX2 stores them.
    Packed,
    /// Nothing.
    None,
}

/// The shape of a block.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Shape {
    pub(super) isa: Isa,
    /// Rows of a block.
    pub(super) lanes: u32,
}

/// A file of registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bank {
    Vector,
    Mask,
}

impl Shape {
    /// The registers that hold a value; `None` for what is no value.
    pub(super) fn bank(self, ty: Ty) -> Option<Bank> {
        match ty {
            Ty::Mask(_) if self.isa == Isa::Avx512 => Some(Bank::Mask),
            Ty::None => None,
            _ => Some(Bank::Vector),
        }
    }

    /// Bytes of its widest lanes.
    pub(super) fn widest_bytes(self) -> u32 {
        self.isa.bits() / self.lanes / 8
    }

    /// Bits of a value in a vector register; 0 for one that is in none.
    pub(super) fn bits(self, ty: Ty) -> u32 {
        match ty {
            Ty::Mask(_) if self.isa == Isa::Avx512 => 0,
            Ty::Lanes(width) | Ty::Mask(width) => width.bits() * self.lanes,
            Ty::Packed => 128,
            Ty::None => 0,
        }
    }
}

/// A value: the number of its instruction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct V(pub(super) u32);

impl V {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What an instruction does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum What {
    /// The rows of a last, partial block: those before the end. Only where tails are masked.
    Tail,
    /// The lanes that have a row: all of them, but in a tail.
    Rows,
    /// The same bits in each 64 of a register: a lane of 64, or two of 32.
    Const(u64),
    /// The pattern of an input that has one value for all rows: the same 64 bits throughout a register, read once.
    Uniform { slot: u32, of: Of },
    /// What the turn before has passed on.
    Ahead,
    /// The first operand, which is `Ahead`, becomes the second in the next turn.
    Pass,
    /// The block's elements of an input; in a tail under the mask that is the operand.
    Load { slot: u32, elem: Type },
    /// A row of the table, with its immediate.
    Machine(Machine, Option<u8>),
    /// A row of the table in the lanes of the first operand; the others are 0 or, where it has one operand more,
    /// those of the second.
    Masked(Machine),
    /// The lanes in which neither of the first two operands is NaN, of those of the third if there is one. Where
    /// masks have no registers of their own: the lanes in which one of the two is.
    Ordered,
    /// Makes the NaNs of all operands of `Ordered` canonical where they are, if the operand, which is all that these
    /// said, tells of one.
    Canonical,
    /// The first operand, a quotient of the second and the third, unless lanes are in doubt by the last two, which
    /// are masks: then the quotient is made again, by the divider.
    Quotient(Doubt),
    /// Leaves, before anything is stored, if a lane of the operand is set (in a tail: and of the second).
    Check,
    /// The addresses in a list's column; in a tail as `Load`.
    Address { list: u32 },
    /// Elements, each where its lane of the first operand says, in the lanes of the second; 0 in the others.
    Gather { from: Where, elem: Type, offset: i32 },
    /// Writes the second operand's elements where the lanes of the first say, in the lanes of the third.
    Scatter { to: Where, elem: Type, offset: i32 },
    /// Writes the block's elements of an output; in a tail under the mask that is the second operand.
    Store { column: u32, elem: Type },
    /// Adds the block's results to lanes of a sum, each to that of its row; in a tail those under the mask that is the
    /// second operand.
    Sum { elem: Type },
    /// Writes one element of a fixed-size list in each row of the block.
    Spread { column: u32, elem: Type, width: u32, element: u32 },
    /// A value that a loop changes; at first it is the operand.
    Carry,
    /// The first operand, a carried value, becomes the second, where there is a third in its lanes only.
    Set,
    /// The iterations of a loop begin. Counted ones run a number of times that is known.
    Head { repeat: u32, counted: Option<Counted> },
    /// An iteration of a counted loop ends.
    Repeat { repeat: u32, counted: Counted },
    /// An iteration ends; there is another one if a lane of the operand is set.
    Again { repeat: u32 },
    /// Takes iterations from the budget, of a loop that was written out.
    Spend(u32),
}

/// What an element's place is told by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Where {
    /// Its number in a table.
    Table(u32),
    /// Its address.
    Address,
}

/// A number of iterations, and how many counted loops stand around.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Counted {
    pub(super) times: u32,
    pub(super) depth: u32,
}

impl What {
    /// Whether it stands once in a turn, however many blocks that computes.
    pub(super) fn is_shared(&self) -> bool {
        self.is_kept() || matches!(self, What::Head { .. } | What::Repeat { .. } | What::Spend(_))
    }
}

impl What {
    /// Whether it touches elements of lists or tables.
    pub(super) fn is_element(self) -> bool {
        matches!(
            self,
            What::Address { .. } | What::Gather { .. } | What::Scatter { .. } | What::Spread { .. } | What::Rows
        )
    }

    /// Whether it computes nothing and is no loop's border: it leaves the block, stores results or takes from the budget.
    pub(super) fn is_end(self) -> bool {
        matches!(
            self,
            What::Check | What::Store { .. } | What::Sum { .. } | What::Spread { .. } | What::Spend(_) | What::Pass
        )
    }

    /// Whether a turn finds it made.
    pub(super) fn is_kept(self) -> bool {
        matches!(self, What::Const(_) | What::Uniform { .. } | What::Ahead)
    }
}

/// What is read of an input that has one value for all rows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Of {
    Value,
    /// The reciprocal of a double; of one without that its magnitude is of no consequence, but not its sign.
    Reciprocal,
    /// These bits if the double is far from what is too great or too small to divide by, else 0.
    Limit(u64),
}

/// When some lane is in doubt.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Doubt {
    /// If it is set in one of two masks.
    Where,
    /// If it is set in neither.
    Unless,
}

/// At most so many operands.
const ARGS_MAX: usize = 5;

/// The operands of an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Args {
    len: u8,
    values: [V; ARGS_MAX],
}

impl Args {
    pub(super) fn new(args: &[V]) -> Args {
        let mut values = [V(0); ARGS_MAX];
        values[..args.len()].copy_from_slice(args);
        Args { len: args.len() as u8, values }
    }

    pub(super) fn map(self, mut f: impl FnMut(V) -> V) -> Args {
        let mut args = self;
        args.values[..self.len as usize].iter_mut().for_each(|v| *v = f(*v));
        args
    }

    /// The same operands and one more.
    pub(super) fn with(self, last: V) -> Args {
        let mut args = self;
        args.values[self.len as usize] = last;
        args.len += 1;
        args
    }
}

impl std::ops::Deref for Args {
    type Target = [V];

    fn deref(&self) -> &[V] {
        &self.values[..self.len as usize]
    }
}

/// An instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Inst {
    pub(super) what: What,
    pub(super) ty: Ty,
    pub(super) args: Args,
    /// The block that it works on, of those that a turn of the loop computes.
    pub(super) copy: u32,
}

/// Instructions in the order in which they run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Body {
    pub(super) shape: Shape,
    pub(super) insts: Vec<Inst>,
    /// Blocks that a turn of the loop computes.
    pub(super) copies: u32,
    /// Whether the last block may be a partial one: loads, stores and checks then have a mask.
    pub(super) is_tail: bool,
}

impl Body {
    pub(super) fn inst(&self, v: V) -> &Inst {
        &self.insts[v.index()]
    }

    /// Whether a value is there before the first block, and the same in all of them.
    pub(super) fn is_kept(&self, v: V) -> bool {
        self.inst(v).what.is_kept()
    }

    pub(super) fn is_const(&self, v: V) -> bool {
        matches!(self.inst(v).what, What::Const(_))
    }

    /// The type of the elements that are summed, if any are.
    pub(super) fn summed(&self) -> Option<Type> {
        self.insts.iter().find_map(|inst| match inst.what {
            What::Sum { elem } => Some(elem),
            _ => None,
        })
    }

    /// Vector registers that hold the lanes of a sum through all turns: those of a turn that has a row for each lane.
    pub(super) fn sum_registers(&self) -> u32 {
        let has_all = self.copies * self.shape.lanes == SUM_LANES && !self.is_tail;
        if has_all && self.summed().is_some() { self.copies } else { 0 }
    }

    /// Whether iterations are counted.
    pub(super) fn has_loops(&self) -> bool {
        self.insts.iter().any(|inst| matches!(inst.what, What::Head { .. } | What::Spend(_)))
    }
}

/// As `explain` shows it: `v7: w64 = MulF64 v3, v5`.
impl std::fmt::Display for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "block of {} rows, {:?}, {} a turn", self.shape.lanes, self.shape.isa, self.copies)?;
        for (index, inst) in self.insts.iter().enumerate() {
            match inst.ty {
                Ty::None => write!(f, "  ")?,
                ty => write!(f, "  v{index}: {} = ", type_name(ty))?,
            }
            match inst.what {
                What::Tail => f.write_str("tail")?,
                What::Rows => f.write_str("rows")?,
                What::Carry => f.write_str("carry")?,
                What::Set => f.write_str("set")?,
                What::Ahead => f.write_str("ahead")?,
                What::Pass => f.write_str("pass to")?,
                What::Head { counted: None, .. } => f.write_str("head")?,
                What::Head { counted: Some(counted), .. } => write!(f, "head of {} iterations", counted.times)?,
                What::Repeat { .. } => f.write_str("repeat")?,
                What::Again { .. } => f.write_str("again")?,
                What::Spend(iterations) => write!(f, "spend {iterations}")?,
                What::Const(bits) => write!(f, "const {bits:#x}")?,
                What::Uniform { slot, of: Of::Value } => write!(f, "the one value of slot {slot}")?,
                What::Uniform { slot, of: Of::Reciprocal } => write!(f, "1 / the one value of slot {slot}")?,
                What::Uniform { slot, of: Of::Limit(bits) } => {
                    write!(f, "{bits:#x} if the one value of slot {slot} is usual")?;
                }
                What::Load { slot, elem } => write!(f, "load {elem} of slot {slot}")?,
                What::Address { list } => write!(f, "addresses of list {list}")?,
                What::Gather { from: Where::Table(table), elem, .. } => write!(f, "gather {elem} of table {table} at")?,
                What::Gather { from: Where::Address, elem, offset } => write!(f, "gather {elem} at {offset} +")?,
                What::Scatter { elem, offset, .. } => write!(f, "scatter {elem} to {offset} +")?,
                What::Machine(machine, _) => write!(f, "{machine:?}")?,
                What::Masked(machine) => write!(f, "masked {machine:?}")?,
                What::Ordered => f.write_str("ordered")?,
                What::Canonical => f.write_str("canonical unless all of")?,
                What::Quotient(Doubt::Where) => f.write_str("quotient unless one is in doubt:")?,
                What::Quotient(Doubt::Unless) => f.write_str("quotient if none is in doubt:")?,
                What::Check => f.write_str("check")?,
                What::Spread { column, elem, element, .. } => {
                    write!(f, "store {elem} to column {column}, element {element}:")?;
                }
                What::Store { column, elem } => write!(f, "store {elem} to column {column}:")?,
                What::Sum { elem } => write!(f, "add {elem} to the sum's lanes:")?,
            }
            for (place, arg) in inst.args.iter().enumerate() {
                write!(f, "{} v{}", if place == 0 { "" } else { "," }, arg.0)?;
            }
            if let What::Machine(_, Some(imm)) = inst.what {
                write!(f, ", {imm}")?;
            }
            if self.copies > 1 && !inst.what.is_shared() {
                write!(f, "    ; block {}", inst.copy)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

fn type_name(ty: Ty) -> &'static str {
    match ty {
        Ty::Lanes(Width::W32) => "w32",
        Ty::Lanes(Width::W64) => "w64",
        Ty::Mask(_) => "mask",
        Ty::Packed => "packed",
        Ty::None => "none",
    }
}
