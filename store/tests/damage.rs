//! Entries that are damaged, swapped, forged or out of date: none is believed, none is executed, results are right.
//!
//! The normal run tries every bit with the seals of a keyed cache and a sample with signatures; `FILBERT_LONG=1` every
//! bit with all, and more real files.

use filbert_compiler::{Level, Target};
use filbert_ir::random::Rng;
use filbert_runtime::{CodeStore, Engine};
use filbert_store::entry::{self, Key, SealKind};
use filbert_store::seal::Seal;
use filbert_store::{DiskStore, KeyText, Mode, Options};

use crate::support::{files, open, private};
use crate::tools::{Sample, filled, is_long_run, modes, normal_or_long, patient, results, right_results};

/// What the seals of a cache look like.
fn seal_kind(options: &Options) -> SealKind {
    if options.mode == Mode::Signed { SealKind::Signed } else { SealKind::Keyed }
}

/// Counts what was tried, all of it in vain.
struct Judge<'s> {
    store: &'s DiskStore,
    tried: u64,
}

impl Judge<'_> {
    fn refuses(&mut self, sample: &Sample, bytes: &[u8], what: &str) {
        self.tried += 1;
        let name = sample.kernel.name();
        assert!(!sample.would_believe(self.store, bytes), "{name}: {what} is believed");
    }

    /// Flips bits: all, or so many of them that are drawn.
    fn flips(&mut self, sample: &Sample, drawn: Option<&mut Rng>) {
        let mut bytes = sample.bytes.clone();
        let bits: Vec<usize> = match drawn {
            None => (0..8 * bytes.len()).collect(),
            Some(rng) => (0..100).map(|_| rng.below(8 * bytes.len())).collect(),
        };
        for bit in bits {
            bytes[bit / 8] ^= 1 << (bit % 8);
            self.refuses(sample, &bytes, &format!("a flip of bit {bit}"));
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }

    fn other_damage(&mut self, sample: &Sample) {
        for end in 0..sample.bytes.len() {
            self.refuses(sample, &sample.bytes[..end], &format!("an end at byte {end}"));
        }
        for sector in (0..sample.bytes.len()).step_by(512) {
            let mut bytes = sample.bytes.clone();
            let end = bytes.len().min(sector + 512);
            bytes[sector..end].fill(0);
            self.refuses(sample, &bytes, &format!("a sector of zeros at {sector}"));
        }
        for more in [1, 2, 32, 64, 511, 4096] {
            let zeros = [&sample.bytes[..], &vec![0; more]].concat();
            self.refuses(sample, &zeros, &format!("{more} zeros behind it"));
            let twice: Vec<u8> = sample.bytes.iter().chain(&sample.bytes).copied().take(zeros.len()).collect();
            self.refuses(sample, &twice, &format!("{more} bytes of itself behind it"));
        }
        let all: Vec<u8> = sample.bytes.repeat(2);
        self.refuses(sample, &all, "the file, twice");
    }
}

#[test]
fn fault_26_any_flipped_bit_truncation_or_zeroed_sector_is_found() {
    let folder = tempfile::tempdir().unwrap();
    for options in modes(folder.path()) {
        let (store, samples) = filled(&options);
        let (mut judge, mut rng) = (Judge { store: &store, tried: 0 }, Rng::new(26));
        // A signature takes 50 microseconds to verify, and a private folder has the seals of a keyed one.
        let has_all = options.mode == Mode::Keyed || is_long_run();
        for (n, sample) in samples.iter().enumerate() {
            assert!(sample.would_believe(&store, &sample.bytes));
            let is_sampled = !has_all && n % 32 != 0;
            judge.flips(sample, is_sampled.then_some(&mut rng));
            judge.other_damage(sample);
        }
        let bytes: usize = samples.iter().map(|sample| sample.bytes.len()).sum();
        println!("{:?}: {} damaged entries of {bytes} bytes refused", options.mode, judge.tried);
    }
}

#[test]
fn fault_03_an_entry_in_the_place_of_another_is_found() {
    let folder = tempfile::tempdir().unwrap();
    for options in modes(folder.path()) {
        let (store, samples) = filled(&options);
        let mut judge = Judge { store: &store, tried: 0 };
        for (a, sample) in samples.iter().enumerate() {
            for (b, other) in samples.iter().enumerate().filter(|(b, _)| a != *b) {
                judge.refuses(sample, &other.bytes, &format!("entry {b} in the place of {a}"));
            }
        }
        assert_eq!(judge.tried, 64 * 63);
    }
    // The same with files, which are renamed.
    let options = private(&folder.path().join("renamed"));
    let (store, samples) = filled(&options);
    for pair in samples.chunks_exact(2) {
        let (first, second) = (pair[0].file(&store), pair[1].file(&store));
        let aside = folder.path().join("aside");
        std::fs::rename(&first, &aside).unwrap();
        std::fs::rename(&second, &first).unwrap();
        std::fs::rename(&aside, &second).unwrap();
    }
    let store = open(&options);
    for sample in &samples {
        assert_eq!(store.find(&sample.kernel, &sample.target), None);
    }
    let stats = store.stats();
    assert_eq!((stats.hits, stats.rejected, stats.misses, stats.failures), (0, 64, 0, 0));
    assert_eq!(files(&folder.path().join("renamed")).len(), 0, "they are gone");
}

