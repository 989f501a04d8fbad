//! Parameters and variables that nothing reads.

use std::collections::{HashMap, HashSet};

use filbert_ir::{Code, Diagnostic};

use super::{Lint, Search};
use crate::ast::{ExprId, ExprKind, LocalId, Name, Role, Stmt, Target};
use crate::infer::Meaning;

impl<'t> Search<'_, 't> {
    pub(super) fn unused(&mut self) {
        let (reads, writes) = self.uses();
        // The body of a generic kernel stands in its instances.
        for kernel in self.tree.kernels.iter().filter(|kernel| kernel.role != Role::Template) {
            for param in &kernel.params {
                if reads.contains(&param.local.0) || param.name.text.starts_with('_') {
                    continue;
                }
                let (name, span) = (param.name.text, param.name.span);
                let message = format!("parameter `{name}` of `{}` is not used", kernel.name.text);
                let finding = Diagnostic::new(Code::WarnUnusedParameter, span, message);
                self.warn(Lint::UnusedVariables, finding.help(format!("name it `_{name}`, or leave it out")));
            }
        }
        for (name, local) in self.variables() {
            if reads.contains(&local.0) || name.text.starts_with('_') {
                continue;
            }
            let (what, help) = match writes.contains_key(&local.0) {
                true => ("is assigned, but nothing reads it", "leave it out"),
                false => ("is not used", "leave it out, or let its name begin with `_`"),
            };
            let message = format!("variable `{}` {what}", name.text);
            let finding = Diagnostic::new(Code::WarnUnusedVariable, name.span, message).help(help);
            self.warn(Lint::UnusedVariables, finding);
        }
    }

    /// The variables that are read, and those that are assigned as a whole.
    fn uses(&self) -> (HashSet<u32>, HashMap<u32, ExprId>) {
        let mut targets = HashSet::new();
        for id in self.exprs() {
            match self.kind(id) {
                ExprKind::Assign { target, .. } => whole(target, &mut targets),
                // `x += 1` alone is no use of `x`.
                ExprKind::Update { target, .. } => {
                    targets.insert(target.0);
                }
                _ => {}
            }
        }
        let (mut reads, mut writes) = (HashSet::new(), HashMap::new());
        for id in self.exprs() {
            let Meaning::Local(LocalId(local)) = self.typed.meanings[id.0 as usize] else { continue };
            if targets.contains(&id.0) {
                writes.insert(local, id);
            } else {
                reads.insert(local);
            }
        }
        (reads, writes)
    }

    /// Every variable that a pattern binds, parameters of kernels left out.
    fn variables(&self) -> Vec<(Name<'t>, LocalId)> {
        let mut all = Vec::new();
        for expr in &self.tree.exprs {
            match &expr.kind {
                ExprKind::Block(block) => {
                    for stmt in &block.stmts {
                        if let Stmt::Let { pat, .. } = stmt {
                            all.extend(pat.bound());
                        }
                    }
                }
                ExprKind::For { pat, .. } | ExprKind::Let { pat, .. } => all.extend(pat.bound()),
                ExprKind::Match { arms, .. } => all.extend(arms.iter().flat_map(|arm| arm.pat.bound())),
                ExprKind::Closure { params, .. } => all.extend(params.iter().flat_map(|param| param.pat.bound())),
                _ => {}
            }
        }
        all.retain(|(name, _)| !self.tree.consts.iter().any(|constant| constant.name.text == name.text));
        all
    }
}

/// The variables that an assignment assigns as a whole.
fn whole(target: &Target, into: &mut HashSet<u32>) {
    match target {
        Target::Variable(variable) => {
            into.insert(variable.0);
        }
        Target::Tuple(targets, _) => targets.iter().for_each(|target| whole(target, into)),
        Target::Place(_) | Target::Wild | Target::Error => {}
    }
}
