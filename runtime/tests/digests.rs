//! The published digests: tests/digests/corpus.txt says what a fixed corpus gives, to the bit, on any machine.
//!
//! The corpus is every operation on special and random rows of every typing, and random kernels. Each group has a
//! line: its name, how many results and faults it has, and a hash of all of them in order. Every engine of this
//! machine is compared with the definition on the same rows first, so the page speaks for all of them. A line
//! that differs on one machine alone is a defect of that machine's results; a line that differs everywhere is a
//! change of meaning, which moves `SEMANTICS_VERSION` on, or of the corpus (`BLESS=1` rewrites the page).

use std::fmt::Write;
use std::fs;

use filbert_ir::interp::run;
use filbert_ir::kernel::SEMANTICS_VERSION;
use filbert_ir::{Datum, Op, Scalar, VerifiedKernel, random, verify};

use crate::differential::{Engines, applied, compare_rows, typings};
use crate::support::data;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/digests/corpus.txt");
/// Rows of special values, at most, and random rows of each typing of an operation.
const ROWS: [usize; 2] = [200, 56];
/// Random kernels of a group, and rows of each.
const KERNELS: [u64; 2] = [100, 8];

/// Results and faults in order.
#[derive(Default)]
struct Group {
    hasher: blake3::Hasher,
    results: usize,
    faults: usize,
}

impl Group {
    /// Adds what the definition gives for these rows, once every engine has given the same.
    fn add(&mut self, name: &str, kernel: &VerifiedKernel, rows: &[Vec<Datum>], engines: &Engines) {
        compare_rows(name, kernel, rows, engines);
        for row in rows {
            match run(kernel, row) {
                Ok(results) => {
                    results.iter().for_each(|datum| self.datum(datum));
                    self.results += results.len();
                }
                Err(failed) => {
                    self.bytes(b'!', u64::from(failed.fault.number()) << 32 | u64::from(failed.value.0));
                    self.faults += 1;
                }
            }
        }
    }

    fn datum(&mut self, datum: &Datum) {
        match datum {
            Datum::Null => self.bytes(b'0', 0),
            Datum::Scalar(scalar) => self.bytes(b'1', scalar.bits()),
            Datum::List(elements) => {
                self.bytes(b'n', elements.len() as u64);
                elements.iter().for_each(|element| self.bytes(b'1', element.bits()));
            }
        }
    }

    fn bytes(&mut self, kind: u8, number: u64) {
        self.hasher.update(&[kind]);
        self.hasher.update(&number.to_le_bytes());
    }

    fn line(&self, name: &str) -> String {
        let Group { hasher, results, faults } = self;
        format!("{name:20} {results:6} results {faults:6} faults  {}\n", &hasher.finalize().to_hex()[..32])
    }
}

/// Special values in every combination, thinned out, and random ones.
fn rows(kernel: &VerifiedKernel, seed: u64) -> Vec<Vec<Datum>> {
    let none: Vec<Vec<Scalar>> = vec![vec![]];
    let special = kernel.core.slot_types().iter().fold(none, |rows, &ty| {
        let pairs = rows.iter().flat_map(|row| random::specials(ty).into_iter().map(move |s| (row, s)));
        pairs.map(|(row, special)| [&row[..], &[special]].concat()).collect()
    });
    let step = special.len().div_ceil(ROWS[0]);
    // A step that shares no factor with the number of special values meets every value in every place.
    let chosen = (0..special.len()).step_by(step).map(|at| data(&special[at * 7 % special.len()]));
    chosen.chain(random::datum_rows(seed, &kernel.core.signature, ROWS[1])).collect()
}

#[test]
fn the_published_digests_hold() {
    let engines = Engines::new();
    let mut page = format!(
        "# What a fixed corpus gives, to the bit, on every machine and engine; see runtime/tests/digests.rs.\n\
         # semantics version {SEMANTICS_VERSION}\n"
    );
    for &op in Op::ALL {
        let mut group = Group::default();
        for (index, (tys, ty)) in typings(op).into_iter().enumerate() {
            let kernel = applied(op, &tys, ty, None);
            let name = format!("{op} of {tys:?}");
            group.add(&name, &kernel, &rows(&kernel, (op as u64) << 32 | index as u64), &engines);
        }
        page += &group.line(op.name());
    }
    for (kind, generate) in
        [("plain", random::plain_kernel as fn(u64, usize) -> _), ("rich", random::rich_kernel), ("any", random::kernel)]
    {
        for first in (0..5).map(|group| group * KERNELS[0]) {
            let mut group = Group::default();
            for seed in first..first + KERNELS[0] {
                let kernel = verify(generate(seed, 4 + (seed * 7919 % 97) as usize)).unwrap();
                let rows = random::datum_rows(seed, &kernel.core.signature, KERNELS[1] as usize);
                group.add(&format!("{kind} kernel {seed}"), &kernel, &rows, &engines);
            }
            page += &group.line(&format!("{kind} kernels {first}.."));
        }
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(PAGE, &page).unwrap();
        return;
    }
    let published = fs::read_to_string(PAGE).unwrap_or_default();
    let mut differs = String::new();
    for (ours, theirs) in page.lines().zip(published.lines().chain(std::iter::repeat(""))).filter(|(a, b)| a != b) {
        let _ = writeln!(differs, "here       {ours}\npublished  {theirs}");
    }
    assert!(differs.is_empty() && page.lines().count() == published.lines().count(), "{differs}");
}
