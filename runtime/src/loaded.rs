//! A kernel that can be called: the one handle that engines and bindings hold.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arrow_buffer::NullBuffer;
use filbert_compiler::Backend;
use filbert_ir::{Code, Datum, KernelError, ResultTy, Type, VerifiedKernel};

use crate::bind::{Bound, Nulls, bind};
use crate::cache::KernelCache;
use crate::call::{self, Direct, Folding, Form, Halt, Limits, Order, STRIP_ROWS, direct_sum};
use crate::column::Column;
use crate::crash;
use crate::engine::{self, Engine};
use crate::fault::row_error;
use crate::fold::{BLOCK_ROWS, Fold, Total, float_sum};
use crate::ladder::LoadedCode;
use crate::layout::Layout;
use crate::lend::Lent;
use crate::options::CallOptions;
use crate::out_column::{OutColumn, ResultRoom, rooms_of};
use crate::parallel;
use crate::room::{Aligned, Cell, Nowhere, Room};

/// A kernel with the machine code that was made for it, or without. Cheap to clone, and safe to call from
/// any number of threads; its code stays mapped until the last clone goes.
///
/// ```
/// use filbert_ir::{Datum, text, verify};
/// use filbert_runtime::{CallOptions, Column, LoadedKernel};
///
/// let kernel = text::parse(
///     "kernel hypotenuse(%0 a: f64, %1 b: f64) -> f64 {
///        %2: f64 = hypot %0, %1
///        return %2
///      }",
/// ).unwrap();
/// let loaded = LoadedKernel::load(&verify(kernel).unwrap());
/// assert_eq!(loaded.call_row(&[3.0.into(), 4.0.into()]).unwrap(), [Datum::from(5.0)]);
///
/// let a = [3.0, 6.0, 9.0];
/// let results = loaded.call(&[Column::from(&a), Column::from(4.0)], 3, &CallOptions::default()).unwrap();
/// assert_eq!(results[0].as_slice::<f64>().unwrap()[0], 5.0);
/// ```
#[derive(Clone)]
pub struct LoadedKernel {
    kernel: VerifiedKernel,
    layout: Arc<Layout>,
    code: Option<Arc<LoadedCode>>,
    compile_time: Option<Duration>,
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

