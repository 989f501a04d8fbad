//! An executor: it polls the scheduler for tasks, runs them, and hands out the rows that they wrote.
//!
//! Ballista's own start of one is not used. It takes fixed ports, and on its way out it goes on to poll, so
//! that the scheduler takes it in again just before it is gone. Here the parts are put together: the poll loop,
//! the server of shuffle files, and beside it (on the same port) the service that ends the tasks of a cancelled
//! job, which Ballista has for executors that are pushed to only, and a page for Prometheus. Kernels are decoded and verified with each
//! task and compiled at their first batch, once a process.
//!
//! | file | |
//! |---|---|
//! | `engine` | runs a task; what is cancelled stops inside of its kernels |
//! | `clients` | connections to other executors |
//! | `control` | the service that cancels tasks |
//! | `memory` | how much of it there is |
//! | `metrics` | what Prometheus is told |
//! | `whole` | rows between two stages, counted as they are written and read |
//! | `work_dir` | the folder of shuffle files, removed at the end |

mod clients;
mod control;
mod engine;
mod memory;
mod metrics;
mod whole;
pub(crate) mod work_dir;

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arrow_flight::flight_service_server::FlightServiceServer;
use ballista_core::ids::new_instance_id;
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::serde::BallistaCodec;
use ballista_core::serde::protobuf::executor_grpc_server::ExecutorGrpcServer;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{ExecutorRegistration, ExecutorStoppedParams};
use ballista_core::utils::{GrpcServerConfig, create_grpc_server, create_grpc_server_incoming};
use ballista_core::{ConfigProducer, RuntimeProducer};
use ballista_executor::execution_loop::poll_loop;
use ballista_executor::executor::Executor as Tasks;
use ballista_executor::executor_process::{ExecutorProcessConfig, structure_executor_metadata};
use ballista_executor::flight_service::BallistaFlightService;
use ballista_executor::health::ExecutorHealth;
use ballista_executor::metrics::LoggingMetricsCollector;
use ballista_executor::runtime_cache::DefaultSessionRuntimeCache;
use datafusion::common::Result;
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use filbert_dist::error::external;
use filbert_ir::Code;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tonic::transport::Channel;

use crate::address::Address;
pub use crate::executor::memory::default_bytes as default_memory;
use crate::executor::work_dir::WorkDir;
use crate::fault::{innermost, refuse};
use crate::{codec, settings, supervisor};

/// How long a new executor looks for its scheduler unless told.
const SCHEDULER_PATIENCE: Duration = Duration::from_secs(15);

/// How often it looks.
const SCHEDULER_PAUSE: Duration = Duration::from_millis(250);

/// How long the scheduler may take to hear that an executor is gone.
const GOODBYE_PATIENCE: Duration = Duration::from_secs(5);

/// Sessions whose file footers and clients an executor keeps.
const SESSIONS_MAX: usize = 16;

/// What an executor is to be.
#[derive(Clone, Debug)]
pub struct ExecutorOptions {
    /// Host and port of the scheduler.
    pub scheduler: String,
    /// Address on which it hands out rows.
    pub bind: IpAddr,
    /// Port for that; 0 takes a free one.
    pub port: u16,
    /// The name or address that others reach it by. Nothing: `bind`, or what the scheduler sees where that is
    /// every address.
    pub host: Option<String>,
    /// Whether an address is meant that other machines reach.
    pub insecure: bool,
    /// Tasks at the same time. Nothing: the machine's cores.
    pub cores: Option<usize>,
    /// Bytes for rows, shared evenly by the cores. Nothing: 70 % of the machine's.
    pub memory: Option<u64>,
    /// Where the folder for shuffle files is made. Nothing: the system's place for temporary files.
    pub work_dir: Option<PathBuf>,
    /// Its name with the scheduler, never used before. Nothing: a random one.
    pub id: Option<String>,
    /// How long it looks for its scheduler, and then waits to be taken in.
    pub patience: Duration,
}

impl Default for ExecutorOptions {
    fn default() -> ExecutorOptions {
        ExecutorOptions {
            scheduler: format!("127.0.0.1:{}", settings::SCHEDULER_PORT),
            bind: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            host: None,
            insecure: false,
            cores: None,
            memory: None,
            work_dir: None,
            id: None,
            patience: SCHEDULER_PATIENCE,
        }
    }
}

impl ExecutorOptions {
    /// Refuses what cannot work, before anything is started.
    pub fn check(&self) -> Result<()> {
        settings::check_address(self.bind, self.insecure).map_err(external)?;
        Address::parse(&self.scheduler)?;
        self.memory_of_a_core()?;
        WorkDir::check(self.work_dir.as_deref())
    }

