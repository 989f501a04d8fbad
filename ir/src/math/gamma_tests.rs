//! gamma and ln_gamma where their parts meet and where they end. The values are mpmath's, to the last place;
//! docs/accuracy.md has the bounds.

use super::tests::distance_f64;
use super::{gamma_f32, gamma_f64, ln_gamma_f64};

fn check(f: fn(f64) -> f64, rows: &[(f64, f64)]) {
    for &(x, want) in rows {
        let got = f(x);
        assert!(distance_f64(got, want) <= 1.0, "{x:?}: {got:?}, not {want:?}");
    }
}

#[test]
fn gamma_where_its_parts_meet() {
    check(
        gamma_f64,
        &[
            (8.6e-19, 1.162_790_697_674_418_4e18),
            (-8.7e-19, -1.149_425_287_356_321_8e18),
            (1.0 - f64::EPSILON / 2.0, 1.0),
            (1.0 + f64::EPSILON, 1.0 - f64::EPSILON / 2.0),
            (7.999_999_999_999_999, 5_039.999_999_999_991),
            (-7.999_999_999_999_999, 27_924_104_832.406_403),
            (-8.000_000_000_000_002, -13_962_052_416.203_121),
            (-2.953_550_299_985_395_5, -3.816_051_128_512_063_5),
            (-0.5, -3.544_907_701_811_032),
        ],
    );
}

#[test]
fn gamma_at_the_ends_of_its_range() {
    check(
        gamma_f64,
        &[
            (171.624_376_956_302_7, 1.797_693_134_862_23e308),
            (1e-308, 1e308),
            (5.6e-309, 1.785_714_285_714_286_4e308),
            (-170.5, -3.312_739_521_538_607_4e-308),
            (-175.5, 2.1075e-319),
            (-177.25, 3.5e-323),
            (-3.000_000_000_000_000_4, 375_299_968_947_541.1),
        ],
    );
    for (x, want) in [
        (171.624_376_956_302_74, f64::INFINITY),
        (f64::MAX, f64::INFINITY),
        (f64::INFINITY, f64::INFINITY),
        (5e-324, f64::INFINITY),
        (-5e-324, f64::NEG_INFINITY),
        (0.0, f64::INFINITY),
        (-0.0, f64::NEG_INFINITY),
        (-183.5, 0.0),
        (-184.5, -0.0),
        (-200.5, -0.0),
        (-201.5, 0.0),
        (-2_251_799_813_685_247.5, 0.0),
    ] {
        assert_eq!(gamma_f64(x).to_bits(), want.to_bits(), "{x:?}");
    }
    for x in [-1.0, -8.0, -199.0, -201.0, -4_503_599_627_370_496.0, -1e300, f64::NEG_INFINITY, f64::NAN] {
        assert!(gamma_f64(x).is_nan(), "{x:?}");
    }
}

#[test]
fn factorials_are_exact_where_they_fit() {
    let mut factorial = 1.0;
    for n in 1..=22 {
        assert_eq!(gamma_f64(f64::from(n)), factorial, "{n}");
        factorial *= f64::from(n);
    }
    assert_eq!(gamma_f32(13.0), 479_001_600.0);
    assert_eq!(gamma_f32(36.0), f32::INFINITY);
}

#[test]
fn ln_gamma_at_its_zeros_and_where_its_parts_meet() {
    check(
        ln_gamma_f64,
        &[
            (5e-324, 744.440_071_921_381_2),
            (-1e-320, 736.827_240_890_973_9),
            (8.6e-19, 41.597_354_563_627_405),
            (1.0 - f64::EPSILON / 2.0, 6.408_381_213_480_008e-17),
            (1.0 + f64::EPSILON, -1.281_676_242_696_000_8e-16),
            (2.0 - f64::EPSILON, -9.387_698_065_543_117e-17),
            (2.0 + 2.0 * f64::EPSILON, 1.877_539_613_108_624_4e-16),
            (7.999_999_999_999_999, 8.525_161_361_065_413),
            (8.0, 8.525_161_361_065_415),
            (4_503_599_627_370_496.0, 157_822_584_344_928_830.0),
            (-0.5, 1.265_512_123_484_645_4),
            (-8.000_000_000_000_002, 23.359_608_944_692_067),
            (-2_251_799_813_685_247.5, -77_350_463_480_423_090.0),
        ],
    );
    assert_eq!(ln_gamma_f64(1.0), 0.0);
    assert_eq!(ln_gamma_f64(2.0), 0.0);
}

#[test]
fn ln_gamma_at_the_ends_of_its_range() {
    let infinity = f64::INFINITY;
    check(ln_gamma_f64, &[(1e300, 6.897_755_278_982_137e302), (2.559_983_327_851_638_3e305, f64::MAX)]);
    let infinite = [2.559_983_327_851_638_7e305, f64::MAX, infinity, -infinity, 0.0, -0.0, -1.0, -8.0, -1e300];
    for x in infinite {
        assert_eq!(ln_gamma_f64(x), infinity, "{x:?}");
    }
    assert!(ln_gamma_f64(f64::NAN).is_nan());
}
