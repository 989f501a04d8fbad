//! Each construct of the language through every door: the macro, a file, SQL and the IR's builder.
//!
//! A kernel stands here once as Rust, which is the macro's input and, as a string, that of the file and of
//! CREATE FUNCTION: those three have one identity. The builder makes the same meaning by hand. All four give
//! the same bits, in machine code and in the interpreter, over rows that SQL holds. docs/language.md names
//! these tests.

use arrow::array::{Array, ArrayRef};
use arrow::compute::concat_batches;
use datafusion::execution::FunctionRegistry;
use filbert::ir::Length;
use filbert::ir::builder::Builder;
use filbert::ir::{
    Array as Memory, Kernel, Logical, Names, OnError, Op, Param, ResultTy, Table, Unit, ValueId, verify,
};
use filbert::time::{Date32, Duration, Microsecond, Timestamp};
use filbert::{AsKernel, Engine, KernelUdf, LoadedKernel, Scalar, Session, Type, VerifiedKernel, kernel};

/// A kernel, and its text.
macro_rules! construct {
    ($($item:tt)*) => {
        $($item)*
        const TEXT: &str = stringify!($($item)*);
    };
}

/// What the builder made: results and the values that they are.
type Built = (Vec<ResultTy>, Vec<ValueId>);

/// One construct.
struct Construct<'c> {
    /// By the macro.
    kernel: VerifiedKernel,
    text: &'c str,
    /// What follows the name in CREATE FUNCTION.
    declared: &'c str,
    built: fn(&mut Builder) -> Built,
    /// A query that makes the columns `a`, `b`, ... that are the arguments.
    rows: &'c str,
}

/// One array of all batches of a query's only column, or a query's columns.
async fn columns(session: &Session, sql: &str) -> Vec<ArrayRef> {
    let frame = session.sql(sql).await.unwrap_or_else(|error| panic!("{sql}\n{}", session.render(&error)));
    let batches = frame.collect().await.unwrap_or_else(|error| panic!("{sql}\n{}", session.render(&error)));
    concat_batches(&batches[0].schema(), &batches).unwrap().columns().to_vec()
}

fn build(construct: &Construct<'_>) -> VerifiedKernel {
    let mut builder = Builder::new();
    let (results, returns) = (construct.built)(&mut builder);
    let (core, _) = builder.finish_as(results, returns);
    let names = Names { kernel: construct.kernel.name().to_string(), ..construct.kernel.names.clone() };
    verify(Kernel { core, names, source: None }).unwrap_or_else(|findings| panic!("{findings}"))
}

async fn check(construct: Construct<'_>) {
    let (made, name) = (&construct.kernel, construct.kernel.name());
    let module = filbert::parse(construct.text, "a file").unwrap_or_else(|findings| panic!("{findings}"));
    let from_file = module.get(name).unwrap();
    assert_eq!(from_file.id(), made.id(), "file and macro: {}", construct.text);

    let session = Session::local();
    let create = format!("CREATE FUNCTION {name}{} LANGUAGE kernel AS $$ {} $$", construct.declared, construct.text);
    for sql in [create, format!("CREATE TABLE t AS {}", construct.rows)] {
        if let Err(error) = session
            .sql(&sql)
            .await
            .map(|frame| frame.collect())
            .unwrap_or_else(|error| {
                panic!("{sql}\n{}", session.render(&error));
            })
            .await
        {
            panic!("{sql}\n{}", session.render(&error));
        }
    }
    let registered = session.context().udf(name).unwrap();
    let registered = registered.inner().downcast_ref::<KernelUdf>().unwrap();
    assert_eq!(registered.kernel().id(), made.id(), "SQL and macro");

    let args = &["a", "b", "c"][..made.core.signature.params.len()].join(", ");
    let by_sql = columns(&session, &format!("SELECT {name}({args}) FROM t")).await;
    assert!(by_sql[0].null_count() < by_sql[0].len(), "something is computed");
    let args = columns(&session, &format!("SELECT {args} FROM t")).await;
    for (door, kernel) in [("macro", made), ("file", from_file), ("builder", &build(&construct))] {
        for engine in [Engine::Native, Engine::Interp] {
            let got = LoadedKernel::load_with(kernel, engine).map_arrow(&args).unwrap();
            assert_eq!(got.to_data(), by_sql[0].to_data(), "{door} and SQL, {engine:?}");
        }
    }
}

/// Strict results of the types that the values have.
fn strict(builder: &Builder, returns: Vec<ValueId>) -> Built {
    (returns.iter().map(|&id| ResultTy::strict(builder.ty(id))).collect(), returns)
}

