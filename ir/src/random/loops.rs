//! Loops and memory of a random kernel.

use super::generate::{Generator, Length, Memory};
use crate::kernel::ValueId;
use crate::op::Op;
use crate::signature::{Array, Param, ResultTy};
use crate::types::{Scalar, Type};

/// Loops around a value; the limit is above.
const LOOPS_MAX: usize = 3;
/// How often a value runs in a row, about.
const RUNS_MAX: usize = 1500;

/// What a counter is compared with.
struct Bound {
    id: ValueId,
    /// Iterations, about.
    trips: usize,
    /// The list whose length it is, so that the counter is an index of it.
    list: Option<Memory>,
}

/// How a loop ends.
#[derive(Clone, Copy, PartialEq)]
enum Exit {
    /// When the counter is at the bound.
    Counted,
    /// Then, or when some condition does not hold.
    Early,
    /// Then, or from within an `if`.
    Break,
    /// When the counter is at the bound, asked first: `while`, as front ends write it.
    While,
    /// When some condition does not hold; the counter does not count.
    Runaway,
}

impl Generator {
    /// A loop with a counter and some other carried values.
    pub(super) fn looped(&mut self) {
        let Some(bound) = self.bound() else { return self.operation() };
        let ty = self.builder.ty(bound.id);
        let exit = match self.rng.below(40) {
            _ if bound.list.is_some() => Exit::While,
            0..14 => Exit::Counted,
            14..22 => Exit::Early,
            22..30 => Exit::Break,
            30..39 => Exit::While,
            _ => Exit::Runaway,
        };
        self.runs_away |= exit == Exit::Runaway;
        let others = self.rng.below(4);
        let mut tys: Vec<Type> = (0..others).map(|_| self.rng.ty()).collect();
        // Values of one type can trade places.
        let first = tys.first().copied().unwrap_or(ty);
        if self.rng.chance(40) {
            tys.fill(first);
        }
        // The counter is not always the first.
        let place = self.rng.below(others + 1);
        tys.insert(place, ty);
        let mut inits: Vec<ValueId> = tys.iter().map(|&ty| self.operand(ty)).collect();
        inits[place] = self.constant(Scalar::from_bits(ty, 0));

        let runs = self.runs;
        self.runs *= bound.trips;
        self.depth += 1;
        self.loops += 1;
        self.blocks += 1;
        let (open, carried) = self.builder.begin_loop(&inits);
        let (go_on, next) = self.scoped(|g| {
            g.visible.extend(&carried);
            g.body(&bound, exit, &tys, place, &carried)
        });
        let results = self.builder.end_loop(open, go_on, &next);
        self.depth -= 1;
        self.loops -= 1;
        self.runs = runs;
        self.visible.extend(results);
    }

    /// A small bound that the values run up to, or none if this place runs too often already.
    fn bound(&mut self) -> Option<Bound> {
        if self.loops >= LOOPS_MAX {
            return None;
        }
        let ty = self.rng.int();
        let lists: Vec<Memory> = self.memory.iter().copied().filter(|m| matches!(m.length, Length::Slot(_))).collect();
        let bound = match self.rng.below(10) {
            0..4 if !lists.is_empty() => {
                let list = self.rng.pick(&lists);
                let Length::Slot(id) = list.length else { unreachable!("a list has a slot") };
                Bound { id, trips: 8, list: Some(list) }
            }
            0..7 => {
                let trips = 1 + self.rng.below(8);
                Bound { id: self.constant(Scalar::from_bits(ty, trips as u64)), trips, list: None }
            }
            _ => {
                let (arg, mask) = (self.operand(ty), self.constant(Scalar::from_bits(ty, 7)));
                Bound { id: self.push(Op::And, &[arg, mask]), trips: 4, list: None }
            }
        };
        (self.runs * bound.trips <= RUNS_MAX).then_some(bound)
    }

