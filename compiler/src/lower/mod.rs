//! The scalar back end: one Cranelift function that runs the whole loop over rows.
//!
//! ```text
//!   entry:    load rows, column pointers and helper addresses once; go to the loop unless it is empty
//!   row(r):   load the parameters' elements, compute, make NaN canonical, store, r + 1 < end ? row : done
//!   cold:     one small block per fault, which all jump to
//!   fault(site, number):  write fault_row and fault_site, return the number
//!   done:     return 0
//! ```
//!
//! This file holds the frame, the loop, regions and faults; what an operation becomes stands in `int`,
//! `float` and `cast`. Nothing here consults the operations' meanings in `filbert-ir`: this is the second
//! implementation that the differential tests compare with the first.
//!
//! Obligations of every lowering: the bits of the result equal those of the operation's meaning, but for
//! the sign and payload of a NaN; a fault branches away before any later fault can; no instruction may trap
//! unless `guarded division` counts it; no libcall (see `Target::rounds_inline`).

mod cast;
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
use filbert_ir::{Core, Def, Fault, Op, Region, Type, ValueId};

use crate::abi::CallFrame;
use crate::helpers::{self, HELPERS};
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

/// Lowers a kernel to the loop over rows.
pub(crate) fn lower(optimized: &Optimized, target: &Target, isa: &dyn TargetIsa) -> Lowered {
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
        divisions: 0,
    };
    lower.function();
    let Lower { b, sites, divisions, .. } = lower;
    b.finalize(isa.frontend_config());
    Lowered { function, sites, divisions }
}

/// A fault's own block: out of the way, so that the hot path holds nothing but the branch.
struct Cold {
    block: Block,
    site: u32,
    fault: Fault,
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
    divisions: u32,
}

