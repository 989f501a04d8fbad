//! The scheduler: Ballista's, behind our door, with its pages for people and programs.
//!
//! One port serves everything: the gRPC interface of executors and clients, Ballista's REST interface under
//! `/api`, `/healthz` and `/readyz`, Prometheus text under `/api/metrics`, and the kernels in quarantine under
//! `/filbert/quarantine`. Executors pull their work: the push mode of Ballista 55 loses cores of cancelled jobs.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::routing::get;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::serde::protobuf::scheduler_grpc_server::SchedulerGrpcServer;
use ballista_core::utils::default_session_builder;
use ballista_scheduler::api::get_routes;
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::create_scheduler;
use datafusion::execution::SessionStateBuilder;
use filbert_dist::{KernelTypePlanner, repartition};
use filbert_ir::{Code, KernelError};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tonic::service::RoutesBuilder;

use crate::door::Door;
use crate::fail_fast::{FailFast, Server};
use crate::job_endings::{JobEndings, Jobs};
use crate::job_watch::Names;
use crate::probation::Probation;
use crate::quarantine::Quarantine;
use crate::{codec, settings};

/// How long a scheduler that stops waits for open connections.
const STOP_PATIENCE: Duration = Duration::from_secs(1);

/// Where and how a scheduler listens.
#[derive(Clone, Debug)]
pub struct SchedulerOptions {
    /// The address; port 0 takes a free one.
    pub bind: SocketAddr,
    /// Allows an address that other machines can reach.
    pub insecure: bool,
}

impl Default for SchedulerOptions {
    fn default() -> SchedulerOptions {
        SchedulerOptions { bind: ([127, 0, 0, 1], settings::SCHEDULER_PORT).into(), insecure: false }
    }
}

/// A scheduler that runs. Dropped, it stops.
#[derive(Debug)]
pub struct Scheduler {
    address: SocketAddr,
    /// Stops it by being dropped.
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<io::Result<()>>,
}

impl Scheduler {
    /// Starts a scheduler; it listens when this returns.
    pub async fn start(options: SchedulerOptions) -> Result<Scheduler, KernelError> {
        settings::check_address(options.bind.ip(), options.insecure)?;
        let listener = TcpListener::bind(options.bind).await.map_err(|error| cannot(options.bind, error))?;
        let address = listener.local_addr().map_err(|error| cannot(options.bind, error))?;
        let routes = routes(address).await?;
        let listener = listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!("a connection waits for full packets: {error}");
            }
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let service = routes.into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(listener, service).with_graceful_shutdown(async move {
            // Nothing is ever sent: the other end is dropped.
            let _ = stopped.await;
        });
        let serving = tokio::spawn(serving.into_future());
        tracing::info!("scheduler listens at {address}");
        Ok(Scheduler { address, stop: Some(stop), serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs until it fails.
    pub async fn wait(&mut self) -> Result<(), KernelError> {
        let ended = (&mut self.serving).await.map_err(io::Error::other).and_then(|served| served);
        ended.map_err(|error| cannot(self.address, error))
    }

    /// Stops it, and with it all jobs.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        if tokio::time::timeout(STOP_PATIENCE, &mut self.serving).await.is_err() {
            self.serving.abort();
        }
    }
}

fn cannot(address: SocketAddr, error: impl std::fmt::Display) -> KernelError {
    KernelError::new(Code::ClusterUnreachable, format!("no scheduler can run at {address}: {error}"))
}

/// Everything that the port serves.
async fn routes(address: SocketAddr) -> Result<Router, KernelError> {
    let quarantine = Arc::new(Quarantine::default());
    let probation = Arc::new(Probation::default());
    let work = Arc::new(Notify::new());
    let config = Arc::new(config(address, &quarantine, &probation, &work));
    let endings = Arc::new(JobEndings::default());
    let fail_fast = Arc::new(FailFast::new(endings.clone()));
    let engine = |error| cannot(address, error);
    let ours = BallistaCluster::new_from_config(&config).await.map_err(engine)?;
    let cluster = BallistaCluster::new(fail_fast.clone(), Arc::new(Jobs::new(ours.job_state(), endings)));
    let server: Server = create_scheduler(cluster, config).await.map_err(engine)?;
    fail_fast.serve(server.clone());

    let door = Door::new(server.clone(), fail_fast, quarantine.clone(), probation, work);
    let door = SchedulerGrpcServer::new(door)
        .max_encoding_message_size(settings::MESSAGE_BYTES_MAX)
        .max_decoding_message_size(settings::MESSAGE_BYTES_MAX);
    let mut grpc = RoutesBuilder::default();
    grpc.add_service(door);
    let grpc = grpc.routes().into_axum_router().fallback(|| async { StatusCode::NOT_FOUND });

    let ready = server.clone();
    let ready = move || async move {
        match ready.is_ready() {
            true => (StatusCode::OK, "ready\n"),
            false => (StatusCode::SERVICE_UNAVAILABLE, "no executor\n"),
        }
    };
    let pages = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/filbert/quarantine", get(move || async move { Json(quarantine.list()) }));
    Ok(get_routes(Arc::new(server)).merge(grpc).merge(pages))
}

fn config(
    address: SocketAddr,
    quarantine: &Arc<Quarantine>,
    probation: &Arc<Probation>,
    work: &Arc<Notify>,
) -> SchedulerConfig {
    let work = work.clone();
    SchedulerConfig {
        bind_host: address.ip().to_string(),
        external_host: address.ip().to_string(),
        bind_port: address.port(),
        scheduling_policy: TaskSchedulingPolicy::PullStaged,
        executor_timeout_seconds: settings::EXECUTOR_TIMEOUT.as_secs(),
        expire_dead_executor_interval_seconds: settings::EXPIRY_CHECK.as_secs(),
        no_executors_grace_period_seconds: settings::NO_EXECUTOR_PATIENCE.as_secs(),
        executor_termination_grace_period: 0,
        task_max_failures: settings::TASK_TRIES,
        stage_max_failures: settings::STAGE_TRIES,
        grpc_server_max_decoding_message_size: settings::MESSAGE_BYTES_MAX as u32,
        grpc_server_max_encoding_message_size: settings::MESSAGE_BYTES_MAX as u32,
        grpc_client_max_message_size: settings::MESSAGE_BYTES_MAX as u32,
        override_create_grpc_client_endpoint: Some(settings::endpoint_override()),
        override_logical_codec: Some(codec::logical_guarded(quarantine.clone())),
        override_physical_codec: Some(codec::physical_guarded(quarantine.clone(), probation.clone())),
        override_config_producer: Some(Arc::new(settings::session_config)),
        on_work_available: Some(Arc::new(move |_| work.notify_waiters())),
        job_id_generator: Some(Arc::new(Names::default())),
        override_session_builder: Some(Arc::new(|config| {
            let state = default_session_builder(config)?;
            let rules = repartition::keeping(state.physical_optimizers());
            let state = SessionStateBuilder::new_from_existing(state).with_physical_optimizer_rules(rules);
            Ok(state.with_type_planner(Arc::new(KernelTypePlanner)).build())
        })),
        ..SchedulerConfig::default()
    }
}
