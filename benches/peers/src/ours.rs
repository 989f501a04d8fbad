//! Filbert as a worker: the kernels of `kernels/kernels.rs` through the public interface of the runtime.
//!
//! | variant | what it is |
//! |---|---|
//! | `filbert` | what a user gets: this machine, strict kernels |
//! | `filbert-avx2` | the same without AVX-512 |
//! | `filbert-scalar` | the same by Cranelift alone, row by row |
//! | `filbert-contract`, `filbert-fast` | kernels that allow it, by their attribute |

use std::hint::black_box;

use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use filbert_compiler::{Backend, Level, Target};
use filbert_ir::{KernelError, Scalar, VerifiedKernel};
use filbert_runtime::{CallOptions, Column, Element, Engine, Fold, KernelCache, LoadedKernel, OutColumn};

use crate::cases::LIST;
use crate::each_array;
use crate::shared::array::{self, Array};
use crate::shared::protocol::{Load, Ty};
use crate::shared::serve::{Compiled, Data, Peer, Prepared, Run};

/// All kernels, in f64 and strict.
const SOURCE: &str = include_str!("../kernels/kernels.rs");

/// The variants, with the word in `#[kernel]` and the target.
pub(crate) const VARIANTS: [&str; 5] =
    ["filbert", "filbert-avx2", "filbert-scalar", "filbert-contract", "filbert-fast"];

/// The kernel of this name over columns of this type; `mode` is the word in its `#[kernel]`, or nothing.
pub(crate) fn kernel(function: &str, ty: Ty, mode: &str) -> Result<VerifiedKernel, String> {
    let mut text = SOURCE.to_string();
    if ty == Ty::F32 {
        text = text.replace("f64", "f32");
    }
    if !mode.is_empty() {
        text = text.replace("#[kernel]", &format!("#[kernel({mode})]"));
    }
    let module = filbert_syntax::parse(&text, "kernels.rs").map_err(|found| found.to_string())?;
    module.get(function).cloned().ok_or_else(|| format!("no kernel {function}"))
}

/// The word that a variant puts into `#[kernel]`.
fn mode(variant: &str) -> &str {
    variant.strip_prefix("filbert-").filter(|mode| ["contract", "fast"].contains(mode)).unwrap_or_default()
}

/// The kernel, ready for one of the variants.
pub(crate) fn load(function: &str, ty: Ty, variant: &str) -> Result<LoadedKernel, String> {
    let kernel = kernel(function, ty, mode(variant))?;
    let target = match variant {
        "filbert-avx2" => Target::level(Level::V3),
        "filbert-scalar" => Target::host().without_vectors(),
        _ => Target::host(),
    };
    let loaded = KernelCache::new(1 << 20).with_target(target).load(&kernel, Engine::Native);
    if loaded.backend().is_none() {
        return Err("the interpreter would run it".into());
    }
    Ok(loaded)
}

/// How a kernel's columns become arguments.
pub(crate) fn arguments<'a>(load: &Load, inputs: &'a [Array], valid: &[Vec<u8>]) -> Vec<Column<'a>> {
    if load.function == "softmax" {
        let rows = load.rows / LIST;
        let elements = each_array!(&inputs[0], values => Column::slice(values));
        return vec![Column::equal_lists(elements, rows).expect("rows of one length")];
    }
    if load.function == "stencil" {
        let view = |shift: usize| each_array!(&inputs[0], values => Column::slice(&values[shift..shift + load.rows]));
        return (0..3).map(view).collect();
    }
    let columns = inputs.iter().map(|array| each_array!(array, values => Column::slice(values)));
    let nulls = valid.iter().map(|bits| {
        let bits = BooleanBuffer::new(Buffer::from(bits.as_slice()), 0, load.rows);
        Some(NullBuffer::new(bits))
    });
    columns.zip(nulls.chain(std::iter::repeat(None))).map(|(column, nulls)| column.with_nulls(nulls)).collect()
}

pub(crate) struct Filbert;

impl Peer for Filbert {
    fn versions(&self) -> Vec<String> {
        vec![format!("filbert={}", env!("CARGO_PKG_VERSION"))]
    }

    fn variants(&self, _: &Load) -> Vec<String> {
        let known = |variant: &&&str| kernel("saxpy", Ty::F64, mode(variant)).is_ok();
        VARIANTS.iter().filter(known).map(|variant| variant.to_string()).collect()
    }

    fn prepare(&self, load: &Load, variant: &str, threads: usize) -> Result<Prepared, String> {
        let kernel = self::load(&load.function, load.ty, variant)?;
        let backend = kernel.backend().map_or("interpreter", Backend::name);
        let note = format!("{backend}, {} bytes", kernel.code_bytes());
        let options = CallOptions { parallel: threads > 1, ..CallOptions::default() };
        let in_place = threads == 1 && load.function != "softmax";
        let run: Run = match in_place {
            true => in_place_of(&kernel, load).map_err(|e| e.to_string())?,
            false if load.out_is_total() => Box::new(Total { kernel, options }),
            false => Box::new(Fresh { kernel, options, result: None }),
        };
        Ok(Prepared { run, note })
    }
}

