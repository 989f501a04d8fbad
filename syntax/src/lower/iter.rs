//! The methods of iterators: those that change one, and those that walk over it and give a result.

use std::rc::Rc;

use filbert_ir::{Op, Scalar, Span, Type, ValueId};

use super::array::USIZE;
use super::stream::{Driver, Node, Stage, Stream, Walk};
use super::value::{Flag, Val};
use super::view::Len;
use super::{Lower, Lowered, TooLarge};
use crate::ast::ExprId;
use crate::infer::types::{BOOL, Ty};
use crate::iters::IterMethod;

/// Longest array of values that is walked over without a loop, each item with code of its own.
const UNROLLED_LEN_MAX: u64 = 8;

impl<'c, 'a, 't> Lower<'c, 'a, 't> {
    /// A method of a list or an iterator, the receiver and the arguments computed.
    pub(super) fn iter_method(
        &mut self,
        id: ExprId,
        method: IterMethod,
        receiver: ExprId,
        args: &[ExprId],
        values: Vec<Val>,
    ) -> Lowered<Val> {
        let span = self.span(id);
        let of = self.ty(receiver);
        let own = method == IterMethod::IterMut && matches!(of, Ty::Array(_));
        if own {
            let place = self.place(receiver, &mut values.iter())?;
            let elem = self.elem_ty(of);
            self.bound_dynamic(span, self.array_len(of) as usize)?;
            let stream = self.own_stream(span, &place, of, elem);
            return Ok(Val::Iter(Rc::new(stream)));
        }
        if method == IterMethod::MapArray {
            return self.map_array(span, of, &values);
        }
        let stream = self.stream(span, &values[0], of);
        match method {
            IterMethod::Iter | IterMethod::IterMut | IterMethod::IntoIter => Ok(Val::Iter(Rc::new(stream))),
            IterMethod::Windows | IterMethod::ChunksExact => {
                let size = self.one(span, &values[1], USIZE);
                let stream = self.parts(span, &values[0], of, size, method == IterMethod::ChunksExact);
                Ok(Val::Iter(Rc::new(stream)))
            }
            IterMethod::Copied
            | IterMethod::Rev
            | IterMethod::Enumerate
            | IterMethod::Zip
            | IterMethod::Skip
            | IterMethod::Take
            | IterMethod::StepBy
            | IterMethod::Map
            | IterMethod::Filter
            | IterMethod::FilterMap
            | IterMethod::TakeWhile
            | IterMethod::SkipWhile => {
                let stream = self.adapt(id, method, stream, args, &values)?;
                Ok(Val::Iter(Rc::new(stream)))
            }
            _ => self.take(id, method, receiver, stream, &values),
        }
    }

    /// `a.map(f)` of an array.
    fn map_array(&mut self, span: Span, of: Ty, values: &[Val]) -> Lowered<Val> {
        let mut mapped = Vec::new();
        for value in self.elements(span, &values[0], of) {
            mapped.push(self.apply(&values[1], vec![value])?);
        }
        Ok(Val::Many(mapped))
    }

    /// `windows` and `chunks_exact`.
    fn parts(&mut self, span: Span, list: &Val, of: Ty, size: ValueId, is_chunk: bool) -> Stream {
        let elem = self.elem_ty(of);
        let view = self.view(list);
        let known = self.known_u64(size);
        if known.is_none() {
            let zero = self.u64(span, 0);
            let some = self.op(span, Op::Ne, &[size, zero]);
            self.op(span, Op::Assert, &[some]);
        }
        let count = match (view.len, known) {
            (Len::Known(len), Some(size)) if is_chunk => Len::Known(len / size.max(1)),
            (Len::Known(len), Some(size)) => Len::Known((len + 1).saturating_sub(size)),
            (len, _) if is_chunk => {
                let len = self.len_value(span, len);
                Len::Value(self.op(span, Op::Div, &[len, size]))
            }
            (len, _) => {
                let len = self.len_value(span, len);
                let some = self.op(span, Op::Ge, &[len, size]);
                let rest = self.op(span, Op::WrappingSub, &[len, size]);
                let one = self.u64(span, 1);
                let count = self.op(span, Op::WrappingAdd, &[rest, one]);
                let zero = self.u64(span, 0);
                Len::Value(self.op(span, Op::Select, &[some, count, zero]))
            }
        };
        let size = known.map_or(Len::Value(size), Len::Known);
        let node = Node::Parts { view, elem, size, is_chunk, walk: Walk::default() };
        Stream { driver: Driver::Count(count), node, stages: Vec::new() }
    }

