//! Iterators: where their items are found, and what happens to an item on its way.
//!
//! No iterator is there at run time. A chain becomes one loop over a number `k`, from which each source
//! computes the place of its item; so `zip` is the lesser of two lengths, and `rev`, `skip` and `step_by`
//! change how places are computed. What can only be known item by item (`filter`, `take_while`, and whatever
//! stands behind them) is a stage, which an item passes or not; stages that count carry their counts from
//! turn to turn. An item is computed once, when Rust would compute it.

use std::rc::Rc;

use filbert_ir::{Op, Scalar, Span, Type, ValueId};

use super::array::{Place, Way};
use super::ranges::Range;
use super::value::Val;
use super::view::{Base, Len, View};
use super::{Lower, Lowered};
use crate::ast::{ExprKind, LocalId};
use crate::infer::Meaning;
use crate::infer::types::Ty;

/// Items one after another.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(super) driver: Driver,
    pub(super) node: Node,
    pub(super) stages: Vec<Stage>,
}

/// What the turns of the loop follow.
#[derive(Clone, Debug)]
pub(super) enum Driver {
    /// `k` goes from 0 up to a count.
    Count(Len),
    /// A range as it is written; its numbers are the items of `Node::Driven`.
    Range(Rc<Range>),
}

/// Where item number `k` is found.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// The number that the driving range gives.
    Driven,
    Elements {
        view: View,
        elem: Ty,
        /// Whether the item is a reference that may be written.
        is_written: bool,
        walk: Walk,
    },
    /// Elements of an array that is a variable, to be written.
    Own {
        local: LocalId,
        way: Vec<Way>,
        elem: Ty,
        walk: Walk,
    },
    /// Parts of so many elements, the next `stride` elements behind the one before.
    Parts {
        view: View,
        elem: Ty,
        size: Len,
        is_chunk: bool,
        walk: Walk,
    },
    /// Numbers that go up by 1.
    Numbers {
        start: ValueId,
        walk: Walk,
    },
    Pair(Box<Node>, Box<Node>),
    Map {
        of: Box<Node>,
        closure: Val,
    },
    /// The item as a value of this type.
    Copied {
        of: Box<Node>,
        ty: Ty,
    },
}

/// Place number `k` is `base + k * stride`, modulo 2^64.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Walk {
    /// `None` for 0.
    base: Option<ValueId>,
    /// `None` for 1.
    stride: Option<ValueId>,
}

/// What happens to an item; those with a count have it in the state of the loop.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    Map(Val),
    Filter(Val),
    FilterMap(Val),
    TakeWhile(Val),
    Copied(Ty),
    /// Counts: whether the first item has passed.
    SkipWhile(Val),
    /// Counts down to the first item that passes.
    Skip(ValueId),
    /// Counts down to the last item.
    Take(ValueId),
    /// Counts down to the next item that passes.
    StepBy(ValueId),
    /// Counts up.
    Enumerate,
    /// Counts up. `left`: its item is the first of the pair.
    Zip {
        node: Node,
        count: Len,
        left: bool,
    },
}

impl Stage {
    /// What it counts from, if it counts.
    pub(super) fn start(&self) -> Option<Start> {
        match self {
            Stage::Skip(count) | Stage::Take(count) => Some(Start::Value(*count)),
            Stage::StepBy(_) | Stage::Enumerate | Stage::Zip { .. } => Some(Start::Zero),
            Stage::SkipWhile(_) => Some(Start::False),
            Stage::Map(_) | Stage::Filter(_) | Stage::FilterMap(_) | Stage::TakeWhile(_) | Stage::Copied(_) => None,
        }
    }
}

/// The first value of a count.
pub(super) enum Start {
    Value(ValueId),
    Zero,
    False,
}

impl<'c, 'a, 't> Lower<'c, 'a, 't> {
    /// The items of a value, whose type is `ty`.
    pub(super) fn stream(&mut self, span: Span, value: &Val, ty: Ty) -> Stream {
        match value {
            Val::Iter(stream) => return (**stream).clone(),
            Val::Range(range) => {
                let driver = Driver::Range(range.clone());
                return Stream { driver, node: Node::Driven, stages: Vec::new() };
            }
            _ => {}
        }
        let types = &self.cx.typed.types;
        let is_written = match types.resolve(ty) {
            Ty::Slice(slice) => types.slice_of(slice).1,
            Ty::Ref(of) => types.ref_of(of).1,
            _ => false,
        };
        let elem = self.elem_ty(ty);
        if let Val::Element(place) = value {
            return self.own_stream(span, place, ty, elem);
        }
        let view = self.view(value);
        let count = view.len;
        let node = Node::Elements { view, elem, is_written, walk: Walk::default() };
        Stream { driver: Driver::Count(count), node, stages: Vec::new() }
    }

