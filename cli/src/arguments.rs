//! From words on the command line to a kernel's arguments.
//!
//! A word is read as the type of its parameter: `7`, `-1_000` and `0xff` are integers, `1.5`, `7`, `1e-3`,
//! `inf` and `nan` floats, `true` and `false` bools, `2013-01-31T10:00:00` a time (see `times`), `[1, 2]` and
//! `[[1, 2], [3, 4]]` lists, and `null` fits every type. Nothing is converted: an integer that its type cannot
//! hold, or a float beyond the greatest finite one, is an error. Results are shown in the same way.

use std::ffi::OsString;
use std::str::FromStr;

use filbert_ir::{Code, Datum, Diagnostic, Diagnostics, Kernel, Logical, Param, ResultTy, Scalar, Type};

use crate::failure::Failure;
use crate::kernel_file::signature;
use crate::times;

/// Stands for the minus of a negative value while clap reads the command line.
const MINUS: char = '\u{2212}';

/// Lets negative values through clap, which would take `-inf` for options: their minus becomes one that
/// begins no option, and `parse` reads it back. Nothing behind `--` needs it.
pub(crate) fn shield_negatives(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut plain = false;
    let shield = |word: OsString| {
        plain |= word == "--";
        match word.to_str().and_then(|text| text.strip_prefix('-')) {
            Some(rest) if !plain && is_number(rest) => format!("{MINUS}{rest}").into(),
            _ => word,
        }
    };
    words.map(shield).collect()
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || c == '.') || f64::from_str(word).is_ok()
}

/// The arguments of one row. All mistakes are reported together.
pub(crate) fn parse(kernel: &Kernel, words: &[String]) -> Result<Vec<Datum>, Failure> {
    let params = &kernel.core.signature.params;
    if words.len() != params.len() {
        let plural = if params.len() == 1 { "" } else { "s" };
        let message = format!("{} takes {} argument{plural}, got {}", kernel.names.kernel, params.len(), words.len());
        return Err(Failure::of(Diagnostic::unplaced(Code::ArgumentCount, message).help(signature(kernel))));
    }
    let (mut row, mut wrong) = (Vec::with_capacity(words.len()), Vec::new());
    for (index, (word, param)) in words.iter().zip(params).enumerate() {
        match parse_one(word, param) {
            Ok(value) => row.push(value),
            Err((code, why)) => {
                let name = kernel.names.params.get(index).map(|name| format!(" ({name})")).unwrap_or_default();
                wrong.push(Diagnostic::unplaced(code, format!("argument {}{name}: {why}", index + 1)));
            }
        }
    }
    match wrong.last_mut() {
        None => Ok(row),
        Some(last) => {
            last.help = Some(signature(kernel));
            Err(Diagnostics::without_text(wrong).into())
        }
    }
}

/// A result as an argument of its type would be written.
pub(crate) fn show(datum: &Datum, result: &ResultTy) -> String {
    match (datum, result) {
        (Datum::Scalar(scalar), ResultTy::Scalar { ty, .. }) => {
            times::show(*scalar, *ty).unwrap_or_else(|| scalar.to_string())
        }
        (Datum::List(flat), ResultTy::List { inner, .. }) if *inner > 1 => {
            let rows = flat.chunks(*inner as usize).map(|row| Datum::List(row.to_vec()).to_string());
            format!("[{}]", rows.collect::<Vec<_>>().join(", "))
        }
        _ => datum.to_string(),
    }
}

type Wrong = (Code, String);

/// One value for a parameter, or why the word is none.
fn parse_one(word: &str, param: &Param) -> Result<Datum, Wrong> {
    let word = word.replacen(MINUS, "-", 1);
    let word = word.trim();
    match param {
        _ if word == "null" => Ok(Datum::Null),
        Param::Scalar { ty: Logical::Plain(ty), .. } => number(word, *ty).map(Datum::Scalar),
        Param::Scalar { ty, .. } => time(word, *ty).map(Datum::Scalar),
        Param::List { elem, inner, len } => {
            let wrong = || (Code::TypeMismatch, format!("`{word}` is not a list: write {}, or null", example(param)));
            let rows = items(word).ok_or_else(wrong)?;
            if let Some(len) = len.filter(|&len| len as usize != rows.len()) {
                return Err((Code::TypeMismatch, format!("expected a list of {len}, got {}", rows.len())));
            }
            let numbers = match inner {
                1 => numbers(&rows, *elem)?,
                inner => {
                    let mut flat = Some(Vec::new());
                    for row in &rows {
                        let numbers = match items(row) {
                            _ if *row == "null" => None,
                            None => return Err(wrong()),
                            Some(items) if items.len() != *inner as usize => {
                                let detail = format!("expected rows of {inner}, got `{row}`");
                                return Err((Code::TypeMismatch, detail));
                            }
                            Some(items) => self::numbers(&items, *elem)?,
                        };
                        flat = flat.zip(numbers).map(|(flat, numbers)| [flat, numbers].concat());
                    }
                    flat
                }
            };
            Ok(numbers.map_or(Datum::Null, Datum::List))
        }
    }
}

