//! What the vector back end takes, what it refuses and why, and what its code looks like. What the code computes
//! is compared in `filbert-runtime`.

use filbert_compiler::{Backend, Explanation, Isa, Level, Target, compile, explain};
use filbert_ir::{random, verify};

use crate::kernel;

/// The explanation on this machine with no more than `level`; `None` where it has less.
pub(crate) fn explained(source: &str, level: Level) -> Option<Explanation> {
    let target = Target::level(level);
    let wanted = if level == Level::V4 { "avx512dq" } else { "avx2" };
    if !target.features().contains(&wanted) {
        println!("SKIPPED: this CPU has no {wanted}");
        return None;
    }
    Some(explain(&kernel(source), &target).unwrap())
}

const AXPY: &str = "kernel axpy(%0 x: f64, %1 y: f64) -> f64 {\n\
     %2: f64 = const 2.5\n %3: f64 = mul %2, %0\n %4: f64 = add %3, %1\n return %4\n}\n";

#[test]
fn simple_kernels_become_blocks() {
    if let Some(made) = explained(AXPY, Level::V4) {
        assert!(matches!(made.backend, Backend::Vector { isa: Isa::Avx512, lanes: 8, .. }), "{:?}", made.backend);
        assert!(made.backend_reason.starts_with("8 rows a block"), "{}", made.backend_reason);
        assert!(made.clif.contains("load f64 of slot 0") && made.clif.contains("MulF64"), "{}", made.clif);
        assert!(made.asm.contains("vmulpd zmm") && !made.asm.contains("call"), "{}", made.asm);
        assert!(made.asm.contains("constant 0x4004000000000000"), "{}", made.asm);
        assert!(made.code_bytes <= 4096, "{} bytes", made.code_bytes);
    }
    if let Some(made) = explained(AXPY, Level::V3) {
        assert!(matches!(made.backend, Backend::Vector { isa: Isa::Avx2, lanes: 4, .. }), "{:?}", made.backend);
        assert!(made.asm.contains("vmulpd ymm") && !made.asm.contains("zmm"), "{}", made.asm);
    }
}

#[test]
fn blocks_are_as_wide_as_the_widest_type_allows() {
    for (ty, lanes) in [("f64", 8), ("i64", 8), ("f32", 16), ("i32", 16), ("u8", 16)] {
        let source = format!("kernel k(%0 x: {ty}, %1 y: {ty}) -> {ty} {{\n %2: {ty} = max %0, %1\n return %2\n}}\n");
        for (level, lanes) in [(Level::V4, lanes), (Level::V3, lanes / 2)] {
            let Some(made) = explained(&source, level) else { continue };
            assert!(matches!(made.backend, Backend::Vector { lanes: l, .. } if l == lanes), "{ty}: {:?}", made.backend);
        }
    }
}

#[test]
fn what_is_refused_says_why() {
    let of = |body: &str| explained(body, Level::V4).map(|made| (made.backend, made.backend_reason));
    let function = "kernel k(%0 x: f64) -> f64 {\n %1: f64 = gamma %0\n return %1\n}\n";
    let power = "kernel k(%0 x: i64, %1 y: u32) -> i64 {\n %2: i64 = pow %0, %1\n return %2\n}\n";
    let narrow = "kernel k(%0 x: &[u8], %1 i: u64) -> u8 {\n %2: u8 = load param 0, %1\n return %2\n}\n";
    for (source, why) in [(function, "has gamma of f64"), (power, "has pow of i64"), (narrow, "reads elements of u8")] {
        let Some((backend, reason)) = of(source) else { return };
        assert_eq!((backend, reason), (Backend::Scalar, format!("not vectorised: {why}")));
    }
}

/// AVX-512 scatters, AVX2 stores lane by lane.
#[test]
fn lists_are_written_on_both_levels() {
    let scaled = "kernel scaled(%0 x: &[f64; 2], %1 by: f64) -> %2 &mut [f64] of param 0 {\n %3: u64 = const 1\n \
         %4: f64 = load param 0, %3\n %5: f64 = mul %4, %1\n %6: bool = store result 0, %3, %5\n return\n}\n";
    for (level, store) in [(Level::V4, "vpscatterqq"), (Level::V3, "vmovhps [rax+8]")] {
        let Some(made) = explained(scaled, level) else { continue };
        assert!(matches!(made.backend, Backend::Vector { .. }), "{}", made.backend_reason);
        assert!(made.asm.contains(store), "{}", made.asm);
    }
}

