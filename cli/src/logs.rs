//! What servers log, on standard error: one line an event, with time, level and place.
//!
//! `FILBERT_LOG` says which, in the words of `RUST_LOG`: `info`, `filbert_cluster=debug,ballista_scheduler=info`.
//! Unless it does, Filbert's own crates log from `info` on and the engine's from `warn` on.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

const VARIABLE: &str = "FILBERT_LOG";
const OURS: &str = "warn,filbert=info,filbert_cluster=info,filbert_dist=info,filbert_runtime=info";

/// Starts logging. What other crates give to `log` comes as well.
pub(crate) fn show() {
    let chosen = std::env::var(VARIABLE).unwrap_or_default();
    let directives = if chosen.trim().is_empty() { OURS } else { chosen.trim() };
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into()).parse_lossy(directives);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    // Fails only where somebody logs already.
    let _ = lines.try_init();
}
