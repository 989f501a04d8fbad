//! Elements of lists and tables: gathered, and scattered to lists that are written.
//!
//! A lane touches its element only if it is there, its row has not failed so far, and its index is below the
//! length: all of that is in the mask, so nothing outside is read or written whatever garbage an index is. Where
//! the index is proved to be below the length that is not compared again; a proof may rest on an earlier check,
//! so the lanes that failed one are left out.
//!
//! A list is where its address says, in each row somewhere else. The addresses are loaded once.

use filbert_ir::{Array, Type, ValueId};

use super::{Convert, Got, Refused};
use crate::abi;
use crate::proof::Assumption;
use crate::vector::build::Order;
use crate::vector::ir::{Ty, V, What, Where, Width};

/// Bytes that an element may lie behind the address of its list without a sum.
const DISTANCE_MAX: u64 = 1 << 20;

impl Convert<'_> {
    /// An element.
    pub(super) fn element(&mut self, id: ValueId, array: Array, index: ValueId) -> Result<Got, Refused> {
        let ty = self.core.ty(id);
        if let (Array::Table(table), Some(index)) = (array, self.known(index))
            && let Some(bits) = self.core.tables[table as usize].get(index)
        {
            return Ok(Got::Known(bits));
        }
        if ty.bits() < 32 {
            return Err(format!("reads elements of {ty}"));
        }
        let lanes = self.touched(id, array, index);
        let (place, operand, offset) = self.place(array, index, ty);
        let width = Width::of(ty);
        let lanes = self.build.mask_as(lanes, width);
        let what = What::Gather { from: place, elem: ty, offset };
        Ok(Got::Made(self.build.push(what, Ty::Lanes(width), &[operand, lanes])))
    }

    /// Writes an element, a NaN as the canonical one. Gives the `false` that a store is.
    pub(super) fn put(&mut self, id: ValueId, array: Array, index: ValueId, stored: ValueId) -> Result<Got, Refused> {
        let ty = self.core.ty(stored);
        if ty.bits() < 32 {
            return Err(format!("writes elements of {ty}"));
        }
        let lanes = self.touched(id, array, index);
        let lanes = self.build.mask_as(lanes, Width::W64);
        let value = self.canonical(stored);
        let (to, operand, offset) = self.place(array, index, ty);
        self.build.push(What::Scatter { to, elem: ty, offset }, Ty::None, &[operand, value, lanes]);
        Ok(Got::Known(0))
    }

    /// The lanes whose element is touched.
    fn touched(&mut self, id: ValueId, array: Array, index: ValueId) -> V {
        let here = self.here();
        let length = self.length(array);
        let is_below = matches!((self.known(index), length), (Some(index), Got::Known(length)) if index < length);
        if !is_below && !self.never_fails(id) {
            let (at, length) = (self.value(index), self.made(Type::U64, length));
            let bad = self.build.icompare(Order::Ge, false, at, length);
            self.fail_where(id, bad);
            return self.build.mask_andn(bad, here);
        }
        match self.failing {
            Some(failing) => self.build.mask_andn(failing, here),
            None => here,
        }
    }

    pub(super) fn length(&mut self, array: Array) -> Got {
        let signature = &self.core.signature;
        let slot = match array {
            Array::Param(param) => signature.param_slot(param as usize),
            Array::Result(result) => signature.length_slot(result as usize),
            Array::Table(table) => return Got::Known(self.core.tables[table as usize].len() as u64),
        };
        self.got(slot)
    }

    /// Where an element is: a base, what each lane adds to it, and a distance in bytes for all.
    fn place(&mut self, array: Array, index: ValueId, ty: Type) -> (Where, V, i32) {
        let known = self.known(index).and_then(|index| index.checked_mul(ty.bytes() as u64));
        match (array, known.filter(|&distance| distance < DISTANCE_MAX)) {
            (Array::Table(table), _) => (Where::Table(table), self.value(index), 0),
            (_, Some(distance)) => (Where::Address, self.address(array), distance as i32),
            (_, None) => {
                let (first, index) = (self.address(array), self.value(index));
                let distance = self.build.shl(index, ty.bytes().trailing_zeros() as u8);
                (Where::Address, self.build.iadd(first, distance), 0)
            }
        }
    }

    /// The addresses of each row's first element.
    pub(super) fn address(&mut self, array: Array) -> V {
        let list = abi::lists(self.core).iter().position(|known| *known == array);
        let list = list.expect("what is no table is a list");
        if let Some(v) = self.addresses[list] {
            return v;
        }
        let v = self.build.push(What::Address { list: list as u32 }, Ty::Lanes(Width::W64), &[]);
        self.addresses[list] = Some(v);
        v
    }

    /// Checks what proofs assume of the rows' lengths, before anything rests on it.
    pub(super) fn check_assumptions(&mut self) {
        for Assumption { x, y, c, or_zero, needed_by } in self.proofs.assumptions.clone() {
            let bound = self.build.constant(Width::W64, c.unsigned_abs());
            let (left, right) = (x.map(|x| self.value(x)), y.map(|y| self.value(y)));
            let build = &mut self.build;
            let bad = match (left, right) {
                (Some(x), None) if c >= 0 => build.icompare(Order::Gt, false, x, bound),
                (None, Some(y)) if c < 0 => build.icompare(Order::Lt, false, y, bound),
                // Where the sum wraps it is less than it should be: the check asks for more than it must.
                (Some(x), Some(y)) if c >= 0 => {
                    let most = build.iadd(y, bound);
                    build.icompare(Order::Gt, false, x, most)
                }
                (Some(x), Some(y)) => {
                    let short = build.icompare(Order::Lt, false, y, bound);
                    let most = build.isub(y, bound);
                    let above = build.icompare(Order::Gt, false, x, most);
                    build.mask_or(short, above)
                }
                // Of numbers alone, or of a length and 0: true.
                (_, None) | (None, _) => continue,
            };
            let bad = match left.filter(|_| or_zero) {
                Some(x) => {
                    let some = build.non_zero(x);
                    build.mask_and(bad, some)
                }
                None => bad,
            };
            self.fail_where(needed_by, bad);
        }
        self.check();
    }
}
