//! Folders that are not as they should be, and things that are no files where files should be: a job runs, and the
//! log has one line about it. The job is a process of its own, with the cache that its environment asks for.
//!
//! What needs root, or a mount, is skipped where that cannot be had, and the test says so.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use filbert_compiler::Target;
use filbert_runtime::{Engine, LoadedKernel};
use filbert_store::use_from_env;
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};

use crate::support::{bounds, files, open, private};
use crate::tools::{Log, command, distinct, is_distinct, normal_or_long, outcome, patient};

const KERNELS: usize = 4;

/// Whether the job of a process with this environment has a cache on disk, and what its log says.
struct Ran {
    has_cache: bool,
    is_warned: bool,
    warnings: String,
}

/// Runs a job in a process whose home is this folder, behind a shell command.
fn run_behind(shell: &str, environment: &[(&str, Option<&Path>)]) -> Ran {
    let mut command = command("places::a_job", shell);
    for name in ["HOME", "XDG_CACHE_HOME", "FILBERT_CACHE_DIR", "FILBERT_CACHE_MODE", "FILBERT_CACHE_KEY"] {
        command.env_remove(name);
    }
    for (name, value) in environment {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let said = outcome(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(), "a job");
    let warnings: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("warning: ")).collect();
    assert!(warnings.len() <= 1, "{warnings:?}");
    Ran { has_cache: said.contains("has a cache"), is_warned: warnings.len() == 1, warnings: warnings.join("\n") }
}

fn run(environment: &[(&str, Option<&Path>)]) -> Ran {
    run_behind("true", environment)
}

#[test]
#[ignore = "a process of the tests of places"]
fn a_job() {
    let (has_cache, warnings) = Log::of(|| {
        let store = use_from_env();
        for n in 0..KERNELS {
            let loaded = LoadedKernel::load_with(&distinct(n), Engine::Native);
            assert!(loaded.engine() == Engine::Native && is_distinct(&loaded, n));
        }
        store.is_some()
    });
    println!("{}", if has_cache { "has a cache" } else { "has none" });
    warnings.iter().for_each(|warning| println!("warning: {}", warning.replace('\n', " ")));
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A folder within a folder.
fn sub(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn fault_05_folders_that_are_not_ours_alone_are_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let refused = |path: &Path, why: &str| {
        let ran = run(&[("FILBERT_CACHE_DIR", Some(path))]);
        assert!(!ran.has_cache && ran.is_warned && ran.warnings.contains(why), "{why}: {}", ran.warnings);
    };
    let good = sub(folder, "good");
    set_mode(&good, 0o755);
    let ran = run(&[("FILBERT_CACHE_DIR", Some(&good))]);
    assert!(ran.has_cache && !ran.is_warned, "{}", ran.warnings);
    assert_eq!(files(&good).len(), KERNELS);
    for mode in [0o720, 0o702, 0o777, 0o1777] {
        let path = sub(folder, &format!("mode-{mode:o}"));
        set_mode(&path, mode);
        refused(&path, "can be written by others");
        assert!(std::fs::read_dir(&path).unwrap().next().is_none(), "nothing was written there");
    }
    let link = folder.join("link");
    symlink(&good, &link).unwrap();
    refused(&link, "is a symbolic link");
    // Above it: what others may write is not to be trusted, unless it is sticky, as /tmp.
    let open_to_all = sub(folder, "open");
    set_mode(&open_to_all, 0o777);
    refused(&open_to_all.join("cache"), "above the cache, can be written by others");
    refused(&open_to_all.join("deep/down/cache"), "above the cache, can be written by others");
    set_mode(&open_to_all, 0o1777);
    assert!(run(&[("FILBERT_CACHE_DIR", Some(&open_to_all.join("sticky")))]).has_cache);
    // A link on the way leads to a folder that is judged.
    set_mode(&open_to_all, 0o777);
    symlink(&open_to_all, folder.join("way")).unwrap();
    refused(&folder.join("way/cache"), "above the cache, can be written by others");
    if is_root() {
        let foreign = sub(folder, "foreign");
        std::os::unix::fs::chown(&foreign, Some(12_345), None).unwrap();
        refused(&foreign, "belongs to user 12345");
        refused(&foreign.join("cache"), "above the cache, belongs to user 12345");
    } else {
        println!("SKIPPED: folders of another owner, for which the test must be root");
    }
}

#[test]
fn fault_51_homes_that_are_missing_read_only_full_or_no_folders() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let without = |home: Option<&Path>, why: &str| {
        let ran = run(&[("HOME", home)]);
        assert!(!ran.has_cache && ran.is_warned && ran.warnings.contains(why), "{home:?}: {}", ran.warnings);
    };
    let good = sub(folder, "good");
    let ran = run(&[("HOME", Some(&good))]);
    assert!(ran.has_cache && !ran.is_warned, "{}", ran.warnings);
    assert_eq!(files(&good.join(".cache/filbert")).len(), KERNELS);
    without(None, "or HOME");
    without(Some(Path::new("relative")), "or HOME");
    without(Some(Path::new("/proc/self/fdinfo")), ".cache");
    without(Some(Path::new("/dev/null")), "Not a directory");
    std::fs::write(folder.join("file"), "").unwrap();
    without(Some(&folder.join("file")), "Not a directory");
    std::fs::write(sub(folder, "half").join(".cache"), "").unwrap();
    without(Some(&folder.join("half")), "half/.cache");
    if is_root() {
        println!("SKIPPED: a home of mode 0555, for root writes there all the same; it is a read-only mount below");
    } else {
        let read_only = sub(folder, "read-only");
        set_mode(&read_only, 0o555);
        without(Some(&read_only), "Permission denied");
    }
}

