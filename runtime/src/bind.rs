//! Binding: columns meet a kernel. All that can be wrong with arguments is found here, before any code runs.

use arrow_buffer::{BooleanBuffer, NullBuffer};
use filbert_ir::{Code, Datum, KernelError, Length, Logical, Param, ResultTy, Scalar, Type, VerifiedKernel};

use crate::column::{Column, Values};
use crate::lend::{Input, View};
use crate::lists::Lists;
use crate::offsets::Offsets;

/// Arguments that fit a kernel.
pub(crate) struct Bound<'a> {
    /// One for each slot of the kernel.
    pub(crate) slots: Vec<Input<'a>>,
    /// One for each parameter that is a list.
    pub(crate) lists: Vec<Lists<'a>>,
    /// One for each result that is a list.
    pub(crate) results: Vec<Starts>,
    pub(crate) rows: usize,
    pub(crate) nulls: Nulls,
}

/// Which rows have a null argument, and so a null result.
#[derive(Clone)]
pub(crate) enum Nulls {
    None,
    Some(NullBuffer),
    /// A scalar argument is NULL: there is nothing to compute.
    All,
}

impl Nulls {
    pub(crate) fn some(&self) -> Option<&NullBuffer> {
        match self {
            Nulls::Some(nulls) => Some(nulls),
            Nulls::None | Nulls::All => None,
        }
    }
}

/// Where the rows of a result that is a list begin.
#[derive(Clone)]
pub(crate) enum Starts {
    /// Every row has so many elements.
    Equal(usize),
    /// Offsets, each of which counts so many elements.
    Offsets(Offsets<'static>, usize),
}

impl Starts {
    /// The element that row `row` begins with; there is one more than rows.
    pub(crate) fn at(&self, row: usize) -> usize {
        match self {
            Starts::Equal(len) => row * len,
            Starts::Offsets(offsets, inner) => offsets.at(row) * inner,
        }
    }
}

/// Checks columns against the kernel's parameters and `rows`.
pub(crate) fn bind<'a>(kernel: &VerifiedKernel, columns: &[Column<'a>], rows: usize) -> Result<Bound<'a>, KernelError> {
    let about = |error: KernelError| error.of(kernel, kernel.id());
    let params = &kernel.core.signature.params;
    if columns.len() != params.len() {
        let detail = format!("takes {} arguments ({}), got {}", params.len(), signature(kernel), columns.len());
        return Err(about(KernelError::new(Code::SignatureMismatch, detail)));
    }
    let mut binding = Binding {
        kernel,
        rows,
        slots: Vec::with_capacity(params.len()),
        lists: Vec::new(),
        nulls: None,
        all_null: false,
    };
    for (index, column) in columns.iter().enumerate() {
        binding.param(index, column).map_err(about)?;
    }
    binding.finish().map_err(about)
}

struct Binding<'a, 'k> {
    kernel: &'k VerifiedKernel,
    rows: usize,
    slots: Vec<Input<'a>>,
    lists: Vec<Lists<'a>>,
    nulls: Option<NullBuffer>,
    all_null: bool,
}

