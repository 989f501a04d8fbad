//! Kernels that compile, called as functions and as kernels.

use filbert_ir::{AsKernel, Scalar, Type, interp};
use filbert_macros::kernel;

/// Kernels in a module, called from outside it.
pub(crate) mod earth {
    use filbert_macros::kernel;

    /// Radius in miles.
    pub(crate) const RADIUS: f64 = 3958.8;

    /// The haversine of an angle in radians.
    ///
    /// Half of one less the cosine.
    #[kernel(crate = filbert_syntax)]
    pub(crate) fn haversine(angle: f64) -> f64 {
        (angle / 2.0).sin().powi(2)
    }
}

#[kernel(crate = filbert_syntax)]
fn great_circle(lat1: f64, lon1: f64, lat2: f64, lon2: f64) -> f64 {
    let (p1, p2) = (lat1.to_radians(), lat2.to_radians()); // a comment
    let a = earth::haversine(p2 - p1) + p1.cos() * p2.cos() * earth::haversine((lon2 - lon1).to_radians());
    2.0 * earth::RADIUS * a.sqrt().asin()
}

fn row(kernel: &impl AsKernel, args: &[Scalar]) -> Vec<Scalar> {
    interp::run_scalars(&kernel.as_kernel().unwrap(), args).unwrap()
}

#[test]
fn a_kernel_calls_kernels_and_uses_constants_of_other_modules() {
    let args = [40.64, -73.78, 33.94, -118.41];
    let scalars = args.map(Scalar::F64);
    let plain = great_circle(args[0], args[1], args[2], args[3]);
    let Scalar::F64(kernel) = row(&great_circle, &scalars)[0] else { panic!("not a f64") };
    assert!((kernel - plain).abs() < 1e-9, "{kernel} {plain}");
    assert!((plain - 2469.6).abs() < 0.1);
}

#[test]
fn names_documentation_and_source_come_along() {
    let kernel = earth::haversine.as_kernel().unwrap();
    assert_eq!(kernel.names.kernel, "haversine");
    assert_eq!(kernel.names.params, ["angle"]);
    assert_eq!(kernel.names.doc, "The haversine of an angle in radians.\n\nHalf of one less the cosine.");
    let source = kernel.source.as_ref().unwrap();
    assert!(
        source.name.starts_with("macros/tests/works.rs:") || source.name.starts_with("tests/works.rs:"),
        "{}",
        source.name
    );
    assert!(source.text.contains("    (angle / 2.0).sin().powi(2)\n}"), "{}", source.text);
}

#[kernel(crate = filbert_syntax)]
pub(crate) fn special(x: f64, y: f32) -> (f64, f32, f64, f32) {
    (x.erf() + f64::erfc(x), y.gamma(), x.ln_gamma(), y.erf())
}

#[test]
fn functions_that_stable_rust_lacks_work_in_both() {
    let (a, b, c, d) = special(0.5, 3.0);
    let kernel = row(&special, &[Scalar::F64(0.5), Scalar::F32(3.0)]);
    assert_eq!(kernel, [Scalar::F64(a), Scalar::F32(b), Scalar::F64(c), Scalar::F32(d)]);
}

#[kernel(crate = filbert_syntax)]
fn ping(x: f64) -> f64 {
    pong(x) + 1.0
}

#[kernel(crate = filbert_syntax)]
fn pong(x: f64) -> f64 {
    ping(x) * 2.0
}

#[test]
fn kernels_that_call_each_other_are_an_error_and_no_deadlock() {
    let other = std::thread::spawn(|| pong.as_kernel().unwrap_err().to_string());
    let error = ping.as_kernel().unwrap_err().to_string();
    assert!(error.contains("FB-0108"), "{error}");
    assert!(error.contains("circle"), "{error}");
    assert!(other.join().unwrap().contains("circle"));
}

macro_rules! scaled {
    ($name:ident, $by:expr) => {
        #[kernel(crate = filbert_syntax)]
        fn $name(x: f64) -> f64 {
            x * $by
        }
    };
}

scaled!(by_sum, 1.0 + 2.0);

#[test]
fn what_a_macro_takes_as_one_expression_stays_one() {
    assert_eq!(by_sum(2.0), 6.0);
    assert_eq!(row(&by_sum, &[Scalar::F64(2.0)]), [Scalar::F64(6.0)]);
}

use std::f64::consts::PI;

