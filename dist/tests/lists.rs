//! Lists as columns, constants and results: nulls, slices, empty batches, other element types.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, FixedSizeListArray, Float64Array, LargeListArray, ListArray, RecordBatch,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Schema};
use datafusion::prelude::SessionConfig;
use filbert_dist::Session;

use crate::{cells, failure, run, session};

const KERNELS: &str = "
    fn total(x: &[f64]) -> f64 {
        let mut sum = 0.0;
        for i in 0..x.len() { sum += x[i]; }
        sum
    }
    fn pick(x: &[f64], i: u64) -> f64 { x[i] }
    fn third(x: &[f64; 3]) -> f64 { x[2] }
    fn trace(m: &[[f64; 2]]) -> f64 {
        let mut sum = 0.0;
        for i in 0..m.len() { sum += m[i][i % 2]; }
        sum
    }
    fn pair(x: f64) -> [f64; 2] { [x, -x] }
    #[kernel(out = \"len(x)\")]
    fn scale(x: &[f64], by: f64, out: &mut [f64]) {
        for i in 0..x.len() { out[i] = x[i] * by; }
    }
";

/// Lists with a null row, a null element, an empty list; as a slice that begins inside.
fn lists() -> ListArray {
    let rows = vec![
        Some(vec![Some(9.0)]),
        Some(vec![Some(1.0), Some(2.0), Some(3.0)]),
        None,
        Some(vec![]),
        Some(vec![Some(4.0), None]),
        Some(vec![Some(5.0)]),
        Some(vec![Some(9.0)]),
    ];
    ListArray::from_iter_primitive::<Float64Type, _, _>(rows).slice(1, 5)
}

fn table(session: &Session, name: &str, columns: Vec<(&str, ArrayRef)>) {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), array.is_nullable())).collect();
    let batch =
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|c| c.1).collect()).unwrap();
    session.context().register_batch(name, batch).unwrap();
}

fn with_lists() -> Session {
    let session = session(KERNELS);
    let lists: ArrayRef = Arc::new(lists());
    let large = cast(&lists, &DataType::new_large_list(DataType::Float64, true)).unwrap();
    let singles = cast(&lists, &DataType::new_list(DataType::Float32, true)).unwrap();
    let longs = cast(&lists, &DataType::new_list(DataType::Int64, true)).unwrap();
    let n: ArrayRef = Arc::new(Float64Array::from_iter_values((0..5).map(f64::from)));
    table(&session, "t", vec![("n", n), ("x", lists), ("large", large), ("singles", singles), ("longs", longs)]);
    session
}

#[tokio::test]
async fn a_list_of_each_kind() {
    let session = with_lists();
    for column in ["x", "large", "singles"] {
        let sql = format!("SELECT total({column}) FROM t");
        assert_eq!(cells(&session, &sql).await, "6.0; ; 0.0; ; 5.0", "{column}");
    }
    assert_eq!(cells(&session, "SELECT total(x) FROM t WHERE n > 100").await, "");
    assert_eq!(cells(&session, "SELECT sum(total(x)) FROM t WHERE total(x) > 0").await, "11.0");
}

#[tokio::test]
async fn an_index_that_is_out_of_range_fails_its_row() {
    let session = with_lists();
    let screen = failure(&session, "SELECT pick(x, arrow_cast(n + 3, 'UInt64')) FROM t WHERE n > 2").await;
    for words in ["FB-0505", "row 1 of the batch", "x[i]", "x = [5.0], i = 7"] {
        assert!(screen.contains(words), "{words} is not in\n{screen}");
    }
    // Under a null nothing is looked at.
    assert_eq!(cells(&session, "SELECT pick(x, 0) FROM t WHERE n < 2").await, "1.0; ");
}

#[tokio::test]
async fn lists_of_fixed_length() {
    let session = session(KERNELS);
    let rows =
        [Some([Some(1.0), Some(2.0), Some(3.0)]), None, Some([None, Some(5.0), Some(6.0)]), Some([Some(7.0); 3])];
    let fixed = FixedSizeListArray::from_iter_primitive::<Float64Type, _, _>(rows, 3);
    table(&session, "t", vec![("f", Arc::new(fixed.slice(0, 4)))]);
    assert_eq!(cells(&session, "SELECT third(f), total(f) FROM t").await, "3.0 | 6.0;  | ;  | ; 7.0 | 21.0");
    let message = failure(&session, "SELECT third(arrow_cast(f, 'FixedSizeList(2, Float64)')) FROM t").await;
    assert!(message.contains("DOUBLE[3], the query passes DOUBLE[2]"), "{message}");
}