    /// The region of a loop behind its carried values: whether to go on, and the next values.
    fn body(
        &mut self,
        bound: &Bound,
        exit: Exit,
        tys: &[Type],
        place: usize,
        carried: &[ValueId],
    ) -> (ValueId, Vec<ValueId>) {
        let counter = carried[place];
        let count = 1 + self.rng.below(6);
        match exit {
            Exit::Counted | Exit::Early => {
                self.statements(count);
                let next = self.next_values(tys, place, carried);
                let mut go_on = self.push(Op::Lt, &[next[place], bound.id]);
                if exit == Exit::Early {
                    let other = self.operand(Type::Bool);
                    go_on = self.push(Op::And, &[go_on, other]);
                }
                (go_on, next)
            }
            Exit::Break => {
                self.statements(count / 2);
                let stop = self.operand(Type::Bool);
                let old = carried.to_vec();
                let mut results = self.choice(
                    stop,
                    |g| [vec![g.constant(Scalar::Bool(false))], old].concat(),
                    |g| {
                        g.statements(count);
                        let next = g.next_values(tys, place, carried);
                        [vec![g.push(Op::Lt, &[next[place], bound.id])], next].concat()
                    },
                );
                let go_on = results.remove(0);
                (go_on, results)
            }
            Exit::While => {
                let go_on = self.push(Op::Lt, &[counter, bound.id]);
                let old = carried.to_vec();
                let results = self.choice(
                    go_on,
                    |g| {
                        g.walk(counter, bound);
                        g.statements(count);
                        g.next_values(tys, place, carried)
                    },
                    |_| old,
                );
                (go_on, results)
            }
            Exit::Runaway => {
                self.statements(count);
                let go_on = self.operand(Type::Bool);
                let next = self.next_values(tys, place, carried);
                (go_on, next)
            }
        }
    }

    /// The next value of each carried one; the counter goes on. Now and then values trade places.
    fn next_values(&mut self, tys: &[Type], place: usize, carried: &[ValueId]) -> Vec<ValueId> {
        let mut next = Vec::new();
        for (index, &ty) in tys.iter().enumerate() {
            let alike: Vec<ValueId> = carried.iter().copied().filter(|&id| self.builder.ty(id) == ty).collect();
            next.push(if index == place {
                let step = 1 + self.rng.below(10) / 9;
                let step = self.constant(Scalar::from_bits(ty, step as u64));
                let op = self.rng.pick(&[Op::Add, Op::WrappingAdd]);
                self.push(op, &[carried[place], step])
            } else if self.rng.chance(35) {
                self.rng.pick(&alike)
            } else {
                self.operand(ty)
            });
        }
        next
    }

    /// Notes of which memory the counter is an index.
    fn walk(&mut self, counter: ValueId, bound: &Bound) {
        let Some(list) = bound.list else { return };
        for memory in self.memory.clone() {
            if self.is_as_long(memory, list) {
                self.in_range.push((counter, memory));
            }
        }
        // What a list is walked for.
        self.element(counter, list);
    }

    /// Whether every row's `memory` has at least as many elements as its `list`.
    fn is_as_long(&self, memory: Memory, list: Memory) -> bool {
        if memory.array == list.array {
            return true;
        }
        let (Array::Result(result), Array::Param(param)) = (memory.array, list.array) else { return false };
        let signature = &self.builder.signature;
        match (&signature.results[result as usize], &signature.params[param as usize]) {
            (ResultTy::List { inner, len, .. }, Param::List { inner: of, .. }) => {
                inner >= of
                    && len.constant >= 0
                    && len.terms.iter().all(|term| term.1 >= 0)
                    && len.terms.iter().any(|term| term.0 == param && term.1 >= 1)
            }
            _ => false,
        }
    }

    /// A load or a store, mostly in range.
    pub(super) fn access(&mut self) {
        if !self.in_range.is_empty() && self.rng.chance(50) {
            let (index, memory) = self.rng.pick(&self.in_range);
            return self.element(index, memory);
        }
        let memory = self.rng.pick(&self.memory);
        let length = match memory.length {
            Length::Slot(id) => id,
            Length::Fixed(length) => self.constant(Scalar::U64(length as u64)),
        };
        let is_empty = matches!(memory.length, Length::Fixed(0));
        match self.rng.below(40) {
            0 => {
                let index = self.operand(Type::U64);
                self.element(index, memory);
            }
            1..3 => {
                let small = self.rng.below(4) as u64;
                let index = self.constant(Scalar::U64(small));
                self.element(index, memory);
            }
            3..14 if !is_empty => {
                let arg = self.operand(Type::U64);
                let index = self.below(arg, length);
                self.element(index, memory);
            }
            _ => {
                let arg = self.operand(Type::U64);
                let index = if self.rng.chance(60) { self.below(arg, length) } else { arg };
                let is_in_range = self.push(Op::Lt, &[index, length]);
                let results = self.choice(
                    is_in_range,
                    |g| {
                        g.element(index, memory);
                        vec![g.operand(memory.elem)]
                    },
                    |g| vec![g.operand(memory.elem)],
                );
                self.visible.extend(results);
            }
        }
    }

    /// A load or a store at this index.
    fn element(&mut self, index: ValueId, memory: Memory) {
        let is_written = matches!(memory.array, Array::Result(_)) && self.rng.chance(65);
        let id = if is_written {
            let value = self.operand(memory.elem);
            self.builder.store(memory.array, index, value)
        } else {
            self.builder.load(memory.elem, memory.array, index)
        };
        self.visible.push(id);
    }
}