mod arithmetic {
    use super::*;
    construct! {
        /// Doc comments are kept.
        #[kernel]
        fn hypotenuse(a: f64, b: f64) -> f64 {
            (a * a + b * b).sqrt()
        }
    }

    #[tokio::test]
    async fn arithmetic_through_every_door() {
        check(Construct {
            kernel: hypotenuse.as_kernel().unwrap(),
            text: TEXT,
            declared: "(DOUBLE, DOUBLE) RETURNS DOUBLE",
            built: |b| {
                let (x, y) = (b.param(Type::F64), b.param(Type::F64));
                let (xx, yy) = (b.op(Op::Mul, &[x, x]), b.op(Op::Mul, &[y, y]));
                let sum = b.op(Op::Add, &[xx, yy]);
                let root = b.op(Op::Sqrt, &[sum]);
                strict(b, vec![root])
            },
            rows: "SELECT column1 a, column2 b FROM VALUES (3.0, 4.0), (-0.1, NULL), (1e200, 1e-200)",
        })
        .await;
    }
}

mod branches {
    use super::*;
    construct! {
        #[kernel]
        fn class(n: i64) -> i32 {
            match n {
                i64::MIN..=-1 => -1,
                0 => 0,
                _ if n % 2 == 0 => 2,
                _ => 1,
            }
        }
    }

    #[tokio::test]
    async fn branches_and_match_through_every_door() {
        check(Construct {
            kernel: class.as_kernel().unwrap(),
            text: TEXT,
            declared: "(BIGINT) RETURNS INT",
            built: |b| {
                let n = b.param(Type::I64);
                let (zero, two) = (b.constant(0i64), b.constant(2i64));
                let below = b.op(Op::Lt, &[n, zero]);
                let negative = b.begin_if(below);
                let minus_one = b.constant(-1i32);
                let negative = b.begin_else(negative, &[minus_one]);
                let is_zero = b.op(Op::Eq, &[n, zero]);
                let none = b.begin_if(is_zero);
                let nothing = b.constant(0i32);
                let none = b.begin_else(none, &[nothing]);
                let rest = b.op(Op::Rem, &[n, two]);
                let even = b.op(Op::Eq, &[rest, zero]);
                let (one, both) = (b.constant(1i32), b.constant(2i32));
                let parity = b.op(Op::Select, &[even, both, one]);
                let inner = b.end_if(none, &[parity]);
                let outer = b.end_if(negative, &inner);
                strict(b, outer)
            },
            rows: "SELECT column1 a FROM VALUES (-5), (0), (7), (8), (NULL), (-9223372036854775808)",
        })
        .await;
    }
}

mod loops {
    use super::*;
    construct! {
        #[kernel(fuel = 1000)]
        fn collatz(start: i64) -> i64 {
            let (mut n, mut steps) = (start, 0);
            while n != 1 {
                n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
                steps += 1;
            }
            steps
        }
    }

    #[tokio::test]
    async fn loops_and_fuel_through_every_door() {
        check(Construct {
            kernel: collatz.as_kernel().unwrap(),
            text: TEXT,
            declared: "(BIGINT) RETURNS BIGINT",
            built: |b| {
                b.signature.fuel = 1000;
                let start = b.param(Type::I64);
                let [zero, one, two, three] = [0i64, 1, 2, 3].map(|v| b.constant(v));
                // A `while` is a loop whose body is behind the condition.
                let (open, carried) = b.begin_loop(&[start, zero]);
                let (n, steps) = (carried[0], carried[1]);
                let goes_on = b.op(Op::Ne, &[n, one]);
                let body = b.begin_if(goes_on);
                let rest = b.op(Op::Rem, &[n, two]);
                let even = b.op(Op::Eq, &[rest, zero]);
                let halve = b.begin_if(even);
                let half = b.op(Op::Div, &[n, two]);
                let grow = b.begin_else(halve, &[half]);
                let tripled = b.op(Op::Mul, &[three, n]);
                let grown = b.op(Op::Add, &[tripled, one]);
                let next = b.end_if(grow, &[grown]);
                let counted = b.op(Op::Add, &[steps, one]);
                let body = b.begin_else(body, &[next[0], counted]);
                let next = b.end_if(body, &[n, steps]);
                let end = b.end_loop(open, goes_on, &next);
                strict(b, vec![end[1]])
            },
            rows: "SELECT value a FROM generate_series(1, 60)",
        })
        .await;
    }
}

mod nulls {
    use super::*;
    construct! {
        #[kernel]
        fn share(part: Option<f64>, whole: f64) -> Option<f64> {
            let part = part.unwrap_or(0.0);
            if whole == 0.0 { None } else { Some(part / whole) }
        }
    }

