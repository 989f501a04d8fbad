//! What a second process finds of what a first one compiled, and who may read whose folder.

use std::os::unix::fs::PermissionsExt;

use filbert_ir::Datum;
use filbert_runtime::{CodeStore, Engine};
use filbert_store::{KeyText, Mode, Options};

use crate::support::{bounds, files, kernel, open, private, process, times, use_times};

#[test]
fn a_second_process_compiles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/here");
    let store = open(&private(&path));
    let first = process(&store);
    (0..20).for_each(|n| use_times(&first, n));
    assert_eq!((first.stats().compiles, first.stats().store_hits), (20, 0));
    assert!(store.stats().published >= 20);
    let store = open(&private(&path));
    let second = process(&store);
    (0..20).for_each(|n| use_times(&second, n));
    assert_eq!((second.stats().compiles, second.stats().store_hits), (0, 20));
    assert_eq!((store.stats().hits, store.stats().published), (20, 0));
    assert!(second.load(&times(3), Engine::Native).compile_time().is_none());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    for file in files(&path) {
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[test]
fn names_and_places_of_kernels_do_not_matter_and_constants_do() {
    let folder = tempfile::tempdir().unwrap();
    let source = |name: &str, column: &str, constant: &str| {
        kernel(&format!("fn {name}({column}: f64) -> f64 {{ {column} * {constant} }}"))
    };
    let run = |kernel, wanted: f64| {
        let cache = process(&open(&private(folder.path())));
        let loaded = cache.load(&kernel, Engine::Native);
        assert_eq!(loaded.call_row(&[2.0.into()]).unwrap(), [Datum::from(wanted)]);
        cache.stats().compiles
    };
    assert_eq!(run(source("price", "x", "1.5"), 3.0), 1);
    assert_eq!(run(source("price", "x", "1.5"), 3.0), 0);
    assert_eq!(run(source("price", "x", "2.5"), 5.0), 1, "another constant");
    assert_eq!(run(source("price", "amount", "1.5"), 3.0), 0, "a column has another name");
    assert_eq!(run(source("cost", "x", "1.5"), 3.0), 0, "the kernel has another name");
    let moved = "fn before(x: f64) -> f64 { x }\n\n/// What it costs.\n#[kernel]\nfn cost(x: f64) -> f64 { x * 1.5 }";
    let moved = filbert_syntax::parse(moved, "another/file.rs").unwrap();
    let moved = moved.kernels.iter().find(|kernel| kernel.name() == "cost").unwrap().clone();
    assert_eq!(run(moved, 3.0), 0, "it stands in another file, at another line, with a comment");
    let call = |rate: &str| {
        let source = format!("fn rate() -> f64 {{ {rate} }}\n#[kernel]\nfn tax(x: f64) -> f64 {{ x * rate() }}");
        let module = filbert_syntax::parse(&source, "test").unwrap();
        module.kernels.iter().find(|kernel| kernel.name() == "tax").unwrap().clone()
    };
    assert_eq!(run(call("0.25"), 0.5), 1);
    assert_eq!(run(call("0.75"), 1.5), 1, "a function that it calls was changed");
}

#[test]
fn shared_folders_want_the_right_key() {
    let folder = tempfile::tempdir().unwrap();
    let key_file = |name: &str, key: &KeyText| {
        let path = folder.path().join(name);
        std::fs::write(&path, key.line()).unwrap();
        path
    };
    let sign = KeyText::Sign([3; 32]);
    let secret = key_file("secret", &KeyText::Secret([1; 32]));
    let other = key_file("other", &KeyText::Secret([2; 32]));
    let signing = key_file("signing", &sign);
    let verifying = key_file("verifying", &sign.verifying().unwrap());
    let shared = folder.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    // Anybody may write here.
    std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(0o777)).unwrap();
    let options = |mode, key: &std::path::Path| Options {
        mode,
        folder: Some(shared.clone()),
        key: Some(key.to_path_buf()),
        ..Options::default()
    };
    let compiles = |options: &Options| {
        let store = open(options);
        let cache = process(&store);
        use_times(&cache, 7);
        (cache.stats().compiles, store.stats().rejected, store.stats().published)
    };
    assert_eq!(compiles(&options(Mode::Keyed, &secret)), (1, 0, 1));
    assert_eq!(compiles(&options(Mode::Keyed, &secret)), (0, 0, 0));
    assert_eq!(compiles(&options(Mode::Keyed, &other)), (1, 1, 1), "somebody else's are not believed");
    // The file is now the other's.
    assert_eq!(compiles(&options(Mode::Signed, &verifying)), (1, 1, 0), "who only verifies writes nothing");
    assert_eq!(compiles(&options(Mode::Signed, &signing)), (1, 1, 1));
    assert_eq!(compiles(&options(Mode::Signed, &verifying)), (0, 0, 0));
    let refused = |options: &Options| options.open().unwrap_err();
    assert!(refused(&options(Mode::Keyed, &signing)).contains("a signing key; this mode wants filbert-secret-1"));
    assert!(refused(&options(Mode::Signed, &secret)).contains("holds a secret"));
    assert!(refused(&Options { key: None, ..options(Mode::Keyed, &secret) }).contains("needs a key"));
    assert!(refused(&options(Mode::Keyed, &shared.join("none"))).contains("none"));
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o666)).unwrap();
    assert!(refused(&options(Mode::Keyed, &secret)).contains("can be written by others"));
}