    /// The iterator that a method makes of one.
    fn adapt(
        &mut self,
        id: ExprId,
        method: IterMethod,
        mut stream: Stream,
        args: &[ExprId],
        values: &[Val],
    ) -> Lowered<Stream> {
        let span = self.span(id);
        let is_placed = stream.stages.is_empty();
        match method {
            IterMethod::Map if is_placed => {
                let closure = values[1].clone();
                stream.node = Node::Map { of: Box::new(stream.node), closure };
            }
            IterMethod::Map => stream.stages.push(Stage::Map(values[1].clone())),
            IterMethod::Filter => stream.stages.push(Stage::Filter(values[1].clone())),
            IterMethod::FilterMap => stream.stages.push(Stage::FilterMap(values[1].clone())),
            IterMethod::TakeWhile => stream.stages.push(Stage::TakeWhile(values[1].clone())),
            IterMethod::SkipWhile => stream.stages.push(Stage::SkipWhile(values[1].clone())),
            IterMethod::Copied => {
                let ty = self.item_ty(id);
                match is_placed {
                    true => stream.node = Node::Copied { of: Box::new(stream.node), ty },
                    false => stream.stages.push(Stage::Copied(ty)),
                }
            }
            IterMethod::Rev => {
                let (count, mut counted) = self.counted(span, stream);
                self.reverse(span, &mut counted.node, count);
                stream = counted;
            }
            IterMethod::Enumerate if is_placed => {
                let (count, counted) = self.counted(span, stream);
                let start = self.u64(span, 0);
                let numbers = Node::Numbers { start, walk: Walk::default() };
                let node = Node::Pair(Box::new(numbers), Box::new(counted.node));
                stream = Stream { driver: Driver::Count(count), node, stages: Vec::new() };
            }
            IterMethod::Enumerate => stream.stages.push(Stage::Enumerate),
            IterMethod::Take => {
                let most = self.one(span, &values[1], USIZE);
                if is_placed {
                    let (count, mut counted) = self.counted(span, stream);
                    let count = self.least(span, count, most);
                    counted.driver = Driver::Count(self.known_u64(count).map_or(Len::Value(count), Len::Known));
                    stream = counted;
                } else {
                    stream.stages.push(Stage::Take(most));
                }
            }
            IterMethod::Skip | IterMethod::StepBy => {
                let by = self.one(span, &values[1], USIZE);
                if method == IterMethod::StepBy && self.known_u64(by).is_none() {
                    let zero = self.u64(span, 0);
                    let some = self.op(span, Op::Ne, &[by, zero]);
                    self.op(span, Op::Assert, &[some]);
                }
                // What is computed on the way to an item is computed for those in between too.
                if is_placed && !self.acts(&stream.node) {
                    let (count, mut counted) = self.counted(span, stream);
                    let count = match method {
                        IterMethod::Skip => self.skipped(span, &mut counted.node, count, by),
                        _ => self.stepped(span, &mut counted.node, count, by),
                    };
                    counted.driver = Driver::Count(count);
                    stream = counted;
                } else {
                    let stage = if method == IterMethod::Skip { Stage::Skip(by) } else { Stage::StepBy(by) };
                    stream.stages.push(stage);
                }
            }
            _ => {
                let other = self.stream(span, &values[1], self.ty(args[0]));
                return self.zip(span, stream, other);
            }
        }
        Ok(stream)
    }

