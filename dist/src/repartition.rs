//! `repartition`: a query says how many partitions its rows have from there on, and which rows are together.
//!
//! The engine takes an exchange of rows that a plan asks for as a hint: its optimizer removes every
//! `RepartitionExec` and puts in those that it needs itself, and Ballista drops all that do not partition by
//! hash. So before the first rule an exchange that was asked for becomes a node that no rule knows, and behind
//! the last one an exchange by hash, which both keep.
//!
//! Without keys the hash is of a function that deals rows out one by one (see `deal`). The rows themselves stay
//! as they are; their order is gone, as behind every exchange. SQL says `DISTRIBUTE BY`, which the engine parses but cannot plan.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::Schema;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, Statistics, internal_err, plan_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{LogicalPlan, Partitioning as LogicalPartitioning, Repartition, ScalarUDF};
use datafusion::optimizer::AnalyzerRule;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, ScalarFunctionExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions,
};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PhysicalExpr, PlanProperties,
};

use crate::deal::Deal;

/// Partitions that a query may ask for.
pub const PARTITIONS_MAX: usize = 65_535;

/// Rules of an engine's optimizer.
pub type PhysicalRules = Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>>;

/// The rules of an engine with those around them that keep the exchanges that queries ask for. Whoever plans
/// queries of ours needs them.
pub fn keeping(rules: &[Arc<dyn PhysicalOptimizerRule + Send + Sync>]) -> PhysicalRules {
    let mut all: PhysicalRules = vec![Arc::new(Hide)];
    all.extend(rules.iter().cloned());
    all.push(Arc::new(Show));
    all
}

/// A number of partitions that a query may ask for.
pub(crate) fn check(partitions: usize) -> Result<usize> {
    match partitions {
        1..=PARTITIONS_MAX => Ok(partitions),
        _ => plan_err!("a query has 1 to {PARTITIONS_MAX} partitions, not {partitions}"),
    }
}

/// Gives `DISTRIBUTE BY` its number of partitions, which is the session's.
#[derive(Debug)]
pub(crate) struct DistributeBy;

impl AnalyzerRule for DistributeBy {
    fn name(&self) -> &str {
        "filbert_distribute_by"
    }

    fn analyze(&self, plan: LogicalPlan, config: &ConfigOptions) -> Result<LogicalPlan> {
        let partitions = config.execution.target_partitions;
        let number = |plan| match plan {
            LogicalPlan::Repartition(Repartition {
                input,
                partitioning_scheme: LogicalPartitioning::DistributeBy(keys),
            }) => {
                let partitioning_scheme = LogicalPartitioning::Hash(keys, partitions);
                Ok(Transformed::yes(LogicalPlan::Repartition(Repartition { input, partitioning_scheme })))
            }
            other => Ok(Transformed::no(other)),
        };
        plan.transform_up_with_subqueries(number).data()
    }
}

/// The first rule: no plan has an exchange yet but those that were asked for.
#[derive(Debug)]
struct Hide;

impl PhysicalOptimizerRule for Hide {
    fn name(&self) -> &str {
        "filbert_hide_repartitions"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let hide = |plan: Arc<dyn ExecutionPlan>| {
            let Some(exchange) = plan.downcast_ref::<RepartitionExec>() else { return Ok(Transformed::no(plan)) };
            let (keys, partitions) = match exchange.partitioning() {
                Partitioning::RoundRobinBatch(partitions) => (Vec::new(), *partitions),
                Partitioning::Hash(keys, partitions) => (keys.clone(), *partitions),
                _ => return Ok(Transformed::no(plan)),
            };
            let placed = PlacedExec::new(exchange.input().clone(), keys, partitions);
            Ok(Transformed::yes(Arc::new(placed) as _))
        };
        plan.transform_up(hide).data()
    }
}

/// The last rule.
#[derive(Debug)]
struct Show;

