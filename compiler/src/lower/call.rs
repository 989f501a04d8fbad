//! Calls of helpers: by index, through addresses that are loaded before the loop.

use cranelift_codegen::ir::{AbiParam, InstBuilder, Signature, Value, types};
use filbert_ir::{Core, Def, Op, Type};

use super::expand::expands;
use super::{Lower, clif_type, memory};
use crate::abi::CallFrame;
use crate::helpers::{self, HELPERS};
use crate::target::Target;

/// The helpers that a kernel's code calls, after the passes.
pub(crate) fn helpers_called(core: &Core, target: &Target) -> Vec<usize> {
    let mut wanted = vec![false; HELPERS.len()];
    for value in &core.values {
        if let Def::Op(op, args) = &value.def {
            let helpers = helpers_of(target, *op, core.ty(args[0]));
            helpers.into_iter().flatten().for_each(|index| wanted[index] = true);
        }
    }
    (0..wanted.len()).filter(|&index| wanted[index]).collect()
}

/// The helper that is the whole of an operation, if one is.
fn helper_of(target: &Target, op: Op, ty: Type) -> Option<usize> {
    let inline = match op {
        Op::Sqrt => true,
        Op::Floor | Op::Ceil | Op::Trunc => target.rounds_inline(),
        // Round is made from trunc where that is an instruction.
        Op::Round => target.rounds_inline(),
        Op::MulAdd => target.fuses_inline(),
        _ => expands(target, op),
    };
    if inline || !ty.is_float() { None } else { helpers::find(op, ty) }
}

/// The helpers that an operation calls: itself, or those that it is made from.
fn helpers_of(target: &Target, op: Op, ty: Type) -> [Option<usize>; 2] {
    if !ty.is_float() {
        return [None; 2];
    }
    match op {
        Op::Fract => [helper_of(target, Op::Trunc, ty), None],
        Op::RemEuclid => [helpers::find(Op::Rem, ty), None],
        Op::DivEuclid => [helpers::find(Op::Rem, ty), helper_of(target, Op::Trunc, ty)],
        // Its steps are those of f64.
        _ if expands(target, op) && op != Op::Powi => [helper_of(target, Op::MulAdd, Type::F64), None],
        _ => [helper_of(target, op, ty), None],
    }
}

impl Lower<'_> {
    /// Loads the addresses of all helpers that the kernel calls.
    pub(super) fn load_helpers(&mut self) {
        let called = helpers_called(self.core, self.target);
        if called.is_empty() {
            return;
        }
        let table = self.frame_field(std::mem::offset_of!(CallFrame, helpers));
        for index in called {
            self.helpers[index] = Some(self.b.ins().load(types::I64, memory(), table, index as i32 * 8));
        }
    }

    /// The helper that is the whole of an operation, if one is.
    pub(super) fn helper_of(&self, op: Op, ty: Type) -> Option<usize> {
        helper_of(self.target, op, ty)
    }

    /// Calls helper `index`.
    pub(super) fn call(&mut self, index: usize, args: &[Value]) -> Value {
        self.flush();
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
}
