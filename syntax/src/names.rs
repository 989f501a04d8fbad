//! Names that every text knows: std's constants, by the paths Rust gives them; and the nearest known name
//! to one that nobody knows.

use filbert_ir::{Scalar, Type};

use crate::ast::Use;

/// The scalar type of this name. Results may not depend on the machine: `usize` is `u64` and `isize` is
/// `i64` everywhere.
pub(crate) fn scalar_type(name: &str) -> Option<Type> {
    match name {
        "usize" => Some(Type::U64),
        "isize" => Some(Type::I64),
        _ => name.parse().ok(),
    }
}

/// The modules of constants, as paths without `std` or `core`.
const CONSTS: [(&str, Type); 2] = [("f32", Type::F32), ("f64", Type::F64)];

macro_rules! float_constants {
    ($ty:ident $name:expr; $($constant:ident)*) => {
        match $name {
            $(stringify!($constant) => Some(Scalar::from(std::$ty::consts::$constant)),)*
            _ => None,
        }
    };
}

/// A constant of `std::f64::consts` or `std::f32::consts`.
fn math_constant(ty: Type, name: &str) -> Option<Scalar> {
    macro_rules! of {
        ($ty:ident) => {
            float_constants!($ty name; E PI TAU LN_2 LN_10 LOG2_E LOG10_E LOG2_10 LOG10_2 SQRT_2 FRAC_1_SQRT_2
                FRAC_2_SQRT_PI FRAC_1_PI FRAC_2_PI FRAC_PI_2 FRAC_PI_3 FRAC_PI_4 FRAC_PI_6 FRAC_PI_8)
        };
    }
    if ty == Type::F32 { of!(f32) } else { of!(f64) }
}

/// A constant of a type: `f64::MAX`, `i64::MIN`, `u32::BITS`.
pub(crate) fn type_constant(ty: Type, name: &str) -> Option<Scalar> {
    macro_rules! int {
        ($ty:ident) => {
            match name {
                "MIN" => Some(Scalar::from($ty::MIN)),
                "MAX" => Some(Scalar::from($ty::MAX)),
                "BITS" => Some(Scalar::from($ty::BITS)),
                _ => None,
            }
        };
    }
    macro_rules! float {
        ($ty:ident) => {
            match name {
                "MIN" => Some(Scalar::from($ty::MIN)),
                "MAX" => Some(Scalar::from($ty::MAX)),
                "EPSILON" => Some(Scalar::from($ty::EPSILON)),
                "MIN_POSITIVE" => Some(Scalar::from($ty::MIN_POSITIVE)),
                "NAN" => Some(Scalar::from($ty::NAN)),
                "INFINITY" => Some(Scalar::from($ty::INFINITY)),
                "NEG_INFINITY" => Some(Scalar::from($ty::NEG_INFINITY)),
                "DIGITS" => Some(Scalar::from($ty::DIGITS)),
                "MANTISSA_DIGITS" => Some(Scalar::from($ty::MANTISSA_DIGITS)),
                "RADIX" => Some(Scalar::from($ty::RADIX)),
                _ => None,
            }
        };
    }
    match ty {
        Type::Bool => None,
        Type::I8 => int!(i8),
        Type::I16 => int!(i16),
        Type::I32 => int!(i32),
        Type::I64 => int!(i64),
        Type::U8 => int!(u8),
        Type::U16 => int!(u16),
        Type::U32 => int!(u32),
        Type::U64 => int!(u64),
        Type::F32 => float!(f32),
        Type::F64 => float!(f64),
    }
}

/// The names that `type_constant` knows, to suggest one.
pub(crate) const TYPE_CONSTANTS: [&str; 11] = [
    "MIN",
    "MAX",
    "BITS",
    "EPSILON",
    "MIN_POSITIVE",
    "NAN",
    "INFINITY",
    "NEG_INFINITY",
    "DIGITS",
    "MANTISSA_DIGITS",
    "RADIX",
];

