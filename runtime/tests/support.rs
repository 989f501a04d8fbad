//! What the tests share: kernels from text, and the two engines.

use std::time::Duration;

use filbert_ir::{VerifiedKernel, text, verify};
use filbert_runtime::{Engine, KernelCache, LoadedKernel};

/// A kernel from its text.
pub(crate) fn kernel(text: &str) -> VerifiedKernel {
    let parsed = text::parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    verify(parsed).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// `kernel name(params) -> result { body }` for kernels of one operation.
pub(crate) fn op(op: &str, params: &[&str], result: &str) -> VerifiedKernel {
    let list: Vec<String> = params.iter().enumerate().map(|(i, ty)| format!("%{i} p{i}: {ty}")).collect();
    let args: Vec<String> = (0..params.len()).map(|i| format!("%{i}")).collect();
    let n = params.len();
    kernel(&format!(
        "kernel k({}) -> {result} {{\n  %{n}: {result} = {op} {}\n  return %{n}\n}}\n",
        list.join(", "),
        args.join(", ")
    ))
}

/// A cache with so much patience that a busy machine does not change what is tested.
pub(crate) fn patient(bytes_max: usize) -> KernelCache {
    KernelCache::new(bytes_max).with_budget(Duration::from_secs(60))
}

/// The kernel in both engines, native first; it must be native.
pub(crate) fn both(kernel: &VerifiedKernel) -> [LoadedKernel; 2] {
    let cache = patient(1 << 20);
    let native = cache.load(kernel, Engine::Native);
    assert_eq!(native.engine(), Engine::Native, "{} has no machine code", kernel.name());
    [native, cache.load(kernel, Engine::Interp)]
}

/// Pages that this process has in memory.
pub(crate) fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

pub(crate) fn is_long_run() -> bool {
    std::env::var_os("FILBERT_LONG").is_some_and(|v| v == "1")
}
