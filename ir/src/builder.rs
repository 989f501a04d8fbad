//! Building a core value by value, regions included.
//!
//! The builder keeps ids in order and ranges right; it does not type-check (the verifier does), except
//! that it works out result types where operands decide them. Front ends, the text parser, the random
//! generator and the passes all build through it.

use crate::kernel::{Args, Core, Def, Region, SEMANTICS_VERSION, Span, Value, ValueId};
use crate::op::Op;
use crate::signature::{Array, Param, ResultTy, Signature, Table};
use crate::types::{Scalar, Type};

/// A core under construction, with a span for each value.
#[derive(Default)]
pub struct Builder {
    /// Parameters so far; fuel and what errors do may be set at any time.
    pub signature: Signature,
    tables: Vec<Table>,
    values: Vec<Value>,
    spans: Vec<Span>,
    /// Span given to the values that are built next.
    pub span: Span,
}

/// An `if` whose `then` region is being built; see `Builder::begin_if`.
#[must_use]
pub struct OpenIf {
    id: ValueId,
    cond: ValueId,
}

/// An `if` whose `else` region is being built.
#[must_use]
pub struct OpenElse {
    id: ValueId,
    cond: ValueId,
    then: Region,
}

/// A `loop` whose region is being built; see `Builder::begin_loop`.
#[must_use]
pub struct OpenLoop {
    id: ValueId,
    inits: Vec<ValueId>,
}

/// What stands for a list parameter of an inlined callee.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct View {
    /// The caller's memory.
    pub array: Array,
    /// Its first element in that memory, a u64; `None` for 0.
    pub offset: Option<ValueId>,
    /// Whether the view is all of the memory, so that the memory's own check is enough.
    pub is_whole: bool,
}

impl Builder {
    /// An empty core.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// The next parameter, a strict scalar. All parameters come before any other value.
    pub fn param(&mut self, ty: Type) -> ValueId {
        self.declare(Param::strict(ty))[0]
    }

    /// The next parameter; returns its slots.
    pub fn declare(&mut self, param: Param) -> Vec<ValueId> {
        let slots = param.slots();
        self.signature.params.push(param);
        slots.into_iter().map(|ty| self.slot(ty)).collect()
    }

    /// The slot for the length of a list result. These come behind all parameters, in the order of the
    /// results that `finish_as` gets.
    pub fn slot(&mut self, ty: Type) -> ValueId {
        self.push(ty, Def::Param(self.next_id().0))
    }

    /// A lookup table; the same table is kept once.
    pub fn table(&mut self, table: Table) -> Array {
        let index = self.tables.iter().position(|seen| *seen == table).unwrap_or_else(|| {
            self.tables.push(table);
            self.tables.len() - 1
        });
        Array::Table(index as u32)
    }

    /// A constant.
    pub fn constant(&mut self, scalar: impl Into<Scalar>) -> ValueId {
        let scalar = scalar.into();
        self.push(scalar.ty(), Def::Const(scalar.bits()))
    }

    /// An operation other than `Cast`; its result type follows from the operands. Operands that the
    /// operation's rule refuses get the first operand's type and are left for the verifier to report.
    pub fn op(&mut self, op: Op, args: &[ValueId]) -> ValueId {
        let tys: Vec<Type> = args.iter().map(|&id| self.ty(id)).collect();
        let ty = op.result_type(&tys, tys[0]).unwrap_or(tys[0]);
        self.push(ty, Def::Op(op, Args::new(args)))
    }

    /// A cast to `ty`.
    pub fn cast(&mut self, arg: ValueId, ty: Type) -> ValueId {
        self.push(ty, Def::Op(Op::Cast, Args::new(&[arg])))
    }

    /// An element of memory, of type `elem`.
    pub fn load(&mut self, elem: Type, array: Array, index: ValueId) -> ValueId {
        self.push(elem, Def::Load { array, index })
    }

    /// Writes an element of a result.
    pub fn store(&mut self, array: Array, index: ValueId, value: ValueId) -> ValueId {
        self.push(Type::Bool, Def::Store { array, index, value })
    }

    /// Opens a `loop`; the values built next are its region. Returns its carried values, one for each of
    /// `inits`, of which there is at least one.
    pub fn begin_loop(&mut self, inits: &[ValueId]) -> (OpenLoop, Vec<ValueId>) {
        let empty = Region { start: ValueId(0), end: ValueId(0), yields: Vec::new() };
        let ty = inits.first().map_or(Type::Bool, |&init| self.ty(init));
        let id = self.push(ty, Def::Loop { inits: inits.to_vec(), body: empty });
        let carried = |(index, &init): (usize, &ValueId)| self.push(self.ty(init), Def::Carried(index as u32));
        let carried = inits.iter().enumerate().map(carried).collect();
        (OpenLoop { id, inits: inits.to_vec() }, carried)
    }

