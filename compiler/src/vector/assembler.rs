//! Bytes: one instruction behind the other, labels, and a pool of constants behind the code.
//!
//! Addresses are not known while code is written: a jump or an access to the pool is encoded with four bytes
//! for the distance, which `finish` fills in.

use iced_x86::{Code, Encoder, Instruction, OpKind, Register};

/// Alignment of code and pool, in bytes.
pub(super) const ALIGN: usize = 64;

/// A place in the code that jumps name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Label(usize);

/// An operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operand {
    Register(Register),
    /// `[base + displacement]`
    At(Register, i32),
    /// `[base + index * scale + displacement]`
    Element(Register, Register, u32, i32),
    /// The pool's entry at this offset.
    Pool(u32),
    /// The pool's entry at this offset, the same element for all lanes.
    Broadcast(u32),
    Imm8(u8),
    Imm32(i32),
}

enum Target {
    Label(Label),
    Pool(u32),
}

/// Where a distance of four bytes must be filled in, and from where it counts.
struct Fixup {
    at: usize,
    from: usize,
    target: Target,
}

/// Code in the making.
pub(super) struct Assembler {
    encoder: Encoder,
    length: usize,
    labels: Vec<Option<usize>>,
    fixups: Vec<Fixup>,
    pool: Vec<u8>,
    failure: Option<String>,
}

/// What came out.
pub(super) struct Assembled {
    pub(super) code: Vec<u8>,
    /// Bytes of instructions; the pool comes behind.
    pub(super) text_bytes: usize,
}

impl Assembler {
    pub(super) fn new() -> Assembler {
        Assembler {
            encoder: Encoder::new(64),
            length: 0,
            labels: Vec::new(),
            fixups: Vec::new(),
            pool: Vec::new(),
            failure: None,
        }
    }

    pub(super) fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// The label stands here.
    pub(super) fn bind(&mut self, label: Label) {
        self.labels[label.0] = Some(self.length);
    }

    /// Offset in the pool of these bytes, which may be shared with others that want the same.
    pub(super) fn pool(&mut self, bytes: &[u8]) -> u32 {
        let found = match <[u8; 8]>::try_from(bytes) {
            // Most are, and these are compared in one go.
            Ok(bytes) => self.pool.as_chunks().0.iter().position(|entry| *entry == bytes),
            Err(_) => self.pool.chunks(bytes.len()).position(|entry| entry == bytes),
        };
        let index = found.unwrap_or_else(|| {
            self.pool.resize(self.pool.len().next_multiple_of(bytes.len()), 0);
            self.pool.extend_from_slice(bytes);
            self.pool.len() / bytes.len() - 1
        });
        (index * bytes.len()) as u32
    }

    pub(super) fn put(&mut self, code: Code, operands: &[Operand]) {
        self.put_masked(code, operands, None);
    }

    /// An instruction under a mask: lanes that are not set become 0 (`true`) or, in memory, stay.
    pub(super) fn put_masked(&mut self, code: Code, operands: &[Operand], mask: Option<(Register, bool)>) {
        let mut instruction = Instruction::default();
        instruction.set_code(code);
        let mut target = None;
        for (index, operand) in operands.iter().enumerate() {
            let index = index as u32;
            match *operand {
                Operand::Register(register) => {
                    instruction.set_op_kind(index, OpKind::Register);
                    instruction.set_op_register(index, register);
                }
                Operand::At(base, displacement) => {
                    memory(&mut instruction, index, base, Register::None, 1, displacement);
                }
                Operand::Element(base, row, scale, displacement) => {
                    memory(&mut instruction, index, base, row, scale, displacement);
                }
                Operand::Pool(offset) | Operand::Broadcast(offset) => {
                    instruction.set_op_kind(index, OpKind::Memory);
                    instruction.set_memory_base(Register::RIP);
                    instruction.set_memory_displ_size(8);
                    instruction.set_memory_displacement64(self.length as u64);
                    instruction.set_is_broadcast(matches!(operand, Operand::Broadcast(_)));
                    target = Some(offset);
                }
                Operand::Imm8(value) => {
                    instruction.set_op_kind(index, OpKind::Immediate8);
                    instruction.set_immediate8(value);
                }
                Operand::Imm32(value) => {
                    let wide = matches!(
                        code,
                        Code::Add_rm64_imm32
                            | Code::And_rm64_imm32
                            | Code::Sub_rm64_imm32
                            | Code::Cmp_rm64_imm32
                            | Code::Imul_r64_rm64_imm32
                    );
                    let kind = if wide { OpKind::Immediate32to64 } else { OpKind::Immediate32 };
                    instruction.set_op_kind(index, kind);
                    instruction.set_immediate32(value as u32);
                }
            }
        }
        if let Some((register, zeroing)) = mask {
            instruction.set_op_mask(register);
            instruction.set_zeroing_masking(zeroing);
        }
        let start = self.length;
        self.encode(&instruction);
        if let Some(offset) = target {
            let at = start + self.encoder.get_constant_offsets().displacement_offset();
            self.fixups.push(Fixup { at, from: self.length, target: Target::Pool(offset) });
        }
    }

    pub(super) fn jump(&mut self, code: Code, label: Label) {
        let mut instruction = Instruction::default();
        instruction.set_code(code);
        instruction.set_op_kind(0, OpKind::NearBranch64);
        instruction.set_near_branch64(self.length as u64);
        let start = self.length;
        self.encode(&instruction);
        let at = start + self.encoder.get_constant_offsets().immediate_offset();
        self.fixups.push(Fixup { at, from: self.length, target: Target::Label(label) });
    }

    fn encode(&mut self, instruction: &Instruction) {
        match self.encoder.encode(instruction, self.length as u64) {
            Ok(bytes) => self.length += bytes,
            Err(why) => {
                self.failure.get_or_insert_with(|| format!("{:?}: {why}", instruction.code()));
            }
        }
    }

    /// Fills in all distances and puts the pool behind the code.
    pub(super) fn finish(mut self) -> Result<Assembled, String> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let mut code = self.encoder.take_buffer();
        let text_bytes = code.len();
        if !self.pool.is_empty() {
            // Nobody runs into these: the last instruction is a return.
            code.resize(text_bytes.next_multiple_of(ALIGN), 0xcc);
        }
        let pool = code.len();
        code.append(&mut self.pool);
        for Fixup { at, from, target } in self.fixups {
            let to = match target {
                Target::Label(label) => self.labels[label.0].ok_or("a jump to nowhere")?,
                Target::Pool(offset) => pool + offset as usize,
            };
            let distance = i32::try_from(to as i64 - from as i64).map_err(|e| e.to_string())?;
            code[at..at + 4].copy_from_slice(&distance.to_le_bytes());
        }
        Ok(Assembled { code, text_bytes })
    }
}

fn memory(instruction: &mut Instruction, index: u32, base: Register, row: Register, scale: u32, displacement: i32) {
    instruction.set_op_kind(index, OpKind::Memory);
    instruction.set_memory_base(base);
    instruction.set_memory_index(row);
    instruction.set_memory_index_scale(scale);
    instruction.set_memory_displ_size(if displacement == 0 { 0 } else { 8 });
    instruction.set_memory_displacement64(i64::from(displacement) as u64);
}
