//! Bundles: kernels with their code for several targets in one file, as docs/cache-format.md says.
//!
//! `Bundle::open` reads the file, checks its seal and its tables; entries and kernels are looked at when somebody
//! wants them. So a process with a thousand kernels is ready when a hash of the file is made.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use filbert_compiler::compile::STACK_BYTES_LARGE;
use filbert_compiler::{Artifact, CompileError, Platform, Target};
use filbert_ir::{KernelId, VerifiedKernel, wire};
use filbert_runtime::{CodeStore, add_store};

use crate::entry::{self, Bytes, Key, SealKind, u32_of};
use crate::folder::read_key;
use crate::seal::{KeyText, sign_bundle, verifies_bundle};

const MAGIC: &[u8; 8] = b"FBNDL\r\n\0";
const FORMAT: u16 = 1;
const HEADER_BYTES: usize = 28;
const KERNEL_ROW_BYTES: usize = 44;
const ENTRY_ROW_BYTES: usize = 16;
const KERNELS_MAX: usize = 65_536;
const ENTRIES_MAX: usize = 1 << 20;
/// Bytes of the largest bundle.
pub const BUNDLE_BYTES_MAX: u64 = 1 << 30;

const PLAIN: u8 = 0;
const SIGNED: u8 = 2;

/// Compiles kernels for platforms and makes a bundle of it all. The same kernels, platforms, version and key give the
/// same bytes, in whatever order they come, on whatever machine. Kernels that compute the same share their code.
///
/// # Errors
/// That of the compiler, with the kernel and the platform.
pub fn build(kernels: &[VerifiedKernel], platforms: &[Platform], sign: Option<&KeyText>) -> Result<Vec<u8>, String> {
    let mut kernels: Vec<&VerifiedKernel> = kernels.iter().collect();
    kernels.sort_by_cached_key(|kernel| (kernel.id().0, wire::encode(kernel)));
    kernels.dedup_by_key(|kernel| wire::encode(kernel));
    let mut targets: Vec<(Platform, Target)> = Vec::new();
    for &platform in platforms {
        let target = Target::of(platform);
        targets.extend([(platform, target.without_vectors()), (platform, target)]);
    }
    targets.sort_by(|a, b| a.1.fingerprint().cmp(b.1.fingerprint()));
    targets.dedup_by(|a, b| a.1 == b.1);
    let mut entries = Vec::new();
    for (number, kernel) in kernels.iter().enumerate() {
        if number > 0 && kernels[number - 1].id() == kernel.id() {
            continue;
        }
        for (platform, target) in &targets {
            let wrong = |error: String| format!("kernel {} for {platform}: {error}", kernel.name());
            let artifact = compile(kernel, target).map_err(|error| wrong(error.to_string()))?;
            if target.is_vectorised() && artifact.backend == filbert_compiler::Backend::Scalar {
                // Its code is that without vectors, which is there too: found in its place.
                continue;
            }
            let key = Key { tenant: [0; 32], kernel: kernel.id(), target: target.fingerprint().to_string() };
            let bytes = entry::encode(&key, kernel, &artifact, SealKind::None);
            entries.push((number as u32, bytes.ok_or_else(|| wrong("its code is too large for a bundle".into()))?));
        }
    }
    assemble(&kernels, &entries, sign)
}

/// On a stack that is enough for every kernel.
fn compile(kernel: &VerifiedKernel, target: &Target) -> Result<Artifact, CompileError> {
    let internal = |detail: String| CompileError::Unsupported(detail);
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES_LARGE);
        let compiling = thread.spawn_scoped(scope, || filbert_compiler::compile(kernel, target));
        let compiling = compiling.map_err(|error| internal(format!("no thread to compile on: {error}")))?;
        compiling.join().unwrap_or_else(|_| Err(internal("the compiler panicked".into())))
    })
}

