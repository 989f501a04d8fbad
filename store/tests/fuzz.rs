//! Bytes that a stranger or a defect has made, given to the decoder of entries: refused, or an entry whose every part
//! is where it should be; nothing is allocated for what is refused.
//!
//! 200,000 inputs in a normal run, 10 million with `FILBERT_LONG=1`.

use std::sync::atomic::{AtomicU64, Ordering};

use allocation_counter::measure;
use filbert_ir::random::Rng;
use filbert_store::KeyText;
use filbert_store::entry::{self, ENTRY_BYTES_MAX, Key, SealKind};
use filbert_store::seal::Seal;

use crate::tools::{corpus, normal_or_long};

const KINDS: [SealKind; 3] = [SealKind::None, SealKind::Keyed, SealKind::Signed];

/// Lengths and numbers at which a decoder changes its mind.
const NUMBERS: [u32; 22] = [
    0,
    1,
    2,
    3,
    4,
    8,
    15,
    16,
    63,
    64,
    65,
    128,
    4095,
    4096,
    4097,
    65_536,
    65_537,
    1 << 20,
    (1 << 20) + 1,
    1 << 31,
    u32::MAX - 23,
    u32::MAX,
];

/// A damaged copy of a good entry, or a header in front of noise.
fn mutated(rng: &mut Rng, good: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = good[rng.below(good.len())].clone();
    if rng.chance(10) {
        bytes.truncate(24);
        let lengths: [usize; 3] = std::array::from_fn(|_| if rng.chance(50) { rng.below(200) } else { 1 });
        let more = lengths.iter().sum::<usize>() + rng.pick(&[0, 0, 32, 64, 1]);
        bytes.extend((0..more).map(|_| rng.next_u64() as u8));
        for (n, length) in lengths.iter().enumerate() {
            bytes[12 + 4 * n..16 + 4 * n].copy_from_slice(&(*length as u32).to_le_bytes());
        }
        return bytes;
    }
    for _ in 0..=rng.below(3) {
        let (len, is_front) = (bytes.len(), rng.chance(70));
        // The front is where the decoder looks.
        let at = if is_front { rng.below(len.min(400)) } else { rng.below(len) };
        match rng.below(9) {
            0 => bytes[at] ^= 1 << rng.below(8),
            1 => bytes[at] = rng.next_u64() as u8,
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..len.min(at + 1 + rng.below(16)))),
            4 => drop(bytes.splice(at..at, (0..=rng.below(16)).map(|n| n as u8))),
            5 => {
                let other = &good[rng.below(good.len())];
                let from = rng.below(other.len());
                let to = other.len().min(from + rng.below(200));
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..to]);
            }
            6 => bytes.extend((0..rng.below(100)).map(|_| 0)),
            7 if len >= at + 4 => bytes[at..at + 4].copy_from_slice(&rng.pick(&NUMBERS).to_le_bytes()),
            _ if len >= 24 => {
                let at = 12 + 4 * rng.below(3);
                bytes[at..at + 4].copy_from_slice(&rng.pick(&NUMBERS).to_le_bytes());
            }
            _ => {}
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

#[test]
fn fault_26_no_bytes_make_the_decoder_panic_or_allocate() {
    let secret = Seal::new(&KeyText::Secret([1; 32])).unwrap();
    let mut good = Vec::new();
    let mut kernels = Vec::new();
    for (kernel, target) in corpus() {
        let artifact = filbert_compiler::compile(&kernel, &target).unwrap();
        let key = Key { tenant: [5; 32], kernel: kernel.id(), target: target.fingerprint().to_string() };
        for kind in KINDS {
            let mut bytes = entry::encode(&key, &kernel, &artifact, kind).unwrap();
            let seal = if kind == SealKind::Keyed { secret.seal(&bytes).unwrap() } else { vec![7; kind.bytes()] };
            bytes.extend(seal);
            let read = entry::decode(&bytes, kind).unwrap();
            assert_eq!(read.artifact(&kernel, target.fingerprint()), Some(artifact.clone()));
            assert_eq!(read.key_parts(), Some(key.clone()));
            good.push(bytes);
        }
        kernels.push(kernel);
    }
    let inputs = normal_or_long(200_000, 10_000_000);
    let (next, entries) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&seed| seed < inputs) {
            let mut rng = Rng::new(seed);
            let bytes = mutated(&mut rng, &good);
            for kind in KINDS {
                let mut found = None;
                let counted = measure(|| found = entry::decode(&bytes, kind));
                assert_eq!(counted.count_total, 0, "input {seed}");
                let Some(found) = found else { continue };
                entries.fetch_add(1, Ordering::Relaxed);
                assert_eq!([found.sealed, found.seal].concat(), bytes, "input {seed}");
                assert_eq!(found.seal.len(), kind.bytes());
                assert!(!found.code.is_empty() && bytes.len() <= ENTRY_BYTES_MAX && found.name.len() <= 128);
                let is_good = good.contains(&bytes);
                assert!(is_good || kind != SealKind::Keyed || !secret.is_of(found.seal, found.sealed), "input {seed}");
                // What is made of an entry is not larger than it.
                let kernel = &kernels[rng.below(kernels.len())];
                let counted = measure(|| drop(found.artifact(kernel, "")));
                assert!(counted.bytes_max <= 2 * bytes.len() as u64 + 64, "input {seed}: {counted:?}");
                let counted = measure(|| drop(found.key_parts()));
                assert!(counted.bytes_max <= 2 * bytes.len() as u64, "input {seed}: {counted:?}");
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.into_iter().for_each(|thread| thread.join().expect("an input fails; it stands above"));
    });
    let entries = entries.into_inner();
    println!("{inputs} inputs, {entries} of them entries but for their seals");
    assert!(entries > inputs / 100 && entries < inputs / 2, "the inputs are damaged, and not beyond recognition");
}
