//! The format, number by number. Nothing here compiles, touches a file or asks the CPU, so that Miri runs it.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::seal::{KeyText, Seal};
use filbert_ir::{Builder, Kernel, Names, Op, Type, verify};

/// `x + x`, under this name.
fn kernel(name: &str) -> VerifiedKernel {
    let mut builder = Builder::new();
    let x = builder.param(Type::F64);
    let sum = builder.op(Op::Add, &[x, x]);
    let (core, _) = builder.finish(vec![sum]);
    let names = Names { kernel: name.into(), params: vec!["x".into()], ..Names::default() };
    verify(Kernel { core, names, source: None }).unwrap()
}

fn artifact() -> Artifact {
    Artifact {
        kernel: kernel("double").id(),
        target: "some target".into(),
        backend: Backend::Vector { isa: Isa::Avx2, lanes: 4, turn_rows: 16 },
        code: (0..100).collect(),
        align: 32,
        entry_offset: 16,
        sites: vec![Site { value: ValueId(1) }, Site { value: ValueId(0) }],
        audit: Audit { relocations: 0, traps: 3, divisions: 2 },
        defect: None,
    }
}

fn key() -> Key {
    Key { tenant: [7; 32], kernel: kernel("double").id(), target: "some target".to_string() }
}

fn encoded(artifact: &Artifact) -> Option<Vec<u8>> {
    let mut bytes = encode(&key(), &kernel("double"), artifact, SealKind::Keyed)?;
    bytes.extend([9; 32]);
    Some(bytes)
}

/// Where meta begins in `encoded`.
const META: usize = HEADER_BYTES + 64 + "some target".len();

#[test]
fn what_is_written_is_read() {
    let vector = artifact();
    let avx512 = Backend::Vector { isa: Isa::Avx512, lanes: 8, turn_rows: 64 };
    let scalar = Artifact { backend: Backend::Scalar, align: 1, entry_offset: 0, sites: vec![], ..artifact() };
    for artifact in [vector, Artifact { backend: avx512, align: 4096, ..artifact() }, scalar] {
        let bytes = encoded(&artifact).unwrap();
        let entry = decode(&bytes, SealKind::Keyed).unwrap();
        assert_eq!(entry.key_parts().unwrap(), key());
        assert_eq!((entry.name, entry.source, entry.code), ("double", [0; 16], &artifact.code[..]));
        assert_eq!((entry.sealed, entry.seal), bytes.split_at(bytes.len() - 32));
        assert_eq!(entry.artifact(&kernel("double"), "some target"), Some(artifact));
    }
}

