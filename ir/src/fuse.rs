//! Fusion: several kernels over the same columns as one kernel with the results of all of them.
//!
//! A row is then read once, what the kernels have in common is computed once (the passes merge it), and a call
//! costs what one call costs. `fuse` makes the kernel, or says why there is none; whoever calls it splits the
//! results by `FusedPart::results`.
//!
//! A row of the fused kernel that has results has those of each part alone, to the bit:
//!
//! * **Nulls.** A null in a column that every part takes as strict makes the row null, here as there. In the other
//!   columns nulls are the caller's business, as always where machine code runs: it computes the rows whatever stands
//!   under a null, and makes the results of a part null where one of `FusedPart::strict` is. A part that could fail on
//!   what stands there, or has lists, does not want that (`FusedPart::ignores_nulls`): where such nulls are met the
//!   parts are called alone. (As `Option`s, with a flag for each result, prices of three products cost twice as much
//!   as called alone.)
//! * **Failing rows.** A row that fails in one part fails; which part, and with what error, the parts alone say. A
//!   row whose loops spend more iterations *together* than the most careful part allows itself fails too. So a
//!   failure means: ask the parts alone, of which it may be that none fails. The other way round there is no doubt.
//! * **`on_error = "null"`** would make the other parts' results null, and is refused where a part of several can
//!   fail.
//!
//! Parts are put in the order of their ids, and columns in the order in which parts take them, so that the order in
//! which a query happens to name them makes no difference to the `KernelId`. Equal parts are one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use crate::builder::{Builder, View};
use crate::diagnostic::Diagnostics;
use crate::kernel::{Core, Kernel, Names, ValueId, VerifiedKernel};
use crate::limits::NAME_BYTES_MAX;
use crate::signature::{Array, Length, OnError, Param, ResultTy};
use crate::types::Type;
use crate::verify::verify;

/// A kernel that shall be fused, and which of the shared columns each of its parameters takes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Part {
    /// The kernel.
    pub kernel: VerifiedKernel,
    /// A column for each parameter; the same one may stand in several places.
    pub columns: Vec<usize>,
}

/// Several kernels as one.
#[derive(Clone, Debug)]
pub struct Fusion {
    /// The kernel that computes all results.
    pub kernel: VerifiedKernel,
    /// For each of its parameters the shared column that it takes. Columns that no part takes are not there.
    pub columns: Vec<usize>,
    /// The parts, in the order in which they were given.
    pub parts: Vec<FusedPart>,
}

/// A part of a fusion.
#[derive(Clone, Debug)]
pub struct FusedPart {
    /// As it was given.
    pub part: Part,
    /// Which results of the fused kernel are those of the part. Equal parts share theirs.
    pub results: Range<usize>,
    /// The shared columns in which this part is strict and some other is not, in order. Where one of them is null
    /// these results are null, and the fused kernel does not know.
    pub strict: Vec<usize>,
    /// Whether the part may be computed in such rows: it cannot fail, and has no lists.
    pub ignores_nulls: bool,
}

/// Why kernels cannot be one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unfusable {
    /// There are no parts.
    Nothing,
    /// A part has not one column for each parameter.
    Columns {
        /// Which part.
        part: usize,
        /// Parameters of its kernel.
        params: usize,
        /// Columns that were given.
        columns: usize,
    },
    /// Two parameters take one column as different things.
    Types {
        /// The column.
        column: usize,
        /// What one parameter takes.
        one: Param,
        /// What another takes.
        other: Param,
    },
    /// A failing row of this part is null, and other parts have results in it.
    OnError {
        /// Which part.
        part: usize,
    },
    /// This part has a list result whose length counts one column more often than a length can say.
    Lengths {
        /// Which part.
        part: usize,
    },
    /// The kernel of all parts breaks a limit.
    TooLarge(Diagnostics),
}

