//! Sessions whose queries run on a cluster.
//!
//! Such a session plans here, as any other, and sends the plan with its kernels to the scheduler. Its runner
//! knows which failures of a job are the cluster's and not the job's: those are answered with another attempt,
//! of the whole job, for kernels and files give the same rows again. What the job itself did wrong would go
//! wrong again, and is told at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ballista::prelude::SessionContextExt;
use ballista_core::serde::protobuf::GetJobStatusParams;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use datafusion::common::{DataFusionError, Result};
use datafusion::dataframe::DataFrame;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use filbert_dist::runner::with_runner;
use filbert_dist::{Runner, Session};
use filbert_ir::Code;

use crate::address::Address;
use crate::fault::{self, Fault, refuse};
use crate::settings::{self, ATTEMPTS_MAX, BACKOFF, CONNECT_TIMEOUT, RECONNECT_PATIENCE, RECONNECT_PAUSE};
use crate::standalone::Standalone;
use crate::{analyze, until_stopped};

/// Sessions on a cluster.
#[async_trait]
pub trait SessionExt: Sized {
    /// A session on the cluster of the scheduler at `df://host:port`. Fails at once if there is none.
    async fn connect(url: &str) -> Result<Self>;

    /// The same with settings of one's own, put on top of `settings::session_config()`.
    async fn connect_with(url: &str, config: SessionConfig) -> Result<Self>;

    /// A session on a cluster of its own inside this process, which ends with the session: for tests, and for
    /// trying out.
    async fn standalone() -> Result<Self>;
}

#[async_trait]
impl SessionExt for Session {
    async fn connect(url: &str) -> Result<Session> {
        Session::connect_with(url, settings::session_config()).await
    }

    async fn connect_with(url: &str, config: SessionConfig) -> Result<Session> {
        session(Cluster::new(url)?, config).await
    }

    async fn standalone() -> Result<Session> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let inside = Arc::new(Standalone::start(1, cores).await?);
        let mut cluster = Cluster::new(&inside.url())?;
        cluster.inside = Some(inside);
        session(cluster, settings::session_config()).await
    }
}

async fn session(cluster: Cluster, config: SessionConfig) -> Result<Session> {
    cluster.call().await.map_err(|why| cluster.unreachable(&why))?;
    let url = cluster.scheduler.to_string();
    let (state, warnings) = Session::state(with_runner(config, Arc::new(cluster)));
    Ok(Session::from_parts(SessionContext::remote_with_state(&url, state).await?, warnings))
}

/// A cluster as its clients see it.
struct Cluster {
    scheduler: Address,
    /// Lives as long as somebody may ask it.
    inside: Option<Arc<Standalone>>,
}

impl Cluster {
    fn new(url: &str) -> Result<Cluster> {
        Ok(Cluster { scheduler: Address::parse(url)?, inside: None })
    }

    fn unreachable(&self, why: &str) -> DataFusionError {
        let (url, place) = (&self.scheduler, self.scheduler.place());
        let detail = format!("no scheduler answers at {url}: {why}; `filbert scheduler --bind {place}` starts one");
        refuse(Code::ClusterUnreachable, detail)
    }

    /// Asks the scheduler something that only a scheduler answers.
    async fn call(&self) -> Result<(), String> {
        let endpoint = self.scheduler.endpoint().map_err(|error| error.to_string())?;
        let connection = endpoint.timeout(CONNECT_TIMEOUT).connect().await;
        let mut scheduler = SchedulerGrpcClient::new(connection.map_err(|error| fault::innermost(&error))?);
        let nobody = GetJobStatusParams { job_id: String::new() };
        scheduler.get_job_status(nobody).await.map(drop).map_err(|status| status.message().to_string())
    }

    /// Waits for a scheduler that may just be starting anew.
    async fn reach(&self) -> Result<()> {
        let asked = Instant::now();
        while let Err(why) = self.call().await {
            if asked.elapsed() > RECONNECT_PATIENCE {
                return Err(self.unreachable(&why));
            }
            tokio::time::sleep(RECONNECT_PAUSE).await;
        }
        Ok(())
    }
}

#[async_trait]
impl Runner for Cluster {
    async fn stream(&self, frame: DataFrame) -> Result<SendableRecordBatchStream> {
        if let LogicalPlan::Dml(statement) = frame.logical_plan() {
            let detail = format!(
                "{} is not run on a cluster, where it could be half done; write a new file or folder with COPY TO",
                statement.name()
            );
            return Err(refuse(Code::Output, detail));
        }
        if let LogicalPlan::Analyze(_) = frame.logical_plan() {
            return analyze::stream(frame, self.scheduler.endpoint()?).await;
        }
        let flag = until_stopped::flag(&frame);
        Ok(until_stopped::until_stopped(frame.execute_stream().await?, flag))
    }

    async fn failed(&self, attempt: u32, error: DataFusionError) -> Result<()> {
        let (fault, error) = Fault::of(error);
        match fault {
            Fault::Job => return Err(error),
            Fault::Cluster if attempt >= ATTEMPTS_MAX => return Err(fault::last(&error, attempt)),
            Fault::Cluster => {}
        }
        tracing::warn!("attempt {attempt} of {ATTEMPTS_MAX} failed and is made again: {}", fault::line(&error));
        tokio::time::sleep(pause(attempt)).await;
        self.reach().await
    }
}

fn pause(attempt: u32) -> Duration {
    BACKOFF * 2u32.saturating_pow(attempt.saturating_sub(1))
}