    fn zip(&mut self, span: Span, left: Stream, right: Stream) -> Lowered<Stream> {
        match (left.stages.is_empty(), right.stages.is_empty()) {
            (true, true) => {
                let (left_count, left) = self.counted(span, left);
                let (right_count, right) = self.counted(span, right);
                let is_known = matches!((left_count, right_count), (Len::Known(a), Len::Known(b)) if a <= b);
                if self.acts(&left.node) && !is_known && left_count != right_count {
                    // The item on the left is computed before the right one is found missing.
                    let stages = vec![Stage::Zip { node: right.node, count: right_count, left: false }];
                    return Ok(Stream { stages, ..left });
                }
                let count = match right_count {
                    _ if left_count == right_count => left_count,
                    Len::Known(right) => {
                        let right = self.u64(span, right);
                        self.count_of(span, left_count, right)
                    }
                    Len::Value(right) => self.count_of(span, left_count, right),
                };
                let node = Node::Pair(Box::new(left.node), Box::new(right.node));
                Ok(Stream { driver: Driver::Count(count), node, stages: Vec::new() })
            }
            (false, true) => {
                let (count, right) = self.counted(span, right);
                let mut left = left;
                left.stages.push(Stage::Zip { node: right.node, count, left: false });
                Ok(left)
            }
            (true, false) => {
                let (count, left) = self.counted(span, left);
                let mut right = right;
                right.stages.push(Stage::Zip { node: left.node, count, left: true });
                Ok(right)
            }
            (false, false) => Err(TooLarge::Zip(span)),
        }
    }

    fn count_of(&mut self, span: Span, count: Len, other: ValueId) -> Len {
        let least = self.least(span, count, other);
        self.known_u64(least).map_or(Len::Value(least), Len::Known)
    }

