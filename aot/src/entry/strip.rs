//! One strip: where its columns are, those of the caller and those on the stack, and what happens to rows before and
//! behind the kernel's code.

use cranelift_codegen::ir::{InstBuilder, StackSlot, StackSlotData, StackSlotKind, Type as ClifType, Value, types};
use filbert_ir::Type;

use super::{Entry, SCRATCH_BYTES, STRIP_ROWS_MAX, memory};
use crate::shape::{Input, Output, Role};

/// Columns on the stack, one for each that is made.
pub(super) struct Scratch {
    /// Rows of a strip; all of them if nothing is made or looked at again.
    pub(super) rows: Option<u64>,
    /// By input: values of a nullable one and its flags; lengths and addresses of a list.
    inputs: Vec<Option<[StackSlot; 2]>>,
    /// By output: lengths and addresses of a list.
    outputs: Vec<Option<[StackSlot; 2]>>,
}

/// Where the rows of this strip are: results, and which of them there are. By output.
pub(super) struct Strip {
    outputs: Vec<(Value, Option<Value>)>,
}

/// Bytes that a row of an input's two scratch columns takes.
fn input_bytes(input: &Input) -> Option<[u64; 2]> {
    match input {
        Input::Scalar { nullable: false, .. } => None,
        Input::Scalar { ty, .. } => Some([ty.storage().bytes() as u64, 1]),
        Input::List { .. } => Some([8, 8]),
    }
}

/// The same of an output.
fn output_bytes(output: &Output) -> Option<[u64; 2]> {
    matches!(output, Output::List { .. }).then_some([8, 8])
}

/// Cranelift's type of an element that is only moved.
fn moved(ty: Type) -> ClifType {
    match ty.bytes() {
        1 => types::I8,
        2 => types::I16,
        4 => types::I32,
        _ => types::I64,
    }
}

/// Type of an output's elements, and how many a row has.
fn elements(output: &Output) -> (Type, u64) {
    match *output {
        Output::Column { ty, width, .. } => (ty, width),
        Output::List { elem, elements, .. } => (elem, elements),
    }
}

