//! Rows that fail, values that must not show where they were computed, and calls that are wrong.

use filbert_ir::{Code, Datum, Scalar, Type, random, text, verify};
use filbert_runtime::{CallOptions, Column, Engine, KernelCache, StopFlag};

use crate::samples::SPIN;
use crate::support::{both, child, data, kernel, op, patient};
use Scalar::*;

/// Calls a one-operation kernel on one row in both engines: the result, or `code: detail`.
fn check(name: &str, args: &[Scalar], expected: Result<Scalar, &str>) {
    let params: Vec<&str> = args.iter().map(|arg| arg.ty().name()).collect();
    let result = match expected {
        Ok(scalar) => scalar.ty().name(),
        Err(_) => params[0],
    };
    for loaded in both(&op(name, &params, result)) {
        let got = loaded
            .call_row(&data(args))
            .map(|results| results[0].clone())
            .map_err(|e| format!("{}: {}", e.code, e.detail));
        assert_eq!(got, expected.map(Datum::from).map_err(String::from), "{name} {args:?}, {}", loaded.engine());
    }
}

#[test]
fn fault_21_overflow_is_an_error_in_every_width() {
    check("add", &[I8(127), I8(1)], Err("FB-0501: 127 + 1 does not fit i8"));
    check("sub", &[U8(0), U8(1)], Err("FB-0501: 0 - 1 does not fit u8"));
    check("mul", &[I16(300), I16(300)], Err("FB-0501: 300 * 300 does not fit i16"));
    check("mul", &[U16(256), U16(256)], Err("FB-0501: 256 * 256 does not fit u16"));
    check("add", &[I32(i32::MAX), I32(1)], Err("FB-0501: 2147483647 + 1 does not fit i32"));
    check("add", &[U32(u32::MAX), U32(1)], Err("FB-0501: 4294967295 + 1 does not fit u32"));
    check("mul", &[I64(i64::MIN), I64(-1)], Err("FB-0501: -9223372036854775808 * -1 does not fit i64"));
    check("mul", &[U64(1 << 32), U64(1 << 32)], Err("FB-0501: 4294967296 * 4294967296 does not fit u64"));
    check("neg", &[I64(i64::MIN)], Err("FB-0501: -(-9223372036854775808) does not fit i64"));
    check("abs", &[I8(-128)], Err("FB-0501: abs(-128) does not fit i8"));
    check("pow", &[I64(10), U32(19)], Err("FB-0501: pow(10, 19) does not fit i64"));
    check("add", &[I64(i64::MAX - 1), I64(1)], Ok(I64(i64::MAX)));
    check("wrapping_add", &[I8(127), I8(1)], Ok(I8(-128)));
}

#[test]
fn fault_30_integer_division_never_traps() {
    for op in ["div", "rem", "rem_euclid"] {
        let sign = match op {
            "div" => " / ",
            "rem" => " % ",
            _ => "",
        };
        let call = |a: &str, b: &str| if sign.is_empty() { format!("{op}({a}, {b})") } else { format!("{a}{sign}{b}") };
        check(op, &[I32(7), I32(0)], Err(&format!("FB-0502: {} divides i32 by zero", call("7", "0"))));
        check(op, &[U64(7), U64(0)], Err(&format!("FB-0502: {} divides u64 by zero", call("7", "0"))));
        check(op, &[I8(-128), I8(-1)], Err(&format!("FB-0501: {} does not fit i8", call("-128", "-1"))));
        let min = i64::MIN.to_string();
        check(op, &[I64(i64::MIN), I64(-1)], Err(&format!("FB-0501: {} does not fit i64", call(&min, "-1"))));
    }
    check("div", &[I32(-7), I32(2)], Ok(I32(-3)));
    check("rem_euclid", &[I32(-7), I32(2)], Ok(I32(1)));
}