#[tokio::test]
async fn lists_of_rows() {
    let session = with_lists();
    let matrix = "arrow_cast([[1.0, 2.0], [3.0, n]], 'List(FixedSizeList(2, Float64))')";
    assert_eq!(cells(&session, &format!("SELECT trace({matrix}) FROM t WHERE n > 2")).await, "4.0; 5.0");
    assert_eq!(cells(&session, "SELECT trace([[1, 2], [3, 4]])").await, "5.0");
    assert_eq!(cells(&session, "SELECT trace([[1, 2], [3, 4]]) + n FROM t WHERE n > 3").await, "9.0");
    let message = failure(&session, "SELECT trace([[1, 2, 3]])").await;
    assert!(message.starts_with("FB-0702: "), "{message}");
    let message = failure(&session, "SELECT trace([x, x]) FROM t").await;
    assert!(message.contains("is DOUBLE[2][], the query passes DOUBLE[][]"), "{message}");
}

#[tokio::test]
async fn constant_lists() {
    let session = with_lists();
    let rows = [
        ("total([1, 2, 3])", "6.0"),
        ("total([0.5, -1])", "-0.5"),
        ("total(make_array(1, 2))", "3.0"),
        ("total([])", "0.0"),
        ("total([1, NULL])", ""),
        ("total(NULL)", ""),
        ("third([1, 2, 3])", "3.0"),
        ("pick([10, 20], 1)", "20.0"),
    ];
    for (call, expected) in rows {
        assert_eq!(cells(&session, &format!("SELECT {call}")).await, expected, "{call}");
        let each = cells(&session, &format!("SELECT {call} FROM t WHERE n < 2")).await;
        assert_eq!(each, format!("{expected}; {expected}"), "{call} for each row");
    }
    // A lookup table, and an index from the rows.
    let lookup = "SELECT pick([10, 20, 30, 40, 50], arrow_cast(n, 'UInt64')) FROM t";
    assert_eq!(cells(&session, lookup).await, "10.0; 20.0; 30.0; 40.0; 50.0");
    for call in ["total([1, 9007199254740993])", "third([1, 2])", "total(['a'])", "total([[1]])", "total(1)"] {
        let message = failure(&session, &format!("SELECT {call}")).await;
        assert!(message.starts_with("FB-0702: "), "{call}: {message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[tokio::test]
async fn columns_that_could_lose_are_refused_and_the_advice_works() {
    let session = with_lists();
    let message = failure(&session, "SELECT total(longs) FROM t").await;
    assert_eq!(
        message,
        "FB-0702: a column cannot be converted without loss in kernel total: argument 1 (x) of total is DOUBLE[], the \
         query passes BIGINT[], which could change values; write CAST(... AS DOUBLE[]) if that is meant\n"
    );
    assert_eq!(cells(&session, "SELECT total(CAST(longs AS DOUBLE[])) FROM t").await, "6.0; ; 0.0; ; 5.0");
    let message = failure(&session, "SELECT total([n, 1::BIGINT]) FROM t WHERE total(longs) > 0").await;
    assert!(message.starts_with("FB-0702: "), "{message}");
    let message = failure(&session, "SELECT total(n) FROM t").await;
    assert!(
        message.contains("is DOUBLE[], the query passes DOUBLE, which is no list; write [...] if that is meant"),
        "{message}"
    );
}

#[tokio::test]
async fn results_that_are_lists() {
    let session = with_lists();
    assert_eq!(cells(&session, "SELECT pair(n) FROM t WHERE n < 2").await, "[0.0, -0.0]; [1.0, -1.0]");
    assert_eq!(cells(&session, "SELECT pair(NULL)").await, "");
    assert_eq!(cells(&session, "SELECT scale(x, 2) FROM t").await, "[2.0, 4.0, 6.0]; ; []; ; [10.0]");
    assert_eq!(cells(&session, "SELECT total(scale(x, 2)) FROM t").await, "12.0; ; 0.0; ; 10.0");
    assert_eq!(cells(&session, "SELECT unnest(scale(x, n)) FROM t WHERE n <> 4").await, "0.0; 0.0; 0.0");
    assert_eq!(cells(&session, "SELECT scale([1, 2], 3)").await, "[3.0, 6.0]");
    let types = "SELECT arrow_typeof(pair(n)), arrow_typeof(scale(x, 2)) FROM t LIMIT 1";
    assert_eq!(cells(&session, types).await, "FixedSizeList(2 x Float64) | List(Float64)");
}

#[tokio::test]
async fn partitions_and_batches_do_not_show() {
    let mut answers = Vec::new();
    for (partitions, rows) in [(1, 8192), (3, 1), (2, 7), (2, 1024)] {
        let config = SessionConfig::new().with_target_partitions(partitions).with_batch_size(rows);
        let session = Session::with_config(config);
        for kernel in &filbert_syntax::parse(KERNELS, "test").unwrap().kernels {
            session.register(kernel).unwrap();
        }
        let batch = |from: i64| {
            let lists = (from..from + 1500).map(|n| {
                (n % 11 != 0).then(|| (0..n % 5).map(|i| (n % 13 != i).then_some((n * i) as f64)).collect::<Vec<_>>())
            });
            let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(lists));
            RecordBatch::try_from_iter_with_nullable([("x", lists, true)]).unwrap()
        };
        let parts = (0..4).map(|i| vec![batch(i * 1500)]).collect();
        let table = datafusion::datasource::MemTable::try_new(batch(0).schema(), parts).unwrap();
        session.context().register_table("t", Arc::new(table)).unwrap();
        let sql = "SELECT count(*), count(s), sum(total(s)), count(total(s)) FROM (SELECT scale(x, 0.5) s FROM t)";
        answers.push(cells(&session, sql).await);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert!(answers[0].starts_with("6000 | "), "{answers:?}");
}

#[tokio::test]
async fn nullability_follows_the_elements() {
    let session = session(KERNELS);
    let element = Arc::new(Field::new_list_field(DataType::Float64, false));
    let values: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0]));
    let whole = LargeListArray::new(element, OffsetBuffer::from_lengths([1, 1]), values, None);
    table(&session, "t", vec![("x", Arc::new(whole))]);
    table(&session, "u", vec![("x", Arc::new(lists().slice(0, 1)))]);
    for (name, nullable) in [("t", false), ("u", true)] {
        let frame = session.sql(&format!("SELECT total(x) AS s FROM {name}")).await.unwrap().dataframe();
        assert_eq!(frame.schema().field(0).is_nullable(), nullable, "{name}");
        let rows = frame.collect().await.unwrap();
        assert!(concat_batches(&rows[0].schema(), &rows).unwrap().num_rows() > 0);
    }
}