impl PhysicalOptimizerRule for Show {
    fn name(&self) -> &str {
        "filbert_show_repartitions"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        // Where fewer partitions were asked for than there are cores, the engine spreads them again.
        let gather = |plan: Arc<dyn ExecutionPlan>| match plan.downcast_ref::<RepartitionExec>() {
            Some(spread) if is_round_robin(spread) && is_placed(spread.input()) => {
                Ok(Transformed::yes(spread.input().clone()))
            }
            _ => Ok(Transformed::no(plan)),
        };
        let show = |plan: Arc<dyn ExecutionPlan>| match plan.downcast_ref::<PlacedExec>() {
            Some(placed) => Ok(Transformed::yes(placed.exchange()?)),
            None => Ok(Transformed::no(plan)),
        };
        plan.transform_up(gather).data()?.transform_up(show).data()
    }
}

fn is_round_robin(exchange: &RepartitionExec) -> bool {
    matches!(exchange.partitioning(), Partitioning::RoundRobinBatch(_))
}

/// Whether the partitions of this plan are those that somebody asked for.
fn is_placed(plan: &Arc<dyn ExecutionPlan>) -> bool {
    if plan.is::<PlacedExec>() {
        return true;
    }
    match plan.children()[..] {
        [input] if !plan.is::<RepartitionExec>() => {
            let partitions = |plan: &Arc<dyn ExecutionPlan>| plan.output_partitioning().partition_count();
            partitions(input) == partitions(plan) && is_placed(input)
        }
        _ => false,
    }
}

/// An exchange that was asked for, while the plan around it is optimized. Never run.
#[derive(Debug)]
struct PlacedExec {
    input: Arc<dyn ExecutionPlan>,
    /// Rows of which these are equal are in one partition. None: rows are dealt out.
    keys: Vec<Arc<dyn PhysicalExpr>>,
    partitions: usize,
    properties: Arc<PlanProperties>,
}

impl PlacedExec {
    fn new(input: Arc<dyn ExecutionPlan>, keys: Vec<Arc<dyn PhysicalExpr>>, partitions: usize) -> PlacedExec {
        let partitions = partitions.max(1);
        let partitioning = match keys.is_empty() {
            true => Partitioning::UnknownPartitioning(partitions),
            false => Partitioning::Hash(keys.clone(), partitions),
        };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(input.schema()),
            partitioning,
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        PlacedExec { input, keys, partitions, properties: Arc::new(properties) }
    }

    /// What runs.
    fn exchange(&self) -> Result<Arc<dyn ExecutionPlan>> {
        if self.partitions == 1 {
            let is_one = self.input.output_partitioning().partition_count() == 1;
            return Ok(if is_one {
                self.input.clone()
            } else {
                Arc::new(CoalescePartitionsExec::new(self.input.clone()))
            });
        }
        let keys = if self.keys.is_empty() { vec![deal(self.partitions)?] } else { self.keys.clone() };
        let exchange = RepartitionExec::try_new(self.input.clone(), Partitioning::Hash(keys, self.partitions))?;
        Ok(Arc::new(exchange))
    }
}

/// The key that deals rows out.
fn deal(partitions: usize) -> Result<Arc<dyn PhysicalExpr>> {
    let function = Arc::new(ScalarUDF::new_from_impl(Deal::new(partitions)));
    let settings = Arc::new(ConfigOptions::default());
    Ok(Arc::new(ScalarFunctionExpr::try_new(function, Vec::new(), &Schema::empty(), settings)?))
}

impl DisplayAs for PlacedExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlacedExec: partitions={}", self.partitions)
    }
}

impl ExecutionPlan for PlacedExec {
    fn name(&self) -> &str {
        "PlacedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let mut next = TreeNodeRecursion::Continue;
        for key in &self.keys {
            next = next.visit_sibling(|| f(key))?;
        }
        Ok(next)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (Some(input), true) = (children.pop(), children.is_empty()) else {
            return internal_err!("an exchange has one input");
        };
        Ok(Arc::new(PlacedExec::new(input, self.keys.clone(), self.partitions)))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![if partition.is_some() { ChildStats::Skip } else { ChildStats::At(None) }]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _: &StatisticsArgs) -> Result<Arc<Statistics>> {
        match inputs {
            [input] => Ok(input.clone()),
            _ => internal_err!("an exchange has one input"),
        }
    }

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        internal_err!("{} is there while a plan is optimized", self.name())
    }
}
