//! Columns that are stored otherwise: dictionaries, runs, 16-bit floats.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, DictionaryArray, Float32Array, Float64Array, Int32Array, Int64Array, RecordBatch, RunArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int32Type};
use filbert_dist::Session;

use crate::{cells, failure, session};

const KERNELS: &str = "
    fn twice(x: f64) -> f64 { x + x }
    fn sub(a: f64, b: f64) -> f64 { a - b }
";

fn with_table() -> Session {
    let session = session(KERNELS);
    let keys = Int32Array::from(vec![Some(1), None, Some(0), Some(1)]);
    let of = |values: ArrayRef| -> ArrayRef { Arc::new(DictionaryArray::<Int32Type>::new(keys.clone(), values)) };
    let runs = |values: ArrayRef| -> ArrayRef {
        let ends = Int32Array::from(vec![2, 3, 6]);
        // Rows 1 to 4 of 6: the first and the last run are cut.
        Arc::new(RunArray::<Int32Type>::try_new(&ends, &values).unwrap().slice(1, 4))
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("plain", Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0, 4.0]))),
        ("dict", of(Arc::new(Float64Array::from(vec![10.0, 20.0])))),
        ("narrow", of(Arc::new(Float32Array::from(vec![10.0, 20.0])))),
        ("long", of(Arc::new(Int64Array::from(vec![10, 20])))),
        ("runs", runs(Arc::new(Float64Array::from(vec![Some(1.0), None, Some(3.0)])))),
        ("short_runs", runs(Arc::new(Float32Array::from(vec![Some(1.0), None, Some(3.0)])))),
        (
            "half",
            cast(&Float32Array::from(vec![Some(0.5), None, Some(-2.0), Some(65504.0)]), &DataType::Float16).unwrap(),
        ),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)));
    session.context().register_batch("t", batch.unwrap()).unwrap();
    session
}

#[tokio::test]
async fn columns_are_decoded() {
    let session = with_table();
    let rows = [
        ("twice(dict)", "40.0; ; 20.0; 40.0"),
        ("twice(narrow)", "40.0; ; 20.0; 40.0"),
        ("twice(runs)", "2.0; ; 6.0; 6.0"),
        ("twice(short_runs)", "2.0; ; 6.0; 6.0"),
        ("twice(half)", "1.0; ; -4.0; 131008.0"),
        ("sub(dict, plain)", "19.0; ; 7.0; 16.0"),
        ("sub(dict, 1)", "19.0; ; 9.0; 19.0"),
        ("sub(runs, dict)", "-19.0; ; -7.0; -17.0"),
    ];
    for (call, expected) in rows {
        assert_eq!(cells(&session, &format!("SELECT {call} FROM t")).await, expected, "{call}");
    }
    assert_eq!(cells(&session, "SELECT plain FROM t WHERE twice(dict) > 20").await, "1.0; 4.0");
}

#[tokio::test]
async fn what_an_encoding_holds_decides() {
    let session = with_table();
    let message = failure(&session, "SELECT twice(long) FROM t").await;
    assert!(
        message.contains("is DOUBLE, the query passes BIGINT (dictionary), which could change values"),
        "{message}"
    );
    assert_eq!(cells(&session, "SELECT twice(CAST(long AS DOUBLE)) FROM t").await, "40.0; ; 20.0; 40.0");
}
