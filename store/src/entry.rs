//! The bytes of an entry: one kernel's machine code for one target, as docs/cache-format.md says.
//!
//! Pure functions over bytes. `decode` believes nothing: it returns an entry only where every byte is in place,
//! and copies nothing before that. Whether the seal is right is not decided here (`seal`), nor whether the key is
//! the wanted one.

use filbert_compiler::audit::{Audit, CODE_BYTES_MAX};
use filbert_compiler::{Artifact, Backend, Isa, Site};
use filbert_ir::{KernelId, ValueId, VerifiedKernel};

/// Version of the format of entries.
pub const FORMAT: u16 = 1;
/// Bytes of the largest entry.
pub const ENTRY_BYTES_MAX: usize = 1_310_720;

const MAGIC: &[u8; 8] = b"FBCODE\r\n";
const HEADER_BYTES: usize = 24;
const KEY_BYTES_MAX: usize = 4096;
const META_BYTES_MAX: usize = 65_536;
const SITES_MAX: usize = 4096;
const NAME_BYTES_MAX: usize = 128;
const ALIGN_RANGE: std::ops::RangeInclusive<u32> = 1..=4096;

/// What an entry is found by: everything that decides its code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// blake3 of the tenant's name; zeros where there is none.
    pub tenant: [u8; 32],
    /// The kernel.
    pub kernel: KernelId,
    /// `Target::fingerprint`.
    pub target: String,
}

impl Key {
    /// The key's bytes in an entry.
    pub fn bytes(&self) -> Vec<u8> {
        [&self.tenant[..], &self.kernel.0, self.target.as_bytes()].concat()
    }

    fn parse(bytes: &[u8]) -> Option<Key> {
        let (tenant, rest) = bytes.split_at_checked(32)?;
        let (kernel, target) = rest.split_at_checked(32)?;
        let target = std::str::from_utf8(target).ok()?.to_string();
        Some(Key { tenant: tenant.try_into().ok()?, kernel: KernelId(kernel.try_into().ok()?), target })
    }
}

/// How a file proves who made it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SealKind {
    /// Not itself: it is part of a bundle, which has a seal.
    None,
    /// By a secret that readers and writers share: 32 bytes.
    Keyed,
    /// By a signature: 64 bytes.
    Signed,
}

impl SealKind {
    fn byte(self) -> u8 {
        self as u8
    }

    /// Bytes of the seal.
    pub fn bytes(self) -> usize {
        match self {
            SealKind::None => 0,
            SealKind::Keyed => 32,
            SealKind::Signed => 64,
        }
    }
}

/// An entry that is as it must be, but for its seal, which nobody has looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry<'b> {
    /// The key's bytes.
    pub key: &'b [u8],
    /// The kernel's name as its publisher had it.
    pub name: &'b str,
    /// Of blake3 of the kernel's source as its publisher had it; zeros where it had none.
    pub source: [u8; 16],
    /// Machine code.
    pub code: &'b [u8],
    /// Which back end made it.
    pub backend: Backend,
    /// What the seal is about.
    pub sealed: &'b [u8],
    /// The seal.
    pub seal: &'b [u8],
    align: u32,
    entry_offset: u32,
    audit: Audit,
    sites: &'b [u8],
}

impl Entry<'_> {
    /// The key, in parts.
    pub fn key_parts(&self) -> Option<Key> {
        Key::parse(self.key)
    }

    /// The artifact, for this kernel and the target with this fingerprint; nothing if the kernel has no such sites.
    pub fn artifact(&self, kernel: &VerifiedKernel, target: &str) -> Option<Artifact> {
        let sites = self.sites.chunks_exact(4).map(|site| Site { value: ValueId(u32_of(site)) });
        let sites: Vec<Site> = sites.collect();
        let values = kernel.core.values.len();
        sites.iter().all(|site| site.value.index() < values).then(|| Artifact {
            kernel: kernel.id(),
            target: target.into(),
            backend: self.backend,
            code: self.code.to_vec(),
            align: self.align,
            entry_offset: self.entry_offset,
            sites,
            audit: self.audit,
            defect: None,
        })
    }
}

/// The bytes of an entry up to its seal; nothing for an artifact that the format cannot hold.
pub fn encode(key: &Key, kernel: &VerifiedKernel, artifact: &Artifact, seal: SealKind) -> Option<Vec<u8>> {
    let key = key.bytes();
    let meta = meta(kernel, artifact);
    let mut bytes = Vec::with_capacity(HEADER_BYTES + key.len() + meta.len() + artifact.code.len() + seal.bytes());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(&[seal.byte(), 0]);
    for part in [&key, &meta, &artifact.code] {
        bytes.extend_from_slice(&u32::try_from(part.len()).ok()?.to_le_bytes());
    }
    for part in [&key, &meta, &artifact.code] {
        bytes.extend_from_slice(part);
    }
    // What nobody could read is not written.
    let placeholder = [0; 64];
    let whole = [&bytes[..], &placeholder[..seal.bytes()]].concat();
    decode(&whole, seal)?.artifact(kernel, &artifact.target).filter(|read| read == artifact)?;
    Some(bytes)
}

