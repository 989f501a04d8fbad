//! Loops of the kernel: what they carry, and the budget of iterations.
//!
//! One counter in a register, `LEFT`, counts down to whatever comes first, the end of the fuel of the block's
//! rows or the next look at the stop flag; below 0 it has to be settled:
//!
//! ```text
//!   left    iterations until it must be settled
//!   scratch what `left` held when the turn began, and what was added since: the fuel that this turn was given
//!   poll    iterations until the next look at the flag, beyond those in `left`
//! ```
//!
//! An iteration of the block is one of each row in it, or none. So a row never made more than the block, and only
//! where the block's fuel ends somebody has to look who it was: the scalar code.

use super::*;
use crate::abi::{POLL_ITERATIONS, STOPPED};
use crate::vector::emit::block::Block;
use crate::vector::ir::{Counted, Inst, V};

/// Iterations until the budget must be settled.
const LEFT: Register = Register::R15;
/// Iterations that counted loops still make, by depth.
const TIMES: [Register; crate::vector::convert::DEPTH_MAX as usize] = [Register::R14, Register::R13];

/// Where a loop stands in the code.
pub(super) struct Loop {
    repeat: u32,
    head: Label,
    done: Label,
}

/// What a kernel with loops needs besides.
#[derive(Clone, Copy)]
pub(super) struct Budget {
    /// Iterations that a row may make, by the kernel.
    pub(super) fuel: u64,
    /// Where code goes that has found the flag raised.
    pub(super) stopped: Label,
    /// Where it goes when the fuel is spent.
    pub(super) spent: Label,
}

const FUEL: Operand = Operand::At(FRAME, offset_of!(CallFrame, fuel) as i32);
const POLL: Operand = Operand::At(FRAME, offset_of!(CallFrame, poll) as i32);
const GIVEN: Operand = Operand::At(FRAME, offset_of!(CallFrame, scratch) as i32);

impl Emit {
    /// Fills the counter when the call begins.
    pub(super) fn begin_budget(&mut self) {
        let Some(Budget { fuel, .. }) = self.budget else { return };
        let left = Operand::Register(LEFT);
        self.fuel_to(LEFT, fuel);
        self.asm.put(Code::Cmp_r64_rm64, &[left, POLL]);
        self.asm.put(Code::Cmova_r64_rm64, &[left, POLL]);
        self.asm.put(Code::Sub_rm64_r64, &[POLL, left]);
    }

    /// The lesser of both limits.
    fn fuel_to(&mut self, register: Register, fuel: u64) {
        let own = Operand::Pool(self.asm.pool(&fuel.to_le_bytes()));
        self.asm.put(Code::Mov_r64_rm64, &[Operand::Register(register), own]);
        self.asm.put(Code::Cmp_r64_rm64, &[Operand::Register(register), FUEL]);
        self.asm.put(Code::Cmova_r64_rm64, &[Operand::Register(register), FUEL]);
    }

    /// What the counter holds is what the rows of this turn were given so far.
    pub(super) fn begin_turn(&mut self) {
        if self.budget.is_some() {
            self.asm.put(Code::Mov_rm64_r64, &[GIVEN, Operand::Register(LEFT)]);
        }
    }

    /// Hands back what is left.
    pub(super) fn end_budget(&mut self) {
        if self.budget.is_some() {
            self.asm.put(Code::Add_rm64_r64, &[POLL, Operand::Register(LEFT)]);
        }
    }

    /// The ends of calls that ran out of fuel, at `scalar`'s entry behind its own handing back, or were stopped.
    pub(super) fn stopped(&mut self) {
        let Some(Budget { stopped, .. }) = self.budget else { return };
        self.asm.bind(stopped);
        self.leave_with(STOPPED);
    }

    fn take(&mut self, iterations: u32) {
        self.asm.put(Code::Sub_rm64_imm32, &[Operand::Register(LEFT), Operand::Imm32(iterations as i32)]);
    }

    /// Fills the counter up, until it is not below 0.
    fn settle(&mut self) {
        let Budget { fuel, stopped, spent } = self.budget.expect("a kernel with loops counts");
        let [settle, have] = [self.asm.label(), self.asm.label()];
        let [more, poll, left] = [SPARE, INPUTS, LEFT].map(Operand::Register);
        self.asm.bind(settle);
        self.fuel_to(SPARE, fuel);
        self.asm.put(Code::Sub_r64_rm64, &[more, GIVEN]);
        self.asm.jump(Code::Je_rel32_64, spent);
        self.asm.put(Code::Mov_r64_rm64, &[poll, POLL]);
        self.asm.put(Code::Cmp_rm64_imm32, &[poll, Operand::Imm32(0)]);
        self.asm.jump(Code::Jne_rel32_64, have);
        self.asm.put(Code::Mov_r64_rm64, &[poll, Operand::At(FRAME, offset_of!(CallFrame, stop) as i32)]);
        self.asm.put(Code::Cmp_rm8_imm8, &[Operand::At(INPUTS, 0), Operand::Imm8(0)]);
        self.asm.jump(Code::Jne_rel32_64, stopped);
        self.asm.put(Code::Mov_r32_imm32, &[Operand::Register(Register::ECX), Operand::Imm32(POLL_ITERATIONS as i32)]);
        self.asm.bind(have);
        self.asm.put(Code::Cmp_r64_rm64, &[more, poll]);
        self.asm.put(Code::Cmova_r64_rm64, &[more, poll]);
        self.asm.put(Code::Add_rm64_r64, &[GIVEN, more]);
        self.asm.put(Code::Sub_r64_rm64, &[poll, more]);
        self.asm.put(Code::Mov_rm64_r64, &[POLL, poll]);
        self.asm.put(Code::Add_r64_rm64, &[left, more]);
        self.asm.jump(Code::Js_rel32_64, settle);
        self.load_pointer(INPUTS, FRAME, offset_of!(CallFrame, inputs) as i32);
    }

