//! From the typed tree to the IR, one kernel or constant at a time.
//!
//! Nothing was reported before this runs, so names have meanings and expressions types. Assigned variables
//! become yields of the `if` around the assignment; calls of kernels are inlined. What is left to report is
//! a kernel that grows too large on the way.

mod ints;
mod ops;

use std::sync::Arc;

use filbert_ir::builder::Builder;
use filbert_ir::limits::VALUES_MAX;
use filbert_ir::{Kernel, Names, Op, Scalar, Source, Span, Type, ValueId, VerifiedKernel};

use crate::ast::{Block, ExprId, ExprKind, KernelItem, LocalId, Logic, Pat, Stmt, Target, Tree};
use crate::attributes::Overflow;
use crate::infer::types::Ty;
use crate::infer::{Meaning, Typed};
use crate::links::{Given, Links};

/// A value of the source language: a scalar, or a tuple.
#[derive(Clone)]
pub(crate) enum Val {
    One(ValueId),
    Many(Vec<Val>),
}

impl Val {
    fn unit() -> Val {
        Val::Many(Vec::new())
    }

    /// Appends the scalars in it.
    fn flatten(&self, into: &mut Vec<ValueId>) {
        match self {
            Val::One(id) => into.push(*id),
            Val::Many(vals) => vals.iter().for_each(|val| val.flatten(into)),
        }
    }

    /// A value of the same shape from the next scalars.
    fn rebuild(&self, from: &mut impl Iterator<Item = ValueId>) -> Val {
        match self {
            Val::One(id) => Val::One(from.next().unwrap_or(*id)),
            Val::Many(vals) => Val::Many(vals.iter().map(|val| val.rebuild(from)).collect()),
        }
    }
}

/// The kernel passed `VALUES_MAX` at this place.
pub(crate) struct TooLarge(pub(crate) Span);

type Lowered<T> = Result<T, TooLarge>;

/// What lowering looks at.
pub(crate) struct Lowering<'a, 't> {
    pub(crate) tree: &'a Tree<'t>,
    pub(crate) typed: &'a Typed<'t>,
    pub(crate) links: &'a Links<'a>,
    /// By constant; those that are done.
    pub(crate) consts: Vec<Option<Scalar>>,
    /// By kernel; those that are done.
    pub(crate) kernels: Vec<Option<VerifiedKernel>>,
    /// Name and text for the kernels' sources.
    pub(crate) name: &'a str,
    pub(crate) text: Arc<str>,
    /// What each variable holds at this point; by variable, reused from kernel to kernel.
    pub(crate) variables: Vec<Val>,
}

impl<'a, 't> Lowering<'a, 't> {
    /// Lowers a kernel whose callees and constants are done.
    pub(crate) fn kernel(&mut self, item: &'a KernelItem<'t>) -> Lowered<Kernel> {
        let mut lower = Lower { b: Builder::new(), cx: self, overflow: item.attrs.overflow };
        lower.b.signature.fuel = item.attrs.fuel;
        lower.b.signature.on_error = item.attrs.on_error;
        for param in &item.params {
            lower.b.span = param.name.span;
            let ty = lower.cx.typed.types.scalar(lower.cx.typed.locals[param.local.0 as usize]);
            let id = lower.b.param(ty.unwrap_or(Type::F64));
            lower.set(param.local, Val::One(id));
        }
        let result = lower.expr(item.body)?;
        let mut returns = Vec::new();
        result.flatten(&mut returns);
        let (core, spans) = lower.b.finish(returns);
        let params = item.params.iter().enumerate().map(|(i, param)| match param.name.text {
            "_" => format!("_{i}"),
            name => name.to_string(),
        });
        let names = Names {
            kernel: item.name.text.to_string(),
            params: params.collect(),
            results: item.attrs.fields.iter().map(|field| field.text.to_string()).collect(),
            doc: item.doc.clone(),
        };
        let source = Source { name: self.name.to_string(), text: self.text.clone(), spans };
        Ok(Kernel { core, names, source: Some(Arc::new(source)) })
    }

