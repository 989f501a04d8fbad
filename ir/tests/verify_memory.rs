//! Each rule of the verifier about signatures, tables, loops and memory: kernels that break it, and what is
//! said.

use filbert_ir::{Array, Def, Kernel, Length, OnError, Param, ResultTy, Table, Type, ValueId, limits, verify};

use crate::verify::findings;
use crate::{MEMORY, kernel};

/// Findings about the kernel of this text after the change.
fn changed(text: &str, change: impl FnOnce(&mut Kernel)) -> Vec<String> {
    let mut bad = kernel(text);
    verify(bad.clone()).unwrap_or_else(|found| panic!("the kernel is bad before the change: {found}"));
    change(&mut bad);
    findings(bad)
}

const COUNT: &str = "kernel count(%0 n: i64) -> (i64, f64) {
    %1: i64 = const 0
    %2: f64 = const 1.0
    %3: i64 = loop %1, %2 {
        %4: i64 = carried 0
        %5: f64 = carried 1
        %6: i64 = const 1
        %7: i64 = add %4, %6
        %8: bool = lt %7, %0
        yield %8, %7, %5
    }
    %9: f64 = output %3, 1
    return %3, %9
}";

const SUM: &str = "kernel sum(%0 x: &[f64], %1 n: u64, %2 flag: bool) -> (first: f64, %3 out: &mut [f64] of param 0) {
    table 0: i32 = [1, 2]
    %4: f64 = load param 0, %1
    %5: bool = store result 1, %1, %4
    %6: i32 = load table 0, %1
    return %4
}";

#[test]
fn slots_are_those_of_the_signature() {
    let text = "kernel f(%0 %1 x: Option<f32>, %2 y: &[i8], %3 t: Time<Second>) -> f32 {\nreturn %0\n}";
    let sealed = |change: fn(&mut Kernel)| changed(text, change);
    assert_eq!(sealed(|k| k.core.values[1].ty = Type::F32), ["FB-0301 %1: slot %1 is f32, the signature says bool"]);
    assert_eq!(sealed(|k| k.core.values[2].ty = Type::I8), ["FB-0301 %2: slot %2 is i8, the signature says u64"]);
    assert_eq!(sealed(|k| k.core.values[3].ty = Type::I64), ["FB-0301 %3: slot %3 is i64, the signature says i32"]);
    assert_eq!(sealed(|k| k.core.values[2].def = Def::Param(1)), ["FB-0301 %2: a parameter out of place"]);
    assert_eq!(
        sealed(|k| k.core.values[3].def = Def::Const(0)),
        ["FB-0301 %3: must be parameter %3, the table begins with them"]
    );
    assert_eq!(sealed(|k| drop(k.core.values.pop())), ["FB-0301 4 slots in a table of 3"]);
    let more = sealed(|k| k.core.values.push(k.core.values[3].clone()));
    assert_eq!(more, ["FB-0301 %4: a parameter out of place"]);
    // A list result has a slot behind those of the parameters.
    let text = "kernel f(%0 x: &[f32]) -> %1 &mut [f32] of param 0 {\nreturn\n}";
    let found = changed(text, |k| k.core.signature.results.push(k.core.signature.results[0].clone()));
    assert_eq!(found, ["FB-0301 3 slots in a table of 2"]);
}

#[test]
fn parameters_are_lists_of_numbers() {
    let with = |param: Param| changed(SUM, |k| k.core.signature.params[0] = param);
    let list = |elem, inner, len| Param::List { elem, inner, len };
    assert_eq!(with(list(Type::Bool, 1, None)), ["FB-0301 parameter 0 is a list of bool, expected numbers"]);
    assert_eq!(with(list(Type::F64, 0, None)), ["FB-0301 parameter 0 is a list with a fixed length of 0"]);
    assert_eq!(with(list(Type::F64, 1, Some(0))), ["FB-0301 parameter 0 is a list with a fixed length of 0"]);
    assert_eq!(
        with(list(Type::F64, 1 << 16, Some(1 << 16))),
        ["FB-0201 kernel has 4294967296 elements of a fixed list, the limit is 2147483647"]
    );
    assert_eq!(
        with(list(Type::F64, u32::MAX, None)),
        ["FB-0201 kernel has 4294967295 elements of a fixed list, the limit is 2147483647"]
    );
    assert_eq!(with(list(Type::F32, 3, Some(4))), ["FB-0301 %4: elements of param 0 are f32, not f64"]);
}