    /// What a method gives that walks over the items.
    fn take(
        &mut self,
        id: ExprId,
        method: IterMethod,
        receiver: ExprId,
        stream: Stream,
        values: &[Val],
    ) -> Lowered<Val> {
        let span = self.span(id);
        let item = self.item_ty(receiver);
        match method {
            IterMethod::Sum | IterMethod::Product => {
                let ty = self.cx.typed.types.scalar(self.ty(id)).unwrap_or(Type::F64);
                let (first, op) = match method {
                    IterMethod::Sum => (number(ty, 0), Op::Add),
                    _ => (number(ty, 1), Op::Mul),
                };
                let first = self.constant(span, first);
                let last = self.fold(id, stream, vec![first], |lower, item_val, acc| {
                    let value = lower.one(span, &item_val, item);
                    Ok(vec![lower.op(span, op, &[acc[0], value])])
                })?;
                Ok(Val::One(last[0]))
            }
            IterMethod::Fold => {
                let ty = self.ty(id);
                let mut first = Vec::new();
                self.flatten(span, &values[1], ty, &mut first);
                let last = self.fold(id, stream, first, |lower, item, acc| {
                    let acc = lower.build(ty, &mut acc.iter().copied());
                    let next = lower.apply(&values[2], vec![acc, item])?;
                    let mut yields = Vec::new();
                    lower.flatten(span, &next, ty, &mut yields);
                    Ok(yields)
                })?;
                Ok(self.build(ty, &mut last.into_iter()))
            }
            IterMethod::ForEach => {
                self.fold(id, stream, Vec::new(), |lower, item, _| {
                    lower.apply(&values[1], vec![item])?;
                    Ok(Vec::new())
                })?;
                Ok(Val::unit())
            }
            IterMethod::Count => {
                if stream.stages.is_empty() && !self.acts(&stream.node) {
                    let (count, _) = self.counted(span, stream);
                    return Ok(Val::One(self.len_value(span, count)));
                }
                let zero = self.u64(span, 0);
                let last = self.fold(id, stream, vec![zero], |lower, _, acc| {
                    let one = lower.u64(span, 1);
                    Ok(vec![lower.op(span, Op::WrappingAdd, &[acc[0], one])])
                })?;
                Ok(Val::One(last[0]))
            }
            IterMethod::Min | IterMethod::Max => {
                let op = if method == IterMethod::Min { Op::Min } else { Op::Max };
                let first = self.option_state(span, item);
                let last = self.fold(id, stream, first, |lower, value, acc| {
                    let value = lower.one(span, &value, item);
                    let best = lower.op(span, op, &[acc[1], value]);
                    let best = lower.op(span, Op::Select, &[acc[0], best, value]);
                    Ok(vec![lower.constant(span, Scalar::Bool(true)), best])
                })?;
                Ok(self.option_of(item, last))
            }
            IterMethod::Last => {
                let first = self.option_state(span, item);
                let last = self.fold(id, stream, first, |lower, value, _| lower.some_state(span, &value, item))?;
                Ok(self.option_of(item, last))
            }
            IterMethod::Reduce => {
                let first = self.option_state(span, item);
                let last = self.walk(id, stream, first, &mut |lower, value, turn| {
                    let some = lower.known(turn.acc[0]);
                    lower.fork_flag(span, some, |lower, taken| {
                        let next = match taken {
                            true => {
                                let acc = lower.build(item, &mut turn.acc[1..].iter().copied());
                                lower.apply(&values[1], vec![acc, value.clone()])?
                            }
                            false => value.clone(),
                        };
                        let state = lower.some_state(span, &next, item)?;
                        lower.again(turn, state)
                    })
                })?;
                Ok(self.option_of(item, last))
            }
            IterMethod::Any | IterMethod::All => {
                let seeks = method == IterMethod::Any;
                let first = self.constant(span, Scalar::Bool(!seeks));
                let last = self.seek(id, stream, vec![first], &values[1], seeks, &mut |lower, _| {
                    Ok(vec![lower.constant(span, Scalar::Bool(seeks))])
                })?;
                Ok(Val::One(last[0]))
            }
            IterMethod::Find => {
                let first = self.option_state(span, item);
                let last = self.seek(id, stream, first, &values[1], true, &mut |lower, value| {
                    lower.some_state(span, value, item)
                })?;
                Ok(self.option_of(item, last))
            }
            IterMethod::Position => {
                let no = self.constant(span, Scalar::Bool(false));
                let zero = self.u64(span, 0);
                let last = self.walk(id, stream, vec![no, zero], &mut |lower, value, turn| {
                    let found = lower.apply(&values[1], vec![value])?;
                    let found = lower.one(span, &found, BOOL);
                    let found = lower.known(found);
                    lower.fork_flag(span, found, |lower, taken| {
                        let is_found = lower.constant(span, Scalar::Bool(taken));
                        if taken {
                            return lower.stop(turn, vec![is_found, turn.acc[1]]);
                        }
                        let one = lower.u64(span, 1);
                        let next = lower.op(span, Op::WrappingAdd, &[turn.acc[1], one]);
                        lower.again(turn, vec![is_found, next])
                    })
                })?;
                Ok(self.option_of(USIZE, last))
            }
            IterMethod::Nth => self.nth(id, stream, item, &values[1]),
            _ => unreachable!("the other methods make iterators"),
        }
    }

    fn nth(&mut self, id: ExprId, stream: Stream, item: Ty, nth: &Val) -> Lowered<Val> {
        let span = self.span(id);
        let nth = self.one(span, nth, USIZE);
        if stream.stages.is_empty() && !self.acts(&stream.node) {
            let (count, stream) = self.counted(span, stream);
            if let (Some(at), Len::Known(count)) = (self.known_u64(nth), count) {
                if at >= count {
                    return Ok(Val::none());
                }
                let value = self.item_at(span, &stream.node, nth, None)?;
                return Ok(Val::some(value));
            }
            let count = self.len_value(span, count);
            let some = self.op(span, Op::Lt, &[nth, count]);
            let value = self.when(span, some, item, |lower| lower.item_at(span, &stream.node, nth, None))?;
            return Ok(Val::Opt { some: Flag::If(some), value: Box::new(value) });
        }
        let mut stream = stream;
        stream.stages.push(Stage::Skip(nth));
        let first = self.option_state(span, item);
        let last = self.walk(id, stream, first, &mut |lower, value, turn| {
            let state = lower.some_state(span, &value, item)?;
            lower.stop(turn, state)
        })?;
        Ok(self.option_of(item, last))
    }

