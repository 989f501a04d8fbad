//! Canonical NaNs of a whole turn at once.
//!
//! A NaN among the results of a kernel becomes the canonical one by an instruction for each register, and hardly ever
//! there is one. Short blocks are bound by the number of their instructions, so there one comparison asks two
//! registers, on top of what was found so far, and one branch leaves to code out of the way if any lane holds a NaN:
//! half an instruction a register instead of one; with AVX2, where it takes a comparison and a blend of three parts,
//! one instead of four.

use super::ir::{Args, Body, Inst, Isa, Ty, V, What, Width};
use super::machine::Machine;
use super::registers::{Place, Places};

/// A comparison that is true where one operand is NaN.
const UNORDERED: u8 = 3;

/// Instructions of a block up to which this pays.
const WORK_MAX: usize = 24;

/// The turn with its results looked at together, or nothing where that is not possible or does not pay.
pub(super) fn together(body: &Body) -> Option<Body> {
    let work = body.insts.iter().filter(|inst| !inst.what.is_kept()).count();
    let has_masks = body.shape.isa == Isa::Avx512;
    let is_whole = |v: V| match has_masks {
        true => body.shape.lanes >= 8,
        false => body.shape.bits(body.inst(v).ty) == 256,
    };
    let is_plain = |inst: &Inst| inst.ty != Ty::None || matches!(inst.what, What::Store { .. } | What::Check);
    if body.copies < 2 || work > WORK_MAX * body.copies as usize || !body.insts.iter().all(is_plain) {
        return None;
    }
    let mut uses = vec![0u32; body.insts.len()];
    body.insts.iter().flat_map(|inst| inst.args.iter()).for_each(|v| uses[v.index()] += 1);
    // What each store's value is before it is made canonical.
    let raw = |inst: &Inst| {
        let (What::Store { .. }, [fixed]) = (inst.what, &inst.args[..]) else { return None };
        let raw = fixed_of(body, *fixed)?;
        (uses[fixed.index()] == 1 && !body.is_kept(raw)).then_some((*fixed, raw))
    };
    let first_store = body.insts.iter().position(|inst| matches!(inst.what, What::Store { .. }))?;
    let mut raws: Vec<(V, V)> = body.insts.iter().filter_map(raw).collect();
    let stored_twice = |v: V| raws.iter().filter(|(_, other)| *other == v).count() > 1;
    let is_read_behind = |v: V| body.insts[first_store..].iter().any(|inst| inst.args.contains(&v));
    let spoils = |&(_, v): &(V, V)| !is_whole(v) || stored_twice(v) || is_read_behind(v);
    if raws.len() < 4 || raws.iter().any(spoils) {
        return None;
    }
    // Registers of one width are asked in pairs.
    raws.sort_by_key(|&(_, v)| (body.shape.bits(body.inst(v).ty), v));
    let mut insts: Vec<Inst> = Vec::with_capacity(body.insts.len() + raws.len());
    let mut names = vec![V(0); body.insts.len()];
    for (index, inst) in body.insts.iter().enumerate() {
        if index == first_store {
            ask(&mut insts, body, &raws, &names);
        }
        names[index] = V(insts.len() as u32);
        match raws.iter().find(|(fixed, _)| fixed.index() == index) {
            Some((_, raw)) => names[index] = names[raw.index()],
            None => insts.push(Inst { args: inst.args.map(|v| names[v.index()]), ..*inst }),
        }
    }
    Some(Body { insts, ..body.clone() })
}

/// The value that is made canonical here, if anything is.
fn fixed_of(body: &Body, v: V) -> Option<V> {
    let inst = body.inst(v);
    match inst.what {
        What::Machine(Machine::FixF64 | Machine::FixF32, _) => Some(inst.args[1]),
        What::Machine(Machine::Blend64 | Machine::Blend32, _) => {
            let (mask, raw) = (body.inst(inst.args[0]), inst.args[1]);
            let asks = matches!(mask.what, What::Machine(Machine::CompareF64 | Machine::CompareF32, Some(UNORDERED)));
            let canonical = match inst.ty {
                Ty::Lanes(Width::W32) => What::Const(0x7fc0_0000_7fc0_0000),
                _ => What::Const(0x7ff8_0000_0000_0000),
            };
            let is_fix = asks && mask.args[..] == [raw, raw] && body.inst(inst.args[2]).what == canonical;
            is_fix.then_some(raw)
        }
        _ => None,
    }
}

