//! `filbert run`: an SQL script from its first statement to its last result.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::Result as EngineResult;
use datafusion::dataframe::DataFrame;
use filbert_dist::{AsFunction, output, runner};
use filbert_ir::{Code, Diagnostic};
use filbert_runtime::{Engine, set_engine, stats};

use crate::cache;
use crate::failure::{Failure, tell};
use crate::job::Job;
use crate::kernel_file;
use crate::progress::Watch;
use crate::rows::{self, Format};
use crate::script::{Script, Step};
use crate::threads;

#[derive(clap::Args)]
pub(crate) struct Run {
    /// SQL script; its last result is written
    #[arg(value_name = "FILE.sql")]
    script: PathBuf,
    /// Kernel file whose kernels the script may call; may be given several times
    #[arg(long, value_name = "FILE")]
    kernels: Vec<PathBuf>,
    /// Table for the script: a file, a folder or a glob of Parquet, CSV, JSON or Arrow IPC; may be given several times
    #[arg(long, value_name = "NAME=PATH", value_parser = table)]
    table: Vec<(String, String)>,
    /// How the result is written to standard output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write the result to this file (.parquet, .csv or .json) instead; it appears whole or not at all
    #[arg(long, value_name = "FILE", value_parser = output_file, conflicts_with = "format")]
    output: Option<String>,
    /// Who runs the kernels [default: $FILBERT_ENGINE, else native]
    #[arg(long, value_enum)]
    engine: Option<EngineChoice>,
    /// Run the queries on this cluster, df://HOST:PORT, instead of in this process
    #[cfg(feature = "cluster")]
    #[arg(long, value_name = "URL", conflicts_with = "engine")]
    cluster: Option<String>,
    /// Partitions that run at the same time [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    partitions: Option<u16>,
    /// Bytes of files for a partition, such as 64MiB: large tables get more partitions than --partitions says
    #[arg(long, value_name = "BYTES", value_parser = filbert_dist::options::bytes)]
    partition_bytes: Option<u64>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum EngineChoice {
    Native,
    Interp,
}

fn table(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok((name.to_string(), path.to_string())),
        _ => Err("write NAME=PATH".to_string()),
    }
}

fn output_file(path: &str) -> Result<String, String> {
    match output::Format::of_path(path) {
        Ok(_) => Ok(path.to_string()),
        Err(_) => Err("the name must end in .parquet, .csv or .json".to_string()),
    }
}

