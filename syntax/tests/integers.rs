//! Methods of integers against those of Rust's standard library, over special values of all eight types.

use filbert_ir::{Datum, VerifiedKernel, interp};

/// What a method gives as columns of a row; `None` where Rust panics.
type Expected = Option<Vec<Datum>>;

/// A result of Rust's as columns.
trait Columns {
    fn columns(self) -> Vec<Datum>;
}

macro_rules! columns {
    ($($ty:ty)*) => {
        $(impl Columns for $ty {
            fn columns(self) -> Vec<Datum> {
                vec![self.into()]
            }
        })*
    };
}

columns!(bool i8 i16 i32 i64 u8 u16 u32 u64);

impl<T: Columns> Columns for Option<T> {
    fn columns(self) -> Vec<Datum> {
        self.map_or(vec![Datum::Null], Columns::columns)
    }
}

impl<T: Columns> Columns for (T, bool) {
    fn columns(self) -> Vec<Datum> {
        [self.0.columns(), self.1.columns()].concat()
    }
}

fn kernel(text: &str) -> VerifiedKernel {
    let module = filbert_syntax::parse(text, "method").unwrap_or_else(|found| panic!("{text}\n{found}"));
    module.kernels[0].clone()
}

fn check(kernel: &VerifiedKernel, args: &[Datum], expected: Expected) {
    let got = interp::run(kernel, args).ok();
    let text = &kernel.source.as_ref().unwrap().text;
    assert_eq!(got, expected, "{text} of {args:?}");
}

/// Exponents, amounts of shifts and rotations.
const AMOUNTS: [u32; 16] = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 62, 63, 64, 65, u32::MAX];

/// One method: its name, the type of its argument if it has one, its result, and Rust's own of values `a`
/// and `b`.
macro_rules! method {
    ($ty:ident $name:literal () -> $ret:ty = |$a:ident| $body:expr) => {{
        let kernel = kernel(&format!("fn f(a: {0}) -> {1} {{ a.{2}() }}", stringify!($ty), stringify!($ret), $name));
        for $a in $ty::values() {
            let expected: Option<$ret> = $body;
            check(&kernel, &[$a.into()], expected.map(Columns::columns));
        }
    }};
    ($ty:ident $name:literal (u32) -> $ret:ty = |$a:ident, $b:ident| $body:expr) => {
        method!(@ $ty $name u32, AMOUNTS, $ret, $a $b $body)
    };
    ($ty:ident $name:literal (Self) -> $ret:ty = |$a:ident, $b:ident| $body:expr) => {
        method!(@ $ty $name $ty, $ty::values(), $ret, $a $b $body)
    };
    (@ $ty:ident $name:literal $arg:ident, $values:expr, $ret:ty, $a:ident $b:ident $body:expr) => {{
        let (ty, arg, ret) = (stringify!($ty), stringify!($arg), stringify!($ret));
        let kernel = kernel(&format!("fn f(a: {ty}, b: {arg}) -> {ret} {{ a.{}(b) }}", $name));
        for $a in $ty::values() {
            for $b in $values {
                let expected: Option<$ret> = $body;
                check(&kernel, &[$a.into(), $b.into()], expected.map(Columns::columns));
            }
        }
    }};
}

/// The ends of a type, the middle, powers of two and of ten, and their neighbours.
trait Special: Sized {
    fn values() -> Vec<Self>;
}

macro_rules! every_type {
    ($($ty:ident)*) => {
        $(impl Special for $ty {
            fn values() -> Vec<$ty> {
                let near = |v: $ty| [v, v.wrapping_add(1), v.wrapping_sub(1), v.wrapping_neg()];
                let ends = [<$ty>::MIN, <$ty>::MAX, <$ty>::MAX / 2, <$ty>::MAX / 3, <$ty>::MAX.isqrt(), 0];
                let twos = (1..<$ty>::BITS).step_by(3).map(|bit| 1 << bit);
                let tens = (0..=<$ty>::MAX.ilog10()).step_by(2).map(|n| (10 as $ty).pow(n));
                let mut all: Vec<$ty> = ends.into_iter().chain(twos).chain(tens).flat_map(near).collect();
                all.extend([3, 5, 6, 7, 85, 0x5c]);
                all.sort_unstable();
                all.dedup();
                all
            }
        })*
    };
}

every_type!(i8 i16 i32 i64 u8 u16 u32 u64);

