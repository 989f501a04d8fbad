//! Faults: how a row leaves the loop.
//!
//! The hot path holds a compare and a branch for each fault, or for a few of them together. Everything
//! else is in cold blocks behind the loop: one for each site and fault, which all go to one shared block.

use cranelift_codegen::ir::{Block, InstBuilder, Value, types};
use filbert_ir::{Fault, ValueId};

use super::{Lower, memory};
use crate::abi::{CallFrame, STOPPED};

/// A flag that was not branched on yet, and the block to go to if it is set.
pub(super) type Pending = (Value, Block);

/// Flags that may wait for a branch; each holds a register.
const PENDING_MAX: usize = 4;

/// A fault's own block: out of the way, so that the hot path holds nothing but the branch.
pub(super) struct Cold {
    block: Block,
    site: u32,
    /// What the code returns: the number of a fault, or `abi::SCALAR`.
    number: u32,
    /// The failing row is `first + copy`.
    first: Value,
    copy: u32,
}

impl Lower<'_> {
    /// Goes on only if `bad` is false; otherwise the row fails with `fault` at the value `id`, unless a flag
    /// that is still pending is set: that operation came first.
    pub(super) fn fail_if(&mut self, bad: Value, id: ValueId, fault: Fault) {
        let cold = self.cold_block(id, fault);
        self.leave_if(bad, self.pending.clone(), cold);
    }

    /// As `fail_if`, but the branch may come later, together with others: going on with a wrapped result
    /// does no harm, for nothing that follows in the row can be seen before `flush`. One branch for several
    /// flags costs less than one each.
    pub(super) fn fail_later(&mut self, bad: Value, id: ValueId, fault: Fault) {
        self.leave_later(bad, id, fault.number());
    }

    /// As `fail_later`, with the number that the code returns.
    pub(super) fn leave_later(&mut self, bad: Value, id: ValueId, number: u32) {
        let cold = self.cold_block_of(id, number);
        self.pending.push((bad, cold));
        if self.pending.len() == PENDING_MAX {
            self.flush();
        }
    }

    /// Branches on all pending flags. Due before control flow divides or meets, before a call (which
    /// would have to save the flags), and before results are stored.
    pub(super) fn flush(&mut self) {
        let mut pending = std::mem::take(&mut self.pending);
        let Some((last, cold)) = pending.pop() else { return };
        let any = pending.iter().fold(last, |any, &(flag, _)| self.b.ins().bor(any, flag));
        self.leave_if(any, pending, cold);
    }

    /// Leaves the row if `bad`: for the block of the first of these flags that is set, else for `last`.
    fn leave_if(&mut self, bad: Value, flags: Vec<Pending>, last: Block) {
        let out = if flags.is_empty() {
            last
        } else {
            let block = self.b.create_block();
            self.resolve.push((block, flags, last));
            block
        };
        let go_on = self.b.create_block();
        self.b.ins().brif(bad, out, &[], go_on, &[]);
        self.b.switch_to_block(go_on);
    }

    /// The block that fails the row with `fault` at the value `id`.
    pub(super) fn cold_block(&mut self, id: ValueId, fault: Fault) -> Block {
        self.cold_block_of(id, fault.number())
    }

    /// The block that leaves the row with this number.
    fn cold_block_of(&mut self, id: ValueId, number: u32) -> Block {
        let value = self.origins[id.index()];
        let site = self.sites.iter().rposition(|&seen| seen == value).unwrap_or_else(|| {
            self.sites.push(value);
            self.sites.len() - 1
        }) as u32;
        let (first, copy) = (self.first.expect("faults are of some row"), self.copy);
        let same = |c: &&Cold| (c.site, c.number, c.first, c.copy) == (site, number, first, copy);
        self.cold.iter().rev().find(same).map(|cold| cold.block).unwrap_or_else(|| {
            let block = self.b.create_block();
            self.cold.push(Cold { block, site, number, first, copy });
            block
        })
    }

    /// Fills the blocks of the faults and the one they share.
    pub(super) fn faults(&mut self, shared: Block) {
        let frame = self.frame();
        let row = self.b.append_block_param(shared, types::I64);
        let site = self.b.append_block_param(shared, types::I32);
        let number = self.b.append_block_param(shared, types::I32);
        for (block, flags, last) in std::mem::take(&mut self.resolve) {
            self.b.set_cold_block(block);
            self.b.switch_to_block(block);
            for (flag, cold) in flags {
                let next = self.b.create_block();
                self.b.set_cold_block(next);
                self.b.ins().brif(flag, cold, &[], next, &[]);
                self.b.switch_to_block(next);
            }
            self.b.ins().jump(last, &[]);
        }
        for Cold { block, site, number, first, copy } in std::mem::take(&mut self.cold) {
            self.b.set_cold_block(block);
            self.b.switch_to_block(block);
            let row = if copy == 0 { first } else { self.b.ins().iadd_imm_s(first, i64::from(copy)) };
            let site = self.b.ins().iconst(types::I32, i64::from(site));
            let number = self.b.ins().iconst(types::I32, i64::from(number));
            self.b.ins().jump(shared, &[row.into(), site.into(), number.into()]);
        }
        if let Some(block) = self.stopped {
            self.b.set_cold_block(block);
            self.b.switch_to_block(block);
            let row = self.first.expect("some row was interrupted");
            let [site, number] = [0, STOPPED].map(|n| self.b.ins().iconst(types::I32, i64::from(n)));
            self.b.ins().jump(shared, &[row.into(), site.into(), number.into()]);
        }
        // Without faults nothing jumps here, and Cranelift drops the block.
        self.b.set_cold_block(shared);
        self.b.switch_to_block(shared);
        self.b.ins().store(memory(), row, frame, std::mem::offset_of!(CallFrame, fault_row) as i32);
        self.b.ins().store(memory(), site, frame, std::mem::offset_of!(CallFrame, fault_site) as i32);
        self.b.ins().return_(&[number]);
    }
}
