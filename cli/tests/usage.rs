//! Exit status 2, help, and a reader that goes away.

use std::io::Read;
use std::process::{Command, Stdio};

use crate::Place;

#[test]
fn wrong_usage_is_status_2() {
    let place = Place::with(&[]);
    for args in [
        &[][..],
        &["fly"],
        &["run"],
        &["check"],
        &["check", "--explain", "FB-9999"],
        &["check", "--explain", "FB-0103", "k.rs"],
        &["call", "k.rs"],
        &["explain", "k.rs", "--stage", "hex"],
        &["bench", "k.rs"],
        &["bench", "k.rs", "f", "--table", "t.parquet", "--random", "x=const(1)"],
        &["bench", "k.rs", "f", "--table", "t.parquet", "--rows", "5"],
        &["bench", "k.rs", "f", "--rows", "0"],
        &["bench", "k.rs", "f", "--threads", "0"],
        &["bench", "k.rs", "f", "--backend", "gpu"],
        &["bench", "k.rs", "f", "--svg", "f.svg"],
        &["run", "job.sql", "--table", "flights"],
        &["run", "job.sql", "--output", "rows.xls"],
        &["run", "job.sql", "--output", "rows.csv", "--format", "csv"],
        &["run", "job.sql", "--partitions", "0"],
        &["run", "job.sql", "--partition-bytes", "0"],
        &["run", "job.sql", "--partition-bytes", "lots"],
    ] {
        let ran = place.filbert(args);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("Usage:") || ran.stderr.contains("--help"), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let place = Place::with(&[]);
    for command in ["run", "check", "call", "explain", "bench", "doctor"] {
        let ran = place.filbert(&[command, "--help"]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert!(ran.stdout.contains("Example") && ran.stdout.contains(&format!("filbert {command}")), "{}", ran.stdout);
    }
}

#[test]
fn a_closed_reader_is_no_failure() {
    let place = Place::with(&[("job.sql", "SELECT * FROM generate_series(1, 200000)")]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_filbert"))
        .args(["run", "job.sql", "--format", "csv"])
        .current_dir(place.folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 5];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