#[test]
fn results_are_known_and_returned() {
    let f64s = |len| ResultTy::Fixed { elem: Type::F64, len };
    let text = "kernel f(%0 x: f64, %1 b: bool) -> (Option<f64>, [f64; 2]) {\nreturn %0, %1, %0, %0\n}";
    let with = |change: fn(&mut Kernel)| changed(text, change);
    assert_eq!(with(|k| k.core.returns.truncate(3)), ["FB-0301 the results are made of 4 values, got 3"]);
    assert_eq!(with(|k| k.core.returns.push(ValueId(0))), ["FB-0301 the results are made of 4 values, got 5"]);
    assert_eq!(with(|k| k.core.returns[1] = ValueId(0)), ["FB-0301 returned value 1 is f64, expected bool"]);
    assert_eq!(with(|k| k.core.returns[3] = ValueId(1)), ["FB-0301 returned value 3 is bool, expected f64"]);
    assert_eq!(
        with(|k| k.core.returns[3] = ValueId(9)),
        ["FB-0301 %2: uses %9, which does not stand before it"],
        "a return behind the table"
    );
    let fixed = |len| changed(text, |k| k.core.signature.results[1] = f64s(len));
    assert_eq!(fixed(0)[0], "FB-0301 result 1 is a list with a fixed length of 0");
    assert_eq!(fixed(1025), ["FB-0201 kernel has 1025 elements of a fixed result, the limit is 1024"]);
    assert_eq!(
        fixed(u32::MAX),
        [
            "FB-0201 kernel has 4294967295 elements of a fixed list, the limit is 2147483647",
            "FB-0201 kernel has 4294967295 elements of a fixed result, the limit is 1024"
        ]
    );
    let mut most = kernel(text);
    most.core.signature.results[1] = f64s(limits::FIXED_LEN_MAX);
    most.core.returns.resize(2 + limits::FIXED_LEN_MAX as usize, ValueId(0));
    verify(most).unwrap();
    let found = changed(text, |k| {
        k.core.signature.results = vec![f64s(1024); 5];
        k.core.returns = vec![ValueId(0); 5 * 1024];
    });
    assert_eq!(found, ["FB-0201 kernel has 5120 values that make results, the limit is 4096"]);
    let of_bool = changed(text, |k| k.core.signature.results[1] = ResultTy::Fixed { elem: Type::Bool, len: 2 });
    assert_eq!(of_bool, ["FB-0301 result 1 is a list of bool, expected numbers"]);
}

#[test]
fn lengths_name_lists_in_order() {
    let text = "kernel f(%0 x: &[f32], %1 n: u64, %2 y: &[u8]) -> %3 &mut [f32] of 2 * param 0 + -1 * param 2 + 5 {
        return
    }";
    let with = |terms: &[(u32, i32)]| {
        changed(text, |k| {
            let len = Length { constant: i64::MIN, terms: terms.to_vec() };
            k.core.signature.results[0] = ResultTy::List { elem: Type::F32, inner: 1, len };
        })
    };
    let no_list = ["FB-0301 the length of result 0 names a parameter that is no list"];
    assert_eq!(with(&[(1, 1)]), no_list);
    assert_eq!(with(&[(3, 1)]), no_list);
    assert_eq!(with(&[(u32::MAX, 1)]), no_list);
    let disorder = ["FB-0301 the length of result 0 names parameters out of order"];
    assert_eq!(with(&[(2, 1), (0, 1)]), disorder);
    assert_eq!(with(&[(0, 1), (0, 1)]), disorder);
    for (elem, inner, what) in
        [(Type::Bool, 1, "of bool, expected numbers"), (Type::F32, 0, "with a fixed length of 0")]
    {
        let len = Length { constant: 0, terms: vec![] };
        let found = changed(text, |k| k.core.signature.results[0] = ResultTy::List { elem, inner, len });
        assert_eq!(found, [format!("FB-0301 result 0 is a list {what}")]);
    }
}

