//! Expressions of every kind: their type, what they change, and how they leave.

use filbert_ir::Op;
use filbert_ir::op::Class;

use super::check::Check;
use super::explain::Why;
use super::types::{BOOL, Open, Ty, Types};
use super::{Exit, Infer};
use crate::ast::{ExprId, ExprKind};

impl<'a, 't> Infer<'a, 't> {
    /// The type of an expression whose surroundings ask for none.
    pub(super) fn infer(&mut self, id: ExprId) -> Ty {
        let begun = self.begin();
        let ty = self.infer_kind(id);
        self.end(id, begun, ty)
    }

    /// What `end` needs to know of the state before an expression.
    pub(super) fn begin(&self) -> (usize, bool) {
        (self.exits.len(), self.dead)
    }

    /// Writes down what the walk over an expression found out.
    pub(super) fn end(&mut self, id: ExprId, (mark, was_dead): (usize, bool), ty: Ty) -> Ty {
        self.out.exprs[id.0 as usize] = ty;
        self.out.diverges[id.0 as usize] = self.dead && !was_dead;
        if self.exits.len() > mark {
            let mut exits: Vec<Exit> = Vec::new();
            for exit in self.exits.drain(mark..) {
                if !exits.contains(&exit) {
                    exits.push(exit);
                }
            }
            self.exits.extend_from_slice(&exits);
            self.out.exits.insert(id.0, exits);
        }
        ty
    }

    pub(super) fn infer_kind(&mut self, id: ExprId) -> Ty {
        let tree = self.tree;
        let span = tree.span(id);
        match &tree.expr(id).kind {
            ExprKind::Error | ExprKind::Text => Ty::Error,
            ExprKind::Bool(_) => BOOL,
            ExprKind::Int { suffix, .. } => {
                self.checks.push(Check::Literal(id));
                let open = if self.is_generic() { Open::Number } else { Open::Int };
                suffix.map_or_else(|| self.out.types.open(open), Ty::Scalar)
            }
            ExprKind::Float { suffix, .. } => {
                self.checks.push(Check::Literal(id));
                suffix.map_or_else(|| self.out.types.open(Open::Float), Ty::Scalar)
            }
            ExprKind::Path(path) => self.path(id, path),
            ExprKind::Unary { op, arg } => {
                let ty = self.infer(*arg);
                let class = if *op == Op::Neg { Class::SignedNum } else { Class::IntOrBool };
                let symbol = if *op == Op::Neg { "-" } else { "!" };
                if self.operand(id, *arg, class, symbol) { ty } else { Ty::Error }
            }
            ExprKind::Binary { op, symbol, left, right } => self.binary(id, *op, symbol.text, *left, *right),
            ExprKind::Logic { left, right, .. } => self.logic(id, *left, *right, false),
            ExprKind::Cast { arg, ty } => {
                let to = self.note(ty, span);
                self.cast(id, *arg, to)
            }
            ExprKind::Tuple(elems) => {
                let elems = elems.iter().map(|&elem| self.infer(elem)).collect();
                self.tuple(elems, span)
            }
            ExprKind::Field { .. } | ExprKind::NamedField { .. } => self.place_kind(id).0,
            ExprKind::Call { path, path_span, args } => self.call(id, path, *path_span, args),
            ExprKind::Method { receiver, name, args } => {
                let ty = self.receiver(*receiver);
                self.method(id, name.text, name.span, (*receiver, ty), args)
            }
            ExprKind::If { cond, then, otherwise } => self.if_expr(id, *cond, *then, *otherwise, None),
            ExprKind::Block(block) => self.block(id, block, None),
            ExprKind::Assign { target, value } => {
                self.assign(target, *value);
                Types::unit()
            }
            ExprKind::Update { op, symbol, target, value } => {
                self.update(id, *op, symbol.text, *target, *value);
                Types::unit()
            }
            ExprKind::Array(elems) => self.array(id, elems),
            ExprKind::Repeat { value, len } => self.repeat(id, *value, *len),
            ExprKind::Index { .. } | ExprKind::Deref(_) => self.place_value(id),
            ExprKind::Ref { of, mutable } => self.reference(id, *of, *mutable),
            ExprKind::StructLit { name, fields } => self.struct_value(*name, fields),
            ExprKind::While { cond, body, label } => self.while_loop(id, *cond, *body, *label),
            ExprKind::Loop { body, label } => self.endless_loop(id, *body, *label, None),
            ExprKind::For { pat, iter, body, label } => self.for_loop(id, pat, *iter, *body, *label),
            ExprKind::Break { label, value } => self.break_expr(id, *label, *value),
            ExprKind::Continue { label } => self.continue_expr(id, *label),
            ExprKind::Return { value } => self.return_expr(id, *value),
            ExprKind::Match { scrutinee, arms } => self.match_expr(id, *scrutinee, arms, None),
            ExprKind::Let { pat, value } => self.misplaced_let(id, pat, *value),
            ExprKind::Closure { .. } => self.closure(id, None),
            ExprKind::Try(of) => self.question(id, *of),
            ExprKind::Range { start, end, inclusive } => self.range(id, *start, *end, *inclusive),
            ExprKind::Macro { name, args } => self.macro_call(id, *name, args),
        }
    }

