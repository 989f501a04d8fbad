//! The methods of `Option`, and those of bools that give one.

/// A method of an option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OptionMethod {
    IsSome,
    IsNone,
    IsSomeAnd,
    IsNoneOr,
    Unwrap,
    Expect,
    UnwrapOr,
    UnwrapOrElse,
    UnwrapOrDefault,
    Map,
    MapOr,
    MapOrElse,
    AndThen,
    And,
    Or,
    OrElse,
    Xor,
    Filter,
    Zip,
    Flatten,
    /// `copied`, `cloned`: values are copied anyway.
    Copied,
    /// Three-valued logic of `Option<bool>`, as in SQL.
    KleeneAnd,
    KleeneOr,
    KleeneNot,
    /// `b.then(|| x)`
    Then,
    /// `b.then_some(x)`
    ThenSome,
}

/// Every method by its name, and the number of its arguments.
const METHODS: [(&str, OptionMethod, usize); 25] = [
    ("is_some", OptionMethod::IsSome, 0),
    ("is_none", OptionMethod::IsNone, 0),
    ("is_some_and", OptionMethod::IsSomeAnd, 1),
    ("is_none_or", OptionMethod::IsNoneOr, 1),
    ("unwrap", OptionMethod::Unwrap, 0),
    ("expect", OptionMethod::Expect, 1),
    ("unwrap_or", OptionMethod::UnwrapOr, 1),
    ("unwrap_or_else", OptionMethod::UnwrapOrElse, 1),
    ("unwrap_or_default", OptionMethod::UnwrapOrDefault, 0),
    ("map", OptionMethod::Map, 1),
    ("map_or", OptionMethod::MapOr, 2),
    ("map_or_else", OptionMethod::MapOrElse, 2),
    ("and_then", OptionMethod::AndThen, 1),
    ("and", OptionMethod::And, 1),
    ("or", OptionMethod::Or, 1),
    ("or_else", OptionMethod::OrElse, 1),
    ("xor", OptionMethod::Xor, 1),
    ("filter", OptionMethod::Filter, 1),
    ("zip", OptionMethod::Zip, 1),
    ("flatten", OptionMethod::Flatten, 0),
    ("copied", OptionMethod::Copied, 0),
    ("cloned", OptionMethod::Copied, 0),
    ("kleene_and", OptionMethod::KleeneAnd, 1),
    ("kleene_or", OptionMethod::KleeneOr, 1),
    ("kleene_not", OptionMethod::KleeneNot, 0),
];

/// The method of this name, and the number of its arguments.
pub(crate) fn method(name: &str) -> Option<(OptionMethod, usize)> {
    METHODS.iter().find(|(known, ..)| *known == name).map(|&(_, method, count)| (method, count))
}

/// The method of bools of this name.
pub(crate) fn bool_method(name: &str) -> Option<OptionMethod> {
    match name {
        "then" => Some(OptionMethod::Then),
        "then_some" => Some(OptionMethod::ThenSome),
        _ => None,
    }
}

/// The names of all methods of options, to suggest one.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    METHODS.iter().map(|&(name, ..)| name)
}