    fn cores(&self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, usize::from);
        self.cores.unwrap_or_else(all).max(1)
    }

    /// Bytes for the rows of a task that runs on one core; `None` where nobody knows how many there are.
    fn memory_of_a_core(&self) -> Result<Option<usize>> {
        let Some(memory) = self.memory.or_else(default_memory) else { return Ok(None) };
        let share = memory / self.cores() as u64;
        if share < memory::CORE_BYTES_MIN {
            let (least, cores) = (memory::CORE_BYTES_MIN >> 20, self.cores());
            let detail = format!(
                "{} bytes of memory for {cores} cores: each needs {least} MiB; give more, or use fewer cores",
                memory
            );
            return Err(refuse(Code::Input, detail));
        }
        Ok(Some(usize::try_from(share).unwrap_or(usize::MAX)))
    }
}

/// A running executor. It ends when it is stopped or dropped.
pub struct Executor {
    id: String,
    address: SocketAddr,
    scheduler: SchedulerGrpcClient<Channel>,
    polls: JoinHandle<String>,
    serves: JoinHandle<String>,
    hang_up: Option<oneshot::Sender<()>>,
    _work_dir: WorkDir,
}

impl Executor {
    /// Starts an executor on this runtime; it comes back when the scheduler has taken it in.
    pub async fn start(options: ExecutorOptions) -> Result<Executor> {
        options.check()?;
        let id = options.id.clone().unwrap_or_else(new_instance_id);
        let work_dir = WorkDir::make(options.work_dir.as_deref())?;
        let scheduler = connect(&options.scheduler, options.patience).await?;
        let scheduler = SchedulerGrpcClient::new(scheduler)
            .max_decoding_message_size(settings::MESSAGE_BYTES_MAX)
            .max_encoding_message_size(settings::MESSAGE_BYTES_MAX);

        let server_config = server_config();
        let wanted = SocketAddr::new(options.bind, options.port);
        let incoming = create_grpc_server_incoming(wanted, &server_config);
        let incoming = incoming.map_err(|e| refuse(Code::Input, format!("cannot listen on {wanted}: {e}")))?;
        let address = incoming.local_addr()?;
        let flags = engine::Flags::default();
        let metrics = metrics::Metrics::new(options.cores())?;
        let poll = Arc::new(Notify::new());
        let engine = engine::Engine::new(flags.clone(), metrics.clone(), poll.clone());
        let tasks = Arc::new(tasks(&options, &id, address, &work_dir, engine)?);

        let (hang_up, hung_up) = oneshot::channel::<()>();
        let served = create_grpc_server(&server_config)
            // The page for Prometheus is read so.
            .accept_http1(true)
            .add_routes(metrics.routes().into())
            .add_service(
                FlightServiceServer::new(BallistaFlightService::new(tasks.work_dir.clone()))
                    .max_decoding_message_size(settings::MESSAGE_BYTES_MAX)
                    .max_encoding_message_size(settings::MESSAGE_BYTES_MAX),
            )
            .add_service(ExecutorGrpcServer::new(control::Control::new(tasks.clone(), flags)))
            .serve_with_incoming_shutdown(incoming, async move {
                let _ = hung_up.await;
            });
        let serves = tokio::spawn(async move { format!("its server ended: {:?}", served.await) });

        let codec = BallistaCodec::<LogicalPlanNode, PhysicalPlanNode>::new(codec::logical(), codec::physical());
        let health = ExecutorHealth::new();
        let polled = poll_loop(scheduler.clone(), tasks, codec, Some(poll.clone()), None, health.clone());
        let polls = tokio::spawn(async move {
            tokio::select! {
                ended = polled => format!("its poll loop ended: {ended:?}"),
                never = polls_now_and_then(poll) => match never {},
            }
        });
        let mut executor =
            Executor { id, address, scheduler, polls, serves, hang_up: Some(hang_up), _work_dir: work_dir };
        executor.be_taken_in(&health, &options).await?;
        tracing::info!(id = executor.id, %address, scheduler = options.scheduler, cores = options.cores(), "executor ready");
        Ok(executor)
    }

    /// Its name with the scheduler.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it hands out rows.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for it to end by itself, which it does by a defect only.
    pub async fn wait(&mut self) -> Result<()> {
        let why = tokio::select! {
            why = &mut self.polls => why,
            why = &mut self.serves => why,
        };
        Err(refuse(Code::Internal, why.unwrap_or_else(|panic| panic.to_string())))
    }

    /// Ends it: no more polls, then the scheduler is told, then nothing more is handed out. Tasks that run are
    /// given up, and their jobs are tried again elsewhere.
    pub async fn stop(mut self, reason: &str) {
        self.polls.abort();
        let stopped = ExecutorStoppedParams { executor_id: self.id.clone(), reason: reason.to_string() };
        match tokio::time::timeout(GOODBYE_PATIENCE, self.scheduler.executor_stopped(stopped)).await {
            Ok(Ok(_)) => {}
            Ok(Err(status)) => tracing::warn!(id = self.id, "the scheduler was not told of the end: {status}"),
            Err(_) => tracing::warn!(id = self.id, "the scheduler was not told of the end in time"),
        }
    }

