//! Where the cache is and who is believed, as the environment or a caller says.
//!
//! | variable | |
//! |---|---|
//! | `FILBERT_CACHE_MODE` | `private` (the default), `keyed`, `signed`, `off` |
//! | `FILBERT_CACHE_DIR` | the folder; for `private` else `$XDG_CACHE_HOME/filbert` or `~/.cache/filbert` |
//! | `FILBERT_CACHE_KEY` | the file with the key of `keyed` and `signed` |
//! | `FILBERT_CACHE_BYTES` | what entries may take together: `512MiB` |
//! | `FILBERT_CACHE_CHECK` | one entry in so many is compared with what the compiler makes: 64; 0 for none |
//! | `FILBERT_CACHE_TENANT` | a name; code is shared only among those who give the same |

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use filbert_runtime::{CodeStore, add_store, set_stored_per_check};

use crate::disk::{Bounds, DiskStore};
use crate::files::Files;
use crate::folder;
use crate::seal::{KeyText, Seal};

/// Who is believed to have made an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// No cache on disk.
    Off,
    /// A folder that is ours alone.
    #[default]
    Private,
    /// Anybody's folder; who has the secret.
    Keyed,
    /// Anybody's folder; who has the signing key.
    Signed,
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(name: &str) -> Result<Mode, String> {
        let known = [("off", Mode::Off), ("private", Mode::Private), ("keyed", Mode::Keyed), ("signed", Mode::Signed)];
        let mode = known.into_iter().find(|(known, _)| *known == name);
        mode.map(|(_, mode)| mode).ok_or_else(|| format!("'{name}' is none of private, keyed, signed and off"))
    }
}

/// A cache on disk that is to be opened.
#[derive(Clone, Default)]
pub struct Options {
    /// Who is believed.
    pub mode: Mode,
    /// The folder; for a private one there is a usual place.
    pub folder: Option<PathBuf>,
    /// The file with the key, for folders that are not private.
    pub key: Option<PathBuf>,
    /// Code is shared only with those who give the same name.
    pub tenant: Option<String>,
    /// What the folder may hold.
    pub bounds: Bounds,
    /// One entry in so many is compared with what the compiler makes, by `use_from_env`; 64 unless it says otherwise.
    pub stored_per_check: Option<u64>,
    /// How files are touched.
    pub files: Files,
}

impl Options {
    /// What the process's environment says.
    ///
    /// # Errors
    /// A sentence that names the variable.
    pub fn from_env() -> Result<Options, String> {
        Options::from_variables(|name| std::env::var_os(name))
    }

    /// The same of any environment.
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Options, String> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let text = |name: &str| match variable(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(_)) => Err(format!("{name} is not UTF-8")),
        };
        let mode = match text("FILBERT_CACHE_MODE")? {
            None => Mode::default(),
            Some(name) => name.parse().map_err(|why| format!("FILBERT_CACHE_MODE: {why}"))?,
        };
        let usual = || match (variable("XDG_CACHE_HOME").map(PathBuf::from), variable("HOME").map(PathBuf::from)) {
            (Some(folder), _) if folder.is_absolute() => Some(folder.join("filbert")),
            (_, Some(home)) if home.is_absolute() => Some(home.join(".cache/filbert")),
            _ => None,
        };
        let named = variable("FILBERT_CACHE_DIR").map(PathBuf::from);
        let folder = if mode == Mode::Private { named.or_else(usual) } else { named };
        let mut bounds = Bounds::default();
        if let Some(bytes) = text("FILBERT_CACHE_BYTES")? {
            bounds.bytes_max = bytes_of(&bytes)
                .ok_or_else(|| format!("FILBERT_CACHE_BYTES is a number of bytes, such as 512MiB, not '{bytes}'"))?;
        }
        let stored_per_check = match text("FILBERT_CACHE_CHECK")? {
            None => None,
            Some(number) => Some(
                number.parse().map_err(|_| format!("FILBERT_CACHE_CHECK is a number of entries, not '{number}'"))?,
            ),
        };
        let (key, tenant) = (variable("FILBERT_CACHE_KEY").map(PathBuf::from), text("FILBERT_CACHE_TENANT")?);
        Ok(Options { mode, folder, key, tenant, bounds, stored_per_check, files: Files::default() })
    }

    /// Opens the cache; nothing where it is off.
    ///
    /// # Errors
    /// A sentence that says why this folder is not used.
    pub fn open(&self) -> Result<Option<DiskStore>, String> {
        let missing = "no folder is named for the kernel cache: set FILBERT_CACHE_DIR";
        let folder = || self.folder.as_deref().ok_or_else(|| missing.to_string());
        let store = match self.mode {
            Mode::Off => return Ok(None),
            Mode::Private => {
                let path = folder().map_err(|why| format!("{why}, or HOME"))?;
                let folder = folder::open_private(&self.files, path)?;
                let key = folder::own_key(&self.files, &folder).map_err(|why| format!("{}: {why}", path.display()))?;
                let seal = Seal::new(&key).ok_or("the cache's key is none")?;
                DiskStore::new(self.files.clone(), path, folder, seal, true)
            }
            Mode::Keyed | Mode::Signed => {
                let path = folder()?;
                let seal = self.shared_seal()?;
                let folder = folder::open_shared(&self.files, path)?;
                DiskStore::new(self.files.clone(), path, folder, seal, false)
            }
        };
        Ok(Some(store.with_tenant(self.tenant.as_deref()).with_bounds(self.bounds)))
    }

    fn shared_seal(&self) -> Result<Seal, String> {
        let (wanted, is_signed) = match self.mode {
            Mode::Signed => ("filbert-sign-1 or filbert-verify-1", true),
            _ => ("filbert-secret-1", false),
        };
        let path = self.key.as_deref();
        let path =
            path.ok_or_else(|| format!("a shared folder needs a key: FILBERT_CACHE_KEY names a file of {wanted}"))?;
        let key = folder::read_key(path)?;
        if matches!(key, KeyText::Secret(_)) == is_signed {
            return Err(format!("{} holds {}; this mode wants {wanted}", path.display(), key.kind()));
        }
        Seal::new(&key).ok_or_else(|| format!("{} holds no key that verifies anything", path.display()))
    }
}

/// Opens the cache that the environment asks for and gives it to all kernels of this process. Where that cannot be
/// done the log says so, once, and code stays in memory.
pub fn use_from_env() -> Option<Arc<DiskStore>> {
    let open = |options: Options| {
        options.stored_per_check.into_iter().for_each(set_stored_per_check);
        options.open()
    };
    match Options::from_env().and_then(open) {
        Ok(store) => {
            let store = Arc::new(store?);
            add_store(store.clone() as Arc<dyn CodeStore>);
            Some(store)
        }
        Err(why) => {
            tracing::warn!("no kernel cache on disk: {why}");
            None
        }
    }
}

/// `512MiB`, `1048576`.
fn bytes_of(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match &text[digits.len()..].to_ascii_lowercase()[..] {
        "" | "b" => 0,
        "k" | "kib" => 10,
        "m" | "mib" => 20,
        "g" | "gib" => 30,
        "t" | "tib" => 40,
        _ => return None,
    };
    digits.trim().parse::<u64>().ok()?.checked_mul(1 << shift).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
#[path = "options/tests.rs"]
mod tests;