fn meta(kernel: &VerifiedKernel, artifact: &Artifact) -> Vec<u8> {
    let (backend, lanes, turn_rows) = match artifact.backend {
        Backend::Scalar => (0, 0, 0),
        Backend::Vector { isa: Isa::Avx2, lanes, turn_rows } => (1, lanes, turn_rows),
        Backend::Vector { isa: Isa::Avx512, lanes, turn_rows } => (2, lanes, turn_rows),
    };
    let mut meta = vec![backend];
    let Audit { relocations: _, traps, divisions } = artifact.audit;
    let numbers = [lanes, turn_rows, artifact.align, artifact.entry_offset, traps, divisions];
    let sites = artifact.sites.iter().map(|site| site.value.0);
    for number in numbers.into_iter().chain([artifact.sites.len() as u32]).chain(sites) {
        meta.extend_from_slice(&number.to_le_bytes());
    }
    let digest = kernel.source.as_ref().map(|source| *blake3::hash(source.text.as_bytes()).as_bytes());
    meta.extend_from_slice(&digest.unwrap_or_default()[..16]);
    let name = kernel.name();
    let end = (0..=name.len().min(NAME_BYTES_MAX)).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
    meta.extend_from_slice(&name.as_bytes()[..end]);
    meta
}

/// The entry that these bytes are, whole and with nothing behind it; nothing for all else.
pub fn decode(bytes: &[u8], seal: SealKind) -> Option<Entry<'_>> {
    if bytes.len() > ENTRY_BYTES_MAX {
        return None;
    }
    let mut rest = Bytes(bytes);
    let header = rest.take(HEADER_BYTES)?;
    if !header.starts_with(MAGIC) || header[8..10] != FORMAT.to_le_bytes() || header[10..12] != [seal.byte(), 0] {
        return None;
    }
    let [key, meta, code] = [12, 16, 20].map(|at| u32_of(&header[at..at + 4]) as usize);
    if key > KEY_BYTES_MAX || meta > META_BYTES_MAX || code == 0 || code > CODE_BYTES_MAX {
        return None;
    }
    let (key, meta, code) = (rest.take(key)?, rest.take(meta)?, rest.take(code)?);
    let sealed = &bytes[..bytes.len() - rest.0.len()];
    let of_meta = Meta::parse(meta, code.len())?;
    let seal = (rest.0.len() == seal.bytes()).then_some(rest.0)?;
    let Meta { backend, align, entry_offset, audit, sites, source, name } = of_meta;
    Some(Entry { key, name, source, code, backend, sealed, seal, align, entry_offset, audit, sites })
}

struct Meta<'b> {
    backend: Backend,
    align: u32,
    entry_offset: u32,
    audit: Audit,
    sites: &'b [u8],
    source: [u8; 16],
    name: &'b str,
}

impl Meta<'_> {
    fn parse(bytes: &[u8], code_bytes: usize) -> Option<Meta<'_>> {
        let mut rest = Bytes(bytes);
        let backend = rest.take(1)?[0];
        let mut number = || rest.take(4).map(u32_of);
        let (lanes, turn_rows) = (number()?, number()?);
        let (align, entry_offset, traps, divisions, sites) = (number()?, number()?, number()?, number()?, number()?);
        let is_turn = lanes.is_power_of_two() && lanes <= 64 && turn_rows >= lanes && turn_rows <= 4096;
        let backend = match (backend, lanes, turn_rows) {
            (0, 0, 0) => Backend::Scalar,
            (1, ..) if is_turn => Backend::Vector { isa: Isa::Avx2, lanes, turn_rows },
            (2, ..) if is_turn => Backend::Vector { isa: Isa::Avx512, lanes, turn_rows },
            _ => return None,
        };
        let in_range = align.is_power_of_two()
            && ALIGN_RANGE.contains(&align)
            && (entry_offset as usize) < code_bytes
            && u64::from(traps) <= 2 * u64::from(divisions)
            && sites as usize <= SITES_MAX;
        if !in_range {
            return None;
        }
        let sites = rest.take(4 * sites as usize)?;
        let source = rest.take(16)?.try_into().ok()?;
        let name = std::str::from_utf8(rest.0).ok().filter(|name| name.len() <= NAME_BYTES_MAX)?;
        let audit = Audit { relocations: 0, traps, divisions };
        Some(Meta { backend, align, entry_offset, audit, sites, source, name })
    }
}

/// Bytes that are still to be read.
pub(crate) struct Bytes<'b>(pub(crate) &'b [u8]);

impl<'b> Bytes<'b> {
    pub(crate) fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}

/// Of four bytes.
pub(crate) fn u32_of(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
#[path = "entry/tests.rs"]
mod tests;
