//! A cluster inside this process: a scheduler and executors on loopback, for tests and for trying out.
//!
//! Everything but the processes is as on a real one: plans are encoded, tasks are polled for, shuffles go
//! through files and sockets.

use std::sync::Arc;

use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::serde::BallistaCodec;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_executor::new_standalone_executor_from_builder;
use datafusion::execution::runtime_env::RuntimeEnv;
use filbert_ir::{Code, KernelError};
use tonic::transport::Endpoint;

use crate::scheduler::{Scheduler, SchedulerOptions};
use crate::{codec, settings};

/// A scheduler with executors. Dropped, it ends.
#[derive(Debug)]
pub struct Standalone {
    scheduler: Scheduler,
}

impl Standalone {
    /// Starts so many executors, with so many cores each.
    pub async fn start(executors: usize, cores: usize) -> Result<Standalone, KernelError> {
        let bind = ([127, 0, 0, 1], 0).into();
        let scheduler = Scheduler::start(SchedulerOptions { bind, insecure: false }).await?;
        let standalone = Standalone { scheduler };
        for _ in 0..executors {
            standalone.add_executor(cores).await?;
        }
        Ok(standalone)
    }

    /// One more executor.
    pub async fn add_executor(&self, cores: usize) -> Result<(), KernelError> {
        let cannot =
            |error: String| KernelError::new(Code::ClusterUnreachable, format!("no executor can run: {error}"));
        let endpoint = Endpoint::from_shared(format!("http://{}", self.scheduler.address()));
        let endpoint = settings::endpoint(endpoint.map_err(|error| cannot(error.to_string()))?);
        let connection = endpoint.connect().await.map_err(|error| cannot(error.to_string()))?;
        let scheduler = SchedulerGrpcClient::new(connection)
            .max_encoding_message_size(settings::MESSAGE_BYTES_MAX)
            .max_decoding_message_size(settings::MESSAGE_BYTES_MAX);
        let started = new_standalone_executor_from_builder(
            scheduler,
            cores,
            Arc::new(settings::session_config),
            Arc::new(|_| Ok(Arc::new(RuntimeEnv::default()))),
            BallistaCodec::new(codec::logical(), codec::physical()),
            BallistaFunctionRegistry::default(),
        );
        started.await.map_err(|error| cannot(error.to_string()))
    }

    /// The scheduler's address, `df://127.0.0.1:...`.
    pub fn url(&self) -> String {
        format!("df://{}", self.scheduler.address())
    }
}