    #[tokio::test]
    async fn options_through_every_door() {
        check(Construct {
            kernel: share.as_kernel().unwrap(),
            text: TEXT,
            declared: "(DOUBLE, DOUBLE) RETURNS DOUBLE",
            built: |b| {
                let part = b.declare(Param::nullable(Type::F64));
                let whole = b.param(Type::F64);
                let zero = b.constant(0.0);
                let part = b.op(Op::Select, &[part[1], part[0], zero]);
                let some = b.op(Op::Ne, &[whole, zero]);
                let quotient = b.op(Op::Div, &[part, whole]);
                let value = b.op(Op::Select, &[some, quotient, zero]);
                (vec![ResultTy::Scalar { ty: Type::F64.into(), nullable: true }], vec![value, some])
            },
            rows: "SELECT column1::DOUBLE a, column2::DOUBLE b FROM VALUES (1, 4), (NULL, 2), (3, 0), (5, NULL), (NULL, 0)",
        })
        .await;
    }
}

mod integers {
    use super::*;
    construct! {
        #[kernel(on_error = "null")]
        fn modes(a: i32, b: i32) -> (i32, i32, i32, i32) {
            (a + b, a.wrapping_add(b), a.saturating_add(b), a.checked_add(b).unwrap_or(7))
        }
    }

    #[tokio::test]
    async fn integer_modes_and_on_error_through_every_door() {
        check(Construct {
            kernel: modes.as_kernel().unwrap(),
            text: TEXT,
            declared: "(INT, INT) RETURNS STRUCT<c0 INT, c1 INT, c2 INT, c3 INT>",
            built: |b| {
                b.signature.on_error = OnError::Null;
                let (x, y) = (b.param(Type::I32), b.param(Type::I32));
                let sum = b.op(Op::Add, &[x, y]);
                let wrapped = b.op(Op::WrappingAdd, &[x, y]);
                let over = b.op(Op::AddOverflows, &[x, y]);
                let [zero, least, greatest, seven] = [0, i32::MIN, i32::MAX, 7].map(|v| b.constant(v));
                let down = b.op(Op::Lt, &[y, zero]);
                let limit = b.op(Op::Select, &[down, least, greatest]);
                let saturated = b.op(Op::Select, &[over, limit, wrapped]);
                let checked = b.op(Op::Select, &[over, seven, wrapped]);
                strict(b, vec![sum, wrapped, saturated, checked])
            },
            rows: "SELECT column1::INT a, column2::INT b FROM VALUES (1, 2), (2147483647, 1), (NULL, 1), (-2147483648, -1)",
        })
        .await;
    }
}

mod lists {
    use super::*;
    construct! {
        #[kernel(layout = "(n),(n)->()")]
        fn dot(a: &[f64], b: &[f64]) -> f64 {
            let mut sum = 0.0;
            for i in 0..a.len() {
                sum += a[i] * b[i];
            }
            sum
        }
    }

    #[tokio::test]
    async fn lists_and_layouts_through_every_door() {
        check(Construct {
            kernel: dot.as_kernel().unwrap(),
            text: TEXT,
            declared: "(DOUBLE[], DOUBLE[]) RETURNS DOUBLE",
            built: |b| {
                let (m, n) = (b.declare(Param::list(Type::F64))[0], b.declare(Param::list(Type::F64))[0]);
                b.op(Op::SameLength, &[m, n]);
                let (zero, index, one) = (b.constant(0.0), b.constant(0u64), b.constant(1u64));
                let (open, carried) = b.begin_loop(&[zero, index]);
                let goes_on = b.op(Op::Lt, &[carried[1], m]);
                let body = b.begin_if(goes_on);
                let x = b.load(Type::F64, Memory::Param(0), carried[1]);
                let y = b.load(Type::F64, Memory::Param(1), carried[1]);
                let product = b.op(Op::Mul, &[x, y]);
                let sum = b.op(Op::Add, &[carried[0], product]);
                let next = b.op(Op::WrappingAdd, &[carried[1], one]);
                let body = b.begin_else(body, &[sum, next]);
                let next = b.end_if(body, &carried);
                let end = b.end_loop(open, goes_on, &next);
                strict(b, vec![end[0]])
            },
            rows: "SELECT column1 a, column2 b FROM VALUES ([1.5, 2.0], [3.0, -4.0]), ([], []), (NULL, [1.0]), ([NULL], [1.0])",
        })
        .await;
    }
}

