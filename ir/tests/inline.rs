//! `Builder::inline`: what a kernel gives inside another is what it gives alone, wherever it is put.

use filbert_ir::builder::View;
use filbert_ir::interp::{Control, Interpreter, Row, RowEnd};
use filbert_ir::{
    Array, Builder, Core, Datum, Def, Fault, Kernel, Names, Op, Param, ResultTy, Scalar, Type, ValueId, VerifiedKernel,
    random, text, verify,
};

use crate::verified;

/// Where the callee is put.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Place {
    /// Straight into the body.
    Body,
    /// Into both regions of an `if`.
    If,
    /// Into a loop that runs twice, behind another one.
    Loop,
}

/// How the callee sees the caller's lists.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Seen {
    /// As they are.
    Whole,
    /// From the start, but for some elements at the end.
    Prefix,
    /// But for some elements at both ends.
    Middle,
}

/// Elements of a list that the callee does not see, at either end.
const HIDDEN: usize = 3;

/// A kernel that calls another: same results, a strict bool before the parameters.
fn caller(callee: &Core, place: Place, seen: Seen) -> VerifiedKernel {
    let mut b = Builder::new();
    b.signature.fuel = callee.signature.fuel + 10;
    // A table of its own comes first, and one that the callee may have too.
    b.table(filbert_ir::Table::new(Type::U8, &[Scalar::U8(1)]));
    for table in callee.tables.iter().skip(1) {
        b.table(table.clone());
    }
    let flag = b.param(Type::Bool);
    let slots: Vec<ValueId> = callee.signature.params.iter().flat_map(|param| b.declare(unbounded(param))).collect();
    let hidden = b.constant(HIDDEN as u64);
    let ends = b.constant(HIDDEN as u64 * if seen == Seen::Middle { 2 } else { 1 });
    let (mut passed, mut views) = (slots.clone(), Vec::new());
    for (index, param) in callee.signature.params.iter().enumerate() {
        let slot = callee.signature.param_slot(index).index();
        views.push(matches!(param, Param::List { .. }).then(|| {
            if seen != Seen::Whole {
                passed[slot] = b.op(Op::Sub, &[slots[slot], ends]);
            }
            let offset = (seen == Seen::Middle).then_some(hidden);
            View { array: Array::Param(index as u32 + 1), offset, is_whole: seen == Seen::Whole }
        }));
    }
    let returns = match place {
        Place::Body => b.inline(callee, &passed, &views),
        Place::If => {
            let open = b.begin_if(flag);
            let then = b.inline(callee, &passed, &views);
            let open = b.begin_else(open, &then);
            let otherwise = b.inline(callee, &passed, &views);
            b.end_if(open, &otherwise)
        }
        Place::Loop => {
            let zero = b.constant(0u8);
            let inits = callee.returns.iter().map(|&id| b.constant(Scalar::from_bits(callee.ty(id), 0)));
            let inits: Vec<ValueId> = [zero].into_iter().chain(inits).collect();
            let (open, carried) = b.begin_loop(&inits);
            let results = b.inline(callee, &passed, &views);
            let one = b.constant(1u8);
            let count = b.op(Op::Add, &[carried[0], one]);
            let go_on = b.op(Op::Lt, &[count, one]);
            let go_on = b.op(Op::Or, &[go_on, flag]);
            let is_first = b.op(Op::Eq, &[count, one]);
            let go_on = b.op(Op::And, &[go_on, is_first]);
            b.end_loop(open, go_on, &[vec![count], results].concat()).split_off(1)
        }
    };
    let params = 1 + callee.signature.params.len();
    let (core, _) = b.finish_as(callee.signature.results.clone(), returns);
    let names =
        Names { kernel: "caller".into(), params: (0..params).map(|i| format!("p{i}")).collect(), ..Names::default() };
    verify(Kernel { core, names, source: None }).unwrap_or_else(|found| panic!("{place:?} {seen:?}: {found}"))
}

/// The caller's lists are longer than the callee's, and flat.
fn unbounded(param: &Param) -> Param {
    match param {
        Param::List { elem, .. } => Param::list(*elem),
        scalar => scalar.clone(),
    }
}