/// Values are counted, and instructions: a thousand sums are fine, a thousand functions are not.
#[test]
fn large_kernels_are_taken_up_to_a_limit() {
    let chain = |op: &str, values: usize| {
        let line = |n: usize| format!(" %{}: f64 = {op} %{n}, %0\n", n + 1);
        let lines: String = (0..values).map(line).collect();
        format!("kernel k(%0 x: f64) -> f64 {{\n{lines} return %{values}\n}}\n")
    };
    for level in [Level::V3, Level::V4] {
        let Some(sums) = explained(&chain("add", 1023), level) else { continue };
        assert!(matches!(sums.backend, Backend::Vector { .. }), "{}", sums.backend_reason);
        let reason = |op, values| explained(&chain(op, values), level).unwrap().backend_reason;
        assert_eq!(reason("add", 1024), "not vectorised: has 1025 values, more than 1024");
        let functions = reason("powf", 1000);
        let why = functions.strip_suffix(" instructions, more than 16384").unwrap_or_else(|| panic!("{functions}"));
        assert!(why.starts_with("not vectorised: becomes "), "{functions}");
    }
}

#[test]
fn random_plain_kernels_are_taken_and_pass_the_audit() {
    for (level, wanted) in [(Level::V3, "avx2"), (Level::V4, "avx512dq")] {
        let target = Target::level(level);
        if !target.features().contains(&wanted) {
            println!("SKIPPED: this CPU has no {wanted}");
            continue;
        }
        let mut taken = 0;
        for seed in 0..300 {
            let kernel = verify(random::plain_kernel(seed, 5 + (seed % 120) as usize)).unwrap();
            let artifact = compile(&kernel, &target).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
            taken += u32::from(matches!(artifact.backend, Backend::Vector { .. }));
            for site in &artifact.sites {
                assert!(kernel.core.may_fault(site.value), "seed {seed}: site {site:?} cannot fault");
            }
        }
        assert!(taken > 150, "{level:?}: {taken} of 300");
        println!("{level:?}: {taken} of 300 taken");
    }
}

/// Functions stand inline: no call, constants as operands, and the work that two of them share is done once.
#[test]
fn functions_are_inline() {
    let of = |body: &str| format!("kernel k(%0 x: f64) -> f64 {{\n{body}}}\n");
    let work = |body: &str, level| {
        explained(&of(body), level).map(|made| {
            assert!(matches!(made.backend, Backend::Vector { .. }), "{}", made.backend_reason);
            assert!(!made.asm.contains("call"), "{}", made.asm);
            assert!(made.code_bytes <= 16 << 10, "{} bytes", made.code_bytes);
            made.clif.split("block of").nth(1).unwrap().lines().count()
        })
    };
    for level in [Level::V3, Level::V4] {
        let sine = work(" %1: f64 = sin %0\n return %1\n", level);
        let both = work(" %1: f64 = sin %0\n %2: f64 = cos %0\n %3: f64 = add %1, %2\n return %3\n", level);
        let Some((sine, both)) = sine.zip(both) else { continue };
        assert!(both < sine + 20, "sine {sine}, sine and cosine {both}");
    }
    if let Some(made) = explained(&of(" %1: f64 = exp %0\n return %1\n"), Level::V4) {
        assert!(made.asm.contains("vscalefpd") && made.asm.contains("{1to8}"), "{}", made.asm);
    }
}

