//! The scalar back end: one Cranelift function that runs the whole loop over rows.
//!
//! ```text
//!   entry:      load rows, column pointers and helper addresses once; go to a loop unless there is no row
//!   group(r):   only for small bodies: several rows, r + 2 != groups_end ? group : single or done
//!   single(r):  load the slots and where the row's lists are, compute, make NaN canonical, store,
//!               r + 1 < end ? single : done
//!   cold:       one small block per fault, which all jump to
//!   fault(row, site, number):  write fault_row and fault_site, return the number
//!   done:       return 0
//! ```
//!
//! This file holds regions and the loop over rows; the frame and its columns stand in `row`, the loops of a
//! kernel in `repeat`, lists and tables in `memory`, what an operation becomes in `int`, `bits`, `float` and
//! `cast`, how a row fails in `fault`, how helpers are called in `call`, and functions without them in `expand`. Nothing here consults the
//! operations' meanings in `filbert-ir`: this is the second implementation that the differential tests
//! compare with the first.
//!
//! Obligations of every lowering: the bits of the result equal those of the operation's meaning, but for
//! the sign and payload of a NaN; the first fault of a row is the one reported; no instruction may trap
//! unless it is a guarded division and counted as one; no access to an element unless its index was
//! compared with the length before, or is proved to be below it; no libcall (see `Target::rounds_inline`).

mod bits;
mod call;
mod cast;
mod expand;
mod fault;
mod float;
mod int;
mod memory;
mod repeat;
mod row;

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, Function, InstBuilder, SigRef, Signature, Type as ClifType, UserFuncName, Value, types,
};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use filbert_ir::{Array, Core, Def, Op, Region, Type, ValueId};

pub(crate) use self::call::helpers_called;
use self::fault::{Cold, Pending};
pub(crate) use self::float::never_nan;
use self::memory::{Memory, memory};
use self::repeat::Budget;
use self::row::Columns;
use crate::abi::CallFrame;
use crate::helpers::HELPERS;
use crate::passes::Optimized;
use crate::proof::{self, Proofs};
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
    let memory = Memory::new(&mut function);
    let b = FunctionBuilder::new(&mut function, &mut context);
    let core = &optimized.kernel.core;
    let proofs = proof::prove(core);
    let mut lower = Lower {
        b,
        core,
        origins: &optimized.origins,
        target,
        isa,
        values: vec![None; core.values.len()],
        outputs: vec![Vec::new(); core.values.len()],
        used: used(core, &proofs),
        proofs,
        arrays: Vec::new(),
        memory,
        frame: None,
        budget: None,
        stopped: None,
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

struct Lower<'a> {
    b: FunctionBuilder<'a>,
    core: &'a Core,
    origins: &'a [ValueId],
    target: &'a Target,
    isa: &'a dyn TargetIsa,
    /// What each value of the kernel became, once it is lowered.
    values: Vec<Option<Value>>,
    /// For each `if` and `loop` that is lowered: what its results became, if somebody reads them.
    outputs: Vec<Vec<Option<Value>>>,
    /// Whether somebody reads a value.
    used: Vec<bool>,
    /// What needs no check.
    proofs: Proofs,
    /// Where the elements of each array in use are, in this row.
    arrays: Vec<(Array, Value)>,
    /// What Cranelift is told of loads and stores.
    memory: Memory,
    frame: Option<Value>,
    /// How iterations are counted, if there are loops.
    budget: Option<Budget>,
    /// The block of an interrupted row.
    stopped: Option<Block>,
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
        self.frame = Some(frame);
        let start = self.frame_field(std::mem::offset_of!(CallFrame, start));
        let end = self.frame_field(std::mem::offset_of!(CallFrame, end));
        let columns = self.columns();
        self.load_helpers();
        self.keep_constants();
        self.begin_budget();
        self.rows(&columns, start, end, done);

        self.b.switch_to_block(done);
        self.end_budget();
        let zero = self.b.ins().iconst(types::I32, 0);
        self.b.ins().return_(&[zero]);
        self.faults(fault);
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
        let works = |def: &Def| !matches!(def, Def::Param(_) | Def::Const(_) | Def::Output { .. });
        let operations = self.core.values.iter().filter(|value| works(&value.def)).count();
        let is_small = operations <= COPIED_OPERATIONS_MAX && self.helpers.iter().all(Option::is_none);
        if is_small && self.budget.is_none() { COPIES } else { 1 }
    }

    // --- regions

    /// Lowers the values of a range, nested regions included.
    fn region(&mut self, start: u32, end: u32) {
        let mut at = start;
        while at < end {
            let id = ValueId(at);
            at += 1;
            match &self.core.value(id).def {
                Def::Param(_) => unreachable!("slots stand before every other value"),
                Def::Carried(_) => unreachable!("carried values come with their loop"),
                Def::Const(bits) => self.values[id.index()] = Some(self.constant(self.core.ty(id), *bits)),
                Def::Op(op, args) => {
                    let value = self.op(id, *op, args);
                    self.values[id.index()] = Some(value);
                }
                Def::If { cond, then, otherwise } => {
                    self.branch(id, *cond, then, otherwise);
                    at = otherwise.end.0;
                }
                Def::Loop { inits, body } => {
                    self.repeat(id, inits, body);
                    at = body.end.0;
                }
                Def::Output { of, index } => self.values[id.index()] = self.outputs[of.index()][*index as usize],
                Def::Load { array, index } => {
                    let value = self.load(id, *array, *index);
                    self.values[id.index()] = Some(value);
                }
                Def::Store { array, index, value } => {
                    let value = self.store(id, *array, *index, *value);
                    self.values[id.index()] = Some(value);
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
        self.outputs[id.index()] = self.b.block_params(join).iter().copied().map(Some).collect();
        self.values[id.index()] = self.outputs[id.index()][0];
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
    fn keep_constants(&mut self) {
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
        let frame = self.frame();
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

/// For each value, whether somebody reads it. The length of an array is read by each access to it that is
/// checked.
fn used(core: &Core, proofs: &Proofs) -> Vec<bool> {
    let mut used = core.read_values();
    let mut mark = |id: ValueId| used[id.index()] = true;
    for (index, value) in core.values.iter().enumerate() {
        match value.def {
            _ if proofs.never_fails[index] => {}
            Def::Load { array: Array::Param(param), .. } => mark(core.signature.param_slot(param as usize)),
            Def::Load { array: Array::Result(result), .. } | Def::Store { array: Array::Result(result), .. } => {
                mark(core.signature.length_slot(result as usize));
            }
            _ => {}
        }
    }
    for assumption in &proofs.assumptions {
        [assumption.x, assumption.y].into_iter().flatten().for_each(&mut mark);
    }
    used
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
