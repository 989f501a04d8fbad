//! Targets by name: what they promise wherever code is made, and what code for machines that are not this one shows.
//! Code for AArch64 is not run here; another decoder reads it.

use std::collections::BTreeMap;

use filbert_compiler::{Backend, Isa, Level, Platform, Target, compile};
use filbert_ir::{VerifiedKernel, random, verify};
use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::{InstDecoder, Instruction, Opcode, Operand};

use crate::kernel;

const AXPY: &str = "kernel axpy(%0 x: f64, %1 y: f64) -> f64 {\n\
     %2: f64 = const 2.5\n %3: f64 = mul_add %2, %0, %1\n %4: f64 = sin %3\n return %4\n}\n";

/// Kernels of all kinds: strict ones with all operations, those that vectors can do, and those with loops and lists.
fn kernels(count: u64) -> impl Iterator<Item = (u64, VerifiedKernel)> {
    (0..count).map(|seed| {
        let size = 5 + (seed % 50) as usize;
        let kernel = match seed % 3 {
            0 => random::kernel(seed, size),
            1 => random::plain_kernel(seed, size),
            _ => random::rich_kernel(seed, size),
        };
        (seed, verify(kernel).unwrap())
    })
}

#[test]
fn names_are_read_as_they_are_written() {
    let names: Vec<String> = Platform::ALL.iter().map(Platform::to_string).collect();
    assert_eq!(names, ["x86-64-v1", "x86-64-v2", "x86-64-v3", "x86-64-v4", "aarch64"]);
    for (platform, name) in Platform::ALL.into_iter().zip(&names) {
        assert_eq!(name.parse(), Ok(platform));
        assert!(name.starts_with(platform.architecture()));
    }
    for wrong in ["", "x86-64", "x86_64-v3", "X86-64-V3", "x86-64-v5", "arm64", "native"] {
        let error = wrong.parse::<Platform>().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("unknown target `{wrong}`: write x86-64-v1, x86-64-v2, x86-64-v3, x86-64-v4 or aarch64")
        );
    }
}

/// Code that is made ahead of time is looked for by the fingerprint of the machine that wants to run it.
#[test]
fn a_host_with_just_these_features_is_this_target() {
    let mut here = 0;
    for level in Level::ALL {
        let (host, exact) = (Target::level(level), Target::of(Platform::X86_64(level)));
        let has_all = host.features() == exact.features() && cfg!(target_arch = "x86_64");
        assert_eq!(host == exact, has_all, "{level:?}: {host:?}, {exact:?}");
        assert_eq!(exact.runs_here(), has_all, "{level:?}");
        for (seed, kernel) in kernels(20).filter(|_| has_all) {
            assert_eq!(compile(&kernel, &host), compile(&kernel, &exact), "seed {seed}");
            here += 1;
        }
    }
    let arm = Target::of(Platform::Aarch64);
    assert_eq!(arm.runs_here(), cfg!(target_arch = "aarch64") && !cfg!(any(windows, target_vendor = "apple")));
    assert_eq!(Target::host() == arm, arm.runs_here());
    assert!(here > 0 || !cfg!(target_arch = "x86_64"), "every x86-64 is V1");
    assert!(Target::host().runs_here());
}

#[test]
fn fingerprints_name_what_decides_the_bytes_and_nothing_of_the_system() {
    let of = |platform| Target::of(platform).fingerprint().to_string();
    let heads = [
        "x86_64 system_v [] cranelift=",
        "x86_64 system_v [sse3,ssse3,sse4.1,sse4.2,popcnt] cranelift=",
        "x86_64 system_v [sse3,ssse3,sse4.1,sse4.2,popcnt,avx,avx2,fma,bmi1,bmi2,lzcnt] cranelift=",
        "x86_64 system_v [sse3,ssse3,sse4.1,sse4.2,popcnt,avx,avx2,fma,bmi1,bmi2,lzcnt,avx512f,avx512dq,avx512vl] cranelift=",
        "aarch64 system_v [] cranelift=",
    ];
    for (platform, head) in Platform::ALL.into_iter().zip(heads) {
        assert!(of(platform).starts_with(head), "{}", of(platform));
        assert_eq!(Target::of(platform), Target::of(platform));
        assert_ne!(Target::of(platform), Target::of(platform).without_vectors());
    }
}

#[test]
fn the_vector_back_end_encodes_for_machines_that_are_not_here() {
    for (platform, wanted) in [
        (Platform::X86_64(Level::V1), None),
        (Platform::X86_64(Level::V2), None),
        (Platform::X86_64(Level::V3), Some(Isa::Avx2)),
        (Platform::X86_64(Level::V4), Some(Isa::Avx512)),
        (Platform::Aarch64, None),
    ] {
        let artifact = compile(&kernel(AXPY), &Target::of(platform)).unwrap();
        let isa = match artifact.backend {
            Backend::Vector { isa, .. } => Some(isa),
            Backend::Scalar => None,
        };
        assert_eq!((isa, &artifact.defect), (wanted, &None), "{platform}");
        assert_eq!(artifact.target, *Target::of(platform).fingerprint());
    }
}

