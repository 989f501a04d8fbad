//! Running fused kernels: several kernels over the same columns in one call, with the results and the errors of the
//! kernels alone.
//!
//! ```text
//!   columns ──picked──> fused kernel ──results──> split by part, null where the part is
//!      │                     │ any error
//!      └── some nulls ───────┴─> the parts one after another: their error, or their results
//! ```
//!
//! `filbert_ir::fuse` says what a fused kernel promises. What it leaves open is who fails: so after an error the
//! parts run alone, over all rows, and the user sees what the first of them that fails says, under its own name. That
//! costs as much again, and only calls that fail. The same happens to a batch with nulls that a part must not meet:
//! one that could fail on what stands under them.
//!
//! A fused kernel that only the scalar back end takes, while it has vectors for a part, is not worth having: its
//! parts are called one after another from the start.

use std::fmt;

use arrow_array::ArrayRef;
use arrow_buffer::NullBuffer;
use filbert_compiler::Backend;
use filbert_ir::fuse::{FusedPart, Fusion};
use filbert_ir::{Code, KernelError, Param, VerifiedKernel};

use crate::arrow::ArrowArg;
use crate::cache::KernelCache;
use crate::column::Column;
use crate::engine::{self, Engine};
use crate::loaded::LoadedKernel;
use crate::options::CallOptions;
use crate::out_column::OutColumn;

/// A fusion that can be called. Cheap to clone but for the lists of parts and columns.
///
/// ```
/// use filbert_ir::fuse::{Part, fuse};
/// use filbert_ir::{text, verify};
/// use filbert_runtime::{CallOptions, Column, LoadedFusion};
///
/// let kernel = |text| verify(text::parse(text).unwrap()).unwrap();
/// let share = kernel("kernel share(%0 a: i64, %1 of: i64) -> i64 {\n  %2: i64 = div %0, %1\n  return %2\n}\n");
/// let twice = kernel("kernel twice(%0 a: i64) -> i64 {\n  %1: i64 = add %0, %0\n  return %1\n}\n");
/// let parts = [Part { kernel: share, columns: vec![0, 1] }, Part { kernel: twice, columns: vec![0] }];
/// let fusion = LoadedFusion::load(&fuse(&parts).unwrap());
///
/// let (a, b) = ([10, 20, 30], [5i64, 2, 3]);
/// let columns = [Column::from(&a), Column::from(&b)];
/// let results = fusion.call(&columns, 3, &CallOptions::default()).unwrap();
/// assert_eq!(results[0][0].as_slice::<i64>().unwrap(), [2, 10, 10]);
/// assert_eq!(results[1][0].as_slice::<i64>().unwrap(), [20, 40, 60]);
///
/// let columns = [Column::from(&a), Column::from(0i64)];
/// let error = fusion.call(&columns, 3, &CallOptions::default()).unwrap_err();
/// assert_eq!((&*error.kernel, error.row), ("share", Some(0)));
/// ```
#[derive(Clone)]
pub struct LoadedFusion<'c> {
    fused: LoadedKernel,
    columns: Vec<usize>,
    parts: Vec<FusedPart>,
    /// Where the parts come from, if they are needed; nothing for the process's cache.
    cache: Option<&'c KernelCache>,
    engine: Engine,
    worthwhile: bool,
}

impl LoadedFusion<'static> {
    /// Loads a fusion with the process's engine and cache.
    pub fn load(fusion: &Fusion) -> LoadedFusion<'static> {
        LoadedFusion::with(fusion, None, engine::engine())
    }
}