impl<'a> Binding<'a, '_> {
    fn param(&mut self, index: usize, column: &Column<'a>) -> Result<(), KernelError> {
        match self.kernel.core.signature.params[index] {
            Param::Scalar { ty, nullable } => self.scalar(index, column, ty, nullable),
            Param::List { elem, inner, .. } => self.list(index, column, elem, inner as usize),
        }
    }

    fn scalar(&mut self, index: usize, column: &Column<'a>, ty: Logical, nullable: bool) -> Result<(), KernelError> {
        let storage = ty.storage();
        let fits = match (&column.values, column.logical) {
            (Values::Null, _) => true,
            (Values::Scalar(scalar), own) => scalar.ty() == storage && own.is_none_or(|own| own == ty),
            (Values::View(_) | Values::Bits(_), Some(own)) => own == ty && column.ty() == Some(storage),
            (Values::View(_) | Values::Bits(_), None) => {
                ty.plain().is_some_and(|plain| column.storage().is_some_and(|own| own.gives(plain)))
            }
            _ => false,
        };
        if !fits {
            return Err(self.mismatch(index, column));
        }
        self.check_rows(index, column.rows())?;
        let nulls = self.nulls_of(index, column, column.rows())?;
        let is_null = matches!(column.values, Values::Null);
        let values = match &column.values {
            Values::Scalar(scalar) => Input::Scalar(*scalar),
            Values::View(view) => view.input(storage),
            Values::Bits(bits) => Input::Bits(bits.clone()),
            _ => Input::Scalar(Scalar::from_bits(storage, 0)),
        };
        match (nullable, nulls) {
            (true, None) => self.slots.extend([values, Input::Scalar(Scalar::Bool(!is_null))]),
            (true, Some(valid)) => {
                let flags = Input::Bits(valid.inner().clone());
                self.slots.extend([Input::Optional { values: Box::new(values), valid }, flags]);
            }
            (false, nulls) => {
                self.add_nulls(nulls);
                self.all_null |= is_null;
                self.slots.push(values);
            }
        }
        Ok(())
    }

    fn list(&mut self, index: usize, column: &Column<'a>, elem: Type, inner: usize) -> Result<(), KernelError> {
        let core = if inner == 1 { 1 } else { 2 };
        let fits = column.logical.is_none() && column.storage().is_none_or(|storage| storage.gives(elem));
        let (lists, valid) = match &column.values {
            Values::Null => {
                self.all_null = true;
                (Lists::none(elem, self.rows), None)
            }
            _ if !fits => return Err(self.mismatch(index, column)),
            Values::View(view) => {
                let detail = || format!("parameter {}, the array has shape {:?}", self.is(index), view.shape());
                if view.axes.len() < core || (core == 2 && view.axes[view.axes.len() - 1].len != inner) {
                    return Err(KernelError::new(Code::LengthMismatch, detail()));
                }
                let dense = view.with_dense_core(core, elem)?;
                let every_row = (view.axes.len() == core).then(|| dense.broadcast(&[self.rows], core)).flatten();
                (every_row.unwrap_or(dense).lists(core, elem), None)
            }
            Values::Equal { elements, valid } if elements.axes.len() == 1 + core => {
                if core == 2 && elements.axes[2].len != inner {
                    return Err(self.mismatch(index, column));
                }
                let lists = elements.with_dense_core(core, elem)?.lists(core, elem);
                let len = lists.equal_len().unwrap_or(0);
                let rows = lists.rows();
                (lists, valid.as_ref().map(|valid| whole(valid, rows, |row| (row * len, (row + 1) * len))))
            }
            Values::Ragged { elements, valid, inner: own, offsets } if *own == inner => {
                let elements: View<'a> = elements.with_dense_core(1, elem)?;
                let range = |row: usize| (offsets.at(row) * inner, offsets.at(row + 1) * inner);
                let valid = valid.as_ref().map(|valid| whole(valid, offsets.rows(), range));
                let lists = Lists::new(&elements, elem, inner, offsets.clone());
                (lists.map_err(|why| KernelError::new(Code::LengthMismatch, why))?, valid)
            }
            Values::Each(lists, own) if *own == inner => (lists.clone(), None),
            _ => return Err(self.mismatch(index, column)),
        };
        self.check_rows(index, Some(lists.rows()))?;
        let nulls = self.nulls_of(index, column, Some(lists.rows()))?;
        self.add_nulls(nulls);
        self.add_nulls(valid.filter(|valid| valid.null_count() > 0));
        self.slots.push(match lists.equal_len() {
            Some(len) => Input::Scalar(Scalar::U64(len as u64)),
            None => Input::Lengths(lists.clone()),
        });
        self.lists.push(lists);
        Ok(())
    }

    fn finish(mut self) -> Result<Bound<'a>, KernelError> {
        let nulls = match self.nulls.take() {
            _ if self.all_null => Nulls::All,
            None => Nulls::None,
            Some(nulls) if nulls.null_count() == self.rows => Nulls::All,
            Some(nulls) => Nulls::Some(nulls),
        };
        self.check_lengths(&nulls)?;
        let mut results = Vec::new();
        for result in &self.kernel.core.signature.results {
            if let ResultTy::List { inner, len, .. } = result {
                let starts = self.starts(len, *inner as usize, &nulls)?;
                self.slots.push(match &starts {
                    Starts::Equal(len) => Input::Scalar(Scalar::U64(*len as u64)),
                    Starts::Offsets(offsets, inner) => Input::Counts { offsets: offsets.clone(), inner: *inner },
                });
                results.push(starts);
            }
        }
        Ok(Bound { slots: self.slots, lists: self.lists, results, rows: self.rows, nulls })
    }

    /// Where the rows of a list result begin; null rows are empty.
    fn starts(&self, length: &Length, inner: usize, nulls: &Nulls) -> Result<Starts, KernelError> {
        let in_rows = |elements: usize, param: u32| match self.kernel.core.signature.params[param as usize] {
            Param::List { inner, .. } => elements as u64 / u64::from(inner),
            Param::Scalar { .. } => unreachable!("lengths name lists"),
        };
        let list = |param: u32| &self.lists[self.list_index(param)];
        let length_of = |row: usize| length.of(|param| in_rows(list(param).at(row).1, param));
        let equal = length.terms.iter().all(|&(param, _)| list(param).equal_len().is_some());
        match nulls {
            Nulls::All => Ok(Starts::Equal(0)),
            Nulls::None if equal => {
                let of = length.of(|param| in_rows(list(param).equal_len().unwrap_or(0), param));
                let elements = usize::try_from(of).ok().and_then(|rows| rows.checked_mul(inner));
                let fits = elements.filter(|&elements| elements.checked_mul(self.rows).is_some());
                fits.map(Starts::Equal).ok_or_else(|| {
                    KernelError::new(Code::OutOfMemory, format!("no memory for {} lists of {of} rows", self.rows))
                })
            }
            _ => {
                let offsets = Offsets::of_lengths(self.rows, |row| match nulls.some() {
                    Some(nulls) if nulls.is_null(row) => Some(0),
                    _ => usize::try_from(length_of(row)).ok().filter(|rows| rows.checked_mul(inner).is_some()),
                })?;
                // The last offset counts steps of `inner` elements, which must be countable together.
                match offsets.at(self.rows).checked_mul(inner) {
                    Some(_) => Ok(Starts::Offsets(offsets, inner)),
                    None => Err(KernelError::new(Code::OutOfMemory, "the lists of the result are too long")),
                }
            }
        }
    }

    /// Which of the lists is that of a parameter.
    fn list_index(&self, param: u32) -> usize {
        let before = &self.kernel.core.signature.params[..param as usize];
        before.iter().filter(|param| matches!(param, Param::List { .. })).count()
    }

    /// Lists whose length the kernel fixes have it, in all rows that are not null.
    fn check_lengths(&self, nulls: &Nulls) -> Result<(), KernelError> {
        let params = self.kernel.core.signature.params.iter().enumerate();
        let lists = params.filter(|(_, param)| matches!(param, Param::List { .. })).zip(&self.lists);
        for ((index, param), lists) in lists {
            let Param::List { inner, len: Some(len), .. } = param else { continue };
            let wanted = *len as usize * *inner as usize;
            let wrong = match (nulls, lists.equal_len()) {
                (Nulls::All, _) => None,
                (_, Some(own)) => (own != wanted && self.rows > 0).then_some(0),
                (_, None) => (0..self.rows)
                    .find(|&row| nulls.some().is_none_or(|nulls| nulls.is_valid(row)) && lists.at(row).1 != wanted),
            };
            if let Some(row) = wrong {
                let detail =
                    format!("parameter {}, the list has length {}", self.is(index), lists.at(row).1 / *inner as usize);
                return Err(KernelError { row: Some(row as u64), ..KernelError::new(Code::LengthMismatch, detail) });
            }
        }
        Ok(())
    }

    fn check_rows(&self, index: usize, own: Option<usize>) -> Result<(), KernelError> {
        match own.filter(|&own| own != self.rows) {
            None => Ok(()),
            Some(own) => {
                let detail = format!("the column for {} has {own} rows, not {}", self.name(index), self.rows);
                Err(KernelError::new(Code::LengthMismatch, detail))
            }
        }
    }

    /// The column's own nulls, if there are any.
    fn nulls_of(
        &self,
        index: usize,
        column: &Column<'a>,
        rows: Option<usize>,
    ) -> Result<Option<NullBuffer>, KernelError> {
        let Some(own) = column.nulls.as_ref().filter(|own| own.null_count() > 0 || own.len() != self.rows) else {
            return Ok(None);
        };
        if own.len() != self.rows || rows.is_none() {
            let detail =
                format!("validity of the column for {} has {} rows, not {}", self.name(index), own.len(), self.rows);
            return Err(KernelError::new(Code::LengthMismatch, detail));
        }
        Ok(Some(own.clone()))
    }

    fn add_nulls(&mut self, nulls: Option<NullBuffer>) {
        self.nulls = NullBuffer::union(self.nulls.as_ref(), nulls.as_ref());
    }

    fn mismatch(&self, index: usize, column: &Column<'_>) -> KernelError {
        let (is, own) = (self.is(index), column.describe());
        let detail = format!("parameter {is}, the column is {own}; takes {}", signature(self.kernel));
        KernelError::new(Code::SignatureMismatch, detail)
    }

    fn name(&self, index: usize) -> String {
        let name = self.kernel.names.params.get(index);
        name.map_or_else(|| format!("#{index}"), |name| format!("`{name}`"))
    }

    /// `x` is &[f64]
    fn is(&self, index: usize) -> String {
        format!("{} is {}", self.name(index), self.kernel.core.signature.params[index])
    }
}

