//! Chains of inequalities `x <= y + c`, searched backwards from what is wanted.
//!
//! The facts that control flow gives are kept as they come, and go with the region that they hold in; what
//! definitions say is read off the values. This is the demand-driven search of Bodik, Gupta and Sarkar
//! ("ABCD: eliminating array bounds checks on demand", PLDI 2000) on structured regions. `proof` says why
//! its steps are right. This file holds the facts; `order::search` the search, `order::defined` what operations
//! say, `order::parts` what follows for results of `if`s and loops.

mod defined;
mod parts;
mod search;

use filbert_ir::{Core, Def, Op, Type, ValueId};

use super::range::Range;

/// Steps of one search, and of all searches of a kernel.
const STEPS_MAX: u32 = 200;
const ALL_STEPS_MAX: u32 = 60_000;
/// Depth of a search.
const DEPTH_MAX: usize = 40;
/// How deep conditions are taken apart.
const CONDITION_DEPTH_MAX: u32 = 8;

/// One side of an inequality.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Node {
    /// The number 0; with the constant of an inequality, any number.
    Zero,
    /// An integer value.
    Value(ValueId),
}

/// `x <= y + c`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fact {
    pub(super) x: Node,
    pub(super) y: Node,
    pub(super) c: i128,
}

impl Fact {
    pub(super) fn new(x: Node, y: Node, c: i128) -> Fact {
        Fact { x, y, c }
    }
}

/// A fact where it is kept: with one of its sides.
#[derive(Clone, Copy)]
struct Known {
    /// The other side.
    other: Node,
    c: i128,
    /// It holds only if this does.
    needs: Option<Fact>,
    /// The value that made it true: what stands inside a loop is not true of its other iterations.
    since: ValueId,
    /// Number in order of learning.
    serial: u32,
    /// The assumption that it is.
    assumed: Option<usize>,
}

/// A bool that a loop carries, and what it is in this iteration.
#[derive(Clone, Copy)]
struct Flag {
    carried: ValueId,
    holds: bool,
    since: ValueId,
    serial: u32,
}

/// Where facts stood when a region was opened.
pub(super) struct Scope {
    facts: usize,
    flags: usize,
}

/// A search that has gone back in time: to an earlier iteration of a loop.
#[derive(Clone, Copy)]
struct Back {
    /// Facts that were known before the search hold there if no value behind this one made them true: then
    /// they hold wherever the loop runs.
    loop_id: ValueId,
    /// Of those that the search learnt by itself, only those with greater numbers do.
    serial: u32,
}

/// An inequality that is being proved.
#[derive(Clone, Copy)]
struct Goal {
    x: Node,
    y: Node,
    k: i128,
    /// Whether it may be used: the search has gone back in time since.
    holds_earlier: bool,
}

/// Facts and the search through them.
pub(super) struct Order<'a> {
    core: &'a Core,
    ranges: Vec<Range>,
    /// Ranges if all lengths are bounded.
    bounded: Vec<Range>,
    /// For each value as `x`, what it is at most.
    above: Vec<Vec<Known>>,
    /// For each value as `y`, what it is at least.
    below: Vec<Vec<Known>>,
    /// Facts in order of learning.
    log: Vec<(Node, Node)>,
    flags: Vec<Flag>,
    serial: u32,
    /// Operations that wrap, and are known not to.
    exact: Vec<bool>,
    /// The loop that a value is carried by.
    owners: Vec<Option<ValueId>>,
    // --- the search going on
    /// Number of the last fact before it.
    searching: u32,
    goals: Vec<Goal>,
    backs: Vec<Back>,
    assumed: Vec<usize>,
    may_assume: bool,
    steps: u32,
    all_steps: u32,
}

