//! One suite for every engine: `tests/kernels/*.rs` are kernel files with calls and expectations beside
//! them (`//~ add(1, 2) = 3`; `null`, `FB-0501` and tuples are expectations too).
//!
//! Each line runs through the interpreter, through machine code and through a DataFusion query, where the
//! rows of a kernel are one batch: rows that fail are added to it one at a time, and must be the ones that
//! are named. `BLESS=1 cargo test kernels` rewrites the expectations with what the interpreter says.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StructArray, new_null_array};
use arrow::compute::concat;
use arrow::datatypes::{self as dt, DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use filbert::ir::{self, interp, text};
use filbert::{Engine, KernelError, LoadedKernel, Scalar, Session, Type, VerifiedKernel};

/// One `//~` line.
struct Case {
    line: usize,
    kernel: String,
    args: Vec<Option<Scalar>>,
    expected: String,
}

type Row = Vec<Option<Scalar>>;

#[test]
fn kernel_files_give_the_expected_rows_on_every_engine() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut wrong = Vec::new();
    let mut lines = 0;
    let mut files: Vec<_> = fs::read_dir("tests/kernels").unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files {
        let (cases, kernels) = read(&path);
        lines += cases.len();
        if std::env::var_os("BLESS").is_some() {
            bless(&path, &cases, &kernels);
            continue;
        }
        for (name, kernel) in &kernels {
            let cases: Vec<&Case> = cases.iter().filter(|case| case.kernel == *name).collect();
            let good: Vec<&Case> = cases.iter().copied().filter(|case| !case.expected.starts_with("FB-")).collect();
            let bad = cases.iter().filter(|case| case.expected.starts_with("FB-"));
            let mut batches = vec![(good.clone(), None)];
            for case in bad {
                let place = good.len() / 2;
                let mut rows = good.clone();
                rows.insert(place, case);
                batches.push((rows, Some(place)));
            }
            for (rows, failing) in batches {
                for engine in ["interpreter", "native", "DataFusion"] {
                    let args: Vec<Row> = rows.iter().map(|case| case.args.clone()).collect();
                    let got = match engine {
                        "interpreter" => call(kernel, Engine::Interp, &args),
                        "native" => call(kernel, Engine::Native, &args),
                        _ => runtime.block_on(query(kernel, &args)),
                    };
                    compare(&path, engine, &rows, failing, got, &mut wrong);
                }
            }
        }
    }
    assert!(lines > 150, "only {lines} lines of expectations were found");
    assert!(wrong.is_empty(), "{} of {lines}:\n{}", wrong.len(), wrong.join("\n"));
}

fn read(path: &Path) -> (Vec<Case>, BTreeMap<String, VerifiedKernel>) {
    let source = fs::read_to_string(path).unwrap();
    let module = filbert::parse(&source, &path.display().to_string()).unwrap_or_else(|found| panic!("{found}"));
    let kernels: BTreeMap<_, _> = module.kernels.iter().map(|k| (k.name().to_string(), k.clone())).collect();
    let mut cases = Vec::new();
    for (index, line) in source.lines().enumerate() {
        let Some(case) = line.strip_prefix("//~ ") else { continue };
        let (call, expected) = case.split_once(" = ").unwrap_or_else(|| panic!("no ` = ` in {line}"));
        let (kernel, args) = call.strip_suffix(')').unwrap().split_once('(').unwrap();
        let types = kernels.get(kernel).unwrap_or_else(|| panic!("no kernel {kernel}")).core.slot_types();
        let words: Vec<&str> = args.split(", ").filter(|word| !word.is_empty()).collect();
        assert_eq!(words.len(), types.len(), "{}:{}: wrong number of arguments", path.display(), index + 1);
        let scalar = |(word, ty): (&&str, &Type)| {
            (*word != "null").then(|| text::parse_scalar(*ty, word).unwrap_or_else(|| panic!("{word} is no {ty}")))
        };
        let args = words.iter().zip(&types).map(scalar).collect();
        cases.push(Case { line: index + 1, kernel: kernel.into(), args, expected: expected.into() });
    }
    (cases, kernels)
}

