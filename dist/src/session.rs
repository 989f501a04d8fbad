//! A session: tables, functions and queries, run in this process or by another engine (see `runner`).
//!
//! `Session` is a `SessionContext` with the parts that kernels need put in: `CREATE FUNCTION`, the information
//! schema (for SHOW FUNCTIONS), files as tables. What DataFusion can do beyond that is one `context()` away.

use datafusion::common::{DataFusionError, Result};
use datafusion::dataframe::DataFrame;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::{SessionConfig, SessionContext};
use filbert_ir::{Code, Diagnostics, KernelError, VerifiedKernel};
use filbert_runtime::StopFlag;

use crate::create_function::{KernelFunctionFactory, Warnings};
use crate::error;
use crate::files;
use crate::frame::Frame;
use crate::function::AsFunction;
use crate::options::KernelOptions;
use crate::repartition::{self, DistributeBy};
use crate::template::TemplateUdf;
use crate::types::KernelTypePlanner;
use crate::udf::KernelUdf;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Runs queries with kernels. Cheap to clone; clones are one session.
#[derive(Clone)]
pub struct Session {
    context: SessionContext,
    warnings: Warnings,
    /// The bundle that was taken last by `SET filbert.bundle`.
    bundle: Arc<Mutex<Option<String>>>,
}

impl Session {
    /// A session with the engine's defaults: as many partitions as there are cores.
    pub fn local() -> Session {
        Session::with_config(SessionConfig::new())
    }

    /// A session with other settings of the engine.
    pub fn with_config(config: SessionConfig) -> Session {
        let (state, warnings) = Session::state(config);
        Session::from_parts(SessionContext::new_with_state(state), warnings)
    }

    /// What a session is made of: the engine's state with all that kernels need, and the list that its warnings
    /// go to. An engine that plans elsewhere makes a context of the state and hands both to `from_parts`.
    pub fn state(config: SessionConfig) -> (SessionState, Warnings) {
        let warnings = Warnings::default();
        let state = SessionStateBuilder::new()
            .with_config(config.with_information_schema(true).with_option_extension(KernelOptions::default()))
            .with_default_features()
            .with_analyzer_rule(Arc::new(DistributeBy))
            .with_physical_optimizer_rules(repartition::keeping(&PhysicalOptimizer::new().rules))
            .with_type_planner(Arc::new(KernelTypePlanner))
            .with_function_factory(Some(Arc::new(KernelFunctionFactory { warnings: warnings.clone() })))
            .build();
        (state, warnings)
    }

    /// A session over a context whose state came from `state`.
    pub fn from_parts(context: SessionContext, warnings: Warnings) -> Session {
        Session { context, warnings, bundle: Arc::default() }
    }

    /// The engine's context underneath.
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Makes a kernel callable by its name. A function of that name is replaced. A generic kernel is the kernel
    /// for the types of the columns, each time that it is called.
    pub fn register(&self, kernel: &(impl AsFunction + ?Sized)) -> Result<()> {
        self.context.register_udf(kernel.as_function()?);
        Ok(())
    }

    /// Plans one SQL statement. Statements that define something take effect at once; a query runs when the
    /// frame is collected or written.
    pub async fn sql(&self, sql: &str) -> Result<Frame> {
        let plan = self.context.state().create_logical_plan(sql).await?;
        Ok(Frame::new(self.execute(plan).await?))
    }

    /// Takes one planned statement: one that defines or sets something takes effect, of a query comes what runs it.
    pub async fn execute(&self, plan: LogicalPlan) -> Result<DataFrame> {
        let frame = self.context.execute_logical_plan(plan).await?;
        self.follow_bundle()?;
        Ok(frame)
    }

    /// Makes the kernels of a bundle callable by their names, with the machine code that the bundle has for this
    /// machine; what it lacks is compiled. The code is this process's, for all its sessions. A bundle that is not
    /// signed is trusted as a program is; for one that is, `FILBERT_BUNDLE_KEY` names the file with the key.
    ///
    /// # Errors
    /// FB-0703 and a sentence for a file that is no bundle, is damaged, or not signed by that key.
    pub fn with_bundle(&self, path: impl AsRef<Path>) -> Result<()> {
        let refuse = |why: String| error::external(KernelError::new(Code::Input, why));
        let bundle = filbert_store::bundle::use_file(path.as_ref()).map_err(refuse)?;
        let kernels = bundle.kernels().map_err(|error| {
            let detail = format!("{}: {}", path.as_ref().display(), error.detail);
            error::external(KernelError { detail, ..error })
        })?;
        kernels.iter().try_for_each(|kernel| self.register(kernel))
    }

