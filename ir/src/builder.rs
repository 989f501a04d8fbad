//! Building a core value by value, regions included.
//!
//! The builder keeps ids in order and ranges right; it does not type-check (the verifier does), except
//! that it works out result types where operands decide them. Front ends, the text parser, the random
//! generator and the passes all build through it.

use crate::kernel::{Args, Core, Def, Region, SEMANTICS_VERSION, Span, Value, ValueId};
use crate::op::Op;
use crate::types::{Scalar, Type};

/// A core under construction, with a span for each value.
#[derive(Default)]
pub struct Builder {
    params: u32,
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

impl Builder {
    /// An empty core.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// The next parameter. All parameters come before any other value.
    pub fn param(&mut self, ty: Type) -> ValueId {
        let index = self.params;
        self.params += 1;
        self.push(ty, Def::Param(index))
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

    /// Copies the body of another core in place, with `args` for its parameters; returns its results. The
    /// copies carry the current span.
    pub fn inline(&mut self, callee: &Core, args: &[ValueId]) -> Vec<ValueId> {
        let mut map = args.to_vec();
        let base = self.next_id().0.wrapping_sub(callee.params);
        map.extend((callee.params..callee.values.len() as u32).map(|i| ValueId(i.wrapping_add(base))));
        let at = |id: ValueId| map[id.index()];
        // A region's end may be one past the table, and an empty one may start there.
        let edge = |id: ValueId| ValueId(id.0.wrapping_add(base));
        let region = |r: &Region| Region {
            start: edge(r.start),
            end: edge(r.end),
            yields: r.yields.iter().map(|&id| at(id)).collect(),
        };
        for value in &callee.values[callee.params as usize..] {
            let def = match &value.def {
                Def::Param(_) => unreachable!("parameters are the first values"),
                Def::Const(bits) => Def::Const(*bits),
                Def::Op(op, args) => Def::Op(*op, args.map(at)),
                Def::If { cond, then, otherwise } => {
                    Def::If { cond: at(*cond), then: region(then), otherwise: region(otherwise) }
                }
                Def::Output { of, index } => Def::Output { of: at(*of), index: *index },
            };
            self.push(value.ty, def);
        }
        callee.returns.iter().map(|&id| at(id)).collect()
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

    /// The finished core and its spans.
    pub fn finish(self, returns: Vec<ValueId>) -> (Core, Vec<Span>) {
        let core = Core { semantics: SEMANTICS_VERSION, params: self.params, values: self.values, returns };
        (core, self.spans)
    }
}
