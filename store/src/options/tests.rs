//! What the variables of an environment ask for.
#![allow(clippy::unwrap_used)]

use super::*;

fn of(variables: &[(&str, &str)]) -> Result<Options, String> {
    let variables: Vec<(String, OsString)> = variables.iter().map(|(name, v)| (name.to_string(), v.into())).collect();
    Options::from_variables(|wanted| variables.iter().find(|(name, _)| name == wanted).map(|(_, v)| v.clone()))
}

#[test]
fn the_usual_place_is_in_the_cache_folder_of_the_user() {
    let folder = |variables: &[(&str, &str)]| of(variables).unwrap().folder;
    assert_eq!(folder(&[]), None);
    assert_eq!(folder(&[("HOME", "/users/me")]), Some("/users/me/.cache/filbert".into()));
    let both = [("HOME", "/users/me"), ("XDG_CACHE_HOME", "/var/me")];
    assert_eq!(folder(&both), Some("/var/me/filbert".into()));
    let named = [both[0], both[1], ("FILBERT_CACHE_DIR", "/tmp/here")];
    assert_eq!(folder(&named), Some("/tmp/here".into()), "the folder that is named, and no folder in it");
    // Relative and empty ones are none.
    assert_eq!(folder(&[("HOME", "me"), ("XDG_CACHE_HOME", "cache")]), None);
    assert_eq!(folder(&[("HOME", "/users/me"), ("XDG_CACHE_HOME", "cache")]), Some("/users/me/.cache/filbert".into()));
    assert_eq!(folder(&[("HOME", "/users/me"), ("XDG_CACHE_HOME", "")]), Some("/users/me/.cache/filbert".into()));
    assert_eq!(folder(&[("HOME", ""), ("FILBERT_CACHE_DIR", "")]), None);
}

#[test]
fn shared_modes_have_no_usual_place() {
    for mode in ["keyed", "signed"] {
        let options = of(&[("HOME", "/users/me"), ("FILBERT_CACHE_MODE", mode)]).unwrap();
        assert_eq!((options.folder.clone(), options.key.clone()), (None, None));
        assert!(options.open().unwrap_err().contains("set FILBERT_CACHE_DIR"));
        let named = [("FILBERT_CACHE_DIR", "/share"), ("FILBERT_CACHE_MODE", mode), ("FILBERT_CACHE_KEY", "/key")];
        let options = of(&named).unwrap();
        assert_eq!((options.folder, options.key), (Some("/share".into()), Some("/key".into())));
        let without_key = of(&named[..2]).unwrap().open().unwrap_err();
        assert!(without_key.contains("a shared folder needs a key: FILBERT_CACHE_KEY"), "{without_key}");
    }
}

#[test]
fn modes_have_names() {
    let mode = |name| of(&[("FILBERT_CACHE_MODE", name)]).map(|options| options.mode);
    let known = [("off", Mode::Off), ("private", Mode::Private), ("keyed", Mode::Keyed), ("signed", Mode::Signed)];
    for (name, known) in known {
        assert_eq!(mode(name), Ok(known));
    }
    assert_eq!(mode(""), Ok(Mode::Private));
    for wrong in ["Private", "on", "shared", " keyed"] {
        let said = mode(wrong).unwrap_err();
        assert!(
            said.contains("FILBERT_CACHE_MODE") && said.contains("none of private, keyed, signed and off"),
            "{said}"
        );
    }
    assert!(of(&[("FILBERT_CACHE_MODE", "off")]).unwrap().open().unwrap().is_none());
}

#[test]
fn sizes_are_numbers_of_bytes() {
    let bytes = |text: &str| of(&[("FILBERT_CACHE_BYTES", text)]).map(|options| options.bounds.bytes_max);
    assert_eq!(of(&[]).unwrap().bounds, Bounds { bytes_max: 512 << 20, entries_max: 65_536 });
    let good = [
        ("1", 1),
        ("1048576", 1 << 20),
        ("7b", 7),
        ("64k", 64 << 10),
        ("64 KiB", 64 << 10),
        ("512MiB", 512 << 20),
        ("512mib", 512 << 20),
        ("3G", 3 << 30),
        ("2TiB", 2 << 40),
        ("8388607TiB", 8_388_607 << 40),
    ];
    for (text, wanted) in good {
        assert_eq!(bytes(text), Ok(wanted), "{text}");
    }
    let wrong =
        ["0", "0MiB", "-1", "1.5G", "MiB", "512MB", "1 2", "1e6", "18446744073709551616", "16777216TiB", "ü", "12ü"];
    for text in wrong {
        let said = bytes(text).unwrap_err();
        assert!(said.contains("FILBERT_CACHE_BYTES") && said.contains(&format!("'{text}'")), "{said}");
    }
}

#[test]
fn what_is_not_utf8_is_said_where_it_matters() {
    use std::os::unix::ffi::OsStringExt;
    let odd = || OsString::from_vec(vec![b'/', 0xff]);
    for name in ["FILBERT_CACHE_MODE", "FILBERT_CACHE_BYTES", "FILBERT_CACHE_TENANT"] {
        let options = Options::from_variables(|wanted| (wanted == name).then(odd));
        assert_eq!(options.err(), Some(format!("{name} is not UTF-8")));
    }
    // A path may be any bytes.
    let options = Options::from_variables(|wanted| (wanted == "FILBERT_CACHE_DIR").then(odd)).unwrap();
    assert_eq!(options.folder, Some(PathBuf::from(odd())));
}

#[test]
fn tenants_have_names() {
    assert_eq!(of(&[("FILBERT_CACHE_TENANT", "red")]).unwrap().tenant.as_deref(), Some("red"));
    assert_eq!(of(&[("FILBERT_CACHE_TENANT", "")]).unwrap().tenant, None);
}