macro_rules! all_integers {
    ($($ty:ident)*) => {
        $({
            method!($ty "wrapping_add" (Self) -> $ty = |a, b| Some(a.wrapping_add(b)));
            method!($ty "wrapping_sub" (Self) -> $ty = |a, b| Some(a.wrapping_sub(b)));
            method!($ty "wrapping_mul" (Self) -> $ty = |a, b| Some(a.wrapping_mul(b)));
            method!($ty "wrapping_neg" () -> $ty = |a| Some(a.wrapping_neg()));
            method!($ty "wrapping_pow" (u32) -> $ty = |a, b| Some(a.wrapping_pow(b)));
            method!($ty "wrapping_shl" (u32) -> $ty = |a, b| Some(a.wrapping_shl(b)));
            method!($ty "wrapping_shr" (u32) -> $ty = |a, b| Some(a.wrapping_shr(b)));
            method!($ty "wrapping_div" (Self) -> $ty = |a, b| (b != 0).then(|| a.wrapping_div(b)));
            method!($ty "wrapping_rem" (Self) -> $ty = |a, b| (b != 0).then(|| a.wrapping_rem(b)));
            method!($ty "wrapping_div_euclid" (Self) -> $ty = |a, b| (b != 0).then(|| a.wrapping_div_euclid(b)));
            method!($ty "wrapping_rem_euclid" (Self) -> $ty = |a, b| (b != 0).then(|| a.wrapping_rem_euclid(b)));
            method!($ty "saturating_add" (Self) -> $ty = |a, b| Some(a.saturating_add(b)));
            method!($ty "saturating_sub" (Self) -> $ty = |a, b| Some(a.saturating_sub(b)));
            method!($ty "saturating_mul" (Self) -> $ty = |a, b| Some(a.saturating_mul(b)));
            method!($ty "saturating_pow" (u32) -> $ty = |a, b| Some(a.saturating_pow(b)));
            method!($ty "saturating_div" (Self) -> $ty = |a, b| (b != 0).then(|| a.saturating_div(b)));
            method!($ty "overflowing_add" (Self) -> ($ty, bool) = |a, b| Some(a.overflowing_add(b)));
            method!($ty "overflowing_sub" (Self) -> ($ty, bool) = |a, b| Some(a.overflowing_sub(b)));
            method!($ty "overflowing_mul" (Self) -> ($ty, bool) = |a, b| Some(a.overflowing_mul(b)));
            method!($ty "overflowing_neg" () -> ($ty, bool) = |a| Some(a.overflowing_neg()));
            method!($ty "overflowing_pow" (u32) -> ($ty, bool) = |a, b| Some(a.overflowing_pow(b)));
            method!($ty "overflowing_shl" (u32) -> ($ty, bool) = |a, b| Some(a.overflowing_shl(b)));
            method!($ty "overflowing_shr" (u32) -> ($ty, bool) = |a, b| Some(a.overflowing_shr(b)));
            method!($ty "overflowing_div" (Self) -> ($ty, bool) = |a, b| (b != 0).then(|| a.overflowing_div(b)));
            method!($ty "overflowing_rem" (Self) -> ($ty, bool) = |a, b| (b != 0).then(|| a.overflowing_rem(b)));
            method!($ty "overflowing_div_euclid" (Self) -> ($ty, bool) =
                |a, b| (b != 0).then(|| a.overflowing_div_euclid(b)));
            method!($ty "overflowing_rem_euclid" (Self) -> ($ty, bool) =
                |a, b| (b != 0).then(|| a.overflowing_rem_euclid(b)));
            method!($ty "checked_add" (Self) -> Option<$ty> = |a, b| Some(a.checked_add(b)));
            method!($ty "checked_sub" (Self) -> Option<$ty> = |a, b| Some(a.checked_sub(b)));
            method!($ty "checked_mul" (Self) -> Option<$ty> = |a, b| Some(a.checked_mul(b)));
            method!($ty "checked_neg" () -> Option<$ty> = |a| Some(a.checked_neg()));
            method!($ty "checked_pow" (u32) -> Option<$ty> = |a, b| Some(a.checked_pow(b)));
            method!($ty "checked_shl" (u32) -> Option<$ty> = |a, b| Some(a.checked_shl(b)));
            method!($ty "checked_shr" (u32) -> Option<$ty> = |a, b| Some(a.checked_shr(b)));
            method!($ty "checked_div" (Self) -> Option<$ty> = |a, b| Some(a.checked_div(b)));
            method!($ty "checked_rem" (Self) -> Option<$ty> = |a, b| Some(a.checked_rem(b)));
            method!($ty "checked_div_euclid" (Self) -> Option<$ty> = |a, b| Some(a.checked_div_euclid(b)));
            method!($ty "checked_rem_euclid" (Self) -> Option<$ty> = |a, b| Some(a.checked_rem_euclid(b)));
            method!($ty "checked_ilog2" () -> Option<u32> = |a| Some(a.checked_ilog2()));
            method!($ty "checked_ilog10" () -> Option<u32> = |a| Some(a.checked_ilog10()));
            method!($ty "div_euclid" (Self) -> $ty = |a, b| a.checked_div_euclid(b));
            method!($ty "rem_euclid" (Self) -> $ty = |a, b| a.checked_rem_euclid(b));
            method!($ty "pow" (u32) -> $ty = |a, b| a.checked_pow(b));
            method!($ty "isqrt" () -> $ty = |a| if a < 0 as $ty { None } else { Some(a.isqrt()) });
            method!($ty "ilog2" () -> u32 = |a| a.checked_ilog2());
            method!($ty "ilog10" () -> u32 = |a| a.checked_ilog10());
            method!($ty "midpoint" (Self) -> $ty = |a, b| Some(a.midpoint(b)));
            method!($ty "count_ones" () -> u32 = |a| Some(a.count_ones()));
            method!($ty "count_zeros" () -> u32 = |a| Some(a.count_zeros()));
            method!($ty "leading_zeros" () -> u32 = |a| Some(a.leading_zeros()));
            method!($ty "leading_ones" () -> u32 = |a| Some(a.leading_ones()));
            method!($ty "trailing_zeros" () -> u32 = |a| Some(a.trailing_zeros()));
            method!($ty "trailing_ones" () -> u32 = |a| Some(a.trailing_ones()));
            method!($ty "rotate_left" (u32) -> $ty = |a, b| Some(a.rotate_left(b % <$ty>::BITS)));
            method!($ty "rotate_right" (u32) -> $ty = |a, b| Some(a.rotate_right(b % <$ty>::BITS)));
            method!($ty "swap_bytes" () -> $ty = |a| Some(a.swap_bytes()));
            method!($ty "reverse_bits" () -> $ty = |a| Some(a.reverse_bits()));
        })*
    };
}

