//! Fusion: a fused kernel gives for each row what its parts give alone.

use filbert_ir::fuse::{FusedPart, Fusion, Part, Unfusable, fuse};
use filbert_ir::interp::run;
use filbert_ir::{Datum, Fault, OnError, Param, Signature, VerifiedKernel, limits, random, text};

use crate::verified;

fn part(kernel: &VerifiedKernel, columns: &[usize]) -> Part {
    Part { kernel: kernel.clone(), columns: columns.to_vec() }
}

fn picked(row: &[Datum], columns: &[usize]) -> Vec<Datum> {
    columns.iter().map(|&column| row[column].clone()).collect()
}

/// What each part gives for a row, by the fused kernel; `None` if the row fails there, or is for the parts alone.
fn by_fusion(fusion: &Fusion, row: &[Datum]) -> Option<Vec<Vec<Datum>>> {
    let is_null = |part: &FusedPart| part.strict.iter().any(|&column| row[column] == Datum::Null);
    if fusion.parts.iter().any(|part| is_null(part) && !part.ignores_nulls) {
        return None;
    }
    let common = |column: &usize| {
        !fusion.parts.iter().any(|part| part.strict.contains(column)) // every part is strict in it, or none
    };
    let params = fusion.kernel.core.signature.params.iter();
    let args = params.zip(&fusion.columns).map(|(param, column)| match (&row[*column], param) {
        // Whatever stands under a null.
        (Datum::Null, Param::Scalar { ty, nullable: false }) if !common(column) => {
            Datum::Scalar(*random::specials(ty.storage()).last().unwrap())
        }
        (datum, _) => datum.clone(),
    });
    let results = run(&fusion.kernel, &args.collect::<Vec<_>>()).ok()?;
    let of = |part: &FusedPart| match is_null(part) {
        true => vec![Datum::Null; part.results.len()],
        false => results[part.results.clone()].to_vec(),
    };
    Some(fusion.parts.iter().map(of).collect())
}

fn sum() -> VerifiedKernel {
    verified("kernel sum(%0 a: i64, %1 b: i64) -> i64 {\n  %2: i64 = add %0, %1\n  return %2\n}\n")
}

fn quotient() -> VerifiedKernel {
    verified("kernel quotient(%0 a: i64, %1 b: i64) -> i64 {\n  %2: i64 = div %0, %1\n  return %2\n}\n")
}

fn wrapped() -> VerifiedKernel {
    verified("kernel wrapped(%0 a: i64) -> i64 {\n  %1: i64 = wrapping_mul %0, %0\n  return %1\n}\n")
}

fn counted(steps: u64, fuel: u64) -> VerifiedKernel {
    verified(&format!(
        "kernel counted(%0 a: i64) -> u64 fuel {fuel} {{
  %1: u64 = const 0
  %2: u64 = const 1
  %3: u64 = const {steps}
  %4: u64 = loop %1 {{
    %5: u64 = carried 0
    %6: u64 = wrapping_add %5, %2
    %7: bool = lt %6, %3
    yield %7, %6
  }}
  return %4
}}
"
    ))
}

#[test]
fn fused_random_kernels_give_what_they_give_alone() {
    let (mut fused, mut with_lists, mut failing, mut spurious) = (0, 0, 0, 0);
    let (mut nulls_of_some, mut left) = (0, 0);
    for seed in 0..6000 {
        let (parts, columns) = random::parts(seed);
        let Ok(fusion) = fuse(&parts) else { continue };
        fused += 1;
        let params = &fusion.kernel.core.signature.params;
        with_lists += usize::from(params.iter().any(|param| matches!(param, Param::List { .. })));
        let signature = Signature { params: columns, ..Signature::default() };
        for row in random::datum_rows(seed, &signature, 12) {
            let alone: Vec<_> = parts.iter().map(|part| run(&part.kernel, &picked(&row, &part.columns))).collect();
            match (by_fusion(&fusion, &row), alone.iter().find_map(|alone| alone.as_ref().err())) {
                (Some(results), None) => {
                    let alone: Vec<Vec<Datum>> = alone.into_iter().map(Result::unwrap).collect();
                    assert_eq!(results, alone, "seed {seed}, row {row:?}\n{}", text::print(&fusion.kernel));
                    let is_null = |results: &Vec<Datum>| results.iter().all(|result| *result == Datum::Null);
                    nulls_of_some += usize::from(alone.iter().any(is_null) && !alone.iter().all(is_null));
                }
                (None, Some(_)) => failing += 1,
                (Some(_), Some(fault)) => panic!("seed {seed}: {fault:?} is lost\n{}", text::print(&fusion.kernel)),
                (None, None) => {
                    let is_null = |part: &FusedPart| part.strict.iter().any(|&column| row[column] == Datum::Null);
                    if fusion.parts.iter().any(|part| is_null(part) && !part.ignores_nulls) {
                        left += 1;
                        continue;
                    }
                    // The loops of all parts together: nothing else may fail that fails in no part.
                    let fault = run(&fusion.kernel, &picked(&row, &fusion.columns)).unwrap_err();
                    assert_eq!(fault.fault, Fault::Fuel, "seed {seed}, row {row:?}");
                    spurious += 1;
                }
            }
        }
    }
    println!("{fused} fusions, {with_lists} with lists; {failing} failing rows, {spurious} of fuel, {left} left");
    assert!(fused > 3000 && with_lists > 500, "{fused}, {with_lists}");
    assert!(failing > 1000 && nulls_of_some > 1000, "{failing}, {nulls_of_some}");
}

