//! Every time and size of the cluster, and the engine's settings that follow from them.
//!
//! Scheduler, executors and clients take them from here, so that one end never waits for what the other does
//! not send. What they add up to: an executor that is killed, cut off or stopped counts as lost within
//! `EXECUTOR_TIMEOUT + EXPIRY_CHECK + 1 s`, less than 20 seconds, and nobody waits longer for bytes from it
//! than for its heartbeat.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ballista_core::extension::{EndpointOverrideFn, SessionConfigExt};
use datafusion::prelude::SessionConfig;
use filbert_dist::KernelOptions;
use filbert_ir::{Code, KernelError};
use tonic::transport::Endpoint;

use crate::codec;

/// The port of a scheduler where none is named.
pub const SCHEDULER_PORT: u16 = 50050;

/// How often an executor is heard of at least. One that polls for work is heard of at each poll, every 5 s if
/// all its cores are busy; this is for what tells the scheduler beside that.
pub const HEARTBEAT: Duration = Duration::from_secs(3);
/// An executor that has not been heard of for so long is lost. Three polls of a busy one.
pub const EXECUTOR_TIMEOUT: Duration = Duration::from_secs(15);
/// How often the scheduler looks for lost executors.
pub const EXPIRY_CHECK: Duration = Duration::from_secs(2);
/// How long the polls of an executor that was declared lost are answered with nothing, so that the scheduler is
/// done with its loss before it gets work again. The scheduler needs milliseconds.
pub const LOST_PAUSE: Duration = Duration::from_secs(3);
/// How long the poll of an idle executor is answered at the latest where there is no work: the next task is thus
/// handed out as soon as there is one. A part of `EXECUTOR_TIMEOUT`, as a poll is a sign of life when it begins.
pub const POLL_PATIENCE: Duration = Duration::from_secs(1);
/// How often an executor polls that has a free core and is told that there is no work for it.
pub const POLL_PAUSE: Duration = Duration::from_millis(50);
/// How long a new job waits for the first executor before it is refused, and a running job for another one
/// after the last was lost.
pub const NO_EXECUTOR_PATIENCE: Duration = Duration::from_secs(15);

/// How long the first executor that gets a new kernel has it alone, if no task of its stage has succeeded before.
/// Longer than a large kernel takes to compile.
pub const PROBATION: Duration = Duration::from_secs(1);

/// How often a job is tried.
pub const ATTEMPTS_MAX: u32 = 3;
/// What a job waits before its second attempt; twice as long before each later one.
pub const BACKOFF: Duration = Duration::from_millis(500);
/// How long a client looks for a scheduler that it has lost, as when the scheduler is restarted.
pub const RECONNECT_PATIENCE: Duration = Duration::from_secs(30);
/// How often it looks.
pub const RECONNECT_PAUSE: Duration = Duration::from_millis(250);

/// How often a task may fail by an input or output error before its job is tried again as a whole. Once: a task
/// that writes files could leave those of its first try beside those of the second.
pub const TASK_TRIES: usize = 1;
/// How often a stage may fail to fetch its input. Once: the engine's way of running the stage before it again
/// gives duplicate rows (docs/engine-notes.md).
pub const STAGE_TRIES: usize = 1;
/// Partitions of one task. One is the unit that is run again when an executor is lost, and the one that makes
/// tasks and busy cores the same number: an executor that polls counts a task as one core whatever it holds.
pub const PARTITIONS_PER_TASK: usize = 1;

/// A connection that is not made after so long is not made.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A peer that has sent nothing for so long is asked whether it is there.
pub const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// A peer that does not answer that for so long is not there.
pub const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// An answer must begin after so long; longer than a job waits for an executor.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How often the bytes of a shuffle are asked for before the job is tried again, and the pause between.
pub const FETCH_TRIES: usize = 2;
/// See `FETCH_TRIES`.
pub const FETCH_PAUSE: Duration = Duration::from_millis(500);
/// The longest message: a plan, the kernels in it, a batch of rows.
pub const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// An endpoint under these times, for every connection that scheduler, executors and clients make.
pub fn endpoint(endpoint: Endpoint) -> Endpoint {
    endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ANSWER_TIMEOUT)
        .tcp_nodelay(true)
        .tcp_keepalive(Some(KEEP_ALIVE))
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
}