#[test]
fn every_platform_takes_every_kernel_and_gives_the_same_bytes_twice() {
    for platform in Platform::ALL {
        let target = Target::of(platform);
        for (seed, kernel) in kernels(120) {
            let artifact = compile(&kernel, &target).unwrap_or_else(|e| panic!("{platform}, seed {seed}: {e}"));
            assert_eq!((artifact.audit.relocations, &artifact.defect), (0, &None), "{platform}, seed {seed}");
            assert!(artifact.audit.traps <= 2 * artifact.audit.divisions, "{platform}, seed {seed}");
            assert_eq!(compile(&kernel, &target), Ok(artifact), "{platform}, seed {seed}");
        }
    }
}

/// The instructions of AArch64 code, by their places: all words below the first constant that one of them reads.
fn decoded(code: &[u8]) -> BTreeMap<i64, Instruction> {
    let (decoder, mut end, mut found) = (InstDecoder::default(), code.len() as i64, BTreeMap::new());
    for (index, word) in code.chunks_exact(4).enumerate() {
        let at = 4 * index as i64;
        if at >= end {
            break;
        }
        let instruction = decoder.decode(&mut U8Reader::new(word));
        let instruction = instruction.unwrap_or_else(|e| panic!("{word:02x?} at {at:#x}: {e}"));
        match (instruction.opcode, target(&instruction)) {
            (Opcode::LDR | Opcode::LDRSW | Opcode::ADR, Some(distance)) if distance > 0 => end = end.min(at + distance),
            _ => {}
        }
        found.insert(at, instruction);
    }
    // Constants of 8 bytes are aligned, by a word of zeros.
    if code.get(end as usize - 4..end as usize) == Some(&[0; 4]) {
        found.remove(&(end - 4));
    }
    found
}

/// How far away the place is that an instruction names.
fn target(instruction: &Instruction) -> Option<i64> {
    instruction.operands.iter().find_map(|operand| match operand {
        Operand::PCOffset(distance) => Some(*distance),
        _ => None,
    })
}

/// Jumps stay inside; nothing but helpers, whose addresses are in registers, is called; nothing traps but what stands
/// behind a guarded division.
#[test]
fn aarch64_code_is_instructions_that_stay_inside() {
    let (mut read, mut calls, mut returns) = (0, 0, 0);
    for (seed, kernel) in kernels(150) {
        let artifact = compile(&kernel, &Target::of(Platform::Aarch64)).unwrap();
        assert_eq!(artifact.code.len() % 4, 0);
        let instructions = decoded(&artifact.code);
        let mut traps = 0;
        for (at, instruction) in &instructions {
            let told = || format!("seed {seed}, {at:#x}: {instruction}");
            match instruction.opcode {
                Opcode::BL | Opcode::SVC | Opcode::HVC | Opcode::SMC | Opcode::HLT | Opcode::BR => {
                    panic!("control leaves: {}", told())
                }
                Opcode::BLR => calls += 1,
                Opcode::RET => returns += 1,
                Opcode::UDF | Opcode::BRK => traps += 1,
                Opcode::B | Opcode::Bcc(_) | Opcode::CBZ | Opcode::CBNZ | Opcode::TBZ | Opcode::TBNZ => {
                    let to = at + target(instruction).unwrap_or_else(|| panic!("{}", told()));
                    assert!(instructions.contains_key(&to), "{}", told());
                }
                _ => {}
            }
        }
        assert!(traps <= artifact.audit.traps, "seed {seed}: {traps} traps, {:?}", artifact.audit);
        read += instructions.len();
    }
    assert!(read > 10_000 && calls > 10 && returns >= 150, "{read} instructions, {calls} calls, {returns} returns");
}

/// A product and sum is one instruction there, between three loads and a store.
#[test]
fn aarch64_multiplies_and_adds_in_one_instruction() {
    let source = "kernel fma(%0 x: f64, %1 y: f64, %2 z: f64) -> f64 {\n %3: f64 = mul_add %0, %1, %2\n return %3\n}\n";
    let artifact = compile(&kernel(source), &Target::of(Platform::Aarch64)).unwrap();
    let text: Vec<String> = decoded(&artifact.code).values().map(Instruction::to_string).collect();
    let count = |head: &str| text.iter().filter(|line| line.starts_with(head)).count();
    // The loop over pairs of rows, and that over single ones.
    assert_eq!(["fmadd d", "ldr d", "str d", "ret"].map(count), [3, 9, 3, 1], "{text:#?}");
}