    /// Takes the bundle that `SET filbert.bundle` named since the last statement.
    fn follow_bundle(&self) -> Result<()> {
        let state = self.context.state_ref();
        let named = {
            let state = state.read();
            state.config().options().extensions.get::<KernelOptions>().and_then(|options| options.bundle.clone())
        };
        let mut taken = self.bundle.lock().unwrap_or_else(PoisonError::into_inner);
        if *taken == named {
            return Ok(());
        }
        if let Some(path) = &named
            && let Err(error) = self.with_bundle(path)
        {
            // It is not set where it was not taken.
            self.set("filbert.bundle", taken.as_deref().unwrap_or("default"))?;
            return Err(error);
        }
        *taken = named;
        Ok(())
    }

    /// Names the files that `path` stands for: a file, a folder or a glob of Parquet, CSV, JSON or Arrow IPC.
    /// A table of that name is replaced.
    pub async fn table(&self, name: &str, path: &str) -> Result<()> {
        let table = files::open(&self.context, path).await?;
        self.context.deregister_table(name)?;
        self.context.register_table(name, table)?;
        Ok(())
    }

    /// The rows of the files that `path` stands for.
    pub async fn read(&self, path: &str) -> Result<Frame> {
        Ok(Frame::new(self.context.read_table(files::open(&self.context, path).await?)?))
    }

    /// Sets an option of the engine, `set("datafusion.execution.batch_size", "1024")`.
    pub fn set(&self, key: &str, value: &str) -> Result<()> {
        let state = self.context.state_ref();
        let mut state = state.write();
        state.config_mut().options_mut().set(key, value)
    }

    /// Warnings about the texts of `CREATE FUNCTION` since the last call.
    pub fn warnings(&self) -> Vec<Diagnostics> {
        self.warnings.take()
    }

    /// The flag that ends this session's running kernels with FB-0802 when it is raised, within a strip of
    /// 1,024 rows or 16,384 iterations of a loop. A flag that was raised has had its effect: asked again, the
    /// session makes a new one, for the queries that are planned from then on.
    pub fn stop_flag(&self) -> StopFlag {
        let state = self.context.state_ref();
        let mut state = state.write();
        let extensions = &mut state.config_mut().options_mut().extensions;
        if extensions.get::<KernelOptions>().is_none() {
            extensions.insert(KernelOptions::default());
        }
        match extensions.get_mut::<KernelOptions>() {
            None => StopFlag::new(),
            Some(options) => {
                if options.stop.is_raised() {
                    options.stop = StopFlag::new();
                }
                options.stop.clone()
            }
        }
    }

    /// One screen for the user: the kernel's error with a caret in its source, where this session knows the
    /// source, else the engine's message.
    pub fn render(&self, error: &DataFusionError) -> String {
        error::render(error, |failed| self.failed_kernel(failed))
    }

    /// The registered kernel that an error speaks of; of two that compute the same, the one of that name.
    fn failed_kernel(&self, failed: &KernelError) -> Option<VerifiedKernel> {
        let id = failed.id?;
        let state = self.context.state_ref();
        let state = state.read();
        let same: Vec<VerifiedKernel> = state
            .scalar_functions()
            .values()
            .flat_map(|udf| {
                let kernel = udf.inner().downcast_ref::<KernelUdf>().map(|udf| udf.kernel().clone());
                let made = udf.inner().downcast_ref::<TemplateUdf>().map(TemplateUdf::kernels);
                kernel.into_iter().chain(made.into_iter().flatten())
            })
            .filter(|kernel| kernel.id() == id)
            .collect();
        same.iter().find(|kernel| kernel.name() == failed.kernel).or(same.first()).cloned()
    }
}