impl fmt::Display for Unfusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfusable::Nothing => f.write_str("there are no kernels to fuse"),
            Unfusable::Columns { part, params, columns } => {
                write!(f, "kernel {part} has {params} parameters, but {columns} columns were given")
            }
            Unfusable::Types { column, one, other } => {
                write!(f, "column {column} is taken as {one} and as {other}")
            }
            Unfusable::OnError { part } => {
                write!(f, "kernel {part} makes failing rows null, which would make the results of the others null")
            }
            Unfusable::Lengths { part } => {
                write!(f, "kernel {part} has a result whose length counts one column too often")
            }
            Unfusable::TooLarge(found) => write!(f, "the kernels together are too large: {found}"),
        }
    }
}

impl std::error::Error for Unfusable {}

/// One kernel that computes what these compute.
///
/// ```
/// use filbert_ir::fuse::{Part, fuse};
/// use filbert_ir::{Datum, interp, text, verify};
///
/// let kernel = |text| verify(text::parse(text).unwrap()).unwrap();
/// let total = kernel("kernel total(%0 price: f64, %1 tax: f64) -> f64 {\n  %2: f64 = mul %0, %1\n  return %2\n}\n");
/// let root = kernel("kernel root(%0 x: f64) -> f64 {\n  %1: f64 = sqrt %0\n  return %1\n}\n");
///
/// // total(a, b), root(b)
/// let fusion = fuse(&[Part { kernel: total, columns: vec![0, 1] }, Part { kernel: root, columns: vec![1] }]).unwrap();
/// let row = [Datum::from(3.0), Datum::from(4.0)];
/// let args: Vec<Datum> = fusion.columns.iter().map(|&column| row[column].clone()).collect();
/// let results = interp::run(&fusion.kernel, &args).unwrap();
/// assert_eq!(results[fusion.parts[0].results.clone()], [Datum::from(12.0)]);
/// assert_eq!(results[fusion.parts[1].results.clone()], [Datum::from(2.0)]);
/// ```
pub fn fuse(parts: &[Part]) -> Result<Fusion, Unfusable> {
    let distinct = distinct(parts)?;
    let plan = Plan::new(parts, distinct)?;
    let mut builder = Builder::new();
    let slots = plan.declare(&mut builder);
    let (mut results, mut returns) = (Vec::new(), Vec::new());
    for &index in &plan.distinct {
        plan.part(&mut builder, &slots, index, &mut results, &mut returns);
    }
    let (core, _) = builder.finish_as(results, returns);
    let kernel = verify(Kernel { core, names: plan.names(), source: None }).map_err(Unfusable::TooLarge)?;
    let fused = |part: &Part| FusedPart {
        part: part.clone(),
        results: plan.results_of(part),
        strict: strict_columns(part).difference(&plan.common).copied().collect(),
        ignores_nulls: !part.kernel.core.is_fallible() && !has_lists(&part.kernel.core),
    };
    Ok(Fusion { kernel, columns: plan.columns.clone(), parts: parts.iter().map(fused).collect() })
}

/// One of each of the equal parts, in canonical order.
fn distinct(parts: &[Part]) -> Result<Vec<usize>, Unfusable> {
    for (index, part) in parts.iter().enumerate() {
        let (params, columns) = (part.kernel.core.signature.params.len(), part.columns.len());
        if params != columns {
            return Err(Unfusable::Columns { part: index, params, columns });
        }
    }
    let key = |index: &usize| (parts[*index].kernel.id(), &parts[*index].columns);
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(key);
    order.dedup_by_key(|index| key(index));
    if order.is_empty() { Err(Unfusable::Nothing) } else { Ok(order) }
}

/// What becomes of the columns and results.
struct Plan<'p> {
    parts: &'p [Part],
    /// The parts that are computed, in order.
    distinct: Vec<usize>,
    /// The shared column of each parameter of the fused kernel.
    columns: Vec<usize>,
    /// The parameters of the fused kernel, and what they are called.
    params: Vec<(Param, String)>,
    /// Columns in which every part is strict.
    common: BTreeSet<usize>,
}

