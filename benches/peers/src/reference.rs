//! What is right: the strict kernel in f64, by the scalar code that Cranelift makes, itself held against the
//! interpreter; and how far a peer's result is from it.

use std::fs;
use std::path::Path;

use filbert_ir::Scalar;
use filbert_runtime::{CallOptions, Engine, KernelCache, LoadedKernel};

use crate::cases::{Case, Gives, LIST, Tolerance};
use crate::data::Columns;
use crate::each_array;
use crate::ours;
use crate::shared::array::{Aligned, Array, Element};
use crate::shared::protocol::{Load, Ty};

/// Rows that the interpreter looks at too: the first, and others throughout.
const LOOKED_AT: usize = 2048;

/// The results that are right.
pub(crate) enum Reference {
    Floats(Vec<f64>),
    Integers(Vec<i64>),
}

impl Reference {
    /// Of all rows of a case.
    ///
    /// # Errors
    /// If the scalar code and the interpreter differ: then nothing can be said of anybody.
    pub(crate) fn of(case: &Case, load: &Load, columns: &Columns) -> Result<Reference, String> {
        // Counts depend on every rounding on the way, so they come from the type of the columns itself.
        let widen = load.ty == Ty::F32 && case.gives != Gives::Counts;
        let wide: Vec<Array>;
        let inputs = if widen {
            wide = columns.values.iter().map(widened).collect();
            &wide
        } else {
            &columns.values
        };
        let ty = if widen { Ty::F64 } else { load.ty };
        let out = Load { ty, out: case.out(ty), rows: elements(case, load, columns), ..load.clone() };
        let kernel = ours::load(&load.function, ty, "filbert-scalar")?;
        let rows = if load.function == "softmax" { out.rows / LIST } else { out.rows };
        let arguments = ours::arguments(&out, inputs, &[]);
        let call = |kernel: &LoadedKernel, arguments: &[_], rows| {
            let results = kernel.call(arguments, rows, &CallOptions::default()).map_err(|e| e.to_string())?;
            let result = &results[0];
            Ok::<Reference, String>(match out.out {
                Ty::F64 => Reference::Floats(result.as_slice::<f64>().unwrap_or_default().to_vec()),
                Ty::F32 => {
                    Reference::Floats(result.as_slice::<f32>().unwrap_or_default().iter().map(|&x| x.into()).collect())
                }
                Ty::I64 => Reference::Integers(result.as_slice::<i64>().unwrap_or_default().to_vec()),
                Ty::I32 => Reference::Integers(
                    result.as_slice::<i32>().unwrap_or_default().iter().map(|&x| x.into()).collect(),
                ),
            })
        };
        let all = call(&kernel, &arguments, rows)?;
        let width = if load.function == "softmax" { LIST } else { 1 };
        let interpreter = KernelCache::new(1 << 20).load(kernel.kernel(), Engine::Interp);
        for row in looked_at(rows, width) {
            let one: Vec<_> = row_of(&out, inputs, row);
            let right = interpreter.call_row(&one).map_err(|e| e.to_string())?;
            let right: Vec<Scalar> = match &right[0] {
                filbert_ir::Datum::Scalar(scalar) => vec![*scalar],
                filbert_ir::Datum::List(list) => list.clone(),
                filbert_ir::Datum::Null => vec![],
            };
            for (at, scalar) in right.into_iter().enumerate() {
                if !all.has(row * width + at, scalar) {
                    return Err(format!("row {row}: scalar code and interpreter differ"));
                }
            }
        }
        Ok(match (case.gives, all) {
            (Gives::Total, Reference::Floats(values)) => Reference::Floats(vec![pairwise(&values)]),
            (_, all) => all,
        })
    }

    fn has(&self, at: usize, scalar: Scalar) -> bool {
        match self {
            Reference::Floats(values) => match scalar {
                Scalar::F64(x) => values[at].to_bits() == x.to_bits(),
                Scalar::F32(x) => values[at].to_bits() == f64::from(x).to_bits(),
                _ => false,
            },
            Reference::Integers(values) => match scalar {
                Scalar::I64(x) => values[at] == x,
                Scalar::I32(x) => values[at] == i64::from(x),
                _ => false,
            },
        }
    }

