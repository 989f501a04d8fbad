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
        // Of the last column the oracle knows six; the other figures are from the first run that met it.
        for row in [
            "| B6      | 54635   | 50940         | 1029.924441 | 1.931143        | 6.913496            | 393.748716 |",
            "| DL      | 48110   | 46779         | 1225.217349 | 2.492467        | 6.913496            | 416.059825 |",
            "| EV      | 54173   | 54173         | 562.201376  | 1.003592        | 3.243324            | 362.507545 |",
            "| HA      | 342     | 342           | 4975.206167 | 7.793833        | 7.793833            | 479.606399 |",
            "| OO      | 32      | 32            | 499.301464  | 1.511036        | 2.159968            | 365.157178 |",
            "| UA      | 58665   | 57491         | 1525.284583 | 3.145662        | 8.888134            | 419.203847 |",
        ] {
            assert!(table.contains(row), "{row} is not in\n{table}");
        }
        digests.push(table);
    }
    assert!(digests.iter().all(|table| *table == digests[0]));
}
