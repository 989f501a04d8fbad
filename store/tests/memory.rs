//! What a long life costs: cycles of compiling, publishing, loading and evicting, in memory and on disk.
//!
//! 3,000 cycles in a normal run, 100,000 with `FILBERT_LONG=1`.

use std::process::Stdio;

use filbert_runtime::{Engine, code_memory};
use filbert_store::Options;

use crate::support::{bounds, files, open, private};
use crate::tools::{distinct, is_distinct, normal_or_long, outcome, patient, plain_command};

/// Memory of this process that is in RAM.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn cycles_of_compiling_publishing_loading_and_evicting_leave_memory_flat() {
    let command = &mut plain_command("memory::many_cycles");
    let said = outcome(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(), "many cycles");
    said.lines().filter(|line| line.contains("cycles:")).for_each(|line| println!("{line}"));
}

#[test]
#[ignore = "a process of its own, for others would be counted with it"]
fn many_cycles() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { bounds: bounds(256 << 10, 64), ..private(&folder.path().join("cache")) };
    let store = open(&options);
    // Some dozen kernels each.
    let made = patient(256 << 10).with_store(store.clone());
    let found = patient(256 << 10).with_store(store.clone());
    let cycle = |n: usize| {
        let loaded = made.load(&distinct(n), Engine::Native);
        assert!(loaded.compile_time().is_some() && is_distinct(&loaded, n));
        let loaded = found.load(&distinct(n), Engine::Native);
        assert!(loaded.engine() == Engine::Native && is_distinct(&loaded, n));
    };
    let (warm, cycles) = (1_000, normal_or_long(3_000, 100_000));
    (0..warm).for_each(cycle);
    let (before, mappings) = (resident_bytes(), code_memory::mappings());
    let begun = std::time::Instant::now();
    (warm..warm + cycles).for_each(cycle);
    let grown = resident_bytes().saturating_sub(before);
    println!(
        "{cycles} cycles: memory grew by {} KiB, mappings from {mappings} to {}, {} files, {:?}",
        grown >> 10,
        code_memory::mappings(),
        files(&folder.path().join("cache")).len(),
        begun.elapsed()
    );
    // 1 MiB for 10,000 cycles, and one for what an allocator does.
    assert!(grown <= (1 << 20) + cycles * (1 << 20) / 10_000, "{grown} bytes");
    assert!(code_memory::mappings() <= mappings + 8 && mappings < 200);
    let (of_made, of_found, of_store) = (made.stats(), found.stats(), store.stats());
    let all = (warm + cycles) as u64;
    assert_eq!((of_made.compiles, of_found.compiles, of_found.store_hits), (all, 0, all));
    assert!(of_made.evictions > all / 2 && of_found.evictions > all / 2 && of_store.removed > all / 2);
    assert_eq!((of_store.published, of_store.rejected, of_store.failures), (all, 0, 0));
    assert!(files(&folder.path().join("cache")).len() <= 80);
    drop((made, found));
    assert_eq!(code_memory::mappings(), 0);
}