    /// The greatest error of a result, in parts of what is allowed: beyond 1 it is wrong. Rows that are null, by
    /// these bits, do not count.
    pub(crate) fn worst(&self, result: &Array, ty: Ty, tolerance: Tolerance, valid: Option<&[u8]>) -> f64 {
        let counts = |row: &usize| valid.is_none_or(|bits| bits[row / 8] >> (row % 8) & 1 == 1);
        let allowed = if ty == Ty::F32 { tolerance.f32 } else { tolerance.f64 };
        if each_array!(result, values => values.len()) != self.len() {
            return f64::INFINITY;
        }
        match (self, result) {
            (Reference::Floats(right), Array::F64(_) | Array::F32(_)) => {
                let error = |row: usize| {
                    let (right, value) = (right[row], float(result, row));
                    let error = (value - right).abs() / (allowed * right.abs().max(tolerance.scale));
                    match value.to_bits() == right.to_bits() || value.is_nan() && right.is_nan() {
                        true => 0.0,
                        // A NaN is as wrong as can be, unless it is right.
                        false if error.is_nan() => f64::INFINITY,
                        false => error,
                    }
                };
                (0..right.len()).filter(counts).map(error).fold(0.0, f64::max)
            }
            (Reference::Integers(right), Array::I64(_) | Array::I32(_)) => {
                let wrong = (0..right.len()).filter(counts).filter(|&row| integer(result, row) != right[row]).count();
                let part = wrong as f64 / right.len() as f64;
                if wrong == 0 { 0.0 } else { part / allowed }
            }
            _ => f64::INFINITY,
        }
    }

    fn len(&self) -> usize {
        match self {
            Reference::Floats(values) => values.len(),
            Reference::Integers(values) => values.len(),
        }
    }

    /// The mean of counts.
    pub(crate) fn mean(&self) -> f64 {
        match self {
            Reference::Floats(values) => values.iter().sum::<f64>() / values.len() as f64,
            Reference::Integers(values) => values.iter().map(|&n| n as f64).sum::<f64>() / values.len() as f64,
        }
    }
}

/// Reads a worker's result and says how wrong it is: `Err` beyond what is allowed.
pub(crate) fn check(
    case: &Case,
    load: &Load,
    right: &Reference,
    valid: Option<&[u8]>,
    elements: usize,
) -> Result<f64, String> {
    let read = |name: &str| load.folder.join(name);
    let result = Array::read(load.out, &read("out.bin")).map_err(|e| format!("no result: {e}"))?;
    if let Some(valid) = valid {
        let theirs = fs::read(read("out_valid.bin")).map_err(|e| format!("no nulls: {e}"))?;
        if theirs != valid {
            return Err("other rows are null than should be".into());
        }
    }
    // A total is as exact as what it is the total of.
    let terms = if case.gives == Gives::Total { elements as f64 } else { 1.0 };
    let tolerance = Tolerance { scale: case.tolerance.scale * terms, ..case.tolerance };
    let worst = right.worst(&result, load.ty, tolerance, valid);
    if worst > 1.0 { Err(format!("wrong: {worst:.3e} times the tolerance")) } else { Ok(worst) }
}

/// Removes results, so that nobody's are taken for another's.
pub(crate) fn forget(folder: &Path) {
    for name in ["out.bin", "out_valid.bin"] {
        let _ = fs::remove_file(folder.join(name));
    }
}

fn float(array: &Array, row: usize) -> f64 {
    match array {
        Array::F64(values) => values[row],
        Array::F32(values) => values[row].into(),
        _ => f64::NAN,
    }
}

fn integer(array: &Array, row: usize) -> i64 {
    match array {
        Array::I64(values) => values[row],
        Array::I32(values) => values[row].into(),
        _ => i64::MIN,
    }
}