#[test]
fn fault_29_tenants_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let compiles = |tenant: Option<&str>| {
        let store = open(&Options { tenant: tenant.map(str::to_string), ..private(folder.path()) });
        let cache = process(&store);
        use_times(&cache, 7);
        cache.stats().compiles
    };
    let tenants = [None, Some("red"), Some("blue")];
    assert_eq!(tenants.map(compiles), [1, 1, 1]);
    assert_eq!(tenants.map(compiles), [0, 0, 0]);
}

#[test]
fn a_folder_stays_within_its_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&Options { bounds: bounds(1 << 30, 64), ..private(folder.path()) });
    let cache = process(&store);
    (0..200).for_each(|n| use_times(&cache, n));
    let count = files(folder.path()).len();
    assert!((30..=70).contains(&count), "{count} entries");
    assert!(store.stats().removed >= 130);
    let store = open(&Options { bounds: bounds(40_000, 1000), ..private(folder.path()) });
    let cache = process(&store);
    (200..260).for_each(|n| use_times(&cache, n));
    let bytes: u64 = files(folder.path()).iter().map(|file| file.metadata().unwrap().len()).sum();
    assert!((10_000..=45_000).contains(&bytes), "{bytes} bytes");
    // Temporary files go when they are old, and not before.
    let sub = files(folder.path())[0].parent().unwrap().to_path_buf();
    let (old, new) = (sub.join(".tmp-0123456789abcdef"), sub.join(".tmp-0123456789abcdee"));
    for path in [&old, &new] {
        std::fs::write(path, "half").unwrap();
    }
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
    std::fs::File::open(&old).unwrap().set_modified(long_ago).unwrap();
    store.prune(store.bounds()).unwrap();
    assert!(!old.exists() && new.exists());
}

#[test]
fn a_kernel_in_which_a_process_died_is_interpreted() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&private(folder.path()));
    use_times(&process(&store), 5);
    store.note_death(&times(5).id()).unwrap();
    store.note_death(&times(5).id()).unwrap();
    assert_eq!(store.died().unwrap(), [times(5).id()]);
    let store = open(&private(folder.path()));
    assert!(store.has_died(&times(5).id()) && !store.has_died(&times(6).id()));
    let cache = process(&store);
    let loaded = cache.load(&times(5), Engine::Native);
    assert_eq!((loaded.engine(), cache.stats().refusals), (Engine::Interp, 1));
    assert_eq!(loaded.call_row(&[2.0.into()]).unwrap(), [Datum::from(10.5)]);
    use_times(&cache, 6);
    assert_eq!(store.forget_deaths().unwrap(), 1);
    use_times(&process(&store), 5);
}

#[test]
fn one_of_so_many_entries_is_compared_with_the_compiler() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&private(folder.path()));
    (0..8).for_each(|n| use_times(&process(&store), n));
    let checking = filbert_runtime::KernelCache::new(1 << 20).with_store(store.clone()).with_stored_per_check(4);
    (0..8).for_each(|n| use_times(&checking, n));
    let stats = checking.stats();
    assert_eq!((stats.store_hits, stats.store_checks, stats.store_differences, stats.compiles), (8, 2, 0, 0));
    // Somebody with the key wrote other code, as an older and wrong compiler might have.
    let target = filbert_compiler::Target::host();
    let wrong = filbert_compiler::compile(&times(1), &target).unwrap();
    let wrong = filbert_compiler::Artifact { kernel: times(0).id(), ..wrong };
    store.keep(&times(0), &target, &wrong);
    let checking = filbert_runtime::KernelCache::new(1 << 20).with_store(store.clone()).with_stored_per_check(1);
    use_times(&checking, 0);
    assert_eq!((checking.stats().store_differences, checking.stats().compiles), (1, 1));
    let again = filbert_runtime::KernelCache::new(1 << 20).with_store(store.clone()).with_stored_per_check(1);
    use_times(&again, 0);
    assert_eq!((again.stats().store_differences, again.stats().store_hits), (0, 1), "it was replaced");
}