/// The elements of a list; nothing if one of them is null, which makes the row null.
fn numbers(words: &[&str], elem: Type) -> Result<Option<Vec<Scalar>>, Wrong> {
    let mut numbers = Some(Vec::with_capacity(words.len()));
    for word in words {
        match *word {
            "null" => numbers = None,
            word => {
                let number = number(word, elem)?;
                numbers.iter_mut().for_each(|numbers| numbers.push(number));
            }
        }
    }
    Ok(numbers)
}

/// The words between brackets; nothing if there are no brackets, or too few.
fn items(word: &str) -> Option<Vec<&str>> {
    let body = word.strip_prefix('[')?.strip_suffix(']')?;
    let (mut items, mut depth, mut start) = (Vec::new(), 0usize, 0);
    for (at, c) in body.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.checked_sub(1)?,
            ',' if depth == 0 => {
                items.push(body[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = body[start..].trim();
    if !last.is_empty() || !items.is_empty() {
        items.push(last);
    }
    (depth == 0).then_some(items)
}

fn example(param: &Param) -> &'static str {
    match param {
        Param::List { inner: 1, .. } => "[1, 2]",
        _ => "[[1, 2], [3, 4]]",
    }
}

fn time(word: &str, ty: Logical) -> Result<Scalar, Wrong> {
    times::parse(word, ty).map_err(|wrong| match wrong {
        times::Wrong::Form => (Code::TypeMismatch, format!("`{word}` is not a {ty}: write {}", times::form(ty))),
        times::Wrong::Range => (Code::LiteralRange, format!("`{word}` does not fit {ty}")),
    })
}

/// A number or bool of this type.
fn number(word: &str, ty: Type) -> Result<Scalar, Wrong> {
    let wrong_type = || (Code::TypeMismatch, format!("`{word}` is not {}", article(ty)));
    let out_of_range = || (Code::LiteralRange, format!("`{word}` does not fit {ty}"));
    let digits = word.replace('_', "");
    match ty {
        Type::Bool => word.parse().map(Scalar::Bool).map_err(|_| wrong_type()),
        Type::F32 | Type::F64 => float(&digits, ty).ok_or_else(wrong_type)?.ok_or_else(out_of_range),
        _ => {
            integer(&digits).ok_or_else(wrong_type)?.and_then(|v| Scalar::from_integer(ty, v)).ok_or_else(out_of_range)
        }
    }
}

/// `None`: not a float; `Some(None)`: beyond the type's greatest.
fn float(word: &str, ty: Type) -> Option<Option<Scalar>> {
    let (scalar, infinite) = match ty {
        Type::F32 => f32::from_str(word).map(|v| (Scalar::F32(v).canonical(), v.is_infinite())).ok()?,
        _ => f64::from_str(word).map(|v| (Scalar::F64(v).canonical(), v.is_infinite())).ok()?,
    };
    let said_so = word.trim_start_matches(['-', '+']).to_ascii_lowercase().starts_with("inf");
    Some((!infinite || said_so).then_some(scalar))
}

/// `None`: not an integer; `Some(None)`: too long even for 128 bits.
fn integer(word: &str) -> Option<Option<i128>> {
    let (sign, magnitude) = match word.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, word.strip_prefix('+').unwrap_or(word)),
    };
    let (radix, magnitude) = match magnitude.get(..2) {
        Some("0x") => (16, &magnitude[2..]),
        Some("0o") => (8, &magnitude[2..]),
        Some("0b") => (2, &magnitude[2..]),
        _ => (10, magnitude),
    };
    let is_digits = !magnitude.is_empty() && magnitude.chars().all(|c| c.is_digit(radix));
    is_digits.then(|| i128::from_str_radix(magnitude, radix).ok().map(|v| sign * v))
}

