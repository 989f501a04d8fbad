//! `explain` shows every stage; details of the code are left to the compiler, so only landmarks are tested.

use filbert_compiler::{Backend, Target, explain};

use crate::kernel;

#[test]
fn explain_shows_every_stage() {
    let kernel = kernel(
        "kernel axpy(%0 a: f64, %1 x: f64, %2 y: f64) -> f64 {\n\
         %3: f64 = mul %0, %1\n %4: f64 = add %3, %2\n %5: f64 = const 2.0\n %6: f64 = div %4, %5\n return %6\n}\n",
    );
    let explanation = explain(&kernel, &Target::host().without_vectors()).unwrap();
    assert!(explanation.optimised.contains("mul"), "{}", explanation.optimised);
    assert!(!explanation.optimised.contains("div"), "halving is a product:\n{}", explanation.optimised);
    assert!(explanation.clif.contains("fmul"), "{}", explanation.clif);
    assert_eq!(explanation.backend, Backend::Scalar);
    assert_eq!(explanation.backend_reason, "not vectorised: vectors are switched off");
    assert!(explanation.code_bytes > 0);
    if cfg!(target_arch = "x86_64") {
        assert!(explanation.asm.contains("ret"), "{}", explanation.asm);
        assert!(explanation.asm.contains("mulsd"), "{}", explanation.asm);
        assert!(!explanation.asm.contains("(bad)"), "{}", explanation.asm);
        assert!(explanation.asm.contains("constant 0x3fe0000000000000"), "{}", explanation.asm);
    }
}
