//! Habits of other languages: what to write instead of a piece of Python, C or SQL.
//!
//! Two places ask. Where text is not Rust at all, the parser knows only which token it did not expect;
//! `syntax` looks at the words around it. Where a name means nothing, `name`, `function` and `type_name`
//! know those that mean something elsewhere. All give the text of a `help`; none changes what is accepted.

use filbert_ir::Span;

use crate::names;

/// How a function looks, for those who began with another word.
const FUNCTION: &str = "a kernel is a Rust function: `fn f(x: f64) -> f64 { x * 2.0 }`";
const CONDITIONAL: &str = "`if` is an expression: write `if c { a } else { b }`";
const COUNTED_LOOP: &str = "a counting loop is `for i in 0..n { ... }`";

/// Words that begin a declaration in C and its relatives.
const C_TYPES: [&str; 14] = [
    "int", "double", "float", "long", "short", "char", "unsigned", "signed", "size_t", "bool", "void", "auto", "var",
    "static",
];

/// What to write where the parser stopped at `span` with this message.
pub(crate) fn syntax(text: &str, span: Span, message: &str) -> Option<String> {
    let (start, end) = (span.start as usize, span.end as usize);
    let here = text.get(start..end)?;
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at);
    let (before, after) = (text[line_start..start].trim_end(), text[end..line_end].trim_start());
    let previous = last_word(before);
    let help = match here.to_ascii_lowercase().as_str() {
        "and" => "write `&&`",
        "or" => "write `||`",
        "not" => "write `!`",
        "is" => "null is asked of an `Option` parameter: `a.is_none()`, `a.is_some()`",
        "between" => "write `a >= low && a <= high`",
        "when" | "then" => CONDITIONAL,
        "as" if before.to_ascii_lowercase().contains("cast(") => "a cast stands behind its value: `a as f64`",
        "if" if !before.is_empty() => CONDITIONAL,
        "elif" | "elsif" | "elseif" => "write `else if`",
        "lambda" => "a closure is `|x| x * 2.0`",
        ":" if is_in_brackets(before) => "a part of a list is `&v[1..3]`",
        ":" if ["if", "while", "for", "else", "elif"].contains(&first_word(before)) => {
            "a block stands in braces: `if c { ... }`"
        }
        ">" if before.ends_with('<') => "write `!=`",
        "+" if before.ends_with('+') => "write `i += 1`",
        "-" if before.ends_with('-') => "write `i -= 1`",
        "=" if first_word(before) == "for" => COUNTED_LOOP,
        "," if is_in_brackets(before) => "an index is one number: `x[i][j]`",
        "[" if message == "expected `,`" => "a list is `&[f64]`",
        "(" if previous == "for" => COUNTED_LOOP,
        _ if before.ends_with('?') => CONDITIONAL,
        _ if ["def", "function", "func", "defun"].contains(&previous) => FUNCTION,
        _ if before.ends_with('#') => "a comment begins with `//`",
        _ if message == "comparison operators cannot be chained" => "write `a < b && b < c`",
        _ if message == "expected `:`" => "write its type: `x: f64`",
        _ if C_TYPES.contains(&previous) && before.contains("for") => COUNTED_LOOP,
        // `double f(double x)` at the left end of a line, `int i = 0;` inside a body.
        _ if C_TYPES.contains(&previous) && after.starts_with('(') => FUNCTION,
        _ if C_TYPES.contains(&previous) => {
            "a variable is declared by `let x = 0;`, one that changes by `let mut x = 0;`"
        }
        _ => return cast_in_front(before, here).or_else(|| expected(message, before, here).map(str::to_string)),
    };
    Some(help.to_string())
}

/// What is missing, where nothing around it tells whose habit it is.
fn expected(message: &str, before: &str, here: &str) -> Option<&'static str> {
    match message {
        "expected curly braces" if here == ":" && before.ends_with(')') => {
            Some("the type of the result stands behind `->`: `fn f(x: f64) -> f64 { x * 2.0 }`")
        }
        "expected curly braces" => Some("a block stands in braces: `if c { ... }`"),
        "expected a `fn`, got something else" => Some(FUNCTION),
        _ => None,
    }
}

/// `(f64) n`
fn cast_in_front(before: &str, here: &str) -> Option<String> {
    let inside = before.strip_suffix(')')?;
    let name = inside[inside.rfind('(')? + 1..].trim();
    let ty = names::scalar_type(name).map(|ty| ty.to_string()).or_else(|| plain_type(name).map(str::to_string))?;
    Some(format!("a cast stands behind its value: `{here} as {ty}`"))
}

/// What to write instead of a name that means nothing.
pub(crate) fn name(name: &str) -> Option<&'static str> {
    Some(match name {
        "True" | "TRUE" => "write `true`",
        "False" | "FALSE" => "write `false`",
        "NULL" | "null" | "nil" | "nullptr" | "NaT" => "null is `None`, in a result of type `Option<T>`",
        "nan" | "NaN" => "write `f64::NAN`",
        "inf" | "Infinity" => "write `f64::INFINITY`",
        "pi" | "M_PI" => "write `std::f64::consts::PI`",
        "M_E" => "write `std::f64::consts::E`",
        "math" | "np" | "numpy" | "Math" | "cmath" | "jnp" | "torch" => {
            "functions are methods of their first argument: `x.sqrt()`, `a.max(b)`"
        }
        "CASE" | "case" => CONDITIONAL,
        "INT_MAX" => "write `i32::MAX`",
        "DBL_MAX" => "write `f64::MAX`",
        "DBL_EPSILON" => "write `f64::EPSILON`",
        _ => return None,
    })
}

