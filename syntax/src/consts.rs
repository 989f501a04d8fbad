//! The values of constants, computed by the interpreter before the kernels that use them are lowered.

use filbert_ir::{Code, Diagnostic, Scalar, interp, verify};

use crate::ast::{ConstId, ExprId, ExprKind, Tree};
use crate::front::{explain_size, place};
use crate::infer::{Meaning, Typed};
use crate::lower::Lowering;

/// Computes every constant, in an order in which those that it uses come first.
pub(crate) fn compute_consts(lowering: &mut Lowering<'_, '_>) -> Result<(), Vec<Diagnostic>> {
    let tree = lowering.tree;
    let uses = const_uses(tree, lowering.typed);
    let mut found = Vec::new();
    let mut failed = vec![false; tree.consts.len()];
    let mut begun = vec![false; tree.consts.len()];
    for root in 0..tree.consts.len() {
        let mut waiting = vec![root];
        while let Some(&at) = waiting.last() {
            if lowering.consts[at].is_some() || failed[at] {
                waiting.pop();
                continue;
            }
            let open: Vec<usize> =
                uses[at].iter().copied().filter(|&of| lowering.consts[of].is_none() && !failed[of]).collect();
            if begun[at] && !open.is_empty() {
                found.push(const_cycle(tree, at));
                failed[at] = true;
                continue;
            }
            begun[at] = true;
            if !open.is_empty() {
                waiting.extend(open);
                continue;
            }
            // What uses a constant that failed cannot be computed, and is not to blame.
            if uses[at].iter().any(|&of| failed[of]) {
                failed[at] = true;
                continue;
            }
            match compute(lowering, ConstId(at as u32)) {
                Ok(scalar) => lowering.consts[at] = Some(scalar),
                Err(findings) => {
                    found.extend(findings);
                    failed[at] = true;
                }
            }
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn const_cycle(tree: &Tree<'_>, at: usize) -> Diagnostic {
    let name = tree.consts[at].name;
    Diagnostic::new(Code::ConstEval, name.span, format!("the constant `{}` needs its own value", name.text))
}

/// For each constant, the constants that its value uses. An expression's parts stand before it in the
/// tree's table, behind the parts of what was read earlier, so each constant owns a run of the table.
fn const_uses(tree: &Tree<'_>, typed: &Typed<'_>) -> Vec<Vec<usize>> {
    let mut uses = vec![Vec::new(); tree.consts.len()];
    for (index, constant) in tree.consts.iter().enumerate() {
        let span = tree.span(constant.init);
        // Walk back from the value over everything that lies inside its span.
        for id in (0..=constant.init.0).rev() {
            let expr = tree.expr(ExprId(id));
            if expr.span.start < span.start || expr.span.end > span.end {
                break;
            }
            if let (ExprKind::Path(_), Meaning::Const(used)) = (&expr.kind, typed.meanings[id as usize]) {
                uses[index].push(used.0 as usize);
            }
        }
    }
    uses
}

fn compute(lowering: &mut Lowering<'_, '_>, id: ConstId) -> Result<Scalar, Vec<Diagnostic>> {
    let constant = lowering.tree.constant(id);
    let name = constant.name;
    let kernel = match lowering.constant(constant.init, name.text) {
        Ok(kernel) => kernel,
        Err(too_large) => return Err(vec![explain_size(name.text, &too_large)]),
    };
    // Most constants are one literal.
    if let ([_], [only]) = (kernel.core.values.as_slice(), kernel.core.returns.as_slice())
        && let Some(scalar) = kernel.core.as_const(*only)
    {
        return Ok(scalar);
    }
    let spans = kernel.source.clone();
    let verified = verify(kernel).map_err(|findings| place(findings, name.span))?;
    match interp::run_scalars(&verified, &[]) {
        Ok(results) => Ok(results[0]),
        Err(fault) => {
            let span = spans.and_then(|source| source.spans.get(fault.value.index()).copied());
            let message = format!("the constant `{}` has no value: {}", name.text, fault.fault.code().title());
            Err(vec![Diagnostic::new(Code::ConstEval, span.unwrap_or(name.span), message)])
        }
    }
}