/// Rewrites each expectation with what the interpreter gives.
fn bless(path: &Path, cases: &[Case], kernels: &BTreeMap<String, VerifiedKernel>) {
    let source = fs::read_to_string(path).unwrap();
    let mut lines: Vec<String> = source.lines().map(str::to_string).collect();
    for case in cases {
        let args: Option<Vec<Scalar>> = case.args.iter().copied().collect();
        let result = match args.map(|args| interp::run_scalars(&kernels[&case.kernel], &args)) {
            None => "null".to_string(),
            Some(Ok(row)) => show(&row.into_iter().map(Some).collect::<Row>()),
            Some(Err(e)) => e.fault.code().to_string(),
        };
        let line = &mut lines[case.line - 1];
        *line = format!("{} = {result}", line.split(" = ").next().unwrap());
    }
    fs::write(path, lines.join("\n") + "\n").unwrap();
}

fn compare(
    path: &Path,
    engine: &str,
    rows: &[&Case],
    failing: Option<usize>,
    got: Result<Vec<Row>, (String, Option<u64>)>,
    wrong: &mut Vec<String>,
) {
    let at = |case: &Case| format!("{}:{}: {engine}", path.display(), case.line);
    match (got, failing) {
        (Ok(got), None) => {
            for (case, row) in rows.iter().zip(&got) {
                if show(row) != case.expected {
                    wrong.push(format!("{}: expected {}, got {}", at(case), case.expected, show(row)));
                }
            }
            assert_eq!(got.len(), rows.len());
        }
        (Ok(got), Some(place)) => {
            wrong.push(format!("{}: expected {}, got {}", at(rows[place]), rows[place].expected, show(&got[place])));
        }
        (Err((message, row)), Some(place)) => {
            if !message.contains(&rows[place].expected) || row != Some(place as u64) {
                let want = format!("{} in row {place}", rows[place].expected);
                wrong.push(format!("{}: expected {want}, got {message} in row {row:?}", at(rows[place])));
            }
        }
        (Err((message, row)), None) => wrong.push(format!("{}: {engine}: row {row:?}: {message}", path.display())),
    }
}

/// One result row as expectations write it: `nan` for every NaN, parentheses around several columns.
fn show(row: &Row) -> String {
    let words: Vec<String> = row
        .iter()
        .map(|value| match value {
            None => "null".to_string(),
            Some(Scalar::F32(v)) if v.is_nan() => "nan".to_string(),
            Some(Scalar::F64(v)) if v.is_nan() => "nan".to_string(),
            Some(value) => value.to_string(),
        })
        .collect();
    match &words[..] {
        [one] => one.clone(),
        many if many.iter().all(|word| word == "null") => "null".to_string(),
        many => format!("({})", many.join(", ")),
    }
}

fn call(kernel: &VerifiedKernel, engine: Engine, rows: &[Row]) -> Result<Vec<Row>, (String, Option<u64>)> {
    let loaded = LoadedKernel::load_with(kernel, engine);
    assert_eq!(loaded.engine(), engine, "{} was degraded", kernel.name());
    let columns = columns(&kernel.core, rows);
    let args: Vec<_> = columns.iter().map(filbert::ArrowArg::Array).collect();
    let results = loaded.call_arrow(&args, rows.len()).map_err(|e: KernelError| (e.to_string(), e.row))?;
    Ok((0..rows.len()).map(|row| results.iter().map(|column| element(column, row)).collect()).collect())
}