    pub(crate) fn new(
        kernel: VerifiedKernel,
        code: Option<Arc<LoadedCode>>,
        compile_time: Option<Duration>,
    ) -> LoadedKernel {
        let layout = match &code {
            Some(code) => code.native.layout().clone(),
            None => Arc::new(Layout::of(&kernel)),
        };
        LoadedKernel { kernel, layout, code, compile_time }
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

    /// How long this load compiled, successfully or not. Nothing where that was done before, or by another
    /// thread that it waited for, or was not asked for.
    pub fn compile_time(&self) -> Option<Duration> {
        self.compile_time
    }

    /// Which back end made its machine code; `None` in the interpreter.
    pub fn backend(&self) -> Option<Backend> {
        self.native().map(|code| code.native.backend())
    }

    /// Bytes of code memory that it holds together with its clones; 0 in the interpreter. Scalar code that stands
    /// beside vector code is counted apart.
    pub fn code_bytes(&self) -> usize {
        self.code.as_ref().map_or(0, |code| code.native.bytes())
    }

    /// Bytes of the scalar code that computes what vector code leaves; 0 as long as no row wanted it.
    pub fn companion_bytes(&self) -> usize {
        self.code.as_ref().map_or(0, |code| code.native.companion_bytes())
    }

    /// Computes one row: a datum for each parameter in, one for each result out. A null in a strict parameter
    /// makes every result null; so does a fault, if the kernel says `on_error = "null"`.
    pub fn call_row(&self, args: &[Datum]) -> Result<Vec<Datum>, KernelError> {
        let params = &self.kernel.core.signature.params;
        let wanted = params.iter().map(Some).chain(std::iter::repeat(None));
        let columns: Vec<Column<'_>> =
            args.iter().zip(wanted).map(|(arg, param)| Column::of_datum(arg, param)).collect();
        let options = CallOptions::default();
        let of_row = |error| KernelError { row: None, ..error };
        let bound = bind(&self.kernel, &columns, 1).map_err(of_row)?;
        let signature = &self.kernel.core.signature;
        let is_plain =
            signature.results.iter().all(|result| matches!(result, ResultTy::Scalar { nullable: false, .. }));
        if is_plain && !self.layout.forgives && matches!(bound.nulls, Nulls::None) {
            let mut cells: Vec<Cell> = self.layout.columns.iter().map(|column| Cell::new(column.ty)).collect();
            let mut rooms: Vec<&mut dyn Room> = cells.iter_mut().map(|cell| cell as &mut dyn Room).collect();
            self.run(&bound, &mut rooms, None, &options).map_err(of_row)?;
            return Ok(cells.iter().map(|cell| Datum::Scalar(cell.value())).collect());
        }
        let results = self.call_bound(&bound, &options, false, &[]).map_err(of_row)?;
        Ok(results.iter().map(|column| column.datum(0)).collect())
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
        self.call_with_absent(columns, rows, options, packed, &[])
    }

    /// `call_packed`, where the rows that are null in `absent`, by result, are so in what comes out. Lists have none.
    pub(crate) fn call_with_absent(
        &self,
        columns: &[Column<'_>],
        rows: usize,
        options: &CallOptions,
        packed: bool,
        absent: &[Option<NullBuffer>],
    ) -> Result<Vec<OutColumn>, KernelError> {
        self.call_bound(&bind(&self.kernel, columns, rows)?, options, packed, absent)
    }

    fn call_bound(
        &self,
        bound: &Bound<'_>,
        options: &CallOptions,
        packed: bool,
        absent: &[Option<NullBuffer>],
    ) -> Result<Vec<OutColumn>, KernelError> {
        let rows = bound.rows;
        let mut results = self.reserve(bound, packed).map_err(|e| self.about(e))?;
        let nulls = match &bound.nulls {
            Nulls::All => {
                results.iter_mut().flat_map(ResultRoom::rooms).for_each(Aligned::zero);
                Some(NullBuffer::new_null(rows))
            }
            nulls => {
                let mut valid = self.valid_room(rows)?;
                self.run(bound, &mut rooms_of(&mut results), valid.as_mut(), options)?;
                let failing = valid.map(|room| room.into_nulls());
                let failing = failing.filter(|valid| valid.null_count() > 0);
                if let Some(valid) = &failing {
                    results
                        .iter_mut()
                        .try_for_each(|result| result.drop_lists(rows, valid))
                        .map_err(|e| self.about(e))?;
                }
                NullBuffer::union(nulls.some(), failing.as_ref())
            }
        };
        let absent = absent.iter().map(Option::as_ref).chain(std::iter::repeat(None));
        let columns = results.into_iter().zip(absent).map(|(mut result, absent)| {
            let Some(absent) = absent else { return result.into_column(rows, nulls.as_ref()) };
            result.zero_rows(absent);
            result.into_column(rows, NullBuffer::union(nulls.as_ref(), Some(absent)).as_ref())
        });
        columns.collect::<Result<_, _>>().map_err(|e| self.about(e))
    }

    /// Room for every result.
    fn reserve(&self, bound: &Bound<'_>, packed: bool) -> Result<Vec<ResultRoom>, KernelError> {
        let mut lists = bound.results.iter();
        let results = self.kernel.core.signature.results.iter();
        results.map(|result| ResultRoom::reserve(result, bound.rows, &mut lists, packed)).collect()
    }

    /// Room for a bit a row, if failing rows are null.
    pub(crate) fn valid_room(&self, rows: usize) -> Result<Option<Aligned>, KernelError> {
        let room = self.layout.forgives.then(|| Aligned::reserve(Type::Bool, rows, true));
        room.transpose().map_err(|e| self.about(e))
    }

    /// Fills rooms, one for each column and then one for each list of the layout, whose types and lengths the
    /// caller has checked; `valid` is there if failing rows are null.
    pub(crate) fn run(
        &self,
        bound: &Bound<'_>,
        rooms: &mut [&mut dyn Room],
        valid: Option<&mut Aligned>,
        options: &CallOptions,
    ) -> Result<(), KernelError> {
        self.run_with(bound, rooms, valid, options, None)
    }

    /// Folds the one result of all rows: a total for each block of them.
    pub(crate) fn run_fold(
        &self,
        fold: Fold,
        bound: &Bound<'_>,
        options: &CallOptions,
    ) -> Result<Vec<Total>, KernelError> {
        let folding = Folding::new(fold);
        let mut nowhere: Vec<Nowhere> =
            self.layout.columns.iter().map(|column| Nowhere { ty: column.ty, len: bound.rows }).collect();
        let mut rooms: Vec<&mut dyn Room> = nowhere.iter_mut().map(|room| room as &mut dyn Room).collect();
        self.run_with(bound, &mut rooms, None, options, Some(&folding))?;
        Ok(folding.into_totals())
    }

    fn run_with(
        &self,
        bound: &Bound<'_>,
        rooms: &mut [&mut dyn Room],
        mut valid: Option<&mut Aligned>,
        options: &CallOptions,
        folding: Option<&Folding>,
    ) -> Result<(), KernelError> {
        let own_fuel = self.kernel.core.signature.fuel;
        let fuel = options.fuel.map_or(own_fuel, |fuel| fuel.min(own_fuel));
        let limits = Limits { fuel, stop: options.stop.as_ref(), streams: options.streams };
        if let Some(code) = self.native() {
            crash::taste(&self.kernel);
            let form = Form { uniform: bound.uniform(), sums: false };
            let sums = folding.filter(|folding| folding.fold == Fold::Sum && self.may_sum(bound));
            let sums = sums.and_then(|_| code.native.variant(Form { sums: true, ..form }, bound.rows, false));
            let native = sums.or_else(|| code.native.variant(form, bound.rows, false)).unwrap_or(&code.native);
            let is_due = if native.sums() { code.is_due(bound.rows) } else { code.wants_shadow(bound.rows) };
            let shadow = is_due || native.is_unchecked_variant();
            let engine = call::Engine::Native(native);
            let mut fill = |valid| self.fill(engine, shadow, bound, rooms, valid, limits, options.parallel, folding);
            let claim = match fill(valid.as_deref_mut()) {
                Ok(looked_at) => {
                    if looked_at > 0 {
                        native.set_checked();
                        // The code for a sum tells nothing of the stores of other code.
                        if !native.sums() {
                            code.set_checked();
                        }
                    }
                    return Ok(());
                }
                Err(halt) => match self.explain(halt, bound, limits) {
                    Ok(error) => return Err(error),
                    Err(claim) => claim,
                },
            };
            code.quarantine();
            let kernel = &self.kernel;
            tracing::error!(kernel = kernel.name(), id = %kernel.id(), "wrong machine code, now interpreted: {claim}");
        }
        if let Some(folding) = folding {
            folding.clear();
        }
        let done = self.fill(call::Engine::Interp, false, bound, rooms, valid, limits, options.parallel, folding);
        done.map(|_| ()).map_err(|halt| {
            let defect = |claim| self.about(KernelError::new(Code::Internal, claim));
            self.explain(halt, bound, limits).unwrap_or_else(defect)
        })
    }

    /// Whether code for sums may add up all rows: they are plain, none is null, and each gives a float.
    fn may_sum(&self, bound: &Bound<'_>) -> bool {
        self.layout.is_plain && matches!(bound.nulls, Nulls::None) && self.layout.columns[0].ty.is_float()
    }

    /// The sum of the rows of whole slices, floats, if one call of the machine code gives it.
    #[inline]
    pub(crate) fn sum_direct(&self, uniform: u64, inputs: &[Lent<'_>]) -> Option<Total> {
        let code = self.native()?;
        let rows = inputs.iter().find_map(|input| input.len).filter(|&rows| rows <= BLOCK_ROWS)?;
        let native = code.native.variant(Form { uniform, sums: true }, rows, true)?;
        if native.is_unchecked_variant() || code.is_due(rows) {
            return None;
        }
        crash::taste(&self.kernel);
        let limits = Limits { fuel: self.kernel.core.signature.fuel, stop: None, streams: Some(false) };
        float_sum(self.layout.columns[0].ty, rows, |lanes| {
            matches!(direct_sum(native, limits, inputs, lanes, rows), Direct::All)
        })
    }

    #[allow(clippy::too_many_arguments)]
    fn fill(
        &self,
        engine: call::Engine<'_>,
        shadow: bool,
        bound: &Bound<'_>,
        rooms: &mut [&mut dyn Room],
        valid: Option<&mut Aligned>,
        limits: Limits<'_>,
        parallel: bool,
        folding: Option<&Folding>,
    ) -> Result<usize, Halt> {
        let order = Order { kernel: &self.kernel, layout: &self.layout, engine, bound, limits, shadow, folding };
        let from = match order.direct(rooms) {
            Direct::All => return Ok(0),
            Direct::Left(row) => row,
        };
        match parallel && bound.rows > parallel::PIECE_ROWS {
            true => order.fill(from, rooms, valid, parallel::PIECE_ROWS, parallel::run),
            false => {
                let one_piece = usize::MAX / STRIP_ROWS * STRIP_ROWS;
                order.fill(from, rooms, valid, one_piece, |pieces| pieces.into_iter().try_for_each(|piece| piece.run()))
            }
        }
    }

    /// The error that a halt means, or why the machine code must be wrong.
    fn explain(&self, halt: Halt, bound: &Bound<'_>, limits: Limits<'_>) -> Result<KernelError, String> {
        match halt {
            Halt::Row { row, fault, value } => {
                let args = bound.row(&self.kernel.core.signature.params, row);
                row_error(&self.kernel, &args, row, fault, value, limits)
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

    pub(crate) fn native(&self) -> Option<&LoadedCode> {
        self.code.as_deref().filter(|code| !code.is_quarantined())
    }
}

impl fmt::Debug for LoadedKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({})", self.kernel, self.engine())
    }
}