impl<'c> LoadedFusion<'c> {
    /// Loads a fusion from this cache.
    pub fn load_from(cache: &'c KernelCache, fusion: &Fusion, engine: Engine) -> LoadedFusion<'c> {
        LoadedFusion::with(fusion, Some(cache), engine)
    }

    fn with(fusion: &Fusion, cache: Option<&'c KernelCache>, engine: Engine) -> LoadedFusion<'c> {
        let load = |kernel: &VerifiedKernel| cache.unwrap_or_else(|| KernelCache::process()).load(kernel, engine);
        let fused = load(&fusion.kernel);
        let speed = |loaded: &LoadedKernel| match loaded.backend() {
            None => 0,
            Some(Backend::Scalar) => 1,
            Some(Backend::Vector { .. }) => 2,
        };
        // The best code there is needs no comparison; the interpreter is the same for all.
        let own = speed(&fused);
        let worthwhile = own == 2
            || engine == Engine::Interp
            || fusion.parts.iter().all(|part| speed(&load(&part.part.kernel)) <= own);
        let (columns, parts) = (fusion.columns.clone(), fusion.parts.clone());
        LoadedFusion { fused, columns, parts, cache, engine, worthwhile }
    }

    /// The fused kernel.
    pub fn fused(&self) -> &LoadedKernel {
        &self.fused
    }

    /// Whether a call computes all parts in one loop. Otherwise they are called one after another, because that is
    /// faster.
    pub fn is_fused(&self) -> bool {
        self.worthwhile
    }

    /// Computes all rows of the shared columns: for each part its results, in order, as the part alone gives them.
    /// An error is that of the first part that fails alone.
    pub fn call(
        &self,
        columns: &[Column<'_>],
        rows: usize,
        options: &CallOptions,
    ) -> Result<Vec<Vec<OutColumn>>, KernelError> {
        self.check(columns.len())?;
        let all: Vec<Option<Column<'_>>> = columns.iter().cloned().map(Some).collect();
        if let Some(results) = self.together(&all, rows, options, false) {
            return Ok(results);
        }
        self.alone(columns, |kernel, columns| kernel.call(columns, rows, options))
    }

    /// `call` on Arrow data.
    pub fn call_arrow(
        &self,
        args: &[ArrowArg<'_>],
        rows: usize,
        options: &CallOptions,
    ) -> Result<Vec<Vec<ArrayRef>>, KernelError> {
        self.check(args.len())?;
        let mut columns = vec![None; args.len()];
        for (index, &column) in self.columns.iter().enumerate() {
            columns[column] = self.fused.arrow_argument(index, &args[column], rows).ok();
        }
        if let Some(results) = self.together(&columns, rows, options, true) {
            return Ok(results.into_iter().map(|part| part.into_iter().map(OutColumn::into_arrow).collect()).collect());
        }
        self.alone(args, |kernel, args| kernel.call_arrow_with(args, rows, options))
    }

    fn check(&self, given: usize) -> Result<(), KernelError> {
        match self.parts.iter().flat_map(|part| &part.part.columns).max() {
            Some(&last) if last >= given => {
                let detail = format!("takes {} columns, got {given}", last + 1);
                Err(self.fused.about(KernelError::new(Code::SignatureMismatch, detail)))
            }
            _ => Ok(()),
        }
    }

    /// The results of one call, if the parts alone would give the same. Columns that are not there are for the parts
    /// to refuse.
    fn together(
        &self,
        columns: &[Option<Column<'_>>],
        rows: usize,
        options: &CallOptions,
        packed: bool,
    ) -> Option<Vec<Vec<OutColumn>>> {
        if !self.worthwhile {
            return None;
        }
        let mut absent = vec![None; self.fused.kernel().core.signature.results.len()];
        for part in &self.parts {
            let mut nulls = None;
            for &column in &part.strict {
                let own = columns[column].as_ref()?.known_nulls(rows)?;
                nulls = NullBuffer::union(nulls.as_ref(), own);
            }
            if nulls.is_some() && !part.ignores_nulls {
                return None;
            }
            absent[part.results.clone()].fill(nulls);
        }
        let params = self.fused.kernel().core.signature.params.iter().zip(&self.columns);
        let picked = params.map(|(param, &column)| {
            let own = columns[column].clone()?;
            let keeps = matches!(param, Param::Scalar { nullable: true, .. })
                || !self.parts.iter().any(|part| part.strict.contains(&column));
            Some(if keeps { own } else { own.with_nulls(None) })
        });
        let picked: Vec<Column<'_>> = picked.collect::<Option<_>>()?;
        let results = self.fused.call_with_absent(&picked, rows, options, packed, &absent).ok()?;
        let of = |part: &FusedPart| {
            let own = part.part.kernel.core.signature.results.iter();
            // Lengths name the parameters of the part.
            let own = results[part.results.clone()].iter().zip(own);
            own.map(|(result, own)| OutColumn { result: own.clone(), ..result.clone() }).collect()
        };
        Some(self.parts.iter().map(of).collect())
    }

    /// The parts one after another, up to the first that fails.
    fn alone<A: Clone, R>(
        &self,
        args: &[A],
        call: impl Fn(&LoadedKernel, &[A]) -> Result<Vec<R>, KernelError>,
    ) -> Result<Vec<Vec<R>>, KernelError> {
        let part = |FusedPart { part, .. }: &FusedPart| {
            let args: Vec<A> = part.columns.iter().map(|&column| args[column].clone()).collect();
            let cache = self.cache.unwrap_or_else(|| KernelCache::process());
            call(&cache.load(&part.kernel, self.engine), &args)
        };
        self.parts.iter().map(part).collect()
    }
}

impl fmt::Debug for LoadedFusion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kernels as {:?}", self.parts.len(), self.fused)
    }
}