    /// Ends the `loop` with whether to go on and the next value of each carried one. Returns their final
    /// values.
    pub fn end_loop(&mut self, open: OpenLoop, go_on: ValueId, next: &[ValueId]) -> Vec<ValueId> {
        let yields = std::iter::once(go_on).chain(next.iter().copied()).collect();
        let body = Region { start: ValueId(open.id.0 + 1), end: self.next_id(), yields };
        let tys: Vec<Type> = open.inits.iter().map(|&init| self.ty(init)).collect();
        self.values[open.id.index()].def = Def::Loop { inits: open.inits, body };
        let mut results = vec![open.id];
        for (index, &ty) in tys.iter().enumerate().skip(1) {
            results.push(self.push(ty, Def::Output { of: open.id, index: index as u32 }));
        }
        results
    }

    /// Opens an `if`; the values built next are its `then` region.
    pub fn begin_if(&mut self, cond: ValueId) -> OpenIf {
        let empty = Region { start: ValueId(0), end: ValueId(0), yields: Vec::new() };
        let id = self.push(Type::Bool, Def::If { cond, then: empty.clone(), otherwise: empty });
        OpenIf { id, cond }
    }

    /// Ends the `then` region with what it yields; the values built next are the `else` region.
    pub fn begin_else(&mut self, open: OpenIf, yields: &[ValueId]) -> OpenElse {
        let then = Region { start: ValueId(open.id.0 + 1), end: self.next_id(), yields: yields.to_vec() };
        OpenElse { id: open.id, cond: open.cond, then }
    }

    /// Ends the `if`. Returns one value for each yield.
    pub fn end_if(&mut self, open: OpenElse, yields: &[ValueId]) -> Vec<ValueId> {
        let otherwise = Region { start: open.then.end, end: self.next_id(), yields: yields.to_vec() };
        let tys: Vec<Type> = open.then.yields.iter().map(|&id| self.ty(id)).collect();
        if let Some(&ty) = tys.first() {
            self.values[open.id.index()].ty = ty;
        }
        self.values[open.id.index()].def = Def::If { cond: open.cond, then: open.then, otherwise };
        let mut results = vec![open.id];
        for (index, &ty) in tys.iter().enumerate().skip(1) {
            results.push(self.push(ty, Def::Output { of: open.id, index: index as u32 }));
        }
        results
    }

    /// Copies the body of another core in place; returns what it returns. `slots` stand for its slots, and
    /// `views` for its list parameters, by index of parameter (`None` for scalars). The copies carry the
    /// current span; the callee's tables come along.
    ///
    /// # Panics
    /// If the callee writes lists, or `slots` or `views` are too few.
    pub fn inline(&mut self, callee: &Core, slots: &[ValueId], views: &[Option<View>]) -> Vec<ValueId> {
        let writes = callee.signature.results.iter().any(|result| matches!(result, ResultTy::List { .. }));
        assert!(!writes, "a kernel that writes lists is not inlined");
        self.inline_with_results(callee, slots, views, 0)
    }

