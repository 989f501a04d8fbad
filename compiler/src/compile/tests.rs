use filbert_ir::text;
use filbert_ir::{VerifiedKernel, verify};

use super::*;

/// A kernel with `values` more values than its parameter.
fn kernel(values: usize) -> VerifiedKernel {
    let body: String = (1..=values).map(|i| format!("%{i}: f64 = neg %{}\n", i - 1)).collect();
    let source = format!("kernel k(%0 x: f64) -> f64 {{\n{body}return %{values}\n}}\n");
    verify(text::parse(&source).expect("the text is a kernel")).expect("the kernel keeps the rules")
}

/// Inline and on the thread of large kernels.
#[test]
fn fault_37_a_panic_of_the_compiler_is_an_error_with_the_kernel() {
    for values in [1, INLINE_VALUES_MAX + 1] {
        let kernel = kernel(values);
        let result = contain(&kernel, || -> Result<(), CompileError> { panic!("broken {}", "promise") });
        let error = result.expect_err("a panic is an error");
        let CompileError::Internal { detail, ir, .. } = &error else { panic!("{error}") };
        assert_eq!(detail, "panic: broken promise");
        assert!(ir.starts_with("kernel k(%0 x: f64) -> f64 {"), "{ir}");
        assert!(error.to_string().contains("a defect of Filbert"), "{error}");
    }
}

/// What is compiled on the caller's own thread needs little of its stack, even unoptimised.
#[test]
fn fault_37_kernels_below_the_bound_compile_on_a_small_stack() {
    let kernel = kernel(INLINE_VALUES_MAX - 1);
    let small = std::thread::Builder::new().stack_size(512 << 10);
    let running = small.spawn(move || compile(&kernel, &Target::host()).map(|a| a.code.len()));
    let length = running.expect("a thread starts").join().expect("the stack is enough").expect("it compiles");
    assert!(length > 0);
}
