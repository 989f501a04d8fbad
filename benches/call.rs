//! What a call costs besides its rows: calls of few rows, by each way of calling, against the bare pointer to the
//! same machine code with its frame made before.
//!
//! ```sh
//! cargo bench -p filbert-benches --bench call
//! ```
//!
//! After criterion's figures a table follows: nanoseconds of a call in the fastest of many rounds, all ways in turns.
#![allow(missing_docs, unsafe_code)]

use std::hint::black_box;
use std::ptr::null;
use std::time::Instant;

use criterion::Criterion;
use filbert_benches as peer;
use filbert_compiler::abi::{CallFrame, Entry, POLL_ITERATIONS};
use filbert_compiler::{Artifact, Target, compile, helpers};
use filbert_runtime::{CallOptions, Column, LoadedKernel};
use region::{Allocation, Protection};

const CALLS: u32 = 2_000;
const ROUNDS: usize = 200;
const SIZES: [usize; 4] = [1, 8, 64, 1024];

/// A way of calling.
type Way<'a> = (&'static str, Box<dyn FnMut() + 'a>);

/// Machine code in memory of its own, and its entry.
fn mapped(artifact: &Artifact) -> (Allocation, Entry) {
    let mut pages = region::alloc(artifact.code.len(), Protection::READ_WRITE_EXECUTE).expect("memory for code");
    let first = pages.as_mut_ptr::<u8>();
    // SAFETY: the pages are that long, ours, and begin at a multiple of any alignment that code has.
    unsafe { first.copy_from_nonoverlapping(artifact.code.as_ptr(), artifact.code.len()) };
    // SAFETY: the compiler says that an entry stands there.
    let entry = unsafe { std::mem::transmute::<*mut u8, Entry>(first.add(artifact.entry_offset as usize)) };
    (pages, entry)
}

fn ways<'a>(x: &'a [f64], y: &'a [f64], out: &'a mut [Vec<f64>; 3]) -> Vec<Way<'a>> {
    let rows = x.len();
    let kernel = peer::kernel("axpy");
    let loaded = LoadedKernel::load(&kernel);
    let typed = loaded.typed::<(f64, f64), f64>().expect("axpy takes and gives f64");
    let artifact = compile(&kernel, &Target::host()).expect("axpy compiles");
    let (pages, entry) = mapped(&artifact);
    let [bare, by_types, into] = out;
    let inputs = [x.as_ptr().cast::<u8>(), y.as_ptr().cast()];
    let outputs = [bare.as_mut_ptr().cast::<u8>()];
    let mut frame = CallFrame {
        inputs: null(),
        outputs: null(),
        lists: null(),
        tables: null(),
        helpers: helpers::table().as_ptr(),
        stop: &0,
        start: 0,
        end: rows as u64,
        fuel: 0,
        poll: POLL_ITERATIONS,
        fault_row: 0,
        fault_site: 0,
        zero: 0,
        scratch: 0,
        streams: 0,
    };
    let (a, b, c) = (loaded.clone(), loaded.clone(), loaded);
    vec![
        (
            "bare pointer",
            Box::new(move || {
                (frame.inputs, frame.outputs) = (inputs.as_ptr(), outputs.as_ptr());
                let _pages = &pages;
                // SAFETY: the frame has columns of `rows` elements for both parameters and the result; the closure
                // owns the pages.
                let status = unsafe { entry(black_box(&mut frame)) };
                assert_eq!(status, 0);
            }),
        ),
        ("typed", Box::new(move || typed.call(black_box((x, y)), by_types).expect("no row fails"))),
        ("map_into", Box::new(move || a.map_into((x, y), into).expect("no row fails"))),
        (
            "map",
            Box::new(move || {
                black_box(b.map::<Vec<f64>>((x, y)).expect("no row fails"));
            }),
        ),
        (
            "call",
            Box::new(move || {
                let columns = [Column::slice(x), Column::slice(y)];
                black_box(c.call(&columns, rows, &CallOptions::default()).expect("no row fails"));
            }),
        ),
    ]
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let columns: Vec<[Vec<f64>; 2]> =
        SIZES.map(|rows| [0.7, 0.3].map(|step| (0..rows).map(|i| (i as f64 * step).sin()).collect())).into();
    let mut outputs: Vec<[Vec<f64>; 3]> = SIZES.map(|rows| [0; 3].map(|_| vec![0.0; rows])).into();
    let mut rows: Vec<(usize, Vec<Way<'_>>)> = Vec::new();
    for ([x, y], out) in columns.iter().zip(&mut outputs) {
        rows.push((x.len(), ways(x, y, out)));
    }
    for (size, ways) in &mut rows {
        let mut group = criterion.benchmark_group("call");
        for (name, way) in ways.iter_mut() {
            group.bench_function(format!("{name}/{size}"), |bencher| bencher.iter(&mut *way));
        }
        group.finish();
    }
    criterion.final_summary();
    let names: Vec<&str> = rows[0].1.iter().map(|(name, _)| *name).collect();
    println!("\n| rows | {} |\n|---{}|", names.join(" | "), "|---".repeat(names.len()));
    for (size, ways) in &mut rows {
        let mut fastest = vec![f64::MAX; ways.len()];
        for _ in 0..ROUNDS {
            for (fastest, (_, way)) in fastest.iter_mut().zip(ways.iter_mut()) {
                let start = Instant::now();
                (0..CALLS).for_each(|_| way());
                *fastest = fastest.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS));
            }
        }
        let cells = fastest.iter().map(|ns| format!("{ns:.1}")).collect::<Vec<_>>().join(" | ");
        println!("| {size} | {cells} |");
    }
}
