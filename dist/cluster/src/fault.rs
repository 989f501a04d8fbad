//! Whose fault a failed job is: its own, or the cluster's.
//!
//! Ballista gives clients the text of an error and nothing else. Ours have a code in it, which decides, and an
//! executor that could not get the rows of an earlier stage gives such a code (`of_task`). Of the rest, the words
//! with which connections break and executors vanish are the cluster's. Whatever is not known is the job's: to
//! run a wrong job three times helps nobody.

use std::error::Error;
use std::io;

use ballista_core::error::BallistaError;
use datafusion::arrow::error::ArrowError;
use datafusion::common::DataFusionError;
use datafusion::object_store;
use filbert_dist::carried::recover;
use filbert_dist::error::{external, find_kernel_error};
use filbert_ir::{Code, KernelError};

/// Longest text of an error that is passed on in another one.
const LINE_CHARS_MAX: usize = 300;

/// Words of Ballista, tonic and hyper for what another attempt may not meet again, in lower case.
const CLUSTER: &[&str] = &[
    // nobody is left
    "all executors were lost",
    "no executor re-registered",
    "task could not be prepared",
    // a stage could not fetch its input, a client its rows
    "most recent failure reason",
    "shuffle fetch partition error",
    "fetchfailed",
    "grpcactionerror",
    "grpc execute action error",
    "grpcconnectionerror",
    "grpc connection error",
    "error connecting to ballista",
    "failed to open partition file",
    // connections
    "transport error",
    "connection refused",
    "connection reset",
    "connection closed",
    "connection error",
    "broken pipe",
    "h2 protocol error",
    "http2 error",
    "error reading a body from connection",
    "keep-alive timed out",
    "keepalivetimedout",
    "tcp connect error",
    "timeout expired",
    "deadline has elapsed",
    "stream closed without job completing",
    FILES,
];

/// Ballista's words for a task that could not read or write.
const FILES: &str = "task failed due to io error";

/// Words of the engine for what can be said better.
const KNOWN: &[(&str, Code, &str)] = &[
    // Jobs that the scheduler ends say why.
    ("failed: cancelled", Code::Cancelled, "the job was cancelled on its cluster"),
    (
        "error serializing custom table",
        Code::Query,
        "a table of the query is in this session's memory, or made by a function, where executors do not reach it; \
         write it to files with COPY TO and read those, or make it a view",
    ),
];

/// Who is to blame for a failed attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// It would fail again.
    Job,
    /// Another attempt may succeed.
    Cluster,
}

impl Fault {
    /// Who is to blame, and the error with its code in it, if it has one.
    pub(crate) fn of(error: DataFusionError) -> (Fault, DataFusionError) {
        let mut error = recover(unquoted(error));
        if find_kernel_error(&error).is_none() {
            let text = error.to_string().to_lowercase();
            if let Some((_, code, detail)) = KNOWN.iter().find(|(words, ..)| text.contains(words)) {
                error = refuse(*code, *detail);
            }
        }
        let fault = match find_kernel_error(&error) {
            Some(found) => of_code(found.code),
            None => of_text(&error.to_string()),
        };
        (fault, error)
    }
}

/// The error of a task on an executor, before the engine makes a text of it: rows of another stage or executor
/// that could not be had are the cluster's fault, with the code that says so.
pub(crate) fn of_task(error: DataFusionError) -> DataFusionError {
    match find_kernel_error(&error).is_none() && is_loss(&error) {
        true => refuse(Code::ExecutorLost, format!("rows of an earlier stage are gone: {}", line(&error))),
        false => error,
    }
}

