//! What is in the files: symbols, relocations, sections, and nothing of the machine that made them.

use std::collections::BTreeSet;

use filbert_aot::{AotError, Emit};
use filbert_compiler::{Level, Platform};
use object::read::archive::ArchiveFile;
use object::{
    Architecture, BinaryFormat, Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionFlags, SectionKind,
    SymbolKind,
};
use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::{InstDecoder, Opcode};

use crate::{LEVELS, kernels, module};

const TEXT: &str = "
const TABLE: [f64; 4] = [0.5, 1.5, 2.5, 3.5];
/// A sine of an angle in degrees.
fn sine(x: f64) -> f64 { x.to_radians().sin() }
fn step(x: f64) -> f64 { x.floor() + TABLE[(x as u64 & 3) as usize] }
fn rest(x: f32, y: f32) -> f32 { x % y }
fn sum(a: i32, b: Option<i32>) -> i32 { a + b.unwrap_or(0) }
";

/// Names of an object: those that it gives, and those that it wants.
fn names(object: &object::File<'_>) -> (Vec<String>, Vec<String>) {
    let of = |wanted: bool| {
        let named = object.symbols().filter(|symbol| symbol.is_global() && symbol.is_undefined() == wanted);
        let mut names: Vec<String> = named.map(|symbol| symbol.name().unwrap().to_string()).collect();
        names.sort();
        names
    };
    (of(false), of(true))
}

#[test]
fn objects_give_the_functions_and_want_exact_ones_of_libm_only() {
    let module = module("m", TEXT);
    let given = ["filbert_m_target", "filbert_rest", "filbert_sine", "filbert_step", "filbert_sum"];
    for (platforms, wanted) in [
        (vec![Platform::X86_64(Level::V1)], vec!["floor", "fma", "fmodf"]),
        (vec![Platform::X86_64(Level::V2)], vec!["fma", "fmodf"]),
        (vec![Platform::X86_64(Level::V3)], vec!["fmodf"]),
        (vec![Platform::Aarch64], vec!["fmodf"]),
        (LEVELS.to_vec(), vec!["floor", "fma", "fmodf"]),
    ] {
        let bytes = module.object(&platforms).unwrap();
        let object = object::File::parse(&*bytes).unwrap();
        let (has, wants) = names(&object);
        assert_eq!((has, wants), (given.map(String::from).to_vec(), wanted.iter().map(|w| w.to_string()).collect()));
        let mut relocations = 0;
        for section in object.sections() {
            for (_, relocation) in section.relocations() {
                relocations += 1;
                let RelocationTarget::Symbol(index) = relocation.target() else { panic!("{relocation:?}") };
                let symbol = object.symbol_by_index(index).unwrap();
                let is_own = symbol.is_local() && !symbol.is_undefined();
                let name = symbol.name().unwrap();
                assert!(is_own || wanted.contains(&name), "{platforms:?}: a relocation to {name}");
                assert!(section.name().unwrap().starts_with(".text."), "data has no addresses");
            }
        }
        assert!(relocations > 0);
        let executable_stack = object.section_by_name(".note.GNU-stack").map(|section| section.flags());
        assert_eq!(executable_stack, Some(SectionFlags::Elf { sh_flags: 0 }));
    }
}

/// The compiler's bytes are in the object as they are, once where levels have the same.
#[test]
fn code_is_the_compilers_and_each_once() {
    let text = "fn add(a: f64, b: f64) -> f64 { a + b }\nfn plus(x: f64, y: f64) -> f64 { x + y }";
    let module = module("m", text);
    let bytes = module.object(&LEVELS).unwrap();
    let object = object::File::parse(&*bytes).unwrap();
    let code: Vec<&str> = object
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_local() && !symbol.is_undefined())
        .map(|symbol| symbol.name().unwrap())
        .filter(|name| name.starts_with("filbert_"))
        .collect();
    // Vectors of v4 and v3, scalar code of those two, which is one, and of v2 and v1, which is another.
    assert!(code.len() <= 5 && code.iter().all(|name| name.starts_with("filbert_add.")), "{code:?}");
    for level in [Level::V3, Level::V4] {
        let target = filbert_compiler::Target::of(Platform::X86_64(level)).standalone();
        let artifact = filbert_compiler::compile(&kernels(text)[0], &target).unwrap();
        let has = object.sections().filter(|section| section.data().is_ok_and(|data| data.starts_with(&artifact.code)));
        assert_eq!(has.count(), 1);
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = env!("CARGO_MANIFEST_DIR").as_bytes();
    for platforms in [LEVELS.to_vec(), vec![Platform::Aarch64]] {
        let make = || {
            let module = module("m", TEXT);
            let object = module.object(&platforms).unwrap();
            (module.header(), module.archive(&object).unwrap(), object)
        };
        let first = make();
        let second = std::thread::spawn({
            let platforms: Vec<Platform> = platforms.iter().rev().chain(&platforms).copied().collect();
            move || {
                let module = module("m", TEXT);
                let object = module.object(&platforms).unwrap();
                (module.header(), module.archive(&object).unwrap(), object)
            }
        });
        assert!(first == second.join().unwrap(), "{platforms:?}: the order of platforms does not matter");
        assert!(first == make());
        for bytes in [first.0.as_bytes(), &first.1, &first.2] {
            let holds = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
            assert!(!holds(folder) && !holds(b"kernels.rs"), "a path");
        }
    }
}