/// Where quotients and roots come long before the end a turn begins the next one, if no row may fail: the second half
/// reads what was passed on, and nothing of the next turn's rows but what the first half is made of.
#[test]
fn a_long_turn_begins_the_next_one() {
    let far = |params: &str, last: &str, results: &str, returned: &str| {
        format!(
            "kernel k(%0 x: f64, %1 y: f64{params}) -> {results} {{\n %3: f64 = hypot %0, %1\n\
             %4: f64 = ln %3\n %5: f64 = asinh %4\n{last} return {returned}\n}}\n"
        )
    };
    let total = far(", %2 n: f64", " %6: f64 = add %5, %2\n", "f64", "%6");
    let fails = far(", %2 n: i64", " %6: i64 = add %2, %2\n", "(f64, i64)", "%5, %6");
    for level in [Level::V4, Level::V3] {
        let Some(made) = explained(&total, level) else { continue };
        let Backend::Vector { lanes, turn_rows, .. } = made.backend else { panic!("{}", made.backend_reason) };
        assert_eq!(turn_rows, 2 * lanes);
        let (turn, rest) = made.clif.split_once("before the first turn").expect("two halves");
        let first = rest.split("block of").nth(1).unwrap();
        let count = |text: &str, what: &str| text.matches(what).count();
        let passed = count(turn, "pass to");
        assert!((2..=8).contains(&passed), "{}", made.clif);
        assert_eq!([count(turn, " = ahead"), count(first, "pass to")], [passed; 2], "{}", made.clif);
        assert_eq!([count(turn, "store f64"), count(first, "store f64")], [2, 0], "{}", made.clif);
        // The column of the last addition is read for this turn's rows only, those of the first half for the next.
        let blocks = |slot: u32| {
            let loads = turn.lines().filter(|line| line.contains(&format!("load f64 of slot {slot}")));
            loads.map(|line| line.split("block ").nth(1).unwrap().to_string()).collect::<Vec<_>>()
        };
        assert_eq!([blocks(0), blocks(2)], [["2", "3"], ["0", "1"]].map(Vec::from), "{}", made.clif);
        // Two turns have to be there, before the loop and behind each turn.
        let rows = format!("lea rax, [rsi+{:X}h]", 2 * turn_rows);
        assert_eq!(count(&made.asm, &rows), 2, "{}", made.asm);
        assert!(made.code_bytes <= 16 << 10, "{} bytes", made.code_bytes);
        let made = explained(&fails, level).unwrap();
        assert!(matches!(made.backend, Backend::Vector { .. }) && !made.clif.contains("ahead"), "{}", made.clif);
    }
}

/// Code for a sum has its lanes in registers through all turns, if there is a row for each lane in a turn.
#[test]
fn sums_stay_in_registers() {
    let dot = "kernel k(%0 x: f64, %1 y: f64) -> f64 {\n %2: f64 = mul %0, %1\n return %2\n}\n";
    let summed = |source: &str, level: Level| {
        explained(source, level)?;
        Some(explain(&kernel(source), &Target::level(level).with_sums()))
    };
    for (level, lanes, add) in [(Level::V4, 8, "vaddpd zmm"), (Level::V3, 4, "vaddpd ymm")] {
        let Some(made) = summed(dot, level) else { continue };
        let made = made.unwrap();
        let is_whole = |backend| matches!(backend, Backend::Vector { lanes: l, turn_rows: 32, .. } if l == lanes);
        assert!(is_whole(made.backend), "{:?}", made.backend);
        let turn = made.asm.split("lea rax").nth(1).unwrap();
        let adds = turn.lines().filter(|line| line.contains(add) && !line.contains('['));
        assert_eq!(adds.count(), 32 / lanes as usize, "{}", made.asm);
        // Lanes are stored behind the last turn; the tail has a mask.
        let stores =
            made.asm.lines().filter(|line| line.contains("vmovdqu") && line.contains("[r9") && line.contains("], "));
        assert_eq!(stores.count(), 32 / lanes as usize, "{}", made.asm);
    }
    // Rows that may fail, loops, and what is no float are for others.
    let fails = "kernel k(%0 x: i64, %1 y: f64) -> f64 {\n %2: i64 = add %0, %0\n %3: f64 = cast %2\n return %3\n}\n";
    let whole = "kernel k(%0 x: i64) -> i64 {\n return %0\n}\n";
    let two = "kernel k(%0 x: f64) -> (f64, f64) {\n return %0, %0\n}\n";
    for (source, why) in [
        (fails, "has rows that are not always summed by vectors"),
        (whole, "gives more or other than one float"),
        (two, "gives more or other than one float"),
    ] {
        let Some(made) = summed(source, Level::V4) else { continue };
        let error = made.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}