impl<'p> Plan<'p> {
    fn new(parts: &'p [Part], distinct: Vec<usize>) -> Result<Plan<'p>, Unfusable> {
        let strict = distinct.iter().map(|&index| strict_columns(&parts[index]));
        let common = strict.reduce(|all, own| &all & &own).unwrap_or_default();
        let optional: BTreeSet<usize> = distinct.iter().flat_map(|&index| optional_columns(&parts[index])).collect();
        let mut plan = Plan { parts, distinct, columns: Vec::new(), params: Vec::new(), common };
        for &index in &plan.distinct {
            let (kernel, columns) = (&parts[index].kernel, &parts[index].columns);
            for ((param, &column), name) in kernel.core.signature.params.iter().zip(columns).zip(&kernel.names.params) {
                let sees_nulls = optional.contains(&column) && !plan.common.contains(&column);
                let param = shared(param, sees_nulls);
                match plan.columns.iter().position(|&seen| seen == column) {
                    None => {
                        plan.columns.push(column);
                        plan.params.push((param, name.clone()));
                    }
                    Some(seen) if plan.params[seen].0 != param => {
                        let one = plan.params[seen].0.clone();
                        return Err(Unfusable::Types { column, one, other: param });
                    }
                    Some(_) => {}
                }
            }
        }
        for &index in &plan.distinct {
            plan.check(index)?;
        }
        Ok(plan)
    }

    fn core(&self, index: usize) -> &'p Core {
        &self.parts[index].kernel.core
    }

    fn check(&self, index: usize) -> Result<(), Unfusable> {
        let core = self.core(index);
        if core.signature.on_error == OnError::Null && core.is_fallible() && self.distinct.len() > 1 {
            return Err(Unfusable::OnError { part: index });
        }
        let columns = &self.parts[index].columns;
        let fits = |result: &ResultTy| match result {
            ResultTy::List { len, .. } => self.length(len, columns).is_some(),
            _ => true,
        };
        if core.signature.results.iter().all(fits) { Ok(()) } else { Err(Unfusable::Lengths { part: index }) }
    }

    /// The parameter of the fused kernel that takes a column.
    fn param_of(&self, column: usize) -> usize {
        self.columns.iter().position(|&own| own == column).expect("each part's columns were numbered")
    }

    /// Declares parameters and lists that are written; gives the slots of each.
    fn declare(&self, builder: &mut Builder) -> Slots {
        let params = self.params.iter().map(|(param, _)| builder.declare(param.clone())).collect();
        let results = self.distinct.iter().flat_map(|&index| &self.core(index).signature.results);
        let is_list = |result: &&ResultTy| matches!(result, ResultTy::List { .. });
        let lengths = results.filter(is_list).map(|_| builder.slot(Type::U64)).collect();
        let cores = || self.distinct.iter().map(|&index| self.core(index));
        // Only loops spend it. All loops together get what the least part has: then none spends more than its own.
        let least = cores().filter(|core| core.has_loops()).map(|core| core.signature.fuel).min();
        let least = least.or_else(|| cores().map(|core| core.signature.fuel).min());
        builder.signature.fuel = least.expect("there is a part");
        if let [only] = self.distinct[..] {
            builder.signature.on_error = self.core(only).signature.on_error;
        }
        Slots { params, lengths }
    }

