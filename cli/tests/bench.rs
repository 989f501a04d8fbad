//! `filbert bench`.

use std::collections::BTreeSet;

use expect_test::expect;

use crate::{Place, Ran};

const KERNELS: &str = "\
fn axpy(x: f64, y: f64) -> f64 { 2.5 * x + y }
fn share(part: i64, whole: i64) -> i64 { 100 * part / whole }
fn root(x: f64) -> Option<f64> { if x < 0.0 { None } else { Some(x.sqrt()) } }
#[kernel(out = \"len(x)\")]
fn twice(x: &[f64], out: &mut [f64]) { for i in 0..x.len() { out[i] = x[i] * 2.0; } }
fn lerp<T: Float>(a: T, b: T, t: T) -> T { a + (b - a) * t }
";

fn place() -> Place {
    Place::with(&[("k.rs", KERNELS)])
}

/// The value of a key of a JSON object, as it is written.
fn value<'t>(line: &'t str, key: &str) -> &'t str {
    let (_, rest) = line.split_once(&format!("\"{key}\":")).unwrap_or_else(|| panic!("no {key} in {line}"));
    rest.split([',', '}']).next().unwrap().trim_matches('"')
}

fn lines(ran: &Ran) -> Vec<String> {
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    ran.stdout.lines().map(str::to_string).collect()
}

fn number(line: &str, key: &str) -> f64 {
    value(line, key).parse().unwrap_or_else(|_| panic!("{key} is a number in {line}"))
}

#[test]
fn one_json_object_with_nine_keys() {
    let ran = place().filbert(&["bench", "k.rs", "axpy", "--rows", "10_000", "--random", "x=normal(0,2)", "--json"]);
    let lines = lines(&ran);
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = &lines[0];
    let keys: Vec<&str> =
        line.split('"').skip(1).step_by(2).filter(|word| line.contains(&format!("\"{word}\":"))).collect();
    let expected = [
        "kernel",
        "rows",
        "ns_per_row_min",
        "ns_per_row_median",
        "backend",
        "lanes",
        "compile_us",
        "code_bytes",
        "digest",
    ];
    assert_eq!(keys, expected, "{line}");
    assert_eq!((value(line, "kernel"), value(line, "rows")), ("axpy", "10000"));
    let (min, median) = (number(line, "ns_per_row_min"), number(line, "ns_per_row_median"));
    assert!(0.0 < min && min <= median && median < 1e6, "{line}");
    assert!(number(line, "lanes") >= 1.0 && number(line, "compile_us") > 0.0 && number(line, "code_bytes") > 10.0);
    assert_eq!(value(line, "digest").len(), 32);
}

#[test]
fn the_digest_is_the_same_on_every_back_end_and_depends_on_the_inputs() {
    let place = place();
    let of = |kernel: &str, more: &[&str]| {
        let ran = place.filbert(&[&["bench", "k.rs", kernel, "--rows", "3001", "--json"], more].concat());
        value(&lines(&ran)[0], "digest").to_string()
    };
    // Published: any machine gives these.
    assert_eq!(of("axpy", &["--backend", "interp"]), "ecb06a796eb38692c60860bd71691fba");
    assert_eq!(of("root", &["--backend", "interp"]), "d162765bd23ae551e7c2a3bca1a747f7");
    for (kernel, random) in [("axpy", "y=const(3)"), ("root", "x=normal(0,1)"), ("twice", "x=uniform(0,1)[5]")] {
        let auto = of(kernel, &["--random", random]);
        for backend in ["scalar", "interp", "auto"] {
            assert_eq!(of(kernel, &["--random", random, "--backend", backend]), auto, "{kernel} by {backend}");
        }
        assert_eq!(of(kernel, &["--random", random, "--threads", "2"]), auto);
        assert_ne!(of(kernel, &["--random", random, "--seed", "2"]), auto);
        assert_ne!(of(kernel, &[]), auto);
    }
    assert_eq!(of("lerp", &[]), of("lerp<f64>", &[]));
    assert_ne!(of("lerp<f32>", &[]), of("lerp<f64>", &[]));
}

#[test]
fn a_page_for_people() {
    let ran = place().filbert(&["bench", "k.rs", "axpy", "--rows", "1000", "--random", "y=const(3)"]);
    let lines = lines(&ran);
    let names: Vec<&str> = lines.iter().map(|line| line[..11].trim()).collect();
    let expected = ["kernel", "inputs", "back end", "compiled", "ns/row", "rows/s", "GB/s", "memory", "digest"];
    assert_eq!(names, expected, "{lines:?}");
    assert_eq!(lines[0], "kernel     axpy(x: f64, y: f64) -> f64");
    assert_eq!(lines[1], "inputs     1000 rows: x=uniform(-1,1), y=const(3); seed 1");
    assert!(lines[6].contains("% of the memory's") && lines[7].contains("GB/s with 1 thread"), "{lines:?}");
}

