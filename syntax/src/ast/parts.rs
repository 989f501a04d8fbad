//! What expressions and patterns are made of, for walks that care about few kinds.

use super::{Block, ExprId, ExprKind, LocalId, Name, Pat, Stmt, Target};

impl<'t> ExprKind<'t> {
    /// The expressions directly inside, in the order in which they stand; those inside patterns and written
    /// types left out.
    pub(crate) fn parts(&self) -> Vec<ExprId> {
        match self {
            ExprKind::Int { .. }
            | ExprKind::Float { .. }
            | ExprKind::Bool(_)
            | ExprKind::Text
            | ExprKind::Path(_)
            | ExprKind::Continue { .. }
            | ExprKind::Error => Vec::new(),
            ExprKind::Unary { arg, .. }
            | ExprKind::Cast { arg, .. }
            | ExprKind::Try(arg)
            | ExprKind::Deref(arg)
            | ExprKind::Ref { of: arg, .. }
            | ExprKind::Field { of: arg, .. }
            | ExprKind::NamedField { of: arg, .. }
            | ExprKind::Let { value: arg, .. }
            | ExprKind::Loop { body: arg, .. }
            | ExprKind::Closure { body: arg, .. } => vec![*arg],
            ExprKind::Binary { left, right, .. } | ExprKind::Logic { left, right, .. } => vec![*left, *right],
            ExprKind::Index { of, index } => vec![*of, *index],
            ExprKind::Repeat { value, len } => vec![*value, *len],
            ExprKind::While { cond, body, .. } => vec![*cond, *body],
            ExprKind::For { iter, body, .. } => vec![*iter, *body],
            ExprKind::Update { target, value, .. } => vec![*target, *value],
            ExprKind::Assign { target, value } => {
                let mut parts = target.places();
                parts.push(*value);
                parts
            }
            ExprKind::Tuple(elems) | ExprKind::Array(elems) => elems.clone(),
            ExprKind::Call { args, .. } | ExprKind::Macro { args, .. } => args.clone(),
            ExprKind::Method { receiver, args, .. } => std::iter::once(*receiver).chain(args.iter().copied()).collect(),
            ExprKind::If { cond, then, otherwise } => [*cond, *then].into_iter().chain(*otherwise).collect(),
            ExprKind::Break { value, .. } | ExprKind::Return { value } => value.iter().copied().collect(),
            ExprKind::Range { start, end, .. } => start.iter().chain(end).copied().collect(),
            ExprKind::Match { scrutinee, arms } => {
                let arms = arms.iter().flat_map(|arm| arm.guard.into_iter().chain([arm.body]));
                std::iter::once(*scrutinee).chain(arms).collect()
            }
            ExprKind::StructLit { fields, .. } => fields.iter().map(|(_, value)| *value).collect(),
            ExprKind::Block(block) => block.parts(),
        }
    }
}

impl Block<'_> {
    fn parts(&self) -> Vec<ExprId> {
        let mut parts = Vec::new();
        for stmt in &self.stmts {
            match stmt {
                Stmt::Let { init, otherwise, .. } => parts.extend(init.iter().chain(otherwise)),
                Stmt::Expr { expr, .. } => parts.push(*expr),
            }
        }
        parts.extend(self.tail);
        parts
    }
}

impl Target {
    /// The expressions that are assigned.
    pub(crate) fn places(&self) -> Vec<ExprId> {
        match self {
            Target::Variable(place) | Target::Place(place) => vec![*place],
            Target::Wild | Target::Error => Vec::new(),
            Target::Tuple(targets, _) => targets.iter().flat_map(Target::places).collect(),
        }
    }
}

impl<'t> Pat<'t> {
    /// The variables that it binds. A name that is a constant's compares and stands here all the same.
    pub(crate) fn bound(&self) -> Vec<(Name<'t>, LocalId)> {
        match self {
            Pat::Bind { name, local, sub, .. } => {
                let sub = sub.iter().flat_map(|sub| sub.bound());
                std::iter::once((*name, *local)).chain(sub).collect()
            }
            Pat::Tuple(pats, _) | Pat::Array(pats, _) => pats.iter().flat_map(Pat::bound).collect(),
            // Alternatives bind the same variables.
            Pat::Or(pats, _) => pats.first().map_or(Vec::new(), Pat::bound),
            Pat::Some(pat, _) | Pat::Ref(pat, _) => pat.bound(),
            Pat::Struct { fields, .. } => fields.iter().flat_map(|(_, pat)| pat.bound()).collect(),
            Pat::Wild | Pat::Rest | Pat::Value(_) | Pat::Range { .. } | Pat::None(_) | Pat::Error => Vec::new(),
        }
    }
}
