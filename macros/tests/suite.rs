//! The macro door for every kernel file of the suite (tests/kernels): each compiles as Rust, and each of its
//! kernels is, through `#[kernel]`, the kernel that the file's text is. What the rows give is the business of
//! those who run the files; here it is enough that the identities are equal.

use std::path::Path;

use filbert_ir::AsKernel;

/// A module for each file, and a list of its kernels.
macro_rules! suite {
    ($($file:ident: $($name:ident)*;)*) => {
        $(
            #[allow(warnings, clippy::all, arithmetic_overflow, unconditional_panic)]
            mod $file {
                use filbert_macros::kernel;
                use filbert_syntax::time::*;
                use filbert_syntax::FloatExt;

                include!(concat!("../../tests/kernels/", stringify!($file), ".rs"));

                /// Name and kernel of each.
                pub(super) fn all() -> Vec<(&'static str, &'static dyn super::AsKernel)> {
                    vec![$((stringify!($name), &$name)),*]
                }
            }
        )*

        /// Every file, with its kernels.
        fn files() -> Vec<(&'static str, Vec<(&'static str, &'static dyn AsKernel)>)> {
            vec![$((stringify!($file), $file::all())),*]
        }
    };
}

suite! {
    arrays: changed median_of_five times fibonacci taken_apart mapped histogram through_references of_pairs;
    bits: bits signed_not shl shr shr_u logic mix;
    black_scholes: normal_cdf normal_pdf european greeks implied_volatility;
    calendar: is_leap fields add_months days_between age easter clock working_seconds;
    calls: hypotenuse square split join halve a_fault_in_a_callee checked;
    casts: saturate saturate_small truncate widen to_float narrow flags;
    checksums: crc16_arc crc16_ccitt crc32 adler32 fletcher16 fnv1a fnv1a_wrapping fnv1a_checked luhn;
    comparisons: i8_i8 i8_i16 i8_i32 i8_i64 i8_u8 i8_u16 i8_u32 i8_u64 i8_f32 i8_f64 i16_i8 i16_i16 i16_i32 i16_i64
        i16_u8 i16_u16 i16_u32 i16_u64 i16_f32 i16_f64 i32_i8 i32_i16 i32_i32 i32_i64 i32_u8 i32_u16 i32_u32 i32_u64
        i32_f32 i32_f64 i64_i8 i64_i16 i64_i32 i64_i64 i64_u8 i64_u16 i64_u32 i64_u64 i64_f32 i64_f64 u8_i8 u8_i16
        u8_i32 u8_i64 u8_u8 u8_u16 u8_u32 u8_u64 u8_f32 u8_f64 u16_i8 u16_i16 u16_i32 u16_i64 u16_u8 u16_u16 u16_u32
        u16_u64 u16_f32 u16_f64 u32_i8 u32_i16 u32_i32 u32_i64 u32_u8 u32_u16 u32_u32 u32_u64 u32_f32 u32_f64 u64_i8
        u64_i16 u64_i32 u64_i64 u64_u8 u64_u16 u64_u32 u64_u64 u64_f32 u64_f64 f32_i8 f32_i16 f32_i32 f32_i64 f32_u8
        f32_u16 f32_u32 f32_u64 f32_f32 f32_f64 f64_i8 f64_i16 f64_i32 f64_i64 f64_u8 f64_u16 f64_u32 f64_u64 f64_f32
        f64_f64;
    control: relu grade a_branch_not_taken_cannot_fail short_circuit assignment shadowing nested_value
        literals_take_the_type_of_their_use;
    floats: arithmetic remainder no_contraction rounding rounding32 extremes signs limited classes comparisons roots
        angles constants;
    geo: haversine bearing;
    integers: add add8 sub_u mul64 mul_u64 div div_u8 rem_i8 negate magnitude power wrapping bounded
        unused_values_fail_too the_first_fault_counts saturates says_when_it_wraps looks_at_bits moves_bits
        shifts_by_any_amount roots_and_logarithms distances euclid powers_of_two a_kernel_that_wraps a_hash
        null_where_it_fails;
    iterators: sums checked wrapping dot extremes least argmax questions backwards chosen staged smooth blocks
        failures_come_in_order what_nobody_takes_is_not_computed closures_with_state out_of_two_loops over_ranges
        softmax_like;
    kleene: and or not methods strict_and coalesce null_if is_distinct_from;
    ladders: tax days_in_month beaufort tariff step;
    lennard_jones: lennard_jones energy_at;
    lists: by_index at ends get_or part parts head_and_tail has equal polygon_area row cross dot norm neighbours
        scaled interleaved sorted ranks turned powers;
    literals: under_a_sign rounded_once an_open_variable_keeps_its_default a_name_of_its_own_counts_before_a_glob;
    loops: collatz gcd newton mandelbrot binary_search digits is_prime primes all_bytes edges strides halvings
        patient only_the_taken_branch;
    loose: strict contracted polynomial great_circle limits single;
    mandelbrot: mandelbrot mandelbrot_loop escape_time mandelbrot_with_little_fuel;
    masked: safe_div safe_div_i32 null_on_error sum_of_known masked_mean choose winsor;
    matches: bands quadrant guarded days leaves is_special;
    numbers: newton_sqrt gcd binary_gcd collatz popcount next_power_of_two gray morton pow_mod is_prime fibonacci
        reverse_digits dottie;
    options: or_else coalesce root ratio never_from_a_null counts same and or not surely countdown failing_is_null
        through_calls;
    polynomials: horner polynomial polynomial_fma clenshaw legendre exp_series;
    real: great_circle black_scholes normal days_from_civil;
    search: bin lower_bound interpolate argmax any_all second;
    softmax: logsumexp softmax softmax_f32 entropy;
    sparse: spmv_row spmv sparse_dot;
    tables: rate known_at_once binomial vowels is_small_prime horner weighted dot3 crc16 bucket;
    time: date_fields week clock parts between first_of_month nights finer time_of_day midnight;
    vectors: dot dot_by_iterators dot_i32 cosine norm variance compensated_sum cross nearest;
    windows: moving_average moving_average_by_windows trailing_mean smooth differences running_sum median3 peaks;
}

/// Files that the macro cannot see whole, and why.
const NOT_HERE: &[(&str, &str)] = &[
    ("structs", "a macro sees its function, not the struct beside it: `fields` names columns there"),
    ("generics", "a generic kernel is a template there, which no plain function can call"),
];

#[test]
fn the_macro_makes_the_kernels_of_the_files() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/kernels"));
    let files = files();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if NOT_HERE.iter().any(|(file, _)| *file == name) {
            continue;
        }
        let (_, kernels) =
            files.iter().find(|(file, _)| *file == name).unwrap_or_else(|| panic!("add {name} to `suite!`"));
        let module = filbert_syntax::parse(&std::fs::read_to_string(&path).unwrap(), &name).unwrap();
        for kernel in &module.kernels {
            let through = kernels.iter().find(|(own, _)| *own == kernel.name());
            let (_, through) = through.unwrap_or_else(|| panic!("add {} to {name} in `suite!`", kernel.name()));
            let through = through.as_kernel().unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(through.id(), kernel.id(), "{name}: {}", kernel.name());
            count += 1;
        }
    }
    assert!(count > 150, "only {count} kernels");
}
