//! The methods of lists and arrays, and what to write instead of those that there are not.

/// A method of a list or array.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ListMethod {
    Len,
    IsEmpty,
    First,
    Last,
    Get,
    Contains,
    SplitAt,
    SplitFirst,
    SplitLast,
    Fill,
    Swap,
    CopyFrom,
}

const METHODS: [(&str, ListMethod); 13] = [
    ("len", ListMethod::Len),
    ("is_empty", ListMethod::IsEmpty),
    ("first", ListMethod::First),
    ("last", ListMethod::Last),
    ("get", ListMethod::Get),
    ("contains", ListMethod::Contains),
    ("split_at", ListMethod::SplitAt),
    ("split_first", ListMethod::SplitFirst),
    ("split_last", ListMethod::SplitLast),
    ("fill", ListMethod::Fill),
    ("swap", ListMethod::Swap),
    ("copy_from_slice", ListMethod::CopyFrom),
    ("clone_from_slice", ListMethod::CopyFrom),
];

/// The method of this name.
pub(crate) fn method(name: &str) -> Option<ListMethod> {
    METHODS.iter().find(|(known, _)| *known == name).map(|&(_, method)| method)
}

/// The names of all methods, to suggest one.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    METHODS.iter().map(|&(name, _)| name)
}

impl ListMethod {
    /// Whether it writes the list.
    pub(crate) fn writes(self) -> bool {
        matches!(self, ListMethod::Fill | ListMethod::Swap | ListMethod::CopyFrom)
    }

    /// Number of arguments behind the list.
    pub(crate) fn args(self) -> usize {
        match self {
            ListMethod::Len | ListMethod::IsEmpty | ListMethod::First | ListMethod::Last => 0,
            ListMethod::SplitFirst | ListMethod::SplitLast => 0,
            ListMethod::Get | ListMethod::Contains | ListMethod::SplitAt | ListMethod::Fill => 1,
            ListMethod::CopyFrom => 1,
            ListMethod::Swap => 2,
        }
    }
}

/// What to write instead of a method that lists do not have. `list` is the text of the list.
pub(crate) fn instead(name: &str, list: &str) -> Option<String> {
    const ITERATES: [&str; 18] = [
        "sum",
        "product",
        "map",
        "filter",
        "fold",
        "min",
        "max",
        "zip",
        "enumerate",
        "rev",
        "skip",
        "take",
        "any",
        "all",
        "position",
        "count",
        "reduce",
        "step_by",
    ];
    if ITERATES.contains(&name) {
        let args =
            if matches!(name, "sum" | "product" | "min" | "max" | "enumerate" | "rev" | "count") { "" } else { "..." };
        return Some(format!("write `{list}.iter().{name}({args})`"));
    }
    Some(match name {
        "size" | "length" | "count_elements" | "shape" => format!("write `{list}.len()`"),
        "mean" | "average" | "avg" => format!("write `{list}.iter().sum::<f64>() / {list}.len() as f64`"),
        "sort" | "sort_by" | "sort_unstable" | "sort_unstable_by" | "sort_by_key" | "argsort" | "median" => {
            "a kernel cannot sort a list, whose length may be any: sort the column before, or compare the elements of \
             a small array in place"
                .to_string()
        }
        "reverse" => "write the elements in the other order: `out[out.len() - 1 - i] = x[i]`".to_string(),
        "rotate_left" | "rotate_right" => {
            "write each element to its place: `out[(i + k) % x.len()] = x[i]`".to_string()
        }
        "push" | "append" | "pop" | "insert" | "remove" | "extend" | "resize" | "truncate" | "retain" | "clear" => {
            "the length of a list does not change: a list that is written has the length that `out` or `layout` says"
                .to_string()
        }
        "to_vec" | "into_vec" | "to_owned" | "clone" | "concat" | "copy" => {
            format!("there is nothing to copy it to: read `{list}` where it is, or keep single elements")
        }
        "binary_search" | "partition_point" => {
            "write the loop: `let (mut lo, mut hi) = (0, x.len()); while lo < hi { ... }`".to_string()
        }
        "dot" => format!("write `{list}.iter().zip(y).map(|(a, b)| a * b).sum::<f64>()`"),
        "get_unchecked" | "get_mut" => format!("write `{list}[i]`"),
        "chunks" => "write `chunks_exact(n)`: every part has n elements".to_string(),
        "join" | "concatenate" | "as_slice" | "as_ref" | "as_mut_slice" => format!("`{list}` is a slice already"),
        _ => return None,
    })
}
