//! A pipeline over named columns: read, map kernels, filter, repartition, aggregate, collect or write.
//!
//! Each step takes what SQL would say at that place, as text, so that a step reads like the query it stands
//! for. Whoever needs more takes the DataFrame out and puts it back. Nothing runs before `collect` or a write;
//! the engine then runs the steps partition by partition.

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{Result, plan_err};
use datafusion::dataframe::DataFrame;
use datafusion::logical_expr::{Expr, Partitioning, col, ident};

use crate::function::AsFunction;
use crate::output::{self, Format};
use crate::repartition;
use crate::runner;

/// A query that has been planned but not run.
#[derive(Clone)]
pub struct Frame {
    dataframe: DataFrame,
}

impl Frame {
    /// The pipeline that goes on from a DataFrame.
    pub fn new(dataframe: DataFrame) -> Frame {
        Frame { dataframe }
    }

    /// The DataFrame underneath.
    pub fn dataframe(self) -> DataFrame {
        self.dataframe
    }

    /// Adds a column, the kernel's result over these columns in the order of its parameters. The kernel need
    /// not be registered; a generic one is the kernel for the columns' types. A kernel with several results gives a column of structs.
    pub fn with_column<C: AsRef<str>>(
        self,
        name: &str,
        kernel: &(impl AsFunction + ?Sized),
        columns: impl IntoIterator<Item = C>,
    ) -> Result<Frame> {
        let udf = kernel.as_function()?;
        let args = columns.into_iter().map(|column| self.column(column.as_ref())).collect();
        Ok(Frame::new(self.dataframe.with_column(name, udf.call(args))?))
    }

    /// A column by its exact name, else as SQL reads it (`table.column`).
    fn column(&self, name: &str) -> Expr {
        if self.dataframe.schema().has_column_with_unqualified_name(name) { ident(name) } else { col(name) }
    }

    /// Keeps the rows for which the SQL condition is true: `"air_time > 0"`.
    pub fn filter(self, condition: &str) -> Result<Frame> {
        let condition = self.dataframe.parse_sql_expr(condition)?;
        Ok(Frame::new(self.dataframe.filter(condition)?))
    }

    /// Keeps these SQL expressions as the columns: `["carrier", "gc * 1.6 AS km"]`.
    pub fn select<E: AsRef<str>>(self, expressions: impl IntoIterator<Item = E>) -> Result<Frame> {
        let expressions = self.parse(expressions)?;
        Ok(Frame::new(self.dataframe.select(expressions)?))
    }

    /// One row for each group: `aggregate(["carrier"], ["count(*) AS flights", "avg(gc) AS miles"])`.
    pub fn aggregate<G: AsRef<str>, A: AsRef<str>>(
        self,
        groups: impl IntoIterator<Item = G>,
        aggregates: impl IntoIterator<Item = A>,
    ) -> Result<Frame> {
        let (groups, aggregates) = (self.parse(groups)?, self.parse(aggregates)?);
        Ok(Frame::new(self.dataframe.aggregate(groups, aggregates)?))
    }

    /// Orders by these SQL expressions, ascending, nulls last.
    pub fn sort<E: AsRef<str>>(self, expressions: impl IntoIterator<Item = E>) -> Result<Frame> {
        let order = self.parse(expressions)?.into_iter().map(|expr| expr.sort(true, false)).collect();
        Ok(Frame::new(self.dataframe.sort(order)?))
    }

    /// Deals the rows out to `partitions` partitions of equal size, whatever they were in before: for few rows
    /// that take a kernel long each, or after a filter that left little of some partitions. Steps behind it run
    /// on these partitions, up to the next exchange of rows, which has the session's number. The order of the
    /// rows is gone.
    pub fn repartition(self, partitions: usize) -> Result<Frame> {
        let partitions = repartition::check(partitions)?;
        Ok(Frame::new(self.dataframe.repartition(Partitioning::RoundRobinBatch(partitions))?))
    }

    /// Puts all rows for which these SQL expressions are equal into one of `partitions` partitions:
    /// `repartition_by(16, ["carrier"])`. Some may be without rows.
    pub fn repartition_by<E: AsRef<str>>(self, partitions: usize, keys: impl IntoIterator<Item = E>) -> Result<Frame> {
        let partitions = repartition::check(partitions)?;
        let keys = self.parse(keys)?;
        if keys.is_empty() {
            return plan_err!("repartition_by needs a key; repartition deals rows out without one");
        }
        Ok(Frame::new(self.dataframe.repartition(Partitioning::Hash(keys, partitions))?))
    }

    fn parse<E: AsRef<str>>(&self, expressions: impl IntoIterator<Item = E>) -> Result<Vec<Expr>> {
        expressions.into_iter().map(|expr| self.dataframe.parse_sql_expr(expr.as_ref())).collect()
    }

    /// Runs the pipeline and tells what each operator and each kernel in it did: rows, time, compiles.
    pub async fn explain_analyze(self) -> Result<String> {
        let batches = runner::collect(self.dataframe.explain(false, true)?).await?;
        let mut text = String::new();
        for batch in &batches {
            let plans = ArrayFormatter::try_new(batch.column(batch.num_columns() - 1), &FormatOptions::default())?;
            (0..batch.num_rows()).for_each(|row| text.push_str(&plans.value(row).to_string()));
        }
        Ok(text)
    }

    /// Runs the pipeline and returns its rows.
    pub async fn collect(self) -> Result<Vec<RecordBatch>> {
        runner::collect(self.dataframe).await
    }

    /// Runs the pipeline and writes one Parquet file, which appears whole or not at all. Returns the number of
    /// rows.
    pub async fn write_parquet(self, path: &str) -> Result<u64> {
        output::write(self.dataframe, path, Format::Parquet).await
    }

    /// Runs the pipeline and writes one file of the format that the path's ending says: `parquet`, `csv`,
    /// `json`. It appears whole or not at all. Returns the number of rows.
    pub async fn write(self, path: &str) -> Result<u64> {
        let format = Format::of_path(path)?;
        output::write(self.dataframe, path, format).await
    }
}
