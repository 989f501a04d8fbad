//! Code that nobody may run, in bytes.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::target::Level;

/// What the audit says of these bytes, all of them instructions.
fn verdict(code: &[u8]) -> Result<(), String> {
    audit(code, code.len(), &Target::level(Level::V4))
}

#[test]
fn a_return_is_enough() {
    verdict(&[0x31, 0xc0, 0xc3]).unwrap();
}

#[test]
fn what_nobody_emits_is_refused() {
    let bad: &[(&[u8], &str)] = &[
        (&[0xff, 0xd0, 0xc3], "control leaves"),                        // call rax
        (&[0xff, 0xe0], "control leaves"),                              // jmp rax
        (&[0xcc, 0xc3], "control leaves"),                              // int3
        (&[0x0f, 0x05, 0xc3], "an instruction of SYSCALL"),             // syscall
        (&[0x0f, 0x0b], "an instruction of INTEL286"),                  // ud2
        (&[0xf7, 0xf1, 0xc3], "an instruction that nobody emits"),      // div ecx
        (&[0x48, 0xa5, 0xc3], "an instruction that nobody emits"),      // movsq
        (&[0x06, 0xc3], "no instruction"),                              // not in 64-bit mode
        (&[0x48, 0x89, 0x47, 0x30, 0xc3], "an access to other memory"), // mov [rdi+48], rax
        (&[0x48, 0x8b, 0x47, 0x70, 0xc3], "an access to other memory"), // mov rax, [rdi+112]
        (&[0x48, 0x8b, 0x10, 0xc3], "an access to other memory"),       // mov rdx, [rax]
        (&[0x48, 0x89, 0x01, 0xc3], "an access to other memory"),       // mov [rcx], rax
        (&[0x48, 0x89, 0x84, 0x24, 0, 0, 1, 0, 0xc3], "an access to other memory"), // mov [rsp+65536], rax
        (&[0x48, 0x8b, 0x05, 0x10, 0, 0, 0, 0xc3], "an access to other memory"), // mov rax, [rip+16]
        (&[0x72, 0x10, 0xc3], "which is no instruction"),               // jb beyond the end
        (&[0x72, 0xff, 0xc3], "which is no instruction"),               // jb into itself
        (&[0x31, 0xc0], "runs into its constants"),                     // no return
    ];
    for (code, why) in bad {
        let said = verdict(code).expect_err(why);
        assert!(said.contains(why), "{code:x?}: {said}");
    }
}

#[test]
fn features_that_the_target_lacks_are_refused() {
    // vaddpd zmm0, zmm0, zmm0; ret
    let code = [0x62, 0xf1, 0xfd, 0x48, 0x58, 0xc0, 0xc3];
    let target = Target::level(Level::V3);
    assert!(audit(&code, code.len(), &target).unwrap_err().contains("an instruction of AVX512F"));
}
