//! A kernel that can be called: the one handle that engines and bindings hold.

use std::fmt;
use std::sync::Arc;

use filbert_ir::{Code, KernelError, Scalar, VerifiedKernel};

use crate::bind::{Bound, Nulls, bind};
use crate::cache::KernelCache;
use crate::call::{self, Halt, Order, STRIP_ROWS};
use crate::column::{Column, OutColumn};
use crate::engine::{self, Engine};
use crate::fault::row_error;
use crate::ladder::LoadedCode;
use crate::lend::{Aligned, Cell, Input, Room};
use crate::options::CallOptions;
use crate::parallel;

/// A kernel with the machine code that was made for it, or without. Cheap to clone, and safe to call from
/// any number of threads; its code stays mapped until the last clone goes.
///
/// ```
/// use filbert_ir::{text, verify, Scalar};
/// use filbert_runtime::{CallOptions, Column, LoadedKernel};
///
/// let kernel = text::parse(
///     "kernel hypotenuse(%0 a: f64, %1 b: f64) -> f64 {
///        %2: f64 = hypot %0, %1
///        return %2
///      }",
/// ).unwrap();
/// let loaded = LoadedKernel::load(&verify(kernel).unwrap());
/// assert_eq!(loaded.call_row(&[3.0.into(), 4.0.into()]).unwrap(), [Scalar::F64(5.0)]);
///
/// let a = [3.0, 6.0, 9.0];
/// let results = loaded.call(&[Column::from(&a), Column::from(4.0)], 3, &CallOptions::default()).unwrap();
/// assert_eq!(results[0].as_slice::<f64>().unwrap()[0], 5.0);
/// ```
#[derive(Clone)]
pub struct LoadedKernel {
    kernel: VerifiedKernel,
    code: Option<Arc<LoadedCode>>,
}

impl LoadedKernel {
    /// Loads a kernel with the process's engine and cache. It never fails: what cannot be compiled runs in
    /// the interpreter.
    pub fn load(kernel: &VerifiedKernel) -> LoadedKernel {
        LoadedKernel::load_with(kernel, engine::engine())
    }

    /// Loads a kernel for this engine.
    pub fn load_with(kernel: &VerifiedKernel, engine: Engine) -> LoadedKernel {
        KernelCache::process().load(kernel, engine)
    }

    pub(crate) fn new(kernel: VerifiedKernel, code: Option<Arc<LoadedCode>>) -> LoadedKernel {
        LoadedKernel { kernel, code }
    }

    /// The kernel.
    pub fn kernel(&self) -> &VerifiedKernel {
        &self.kernel
    }

    /// What runs it.
    pub fn engine(&self) -> Engine {
        match self.native() {
            Some(_) => Engine::Native,
            None => Engine::Interp,
        }
    }

    /// Bytes of code memory that it holds together with its clones; 0 in the interpreter.
    pub fn code_bytes(&self) -> usize {
        self.code.as_ref().map_or(0, |code| code.native.bytes())
    }

    /// Computes one row.
    pub fn call_row(&self, args: &[Scalar]) -> Result<Vec<Scalar>, KernelError> {
        let columns: Vec<Column<'_>> = args.iter().map(|&arg| Column::scalar(arg)).collect();
        let bound = bind(&self.kernel, &columns, 1)?;
        let mut cells: Vec<Cell> = self.kernel.core.return_types().into_iter().map(Cell::new).collect();
        let mut rooms: Vec<&mut dyn Room> = cells.iter_mut().map(|cell| cell as &mut dyn Room).collect();
        let done = self.run(&bound, &mut rooms, &CallOptions::default());
        done.map_err(|error| KernelError { row: None, ..error })?;
        Ok(cells.iter().map(Cell::value).collect())
    }

