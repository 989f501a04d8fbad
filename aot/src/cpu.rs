//! Which level an x86-64 CPU has, asked where the code runs: a function of the object that looks once and remembers.
//!
//! Cranelift has no instruction that asks a CPU, so two functions of a few instructions are made here; what is to be
//! concluded from them is made by Cranelift. The bits and the order of questions are those of Intel's manual (volume
//! 1, chapters 13 and 14): a register that the system does not save is as good as none.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, FuncRef, InstBuilder, MemFlagsData, Signature, StackSlot, StackSlotData, StackSlotKind,
    Value, types,
};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::FunctionBuilder;
use iced_x86::{Code, Encoder, IcedError, Instruction, MemoryOperand, Register};

/// `void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])`: eax, ebx, ecx, edx.
pub(crate) fn cpuid() -> Result<Vec<u8>, IcedError> {
    let at = |offset| MemoryOperand::with_base_displ(Register::R8, offset);
    assemble(&[
        Instruction::with1(Code::Push_r64, Register::RBX)?,
        Instruction::with2(Code::Mov_r64_rm64, Register::R8, Register::RDX)?,
        Instruction::with2(Code::Mov_r32_rm32, Register::EAX, Register::EDI)?,
        Instruction::with2(Code::Mov_r32_rm32, Register::ECX, Register::ESI)?,
        Instruction::with(Code::Cpuid),
        Instruction::with2(Code::Mov_rm32_r32, at(0), Register::EAX)?,
        Instruction::with2(Code::Mov_rm32_r32, at(4), Register::EBX)?,
        Instruction::with2(Code::Mov_rm32_r32, at(8), Register::ECX)?,
        Instruction::with2(Code::Mov_rm32_r32, at(12), Register::EDX)?,
        Instruction::with1(Code::Pop_r64, Register::RBX)?,
        Instruction::with(Code::Retnq),
    ])
}

/// `uint32_t xgetbv(void)`: the low half of XCR0, which registers the system saves.
pub(crate) fn xgetbv() -> Result<Vec<u8>, IcedError> {
    assemble(&[
        Instruction::with2(Code::Xor_r32_rm32, Register::ECX, Register::ECX)?,
        Instruction::with(Code::Xgetbv),
        Instruction::with(Code::Retnq),
    ])
}

fn assemble(instructions: &[Instruction]) -> Result<Vec<u8>, IcedError> {
    let mut encoder = Encoder::new(64);
    for instruction in instructions {
        encoder.encode(instruction, 0)?;
    }
    Ok(encoder.take_buffer())
}

/// The signature of `cpuid`.
pub(crate) fn cpuid_signature(convention: CallConv) -> Signature {
    let mut signature = Signature::new(convention);
    signature.params.extend([types::I32, types::I32, types::I64].map(AbiParam::new));
    signature
}

/// The signature of `xgetbv` and of the function that gives the level.
pub(crate) fn number_signature(convention: CallConv) -> Signature {
    let mut signature = Signature::new(convention);
    signature.returns.push(AbiParam::new(types::I32));
    signature
}

/// Places in what `cpuid` gives.
const EBX: i32 = 4;
const ECX: i32 = 8;

const fn bits(places: &[u32]) -> u32 {
    let (mut all, mut index) = (0, 0);
    while index < places.len() {
        all |= 1 << places[index];
        index += 1;
    }
    all
}

/// Leaf 1, ecx: SSE3, SSSE3, SSE4.1, SSE4.2, POPCNT.
const V2_1_ECX: u32 = bits(&[0, 9, 19, 20, 23]);
/// Leaf 1, ecx: FMA, OSXSAVE, AVX.
const V3_1_ECX: u32 = bits(&[12, 27, 28]);
/// Leaf 7, ebx: BMI1, AVX2, BMI2.
const V3_7_EBX: u32 = bits(&[3, 5, 8]);
/// Leaf 0x8000_0001, ecx: LZCNT.
const V3_EXTENDED_ECX: u32 = bits(&[5]);
/// XCR0: registers of 128 and of 256 bits.
const V3_SAVED: u32 = bits(&[1, 2]);
/// Leaf 7, ebx: AVX-512 F, DQ, VL.
const V4_7_EBX: u32 = bits(&[16, 17, 31]);
/// XCR0: masks, and registers of 512 bits.
const V4_SAVED: u32 = bits(&[5, 6, 7]);