    /// Walks until a closure gives `wanted`; `found` makes the state then, which is unchanged otherwise.
    fn seek(
        &mut self,
        id: ExprId,
        stream: Stream,
        first: Vec<ValueId>,
        closure: &Val,
        wanted: bool,
        found: &mut dyn FnMut(&mut Self, &Val) -> Lowered<Vec<ValueId>>,
    ) -> Lowered<Vec<ValueId>> {
        let span = self.span(id);
        self.walk(id, stream, first, &mut |lower, value, turn| {
            let test = lower.apply(closure, vec![value.clone()])?;
            let test = lower.one(span, &test, BOOL);
            let test = lower.known(test);
            lower.fork_flag(span, test, |lower, taken| {
                if taken == wanted {
                    let state = found(lower, &value)?;
                    lower.stop(turn, state)
                } else {
                    lower.again(turn, turn.acc.clone())
                }
            })
        })
    }

    /// Walks to the end; `step` gives the next state.
    fn fold(
        &mut self,
        id: ExprId,
        stream: Stream,
        first: Vec<ValueId>,
        mut step: impl FnMut(&mut Self, Val, &[ValueId]) -> Lowered<Vec<ValueId>>,
    ) -> Lowered<Vec<ValueId>> {
        if let Some(items) = self.unrolled(&stream) {
            let mut acc = first;
            for k in items {
                let span = self.span(id);
                let k = self.u64(span, k);
                let item = self.item_at(span, &stream.node, k, None)?;
                acc = step(self, item, &acc)?;
            }
            return Ok(acc);
        }
        self.walk(id, stream, first, &mut |lower, item, turn| {
            let next = step(lower, item, &turn.acc)?;
            lower.again(turn, next)
        })
    }

    /// The numbers of the items, where a few are chosen among values: then each has code of its own.
    pub(super) fn unrolled(&self, stream: &Stream) -> Option<std::ops::Range<u64>> {
        match stream.driver {
            Driver::Count(Len::Known(count))
                if count <= UNROLLED_LEN_MAX && stream.stages.is_empty() && self.picks(&stream.node) =>
            {
                Some(0..count)
            }
            _ => None,
        }
    }

    /// The state of an option that holds nothing yet.
    fn option_state(&mut self, span: Span, ty: Ty) -> Vec<ValueId> {
        let mut state = vec![self.constant(span, Scalar::Bool(false))];
        self.flatten(span, &Val::Nothing, ty, &mut state);
        state
    }

    fn some_state(&mut self, span: Span, value: &Val, ty: Ty) -> Lowered<Vec<ValueId>> {
        let mut state = vec![self.constant(span, Scalar::Bool(true))];
        self.flatten(span, value, ty, &mut state);
        Ok(state)
    }

    /// The option that a state is.
    fn option_of(&mut self, ty: Ty, state: Vec<ValueId>) -> Val {
        let mut state = state.into_iter();
        let some = state.next().map_or(Flag::Never, |some| self.known(some));
        Val::Opt { some, value: Box::new(self.build(ty, &mut state)) }
    }
}

/// A whole number as a sum or product begins with it: sums of floats begin with -0, to which every float adds
/// as itself.
fn number(ty: Type, value: u64) -> Scalar {
    match (ty, value) {
        (Type::F32, 0) => Scalar::F32(-0.0),
        (Type::F64, 0) => Scalar::F64(-0.0),
        (Type::F32, _) => Scalar::F32(value as f32),
        (Type::F64, _) => Scalar::F64(value as f64),
        _ => Scalar::from_bits(ty, value),
    }
}
