//! The values of constants, computed by the interpreter before the kernels that use them are lowered.

use std::rc::Rc;

use filbert_ir::{Code, Datum, Diagnostic, Scalar, interp, verify};

use crate::ast::{ConstId, ExprId, ExprKind, Name, Tree, TypeNote};
use crate::front::{explain_size, place};
use crate::infer::types::Ty;
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
                Ok(value) => lowering.consts[at] = Some(value),
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

/// The value of a constant.
#[derive(Clone, Debug)]
pub(crate) enum ConstVal {
    One(Scalar),
    /// An array, or a reference to one: its scalars one after the other.
    Table(Rc<Vec<Scalar>>),
}

fn compute(lowering: &mut Lowering<'_, '_>, id: ConstId) -> Result<ConstVal, Vec<Diagnostic>> {
    let constant = lowering.tree.constant(id);
    let mut scalars = Vec::new();
    compute_part(lowering, constant.name, constant.init, &mut scalars)?;
    Ok(match (&constant.ty, scalars.as_slice()) {
        (TypeNote::Scalar(_) | TypeNote::Named { .. }, [only]) => ConstVal::One(*only),
        _ => ConstVal::Table(Rc::new(scalars)),
    })
}

/// Appends the scalars of an expression. A table is computed element by element: as one kernel it would pass
/// the limits.
fn compute_part(
    lowering: &mut Lowering<'_, '_>,
    name: Name<'_>,
    id: ExprId,
    into: &mut Vec<Scalar>,
) -> Result<(), Vec<Diagnostic>> {
    let tree = lowering.tree;
    match &tree.expr(id).kind {
        ExprKind::Int { .. } | ExprKind::Float { .. } => into.push(lowering.literal(id)),
        ExprKind::Bool(value) => into.push(Scalar::Bool(*value)),
        ExprKind::Array(elems) => {
            for &elem in elems {
                compute_part(lowering, name, elem, into)?;
            }
        }
        ExprKind::Repeat { value, .. } => {
            let len = match lowering.typed.types.resolve(lowering.typed.exprs[id.0 as usize]) {
                Ty::Array(array) => lowering.typed.types.array_of(array).1,
                _ => 0,
            };
            let mut one = Vec::new();
            compute_part(lowering, name, *value, &mut one)?;
            (0..len).for_each(|_| into.extend(&one));
        }
        ExprKind::Ref { of, .. } => compute_part(lowering, name, *of, into)?,
        ExprKind::Path(_) => match lowering.typed.meanings[id.0 as usize] {
            Meaning::Const(used) => match &lowering.consts[used.0 as usize] {
                Some(ConstVal::One(scalar)) => into.push(*scalar),
                Some(ConstVal::Table(scalars)) => into.extend(scalars.iter()),
                None => unreachable!("constants are computed before their users"),
            },
            _ => run(lowering, name, id, into)?,
        },
        _ => run(lowering, name, id, into)?,
    }
    Ok(())
}

/// Computes an expression as a kernel of its own.
fn run(
    lowering: &mut Lowering<'_, '_>,
    name: Name<'_>,
    id: ExprId,
    into: &mut Vec<Scalar>,
) -> Result<(), Vec<Diagnostic>> {
    let kernel = match lowering.constant(id, name.text) {
        Ok(kernel) => kernel,
        Err(too_large) => return Err(vec![explain_size(name.text, &too_large)]),
    };
    let spans = kernel.source.clone();
    let verified = verify(kernel).map_err(|findings| place(findings, name.span))?;
    match interp::run(&verified, &[]) {
        Ok(results) => {
            for result in results {
                match result {
                    Datum::Scalar(scalar) => into.push(scalar),
                    Datum::List(scalars) => into.extend(scalars),
                    Datum::Null => {}
                }
            }
            Ok(())
        }
        Err(fault) => {
            let span = spans.and_then(|source| source.spans.get(fault.value.index()).copied());
            let message = format!("the constant `{}` has no value: {}", name.text, fault.fault.code().title());
            Err(vec![Diagnostic::new(Code::ConstEval, span.unwrap_or(name.span), message)])
        }
    }
}
