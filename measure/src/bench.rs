//! The measurement: some back ends by turns, over the first rows of some columns, for each size.

use filbert_ir::{Code, KernelError, ResultTy, Type};
use filbert_runtime::{CallOptions, Column, LoadedKernel, OutColumn};
use serde::Serialize;

use crate::aligned::Aligned;
use crate::backend::Subject;
use crate::digest::Digest;
use crate::inputs::Inputs;
use crate::rounds::{Call, Plan, Samples, measure};

/// Seconds that one call may be expected to take in a sweep; sizes that take longer are left out.
const CALL_SECONDS_MAX: f64 = 1.0;

/// How to measure.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Threads that a call may use; they are those of the rayon pool that `bench` is called in.
    pub threads: usize,
    /// How long.
    pub plan: Plan,
}

/// How fast a kernel was, by one back end over so many rows.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Measurement {
    /// The kernel's name.
    pub kernel: String,
    /// How many rows a call had.
    pub rows: usize,
    /// Time of the fastest round, by row.
    pub ns_per_row_min: f64,
    /// Time of the round in the middle, by row.
    pub ns_per_row_median: f64,
    /// What ran it: scalar, avx2, avx512 or interp.
    pub backend: &'static str,
    /// Rows of a vector; 1 where there are none.
    pub lanes: u32,
    /// Time that compiling and mapping took.
    pub compile_us: f64,
    /// Bytes of code and constants.
    pub code_bytes: usize,
    /// Digest of the result's bits.
    pub digest: String,
    /// Bytes that a call reads and writes.
    #[serde(skip)]
    pub bytes: usize,
    /// Rounds that were timed.
    #[serde(skip)]
    pub rounds: usize,
}

impl Measurement {
    /// Rows a second, by the fastest round.
    pub fn rows_per_second(&self) -> f64 {
        1e9 / self.ns_per_row_min
    }

    /// Bytes a second, by the fastest round.
    pub fn bytes_per_second(&self) -> f64 {
        self.bytes as f64 / self.rows as f64 * self.rows_per_second()
    }
}

/// Measures the subjects, by turns, for each number of rows. In a sweep a back end is left out where one call
/// would take longer than a second. All results of one size must have the same bits; that they differ would be
/// a defect, and is an error.
pub fn bench(
    subjects: &[Subject],
    inputs: &dyn Inputs,
    sizes: &[usize],
    settings: Settings,
) -> Result<Vec<Measurement>, KernelError> {
    let mut all: Vec<Measurement> = Vec::new();
    for &rows in sizes {
        let is_quick = |subject: &&Subject| {
            let earlier = all.iter().rev().find(|done| done.backend == subject.runs.name());
            earlier.is_none_or(|done| done.ns_per_row_min * rows as f64 * 1e-9 < CALL_SECONDS_MAX)
        };
        let running: Vec<&Subject> = subjects.iter().filter(is_quick).collect();
        let found = one_size(&running, inputs, rows, settings)?;
        if let Some(other) = found.iter().find(|one| one.digest != found[0].digest) {
            let (a, b) = (&found[0], other);
            let detail = format!("{} gives {}, {} gives {}", a.backend, a.digest, b.backend, b.digest);
            return Err(KernelError::new(Code::Internal, format!("back ends differ over {rows} rows: {detail}")));
        }
        all.extend(found);
    }
    Ok(all)
}

/// The sizes of a sweep up to `rows`: every fourth power of two from 1,024, and `rows` itself.
pub fn sizes(rows: usize) -> Vec<usize> {
    let powers = (0..).map(|step| 1024usize << (2 * step)).take_while(|&size| size < rows);
    powers.chain([rows]).collect()
}