#[test]
fn fault_31_float_to_integer_saturates() {
    for (from, to) in [
        (F64(f64::NAN), I64(0)),
        (F64(f64::INFINITY), I64(i64::MAX)),
        (F64(f64::NEG_INFINITY), I64(i64::MIN)),
        (F64(1e300), I32(i32::MAX)),
        (F64(-1.0), U64(0)),
        (F64(1e300), U64(u64::MAX)),
        (F32(-129.0), I8(-128)),
        (F32(f32::NAN), U16(0)),
        (F32(255.9), U8(255)),
        (F64(-0.9), I16(0)),
    ] {
        check("cast", &[from], Ok(to));
    }
}

#[test]
fn fault_32_shifts_by_the_width_or_more_are_errors() {
    check("shl", &[I32(1), I32(32)], Err("FB-0503: 1 << 32 shifts i32 by an amount outside 0..32"));
    check("shr", &[I8(1), I64(-1)], Err("FB-0503: 1 >> -1 shifts i8 by an amount outside 0..8"));
    check("shl", &[U64(1), U8(255)], Err("FB-0503: 1 << 255 shifts u64 by an amount outside 0..64"));
    check("shr", &[I16(-2), U64(1 << 40)], Err("FB-0503: -2 >> 1099511627776 shifts i16 by an amount outside 0..16"));
    check("shr", &[I16(-2), U8(15)], Ok(I16(-1)));
}

/// On a CPU with fused multiply-add and wide vectors these would be the first things to go wrong.
#[test]
fn fault_16_nothing_is_contracted_or_reassociated() {
    let text = "kernel k(%0 a: f64, %1 b: f64, %2 c: f64) -> (f64, f64, f64) {
        %3: f64 = mul %0, %1
        %4: f64 = add %3, %2
        %5: f64 = mul_add %0, %1, %2
        %6: f64 = add %0, %1
        %7: f64 = add %6, %2
        return %4, %5, %7
    }";
    for engine in both(&kernel(text)) {
        let row = |a: f64, b: f64, c: f64| engine.call_row(&data(&[F64(a), F64(b), F64(c)])).unwrap();
        let product = row(0.1, 10.0, -1.0);
        assert_eq!(product[..2], data(&[F64(0.0), F64(5.551115123125783e-17)]));
        assert_eq!(row(1e16, 1.0, -1e16)[2], F64(0.0).into());
        assert_eq!(row(1e16, -1e16, 1.0)[2], F64(1.0).into());
        // Subnormals are not flushed to zero.
        assert_eq!(row(5e-324, 0.0, 5e-324)[2], F64(1e-323).into());
    }
}

#[test]
fn fault_18_every_nan_leaves_as_the_canonical_one() {
    let canonical = F64(f64::from_bits(0x7ff8_0000_0000_0000));
    check("sub", &[F64(f64::INFINITY), F64(f64::INFINITY)], Ok(canonical));
    check("add", &[F64(f64::from_bits(0xfff8_0000_0000_1234)), F64(1.0)], Ok(canonical));
    check("sqrt", &[F64(-1.0)], Ok(canonical));
    check("mul", &[F32(0.0), F32(f32::NEG_INFINITY)], Ok(F32(f32::from_bits(0x7fc0_0000))));
    // A parameter that is only handed through, too.
    let through = kernel("kernel through(%0 x: f64) -> f64 {\n  return %0\n}\n");
    for loaded in both(&through) {
        let got = loaded.call_row(&[F64(f64::from_bits(0x7ff0_0000_0000_0001)).into()]).unwrap();
        assert_eq!(got, data(&[canonical]), "{}", loaded.engine());
    }
}

#[test]
fn fault_19_code_for_lesser_cpus_gives_the_same_bits() {
    use filbert_compiler::{Level, Target};
    for seed in 500_000..500_150 {
        let kernel = verify(random::kernel(seed, 40)).unwrap();
        let rows = random::rows(seed, &kernel.core.slot_types(), 12);
        let outcomes = Level::ALL.map(|level| {
            let cache = patient(1 << 20).with_target(Target::level(level));
            let loaded = cache.load(&kernel, Engine::Native);
            assert_eq!(loaded.engine(), Engine::Native);
            rows.iter().map(|row| loaded.call_row(&data(row))).collect::<Vec<_>>()
        });
        for outcome in &outcomes {
            assert_eq!(outcome, &outcomes[0], "seed {seed}\n{}", text::print(&kernel));
        }
    }
}