#[test]
fn an_archive_has_an_index_and_no_times() {
    let module = module("m", TEXT);
    let object = module.object(&LEVELS).unwrap();
    let bytes = module.archive(&object).unwrap();
    let archive = ArchiveFile::parse(&*bytes).unwrap();
    let members: Vec<_> = archive.members().map(|member| member.unwrap()).collect();
    assert_eq!(members.len(), 1);
    let member = &members[0];
    assert_eq!((member.name(), member.data(&*bytes).unwrap()), (&b"m.o"[..], &object[..]));
    assert_eq!((member.date(), member.uid(), member.gid()), (Some(0), Some(0), Some(0)));
    let symbols = archive.symbols().unwrap().expect("an index");
    let symbols: BTreeSet<_> =
        symbols.map(|symbol| String::from_utf8_lossy(symbol.unwrap().name()).into_owned()).collect();
    let own: BTreeSet<_> = module.symbols().map(String::from).chain(["filbert_m_target".into()]).collect();
    assert_eq!(symbols, own);
}

#[test]
fn files_are_called_by_module_and_by_architecture_where_there_are_two() {
    let module = module("geo-2", TEXT);
    let names = |emits: &[Emit], platforms: &[Platform]| -> Vec<String> {
        module.files(emits, platforms).unwrap().into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(&Emit::ALL, &LEVELS), ["geo_2.h", "libgeo_2.a", "geo_2.o"]);
    assert_eq!(names(&[Emit::Archive], &[Platform::Aarch64]), ["libgeo_2.a"]);
    let both = [Platform::Aarch64, Platform::X86_64(Level::V3), Platform::X86_64(Level::V2)];
    assert_eq!(names(&[Emit::Object, Emit::Header], &both), ["geo_2.h", "geo_2.aarch64.o", "geo_2.x86-64.o"]);
    assert_eq!(names(&[Emit::Header], &[]), ["geo_2.h"]);
    assert_eq!(module.files(&Emit::ALL, &[]), Err(AotError::NoPlatform));
    for emit in Emit::ALL {
        assert_eq!(emit.name().parse(), Ok(emit));
    }
    let unknown = "so".parse::<Emit>().unwrap_err();
    assert_eq!(unknown.to_string(), "unknown output `so`: write obj, header or staticlib");
}

/// Code for AArch64 is what the compiler made, which another decoder reads in its tests; the function around it, too,
/// is instructions of that machine, and leaves it by known doors only.
#[test]
fn an_object_for_aarch64_is_one() {
    let bytes = module("m", TEXT).object(&[Platform::Aarch64]).unwrap();
    let object = object::File::parse(&*bytes).unwrap();
    assert_eq!((object.architecture(), object.format()), (Architecture::Aarch64, BinaryFormat::Elf));
    let mut read = 0;
    for section in object.sections().filter(|section| section.kind() == SectionKind::Text) {
        let symbol =
            object.symbols().find(|symbol| symbol.section_index() == Some(section.index()) && symbol.size() > 0);
        if symbol.is_none_or(|symbol| !symbol.is_global()) {
            continue;
        }
        for word in section.data().unwrap().chunks_exact(4) {
            let instruction = InstDecoder::default().decode(&mut U8Reader::new(word)).unwrap();
            assert!(
                !matches!(instruction.opcode, Opcode::SVC | Opcode::BRK | Opcode::HLT | Opcode::BR),
                "{instruction}"
            );
            read += 1;
        }
    }
    assert!(read > 200, "{read}");
}
