//! Kernels that a stranger or a defect has damaged, as bytes and as tables: refused, or good kernels that run.
//!
//! `FILBERT_LONG=1` tries 5 million mutated byte strings, and a million texts and tables, instead of 20,000
//! (10,000 texts).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use filbert_ir::kernel::Args;
use filbert_ir::random::{self, Rng};
use filbert_ir::{
    Array, Code, Datum, Def, Kernel, Length, Op, Param, Region, ResultTy, Table, Type, ValueId, VerifiedKernel, interp,
    text, verify, wire,
};

use crate::wire::resealed;

/// No input may take longer, decoding and verifying together.
const TIME_MAX: Duration = Duration::from_millis(250);

/// Runs `work` for each of `count` rounds on two threads, `long` in the long run.
fn rounds(count: u64, long: u64, work: impl Fn(u64) + Sync) {
    let is_long = std::env::var_os("FILBERT_LONG").is_some_and(|v| v == "1");
    let (next, end) = (AtomicU64::new(0), if is_long { long } else { count });
    let run = || {
        while let Some(round) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&round| round < end) {
            work(round);
        }
    };
    std::thread::scope(|scope| {
        let threads = [scope.spawn(run), scope.spawn(run)];
        for thread in threads {
            thread.join().expect("a round fails; it stands above");
        }
    });
}

/// The result, and that it came in time. Other work on the machine gets a few chances.
fn in_time<T>(what: &str, work: impl Fn() -> T) -> T {
    for _ in 0..5 {
        let begun = Instant::now();
        let result = work();
        if begun.elapsed() < TIME_MAX {
            return result;
        }
    }
    panic!("{what} takes longer than {TIME_MAX:?}");
}

/// Whatever the verifier lets through prints, travels and runs.
fn exercise(kernel: &VerifiedKernel, seed: u64) {
    let printed = text::print(kernel);
    let parsed = text::parse(&printed).unwrap_or_else(|found| panic!("{found}"));
    assert!(parsed.core == kernel.core, "{printed}");
    assert_eq!((&parsed.names.params, &parsed.names.results), (&kernel.names.params, &kernel.names.results));
    let back = wire::decode(&wire::encode(kernel)).unwrap_or_else(|e| panic!("{e}\n{printed}"));
    assert!(back.core == kernel.core && back.id() == kernel.id(), "{printed}");
    for args in random::datum_rows(seed, &kernel.core.signature, 2) {
        if is_small(kernel, &args) {
            let _ = interp::run_with_fuel(kernel, &args, 500);
        }
    }
}

/// Whether every list of the row has few elements; a damaged signature may ask for any number.
fn is_small(kernel: &Kernel, args: &[Datum]) -> bool {
    let rows = |param: u32| match (&kernel.core.signature.params[param as usize], &args[param as usize]) {
        (Param::List { inner, .. }, Datum::List(list)) => list.len() as u64 / u64::from(*inner),
        _ => 0,
    };
    kernel.core.signature.results.iter().all(|result| match result {
        ResultTy::List { inner, len, .. } => len.of(rows).saturating_mul(u64::from(*inner)) < 10_000,
        _ => true,
    })
}

/// Whether random rows can be made: lists of a fixed length may be asked for with any number of elements.
fn has_small_lists(kernel: &Kernel) -> bool {
    kernel.core.signature.params.iter().all(|param| match param {
        Param::List { inner, len, .. } => u64::from(*inner) * u64::from(len.unwrap_or(50)) < 10_000,
        Param::Scalar { .. } => true,
    })
}