/// The same rows through a query, as one batch of one partition.
async fn query(kernel: &VerifiedKernel, rows: &[Row]) -> Result<Vec<Row>, (String, Option<u64>)> {
    let session = Session::local();
    session.register(kernel).unwrap();
    let names: Vec<String> = (0..kernel.core.slots()).map(|i| format!("a{i}")).collect();
    let mut columns = columns(&kernel.core, rows);
    // A column beside the arguments, so that a kernel without parameters has rows too.
    columns.push(Arc::new(array::<dt::Int64Type>((0..rows.len() as i64).collect())));
    let fields = names.iter().map(String::as_str).chain(["row"]).zip(&columns);
    let fields: Vec<Field> = fields.map(|(name, column)| Field::new(name, column.data_type().clone(), true)).collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    session.context().register_batch("t", batch).unwrap();
    let sql = format!("SELECT {}({}) AS result FROM t", kernel.name(), names.join(", "));
    let frame = session.sql(&sql).await.map_err(|e| (e.to_string(), None))?;
    let batches = frame.collect().await.map_err(|e| {
        let row = filbert::kernel_error(&e).and_then(|e| e.row);
        (e.to_string(), row)
    })?;
    let mut got = Vec::new();
    for batch in batches {
        let column = batch.column(0);
        for row in 0..batch.num_rows() {
            got.push(match column.as_any().downcast_ref::<StructArray>() {
                Some(fields) if fields.is_valid(row) => fields.columns().iter().map(|c| element(c, row)).collect(),
                Some(fields) => vec![None; fields.num_columns()],
                None => vec![element(column, row)],
            });
        }
    }
    Ok(got)
}

/// Arrow columns of the arguments; every second one is a slice behind an offset.
fn columns(core: &ir::Core, rows: &[Row]) -> Vec<ArrayRef> {
    let column = |(index, ty): (usize, Type)| {
        let data_type = arrow_type(ty);
        let mut parts: Vec<ArrayRef> = rows.iter().map(|row| one(&data_type, row[index])).collect();
        let offset = index % 2 * 3;
        parts.splice(0..0, (0..offset).map(|_| new_null_array(&data_type, 1)));
        parts.push(new_null_array(&data_type, 0));
        let parts: Vec<&dyn Array> = parts.iter().map(|part| part.as_ref()).collect();
        concat(&parts).unwrap().slice(offset, rows.len())
    };
    core.slot_types().into_iter().enumerate().map(column).collect()
}

macro_rules! by_type {
    ($($variant:ident $data:ident $arrow:ident;)*) => {
        fn arrow_type(ty: Type) -> DataType {
            match ty { Type::Bool => DataType::Boolean, $(Type::$variant => DataType::$data,)* }
        }

        /// A column of one element.
        fn one(data_type: &DataType, value: Option<Scalar>) -> ArrayRef {
            match value {
                None => new_null_array(data_type, 1),
                Some(Scalar::Bool(v)) => Arc::new(arrow::array::BooleanArray::from(vec![v])),
                $(Some(Scalar::$variant(v)) => Arc::new(array::<dt::$arrow>(vec![v])),)*
            }
        }

        fn element(column: &ArrayRef, row: usize) -> Option<Scalar> {
            if column.is_null(row) {
                return None;
            }
            match column.data_type() {
                DataType::Boolean => Some(Scalar::Bool(column.as_boolean().value(row))),
                $(DataType::$data => Some(Scalar::$variant(column.as_primitive::<dt::$arrow>().value(row))),)*
                other => panic!("no kernel gives {other}"),
            }
        }
    };
}

by_type! {
    I8 Int8 Int8Type; I16 Int16 Int16Type; I32 Int32 Int32Type; I64 Int64 Int64Type;
    U8 UInt8 UInt8Type; U16 UInt16 UInt16Type; U32 UInt32 UInt32Type; U64 UInt64 UInt64Type;
    F32 Float32 Float32Type; F64 Float64 Float64Type;
}

fn array<T: dt::ArrowPrimitiveType>(values: Vec<T::Native>) -> arrow::array::PrimitiveArray<T> {
    arrow::array::PrimitiveArray::from_iter_values(values)
}