    /// The elements of an array at a place, to be written.
    pub(super) fn own_stream(&mut self, span: Span, place: &Place, ty: Ty, elem: Ty) -> Stream {
        let count = Len::Known(self.array_len(ty));
        let walk = Walk::default();
        let node = match place {
            Place::Variable { local, way } => Node::Own { local: *local, way: way.clone(), elem, walk },
            place => {
                let value = self.read_place(span, place).unwrap_or(Val::Nothing);
                Node::Elements { view: self.view(&value), elem, is_written: true, walk }
            }
        };
        Stream { driver: Driver::Count(count), node, stages: Vec::new() }
    }

    /// A stream whose driver counts from 0.
    pub(super) fn counted(&mut self, span: Span, mut stream: Stream) -> (Len, Stream) {
        match stream.driver {
            Driver::Count(count) => (count, stream),
            Driver::Range(ref range) => {
                let range = range.clone();
                let (numbers, count) = self.numbers(span, &range);
                stream.node = replace_driven(stream.node, &numbers);
                stream.driver = Driver::Count(count);
                (count, stream)
            }
        }
    }

    /// The numbers of a range by their place, and how many there are.
    fn numbers(&mut self, span: Span, range: &Range) -> (Node, Len) {
        let Range { start, end, inclusive, reversed, step, aligned } = *range;
        let ty = self.b.ty(start);
        let is_plain = ty == Type::U64 && self.known_u64(start) == Some(0) && !inclusive;
        let mut count = if is_plain {
            self.known_u64(end).map_or(Len::Value(end), Len::Known)
        } else {
            let some = self.op(span, if inclusive { Op::Le } else { Op::Lt }, &[start, end]);
            let mut distance = self.distance(span, start, end);
            if inclusive {
                // One more than the distance, but for all the numbers of 64 bits, which no loop walks over.
                let largest = self.u64(span, u64::MAX);
                let one = self.u64(span, 1);
                let more = self.op(span, Op::WrappingAdd, &[distance, one]);
                let is_all = self.op(span, Op::Eq, &[distance, largest]);
                distance = self.op(span, Op::Select, &[is_all, largest, more]);
            }
            let zero = self.u64(span, 0);
            Len::Value(self.op(span, Op::Select, &[some, distance, zero]))
        };
        let mut node = Node::Numbers { start, walk: Walk::default() };
        if reversed && !aligned {
            self.reverse(span, &mut node, count);
        }
        if let Some(step) = step {
            count = self.stepped(span, &mut node, count, step);
        }
        if reversed && aligned {
            self.reverse(span, &mut node, count);
        }
        (node, count)
    }

    /// Calls `change` for the walk of each source.
    fn walks(&mut self, node: &mut Node, change: &mut dyn FnMut(&mut Self, &mut Walk)) {
        match node {
            Node::Driven => {}
            Node::Elements { walk, .. } | Node::Own { walk, .. } | Node::Parts { walk, .. } => change(self, walk),
            Node::Numbers { walk, .. } => change(self, walk),
            Node::Pair(a, b) => {
                self.walks(a, change);
                self.walks(b, change);
            }
            Node::Map { of, .. } | Node::Copied { of, .. } => self.walks(of, change),
        }
    }

    /// Items from the last one to the first.
    pub(super) fn reverse(&mut self, span: Span, node: &mut Node, count: Len) {
        self.walks(node, &mut |lower, walk| {
            let last = match count {
                Len::Known(count) => lower.u64(span, count.wrapping_sub(1)),
                Len::Value(count) => lower.below(span, count, 1),
            };
            let base = lower.walked(span, walk, last);
            let stride = match walk.stride.map(|stride| (stride, lower.known_u64(stride))) {
                None => Some(lower.u64(span, u64::MAX)),
                Some((_, Some(u64::MAX))) => None,
                Some((_, Some(known))) => Some(lower.u64(span, known.wrapping_neg())),
                Some((stride, None)) => {
                    let zero = lower.u64(span, 0);
                    Some(lower.op(span, Op::WrappingSub, &[zero, stride]))
                }
            };
            *walk = Walk { base: Some(base), stride };
        });
    }

