//! The kernel files as functions of SQL: the last engine of the suite. runtime/tests/kernels.rs runs the same
//! files through the interpreter and machine code, over rows and Arrow columns.
//!
//! The rows that have results come as several partitions and in batches of several sizes, again and again until
//! they fill them; a row that fails stands in the midst of a batch of those, and must be the one that is named.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StructArray, UInt64Array};
use arrow::datatypes::{Field, Schema, UInt64Type};
use arrow::record_batch::RecordBatch;
use datafusion::datasource::MemTable;
use filbert::{Session, VerifiedKernel};
use filbert_ir::Datum;

use crate::kernel_columns::{columns, rows};
use crate::kernel_files::{Case, KernelFile, Outcome, interpret, read_all, show};

/// Rows in a batch, batches in a partition, partitions.
const SHAPES: &[(usize, usize, usize)] = &[(1, 3, 3), (7, 2, 2), (1024, 2, 2), (8192, 1, 1)];

#[test]
fn kernel_files_give_the_expected_rows_in_queries() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let files = read_all(Path::new("tests/kernels"));
    let mut wrong = Vec::new();
    for file in &files {
        for kernel in file.kernels.values() {
            runtime.block_on(good_rows(file, kernel, &mut wrong));
            runtime.block_on(failing_rows(file, kernel, &mut wrong));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

async fn good_rows(file: &KernelFile, kernel: &VerifiedKernel, wrong: &mut Vec<String>) {
    let (good, _) = file.of(kernel.name());
    if good.is_empty() {
        return;
    }
    let expected: Vec<Outcome> = good.iter().map(|case| interpret(kernel, &case.args)).collect();
    for &(size, batches, partitions) in SHAPES {
        let count = size * batches * partitions;
        let args: Vec<&[Datum]> = (0..count).map(|row| &good[row % good.len()].args[..]).collect();
        let chunks: Vec<&[&[Datum]]> = args.chunks(size).collect();
        let partitions: Vec<_> = chunks.chunks(batches).collect();
        let got = match query(kernel, &partitions).await {
            Ok(got) => got,
            Err((message, row)) => {
                wrong.push(format!("{}: {}: row {row:?}: {message}", file.path.display(), kernel.name()));
                return;
            }
        };
        assert_eq!(got.len(), count);
        for (row, results) in got {
            let case = good[row % good.len()];
            let outcome = Ok(results);
            // The text of a row takes its time: it is asked of each line once.
            let wrong_value = match row < good.len() {
                true => case.check(kernel, &outcome).err(),
                false => (outcome != expected[row % good.len()]).then(|| show(&outcome)),
            };
            if let Some(why) = wrong_value {
                wrong.push(format!("{}: batches of {size}: row {row}: {why}", file.at(case)));
                return;
            }
        }
    }
}

async fn failing_rows(file: &KernelFile, kernel: &VerifiedKernel, wrong: &mut Vec<String>) {
    let (good, bad) = file.of(kernel.name());
    for case in bad {
        let place = good.len() / 2;
        let mut all: Vec<&Case> = good.clone();
        all.insert(place, case);
        let args: Vec<&[Datum]> = all.iter().map(|case| &case.args[..]).collect();
        let code = case.code().unwrap();
        match query(kernel, &[&[&args[..]]]).await {
            Err((message, row)) if message.contains(code) && row == Some(place as u64) => {}
            Err((message, row)) => {
                wrong.push(format!("{}: expected {code} in row {place}, got {message} in {row:?}", file.at(case)))
            }
            Ok(got) => {
                let got = got.into_values().nth(place).unwrap();
                wrong.push(format!("{}: expected {code}, got {}", file.at(case), show(&Ok(got))));
            }
        }
    }
}

/// The results of a query by row number, over partitions of batches of rows.
async fn query(
    kernel: &VerifiedKernel,
    partitions: &[&[&[&[Datum]]]],
) -> Result<BTreeMap<usize, Vec<Datum>>, (String, Option<u64>)> {
    let session = Session::local();
    session.register(kernel).unwrap();
    let params = &kernel.core.signature.params;
    let names: Vec<String> = (0..params.len()).map(|i| format!("a{i}")).collect();
    let mut number = 0;
    let mut batch = |rows: &&[&[Datum]]| {
        let mut data = columns(params, rows);
        // Beside the arguments, so that a kernel without parameters has rows too.
        data.push(Arc::new(UInt64Array::from_iter_values(number..number + rows.len() as u64)));
        number += rows.len() as u64;
        let fields = names.iter().map(String::as_str).chain(["row"]).zip(&data);
        let fields: Vec<Field> =
            fields.map(|(name, column)| Field::new(name, column.data_type().clone(), true)).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), data).unwrap()
    };
    let data: Vec<Vec<RecordBatch>> =
        partitions.iter().map(|batches| batches.iter().map(&mut batch).collect()).collect();
    let table = MemTable::try_new(data[0][0].schema(), data).unwrap();
    session.context().register_table("t", Arc::new(table)).unwrap();
    let sql = format!("SELECT row, {}({}) AS result FROM t", kernel.name(), names.join(", "));
    let frame = session.sql(&sql).await.map_err(|e| (e.to_string(), None))?;
    let batches = frame.collect().await.map_err(|e| {
        let row = filbert::kernel_error(&e).and_then(|e| e.row);
        (e.to_string(), row)
    })?;
    let mut got = BTreeMap::new();
    for batch in batches {
        let numbers = batch.column(0).as_primitive::<UInt64Type>();
        for (row, results) in results(kernel, batch.column(1)).into_iter().enumerate() {
            got.insert(numbers.value(row) as usize, results);
        }
    }
    Ok(got)
}

/// The rows of a result column, which is a struct if there are several results.
fn results(kernel: &VerifiedKernel, column: &ArrayRef) -> Vec<Vec<Datum>> {
    let fields = match column.as_any().downcast_ref::<StructArray>() {
        Some(fields) if kernel.core.signature.results.len() > 1 => fields,
        _ => return rows(std::slice::from_ref(column), column.len()),
    };
    let mut rows = rows(fields.columns(), column.len());
    for (row, results) in rows.iter_mut().enumerate() {
        if fields.is_null(row) {
            results.fill(Datum::Null);
        }
    }
    rows
}
