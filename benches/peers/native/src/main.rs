//! The rustc peer: the loops of `kernels`, timed as every worker does it.

mod kernels;
#[allow(dead_code)] // half of it is for the other side of the lines
#[path = "../../src/shared/mod.rs"]
mod shared;

use shared::protocol::Load;
use shared::serve::{Peer, Prepared, serve};

struct Native;

impl Peer for Native {
    fn versions(&self) -> Vec<String> {
        vec![format!("rustc={}", env!("RUSTC_VERSION"))]
    }

    fn variants(&self, _: &Load) -> Vec<String> {
        vec!["rustc".into()]
    }

    fn prepare(&self, load: &Load, _: &str, threads: usize) -> Result<Prepared, String> {
        let run = kernels::find(load, threads).ok_or_else(|| format!("no {} of {}", load.function, load.ty))?;
        Ok(Prepared { run, note: String::new() })
    }
}

fn main() -> std::io::Result<()> {
    serve(&Native)
}