macro_rules! signed {
    ($($ty:ident $unsigned:ident)*) => {
        $({
            method!($ty "checked_abs" () -> Option<$ty> = |a| Some(a.checked_abs()));
            method!($ty "checked_isqrt" () -> Option<$ty> = |a| Some(a.checked_isqrt()));
            method!($ty "wrapping_abs" () -> $ty = |a| Some(a.wrapping_abs()));
            method!($ty "saturating_neg" () -> $ty = |a| Some(a.saturating_neg()));
            method!($ty "saturating_abs" () -> $ty = |a| Some(a.saturating_abs()));
            method!($ty "overflowing_abs" () -> ($ty, bool) = |a| Some(a.overflowing_abs()));
            method!($ty "abs_diff" (Self) -> $unsigned = |a, b| Some(a.abs_diff(b)));
            method!($ty "unsigned_abs" () -> $unsigned = |a| Some(a.unsigned_abs()));
            method!($ty "cast_unsigned" () -> $unsigned = |a| Some(a.cast_unsigned()));
            method!($ty "is_positive" () -> bool = |a| Some(a.is_positive()));
            method!($ty "is_negative" () -> bool = |a| Some(a.is_negative()));
            method!($ty "signum" () -> $ty = |a| Some(a.signum()));
            method!($ty "abs" () -> $ty = |a| a.checked_abs());
        })*
    };
}

macro_rules! unsigned {
    ($($ty:ident $signed:ident)*) => {
        $({
            method!($ty "abs_diff" (Self) -> $ty = |a, b| Some(a.abs_diff(b)));
            method!($ty "cast_signed" () -> $signed = |a| Some(a.cast_signed()));
            method!($ty "is_power_of_two" () -> bool = |a| Some(a.is_power_of_two()));
            method!($ty "checked_next_power_of_two" () -> Option<$ty> = |a| Some(a.checked_next_power_of_two()));
            method!($ty "next_power_of_two" () -> $ty = |a| a.checked_next_power_of_two());
            method!($ty "div_ceil" (Self) -> $ty = |a, b| (b != 0).then(|| a.div_ceil(b)));
            method!($ty "is_multiple_of" (Self) -> bool = |a, b| Some(a.is_multiple_of(b)));
        })*
    };
}

#[test]
fn methods_of_integers_give_what_rust_gives() {
    all_integers!(i8 i16 i32 i64 u8 u16 u32 u64);
    signed!(i8 u8 i16 u16 i32 u32 i64 u64);
    unsigned!(u8 i8 u16 i16 u32 i32 u64 i64);
}
