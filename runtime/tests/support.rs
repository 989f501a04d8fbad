//! What the tests share: kernels from text, the two engines, and children of this process.

use std::process::{Command, Output};
use std::time::Duration;

use filbert_ir::{Datum, Scalar, VerifiedKernel, text, verify};
use filbert_runtime::{Engine, KernelCache, LoadedKernel};

/// A kernel from its text.
pub(crate) fn kernel(text: &str) -> VerifiedKernel {
    let parsed = text::parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    verify(parsed).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// A kernel of one operation on its parameters `p0`, `p1`, ...
pub(crate) fn op(op: &str, params: &[&str], result: &str) -> VerifiedKernel {
    let list: Vec<String> = params.iter().enumerate().map(|(i, ty)| format!("%{i} p{i}: {ty}")).collect();
    let args: Vec<String> = (0..params.len()).map(|i| format!("%{i}")).collect();
    let n = params.len();
    let (list, args) = (list.join(", "), args.join(", "));
    kernel(&format!("kernel k({list}) -> {result} {{\n  %{n}: {result} = {op} {args}\n  return %{n}\n}}\n"))
}

/// Scalars as a row's arguments.
pub(crate) fn data(scalars: &[Scalar]) -> Vec<Datum> {
    scalars.iter().map(|&scalar| scalar.into()).collect()
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

/// Memory of this process that is in RAM.
pub(crate) fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

pub(crate) fn is_long_run() -> bool {
    std::env::var_os("FILBERT_LONG").is_some_and(|v| v == "1")
}

/// Runs an ignored test of this binary in a process of its own, behind a shell command such as
/// `ulimit -v 1000000`, because it needs an environment or limits that other tests must not see.
pub(crate) fn child(test: &str, shell: &str, env: &[(&str, &str)]) -> String {
    let exe = std::env::current_exe().unwrap();
    let line = format!("{shell}; exec \"$0\" --exact {test} --ignored --nocapture --test-threads 1");
    let mut command = Command::new("sh");
    command.arg("-c").arg(line).arg(exe).envs(env.iter().copied());
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success() && stdout.contains("1 passed"), "{test}: {status}\n{stdout}\n{stderr}");
    stdout.into_owned()
}
