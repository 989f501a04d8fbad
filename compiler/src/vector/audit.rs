//! What vector code must show before it may run. It is decoded again, from its bytes alone, by these rules:
//!
//! * it is whole instructions of features that the target has, up to where its constants begin;
//! * no call, no trap, no system: jumps go to instructions of this code, and returns end it;
//! * memory is read at the frame, at its tables, at columns by the row, on the stack below the slots' end and
//!   in the pool; it is written at columns by the row, in slots, and at the frame's `fault_row`;
//! * outside of vectors and masks only the few instructions of the loop appear.
//!
//! Which rows a column is touched at is what the tests with guard pages show.

use std::collections::HashSet;

use iced_x86::{
    Code, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, Register,
};

use super::registers::SLOTS_BYTES_MAX;
use crate::abi::CallFrame;
use crate::target::Target;

/// Checks code whose instructions take the first so many bytes.
pub(super) fn audit(code: &[u8], text_bytes: usize, target: &Target) -> Result<(), String> {
    let mut starts = vec![false; text_bytes];
    let mut jumps = Vec::new();
    let mut factory = InstructionInfoFactory::new();
    let mut passed = HashSet::new();
    let mut last = None;
    for instruction in Decoder::with_ip(64, &code[..text_bytes], 0, DecoderOptions::NONE) {
        let at = instruction.ip();
        starts[at as usize] = true;
        let told = |what: &str| format!("{what} at {at:#x}: {instruction}");
        if instruction.is_invalid() {
            return Err(told("no instruction"));
        }
        // What the code alone says is looked at once.
        let is_new = passed.insert(instruction.code());
        let features = if is_new { instruction.cpuid_features() } else { &[] };
        if let Some(feature) = features.iter().find(|feature| !is_had(&format!("{feature:?}"), target)) {
            return Err(told(&format!("an instruction of {feature:?}")));
        }
        match instruction.flow_control() {
            FlowControl::Next => {}
            FlowControl::Return if instruction.code() == Code::Retnq => {}
            FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch => {
                jumps.push(instruction.near_branch_target());
            }
            _ => return Err(told("control leaves")),
        }
        if is_new && !is_known(&instruction) {
            return Err(told("an instruction that nobody emits"));
        }
        let info = factory.info(&instruction);
        for used in info.used_memory() {
            let writes = !matches!(used.access(), OpAccess::Read | OpAccess::CondRead | OpAccess::NoMemAccess);
            let place = Place {
                base: used.base(),
                index: used.index(),
                displacement: used.displacement() as i64,
                writes,
                pool: text_bytes as u64..code.len() as u64,
            };
            if used.access() != OpAccess::NoMemAccess && !place.is_allowed(&instruction) {
                return Err(told("an access to other memory"));
            }
        }
        last = Some(instruction.flow_control());
    }
    if !matches!(last, Some(FlowControl::Return)) {
        return Err("the code runs into its constants".into());
    }
    match jumps.iter().find(|&&to| !starts.get(to as usize).copied().unwrap_or(false)) {
        Some(to) => Err(format!("a jump to {to:#x}, which is no instruction")),
        None => Ok(()),
    }
}

/// Whether the target has what iced calls by this name.
fn is_had(feature: &str, target: &Target) -> bool {
    let name = match feature {
        "X64" | "INTEL8086" | "INTEL386" | "INTEL486" | "SSE" => return true,
        "AVX512F" => "avx512f",
        "AVX512DQ" => "avx512dq",
        "AVX512VL" => "avx512vl",
        "AVX" => "avx",
        "AVX2" => "avx2",
        "FMA" => "fma",
        "BMI2" => "bmi2",
        // Every CPU with AVX-512 has it.
        "PREFETCHW" => "avx512f",
        _ => return false,
    };
    target.features().contains(&name)
}

/// Instructions on vectors and masks, and those of the loop.
fn is_known(instruction: &Instruction) -> bool {
    let name = format!("{:?}", instruction.mnemonic());
    let moves = matches!(
        instruction.mnemonic(),
        Mnemonic::Mov
            | Mnemonic::Lea
            | Mnemonic::Add
            | Mnemonic::Sub
            | Mnemonic::And
            | Mnemonic::Xor
            | Mnemonic::Cmp
            | Mnemonic::Push
            | Mnemonic::Pop
            | Mnemonic::Ret
            | Mnemonic::Sfence
            | Mnemonic::Bzhi
            | Mnemonic::Ja
            | Mnemonic::Jae
            | Mnemonic::Jb
            | Mnemonic::Jbe
            | Mnemonic::Jmp
            | Mnemonic::Jne
            | Mnemonic::Prefetchw
    );
    // Gathers and scatters compute addresses from vectors.
    let scattered = name.contains("gather") || name.contains("scatter");
    moves || ((name.starts_with('V') || name.starts_with('K')) && !scattered)
}

/// Memory that an instruction touches.
struct Place {
    base: Register,
    index: Register,
    displacement: i64,
    writes: bool,
    pool: std::ops::Range<u64>,
}

impl Place {
    fn is_allowed(&self, instruction: &Instruction) -> bool {
        let &Place { base, index, displacement, writes, .. } = self;
        let slots = i64::from(SLOTS_BYTES_MAX);
        match base {
            // Relative to the instruction: the decoder has made the sum.
            _ if instruction.is_ip_rel_memory_operand() => {
                !writes && self.pool.contains(&instruction.ip_rel_memory_address())
            }
            Register::RSP if matches!(instruction.mnemonic(), Mnemonic::Push | Mnemonic::Pop | Mnemonic::Ret) => true,
            Register::RSP => index == Register::None && (0..slots).contains(&displacement),
            Register::RDI if writes => displacement == std::mem::offset_of!(CallFrame, fault_row) as i64,
            Register::RDI => index == Register::None && (0..size_of::<CallFrame>() as i64).contains(&displacement),
            // The tables of columns.
            Register::RCX | Register::R8 => !writes && index == Register::None && displacement >= 0,
            // A column that has one value.
            Register::RAX if matches!(instruction.mnemonic(), Mnemonic::Vbroadcastsd | Mnemonic::Vmovddup) => {
                !writes && index == Register::None && displacement == 0
            }
            // Columns, by the row.
            Register::RAX | Register::RBX | Register::R9 | Register::R10 | Register::R11 => index == Register::RSI,
            Register::R12 | Register::R13 | Register::R14 | Register::R15 => index == Register::RSI,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