/// With the digest made to fit, what still decodes must be a kernel, and encode to the same bytes.
#[test]
fn fault_35_mutated_bodies_are_refused_or_are_kernels() {
    let bodies: Vec<Vec<u8>> = (0..300)
        .map(|seed| {
            let kernel = random::rich_kernel(seed, [5, 20, 60][seed as usize % 3]);
            wire::encode(&verify(kernel).unwrap())[28..].to_vec()
        })
        .collect();
    let (accepted, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    rounds(20_000, 5_000_000, |round| {
        let mut rng = Rng::new(round);
        let mut body = bodies[rng.below(bodies.len())].clone();
        for _ in 0..=rng.below(3) {
            if body.is_empty() {
                break;
            }
            let at = rng.below(body.len());
            match rng.below(7) {
                0 => body[at] = rng.next_u64() as u8,
                1 => body[at] ^= 1 << rng.below(8),
                2 => drop(body.drain(at..=at)),
                3 => body.insert(at, rng.next_u64() as u8),
                4 => body[at] = rng.pick(&[0, 1, 250, 251, 252, 253, 254, 255]),
                5 => body.truncate(at.max(1)),
                _ => {
                    // A piece of another kernel.
                    let other = &bodies[rng.below(bodies.len())];
                    let from = rng.below(other.len());
                    let piece = &other[from..other.len().min(from + 1 + rng.below(12))];
                    let end = body.len().min(at + rng.below(12));
                    body.splice(at..end, piece.iter().copied());
                }
            }
        }
        let bytes = resealed(&body);
        match in_time(&format!("round {round}"), || wire::decode(&bytes)) {
            Ok(kernel) => {
                assert_eq!(wire::encode(&kernel), bytes, "round {round}");
                if has_small_lists(&kernel) {
                    exercise(&kernel, round);
                }
                accepted.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                assert!(error.code != Code::Internal, "round {round}: {error}");
                refused.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let (accepted, refused) = (accepted.into_inner(), refused.into_inner());
    println!("{accepted} mutated bodies are kernels, {refused} are refused");
    assert!(accepted > 1000 && refused > 1000, "{accepted} accepted, {refused} refused");
}

/// Not even the envelope fits, nor need it be near a kernel.
#[test]
fn fault_35_any_bytes_are_refused() {
    rounds(20_000, 1_000_000, |round| {
        let mut rng = Rng::new(round);
        let body: Vec<u8> = (0..rng.below(200)).map(|_| (rng.next_u64() >> rng.below(64)) as u8).collect();
        assert!(wire::decode(&body).is_err());
        assert!(in_time(&format!("round {round}"), || wire::decode(&resealed(&body))).is_err());
    });
}

#[test]
fn damaged_texts_are_refused_or_are_kernels() {
    let texts: Vec<String> = (0..100).map(|seed| text::print(&random::rich_kernel(seed, 20))).collect();
    let words =
        ["%", "%0", "{", "}", "(", "[", "]", "&", "mut", "*", "+", "-1", "9", "loop", "yield", "\"", "Option<", "ü"];
    let parsed = AtomicU64::new(0);
    rounds(10_000, 1_000_000, |round| {
        let mut rng = Rng::new(round);
        let mut damaged = texts[rng.below(texts.len())].clone();
        for _ in 0..=rng.below(2) {
            let boundary = |text: &str, at: usize| text.floor_char_boundary(at);
            let at = boundary(&damaged, rng.below(damaged.len() + 1));
            match rng.below(4) {
                0 => damaged.insert_str(at, rng.pick(&words)),
                1 => damaged.truncate(at),
                2 => {
                    let end = boundary(&damaged, at + rng.below(20)).max(at);
                    damaged.replace_range(at..end, "");
                }
                _ => {
                    let other = &texts[rng.below(texts.len())];
                    let from = boundary(other, rng.below(other.len()));
                    let to = boundary(other, from + rng.below(40)).max(from);
                    damaged.insert_str(at, &other[from..to]);
                }
            }
        }
        match in_time(&format!("round {round}"), || text::parse(&damaged).and_then(verify)) {
            Ok(kernel) => {
                parsed.fetch_add(1, Ordering::Relaxed);
                if has_small_lists(&kernel) {
                    exercise(&kernel, round);
                }
            }
            Err(found) => assert!(!found.render().is_empty()),
        }
    });
    let parsed = parsed.into_inner();
    assert!(parsed > 100, "{parsed}");
}

#[test]
fn damaged_tables_are_refused_or_are_kernels() {
    let kernels: Vec<Kernel> = (0..300).map(|seed| random::rich_kernel(seed, 20)).collect();
    let (accepted, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    rounds(20_000, 1_000_000, |round| {
        let mut rng = Rng::new(round);
        let mut bad = kernels[rng.below(kernels.len())].clone();
        for _ in 0..=rng.below(2) {
            damage(&mut bad, &mut rng);
        }
        // Messages print what was refused.
        if round % 16 == 0 {
            text::print(&bad);
        }
        match in_time(&format!("round {round}"), || verify(bad.clone())) {
            Ok(kernel) => {
                if has_small_lists(&kernel) {
                    exercise(&kernel, round);
                }
                accepted.fetch_add(1, Ordering::Relaxed);
            }
            Err(found) => {
                assert!(!found.list.is_empty() && found.list.len() <= 100, "round {round}");
                assert!(found.list.iter().all(|d| d.code != Code::Internal), "round {round}");
                refused.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let (accepted, refused) = (accepted.into_inner(), refused.into_inner());
    println!("{accepted} damaged tables are kernels, {refused} are refused");
    assert!(accepted > 1000 && refused > 1000, "{accepted} accepted, {refused} refused");
}

/// One change of anything.
fn damage(bad: &mut Kernel, rng: &mut Rng) {
    let core = &mut bad.core;
    let count = core.values.len().max(1);
    let id = |rng: &mut Rng| {
        let far = rng.chance(5);
        ValueId(if far { rng.next_u64() as u32 } else { rng.below(count + 3) as u32 })
    };
    let at = rng.below(count);
    let array = |rng: &mut Rng| {
        let index = rng.below(5) as u32;
        [Array::Param(index), Array::Result(index), Array::Table(index)][rng.below(3)]
    };
    let value = match core.values.get_mut(at) {
        Some(value) => value,
        None => return,
    };
    match rng.below(22) {
        0 => value.ty = rng.ty(),
        1 => {
            let args: Vec<ValueId> = (0..rng.below(4)).map(|_| id(rng)).collect();
            value.def = Def::Op(rng.pick(Op::ALL), Args::new(&args));
        }
        2 => value.def = Def::Output { of: id(rng), index: rng.below(4) as u32 },
        3 => value.def = Def::Const(rng.next_u64() >> rng.below(64)),
        4 => value.def = Def::Carried(rng.below(4) as u32),
        5 => value.def = Def::Param(rng.below(10) as u32),
        6 => value.def = Def::Load { array: array(rng), index: id(rng) },
        7 => value.def = Def::Store { array: array(rng), index: id(rng), value: id(rng) },
        8 => {
            let (a, b, c) = (id(rng), id(rng), id(rng));
            let region = |start, end| Region { start, end, yields: vec![c] };
            value.def = Def::If { cond: id(rng), then: region(a, b), otherwise: region(b, a) };
        }
        9 => {
            let body = Region { start: ValueId(at as u32 + 1), end: id(rng), yields: vec![id(rng), id(rng)] };
            value.def = Def::Loop { inits: vec![id(rng)], body };
        }
        // What every kind of value has: another operand, or another border of a region.
        10..17 => match &mut value.def {
            Def::Op(_, args) => *args = args.map(|arg| if rng.chance(50) { id(rng) } else { arg }),
            Def::If { cond, then, otherwise } => {
                let region = if rng.chance(50) { then } else { otherwise };
                match rng.below(5) {
                    0 => *cond = id(rng),
                    1 => region.end = id(rng),
                    2 => region.start = id(rng),
                    3 => region.yields[0] = id(rng),
                    _ => region.yields.push(id(rng)),
                }
            }
            Def::Loop { inits, body } => match rng.below(6) {
                0 => inits[0] = id(rng),
                1 => inits.push(id(rng)),
                2 => body.end = id(rng),
                3 => body.start = id(rng),
                4 => drop(body.yields.pop()),
                _ => body.yields[0] = id(rng),
            },
            Def::Load { index, .. } => *index = id(rng),
            Def::Store { array: place, .. } => *place = array(rng),
            Def::Output { index, .. } | Def::Carried(index) | Def::Param(index) => *index = index.wrapping_add(1),
            Def::Const(bits) => *bits ^= 1 << rng.below(64),
        },
        17 => drop(core.values.remove(at)),
        18 => match rng.below(3) {
            0 => core.returns.push(id(rng)),
            1 => drop(core.returns.pop()),
            _ => core.returns.iter_mut().for_each(|place| *place = id(rng)),
        },
        19 => {
            let size = [0, 1, 2, 3, 1000, u32::MAX][rng.below(6)];
            let param = match rng.below(3) {
                0 => Param::nullable(rng.ty()),
                1 => Param::List { elem: rng.ty(), inner: size, len: rng.chance(50).then_some(size) },
                _ => Param::strict(rng.ty()),
            };
            match core.signature.params.get_mut(rng.below(4)) {
                Some(place) => *place = param,
                None => core.signature.params.push(param),
            }
        }
        20 => {
            let size = [0, 1, 2, 1024, u32::MAX][rng.below(5)];
            let terms = (0..rng.below(3)).map(|_| (rng.below(5) as u32, rng.next_u64() as i32)).collect();
            let len = Length { constant: rng.next_u64() as i64 >> rng.below(64), terms };
            let result = match rng.below(3) {
                0 => ResultTy::Fixed { elem: rng.ty(), len: size },
                1 => ResultTy::List { elem: rng.ty(), inner: size, len },
                _ => ResultTy::strict(rng.ty()),
            };
            match core.signature.results.get_mut(rng.below(4)) {
                Some(place) => *place = result,
                None => core.signature.results.push(result),
            }
        }
        _ => match rng.below(4) {
            0 => core.tables.push(Table { elem: rng.ty(), bytes: vec![1; rng.below(12)] }),
            1 => drop(core.tables.pop()),
            2 => core.signature.fuel = rng.next_u64() >> rng.below(64),
            _ => bad.names.results = vec!["name".into(); rng.below(4)],
        },
    }
}

/// The deepest and widest tables that fit: nothing here is quadratic.
#[test]
fn the_worst_tables_are_refused_in_time() {
    let count = filbert_ir::limits::VALUES_MAX as u32;
    let base = || crate::kernel("kernel f(%0 c: bool) -> bool {\nreturn %0\n}");
    // Each value owns all that follow.
    let mut nested = base();
    for i in 1..count {
        let yields = vec![ValueId(0); 2];
        let body = Region { start: ValueId(i + 1), end: ValueId(count), yields };
        let def = Def::Loop { inits: vec![ValueId(0)], body };
        nested.core.values.push(filbert_ir::Value { ty: Type::Bool, def });
    }
    // Each yields far too much.
    let mut wide = base();
    for i in 1..1024 {
        let region = || Region { start: ValueId(i + 1), end: ValueId(i + 1), yields: vec![ValueId(7); 100_000] };
        let def = Def::If { cond: ValueId(0), then: region(), otherwise: region() };
        wide.core.values.push(filbert_ir::Value { ty: Type::Bool, def });
    }
    for kernel in [nested, wide] {
        let begun = Instant::now();
        assert!(verify(kernel).is_err());
        assert!(begun.elapsed() < 8 * TIME_MAX, "{:?}", begun.elapsed());
    }
}