    /// Asks for a type. An error is reported where the value comes from: in the branch of an `if`, at the
    /// end of a block.
    pub(super) fn check(&mut self, id: ExprId, want: Ty, why: Why<'a, 't>) {
        let tree = self.tree;
        let begun = self.begin();
        let want_elems = match self.out.types.resolve(want) {
            Ty::Tuple(tuple) => self.out.types.elems(tuple).to_vec(),
            _ => Vec::new(),
        };
        let ty = match &tree.expr(id).kind {
            ExprKind::Block(block) => self.block(id, block, Some((want, why))),
            ExprKind::If { cond, then, otherwise } => self.if_expr(id, *cond, *then, *otherwise, Some((want, why))),
            ExprKind::Match { scrutinee, arms } => self.match_expr(id, *scrutinee, arms, Some((want, why))),
            ExprKind::Loop { body, label } => self.endless_loop(id, *body, *label, Some((want, why))),
            // What calls it was reported, or is not known yet: so are the types of its parameters.
            ExprKind::Closure { params, .. } if want == Ty::Error => {
                self.closure(id, Some((&vec![Ty::Error; params.len()], Some(Ty::Error))))
            }
            ExprKind::Call { path, args, .. } if self.is_some(path, args, want) => {
                self.check_some(id, args[0], want, why)
            }
            ExprKind::Tuple(elems) if !elems.is_empty() && elems.len() == want_elems.len() => {
                for (&elem, &want) in elems.iter().zip(&want_elems) {
                    self.check(elem, want, why);
                }
                let elems = elems.iter().map(|elem| self.out.exprs[elem.0 as usize]).collect();
                self.tuple(elems, tree.span(id))
            }
            ExprKind::Array(elems) if self.wants_array(want, elems.len()).is_some() => {
                let elem = self.wants_array(want, elems.len()).unwrap_or(Ty::Error);
                self.check_array(id, elems, elem, why)
            }
            _ => {
                let got = self.infer_kind(id);
                if self.coerces(got, want) || self.out.types.unify(want, got) {
                    got
                } else {
                    self.explain_mismatch(id, want, got, why);
                    Ty::Error
                }
            }
        };
        self.end(id, begun, ty);
    }

    /// Keeps the variables from outside that were assigned since `mark` as what this expression changes.
    pub(super) fn note_changes(&mut self, id: ExprId, mark: usize) {
        if self.assigned.len() == mark {
            return;
        }
        let mut changes = self.assigned.split_off(mark);
        changes.retain(|local| self.locals[local.0 as usize].in_scope);
        changes.sort_unstable();
        changes.dedup();
        self.assigned.extend_from_slice(&changes);
        if !changes.is_empty() {
            self.out.changes.insert(id.0, changes);
        }
    }
}
