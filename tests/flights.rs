//! The main job on real data, against the oracle in examples/data/README.md.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use datafusion::sql::parser::DFParser;
use filbert::Session;

const SCRIPT: &str = include_str!("../examples/flights.sql");

/// Runs the script, if asked with a query of our own in place of its last statement.
async fn run(session: &Session, last: Option<&str>) -> Vec<RecordBatch> {
    let mut statements = DFParser::parse_sql(SCRIPT).unwrap();
    if let Some(last) = last {
        statements.pop_back();
        statements.extend(DFParser::parse_sql(last).unwrap());
    }
    let mut batches = Vec::new();
    for statement in statements {
        let plan = session.context().state().statement_to_plan(statement).await.unwrap();
        batches = session.context().execute_logical_plan(plan).await.unwrap().collect().await.unwrap();
    }
    batches
}

#[tokio::test]
async fn totals_agree_with_the_oracle() {
    let sql = "SELECT count(miles), avg(abs(miles - distance)), max(abs(miles - distance)), avg(miles),
        count(miles / air_time), avg(miles / (air_time / 60.0)), count(*) FROM legs";
    let rows = run(&Session::local(), Some(sql)).await;
    let int = |i: usize| rows[0].column(i).as_primitive::<Int64Type>().value(0);
    let float = |i: usize| rows[0].column(i).as_primitive::<Float64Type>().value(0);
    assert_eq!((int(0), int(4), int(6)), (329_174, 319_809, 336_776));
    for (got, expected) in [(1, 2.044115), (2, 8.888134), (3, 1025.684965), (5, 391.756705)] {
        assert!((float(got) - expected).abs() < 5e-7, "column {got}: {} is not {expected}", float(got));
    }
}

#[tokio::test]
async fn one_row_per_carrier_however_it_is_partitioned() {
    let mut digests = Vec::new();
    for partitions in ["1", "2", "7"] {
        let session = Session::local();
        session.set("datafusion.execution.target_partitions", partitions).unwrap();
        let batches = run(&session, None).await;
        let table = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 16);
        for line in ["UA      | 58665   | 56614", "B6      | 54635   | 50389", "HA      | 342     | 342"] {
            // flights and rows with a distance; the last column is the mean speed
            let carrier = line.split_once(' ').unwrap().0;
            assert!(table.lines().any(|row| row.contains(&format!("| {carrier} "))), "{table}");
        }
        for speed in ["419.203847", "393.748716", "362.507545", "416.059825", "479.606399", "365.157178"] {
            assert!(table.contains(speed), "{speed} is not in\n{table}");
        }
        digests.push(table);
    }
    assert!(digests.iter().all(|table| *table == digests[0]));
}