fn widened(array: &Array) -> Array {
    let narrow = f32::slice(array);
    let mut wide = Aligned::new(narrow.len());
    wide.iter_mut().zip(narrow).for_each(|(wide, &x)| *wide = x.into());
    Array::F64(wide)
}

/// Rows of the kernel below a total.
fn elements(case: &Case, load: &Load, columns: &Columns) -> usize {
    match case.gives {
        Gives::Total => each_array!(&columns.values[0], values => values.len()),
        _ => load.rows,
    }
}

fn looked_at(rows: usize, width: usize) -> impl Iterator<Item = usize> {
    let most = LOOKED_AT / width;
    let step = (rows / most).max(1);
    (0..rows).step_by(step)
}

/// The arguments of one row.
fn row_of(load: &Load, inputs: &[Array], row: usize) -> Vec<filbert_ir::Datum> {
    use filbert_ir::Datum;
    let at = |array: &Array, row: usize| -> Scalar { each_array!(array, values => values[row].into()) };
    match load.function.as_str() {
        "softmax" => vec![Datum::List((row * LIST..(row + 1) * LIST).map(|at_| at(&inputs[0], at_)).collect())],
        "stencil" => (0..3).map(|shift| Datum::Scalar(at(&inputs[0], row + shift))).collect(),
        _ => inputs.iter().map(|array| Datum::Scalar(at(array, row))).collect(),
    }
}

