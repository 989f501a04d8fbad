//! `FILBERT_SOURCE`: a hash of all that decides the bytes of machine code, for the fingerprint of targets. Two builds
//! whose compilers differ thereby never take each other's code for their own, and nobody has to raise a number. It
//! finds accidents, so a plain hash will do (FNV-1a, 64 bits).
//!
//! Of a package outside of the workspace the lock file and the sources of `filbert-ir` are not there; its exact
//! dependencies stand in its manifest, which is part of the hash.

use std::fs;
use std::path::{Path, PathBuf};

/// Packages whose versions decide bytes.
const PACKAGES: [&str; 4] = ["cranelift-codegen", "regalloc2", "iced-x86", "libm"];

fn main() {
    let mut files = Vec::new();
    for folder in ["src", "../ir/src"] {
        println!("cargo::rerun-if-changed={folder}");
        collect(Path::new(folder), &mut files);
    }
    files.push("Cargo.toml".into());
    files.sort();
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for file in &files {
        // Neither the separator nor the end of a line depends on the machine.
        let name = file.to_string_lossy().replace('\\', "/");
        add(&mut hash, name.as_bytes());
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{name}: {error}"));
        text.lines().for_each(|line| add(&mut hash, line.as_bytes()));
    }
    let lock = "../Cargo.lock";
    if let Ok(text) = fs::read_to_string(lock) {
        println!("cargo::rerun-if-changed={lock}");
        for package in text.split("[[package]]") {
            let mut lines = package.trim().lines();
            let (name, version) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
            if PACKAGES.iter().any(|wanted| name == format!("name = \"{wanted}\"")) {
                add(&mut hash, name.as_bytes());
                add(&mut hash, version.as_bytes());
            }
        }
    }
    println!("cargo::rerun-if-changed=Cargo.toml");
    println!("cargo::rustc-env=FILBERT_SOURCE={hash:016x}");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn add(hash: &mut u64, bytes: &[u8]) {
    // The end of each item counts, too.
    for byte in bytes.iter().chain(&[0xff]) {
        *hash = (*hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
}