#[test]
fn fuel_and_tables_are_bounded() {
    let with = |change: fn(&mut Kernel)| changed(SUM, change);
    assert_eq!(
        with(|k| k.core.signature.fuel = limits::FUEL_MAX + 1),
        ["FB-0201 kernel has 1099511627777 iterations of fuel, the limit is 1099511627776"]
    );
    assert_eq!(with(|k| k.core.tables[0].bytes.truncate(7)), ["FB-0301 table 0 has 7 bytes, which are not whole i32"]);
    assert_eq!(
        with(|k| k.core.tables.push(Table { elem: Type::Bool, bytes: vec![1] })),
        ["FB-0301 table 1 is of bool, expected numbers"]
    );
    let half = || Table { elem: Type::U8, bytes: vec![0; limits::TABLE_BYTES_MAX / 2] };
    let found = changed(SUM, |k| k.core.tables.extend([half(), half()]));
    assert_eq!(found, ["FB-0201 kernel has 131080 bytes of tables, the limit is 131072"]);
    let found = changed(SUM, |k| k.core.tables.resize(limits::TABLES_MAX + 1, Table { elem: Type::U8, bytes: vec![] }));
    assert_eq!(found, ["FB-0201 kernel has 257 tables, the limit is 256"]);
    let mut good = kernel(SUM);
    (good.core.signature.fuel, good.core.signature.on_error) = (limits::FUEL_MAX, OnError::Null);
    good.core.tables = vec![Table { elem: Type::I32, bytes: vec![] }, half(), half()];
    verify(good).unwrap();
}

#[test]
fn loads_and_stores_name_memory_that_is_there() {
    let at = |index: usize, def: Def| changed(SUM, |k| k.core.values[index].def = def);
    let load = |array, index| at(4, Def::Load { array, index: ValueId(index) });
    assert_eq!(load(Array::Param(3), 1), ["FB-0301 %4: there is no param 3"]);
    assert_eq!(load(Array::Param(1), 1), ["FB-0301 %4: there is no param 1"]);
    assert_eq!(load(Array::Result(0), 1), ["FB-0301 %4: there is no result 0"]);
    assert_eq!(load(Array::Table(1), 1), ["FB-0301 %4: there is no table 1"]);
    assert_eq!(load(Array::Param(u32::MAX), 1), ["FB-0301 %4: there is no param 4294967295"]);
    assert_eq!(load(Array::Table(0), 1), ["FB-0301 %4: elements of table 0 are i32, not f64"]);
    assert_eq!(load(Array::Param(0), 2), ["FB-0301 %4: index %2 is bool, expected u64"]);
    assert_eq!(load(Array::Param(0), 4), ["FB-0301 %4: uses %4, which does not stand before it"]);
    let store = |array, index, value| at(5, Def::Store { array, index: ValueId(index), value: ValueId(value) });
    assert_eq!(store(Array::Param(0), 1, 4), ["FB-0301 %5: param 0 cannot be written"]);
    assert_eq!(store(Array::Table(0), 1, 4), ["FB-0301 %5: table 0 cannot be written"]);
    assert_eq!(store(Array::Result(0), 1, 4), ["FB-0301 %5: there is no result 0"]);
    assert_eq!(store(Array::Result(2), 1, 4), ["FB-0301 %5: there is no result 2"]);
    assert_eq!(store(Array::Result(1), 4, 4), ["FB-0301 %5: index %4 is f64, expected u64"]);
    assert_eq!(store(Array::Result(1), 1, 1), ["FB-0301 %5: stored value %1 is u64, expected f64"]);
    assert_eq!(store(Array::Result(1), 6, 4), ["FB-0301 %5: uses %6, which does not stand before it"]);
    assert_eq!(changed(SUM, |k| k.core.values[5].ty = Type::F64), ["FB-0301 %5: a store is f64, expected bool"]);
}

fn looped(kernel: &mut Kernel) -> (&mut Vec<ValueId>, &mut filbert_ir::Region) {
    match &mut kernel.core.values[3].def {
        Def::Loop { inits, body } => (inits, body),
        _ => unreachable!(),
    }
}