fn article(ty: Type) -> String {
    match ty {
        Type::Bool => "a bool: write true, false or null".into(),
        Type::F32 | Type::F64 => format!("an {ty}: write a number, inf, -inf, nan or null"),
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => format!("a {ty}"),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 => format!("an {ty}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_values_of_their_type() {
        let rows: &[(&str, Type, Result<&str, Code>)] = &[
            ("null", Type::F64, Ok("null")),
            ("1", Type::F64, Ok("1.0")),
            ("-0", Type::F64, Ok("-0.0")),
            ("\u{2212}1e-3", Type::F64, Ok("-0.001")),
            ("1_000.5", Type::F32, Ok("1000.5")),
            ("inf", Type::F64, Ok("inf")),
            ("-inf", Type::F32, Ok("-inf")),
            ("-nan", Type::F64, Ok("NaN")),
            ("1e400", Type::F64, Err(Code::LiteralRange)),
            ("1e39", Type::F32, Err(Code::LiteralRange)),
            ("abc", Type::F64, Err(Code::TypeMismatch)),
            ("true", Type::F64, Err(Code::TypeMismatch)),
            ("", Type::F64, Err(Code::TypeMismatch)),
            ("true", Type::Bool, Ok("true")),
            ("1", Type::Bool, Err(Code::TypeMismatch)),
            ("127", Type::I8, Ok("127")),
            ("-128", Type::I8, Ok("-128")),
            ("128", Type::I8, Err(Code::LiteralRange)),
            ("-1", Type::U64, Err(Code::LiteralRange)),
            ("0xffff_ffff_ffff_ffff", Type::U64, Ok("18446744073709551615")),
            ("-9223372036854775808", Type::I64, Ok("-9223372036854775808")),
            ("9223372036854775808", Type::I64, Err(Code::LiteralRange)),
            ("999999999999999999999999999999999999999999", Type::I64, Err(Code::LiteralRange)),
            ("1.0", Type::I32, Err(Code::TypeMismatch)),
            ("0x", Type::I32, Err(Code::TypeMismatch)),
            ("--1", Type::I32, Err(Code::TypeMismatch)),
        ];
        for (word, ty, expected) in rows {
            let got = parse_one(word, &Param::strict(*ty)).map(|v| v.to_string());
            assert_eq!(got.as_deref().map_err(|(code, _)| *code), *expected, "{word} as {ty}");
        }
    }

    #[test]
    fn lists() {
        let rows = |elem, inner, len| Param::List { elem, inner, len };
        let table: &[(&str, Param, Result<&str, Code>)] = &[
            ("[1, 2.5]", Param::list(Type::F64), Ok("[1.0, 2.5]")),
            ("[-1,0xff]", Param::list(Type::I64), Ok("[-1, 255]")),
            ("[ ]", Param::list(Type::I64), Ok("[]")),
            ("[1, null]", Param::list(Type::I64), Ok("null")),
            ("null", Param::list(Type::I64), Ok("null")),
            ("[1, 2, 3]", rows(Type::U8, 1, Some(3)), Ok("[1, 2, 3]")),
            ("[1, 2]", rows(Type::U8, 1, Some(3)), Err(Code::TypeMismatch)),
            ("[[1, 2], [3, 4]]", rows(Type::U8, 2, None), Ok("[1, 2, 3, 4]")),
            ("[[1, 2], null]", rows(Type::U8, 2, None), Ok("null")),
            ("[[1, 2], [3]]", rows(Type::U8, 2, None), Err(Code::TypeMismatch)),
            ("[1, 2]", rows(Type::U8, 2, None), Err(Code::TypeMismatch)),
            ("[[1]]", Param::list(Type::U8), Err(Code::TypeMismatch)),
            ("[300]", Param::list(Type::U8), Err(Code::LiteralRange)),
            ("[1, ]", Param::list(Type::U8), Err(Code::TypeMismatch)),
            ("[1", Param::list(Type::U8), Err(Code::TypeMismatch)),
            ("[1]]", Param::list(Type::U8), Err(Code::TypeMismatch)),
            ("1", Param::list(Type::U8), Err(Code::TypeMismatch)),
        ];
        for (word, param, expected) in table {
            let got = parse_one(word, param).map(|v| v.to_string());
            assert_eq!(got.as_deref().map_err(|(code, _)| *code), *expected, "{word} as {param}");
        }
    }

    #[test]
    fn only_negative_values_before_the_double_dash_are_shielded() {
        let words = ["call", "-1", "-inf", "-.5", "-nan", "--engine", "-h", "-", "-x", "--", "-2"];
        let shielded = shield_negatives(words.iter().map(OsString::from));
        let shown: Vec<_> = shielded.iter().map(|w| w.to_string_lossy().replace(MINUS, "~")).collect();
        assert_eq!(shown, ["call", "~1", "~inf", "~.5", "~nan", "--engine", "-h", "-", "-x", "--", "-2"]);
    }
}