/// The caller's arguments for a row of the callee.
fn wrapped(args: &[Datum], flag: bool, seen: Seen) -> Vec<Datum> {
    let extended = |list: &[Scalar], elem: Type| {
        let noise = |count: usize| vec![Scalar::from_bits(elem, 0x5a5a_5a5a_5a5a_5a5a); count];
        let (before, behind) = match seen {
            Seen::Whole => (0, 0),
            Seen::Prefix => (0, HIDDEN),
            Seen::Middle => (HIDDEN, HIDDEN),
        };
        Datum::List([noise(before), list.to_vec(), noise(behind)].concat())
    };
    let args = args.iter().map(|arg| match arg {
        Datum::List(list) => extended(list, list.first().map_or(Type::F64, |first| first.ty())),
        other => other.clone(),
    });
    [flag.into()].into_iter().chain(args).collect()
}

/// What a row gives: canonical bits of the returned values, or the fault. None if there was too little fuel.
fn outcome(kernel: &VerifiedKernel, args: &[Datum]) -> Option<Result<Vec<u64>, Fault>> {
    let mut row = Row::new(&kernel.core, args)?;
    let mut out = vec![0; kernel.core.returns.len()];
    match Interpreter::new(kernel).row(&row.slots, &mut row.memory, &mut Control::new(2000, None), &mut out) {
        Ok(()) => Some(Ok(out)),
        Err(RowEnd::Fault(fault)) if fault.fault == Fault::Fuel => None,
        Err(RowEnd::Fault(fault)) => Some(Err(fault.fault)),
        Err(RowEnd::Stopped) => unreachable!(),
    }
}

/// Compares callee and caller on these rows; returns how many had results and how many failed.
fn check(callee: &VerifiedKernel, rows: &[Vec<Datum>]) -> (u64, u64) {
    let (mut good, mut bad) = (0, 0);
    for place in [Place::Body, Place::If, Place::Loop] {
        for seen in [Seen::Whole, Seen::Prefix, Seen::Middle] {
            let caller = caller(&callee.core, place, seen);
            for args in rows {
                let Some(alone) = outcome(callee, args) else { continue };
                // Noise of the wrong type: an empty list does not say of what.
                let is_vague = args.iter().any(|arg| *arg == Datum::List(vec![])) && seen != Seen::Whole;
                if is_vague {
                    continue;
                }
                for flag in [false, true] {
                    let Some(inside) = outcome(&caller, &wrapped(args, flag, seen)) else { continue };
                    let texts = || format!("{}{}", text::print(callee), text::print(&caller));
                    assert_eq!(inside, alone, "{place:?} {seen:?} on {args:?}\n{}", texts());
                }
                if alone.is_ok() { good += 1 } else { bad += 1 }
            }
        }
    }
    (good, bad)
}

#[test]
fn random_callees_give_the_same_inside() {
    let (mut good, mut bad, mut kernels) = (0, 0, 0);
    for seed in 0..1200 {
        let callee = verify(random::rich_kernel(seed, 40)).unwrap();
        let signature = &callee.core.signature;
        if signature.results.iter().any(|result| matches!(result, ResultTy::List { .. })) {
            continue;
        }
        let (results, faults) = check(&callee, &random::datum_rows(seed, signature, 6));
        (good, bad, kernels) = (good + results, bad + faults, kernels + 1);
    }
    assert!(kernels > 300 && good > 9000 && bad > 1000, "{kernels} kernels, {good} results, {bad} faults");
}

