//! docs/language.md names every method that kernel text has. The table of operations is looked after by
//! `ir/tests/docs.rs`; here are the tables of the front end, which only this crate sees.

#![allow(clippy::unwrap_used)]

use std::fs;

use crate::infer::TIME_METHODS;
use crate::{iters, lists, methods, options};

const MODES: [&str; 4] = ["wrapping_", "saturating_", "checked_", "overflowing_"];

/// Whether the page says `name` in a piece of code, alone or with its receiver and arguments.
fn names(page: &str, name: &str) -> bool {
    ["`", ".", "::"].iter().any(|start| ["`", "("].iter().any(|end| page.contains(&format!("{start}{name}{end}"))))
}

#[test]
fn the_language_page_names_every_method() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/language.md")).unwrap();
    // `wrapping_add` stands as `add` in the row of `wrapping_`.
    let in_its_row = |name: &str| {
        MODES.iter().any(|mode| {
            let row = page.lines().find(|line| line.starts_with(&format!("| `{mode}` |"))).unwrap();
            name.strip_prefix(mode).is_some_and(|rest| row.contains(&format!("`{rest}`")))
        })
    };
    let all = methods::names()
        .chain(options::names())
        .chain(["then", "then_some"])
        .chain(lists::names())
        .chain(iters::list_names())
        .chain(iters::names())
        .chain(TIME_METHODS);
    let missing: Vec<&str> = all.filter(|name| !names(&page, name) && !in_its_row(name)).collect();
    assert!(missing.is_empty(), "docs/language.md does not name {missing:?}");
}