    /// `inline` for a callee that may write lists: its results are those of the caller from `first` on, and `slots`
    /// has the lengths of the lists among them behind those of its parameters.
    ///
    /// # Panics
    /// If `slots` or `views` are too few.
    pub fn inline_with_results(
        &mut self,
        callee: &Core,
        slots: &[ValueId],
        views: &[Option<View>],
        first: u32,
    ) -> Vec<ValueId> {
        let tables: Vec<Array> = callee.tables.iter().map(|table| self.table(table.clone())).collect();
        // Where each value went, and where its code starts: a checked load takes more than one place.
        let mut map = slots.to_vec();
        let mut starts = map.clone();
        let mut open: Vec<(ValueId, usize)> = Vec::new();
        for (index, value) in callee.values.iter().enumerate().skip(callee.slots() as usize) {
            self.close_inlined(callee, index, &mut open, (&map, &starts));
            starts.push(self.next_id());
            let at = |id: ValueId| map[id.index()];
            let id = match &value.def {
                Def::Param(_) => unreachable!("slots are the first values"),
                Def::Const(_) | Def::Carried(_) => self.push(value.ty, value.def.clone()),
                Def::Op(op, args) => self.push(value.ty, Def::Op(*op, args.map(at))),
                // Regions are set when they end: only then is it known where.
                Def::If { .. } | Def::Loop { .. } => {
                    let id = self.push(value.ty, value.def.clone());
                    open.push((id, index));
                    id
                }
                Def::Output { of, index } => self.push(value.ty, Def::Output { of: at(*of), index: *index }),
                Def::Load { array: Array::Table(table), index } => {
                    self.load(value.ty, tables[*table as usize], at(*index))
                }
                Def::Load { array: Array::Param(param), index } => {
                    let view = views[*param as usize].expect("a list parameter has a view");
                    let mut element = at(*index);
                    if !view.is_whole {
                        let length = map[callee.signature.param_slot(*param as usize).index()];
                        element = self.op(Op::Index, &[element, length]);
                    }
                    if let Some(offset) = view.offset {
                        element = self.op(Op::WrappingAdd, &[element, offset]);
                    }
                    self.load(value.ty, view.array, element)
                }
                Def::Load { array: Array::Result(result), index } => {
                    self.load(value.ty, Array::Result(first + result), at(*index))
                }
                Def::Store { array: Array::Result(result), index, value } => {
                    self.store(Array::Result(first + result), at(*index), at(*value))
                }
                Def::Store { .. } => unreachable!("only results are written"),
            };
            map.push(id);
        }
        self.close_inlined(callee, callee.values.len(), &mut open, (&map, &starts));
        callee.returns.iter().map(|&id| map[id.index()]).collect()
    }

    /// Sets the regions of the inlined owners that end before value `index` of the callee, given where each
    /// value went, and where its code starts.
    fn close_inlined(
        &mut self,
        callee: &Core,
        index: usize,
        open: &mut Vec<(ValueId, usize)>,
        (map, starts): (&[ValueId], &[ValueId]),
    ) {
        while let Some(&(id, owner)) = open.last() {
            let last = match &callee.values[owner].def {
                Def::If { otherwise, .. } => otherwise.end.index(),
                Def::Loop { body, .. } => body.end.index(),
                _ => unreachable!("only these own regions"),
            };
            if last != index {
                return;
            }
            open.pop();
            let next = self.next_id();
            let at = |id: ValueId| map[id.index()];
            // The border between two regions is where the second one's code starts, or the end.
            let border = |of: ValueId| starts.get(of.index()).copied().unwrap_or(next);
            let region = |start: ValueId, end: ValueId, old: &Region| Region {
                start,
                end,
                yields: old.yields.iter().map(|&id| at(id)).collect(),
            };
            let first = ValueId(id.0 + 1);
            let def = match &callee.values[owner].def {
                Def::If { cond, then, otherwise } => {
                    let middle = border(then.end);
                    Def::If {
                        cond: at(*cond),
                        then: region(first, middle, then),
                        otherwise: region(middle, next, otherwise),
                    }
                }
                Def::Loop { inits, body } => {
                    Def::Loop { inits: inits.iter().map(|&id| at(id)).collect(), body: region(first, next, body) }
                }
                _ => unreachable!("only these own regions"),
            };
            self.set_def(id, def);
        }
    }

    /// The type of a value built so far.
    pub fn ty(&self, id: ValueId) -> Type {
        self.values[id.index()].ty
    }

    /// The entry of a value built so far.
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.index()]
    }

    /// The id that the next value gets.
    pub fn next_id(&self) -> ValueId {
        ValueId(self.values.len() as u32)
    }

    /// Appends an entry as it is.
    pub fn push(&mut self, ty: Type, def: Def) -> ValueId {
        let id = self.next_id();
        self.values.push(Value { ty, def });
        self.spans.push(self.span);
        id
    }

    /// Replaces how a value comes about, its type and place unchanged.
    pub fn set_def(&mut self, id: ValueId, def: Def) {
        self.values[id.index()].def = def;
    }

    /// The finished core and its spans, with a strict scalar result for each of `returns`.
    pub fn finish(self, returns: Vec<ValueId>) -> (Core, Vec<Span>) {
        let results = returns.iter().map(|&id| ResultTy::strict(self.ty(id))).collect();
        self.finish_as(results, returns)
    }

    /// The finished core and its spans.
    pub fn finish_as(mut self, results: Vec<ResultTy>, returns: Vec<ValueId>) -> (Core, Vec<Span>) {
        self.signature.results = results;
        let core = Core {
            semantics: SEMANTICS_VERSION,
            signature: self.signature,
            tables: self.tables,
            values: self.values,
            returns,
        };
        (core, self.spans)
    }
}