/// What to write instead of a function that means nothing; `args` are the texts of its arguments.
pub(crate) fn function(name: &str, args: &[&str]) -> Option<String> {
    let arg = |index: usize, other: &'static str| args.get(index).copied().unwrap_or(other);
    let lower = name.to_ascii_lowercase();
    Some(match lower.as_str() {
        "float" | "double" => format!("write `{} as f64`", arg(0, "n")),
        "int" | "long" => format!("write `{} as i64`", arg(0, "x")),
        "bool" => format!("write `{} != 0`", arg(0, "n")),
        "cast" => "a cast stands behind its value: `a as f64`".to_string(),
        "len" | "length" | "size" | "cardinality" => format!("write `{}.len()`", arg(0, "v")),
        "range" | "xrange" | "prange" => match args {
            [start, end] => format!("write `{start}..{end}`"),
            [start, end, step] => format!("write `({start}..{end}).step_by({step})`"),
            _ => format!("write `0..{}`", arg(0, "n")),
        },
        "sum" => format!("write `{}.iter().sum::<f64>()`", arg(0, "v")),
        "enumerate" => format!("write `{}.iter().enumerate()`", arg(0, "v")),
        "zip" => format!("write `{}.iter().zip({})`", arg(0, "a"), arg(1, "b")),
        "round" if args.len() > 1 => {
            format!("it gives a whole number: for two digits write `({} * 100.0).round() / 100.0`", arg(0, "x"))
        }
        "fabs" | "fabsf" => format!("write `{}.abs()`", arg(0, "x")),
        "pow" | "powf" | "power" => match arg(1, "y").parse::<i32>() {
            Ok(n) => format!("write `{}.powi({n})`", arg(0, "x")),
            Err(_) => format!("write `{}.powf({})`", arg(0, "x"), arg(1, "y")),
        },
        "log" if args.len() == 1 => format!("write `{}.ln()`", arg(0, "x")),
        "fmod" => format!("write `{} % {}`", arg(0, "x"), arg(1, "y")),
        "arcsin" | "arccos" | "arctan" | "arcsinh" | "arccosh" | "arctanh" => {
            format!("write `{}.a{}()`", arg(0, "x"), &lower[3..])
        }
        "fmin" | "least" => format!("write `{}.min({})`", arg(0, "a"), arg(1, "b")),
        "fmax" | "greatest" => format!("write `{}.max({})`", arg(0, "a"), arg(1, "b")),
        "where" | "iff" | "iif" => {
            format!("write `if {} {{ {} }} else {{ {} }}`", arg(0, "c"), arg(1, "a"), arg(2, "b"))
        }
        "coalesce" | "ifnull" | "nvl" => format!("write `{}.unwrap_or({})`", arg(0, "a"), arg(1, "b")),
        "nullif" => format!("write `if {0} == {1} {{ None }} else {{ Some({0}) }}`", arg(0, "a"), arg(1, "b")),
        "isnan" => format!("write `{}.is_nan()`", arg(0, "x")),
        "isnull" | "isna" => format!("write `{}.is_none()`, of an `Option` parameter", arg(0, "a")),
        "print" | "printf" => "a kernel has no output: give what you want to see as a result".to_string(),
        "vec::new" | "list" | "array" | "zeros" => {
            "a local array has a fixed length, `[0.0; 4]`; a list result is a parameter `out: &mut [f64]`".to_string()
        }
        "date" | "datetime" | "timestamp" => {
            "dates come as parameters: `d: Date32`, `t: Timestamp<Microsecond>`".to_string()
        }
        _ => return None,
    })
}

/// What to write instead of a type that means nothing.
pub(crate) fn type_name(name: &str) -> Option<String> {
    if let Some(ty) = plain_type(name) {
        return Some(format!("write `{ty}`"));
    }
    Some(match name.to_ascii_lowercase().as_str() {
        "float" => "C and SQL mean `f32` by it, Python means `f64`".to_string(),
        "int" | "integer" => "C and SQL mean `i32` by it, Python means `i64`".to_string(),
        "number" | "numeric" | "decimal" => "write `f64`, or `i64` for an amount in its smallest unit".to_string(),
        "list" | "array" | "ndarray" => "a list of floats is `&[f64]`".to_string(),
        "date" => "write `Date32`".to_string(),
        "datetime" | "timestamp" => "write `Timestamp<Microsecond>`, with the unit of the column".to_string(),
        "time" => "write `Time<Microsecond>`, with the unit of the column".to_string(),
        "interval" | "timedelta" | "duration" => {
            "write `Duration<Microsecond>`, with the unit of the column".to_string()
        }
        "optional" | "nullable" => "write `Option<f64>`".to_string(),
        _ => return None,
    })
}

/// The scalar that a name of another language means without doubt.
fn plain_type(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "double" | "float64" | "real64" => "f64",
        "float32" | "real" => "f32",
        "bigint" | "long" | "int64" | "int64_t" => "i64",
        "int32" | "int32_t" => "i32",
        "smallint" | "short" | "int16" | "int16_t" => "i16",
        "tinyint" | "int8" | "int8_t" | "byte" => "i8",
        "uint64" | "uint64_t" | "size_t" | "ulong" => "u64",
        "uint32" | "uint32_t" | "uint" | "unsigned" => "u32",
        "uint16" | "uint16_t" | "ushort" => "u16",
        "uint8" | "uint8_t" | "ubyte" => "u8",
        "boolean" | "bool_" => "bool",
        _ => return None,
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn last_word(text: &str) -> &str {
    let start = text.rfind(|c| !is_word(c)).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    &text[start..]
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start_matches(|c: char| !is_word(c));
    &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())]
}

/// Whether an opening bracket waits for its end.
fn is_in_brackets(before: &str) -> bool {
    before.matches('[').count() > before.matches(']').count()
}