impl Lower<'_> {
    fn function(&mut self) {
        let [entry, row_block, fault_block, done] = std::array::from_fn(|_| self.b.create_block());
        self.b.append_block_params_for_function_params(entry);
        self.b.switch_to_block(entry);
        let frame = self.b.block_params(entry)[0];
        let start = self.frame_field(frame, std::mem::offset_of!(CallFrame, start));
        let end = self.frame_field(frame, std::mem::offset_of!(CallFrame, end));
        let inputs = self.columns(frame, std::mem::offset_of!(CallFrame, inputs), self.used_params());
        let outputs = self.columns(
            frame,
            std::mem::offset_of!(CallFrame, outputs),
            (0..self.core.returns.len() as u32).collect(),
        );
        self.load_helpers(frame);
        let any = self.b.ins().icmp(IntCC::UnsignedLessThan, start, end);
        let row = self.b.append_block_param(row_block, types::I64);
        self.b.ins().brif(any, row_block, &[start.into()], done, &[]);

        self.b.switch_to_block(row_block);
        for (param, column) in inputs {
            let ty = self.core.ty(ValueId(param));
            let address = self.element(column, row, ty);
            let value = self.b.ins().load(clif_type(ty), memory(), address, 0);
            self.values[param as usize] = Some(value);
        }
        self.region(self.core.params, self.core.values.len() as u32);
        self.store(&outputs, row);
        let next = self.b.ins().iadd_imm_s(row, 1);
        let more = self.b.ins().icmp(IntCC::UnsignedLessThan, next, end);
        self.b.ins().brif(more, row_block, &[next.into()], done, &[]);

        self.b.switch_to_block(done);
        let zero = self.b.ins().iconst(types::I32, 0);
        self.b.ins().return_(&[zero]);
        self.faults(fault_block, frame, row);
        self.b.seal_all_blocks();
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
            }
        }
        mark(&self.core.returns);
        (0..self.core.params).filter(|&p| used[p as usize]).collect()
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
    fn store(&mut self, outputs: &[(u32, Value)], row: Value) {
        let never_nan = float::never_nan(self.core);
        let mut canonical: Vec<(ValueId, Value)> = Vec::new();
        let mut values = Vec::with_capacity(outputs.len());
        for &id in &self.core.returns {
            let value = match canonical.iter().find(|(seen, _)| *seen == id) {
                Some(&(_, value)) => value,
                None if self.core.ty(id).is_float() && !never_nan[id.index()] => self.canonical(self.value(id)),
                None => self.value(id),
            };
            canonical.push((id, value));
            values.push(value);
        }
        for (&(result, column), value) in outputs.iter().zip(values) {
            let ty = self.core.ty(self.core.returns[result as usize]);
            let address = self.element(column, row, ty);
            self.b.ins().store(memory(), value, address, 0);
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
        self.b.ins().brif(cond, then_block, &[], else_block, &[]);
        for (block, region) in [(then_block, then), (else_block, otherwise)] {
            self.b.switch_to_block(block);
            self.region(region.start.0, region.end.0);
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
            Op::Select => self.select(args),
            Op::Cast => self.cast(args[0], self.core.ty(id)),
            _ if ty.is_float() => self.float_op(id, op, ty, args),
            _ => self.int_op(id, op, ty, args),
        }
    }

    fn select(&mut self, args: &[ValueId]) -> Value {
        let [cond, yes, no] = std::array::from_fn(|i| self.value(args[i]));
        self.b.ins().select(cond, yes, no)
    }

    // --- values

    fn value(&self, id: ValueId) -> Value {
        self.values[id.index()].expect("an operand is lowered before its user")
    }

    fn constant(&mut self, ty: Type, bits: u64) -> Value {
        match ty {
            Type::F32 => self.b.ins().f32const(Ieee32::with_bits(bits as u32)),
            Type::F64 => self.b.ins().f64const(Ieee64::with_bits(bits)),
            _ => self.b.ins().iconst(clif_type(ty), bits as i64),
        }
    }

    // --- faults

    /// Goes on only if `bad` is false; otherwise the row fails with `fault` at the value `id`.
    fn fail_if(&mut self, bad: Value, id: ValueId, fault: Fault) {
        let value = self.origins[id.index()];
        let site = self.sites.iter().rposition(|&seen| seen == value).unwrap_or_else(|| {
            self.sites.push(value);
            self.sites.len() - 1
        }) as u32;
        let known = self.cold.iter().rev().find(|cold| cold.site == site && cold.fault == fault).map(|cold| cold.block);
        let block = known.unwrap_or_else(|| {
            let block = self.b.create_block();
            self.cold.push(Cold { block, site, fault });
            block
        });
        let go_on = self.b.create_block();
        self.b.ins().brif(bad, block, &[], go_on, &[]);
        self.b.switch_to_block(go_on);
    }

    /// Fills the blocks of the faults and the one they share.
    fn faults(&mut self, shared: Block, frame: Value, row: Value) {
        if self.cold.is_empty() {
            // Unreachable, but a block must not stay empty.
            self.b.switch_to_block(shared);
            let zero = self.b.ins().iconst(types::I32, 0);
            self.b.ins().return_(&[zero]);
            return;
        }
        let site = self.b.append_block_param(shared, types::I32);
        let number = self.b.append_block_param(shared, types::I32);
        for Cold { block, site, fault } in std::mem::take(&mut self.cold) {
            self.b.set_cold_block(block);
            self.b.switch_to_block(block);
            let site = self.b.ins().iconst(types::I32, i64::from(site));
            let number = self.b.ins().iconst(types::I32, i64::from(fault.number()));
            self.b.ins().jump(shared, &[site.into(), number.into()]);
        }
        self.b.set_cold_block(shared);
        self.b.switch_to_block(shared);
        self.b.ins().store(memory(), row, frame, std::mem::offset_of!(CallFrame, fault_row) as i32);
        self.b.ins().store(memory(), site, frame, std::mem::offset_of!(CallFrame, fault_site) as i32);
        self.b.ins().return_(&[number]);
    }

    // --- helpers

    /// Loads the addresses of all helpers that the kernel calls.
    fn load_helpers(&mut self, frame: Value) {
        let mut wanted = vec![false; HELPERS.len()];
        for value in &self.core.values {
            if let Def::Op(op, args) = &value.def
                && let Some(index) = self.helper_of(*op, self.core.ty(args[0]))
            {
                wanted[index] = true;
            }
        }
        if !wanted.contains(&true) {
            return;
        }
        let table = self.frame_field(frame, std::mem::offset_of!(CallFrame, helpers));
        for (index, _) in wanted.iter().enumerate().filter(|(_, wanted)| **wanted) {
            self.helpers[index] = Some(self.b.ins().load(types::I64, memory(), table, index as i32 * 8));
        }
    }

    /// The helper that an operation calls, if it does.
    fn helper_of(&self, op: Op, ty: Type) -> Option<usize> {
        let inline = match op {
            Op::Sqrt => true,
            Op::Floor | Op::Ceil | Op::Trunc => self.target.rounds_inline(),
            // Round and fract are made from trunc where that is an instruction.
            Op::Round => self.target.rounds_inline(),
            Op::MulAdd => self.target.fuses_inline(),
            Op::Fract if !self.target.rounds_inline() => return helpers::find(Op::Trunc, ty),
            Op::RemEuclid => return helpers::find(Op::Rem, ty),
            _ => false,
        };
        if inline || !ty.is_float() { None } else { helpers::find(op, ty) }
    }

    /// Calls helper `index`.
    fn call(&mut self, index: usize, args: &[Value]) -> Value {
        let helper = &HELPERS[index];
        let params = helper.params();
        let signature = match self.signatures.iter().find(|(known, _)| *known == params) {
            Some(&(_, signature)) => signature,
            None => {
                let mut signature = Signature::new(self.isa.default_call_conv());
                signature.params.extend(params.iter().map(|&ty| AbiParam::new(clif_type(ty))));
                signature.returns.push(AbiParam::new(clif_type(helper.ty)));
                let signature = self.b.import_signature(signature);
                self.signatures.push((params, signature));
                signature
            }
        };
        let address = self.helpers[index].expect("every helper in use was loaded before the loop");
        let call = self.b.ins().call_indirect(signature, address, args);
        self.b.inst_results(call)[0]
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
