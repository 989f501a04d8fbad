//! Functions of ours in nodes that another codec writes.
//!
//! An engine's own nodes (Ballista's exchanges) write the functions in their expressions by name only, with
//! their own codec, and nobody registered ours where the plan is read. So they go before the node:
//!
//! ```text
//!   "FBNF" | u32 count, of functions: u32 length, name | u32 length, payload | the node
//! ```
//!
//! and are known by their names while the node is read. Numbers are little-endian.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::ScalarUDF;
use datafusion::physical_expr::{Partitioning, ScalarFunctionExpr};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, PhysicalExpr};

const MAGIC: &[u8; 4] = b"FBNF";

/// A function's name and payload.
type Named<'b> = (&'b str, &'b [u8]);

/// The functions in a node's own expressions, and in what it says of its partitions.
pub(crate) fn functions(node: &Arc<dyn ExecutionPlan>) -> Result<Vec<Arc<ScalarUDF>>> {
    let mut functions = Vec::new();
    let mut look = |expression: &Arc<dyn PhysicalExpr>| {
        expression.apply(|part| {
            if let Some(call) = part.downcast_ref::<ScalarFunctionExpr>() {
                functions.push(Arc::new(call.fun().clone()));
            }
            Ok(TreeNodeRecursion::Continue)
        })
    };
    node.apply_expressions(&mut look)?;
    if let Partitioning::Hash(keys, _) = node.output_partitioning() {
        for key in keys {
            look(key)?;
        }
    }
    Ok(functions)
}

/// Writes functions, with their payloads, before a node.
pub(crate) fn put(functions: &BTreeMap<String, Vec<u8>>, buf: &mut Vec<u8>) {
    buf.extend_from_slice(MAGIC);
    buf.extend((functions.len() as u32).to_le_bytes());
    for bytes in functions.iter().flat_map(|(name, payload)| [name.as_bytes(), payload]) {
        buf.extend((bytes.len() as u32).to_le_bytes());
        buf.extend(bytes);
    }
}

/// Names and payloads of functions that stand before a node, and the node.
pub(crate) fn take(buf: &[u8]) -> Result<(Vec<Named<'_>>, &[u8])> {
    let Some(mut rest) = buf.strip_prefix(MAGIC) else { return Ok((Vec::new(), buf)) };
    let mut functions = Vec::new();
    for _ in 0..count(&mut rest)? {
        let (name, payload) = (bytes(&mut rest)?, bytes(&mut rest)?);
        match str::from_utf8(name) {
            Ok(name) => functions.push((name, payload)),
            Err(_) => return internal_err!("a function before a node has a name that is not UTF-8"),
        }
    }
    Ok((functions, rest))
}

fn count(rest: &mut &[u8]) -> Result<usize> {
    match rest.split_first_chunk() {
        Some((count, behind)) => {
            *rest = behind;
            Ok(u32::from_le_bytes(*count) as usize)
        }
        None => internal_err!("the functions before a node end too early"),
    }
}

fn bytes<'b>(rest: &mut &'b [u8]) -> Result<&'b [u8]> {
    let length = count(rest)?;
    match rest.split_at_checked(length) {
        Some((bytes, behind)) => {
            *rest = behind;
            Ok(bytes)
        }
        None => internal_err!("the functions before a node end too early"),
    }
}

/// The task, with these functions beside those that it knows.
pub(crate) fn knowing(task: &TaskContext, functions: Vec<(&str, Arc<ScalarUDF>)>) -> TaskContext {
    let mut known = task.scalar_functions().clone();
    known.extend(functions.into_iter().map(|(name, function)| (name.to_string(), function)));
    TaskContext::new(
        task.task_id(),
        task.session_id(),
        task.session_config().clone(),
        known,
        task.higher_order_functions().clone(),
        task.aggregate_functions().clone(),
        task.window_functions().clone(),
        task.runtime_env(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_come_back_and_broken_ones_do_not() {
        let mut buf = Vec::new();
        put(&BTreeMap::from([("f".to_string(), vec![1, 2, 3]), (String::new(), Vec::new())]), &mut buf);
        let functions = buf.len();
        buf.extend(b"node");
        let (found, node) = take(&buf).expect("functions");
        assert_eq!((found, node), (vec![("", &[][..]), ("f", &[1, 2, 3][..])], &b"node"[..]));
        for end in MAGIC.len()..functions {
            assert!(take(&buf[..end]).is_err(), "{end}");
        }
        let (found, node) = take(b"node").expect("no functions");
        assert!(found.is_empty() && node == b"node");
    }
}