/// A shell command that mounts a small file system, seen by nobody else, before the job.
fn mounted(at: &Path, options: &str, then: &str) -> Option<String> {
    let at = at.display();
    let mount = format!("mount -t tmpfs -o {options} none {at} && {then}");
    let line = format!("unshare -m true && unshare -m sh -c 'mount -t tmpfs none {at}'");
    let can = std::process::Command::new("sh").arg("-c").arg(line).stderr(Stdio::null()).status().unwrap().success();
    if !can {
        println!("SKIPPED: a file system of its own, for which the test must be root and may mount");
    }
    // The job is run by the shell in the new name space.
    can.then(|| format!("[ -n \"$INSIDE\" ] || INSIDE=1 exec unshare -m sh -c '{mount}; exec \"$@\"' sh \"$0\""))
}

#[test]
fn fault_51_a_read_only_and_a_full_file_system() {
    let folder = tempfile::tempdir().unwrap();
    let home = sub(folder.path(), "home");
    let test = "--exact places::a_job --ignored --nocapture --test-threads 1";
    let behind = |options: &str, then: &str| {
        Some(run_behind(&format!("{} {test}", mounted(&home, options, then)?), &[("HOME", Some(&home))]))
    };
    // Read-only from the beginning, and when there was a cache before.
    if let Some(ran) = behind("ro", "true") {
        assert!(!ran.has_cache && ran.is_warned, "{}", ran.warnings);
        assert!(ran.warnings.contains("Read-only"), "{}", ran.warnings);
    }
    // No room for a key; for no entry; for not all of them. And no more names.
    for (options, has_cache) in [("size=4k", false), ("size=8k", true), ("size=12k", true), ("nr_inodes=9", true)] {
        if let Some(ran) = behind(options, "true") {
            assert!(ran.has_cache == has_cache && ran.is_warned, "{options}: {}", ran.warnings);
            assert!(ran.warnings.contains("No space left"), "{options}: {}", ran.warnings);
        }
    }
}

/// What may stand where a file or a folder should be.
const THINGS: [&str; 10] =
    ["fifo", "socket", "null", "zero", "folder", "full folder", "link", "dangling link", "giant", "junk"];

