//! `#[kernel]` inside rustc: functions that compile and what they are then, and errors at the user's tokens.

#![allow(clippy::unwrap_used)]

// What `#[kernel]` writes names the facade; what it needs of that is the front end's.
extern crate filbert_syntax as filbert;

mod agree;
mod suite;
mod works;

#[test]
fn errors_stand_at_the_users_tokens() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/pass/*.rs");
    cases.compile_fail("tests/fail/*.rs");
}
