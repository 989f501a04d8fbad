//! From the typed tree to the IR, one kernel or constant at a time.
//!
//! Nothing was reported before this runs, so names have meanings and expressions types. Assigned variables
//! become yields of the `if` or loop around the assignment; calls of kernels and closures are inlined. What
//! is left to report is a kernel that grows too large on the way.
//!
//! An expression is either *strict* (its operands are computed in order, then `combine` makes its value of
//! theirs) or has its own control flow. What may leave (`flow`) is built with the rest of the kernel inside.

mod array;
mod call;
mod closure;
mod each;
mod ends;
mod flow;
mod ints;
mod iter;
mod loops;
mod loose;
mod ops;
mod option;
mod pattern;
mod ranges;
mod sequence;
mod stream;
mod strict;
mod structs;
mod time;
pub(crate) mod value;
mod view;
mod walk;

use std::sync::Arc;

use filbert_ir::builder::Builder;
use filbert_ir::limits::VALUES_MAX;
use filbert_ir::{Kernel, Names, Op, Scalar, Source, Span, Type, ValueId, VerifiedKernel};

use crate::ast::{Block, ExprId, ExprKind, LocalId, Logic, Name, Stmt, Tree};
use crate::attributes::{Loose, Overflow};
use crate::consts::ConstVal;
use crate::infer::types::{BOOL, Ty, Types};
use crate::infer::{Meaning, Typed};
use crate::links::{Given, Links};
use ends::{End, Way};
use value::Val;
pub(crate) use view::DYNAMIC_LEN_MAX;

/// A limit that the kernel passed, at this place.
#[derive(Debug)]
pub(crate) enum TooLarge {
    /// `VALUES_MAX`
    Values(Span),
    /// `NESTING_MAX`
    Nesting(Span),
    /// `DYNAMIC_LEN_MAX`, by an array of this length.
    Dynamic(Span, usize),
    /// A `zip` of two iterators whose items have no number each.
    Zip(Span),
    /// An array of variables, where a list in memory is needed.
    NoMemory(Span),
}

/// Expressions that may be lowered for one kernel. Closures that call closures double with each, also where
/// nothing is left of them.
const STEPS_MAX: usize = 64 * VALUES_MAX;

type Lowered<T> = Result<T, TooLarge>;

/// What lowering looks at.
pub(crate) struct Lowering<'a, 't> {
    pub(crate) tree: &'a Tree<'t>,
    pub(crate) typed: &'a Typed<'t>,
    pub(crate) links: &'a Links<'a>,
    /// By constant; those that are done.
    pub(crate) consts: Vec<Option<ConstVal>>,
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
    pub(crate) fn kernel(&mut self, index: usize) -> Lowered<Kernel> {
        let tree = self.tree;
        let item = &tree.kernels[index];
        let result = self.typed.results[index];
        let mut lower = Lower::new(self, result);
        lower.overflow = item.attrs.overflow;
        lower.loose = item.attrs.loose;
        lower.b.signature.fuel = item.attrs.fuel;
        lower.b.signature.on_error = item.attrs.on_error;
        lower.params(item, index);
        let outs = lower.out_types(item, index);
        let (mut core, spans) = lower.body(item.body, result)?;
        core.signature.results.extend(outs);
        let params = item.params.iter().enumerate().map(|(i, param)| match param.name.text {
            "_" => format!("_{i}"),
            name => name.to_string(),
        });
        let mut params: Vec<String> = params.collect();
        // Lists that are written are results.
        let outs = params.split_off(core.signature.params.len());
        let mut results: Vec<String> = self.result_names(index);
        if !outs.is_empty() {
            let returned = core.signature.results.len() - outs.len();
            results.extend((results.len()..returned).map(|index| format!("c{index}")));
            results.extend(outs);
        }
        let names = Names { kernel: item.name.text.to_string(), params, results, doc: item.doc.clone() };
        let source = Source { name: self.name.to_string(), text: self.text.clone(), spans };
        Ok(Kernel { core, names, source: Some(Arc::new(source)) })
    }

