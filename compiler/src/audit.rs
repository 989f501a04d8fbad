//! The audit that machine code passes before anyone may run it.
//!
//! Three things must hold, whatever Cranelift or the lowering did:
//! * no relocation: the code holds no address and no symbol, and is complete in its bytes;
//! * trap records only where the lowering emitted a guarded integer division, at most two each (one for
//!   a zero divisor, one for MIN / -1), with these two codes only. The guards make them unreachable;
//! * code size within a bound.
//!
//! A failed audit is our bug, never the user's; the kernel then runs in the interpreter.

use cranelift_codegen::CompiledCode;
use cranelift_codegen::ir::TrapCode;

/// Bytes of code that one kernel may have.
pub const CODE_BYTES_MAX: usize = 1 << 20;

/// What was counted in a piece of machine code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Audit {
    /// Relocations: always 0 in an artifact.
    pub relocations: u32,
    /// Trap records of guarded divisions.
    pub traps: u32,
    /// Guarded divisions that the lowering emitted.
    pub divisions: u32,
}

/// Checks finished code in which `divisions` guarded divisions were emitted.
pub(crate) fn audit(code: &CompiledCode, divisions: u32) -> Result<Audit, String> {
    let relocations = code.buffer.relocs();
    if let Some(first) = relocations.first() {
        return Err(format!("{} relocations, the first to {:?}", relocations.len(), first.target));
    }
    let traps = code.buffer.traps();
    let allowed = [TrapCode::INTEGER_DIVISION_BY_ZERO, TrapCode::INTEGER_OVERFLOW];
    if let Some(trap) = traps.iter().find(|trap| !allowed.contains(&trap.code)) {
        return Err(format!("a trap record {} at {:#x}", trap.code, trap.offset));
    }
    if traps.len() > 2 * divisions as usize {
        return Err(format!("{} trap records for {divisions} guarded divisions", traps.len()));
    }
    let size = code.code_buffer().len();
    if size > CODE_BYTES_MAX {
        return Err(format!("{size} bytes of code, more than {CODE_BYTES_MAX}"));
    }
    Ok(Audit { relocations: 0, traps: traps.len() as u32, divisions })
}