/// `endpoint`, as the engine takes it.
pub fn endpoint_override() -> EndpointOverrideFn {
    Arc::new(|made| -> Result<Endpoint, Box<dyn Error + Send + Sync>> { Ok(endpoint(made)) })
}

/// The settings that sessions of clients, the scheduler and executors begin with. The settings of a client's
/// session travel with its jobs and are put on top of them.
pub fn session_config() -> SessionConfig {
    let seconds = |time: Duration| time.as_secs().to_string();
    SessionConfig::new_with_ballista()
        .with_option_extension(KernelOptions::default())
        .with_ballista_logical_extension_codec(codec::logical())
        .with_ballista_physical_extension_codec(codec::physical())
        .with_ballista_override_create_grpc_client_endpoint(endpoint_override())
        .with_ballista_grpc_client_max_message_size(MESSAGE_BYTES_MAX)
        .with_ballista_adaptive_query_planner(false)
        .set_usize("ballista.scheduler.max_partitions_per_task", PARTITIONS_PER_TASK)
        .set_usize("ballista.client.io_retries_times", FETCH_TRIES)
        .set_u64("ballista.client.io_retry_wait_time_ms", FETCH_PAUSE.as_millis() as u64)
        .set_str("ballista.client.grpc_connect_timeout_seconds", &seconds(CONNECT_TIMEOUT))
        .set_str("ballista.client.grpc_timeout_seconds", &seconds(ANSWER_TIMEOUT))
        .set_str("ballista.client.grpc_tcp_keepalive_seconds", &seconds(KEEP_ALIVE))
        .set_str("ballista.client.grpc_http2_keepalive_interval_seconds", &seconds(KEEP_ALIVE))
}

/// Refuses an address that other machines can reach unless that was asked for: nothing here is encrypted and
/// nobody is asked for a name, so whoever reaches it runs jobs.
pub fn check_address(address: IpAddr, insecure: bool) -> Result<(), KernelError> {
    if address.is_loopback() || insecure {
        return Ok(());
    }
    let detail = format!(
        "{address} can be reached by others, who could run anything here: the cluster neither encrypts nor asks for \
         a name; use 127.0.0.1, or say --insecure on a network that you trust"
    );
    Err(KernelError::new(Code::NotLoopback, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_executor_is_seen_within_twenty_seconds() {
        // A second more, for the scheduler counts whole seconds.
        assert!(EXECUTOR_TIMEOUT + EXPIRY_CHECK + Duration::from_secs(1) < Duration::from_secs(20));
        assert!(KEEP_ALIVE + KEEP_ALIVE_TIMEOUT <= EXECUTOR_TIMEOUT);
        assert!(ANSWER_TIMEOUT > NO_EXECUTOR_PATIENCE);
    }

    #[test]
    fn the_engine_takes_every_setting() {
        let config = session_config();
        let ballista = config.ballista_config();
        assert!(!config.ballista_adaptive_query_planner_enabled());
        assert_eq!(ballista.max_partitions_per_task(), PARTITIONS_PER_TASK);
        assert_eq!(ballista.io_retries_times(), FETCH_TRIES);
        assert_eq!(ballista.grpc_client_timeout_seconds() as u64, ANSWER_TIMEOUT.as_secs());
        assert_eq!(ballista.grpc_client_http2_keepalive_interval_seconds() as u64, KEEP_ALIVE.as_secs());
        assert!(config.options().extensions.get::<KernelOptions>().is_some());
    }

    #[test]
    fn addresses_that_others_reach_need_the_word_insecure() {
        let rows =
            [("127.0.0.1", false, true), ("::1", false, true), ("0.0.0.0", false, false), ("10.0.0.1", true, true)];
        for (address, insecure, allowed) in rows {
            let found = check_address(address.parse().expect("an address"), insecure);
            assert_eq!(found.is_ok(), allowed, "{address}");
            assert!(found.err().is_none_or(|error| error.code == Code::NotLoopback));
        }
    }
}
