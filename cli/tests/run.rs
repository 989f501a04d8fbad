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
    let stderr = run(&place(SELECT), &[]).prints(expect![[r#"
        +----+--------+------+
        | n  | h      | name |
        +----+--------+------+
        | 1  | 0.25   | a    |
        | 2  | null   | b,c  |
        | 30 | -5e299 | null |
        +----+--------+------+
    "#]]);
    expect!["N rows (N read) in N.N s; kernels compiled: N, compile time: N us, cache hits: N"]
        .assert_eq(&summary(&stderr));
    assert!(stderr.starts_with("3 rows (3 read) in ") && stderr.contains("kernels compiled: 1,"), "{stderr}");
}

#[test]
fn csv() {
    run(&place(SELECT), &["--format", "csv"]).prints(expect![[r#"
        n,h,name
        1,0.25,a
        2,,"b,c"
        30,-5e299,
    "#]]);
}

#[test]
fn json() {
    run(&place(SELECT), &["--format", "json"]).prints(expect![[r#"
        {"n":1,"h":0.25,"name":"a"}
        {"n":2,"h":null,"name":"b,c"}
        {"n":30,"h":-5.0e299,"name":null}
    "#]]);
}

#[test]
fn no_rows() {
    let place = place("SELECT n, half(x) AS h FROM t WHERE n > 1000");
    run(&place, &[]).prints(expect![[r#"
        +---+---+
        | n | h |
        +---+---+
        +---+---+
    "#]]);
    run(&place, &["--format", "csv"]).prints(expect![[r#"
        n,h
    "#]]);
    run(&place, &["--format", "json"]).prints(expect![""]);
}

#[test]
fn a_tuple_is_a_struct() {
    let place = place("SELECT split(n) AS s, split(n)['c1'] AS ones FROM t ORDER BY n");
    run(&place, &[]).prints(expect![[r#"
        +----------------+------+
        | s              | ones |
        +----------------+------+
        | {c0: 0, c1: 1} | 1    |
        | {c0: 0, c1: 2} | 2    |
        | {c0: 3, c1: 0} | 0    |
        +----------------+------+
    "#]]);
    run(&place, &["--format", "json"]).prints(expect![[r#"
        {"s":{"c0":0,"c1":1},"ones":1}
        {"s":{"c0":0,"c1":2},"ones":2}
        {"s":{"c0":3,"c1":0},"ones":0}
    "#]]);
}

#[test]
fn the_last_result_counts() {
    let sql =
        "SELECT 1 AS one; SELECT 2 AS two; SET datafusion.execution.batch_size = 100;\nCREATE VIEW v AS SELECT 3;";
    run(&place(sql), &["--format", "csv"]).prints(expect![[r#"
        two
        2
    "#]]);
}

#[test]
fn a_script_without_result() {
    let stderr = run(&place("CREATE VIEW v AS SELECT 3"), &[]).prints(expect![""]);
    assert!(stderr.starts_with("0 rows"), "{stderr}");
}

#[test]
fn files_folders_and_globs() {
    let place = place("SELECT count(*) AS n FROM t");
    for (location, rows) in [("t", "3"), ("t/", "3"), ("t/*.csv", "3"), ("t/1.csv", "2"), ("t/[2-9].csv", "1")] {
        let table = format!("t={location}");
        let ran = place.filbert(&["run", "job.sql", "--format", "csv", "--table", &table]);
        assert_eq!(ran.stdout, format!("n\n{rows}\n"), "{location}: {}", ran.stderr);
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
    expect![[r#"
        n,h,name
        1,0.25,a
        2,,"b,c"
        30,-5e299,
    "#]]
    .assert_eq(&place.read("out.csv"));
    expect![[r#"
        {"n":1,"h":0.25,"name":"a"}
        {"n":2,"h":null,"name":"b,c"}
        {"n":30,"h":-5.0e299,"name":null}
    "#]]
    .assert_eq(&place.read("out.json"));
    place.write("back.sql", "SELECT * FROM o ORDER BY n");
    place.filbert(&["run", "back.sql", "--table", "o=out.parquet", "--format", "csv"]).prints(expect![[r#"
        n,h,name
        1,0.25,a
        2,,"b,c"
        30,-5e299,
    "#]]);
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
    let stderr = run(&place(SELECT), &["--engine", "interp", "--partitions", "3"]).prints(expect![[r#"
        +----+--------+------+
        | n  | h      | name |
        +----+--------+------+
        | 1  | 0.25   | a    |
        | 2  | null   | b,c  |
        | 30 | -5e299 | null |
        +----+--------+------+
    "#]]);
    assert!(stderr.contains("kernels compiled: 0, compile time: 0 us"), "{stderr}");
}

#[test]
fn the_flights_example() {
    let ran = filbert_in(root(), &["run", "examples/flights.sql", "--format", "csv"]);
    let stderr = ran.prints(expect![[r#"
        carrier,flights,with_distance,mean_miles,mean_difference,greatest_difference,mean_mph
        9E,18460,18460,529.291645,1.059368,3.182,344.791278
        AA,32729,31327,1327.032395,2.848458,6.913496,414.294777
        AS,714,714,2395.3131,6.6869,6.6869,442.443737
        B6,54635,50940,1029.924441,1.931143,6.913496,393.748716
        DL,48110,46779,1225.217349,2.492467,6.913496,416.059825
        EV,54173,54173,562.201376,1.003592,3.243324,362.507545
        F9,685,685,1615.47383,4.52617,4.52617,423.984209
        FL,3260,3260,663.791653,1.037795,1.876271,393.661038
        HA,342,342,4975.206167,7.793833,7.793833,479.606399
        MQ,26397,26397,568.477692,1.080739,2.656027,367.716919
        OO,32,32,499.301464,1.511036,2.159968,365.157178
        UA,58665,57491,1525.284583,3.145662,8.888134,419.203847
        US,20536,20536,552.916564,0.801073,4.571447,341.876212
        VX,5162,5162,2493.800995,5.681182,6.176485,445.161577
        WN,12275,12275,994.206821,2.062263,4.571447,399.678692
        YV,601,601,374.52383,0.509448,0.665724,331.418604
    "#]]);
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

#[test]
fn partitions_follow_from_bytes() {
    // Two files of 26 and 20 bytes: a partition each, as they are too small to be split.
    let place = place("EXPLAIN SELECT n FROM t WHERE n > 0");
    for (more, groups) in [
        (&["--partitions", "1"][..], "1 group"),
        (&["--partitions", "1", "--partition-bytes", "46"], "1 group"),
        (&["--partitions", "1", "--partition-bytes", "45"], "2 groups"),
        (&["--partitions", "1", "--partition-bytes", "1KiB"], "1 group"),
    ] {
        let ran = run(&place, &[more, &["--format", "csv"]].concat());
        assert!(ran.stdout.contains(&format!("file_groups={{{groups}:")), "{more:?}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn warnings_of_kernel_texts_are_shown() {
    let sql = "SELECT 1;\nCREATE FUNCTION f(DOUBLE, DOUBLE) RETURNS DOUBLE LANGUAGE kernel AS 'fn f(x: f64, y: f64) -> f64 { x }';\nSELECT f(1, 2) AS x";
    let stderr = run(&place(sql), &["--format", "csv"]).prints(expect![["x\n1.0\n"]]);
    let (warning, summary) = stderr.rsplit_once("\n1 row").unwrap();
    assert!(summary.starts_with(" (0 read) in "), "{stderr}");
    expect![[r#"
        [FB-1001] Warning: parameter `y` of `f` is not used
           ,-[ CREATE FUNCTION f:1:14 ]
           |
         1 | fn f(x: f64, y: f64) -> f64 { x }
           |              |
           |              `-- here
           |
           | Help: name it `_y`, or leave it out
        ---'
          in the statement at job.sql:2"#]]
    .assert_eq(warning);
}

/// A plan is text: no table around it, and the kernel's counts in it.
#[test]
fn explain_analyze_tells_of_kernels() {
    let script =
        "CREATE FUNCTION twice(DOUBLE) RETURNS DOUBLE LANGUAGE kernel AS 'fn twice(x: f64) -> f64 { x * 2.0 }';
                  CREATE TABLE t AS SELECT value::DOUBLE AS x FROM generate_series(1, 100);
                  EXPLAIN ANALYZE SELECT twice(x) AS y FROM t;";
    let ran = Place::with(&[("job.sql", script)]).filbert(&["run", "job.sql", "--partitions", "1"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let mut lines = ran.stdout.lines();
    assert_eq!(lines.next(), Some("Plan with Metrics:"));
    let projection = lines.next().unwrap();
    assert!(projection.starts_with("ProjectionExec: expr=[twice(x@0) as y]"), "{projection}");
    assert!(projection.contains("twice={rows=100, ns_per_row="), "{projection}");
    assert!(projection.contains("calls=1, compiles=1, compile_time="), "{projection}");
    assert!(projection.ends_with("cache_hits=0, backend=native}]"), "{projection}");
}
