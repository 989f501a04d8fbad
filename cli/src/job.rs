//! A session with the script that runs in it, and errors shown where they belong: in a kernel's source, in
//! the script, or at a file.

use datafusion::common::DataFusionError;
use datafusion::dataframe::DataFrame;
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement;
use filbert_dist::Session;
use filbert_dist::error::{find_diagnostics, find_kernel_error};
use filbert_ir::Code;

use crate::failure::Failure;
use crate::input;
use crate::script::{Script, Step};
use crate::sql_error;

/// A session that remembers which places it reads from.
pub(crate) struct Job {
    /// The session underneath.
    pub(crate) session: Session,
    locations: Vec<String>,
}

impl Job {
    /// An empty session with so many partitions, or as many as there are cores.
    pub(crate) fn new(partitions: Option<usize>) -> Job {
        let mut config = SessionConfig::new();
        config.options_mut().sql_parser.collect_spans = true;
        if let Some(partitions) = partitions {
            config = config.with_target_partitions(partitions);
        }
        Job { session: Session::with_config(config), locations: Vec::new() }
    }

    /// Names the files of a place as a table.
    pub(crate) async fn table(&mut self, name: &str, place: &str) -> Result<(), Failure> {
        self.know(place)?;
        self.session.table(name, place).await.map_err(|error| self.unplaced(&error))
    }

    /// Plans a statement. What defines something takes effect here; a query runs when its frame does.
    pub(crate) async fn plan(&mut self, script: &Script, step: &Step) -> Result<DataFrame, Failure> {
        if let Statement::CreateExternalTable(table) = &step.statement {
            table.locations.iter().try_for_each(|place| self.know(place)).map_err(|failure| at(failure, script, step))?;
        }
        let context = self.session.context();
        let planned = match context.state().statement_to_plan(step.statement.clone()).await {
            Ok(plan) => context.execute_logical_plan(plan).await,
            Err(error) => Err(error),
        };
        planned.map_err(|error| self.failure(script, step, &error))
    }

    fn know(&mut self, place: &str) -> Result<(), Failure> {
        if let Some(failure) = input::missing(place) {
            return Err(failure);
        }
        self.locations.push(place.to_string());
        Ok(())
    }

    /// The screen for an error of a statement.
    pub(crate) fn failure(&self, script: &Script, step: &Step, error: &DataFusionError) -> Failure {
        match self.known(error) {
            Some(failure) => at(failure, script, step),
            None => script.statement_error(step, sql_error::code(error), error),
        }
    }

    /// The screen for an error outside of the script.
    pub(crate) fn unplaced(&self, error: &DataFusionError) -> Failure {
        let other = || Failure::new(sql_error::code(error), sql_error::message(error));
        self.known(error).unwrap_or_else(other)
    }

    /// Errors that have their own place: a kernel's source, or a file.
    fn known(&self, error: &DataFusionError) -> Option<Failure> {
        let broken = || self.locations.iter().find_map(|place| input::broken_parquet(place));
        match find_kernel_error(error).map(|found| found.code) {
            // The session saw a file that it could not read; which one, it does not always say.
            Some(Code::Input) => broken().or_else(|| Some(Failure::Screen(self.session.render(error)))),
            Some(_) => Some(Failure::Screen(self.session.render(error))),
            None if find_diagnostics(error).is_some() => Some(Failure::Screen(self.session.render(error))),
            None if sql_error::code(error) == Code::Input => broken(),
            None => None,
        }
    }
}

/// The failure, with the place of its statement.
fn at(failure: Failure, script: &Script, step: &Step) -> Failure {
    match failure {
        Failure::Screen(screen) => Failure::Screen(format!("{screen}  in the statement at {}\n", script.place(step))),
        closed => closed,
    }
}
