//! Typed calls without their types: columns that are lent, by direct calls and, for what these leave, by any other.

use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use filbert_ir::{Code, KernelError, Scalar};

use crate::bind::{Nulls, bind};
use crate::call::{Bitmap, Direct, Form, Limits, direct, direct_nulls};
use crate::column::Column;
use crate::crash;
use crate::lend::Lent;
use crate::loaded::LoadedKernel;
use crate::options::CallOptions;
use crate::room::{Room, Sink};

/// Rows of a call up to which it is one call of machine code. Longer ones are nearer to what `map_into` does.
const DIRECT_ROWS_MAX: usize = 1 << 20;

impl LoadedKernel {
    /// Types have been compared by the caller, and are again where it counts. `uniform` has a bit for each input of
    /// one value; `valid` has one for each row that is not null, if some are.
    pub(super) fn call_slices(
        &self,
        uniform: u64,
        inputs: &[Lent<'_>],
        outputs: &mut [Sink<'_>],
        valid: Option<&[u8]>,
    ) -> Result<(), KernelError> {
        let rows = outputs.first().map_or(0, |output| output.len);
        let mut left = Direct::Left(0);
        if let Some(code) = self.native() {
            let native = match uniform {
                0 => &code.native,
                _ => code.native.variant(Form { uniform, sums: false }, rows, false).unwrap_or(&code.native),
            };
            let is_short = rows <= DIRECT_ROWS_MAX;
            if is_short && !code.wants_shadow(rows) && !native.is_unchecked_variant() {
                crash::taste(self.kernel());
                let limits = Limits { fuel: self.kernel().core.signature.fuel, stop: None, streams: Some(false) };
                left = match valid {
                    None => direct(native, limits, inputs, outputs, rows),
                    Some(valid) => direct_nulls(native, limits, inputs, outputs, rows, &Bitmap(valid)),
                };
            }
        }
        match left {
            Direct::All => Ok(()),
            Direct::Left(row) => self.call_rest(inputs, outputs, rows, row, valid),
        }
    }

    /// The bits of the rows for which all arguments have a value; those behind the last row are 0.
    pub(super) fn all_valid(
        &self,
        params: usize,
        valid: &[Option<&[u8]>],
        rows: usize,
        all: &mut [u8],
    ) -> Result<(), KernelError> {
        let bytes = rows.div_ceil(8);
        let wrong = valid.iter().flatten().map(|bits| bits.len()).chain([all.len()]).find(|&len| len != bytes);
        if let Some(len) = wrong {
            let detail = format!("a bitmap of {len} bytes for {rows} rows, which take {bytes}");
            return Err(self.about(KernelError::new(Code::LengthMismatch, detail)));
        }
        if valid.len() != params {
            let detail = format!("takes {params} arguments, got bitmaps or none for {}", valid.len());
            return Err(self.about(KernelError::new(Code::SignatureMismatch, detail)));
        }
        let mut bitmaps = valid.iter().flatten();
        match (bitmaps.next(), bitmaps.next()) {
            (None, _) => all.fill(0xff),
            (Some(one), None) => all.copy_from_slice(one),
            // Together at once, because that is most often all.
            (Some(a), Some(b)) => all.iter_mut().zip(*a).zip(*b).for_each(|((all, a), b)| *all = a & b),
        }
        bitmaps.for_each(|bits| all.iter_mut().zip(*bits).for_each(|(all, bits)| *all &= bits));
        if let (Some(last), left @ 1..) = (all.last_mut(), rows % 8) {
            *last &= (1 << left) - 1;
        }
        Ok(())
    }

    /// Types have been compared by the caller, and are again where it counts.
    pub(super) fn sum_slices(&self, uniform: u64, inputs: &[Lent<'_>]) -> Result<Option<Scalar>, KernelError> {
        if let Some(total) = self.sum_direct(uniform, inputs) {
            return Ok(total.float());
        }
        self.sum(inputs.iter().map(|input| input.column(0)).collect::<Vec<_>>())
    }

    /// What a direct call leaves, from row `from` on.
    #[cold]
    fn call_rest(
        &self,
        inputs: &[Lent<'_>],
        outputs: &mut [Sink<'_>],
        rows: usize,
        from: usize,
        valid: Option<&[u8]>,
    ) -> Result<(), KernelError> {
        if let Some(other) = outputs.iter().find(|output| output.len != rows) {
            let detail = format!("results have places for {rows} and for {} rows", other.len);
            return Err(self.about(KernelError::new(Code::LengthMismatch, detail)));
        }
        let moved = |error: KernelError| KernelError { row: error.row.map(|row| row + from as u64), ..error };
        let long_enough = inputs.iter().all(|input| input.len.is_none_or(|len| len == rows));
        let from = if long_enough { from } else { 0 };
        let columns: Vec<Column<'_>> = inputs.iter().map(|input| input.column(from)).collect();
        let mut bound = bind(self.kernel(), &columns, rows - from)?;
        assert!(matches!(bound.nulls, Nulls::None), "slices have no nulls");
        if let Some(valid) = valid {
            let valid = NullBuffer::new(BooleanBuffer::new(Buffer::from(valid), from, rows - from));
            bound.nulls = if valid.null_count() == 0 { Nulls::None } else { Nulls::Some(valid) };
        }
        let mut rest: Vec<Sink<'_>> = outputs.iter_mut().map(|output| output.rest(from)).collect();
        let mut rooms: Vec<&mut dyn Room> = rest.iter_mut().map(|sink| sink as &mut dyn Room).collect();
        self.run(&bound, &mut rooms, None, &CallOptions::default()).map_err(moved)
    }
}