#[test]
fn loops_carry_what_they_begin_with() {
    let with = |change: fn(&mut Kernel)| changed(COUNT, change);
    assert_eq!(with(|k| k.core.values[4].def = Def::Carried(1)), ["FB-0301 %4: is carried value 1, expected 0"]);
    assert_eq!(
        with(|k| k.core.values[5].def = Def::Const(0)),
        ["FB-0301 %5: must be carried value 1, the region begins with them"]
    );
    assert_eq!(with(|k| k.core.values[6].def = Def::Carried(2)), ["FB-0301 %6: a carried value out of place"]);
    assert_eq!(with(|k| k.core.values[1].def = Def::Carried(0)), ["FB-0301 %1: a carried value out of place"]);
    assert_eq!(
        with(|k| k.core.values[5].ty = Type::F32),
        [
            "FB-0301 %5: is f32, but its initial value is of another type",
            "FB-0301 %3: yield 2 of the loop is f32, expected f64"
        ]
    );
    assert_eq!(
        with(|k| k.core.values[3].ty = Type::F64)[0],
        "FB-0301 %3: the loop is f64 but its first initial value is i64"
    );
    assert_eq!(with(|k| looped(k).0[0] = ValueId(7))[0], "FB-0301 %3: uses %7, which does not stand before it");
    assert_eq!(with(|k| looped(k).0[0] = ValueId(3))[0], "FB-0301 %3: uses %3, which does not stand before it");
    assert!(with(|k| looped(k).0.clear()).contains(&"FB-0301 %3: the loop carries nothing".to_string()));
    // One more than there are entries at the region's begin.
    assert!(
        with(|k| looped(k).0.push(ValueId(0)))
            .contains(&"FB-0301 %6: must be carried value 2, the region begins with them".to_string())
    );
    assert_eq!(
        with(|k| looped(k).0.resize(257, ValueId(1)))[..2],
        [
            "FB-0201 kernel has 257 carried values of a loop, the limit is 255",
            "FB-0301 %3: the region of the loop is not directly behind it, or overruns"
        ]
    );
}

#[test]
fn loops_yield_whether_to_go_on_and_the_next_values() {
    let with = |change: fn(&mut Kernel)| changed(COUNT, change);
    assert_eq!(with(|k| looped(k).1.yields.truncate(2)), ["FB-0301 %3: the loop yields 2 values, expected 3"]);
    assert_eq!(with(|k| looped(k).1.yields.clear()), ["FB-0301 %3: the loop yields 0 values, expected 3"]);
    assert_eq!(with(|k| looped(k).1.yields[0] = ValueId(7)), ["FB-0301 %3: yield 0 of the loop is i64, expected bool"]);
    assert_eq!(with(|k| looped(k).1.yields[1] = ValueId(5)), ["FB-0301 %3: yield 1 of the loop is f64, expected i64"]);
    assert_eq!(with(|k| looped(k).1.yields[2] = ValueId(4)), ["FB-0301 %3: yield 2 of the loop is i64, expected f64"]);
    assert_eq!(with(|k| looped(k).1.yields[1] = ValueId(3)), ["FB-0301 %9: uses %3 inside its own region"]);
    assert_eq!(with(|k| looped(k).1.yields[2] = ValueId(9)), ["FB-0301 %9: uses %9, which does not stand before it"]);
}

