//! Bad input: one clear screen each, status 1, nothing left behind.

use std::fs;

use expect_test::expect;

use crate::{Place, root};

const KERNELS: &str = "\
/// Grows quickly.
fn square(n: i64) -> i64 {
    n * n
}

fn share(part: i64, whole: i64) -> i64 {
    100 * part / whole
}

fn half(x: f64) -> f64 { x / 2.0 }

fn whole(x: f64) -> i32 { x as i32 }
";

fn place(sql: &str) -> Place {
    Place::with(&[
        ("k.rs", KERNELS),
        ("job.sql", sql),
        ("t.csv", "n,x,name\n1,0.5,a\n0,1.5,b\n3037000500,2.5,c\n4000000000,3.5,d\n"),
    ])
}

const RUN: &[&str] = &["run", "job.sql", "--kernels", "k.rs", "--table", "t=t.csv"];

#[test]
fn syntax_error() {
    Place::with(&[("k.rs", "fn f(x: f64) -> f64 {\n    x +\n}\n")]).filbert(&["check", "k.rs"]).fails(expect![""]);
}

#[test]
fn unknown_name() {
    let text = "fn f(speed: f64) -> f64 {\n    sped.sqroot()\n}\n";
    Place::with(&[("k.rs", text)]).filbert(&["check", "k.rs"]).fails(expect![""]);
}

#[test]
fn type_mismatch() {
    let text = "fn f(x: f64, n: i32) -> f64 {\n    x * n\n}\n";
    Place::with(&[("k.rs", text)]).filbert(&["check", "k.rs"]).fails(expect![""]);
}

#[test]
fn recursive_kernels() {
    let text = "fn f(n: i64) -> i64 { g(n) }\nfn g(n: i64) -> i64 { f(n) }\n";
    Place::with(&[("k.rs", text)]).filbert(&["check", "k.rs"]).fails(expect![""]);
}

#[test]
fn kernel_too_large() {
    let body = "    let x = x * x + 1.5;\n".repeat(3000);
    let text = format!("fn f(x: f64) -> f64 {{\n{body}    x\n}}\n");
    Place::with(&[("k.rs", &text)]).filbert(&["check", "k.rs"]).fails(expect![""]);
}

#[test]
fn text_too_long() {
    let text = format!("// {}\nfn f(x: f64) -> f64 {{ x }}\n", "long ".repeat(100_000));
    Place::with(&[("k.rs", &text)]).filbert(&["check", "k.rs"]).fails(expect![""]);
}

#[test]
fn missing_files() {
    let place = place("SELECT 1");
    place.filbert(&["check", "no.rs"]).fails(expect![""]);
    place.filbert(&["call", "no.rs", "f", "1"]).fails(expect![""]);
    place.filbert(&["run", "no.sql"]).fails(expect![""]);
    place.filbert(&["run", "job.sql", "--kernels", "no.rs"]).fails(expect![""]);
    place.filbert(&["run", "job.sql", "--table", "t=no.csv"]).fails(expect![""]);
    place.filbert(&["run", "job.sql", "--table", "t=no/*.csv"]).fails(expect![""]);
    place.filbert(&["check", "."]).fails(expect![""]);
}

#[test]
fn missing_location() {
    let sql = "SELECT 1;\n\nCREATE EXTERNAL TABLE t STORED AS PARQUET\n  LOCATION 'data/no.parquet';\nSELECT * FROM t;";
    place(sql).filbert(&["run", "job.sql"]).fails(expect![""]);
}

#[test]
fn wrong_arguments_of_a_call() {
    let place = place("");
    place.filbert(&["call", "k.rs", "share", "1"]).fails(expect![""]);
    place.filbert(&["call", "k.rs", "share", "one", "2.5"]).fails(expect![""]);
    place.filbert(&["call", "k.rs", "whole", "1e400"]).fails(expect![""]);
    place.filbert(&["call", "k.rs", "squre", "1"]).fails(expect![""]);
}

#[test]
fn failing_row_of_a_call() {
    let place = place("");
    place.filbert(&["call", "k.rs", "share", "7", "0"]).fails(expect![""]);
    place.filbert(&["call", "k.rs", "square", "4000000000", "--engine", "interp"]).fails(expect![""]);
}

#[test]
fn nan_to_integer_saturates() {
    place("").filbert(&["call", "k.rs", "whole", "nan", "--engine", "both"]).prints(expect![""]);
}

#[test]
fn integer_overflow_in_a_row() {
    let place = place("SELECT n FROM t;\nSELECT square(n) AS s FROM t;");
    place.filbert(&[RUN, &["--output", "out.parquet"]].concat()).fails(expect![""]);
    assert_eq!(place.files(), ["job.sql", "k.rs", "t.csv"]);
    place.filbert(&[RUN, &["--engine", "interp", "--partitions", "1"]].concat()).fails(expect![""]);
}

