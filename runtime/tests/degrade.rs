//! The degrade ladder: what breaks below ends in the interpreter, with the same results.

use filbert_compiler::{Backend, Defect, Target};
use filbert_ir::{Datum, Scalar};
use filbert_runtime::{Engine, KernelCall, LoadedKernel, engine, stats};

use crate::support::{child, op, patient};

#[test]
fn interpreter_only_makes_no_code() {
    child("degrade::interpreter_child", "true", &[("FILBERT_ENGINE", "interp")]);
}

#[test]
#[ignore = "run by interpreter_only in a process of its own"]
fn interpreter_child() {
    assert_eq!(engine(), Engine::Interp);
    let kernel = op("hypot", &["f64", "f64"], "f64");
    let loaded = LoadedKernel::load(&kernel);
    assert_eq!((loaded.engine(), loaded.code_bytes()), (Engine::Interp, 0));
    let got: Vec<f64> = kernel.map((&[3.0, 6.0], &[4.0, 8.0])).unwrap();
    assert_eq!(got, [5.0, 10.0]);
    let stats = stats();
    assert_eq!((stats.compiles, stats.misses, stats.interpreted), (0, 0, 2));
    assert_eq!(filbert_runtime::code_memory::mappings(), 0);
    // A process may change its mind.
    filbert_runtime::set_engine(Engine::Native);
    assert_eq!(LoadedKernel::load(&kernel).engine(), Engine::Native);
}

#[test]
fn an_unknown_engine_is_the_careful_one() {
    child("degrade::unknown_engine_child", "true", &[("FILBERT_ENGINE", "fast")]);
}

#[test]
#[ignore = "run by an_unknown_engine in a process of its own"]
fn unknown_engine_child() {
    assert_eq!(engine(), Engine::Interp);
}

#[test]
fn fault_41_refused_code_memory_ends_in_the_interpreter() {
    child("degrade::refused_child", "true", &[("FILBERT_CODE_MEMORY", "refuse")]);
}

#[test]
#[ignore = "run by fault_41 in a process of its own"]
fn refused_child() {
    let cache = patient(1 << 20);
    let kernel = op("add", &["i64", "i64"], "i64");
    for load in 1..4 {
        let loaded = cache.load(&kernel, Engine::Native);
        assert_eq!(loaded.engine(), Engine::Interp);
        assert_eq!(loaded.call_row(&[1i64.into(), 2i64.into()]).unwrap(), [Datum::from(Scalar::I64(3))]);
        // Tried once: the refusal is remembered for a while.
        let stats = cache.stats();
        assert_eq!((stats.misses, stats.refusals, stats.interpreted, stats.entries), (1, 1, load, 0));
    }
    assert_eq!(filbert_runtime::code_memory::mappings(), 0);
}

#[test]
fn fault_37_a_defect_of_the_vector_back_end_costs_only_vectors() {
    let kernel = op("add", &["f64", "f64"], "f64");
    let is_vector = |backend| matches!(backend, Some(Backend::Vector { .. }));
    let is_taken = is_vector(patient(1 << 20).load(&kernel, Engine::Native).backend());
    for defect in [Defect::Error, Defect::Panic] {
        let cache = patient(1 << 20).with_target(Target::host().with_defect(defect));
        for _ in 0..2 {
            let loaded = cache.load(&kernel, Engine::Native);
            assert_eq!((loaded.engine(), loaded.backend()), (Engine::Native, Some(Backend::Scalar)));
            let got = loaded.call_row(&[1.5.into(), 2.0.into()]).unwrap();
            assert_eq!(got, [Datum::from(Scalar::F64(3.5))]);
        }
        let stats = cache.stats();
        assert_eq!((stats.compiles, stats.refusals, stats.vector_defects), (1, 0, u64::from(is_taken)));
    }
}