    /// Computes a part.
    fn part(
        &self,
        builder: &mut Builder,
        slots: &Slots,
        index: usize,
        results: &mut Vec<ResultTy>,
        returns: &mut Vec<ValueId>,
    ) {
        let (core, columns) = (self.core(index), &self.parts[index].columns);
        let (mut passed, mut views) = (Vec::new(), Vec::new());
        for (param, &column) in core.signature.params.iter().zip(columns) {
            let own = self.param_of(column);
            passed.push(slots.params[own][0]);
            views.push(matches!(param, Param::List { .. }).then_some(View {
                array: Array::Param(own as u32),
                offset: None,
                is_whole: true,
            }));
            if matches!(param, Param::Scalar { nullable: true, .. }) {
                // A column that is strict here is there in every row that is computed.
                let flag = slots.params[own].get(1).copied();
                passed.push(flag.unwrap_or_else(|| builder.constant(true)));
            }
        }
        let is_list = |result: &&ResultTy| matches!(result, ResultTy::List { .. });
        let before = results.iter().filter(is_list).count();
        let own = core.signature.results.iter().filter(is_list).count();
        passed.extend(&slots.lengths[before..before + own]);
        let first = results.len() as u32;
        returns.extend(builder.inline_with_results(core, &passed, &views, first));
        results.extend(core.signature.results.iter().map(|result| match result {
            ResultTy::List { elem, inner, len } => {
                let len = self.length(len, columns).expect("checked before");
                ResultTy::List { elem: *elem, inner: *inner, len }
            }
            other => other.clone(),
        }));
    }

    /// A length in terms of the fused kernel's parameters, if it can be said.
    fn length(&self, length: &Length, columns: &[usize]) -> Option<Length> {
        let mut terms: BTreeMap<u32, i32> = BTreeMap::new();
        for &(param, times) in &length.terms {
            let sum = terms.entry(self.param_of(columns[param as usize]) as u32).or_default();
            *sum = sum.checked_add(times)?;
        }
        let terms = terms.into_iter().filter(|&(_, times)| times != 0).collect();
        Some(Length { constant: length.constant, terms })
    }

    /// Which results are those of a part.
    fn results_of(&self, part: &Part) -> Range<usize> {
        let of = |index: usize| self.core(index).signature.results.len();
        let is_it = |index: &usize| {
            (self.parts[*index].kernel.id(), &self.parts[*index].columns) == (part.kernel.id(), &part.columns)
        };
        let place = self.distinct.iter().position(is_it).expect("each part is one of the distinct ones");
        let start = self.distinct[..place].iter().map(|&index| of(index)).sum();
        start..start + of(self.distinct[place])
    }

    fn names(&self) -> Names {
        let names: Vec<&str> = self.distinct.iter().map(|&index| self.parts[index].kernel.name()).collect();
        let mut kernel = names.join("+");
        kernel.truncate(kernel.floor_char_boundary(NAME_BYTES_MAX));
        let params = self.params.iter().map(|(_, name)| name.clone()).collect();
        Names { kernel, params, ..Names::default() }
    }
}

/// Slots of the fused kernel: of each parameter, and of each list that is written.
struct Slots {
    params: Vec<Vec<ValueId>>,
    lengths: Vec<ValueId>,
}

/// The columns a null in which makes the part null.
fn strict_columns(part: &Part) -> BTreeSet<usize> {
    let params = part.kernel.core.signature.params.iter().zip(&part.columns);
    params.filter(|(param, _)| !matches!(param, Param::Scalar { nullable: true, .. })).map(|(_, &c)| c).collect()
}

/// The columns whose nulls the part sees.
fn optional_columns(part: &Part) -> impl Iterator<Item = usize> {
    let params = part.kernel.core.signature.params.iter().zip(&part.columns);
    params.filter(|(param, _)| matches!(param, Param::Scalar { nullable: true, .. })).map(|(_, &column)| column)
}

fn has_lists(core: &Core) -> bool {
    let signature = &core.signature;
    signature.params.iter().any(|param| matches!(param, Param::List { .. }))
        || signature.results.iter().any(|result| matches!(result, ResultTy::List { .. }))
}

/// A parameter as the fused kernel has it.
fn shared(param: &Param, nullable: bool) -> Param {
    match param {
        Param::Scalar { ty, .. } => Param::Scalar { ty: *ty, nullable },
        list => list.clone(),
    }
}