    /// Takes iterations and goes on behind.
    fn spend(&mut self, iterations: u32) {
        let enough = self.asm.label();
        self.take(iterations);
        self.asm.jump(Code::Jns_rel32_64, enough);
        self.settle();
        self.asm.bind(enough);
    }
}

impl Block<'_> {
    pub(super) fn head(&mut self, repeat: u32, counted: Option<Counted>) {
        if let Some(Counted { times, depth }) = counted {
            let times = Operand::Imm32(times as i32);
            let register = TIMES[depth as usize].full_register32();
            self.put(Code::Mov_r32_imm32, &[Operand::Register(register), times]);
        }
        let [head, done] = [self.emit.asm.label(), self.emit.asm.label()];
        self.emit.asm.bind(head);
        self.loops.push(Loop { repeat, head, done });
    }

    pub(super) fn spend(&mut self, iterations: u32) {
        self.emit.spend(iterations);
    }

    pub(super) fn repeat(&mut self, repeat: u32, counted: Counted) {
        let (head, _) = self.loop_of(repeat);
        self.emit.spend(1);
        let times = Operand::Register(TIMES[counted.depth as usize]);
        self.put(Code::Sub_rm64_imm32, &[times, Operand::Imm32(1)]);
        self.emit.asm.jump(Code::Jne_rel32_64, head);
    }

    /// Another iteration, if a lane is set.
    pub(super) fn again(&mut self, inst: &Inst, repeat: u32) {
        let (head, done) = self.loop_of(repeat);
        let going = Operand::Register(self.read(inst.args[0]));
        let code = match (self.shape().isa, self.shape().lanes) {
            (Isa::Avx2, _) => Code::VEX_Vptest_ymm_ymmm256,
            (Isa::Avx512, 8) => Code::VEX_Kortestb_kr_kr,
            (Isa::Avx512, _) => Code::VEX_Kortestw_kr_kr,
        };
        self.put(code, &[going, going]);
        self.emit.asm.jump(Code::Je_rel32_64, done);
        self.emit.take(1);
        self.emit.asm.jump(Code::Jns_rel32_64, head);
        self.emit.settle();
        self.emit.asm.jump(Code::Jmp_rel32_64, head);
        self.emit.asm.bind(done);
    }

    fn loop_of(&self, repeat: u32) -> (Label, Label) {
        let found = self.loops.iter().rev().find(|known| known.repeat == repeat);
        let found = found.expect("the end of a loop comes behind its head");
        (found.head, found.done)
    }

    // --- carried values

    /// Puts a value where another is kept.
    pub(super) fn set(&mut self, carry: V, next: V, lanes: Option<V>) {
        let ty = self.placed.body.inst(carry).ty;
        if self.place(carry) == self.place(next) {
            return;
        }
        let lanes = lanes.map(|lanes| self.read(lanes));
        match self.place(carry) {
            Place::Register(number) => {
                let to = Operand::Register(self.register(number, ty));
                let from = match (self.place(next), lanes) {
                    (Place::Slot(slot), _) => self.slot(slot),
                    (Place::Pool, None) => {
                        let entry = self.entry(next);
                        let register = self.register(number, ty);
                        return self.emit.fill(register, Operand::Pool(entry));
                    }
                    _ => Operand::Register(self.read(next)),
                };
                self.transfer(to, from, ty, lanes);
            }
            Place::Slot(slot) => {
                let from = self.read(next);
                let code = match (self.shape().bank(ty), lanes, ty) {
                    (Some(Bank::Mask), ..) => Code::VEX_Kmovw_m16_kr,
                    (_, Some(_), Ty::Lanes(Width::W32)) if from.size() == 64 => Code::EVEX_Vmovdqa32_zmmm512_k1z_zmm,
                    (_, Some(_), Ty::Lanes(Width::W32)) => Code::EVEX_Vmovdqa32_ymmm256_k1z_ymm,
                    _ => super::moves::store_code(self.shape().isa, from),
                };
                let operands = [self.slot(slot), Operand::Register(from)];
                self.emit.asm.put_masked(code, &operands, lanes.map(|lanes| (lanes, false)));
            }
            Place::Pool | Place::Nowhere => {}
        }
    }

    /// Moves a value to a register.
    fn transfer(&mut self, to: Operand, from: Operand, ty: Ty, lanes: Option<Register>) {
        let code = match self.shape().bank(ty) {
            Some(Bank::Mask) => Code::VEX_Kmovw_kr_km16,
            _ => {
                let Operand::Register(register) = to else { unreachable!("a register") };
                let code = super::moves::load_code(self.shape().isa, register);
                match (lanes, ty) {
                    (Some(_), Ty::Lanes(Width::W32)) if register.size() == 64 => Code::EVEX_Vmovdqa32_zmm_k1z_zmmm512,
                    (Some(_), Ty::Lanes(Width::W32)) => Code::EVEX_Vmovdqa32_ymm_k1z_ymmm256,
                    _ => code,
                }
            }
        };
        self.emit.asm.put_masked(code, &[to, from], lanes.map(|lanes| (lanes, false)));
    }
}