/// Whether a fetch from an executor failed, or a file of our own is gone. Files of tables are objects of a store,
/// which has its own errors.
fn is_loss(layer: &(dyn Error + 'static)) -> bool {
    if let Some(BallistaError::DataFusionError(inside)) = layer.downcast_ref() {
        return is_loss(inside.as_ref());
    }
    if layer.is::<object_store::Error>() {
        return false;
    }
    let is_fetch = matches!(
        layer.downcast_ref(),
        Some(
            BallistaError::FetchFailed(..)
                | BallistaError::GrpcConnectionError(_)
                | BallistaError::GrpcActionError(_)
                | BallistaError::TonicError(_)
                | BallistaError::GrpcError(_)
        )
    );
    let file = match (layer.downcast_ref(), layer.downcast_ref()) {
        (Some(BallistaError::IoError(file)), _) => Some(file),
        (_, Some(ArrowError::IoError(_, file))) => Some(file),
        _ => layer.downcast_ref::<io::Error>(),
    };
    let is_gone = file.is_some_and(|file| file.kind() == io::ErrorKind::NotFound);
    is_fetch || is_gone || layer.source().is_some_and(is_loss)
}

fn of_code(code: Code) -> Fault {
    match code {
        Code::ClusterUnreachable | Code::ExecutorLost | Code::OutOfMemory => Fault::Cluster,
        // Skew, output and cancellation could go away too, but not by themselves.
        _ => Fault::Job,
    }
}

fn of_text(text: &str) -> Fault {
    let text = text.to_lowercase();
    // A shuffle file, or the folder of one; files of tables are objects at a location.
    let is_shuffle = text.contains("no such file or directory") && !text.contains("object at location");
    if is_shuffle || CLUSTER.iter().any(|words| text.contains(words)) { Fault::Cluster } else { Fault::Job }
}

/// The error of a job that was tried often enough.
pub(crate) fn last(error: &DataFusionError, attempts: u32) -> DataFusionError {
    let (code, detail) = match find_kernel_error(error) {
        Some(found) => (found.code, found.detail.clone()),
        // A disk that is full somewhere is no lost executor.
        None if error.to_string().to_lowercase().contains(FILES) => (Code::Query, line(error)),
        None => (Code::ExecutorLost, line(error)),
    };
    refuse(code, format!("{detail}; the job was tried {attempts} times"))
}

/// An error on one line.
pub(crate) fn line(error: &DataFusionError) -> String {
    let text = error.strip_backtrace();
    let line = text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LINE_CHARS_MAX) {
        None => line,
        Some((end, _)) => format!("{}...", &line[..end]),
    }
}