/// Checked loads take two or three places where the callee has one. Each stands where a region begins or ends.
#[test]
fn checked_loads_at_the_borders_of_regions() {
    let rows = |lists: &[&[i32]]| -> Vec<Vec<Datum>> {
        let list = |list: &&[i32]| Datum::List(list.iter().map(|&v| v.into()).collect());
        let indexes = [0u64, 1, 2, 3, 4, 7, u64::MAX, u64::MAX - 2];
        let rows = lists.iter().map(list).flat_map(|list| indexes.map(|i| vec![list.clone(), i.into(), true.into()]));
        rows.chain([vec![list(&lists[0]), 0u64.into(), false.into()]]).collect()
    };
    let bodies = [
        // First and last of both regions, and directly behind the `if`.
        "%3: i32 = if %2 {
            %4: i32 = load param 0, %1
            yield %4
        } else {
            %5: i32 = load param 0, %1
            yield %5
        }
        %6: i32 = load param 0, %1
        return %3, %6",
        // An empty `then`, and a region that ends with the one around it.
        "%3: i32 = load param 0, %1
        %4: i32 = if %2 {
            yield %3
        } else {
            %5: i32 = load param 0, %1
            %6: i32 = if %2 {
                %7: i32 = load param 0, %1
                yield %7
            } else {
                yield %5
            }
            yield %6
        }
        return %3, %4",
        // An empty `else`, and two ends at one place.
        "%3: i32 = if %2 {
            %4: i32 = if %2 {
                %5: i32 = load param 0, %1
                yield %5
            } else {
                %6: i32 = load param 0, %1
                yield %6
            }
            yield %4
        } else {
            %7: i32 = const 5
            yield %7
        }
        %8: i32 = if %2 {
            %9: i32 = load param 0, %1
            yield %9
        } else {
            yield %3
        }
        return %3, %8",
        // First and last of a loop, and directly behind it; loops that end together.
        "%3: i32 = const 1
        %4: i32 = loop %3 {
            %5: i32 = carried 0
            %6: i32 = load param 0, %1
            %7: bool = not %2
            %8: i32 = loop %6 {
                %9: i32 = carried 0
                %10: i32 = load param 0, %1
                yield %7, %10
            }
            yield %7, %8
        }
        %11: i32 = load param 0, %1
        return %4, %11",
        // A loop in an `if`, an `if` in a loop, at both borders.
        "%3: i32 = const 1
        %4: i32 = if %2 {
            %5: i32 = loop %3, %3 {
                %6: i32 = carried 0
                %7: i32 = carried 1
                %8: bool = const false
                %9: i32 = if %2 {
                    %10: i32 = load param 0, %1
                    yield %10
                } else {
                    yield %6
                }
                yield %8, %9, %6
            }
            %11: i32 = output %5, 1
            yield %5, %11
        } else {
            %12: i32 = load param 0, %1
            yield %12, %12
        }
        %13: i32 = output %4, 1
        return %4, %13",
    ];
    for body in bodies {
        let callee = verified(&format!("kernel f(%0 x: &[i32], %1 i: u64, %2 c: bool) -> (i32, i32) {{ {body} }}"));
        let (good, bad) = check(&callee, &rows(&[&[10, 20, 30], &[7], &[1, 2, 3, 4, 5, 6, 7, 8]]));
        assert!(good > 50 && bad > 50, "{good} results, {bad} faults");
    }
}

#[test]
fn a_view_that_is_whole_needs_no_second_check() {
    let callee = verified("kernel f(%0 x: &[i32], %1 i: u64) -> i32 {\n%2: i32 = load param 0, %1\nreturn %2\n}");
    let count = |seen| {
        let caller = caller(&callee.core, Place::Body, seen);
        let is_check = |def: &Def| matches!(def, Def::Op(Op::Index | Op::WrappingAdd, _));
        caller.core.values.iter().filter(|value| is_check(&value.def)).count()
    };
    assert_eq!([Seen::Whole, Seen::Prefix, Seen::Middle].map(count), [0, 1, 2]);
}

#[test]
fn tables_come_along_once() {
    let callee = verified(
        "kernel f(%0 i: u64) -> (i8, i8) {
            table 0: i8 = [1, 2, 3]
            table 1: i8 = [4, 5, 6]
            %1: i8 = load table 0, %0
            %2: i8 = load table 1, %0
            return %1, %2
        }",
    );
    let mut b = Builder::new();
    let i = b.param(Type::U64);
    let own = b.table(callee.core.tables[1].clone());
    let mut returns = b.inline(&callee.core, &[i], &[None]);
    returns.extend(b.inline(&callee.core, &[i], &[None]));
    returns.push(b.load(Type::I8, own, i));
    let (core, _) = b.finish(returns);
    assert_eq!(core.tables, [callee.core.tables[1].clone(), callee.core.tables[0].clone()]);
    let names = Names { kernel: "g".into(), params: vec!["i".into()], ..Names::default() };
    let caller = verify(Kernel { core, names, source: None }).unwrap();
    let results = filbert_ir::interp::run(&caller, &[2u64.into()]).unwrap();
    assert_eq!(results, [3i8, 6, 3, 6, 6].map(Datum::from));
}