fn assemble(
    kernels: &[&VerifiedKernel],
    entries: &[(u32, Vec<u8>)],
    sign: Option<&KeyText>,
) -> Result<Vec<u8>, String> {
    if kernels.len() > KERNELS_MAX || entries.len() > ENTRIES_MAX {
        return Err(format!(
            "{} kernels and {} pieces of code are too many for a bundle",
            kernels.len(),
            entries.len()
        ));
    }
    let wires: Vec<Vec<u8>> = kernels.iter().map(|kernel| wire::encode(kernel)).collect();
    let tables = HEADER_BYTES + kernels.len() * KERNEL_ROW_BYTES + entries.len() * ENTRY_ROW_BYTES;
    let parts = wires.iter().chain(entries.iter().map(|(_, bytes)| bytes));
    let seal_bytes = if sign.is_some() { 64 } else { 32 };
    let length = tables as u64 + parts.clone().map(|part| part.len() as u64).sum::<u64>() + seal_bytes;
    if length > BUNDLE_BYTES_MAX {
        return Err(format!("{length} bytes are too many for a bundle; the limit is {BUNDLE_BYTES_MAX}"));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(&[if sign.is_some() { SIGNED } else { PLAIN }, 0]);
    bytes.extend_from_slice(&(kernels.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&(entries.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&length.to_le_bytes());
    let mut offset = tables as u64;
    let mut place = |bytes: &mut Vec<u8>, part: &[u8]| {
        bytes.extend_from_slice(&offset.to_le_bytes());
        bytes.extend_from_slice(&(part.len() as u32).to_le_bytes());
        offset += part.len() as u64;
    };
    for (kernel, wire) in kernels.iter().zip(&wires) {
        bytes.extend_from_slice(&kernel.id().0);
        place(&mut bytes, wire);
    }
    for (number, entry) in entries {
        bytes.extend_from_slice(&number.to_le_bytes());
        place(&mut bytes, entry);
    }
    parts.for_each(|part| bytes.extend_from_slice(part));
    match sign {
        None => bytes.extend_from_slice(blake3::hash(&bytes.clone()).as_bytes()),
        Some(key) => {
            let signature = sign_bundle(key, &bytes).ok_or_else(|| format!("{} does not sign", key.kind()))?;
            bytes.extend_from_slice(&signature);
        }
    }
    Ok(bytes)
}

/// A bundle that was read and whose seal is right.
pub struct Bundle {
    path: PathBuf,
    bytes: Vec<u8>,
    /// By id: where the wire bytes are, and which entries there are.
    kernels: Vec<(KernelId, Range<usize>, Range<usize>)>,
    /// Where each entry is.
    entries: Vec<Range<usize>>,
    is_signed: bool,
}

impl Bundle {
    /// Reads a bundle. One that is signed wants the key that verifies it; one that is not is taken as it is, for
    /// whoever names its path trusts it as he trusts a program.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the file.
    pub fn open(path: &Path, key: Option<&KeyText>) -> Result<Bundle, String> {
        let shown = path.display();
        let read = || -> std::io::Result<Vec<u8>> {
            let file = File::open(path)?;
            let length = file.metadata()?.len();
            if length > BUNDLE_BYTES_MAX {
                return Err(ErrorKind::FileTooLarge.into());
            }
            let mut bytes = Vec::with_capacity(length as usize);
            file.take(BUNDLE_BYTES_MAX).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().map_err(|error| format!("{shown}: {error}"))?;
        Bundle::of_bytes(path, bytes, key).map_err(|why| format!("{shown}: it {why}"))
    }

    /// A bundle's bytes, as read from a path, which is only for messages. Errors go behind the name of the file and `it`.
    pub fn of_bytes(path: &Path, bytes: Vec<u8>, key: Option<&KeyText>) -> Result<Bundle, String> {
        if !bytes.starts_with(MAGIC) {
            return Err("is no bundle of kernels".into());
        }
        let damaged = || "is a damaged bundle: it does not have the bytes that it was made with".to_string();
        let header = bytes.get(..HEADER_BYTES).ok_or_else(damaged)?;
        let format = u16::from_le_bytes([header[8], header[9]]);
        if format != FORMAT {
            return Err(format!("is a bundle of format {format}; this build reads {FORMAT}"));
        }
        let is_signed = match header[10..12] {
            [PLAIN, 0] => false,
            [SIGNED, 0] => true,
            _ => return Err(damaged()),
        };
        let sealed = bytes.len().checked_sub(if is_signed { 64 } else { 32 }).ok_or_else(damaged)?;
        let (sealed, seal) = bytes.split_at(sealed);
        match (is_signed, key) {
            (false, None) if *blake3::hash(sealed).as_bytes() == *seal => {}
            (false, None) => return Err(damaged()),
            (false, Some(_)) => return Err("is not signed, and a key was given to verify it".into()),
            (true, Some(key)) if verifies_bundle(key, seal, sealed) => {}
            (true, Some(_)) => return Err("is not signed by the key that was given, or damaged".into()),
            (true, None) => {
                return Err("is signed: name the file with the key that verifies it, in FILBERT_BUNDLE_KEY".into());
            }
        }
        let (kernels, entries) = tables(sealed, bytes.len()).ok_or_else(damaged)?;
        Ok(Bundle { path: path.to_path_buf(), kernels, entries, is_signed, bytes })
    }

    /// Where it came from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is signed, and by the key that was given.
    pub fn is_signed(&self) -> bool {
        self.is_signed
    }

    /// Number of kernels.
    pub fn len(&self) -> usize {
        self.kernels.len()
    }

    /// Whether there are no kernels.
    pub fn is_empty(&self) -> bool {
        self.kernels.is_empty()
    }

    /// The kernels, by id.
    ///
    /// # Errors
    /// That of the first that this build cannot read, which is of another version.
    pub fn kernels(&self) -> Result<Vec<VerifiedKernel>, filbert_ir::KernelError> {
        self.kernels.iter().map(|(_, wire, _)| wire::decode(&self.bytes[wire.clone()])).collect()
    }

    /// The entries of a kernel: fingerprint of the target, and code.
    pub fn entries(&self, kernel: &KernelId) -> Vec<(String, entry::Entry<'_>)> {
        let first = self.kernels.partition_point(|(id, ..)| id.0 < kernel.0);
        let Some((.., entries)) = self.kernels.get(first).filter(|(id, ..)| id == kernel) else { return Vec::new() };
        let entries = &self.entries[entries.clone()];
        let decoded = entries.iter().filter_map(|place| entry::decode(&self.bytes[place.clone()], SealKind::None));
        decoded
            .filter_map(|entry| Some((entry.key_parts().filter(|key| key.kernel == *kernel)?.target, entry)))
            .collect()
    }

    /// The code of a kernel for the target, or the best of those that use less of the same machine.
    pub fn best(&self, kernel: &VerifiedKernel, target: &Target) -> Option<Artifact> {
        let entries = self.entries(&kernel.id());
        let artifact = |target: &Target| {
            let fingerprint = target.fingerprint();
            let (_, entry) = entries.iter().find(|(name, _)| **name == **fingerprint)?;
            entry.artifact(kernel, fingerprint)
        };
        if let Some(found) = artifact(target) {
            return Some(found);
        }
        if target.uniform() != 0 || target.sums() {
            return None;
        }
        let platforms = Platform::ALL.into_iter().rev().map(Target::of);
        let usable = platforms.filter(|lesser| lesser.runs_here() && lesser.is_part_of(target));
        let of_form = usable.flat_map(|lesser| match target.is_vectorised() {
            // A kernel without vector code is there once.
            true => vec![lesser.clone(), lesser.without_vectors()],
            false => vec![lesser.without_vectors()],
        });
        of_form.into_iter().find_map(|lesser| artifact(&lesser))
    }
}

impl CodeStore for Bundle {
    fn find(&self, kernel: &VerifiedKernel, target: &Target) -> Option<Artifact> {
        self.best(kernel, target)
    }

    fn keep(&self, _: &VerifiedKernel, _: &Target, _: &Artifact) {}

    fn reject(&self, kernel: &KernelId, _: &str) {
        // The file is the operator's. The process that found it wrong does not use the code again.
        tracing::warn!("code of kernel {kernel} in the bundle {} is wrong", self.path.display());
    }

    fn has_died(&self, _: &KernelId) -> bool {
        false
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bundle {} of {} kernels", self.path.display(), self.len())
    }
}

/// Opens a bundle and gives its code to all kernels of this process. A bundle whose bytes are there already is not
/// taken twice. `FILBERT_BUNDLE_KEY` names the file with the key of one that is signed.
///
/// # Errors
/// A sentence that says what is wrong with the file or the key.
pub fn use_file(path: &Path) -> Result<Arc<Bundle>, String> {
    static USED: Mutex<Vec<Arc<Bundle>>> = Mutex::new(Vec::new());
    let key = std::env::var_os("FILBERT_BUNDLE_KEY").filter(|name| !name.is_empty());
    let key = key.map(|name| read_key(Path::new(&name))).transpose()?;
    let bundle = Bundle::open(path, key.as_ref())?;
    let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = used.iter().find(|known| known.bytes == bundle.bytes) {
        return Ok(known.clone());
    }
    let bundle = Arc::new(bundle);
    used.push(bundle.clone());
    add_store(bundle.clone());
    Ok(bundle)
}

type Tables = (Vec<(KernelId, Range<usize>, Range<usize>)>, Vec<Range<usize>>);

/// The tables of the sealed bytes of a file of so many bytes; nothing if a number is not what follows from the others.
fn tables(sealed: &[u8], file_bytes: usize) -> Option<Tables> {
    let mut rest = Bytes(sealed);
    let header = rest.take(HEADER_BYTES)?;
    let (kernel_count, entry_count) = (u32_of(&header[12..16]) as usize, u32_of(&header[16..20]) as usize);
    let length = u64::from_le_bytes(header[20..28].try_into().ok()?);
    if kernel_count > KERNELS_MAX || entry_count > ENTRIES_MAX || length != file_bytes as u64 {
        return None;
    }
    let mut offset = HEADER_BYTES + kernel_count * KERNEL_ROW_BYTES + entry_count * ENTRY_ROW_BYTES;
    let mut place = |row: &[u8]| {
        let start = u64::from_le_bytes(row[..8].try_into().ok()?);
        let bytes = u32_of(&row[8..12]) as usize;
        let end = offset.checked_add(bytes).filter(|end| *end <= sealed.len() && start == offset as u64)?;
        let place = offset..end;
        offset = end;
        Some(place)
    };
    let mut kernels: Vec<(KernelId, Range<usize>, Range<usize>)> = Vec::new();
    for row in rest.take(kernel_count * KERNEL_ROW_BYTES)?.chunks_exact(KERNEL_ROW_BYTES) {
        let id = KernelId(row[..32].try_into().ok()?);
        if kernels.last().is_some_and(|(last, ..)| last.0 > id.0) {
            return None;
        }
        kernels.push((id, place(&row[32..])?, 0..0));
    }
    let (mut entries, mut least) = (Vec::new(), 0);
    for row in rest.take(entry_count * ENTRY_ROW_BYTES)?.chunks_exact(ENTRY_ROW_BYTES) {
        let number = u32_of(&row[..4]) as usize;
        let (_, _, own) = kernels.get_mut(number).filter(|_| number >= least)?;
        least = number;
        if own.start == own.end {
            *own = entries.len()..entries.len();
        }
        own.end += 1;
        entries.push(place(&row[4..])?);
    }
    (offset == sealed.len()).then_some((kernels, entries))
}