mod written_lists {
    use super::*;
    construct! {
        #[kernel(out = "len(x) - 1")]
        fn differences(x: &[f64], out: &mut [f64]) {
            for i in 0..out.len() {
                out[i] = x[i + 1] - x[i];
            }
        }
    }

    #[tokio::test]
    async fn list_results_through_every_door() {
        check(Construct {
            kernel: differences.as_kernel().unwrap(),
            text: TEXT,
            declared: "(DOUBLE[]) RETURNS DOUBLE[]",
            built: |b| {
                b.declare(Param::list(Type::F64));
                let len = b.slot(Type::U64);
                let (zero, one) = (b.constant(0u64), b.constant(1u64));
                let (open, i) = b.begin_loop(&[zero]);
                let goes_on = b.op(Op::Lt, &[i[0], len]);
                let body = b.begin_if(goes_on);
                let next = b.op(Op::WrappingAdd, &[i[0], one]);
                let behind = b.load(Type::F64, Memory::Param(0), next);
                let here = b.load(Type::F64, Memory::Param(0), i[0]);
                let difference = b.op(Op::Sub, &[behind, here]);
                b.store(Memory::Result(0), i[0], difference);
                let body = b.begin_else(body, &[next]);
                let next = b.end_if(body, &i);
                b.end_loop(open, goes_on, &next);
                let len = Length { constant: -1, terms: vec![(0, 1)] };
                (vec![ResultTy::List { elem: Type::F64, inner: 1, len }], Vec::new())
            },
            rows: "SELECT column1 a FROM VALUES ([1.0, 4.0, 9.0]), ([1.0]), ([]), (NULL)",
        })
        .await;
    }
}

mod fixed_lists {
    use super::*;
    construct! {
        #[kernel]
        fn mean_point(points: &[[f64; 2]], by: &[f64; 2]) -> [f64; 2] {
            let mut sum = [0.0; 2];
            for i in 0..points.len() {
                sum[0] += points[i][0];
                sum[1] += points[i][1];
            }
            [sum[0] / by[0], sum[1] / by[1]]
        }
    }

    #[tokio::test]
    async fn rows_of_lists_and_arrays_through_every_door() {
        check(Construct {
            kernel: mean_point.as_kernel().unwrap(),
            text: TEXT,
            declared: "(DOUBLE[2][], DOUBLE[2]) RETURNS DOUBLE[2]",
            built: |b| {
                let flat = b.declare(Param::List { elem: Type::F64, inner: 2, len: None })[0];
                b.declare(Param::List { elem: Type::F64, inner: 1, len: Some(2) });
                let (zero, first, one, two) = (b.constant(0.0), b.constant(0u64), b.constant(1u64), b.constant(2u64));
                let (open, carried) = b.begin_loop(&[first, zero, zero]);
                let goes_on = b.op(Op::Lt, &[carried[0], flat]);
                let body = b.begin_if(goes_on);
                let x = b.load(Type::F64, Memory::Param(0), carried[0]);
                let second = b.op(Op::WrappingAdd, &[carried[0], one]);
                let y = b.load(Type::F64, Memory::Param(0), second);
                let (x, y) = (b.op(Op::Add, &[carried[1], x]), b.op(Op::Add, &[carried[2], y]));
                let next = b.op(Op::WrappingAdd, &[carried[0], two]);
                let body = b.begin_else(body, &[next, x, y]);
                let next = b.end_if(body, &carried);
                let end = b.end_loop(open, goes_on, &next);
                let (by_x, by_y) = (b.load(Type::F64, Memory::Param(1), first), b.load(Type::F64, Memory::Param(1), one));
                let mean = vec![b.op(Op::Div, &[end[1], by_x]), b.op(Op::Div, &[end[2], by_y])];
                (vec![ResultTy::Fixed { elem: Type::F64, len: 2 }], mean)
            },
            rows: "SELECT arrow_cast(column1, 'List(FixedSizeList(2, Float64))') a, arrow_cast(column2, 'FixedSizeList(2, Float64)') b
                   FROM VALUES ([[1.0, 2.0], [3.0, 5.0]], [2.0, 4.0]), ([[0.5, 0.25]], [1.0, 0.0]), (NULL, [1.0, 1.0])",
        })
        .await;
    }
}

mod tables {
    use super::*;
    construct! {
        #[kernel]
        fn rate(class: i64) -> f64 {
            const RATES: [f64; 4] = [0.0, 0.1, 0.25, 0.5];
            RATES[(class & 3) as usize]
        }
    }