/// Comparisons in a chain, and the branch.
fn ask(insts: &mut Vec<Inst>, body: &Body, raws: &[(V, V)], names: &[V]) {
    let mut so_far: Option<V> = None;
    let mut left = raws.iter().map(|&(_, raw)| raw).peekable();
    while let Some(a) = left.next() {
        let ty = body.inst(a).ty;
        let b = left.next_if(|&b| body.inst(b).ty == ty).unwrap_or(a);
        let [a, b] = [a, b].map(|v| names[v.index()]);
        let Ty::Lanes(width) = ty else { unreachable!("results are numbers") };
        let mut push = |what, args: &[V]| {
            insts.push(Inst { what, ty: Ty::Mask(width), args: Args::new(args), copy: 0 });
            V(insts.len() as u32 - 1)
        };
        so_far = Some(match (body.shape.isa, so_far) {
            (_, None) => push(What::Ordered, &[a, b]),
            (Isa::Avx512, Some(so_far)) => push(What::Ordered, &[a, b, so_far]),
            (Isa::Avx2, Some(so_far)) => {
                let found = push(What::Ordered, &[a, b]);
                push(What::Machine(Machine::Or64, None), &[so_far, found])
            }
        });
    }
    let args = Args::new(so_far.as_slice());
    insts.push(Inst { what: What::Canonical, ty: Ty::None, args, copy: 0 });
}

/// The values that a turn makes canonical where they are, by their numbers and in order; `None` if one has no register.
pub(super) fn looked_at(body: &Body, places: &Places) -> Option<Vec<V>> {
    let ordered = body.insts.iter().filter(|inst| inst.what == What::Ordered);
    let mut all: Vec<V> = ordered.flat_map(|inst| inst.args[..2].to_vec()).collect();
    all.dedup();
    all.iter().all(|v| matches!(places.of[v.index()], Place::Register(_))).then_some(all)
}

#[cfg(test)]
mod tests {
    use filbert_ir::Type;

    use super::super::build::Build;
    use super::super::ir::{Shape, Width};
    use super::super::{registers, schedule};
    use super::*;

    /// `x * x + x`, stored, in so many copies.
    fn turn(isa: Isa, lanes: u32, copies: u32) -> Body {
        let shape = Shape { isa, lanes };
        let mut build = Build::new(shape);
        let x = build.push(What::Load { slot: 0, elem: Type::F64 }, Ty::Lanes(Width::W64), &[]);
        let square = build.fmul(x, x);
        let sum = build.fadd(square, x);
        let sum = build.canonical(sum);
        build.push(What::Store { column: 0, elem: Type::F64 }, Ty::None, &[sum]);
        schedule::interleaved(&Body { shape, insts: build.insts, copies: 1, is_tail: false }, copies)
    }

    fn count(body: &Body, is: impl Fn(What) -> bool) -> usize {
        body.insts.iter().filter(|inst| is(inst.what)).count()
    }

    #[test]
    fn results_are_asked_in_pairs() {
        for (isa, copies, pairs) in
            [(Isa::Avx512, 4, 2), (Isa::Avx512, 5, 3), (Isa::Avx512, 8, 4), (Isa::Avx2, 5, 3), (Isa::Avx2, 6, 3)]
        {
            let old = turn(isa, isa.bits() / 64, copies);
            let is_fix = |what| matches!(what, What::Machine(Machine::FixF64 | Machine::Blend64, _));
            assert_eq!(count(&old, is_fix), copies as usize);
            let new = together(&old).expect("short and whole");
            assert_eq!([count(&new, is_fix), count(&new, |what| what == What::Ordered)], [0, pairs], "{new}");
            assert_eq!(count(&new, |what| what == What::Canonical), 1);
            for (index, inst) in new.insts.iter().enumerate() {
                assert!(inst.args.iter().all(|v| v.index() < index), "{new}");
            }
            let places = registers::allocate(&new).expect("few values");
            assert_eq!(looked_at(&new, &places).map(|all| all.len()), Some(copies as usize));
        }
        // Half registers have masks of four lanes, which do not fill what is compared; two results do not pay.
        let is_alone = |isa, lanes, copies| together(&turn(isa, lanes, copies)).is_none();
        assert!(is_alone(Isa::Avx512, 4, 8) && is_alone(Isa::Avx512, 8, 2) && is_alone(Isa::Avx2, 4, 2));
    }
}