#[test]
fn a_sweep_over_sizes_and_back_ends_with_its_picture() {
    let place = place();
    let ran = place.filbert(&["bench", "k.rs", "axpy", "--rows", "5000", "--sweep", "--svg", "axpy.svg", "--json"]);
    let lines = lines(&ran);
    let back_ends: BTreeSet<&str> = lines.iter().map(|line| value(line, "backend")).collect();
    assert!(back_ends.contains("interp") && back_ends.contains("scalar"), "{back_ends:?}");
    for back_end in ["avx2", "avx512"] {
        let told = ran.stderr.contains(&format!("without {back_end}: this CPU lacks"));
        assert_ne!(told, back_ends.contains(back_end), "{back_end} is measured, or said to be missing: {}", ran.stderr);
    }
    for rows in ["1024", "4096", "5000"] {
        let of_it: Vec<&String> = lines.iter().filter(|line| value(line, "rows") == rows).collect();
        assert_eq!(of_it.len(), back_ends.len(), "{rows}");
        let digests: BTreeSet<&str> = of_it.iter().map(|line| value(line, "digest")).collect();
        assert_eq!(digests.len(), 1, "{rows}: {digests:?}");
    }
    let picture = place.read("axpy.svg");
    assert!(picture.contains("</svg>") && picture.contains("axpy(x: f64, y: f64) -&gt; f64"));
    assert!(back_ends.iter().all(|back_end| picture.contains(back_end)));

    let ran = place.filbert(&["bench", "k.rs", "twice", "--rows", "2000", "--sweep", "--backend", "scalar"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("\nrows  back end  ns/row min"), "{}", ran.stdout);
    assert_eq!(ran.stdout.lines().filter(|line| line.contains("  scalar  ")).count(), 2, "{}", ran.stdout);
}

#[test]
fn columns_of_a_table() {
    let place = place();
    place.write("t.csv", "x,y,part,whole,name\n1,10,1,4,a\n2,,3,4,b\n3,30,5,0,c\n4,40,1,1,d\n");
    place.write("make.sql", "SELECT CAST(x AS DOUBLE) AS x, CAST(y AS INT) AS y, part, whole, name FROM t ORDER BY x");
    let made = place.filbert(&["run", "make.sql", "--table", "t=t.csv", "--output", "t.parquet"]);
    assert_eq!(made.status, 0, "{}", made.stderr);
    let bench = |kernel: &str, more: &[&str]| {
        place.filbert(&[&["bench", "k.rs", kernel, "--table", "t.parquet"], more].concat())
    };
    // y is INT, which an f64 holds; one is null.
    let digests = ["auto", "scalar", "interp"].map(|backend| {
        let ran = bench("axpy", &["--json", "--backend", backend]);
        let line = lines(&ran).remove(0);
        assert_eq!(value(&line, "rows"), "4");
        value(&line, "digest").to_string()
    });
    assert_eq!(BTreeSet::from(digests).len(), 1);
    let page = bench("axpy", &[]);
    assert!(page.stdout.contains("\ninputs     4 rows: x, y of t.parquet\n"), "{}", page.stdout);
    bench("share", &[]).fails(expect![[r#"
        [FB-0502] Error: division by zero in kernel share, row 2 of the batch
           ,-[ k.rs:2:42 ]
           |
         2 | fn share(part: i64, whole: i64) -> i64 { 100 * part / whole }
           |                                          ^^^^^^^^^|^^^^^^^^
           |                                                   `---------- 500 / 0 divides i64 by zero
           |
           | Help: the row's arguments: part = 5, whole = 0
        ---'
    "#]]);
    bench("lerp", &[]).fails(expect![[r#"
        [FB-0101] Error: t.parquet has no column `a`, which lerp takes
        [FB-0101] Error: t.parquet has no column `b`, which lerp takes
        [FB-0101] Error: t.parquet has no column `t`, which lerp takes
          help: it has x, y, part, whole, name; columns go by the names of parameters
    "#]]);
    place.write("half.rs", "fn f(name: f64, y: i8) -> f64 { name }");
    place.filbert(&["bench", "half.rs", "f", "--table", "t.parquet"]).fails(expect![[r#"
        [FB-0601] Error: column `name` of t.parquet is Utf8, the parameter is f64 (Float64)
        [FB-0601] Error: column `y` of t.parquet is Int32, the parameter is i8 (Int8)
          help: change the parameter's type, or write the table with columns of these types
    "#]]);
    place.write("cut.parquet", "PAR1 and then nothing of it");
    for (file, screen) in [
        ("none.parquet", "[FB-0703] Error: cannot read none.parquet: there is no such file\n"),
        (".", "[FB-0703] Error: cannot read .: it is a folder\n"),
        (
            "cut.parquet",
            "[FB-0703] Error: cannot read cut.parquet: its end is missing: it was cut short, or is not a Parquet file\n",
        ),
    ] {
        let ran = place.filbert(&["bench", "k.rs", "axpy", "--table", file]);
        assert_eq!((ran.status, ran.stderr.as_str(), ran.stdout.as_str()), (1, screen, ""));
    }
}

#[test]
fn mistakes_are_one_screen_with_the_fix() {
    let place = place();
    let bench = |kernel: &str, random: &[&str]| {
        let random = random.iter().flat_map(|text| ["--random", *text]);
        place.filbert(&["bench", "k.rs", kernel, "--rows", "100"].into_iter().chain(random).collect::<Vec<_>>())
    };
    bench("apxy", &[]).fails(expect![[r#"
        [FB-0101] Error: k.rs has no kernel `apxy`
          help: it has axpy, share, root, twice, lerp
    "#]]);
    bench("axpy", &["x=gauss(0,1)", "uniform(0,1)", "y=uniform(1)"]).fails(expect![[r#"
        [FB-0102] Error: x=gauss(0,1): there is no distribution `gauss`
          help: DIST is uniform(lo,hi), normal(mean,sd), randint(lo,hi) without hi, or const(c)
        [FB-0101] Error: `uniform(0,1)` is not NAME=DIST, with the name of a parameter
          help: DIST is uniform(lo,hi), normal(mean,sd), randint(lo,hi) without hi, or const(c), as in x=uniform(-1,1)
        [FB-0104] Error: y=uniform(1): uniform takes 2 numbers, got 1
          help: DIST is uniform(lo,hi), normal(mean,sd), randint(lo,hi) without hi, or const(c)
    "#]]);
    bench("axpy", &["z=uniform(0,1)", "x=const(true)"]).fails(expect![[r#"
        [FB-0101] Error: axpy has no parameter `z`
          help: it has x, y
        [FB-0103] Error: parameter x: const(true) does not give f64
          help: write const(c) with a number
    "#]]);
    bench("share", &["whole=uniform(0,1)"]).fails(expect![[r#"
        [FB-0103] Error: parameter whole: uniform(0,1) does not give i64
          help: write randint(lo,hi), or const(c) with a whole number
    "#]]);
    bench("share", &["whole=randint(0,1)"]).fails(expect![[r#"
        [FB-0502] Error: division by zero in kernel share, row 0 of the batch
           ,-[ k.rs:2:42 ]
           |
         2 | fn share(part: i64, whole: i64) -> i64 { 100 * part / whole }
           |                                          ^^^^^^^^^|^^^^^^^^
           |                                                   `---------- 9800 / 0 divides i64 by zero
           |
           | Help: the row's arguments: part = 98, whole = 0
        ---'
    "#]]);
    bench("axpy", &["x=uniform(0,1)[3]"]).fails(expect![[r#"
        [FB-0103] Error: parameter x: it is f64, not a list of 3
          help: leave the length in brackets out
    "#]]);
    let svg = ["bench", "k.rs", "axpy", "--rows", "9", "--sweep", "--svg", "nowhere/f.svg"];
    place.filbert(&svg).fails(expect![[r#"
        [FB-0704] Error: cannot write nowhere/f.svg: there is no such folder
    "#]]);
}

#[test]
fn a_back_end_that_leaves_the_kernel_to_another_is_told() {
    // An index that is checked and data that is a list: no vectors.
    let ran = place().filbert(&["bench", "k.rs", "twice", "--rows", "100", "--backend", "avx2", "--json"]);
    if ran.status == 1 {
        assert!(ran.stderr.contains("this CPU cannot run the back end avx2: it lacks"), "{}", ran.stderr);
        assert!(ran.stderr.contains("help: choose one of auto, interp, scalar"), "{}", ran.stderr);
        return;
    }
    let line = lines(&ran).remove(0);
    let told = ran.stderr.contains("not by avx2 but by scalar: not vectorised");
    assert_eq!(told, value(&line, "backend") == "scalar", "{line} {}", ran.stderr);
}
