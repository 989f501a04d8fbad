//! Three-valued logic of `Option<bool>`, which Rust lacks, so that a `#[kernel]` function that uses it
//! compiles as a plain function too.

/// Kleene's logic, the one of SQL: `None` is "not known".
///
/// | a | b | `a.kleene_and(b)` | `a.kleene_or(b)` |
/// |---|---|---|---|
/// | `Some(false)` | `None` | `Some(false)` | `None` |
/// | `Some(true)` | `None` | `None` | `Some(true)` |
/// | `None` | `None` | `None` | `None` |
///
/// `#[kernel]` brings it into scope in the function that it stands before.
pub trait KleeneExt: Copy {
    /// False where one side is false, else `None` where one is not known.
    fn kleene_and(self, other: Self) -> Self;
    /// True where one side is true, else `None` where one is not known.
    fn kleene_or(self, other: Self) -> Self;
    /// The contrary; `None` stays `None`.
    fn kleene_not(self) -> Self;
}

impl KleeneExt for Option<bool> {
    fn kleene_and(self, other: Option<bool>) -> Option<bool> {
        match (self, other) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }

    fn kleene_or(self, other: Option<bool>) -> Option<bool> {
        match (self, other) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        }
    }

    fn kleene_not(self) -> Option<bool> {
        self.map(|value| !value)
    }
}
