//! Which level an object finds, on CPUs that are not here: what asks the CPU is replaced in the object by what answers
//! as another one would.

use std::process::Command;

use filbert_compiler::{Level, Platform};
use object::{Object, ObjectSection, ObjectSymbol};

use crate::{LEVELS, compiler, module, platforms_here, run};

/// What a CPU says, of every leaf the same.
#[derive(Clone, Copy)]
struct Cpu {
    eax: u32,
    ebx: u32,
    ecx: u32,
    xcr0: u32,
}

/// All that the levels ask for.
const WHOLE: Cpu = Cpu {
    eax: u32::MAX,
    ebx: 1 << 3 | 1 << 5 | 1 << 8 | 1 << 16 | 1 << 17 | 1 << 31,
    ecx: 1 | 1 << 9 | 1 << 19 | 1 << 20 | 1 << 23 | 1 << 12 | 1 << 27 | 1 << 28 | 1 << 5,
    xcr0: 0xe6,
};

/// The object with other code for these two functions.
fn with_cpu(object: &[u8], cpu: Cpu) -> Vec<u8> {
    let [eax, ebx, ecx, xcr0] = [cpu.eax, cpu.ebx, cpu.ecx, cpu.xcr0].map(u32::to_le_bytes);
    // mov dword ptr [rdx], eax; [rdx + 4], ebx; [rdx + 8], ecx; ret
    let cpuid = [&[0xc7, 0x02][..], &eax, &[0xc7, 0x42, 4], &ebx, &[0xc7, 0x42, 8], &ecx, &[0xc3]].concat();
    // mov eax, xcr0; ret
    let xgetbv = [&[0xb8][..], &xcr0, &[0xc3]].concat();
    let mut changed = object.to_vec();
    let read = object::File::parse(object).unwrap();
    for (name, code) in [("filbert.cpuid", cpuid), ("filbert.xgetbv", xgetbv)] {
        let symbol = read.symbols().find(|symbol| symbol.name() == Ok(name)).unwrap();
        assert!(code.len() as u64 <= symbol.size(), "{name} has room for it");
        let section = read.section_by_index(symbol.section_index().unwrap()).unwrap();
        let at = (section.file_range().unwrap().0 + symbol.address()) as usize;
        changed[at..at + code.len()].copy_from_slice(&code);
    }
    changed
}

/// What a program with this object prints: the level and what the function returns.
fn said(object: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("m.o"), object).unwrap();
    std::fs::write(folder.path().join("m.h"), module("m", "fn double(x: f64) -> f64 { x * 2.0 }").header()).unwrap();
    let program = "#include \"m.h\"\n#include <stdio.h>\n\
                   int main(void) { double x = 1; filbert_error error = {7, 7, 7, 7, 7};\n\
                   const char *name = filbert_m_target();\n\
                   int32_t code = filbert_double(1, &x, &x, &error);\n\
                   printf(\"%s %d %g %d\", name ? name : \"none\", (int)code, x, (int)error.fault); return 0; }\n";
    std::fs::write(folder.path().join("main.c"), program).unwrap();
    let mut compiler = compiler().unwrap();
    run(compiler.current_dir(folder.path()).args(["main.c", "m.o", "-o", "main"]));
    run(&mut Command::new(folder.path().join("main")))
}

#[test]
fn each_level_is_found_by_what_it_needs() {
    if compiler().is_none() || !platforms_here().contains(&Platform::X86_64(Level::V1)) {
        return;
    }
    let module = module("m", "fn double(x: f64) -> f64 { x * 2.0 }");
    let object = module.object(&LEVELS).unwrap();
    let highest = platforms_here().last().unwrap().name();
    let without = |change: fn(&mut Cpu)| {
        let mut cpu = WHOLE;
        change(&mut cpu);
        cpu
    };
    for (name, cpu) in [
        ("x86-64-v4", WHOLE),
        ("x86-64-v3", without(|cpu| cpu.ebx &= !(1 << 17))),
        ("x86-64-v3", without(|cpu| cpu.ebx &= !(1 << 31))),
        ("x86-64-v3", without(|cpu| cpu.xcr0 = 0x06)),
        ("x86-64-v3", without(|cpu| cpu.xcr0 = 0x46)),
        ("x86-64-v2", without(|cpu| cpu.xcr0 = 0xe2)),
        ("x86-64-v2", without(|cpu| cpu.ebx &= !(1 << 5))),
        ("x86-64-v2", without(|cpu| cpu.ebx &= !(1 << 8))),
        ("x86-64-v2", without(|cpu| cpu.ecx &= !(1 << 27))),
        ("x86-64-v2", without(|cpu| cpu.ecx &= !(1 << 12))),
        ("x86-64-v2", without(|cpu| cpu.ecx &= !(1 << 5))),
        ("x86-64-v2", without(|cpu| cpu.eax = 6)),
        ("x86-64-v2", without(|cpu| cpu.eax = 0x8000_0000)),
        ("x86-64-v1", without(|cpu| cpu.ecx &= !(1 << 20))),
        ("x86-64-v1", without(|cpu| cpu.ecx = 0)),
    ] {
        if name > highest {
            println!("SKIPPED: this CPU cannot play {name}");
            continue;
        }
        assert_eq!(said(&with_cpu(&object, cpu)), format!("{name} 0 2 7"));
    }
    // Where the lowest level is more than the CPU has, nothing is touched, and the error says so.
    let object = module.object(&LEVELS[2..]).unwrap();
    assert_eq!(said(&with_cpu(&object, without(|cpu| cpu.ebx = 0))), "none 101 1 101");
    assert_eq!(said(&object).split(' ').next(), Some(if highest > "x86-64-v2" { highest } else { "none" }));
}
