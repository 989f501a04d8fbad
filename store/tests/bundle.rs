//! Bundles: the same bytes each time, the best code for each machine, and nothing from a file that was changed.

use std::path::Path;
use std::sync::Arc;

use filbert_compiler::{Backend, Isa, Level, Platform, Target};
use filbert_ir::{Datum, VerifiedKernel};
use filbert_runtime::{Engine, KernelCache};
use filbert_store::{Bundle, KeyText, bundle};

use crate::support::{kernel, times};

const LEVELS: [Platform; 3] = [Platform::X86_64(Level::V2), Platform::X86_64(Level::V3), Platform::X86_64(Level::V4)];

/// Vector code, scalar code only (a power that is no constant), two that compute the same.
fn kernels() -> Vec<VerifiedKernel> {
    vec![
        kernel("fn wave(x: f64) -> f64 { (x * 0.5).sin() + 1.0 }"),
        kernel("fn power(x: f64, n: i32) -> f64 { x.powi(n) }"),
        kernel("fn half(x: f64) -> f64 { x * 0.5 }"),
        kernel("fn middle(a: f64) -> f64 { a * 0.5 }"),
        kernel("fn count(a: i32, b: i32) -> i32 { a / b }"),
    ]
}

fn read(bytes: &[u8], key: Option<&KeyText>) -> Result<Bundle, String> {
    Bundle::of_bytes(Path::new("test.fbundle"), bytes.to_vec(), key)
}

#[test]
fn the_same_kernels_give_the_same_bytes() {
    let first = bundle::build(&kernels(), &LEVELS, None).unwrap();
    let (mut turned, mut levels) = (kernels(), LEVELS);
    turned.reverse();
    turned.push(kernels()[0].clone());
    levels.reverse();
    assert!(bundle::build(&turned, &levels, None).unwrap() == first);
    let sign = KeyText::Sign([5; 32]);
    let signed = bundle::build(&kernels(), &LEVELS, Some(&sign)).unwrap();
    assert!(bundle::build(&kernels(), &LEVELS, Some(&sign)).unwrap() == signed);
    assert!(bundle::build(&kernels(), &LEVELS, Some(&KeyText::Secret([5; 32]))).unwrap_err().contains("does not sign"));
    let read = read(&first, None).unwrap();
    let names = read.kernels().unwrap();
    let mut names: Vec<&str> = names.iter().map(|kernel| kernel.name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["count", "half", "middle", "power", "wave"]);
}

#[test]
fn each_machine_takes_the_best_code_that_it_can_run() {
    let bytes = bundle::build(&kernels(), &LEVELS, None).unwrap();
    let bundle = read(&bytes, None).unwrap();
    let [wave, power, ..] = &kernels()[..] else { panic!() };
    let backend = |kernel: &VerifiedKernel, level| {
        let target = Target::level(level);
        let artifact = bundle.best(kernel, &target).unwrap();
        // Code that is not for more than the machine has.
        assert!(Level::ALL.iter().any(|&less| less <= level && {
            let target = Target::of(Platform::X86_64(less));
            [target.clone(), target.without_vectors()].iter().any(|t| *artifact.target == **t.fingerprint())
        }));
        artifact.backend
    };
    if Target::of(Platform::X86_64(Level::V3)).runs_here() {
        assert!(matches!(backend(wave, Level::V3), Backend::Vector { isa: Isa::Avx2, .. }));
        let is_v4 = Target::of(Platform::X86_64(Level::V4)).runs_here();
        let wanted = if is_v4 { Isa::Avx512 } else { Isa::Avx2 };
        assert!(matches!(backend(wave, Level::V4), Backend::Vector { isa, .. } if isa == wanted));
    } else {
        eprintln!("SKIPPED: this CPU has no AVX2");
    }
    assert_eq!(backend(wave, Level::V2), Backend::Scalar);
    assert_eq!(backend(power, Level::V4), Backend::Scalar);
    // A machine below every level of the bundle compiles.
    assert!(bundle.best(wave, &Target::level(Level::V1)).is_none());
    assert!(bundle.best(&times(77), &Target::host()).is_none());
}

#[test]
fn a_process_with_a_bundle_compiles_nothing_at_any_level() {
    let bytes = bundle::build(&kernels(), &LEVELS, None).unwrap();
    let bundle = Arc::new(read(&bytes, None).unwrap());
    for level in [Level::V2, Level::V3, Level::V4] {
        let cache = KernelCache::new(1 << 24).with_target(Target::level(level)).with_store(bundle.clone());
        let row = |kernel: &VerifiedKernel, args: &[Datum]| cache.load(kernel, Engine::Native).call_row(args).unwrap();
        let [wave, power, half, ..] = &kernels()[..] else { panic!() };
        assert_eq!(row(wave, &[0.0.into()]), [Datum::from(1.0)]);
        assert_eq!(row(power, &[2.0.into(), 10i32.into()]), [Datum::from(1024.0)]);
        assert_eq!(row(half, &[3.0.into()]), [Datum::from(1.5)]);
        assert_eq!(cache.stats().compiles, 0, "{level:?}");
    }
}

#[test]
fn fault_26_a_bundle_that_was_changed_is_refused() {
    let sign = KeyText::Sign([5; 32]);
    let verify = sign.verifying().unwrap();
    let small = [kernel("fn half(x: f64) -> f64 { x * 0.5 }")];
    let plain = bundle::build(&small, &LEVELS[..1], None).unwrap();
    let signed = bundle::build(&small, &LEVELS[..1], Some(&sign)).unwrap();
    assert!(read(&plain, None).is_ok() && read(&signed, Some(&verify)).is_ok() && read(&signed, Some(&sign)).is_ok());
    assert!(read(&plain, Some(&verify)).unwrap_err().contains("not signed"));
    assert!(read(&signed, None).unwrap_err().contains("FILBERT_BUNDLE_KEY"));
    assert!(read(&signed, KeyText::Sign([6; 32]).verifying().as_ref()).unwrap_err().contains("not signed by the key"));
    assert!(read(b"kernels", None).unwrap_err().contains("no bundle"));
    for bit in 0..plain.len() * 8 {
        let mut changed = plain.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&changed, None).is_err(), "bit {bit}");
    }
    for length in 0..plain.len() {
        assert!(read(&plain[..length], None).is_err(), "{length} bytes");
    }
    for bit in (0..signed.len() * 8).step_by(101) {
        let mut changed = signed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&changed, Some(&verify)).is_err(), "bit {bit} of the signed one");
    }
}

#[test]
fn tables_that_lie_are_refused_though_the_digest_is_right() {
    let plain = bundle::build(&kernels(), &LEVELS[..1], None).unwrap();
    let body = plain.len() - 32;
    let resealed = |change: &dyn Fn(&mut [u8])| {
        let mut bytes = plain[..body].to_vec();
        change(&mut bytes);
        let digest = *blake3::hash(&bytes).as_bytes();
        bytes.extend_from_slice(&digest);
        read(&bytes, None).is_ok()
    };
    assert!(resealed(&|_| {}));
    // Every byte of the header and the tables decides something.
    let tables = 28 + 5 * 44;
    let mut accepted = Vec::new();
    for at in 0..tables {
        for with in [0x01, 0x80, 0xff] {
            if resealed(&|bytes| bytes[at] ^= with) {
                accepted.push(at);
            }
        }
    }
    // But which kernel it is: the id belongs to bytes that are decoded later. Order is kept by most.
    assert!(accepted.iter().all(|at| *at >= 28 && (at - 28) % 44 < 32), "{accepted:?}");
}
