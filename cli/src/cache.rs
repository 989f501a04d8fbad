//! `filbert cache`: what is kept of compiled kernels, and the keys for folders that are shared.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use filbert_compiler::Target;
use filbert_ir::Code;
use filbert_runtime::CodeStore;
use filbert_store::{Bounds, DiskStore, KeyText, Listed, Options, folder};
use serde_json::json;

use crate::failure::{Failure, print};

/// Digits of a hash that tell one from another, for people.
const DIGITS_SHOWN: usize = 12;

#[derive(clap::Subcommand)]
pub(crate) enum Cache {
    /// List the entries: which kernel, for which machine, how large, how long unused
    Ls(Ls),
    /// Say where the cache is, who is believed, and how full it is
    Stat(Stat),
    /// Check every entry; fails if one would not be believed
    Verify(Verify),
    /// Remove the entries that were used longest ago, down to 70 % of a bound
    Prune(Prune),
    /// Remove entries: all, or those of some kernels
    Clear(Clear),
    /// Put the code of a bundle into the cache, as far as this machine can run it
    Warm(Warm),
    /// Make a key for a shared folder or for bundles
    Key(Key),
}

#[derive(clap::Args)]
pub(crate) struct Ls {
    /// List the kernels in whose code a process died, which are interpreted
    #[arg(long)]
    died: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub(crate) struct Stat {
    /// One JSON object
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub(crate) struct Verify {
    /// Remove what would not be believed
    #[arg(long)]
    remove: bool,
}

#[derive(clap::Args)]
pub(crate) struct Prune {
    /// Bytes, such as 64MiB [default: FILBERT_CACHE_BYTES, or 512MiB]
    #[arg(long, value_name = "BYTES", value_parser = filbert_dist::options::bytes)]
    bytes: Option<u64>,
    /// Number of entries [default: 65536]
    #[arg(long, value_name = "N")]
    entries: Option<u64>,
}

#[derive(clap::Args)]
pub(crate) struct Clear {
    /// Kernels, by name or by the first digits of their id [default: all]
    #[arg(value_name = "KERNEL")]
    kernels: Vec<String>,
    /// Let kernels run natively again in whose code a process died
    #[arg(long)]
    died: bool,
}

#[derive(clap::Args)]
pub(crate) struct Warm {
    /// Made by `filbert build`
    #[arg(value_name = "FILE.fbundle")]
    bundle: PathBuf,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Key {
    /// A secret for `FILBERT_CACHE_MODE=keyed`, which all executors get
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
    /// A key that signs, and FILE.pub with the one that verifies, which executors get
    #[arg(long, value_name = "FILE")]
    sign: Option<PathBuf>,
}

impl Cache {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Cache::Ls(command) => command.run(),
            Cache::Stat(command) => command.run(),
            Cache::Verify(command) => command.run(),
            Cache::Prune(command) => command.run(),
            Cache::Clear(command) => command.run(),
            Cache::Warm(command) => command.run(),
            Cache::Key(command) => command.run(),
        }
    }
}

/// The cache that the environment names.
fn open() -> Result<DiskStore, Failure> {
    let opened = Options::from_env().and_then(|options| options.open());
    let opened = opened.map_err(|why| Failure::new(Code::Input, format!("the kernel cache cannot be used: {why}")))?;
    opened.ok_or_else(|| Failure::new(Code::Input, "the kernel cache is off: FILBERT_CACHE_MODE=off is set"))
}

fn cannot(store: &DiskStore) -> impl Fn(std::io::Error) -> Failure {
    let path = store.path().display().to_string();
    move |error| Failure::new(Code::Input, format!("the kernel cache in {path}: {error}"))
}

impl Ls {
    fn run(self) -> Result<(), Failure> {
        let store = open()?;
        if self.died {
            let died = store.died().map_err(cannot(&store))?;
            return print(died.iter().map(|id| format!("{id}\n")).collect::<String>());
        }
        let entries = store.list().map_err(cannot(&store))?;
        if self.json {
            return print(entries.iter().map(|entry| format!("{}\n", object(entry))).collect::<String>());
        }
        let head = ["KERNEL", "ID", "SOURCE", "TARGET", "BACK END", "CODE", "FILE", "UNUSED"].map(str::to_string);
        let rows: Vec<[String; 8]> = [head].into_iter().chain(entries.iter().map(row)).collect();
        print(aligned(&rows))
    }
}

fn row(entry: &Listed) -> [String; 8] {
    let (bytes, age) = (size(entry.bytes), spoken(entry.age_seconds));
    let Some(content) = &entry.content else {
        let file = entry.file[..DIGITS_SHOWN].to_string();
        return ["(not believed)".into(), file, "-".into(), "-".into(), "-".into(), "-".into(), bytes, age];
    };
    let source = content.source.as_deref().map_or("-", |digits| &digits[..DIGITS_SHOWN]);
    let id = content.kernel.to_string()[..DIGITS_SHOWN].to_string();
    let code = size(content.code_bytes as u64);
    [content.name.clone(), id, source.into(), short(&content.target), content.backend.into(), code, bytes, age]
}

fn object(entry: &Listed) -> serde_json::Value {
    let content = entry.content.as_ref().map(|content| {
        json!({
            "kernel": content.name, "id": content.kernel.to_string(), "source": content.source,
            "target": content.target, "backend": content.backend, "code_bytes": content.code_bytes,
            "tenant_is_ours": content.is_ours,
        })
    });
    json!({ "file": entry.file, "bytes": entry.bytes, "unused_seconds": entry.age_seconds, "content": content })
}

/// A fingerprint for people: the level that has its features, and the form of the code.
fn short(fingerprint: &str) -> String {
    let features = fingerprint.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or("", |(list, _)| list);
    let known = [("avx512vl", "x86-64-v4"), ("avx2", "x86-64-v3"), ("sse4.2", "x86-64-v2"), ("", "x86-64-v1")];
    let level = match fingerprint.starts_with("x86_64") {
        true => known.iter().find(|(feature, _)| features.contains(feature)).map_or("", |(_, level)| level),
        false => fingerprint.split(' ').next().unwrap_or_default(),
    };
    let is_form = |word: &&str| ["scalar", "sums"].contains(word) || word.starts_with("uniform=");
    let forms = fingerprint.split(' ').filter(is_form);
    [level].into_iter().chain(forms).collect::<Vec<_>>().join(" ")
}

impl Stat {
    fn run(self) -> Result<(), Failure> {
        let store = open()?;
        let entries = store.list().map_err(cannot(&store))?;
        let died = store.died().map_err(cannot(&store))?.len();
        let bytes: u64 = entries.iter().map(|entry| entry.bytes).sum();
        let wrong = entries.iter().filter(|entry| entry.content.is_none()).count();
        let Bounds { bytes_max, entries_max } = store.bounds();
        let publishes = if store.is_writer() { "publishes what it compiles" } else { "only reads" };
        if self.json {
            let object = json!({
                "folder": store.path(), "entries": entries.len(), "entries_max": entries_max, "bytes": bytes,
                "bytes_max": bytes_max, "not_believed": wrong, "died": died, "is_writer": store.is_writer(),
            });
            return print(format!("{object}\n"));
        }
        let rows = [
            ["folder".into(), store.path().display().to_string()],
            ["this process".into(), publishes.into()],
            ["entries".into(), format!("{} of at most {entries_max}", entries.len())],
            ["bytes".into(), format!("{} of at most {}", size(bytes), size(bytes_max))],
            ["not believed".into(), wrong.to_string()],
            ["kernels that a process died in".into(), died.to_string()],
        ];
        print(aligned(&rows))
    }
}

impl Verify {
    fn run(self) -> Result<(), Failure> {
        let store = open()?;
        let entries = store.list().map_err(cannot(&store))?;
        let wrong: Vec<&Listed> = entries.iter().filter(|entry| entry.content.is_none()).collect();
        print(wrong.iter().map(|entry| format!("{} would not be believed\n", entry.file)).collect::<String>())?;
        if self.remove {
            let removed = store.remove_where(|entry| entry.content.is_none()).map_err(cannot(&store))?;
            return print(format!("{} entries are good, {removed} were removed\n", entries.len() - wrong.len()));
        }
        match wrong.len() {
            0 => print(format!("{} entries are good\n", entries.len())),
            count => {
                let message =
                    format!("{count} of {} entries would not be believed; --remove removes them", entries.len());
                Err(Failure::new(Code::Input, message))
            }
        }
    }
}

impl Prune {
    fn run(self) -> Result<(), Failure> {
        let store = open()?;
        let bounds = Bounds {
            bytes_max: self.bytes.unwrap_or(store.bounds().bytes_max),
            entries_max: self.entries.unwrap_or(store.bounds().entries_max),
        };
        let removed = store.prune(bounds).map_err(cannot(&store))?;
        print(format!("{removed} files removed\n"))
    }
}

impl Clear {
    fn run(self) -> Result<(), Failure> {
        let store = open()?;
        if self.died {
            let count = store.forget_deaths().map_err(cannot(&store))?;
            return print(format!("{count} kernels may run natively again\n"));
        }
        let is_meant = |entry: &Listed| {
            let content = entry.content.as_ref();
            self.kernels.is_empty()
                || self.kernels.iter().any(|wanted| {
                    content.is_some_and(|c| c.name == *wanted || c.kernel.to_string().starts_with(wanted.as_str()))
                })
        };
        let removed = store.remove_where(is_meant).map_err(cannot(&store))?;
        print(format!("{removed} entries removed\n"))
    }
}

impl Warm {
    fn run(self) -> Result<(), Failure> {
        let wrong = |why: String| Failure::new(Code::Input, why);
        let store = open()?;
        if !store.is_writer() {
            return Err(wrong(format!("the kernel cache in {} is read-only with this key", store.path().display())));
        }
        let bundle = filbert_store::bundle::use_file(&self.bundle).map_err(wrong)?;
        let kernels = bundle.kernels().map_err(|error| wrong(format!("{}: {error}", self.bundle.display())))?;
        let (mut put, mut without) = (0, 0);
        for kernel in &kernels {
            let target = Target::host();
            let found = [target.clone(), target.without_vectors()].map(|target| {
                let artifact = bundle.best(kernel, &target).filter(|artifact| artifact.target == *target.fingerprint());
                artifact.map(|artifact| store.keep(kernel, &target, &artifact)).is_some()
            });
            put += found.iter().filter(|found| **found).count();
            without += usize::from(!found[0] && !found[1]);
        }
        let failed = store.stats().failures;
        if failed > 0 {
            return Err(wrong(format!("{failed} entries could not be written to {}", store.path().display())));
        }
        print(format!(
            "{put} entries of {} kernels; {without} kernels have none for just this machine\n",
            kernels.len()
        ))
    }
}

impl Key {
    fn run(self) -> Result<(), Failure> {
        let random =
            || folder::random().map_err(|error| Failure::new(Code::Input, format!("no random bytes: {error}")));
        if let Some(path) = self.secret {
            write_key(&path, &KeyText::Secret(random()?), 0o600)?;
            return print(format!("{} is the secret; who has it can give code to all who have it\n", path.display()));
        }
        let Some(path) = self.sign else { return Ok(()) };
        let sign = KeyText::Sign(random()?);
        let public = PathBuf::from(format!("{}.pub", path.display()));
        write_key(&path, &sign, 0o600)?;
        write_key(&public, &sign.verifying().unwrap_or(sign.clone()), 0o644)?;
        print(format!("{} signs; {} verifies\n", path.display(), public.display()))
    }
}

/// Writes a key to a file that is not there.
fn write_key(path: &Path, key: &KeyText, mode: u32) -> Result<(), Failure> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let written = file.and_then(|mut file| file.write_all(key.line().as_bytes()));
    written.map_err(|error| Failure::new(Code::Output, format!("cannot write {}: {error}", path.display())))
}