    async fn be_taken_in(&mut self, health: &ExecutorHealth, options: &ExecutorOptions) -> Result<()> {
        let taken_in = async {
            while !health.is_ready() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            () = taken_in => Ok(()),
            ended = self.wait() => ended,
            () = tokio::time::sleep(options.patience) => {
                let scheduler = &options.scheduler;
                let detail = format!("{scheduler} answers, but does not take this executor in: is it a scheduler of this version?");
                Err(refuse(Code::ClusterUnreachable, detail))
            }
        }
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.polls.abort();
        drop(self.hang_up.take());
    }
}

/// Runs an executor until SIGTERM, Ctrl-C, or a defect. In a process that a supervisor started it dies with that,
/// and has its name and its folder from there.
pub async fn run(mut options: ExecutorOptions) -> Result<()> {
    if let Some(worker) = supervisor::Worker::of_environment()? {
        worker.begin()?;
        (options.id, options.work_dir) = (Some(worker.id), Some(worker.work_dir));
    }
    let told = supervisor::told_to_stop()?;
    let started = Executor::start(options);
    tokio::pin!(told);
    let mut executor = tokio::select! {
        started = started => started?,
        _ = &mut told => return Ok(()),
    };
    tokio::select! {
        ended = executor.wait() => ended,
        signal = told => {
            executor.stop(&format!("{} stopped by {signal}", supervisor::EXIT_WORD)).await;
            Ok(())
        }
    }
}

/// Has the scheduler asked for work beside what makes it worth asking, the end of a task.
async fn polls_now_and_then(poll: Arc<Notify>) -> Infallible {
    loop {
        tokio::time::sleep(settings::POLL_PAUSE).await;
        poll.notify_one();
    }
}

/// A channel to the scheduler, which may still be about to start.
pub(crate) async fn connect(scheduler: &str, patience: Duration) -> Result<Channel> {
    let scheduler = Address::parse(scheduler)?;
    let endpoint = scheduler.endpoint()?;
    let give_up = tokio::time::Instant::now() + patience;
    loop {
        match endpoint.connect().await {
            Ok(channel) => return Ok(channel),
            Err(error) if tokio::time::Instant::now() >= give_up => {
                let detail = format!("no scheduler answers at {scheduler}: {}", innermost(&error));
                return Err(refuse(Code::ClusterUnreachable, detail));
            }
            Err(_) => tokio::time::sleep(SCHEDULER_PAUSE).await,
        }
    }
}

fn server_config() -> GrpcServerConfig {
    GrpcServerConfig {
        timeout_seconds: settings::ANSWER_TIMEOUT.as_secs(),
        tcp_keepalive_seconds: settings::KEEP_ALIVE.as_secs(),
        http2_keepalive_interval_seconds: settings::KEEP_ALIVE.as_secs(),
        http2_keepalive_timeout_seconds: settings::KEEP_ALIVE_TIMEOUT.as_secs(),
    }
}

/// What runs tasks.
fn tasks(
    options: &ExecutorOptions,
    id: &str,
    address: SocketAddr,
    work_dir: &WorkDir,
    engine: engine::Engine,
) -> Result<Tasks> {
    let cores = options.cores();
    // Each call makes settings with a stop flag of their own: it is called once a task.
    let config: ConfigProducer = Arc::new(settings::session_config);
    let path = work_dir.path().to_path_buf();
    let runtime: RuntimeProducer = {
        let path = path.clone();
        Arc::new(move |_| RuntimeEnvBuilder::new().with_temp_file_path(path.clone()).build_arc())
    };
    let pool = memory::policy(options.memory_of_a_core()?);
    let sessions = DefaultSessionRuntimeCache::new(runtime.clone(), pool, SESSIONS_MAX);
    let path = path.to_str().ok_or_else(|| refuse(Code::Output, format!("{} is not UTF-8", path.display())))?;
    let tasks = Tasks::new(
        registration(options, id, address),
        path,
        runtime,
        config,
        Arc::new(functions()),
        Arc::new(LoggingMetricsCollector::default()),
        cores,
        Arc::new(engine),
    );
    Ok(tasks.with_session_runtime_cache(Some(Arc::new(sessions))))
}

/// The functions that plans may name. The engine's own set of them lacks those over lists, which its clients and
/// its scheduler have.
fn functions() -> BallistaFunctionRegistry {
    let mut functions = BallistaFunctionRegistry::default();
    for function in SessionStateDefaults::default_scalar_functions() {
        functions.scalar_functions.insert(function.name().to_string(), function);
    }
    for function in SessionStateDefaults::default_aggregate_functions() {
        functions.aggregate_functions.insert(function.name().to_string(), function);
    }
    functions
}

/// What the scheduler is told about this executor.
fn registration(options: &ExecutorOptions, id: &str, address: SocketAddr) -> ExecutorRegistration {
    let own = match options.bind {
        any if any.is_unspecified() => None,
        IpAddr::V4(v4) => Some(v4.to_string()),
        IpAddr::V6(v6) => Some(format!("[{v6}]")),
    };
    let described = ExecutorProcessConfig {
        executor_id: id.to_string(),
        external_host: options.host.clone().or(own),
        port: address.port(),
        grpc_port: address.port(),
        ..ExecutorProcessConfig::default()
    };
    structure_executor_metadata(&Arc::new(described), options.cores() as u32)
}
