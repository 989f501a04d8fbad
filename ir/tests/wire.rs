//! The wire form against strangers: every truncation, flipped bits, lengths from hell.

use filbert_ir::kernel::Args;
use filbert_ir::{Code, Def, KernelError, Op, Table, Type, Value, ValueId, limits, random, verify, wire};

use crate::{MEMORY, SHAPES, kernel, verified};

fn refused(bytes: &[u8]) -> KernelError {
    wire::decode(bytes).expect_err("the decoder let it through")
}

/// The same body behind a header whose length and digest fit it.
pub(crate) fn resealed(body: &[u8]) -> Vec<u8> {
    let mut bytes = b"FBIR\x02\x00\x00\x00".to_vec();
    bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&blake3::hash(body).as_bytes()[..16]);
    bytes.extend_from_slice(body);
    bytes
}

#[test]
fn kernels_round_trip() {
    let kernels = (0..1000).map(|seed| verify(random::rich_kernel(seed, 50)).unwrap());
    for kernel in kernels.chain([verified(SHAPES), verified(MEMORY)]) {
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
    assert_eq!(bytes[28..], [&[3][..], &signature, &values, &returns_and_names].concat());
    let digest = |bytes: &[u8]| blake3::hash(bytes).to_hex()[..16].to_string();
    assert_eq!(digest(&wire::encode(&verified(SHAPES))), "e131c0a319e4703e");
    assert_eq!(digest(&wire::encode(&verified(MEMORY))), "19b921d2ed19027a");
    // An operation is its number, so new ones are added at the end, unless the version moves on.
    let names: Vec<&str> = Op::ALL.iter().take(104).map(|op| op.name()).collect();
    assert_eq!((digest(names.join(" ").as_bytes()).as_str(), names[103]), ("b52c2b0c280f8330", "approx_atan2"));
}

/// What a query plan carries for a typical formula.
#[test]
fn a_black_scholes_kernel_is_small() {
    let text = "kernel call_price(%0 spot: f64, %1 strike: f64, %2 years: f64, %3 rate: f64, %4 vol: f64) -> f64 {
        %5: f64 = sqrt %2
        %6: f64 = mul %4, %5
        %7: f64 = div %0, %1
        %8: f64 = ln %7
        %9: f64 = const 0.5
        %10: f64 = mul %4, %4
        %11: f64 = mul %9, %10
        %12: f64 = add %3, %11
        %13: f64 = mul %12, %2
        %14: f64 = add %8, %13
        %15: f64 = div %14, %6
        %16: f64 = sub %15, %6
        %17: f64 = const 0.7071067811865476
        %18: f64 = mul %15, %17
        %19: f64 = neg %18
        %20: f64 = erfc %19
        %21: f64 = mul %9, %20
        %22: f64 = mul %16, %17
        %23: f64 = neg %22
        %24: f64 = erfc %23
        %25: f64 = mul %9, %24
        %26: f64 = mul %0, %21
        %27: f64 = mul %3, %2
        %28: f64 = neg %27
        %29: f64 = exp %28
        %30: f64 = mul %1, %29
        %31: f64 = mul %30, %25
        %32: f64 = sub %26, %31
        return %32
    }";
    let bytes = wire::encode(&verified(text)).len();
    assert!(bytes <= 300, "{bytes} bytes");
}

/// Whatever verifies can travel: the decoder's own limits do not refuse it.
#[test]
fn the_largest_kernels_travel() {
    let mut large = kernel("kernel f(%0 x: f64) -> f64 {\nreturn %0\n}");
    let args = Args::new(&[ValueId(0); 3]);
    large.core.values.resize(limits::VALUES_MAX, Value { ty: Type::F64, def: Def::Op(Op::MulAdd, args) });
    large.core.tables = vec![Table { elem: Type::I8, bytes: vec![0; limits::TABLE_BYTES_MAX] }];
    let large = verify(large).unwrap();
    assert_eq!(wire::decode(&wire::encode(&large)).unwrap().id(), large.id());
}

#[test]
fn what_could_not_travel_does_not_verify() {
    let mut text = String::from("kernel f(%0 c: bool) -> bool {\n");
    let yields = vec!["%0"; limits::YIELDS_MAX].join(", ");
    for i in 1..=511 {
        text.push_str(&format!("%{i}: bool = if %0 {{\nyield {yields}\n}} else {{\nyield {yields}\n}}\n"));
    }
    let found = verify(kernel(&(text + "return %0\n}"))).unwrap_err();
    assert!(found.list[0].message.ends_with("bytes in wire form, the limit is 262144"), "{found}");
}

#[test]
fn fault_35_every_truncation_and_trailing_byte_is_refused() {
    for text in [SHAPES, MEMORY] {
        let bytes = wire::encode(&verified(text));
        for len in 0..bytes.len() {
            assert_eq!(refused(&bytes[..len]).code, Code::Decode, "{len} bytes");
            if len >= 28 {
                refused(&resealed(&bytes[28..len]));
            }
        }
        refused(&[&bytes[..], &[0]].concat());
        refused(&resealed(&[&bytes[28..], &[0]].concat()));
    }
}

#[test]
fn fault_26_every_flipped_bit_is_refused() {
    let bytes = wire::encode(&verified(MEMORY));
    for bit in 0..bytes.len() * 8 {
        let mut bad = bytes.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        refused(&bad);
    }
}

#[test]
fn fault_34_length_bombs_are_refused_before_allocation() {
    // A varint of 253 announces a u64. Each of these is a whole body up to the length that lies.
    let strict_f64 = &[0, 0, 10, 0][..];
    let signature = &[&[2, 1], strict_f64, &[1], strict_f64, &[0, 0]].concat()[..];
    let lies: [(&str, Vec<u8>); 7] = [
        ("parameters", vec![2]),
        ("results", [&[2, 1], strict_f64].concat()),
        ("tables", signature.to_vec()),
        ("bytes of a table", [signature, &[1, 1]].concat()),
        ("values", [signature, &[0]].concat()),
        ("operands", [signature, &[0, 2, 10, 0, 0, 10, 2, 6]].concat()),
        ("bytes of a name", [signature, &[0, 1, 10, 0, 0, 1, 0]].concat()),
    ];
    for (what, body) in lies {
        for length in [u64::MAX, 1 << 62, 1 << 36, 1 << 20] {
            let bomb = [&body[..], &[253], &length.to_le_bytes()].concat();
            assert_eq!(refused(&resealed(&bomb)).code, Code::Decode, "{length} {what}");
        }
    }
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
    // The semantics version 3 as a three-byte varint.
    body.splice(0..1, [251, 3, 0]);
    assert_eq!(refused(&resealed(&body)).detail, "not the canonical encoding (byte 28)");
}