impl Run {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.engine {
            Some(EngineChoice::Native) => set_engine(Engine::Native),
            Some(EngineChoice::Interp) => set_engine(Engine::Interp),
            None => {}
        }
        if self.url().is_none() {
            cache::begin();
        }
        let started = Instant::now();
        let compiled = stats();
        let is_local = self.url().is_none();
        let (rows, read) = threads::run(self.work())?;
        if !is_local {
            let seconds = started.elapsed().as_secs_f64();
            tell(format_args!("{rows} row{} in {seconds:.3} s on the cluster\n", if rows == 1 { "" } else { "s" }));
            return Ok(());
        }
        let now = stats();
        tell(format_args!(
            "{rows} row{} ({read} read) in {:.3} s; kernels compiled: {}, compile time: {} us, cache hits: {}{}\n",
            if rows == 1 { "" } else { "s" },
            started.elapsed().as_secs_f64(),
            now.compiles - compiled.compiles,
            (now.compile_time - compiled.compile_time).as_micros(),
            now.hits - compiled.hits,
            match now.store_hits - compiled.store_hits {
                0 => String::new(),
                found => format!(", from disk: {found}"),
            },
        ));
        Ok(())
    }

    /// The job; gives the rows of the result, and those read.
    async fn work(self) -> Result<(u64, u64), Failure> {
        let script = Script::read(&self.script)?;
        let name = format!("filbert {} {}", std::process::id(), self.script.display());
        let mut job = self.job(&name).await?;
        if let Some(bytes) = self.partition_bytes {
            let set = job.session.set("filbert.partition_bytes", &bytes.to_string());
            set.map_err(|error| job.unplaced(&error))?;
        }
        self.register_kernels(&job)?;
        for (name, place) in &self.table {
            job.table(name, place).await?;
        }
        let watch = Watch::default();
        watch.install(job.session.context());
        let bar = self.bar(&watch, name);
        let outcome = self.steps(&script, &mut job).await;
        // Gone from the terminal before anything is written there.
        bar.abort();
        let _ = bar.await;
        tell(job.warnings());
        let rows = match outcome? {
            Outcome::Nothing => 0,
            Outcome::Written(rows) => rows,
            Outcome::Rows(schema, batches) => {
                rows::show(&schema, &batches, self.format)?;
                batches.iter().map(|batch| batch.num_rows() as u64).sum()
            }
        };
        Ok((rows, watch.rows_read()))
    }

    /// Address of the cluster, if the queries run on one.
    fn url(&self) -> Option<&str> {
        #[cfg(feature = "cluster")]
        return self.cluster.as_deref();
        #[cfg(not(feature = "cluster"))]
        None
    }

    async fn job(&self, name: &str) -> Result<Job, Failure> {
        let partitions = self.partitions.map(usize::from);
        #[cfg(feature = "cluster")]
        if let Some(url) = self.url() {
            return Job::on_cluster(url, name, partitions).await;
        }
        let _ = name;
        Ok(Job::new(partitions))
    }

    /// Draws how far the queries are.
    fn bar(&self, watch: &Watch, name: String) -> tokio::task::JoinHandle<()> {
        #[cfg(feature = "cluster")]
        if let Some(rest) = self.url().and_then(|url| filbert_cluster::status::Rest::new(url).ok()) {
            return tokio::spawn(crate::cluster::progress::draw(rest, name));
        }
        let _ = name;
        tokio::spawn(watch.clone().draw())
    }

    /// The statements in order; the last that has a result gives the outcome.
    async fn steps(&self, script: &Script, job: &mut Job) -> Result<Outcome, Failure> {
        let last = script.steps.iter().rposition(Step::has_result);
        if last.is_none() && self.output.is_some() {
            let message = format!("no statement of {} has a result to write", self.script.display());
            return Err(Failure::new(Code::Output, message));
        }
        let mut outcome = Outcome::Nothing;
        for (index, step) in script.steps.iter().enumerate() {
            let frame = job.plan(script, step).await?;
            let done = match (&self.output, Some(index) == last) {
                (_, false) => runner::drain(frame).await.map(|()| None),
                (None, true) => collect(frame).await.map(Some),
                (Some(path), true) => write(frame, path).await.map(Some),
            };
            if let Some(result) = done.map_err(|error| job.failure(script, step, &error))? {
                outcome = result;
            }
        }
        Ok(outcome)
    }

    /// Registers the kernels of all files. A name that two files define would silently mean one of them.
    fn register_kernels(&self, job: &Job) -> Result<(), Failure> {
        let mut files: BTreeMap<String, &PathBuf> = BTreeMap::new();
        for file in &self.kernels {
            let module = kernel_file::load(file)?;
            tell(module.warnings.render());
            let kernels = module.kernels.iter().map(|kernel| (kernel.name(), kernel.as_function()));
            let templates = module.templates.iter().map(|template| (template.name.as_str(), template.as_function()));
            for (name, function) in kernels.chain(templates) {
                if let Some(other) = files.insert(name.to_lowercase(), file) {
                    let (one, two) = (other.display(), file.display());
                    let message = format!("kernel {name} is in {one} and in {two}");
                    let help = "SQL does not tell upper from lower case; give each kernel a name of its own";
                    return Err(Failure::of(Diagnostic::unplaced(Code::DuplicateName, message).help(help)));
                }
                let function = function.map_err(|error| job.unplaced(&error))?;
                job.session.context().register_udf(function);
            }
        }
        Ok(())
    }
}

/// What the last result came to.
enum Outcome {
    /// No statement had one.
    Nothing,
    /// Rows to show. They are whole before the first is shown: a job that fails shows none.
    Rows(SchemaRef, Vec<RecordBatch>),
    /// So many rows are in the output file.
    Written(u64),
}

async fn collect(frame: DataFrame) -> EngineResult<Outcome> {
    let schema = frame.schema().inner().clone();
    Ok(Outcome::Rows(schema, runner::collect(frame).await?))
}

async fn write(frame: DataFrame, path: &str) -> EngineResult<Outcome> {
    Ok(Outcome::Written(output::write(frame, path, output::Format::of_path(path)?).await?))
}
