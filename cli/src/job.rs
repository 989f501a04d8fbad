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
    /// Places of Parquet files.
    parquet: Vec<String>,
    warnings: String,
}

impl Job {
    /// An empty session in this process with so many partitions, or as many as there are cores.
    pub(crate) fn new(partitions: Option<usize>) -> Job {
        let config = settings(SessionConfig::new(), partitions);
        Job { session: Session::with_config(config), parquet: Vec::new(), warnings: String::new() }
    }

    /// An empty session on a cluster, whose jobs have this name there; with so many partitions, or as many as the
    /// cluster has cores.
    #[cfg(feature = "cluster")]
    pub(crate) async fn on_cluster(url: &str, name: &str, partitions: Option<usize>) -> Result<Job, Failure> {
        use filbert_cluster::status::Rest;
        use filbert_cluster::{SessionExt, settings};
        let connect = async {
            let executors = Rest::new(url)?.executors().await?;
            let cores: u32 = executors.iter().map(filbert_cluster::status::ExecutorStatus::cores).sum();
            let partitions = partitions.unwrap_or_else(|| (cores as usize).max(1));
            let config = self::settings(settings::session_config(), Some(partitions));
            Session::connect_with(url, config.set_str("ballista.job.name", name)).await
        };
        let session = connect.await.map_err(|error| match find_kernel_error(&error) {
            Some(found) => Failure::new(found.code, found.detail.clone()),
            None => Failure::new(Code::ClusterUnreachable, sql_error::message(&error)),
        })?;
        Ok(Job { session, parquet: Vec::new(), warnings: String::new() })
    }

    /// Names the files of a place as a table.
    pub(crate) async fn table(&mut self, name: &str, place: &str) -> Result<(), Failure> {
        self.know(place, input::may_be_parquet(place))?;
        self.session.table(name, place).await.map_err(|error| self.unplaced(&error))
    }

    /// Plans a statement. What defines something takes effect here; a query runs when its frame does.
    pub(crate) async fn plan(&mut self, script: &Script, step: &Step) -> Result<DataFrame, Failure> {
        if let Statement::CreateExternalTable(table) = &step.statement {
            let parquet = table.file_type.eq_ignore_ascii_case("parquet");
            let known = table.locations.iter().try_for_each(|place| self.know(place, parquet));
            known.map_err(|failure| at(failure, script, step))?;
        }
        let planned = match self.session.context().state().statement_to_plan(step.statement.clone()).await {
            Ok(plan) => self.session.execute(plan).await,
            Err(error) => Err(error),
        };
        for warnings in self.session.warnings() {
            self.warnings.push_str(&format!("{}  in the statement at {}\n", warnings.render(), script.place(step)));
        }
        planned.map_err(|error| self.failure(script, step, &error))
    }

    /// Screens of the warnings about the kernels that statements made, since the last call.
    pub(crate) fn warnings(&mut self) -> String {
        std::mem::take(&mut self.warnings)
    }

    fn know(&mut self, place: &str, parquet: bool) -> Result<(), Failure> {
        if let Some(failure) = input::missing(place) {
            return Err(failure);
        }
        if parquet {
            self.parquet.push(place.to_string());
        }
        Ok(())
    }

    /// The screen for an error of a statement.
    pub(crate) fn failure(&self, script: &Script, step: &Step, error: &DataFusionError) -> Failure {
        match self.place(error) {
            Place::Output(failure) => failure,
            Place::Input(failure) | Place::Kernel(failure) => at(failure, script, step),
            Place::Statement(code, message) => script.statement_error(step, code, message, error.diagnostic()),
        }
    }

    /// The screen for an error outside of the script.
    pub(crate) fn unplaced(&self, error: &DataFusionError) -> Failure {
        match self.place(error) {
            Place::Input(failure) | Place::Output(failure) | Place::Kernel(failure) => failure,
            Place::Statement(code, message) => Failure::new(code, message),
        }
    }

    fn place(&self, error: &DataFusionError) -> Place {
        let broken = || self.parquet.iter().find_map(|place| input::broken_parquet(place));
        let in_kernel = || Place::Kernel(Failure::Screen(self.session.render(error)));
        if find_diagnostics(error).is_some() {
            return in_kernel();
        }
        match find_kernel_error(error) {
            Some(found) if found.row.is_some() => in_kernel(),
            Some(found) => match found.code {
                Code::Input => Place::Input(broken().unwrap_or_else(|| {
                    Failure::new(Code::Input, format!("cannot read {}", sql_error::tidy(&found.detail)))
                })),
                Code::Output => Place::Output(Failure::new(Code::Output, found.detail.clone())),
                Code::CreateFunction => {
                    Place::Statement(found.code, format!("CREATE FUNCTION {}: {}", found.kernel, found.detail))
                }
                code => Place::Statement(code, found.detail.clone()),
            },
            None => {
                let code = sql_error::code(error);
                let file = if code == Code::Input { broken() } else { None };
                file.map_or_else(|| Place::Statement(code, sql_error::message(error)), Place::Input)
            }
        }
    }
}

/// Spans for screens, and how many partitions.
fn settings(mut config: SessionConfig, partitions: Option<usize>) -> SessionConfig {
    config.options_mut().sql_parser.collect_spans = true;
    match partitions {
        Some(partitions) => config.with_target_partitions(partitions),
        None => config,
    }
}

/// Where an error is shown.
enum Place {
    /// At a file that is read: the screen names it.
    Input(Failure),
    /// At the file that is written.
    Output(Failure),
    /// In a kernel's source: the screen has its excerpt.
    Kernel(Failure),
    /// At the statement.
    Statement(Code, String),
}

/// The failure, with the place of its statement.
fn at(failure: Failure, script: &Script, step: &Step) -> Failure {
    match failure {
        Failure::Screen(screen) => Failure::Screen(format!("{screen}  in the statement at {}\n", script.place(step))),
        closed => closed,
    }
}
