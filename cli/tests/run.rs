//! `filbert run`: scripts that succeed.

use expect_test::expect;

use crate::{Place, Ran, filbert_in, root};

const KERNELS: &str = "\
fn half(x: f64) -> f64 { x / 2.0 }
fn split(n: i64) -> (i64, i64) { (n / 10, n % 10) }
";

fn place(sql: &str) -> Place {
    Place::with(&[
        ("k.rs", KERNELS),
        ("job.sql", sql),
        ("t/1.csv", "n,x,name\n1,0.5,a\n2,,\"b,c\"\n"),
        ("t/2.csv", "n,x,name\n30,-1e300,\n"),
    ])
}

fn run(place: &Place, more: &[&str]) -> Ran {
    let mut args = vec!["run", "job.sql", "--kernels", "k.rs", "--table", "t=t"];
    args.extend(more);
    place.filbert(&args)
}

/// The last line, with N for each number.
fn summary(stderr: &str) -> String {
    let line = stderr.strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "one line on standard error: {stderr}");
    let mut out = String::new();
    for c in line.chars() {
        match c {
            '0'..='9' if out.ends_with('N') => {}
            '0'..='9' => out.push('N'),
            c => out.push(c),
        }
    }
    out
}

const SELECT: &str = "SELECT n, half(x) AS h, name FROM t ORDER BY n";

#[test]
fn a_table_and_one_line_about_the_job() {
    let stderr = run(&place(SELECT), &[]).prints(expect![""]);
    expect![""].assert_eq(&summary(&stderr));
    assert!(stderr.starts_with("3 rows (3 read) in ") && stderr.contains("kernels compiled: 1,"), "{stderr}");
}

#[test]
fn csv() {
    run(&place(SELECT), &["--format", "csv"]).prints(expect![""]);
}

#[test]
fn json() {
    run(&place(SELECT), &["--format", "json"]).prints(expect![""]);
}

#[test]
fn no_rows() {
    let place = place("SELECT n, half(x) AS h FROM t WHERE n > 1000");
    run(&place, &[]).prints(expect![""]);
    run(&place, &["--format", "csv"]).prints(expect![""]);
    run(&place, &["--format", "json"]).prints(expect![""]);
}

#[test]
fn a_tuple_is_a_struct() {
    let place = place("SELECT split(n) AS s, split(n)['c1'] AS ones FROM t ORDER BY n");
    run(&place, &[]).prints(expect![""]);
    run(&place, &["--format", "json"]).prints(expect![""]);
}

#[test]
fn the_last_result_counts() {
    let sql = "SELECT 1 AS one; SELECT 2 AS two; SET datafusion.execution.batch_size = 100;\nCREATE VIEW v AS SELECT 3;";
    run(&place(sql), &["--format", "csv"]).prints(expect![""]);
}

#[test]
fn a_script_without_result() {
    let stderr = run(&place("CREATE VIEW v AS SELECT 3"), &[]).prints(expect![""]);
    assert!(stderr.starts_with("0 rows"), "{stderr}");
}

#[test]
fn files_folders_and_globs() {
    let place = place("SELECT count(*) AS n FROM t");
    for (location, rows) in [("t", "3"), ("t/", "3"), ("t/*.csv", "3"), ("t/1.csv", "2"), ("t/2.*", "1")] {
        let table = format!("t={location}");
        let ran = place.filbert(&["run", "job.sql", "--format", "csv", "--table", &table]);
        if location == "t/2.*" {
            assert_eq!(ran.status, 1, "an ending is needed");
        } else {
            assert_eq!(ran.stdout, format!("n\n{rows}\n"), "{location}: {}", ran.stderr);
        }
    }
}

#[test]
fn output_files() {
    let place = place(SELECT);
    for name in ["out.csv", "out.json", "out.parquet"] {
        let ran = run(&place, &["--output", name]);
        assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
        assert!(ran.stderr.starts_with("3 rows"), "{}", ran.stderr);
    }
    assert_eq!(place.files(), ["job.sql", "k.rs", "out.csv", "out.json", "out.parquet", "t"]);
    expect![""].assert_eq(&place.read("out.csv"));
    expect![""].assert_eq(&place.read("out.json"));
    place.write("back.sql", "SELECT * FROM o ORDER BY n");
    place.filbert(&["run", "back.sql", "--table", "o=out.parquet", "--format", "csv"]).prints(expect![""]);
}

#[test]
fn an_output_file_is_replaced() {
    let place = place("SELECT 1 AS one");
    place.write("out.csv", "old");
    assert_eq!(run(&place, &["--output", "out.csv"]).status, 0);
    assert_eq!(place.read("out.csv"), "one\n1\n");
}

#[test]
fn the_interpreter_compiles_nothing() {
    let stderr = run(&place(SELECT), &["--engine", "interp", "--partitions", "3"]).prints(expect![""]);
    assert!(stderr.contains("kernels compiled: 0, compile time: 0 us"), "{stderr}");
}

#[test]
fn the_flights_example() {
    let ran = filbert_in(root(), &["run", "examples/flights.sql", "--format", "csv"]);
    let stderr = ran.prints(expect![""]);
    assert!(stderr.starts_with("16 rows"), "{stderr}");
    assert!(stderr.contains("kernels compiled: 1,"), "{stderr}");
}

#[test]
fn partitions_do_not_show() {
    let one = filbert_in(root(), &["run", "examples/flights.sql", "--partitions", "1", "--format", "json"]);
    let five = filbert_in(root(), &["run", "examples/flights.sql", "--partitions", "5", "--format", "json"]);
    assert_eq!((one.status, one.stdout.lines().count()), (0, 16), "{}", one.stderr);
    assert_eq!(one.stdout, five.stdout);
}