    /// Items without the first so many, of which there are that many.
    pub(super) fn skipped(&mut self, span: Span, node: &mut Node, count: Len, by: ValueId) -> Len {
        let by = self.least(span, count, by);
        if self.known_u64(by) == Some(0) {
            return count;
        }
        self.walks(node, &mut |lower, walk| walk.base = Some(lower.walked(span, walk, by)));
        match (count, self.known_u64(by)) {
            (Len::Known(count), Some(by)) => Len::Known(count - by.min(count)),
            _ => {
                let count = self.len_value(span, count);
                Len::Value(self.op(span, Op::WrappingSub, &[count, by]))
            }
        }
    }

    /// Every item whose number is a multiple of the step.
    pub(super) fn stepped(&mut self, span: Span, node: &mut Node, count: Len, step: ValueId) -> Len {
        let known = self.known_u64(step);
        if known == Some(1) {
            return count;
        }
        self.walks(node, &mut |lower, walk| {
            walk.stride = Some(match walk.stride {
                None => step,
                Some(stride) => match (lower.known_u64(stride), lower.known_u64(step)) {
                    (Some(a), Some(b)) => lower.u64(span, a.wrapping_mul(b)),
                    _ => lower.op(span, Op::WrappingMul, &[stride, step]),
                },
            });
        });
        if let (Len::Known(count), Some(step)) = (count, known) {
            return Len::Known(count.div_ceil(step.max(1)));
        }
        // (count - 1) / step + 1, and 0 of 0: no sum here goes beyond 64 bits.
        let count = self.len_value(span, count);
        let zero = self.u64(span, 0);
        let one = self.u64(span, 1);
        let none = self.op(span, Op::Eq, &[count, zero]);
        let last = self.op(span, Op::WrappingSub, &[count, one]);
        let steps = self.op(span, Op::Div, &[last, step]);
        let steps = self.op(span, Op::WrappingAdd, &[steps, one]);
        Len::Value(self.op(span, Op::Select, &[none, zero, steps]))
    }

    /// The lesser of a count and a number.
    pub(super) fn least(&mut self, span: Span, count: Len, other: ValueId) -> ValueId {
        match (count, self.known_u64(other)) {
            (Len::Known(count), Some(known)) => self.u64(span, count.min(known)),
            (Len::Value(count), _) if count == other => count,
            _ => {
                let count = self.len_value(span, count);
                self.op(span, Op::Min, &[count, other])
            }
        }
    }

    /// Place number `k` of a walk.
    fn walked(&mut self, span: Span, walk: &Walk, k: ValueId) -> ValueId {
        let along = match walk.stride {
            None => k,
            Some(stride) => match (self.known_u64(stride), self.known_u64(k)) {
                (Some(stride), Some(k)) => self.u64(span, stride.wrapping_mul(k)),
                (Some(u64::MAX), None) => {
                    let base = walk.base.unwrap_or_else(|| self.u64(span, 0));
                    return self.op(span, Op::WrappingSub, &[base, k]);
                }
                _ => self.op(span, Op::WrappingMul, &[k, stride]),
            },
        };
        self.offset_by(span, walk.base, along)
    }

