//! What vector code must show before it may run. It is decoded again, from its bytes alone, by these rules:
//!
//! * it is whole instructions of features that the target has, up to where its constants begin;
//! * no call, no trap, no system: jumps go to instructions of this code, and returns end it;
//! * memory is read at the frame, at its tables, at columns by the row, on the stack below the slots' end and
//!   in the pool; it is written at columns by the row, in slots, and at three fields of the frame; gathers and
//!   scatters touch what their lanes say, and code for a sum its lanes;
//! * outside of vectors and masks only the few instructions of the loop appear.
//!
//! Which rows a column is touched at is what the tests with guard pages show.

use iced_x86::{
    Code, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind,
    Register,
};

use super::registers::SLOTS_BYTES_MAX;
use crate::abi::{CallFrame, SUM_LANES};
use crate::target::Target;

/// Checks code whose instructions take the first so many bytes.
pub(super) fn audit(code: &[u8], text_bytes: usize, target: &Target) -> Result<(), String> {
    let mut starts = vec![false; text_bytes];
    let mut jumps = Vec::new();
    let mut factory = InstructionInfoFactory::new();
    let mut passed = vec![false; Code::values().len()];
    let mut last = None;
    for instruction in Decoder::with_ip(64, &code[..text_bytes], 0, DecoderOptions::NONE) {
        let at = instruction.ip();
        starts[at as usize] = true;
        let told = |what: &str| format!("{what} at {at:#x}: {instruction}");
        if instruction.is_invalid() {
            return Err(told("no instruction"));
        }
        // What the code alone says is looked at once.
        let is_new = !std::mem::replace(&mut passed[instruction.code() as usize], true);
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
        last = Some(instruction.flow_control());
        // What is known touches memory only by an operand, or is on the stack.
        if !has_memory(&instruction) {
            continue;
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
                sums: target.sums(),
            };
            if used.access() != OpAccess::NoMemAccess && !place.is_allowed(&instruction) {
                return Err(told("an access to other memory"));
            }
        }
    }
    if !matches!(last, Some(FlowControl::Return)) {
        return Err("the code runs into its constants".into());
    }
    match jumps.iter().find(|&&to| !starts.get(to as usize).copied().unwrap_or(false)) {
        Some(to) => Err(format!("a jump to {to:#x}, which is no instruction")),
        None => Ok(()),
    }
}

/// Whether an instruction has an operand in memory, or pushes or pops.
fn has_memory(instruction: &Instruction) -> bool {
    instruction.is_stack_instruction()
        || (0..instruction.op_count()).any(|op| instruction.op_kind(op) == OpKind::Memory)
}

/// Whether the target has what iced calls by this name.
fn is_had(feature: &str, target: &Target) -> bool {
    let name = match feature {
        "X64" | "INTEL8086" | "INTEL386" | "INTEL486" | "SSE" | "CMOV" => return true,
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
            | Mnemonic::Imul
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
            | Mnemonic::Je
            | Mnemonic::Js
            | Mnemonic::Jns
            | Mnemonic::Cmova
            | Mnemonic::Prefetchw
            | Mnemonic::Prefetcht0
    );
    moves || name.starts_with('V') || name.starts_with('K')
}

/// Whether a gather or scatter, whose addresses come from vectors.
fn is_apart(instruction: &Instruction) -> bool {
    let name = format!("{:?}", instruction.mnemonic());
    name.starts_with("Vpgather") || name.starts_with("Vpscatter")
}

/// Whether a store of one lane.
fn is_lane(instruction: &Instruction) -> bool {
    matches!(instruction.mnemonic(), Mnemonic::Vmovq | Mnemonic::Vmovhps | Mnemonic::Vmovd | Mnemonic::Vpextrd)
}

/// Fields of the frame that may be written: the row that is left, and the budget.
const FRAME_WRITES: [i64; 3] = [
    std::mem::offset_of!(CallFrame, fault_row) as i64,
    std::mem::offset_of!(CallFrame, poll) as i64,
    std::mem::offset_of!(CallFrame, scratch) as i64,
];

/// Registers that point to columns.
const COLUMN_BASES: [Register; 9] = [
    Register::RAX,
    Register::RBX,
    Register::R9,
    Register::R10,
    Register::R11,
    Register::R12,
    Register::R13,
    Register::R14,
    Register::R15,
];

/// Memory that an instruction touches.
struct Place {
    base: Register,
    index: Register,
    displacement: i64,
    writes: bool,
    pool: std::ops::Range<u64>,
    /// Whether the code adds to the lanes of a sum.
    sums: bool,
}

impl Place {
    fn is_allowed(&self, instruction: &Instruction) -> bool {
        let &Place { base, index, displacement, writes, .. } = self;
        let slots = i64::from(SLOTS_BYTES_MAX);
        // Masked by what was compared with a length: see `convert`.
        if index.is_vector_register() {
            let is_column = COLUMN_BASES.contains(&base);
            // Written is where addresses say, or rows of a fixed-size list.
            return is_apart(instruction) && (matches!(base, Register::None | Register::RAX) || (is_column && !writes));
        }
        // Lanes of a sum; which of them is what was left of the row.
        let lanes = 0..i64::from(SUM_LANES) * 8;
        if self.sums && matches!(index, Register::None | Register::RAX) && lanes.contains(&displacement) {
            let is_moved = (0..instruction.op_count()).any(|op| instruction.op_register(op).is_vector_register());
            if is_moved && COLUMN_BASES.contains(&base) && base != Register::RAX {
                return true;
            }
        }
        match base {
            // Relative to the instruction: the decoder has made the sum.
            _ if instruction.is_ip_rel_memory_operand() => {
                !writes && self.pool.contains(&instruction.ip_rel_memory_address())
            }
            Register::RSP if matches!(instruction.mnemonic(), Mnemonic::Push | Mnemonic::Pop | Mnemonic::Ret) => true,
            Register::RSP => index == Register::None && (0..slots).contains(&displacement),
            Register::RDI if writes => FRAME_WRITES.contains(&displacement) && index == Register::None,
            Register::RDI => index == Register::None && (0..size_of::<CallFrame>() as i64).contains(&displacement),
            // The tables of columns.
            Register::RCX | Register::R8 => !writes && index == Register::None && displacement >= 0,
            // A column that has one value.
            Register::RAX if matches!(instruction.mnemonic(), Mnemonic::Vbroadcastsd | Mnemonic::Vmovddup) => {
                !writes && index == Register::None && displacement == 0
            }
            // A table's entry, which takes the table's place.
            _ if index == Register::None && instruction.code() == Code::Mov_r64_rm64 => {
                COLUMN_BASES.contains(&base) && instruction.op0_register() == base && displacement >= 0
            }
            // A lane of a fixed-size list, behind the first of its block.
            Register::RAX if index == Register::None => writes && is_lane(instruction) && displacement >= 0,
            // Columns, by the row.
            _ => COLUMN_BASES.contains(&base) && index == Register::RSI,
        }
    }
}

#[cfg(test)]
mod tests;