#[test]
fn division_by_zero_in_a_row() {
    let place = place("SELECT share(n, n) AS s FROM t WHERE n < 10");
    place.write("out.csv", "what was there");
    place.filbert(&[RUN, &["--output", "out.csv", "--partitions", "1"]].concat()).fails(expect![""]);
    assert_eq!(place.files(), ["job.sql", "k.rs", "out.csv", "t.csv"]);
    assert_eq!(place.read("out.csv"), "what was there");
}

#[test]
fn a_failing_row_of_a_created_function() {
    let sql = "CREATE FUNCTION f(BIGINT) RETURNS BIGINT LANGUAGE kernel AS $$\nfn f(n: i64) -> i64 {\n    7 / n\n}\n$$;\nSELECT f(n) FROM t;";
    place(sql).filbert(RUN).fails(expect![""]);
}

#[test]
fn wrong_column_type() {
    place("SELECT half(n) FROM t").filbert(RUN).fails(expect![""]);
    place("SELECT half(name) FROM t").filbert(RUN).fails(expect![""]);
}

#[test]
fn wrong_number_of_arguments_in_sql() {
    place("SELECT 1;\nSELECT half(x, x) FROM t").filbert(RUN).fails(expect![""]);
}

#[test]
fn wrong_sql() {
    place("SELECT 1;\nSELECT n FORM t;").filbert(RUN).fails(expect![""]);
    place("SELECT 1;\nSELECT 'open;\n").filbert(RUN).fails(expect![""]);
    place("SELECT n FROM t;\nSELECT\n  m + 1 FROM t;").filbert(RUN).fails(expect![""]);
    place("SELECT n FROM\n  nowhere;").filbert(RUN).fails(expect![""]);
    place("SELECT thirds(n) FROM t;").filbert(RUN).fails(expect![""]);
    place("SELECT 10 / (n - n) FROM t;").filbert(RUN).fails(expect![""]);
    place("-- nothing\n;;").filbert(RUN).fails(expect![""]);
}

#[test]
fn wrong_create_function() {
    let sql = "\nCREATE FUNCTION f(DOUBLE) RETURNS DOUBLE LANGUAGE kernel AS 'fn f(x: f64) -> f64 { y }';";
    place(sql).filbert(RUN).fails(expect![""]);
    let sql = "\nCREATE FUNCTION f(BIGINT) RETURNS DOUBLE LANGUAGE kernel AS 'fn f(x: f64) -> f64 { x }';";
    place(sql).filbert(RUN).fails(expect![""]);
}

#[test]
fn a_kernel_in_two_files() {
    let place = place("SELECT 1");
    place.write("more.rs", "fn Half(x: f64) -> f64 { x * 0.5 }");
    place.filbert(&[RUN, &["--kernels", "more.rs"]].concat()).fails(expect![""]);
}

#[test]
fn a_parquet_file_that_is_cut_short() {
    let whole = fs::read(root().join("examples/data/airports.parquet")).unwrap();
    let place = place("SELECT 1;\nCREATE EXTERNAL TABLE a STORED AS PARQUET LOCATION 'p/';\nSELECT count(*) FROM a");
    place.write("p/1.parquet", &whole);
    place.write("p/2.parquet", &whole[..whole.len() / 2]);
    place.filbert(&["run", "job.sql"]).fails(expect![""]);
    place.filbert(&["run", "job.sql", "--table", "b=p"]).fails(expect![""]);
    place.write("p/2.parquet", &whole[..7]);
    place.filbert(&["run", "job.sql"]).fails(expect![""]);
}

#[cfg(unix)]
#[test]
fn no_permission_to_write() {
    // /dev/full and a folder that is none stand for it: root may write to folders of mode 0.
    let place = place("SELECT 1 AS one");
    place.filbert(&["run", "job.sql", "--output", "no/out.csv"]).fails(expect![""]);
    place.filbert(&["run", "job.sql", "--output", "t.csv/out.csv"]).fails(expect![""]);
    place.write("folder.csv/x", "");
    place.filbert(&["run", "job.sql", "--output", "folder.csv"]).fails(expect![""]);
    place.filbert(&["run", "job.sql", "--output", "/proc/out.csv"]).fails(expect![""]);
}

#[test]
fn a_result_that_nobody_writes() {
    let place = place("CREATE VIEW v AS SELECT 1");
    place.filbert(&["run", "job.sql", "--output", "out.csv"]).fails(expect![""]);
}
