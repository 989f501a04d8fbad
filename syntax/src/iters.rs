//! The methods of iterators, and what to write instead of those that there are not.

/// A method that makes an iterator, changes one, or takes what one gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum IterMethod {
    // of lists and arrays
    Iter,
    IterMut,
    IntoIter,
    Windows,
    ChunksExact,
    /// `map` of an array.
    MapArray,
    // of iterators
    Copied,
    Rev,
    Enumerate,
    Zip,
    Skip,
    Take,
    StepBy,
    Map,
    Filter,
    FilterMap,
    TakeWhile,
    SkipWhile,
    // ends
    Sum,
    Product,
    Fold,
    Reduce,
    Min,
    Max,
    Count,
    Any,
    All,
    Position,
    Find,
    Last,
    Nth,
    ForEach,
}

use IterMethod::*;

/// Methods of lists and arrays, with the number of their arguments.
const OF_LISTS: [(&str, IterMethod, usize); 5] = [
    ("iter", Iter, 0),
    ("iter_mut", IterMut, 0),
    ("into_iter", IntoIter, 0),
    ("windows", Windows, 1),
    ("chunks_exact", ChunksExact, 1),
];

/// Methods of iterators, with the number of their arguments.
const OF_ITERATORS: [(&str, IterMethod, usize); 29] = [
    ("into_iter", IntoIter, 0),
    ("copied", Copied, 0),
    ("cloned", Copied, 0),
    ("rev", Rev, 0),
    ("enumerate", Enumerate, 0),
    ("zip", Zip, 1),
    ("skip", Skip, 1),
    ("take", Take, 1),
    ("step_by", StepBy, 1),
    ("map", Map, 1),
    ("filter", Filter, 1),
    ("filter_map", FilterMap, 1),
    ("take_while", TakeWhile, 1),
    ("skip_while", SkipWhile, 1),
    ("sum", Sum, 0),
    ("product", Product, 0),
    ("fold", Fold, 2),
    ("reduce", Reduce, 1),
    ("min", Min, 0),
    ("max", Max, 0),
    ("count", Count, 0),
    ("any", Any, 1),
    ("all", All, 1),
    ("position", Position, 1),
    ("find", Find, 1),
    ("last", Last, 0),
    ("nth", Nth, 1),
    ("for_each", ForEach, 1),
    ("len", Count, 0),
];

fn of(table: &[(&str, IterMethod, usize)], name: &str) -> Option<(IterMethod, usize)> {
    table.iter().find(|(known, ..)| *known == name).map(|&(_, method, args)| (method, args))
}

/// The method of lists of this name, and the number of its arguments.
pub(crate) fn list_method(name: &str) -> Option<(IterMethod, usize)> {
    of(&OF_LISTS, name)
}

/// The method of iterators of this name, and the number of its arguments.
pub(crate) fn method(name: &str) -> Option<(IterMethod, usize)> {
    of(&OF_ITERATORS, name)
}

/// The names of the methods of iterators, to suggest one.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    OF_ITERATORS.iter().map(|&(name, ..)| name)
}

/// The names of the methods of lists that give an iterator, to suggest one.
pub(crate) fn list_names() -> impl Iterator<Item = &'static str> {
    OF_LISTS.iter().map(|&(name, ..)| name)
}

/// What to write instead of a method that iterators do not have.
pub(crate) fn instead(name: &str) -> Option<&'static str> {
    Some(match name {
        "collect" | "unzip" | "partition" | "extend" => {
            "a kernel makes no lists while it runs: write them to `out` in a loop, `for (o, v) in out.iter_mut().zip(...) { *o = v; }`"
        }
        "next" | "next_back" | "peekable" | "peek" | "by_ref" => {
            "write `for v in ... { ... }`; the first item is `nth(0)`"
        }
        "min_by" | "max_by" | "min_by_key" | "max_by_key" | "partial_cmp" => {
            "for floats write `fold(f64::INFINITY, f64::min)`, or `f64::NEG_INFINITY` and `f64::max`; else a comparison in a fold"
        }
        "mean" | "average" => "write `sum::<f64>() / x.len() as f64`",
        "chain" | "flat_map" | "flatten" => "write one loop behind or inside the other",
        "inspect" => "a kernel has no output but its results: leave it out",
        "scan" | "map_while" | "try_fold" => "keep the state in a variable, and write the loop with `for`",
        "sorted" | "sort" | "dedup" | "rev_sorted" => "a kernel cannot sort: sort the column before",
        "cycle" => "write the index: `x[i % x.len()]`",
        "find_map" => "write `filter_map(...)` and `nth(0)`",
        "rposition" => "write `rev()` and `position(...)`",
        "is_empty" => "write `count() == 0`, or ask the list: `x.is_empty()`",
        "cmp" | "eq" | "ne" | "lt" | "gt" | "le" | "ge" => "compare item by item: `a.zip(b).all(|(a, b)| a == b)`",
        "is_sorted" => "write `x.windows(2).all(|w| w[0] <= w[1])`",
        _ => return None,
    })
}