/// Gives all kernels of this process the cache that the environment names, and the file in which a kernel's crash is
/// noted.
pub(crate) fn begin() -> Option<Arc<DiskStore>> {
    let store = filbert_store::use_from_env()?;
    // A shared folder that cannot be written has no notes.
    if let Ok(folder) = store.deaths() {
        let _ = filbert_runtime::crash::mark(folder);
    }
    Some(store)
}

/// The code of a bundle, for a command that was told to use it.
#[cfg(feature = "cluster")]
pub(crate) fn open_bundle(path: &Path) -> Result<Arc<filbert_store::Bundle>, Failure> {
    filbert_store::bundle::use_file(path).map_err(|why| Failure::new(Code::Input, why))
}

/// Columns of words.
fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: Vec<usize> = (0..N).map(|n| rows.iter().map(|row| row[n].chars().count()).max().unwrap_or(0)).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_240 => format!("{bytes} B"),
        10_240..10_485_760 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

fn spoken(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use filbert_compiler::{Level, Target};

    use super::*;

    #[test]
    fn fingerprints_are_shown_as_levels() {
        let target = Target::of(filbert_compiler::Platform::X86_64(Level::V3));
        assert_eq!(short(target.fingerprint()), "x86-64-v3");
        assert_eq!(short(target.without_vectors().fingerprint()), "x86-64-v3 scalar");
        assert_eq!(short(target.with_sums().with_uniform(2).fingerprint()), "x86-64-v3 sums uniform=0x2");
        assert_eq!(short(Target::of(filbert_compiler::Platform::Aarch64).fingerprint()), "aarch64");
    }
}
