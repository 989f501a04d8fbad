//! The crate is named through a path, the kernel is used through the trait.

use filbert_ir::AsKernel;
use filbert_macros::kernel;
use filbert_syntax as renamed;

/// Twice.
#[kernel(crate = crate::renamed)]
pub fn twice(x: f64) -> f64 {
    return 2.0 * x;
}

#[kernel(crate = renamed)]
#[inline]
fn r#type(_: f64, mut y: f32) -> (f32,) {
    y += 1.0;
    (y,)
}

fn main() {
    #[kernel(crate = renamed)]
    fn local(x: f64) -> f64 {
        twice(x) + 1.0
    }
    assert_eq!(local(2.0), 5.0);
    assert_eq!(local.as_kernel().unwrap().name(), "local");
    assert_eq!(r#type(0.0, 1.0), (2.0,));
    assert_eq!(r#type.as_kernel().unwrap().name(), "type");
    assert!(format!("{twice:?}").contains("twice"));
}