#[test]
fn fault_25_code_is_found_only_for_the_target_it_was_made_for() {
    use filbert_compiler::{Level, Target};
    let kernel = op("mul_add", &["f64", "f64", "f64"], "f64");
    // Whatever the fingerprint names was detected on this machine; a lesser level names less.
    let (all, least) = (Target::host(), Target::level(Level::V1));
    assert!(least.features().iter().all(|feature| all.features().contains(feature)));
    if all != least {
        let on = |target: Target| {
            let cache = KernelCache::new(1 << 20).with_target(target);
            (cache.load(&kernel, Engine::Native), cache.stats().misses)
        };
        let ((a, a_misses), (b, b_misses)) = (on(all), on(least));
        assert_eq!((a_misses, b_misses), (1, 1));
        let args = [F64(1.0 + f64::EPSILON), F64(1.0 - f64::EPSILON), F64(-1.0)];
        assert_eq!(a.call_row(&data(&args)).unwrap(), b.call_row(&data(&args)).unwrap());
    }
}

#[test]
fn the_lowest_failing_row_is_reported_with_its_arguments() {
    let add = op("add", &["i32", "i32"], "i32");
    let mut a = vec![1; 5000];
    (a[2047], a[2048], a[4999]) = (i32::MAX, i32::MAX, i32::MAX);
    for loaded in both(&add) {
        let columns = [Column::from(&a), Column::from(1)];
        let error = loaded.call(&columns, 5000, &CallOptions::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "FB-0501: integer overflow in kernel k, row 2047 of the batch: 2147483647 + 1 does not fit i32 \
             (p0 = 2147483647, p1 = 1)"
        );
    }
}

#[test]
fn parallel_calls_report_the_lowest_failing_row_too() {
    let rows = 1_000_000;
    let mut a = vec![1i64; rows];
    let (add, parallel) = (op("add", &["i64", "i64"], "i64"), CallOptions { parallel: true, ..CallOptions::default() });
    let [native, _] = both(&add);
    let sums = native.call(&[Column::from(&a), Column::from(&a)], rows, &parallel).unwrap();
    assert!(sums[0].as_slice::<i64>().unwrap().iter().all(|&sum| sum == 2));
    for row in [999_999, 700_000, 65_536, 65_535] {
        a[row] = i64::MAX;
        for _ in 0..5 {
            let error = native.call(&[Column::from(&a), Column::from(1i64)], rows, &parallel).unwrap_err();
            assert_eq!(error.row, Some(row as u64));
        }
    }
}

#[test]
fn fault_48_a_raised_flag_stops_a_call() {
    // Seconds of work, however it is computed: one that ends before the flag is raised proves nothing.
    let column = vec![10_000i64; 1 << 22];
    for (index, loaded) in both(&kernel(SPIN)).iter().enumerate() {
        for parallel in [false, true] {
            let stop = StopFlag::new();
            let options = CallOptions { parallel, stop: Some(stop.clone()), ..CallOptions::default() };
            let error = std::thread::scope(|scope| {
                let columns = [Column::from(&column)];
                let options = &options;
                let call = scope.spawn(move || loaded.call(&columns, 1 << 22, options).unwrap_err());
                std::thread::sleep(std::time::Duration::from_millis(20));
                stop.raise();
                call.join().unwrap()
            });
            // How soon is for benches/cancel.rs: a busy machine proves nothing.
            assert_eq!(error.code, Code::Cancelled, "engine {index}: {error}");
        }
    }
}

