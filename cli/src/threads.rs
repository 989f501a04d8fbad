//! The threads that SQL work runs on, and Ctrl-C.

use std::future::Future;
use std::time::Duration;

use filbert_ir::Code;

use crate::failure::Failure;

/// Stack of each thread. Engine and parser recurse over expressions; `script::CHAIN_TOKENS_MAX` is what fits
/// here several times over, in an unoptimised build too. Only pages that are touched cost memory.
const STACK_BYTES: usize = 64 << 20;

/// How long interrupted work may take to end.
const PATIENCE: Duration = Duration::from_secs(2);

/// Runs a server until it ends, or until SIGTERM or Ctrl-C, which is a good end.
#[cfg(feature = "cluster")]
pub(crate) fn serve(work: impl Future<Output = Result<(), Failure>> + Send + 'static) -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let threads = start()?;
    let outcome = threads.block_on(async {
        let mut term = signal(SignalKind::terminate())
            .map_err(|e| Failure::new(Code::Query, format!("cannot listen for SIGTERM: {e}")))?;
        let mut work = tokio::spawn(work);
        tokio::select! {
            done = &mut work => done.unwrap_or_else(|panic| Err(Failure::new(Code::Internal, panic.to_string()))),
            _ = tokio::signal::ctrl_c() => Ok(()),
            _ = term.recv() => Ok(()),
        }
    });
    threads.shutdown_background();
    outcome
}

fn start() -> Result<tokio::runtime::Runtime, Failure> {
    let threads = tokio::runtime::Builder::new_multi_thread().thread_stack_size(STACK_BYTES).enable_all().build();
    threads.map_err(|e| Failure::new(Code::OutOfMemory, format!("cannot start threads: {e}")))
}

/// Runs work to its end, or until the user interrupts it; its unfinished files are removed with it.
pub(crate) fn run<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    let threads = start()?;
    let outcome = threads.block_on(async {
        // On a thread of its own: work that never waits would keep Ctrl-C from being seen.
        let mut work = tokio::spawn(work);
        tokio::select! {
            done = &mut work => done.unwrap_or_else(|panic| Err(Failure::new(Code::Internal, panic.to_string()))),
            _ = tokio::signal::ctrl_c() => {
                work.abort();
                // Time to clean up; planning cannot be stopped, and ends with the process.
                let _ = tokio::time::timeout(PATIENCE, work).await;
                Err(Failure::new(Code::Cancelled, "interrupted"))
            }
        }
    });
    threads.shutdown_background();
    outcome
}
