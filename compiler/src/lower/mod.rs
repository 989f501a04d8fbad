//! The scalar back end: one Cranelift function that runs the whole loop over rows.
//!
//! ```text
//!   entry:      load rows, column pointers and helper addresses once; go to a loop unless there is no row
//!   group(r):   only for small bodies: several rows, r + 2 != groups_end ? group : single or done
//!   single(r):  load the parameters' elements, compute, make NaN canonical, store, r + 1 < end ? single : done
//!   cold:       one small block per fault, which all jump to
//!   fault(row, site, number):  write fault_row and fault_site, return the number
//!   done:       return 0
//! ```
//!
//! This file holds the frame, the loop and regions; what an operation becomes stands in `int`, `float` and
//! `cast`, how a row fails in `fault`, how helpers are called in `call`. Nothing here consults the operations' meanings in `filbert-ir`: this is the second
//! implementation that the differential tests compare with the first.
//!
//! Obligations of every lowering: the bits of the result equal those of the operation's meaning, but for
//! the sign and payload of a NaN; the first fault of a row is the one reported; no instruction may trap
//! unless it is a guarded division and counted as one; no libcall (see `Target::rounds_inline`).

mod bits;
mod call;
mod cast;
mod fault;
mod float;
mod int;

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, Function, InstBuilder, MemFlagsData, SigRef, Signature, Type as ClifType, UserFuncName,
    Value, types,
};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use filbert_ir::{Core, Def, Op, Region, Type, ValueId};

use self::fault::{Cold, Pending};
use crate::abi::CallFrame;
use crate::helpers::HELPERS;
use crate::passes::Optimized;
use crate::target::Target;

/// A function for Cranelift, with what the audit and the artifact need to know of it.
pub(crate) struct Lowered {
    pub(crate) function: Function,
    /// The original value that each fault site stands for.
    pub(crate) sites: Vec<ValueId>,
    /// Guarded integer divisions emitted.
    pub(crate) divisions: u32,
}

/// Blocks that a function may have. Cranelift's time grows faster than their number: this many take about
/// a quarter of a second.
pub(crate) const BLOCKS_MAX: usize = 10_000;

/// Lowers a kernel to the loop over rows; an error says which bound it exceeds.
pub(crate) fn lower(optimized: &Optimized, target: &Target, isa: &dyn TargetIsa) -> Result<Lowered, String> {
    let mut signature = Signature::new(isa.default_call_conv());
    signature.params.push(AbiParam::new(types::I64));
    signature.returns.push(AbiParam::new(types::I32));
    let mut function = Function::with_name_signature(UserFuncName::default(), signature);
    let mut context = FunctionBuilderContext::new();
    let b = FunctionBuilder::new(&mut function, &mut context);
    let core = &optimized.kernel.core;
    let mut lower = Lower {
        b,
        core,
        origins: &optimized.origins,
        target,
        isa,
        values: vec![None; core.values.len()],
        joins: vec![None; core.values.len()],
        helpers: vec![None; HELPERS.len()],
        signatures: Vec::new(),
        sites: Vec::new(),
        cold: Vec::new(),
        pending: Vec::new(),
        resolve: Vec::new(),
        divisions: 0,
        kept: Vec::new(),
        never_nan: float::never_nan(core),
        first: None,
        copy: 0,
    };
    lower.function();
    let Lower { b, sites, divisions, .. } = lower;
    b.finalize(isa.frontend_config());
    let blocks = function.dfg.num_blocks();
    if blocks > BLOCKS_MAX {
        return Err(format!("it becomes {blocks} blocks of machine code, more than {BLOCKS_MAX}"));
    }
    Ok(Lowered { function, sites, divisions })
}

/// Operations that a body may have and still be written out `COPIES` times. Measured: beyond, a turn of the
/// loop is long enough to hide its own counting.
const COPIED_OPERATIONS_MAX: usize = 24;
/// Rows that a turn of the loop over a small body computes; a power of two.
const COPIES: u32 = 2;

/// Wide constants that are kept in registers; x86-64 has 15 to share.
const KEPT_CONSTANTS_MAX: usize = 5;

/// Whether an instruction cannot hold this constant as an immediate.
fn is_wide(ty: Type, bits: u64) -> bool {
    ty.is_int() && ty.bits() == 64 && i32::try_from(bits as i64).is_err()
}

/// Pointers to the columns in use, by index of parameter or result.
struct Columns {
    inputs: Vec<(u32, Value)>,
    outputs: Vec<(u32, Value)>,
}

