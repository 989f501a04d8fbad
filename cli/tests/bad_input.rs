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
    Place::with(&[("k.rs", "fn f(x: f64) -> f64 {\n    x +\n}\n")]).filbert(&["check", "k.rs"]).fails(expect![[r#"
        [FB-0001] Error: expected an expression
           ,-[ k.rs:3:1 ]
           |
         3 | }
           | |
           | `-- here
        ---'
    "#]]);
}

#[test]
fn unknown_name() {
    let text = "fn f(speed: f64) -> f64 {\n    sped.sqroot()\n}\n";
    Place::with(&[("k.rs", text)]).filbert(&["check", "k.rs"]).fails(expect![[r#"
        [FB-0101] Error: unknown name `sped`
           ,-[ k.rs:2:5 ]
           |
         2 |     sped.sqroot()
           |     ^^|^
           |       `--- here
           |
           | Help: did you mean `speed`?
        ---'
    "#]]);
}

#[test]
fn type_mismatch() {
    let text = "fn f(x: f64, n: i32) -> f64 {\n    x * n\n}\n";
    Place::with(&[("k.rs", text)]).filbert(&["check", "k.rs"]).fails(expect![[r#"
        [FB-0103] Error: `*`: expected one type on both sides, got f64 and i32
           ,-[ k.rs:2:9 ]
           |
         2 |     x * n
           |     |   |
           |     `------ this is f64
           |         |
           |         `-- this is i32
           |
           | Help: write `n as f64`
        ---'
    "#]]);
}

#[test]
fn recursive_kernels() {
    let text = "fn f(n: i64) -> i64 { g(n) }\nfn g(n: i64) -> i64 { f(n) }\n";
    Place::with(&[("k.rs", text)]).filbert(&["check", "k.rs"]).fails(expect![[r#"
        [FB-0108] Error: kernels call each other in a circle: `f` calls `g` calls `f`
           ,-[ k.rs:2:23 ]
           |
         2 | fn g(n: i64) -> i64 { f(n) }
           |                       |
           |                       `-- here
           |
           | Help: calls are replaced by the body of what they call, so they must end: write a closed form
        ---'
    "#]]);
}

#[test]
fn kernel_too_large() {
    let body = "    let x = x * x + 1.5;\n".repeat(3000);
    let text = format!("fn f(x: f64) -> f64 {{\n{body}    x\n}}\n");
    Place::with(&[("k.rs", &text)]).filbert(&["check", "k.rs"]).fails(expect![[r#"
        [FB-0201] Error: `f` has more than 4096 values (limits::VALUES_MAX)
              ,-[ k.rs:1367:21 ]
              |
         1367 |     let x = x * x + 1.5;
              |                     ^|^
              |                      `--- the limit is passed here
              |
              | Help: calls are replaced by the body of what they call: compute parts of it in a kernel of their own
        ------'
    "#]]);
}

#[test]
fn text_too_long() {
    let text = format!("// {}\nfn f(x: f64) -> f64 {{ x }}\n", "long ".repeat(100_000));
    Place::with(&[("k.rs", &text)]).filbert(&["check", "k.rs"]).fails(expect![[r#"
        [FB-0201] Error: k.rs is longer than 262144 bytes, the limit for source text
    "#]]);
}

#[test]
fn missing_files() {
    let place = place("SELECT 1");
    place.filbert(&["check", "no.rs"]).fails(expect![[r#"
        [FB-0703] Error: cannot read no.rs: there is no such file
    "#]]);
    place.filbert(&["call", "no.rs", "f", "1"]).fails(expect![[r#"
        [FB-0703] Error: cannot read no.rs: there is no such file
    "#]]);
    place.filbert(&["run", "no.sql"]).fails(expect![[r#"
        [FB-0703] Error: cannot read no.sql: there is no such file
    "#]]);
    place.filbert(&["run", "job.sql", "--kernels", "no.rs"]).fails(expect![[r#"
        [FB-0703] Error: cannot read no.rs: there is no such file
    "#]]);
    place.filbert(&["run", "job.sql", "--table", "t=no.csv"]).fails(expect![[r#"
        [FB-0703] Error: cannot read no.csv: there is no such file
    "#]]);
    place.filbert(&["run", "job.sql", "--table", "t=no/*.csv"]).fails(expect![[r#"
        [FB-0703] Error: cannot read no/*.csv: no file matches
    "#]]);
    place.filbert(&["check", "."]).fails(expect![[r#"
        [FB-0703] Error: cannot read .: it is a folder
    "#]]);
}

#[test]
fn missing_location() {
    let sql = "SELECT 1;\n\nCREATE EXTERNAL TABLE t STORED AS PARQUET\n  LOCATION 'data/no.parquet';\nSELECT * FROM t;";
    place(sql).filbert(&["run", "job.sql"]).fails(expect![[r#"
        [FB-0703] Error: cannot read data/no.parquet: there is no such file
          in the statement at job.sql:3
    "#]]);
}

#[test]
fn wrong_arguments_of_a_call() {
    let place = place("");
    place.filbert(&["call", "k.rs", "share", "1"]).fails(expect![[r#"
        [FB-0104] Error: share takes 2 arguments, got 1
          help: share(part: i64, whole: i64) -> i64
    "#]]);
    place.filbert(&["call", "k.rs", "share", "one", "2.5"]).fails(expect![[r#"
        [FB-0103] Error: argument 1 (part): `one` is not an i64
        [FB-0103] Error: argument 2 (whole): `2.5` is not an i64
          help: share(part: i64, whole: i64) -> i64
    "#]]);
    place.filbert(&["call", "k.rs", "whole", "1e400"]).fails(expect![[r#"
        [FB-0106] Error: argument 1 (x): `1e400` does not fit f64
          help: whole(x: f64) -> i32
    "#]]);
    place.filbert(&["call", "k.rs", "squre", "1"]).fails(expect![[r#"
        [FB-0101] Error: k.rs has no kernel `squre`
          help: it has square, share, half, whole
    "#]]);
}

#[test]
fn failing_row_of_a_call() {
    let place = place("");
    place.filbert(&["call", "k.rs", "share", "7", "0"]).fails(expect![[r#"
        [FB-0502] Error: division by zero in kernel share
           ,-[ k.rs:7:5 ]
           |
         7 |     100 * part / whole
           |     ^^^^^^^^^|^^^^^^^^
           |              `---------- 700 / 0 divides i64 by zero
           |
           | Help: the row's arguments: part = 7, whole = 0
        ---'
    "#]]);
    place.filbert(&["call", "k.rs", "square", "4000000000", "--engine", "interp"]).fails(expect![[r#"
        [FB-0501] Error: integer overflow in kernel square
           ,-[ k.rs:3:5 ]
           |
         3 |     n * n
           |     ^^|^^
           |       `---- 4000000000 * 4000000000 does not fit i64
           |
           | Help: the row's arguments: n = 4000000000
        ---'
    "#]]);
}

#[test]
fn nan_to_integer_saturates() {
    place("").filbert(&["call", "k.rs", "whole", "nan", "--engine", "both"]).prints(expect![[r#"
        0
    "#]]);
}

#[test]
fn integer_overflow_in_a_row() {
    let place = place("SELECT n FROM t;\nSELECT square(n) AS s FROM t;");
    place.filbert(&[RUN, &["--output", "out.parquet"]].concat()).fails(expect![[r#"
        [FB-0501] Error: integer overflow in kernel square, row 2 of the batch
           ,-[ k.rs:3:5 ]
           |
         3 |     n * n
           |     ^^|^^
           |       `---- 3037000500 * 3037000500 does not fit i64
           |
           | Help: the row's arguments: n = 3037000500
        ---'
          in the statement at job.sql:2
    "#]]);
    assert_eq!(place.files(), ["job.sql", "k.rs", "t.csv"]);
    place.filbert(&[RUN, &["--engine", "interp", "--partitions", "1"]].concat()).fails(expect![[r#"
        [FB-0501] Error: integer overflow in kernel square, row 2 of the batch
           ,-[ k.rs:3:5 ]
           |
         3 |     n * n
           |     ^^|^^
           |       `---- 3037000500 * 3037000500 does not fit i64
           |
           | Help: the row's arguments: n = 3037000500
        ---'
          in the statement at job.sql:2
    "#]]);
}

#[test]
fn division_by_zero_in_a_row() {
    let place = place("SELECT share(n, n) AS s FROM t WHERE n < 10");
    place.write("out.csv", "what was there");
    place.filbert(&[RUN, &["--output", "out.csv", "--partitions", "1"]].concat()).fails(expect![[r#"
        [FB-0502] Error: division by zero in kernel share, row 1 of the batch
           ,-[ k.rs:7:5 ]
           |
         7 |     100 * part / whole
           |     ^^^^^^^^^|^^^^^^^^
           |              `---------- 0 / 0 divides i64 by zero
           |
           | Help: the row's arguments: part = 0, whole = 0
        ---'
          in the statement at job.sql:1
    "#]]);
    assert_eq!(place.files(), ["job.sql", "k.rs", "out.csv", "t.csv"]);
    assert_eq!(place.read("out.csv"), "what was there");
}

#[test]
fn a_failing_row_of_a_created_function() {
    let sql = "CREATE FUNCTION f(BIGINT) RETURNS BIGINT LANGUAGE kernel AS $$\nfn f(n: i64) -> i64 {\n    7 / n\n}\n$$;\nSELECT f(n) FROM t;";
    place(sql).filbert(RUN).fails(expect![[r#"
        [FB-0502] Error: division by zero in kernel f, row 1 of the batch
           ,-[ CREATE FUNCTION f:3:5 ]
           |
         3 |     7 / n
           |     ^^|^^
           |       `---- 7 / 0 divides i64 by zero
           |
           | Help: the row's arguments: n = 0
        ---'
          in the statement at job.sql:6
    "#]]);
}

#[test]
fn wrong_column_type() {
    place("SELECT half(n) FROM t").filbert(RUN).fails(expect![[r#"
        [FB-0702] Error: argument 1 (x) of half is DOUBLE, the query passes BIGINT, which could change values; write CAST(... AS DOUBLE) if that is meant
           ,-[ job.sql:1:1 ]
           |
         1 | SELECT half(n) FROM t
           | ^^^|^^
           |    `---- in this statement
        ---'
    "#]]);
    place("SELECT half(name) FROM t").filbert(RUN).fails(expect![[r#"
        [FB-0702] Error: argument 1 (x) of half is DOUBLE, the query passes VARCHAR, which has no conversion; write CAST(... AS DOUBLE) if that is meant
           ,-[ job.sql:1:1 ]
           |
         1 | SELECT half(name) FROM t
           | ^^^|^^
           |    `---- in this statement
        ---'
    "#]]);
}

#[test]
fn wrong_number_of_arguments_in_sql() {
    place("SELECT 1;\nSELECT half(x, x) FROM t").filbert(RUN).fails(expect![[r#"
        [FB-0104] Error: half(x DOUBLE) -> DOUBLE takes 1 argument, got 2
           ,-[ job.sql:2:1 ]
           |
         2 | SELECT half(x, x) FROM t
           | ^^^|^^
           |    `---- in this statement
        ---'
    "#]]);
}

#[test]
fn wrong_sql() {
    place("SELECT 1;\nSELECT n FORM t;").filbert(RUN).fails(expect![[r#"
        [FB-0705] Error: Expected: end of statement, found: t
           ,-[ job.sql:2:15 ]
           |
         2 | SELECT n FORM t;
           |               |
           |               `-- here
        ---'
    "#]]);
    place("SELECT 1;\nSELECT 'open;\n").filbert(RUN).fails(expect![[r#"
        [FB-0705] Error: Unterminated string literal
           ,-[ job.sql:2:8 ]
           |
         2 | SELECT 'open;
           |        |
           |        `-- here
        ---'
    "#]]);
    place("SELECT n FROM t;\nSELECT\n  m + 1 FROM t;").filbert(RUN).fails(expect![[r#"
        [FB-0705] Error: no column m; there is t.n, t.x, t.name
           ,-[ job.sql:3:3 ]
           |
         3 |   m + 1 FROM t;
           |   |
           |   `-- here
        ---'
    "#]]);
    place("SELECT n FROM\n  nowhere;").filbert(RUN).fails(expect![[r#"
        [FB-0705] Error: table 'nowhere' not found
           ,-[ job.sql:2:3 ]
           |
         2 |   nowhere;
           |   ^^^|^^^
           |      `----- here
        ---'
    "#]]);
    place("SELECT squared(n) FROM t;").filbert(RUN).fails(expect![[r#"
        [FB-0705] Error: Invalid function 'squared'. Did you mean 'square'?
           ,-[ job.sql:1:8 ]
           |
         1 | SELECT squared(n) FROM t;
           |        ^^^|^^^
           |           `----- here
        ---'
    "#]]);
    place("SELECT 10 / (n - n) FROM t;").filbert(RUN).fails(expect![[r#"
        [FB-0706] Error: Divide by zero error
           ,-[ job.sql:1:1 ]
           |
         1 | SELECT 10 / (n - n) FROM t;
           | ^^^|^^
           |    `---- in this statement
        ---'
    "#]]);
    place("-- nothing\n;;").filbert(RUN).fails(expect![[r#"
        [FB-0705] Error: job.sql has no statement
    "#]]);
}

#[test]
fn sql_that_would_overflow_the_stack() {
    let chain = |n: usize| format!("SELECT {}1 AS x", "1 + ".repeat(n));
    place(&chain(5000)).filbert(RUN).fails(expect![[r#"
        [FB-0705] Error: job.sql:1:20006: more than 10000 words without a comma, too long an expression
    "#]]);
    place(&chain(200_000)).filbert(&["check", "job.sql"]).fails(expect![[r#"
        [FB-0705] Error: job.sql:1:20006: more than 10000 words without a comma, too long an expression
    "#]]);
    place(&format!("SELECT {}1{}", "(".repeat(5000), ")".repeat(5000))).filbert(RUN).fails(expect![[r#"
        [FB-0705] Error: job.sql: nested deeper than 128 levels
    "#]]);
    place(&format!("SELECT {}true", "NOT ".repeat(5000))).filbert(RUN).fails(expect![[r#"
        [FB-0705] Error: job.sql:1:516: Expected: end of statement, found: NOT
    "#]]);
    place(&chain(500)).filbert(&[RUN, &["--format", "csv"]].concat()).prints(expect![[r#"
        x
        501
    "#]]);
}

#[test]
fn wrong_create_function() {
    let sql = "\nCREATE FUNCTION f(DOUBLE) RETURNS DOUBLE LANGUAGE kernel AS 'fn f(x: f64) -> f64 { y }';";
    place(sql).filbert(RUN).fails(expect![[r#"
        [FB-0101] Error: unknown name `y`
           ,-[ CREATE FUNCTION f:1:23 ]
           |
         1 | fn f(x: f64) -> f64 { y }
           |                       |
           |                       `-- here
        ---'
          in the statement at job.sql:2
    "#]]);
    let sql = "\nCREATE FUNCTION f(BIGINT) RETURNS DOUBLE LANGUAGE kernel AS 'fn f(x: f64) -> f64 { x }';";
    place(sql).filbert(RUN).fails(expect![[r#"
        [FB-0701] Error: CREATE FUNCTION f: argument 1 (x) is declared BIGINT, the kernel takes DOUBLE (f64)
           ,-[ job.sql:2:1 ]
           |
         2 | CREATE FUNCTION f(BIGINT) RETURNS DOUBLE LANGUAGE kernel AS 'fn f(x: f64) -> f64 { x }';
           | ^^^|^^
           |    `---- in this statement
        ---'
    "#]]);
}

#[test]
fn a_kernel_in_two_files() {
    let place = place("SELECT 1");
    place.write("more.rs", "fn Half(x: f64) -> f64 { x * 0.5 }");
    place.filbert(&[RUN, &["--kernels", "more.rs"]].concat()).fails(expect![[r#"
        [FB-0004] Error: kernel Half is in k.rs and in more.rs
          help: SQL does not tell upper from lower case; give each kernel a name of its own
    "#]]);
}

#[test]
fn a_parquet_file_that_is_cut_short() {
    let whole = fs::read(root().join("examples/data/airports.parquet")).unwrap();
    let place = place("SELECT 1;\nCREATE EXTERNAL TABLE a STORED AS PARQUET LOCATION 'p/';\nSELECT count(*) FROM a");
    place.write("p/1.parquet", &whole);
    place.write("p/2.parquet", &whole[..whole.len() / 2]);
    place.filbert(&["run", "job.sql"]).fails(expect![[r#"
        [FB-0703] Error: cannot read p/2.parquet: its end is missing: it was cut short, or is not a Parquet file
          in the statement at job.sql:2
    "#]]);
    place.filbert(&["run", "job.sql", "--table", "b=p"]).fails(expect![[r#"
        [FB-0703] Error: cannot read p/2.parquet: its end is missing: it was cut short, or is not a Parquet file
    "#]]);
    place.write("p/2.parquet", &whole[..7]);
    place.filbert(&["run", "job.sql"]).fails(expect![[r#"
        [FB-0703] Error: cannot read p/2.parquet: it has 7 bytes, too few for a Parquet file
          in the statement at job.sql:2
    "#]]);
}

#[test]
fn nowhere_to_write() {
    let place = place("SELECT 1 AS one");
    place.filbert(&["run", "job.sql", "--output", "no/out.csv"]).fails(expect![[r#"
        [FB-0704] Error: cannot write no/out.csv: there is no folder no
    "#]]);
    place.filbert(&["run", "job.sql", "--output", "t.csv/out.csv"]).fails(expect![[r#"
        [FB-0704] Error: cannot write t.csv/out.csv: there is no folder t.csv
    "#]]);
    place.write("folder.csv/x", "");
    place.filbert(&["run", "job.sql", "--output", "folder.csv"]).fails(expect![[r#"
        [FB-0704] Error: cannot write folder.csv: it is a folder; name a file in it
    "#]]);
}

#[cfg(unix)]
#[test]
fn no_permission_to_write() {
    use std::os::unix::fs::PermissionsExt;

    let place = place("SELECT 1 AS one");
    place.write("locked/x", "");
    fs::set_permissions(place.path("locked"), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(place.path("locked/y"), "").is_ok() {
        return; // The superuser may write everywhere.
    }
    place.filbert(&["run", "job.sql", "--output", "locked/out.csv"]).fails(expect![[r#"
        [FB-0704] Error: cannot write locked/out.csv: Permission denied (os error 13)
    "#]]);
    assert_eq!(fs::read_dir(place.path("locked")).unwrap().count(), 1);
}

#[test]
fn a_result_that_nobody_writes() {
    let place = place("CREATE VIEW v AS SELECT 1");
    place.filbert(&["run", "job.sql", "--output", "out.csv"]).fails(expect![[r#"
        [FB-0704] Error: no statement of job.sql has a result to write
    "#]]);
}

#[test]
fn a_setting_that_is_none() {
    place("SET filbert.partition_bytes = 'lots';\nSELECT 1").filbert(&["run", "job.sql"]).fails(expect![[r#"
        [FB-0705] Error: Invalid or Unsupported Configuration: filbert.partition_bytes is 'lots': write a number of bytes, such as 8GiB or 512MiB
           ,-[ job.sql:1:1 ]
           |
         1 | SET filbert.partition_bytes = 'lots';
           | ^|^
           |  `--- in this statement
        ---'
    "#]]);
    place("SELECT 1;\nSET filbert.partition_size = 5").filbert(&["run", "job.sql"]).fails(expect![[r#"
        [FB-0705] Error: Invalid or Unsupported Configuration: there is no setting filbert.partition_size; there are filbert.bundle, filbert.fuel and filbert.partition_bytes
           ,-[ job.sql:2:1 ]
           |
         2 | SET filbert.partition_size = 5
           | ^|^
           |  `--- in this statement
        ---'
    "#]]);
}
