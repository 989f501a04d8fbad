//! `filbert doctor`: what this build is, what this machine offers, and whether native code runs here.

use filbert_compiler::Target;
use filbert_ir::kernel::SEMANTICS_VERSION;
use filbert_ir::wire::WIRE_VERSION;
use filbert_ir::{Code, Datum, KernelError, limits};
use filbert_runtime::{COMPILE_BUDGET, Engine, KernelCache, LoadedKernel, STRIP_ROWS, engine, stats};

use filbert_store::{Bounds, Options};

use crate::failure::{Failure, print};

/// A kernel with a branch, a call of a math function and checked arithmetic.
const PROBE: &str = "fn probe(x: f64, n: i64) -> f64 { if n > 0 { (x * 0.5).sin() + (n * 3) as f64 } else { x } }";

type Section = (&'static str, Vec<(&'static str, String)>);

/// Prints the report; fails if native code runs but gives other bits than the interpreter.
pub(crate) fn run() -> Result<(), Failure> {
    let probe = probe()?;
    let sections = [versions(), machine(), engines(&probe), cache(), disk(), limits_in_force()];
    let mut out = String::new();
    for (title, rows) in sections {
        out.push_str(&format!("{title}\n"));
        rows.iter().for_each(|(name, value)| out.push_str(&format!("  {name:<20}{value}\n")));
    }
    print(out)?;
    match probe {
        Probe::Differs { native, interp } => {
            let message = format!("native code and interpreter differ: native {native}, interp {interp}");
            Err(Failure::new(Code::Internal, message))
        }
        _ => Ok(()),
    }
}

fn versions() -> Section {
    let rows = vec![
        ("filbert", env!("CARGO_PKG_VERSION").to_string()),
        ("datafusion", datafusion::DATAFUSION_VERSION.to_string()),
        ("semantics", SEMANTICS_VERSION.to_string()),
        ("wire form", WIRE_VERSION.to_string()),
        ("code is made for", Target::host().fingerprint().to_string()),
    ];
    ("versions", rows)
}

fn machine() -> Section {
    let threads = std::thread::available_parallelism().map_or_else(|e| e.to_string(), |n| n.to_string());
    let features = Target::host().features().join(" ");
    ("machine", vec![("cpu", std::env::consts::ARCH.to_string()), ("features in use", features), ("threads", threads)])
}

fn engines(probe: &Probe) -> Section {
    let health = match probe {
        Probe::Agrees => "runs here, and gives the interpreter's bits".to_string(),
        Probe::Unavailable => "cannot run here; the interpreter runs every kernel".to_string(),
        Probe::Differs { .. } => "runs here, but gives OTHER BITS than the interpreter".to_string(),
    };
    ("engine", vec![("mode", engine().to_string()), ("native code", health)])
}

/// The cache lives in the process: what stands here is the probe's doing.
fn cache() -> Section {
    let stats = stats();
    let rows = vec![
        ("entries", stats.entries.to_string()),
        ("code", format!("{} bytes of at most {}", stats.code_bytes, KernelCache::process().bytes_max())),
        ("hits", stats.hits.to_string()),
        ("misses", stats.misses.to_string()),
        ("compiles", format!("{} in {} us", stats.compiles, stats.compile_time.as_micros())),
        ("evictions", stats.evictions.to_string()),
        ("interpreted", stats.interpreted.to_string()),
        ("refusals", stats.refusals.to_string()),
        ("vector defects", stats.vector_defects.to_string()),
        ("form defects", stats.form_defects.to_string()),
        ("from disk", format!("{}, not there {}", stats.store_hits, stats.store_misses)),
        ("compared", format!("{} from disk, differing {}", stats.store_checks, stats.store_differences)),
    ];
    ("cache (in memory, of this process)", rows)
}

/// The folder that commands and executors with this environment keep code in.
fn disk() -> Section {
    let rows = match Options::from_env().and_then(|options| options.open()) {
        Ok(None) => vec![("state", "off: FILBERT_CACHE_MODE=off".to_string())],
        Err(why) => vec![("state", format!("not used: {why}"))],
        Ok(Some(store)) => {
            let Bounds { bytes_max, entries_max } = store.bounds();
            let held = match store.list() {
                Ok(entries) => {
                    let bytes: u64 = entries.iter().map(|entry| entry.bytes).sum();
                    let wrong = entries.iter().filter(|entry| entry.content.is_none()).count();
                    format!("{} entries of {bytes} bytes; {wrong} would not be believed", entries.len())
                }
                Err(error) => error.to_string(),
            };
            let state = if store.is_writer() { "in use" } else { "in use, only read" };
            vec![
                ("state", state.to_string()),
                ("folder", store.path().display().to_string()),
                ("holds", held),
                ("at most", format!("{entries_max} entries, {bytes_max} bytes")),
            ]
        }
    };
    ("cache (on disk)", rows)
}

fn limits_in_force() -> Section {
    let rows = vec![
        ("source, wire form", format!("{} bytes", limits::WIRE_BYTES_MAX)),
        ("values", limits::VALUES_MAX.to_string()),
        ("blocks", limits::BLOCKS_MAX.to_string()),
        ("nesting", limits::NESTING_MAX.to_string()),
        ("parameters", limits::PARAMS_MAX.to_string()),
        ("results", limits::RESULTS_MAX.to_string()),
        ("yields of a block", limits::YIELDS_MAX.to_string()),
        ("name", format!("{} bytes", limits::NAME_BYTES_MAX)),
        ("documentation", format!("{} bytes", limits::DOC_BYTES_MAX)),
        ("compile time", format!("{} ms, then the interpreter runs it", COMPILE_BUDGET.as_millis())),
        ("rows in a strip", STRIP_ROWS.to_string()),
    ];
    ("limits in force", rows)
}

enum Probe {
    Agrees,
    Unavailable,
    Differs { native: String, interp: String },
}

/// Runs one small kernel on both engines.
fn probe() -> Result<Probe, Failure> {
    let module = filbert_syntax::parse(PROBE, "probe")?;
    let kernel = &module.kernels[0];
    let loaded = LoadedKernel::load_with(kernel, Engine::Native);
    if loaded.engine() != Engine::Native {
        return Ok(Probe::Unavailable);
    }
    let row = [Datum::from(1.25), Datum::from(7i64)];
    let bits = |result: &Datum| match result {
        Datum::Scalar(v) => format!("{:#018x}", v.bits()),
        other => other.to_string(),
    };
    let show = |outcome: Result<Vec<Datum>, KernelError>| match outcome {
        Ok(results) => results.iter().map(bits).collect::<Vec<_>>().join(", "),
        Err(error) => error.to_string(),
    };
    let native = show(loaded.call_row(&row));
    let interp = show(LoadedKernel::load_with(kernel, Engine::Interp).call_row(&row));
    // The runtime compares a kernel's first call itself, and takes wrong code out of use.
    let agrees = native == interp && loaded.engine() == Engine::Native;
    Ok(if agrees { Probe::Agrees } else { Probe::Differs { native, interp } })
}