#[test]
fn the_order_of_parts_and_columns_does_not_change_the_kernel() {
    let (a, b) = (part(&sum(), &[0, 1]), part(&wrapped(), &[1]));
    let one = fuse(&[a.clone(), b.clone(), a.clone()]).unwrap();
    let other = fuse(&[b, a]).unwrap();
    assert_eq!(one.kernel.id(), other.kernel.id());
    assert_eq!(one.parts[0].results, one.parts[2].results, "equal parts are one");
    assert_eq!(one.parts[0].results, other.parts[1].results);
    // The same kernels over columns with other numbers.
    let moved = fuse(&[part(&sum(), &[7, 3]), part(&wrapped(), &[3])]).unwrap();
    assert_eq!(moved.kernel.id(), one.kernel.id());
    let order = |fusion: &Fusion, columns: [usize; 2]| fusion.columns.iter().map(|c| columns[*c]).collect::<Vec<_>>();
    assert_eq!(moved.columns, order(&one, [7, 3]));
}

#[test]
fn one_part_alone_is_the_kernel_itself() {
    for seed in 0..200 {
        let kernel = filbert_ir::verify(random::rich_kernel(seed, 40)).unwrap();
        let columns: Vec<usize> = (0..kernel.core.signature.params.len()).collect();
        assert_eq!(fuse(&[part(&kernel, &columns)]).unwrap().kernel.id(), kernel.id(), "seed {seed}");
    }
}

#[test]
fn nulls_of_some_parts_are_told_to_the_caller() {
    let fusion = fuse(&[part(&quotient(), &[0, 1]), part(&wrapped(), &[0]), part(&wrapped(), &[2])]).unwrap();
    let strict: Vec<&[usize]> = fusion.parts.iter().map(|part| &part.strict[..]).collect();
    assert_eq!(strict, [&[0, 1][..], &[0], &[2]]);
    let ignores: Vec<bool> = fusion.parts.iter().map(|part| part.ignores_nulls).collect();
    assert_eq!(ignores, [false, true, true], "null / null might divide by what stands there");
    let row = [Datum::from(3i64), Datum::from(2i64), Datum::Null];
    let results = by_fusion(&fusion, &row).unwrap();
    assert_eq!(results, [vec![Datum::from(1i64)], vec![Datum::from(9i64)], vec![Datum::Null]]);

    let fusion = fuse(&[part(&quotient(), &[0, 1]), part(&wrapped(), &[0])]).unwrap();
    assert_eq!(fusion.parts[1].strict, [0; 0], "all are strict in it");
    let row = [Datum::Null, Datum::from(0i64)];
    assert_eq!(by_fusion(&fusion, &row).unwrap(), [vec![Datum::Null], vec![Datum::Null]]);
    let row = [Datum::from(3i64), Datum::from(0i64)];
    assert_eq!(by_fusion(&fusion, &row), None, "it fails as it does alone");

    // One sees the nulls of a column that makes the other null.
    let seen = verified("kernel seen(%0 %1 a: Option<i64>) -> bool {\n  return %1\n}\n");
    let fusion = fuse(&[part(&wrapped(), &[0]), part(&seen, &[0])]).unwrap();
    assert_eq!(by_fusion(&fusion, &[Datum::Null]).unwrap(), [vec![Datum::Null], vec![Datum::from(false)]]);
    assert_eq!(by_fusion(&fusion, &[Datum::from(5i64)]).unwrap(), [vec![Datum::from(25i64)], vec![Datum::from(true)]]);
}

