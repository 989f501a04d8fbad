//! Errors through the text forms that engines make of them.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use datafusion::arrow::error::ArrowError;

use super::*;
use crate::error::{external, find_kernel_error};

fn error() -> KernelError {
    KernelError {
        code: Code::DivideByZero,
        kernel: "div \"by\" ]".into(),
        id: Some(KernelId([0xa7; 32])),
        row: Some(1 << 40),
        value: Some(ValueId(4)),
        args: vec![("num".into(), "4".into()), ("wörter".into(), "[\"a\\b\",\n 3:x,]".into())],
        detail: "8 / 0 divides i64 by zero: 'x'".into(),
    }
}

#[test]
fn an_error_survives_whatever_engines_make_of_it() {
    let carried = || external(error());
    let forms = [
        format!("{:?}", carried()),
        format!("Task failed due to runtime execution error: {:?}", Box::new(carried())),
        format!("{:?}", DataFusionError::Shared(Arc::new(carried().context("join")))),
        format!("{:?}", DataFusionError::from(ArrowError::from(carried()))),
        // A string in a string in a string: each quotes the one inside.
        format!(
            "{:?}",
            DataFusionError::Execution(format!("{:?}", ArrowError::ComputeError(format!("{:?}", carried()))))
        ),
        format!(
            "{:?}",
            format!("{:#?}", DataFusionError::Collection(vec![DataFusionError::Plan("x".into()), carried()]))
        ),
    ];
    for form in forms {
        assert_eq!(find_in_text(&form), Some(error()), "{form}");
        let recovered = recover(DataFusionError::Execution(form));
        assert_eq!(find_kernel_error(&recovered), Some(&error()));
    }
}

#[test]
fn an_error_without_a_row_stays_without() {
    let bare = KernelError::new(Code::VersionSkew, "format 9, this build knows 4");
    assert_eq!(find_in_text(&to_text(&bare)), Some(bare));
}

#[test]
fn people_see_no_tail() {
    let carried = external(error());
    assert!(!carried.to_string().contains(HEAD), "{carried}");
    assert!(carried.to_string().contains("FB-0502: division by zero in kernel"), "{carried}");
}

#[test]
fn a_line_alone_keeps_code_and_words() {
    let found = find_in_text(
        "Grpc error: FB-9999: none\nAn FB-xyz: FB-0402: kernel was made by another version: format 9\nmore",
    );
    assert_eq!(found, Some(KernelError::new(Code::VersionSkew, "format 9")));
    let plain = error().to_string();
    let found = find_in_text(plain.lines().next().unwrap()).unwrap();
    assert_eq!(found.code, Code::DivideByZero);
    assert!(found.to_string().contains("8 / 0 divides i64 by zero"), "{found}");
    assert_eq!(find_in_text("table 'FB-' not found; FB-12: x"), None);
}

#[test]
fn a_tail_that_was_cut_or_changed_is_not_believed() {
    let whole = to_text(&error());
    let line = of_line(&whole.replace('\n', " ")).unwrap().code;
    let tail_at = whole.find(HEAD).unwrap();
    for end in tail_at..whole.len() {
        let found = find_in_text(&whole[..end]).unwrap();
        assert_eq!((found.code, found.row), (line, None), "cut at {end}");
    }
    for (from, to) in [("1 333a3530322c", "1 333a3939392c"), ("1 33", "1 3"), ("1 333a", "1 fffe")] {
        assert!(whole.contains(from));
        let found = find_in_text(&whole.replacen(from, to, 1)).unwrap();
        assert_eq!((found.code, found.row), (line, None), "{to}");
    }
}

#[test]
fn a_tail_has_a_bound() {
    let args = (0..1000).map(|n| (format!("p{n}"), "0".repeat(100))).collect();
    let long = KernelError { args, detail: "ä".repeat(10_000), kernel: "k".repeat(1000), ..error() };
    let text = to_text(&long);
    let tail = &text[text.find(HEAD).unwrap()..];
    assert!(tail.len() <= 2 * FIELDS_BYTES_MAX + HEAD.len() + 1, "{}", tail.len());
    let found = find_in_text(&text).unwrap();
    assert_eq!((found.code, found.row, found.value, found.id), (long.code, long.row, long.value, long.id));
    assert!(found.detail.len() > 1000 && !found.args.is_empty() && found.args.len() < 1000);
}
