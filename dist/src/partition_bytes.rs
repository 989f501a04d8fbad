//! How many partitions a query has: as many as its files are worth.
//!
//! Where a session says `SET filbert.partition_bytes = '64MiB'`, a query that is about to run gets
//!
//! ```text
//!   the bytes of the files of all its tables / partition_bytes, rounded up,
//!   but at least the session's number of partitions and at most `PARTITIONS_BY_BYTES_MAX`
//! ```
//!
//! partitions, for its scans and for every exchange of rows. A table that the query names twice counts twice, and
//! every file counts as it lies there: compressed, with the columns and rows that the query will skip. The
//! session's number is one for each core unless somebody said otherwise, so no core is idle for this.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::listing::ListingTable;
use datafusion::datasource::source_as_provider;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use futures::TryStreamExt;

use crate::options::KernelOptions;

/// Partitions that a query gets by its bytes. Beyond, what tasks and exchanges cost by themselves would outweigh
/// what they do (docs/cluster.md, "Sizing"); who wants more says `--partitions`.
pub const PARTITIONS_BY_BYTES_MAX: u64 = 1024;

/// The query with the partitions that the session's setting gives it.
pub(crate) async fn fit(frame: DataFrame) -> Result<DataFrame> {
    let (mut state, plan) = frame.into_parts();
    let options = state.config_options().extensions.get::<KernelOptions>();
    if let Some(target) = options.and_then(|options| options.partition_bytes) {
        let bytes = file_bytes(&state, &plan).await?;
        let wanted = bytes.div_ceil(target.max(1)).min(PARTITIONS_BY_BYTES_MAX) as usize;
        let settings = state.config_mut().options_mut();
        settings.execution.target_partitions = settings.execution.target_partitions.max(wanted);
    }
    Ok(DataFrame::new(state, plan))
}

/// The bytes of the files of a query's tables.
async fn file_bytes(state: &SessionState, plan: &LogicalPlan) -> Result<u64> {
    let mut tables: Vec<Arc<dyn TableProvider>> = Vec::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            tables.extend(source_as_provider(&scan.source));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    let mut bytes = 0;
    for table in &tables {
        let Some(table) = table.downcast_ref::<ListingTable>() else { continue };
        for place in table.table_paths() {
            let store = state.runtime_env().object_store(place)?;
            let files = place.list_all_files(state, store.as_ref(), &table.options().file_extension).await?;
            bytes += files.try_fold(0, |sum, file| async move { Ok(sum + file.size) }).await?;
        }
    }
    Ok(bytes)
}