    /// What the columns are called: as the fields of the struct that they are, or as `fields` says.
    fn result_names(&self, index: usize) -> Vec<String> {
        let names: Vec<&Name<'t>> = match self.typed.types.resolve(self.typed.results[index]) {
            Ty::Struct(of) => self.tree.structs[of as usize].fields.iter().map(|(name, _)| name).collect(),
            _ => self.tree.kernels[index].attrs.fields.iter().collect(),
        };
        names.into_iter().map(|name| name.text.to_string()).collect()
    }

    /// Lowers the value of a constant to a kernel without parameters.
    pub(crate) fn constant(&mut self, init: ExprId, name: &str) -> Lowered<Kernel> {
        let ty = self.typed.exprs[init.0 as usize];
        let (core, spans) = Lower::new(self, ty).body(init, ty)?;
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
    /// What floats may do.
    loose: Loose,
    /// Type of the kernel's result.
    result: Ty,
    /// What the regions being built hand on, the innermost last.
    ends: Vec<End>,
    /// How deep the regions are nested.
    depth: usize,
    /// What the variables held before they were set, the last one last.
    undo: Vec<(LocalId, Val)>,
    /// Expressions lowered so far.
    steps: usize,
}

impl<'c, 'a, 't> Lower<'c, 'a, 't> {
    fn new(cx: &'c mut Lowering<'a, 't>, result: Ty) -> Lower<'c, 'a, 't> {
        Lower {
            b: Builder::new(),
            cx,
            overflow: Overflow::Fail,
            loose: Loose::default(),
            result,
            ends: Vec::new(),
            depth: 0,
            undo: Vec::new(),
            steps: 0,
        }
    }

    /// Builds the body and its results.
    fn body(mut self, body: ExprId, ty: Ty) -> Lowered<(filbert_ir::Core, Vec<Span>)> {
        self.ends.push(End::Kernel(ty));
        let returns = self.then(body, &mut |lower, value| lower.finish(Way::Falls, value))?;
        let results = self.result_types(ty);
        // A kernel without scalar results hands on nothing, and every other region something.
        let returns = if results.is_empty() { Vec::new() } else { returns };
        Ok(self.b.finish_as(results, returns))
    }

    fn scalar(&mut self, id: ExprId) -> Lowered<ValueId> {
        let value = self.expr(id)?;
        Ok(self.one(self.span(id), &value, self.ty(id)))
    }

    /// The value of an expression that does not leave.
    fn expr(&mut self, id: ExprId) -> Lowered<Val> {
        let tree = self.cx.tree;
        let span = tree.span(id);
        self.steps += 1;
        if self.b.next_id().index() > VALUES_MAX || self.steps > STEPS_MAX {
            return Err(TooLarge::Values(span));
        }
        match &tree.expr(id).kind {
            ExprKind::Logic { logic, left, right } => self.logic(id, *logic, *left, *right),
            ExprKind::If { cond, then, otherwise } => self.if_expr(id, *cond, *then, *otherwise),
            ExprKind::Match { scrutinee, arms } => {
                let value = self.expr(*scrutinee)?;
                if self.diverges(*scrutinee) {
                    return Ok(Val::Nothing);
                }
                let ty = self.ty(id);
                let outcome = self.join(id, ty, None, |lower| lower.ladder(id, arms, &value))?;
                Ok(self.settled(outcome))
            }
            ExprKind::Block(block) if block.label.is_none() => self.block(block),
            ExprKind::While { .. } | ExprKind::Loop { .. } | ExprKind::Block(_) => {
                let outcome = self.framed(id)?;
                Ok(self.settled(outcome))
            }
            ExprKind::For { iter, .. } => {
                let value = self.expr(*iter)?;
                if self.diverges(*iter) {
                    return Ok(Val::Nothing);
                }
                let iter = value;
                let outcome = self.for_loop(id, iter)?;
                Ok(self.settled(outcome))
            }
            ExprKind::Index { .. }
            | ExprKind::Field { .. }
            | ExprKind::NamedField { .. }
            | ExprKind::Deref(_)
            | ExprKind::Ref { .. }
                if !self.diverges(id) =>
            {
                self.place_value(id)
            }
            ExprKind::Error => unreachable!("nothing is lowered when something was reported"),
            _ => {
                let mut values = Vec::new();
                for operand in self.operands(id) {
                    values.push(self.expr(operand)?);
                    // What has no value computes nothing behind it.
                    if self.diverges(operand) {
                        return Ok(Val::Nothing);
                    }
                }
                self.combine(id, values)
            }
        }
    }

    fn block(&mut self, block: &'a Block<'t>) -> Lowered<Val> {
        for stmt in &block.stmts {
            match stmt {
                Stmt::Let { pat, init: Some(init), otherwise, .. } => {
                    let value = self.expr(*init)?;
                    if self.diverges(*init) {
                        return Ok(Val::Nothing);
                    }
                    let ty = self.ty(*init);
                    if let Some(otherwise) = otherwise {
                        self.or_else_fails(*init, pat, &value, *otherwise)?;
                    }
                    self.bind(pat, value, ty);
                }
                Stmt::Let { pat, init: None, .. } => self.bind(pat, Val::Nothing, Ty::Never),
                Stmt::Expr { expr, .. } => {
                    self.expr(*expr)?;
                    if self.diverges(*expr) {
                        return Ok(Val::Nothing);
                    }
                }
            }
        }
        block.tail.map_or(Ok(Val::unit()), |tail| self.expr(tail))
    }

    /// `let ... else` whose block does not leave: it fails.
    fn or_else_fails(
        &mut self,
        init: ExprId,
        pat: &'a crate::ast::Pat<'t>,
        value: &Val,
        otherwise: ExprId,
    ) -> Lowered<()> {
        let span = self.span(init);
        let ty = self.ty(init);
        let test = self.test(span, pat, value, ty);
        self.join(otherwise, Types::unit(), None, |lower| {
            lower.fork_flag(span, test, |lower, taken| match taken {
                true => lower.finish(Way::Falls, Val::unit()),
                false => lower.then(otherwise, &mut |lower, _| lower.finish(Way::Dead, Val::Nothing)),
            })
        })?;
        Ok(())
    }

    fn if_expr(&mut self, id: ExprId, cond: ExprId, then: ExprId, otherwise: Option<ExprId>) -> Lowered<Val> {
        let span = self.span(id);
        let value = self.scalar(cond)?;
        // What is behind it is never reached, and of no type.
        if self.diverges(cond) {
            return Ok(Val::Nothing);
        }
        let ty = self.ty(id);
        let cond = self.known(value);
        let outcome = self.join(id, ty, None, |lower| {
            lower.fork_flag(span, cond, |lower, taken| {
                let value = match (taken, otherwise) {
                    (true, _) => lower.expr(then)?,
                    (false, Some(otherwise)) => lower.expr(otherwise)?,
                    (false, None) => Val::unit(),
                };
                lower.finish(Way::Falls, value)
            })
        })?;
        Ok(self.settled(outcome))
    }

    /// `&&` and `||`: an operation where the right side may be computed in any case, else an `if`.
    fn logic(&mut self, id: ExprId, logic: Logic, left: ExprId, right: ExprId) -> Lowered<Val> {
        let span = self.cx.tree.span(id);
        let cond = self.scalar(left)?;
        if self.diverges(left) {
            return Ok(Val::Nothing);
        }
        let changes_nothing = !self.cx.typed.changes.contains_key(&id.0);
        if changes_nothing && !self.cx.can_fault(right) {
            let right = self.scalar(right)?;
            let op = if logic == Logic::And { Op::And } else { Op::Or };
            return Ok(Val::One(self.op(span, op, &[cond, right])));
        }
        // `a && b` is `if a { b } else { false }`, `a || b` is `if a { true } else { b }`.
        let outcome = self.join(id, BOOL, None, |lower| {
            lower.fork(span, cond, |lower, taken| {
                let value = if taken == (logic == Logic::And) {
                    lower.expr(right)?
                } else {
                    Val::One(lower.constant(span, Scalar::Bool(taken)))
                };
                lower.finish(Way::Falls, value)
            })
        })?;
        Ok(self.settled(outcome))
    }

    fn get(&self, local: LocalId) -> Val {
        self.cx.variables[local.0 as usize].clone()
    }

    fn set(&mut self, local: LocalId, value: Val) {
        let old = std::mem::replace(&mut self.cx.variables[local.0 as usize], value);
        self.undo.push((local, old));
    }

    /// The state of the variables, for `rewind`.
    fn mark(&self) -> usize {
        self.undo.len()
    }

    /// Gives the variables back what they held at the mark.
    fn rewind(&mut self, mark: usize) {
        while self.undo.len() > mark {
            let Some((local, old)) = self.undo.pop() else { return };
            self.cx.variables[local.0 as usize] = old;
        }
    }

    fn local_ty(&self, local: LocalId) -> Ty {
        self.cx.typed.types.resolve(self.cx.typed.locals[local.0 as usize])
    }

    fn span(&self, id: ExprId) -> Span {
        self.cx.tree.span(id)
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

    /// An operation as the text has it, so one that wraps, or a looser one, where the kernel says so.
    fn op(&mut self, span: Span, op: Op, args: &[ValueId]) -> ValueId {
        self.b.span = span;
        match self.overflow {
            Overflow::Wrap if self.b.ty(args[0]).is_int() => self.wrapped(op, args),
            _ if self.loose.approx => self.b.op(op.approximate().unwrap_or(op), args),
            _ => self.b.op(op, args),
        }
    }

    fn cast(&mut self, span: Span, arg: ValueId, ty: Type) -> ValueId {
        self.b.span = span;
        self.b.cast(arg, ty)
    }
}
