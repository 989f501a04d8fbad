//! The wire form against strangers: every truncation, flipped bits, lengths from hell.

use filbert_ir::{Code, KernelError, random, verify, wire};

use crate::{SHAPES, verified};

fn refused(bytes: &[u8]) -> KernelError {
    wire::decode(bytes).expect_err("the decoder let it through")
}

/// The same body behind a header whose length and digest fit it.
fn resealed(body: &[u8]) -> Vec<u8> {
    let mut bytes = b"FBIR\x02\x00\x00\x00".to_vec();
    bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&blake3::hash(body).as_bytes()[..16]);
    bytes.extend_from_slice(body);
    bytes
}

#[test]
fn kernels_round_trip() {
    let kernels = (0..1000).map(|seed| verify(random::kernel(seed, 50)).unwrap());
    for kernel in kernels.chain([verified(SHAPES)]) {
        let back = wire::decode(&wire::encode(&kernel)).unwrap();
        assert_eq!(back.core, kernel.core);
        assert_eq!(back.names, kernel.names);
        assert_eq!(back.id(), kernel.id());
    }
}

#[test]
fn the_id_depends_on_the_core_alone() {
    let kernel = verified("kernel f(%0 x: f64) -> f64 {\n%1: f64 = neg %0\nreturn %1\n}");
    let renamed = verified("/// Doc.\nkernel g(%0 y: f64) -> (r: f64) {\n%1: f64 = neg %0\nreturn %1\n}");
    let other = verified("kernel f(%0 x: f64) -> f64 {\n%1: f64 = abs %0\nreturn %1\n}");
    assert_eq!(kernel.id(), renamed.id());
    assert_ne!(kernel.id(), other.id());
    assert_eq!(kernel.id(), kernel.with_name("h").id());
}

/// Pins the encoding: a change of these bytes is a change of `WIRE_VERSION`.
#[test]
fn the_encoding_is_pinned() {
    let kernel = verified("kernel f(%0 x: f64) -> f64 {\n%1: f64 = neg %0\nreturn %1\n}");
    let bytes = wire::encode(&kernel);
    assert_eq!(&bytes[..12], b"FBIR\x02\x00\x00\x00\x24\x00\x00\x00");
    let signature = [1, 0, 0, 10, 0, 1, 0, 0, 10, 0, 252, 0, 0, 0, 64, 0];
    let values = [0, 2, 10, 0, 0, 10, 2, 6, 1, 0];
    let returns_and_names = [1, 1, 1, b'f', 1, 1, b'x', 0, 0];
    assert_eq!(bytes[28..], [&[2][..], &signature, &values, &returns_and_names].concat());
}

#[test]
fn fault_35_every_truncation_and_trailing_byte_is_refused() {
    let bytes = wire::encode(&verified(SHAPES));
    for len in 0..bytes.len() {
        assert_eq!(refused(&bytes[..len]).code, Code::Decode, "{len} bytes");
        if len >= 28 {
            refused(&resealed(&bytes[28..len]));
        }
    }
    refused(&[&bytes[..], &[0]].concat());
    refused(&resealed(&[&bytes[28..], &[0]].concat()));
}

#[test]
fn fault_26_every_flipped_bit_is_refused() {
    let bytes = wire::encode(&verified(SHAPES));
    for bit in 0..bytes.len() * 8 {
        let mut bad = bytes.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        refused(&bad);
    }
}

/// With the digest made to fit, what still decodes must be a kernel, and encode to the same bytes.
#[test]
fn fault_35_mutated_bodies_are_refused_or_are_kernels() {
    let mut seed = 7u64;
    let mut next = move || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize
    };
    let (mut accepted, mut rejected) = (0, 0);
    for round in 0..20_000u64 {
        let kernel = verify(random::kernel(round % 100, 20)).unwrap();
        let mut body = wire::encode(&kernel)[28..].to_vec();
        for _ in 0..=next() % 3 {
            let at = next() % body.len();
            match next() % 4 {
                0 => body[at] = next() as u8,
                1 => body[at] ^= 1 << (next() % 8),
                2 => drop(body.remove(at)),
                _ => body.insert(at, next() as u8),
            }
        }
        match wire::decode(&resealed(&body)) {
            Ok(kernel) => {
                assert_eq!(wire::encode(&kernel), resealed(&body));
                accepted += 1;
            }
            Err(e) => {
                assert!(e.code != Code::Internal, "{e}");
                rejected += 1;
            }
        }
    }
    assert!(accepted > 100 && rejected > 1000, "{accepted} accepted, {rejected} rejected");
}

#[test]
fn fault_34_length_bombs_are_refused_before_allocation() {
    // A varint of 253 announces a u64: semantics, params, then a table of 2^64 - 1 values.
    let bomb = [&[1, 1, 253][..], &[0xff; 8]].concat();
    assert_eq!(refused(&resealed(&bomb)).code, Code::Decode);
    let bomb = [&[1, 1, 253][..], &(1u64 << 36).to_le_bytes()].concat();
    assert_eq!(refused(&resealed(&bomb)).code, Code::Decode);
    assert_eq!(refused(&vec![0; 1 << 20]).code, Code::KernelTooLarge);
}

#[test]
fn fault_24_other_versions_are_skew() {
    let mut bytes = wire::encode(&verified(SHAPES));
    bytes[4] = 1;
    assert_eq!(refused(&bytes).code, Code::VersionSkew);
    let mut body = wire::encode(&verified(SHAPES))[28..].to_vec();
    body[0] = 1;
    assert_eq!(refused(&resealed(&body)).code, Code::VersionSkew);
}

#[test]
fn a_resealed_non_canonical_varint_is_refused() {
    let mut body = wire::encode(&verified(SHAPES))[28..].to_vec();
    // The semantics version 2 as a three-byte varint.
    body.splice(0..1, [251, 2, 0]);
    assert_eq!(refused(&resealed(&body)).detail, "not the canonical encoding (byte 28)");
}