/// The names in std's modules of constants, to suggest one.
pub(crate) const MATH_CONSTANTS: [&str; 19] = [
    "E",
    "PI",
    "TAU",
    "LN_2",
    "LN_10",
    "LOG2_E",
    "LOG10_E",
    "LOG2_10",
    "LOG10_2",
    "SQRT_2",
    "FRAC_1_SQRT_2",
    "FRAC_2_SQRT_PI",
    "FRAC_1_PI",
    "FRAC_2_PI",
    "FRAC_PI_2",
    "FRAC_PI_3",
    "FRAC_PI_4",
    "FRAC_PI_6",
    "FRAC_PI_8",
];

/// What a path in the text means after the imports were applied.
pub(crate) enum StdPath<'t> {
    /// A constant.
    Constant(Scalar),
    /// `f64::sqrt`: a type, and something of it that is no constant.
    OfType(Type, &'t str),
    /// `std::f64::consts::NAME` without such a name.
    NoConstant(&'t str),
    /// None of std's.
    Other,
}

/// Looks a path up in std.
pub(crate) fn std_path<'t>(uses: &[Use<'t>], path: &[&'t str]) -> StdPath<'t> {
    let full = expand(uses, path);
    let inner = match full.as_slice() {
        ["std" | "core", rest @ ..] => rest,
        all => all,
    };
    let inner = match inner {
        ["primitive", rest @ ..] => rest,
        all => all,
    };
    match inner {
        [module, "consts", name] => match CONSTS.iter().find(|(m, _)| m == module) {
            Some(&(_, ty)) => math_constant(ty, name).map_or(StdPath::NoConstant(name), StdPath::Constant),
            None => StdPath::Other,
        },
        [ty, name] => match scalar_type(ty) {
            Some(ty) => type_constant(ty, name).map_or(StdPath::OfType(ty, name), StdPath::Constant),
            None => StdPath::Other,
        },
        _ => StdPath::Other,
    }
}

/// Replaces the first segment by what it was imported as. A name of its own counts before a glob, which brings
/// in the names of a module of constants.
fn expand<'t>(uses: &[Use<'t>], path: &[&'t str]) -> Vec<&'t str> {
    let Some((first, rest)) = path.split_first() else { return Vec::new() };
    let by_glob = || uses.iter().find(|import| import.alias.is_none()).filter(|_| MATH_CONSTANTS.contains(first));
    match uses.iter().find(|import| import.alias == Some(*first)) {
        Some(import) => import.path.iter().chain(rest).copied().collect(),
        None if rest.is_empty() => {
            by_glob().map_or(&[][..], |import| &import.path).iter().chain([first]).copied().collect()
        }
        None => path.to_vec(),
    }
}

/// What an import is to a kernel.
pub(crate) enum Import {
    /// It brings in a constant, or a module or type that has some.
    Constants,
    /// It means nothing here, and does no harm.
    Ignored,
    /// There is no such thing.
    Unknown,
}

/// Judges an import.
pub(crate) fn import(import: &Use<'_>) -> Import {
    match import.path.as_slice() {
        ["filbert", ..] | ["crate", "filbert", ..] => Import::Ignored,
        ["std" | "core", "f32" | "f64"] if import.alias.is_some() => Import::Constants,
        ["std" | "core", "f32" | "f64", "consts"] => Import::Constants,
        ["std" | "core", "f32" | "f64", "consts", name] if MATH_CONSTANTS.contains(name) => Import::Constants,
        _ => Import::Unknown,
    }
}

/// The candidate nearest to `name`, if one is near enough to be what was meant.
pub(crate) fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    // Names longer than this are compared with nothing: the distance takes the product of the lengths.
    const NAME_BYTES_COMPARED_MAX: usize = 48;
    if name.len() > NAME_BYTES_COMPARED_MAX {
        return None;
    }
    let near = (name.len() / 3).clamp(1, 3);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate == name || candidate.len().abs_diff(name.len()) > near {
            continue;
        }
        let distance = if candidate.eq_ignore_ascii_case(name) { 0 } else { distance(name, candidate) };
        // A name of one letter is near to every other: only its other case counts.
        let is_near = distance <= near && (distance == 0 || name.len() > 1);
        if is_near && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Edit distance in which swapping neighbours is one edit.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let differs = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + differs);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
