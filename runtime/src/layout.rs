//! What a call asks about its kernel, found out once when the kernel is loaded.

use filbert_compiler::abi::{self, OutputColumn};
use filbert_ir::{Array, OnError, Param, ResultTy, Type, VerifiedKernel};

/// How a kernel's arguments and results lie before the code, as docs/abi.md has it.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Types of the slots.
    pub(crate) slots: Vec<Type>,
    /// The columns that are written.
    pub(crate) columns: Vec<OutputColumn>,
    /// Type of the elements of each list: those of the parameters, then those of the results.
    pub(crate) lists: Vec<Type>,
    /// How many of the lists are parameters'.
    pub(crate) param_lists: usize,
    /// For each parameter, the index of its list.
    list_of_param: Vec<Option<usize>>,
    /// For each result, the index of its list.
    list_of_result: Vec<Option<usize>>,
    /// Columns of values, each with the column that says which rows have one.
    pub(crate) optional: Vec<(usize, usize)>,
    /// Whether a row that is null must not be computed: what stands under a null may run as long as the fuel
    /// lasts, and need not keep what the kernel is promised about its lists.
    pub(crate) skips_nulls: bool,
    /// A failing row is null.
    pub(crate) forgives: bool,
    /// Nothing but values, one a row, of which none is null and every one is there: the code needs no more than
    /// columns.
    pub(crate) is_plain: bool,
}

impl Layout {
    pub(crate) fn of(kernel: &VerifiedKernel) -> Layout {
        let core = &kernel.core;
        let (params, results) = (&core.signature.params, &core.signature.results);
        let arrays = abi::lists(core);
        let index_of = |array: Array| arrays.iter().position(|&own| own == array);
        let mut optional = Vec::new();
        let mut column = 0;
        for result in results {
            match result {
                ResultTy::Scalar { nullable: true, .. } => {
                    optional.push((column, column + 1));
                    column += 2;
                }
                ResultTy::Scalar { .. } | ResultTy::Fixed { .. } => column += 1,
                ResultTy::List { .. } => {}
            }
        }
        let forgives = core.signature.on_error == OnError::Null;
        let is_value = |param: &Param| matches!(param, Param::Scalar { nullable: false, .. });
        let is_plain = params.iter().all(is_value)
            && results.iter().all(|result| matches!(result, ResultTy::Scalar { nullable: false, .. }))
            && core.tables.is_empty()
            && !forgives;
        Layout {
            slots: core.slot_types(),
            columns: abi::output_columns(core),
            lists: arrays.iter().filter_map(|&array| core.elem(array)).collect(),
            param_lists: params.iter().filter(|param| matches!(param, Param::List { .. })).count(),
            list_of_param: (0..params.len() as u32).map(|param| index_of(Array::Param(param))).collect(),
            list_of_result: (0..results.len() as u32).map(|result| index_of(Array::Result(result))).collect(),
            optional,
            skips_nulls: core.has_loops() || !arrays.is_empty(),
            forgives,
            is_plain,
        }
    }

    /// Index and type of the elements of a list.
    ///
    /// # Panics
    /// If the kernel has no such list.
    pub(crate) fn list(&self, array: Array) -> (usize, Type) {
        let index = match array {
            Array::Param(param) => self.list_of_param[param as usize],
            Array::Result(result) => self.list_of_result[result as usize],
            Array::Table(_) => None,
        };
        let index = index.expect("a list of the kernel");
        (index, self.lists[index])
    }
}