impl Scratch {
    pub(super) fn new(entry: &mut Entry<'_, '_>) -> Scratch {
        let shape = entry.parts.shape;
        let inputs: Vec<_> = shape.inputs.iter().map(input_bytes).collect();
        let outputs: Vec<_> = shape.outputs.iter().map(output_bytes).collect();
        let row: u64 = inputs.iter().chain(&outputs).flatten().flatten().sum();
        let is_finished = shape.outputs.iter().any(|output| matches!(output, Output::Column { nullable: true, .. }));
        let rows = (row > 0 || is_finished).then(|| match SCRATCH_BYTES.checked_div(row) {
            // So that vectors are full.
            Some(rows @ 32..) => (rows / 32 * 32).min(STRIP_ROWS_MAX),
            Some(rows) => rows.max(1),
            None => STRIP_ROWS_MAX,
        });
        let mut slot = |bytes: u64| {
            let bytes = bytes * rows.unwrap_or(0);
            entry.b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, bytes as u32, 3))
        };
        let inputs = inputs.into_iter().map(|bytes| bytes.map(|bytes| bytes.map(&mut slot))).collect();
        let outputs = outputs.into_iter().map(|bytes| bytes.map(|bytes| bytes.map(&mut slot))).collect();
        Scratch { rows, inputs, outputs }
    }

    /// What is the same in every strip: flags that are all true, lengths that are known, and tables of the frame that
    /// point to scratch columns.
    pub(super) fn fill_once(&self, entry: &mut Entry<'_, '_>) {
        let (zero, shape) = (entry.int(0), entry.parts.shape);
        let rows = entry.int(self.rows.unwrap_or(0) as i64);
        let known = |input: &Input| match input {
            Input::List { elements, .. } => *elements,
            Input::Scalar { .. } => None,
        };
        for (input, scratch) in shape.inputs.iter().zip(&self.inputs) {
            let Some([first, second]) = *scratch else { continue };
            let [first, second] = [first, second].map(|slot| entry.b.ins().stack_addr(types::I64, slot, 0));
            match *input {
                Input::Scalar { slot, .. } => {
                    entry.entry(entry.inputs, slot + 1, second);
                    let one = entry.b.ins().iconst(types::I8, 1);
                    entry.each(zero, rows, |entry, row| {
                        let place = entry.element(second, row, 1);
                        entry.b.ins().store(memory(), one, place, 0);
                    });
                }
                Input::List { slot, list, .. } => {
                    entry.entry(entry.inputs, slot, first);
                    entry.entry(entry.lists, list, second);
                    if let Some(elements) = known(input) {
                        Scratch::fill_lengths(entry, first, rows, elements);
                    }
                }
            }
        }
        for (output, scratch) in shape.outputs.iter().zip(&self.outputs) {
            let (Some([first, second]), &Output::List { slot, list, elements, .. }) = (*scratch, output) else {
                continue;
            };
            let [first, second] = [first, second].map(|slot| entry.b.ins().stack_addr(types::I64, slot, 0));
            entry.entry(entry.inputs, slot, first);
            entry.entry(entry.lists, list, second);
            Scratch::fill_lengths(entry, first, rows, elements);
        }
    }

    fn fill_lengths(entry: &mut Entry<'_, '_>, first: Value, rows: Value, elements: u64) {
        let (zero, length) = (entry.int(0), entry.int(elements as i64));
        entry.each(zero, rows, |entry, row| {
            let place = entry.element(first, row, 8);
            entry.b.ins().store(memory(), length, place, 0);
        });
    }

    /// Points the frame to `count` rows from row `base` of the call on, and fills the scratch columns that change.
    pub(super) fn fill(&self, entry: &mut Entry<'_, '_>, base: Value, count: Value) -> Strip {
        let shape = entry.parts.shape;
        for (index, input) in shape.inputs.iter().enumerate() {
            let values = entry.argument(Role::Input(index));
            match (*input, self.inputs[index]) {
                (Input::Scalar { ty, slot, .. }, None) => {
                    let first = entry.element(values, base, ty.storage().bytes() as u64);
                    entry.entry(entry.inputs, slot, first);
                }
                (Input::Scalar { ty, slot, .. }, Some(scratch)) => {
                    let first = entry.element(values, base, ty.storage().bytes() as u64);
                    let valid = entry.argument(Role::InputValid(index));
                    Scratch::fill_nullable(entry, (first, valid), (base, count), slot, ty.storage(), scratch);
                }
                (Input::List { elem, elements, .. }, Some([lengths, addresses])) => {
                    let [lengths, addresses] = [lengths, addresses].map(|s| entry.b.ins().stack_addr(types::I64, s, 0));
                    let bytes = elem.bytes() as u64;
                    match elements {
                        Some(elements) => {
                            Scratch::fill_addresses(entry, (values, addresses), (base, count), elements * bytes);
                        }
                        None => {
                            let offsets = entry.argument(Role::InputOffsets(index));
                            let offsets = entry.element(offsets, base, 8);
                            let zero = entry.int(0);
                            entry.each(zero, count, |entry, row| {
                                let place = entry.element(offsets, row, 8);
                                let [from, to] = [0, 8].map(|o| entry.b.ins().load(types::I64, memory(), place, o));
                                let length = entry.b.ins().isub(to, from);
                                let address = entry.element(values, from, bytes);
                                for (column, value) in [(lengths, length), (addresses, address)] {
                                    let place = entry.element(column, row, 8);
                                    entry.b.ins().store(memory(), value, place, 0);
                                }
                            });
                        }
                    }
                }
                (Input::List { .. }, None) => unreachable!("lists have scratch columns"),
            }
        }
        let outputs = (0..shape.outputs.len()).map(|index| self.fill_output(entry, index, base, count)).collect();
        let strip = Strip { outputs };
        let zero = entry.int(0);
        strip.clear_lists(entry, zero, count);
        strip
    }

    /// The values of a nullable argument, 0 where they are null, and flags; the caller's own values where all are there.
    fn fill_nullable(
        entry: &mut Entry<'_, '_>,
        (first, valid): (Value, Value),
        (base, count): (Value, Value),
        slot: usize,
        ty: Type,
        scratch: [StackSlot; 2],
    ) {
        let [some, all, filled] = std::array::from_fn(|_| entry.b.create_block());
        let column = entry.b.append_block_param(filled, types::I64);
        entry.b.ins().brif(valid, some, &[], all, &[]);
        entry.b.switch_to_block(all);
        entry.b.ins().jump(filled, &[first.into()]);
        entry.b.switch_to_block(some);
        let [values, flags] = scratch.map(|slot| entry.b.ins().stack_addr(types::I64, slot, 0));
        let valid = entry.element(valid, base, 1);
        let zero = entry.int(0);
        entry.each(zero, count, |entry, row| {
            let place = entry.element(valid, row, 1);
            let flag = entry.b.ins().load(types::I8, memory(), place, 0);
            let flag = entry.b.ins().icmp_imm_u(cranelift_codegen::ir::condcodes::IntCC::NotEqual, flag, 0);
            let place = entry.element(flags, row, 1);
            entry.b.ins().store(memory(), flag, place, 0);
            let place = entry.element(first, row, ty.bytes() as u64);
            let value = entry.b.ins().load(moved(ty), memory(), place, 0);
            let none = entry.b.ins().iconst(moved(ty), 0);
            let value = entry.b.ins().select(flag, value, none);
            let place = entry.element(values, row, ty.bytes() as u64);
            entry.b.ins().store(memory(), value, place, 0);
        });
        entry.b.ins().jump(filled, &[values.into()]);
        entry.b.switch_to_block(filled);
        entry.entry(entry.inputs, slot, column);
    }

    /// Addresses of lists that have so many bytes each.
    fn fill_addresses(
        entry: &mut Entry<'_, '_>,
        (lists, addresses): (Value, Value),
        (base, count): (Value, Value),
        bytes: u64,
    ) {
        let (first, zero) = (entry.element(lists, base, bytes), entry.int(0));
        entry.each(zero, count, |entry, row| {
            let (address, place) = (entry.element(first, row, bytes), entry.element(addresses, row, 8));
            entry.b.ins().store(memory(), address, place, 0);
        });
    }

    /// Where the rows of an output go, and their flags.
    fn fill_output(
        &self,
        entry: &mut Entry<'_, '_>,
        index: usize,
        base: Value,
        count: Value,
    ) -> (Value, Option<Value>) {
        let shape = entry.parts.shape;
        let (output, out) = (&shape.outputs[index], entry.argument(Role::Output(index)));
        let (ty, width) = elements(output);
        let bytes = ty.bytes() as u64 * width;
        let first = entry.element(out, base, bytes);
        let flags = shape.has_valid(index).then(|| {
            let valid = entry.argument(Role::OutputValid(index));
            entry.element(valid, base, 1)
        });
        match (*output, self.outputs[index]) {
            (Output::List { .. }, Some([_, addresses])) => {
                let addresses = entry.b.ins().stack_addr(types::I64, addresses, 0);
                Scratch::fill_addresses(entry, (out, addresses), (base, count), bytes);
            }
            (Output::Column { column, nullable, .. }, _) => {
                entry.entry(entry.outputs, column, first);
                if let (true, Some(flags)) = (nullable, flags) {
                    entry.entry(entry.outputs, column + 1, flags);
                }
            }
            (Output::List { .. }, None) => unreachable!("lists have scratch columns"),
        }
        // What the kernel does not say is said here: rows have a value until one fails.
        if let (Some(flags), false) = (flags, matches!(output, Output::Column { nullable: true, .. })) {
            let (zero, one) = (entry.int(0), entry.b.ins().iconst(types::I8, 1));
            entry.each(zero, count, |entry, row| {
                let place = entry.element(flags, row, 1);
                entry.b.ins().store(memory(), one, place, 0);
            });
        }
        (first, flags)
    }
}

