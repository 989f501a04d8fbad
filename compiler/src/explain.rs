//! Every stage of a compilation as text.

use filbert_ir::VerifiedKernel;
use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter, Mnemonic};

use crate::artifact::{Artifact, Backend};
use crate::compile::guarded;
use crate::error::CompileError;
use crate::target::Target;

/// What each stage made of a kernel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The kernel after all passes, in the text form.
    pub optimised: String,
    /// What the back end made of it before its bytes: the function handed to Cranelift, or the IR of the vector
    /// back end's loops.
    pub clif: String,
    /// The machine code, one instruction a line: offset and text. Empty where there is no disassembler.
    pub asm: String,
    /// Length of code and constants.
    pub code_bytes: usize,
    /// Which back end made the code.
    pub backend: Backend,
    /// Why that one.
    pub backend_reason: String,
}

/// Compiles a kernel and tells what each stage made of it.
pub fn explain(kernel: &VerifiedKernel, target: &Target) -> Result<Explanation, CompileError> {
    let stages = guarded(kernel, target, true)?;
    Ok(Explanation {
        optimised: filbert_ir::text::print(&stages.optimized.kernel),
        clif: stages.lowered.unwrap_or_default(),
        asm: if target.is_x86() { disassemble(&stages.artifact.code) } else { String::new() },
        code_bytes: stages.artifact.code.len(),
        backend: stages.artifact.backend,
        backend_reason: reason(&stages.artifact, stages.not_vectorised),
    })
}

fn reason(artifact: &Artifact, not_vectorised: Option<String>) -> String {
    match (artifact.backend, not_vectorised) {
        (Backend::Vector { lanes, turn_rows, .. }, _) => format!("{lanes} rows a block, {turn_rows} a turn"),
        (Backend::Scalar, why) => format!("not vectorised: {}", why.unwrap_or_default()),
    }
}

/// Instructions as text, then the constants behind them. Nothing records where the constants begin, but code
/// reaches them relative to the instruction pointer, so the lowest such address is the place.
fn disassemble(code: &[u8]) -> String {
    let mut formatter = IntelFormatter::new();
    formatter.options_mut().set_space_after_operand_separator(true);
    formatter.options_mut().set_branch_leading_zeros(false);
    let mut out = String::new();
    let mut text_bytes = code.len();
    for instruction in Decoder::with_ip(64, code, 0, DecoderOptions::NONE) {
        if instruction.ip() as usize >= text_bytes {
            break;
        }
        // Between code and constants.
        if instruction.mnemonic() == Mnemonic::Int3 {
            continue;
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
