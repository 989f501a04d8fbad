//! What is checked of one value: how it comes about, and its type.

use super::{Part, Verifier};
use crate::kernel::{Def, Value, ValueId};
use crate::limits;
use crate::op::Op;
use crate::signature::Array;
use crate::types::Type;

impl Verifier<'_> {
    pub(super) fn check_value(&mut self, id: ValueId, value: &Value) {
        let slot = self.slots.get(id.index()).copied();
        let carried = self.carried_place(id);
        match (&value.def, slot, carried) {
            (Def::Param(index), Some(ty), _) => {
                if *index != id.0 {
                    self.malformed(Some(id), "a parameter out of place".to_string());
                } else if value.ty != ty {
                    self.malformed(Some(id), format!("slot {id} is {}, the signature says {ty}", value.ty));
                }
            }
            (Def::Param(_), None, _) => self.malformed(Some(id), "a parameter out of place".to_string()),
            (_, Some(_), _) => {
                self.malformed(Some(id), format!("must be parameter {id}, the table begins with them"));
            }
            (Def::Carried(index), None, Some((place, ty))) => {
                if *index as usize != place {
                    self.malformed(Some(id), format!("is carried value {index}, expected {place}"));
                } else if ty.is_some_and(|ty| ty != value.ty) {
                    self.malformed(Some(id), format!("is {}, but its initial value is of another type", value.ty));
                }
            }
            (Def::Carried(_), None, None) => self.malformed(Some(id), "a carried value out of place".to_string()),
            (_, None, Some((place, _))) => {
                self.malformed(Some(id), format!("must be carried value {place}, the region begins with them"));
            }
            (Def::Const(bits), ..) if bits & !value.ty.mask() != 0 => {
                self.malformed(Some(id), format!("constant {bits:#x} has bits beyond {}", value.ty));
            }
            (Def::Const(_), ..) => {}
            (Def::Op(op, args), ..) => self.check_op(id, value.ty, *op, args),
            (Def::If { cond, .. }, ..) => self.expect_type(id, "condition", *cond, Type::Bool),
            (Def::Output { of, index }, ..) => self.check_output(id, value.ty, *of, *index),
            (Def::Loop { inits, .. }, ..) => self.check_inits(id, value.ty, inits),
            (Def::Load { array, index }, ..) => {
                self.expect_type(id, "index", *index, Type::U64);
                match self.core.elem(*array) {
                    None => self.malformed(Some(id), format!("there is no {array}")),
                    Some(elem) if elem != value.ty => {
                        self.malformed(Some(id), format!("elements of {array} are {elem}, not {}", value.ty));
                    }
                    Some(_) => {}
                }
            }
            (Def::Store { array, index, value: what }, ..) => {
                self.expect_type(id, "index", *index, Type::U64);
                match (array, self.core.elem(*array)) {
                    (Array::Result(_), Some(elem)) => self.expect_type(id, "stored value", *what, elem),
                    (Array::Result(_), None) => self.malformed(Some(id), format!("there is no {array}")),
                    _ => self.malformed(Some(id), format!("{array} cannot be written")),
                }
                if value.ty != Type::Bool {
                    self.malformed(Some(id), format!("a store is {}, expected bool", value.ty));
                }
            }
        }
    }

    /// Which carried value must stand at the current place, and its type where that is known.
    fn carried_place(&self, id: ValueId) -> Option<(usize, Option<Type>)> {
        let frame = self.frame();
        let (Part::Loop, Some(owner)) = (frame.part, frame.owner) else { return None };
        let Some(Value { def: Def::Loop { inits, .. }, .. }) = self.core.values.get(owner.index()) else { return None };
        let place = id.index().checked_sub(frame.start)?;
        let init = inits.get(place)?;
        Some((place, self.core.values.get(init.index()).map(|value| value.ty)))
    }

    fn check_op(&mut self, id: ValueId, ty: Type, op: Op, args: &[ValueId]) {
        let tys: Vec<Type> = args.iter().filter_map(|&arg| self.visible(id, arg)).collect();
        if args.len() != op.rule().arity() {
            let (want, got) = (op.rule().arity(), args.len());
            return self.malformed(Some(id), format!("{op} takes {want} operands, got {got}"));
        }
        if tys.len() < args.len() {
            return; // an operand is not visible: said already
        }
        if op.result_type(&tys, ty) != Some(ty) {
            let tys = tys.iter().map(|ty| ty.name()).collect::<Vec<_>>().join(", ");
            self.malformed(Some(id), format!("{op} of ({tys}) cannot be {ty}"));
        }
    }

    fn check_inits(&mut self, id: ValueId, ty: Type, inits: &[ValueId]) {
        // One yield more than carried values: whether to go on.
        self.limit("carried values of a loop", inits.len(), limits::YIELDS_MAX - 1);
        if inits.is_empty() {
            self.malformed(Some(id), "the loop carries nothing".to_string());
        }
        for (place, &init) in inits.iter().take(limits::YIELDS_MAX).enumerate() {
            if let Some(first) = self.visible(id, init)
                && place == 0
                && first != ty
            {
                self.malformed(Some(id), format!("the loop is {ty} but its first initial value is {first}"));
            }
        }
    }

    fn check_output(&mut self, id: ValueId, ty: Type, of: ValueId, index: u32) {
        if self.visible(id, of).is_none() {
            return;
        }
        let same_region = self.home.get(of.index()).copied() == Some(self.frame().serial);
        let named = match self.core.values.get(of.index()).map(|value| &value.def) {
            Some(Def::If { then, .. }) if index > 0 => then.yields.get(index as usize),
            Some(Def::Loop { inits, .. }) if index > 0 => inits.get(index as usize),
            _ => None,
        };
        match named.and_then(|&y| self.core.values.get(y.index())) {
            None => self.malformed(Some(id), format!("{of} has no output {index}")),
            Some(_) if !same_region => self.malformed(Some(id), format!("{of} stands in another region")),
            Some(value) if value.ty != ty => {
                self.malformed(Some(id), format!("output {index} of {of} is {}, not {ty}", value.ty));
            }
            Some(_) => {}
        }
    }

    /// Finds fault unless `arg` is visible and of this type.
    fn expect_type(&mut self, id: ValueId, what: &str, arg: ValueId, want: Type) {
        if let Some(got) = self.visible(id, arg)
            && got != want
        {
            self.malformed(Some(id), format!("{what} {arg} is {got}, expected {want}"));
        }
    }
}