/// Which rows have no null among their elements.
fn whole(valid: &NullBuffer, rows: usize, range: impl Fn(usize) -> (usize, usize)) -> NullBuffer {
    let elements = valid.inner();
    let is_whole = |row: usize| {
        let (begin, end) = range(row);
        elements.slice(begin, end - begin).count_set_bits() == end - begin
    };
    NullBuffer::new(BooleanBuffer::collect_bool(rows, is_whole))
}

impl Bound<'_> {
    /// The slots that have one value for all rows, a bit each.
    pub(crate) fn uniform(&self) -> u64 {
        let slots = self.slots.iter().take(u64::BITS as usize).enumerate();
        slots.filter(|(_, input)| matches!(input, Input::Scalar(_))).fold(0, |mask, (slot, _)| mask | 1 << slot)
    }

    /// The arguments of one row.
    pub(crate) fn row(&self, params: &[Param], row: usize) -> Vec<Datum> {
        let (mut slots, mut lists) = (self.slots.iter(), self.lists.iter());
        let mut slot = || slots.next().expect("a slot for each parameter").value(row);
        let datum = |param: &Param| match param {
            Param::Scalar { nullable, .. } => {
                let value = slot();
                let is_some = !nullable || slot() == Scalar::Bool(true);
                if is_some { Datum::Scalar(value) } else { Datum::Null }
            }
            Param::List { elem, .. } => {
                slot();
                let elements = lists.next().expect("lists for each list parameter").elements(row);
                Datum::List(elements.into_iter().map(|bits| Scalar::from_bits(*elem, bits)).collect())
            }
        };
        params.iter().map(datum).collect()
    }
}

/// The parameters as `name: type, ...`.
fn signature(kernel: &VerifiedKernel) -> String {
    let params = kernel.core.signature.params.iter();
    let names = kernel.names.params.iter().map(String::as_str).chain(std::iter::repeat("_"));
    params.zip(names).map(|(param, name)| format!("{name}: {param}")).collect::<Vec<_>>().join(", ")
}