/// One damage of a real file, which is drawn.
fn damaged(sample: &Sample, rng: &mut Rng) -> Vec<u8> {
    let mut bytes = sample.bytes.clone();
    let at = rng.below(bytes.len());
    match rng.below(6) {
        0 => bytes[at] ^= 1 << rng.below(8),
        1 => bytes.truncate(at),
        2 => bytes.extend((0..=rng.below(600)).map(|n| n as u8)),
        3 => {
            let (start, end) = (at / 512 * 512, bytes.len().min(at / 512 * 512 + 512));
            bytes[start..end].fill(0);
        }
        4 => drop(bytes.splice(at..at, [rng.next_u64() as u8])),
        _ => drop(bytes.remove(at)),
    }
    bytes
}

#[test]
fn fault_26_damaged_files_are_removed_and_the_results_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let options = private(&folder.path().join("cache"));
    let (_, samples) = filled(&options);
    let right: Vec<String> = samples.iter().map(|sample| right_results(&sample.kernel)).collect();
    let (store, mut rng) = (open(&options), Rng::new(2026));
    let rounds = normal_or_long(300, 20_000);
    for round in 0..rounds {
        let (sample, right) = (&samples[round % 64], &right[round % 64]);
        let (file, bytes) = (sample.file(&store), damaged(sample, &mut rng));
        std::fs::write(&file, &bytes).unwrap();
        if round % 2 == 0 {
            assert_eq!(store.find(&sample.kernel, &sample.target), None);
            assert!(!file.exists(), "it is removed");
            store.keep(&sample.kernel, &sample.target, &sample.artifact);
        } else if !sample.target.sums() && sample.target.uniform() == 0 {
            let process = patient(1 << 20).with_target(sample.target.clone()).with_store(store.clone());
            let loaded = process.load(&sample.kernel, Engine::Native);
            // Before rows that vectors leave want the scalar code, which nobody damaged.
            assert_eq!((process.stats().store_hits, process.stats().compiles), (0, 1));
            assert_eq!((loaded.engine(), &results(&loaded)), (Engine::Native, right));
        } else {
            assert!(store.find(&sample.kernel, &sample.target).is_none());
            store.keep(&sample.kernel, &sample.target, &sample.artifact);
        }
        assert_eq!(std::fs::read(&file).unwrap(), sample.bytes, "it is as it was");
    }
    let stats = store.stats();
    assert_eq!((stats.rejected, stats.failures), (rounds as u64, 0));
}

/// The bytes of an entry that has everything but the right seal.
fn forged(sample: &Sample, kind: SealKind, seal: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let key = Key { tenant: [0; 32], kernel: sample.kernel.id(), target: sample.target.fingerprint().to_string() };
    let mut bytes = entry::encode(&key, &sample.kernel, &sample.artifact, kind).unwrap();
    let seal = seal(&bytes);
    bytes.extend(seal);
    bytes
}

#[test]
fn fault_01_and_02_who_lacks_the_key_makes_nothing_that_is_executed() {
    let folder = tempfile::tempdir().unwrap();
    for options in modes(folder.path()) {
        let (store, samples) = filled(&options);
        for sample in &samples {
            let kind = seal_kind(&options);
            let mut judge = Judge { store: &store, tried: 0 };
            let bytes = |seal: &[u8]| seal.iter().copied().cycle().take(kind.bytes()).collect::<Vec<u8>>();
            // Fault 2: a checksum that fits.
            let plain = forged(sample, kind, |sealed| bytes(blake3::hash(sealed).as_bytes()));
            judge.refuses(sample, &plain, "a plain checksum");
            judge.refuses(sample, &forged(sample, kind, |_| bytes(&[0])), "a seal of zeros");
            judge.refuses(sample, &forged(sample, SealKind::None, |_| Vec::new()), "an entry without a seal");
            // Fault 1: a seal of the right kind, by somebody else's key; and of the wrong kind.
            for other in [KeyText::Secret([9; 32]), KeyText::Sign([9; 32])] {
                let theirs = Seal::new(&other).unwrap();
                let bytes = forged(sample, theirs.kind(), |sealed| theirs.seal(sealed).unwrap());
                judge.refuses(sample, &bytes, "somebody else's seal");
            }
        }
    }
    // In a folder where anybody writes, with files.
    let keyed = &modes(folder.path())[1];
    let theirs = Options { key: Some(folder.path().join("theirs")), ..keyed.clone() };
    std::fs::write(folder.path().join("theirs"), KeyText::Secret([9; 32]).line()).unwrap();
    let (_, samples) = filled(&theirs);
    let store = open(keyed);
    let of_host: Vec<&Sample> = samples.iter().filter(|sample| sample.target == Target::host()).collect();
    for sample in &of_host {
        let process = patient(64 << 20).with_store(store.clone());
        let loaded = process.load(&sample.kernel, Engine::Native);
        assert_eq!(results(&loaded), right_results(&sample.kernel));
        assert_eq!((process.stats().store_hits, process.stats().compiles), (0, 1));
    }
    assert_eq!((store.stats().hits, store.stats().rejected), (0, of_host.len() as u64));
}

