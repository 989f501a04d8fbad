//! What is checked before any value is: sizes, what a kernel takes and gives, tables, names.

use super::Verifier;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::kernel::{Def, SEMANTICS_VERSION, ValueId};
use crate::limits;
use crate::signature::{Length, Param, ResultTy};
use crate::types::Type;

impl Verifier<'_> {
    pub(super) fn check_sizes(&mut self) {
        let core = self.core;
        if core.semantics != SEMANTICS_VERSION {
            self.found.push(Diagnostic::unplaced(
                Code::VersionSkew,
                format!("kernel has semantics version {}, this build knows {SEMANTICS_VERSION}", core.semantics),
            ));
        }
        self.limit("values", core.values.len(), limits::VALUES_MAX);
        self.limit("parameters", core.signature.params.len(), limits::PARAMS_MAX);
        self.limit("results", core.signature.results.len(), limits::RESULTS_MAX);
        self.limit("values that make results", core.returns.len(), limits::RETURNS_MAX);
        self.limit("tables", core.tables.len(), limits::TABLES_MAX);
        let regions = core.values.iter().map(|value| match value.def {
            Def::If { .. } => 2,
            Def::Loop { .. } => 1,
            _ => 0,
        });
        self.limit("blocks", regions.sum::<usize>() + 1, limits::BLOCKS_MAX);
        if core.signature.fuel > limits::FUEL_MAX {
            self.limit("iterations of fuel", core.signature.fuel as usize, limits::FUEL_MAX as usize);
        }
    }

    pub(super) fn check_signature(&mut self) {
        let signature = &self.core.signature;
        for (index, param) in signature.params.iter().enumerate() {
            if let Param::List { elem, inner, len } = param {
                let what = format!("parameter {index}");
                self.check_list(&what, *elem, *inner, *len);
            }
        }
        if signature.results.is_empty() {
            self.malformed(None, "a kernel has no result".to_string());
        }
        for (index, result) in signature.results.iter().enumerate() {
            let what = format!("result {index}");
            match result {
                ResultTy::Scalar { .. } => {}
                ResultTy::Fixed { elem, len } => {
                    self.check_list(&what, *elem, 1, Some(*len));
                    self.limit("elements of a fixed result", *len as usize, limits::FIXED_LEN_MAX as usize);
                }
                ResultTy::List { elem, inner, len } => {
                    self.check_list(&what, *elem, *inner, None);
                    self.check_length(&what, len);
                }
            }
        }
        if self.found.is_empty() && signature.slots() as usize > self.core.values.len() {
            let (slots, values) = (signature.slots(), self.core.values.len());
            self.malformed(None, format!("{slots} slots in a table of {values}"));
        }
    }

    fn check_list(&mut self, what: &str, elem: Type, inner: u32, len: Option<u32>) {
        if elem == Type::Bool {
            self.malformed(None, format!("{what} is a list of bool, expected numbers"));
        }
        if inner == 0 || len == Some(0) {
            self.malformed(None, format!("{what} is a list with a fixed length of 0"));
        }
        let elements = u64::from(inner) * u64::from(len.unwrap_or(1));
        self.limit("elements of a fixed list", elements as usize, limits::FIXED_LIST_MAX);
    }

    fn check_length(&mut self, what: &str, length: &Length) {
        let params = &self.core.signature.params;
        let is_list = |index: u32| matches!(params.get(index as usize), Some(Param::List { .. }));
        if length.terms.iter().any(|&(param, _)| !is_list(param)) {
            self.malformed(None, format!("the length of {what} names a parameter that is no list"));
        }
        if length.terms.iter().zip(length.terms.iter().skip(1)).any(|(a, b)| a.0 >= b.0) {
            self.malformed(None, format!("the length of {what} names parameters out of order"));
        }
    }

    pub(super) fn check_tables(&mut self) {
        let tables = &self.core.tables;
        let bytes = tables.iter().fold(0usize, |sum, table| sum.saturating_add(table.bytes.len()));
        self.limit("bytes of tables", bytes, limits::TABLE_BYTES_MAX);
        for (index, table) in tables.iter().enumerate() {
            if table.elem == Type::Bool {
                self.malformed(None, format!("table {index} is of bool, expected numbers"));
            } else if !table.bytes.len().is_multiple_of(table.elem.bytes()) {
                let (bytes, elem) = (table.bytes.len(), table.elem);
                self.malformed(None, format!("table {index} has {bytes} bytes, which are not whole {elem}"));
            }
        }
    }

    pub(super) fn check_returns(&mut self) {
        let core = self.core;
        let wanted: Vec<Type> = core.signature.results.iter().flat_map(ResultTy::entries).collect();
        if wanted.len() != core.returns.len() {
            let (want, got) = (wanted.len(), core.returns.len());
            self.malformed(None, format!("the results are made of {want} values, got {got}"));
        }
        let end = ValueId(core.values.len() as u32);
        for (place, &id) in core.returns.iter().enumerate() {
            if let (Some(got), Some(&want)) = (self.visible(end, id), wanted.get(place))
                && got != want
            {
                self.malformed(None, format!("returned value {place} is {got}, expected {want}"));
            }
        }
    }

    pub(super) fn check_names(&mut self) {
        let (names, signature) = (&self.kernel.names, &self.core.signature);
        self.limit("bytes of documentation", names.doc.len(), limits::DOC_BYTES_MAX);
        if names.params.len() != signature.params.len() {
            let (got, want) = (names.params.len(), signature.params.len());
            self.malformed(None, format!("{got} parameter names for {want} parameters"));
        }
        if !names.results.is_empty() && names.results.len() != signature.results.len() {
            let (got, want) = (names.results.len(), signature.results.len());
            self.malformed(None, format!("{got} result names for {want} results"));
        }
        for name in [&names.kernel].into_iter().chain(&names.params).chain(&names.results) {
            self.limit("bytes of a name", name.len(), limits::NAME_BYTES_MAX);
            if name.is_empty() {
                self.malformed(None, "a name is empty".to_string());
            }
        }
    }

    pub(super) fn check_source(&mut self) {
        let Some(source) = &self.kernel.source else { return };
        let end = source.text.len() as u32;
        if source.spans.len() != self.core.values.len() || source.spans.iter().any(|s| s.start > s.end || s.end > end) {
            self.malformed(None, "spans do not match the values or the text".to_string());
        }
    }
}
