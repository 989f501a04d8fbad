//! What the pages are, and that they go.

#![allow(clippy::unwrap_used)]

use super::*;

/// `return 0`.
const RETURNS_ZERO: &[u8] = &[0x31, 0xc0, 0xc3];

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn pages_are_executable_but_not_writable_and_guarded() {
    let code = CodeMemory::load(RETURNS_ZERO, 16, 0).unwrap();
    let page = region::page::size();
    let address = code.entry() as usize;
    assert_eq!(address % page, 0);
    let protection = |at: usize| region::query(at as *const u8).unwrap().protection();
    assert_eq!(protection(address), region::Protection::READ_EXECUTE);
    assert_eq!(protection(address - page), region::Protection::NONE);
    assert_eq!(protection(address + page), region::Protection::NONE);
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    assert!(!maps.lines().any(|line| line.contains("rwxp")), "{maps}");
    assert_eq!(guarded::call_without_frame(&code), 0);
    drop(code);
    // Other tests load code meanwhile, and may get this very address for a moment.
    let gone = (0..1000).any(|_| {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        maps.lines().all(|line| !line.starts_with(&format!("{address:x}-")))
    });
    assert!(gone, "{address:x} stays mapped");
}

#[test]
fn many_loads_leave_memory_flat() {
    let resident = || {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
    };
    let mut settled = 0;
    for n in 0..100_000 {
        drop(CodeMemory::load(RETURNS_ZERO, 16, 0).unwrap());
        if n == 1000 {
            settled = resident();
        }
    }
    // Other tests of this binary run meanwhile; a leak would be 400 MB.
    let grown = resident().saturating_sub(settled);
    assert!(grown < 50 << 20, "grown by {grown} bytes");
}

#[test]
fn what_is_not_code_is_refused() {
    assert!(CodeMemory::load(&[], 16, 0).is_err());
    assert!(CodeMemory::load(RETURNS_ZERO, 16, 3).is_err());
    assert!(CodeMemory::load(&vec![0xc3; CODE_BYTES_MAX + 1], 16, 0).is_err());
    assert!(CodeMemory::load(RETURNS_ZERO, 1 << 20, 0).is_err());
}