/// A sum whose error does not grow with the number of rows.
fn pairwise(values: &[f64]) -> f64 {
    match values.len() {
        0..=64 => values.iter().sum(),
        len => pairwise(&values[..len / 2]) + pairwise(&values[len / 2..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{CASES, find};
    use crate::data;
    use crate::ours::Filbert;
    use crate::shared::protocol::{Reply, Request};
    use crate::shared::serve::{Peer, Session};

    const ELEMENTS: usize = 512;

    fn load(case: &Case, ty: Ty, folder: &Path) -> Load {
        Load {
            function: case.function.into(),
            ty,
            out: case.out(ty),
            rows: case.out_len(ELEMENTS),
            inputs: case.columns.len(),
            nulls: case.nulls > 0,
            folder: folder.into(),
        }
    }

    #[test]
    fn every_kernel_of_ours_is_right_by_every_back_end() {
        let folder = tempfile::tempdir().unwrap();
        for case in CASES {
            for &ty in case.types {
                let load = load(case, ty, folder.path());
                let columns = data::columns(case, ty, ELEMENTS);
                let right = Reference::of(case, &load, &columns).unwrap();
                let valid = columns.both_valid(ELEMENTS);
                columns.write(&load).unwrap();
                let mut session = Session::new(&Filbert);
                let variants = session.load(&load).unwrap();
                assert!(variants.len() >= 3);
                for (variant, threads) in variants.iter().map(|name| (name, 1)).chain([(&variants[0], 2)]) {
                    forget(&load.folder);
                    match session.prepare(variant, threads) {
                        Ok(_) => {
                            let checked = check(case, &load, &right, valid.as_deref(), ELEMENTS);
                            assert!(checked.is_ok(), "{} of {ty} by {variant}: {checked:?}", case.name);
                        }
                        Err(why) => assert_eq!(case.gives, Gives::Total, "{} of {ty} by {variant}: {why:?}", case.name),
                    }
                }
            }
        }
    }

    #[test]
    fn a_strict_f64_kernel_gives_the_bits_of_the_reference() {
        let folder = tempfile::tempdir().unwrap();
        for case in CASES.iter().filter(|case| case.types[0] == Ty::F64 && case.gives == Gives::Column) {
            let load = load(case, Ty::F64, folder.path());
            let columns = data::columns(case, Ty::F64, ELEMENTS);
            let right = Reference::of(case, &load, &columns).unwrap();
            columns.write(&load).unwrap();
            let mut session = Session::new(&Filbert);
            session.load(&load).unwrap();
            session.prepare("filbert", 1).unwrap();
            let valid = columns.both_valid(ELEMENTS);
            assert_eq!(check(case, &load, &right, valid.as_deref(), ELEMENTS), Ok(0.0), "{}", case.name);
        }
    }

    #[test]
    fn what_is_wrong_is_refused() {
        let case = find("saxpy").unwrap();
        let right = Reference::Floats(vec![1.0, 2.0, 1e-3]);
        let worst = |values: &[f64], valid| {
            let mut array = Aligned::new(values.len());
            array.copy_from_slice(values);
            right.worst(&Array::F64(array), Ty::F64, case.tolerance, valid)
        };
        assert_eq!(worst(&[1.0, 2.0, 1e-3], None), 0.0);
        assert!(worst(&[1.0 + 4e-15, 2.0, 1e-3], None) < 1.0);
        assert!(worst(&[1.0, 2.0 + 1e-13, 1e-3], None) > 1.0);
        // A null's own element does not count.
        assert_eq!(worst(&[1.0, 7.0, 1e-3], Some(&[0b101])), 0.0);
        assert_eq!(worst(&[1.0, f64::NAN, 1e-3], None), f64::INFINITY);
        assert_eq!(worst(&[1.0, 2.0], None), f64::INFINITY);
        let counts = Reference::Integers(vec![5; 1000]);
        let mut array = Aligned::new(1000);
        array.fill(5i32);
        array[..4].fill(6);
        let case = find("mandelbrot_grid").unwrap();
        assert_eq!(counts.worst(&Array::I32(array), Ty::F64, case.tolerance, None), 0.004 / 0.005);
    }

    #[test]
    fn a_missing_result_and_other_nulls_are_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let case = find("add_nulls_10").unwrap();
        let load = load(case, Ty::F64, folder.path());
        let columns = data::columns(case, Ty::F64, ELEMENTS);
        let right = Reference::of(case, &load, &columns).unwrap();
        let valid = columns.both_valid(ELEMENTS).unwrap();
        assert!(check(case, &load, &right, Some(&valid), ELEMENTS).unwrap_err().contains("no result"));
        columns.write(&load).unwrap();
        let mut session = Session::new(&Filbert);
        session.load(&load).unwrap();
        session.prepare("filbert", 1).unwrap();
        assert_eq!(check(case, &load, &right, Some(&valid), ELEMENTS), Ok(0.0));
        let mut others = valid.clone();
        others[0] ^= 1;
        assert!(check(case, &load, &right, Some(&others), ELEMENTS).unwrap_err().contains("null"));
    }

    #[test]
    fn a_worker_answers_lines() {
        let folder = tempfile::tempdir().unwrap();
        let case = find("poly7").unwrap();
        let load = load(case, Ty::F64, folder.path());
        data::columns(case, Ty::F64, ELEMENTS).write(&load).unwrap();
        let mut session = Session::new(&Filbert);
        let mut ask = |request: Request| Reply::parse(&session.answer(&request.line())).unwrap();
        let of = |variant: &str| Request::Time { variant: variant.into(), threads: 1, repeats: 3 };
        assert!(matches!(ask(of("filbert")), Reply::Failed(why) if why.contains("nothing is loaded")));
        assert!(matches!(ask(Request::Load(load)), Reply::Ok(variants) if variants[0] == "filbert"));
        assert!(matches!(ask(of("filbert")), Reply::Failed(why) if why.contains("not prepared")));
        let prepare = Request::Prepare { variant: "filbert".into(), threads: 1 };
        assert!(matches!(ask(prepare), Reply::Ok(words) if words[1].contains("bytes")));
        assert!(matches!(ask(of("filbert")), Reply::Ok(words) if words[0].parse::<u64>().unwrap() > 0));
        assert_eq!(ask(Request::Unload), Reply::Ok(vec![]));
        assert!(matches!(ask(of("filbert")), Reply::Failed(_)));
        assert_eq!(Filbert.versions().len(), 1);
    }
}
