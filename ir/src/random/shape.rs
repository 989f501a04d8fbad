//! The signature of a rich random kernel, its tables, and what it returns.

use super::generate::{Generator, Length, Memory};
use super::names;
use super::rng::Rng;
use crate::builder::Builder;
use crate::kernel::{Kernel, ValueId};
use crate::signature::{self, Array, Logical, OnError, Param, ResultTy, Table};
use crate::types::{Scalar, Type};

pub(super) fn rich_kernel(seed: u64, size: usize) -> Kernel {
    let mut rng = Rng::new(seed ^ 0x7269_6368);
    let mut builder = Builder::new();
    let (mut visible, mut memory) = (Vec::new(), Vec::new());
    let params = 1 + rng.below(5);
    for index in 0..params {
        let param = param(&mut rng);
        let slots = builder.declare(param.clone());
        if let Param::List { elem, .. } = param {
            memory.push(Memory { array: Array::Param(index as u32), elem, length: Length::Slot(slots[0]) });
        }
        visible.extend(slots);
    }
    let results: Vec<Option<ResultTy>> = (0..1 + rng.below(4)).map(|_| list_result(&mut rng, &builder)).collect();
    for (index, result) in results.iter().enumerate() {
        if let Some(ResultTy::List { elem, .. }) = result {
            let slot = builder.slot(Type::U64);
            memory.push(Memory { array: Array::Result(index as u32), elem: *elem, length: Length::Slot(slot) });
            visible.push(slot);
        }
    }
    // Stands in for the scalars until their types are known.
    let known = |result: &Option<ResultTy>| result.clone().unwrap_or(ResultTy::strict(Type::Bool));
    builder.signature.results = results.iter().map(known).collect();
    for _ in 0..[0, 0, 0, 1, 1, 2][rng.below(6)] {
        let elem = rng.number();
        let length = if rng.chance(5) { 0 } else { 1 + rng.below(20) };
        let scalars: Vec<Scalar> = (0..length).map(|_| rng.scalar(elem)).collect();
        let array = builder.table(Table::new(elem, &scalars));
        memory.push(Memory { array, elem, length: Length::Fixed(length) });
    }

    let mut generator = Generator::new(rng, builder, visible, size);
    (generator.is_rich, generator.memory) = (true, memory);
    generator.fill();
    let mut returns = Vec::new();
    let results = results.into_iter().map(|list| list.unwrap_or_else(|| generator.result(&mut returns))).collect();
    let Generator { mut rng, mut builder, runs_away, .. } = generator;
    builder.signature.on_error = if rng.chance(15) { OnError::Null } else { OnError::Fail };
    if runs_away {
        builder.signature.fuel = 20 + rng.below(400) as u64;
    } else if rng.chance(10) {
        builder.signature.fuel = rng.below(40) as u64;
    }
    let (core, _) = builder.finish_as(results, returns);
    Kernel { core, names: names(seed, params), source: None }
}

fn param(rng: &mut Rng) -> Param {
    match rng.below(20) {
        0..7 => Param::strict(rng.ty()),
        7..9 => Param::strict(time(rng)),
        9..12 => Param::nullable(rng.ty()),
        12 => Param::nullable(time(rng)),
        _ => Param::List {
            elem: rng.number(),
            inner: [1, 1, 1, 2, 3][rng.below(5)],
            len: rng.chance(20).then(|| 1 + rng.below(6) as u32),
        },
    }
}

fn time(rng: &mut Rng) -> Logical {
    let times: Vec<Logical> = Logical::times().collect();
    rng.pick(&times)
}

/// A list result now and then.
fn list_result(rng: &mut Rng, builder: &Builder) -> Option<ResultTy> {
    if rng.chance(70) {
        return None;
    }
    let params = builder.signature.params.iter().enumerate();
    let lists: Vec<u32> = params.filter(|(_, p)| matches!(p, Param::List { .. })).map(|(i, _)| i as u32).collect();
    let mut len = signature::Length { constant: 0, terms: Vec::new() };
    for &list in lists.iter().take(2) {
        let times = [0, 1, 1, 1, 2, -1][rng.below(6)];
        if times != 0 {
            len.terms.push((list, times));
        }
    }
    if len.terms.is_empty() || rng.chance(25) {
        len.constant = rng.below(9) as i64 - 1;
    }
    Some(ResultTy::List { elem: rng.number(), inner: [1, 1, 1, 2, 4][rng.below(5)], len })
}

impl Generator {
    /// A result that is made of values, which go to `returns`.
    fn result(&mut self, returns: &mut Vec<ValueId>) -> ResultTy {
        let id = self.any_visible();
        let ty = self.builder.ty(id);
        returns.push(id);
        let times: Vec<Logical> = Logical::times().filter(|time| time.storage() == ty).collect();
        match self.rng.below(10) {
            0..5 => ResultTy::strict(ty),
            5 if !times.is_empty() => ResultTy::strict(self.rng.pick(&times)),
            6..8 if ty != Type::Bool => {
                let len = 1 + self.rng.below(4);
                returns.extend((1..len).map(|_| self.operand(ty)));
                ResultTy::Fixed { elem: ty, len: len as u32 }
            }
            _ => {
                returns.push(self.operand(Type::Bool));
                ResultTy::Scalar { ty: ty.into(), nullable: true }
            }
        }
    }
}