impl Strip {
    /// Zeroes the lists of these rows, which the code then writes.
    pub(super) fn clear_lists(&self, entry: &mut Entry<'_, '_>, from: Value, to: Value) {
        let shape = entry.parts.shape;
        for (output, &(first, _)) in shape.outputs.iter().zip(&self.outputs) {
            if let Output::List { elem, elements, .. } = *output {
                Strip::clear(entry, first, (from, to), elem, elements);
            }
        }
    }

    fn clear(entry: &mut Entry<'_, '_>, first: Value, (from, to): (Value, Value), ty: Type, width: u64) {
        let [from, to] = [from, to].map(|row| entry.b.ins().imul_imm_s(row, width as i64));
        let none = entry.b.ins().iconst(moved(ty), 0);
        entry.each(from, to, |entry, at| {
            let place = entry.element(first, at, ty.bytes() as u64);
            entry.b.ins().store(memory(), none, place, 0);
        });
    }

    /// Makes a row null.
    pub(super) fn forgive(&self, entry: &mut Entry<'_, '_>, row: Value) {
        let (shape, next) = (entry.parts.shape, entry.b.ins().iadd_imm_s(row, 1));
        for (output, &(first, flags)) in shape.outputs.iter().zip(&self.outputs) {
            let (ty, width) = elements(output);
            Strip::clear(entry, first, (row, next), ty, width);
            if let Some(flags) = flags {
                let (place, none) = (entry.element(flags, row, 1), entry.b.ins().iconst(types::I8, 0));
                entry.b.ins().store(memory(), none, place, 0);
            }
        }
    }

    /// Zeroes the values of so many rows that the kernel calls null.
    pub(super) fn finish(&self, entry: &mut Entry<'_, '_>, rows: Value) {
        let shape = entry.parts.shape;
        for (output, &(first, flags)) in shape.outputs.iter().zip(&self.outputs) {
            let (&Output::Column { ty, nullable: true, .. }, Some(flags)) = (output, flags) else { continue };
            let zero = entry.int(0);
            entry.each(zero, rows, |entry, row| {
                let place = entry.element(flags, row, 1);
                let flag = entry.b.ins().load(types::I8, memory(), place, 0);
                let place = entry.element(first, row, ty.bytes() as u64);
                let value = entry.b.ins().load(moved(ty), memory(), place, 0);
                let none = entry.b.ins().iconst(moved(ty), 0);
                let value = entry.b.ins().select(flag, value, none);
                entry.b.ins().store(memory(), value, place, 0);
            });
        }
    }
}