/// The first of the leaves that are not Intel's own.
const EXTENDED: i64 = 0x8000_0000;

/// What the function of the level calls, and where it remembers.
pub(crate) struct Parts {
    pub(crate) cpuid: FuncRef,
    pub(crate) xgetbv: FuncRef,
    /// Address of a word that is 0 at first.
    pub(crate) word: Value,
}

/// Fills the function that gives the level, 1 to 4. It has its first block, in which `parts` were made. The word goes
/// from 0 to what every thread finds, so nobody waits for anybody.
pub(crate) fn level(b: &mut FunctionBuilder<'_>, parts: &Parts) {
    let slot = b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, 16, 4));
    let flags = MemFlagsData::new().with_notrap();
    let [ask, done] = std::array::from_fn(|_| b.create_block());
    let level = b.append_block_param(done, types::I32);
    let known = b.ins().atomic_load(types::I32, flags, parts.word);
    b.ins().brif(known, done, &[known.into()], ask, &[]);

    b.switch_to_block(ask);
    let mut asks = Asks { b, parts, slot, done };
    let most = asks.leaf(0, 0);
    let first = asks.leaf(1, ECX);
    asks.needs(first, V2_1_ECX, 1);
    asks.needs(first, V3_1_ECX, 2);
    asks.needs_leaf(most, 7, 2);
    let seven = asks.leaf(7, EBX);
    asks.needs(seven, V3_7_EBX, 2);
    let most = asks.leaf(EXTENDED, 0);
    asks.needs_leaf(most, EXTENDED + 1, 2);
    let extended = asks.leaf(EXTENDED + 1, ECX);
    asks.needs(extended, V3_EXTENDED_ECX, 2);
    let call = asks.b.ins().call(parts.xgetbv, &[]);
    let saved = asks.b.inst_results(call)[0];
    asks.needs(saved, V3_SAVED, 2);
    asks.needs(saved, V4_SAVED, 3);
    asks.needs(seven, V4_7_EBX, 3);
    let four = asks.b.ins().iconst(types::I32, 4);
    asks.b.ins().jump(done, &[four.into()]);

    b.switch_to_block(done);
    b.ins().atomic_store(flags, level, parts.word);
    b.ins().return_(&[level]);
}

/// Questions one after another; the first that is answered with no settles the level.
struct Asks<'a, 'b> {
    b: &'a mut FunctionBuilder<'b>,
    parts: &'a Parts,
    slot: StackSlot,
    done: Block,
}

impl Asks<'_, '_> {
    /// A word of what the CPU says of a leaf.
    fn leaf(&mut self, leaf: i64, offset: i32) -> Value {
        let out = self.b.ins().stack_addr(types::I64, self.slot, 0);
        let [leaf, subleaf] = [leaf, 0].map(|n| self.b.ins().iconst(types::I32, n));
        self.b.ins().call(self.parts.cpuid, &[leaf, subleaf, out]);
        self.b.ins().stack_load(types::I64, types::I32, self.slot, offset)
    }

    /// Goes on if all these bits are set; else the level is `level`.
    fn needs(&mut self, word: Value, bits: u32, level: i64) {
        let bits = self.b.ins().iconst(types::I32, i64::from(bits));
        let set = self.b.ins().band(word, bits);
        let all = self.b.ins().icmp(IntCC::Equal, set, bits);
        self.go_on_if(all, level);
    }

    /// Goes on if there is such a leaf; else the level is `level`.
    fn needs_leaf(&mut self, most: Value, leaf: i64, level: i64) {
        let leaf = self.b.ins().iconst(types::I32, leaf);
        let has = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, most, leaf);
        self.go_on_if(has, level);
    }

    fn go_on_if(&mut self, cond: Value, level: i64) {
        let level = BlockArg::Value(self.b.ins().iconst(types::I32, level));
        let next = self.b.create_block();
        self.b.ins().brif(cond, next, &[], self.done, &[level]);
        self.b.switch_to_block(next);
    }
}