#[test]
fn fault_10_columns_of_another_type_are_refused() {
    for loaded in both(&op("add", &["f64", "f64"], "f64")) {
        let call = |columns: &[Column<'_>]| loaded.call(columns, 3, &CallOptions::default()).unwrap_err();
        let error = call(&[Column::from(&[1.0, 2.0, 3.0]), Column::from(&[1i64, 2, 3])]);
        assert_eq!(
            error.to_string(),
            "FB-0601: columns do not match the kernel's parameters in kernel k: parameter `p1` is f64, the column \
             is i64; takes p0: f64, p1: f64"
        );
        let error = call(&[Column::from(&[1.0, 2.0, 3.0])]);
        assert!(error.to_string().contains("takes 2 arguments (p0: f64, p1: f64), got 1"), "{error}");
        assert_eq!(loaded.call_row(&data(&[F64(1.0), F32(1.0)])).unwrap_err().code, Code::SignatureMismatch);
    }
}

#[test]
fn fault_09_short_columns_are_refused_and_unaligned_ones_read_rightly() {
    for loaded in both(&op("add", &["f64", "f64"], "f64")) {
        let x = [1.0f64, 2.0, 3.0];
        let error = loaded.call(&[Column::from(&x), Column::from(&x[..2])], 3, &CallOptions::default()).unwrap_err();
        assert_eq!(error.code, Code::LengthMismatch);
        assert!(error.detail.contains("`p1` has 2 rows, not 3"), "{error}");
        let error = loaded.call(&[Column::from(&x), Column::from(&x)], 4, &CallOptions::default()).unwrap_err();
        assert_eq!(error.code, Code::LengthMismatch);

        let mut bytes = vec![0u8];
        bytes.extend(x.iter().flat_map(|v| v.to_ne_bytes()));
        for shift in 0..2 {
            let unaligned = Column::bytes(Type::F64, &bytes[shift..shift + 24]).unwrap();
            let sums = loaded.call(&[unaligned, Column::from(0.0)], 3, &CallOptions::default()).unwrap();
            if shift == 1 {
                assert_eq!(sums[0].as_slice::<f64>().unwrap(), x);
            }
        }
    }
    assert!(Column::bytes(Type::F64, &[0; 9]).is_none());
    assert!(Column::bytes(Type::Bool, &[0, 1, 2]).is_none());
}

#[test]
fn fault_11_results_have_memory_of_their_own() {
    for loaded in both(&kernel("kernel through(%0 x: f64) -> f64 {\n  return %0\n}\n")) {
        let x = vec![1.0; 1000];
        let results = loaded.call(&[Column::from(&x)], 1000, &CallOptions::default()).unwrap();
        let out = results[0].as_slice::<f64>().unwrap();
        assert_eq!(out, x);
        assert!(!x.as_ptr_range().contains(&out.as_ptr()));
        assert!(out.as_ptr().addr().is_multiple_of(64));
    }
}

#[test]
fn fault_42_memory_that_is_not_there_is_an_error() {
    let twice = op("add", &["f64", "f64"], "f64");
    for loaded in both(&twice) {
        let call = |rows| loaded.call(&[Column::from(1.0), Column::from(1.0)], rows, &CallOptions::default());
        // n * size does not fit a word; then it does, but not the address space.
        for rows in [usize::MAX, usize::MAX / 8, 1 << 58] {
            let error = call(rows).unwrap_err();
            assert_eq!((error.code, error.class().is_retryable()), (Code::OutOfMemory, true));
        }
    }
    child("faults::out_of_memory_child", "ulimit -v 4000000", &[]);
}

#[test]
#[ignore = "run by fault_42 in a process with little memory"]
fn out_of_memory_child() {
    for loaded in both(&op("add", &["f64", "f64"], "f64")) {
        let call = |rows| loaded.call(&[Column::from(1.0), Column::from(1.0)], rows, &CallOptions::default());
        assert_eq!(call(1 << 30).unwrap_err().code, Code::OutOfMemory);
        assert_eq!(call(10).unwrap()[0].as_slice::<f64>().unwrap(), [2.0; 10]);
    }
}
