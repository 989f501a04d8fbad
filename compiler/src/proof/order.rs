//! Chains of inequalities `x <= y + c`, searched backwards from what is wanted.
//!
//! The facts that control flow gives are kept as they come, and go with the region that they hold in; what
//! definitions say is read off the values. This is the demand-driven search of Bodik, Gupta and Sarkar
//! ("ABCD: eliminating array bounds checks on demand", PLDI 2000) on structured regions. `proof` says why
//! its steps are right.

use filbert_ir::{Core, Def, Op, Type, ValueId};

use super::LENGTHS;
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

/// A fact where it is kept: with one of its sides.
#[derive(Clone, Copy)]
struct Known {
    /// The other side.
    other: Node,
    c: i128,
    /// The value that made it true: what stands inside a loop is not true of its other iterations.
    since: ValueId,
    /// Number in order of learning.
    serial: u32,
    /// The assumption that it is.
    assumed: Option<usize>,
}

/// Where facts stood when a region was opened.
pub(super) struct Scope(usize);

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
    serial: u32,
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
    pub(super) fn add(&mut self, fact: Fact, since: ValueId, assumed: Option<usize>) {
        let ((x, less), (y, more)) = (self.plain(fact.x), self.plain(fact.y));
        let c = fact.c - less + more;
        self.serial += 1;
        let serial = self.serial;
        if let Node::Value(id) = x {
            self.above[id.index()].push(Known { other: y, c, since, serial, assumed });
        }
        if let Node::Value(id) = y {
            self.below[id.index()].push(Known { other: x, c, since, serial, assumed });
        }
        self.log.push((x, y));
    }

    pub(super) fn open(&self) -> Scope {
        Scope(self.log.len())
    }

    /// Forgets what was learnt since the scope was opened.
    pub(super) fn close(&mut self, scope: Scope) {
        for (x, y) in self.log.drain(scope.0..).rev() {
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
        let Def::Op(op, args) = &self.core.value(cond).def else { return };
        let Some(depth) = depth.checked_sub(1) else { return };
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
        let mut le = |x, y, c| self.add(Fact { x, y, c }, since, None);
        match (op, holds) {
            (Op::Lt, true) | (Op::Ge, false) => le(x, y, -1),
            (Op::Le, true) | (Op::Gt, false) => le(x, y, 0),
            (Op::Gt, true) | (Op::Le, false) => le(y, x, -1),
            (Op::Ge, true) | (Op::Lt, false) => le(y, x, 0),
            (Op::Eq, true) | (Op::Ne, false) => {
                le(x, y, 0);
                le(y, x, 0);
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
        let still =
            |back: &Back| known.serial > back.serial || (known.serial <= self.searching && known.since <= back.loop_id);
        (self.may_assume || known.assumed.is_none()) && self.backs.iter().all(still)
    }

    // --- the search

    /// Proves `x <= y + k`, if it can; gives the assumptions that it needs.
    pub(super) fn prove(&mut self, x: Node, y: Node, k: i128) -> Option<Vec<usize>> {
        self.searching = self.serial;
        for may_assume in [false, true] {
            self.may_assume = may_assume;
            self.steps = STEPS_MAX.min(self.all_steps);
            self.all_steps -= self.steps;
            self.assumed.clear();
            let proved = self.le(x, y, k);
            self.all_steps += self.steps;
            if proved {
                return Some(std::mem::take(&mut self.assumed));
            }
        }
        None
    }

    /// Whether `x <= y + k`. What a failed attempt assumed is forgotten.
    fn le(&mut self, x: Node, y: Node, k: i128) -> bool {
        let ((x, less), (y, more)) = (self.plain(x), self.plain(y));
        let k = k - less + more;
        if x == y {
            return k >= 0;
        }
        if self.hi(x, false) <= self.lo(y, false) + k {
            return true;
        }
        if self.may_assume && self.hi(x, true) <= self.lo(y, true) + k {
            self.assumed.push(LENGTHS);
            return true;
        }
        // The same goal once more leads nowhere, unless it is about an earlier time by now.
        let mut is_earlier = false;
        for goal in self.goals.iter().rev() {
            let same = (goal.x, goal.y) == (x, y);
            if same && goal.holds_earlier && goal.k <= k {
                return true;
            }
            is_earlier |= goal.holds_earlier;
            if same && !is_earlier {
                return false;
            }
        }
        if self.steps == 0 || self.goals.len() >= DEPTH_MAX {
            return false;
        }
        self.steps -= 1;
        let assumed = self.assumed.len();
        self.goals.push(Goal { x, y, k, holds_earlier: false });
        let proved = self.by_facts(x, y, k) || self.by_upper(x, y, k) || self.by_lower(x, y, k);
        self.goals.pop();
        if !proved {
            self.assumed.truncate(assumed);
        }
        proved
    }

    fn hi(&self, node: Node, bounded: bool) -> i128 {
        match node {
            Node::Zero => 0,
            Node::Value(id) => if bounded { self.bounded(id) } else { self.range(id) }.hi,
        }
    }

    fn lo(&self, node: Node, bounded: bool) -> i128 {
        match node {
            Node::Zero => 0,
            Node::Value(id) => if bounded { self.bounded(id) } else { self.range(id) }.lo,
        }
    }

    /// Through a fact about either side.
    fn by_facts(&mut self, x: Node, y: Node, k: i128) -> bool {
        if let Node::Value(id) = x {
            for at in (0..self.above[id.index()].len()).rev() {
                let known = self.above[id.index()][at];
                if self.holds(&known) && self.with(known.assumed, |order| order.le(known.other, y, k - known.c)) {
                    return true;
                }
            }
        }
        if let Node::Value(id) = y {
            for at in (0..self.below[id.index()].len()).rev() {
                let known = self.below[id.index()][at];
                if self.holds(&known) && self.with(known.assumed, |order| order.le(x, known.other, k - known.c)) {
                    return true;
                }
            }
        }
        false
    }

    /// Goes on under an assumption, and notes it if that leads to a proof.
    fn with(&mut self, assumed: Option<usize>, go_on: impl FnOnce(&mut Self) -> bool) -> bool {
        let proved = go_on(self);
        if proved {
            self.assumed.extend(assumed);
        }
        proved
    }

    /// Through what the definition of `x` says that it is at most.
    fn by_upper(&mut self, x: Node, y: Node, k: i128) -> bool {
        let Node::Value(id) = x else { return false };
        let value = Node::Value;
        match &self.core.value(id).def {
            Def::Op(op, args) if self.core.ty(args[0]).is_int() || *op == Op::Select => {
                let unsigned = !self.core.ty(args[0]).is_signed();
                let [a, b] = [args[0], *args.get(1).unwrap_or(&args[0])];
                match op {
                    Op::Add => self.le(value(a), y, k - self.range(b).hi) || self.le(value(b), y, k - self.range(a).hi),
                    Op::Sub => self.le(value(a), y, k + self.range(b).lo),
                    Op::Mul => self.multiple(a, b, y, k) || self.multiple(b, a, y, k),
                    Op::Min => self.le(value(a), y, k) || self.le(value(b), y, k),
                    Op::Max => self.le(value(a), y, k) && self.le(value(b), y, k),
                    Op::Clamp => self.le(value(args[2]), y, k) || (self.le(value(a), y, k) && self.le(value(b), y, k)),
                    Op::And if unsigned => self.le(value(a), y, k) || self.le(value(b), y, k),
                    Op::Rem | Op::WrappingRem | Op::RemEuclid if unsigned => {
                        self.le(value(b), y, k + 1) || self.le(value(a), y, k)
                    }
                    // The divisor is not 0 here.
                    Op::RemEuclid if self.range(b).lo >= 0 => self.le(value(b), y, k + 1),
                    Op::Div | Op::WrappingDiv | Op::DivEuclid | Op::Shr | Op::WrappingShr if unsigned => {
                        self.le(value(a), y, k)
                    }
                    Op::Index => self.le(value(a), y, k) || self.le(value(b), y, k + 1),
                    Op::Cast => self.is_kept(a, self.core.ty(id)) && self.le(value(a), y, k),
                    Op::Select => self.le(value(args[1]), y, k) && self.le(value(args[2]), y, k),
                    _ => false,
                }
            }
            _ => self.by_parts(id, &mut |order, id| order.le(value(id), y, k), y, (x, y, k)),
        }
    }

    /// Through what the definition of `y` says that it is at least.
    fn by_lower(&mut self, x: Node, y: Node, k: i128) -> bool {
        let Node::Value(id) = y else { return false };
        let value = Node::Value;
        match &self.core.value(id).def {
            Def::Op(op, args) if self.core.ty(args[0]).is_int() || *op == Op::Select => {
                let [a, b] = [args[0], *args.get(1).unwrap_or(&args[0])];
                match op {
                    Op::Add => self.le(x, value(a), k + self.range(b).lo) || self.le(x, value(b), k + self.range(a).lo),
                    Op::Sub => self.le(x, value(a), k - self.range(b).hi),
                    Op::Max => self.le(x, value(a), k) || self.le(x, value(b), k),
                    Op::Min => self.le(x, value(a), k) && self.le(x, value(b), k),
                    Op::Index => self.le(x, value(a), k),
                    Op::Cast => self.is_kept(a, self.core.ty(id)) && self.le(x, value(a), k),
                    Op::Select => self.le(x, value(args[1]), k) && self.le(x, value(args[2]), k),
                    _ => false,
                }
            }
            _ => self.by_parts(id, &mut |order, id| order.le(x, value(id), k), x, (x, y, k)),
        }
    }

    /// `a * c <= y + k` for a constant `c` above 0, where `a` is at most some quotient `n / c` and a constant:
    /// rows of a flat two-dimensional list.
    fn multiple(&mut self, a: ValueId, c: ValueId, y: Node, k: i128) -> bool {
        let Some(factor) = self.core.as_const(c).map(|_| self.range(c).lo).filter(|&factor| factor > 0) else {
            return false;
        };
        for at in (0..self.above[a.index()].len()).rev() {
            let known = self.above[a.index()][at];
            let Node::Value(quotient) = known.other else { continue };
            let Def::Op(Op::Div | Op::WrappingDiv, args) = &self.core.value(quotient).def else { continue };
            let same = self.core.as_const(args[1]).is_some() && self.range(args[1]).lo == factor;
            let unsigned = !self.core.ty(quotient).is_signed();
            let Some(offset) = known.c.checked_mul(factor).filter(|_| same && unsigned) else { continue };
            let n = Node::Value(args[0]);
            if self.holds(&known) && self.with(known.assumed, |order| order.le(n, y, k - offset)) {
                return true;
            }
        }
        false
    }

    /// Whether a cast keeps the number.
    fn is_kept(&mut self, from: ValueId, to: Type) -> bool {
        let (source, target) = (self.core.ty(from), Range::of(to));
        if !to.is_int() || !(source.is_int() || source == Type::Bool) {
            return false;
        }
        let from = Node::Value(from);
        self.le(Node::Zero, from, -target.lo) && self.le(from, Node::Zero, target.hi)
    }

    /// A result of an `if` or `loop`, or a carried value: what is wanted must hold of each value that it can
    /// be. `fixed` is the other side of the inequality.
    fn by_parts(
        &mut self,
        id: ValueId,
        wanted: &mut dyn FnMut(&mut Self, ValueId) -> bool,
        fixed: Node,
        (x, y, k): (Node, Node, i128),
    ) -> bool {
        let core = self.core;
        let (of, index) = match core.value(id).def {
            Def::If { .. } | Def::Loop { .. } => (id, 0),
            Def::Output { of, index } => (of, index as usize),
            Def::Carried(index) => {
                let owner = self.owners[id.index()].expect("a carried value has a loop");
                let Def::Loop { inits, body } = &core.value(owner).def else { return false };
                let init = inits[index as usize];
                if !is_outside(fixed, owner) || !self.back(owner, |order| wanted(order, init)) {
                    return false;
                }
                // From here on the goal may be used: it is about an earlier time.
                self.goals.push(Goal { x, y, k, holds_earlier: true });
                let next = body.yields[index as usize + 1];
                let proved = self.back(owner, |order| order.each_end(body.yields[0], next, true, wanted));
                self.goals.pop();
                return proved;
            }
            _ => return false,
        };
        match &core.value(of).def {
            Def::If { cond, then, otherwise } => {
                [(then, true), (otherwise, false)].into_iter().all(|(region, holds)| {
                    let scope = self.open();
                    self.learn(*cond, holds, of);
                    let proved = wanted(self, region.yields[index]);
                    self.close(scope);
                    proved
                })
            }
            Def::Loop { body, .. } => {
                is_outside(fixed, of)
                    && self.back(of, |order| order.each_end(body.yields[0], body.yields[index + 1], false, wanted))
            }
            _ => false,
        }
    }

    /// Goes back in time: facts from inside the loop, and from behind it, do not hold there.
    fn back(&mut self, loop_id: ValueId, go_on: impl FnOnce(&mut Self) -> bool) -> bool {
        self.backs.push(Back { loop_id, serial: self.serial });
        let proved = go_on(self);
        self.backs.pop();
        proved
    }

    /// Whether what is wanted holds of a yield at each end of a loop's body that goes on, or of each that
    /// does not; `go_on` is what the end in question yields for that.
    fn each_end(
        &mut self,
        go_on: ValueId,
        yielded: ValueId,
        going_on: bool,
        wanted: &mut dyn FnMut(&mut Self, ValueId) -> bool,
    ) -> bool {
        let core = self.core;
        if self.steps == 0 {
            return false;
        }
        self.steps -= 1;
        if let Some(decision) = core.as_const(go_on) {
            let taken = (decision.bits() != 0) == going_on;
            return !taken || wanted(self, yielded);
        }
        let result = |id: ValueId| match core.value(id).def {
            Def::If { .. } => Some((id, 0)),
            Def::Output { of, index } => Some((of, index as usize)),
            _ => None,
        };
        if let Some((of, decides)) = result(go_on)
            && let Def::If { cond, then, otherwise } = &core.value(of).def
        {
            return [(then, true), (otherwise, false)].into_iter().all(|(region, holds)| {
                let scope = self.open();
                self.learn(*cond, holds, of);
                let yielded = match result(yielded) {
                    Some((owner, index)) if owner == of => region.yields[index],
                    _ => yielded,
                };
                let proved = self.each_end(region.yields[decides], yielded, going_on, wanted);
                self.close(scope);
                proved
            });
        }
        let scope = self.open();
        self.learn(go_on, going_on, go_on);
        let proved = wanted(self, yielded);
        self.close(scope);
        proved
    }
}

/// Whether a side of an inequality is one value for all iterations of a loop.
fn is_outside(node: Node, loop_id: ValueId) -> bool {
    match node {
        Node::Zero => true,
        Node::Value(id) => id < loop_id,
    }
}