    #[tokio::test]
    async fn tables_through_every_door() {
        check(Construct {
            kernel: rate.as_kernel().unwrap(),
            text: TEXT,
            declared: "(BIGINT) RETURNS DOUBLE",
            built: |b| {
                let n = b.param(Type::I64);
                let table = b.table(Table::new(Type::F64, &[0.0, 0.1, 0.25, 0.5].map(Scalar::F64)));
                let mask = b.constant(3i64);
                let low = b.op(Op::And, &[n, mask]);
                let index = b.cast(low, Type::U64);
                let found = b.load(Type::F64, table, index);
                strict(b, vec![found])
            },
            rows: "SELECT column1 a FROM VALUES (0), (1), (-1), (6), (NULL)",
        })
        .await;
    }
}

mod times {
    use super::*;
    construct! {
        #[kernel]
        fn shifted(t: Timestamp<Microsecond>, by: Duration<Microsecond>) -> (i64, Timestamp<Microsecond>, bool) {
            let later = t + by;
            (later.hour(), later, later < t)
        }
    }

    #[tokio::test]
    async fn times_through_every_door() {
        check(Construct {
            kernel: shifted.as_kernel().unwrap(),
            text: TEXT,
            declared: "(TIMESTAMP(6), DURATION(6)) RETURNS STRUCT<c0 BIGINT, c1 TIMESTAMP(6), c2 BOOLEAN>",
            built: |b| {
                let stamp = Logical::Timestamp(Unit::Microsecond);
                let t = b.declare(Param::strict(stamp))[0];
                let by = b.declare(Param::strict(Logical::Duration(Unit::Microsecond)))[0];
                let later = b.op(Op::Add, &[t, by]);
                let (hour, day) = (b.constant(3_600_000_000i64), b.constant(24i64));
                let hours = b.op(Op::DivEuclid, &[later, hour]);
                let of_day = b.op(Op::RemEuclid, &[hours, day]);
                let before = b.op(Op::Lt, &[later, t]);
                let results = vec![ResultTy::strict(Type::I64), ResultTy::strict(stamp), ResultTy::strict(Type::Bool)];
                (results, vec![of_day, later, before])
            },
            rows: "SELECT arrow_cast(column1, 'Timestamp(Microsecond, None)') a, arrow_cast(column2, 'Duration(Microsecond)') b
                   FROM VALUES ('2013-01-01T10:30:00', 5400000000), ('1969-12-31T23:59:59.5', -1), (NULL, 1)",
        })
        .await;
    }
}

mod structs {
    use super::*;
    construct! {
        #[kernel(fields = "half, rest")]
        fn split(n: i64) -> (i64, Option<i64>) {
            (n / 2, if n % 2 == 0 { None } else { Some(n % 2) })
        }
    }

    #[tokio::test]
    async fn struct_results_through_every_door() {
        check(Construct {
            kernel: split.as_kernel().unwrap(),
            text: TEXT,
            declared: "(BIGINT) RETURNS STRUCT<half BIGINT, rest BIGINT>",
            built: |b| {
                let n = b.param(Type::I64);
                let (two, zero) = (b.constant(2i64), b.constant(0i64));
                let (half, rest) = (b.op(Op::Div, &[n, two]), b.op(Op::Rem, &[n, two]));
                let odd = b.op(Op::Ne, &[rest, zero]);
                let rest_ty = ResultTy::Scalar { ty: Type::I64.into(), nullable: true };
                (vec![ResultTy::strict(Type::I64), rest_ty], vec![half, rest, odd])
            },
            rows: "SELECT column1 a FROM VALUES (7), (8), (NULL), (-3)",
        })
        .await;
    }
}

mod calls {
    use super::*;
    construct! {
        #[kernel]
        fn next_day(d: Date32) -> Date32 {
            d.add_days(1)
        }
        #[kernel]
        fn days_between(a: Date32, b: Date32) -> i64 {
            next_day(b).days_since(a)
        }
    }

    #[tokio::test]
    async fn calls_and_dates_through_every_door() {
        check(Construct {
            kernel: days_between.as_kernel().unwrap(),
            text: TEXT,
            declared: "(DATE, DATE) RETURNS BIGINT",
            built: |b| {
                let [x, y] = [(); 2].map(|()| b.declare(Param::strict(Logical::Date32))[0]);
                let one = b.constant(1i64);
                let (x, y) = (b.cast(x, Type::I64), b.cast(y, Type::I64));
                let next = b.op(Op::Add, &[y, one]);
                let days = b.op(Op::Sub, &[next, x]);
                strict(b, vec![days])
            },
            rows: "SELECT column1::DATE a, column2::DATE b FROM VALUES ('2024-02-28', '2024-03-01'), (NULL, '2024-01-01')",
        })
        .await;
    }
}