/// Puts a thing at a path. Says whether that could be done here.
fn put(thing: &str, path: &Path) -> bool {
    let _ = std::fs::remove_file(path);
    let _ = std::fs::remove_dir_all(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let node = |ty, device| mknodat(CWD, path, ty, Mode::from_raw_mode(0o600), device).is_ok();
    match thing {
        "fifo" => assert!(node(FileType::Fifo, 0)),
        "socket" => assert!(node(FileType::Socket, 0)),
        "null" => return node(FileType::CharacterDevice, makedev(1, 3)),
        "zero" => return node(FileType::CharacterDevice, makedev(1, 5)),
        "folder" => std::fs::create_dir(path).unwrap(),
        "full folder" => std::fs::create_dir_all(path.join("in/it")).unwrap(),
        "link" => symlink("/etc/passwd", path).unwrap(),
        "dangling link" => symlink("nowhere", path).unwrap(),
        "giant" => std::fs::File::create(path).unwrap().set_len(10 << 30).unwrap(),
        _ => std::fs::write(path, "junk".repeat(500)).unwrap(),
    }
    true
}

#[test]
fn fault_52_things_that_are_no_files_do_not_hang_and_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    let (mut count, target) = (0, Target::host());
    for thing in THINGS {
        // In the place of all entries, of the folders that they are in, and of what else the cache has.
        for place in ["entries", "subs", "key", "lock", "CACHEDIR.TAG", "died"] {
            let _ = std::fs::remove_dir_all(&path);
            assert!(run(&[("FILBERT_CACHE_DIR", Some(&path))]).has_cache);
            let entries = files(&path);
            assert_eq!(entries.len(), KERNELS);
            let places: Vec<PathBuf> = match place {
                "entries" => entries.clone(),
                "subs" => entries.iter().map(|file| file.parent().unwrap().to_path_buf()).collect(),
                name => vec![path.join(name)],
            };
            if !places.iter().all(|path| put(thing, path)) {
                println!("SKIPPED: {thing}, for which the test must be root");
                continue;
            }
            // Another job in the same place, which may hang no longer than `outcome` waits, and one more.
            let ran = run(&[("FILBERT_CACHE_DIR", Some(&path))]);
            let again = run(&[("FILBERT_CACHE_DIR", Some(&path))]);
            count += 2;
            let what = format!("{thing} as {place}: {}; {}", ran.warnings, again.warnings);
            if place == "entries" {
                assert!(ran.has_cache && ran.is_warned, "{what}");
                // A folder with something in it is not ours to empty; all else is replaced.
                assert_eq!(again.is_warned, thing == "full folder", "{what}");
            }
            if place == "key" && thing != "full folder" && thing != "folder" {
                assert!(again.has_cache, "{what}");
            }
            // Nothing was written or removed behind a link.
            assert!(!path.join("nowhere").exists() && Path::new("/etc/passwd").exists());
            if let (Ok(Some(store)), "entries") = (private(&path).open(), place) {
                let good = (0..KERNELS).filter(|n| store.file_of(&distinct(*n).id(), &target).is_file()).count();
                assert_eq!(good, if thing == "full folder" { 0 } else { KERNELS }, "{what}");
                store.prune(bounds(0, 0)).unwrap();
                store.list().unwrap();
            }
        }
    }
    println!("{count} jobs among things that are no files");
}

#[test]
fn fault_52_junk_is_left_alone_and_costs_a_bounded_scan() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    let store = open(&private(&path));
    let cache = patient(1 << 20).with_store(store.clone());
    (0..10).for_each(|n| drop(cache.load(&distinct(n), Engine::Native)));
    // Beside the entries, for of so many names in one folder only some are looked at.
    let free = (0..256).map(|n| format!("{n:02x}")).find(|name| !path.join(name).exists()).unwrap();
    let junk = sub(&path, &free);
    let names = normal_or_long(10_000, 1_000_000);
    for n in 0..names {
        std::fs::File::create(junk.join(format!("{n:x}"))).unwrap();
    }
    let entries = files(&path).len() - names;
    let begun = std::time::Instant::now();
    assert_eq!(store.prune(bounds(0, 0)).unwrap() as usize, entries, "entries go, junk stays");
    println!("{names} names of junk looked at in {:?}", begun.elapsed());
    // What calls itself an entry and is far too large is none, and the good ones need not make room for it.
    let cache = patient(1 << 20).with_store(store.clone());
    (0..10).for_each(|n| drop(cache.load(&distinct(n), Engine::Native)));
    let good: Vec<_> = store.list().unwrap();
    std::fs::remove_dir_all(&junk).unwrap();
    sub(&path, &free);
    for n in 0..4 {
        let giant = junk.join(format!("{free}{n:062x}.fbc"));
        std::fs::File::create(giant).unwrap().set_len(10 << 30).unwrap();
    }
    assert_eq!(store.prune(store.bounds()).unwrap(), 4);
    assert_eq!(store.list().unwrap().len(), good.len());
}

#[test]
fn fault_51_a_folder_that_goes_away_in_mid_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    let store = open(&private(&path));
    let cache = patient(1 << 20).with_store(store.clone());
    let ((), warnings) = Log::of(|| {
        for n in 0..40 {
            match n {
                10 => std::fs::remove_dir_all(&path).unwrap(),
                // Somebody makes it anew: it is another folder, with another key.
                20 => drop(open(&private(&path))),
                30 => std::fs::rename(&path, folder.path().join("elsewhere")).unwrap(),
                _ => {}
            }
            assert!(is_distinct(&cache.load(&distinct(n), Engine::Native), n));
        }
        let _ = store.prune(store.bounds());
    });
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!((cache.stats().compiles, store.stats().published, store.stats().failures), (40, 10, 30));
    assert_eq!(files(&folder.path().join("elsewhere")).len(), 0);
}