#[tokio::test]
async fn create_function_declares_them() {
    let session = session("fn unrelated() -> i32 { 1 }");
    let create = |args: &str, result: &str, text: &str| {
        format!("CREATE OR REPLACE FUNCTION f({args}) RETURNS {result} LANGUAGE kernel AS '{text}'")
    };
    run(&session, &create("x DOUBLE[]", "DOUBLE", "fn f(x: &[f64]) -> f64 { x[0] }")).await;
    assert_eq!(cells(&session, "SELECT f([3, 4])").await, "3.0");
    run(&session, &create("x FLOAT[3]", "FLOAT", "fn f(x: &[f32; 3]) -> f32 { x[1] }")).await;
    assert_eq!(cells(&session, "SELECT f([3, 4, 5])").await, "4.0");
    run(&session, &create("m DOUBLE[2][]", "DOUBLE", "fn f(m: &[[f64; 2]]) -> f64 { m[1][0] }")).await;
    assert_eq!(cells(&session, "SELECT f([[1, 2], [3, 4]])").await, "3.0");
    run(&session, &create("x DOUBLE", "DOUBLE[2]", "fn f(x: f64) -> [f64; 2] { [x, x + 1.0] }")).await;
    assert_eq!(cells(&session, "SELECT f(1)").await, "[1.0, 2.0]");
    let out =
        "#[kernel(out = \"len(x)\")] fn f(x: &[f64], out: &mut [f64]) { for i in 0..x.len() { out[i] = -x[i]; } }";
    run(&session, &create("x DOUBLE[]", "DOUBLE[]", out)).await;
    assert_eq!(cells(&session, "SELECT f([1, 2])").await, "[-1.0, -2.0]");
    let wrong = failure(&session, &create("x FLOAT[]", "DOUBLE", "fn f(x: &[f64]) -> f64 { x[0] }")).await;
    assert!(wrong.contains("argument 1 (x) is declared FLOAT[], the kernel takes DOUBLE[] (&[f64])"), "{wrong}");
    let wrong = failure(&session, &create("x DOUBLE[]", "DOUBLE[]", "fn f(x: &[f64]) -> f64 { x[0] }")).await;
    assert!(wrong.contains("RETURNS says DOUBLE[], the kernel gives DOUBLE"), "{wrong}");
}
