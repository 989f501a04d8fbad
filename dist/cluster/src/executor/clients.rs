//! Connections to other executors, kept for the next fetch.
//!
//! Without it every fetch of a shuffle opens one of its own, and a job of many partitions runs out of ports.
//! Ballista's own keeper of connections cannot be reached from outside of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ballista_core::client::BallistaClient;
use ballista_core::client_pool::{BallistaClientPool, PooledClient};
use ballista_core::error::Result;
use ballista_core::extension::BallistaConfigGrpcEndpoint;
use ballista_core::utils::GrpcClientConfig;

/// How long a connection is kept that nobody uses.
const IDLE_MAX: Duration = Duration::from_secs(30);

type Place = (String, u16, GrpcClientConfig);
type Idle = HashMap<Place, Vec<(BallistaClient, Instant)>>;

#[derive(Clone, Default)]
pub(super) struct Clients {
    idle: Arc<Mutex<Idle>>,
}

impl Clients {
    fn with_idle<T>(&self, with: impl FnOnce(&mut Idle) -> T) -> T {
        with(&mut self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn forget_old(&self) {
        self.with_idle(|idle| {
            idle.retain(|_, clients| {
                clients.retain(|(_, since)| since.elapsed() < IDLE_MAX);
                !clients.is_empty()
            });
        });
    }

    fn keep(&self, place: Place, client: BallistaClient) {
        self.with_idle(|idle| idle.entry(place).or_default().push((client, Instant::now())));
    }
}

impl std::fmt::Debug for Clients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clients({} places)", self.with_idle(|idle| idle.len()))
    }
}

#[async_trait]
impl BallistaClientPool for Clients {
    async fn acquire(
        &self,
        host: &str,
        port: u16,
        config: &GrpcClientConfig,
        customize_endpoint: Option<Arc<BallistaConfigGrpcEndpoint>>,
    ) -> Result<PooledClient> {
        self.forget_old();
        let place = (host.to_string(), port, config.clone());
        let kept = self.with_idle(|idle| idle.get_mut(&place).and_then(Vec::pop));
        let client = match kept {
            Some((client, _)) => client,
            None => {
                BallistaClient::try_new(
                    host,
                    port,
                    config.max_message_size,
                    config.use_tls,
                    customize_endpoint,
                    config.io_retries_times,
                    config.io_retry_wait_time_ms,
                    config.initial_connection_window_size,
                    config.initial_stream_window_size,
                )
                .await?
            }
        };
        let clients = self.clone();
        Ok(PooledClient::new(client, Box::new(move |client| clients.keep(place, client))))
    }

    async fn evict_idle(&self) {
        self.forget_old();
    }
}