impl Load {
    fn out_is_total(&self) -> bool {
        ["sum", "dot"].contains(&self.function.as_str())
    }
}

/// Typed calls: results go into the caller's column.
fn in_place_of(kernel: &LoadedKernel, load: &Load) -> Result<Run, KernelError> {
    match (load.ty, load.out) {
        (Ty::F64, Ty::I32) => typed::<f64, i32>(kernel),
        (Ty::F32, Ty::I32) => typed::<f32, i32>(kernel),
        (Ty::F32, _) => typed::<f32, f32>(kernel),
        (Ty::I64, _) => typed::<i64, i64>(kernel),
        _ => typed::<f64, f64>(kernel),
    }
}

/// By the number of columns that the kernel takes.
fn typed<T, R>(kernel: &LoadedKernel) -> Result<Run, KernelError>
where
    T: Element + array::Element,
    R: Element + array::Element + TryFrom<Scalar>,
{
    macro_rules! by {
        ($($name:ident: $column:ty),*) => {{
            let kernel = kernel.typed::<($($column,)*), R>()?;
            Ok(Box::new(move |data: &mut Data, times: u64| {
                let mut columns = views::<T>(&data.load, &data.inputs).into_iter();
                $(let $name = columns.next().unwrap_or_default();)*
                let out = R::slice_mut(&mut data.out);
                if data.load.out_is_total() {
                    let sum = || total(kernel.sum(($($name,)*)));
                    return (0..times).try_for_each(|_| sum().map(|sum| out[0] = black_box(sum)));
                }
                if data.load.nulls {
                    let valid: Vec<Option<&[u8]>> = data.valid.iter().map(|bits| Some(bits.as_slice())).collect();
                    let mut call = || kernel.call_nulls(($($name,)*), &valid, out, &mut data.out_valid);
                    return (0..times).try_for_each(|_| call()).map_err(|e| e.to_string());
                }
                (0..times).try_for_each(|_| kernel.call(($($name,)*), out)).map_err(|e| e.to_string())
            }))
        }};
    }
    match kernel.kernel().core.signature.params.len() {
        1 => by!(a: T),
        2 => by!(a: T, b: T),
        3 => by!(a: T, b: T, c: T),
        _ => by!(a: T, b: T, c: T, d: T),
    }
}

/// The columns that a kernel takes: those of the load, or shifted views of the one there is.
fn views<'a, T: array::Element>(load: &Load, inputs: &'a [Array]) -> Vec<&'a [T]> {
    match load.function.as_str() {
        "stencil" => (0..3).map(|shift| &T::slice(&inputs[0])[shift..shift + load.rows]).collect(),
        _ => inputs.iter().map(T::slice).collect(),
    }
}

/// A sum, as an element of the result.
fn total<R: TryFrom<Scalar>>(sum: Result<Option<Scalar>, KernelError>) -> Result<R, String> {
    let sum = sum.map_err(|e| e.to_string())?.ok_or("no rows")?;
    R::try_from(sum).map_err(|_| format!("a sum of another type: {sum:?}"))
}

/// Sums on several threads.
struct Total {
    kernel: LoadedKernel,
    options: CallOptions,
}

impl Compiled for Total {
    fn run(&mut self, data: &mut Data, times: u64) -> Result<(), String> {
        let columns = arguments(&data.load, &data.inputs, &data.valid);
        for _ in 0..times {
            let sum = self.kernel.fold(Fold::Sum, &columns[..], &self.options);
            each_array!(&mut data.out, out => out[0] = total(sum.clone())?);
        }
        Ok(())
    }
}

/// Every call gives new columns: results that are lists, and calls on several threads.
struct Fresh {
    kernel: LoadedKernel,
    options: CallOptions,
    result: Option<OutColumn>,
}

impl Compiled for Fresh {
    fn run(&mut self, data: &mut Data, times: u64) -> Result<(), String> {
        let columns = arguments(&data.load, &data.inputs, &data.valid);
        let rows = if data.load.function == "softmax" { data.load.rows / LIST } else { data.load.rows };
        for _ in 0..times {
            let results = self.kernel.call(&columns, rows, &self.options).map_err(|e| e.to_string())?;
            self.result = results.into_iter().next();
        }
        Ok(())
    }

    fn finish(&mut self, data: &mut Data) {
        let Some(result) = &self.result else { return };
        each_array!(&mut data.out, out => out.copy_from_slice(result.as_slice().expect("the result's type")));
        if let Some(nulls) = result.nulls() {
            let rows = data.load.rows;
            let bits = (0..rows).filter(|&row| nulls.is_valid(row));
            bits.for_each(|row| data.out_valid[row / 8] |= 1 << (row % 8));
        }
    }
}
