//! What never fails: operations whose fault cannot happen, and accesses whose index is below the length.
//!
//! The kernel is walked once, in the order in which it runs. For each value that may fault the walk asks for
//! a proof; where there is one, the lowering leaves the check out. A proof is about integers as numbers, not
//! as bits, and has two parts:
//!
//! * `range`: an interval that a value lies in, wherever it is looked at;
//! * `order`: chains of inequalities `x <= y + c` between two values, where the walk stands.
//!
//! **Why it holds.** A statement about values is about what they are now, in the current iteration of each
//! loop around. It follows from
//!
//! 1. *definitions*: `min(a, b) <= a`; `a + 1` is one more than `a`, where the sum is checked. That the
//!    check may be branched on later than the sum is used does no harm: the row is lost by then, and no
//!    access that a proof stands for is made before all pending flags were looked at;
//! 2. *control*: in the region of an `if` its condition holds or does not; behind an access its index is
//!    below the length; behind `same_length` two lengths are equal. Such facts end with their region;
//! 3. *induction over time* for what a loop carries: the statement holds of the initial value, and of the
//!    next value if it holds of all earlier ones. The next value was computed in an earlier iteration: facts
//!    from inside the loop do not count there, but for the condition under which the loop went on. The other
//!    side of the inequality must stand outside of the loop. A proof that comes back to what it set out to
//!    prove, for the same or a weaker bound, may use it: each time round it has gone back in time;
//! 4. *fuel*: a carried value that each iteration changes by at most `d` is within `d * fuel` of where it
//!    began;
//! 5. *assumptions* on lengths, which hold for every caller that keeps the ABI: a list is no longer than
//!    memory, a list of fixed length has that length, a result has the length that the signature computes.
//!    Those that some proof used are checked once a row (`Assumption`), so that no promise has to be trusted.
//!
//! Tests run the interpreter beside it: no row may fail at a value that is proved not to.
//!
//! The search is cut off by depth and by a number of steps; then there is simply no proof.

mod order;
mod range;

use filbert_ir::signature::{Array, Param, ResultTy};
use filbert_ir::{Core, Def, Op, Type, ValueId};

use self::order::{Fact, Node, Order};
pub(crate) use self::range::Range;

/// What is proved about a kernel.
#[derive(Clone, Debug)]
pub struct Proofs {
    /// For each value, whether it is one that could fault and never does.
    pub never_fails: Vec<bool>,
    /// What a row must meet for that.
    pub assumptions: Vec<Assumption>,
    ranges: Vec<Range>,
}

/// An inequality between slots that a row must meet: `x <= y + c`, where no slot is 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Assumption {
    /// A slot that holds a length, if any.
    pub x: Option<ValueId>,
    /// Another one, if any.
    pub y: Option<ValueId>,
    /// By how much the first may be greater; negative if it must be less.
    pub c: i64,
    /// Whether it may also be that `x` is 0.
    pub or_zero: bool,
    /// The first value whose proof needs it.
    pub needed_by: ValueId,
}

/// Elements that no list exceeds: there is not so much memory.
const LENGTH_MAX: i128 = 1 << 47;

/// Proves what it can.
pub fn prove(core: &Core) -> Proofs {
    let ranges = range::find(core, None);
    let bounded = range::find(core, Some(LENGTH_MAX));
    let mut walk = Walk {
        core,
        never_fails: vec![false; core.values.len()],
        order: Order::new(core, ranges, bounded),
        assumptions: Vec::new(),
        used: Vec::new(),
    };
    walk.assume();
    walk.region(core.slots(), core.values.len() as u32);
    let Walk { never_fails, order, assumptions, used, .. } = walk;
    let mut wanted = Vec::new();
    for (index, needed_by) in used {
        let found: Vec<_> = match index {
            LENGTHS => length_slots(core).map(|slot| (Some(slot), None, LENGTH_MAX as i64, false)).collect(),
            _ => vec![assumptions[index]],
        };
        wanted.extend(found.into_iter().map(|(x, y, c, or_zero)| Assumption { x, y, c, or_zero, needed_by }));
    }
    Proofs { never_fails, assumptions: wanted, ranges: order.into_ranges() }
}

impl Proofs {
    /// An interval that an integer value lies in, without any assumption.
    pub(crate) fn range(&self, id: ValueId) -> Range {
        self.ranges[id.index()]
    }
}

/// The assumption that all lengths are at most `LENGTH_MAX`; its place in the list.
const LENGTHS: usize = 0;

struct Walk<'a> {
    core: &'a Core,
    never_fails: Vec<bool>,
    order: Order<'a>,
    /// What may be assumed, as x, y, c and `or_zero`.
    assumptions: Vec<(Option<ValueId>, Option<ValueId>, i64, bool)>,
    /// Assumptions that some proof used, and the first value that did.
    used: Vec<(usize, ValueId)>,
}