    /// Computes all rows of raw columns: one result column for each result, in order. The row of an error is
    /// the lowest that fails. `rows` counts where all columns are scalars, and must be right where not.
    pub fn call(
        &self,
        columns: &[Column<'_>],
        rows: usize,
        options: &CallOptions,
    ) -> Result<Vec<OutColumn>, KernelError> {
        self.call_packed(columns, rows, options, false)
    }

    /// `call`, with bools a bit each if `packed`.
    pub(crate) fn call_packed(
        &self,
        columns: &[Column<'_>],
        rows: usize,
        options: &CallOptions,
        packed: bool,
    ) -> Result<Vec<OutColumn>, KernelError> {
        let bound = bind(&self.kernel, columns, rows)?;
        let types = self.kernel.core.return_types();
        let packed = |ty| packed && ty == filbert_ir::Type::Bool;
        let reserved = types.iter().map(|&ty| Aligned::reserve(ty, rows, packed(ty)));
        let mut results = reserved.collect::<Result<Vec<Aligned>, _>>().map_err(|e| self.about(e))?;
        match bound.nulls {
            Nulls::All => results.iter_mut().for_each(Aligned::zero),
            _ => {
                let mut rooms: Vec<&mut dyn Room> = results.iter_mut().map(|room| room as &mut dyn Room).collect();
                self.run(&bound, &mut rooms, options)?;
            }
        }
        let nulls = match bound.nulls {
            Nulls::None => None,
            Nulls::Some(nulls) => Some(nulls),
            Nulls::All => Some(arrow_buffer::NullBuffer::new_null(rows)),
        };
        let columns = types.into_iter().zip(results);
        Ok(columns.map(|(ty, room)| OutColumn { ty, rows, values: room.into_buffer(), nulls: nulls.clone() }).collect())
    }

    /// Fills rooms, one a result, whose types and lengths the caller has checked.
    pub(crate) fn run(
        &self,
        bound: &Bound<'_>,
        rooms: &mut [&mut dyn Room],
        options: &CallOptions,
    ) -> Result<(), KernelError> {
        if let Some(code) = self.native() {
            let shadow = code.wants_shadow(bound.rows);
            let claim = match self.fill(call::Engine::Native(&code.native), shadow, bound, rooms, options) {
                Ok(()) => {
                    if shadow && bound.rows > 0 {
                        code.set_checked();
                    }
                    return Ok(());
                }
                Err(halt) => match self.explain(halt, bound) {
                    Ok(error) => return Err(error),
                    Err(claim) => claim,
                },
            };
            code.quarantine();
            let kernel = &self.kernel;
            tracing::error!(kernel = kernel.name(), id = %kernel.id(), "wrong machine code, now interpreted: {claim}");
        }
        let done = self.fill(call::Engine::Interp, false, bound, rooms, options);
        done.map_err(|halt| {
            self.explain(halt, bound).unwrap_or_else(|claim| self.about(KernelError::new(Code::Internal, claim)))
        })
    }

    fn fill(
        &self,
        engine: call::Engine<'_>,
        shadow: bool,
        bound: &Bound<'_>,
        rooms: &mut [&mut dyn Room],
        options: &CallOptions,
    ) -> Result<(), Halt> {
        let nulls = match &bound.nulls {
            Nulls::Some(nulls) => Some(nulls),
            _ => None,
        };
        let stop = options.stop.as_ref();
        let order =
            Order { kernel: &self.kernel, engine, inputs: &bound.inputs, rows: bound.rows, nulls, stop, shadow };
        match options.parallel && bound.rows > parallel::PIECE_ROWS {
            true => order.fill(rooms, parallel::PIECE_ROWS, parallel::run),
            false => {
                let one_piece = usize::MAX / STRIP_ROWS * STRIP_ROWS;
                order.fill(rooms, one_piece, |pieces| pieces.into_iter().try_for_each(|piece| piece.run()))
            }
        }
    }

    /// The error that a halt means, or why the machine code must be wrong.
    fn explain(&self, halt: Halt, bound: &Bound<'_>) -> Result<KernelError, String> {
        match halt {
            Halt::Row { row, fault, value } => {
                let args: Vec<Scalar> = bound.inputs.iter().map(|input: &Input<'_>| input.value(row)).collect();
                row_error(&self.kernel, &args, Some(row), fault, value)
            }
            Halt::Stopped { row } => {
                let detail = format!("stopped before row {row} of {}", bound.rows);
                Ok(self.about(KernelError::new(Code::Cancelled, detail)))
            }
            Halt::Defect(claim) => Err(claim),
        }
    }

    /// The error, said of this kernel.
    pub(crate) fn about(&self, error: KernelError) -> KernelError {
        error.of(&self.kernel, self.kernel.id())
    }

    fn native(&self) -> Option<&LoadedCode> {
        self.code.as_deref().filter(|code| !code.is_quarantined())
    }
}

impl fmt::Debug for LoadedKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({})", self.kernel, self.engine())
    }
}
