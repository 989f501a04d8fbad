//! Every stage of a compilation as text.

use filbert_ir::VerifiedKernel;
use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};

use crate::artifact::Backend;
use crate::compile::guarded;
use crate::error::CompileError;
use crate::target::Target;

/// What each stage made of a kernel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The kernel after all passes, in the text form.
    pub optimised: String,
    /// The function handed to Cranelift, before Cranelift's own passes.
    pub clif: String,
    /// The machine code, one instruction a line: offset and text. Empty where there is no disassembler.
    pub asm: String,
    /// Length of code and constants.
    pub code_bytes: usize,
    /// Which back end made the code.
    pub backend: Backend,
    /// Why not another one.
    pub backend_reason: &'static str,
}

/// Compiles a kernel and tells what each stage made of it.
pub fn explain(kernel: &VerifiedKernel, target: &Target) -> Result<Explanation, CompileError> {
    let stages = guarded(kernel, target, true)?;
    Ok(Explanation {
        optimised: filbert_ir::text::print(&stages.optimized.kernel),
        clif: stages.clif.unwrap_or_default(),
        asm: disassemble(&stages.artifact.code),
        code_bytes: stages.artifact.code.len(),
        backend: stages.artifact.backend,
        backend_reason: "the vector back end is not built yet",
    })
}

/// Instructions as text, then the constants behind them. Nothing records where the constants begin, but code
/// reaches them relative to the instruction pointer, so the lowest such address is the place.
fn disassemble(code: &[u8]) -> String {
    if !cfg!(target_arch = "x86_64") {
        return String::new();
    }
    let mut formatter = IntelFormatter::new();
    formatter.options_mut().set_space_after_operand_separator(true);
    formatter.options_mut().set_branch_leading_zeros(false);
    let mut out = String::new();
    let mut text_bytes = code.len();
    for instruction in Decoder::with_ip(64, code, 0, DecoderOptions::NONE) {
        if instruction.ip() as usize >= text_bytes {
            break;
        }
        if instruction.is_ip_rel_memory_operand() {
            text_bytes = text_bytes.min(instruction.ip_rel_memory_address() as usize);
        }
        out.push_str(&format!("{:5x}  ", instruction.ip()));
        formatter.format(&instruction, &mut out);
        out.push('\n');
    }
    for (index, word) in code[text_bytes..].chunks(8).enumerate() {
        let hex: String = word.iter().rev().map(|byte| format!("{byte:02x}")).collect();
        out.push_str(&format!("{:5x}  constant 0x{hex}\n", text_bytes + index * 8));
    }
    out
}