    /// Lowers the value of a constant to a kernel without parameters.
    pub(crate) fn constant(&mut self, init: ExprId, name: &str) -> Lowered<Kernel> {
        let mut lower = Lower { b: Builder::new(), cx: self, overflow: Overflow::Fail };
        let result = lower.expr(init)?;
        let mut returns = Vec::new();
        result.flatten(&mut returns);
        let (core, spans) = lower.b.finish(returns);
        let names = Names { kernel: name.to_string(), ..Names::default() };
        let source = Source { name: self.name.to_string(), text: self.text.clone(), spans };
        Ok(Kernel { core, names, source: Some(Arc::new(source)) })
    }

    fn given(&self) -> Option<&'a Given> {
        match self.links {
            Links::Given(given) => Some(given),
            Links::None | Links::Open => None,
        }
    }
}

struct Lower<'c, 'a, 't> {
    b: Builder,
    cx: &'c mut Lowering<'a, 't>,
    /// What operators do with a result that does not fit.
    overflow: Overflow,
}

impl<'a, 't> Lower<'_, 'a, 't> {
    fn scalar(&mut self, id: ExprId) -> Lowered<ValueId> {
        match self.expr(id)? {
            Val::One(value) => Ok(value),
            Val::Many(_) => unreachable!("inference lets no tuple be an operand"),
        }
    }

    fn expr(&mut self, id: ExprId) -> Lowered<Val> {
        let tree = self.cx.tree;
        let span = tree.span(id);
        if self.b.next_id().index() > VALUES_MAX {
            return Err(TooLarge(span));
        }
        let value = match &tree.expr(id).kind {
            ExprKind::Int { .. } | ExprKind::Float { .. } => {
                let scalar = self.literal(id);
                self.constant(span, scalar)
            }
            ExprKind::Bool(value) => self.constant(span, Scalar::Bool(*value)),
            ExprKind::Path(_) => return Ok(self.path(id)),
            ExprKind::Unary { op, arg } => {
                let arg = self.scalar(*arg)?;
                self.op(span, *op, &[arg])
            }
            ExprKind::Binary { op, left, right, .. } => {
                let left = self.scalar(*left)?;
                let right = self.scalar(*right)?;
                self.op(span, *op, &[left, right])
            }
            ExprKind::Logic { logic, left, right } => self.logic(id, *logic, *left, *right)?,
            ExprKind::Cast { arg, ty } => {
                let arg = self.scalar(*arg)?;
                let _ = ty;
                let ty = self.cx.typed.types.scalar(self.ty(id)).unwrap_or(Type::F64);
                if self.b.ty(arg) == ty { arg } else { self.cast(span, arg, ty) }
            }
            ExprKind::Tuple(elems) => {
                let elems = elems.iter().map(|&elem| self.expr(elem)).collect::<Lowered<Vec<Val>>>()?;
                return Ok(Val::Many(elems));
            }
            ExprKind::Field { of, index } => match self.expr(*of)? {
                Val::Many(mut elems) => return Ok(elems.swap_remove(*index as usize)),
                Val::One(_) => unreachable!("inference lets only tuples have fields"),
            },
            ExprKind::Call { args, .. } => return self.call(id, args),
            ExprKind::Method { receiver, args, .. } => {
                let args = self.args(std::iter::once(receiver).chain(args))?;
                return Ok(self.method(id, &args));
            }
            ExprKind::If { cond, then, otherwise } => return self.if_expr(id, *cond, *then, *otherwise),
            ExprKind::Block(block) => return self.block(block),
            ExprKind::Assign { target, value } => {
                let value = self.expr(*value)?;
                self.assign(target, value);
                return Ok(Val::unit());
            }
            ExprKind::Update { op, target, value, .. } => {
                // Rust computes the right side first when both are scalars.
                let value = self.scalar(*value)?;
                let old = self.scalar(*target)?;
                let new = self.op(span, *op, &[old, value]);
                self.assign(&Target::Variable(*target), Val::One(new));
                return Ok(Val::unit());
            }
            ExprKind::Error => unreachable!("nothing is lowered when something was reported"),
            _ => unreachable!("inference does not let it through"),
        };
        Ok(Val::One(value))
    }

    fn args<'e>(&mut self, args: impl Iterator<Item = &'e ExprId>) -> Lowered<Vec<ValueId>> {
        args.map(|&arg| self.scalar(arg)).collect()
    }

    fn path(&mut self, id: ExprId) -> Val {
        let span = self.cx.tree.span(id);
        match self.meaning(id) {
            Meaning::Local(local) => self.cx.variables[local.0 as usize].clone(),
            Meaning::Scalar(scalar) => Val::One(self.constant(span, scalar)),
            Meaning::Const(constant) => {
                let scalar = self.cx.consts[constant.0 as usize].expect("constants are computed before their users");
                Val::One(self.constant(span, scalar))
            }
            _ => unreachable!("inference gives every path a value"),
        }
    }

    fn call(&mut self, id: ExprId, args: &[ExprId]) -> Lowered<Val> {
        let args = self.args(args.iter())?;
        let span = self.cx.tree.span(id);
        let callee = match self.meaning(id) {
            Meaning::Kernel(index) => self.cx.kernels[index].clone().expect("kernels are lowered before their callers"),
            Meaning::Linked(index) => match self.cx.given() {
                Some(given) => given.kernels[index].1.clone(),
                None => unreachable!("a linked call stands in linked text only"),
            },
            Meaning::Method(_) => return Ok(self.method(id, &args)),
            Meaning::From(ty) if self.b.ty(args[0]) == ty => return Ok(Val::One(args[0])),
            Meaning::From(ty) => return Ok(Val::One(self.cast(span, args[0], ty))),
            _ => unreachable!("inference gives every call a callee"),
        };
        if self.b.next_id().index() + callee.core.values.len() > VALUES_MAX + callee.core.slots() as usize {
            return Err(TooLarge(span));
        }
        self.b.span = span;
        let results = self.b.inline(&callee.core, &args, &[]);
        Ok(match self.ty(id) {
            Ty::Tuple(_) => Val::Many(results.into_iter().map(Val::One).collect()),
            _ => Val::One(results[0]),
        })
    }

    fn block(&mut self, block: &'a Block<'t>) -> Lowered<Val> {
        for stmt in &block.stmts {
            match stmt {
                Stmt::Let { pat, init: Some(init), .. } => {
                    let value = self.expr(*init)?;
                    self.bind(pat, value);
                }
                Stmt::Let { init: None, .. } => unreachable!("the reader reports `let` without a value"),
                Stmt::Expr { expr, .. } => {
                    self.expr(*expr)?;
                }
            }
        }
        block.tail.map_or(Ok(Val::unit()), |tail| self.expr(tail))
    }

    fn bind(&mut self, pat: &Pat<'t>, value: Val) {
        match (pat, value) {
            (Pat::Bind { local, .. }, value) => self.set(*local, value),
            (Pat::Tuple(pats, _), Val::Many(values)) => {
                for (pat, value) in pats.iter().zip(values) {
                    self.bind(pat, value);
                }
            }
            _ => {}
        }
    }

    fn assign(&mut self, target: &Target, value: Val) {
        match (target, value) {
            (Target::Variable(variable), value) => {
                if let Meaning::Local(local) = self.meaning(*variable) {
                    self.set(local, value);
                }
            }
            (Target::Tuple(targets, _), Val::Many(values)) => {
                for (target, value) in targets.iter().zip(values) {
                    self.assign(target, value);
                }
            }
            _ => {}
        }
    }

    fn if_expr(&mut self, id: ExprId, cond: ExprId, then: ExprId, otherwise: Option<ExprId>) -> Lowered<Val> {
        let cond = self.scalar(cond)?;
        let branch = |lower: &mut Self, taken: bool| match (taken, otherwise) {
            (true, _) => lower.expr(then),
            (false, Some(otherwise)) => lower.expr(otherwise),
            (false, None) => Ok(Val::unit()),
        };
        self.branches(id, cond, branch)
    }

    /// `&&` and `||`: an operation where the right side may be computed in any case, else an `if`.
    fn logic(&mut self, id: ExprId, logic: Logic, left: ExprId, right: ExprId) -> Lowered<ValueId> {
        let span = self.cx.tree.span(id);
        let cond = self.scalar(left)?;
        let changes_nothing = !self.cx.typed.changes.contains_key(&id.0);
        if changes_nothing && !self.cx.can_fault(right) {
            let right = self.scalar(right)?;
            let op = if logic == Logic::And { Op::And } else { Op::Or };
            return Ok(self.op(span, op, &[cond, right]));
        }
        // `a && b` is `if a { b } else { false }`, `a || b` is `if a { true } else { b }`.
        let result = self.branches(id, cond, |lower, taken| {
            if taken == (logic == Logic::And) {
                lower.expr(right)
            } else {
                Ok(Val::One(lower.constant(span, Scalar::Bool(taken))))
            }
        })?;
        match result {
            Val::One(value) => Ok(value),
            Val::Many(_) => unreachable!("the sides of a logic operator are bools"),
        }
    }

    /// An `if` whose branches `branch` builds; it yields their value and the variables that they change.
    fn branches(
        &mut self,
        id: ExprId,
        cond: ValueId,
        mut branch: impl FnMut(&mut Self, bool) -> Lowered<Val>,
    ) -> Lowered<Val> {
        let span = self.cx.tree.span(id);
        let typed = self.cx.typed;
        let changed: &[LocalId] = typed.changes.get(&id.0).map_or(&[], Vec::as_slice);
        let before: Vec<Val> = changed.iter().map(|local| self.get(*local)).collect();

        self.b.span = span;
        let open = self.b.begin_if(cond);
        let value = branch(self, true)?;
        let yields = self.yields(&value, changed, span);
        let open = self.b.begin_else(open, &yields);
        for (local, value) in changed.iter().zip(before) {
            self.set(*local, value);
        }
        let value = branch(self, false)?;
        let yields = self.yields(&value, changed, span);
        self.b.span = span;
        let mut results = self.b.end_if(open, &yields).into_iter();

        let value = value.rebuild(&mut results);
        for &local in changed {
            let value = self.get(local).rebuild(&mut results);
            self.set(local, value);
        }
        Ok(value)
    }

    /// The scalars that a branch hands on. A branch must yield something, so one without a value that
    /// changes nothing, which can only fail, yields a bool that nobody reads.
    fn yields(&mut self, value: &Val, changed: &[LocalId], span: Span) -> Vec<ValueId> {
        let mut yields = Vec::new();
        value.flatten(&mut yields);
        for &local in changed {
            self.cx.variables[local.0 as usize].flatten(&mut yields);
        }
        if yields.is_empty() {
            yields.push(self.constant(span, Scalar::Bool(false)));
        }
        yields
    }

    fn get(&self, local: LocalId) -> Val {
        self.cx.variables[local.0 as usize].clone()
    }

    fn set(&mut self, local: LocalId, value: Val) {
        self.cx.variables[local.0 as usize] = value;
    }

    fn meaning(&self, id: ExprId) -> Meaning {
        self.cx.typed.meanings[id.0 as usize]
    }

    fn ty(&self, id: ExprId) -> Ty {
        self.cx.typed.types.resolve(self.cx.typed.exprs[id.0 as usize])
    }

    fn constant(&mut self, span: Span, scalar: Scalar) -> ValueId {
        self.b.span = span;
        self.b.constant(scalar)
    }

    /// An operation as the text has it, so one that wraps where the kernel says so.
    fn op(&mut self, span: Span, op: Op, args: &[ValueId]) -> ValueId {
        self.b.span = span;
        match self.overflow {
            Overflow::Wrap if self.b.ty(args[0]).is_int() => self.wrapped(op, args),
            _ => self.b.op(op, args),
        }
    }

    fn cast(&mut self, span: Span, arg: ValueId, ty: Type) -> ValueId {
        self.b.span = span;
        self.b.cast(arg, ty)
    }
}