struct Lower<'a> {
    b: FunctionBuilder<'a>,
    core: &'a Core,
    origins: &'a [ValueId],
    target: &'a Target,
    isa: &'a dyn TargetIsa,
    /// What each value of the kernel became, once it is lowered.
    values: Vec<Option<Value>>,
    /// The block behind an `if`, whose parameters are the yields.
    joins: Vec<Option<Block>>,
    /// Addresses of the helpers in use, loaded before the loop.
    helpers: Vec<Option<Value>>,
    /// Signatures of helpers declared so far, by their operand types.
    signatures: Vec<(&'static [Type], SigRef)>,
    /// Original values that can fail, in order of appearance.
    sites: Vec<ValueId>,
    cold: Vec<Cold>,
    /// Flags of the operations so far that were not branched on yet, in program order.
    pending: Vec<Pending>,
    /// Blocks that find the first of some flags that is set, else go to the last block.
    resolve: Vec<(Block, Vec<Pending>, Block)>,
    divisions: u32,
    /// Wide constants that are kept in registers, by their bits.
    kept: Vec<(u64, Value)>,
    /// Float values that are never NaN.
    never_nan: Vec<bool>,
    /// The row being lowered is `first + copy`.
    first: Option<Value>,
    copy: u32,
}

impl Lower<'_> {
    fn function(&mut self) {
        let [entry, fault, done] = std::array::from_fn(|_| self.b.create_block());
        self.b.append_block_params_for_function_params(entry);
        self.b.switch_to_block(entry);
        let frame = self.b.block_params(entry)[0];
        let start = self.frame_field(frame, std::mem::offset_of!(CallFrame, start));
        let end = self.frame_field(frame, std::mem::offset_of!(CallFrame, end));
        let inputs = self.columns(frame, std::mem::offset_of!(CallFrame, inputs), self.used_params());
        let results = (0..self.core.returns.len() as u32).collect();
        let outputs = self.columns(frame, std::mem::offset_of!(CallFrame, outputs), results);
        self.load_helpers(frame);
        self.keep_constants(frame);
        self.rows(&Columns { inputs, outputs }, start, end, done);

        self.b.switch_to_block(done);
        let zero = self.b.ins().iconst(types::I32, 0);
        self.b.ins().return_(&[zero]);
        self.faults(fault, frame);
        self.b.seal_all_blocks();
    }

    /// The loops over rows `start..end`: one over groups of `copies` rows, then one over single rows.
    fn rows(&mut self, columns: &Columns, start: Value, end: Value, done: Block) {
        let copies = self.copies();
        let single = self.b.create_block();
        let row = self.b.append_block_param(single, types::I64);
        let any = self.icmp(IntCC::UnsignedLessThan, start, end);
        if copies == 1 {
            self.b.ins().brif(any, single, &[start.into()], done, &[]);
        } else {
            let [some, group] = std::array::from_fn(|_| self.b.create_block());
            let first = self.b.append_block_param(group, types::I64);
            self.b.ins().brif(any, some, &[], done, &[]);
            self.b.switch_to_block(some);
            let count = self.b.ins().isub(end, start);
            let grouped = self.b.ins().band_imm_s(count, -i64::from(copies));
            let groups_end = self.b.ins().iadd(start, grouped);
            let enough = self.icmp(IntCC::NotEqual, start, groups_end);
            self.b.ins().brif(enough, group, &[start.into()], single, &[start.into()]);

            self.b.switch_to_block(group);
            for copy in 0..copies {
                self.row(columns, first, copy);
            }
            let rest = self.b.create_block();
            let next = self.b.ins().iadd_imm_s(first, i64::from(copies));
            let more = self.icmp(IntCC::NotEqual, next, groups_end);
            self.b.ins().brif(more, group, &[next.into()], rest, &[]);
            self.b.switch_to_block(rest);
            let more = self.icmp(IntCC::UnsignedLessThan, next, end);
            self.b.ins().brif(more, single, &[next.into()], done, &[]);
        }
        self.b.switch_to_block(single);
        self.row(columns, row, 0);
        let next = self.b.ins().iadd_imm_s(row, 1);
        let more = self.icmp(IntCC::UnsignedLessThan, next, end);
        self.b.ins().brif(more, single, &[next.into()], done, &[]);
    }

    /// How many rows a turn of the loop computes. Counting and jumping weigh as much as a few operations,
    /// so small bodies are written out more than once; a call outweighs both.
    fn copies(&self) -> u32 {
        let operations = self.core.values.iter().filter(|v| matches!(v.def, Def::Op(..) | Def::If { .. })).count();
        if operations <= COPIED_OPERATIONS_MAX && self.helpers.iter().all(Option::is_none) { COPIES } else { 1 }
    }

    /// One row, number `first + copy`: reads the parameters, computes, stores the results.
    fn row(&mut self, columns: &Columns, first: Value, copy: u32) {
        self.values.fill(None);
        self.joins.fill(None);
        self.first = Some(first);
        self.copy = copy;
        for &(param, column) in &columns.inputs {
            let ty = self.core.ty(ValueId(param));
            let address = self.element(column, first, ty);
            let offset = copy as i32 * ty.bytes() as i32;
            self.values[param as usize] = Some(self.b.ins().load(clif_type(ty), memory(), address, offset));
        }
        self.region(self.core.slots(), self.core.values.len() as u32);
        self.flush();
        self.store(&columns.outputs, first, copy);
    }

    // --- the frame and the columns

    fn frame_field(&mut self, frame: Value, offset: usize) -> Value {
        self.b.ins().load(types::I64, memory(), frame, offset as i32)
    }

    /// Parameters that something reads. The others' columns are not touched.
    fn used_params(&self) -> Vec<u32> {
        let mut used = vec![false; self.core.values.len()];
        let mut mark = |ids: &[ValueId]| ids.iter().for_each(|id| used[id.index()] = true);
        for value in &self.core.values {
            match &value.def {
                Def::Op(_, args) => mark(args),
                Def::If { cond, then, otherwise } => {
                    mark(&[*cond]);
                    mark(&then.yields);
                    mark(&otherwise.yields);
                }
                Def::Param(_) | Def::Const(_) | Def::Output { .. } => {}
                Def::Loop { .. } | Def::Carried(_) | Def::Load { .. } | Def::Store { .. } => {
                    unreachable!("not lowered yet")
                }
            }
        }
        mark(&self.core.returns);
        (0..self.core.slots()).filter(|&p| used[p as usize]).collect()
    }

    /// Loads the pointers of the chosen columns from the table at this field of the frame.
    fn columns(&mut self, frame: Value, field: usize, chosen: Vec<u32>) -> Vec<(u32, Value)> {
        if chosen.is_empty() {
            return Vec::new();
        }
        let table = self.frame_field(frame, field);
        chosen.into_iter().map(|i| (i, self.b.ins().load(types::I64, memory(), table, i as i32 * 8))).collect()
    }

    /// Address of an element; folds into the addressing of the load or store.
    fn element(&mut self, column: Value, row: Value, ty: Type) -> Value {
        let offset = match ty.bytes().trailing_zeros() {
            0 => row,
            shift => self.b.ins().ishl_imm_u(row, shift as i64),
        };
        self.b.ins().iadd(column, offset)
    }

    /// Stores the results of a row, floats with their NaN made canonical.
    fn store(&mut self, outputs: &[(u32, Value)], first: Value, copy: u32) {
        let mut canonical: Vec<(ValueId, Value)> = Vec::new();
        let mut values = Vec::with_capacity(outputs.len());
        for &id in &self.core.returns {
            let value = match canonical.iter().find(|(seen, _)| *seen == id) {
                Some(&(_, value)) => value,
                None if self.core.ty(id).is_float() && !self.never_nan[id.index()] => self.canonical(self.value(id)),
                None => self.value(id),
            };
            canonical.push((id, value));
            values.push(value);
        }
        for (&(result, column), value) in outputs.iter().zip(values) {
            let ty = self.core.ty(self.core.returns[result as usize]);
            let address = self.element(column, first, ty);
            self.b.ins().store(memory(), value, address, copy as i32 * ty.bytes() as i32);
        }
    }

    // --- regions

    /// Lowers the values of a range, nested regions included.
    fn region(&mut self, start: u32, end: u32) {
        let mut at = start;
        while at < end {
            let id = ValueId(at);
            at += 1;
            match &self.core.value(id).def {
                Def::Param(_) => unreachable!("parameters stand before every other value"),
                Def::Loop { .. } | Def::Carried(_) | Def::Load { .. } | Def::Store { .. } => {
                    unreachable!("not lowered yet")
                }
                Def::Const(bits) => self.values[id.index()] = Some(self.constant(self.core.ty(id), *bits)),
                Def::Op(op, args) => {
                    let value = self.op(id, *op, args);
                    self.values[id.index()] = Some(value);
                }
                Def::If { cond, then, otherwise } => {
                    self.branch(id, *cond, then, otherwise);
                    at = otherwise.end.0;
                }
                Def::Output { of, index } => {
                    let join = self.joins[of.index()].expect("an output stands behind its if");
                    self.values[id.index()] = Some(self.b.block_params(join)[*index as usize]);
                }
            }
        }
    }

    /// An `if`: two blocks that meet in a third, whose parameters are the yields.
    fn branch(&mut self, id: ValueId, cond: ValueId, then: &Region, otherwise: &Region) {
        let [then_block, else_block, join] = std::array::from_fn(|_| self.b.create_block());
        for &yielded in &then.yields {
            self.b.append_block_param(join, clif_type(self.core.ty(yielded)));
        }
        let cond = self.value(cond);
        self.flush();
        self.b.ins().brif(cond, then_block, &[], else_block, &[]);
        for (block, region) in [(then_block, then), (else_block, otherwise)] {
            self.b.switch_to_block(block);
            self.region(region.start.0, region.end.0);
            self.flush();
            let yields: Vec<BlockArg> = region.yields.iter().map(|&y| self.value(y).into()).collect();
            self.b.ins().jump(join, &yields);
        }
        self.b.switch_to_block(join);
        self.joins[id.index()] = Some(join);
        self.values[id.index()] = Some(self.b.block_params(join)[0]);
    }

    /// An operation, sent to the file for its kind.
    fn op(&mut self, id: ValueId, op: Op, args: &[ValueId]) -> Value {
        let ty = self.core.ty(args[0]);
        match op {
            Op::Select if self.core.ty(id).is_float() => self.float_select(args),
            Op::Select => {
                let [cond, yes, no] = std::array::from_fn(|i| self.value(args[i]));
                self.b.ins().select(cond, yes, no)
            }
            Op::Cast => self.cast(args[0], self.core.ty(id)),
            _ if ty.is_float() => self.float_op(id, op, ty, args),
            _ => self.int_op(id, op, ty, args),
        }
    }

    // --- values

    fn value(&self, id: ValueId) -> Value {
        self.values[id.index()].expect("an operand is lowered before its user")
    }

    /// Puts the wide constants of the kernel into registers before the loop. Cranelift would write each of
    /// them again in every row, ten bytes of instruction; shifted by the frame's zero they are no constants
    /// to it. A call would clobber the registers, so kernels that call do without.
    fn keep_constants(&mut self, frame: Value) {
        if self.helpers.iter().any(Option::is_some) {
            return;
        }
        let mut wide: Vec<u64> = Vec::new();
        for value in &self.core.values {
            match value.def {
                Def::Const(bits) if is_wide(value.ty, bits) && !wide.contains(&bits) => wide.push(bits),
                _ => {}
            }
        }
        if wide.is_empty() {
            return;
        }
        let offset = std::mem::offset_of!(CallFrame, zero) as i32;
        let zero = self.b.ins().uload32(memory(), frame, offset);
        for bits in wide.into_iter().take(KEPT_CONSTANTS_MAX) {
            let constant = self.b.ins().iconst(types::I64, bits as i64);
            self.kept.push((bits, self.b.ins().ishl(constant, zero)));
        }
    }

    fn constant(&mut self, ty: Type, bits: u64) -> Value {
        if let Some(&(_, value)) = self.kept.iter().find(|(kept, _)| *kept == bits && is_wide(ty, bits)) {
            return value;
        }
        match ty {
            Type::F32 => self.b.ins().f32const(Ieee32::with_bits(bits as u32)),
            Type::F64 => self.b.ins().f64const(Ieee64::with_bits(bits)),
            _ => self.b.ins().iconst(clif_type(ty), bits as i64),
        }
    }

    // --- short names shared by the files of operations

    fn icmp(&mut self, cc: IntCC, x: Value, y: Value) -> Value {
        self.b.ins().icmp(cc, x, y)
    }

    fn fcmp(&mut self, cc: FloatCC, x: Value, y: Value) -> Value {
        self.b.ins().fcmp(cc, x, y)
    }
}

/// Accesses that cannot trap (the caller promises the memory) and whose alignment is not known.
fn memory() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

/// The Cranelift type of a value. Narrow integers stay narrow: Cranelift extends them where an instruction
/// needs it. A bool is 0 or 1 in eight bits.
fn clif_type(ty: Type) -> ClifType {
    match ty {
        Type::Bool | Type::I8 | Type::U8 => types::I8,
        Type::I16 | Type::U16 => types::I16,
        Type::I32 | Type::U32 => types::I32,
        Type::I64 | Type::U64 => types::I64,
        Type::F32 => types::F32,
        Type::F64 => types::F64,
    }
}