#[test]
fn the_bytes_are_those_of_the_page() {
    let bytes = encoded(&artifact()).unwrap();
    assert_eq!(&bytes[..24], b"FBCODE\r\n\x01\x00\x01\x00\x4b\0\0\0\x3b\0\0\0\x64\0\0\0");
    assert_eq!(bytes[24..56], [7; 32]);
    assert_eq!(bytes[56..88], kernel("double").id().0);
    assert_eq!(&bytes[88..META], b"some target");
    let numbers = [4, 16, 32, 16, 3, 2, 2, 1, 0u32].map(u32::to_le_bytes).concat();
    assert_eq!(bytes[META..META + 37], [&[1], &numbers[..]].concat());
    assert_eq!(&bytes[META + 37..META + 59], b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0double");
    assert_eq!(bytes.len(), META + 59 + 100 + 32);
}

#[test]
fn what_cannot_be_read_is_not_written() {
    let cases = [
        Artifact { code: vec![], ..artifact() },
        Artifact { code: vec![0; CODE_BYTES_MAX + 1], ..artifact() },
        Artifact { align: 0, ..artifact() },
        Artifact { align: 48, ..artifact() },
        Artifact { align: 8192, ..artifact() },
        Artifact { entry_offset: 100, ..artifact() },
        Artifact { audit: Audit { relocations: 0, traps: 5, divisions: 2 }, ..artifact() },
        Artifact { audit: Audit { relocations: 1, traps: 0, divisions: 0 }, ..artifact() },
        Artifact { sites: vec![Site { value: ValueId(2) }], ..artifact() },
        Artifact { sites: vec![Site { value: ValueId(0) }; SITES_MAX + 1], ..artifact() },
        Artifact { defect: Some("vectors failed".to_string()), ..artifact() },
    ];
    for (n, artifact) in cases.iter().enumerate() {
        assert!(encoded(artifact).is_none(), "case {n}");
    }
    for (lanes, turn_rows) in [(0, 16), (3, 16), (128, 128), (8, 4), (8, 8192)] {
        let backend = Backend::Vector { isa: Isa::Avx2, lanes, turn_rows };
        assert!(encoded(&Artifact { backend, ..artifact() }).is_none(), "{lanes} lanes, turns of {turn_rows}");
    }
    let long = Key { target: "x".repeat(KEY_BYTES_MAX - 63), ..key() };
    assert!(encode(&long, &kernel("double"), &artifact(), SealKind::Keyed).is_none());
    // Long names are cut between characters.
    let name = format!("k{}", "ü".repeat(63));
    let bytes = encode(&key(), &kernel(&name), &artifact(), SealKind::None).unwrap();
    assert_eq!(decode(&bytes, SealKind::None).unwrap().name, name);
}

#[test]
fn every_number_out_of_its_range_is_refused() {
    let good = encoded(&artifact()).unwrap();
    let with = |at: usize, number: u32| {
        let mut bytes = good.clone();
        bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
        bytes
    };
    let (lanes, align) = (META + 1, META + 9);
    let cases = [
        (12, 74),
        (12, 76),
        (12, 4097),
        (16, 58),
        (16, 60),
        (16, 65_537),
        (20, 0),
        (20, 99),
        (20, 101),
        (20, u32::MAX),
        (lanes, 0),
        (lanes, 5),
        (lanes, 32),
        (lanes + 4, 3),
        (lanes + 4, 4097),
        (align, 0),
        (align, 33),
        (align, 8192),
        (align + 4, 100),
        (align + 8, 5),
        (align + 12, 1),
        (align + 16, 9),
        (align + 16, u32::MAX),
    ];
    for (at, number) in cases {
        assert!(decode(&with(at, number), SealKind::Keyed).is_none(), "{number} at {at}");
    }
    for (at, byte) in [(0, b'f'), (8, 2), (9, 1), (10, 0), (10, 2), (11, 1), (META, 0), (META, 3), (META + 53, 0xff)] {
        let mut bytes = good.clone();
        bytes[at] = byte;
        assert!(decode(&bytes, SealKind::Keyed).is_none(), "{byte} at {at}");
    }
    // A scalar entry has no lanes.
    let scalar = encoded(&Artifact { backend: Backend::Scalar, ..artifact() }).unwrap();
    let mut bytes = scalar.clone();
    bytes[lanes] = 4;
    assert!(decode(&scalar, SealKind::Keyed).is_some() && decode(&bytes, SealKind::Keyed).is_none());
    for kind in [SealKind::None, SealKind::Signed] {
        assert!(decode(&good, kind).is_none());
    }
}

#[test]
fn every_flip_and_every_end_is_refused_with_a_seal() {
    let seal = Seal::new(&KeyText::Secret([1; 32])).unwrap();
    let mut good = encode(&key(), &kernel("double"), &artifact(), SealKind::Keyed).unwrap();
    good.extend(seal.seal(&good).unwrap());
    let is_believed = |bytes: &[u8]| {
        decode(bytes, SealKind::Keyed).is_some_and(|entry| {
            let key_parts = entry.key_parts();
            let _ = entry.artifact(&kernel("double"), "some target");
            key_parts == Some(key()) && seal.is_of(entry.seal, entry.sealed)
        })
    };
    assert!(is_believed(&good));
    // Miri is slow.
    let step = if cfg!(miri) { 61 } else { 1 };
    for bit in (0..8 * good.len()).step_by(step) {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(!is_believed(&bytes), "bit {bit}");
    }
    for end in (0..good.len()).step_by(step) {
        assert!(!is_believed(&good[..end]), "{end} bytes");
    }
    good.push(0);
    assert!(!is_believed(&good));
}

#[test]
fn noise_is_no_entry() {
    let good = encoded(&artifact()).unwrap();
    let mut rng = filbert_ir::random::Rng::new(1);
    for _ in 0..if cfg!(miri) { 200 } else { 20_000 } {
        let mut bytes = good.clone();
        for _ in 0..=rng.below(4) {
            let at = rng.below(bytes.len());
            match rng.below(4) {
                0 => bytes[at] = rng.next_u64() as u8,
                1 => bytes.truncate(at.max(1)),
                2 => bytes.insert(at, rng.next_u64() as u8),
                _ => drop(bytes.splice(at.., good[at.min(good.len() - 1)..].iter().copied())),
            }
        }
        if let Some(entry) = decode(&bytes, SealKind::Keyed) {
            assert_eq!([entry.sealed, entry.seal].concat(), bytes);
            let _ = (entry.key_parts(), entry.artifact(&kernel("double"), ""));
        }
    }
    assert!(decode(&vec![0; ENTRY_BYTES_MAX + 1], SealKind::Keyed).is_none());
}