#[test]
fn fault_04_code_of_another_version_is_not_found_even_with_the_right_seal() {
    let folder = tempfile::tempdir().unwrap();
    for options in modes(folder.path()) {
        let (store, samples) = filled(&options);
        let key_file = options.key.clone().unwrap_or_else(|| options.folder.as_ref().unwrap().join("key"));
        let key = KeyText::parse(&std::fs::read_to_string(key_file).unwrap()).unwrap();
        let right = Seal::new(&key).unwrap();
        let seal = |bytes: &[u8]| right.seal(bytes).unwrap();
        for sample in samples.iter().take(20) {
            let kind = seal_kind(&options);
            let good = forged(sample, kind, seal);
            assert!(sample.would_believe(&store, &good), "the test makes entries as the store does");
            let fingerprint = sample.target.fingerprint().to_string();
            // Each part of the target's name: compiler, ABI, semantics, sources, features.
            let others = [
                ("cranelift=0.", "cranelift=9."),
                ("abi=", "abi=1"),
                ("semantics=", "semantics=1"),
                ("source=", "source=0"),
                ("sse3,", ""),
            ];
            for (from, to) in others {
                let target = fingerprint.replacen(from, to, 1);
                assert!(target != fingerprint || from == "sse3,", "{fingerprint} has no {from}");
                if target != fingerprint {
                    let key = Key { tenant: [0; 32], kernel: sample.kernel.id(), target };
                    let mut bytes = entry::encode(&key, &sample.kernel, &sample.artifact, kind).unwrap();
                    bytes.extend(seal(&bytes));
                    assert!(!sample.would_believe(&store, &bytes), "{from} was {to}");
                }
            }
            // Another format of entries.
            let end = good.len() - kind.bytes();
            for (at, byte) in [(8, 0), (8, 2), (9, 1), (11, 1)] {
                let mut bytes = good[..end].to_vec();
                bytes[at] = byte;
                bytes.extend(seal(&bytes));
                assert!(!sample.would_believe(&store, &bytes), "byte {at} is {byte}");
            }
        }
    }
}

#[test]
fn fault_25_code_for_more_features_than_the_target_has_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let options = private(&folder.path().join("cache"));
    let (store, samples) = filled(&options);
    let sample = &samples[0];
    let host = Target::host();
    for level in [Level::V1, Level::V2, Level::V3].map(Target::level) {
        if level.fingerprint() == host.fingerprint() {
            println!("SKIPPED: this machine has no more than {}", level.describe());
            continue;
        }
        assert_ne!(store.file_of(&sample.kernel.id(), &level), sample.file(&store));
        assert_eq!(store.find(&sample.kernel, &level), None);
        // Somebody renamed it.
        assert_eq!(store.would_give(&sample.bytes, &sample.kernel, &level), None);
        let process = patient(1 << 20).with_target(level.clone()).with_store(store.clone());
        let loaded = process.load(&sample.kernel, Engine::Native);
        assert_eq!(results(&loaded), right_results(&sample.kernel));
        assert_eq!((process.stats().store_hits, process.stats().compiles), (0, 1));
    }
}

#[test]
fn fault_57_versions_live_side_by_side_in_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let options = private(&folder.path().join("cache"));
    let (store, samples) = filled(&options);
    // A level is to the store what another version is: another fingerprint.
    let levels = [Level::V2, Level::V3, Level::V4].map(Target::level);
    for _ in 0..2 {
        for (sample, level) in samples.iter().take(20).flat_map(|sample| levels.iter().map(move |l| (sample, l))) {
            let process = patient(1 << 20).with_target(level.clone()).with_store(store.clone());
            let loaded = process.load(&sample.kernel, Engine::Native);
            assert_eq!(results(&loaded), right_results(&sample.kernel));
        }
    }
    let before = store.stats();
    for (sample, level) in samples.iter().take(20).flat_map(|sample| levels.iter().map(move |l| (sample, l))) {
        let found = store.find(&sample.kernel, level).expect("each version keeps its own");
        assert_eq!(found.target, *level.fingerprint());
    }
    assert_eq!((store.stats().hits - before.hits, store.stats().rejected), (60, 0));
}