fn one_size(
    subjects: &[&Subject],
    inputs: &dyn Inputs,
    rows: usize,
    settings: Settings,
) -> Result<Vec<Measurement>, KernelError> {
    let columns = inputs.columns(rows);
    let options = CallOptions { parallel: settings.threads > 1, ..CallOptions::default() };
    let rooms = subjects.iter().map(|subject| Room::of(&subject.kernel, inputs, rows));
    let mut rooms = rooms.collect::<Result<Vec<Room>, KernelError>>()?;
    let (columns, options) = (&columns, &options);
    let calls = subjects.iter().zip(&mut rooms).map(|(subject, room)| -> Call<'_, KernelError> {
        Box::new(move || room.fill(&subject.kernel, columns, rows, options))
    });
    let mut calls: Vec<Call<'_, KernelError>> = calls.collect();
    let samples = measure(&mut calls, settings.plan)?;
    drop(calls);
    let found = subjects.iter().zip(&rooms).zip(samples);
    Ok(found.map(|((subject, room), samples)| measurement(subject, room, samples, inputs, rows)).collect())
}

fn measurement(subject: &Subject, room: &Room, samples: Samples, inputs: &dyn Inputs, rows: usize) -> Measurement {
    let (digest, written) = room.look();
    let by_row = |seconds: f64| seconds * 1e9 / rows as f64;
    Measurement {
        kernel: subject.kernel.kernel().name().to_string(),
        rows,
        ns_per_row_min: by_row(samples.min()),
        ns_per_row_median: by_row(samples.median()),
        backend: subject.runs.name(),
        lanes: subject.lanes,
        compile_us: (subject.compile.as_nanos() / 100) as f64 / 10.0,
        code_bytes: subject.code_bytes,
        digest,
        bytes: inputs.bytes(rows) + written,
        rounds: samples.rounds(),
    }
}

macro_rules! rooms {
    ($($variant:ident $rust:ty),*) => {
        /// Where results go: into memory that is there, if the kernel has one result without nulls, else into new
        /// columns in each call.
        enum Room {
            New(Vec<OutColumn>),
            $($variant(Aligned<$rust>),)*
        }

        impl Room {
            fn of(kernel: &LoadedKernel, inputs: &dyn Inputs, rows: usize) -> Result<Room, KernelError> {
                let signature = &kernel.kernel().core.signature;
                let room = match signature.results[..] {
                    [ResultTy::Scalar { ty, nullable: false }] if !signature.makes_nulls() && !inputs.has_nulls() => {
                        match ty.storage() {
                            $(Type::$variant => Aligned::filled(rows, <$rust>::default()).map(Room::$variant),)*
                        }
                    }
                    _ => Some(Room::New(Vec::new())),
                };
                let detail = || format!("no memory for the results of {rows} rows");
                room.ok_or_else(|| KernelError::new(Code::OutOfMemory, detail()))
            }

            fn fill(
                &mut self,
                kernel: &LoadedKernel,
                columns: &[Column<'_>],
                rows: usize,
                options: &CallOptions,
            ) -> Result<(), KernelError> {
                match self {
                    Room::New(results) => {
                        // The old ones first: their memory is the likeliest to be given again.
                        results.clear();
                        *results = kernel.call(columns, rows, options)?;
                        Ok(())
                    }
                    $(Room::$variant(results) => kernel.map_into_with(columns, &mut results[..], options),)*
                }
            }

            /// The digest of what the last call wrote, and how many bytes that was.
            fn look(&self) -> (String, usize) {
                let mut digest = Digest::default();
                let written = match self {
                    Room::New(results) => {
                        results.iter().for_each(|column| digest.add(column));
                        let nulls = |column: &OutColumn| column.nulls().map_or(0, |nulls| nulls.len().div_ceil(8));
                        results.iter().map(|column| column.values().len() + nulls(column)).sum()
                    }
                    $(Room::$variant(results) => {
                        digest.add_elements(&results[..]);
                        size_of_val(&results[..])
                    })*
                };
                (digest.finish(), written)
            }
        }
    };
}

rooms!(Bool bool, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64, F32 f32, F64 f64);

#[cfg(test)]
#[path = "bench_tests.rs"]
mod tests;