#[kernel(crate = filbert_syntax)]
#[allow(clippy::let_and_return)]
fn local_names(r: f64, n: i64) -> (f64, bool) {
    use std::f32::consts::LN_2;
    const LIMIT: f64 = 10.0 * PI;
    let mut area = PI * r * r;
    if area > LIMIT {
        area = LIMIT;
    }
    (area + LN_2 as f64, n << 2 >= 8 && -n < 0)
}

#[test]
fn imports_of_the_file_and_of_the_function_count() {
    let (area, big) = local_names(1.0, 3);
    assert_eq!(row(&local_names, &[Scalar::F64(1.0), Scalar::I64(3)]), [Scalar::F64(area), Scalar::Bool(big)]);
    let (area, big) = local_names(100.0, 1);
    assert_eq!(row(&local_names, &[Scalar::F64(100.0), Scalar::I64(1)]), [Scalar::F64(area), Scalar::Bool(big)]);
}

/// Documentation before the macro, a lint behind it.
#[kernel(crate = filbert_syntax, overflow = "wrap", fields = "sum, product")]
#[allow(clippy::identity_op)]
fn wraps(a: u8, b: u8) -> (u8, u8) {
    (a + b, a * b + 0)
}

#[test]
fn arguments_are_part_of_the_text() {
    let kernel = wraps.as_kernel().unwrap();
    assert_eq!(kernel.names.results, ["sum", "product"]);
    assert_eq!(kernel.names.doc, "Documentation before the macro, a lint behind it.");
    assert_eq!(row(&wraps, &[Scalar::U8(200), Scalar::U8(100)]), [Scalar::U8(44), Scalar::U8(32)]);
    let text = &kernel.source.as_ref().unwrap().text;
    assert!(text.contains("\nfn wraps(a: u8, b: u8) -> (u8, u8) {\n    (a + b,"), "{text}");
}

const OFFSET: f64 = 0.5;

/// A straight line.
#[kernel(crate = filbert_syntax)]
fn line<T: Float>(a: T, x: T, n: i32) -> T {
    a * x + n as T + T::from(2) * OFFSET as T
}

#[test]
fn a_generic_function_is_a_template() {
    use filbert_syntax::ArgType;
    let (single, int) = (ArgType::from(Type::F32), ArgType::from(Type::I32));
    let kernel = line.specialise(&[single, single, int]).unwrap();
    assert_eq!((kernel.name(), kernel.names.doc.as_str()), ("line", "A straight line."));
    assert_eq!(row(&kernel, &[Scalar::F32(2.0), Scalar::F32(3.0), Scalar::I32(1)]), [Scalar::F32(8.0)]);
    let double = ArgType::from(Type::F64);
    assert_ne!(line.specialise(&[double, double, int]).unwrap().id(), kernel.id());
    let error = line.specialise(&[single, double, int]).unwrap_err().to_string();
    assert!(error.contains("T was tried as f32 (from `a`) and as f64 (from `x`)"), "{error}");
}

use filbert_syntax::time::{Date32, Duration, Second, Timestamp};

#[kernel(crate = filbert_syntax)]
fn due(start: Timestamp<Second>, hours: i64) -> (Timestamp<Second>, Date32, bool) {
    let mut end = start + Duration::<Second>::new(3600) * hours;
    while end.weekday() >= 5 {
        end = end.add_days(1);
    }
    (end, end.date(), end.date() > start.date())
}

#[test]
fn dates_and_times_are_types_of_both() {
    // A Saturday four days on: the Monday behind it.
    let (end, date, is_later) = due(Timestamp::new(1_700_000_000), 96);
    assert_eq!((end.value(), date.value(), is_later), (1_700_518_400, 19_681, true));
    let expected = [Scalar::I64(end.value()), Scalar::I32(date.value()), Scalar::Bool(is_later)];
    assert_eq!(row(&due, &[Scalar::I64(1_700_000_000), Scalar::I64(96)]), expected);
}

#[kernel(crate = filbert_syntax)]
fn is_weekend(day: Date32) -> bool {
    day.weekday() >= 5
}

#[kernel(crate = filbert_syntax)]
fn next_working_day(day: Date32) -> Option<Date32> {
    let mut next = day.add_days(1);
    while is_weekend(next) {
        next = next.add_days(1);
    }
    Date32::from_ymd(next.year(), next.month(), next.day())
}

#[test]
fn kernels_hand_dates_to_each_other() {
    let friday = Date32::from_ymd(2024, 3, 1).unwrap();
    let monday = next_working_day(friday).unwrap();
    assert_eq!((monday.month(), monday.day()), (3, 4));
    let expected = [Scalar::I32(monday.value()), Scalar::Bool(true)];
    assert_eq!(row(&next_working_day, &[Scalar::I32(friday.value())]), expected);
}
