//! One row: where its slots come from, and where its results go. See `abi` for the frame.

use cranelift_codegen::ir::{InstBuilder, Value, types};
use filbert_ir::{Array, Def, Type, ValueId};

use super::{Lower, clif_type, memory};
use crate::abi::{self, CallFrame};

/// Pointers to the columns in use.
pub(super) struct Columns {
    /// Slot and column.
    inputs: Vec<(u32, Value)>,
    /// By output column.
    outputs: Vec<Value>,
    /// Columns of addresses.
    lists: Vec<(Array, Value)>,
}

impl Lower<'_> {
    /// One row, number `first + copy`: reads the slots, computes, stores the results.
    pub(super) fn row(&mut self, columns: &Columns, first: Value, copy: u32) {
        self.values.fill(None);
        self.first = Some(first);
        self.copy = copy;
        let tables = self.arrays.iter().filter(|(array, _)| matches!(array, Array::Table(_))).count();
        self.arrays.truncate(tables);
        for &(slot, column) in &columns.inputs {
            let ty = self.core.ty(ValueId(slot));
            let address = self.element(column, first, ty.bytes());
            let offset = copy as i32 * ty.bytes() as i32;
            self.values[slot as usize] = Some(self.b.ins().load(clif_type(ty), memory(), address, offset));
        }
        for &(array, column) in &columns.lists {
            let address = self.element(column, first, size_of::<usize>());
            let elements = self.b.ins().load(types::I64, memory(), address, copy as i32 * size_of::<usize>() as i32);
            self.arrays.push((array, elements));
        }
        self.begin_row();
        self.check_assumptions();
        self.region(self.core.slots(), self.core.values.len() as u32);
        self.flush();
        self.results(&columns.outputs, first, copy);
    }

    pub(super) fn frame(&self) -> Value {
        self.frame.expect("the frame is the function's parameter")
    }

    pub(super) fn frame_field(&mut self, offset: usize) -> Value {
        let frame = self.frame();
        self.b.ins().load(types::I64, memory(), frame, offset as i32)
    }

    /// Loads the pointers of all columns and tables in use.
    pub(super) fn columns(&mut self) -> Columns {
        let slots: Vec<usize> = (0..self.core.slots() as usize).filter(|&slot| self.used[slot]).collect();
        let inputs = self.pointers(std::mem::offset_of!(CallFrame, inputs), &slots);
        let columns: Vec<usize> = (0..abi::output_columns(self.core).len()).collect();
        let outputs = self.pointers(std::mem::offset_of!(CallFrame, outputs), &columns);
        let accesses = |wanted: Array| {
            self.core.values.iter().any(|value| match value.def {
                Def::Load { array, .. } | Def::Store { array, .. } => array == wanted,
                _ => false,
            })
        };
        let lists = abi::lists(self.core);
        let chosen: Vec<usize> = (0..lists.len()).filter(|&index| accesses(lists[index])).collect();
        let tables = (0..self.core.tables.len()).filter(|&index| accesses(Array::Table(index as u32)));
        let tables: Vec<usize> = tables.collect();
        let found = self.pointers(std::mem::offset_of!(CallFrame, lists), &chosen);
        let tables = self.pointers(std::mem::offset_of!(CallFrame, tables), &tables);
        self.arrays = tables.into_iter().map(|(index, elements)| (Array::Table(index as u32), elements)).collect();
        Columns {
            inputs: inputs.into_iter().map(|(slot, column)| (slot as u32, column)).collect(),
            outputs: outputs.into_iter().map(|(_, column)| column).collect(),
            lists: found.into_iter().map(|(index, column)| (lists[index], column)).collect(),
        }
    }

    /// Loads the chosen pointers from the table at this field of the frame.
    fn pointers(&mut self, field: usize, chosen: &[usize]) -> Vec<(usize, Value)> {
        if chosen.is_empty() {
            return Vec::new();
        }
        let table = self.frame_field(field);
        chosen.iter().map(|&i| (i, self.b.ins().load(types::I64, memory(), table, i as i32 * 8))).collect()
    }

    /// Address of element `index` of so many bytes; folds into the addressing of the load or store.
    pub(super) fn element(&mut self, first: Value, index: Value, bytes: usize) -> Value {
        let offset = match bytes {
            1 => index,
            _ if bytes.is_power_of_two() => self.b.ins().ishl_imm_u(index, i64::from(bytes.trailing_zeros())),
            _ => self.b.ins().imul_imm_s(index, bytes as i64),
        };
        self.b.ins().iadd(first, offset)
    }

    /// Stores the results of a row, floats with their NaN made canonical.
    fn results(&mut self, outputs: &[Value], first: Value, copy: u32) {
        let mut canonical: Vec<Option<Value>> = vec![None; self.core.values.len()];
        for &id in &self.core.returns {
            if canonical[id.index()].is_none() {
                canonical[id.index()] = Some(self.canonical_of(id));
            }
        }
        let mut returns = self.core.returns.iter();
        for (column, &first_element) in abi::output_columns(self.core).into_iter().zip(outputs) {
            let bytes = column.ty.bytes();
            let address = self.element(first_element, first, bytes * column.width as usize);
            for element in 0..column.width {
                let id = returns.next().expect("a value for each element of a column");
                let value = canonical[id.index()].expect("every result was made canonical");
                let offset = (copy * column.width + element) as i32 * bytes as i32;
                self.b.ins().store(memory(), value, address, offset);
            }
        }
    }

    /// A value as it leaves the kernel.
    pub(super) fn canonical_of(&mut self, id: ValueId) -> Value {
        let value = self.value(id);
        let doubtful = self.core.ty(id).is_float() && !self.never_nan[id.index()];
        if doubtful { self.canonical(value) } else { value }
    }

    /// The length of an array, as a value of the kernel or a constant.
    pub(super) fn length(&mut self, array: Array) -> Value {
        let signature = &self.core.signature;
        let slot = match array {
            Array::Param(param) => signature.param_slot(param as usize),
            Array::Result(result) => signature.length_slot(result as usize),
            Array::Table(table) => {
                let length = self.core.tables[table as usize].len() as u64;
                return self.constant(Type::U64, length);
            }
        };
        self.value(slot)
    }
}
