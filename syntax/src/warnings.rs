//! Findings about kernels that work: what is probably not meant.
//!
//! They are looked for when a text has no errors, one file of rules for each subject. A rule would rather
//! miss a case than call out a line that is right. `#[allow(...)]` on a function, a statement or, as
//! `#![allow(...)]`, on the text silences them by the names that rustc and clippy have for the same thing,
//! so that one attribute serves both:
//!
//! | code | lint |
//! |---|---|
//! | FB-1001, FB-1002 | `unused_variables` |
//! | FB-1003 | `invalid_nan_comparisons` |
//! | FB-1004 | `clippy::integer_division` |
//! | FB-1005 | `clippy::cast_precision_loss`, `clippy::cast_possible_truncation` |
//! | FB-1006 | `clippy::infinite_loop` |
//! | FB-1007 | `unreachable_code`, `unreachable_patterns` |

mod flow;
mod numbers;
mod range;
mod unused;

use std::collections::HashSet;

use filbert_ir::{Diagnostic, Span};

use crate::ast::{ExprId, ExprKind, Pat, Stmt, Tree};
use crate::infer::Typed;

/// What a warning is of, as `allow` names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lint {
    UnusedVariables,
    NanComparison,
    IntegerDivision,
    CastPrecision,
    CastTruncation,
    InfiniteLoop,
    UnreachableCode,
    UnreachablePattern,
}

const LINTS: [(&str, Lint); 8] = [
    ("unused_variables", Lint::UnusedVariables),
    ("invalid_nan_comparisons", Lint::NanComparison),
    ("clippy::integer_division", Lint::IntegerDivision),
    ("clippy::cast_precision_loss", Lint::CastPrecision),
    ("clippy::cast_possible_truncation", Lint::CastTruncation),
    ("clippy::infinite_loop", Lint::InfiniteLoop),
    ("unreachable_code", Lint::UnreachableCode),
    ("unreachable_patterns", Lint::UnreachablePattern),
];

impl Lint {
    /// The lints that a name in `allow` stands for. Others are rustc's and clippy's business.
    pub(crate) fn named(name: &str) -> Vec<Lint> {
        let all = || LINTS.iter().map(|&(_, lint)| lint);
        match name {
            "warnings" => all().collect(),
            "unused" => vec![Lint::UnusedVariables, Lint::UnreachableCode, Lint::UnreachablePattern],
            "clippy::pedantic" => vec![Lint::CastPrecision, Lint::CastTruncation],
            "clippy::restriction" => vec![Lint::IntegerDivision, Lint::InfiniteLoop],
            _ => LINTS.iter().filter(|(known, _)| *known == name).map(|&(_, lint)| lint).collect(),
        }
    }

    fn name(self) -> &'static str {
        LINTS.iter().find(|(_, lint)| *lint == self).map_or("warnings", |(name, _)| name)
    }
}

/// Looks for all of them, in source order.
pub(crate) fn warnings(tree: &Tree<'_>, typed: &Typed<'_>) -> Vec<Diagnostic> {
    let mut search = Search { tree, typed, values: values(tree), found: Vec::new() };
    search.unused();
    search.numbers();
    search.flow();
    let is_allowed = |lint: Lint, span: Span| {
        tree.allows.iter().any(|&(allowed, at)| allowed == lint && at.start <= span.start && span.end <= at.end)
    };
    // What a generic kernel does for one type it does for others.
    let mut seen = HashSet::new();
    let found = search.found.into_iter();
    let found = found.filter(|(_, finding)| seen.insert((finding.code, finding.span)));
    let found = found.filter(|(lint, finding)| !finding.span.is_some_and(|span| is_allowed(*lint, span)));
    found.map(|(_, finding)| finding).collect()
}

/// What a variable stands for as long as it lives.
#[derive(Clone, Copy)]
enum Value {
    /// What `let` gives it.
    Of(ExprId),
    /// The items of this, one after another.
    EachOf(ExprId),
    /// A part of such an item, or what a closure is given.
    PartOfEach,
    /// It can change, or nothing is known.
    Unknown,
}

struct Search<'a, 't> {
    tree: &'a Tree<'t>,
    typed: &'a Typed<'t>,
    /// By variable.
    values: Vec<Value>,
    found: Vec<(Lint, Diagnostic)>,
}

impl<'a, 't> Search<'a, 't> {
    /// Reports, with what to write if it is meant. Nobody means what nothing reads or reaches.
    fn warn(&mut self, lint: Lint, finding: Diagnostic) {
        if matches!(lint, Lint::UnusedVariables | Lint::UnreachableCode | Lint::UnreachablePattern) {
            self.found.push((lint, finding));
            return;
        }
        let meant = format!("if it is meant, `#[allow({})]`", lint.name());
        let help = match &finding.help {
            Some(help) => format!("{help}; {meant}"),
            None => meant,
        };
        self.found.push((lint, finding.help(help)));
    }

    fn exprs(&self) -> impl Iterator<Item = ExprId> + use<> {
        (0..self.tree.exprs.len() as u32).map(ExprId)
    }

    fn kind(&self, id: ExprId) -> &'a ExprKind<'t> {
        &self.tree.expr(id).kind
    }

    /// The type of an expression, if it is a scalar.
    fn scalar(&self, id: ExprId) -> Option<filbert_ir::Type> {
        self.typed.types.scalar(self.typed.exprs[id.0 as usize])
    }

    /// The expression that a block's value comes from, or the expression itself.
    fn innermost(&self, mut id: ExprId) -> ExprId {
        while let ExprKind::Block(block) = self.kind(id)
            && let Some(tail) = block.tail
        {
            id = tail;
        }
        id
    }
}

fn values(tree: &Tree<'_>) -> Vec<Value> {
    let mut values = vec![Value::Unknown; tree.locals as usize];
    let mut set = |pat: &Pat<'_>, value: Value| match (pat, value) {
        (Pat::Bind { local, mutable: false, sub: None, .. }, value) => values[local.0 as usize] = value,
        (_, Value::Of(_)) => {}
        (pat, _) => pat.bound().iter().for_each(|(_, local)| values[local.0 as usize] = Value::PartOfEach),
    };
    for expr in &tree.exprs {
        match &expr.kind {
            ExprKind::Block(block) => {
                for stmt in &block.stmts {
                    if let Stmt::Let { pat, init: Some(init), .. } = stmt {
                        set(pat, Value::Of(*init));
                    }
                }
            }
            ExprKind::For { pat, iter, .. } => set(pat, Value::EachOf(*iter)),
            ExprKind::Closure { params, .. } => params.iter().for_each(|param| set(&param.pat, Value::PartOfEach)),
            _ => {}
        }
    }
    values
}