/// The cause at the bottom: those above it only say that there is one.
pub(crate) fn innermost(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

/// An error without a kernel, as the engine carries it.
pub(crate) fn refuse(code: Code, detail: impl Into<String>) -> DataFusionError {
    external(KernelError::new(code, detail))
}

/// Ballista passes on the debug form of what its scheduler answered; the words in it are meant.
fn unquoted(error: DataFusionError) -> DataFusionError {
    let DataFusionError::Execution(text) = &error else { return error };
    let Some((_, quoted)) = text.split_once("message: \"").filter(|_| text.contains("code: ")) else { return error };
    let mut words = String::new();
    let mut rest = quoted.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => return DataFusionError::Execution(words),
            '\\' => match rest.next() {
                Some('n') => words.push('\n'),
                Some(other) => words.push(other),
                None => return error,
            },
            c => words.push(c),
        }
    }
    error
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn fault(text: &str) -> Fault {
        Fault::of(DataFusionError::Execution(text.to_string())).0
    }

    #[test]
    fn losses_are_the_clusters() {
        let rows = [
            "Job abc failed: FB-1102: an executor was lost while the job ran: executor 7 is gone: killed",
            "Job abc failed: all executors were lost and no executor re-registered within 15s; no executors remain",
            "Job abc failed: Job failed due to stage 2 failed: Stage 2 has failed 1 times, most recent failure \
             reason: \"...\"",
            "GrpcConnectionError(\"Error connecting to Ballista scheduler or executor at http://127.0.0.1:4\")",
            "tonic::transport::Error(Transport, ConnectError(ConnectError(\"tcp connect error\", 127.0.0.1:4)))",
            "Status { code: Unavailable, message: \"FB-1101: the cluster cannot be reached: the scheduler has no \
             executor\", source: None }",
            "status: Unknown, message: \"h2 protocol error: error reading a body from connection\"",
            "Stream closed without job completing",
            "Job abc failed: Job failed due to stage 1 failed: Task failed due to runtime execution error: \
             DataFusionError(ArrowError(IoError(\"No such file or directory (os error 2)\", Os { code: 2 }), None))",
            "Job abc failed: Job failed due to stage 2 failed: Task failed due to runtime execution error: \
             DataFusionError(Shared(Execution(\"IoError(Os { code: 2, kind: NotFound, message: \\\"No such file or \
             directory\\\" })\")))",
        ];
        for text in rows {
            assert_eq!(fault(text), Fault::Cluster, "{text}");
        }
    }

    #[test]
    fn what_would_fail_again_is_the_jobs() {
        let rows = [
            "Job abc failed: Job failed due to stage 1 failed: Task failed due to runtime execution error: \
             DataFusionError(External(FB-0502: division by zero in kernel f, row 1 of the batch: connection reset))",
            "Job abc failed: FB-1103: a kernel ended its executor: kernel 00 ended the process",
            "Status { code: InvalidArgument, message: \"Could not parse plan: DataFusion error: External error: \
             FB-0402: kernel was made by another version in kernel f: version 9\", source: None }",
            "Job abc failed: Task failed due to runtime execution error: Arrow error: Divide by zero error",
            "FB-0704: output cannot be written: cannot write /x: connection refused",
            "Job abc failed: Task failed due to runtime execution error: DataFusionError(ObjectStore(NotFound { path: \
             \"/t.parquet\", source: Os { code: 2 } })): Object at location /t.parquet not found: No such file or directory",
            "Job abc failed: Cancelled",
        ];
        for text in rows {
            assert_eq!(fault(text), Fault::Job, "{text}");
        }
    }

    #[test]
    fn the_words_in_a_status_are_read_without_their_frame() {
        let text = "Status { code: InvalidArgument, message: \"Could not parse plan: FB-0401: bytes are not a kernel: \
                    \\\"x\\\" ends\", details: b\"\", source: None }";
        let (_, error) = Fault::of(DataFusionError::Execution(text.into()));
        let found = find_kernel_error(&error).expect("a kernel's error");
        assert_eq!((found.code, found.detail.as_str()), (Code::Decode, "\"x\" ends"));
    }

    #[test]
    fn a_task_without_its_input_says_so_with_a_code() {
        let fetch = || BallistaError::FetchFailed("7".into(), 1, 2, "connection refused".into()).into_datafusion();
        let gone = || io::Error::from(io::ErrorKind::NotFound);
        let rows = [
            fetch(),
            fetch().context("while sorting"),
            DataFusionError::Shared(Arc::new(fetch())),
            DataFusionError::External(Box::new(BallistaError::DataFusionError(Box::new(fetch())))),
            BallistaError::GrpcConnectionError("no route".into()).into_datafusion(),
            DataFusionError::IoError(gone()),
            DataFusionError::ArrowError(Box::new(ArrowError::IoError("No such file".into(), gone())), None),
            BallistaError::IoError(gone()).into_datafusion(),
        ];
        for error in rows {
            let text = of_task(error).to_string();
            assert!(text.contains("FB-1102: ") && text.contains("rows of an earlier stage are gone"), "{text}");
        }
    }

    #[test]
    fn what_a_task_did_wrong_itself_stays_as_it_is() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let kernel = || refuse(Code::DivideByZero, "in row 1");
        let fetch = BallistaError::DataFusionError(Box::new(kernel()));
        let absent = io::Error::from(io::ErrorKind::NotFound);
        let store = object_store::Error::NotFound { path: "/t".into(), source: absent.into() };
        let rows = [
            kernel(),
            DataFusionError::External(Box::new(fetch)),
            DataFusionError::IoError(full()),
            DataFusionError::Execution("connection refused".into()),
            DataFusionError::ObjectStore(Box::new(store)),
        ];
        for error in rows {
            let before = error.to_string();
            assert_eq!(of_task(error).to_string(), before);
        }
    }

    #[test]
    fn the_last_error_says_how_often() {
        let rows = [("all executors were lost", "FB-1102"), ("Task failed due to IO error: no space", "FB-0706")];
        for (words, code) in rows {
            let (_, error) = Fault::of(DataFusionError::Execution(format!("Job a failed: {words}")));
            let text = last(&error, 3).to_string();
            assert!(text.contains(code) && text.contains("tried 3 times") && text.contains(words), "{text}");
        }
    }

    #[test]
    fn a_job_that_somebody_cancelled_says_so() {
        let (_, error) = Fault::of(DataFusionError::Execution("Job a failed: Cancelled".into()));
        assert_eq!(find_kernel_error(&error).map(|found| found.code), Some(Code::Cancelled));
    }
}
