//! What a scheduler says of itself: executors, jobs, stages and their tasks, kernels in quarantine.
//!
//! Read from the REST interface on the scheduler's port, by `filbert cluster status` and by whoever draws the
//! progress of a job. A scheduler that does not answer within two seconds is not there (FB-1101).

use std::time::Duration;

use datafusion::common::Result;
use filbert_ir::Code;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::address::Address;
use crate::fault::{innermost, refuse};

const PATIENCE: Duration = Duration::from_secs(2);
/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// An executor that the scheduler knows.
#[derive(Clone, Debug, Deserialize)]
pub struct ExecutorStatus {
    /// New with each start of its worker.
    pub id: String,
    /// Where others reach it.
    pub host: String,
    /// Where shuffle files are fetched.
    pub port: u16,
    /// Its last sign of life, in milliseconds since 1970.
    pub last_seen: Option<u64>,
    specification: Specification,
}

#[derive(Clone, Debug, Deserialize)]
struct Specification {
    vcores: u32,
}

impl ExecutorStatus {
    /// Partitions that it runs at the same time.
    pub fn cores(&self) -> u32 {
        self.specification.vcores
    }
}

/// A job that the scheduler knows; it forgets those that ended some minutes ago.
#[derive(Clone, Debug, Deserialize)]
pub struct JobStatus {
    /// The scheduler's name of it.
    pub job_id: String,
    /// The client's name of it.
    pub job_name: String,
    /// `Queued`, `Running`, `Completed`, `Failed` or `Invalid`.
    pub status: String,
    /// All stages.
    pub num_stages: usize,
    /// Stages whose tasks are all done.
    pub completed_stages: usize,
    /// Milliseconds since 1970.
    pub start_time: u64,
    /// Milliseconds since 1970; 0 while it runs.
    pub end_time: u64,
}

/// A stage of a job: the part of a plan between two exchanges of rows.
#[derive(Clone, Debug, Deserialize)]
pub struct StageStatus {
    /// Number within the job.
    pub stage_id: String,
    /// `Running`, `Successful`, `Failed`, `Resolved` or `UnResolved`.
    pub stage_status: String,
    /// Rows read so far.
    pub input_rows: u64,
    /// Rows given so far.
    pub output_rows: u64,
    /// Its operators; with their metrics, if it was asked for so.
    pub stage_plan: Option<String>,
    tasks: Vec<Option<TaskStatus>>,
}

#[derive(Deserialize)]
struct Stages {
    stages: Vec<StageStatus>,
}

/// A task: what a stage does with one partition. Times are milliseconds since 1970, 0 where it is not so far.
#[derive(Clone, Debug, Deserialize)]
pub struct TaskStatus {
    status: serde_json::Value,
    /// When the scheduler handed it out.
    pub launch_time: u64,
    /// When the executor began.
    pub start_exec_time: u64,
    /// When the executor was done.
    pub end_exec_time: u64,
    /// When the scheduler knew that.
    pub finish_time: u64,
    /// Rows read.
    pub input_rows: u64,
    /// Rows given.
    pub output_rows: u64,
}

impl TaskStatus {
    /// Whether it is done.
    pub fn is_done(&self) -> bool {
        self.status == "Successful"
    }
}

impl StageStatus {
    /// Tasks that are done, and tasks that were started.
    pub fn tasks(&self) -> (usize, usize) {
        let done = self.started().filter(|task| task.is_done()).count();
        (done, self.tasks.len())
    }

    /// The tasks that were started.
    pub fn started(&self) -> impl Iterator<Item = &TaskStatus> {
        self.tasks.iter().flatten()
    }
}

/// A kernel that ended an executor, and is run no more until the scheduler starts anew.
#[derive(Clone, Debug, Deserialize)]
pub struct QuarantinedKernel {
    /// The kernel's identity, 64 hexadecimal digits.
    pub kernel: String,
    /// The signal that the executor's worker died of.
    pub signal: i32,
    /// The executor.
    pub executor: String,
}

/// The REST interface of a scheduler.
#[derive(Clone, Debug)]
pub struct Rest {
    scheduler: Address,
    client: Client<HttpConnector, Empty<hyper::body::Bytes>>,
}

impl Rest {
    /// Of the scheduler at `df://host:port`.
    pub fn new(url: &str) -> Result<Rest> {
        let scheduler = Address::parse(url)?;
        Ok(Rest { scheduler, client: Client::builder(TokioExecutor::new()).build_http() })
    }

    /// The executors, the longest known first.
    pub async fn executors(&self) -> Result<Vec<ExecutorStatus>> {
        self.get("/api/executors").await
    }

    /// The jobs.
    pub async fn jobs(&self) -> Result<Vec<JobStatus>> {
        self.get("/api/jobs").await
    }

    /// The stages of a job.
    pub async fn stages(&self, job_id: &str) -> Result<Vec<StageStatus>> {
        Ok(self.get::<Stages>(&format!("/api/job/{job_id}/stages")).await?.stages)
    }

    /// The stages of a job, their plans with the metrics of all tasks together.
    pub async fn stages_with_metrics(&self, job_id: &str) -> Result<Vec<StageStatus>> {
        Ok(self.get::<Stages>(&format!("/api/job/{job_id}/stages?plan_format=metrics")).await?.stages)
    }

    /// The kernels that nobody runs any more.
    pub async fn quarantine(&self) -> Result<Vec<QuarantinedKernel>> {
        self.get("/filbert/quarantine").await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let unreachable = |why: String| {
            refuse(Code::ClusterUnreachable, format!("no scheduler answers at {}: {why}", self.scheduler))
        };
        let uri = format!("{}{path}", self.scheduler.pages())
            .parse()
            .map_err(|e: hyper::http::uri::InvalidUri| unreachable(e.to_string()))?;
        let answer = async {
            let response = self.client.get(uri).await.map_err(|e| unreachable(innermost(&e)))?;
            let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
            Ok::<_, datafusion::common::DataFusionError>(
                body.collect().await.map_err(|e| unreachable(e.to_string()))?.to_bytes(),
            )
        };
        let bytes = match tokio::time::timeout(PATIENCE, answer).await {
            Ok(bytes) => bytes?,
            Err(_) => return Err(unreachable(format!("nothing came within {} s", PATIENCE.as_secs()))),
        };
        serde_json::from_slice(&bytes).map_err(|e| unreachable(format!("it answers something else ({e})")))
    }
}
