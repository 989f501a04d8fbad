//! Elements of lists and tables.
//!
//! An access compares its index with the length and only then touches memory, so that nothing here can
//! trap. The comparison is with the index itself, whatever pending flags say of how it came about: a row
//! that is bound to fail may run on for a while, but not outside its lists. Where the index is proved to be
//! below the length there is no comparison; the proof may rest on a sum that fits, so pending flags come
//! first then.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{AliasRegion, AliasRegionData, Function, InstBuilder, MemFlagsData, Value};
use filbert_ir::{Array, Def, Fault, Op, Type, ValueId};

use super::{Lower, clif_type};
use crate::proof::Assumption;

/// Kinds of memory that do not overlap.
pub(super) struct Memory {
    /// Elements of parameters and tables: nobody writes them.
    read: AliasRegion,
    /// Elements of results.
    written: AliasRegion,
}

impl Memory {
    pub(super) fn new(function: &mut Function) -> Memory {
        let mut region = |user_id, name: &'static str| {
            function.dfg.alias_regions.insert(AliasRegionData { user_id, description: name.into() })
        };
        Memory { read: region(0, "lists and tables"), written: region(1, "list results") }
    }
}

/// Accesses that cannot trap (the caller promises the memory) and whose alignment is not known.
pub(super) fn memory() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

impl Lower<'_> {
    /// Reads an element.
    pub(super) fn load(&mut self, id: ValueId, array: Array, index: ValueId) -> Value {
        let ty = self.core.ty(id);
        self.check(id, array, index);
        let (address, offset) = self.address(array, index, ty);
        let flags = self.flags(array);
        self.b.ins().load(clif_type(ty), flags, address, offset)
    }

    /// Writes an element, a NaN as the canonical one. Gives the `false` that a store is.
    pub(super) fn store(&mut self, id: ValueId, array: Array, index: ValueId, stored: ValueId) -> Value {
        self.check(id, array, index);
        let value = self.canonical_of(stored);
        let (address, offset) = self.address(array, index, self.core.ty(stored));
        let flags = self.flags(array);
        self.b.ins().store(flags, value, address, offset);
        self.constant(Type::Bool, 0)
    }

    /// Goes on only if the index is below the length.
    fn check(&mut self, id: ValueId, array: Array, index: ValueId) {
        if self.proofs.never_fails[id.index()] {
            return self.flush();
        }
        let (at, length) = (self.value(index), self.length(array));
        let bad = self.icmp(IntCC::UnsignedGreaterThanOrEqual, at, length);
        self.fail_if(bad, id, Fault::IndexRange);
    }

    /// Address of an element, less a constant offset. `x[i + 1]` needs no sum of its own: modulo 2^64, which
    /// is how addresses are computed, it lies one element behind `x[i]`.
    fn address(&mut self, array: Array, index: ValueId, ty: Type) -> (Value, i32) {
        let found = self.arrays.iter().find(|(known, _)| *known == array);
        let &(_, elements) = found.expect("arrays in use are loaded at the head of the row");
        let (index, distance) = self.distance(index);
        let index = self.value(index);
        (self.element(elements, index, ty.bytes()), distance * ty.bytes() as i32)
    }

    /// The index as another value and a small constant.
    fn distance(&self, index: ValueId) -> (ValueId, i32) {
        let Def::Op(op, args) = &self.core.value(index).def else { return (index, 0) };
        let step = args.get(1).and_then(|&arg| self.core.as_const(arg)).map(|step| step.bits());
        match (op, step) {
            (Op::Add | Op::WrappingAdd, Some(step @ ..=DISTANCE_MAX)) => (args[0], step as i32),
            (Op::Sub | Op::WrappingSub, Some(step @ ..=DISTANCE_MAX)) => (args[0], -(step as i32)),
            _ => (index, 0),
        }
    }

    /// Checks what proofs assume of this row's lengths. A caller that keeps the ABI never gets to see this
    /// fail.
    pub(super) fn check_assumptions(&mut self) {
        for Assumption { x, y, c, or_zero, needed_by } in self.proofs.assumptions.clone() {
            let bound = self.constant(Type::U64, c.unsigned_abs());
            let (left, right) = (x.map(|x| self.value(x)), y.map(|y| self.value(y)));
            let bad = match (left, right) {
                (Some(x), None) if c >= 0 => self.icmp(IntCC::UnsignedGreaterThan, x, bound),
                (None, Some(y)) if c < 0 => self.icmp(IntCC::UnsignedLessThan, y, bound),
                // Where the sum wraps it is less than it should be: the check asks for more than it must.
                (Some(x), Some(y)) if c >= 0 => {
                    let most = self.b.ins().iadd(y, bound);
                    self.icmp(IntCC::UnsignedGreaterThan, x, most)
                }
                (Some(x), Some(y)) => {
                    let short = self.icmp(IntCC::UnsignedLessThan, y, bound);
                    let most = self.b.ins().isub(y, bound);
                    let above = self.icmp(IntCC::UnsignedGreaterThan, x, most);
                    self.b.ins().bor(short, above)
                }
                // Of numbers alone, or of a length and 0: true.
                (_, None) | (None, _) => continue,
            };
            let bad = match left.filter(|_| or_zero) {
                Some(x) => {
                    let zero = self.constant(Type::U64, 0);
                    let some = self.icmp(IntCC::NotEqual, x, zero);
                    self.b.ins().band(bad, some)
                }
                None => bad,
            };
            self.fail_if(bad, needed_by, Fault::IndexRange);
        }
    }

    fn flags(&self, array: Array) -> MemFlagsData {
        let region = if matches!(array, Array::Result(_)) { self.memory.written } else { self.memory.read };
        memory().with_alias_region(Some(region))
    }
}

/// Elements that an access may lie apart from the index that its address is computed from.
const DISTANCE_MAX: u64 = 1 << 20;