/// The slots that hold lengths.
fn length_slots(core: &Core) -> impl Iterator<Item = ValueId> + Clone {
    let signature = &core.signature;
    let params = signature.params.iter().enumerate().filter(|(_, param)| matches!(param, Param::List { .. }));
    let results = signature.results.iter().enumerate().filter(|(_, r)| matches!(r, ResultTy::List { .. }));
    let params = params.map(|(index, _)| signature.param_slot(index));
    params.chain(results.map(|(index, _)| signature.length_slot(index)))
}

impl Walk<'_> {
    /// Makes facts of what callers promise about lengths.
    fn assume(&mut self) {
        // `LENGTHS` stands for all slots; its entry is never looked at.
        self.assumptions.push((None, None, 0, false));
        let signature = &self.core.signature;
        for (index, param) in signature.params.iter().enumerate() {
            if let Param::List { inner, len: Some(len), .. } = param {
                let (slot, length) = (signature.param_slot(index), i64::from(*inner) * i64::from(*len));
                self.promise(Some(slot), None, length);
                self.promise(None, Some(slot), -length);
            }
        }
        for (index, result) in signature.results.iter().enumerate() {
            let ResultTy::List { inner, len, .. } = result else { continue };
            let (slot, inner) = (signature.length_slot(index), i64::from(*inner));
            let Some(constant) = len.constant.checked_mul(inner).filter(|c| c.unsigned_abs() < 1 << 40) else {
                continue;
            };
            if len.terms.is_empty() {
                self.promise(Some(slot), None, constant.max(0));
                self.promise(None, Some(slot), -constant.max(0));
            }
            if len.terms.iter().any(|&(_, times)| times < 0) {
                continue;
            }
            for &(param, times) in &len.terms {
                let Param::List { inner: theirs, .. } = signature.params[param as usize] else { continue };
                let (source, theirs) = (signature.param_slot(param as usize), i64::from(theirs));
                // As many rows and a constant more or less, each of them at least as long.
                if times >= 1 && inner >= theirs {
                    self.promise(Some(source), Some(slot), -constant);
                }
                if len.terms.len() == 1 && times == 1 && inner == theirs {
                    match constant {
                        0.. => self.promise(Some(slot), Some(source), constant),
                        // Below 0 a length counts as 0.
                        _ => self.promise_unless_0(slot, source, constant),
                    }
                }
            }
        }
    }

    /// `x <= y + c`.
    fn promise(&mut self, x: Option<ValueId>, y: Option<ValueId>, c: i64) {
        let index = self.assumptions.len();
        self.assumptions.push((x, y, c, false));
        let node = |slot: Option<ValueId>| slot.map_or(Node::Zero, Node::Value);
        self.order.assume(Fact::new(node(x), node(y), c.into()), None, index);
    }

    /// `x <= y + c`, or `x` is 0.
    fn promise_unless_0(&mut self, x: ValueId, y: ValueId, c: i64) {
        let index = self.assumptions.len();
        self.assumptions.push((Some(x), Some(y), c, true));
        let fact = Fact::new(Node::Value(x), Node::Value(y), c.into());
        self.order.assume(fact, Some(Fact::new(Node::Zero, Node::Value(x), -1)), index);
    }

    fn region(&mut self, start: u32, end: u32) {
        let core = self.core;
        let mut next = start;
        while next < end {
            let id = ValueId(next);
            next += 1;
            match &core.value(id).def {
                Def::Op(op, args) => {
                    if core.may_fault(id) && self.op_holds(id, *op, args) {
                        self.never_fails[id.index()] = true;
                    }
                    // An assumption is worth its check only where a check goes: not here.
                    if matches!(op, Op::WrappingAdd | Op::WrappingSub | Op::WrappingMul)
                        && self.order.prove_fits(id).is_some_and(|assumed| assumed.is_empty())
                    {
                        self.order.set_exact(id);
                    }
                    self.learn_from_op(id, *op, args);
                }
                Def::Load { array, index } | Def::Store { array, index, .. } => {
                    let length = self.length(*array);
                    self.never_fails[id.index()] = self.is_below(id, *index, length);
                    let (y, c) = length;
                    self.order.add(Fact::new(Node::Value(*index), y, c - 1), id);
                }
                Def::If { cond, then, otherwise } => {
                    for (region, holds) in [(then, true), (otherwise, false)] {
                        let scope = self.order.open();
                        self.order.learn(*cond, holds, id);
                        self.region(region.start.0, region.end.0);
                        self.order.close(scope);
                    }
                    next = otherwise.end.0;
                }
                Def::Loop { body, .. } => {
                    let scope = self.order.open();
                    self.region(body.start.0, body.end.0);
                    self.order.close(scope);
                    next = body.end.0;
                }
                Def::Param(_) | Def::Const(_) | Def::Output { .. } | Def::Carried(_) => {}
            }
        }
    }

    /// The length of an array: a slot, or a constant.
    fn length(&self, array: Array) -> (Node, i128) {
        let signature = &self.core.signature;
        match array {
            Array::Param(param) => (Node::Value(signature.param_slot(param as usize)), 0),
            Array::Result(result) => (Node::Value(signature.length_slot(result as usize)), 0),
            Array::Table(table) => (Node::Zero, self.core.tables[table as usize].len() as i128),
        }
    }

    // --- what operations need

    /// Whether the fault of an operation cannot happen.
    fn op_holds(&mut self, id: ValueId, op: Op, args: &[ValueId]) -> bool {
        let ty = self.core.ty(args[0]);
        if ty == Type::Bool {
            return op == Op::Assert && self.is_implied(id, args[0]);
        }
        if !ty.is_int() {
            return false;
        }
        let least = Range::of(ty).lo;
        let value = |index: usize| Node::Value(args[index]);
        match op {
            Op::Add | Op::Sub | Op::Mul => match self.order.prove_fits(id) {
                Some(assumed) => self.note(assumed, id),
                None => false,
            },
            Op::Neg | Op::Abs => self.le(id, Node::Zero, value(0), -(least + 1)),
            Op::Isqrt => self.le(id, Node::Zero, value(0), 0),
            Op::Index => self.is_below(id, args[0], (value(1), 0)),
            Op::SameLength => self.le(id, value(0), value(1), 0) && self.le(id, value(1), value(0), 0),
            Op::Clamp => self.le(id, value(1), value(2), 0),
            Op::Shl | Op::Shr => self.is_below(id, args[1], (Node::Zero, ty.bits().into())),
            Op::Div | Op::Rem | Op::RemEuclid | Op::DivEuclid | Op::WrappingDiv | Op::WrappingRem => {
                let (x, y) = (self.order.range(args[0]), self.order.range(args[1]));
                let wraps = matches!(op, Op::WrappingDiv | Op::WrappingRem);
                !y.contains(0) && (wraps || !ty.is_signed() || !y.contains(-1) || x.lo > least)
            }
            _ => false,
        }
    }

    /// Whether 0 <= index < length.
    fn is_below(&mut self, id: ValueId, index: ValueId, (node, c): (Node, i128)) -> bool {
        let index = Node::Value(index);
        self.le(id, Node::Zero, index, 0) && self.le(id, index, node, c - 1)
    }

    /// Whether a condition holds anyway.
    fn is_implied(&mut self, id: ValueId, cond: ValueId) -> bool {
        let Def::Op(op, args) = &self.core.value(cond).def else { return false };
        if !self.core.ty(args[0]).is_int() {
            return false;
        }
        let value = |index: usize| Node::Value(args[index]);
        match op {
            Op::Lt => self.le(id, value(0), value(1), -1),
            Op::Le => self.le(id, value(0), value(1), 0),
            Op::Gt => self.le(id, value(1), value(0), -1),
            Op::Ge => self.le(id, value(1), value(0), 0),
            Op::Eq => self.le(id, value(0), value(1), 0) && self.le(id, value(1), value(0), 0),
            _ => false,
        }
    }

    /// Whether `x <= y + k`, for the sake of the value `id`; notes what had to be assumed.
    fn le(&mut self, id: ValueId, x: Node, y: Node, k: i128) -> bool {
        match self.order.prove(x, y, k) {
            Some(assumed) => self.note(assumed, id),
            None => false,
        }
    }

    /// Notes what a proof assumes.
    fn note(&mut self, assumed: Vec<usize>, id: ValueId) -> bool {
        for index in assumed {
            if self.used.iter().all(|&(seen, _)| seen != index) {
                self.used.push((index, id));
            }
        }
        true
    }

    /// What holds behind an operation, because the row would have failed otherwise.
    fn learn_from_op(&mut self, id: ValueId, op: Op, args: &[ValueId]) {
        let value = |index: usize| Node::Value(args[index]);
        match op {
            Op::Index => self.order.add(Fact::new(value(0), value(1), -1), id),
            Op::SameLength => {
                self.order.add(Fact::new(value(0), value(1), 0), id);
                self.order.add(Fact::new(value(1), value(0), 0), id);
            }
            Op::Assert => self.order.learn(args[0], true, id),
            _ => {}
        }
    }
}