#[test]
fn a_loop_is_not_seen_from_within_nor_its_region_from_outside() {
    let with = |change: fn(&mut Kernel)| changed(COUNT, change);
    let neg = |id| Def::Op(filbert_ir::Op::Neg, filbert_ir::kernel::Args::new(&[ValueId(id)]));
    assert_eq!(
        with(|k| k.core.values[6].def = Def::Output { of: ValueId(3), index: 1 })[0],
        "FB-0301 %6: uses %3 inside its own region"
    );
    assert_eq!(changed(COUNT, |k| k.core.values[6].def = neg(3)), ["FB-0301 %6: uses %3 inside its own region"]);
    assert_eq!(with(|k| k.core.returns[0] = ValueId(7)), ["FB-0301 %10: uses %7, whose region has ended"]);
    assert_eq!(with(|k| k.core.returns[0] = ValueId(4)), ["FB-0301 %10: uses %4, whose region has ended"]);
    let output = |of, index| changed(COUNT, move |k| k.core.values[9].def = Def::Output { of: ValueId(of), index });
    assert_eq!(output(3, 0), ["FB-0301 %9: %3 has no output 0"]);
    assert_eq!(output(3, 2), ["FB-0301 %9: %3 has no output 2"]);
    assert_eq!(output(3, u32::MAX), ["FB-0301 %9: %3 has no output 4294967295"]);
    assert_eq!(
        with(|k| k.core.values[9].ty = Type::I64),
        ["FB-0301 %9: output 1 of %3 is f64, not i64", "FB-0301 returned value 1 is i64, expected f64"]
    );
}

#[test]
fn outputs_of_a_loop_stand_in_its_region() {
    let text = "kernel f(%0 x: f64, %1 c: bool) -> f64 {
        %2: f64 = loop %0, %0 {
            %3: f64 = carried 0
            %4: f64 = carried 1
            yield %1, %4, %3
        }
        %5: f64 = if %1 {
            %6: f64 = output %2, 1
            yield %6
        } else {
            yield %0
        }
        return %5
    }";
    assert_eq!(findings(kernel(text)), ["FB-0301 %6: %2 stands in another region"]);
}

#[test]
fn regions_of_loops_lie_directly_behind_them() {
    let breaks: [fn(&mut Kernel); 6] = [
        |k| looped(k).1.start.0 += 1,
        |k| looped(k).1.start.0 = 0,
        |k| looped(k).1.end.0 = 5,
        |k| looped(k).1.end.0 = 3,
        |k| looped(k).1.end.0 = 11,
        |k| looped(k).1.end.0 = u32::MAX,
    ];
    for change in breaks {
        let found = changed(COUNT, change);
        assert_eq!(found[0], "FB-0301 %3: the region of the loop is not directly behind it, or overruns", "{found:?}");
    }
    // A region that ends early, behind the carried values: what was inside is outside.
    assert!(!changed(COUNT, |k| looped(k).1.end.0 = 6).is_empty());
}

/// `depth` loops, each the only thing in the one around it.
fn nested(depth: usize) -> Kernel {
    let mut text = String::from("kernel f(%0 c: bool) -> bool {\n");
    for i in 1..=depth {
        text.push_str(&format!("%{i}: bool = loop %0 {{\n%{}: bool = carried 0\n", i + 1000));
    }
    text.push_str(&"yield %0, %0\n}\n".repeat(depth));
    kernel(&(text + "return %0\n}"))
}

#[test]
fn fault_50_loops_have_limits() {
    verify(nested(limits::LOOPS_NESTED_MAX)).unwrap();
    for depth in [limits::LOOPS_NESTED_MAX + 1, 20] {
        assert_eq!(findings(nested(depth)), ["FB-0201 kernel has 9 nested loops, the limit is 8"]);
    }
    // A loop is one block.
    let mut text = String::from("kernel f(%0 c: bool) -> bool {\n");
    for i in 1..limits::BLOCKS_MAX {
        text.push_str(&format!("%{i}: bool = loop %0 {{\n%{}: bool = carried 0\nyield %0, %0\n}}\n", i + 10_000));
    }
    verify(kernel(&format!("{text}return %0\n}}"))).unwrap();
    text.push_str("%9999: bool = loop %0 {\n%99999: bool = carried 0\nyield %0, %0\n}\n");
    assert_eq!(findings(kernel(&(text + "return %0\n}"))), ["FB-0201 kernel has 1025 blocks, the limit is 1024"]);
}

#[test]
fn findings_are_bounded() {
    let mut bad = kernel(MEMORY);
    for value in &mut bad.core.values {
        value.def = Def::Carried(0);
    }
    let value = bad.core.values[7].clone();
    bad.core.values.resize(limits::VALUES_MAX, value);
    assert_eq!(findings(bad).len(), 100);
}
