use filbert_ir::limits::VALUES_MAX;
use filbert_ir::text;
use filbert_ir::{VerifiedKernel, verify};

use super::*;
use crate::target::Defect;

/// A kernel with `values` more values than its parameter.
fn kernel(values: usize) -> VerifiedKernel {
    let body: String = (1..=values).map(|i| format!("%{i}: f64 = neg %{}\n", i - 1)).collect();
    let source = format!("kernel k(%0 x: f64) -> f64 {{\n{body}return %{values}\n}}\n");
    verify(text::parse(&source).expect("the text is a kernel")).expect("the kernel keeps the rules")
}

#[test]
fn fault_37_a_panic_of_the_compiler_is_an_error_with_the_kernel() {
    let kernel = kernel(1);
    let result = contain(&kernel, || -> Result<(), CompileError> { panic!("broken {}", "promise") });
    let error = result.expect_err("a panic is an error");
    let CompileError::Internal { detail, ir, .. } = &error else { panic!("{error}") };
    assert_eq!(detail, "panic: broken promise");
    assert!(ir.starts_with("kernel k(%0 x: f64) -> f64 {"), "{ir}");
    assert!(error.to_string().contains("a defect of Filbert"), "{error}");
}

/// Even unoptimised.
#[test]
fn fault_37_kernels_need_no_more_stack_than_is_said() {
    for (values, bytes) in [(VALUES_SMALL_MAX - 1, 512 << 10), (VALUES_MAX - 1, STACK_BYTES_LARGE)] {
        let kernel = kernel(values);
        let thread = std::thread::Builder::new().stack_size(bytes);
        let running = thread.spawn(move || compile(&kernel, &Target::host()).map(|a| a.code.len()));
        let length = running.expect("a thread starts").join().expect("the stack is enough").expect("it compiles");
        assert!(length > 0);
    }
}

#[test]
fn fault_37_a_defect_of_the_vector_back_end_ends_in_scalar_code() {
    let kernel = kernel(1);
    for (defect, why) in [(Defect::Error, "asked to fail"), (Defect::Panic, "panic: asked to panic")] {
        let target = Target::host().with_defect(defect);
        let made = compile(&kernel, &target).expect("it compiles");
        assert_eq!(made.backend, Backend::Scalar);
        let explained = crate::explain(&kernel, &target).expect("it compiles").backend_reason;
        // Not taken at all where there is no vector machine.
        if let Backend::Vector { .. } = compile(&kernel, &Target::host()).expect("it compiles").backend {
            assert_eq!(made.defect.as_deref(), Some(why));
            assert!(explained.contains(why) && explained.contains("a defect of Filbert"), "{explained}");
        }
        // The code is that of the scalar back end.
        let scalar = compile(&kernel, &target.without_vectors()).expect("it compiles");
        assert_eq!((&made.code, scalar.defect), (&scalar.code, None));
    }
}