#[test]
fn loops_of_all_parts_share_the_least_fuel() {
    let fusion = fuse(&[part(&counted(4, 50), &[0]), part(&counted(5, 9), &[0])]).unwrap();
    assert_eq!(fusion.kernel.core.signature.fuel, 9);
    assert!(by_fusion(&fusion, &[Datum::from(1i64)]).is_some(), "3 and 4 iterations");
    let fusion = fuse(&[part(&counted(4, 50), &[0]), part(&counted(8, 9), &[0])]).unwrap();
    assert_eq!(by_fusion(&fusion, &[Datum::from(1i64)]), None, "3 and 7: the parts alone must say that none fails");
    let fusion = fuse(&[part(&sum(), &[0, 1]), part(&counted(8, 9), &[0])]).unwrap();
    assert_eq!(fusion.kernel.core.signature.fuel, 9, "fuel of kernels without loops does not count");
}

#[test]
fn what_cannot_be_fused_says_why() {
    let refused = |parts: &[Part]| fuse(parts).unwrap_err();
    assert_eq!(refused(&[]), Unfusable::Nothing);
    let few = refused(&[part(&sum(), &[0])]);
    assert_eq!(few.to_string(), "kernel 0 has 2 parameters, but 1 columns were given");
    let other = verified("kernel other(%0 a: f64) -> f64 {\n  return %0\n}\n");
    let types = refused(&[part(&wrapped(), &[0]), part(&other, &[0])]);
    assert!(
        ["column 0 is taken as i64 and as f64", "column 0 is taken as f64 and as i64"]
            .contains(&types.to_string().as_str())
    );

    let text = "kernel lenient(%0 a: i64) -> i64 on_error null {\n  %1: i64 = mul %0, %0\n  return %1\n}\n";
    let lenient = verified(text);
    let modes = refused(&[part(&wrapped(), &[0]), part(&lenient, &[0])]);
    assert_eq!(modes, Unfusable::OnError { part: 1 });
    assert!(modes.to_string().contains("makes failing rows null"));
    let twice = fuse(&[part(&lenient, &[0]), part(&lenient, &[0])]).unwrap();
    assert_eq!(twice.kernel.core.signature.on_error, OnError::Null, "one kernel, asked for twice");

    let large = |seed: u64| {
        let kernel = filbert_ir::verify(random::kernel(seed, limits::VALUES_MAX / 2)).unwrap();
        let columns: Vec<usize> = (0..kernel.core.signature.params.len()).map(|i| i + 10 * seed as usize).collect();
        part(&kernel, &columns)
    };
    let too_large = refused(&[large(0), large(1), large(2)]);
    assert!(matches!(too_large, Unfusable::TooLarge(_)), "{too_large}");
    assert!(too_large.to_string().contains("the limit is 4096"), "{too_large}");
}

/// `x` with its first element scaled, in a list as long as `x` and `y` together.
fn scaled() -> VerifiedKernel {
    verified(
        "kernel scaled(%0 x: &[f64], %1 y: &[f64], %2 by: f64) -> %3 &mut [f64] of param 0 + param 1 {
  %4: u64 = const 0
  %5: f64 = load param 0, %4
  %6: f64 = mul %5, %2
  %7: bool = store result 0, %4, %6
  return
}
",
    )
}

#[test]
fn lists_are_read_and_written_where_they_belong() {
    let last = verified(
        "kernel last(%0 by: f64, %1 x: &[f64]) -> (first: f64, %2 again: &mut [f64] of 1) {
  %3: u64 = const 0
  %4: f64 = load param 1, %3
  %5: bool = store result 1, %3, %0
  return %4
}
",
    );
    let parts = [part(&scaled(), &[0, 0, 1]), part(&last, &[1, 0]), part(&scaled(), &[0, 0, 1])];
    let fusion = fuse(&parts).unwrap();
    let row = [Datum::from([3.0, 4.0]), Datum::from(10.0)];
    let list = vec![Datum::from([30.0, 0.0, 0.0, 0.0])];
    let results = by_fusion(&fusion, &row).unwrap();
    assert_eq!(results, [list.clone(), vec![Datum::from(3.0), Datum::from([10.0])], list]);
    assert_eq!(by_fusion(&fusion, &[Datum::from(Vec::<f64>::new()), Datum::from(1.0)]), None, "no first element");
}
