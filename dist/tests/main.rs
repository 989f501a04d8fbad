//! What a user of the engine sees of kernels: results, types, messages, files. One binary for all of it.
//!
//! A test is a session, statements, and the expected text: the table that a query prints, or the message of
//! its failure.

#![allow(clippy::unwrap_used)]

mod codec;
mod coercion;
mod copies;
mod create_function;
mod encodings;
mod files;
mod frame;
mod lists;
mod metrics;
mod nulls;
mod partitions;
mod row_errors;
mod settings;
mod templates;
mod times;

use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::common::DataFusionError;
use filbert_dist::Session;
use filbert_ir::VerifiedKernel;

/// The kernel of a text that has one.
fn kernel(text: &str) -> VerifiedKernel {
    let module = filbert_syntax::parse(text, "test").unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    module.kernels.first().cloned().unwrap()
}

/// A session with the kernels of a text.
fn session(kernels: &str) -> Session {
    let session = Session::local();
    for kernel in &filbert_syntax::parse(kernels, "test").unwrap_or_else(|d| panic!("{d}")).kernels {
        session.register(kernel).unwrap();
    }
    session
}

async fn query(session: &Session, sql: &str) -> Result<String, DataFusionError> {
    let batches = session.sql(sql).await?.collect().await?;
    Ok(pretty_format_batches(&batches)?.to_string())
}

/// The cells of the answer: columns divided by ` | `, rows by `; `.
async fn cells(session: &Session, sql: &str) -> String {
    let table = query(session, sql).await.unwrap_or_else(|error| panic!("{sql}\n{error}"));
    let rows = table.lines().filter(|line| line.starts_with('|')).skip(1);
    let rows = rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join(" | "));
    rows.collect::<Vec<_>>().join("; ")
}

/// What the user sees of a failing statement.
async fn failure(session: &Session, sql: &str) -> String {
    match query(session, sql).await {
        Ok(table) => panic!("{sql}\nshould fail and gives\n{table}"),
        Err(error) => session.render(&error),
    }
}

/// A statement without an answer.
async fn run(session: &Session, sql: &str) {
    query(session, sql).await.unwrap_or_else(|error| panic!("{sql}\n{}", session.render(&error)));
}
