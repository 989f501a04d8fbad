//! A scheduler that has no work and remembers what executors say to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ballista_core::serde::protobuf::scheduler_grpc_server::{SchedulerGrpc, SchedulerGrpcServer};
use ballista_core::serde::protobuf::*;
use futures::Stream;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// What was said, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Said {
    /// By the executor of this name.
    Poll(String),
    /// Of the executor of this name, and why.
    Stopped(String, String),
}

#[derive(Clone, Default)]
pub(crate) struct Stub {
    said: Arc<Mutex<Vec<Said>>>,
    registered: Arc<Mutex<Option<ExecutorRegistration>>>,
}

impl Stub {
    /// Listens on a free port, as long as the runtime lives.
    pub(crate) fn start() -> (Stub, SocketAddr) {
        let stub = Stub::default();
        let incoming = TcpIncoming::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = incoming.local_addr().unwrap();
        let service = SchedulerGrpcServer::new(stub.clone());
        tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
        (stub, address)
    }

    pub(crate) fn said(&self) -> Vec<Said> {
        self.said.lock().unwrap().clone()
    }

    /// Names and reasons of the executors that are gone.
    pub(crate) fn stopped(&self) -> Vec<(String, String)> {
        let said = self.said().into_iter().filter_map(|said| match said {
            Said::Stopped(id, reason) => Some((id, reason)),
            Said::Poll(_) => None,
        });
        said.collect()
    }

    /// The last executor that polled.
    pub(crate) fn registered(&self) -> ExecutorRegistration {
        self.registered.lock().unwrap().clone().unwrap()
    }

    /// Waits until so many executors are gone.
    pub(crate) async fn wait_stopped(&self, count: usize, patience: Duration) -> Vec<(String, String)> {
        let started = Instant::now();
        while self.stopped().len() < count {
            assert!(started.elapsed() < patience, "{:?}", self.said());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.stopped()
    }
}

fn no<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("a stub"))
}

#[tonic::async_trait]
impl SchedulerGrpc for Stub {
    type ExecuteQueryPushStream = Pin<Box<dyn Stream<Item = Result<GetJobStatusResult, Status>> + Send>>;

    async fn poll_work(&self, request: Request<PollWorkParams>) -> Result<Response<PollWorkResult>, Status> {
        let registration = request.into_inner().metadata.unwrap();
        self.said.lock().unwrap().push(Said::Poll(registration.id.clone()));
        *self.registered.lock().unwrap() = Some(registration);
        Ok(Response::new(PollWorkResult::default()))
    }

    async fn executor_stopped(
        &self,
        request: Request<ExecutorStoppedParams>,
    ) -> Result<Response<ExecutorStoppedResult>, Status> {
        let ExecutorStoppedParams { executor_id, reason } = request.into_inner();
        self.said.lock().unwrap().push(Said::Stopped(executor_id, reason));
        Ok(Response::new(ExecutorStoppedResult {}))
    }

    async fn register_executor(
        &self,
        _: Request<RegisterExecutorParams>,
    ) -> Result<Response<RegisterExecutorResult>, Status> {
        no()
    }

    async fn heart_beat_from_executor(&self, _: Request<HeartBeatParams>) -> Result<Response<HeartBeatResult>, Status> {
        no()
    }

    async fn update_task_status(
        &self,
        _: Request<UpdateTaskStatusParams>,
    ) -> Result<Response<UpdateTaskStatusResult>, Status> {
        no()
    }

    async fn create_update_session(
        &self,
        _: Request<CreateUpdateSessionParams>,
    ) -> Result<Response<CreateUpdateSessionResult>, Status> {
        no()
    }

    async fn remove_session(&self, _: Request<RemoveSessionParams>) -> Result<Response<RemoveSessionResult>, Status> {
        no()
    }

    async fn execute_query_push(
        &self,
        _: Request<ExecuteQueryParams>,
    ) -> Result<Response<Self::ExecuteQueryPushStream>, Status> {
        no()
    }

    async fn execute_query(&self, _: Request<ExecuteQueryParams>) -> Result<Response<ExecuteQueryResult>, Status> {
        no()
    }

    async fn get_job_status(&self, _: Request<GetJobStatusParams>) -> Result<Response<GetJobStatusResult>, Status> {
        no()
    }

    async fn get_job_metrics(&self, _: Request<GetJobMetricsParams>) -> Result<Response<GetJobMetricsResult>, Status> {
        no()
    }

    async fn cancel_job(&self, _: Request<CancelJobParams>) -> Result<Response<CancelJobResult>, Status> {
        no()
    }

    async fn clean_job_data(&self, _: Request<CleanJobDataParams>) -> Result<Response<CleanJobDataResult>, Status> {
        no()
    }
}