    /// Item number `k`; `driven` is the number of the driving range.
    pub(super) fn item_at(&mut self, span: Span, node: &Node, k: ValueId, driven: Option<ValueId>) -> Lowered<Val> {
        match node {
            Node::Driven => Ok(driven.map_or(Val::Nothing, Val::One)),
            Node::Elements { view, elem, is_written, walk } => {
                let at = self.walked(span, walk, k);
                let is_array = matches!(self.cx.typed.types.resolve(*elem), Ty::Array(_));
                if *is_written && !is_array {
                    let place = Place::Element { view: view.clone(), elem: *elem, index: at };
                    return Ok(Val::Element(Rc::new(place)));
                }
                self.element(span, view, *elem, at)
            }
            Node::Own { local, way, walk, .. } => {
                let at = self.walked(span, walk, k);
                let mut way = way.clone();
                way.push(Way::Index(at));
                Ok(Val::Element(Rc::new(Place::Variable { local: *local, way })))
            }
            Node::Parts { view, elem, size, is_chunk, walk } => {
                let mut at = self.walked(span, walk, k);
                if *is_chunk {
                    let size = self.len_value(span, *size);
                    at = match (self.known_u64(at), self.known_u64(size)) {
                        (Some(at), Some(size)) => self.u64(span, at.wrapping_mul(size)),
                        _ => self.op(span, Op::WrappingMul, &[at, size]),
                    };
                }
                let offset = self.offset_of(span, view, *elem, at);
                Ok(Val::view(View { base: view.base.clone(), offset, len: *size, is_whole: false }))
            }
            Node::Numbers { start, walk } => {
                let at = self.walked(span, walk, k);
                let ty = self.b.ty(*start);
                let at = if ty == Type::U64 { at } else { self.cast(span, at, ty) };
                Ok(Val::One(match self.b.value(*start).def {
                    filbert_ir::Def::Const(0) => at,
                    _ => self.op(span, Op::WrappingAdd, &[at, *start]),
                }))
            }
            Node::Pair(a, b) => {
                let a = self.item_at(span, a, k, driven)?;
                let b = self.item_at(span, b, k, driven)?;
                Ok(Val::Many(vec![a, b]))
            }
            Node::Map { of, closure } => {
                let item = self.item_at(span, of, k, driven)?;
                self.apply(closure, vec![item])
            }
            Node::Copied { of, ty } => {
                let item = self.item_at(span, of, k, driven)?;
                self.loaded(span, item, *ty)
            }
        }
    }

    /// Whether computing an item does more than that: fails a row, or changes a variable.
    pub(super) fn acts(&self, node: &Node) -> bool {
        match node {
            Node::Pair(a, b) => self.acts(a) || self.acts(b),
            Node::Map { of, closure } => self.closure_acts(closure) || self.acts(of),
            Node::Copied { of, .. } => self.acts(of),
            _ => false,
        }
    }

    /// Whether calling a closure does more than compute a value.
    pub(super) fn closure_acts(&self, closure: &Val) -> bool {
        let Val::Closure(captured) = closure else { return true };
        match &self.cx.tree.expr(captured.at).kind {
            ExprKind::Closure { body, .. } => self.cx.can_fault(*body) || !self.changes(*body).is_empty(),
            _ => match self.meaning(captured.at) {
                Meaning::Method(crate::methods::Method::Op(op)) => Type::ALL.iter().any(|&ty| op.may_fault(ty)),
                Meaning::SomeValue => false,
                _ => true,
            },
        }
    }

    /// Whether items are chosen among values, which takes an operation for each of them.
    pub(super) fn picks(&self, node: &Node) -> bool {
        match node {
            Node::Elements { view, .. } | Node::Parts { view, .. } => matches!(view.base, Base::Values(_)),
            Node::Own { .. } => true,
            Node::Driven | Node::Numbers { .. } => false,
            Node::Pair(a, b) => self.picks(a) || self.picks(b),
            Node::Map { of, .. } | Node::Copied { of, .. } => self.picks(of),
        }
    }

    /// The first value of each count of the stages.
    pub(super) fn counts(&mut self, span: Span, stages: &[Stage]) -> Vec<ValueId> {
        let starts: Vec<Start> = stages.iter().filter_map(Stage::start).collect();
        let value = |start: Start| match start {
            Start::Value(value) => value,
            Start::Zero => self.u64(span, 0),
            Start::False => self.constant(span, Scalar::Bool(false)),
        };
        starts.into_iter().map(value).collect()
    }
}

/// The node with numbers by their place instead of those of the driving range.
fn replace_driven(node: Node, numbers: &Node) -> Node {
    match node {
        Node::Driven => numbers.clone(),
        Node::Pair(a, b) => Node::Pair(Box::new(replace_driven(*a, numbers)), Box::new(replace_driven(*b, numbers))),
        Node::Map { of, closure } => Node::Map { of: Box::new(replace_driven(*of, numbers)), closure },
        Node::Copied { of, ty } => Node::Copied { of: Box::new(replace_driven(*of, numbers)), ty },
        other => other,
    }
}