impl<'a> Order<'a> {
    pub(super) fn new(core: &'a Core, ranges: Vec<Range>, bounded: Vec<Range>) -> Order<'a> {
        let size = core.values.len();
        let mut owners = vec![None; size];
        for (index, value) in core.values.iter().enumerate() {
            if let Def::Loop { inits, body } = &value.def {
                let first = body.start.index();
                owners[first..first + inits.len()].fill(Some(ValueId(index as u32)));
            }
        }
        Order {
            core,
            ranges,
            bounded,
            above: vec![Vec::new(); size],
            below: vec![Vec::new(); size],
            log: Vec::new(),
            flags: Vec::new(),
            exact: vec![false; size],
            serial: 0,
            owners,
            searching: 0,
            goals: Vec::new(),
            backs: Vec::new(),
            assumed: Vec::new(),
            may_assume: false,
            steps: 0,
            all_steps: ALL_STEPS_MAX,
        }
    }

    pub(super) fn into_ranges(self) -> Vec<Range> {
        self.ranges
    }

    /// What a value lies in.
    pub(super) fn range(&self, id: ValueId) -> Range {
        self.ranges[id.index()]
    }

    /// What a value lies in if all lengths are bounded.
    pub(super) fn bounded(&self, id: ValueId) -> Range {
        self.bounded[id.index()]
    }

    // --- facts

    /// Adds a fact that is true since `since`.
    pub(super) fn add(&mut self, fact: Fact, since: ValueId) {
        self.insert(fact, None, since, None);
    }

    /// Adds a fact that is an assumption, and holds if `needs` does.
    pub(super) fn assume(&mut self, fact: Fact, needs: Option<Fact>, assumption: usize) {
        self.insert(fact, needs, ValueId(0), Some(assumption));
    }

    /// Notes that an operation that could wrap does not.
    pub(super) fn set_exact(&mut self, id: ValueId) {
        self.exact[id.index()] = true;
    }

    fn insert(&mut self, fact: Fact, needs: Option<Fact>, since: ValueId, assumed: Option<usize>) {
        let ((x, less), (y, more)) = (self.plain(fact.x), self.plain(fact.y));
        let c = fact.c - less + more;
        self.serial += 1;
        let serial = self.serial;
        if let Node::Value(id) = x {
            self.above[id.index()].push(Known { other: y, c, needs, since, serial, assumed });
        }
        if let Node::Value(id) = y {
            self.below[id.index()].push(Known { other: x, c, needs, since, serial, assumed });
        }
        self.log.push((x, y));
    }

    pub(super) fn open(&self) -> Scope {
        Scope { facts: self.log.len(), flags: self.flags.len() }
    }

    /// Forgets what was learnt since the scope was opened.
    pub(super) fn close(&mut self, scope: Scope) {
        self.flags.truncate(scope.flags);
        for (x, y) in self.log.drain(scope.facts..).rev() {
            if let Node::Value(id) = x {
                self.above[id.index()].pop();
            }
            if let Node::Value(id) = y {
                self.below[id.index()].pop();
            }
        }
    }

    /// Learns that a condition holds, or does not.
    pub(super) fn learn(&mut self, cond: ValueId, holds: bool, since: ValueId) {
        self.learn_at(cond, holds, since, CONDITION_DEPTH_MAX);
    }

    fn learn_at(&mut self, cond: ValueId, holds: bool, since: ValueId, depth: u32) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let (op, args) = match &self.core.value(cond).def {
            Def::Op(op, args) => (op, args),
            Def::Carried(_) => {
                self.serial += 1;
                self.flags.push(Flag { carried: cond, holds, since, serial: self.serial });
                return;
            }
            _ => return,
        };
        let ty = self.core.ty(args[0]);
        if ty == Type::Bool {
            match (op, holds) {
                (Op::Not, _) => self.learn_at(args[0], !holds, since, depth),
                (Op::And, true) | (Op::Or, false) => {
                    self.learn_at(args[0], holds, since, depth);
                    self.learn_at(args[1], holds, since, depth);
                }
                _ => {}
            }
            return;
        }
        if !ty.is_int() || args.len() < 2 {
            return;
        }
        let (x, y) = (Node::Value(args[0]), Node::Value(args[1]));
        let mut le = |x, y, c| self.add(Fact::new(x, y, c), since);
        match (op, holds) {
            (Op::Lt, true) | (Op::Ge, false) => le(x, y, -1),
            (Op::Le, true) | (Op::Gt, false) => le(x, y, 0),
            (Op::Gt, true) | (Op::Le, false) => le(y, x, -1),
            (Op::Ge, true) | (Op::Lt, false) => le(y, x, 0),
            (Op::Eq, true) | (Op::Ne, false) => {
                le(x, y, 0);
                le(y, x, 0);
            }
            // Not equal and at most is less.
            (Op::Ne, true) | (Op::Eq, false) => {
                for (x, y) in [(x, y), (y, x)] {
                    self.insert(Fact::new(x, y, -1), Some(Fact::new(x, y, 0)), since, None);
                }
            }
            _ => {}
        }
    }

    /// A node without constants: a constant is 0 and its number.
    fn plain(&self, node: Node) -> (Node, i128) {
        match node {
            Node::Value(id) if self.core.as_const(id).is_some() => (Node::Zero, self.range(id).lo),
            other => (other, 0),
        }
    }

    /// Whether a fact holds where the search stands.
    fn holds(&self, known: &Known) -> bool {
        (self.may_assume || known.assumed.is_none()) && self.is_now(known.since, known.serial)
    }

    /// Whether what was learnt then is about the time that the search stands at.
    fn is_now(&self, since: ValueId, serial: u32) -> bool {
        let still = |back: &Back| serial > back.serial || (serial <= self.searching && since <= back.loop_id);
        self.backs.iter().all(still)
    }
}
