//! A kernel's error that stays whole where engines turn errors into text.
//!
//! A scheduler keeps the text of a task's error, mostly the debug form of the whole chain, and the client gets
//! that inside other text. So the debug form of our error ends in a tail that a machine reads back:
//!
//! ```text
//!   FB-0502: division by zero in kernel div, row 1 of the batch: 8 / 0 divides i64 by zero (num = 4, den = 0)
//!   [filbert-error 1 333a3530322c...]
//! ```
//!
//! Behind the version stand the fields as netstrings (`3:502,`), in hexadecimal because engines quote quotes:
//! code, kernel, id, row, value, detail, then a name and a value for each argument. Where only the line was
//! kept, code and words are found in it.

use std::error::Error;
use std::fmt;

use datafusion::common::DataFusionError;
use filbert_ir::{Code, KernelError, KernelId, ValueId};

const HEAD: &str = "[filbert-error 1 ";

/// Bytes of a tail's fields at most: an error is a screen, not a file. Arguments give way first.
const FIELDS_BYTES_MAX: usize = 4096;

/// Bytes of a kernel's name in a tail; the verifier lets none through that is longer.
const NAME_BYTES_MAX: usize = 256;

/// A kernel's error as the engine carries it.
pub(crate) struct Carried(pub(crate) KernelError);

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_text(&self.0))
    }
}

impl Error for Carried {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// The error's line and its tail, for whoever has nothing but text to pass on.
pub fn to_text(error: &KernelError) -> String {
    let mut tail = String::new();
    for byte in fields(error) {
        tail.push_str(&format!("{byte:02x}"));
    }
    format!("{error} {HEAD}{tail}]")
}

/// The kernel's error that a text holds: whole if its tail is there, else what the line says.
pub fn find_in_text(text: &str) -> Option<KernelError> {
    text.split(HEAD).skip(1).find_map(of_tail).or_else(|| of_line(text))
}

/// The same error with the kernel's error in it as such, if there is one that came as text.
pub fn recover(error: DataFusionError) -> DataFusionError {
    if crate::error::find_kernel_error(&error).is_some() {
        return error;
    }
    match find_in_text(&error.to_string()) {
        Some(found) => crate::error::external(found),
        None => error,
    }
}

fn fields(error: &KernelError) -> Vec<u8> {
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let head = [
        error.code.number().to_string(),
        cut(&error.kernel, NAME_BYTES_MAX).to_string(),
        error.id.map(|id| id.to_string()).unwrap_or_default(),
        number(error.row),
        number(error.value.map(|value| value.0.into())),
        cut(&error.detail, FIELDS_BYTES_MAX / 2).to_string(),
    ];
    let netstring = |text: &str| format!("{}:{text},", text.len());
    let mut fields: String = head.iter().map(|field| netstring(field)).collect();
    for (name, value) in &error.args {
        let pair = netstring(name) + &netstring(value);
        if fields.len() + pair.len() > FIELDS_BYTES_MAX {
            break;
        }
        fields.push_str(&pair);
    }
    fields.into_bytes()
}

/// The first so many bytes of a text, or a few less.
fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// The error of a tail that begins with this text.
fn of_tail(text: &str) -> Option<KernelError> {
    let (tail, _) = text.split_once(']')?;
    let bytes = of_hex(tail)?;
    let fields = netstrings(std::str::from_utf8(&bytes).ok()?)?;
    let [code, kernel, id, row, value, detail, args @ ..] = fields.as_slice() else { return None };
    let code: u16 = code.parse().ok()?;
    Some(KernelError {
        code: *Code::ALL.iter().find(|known| known.number() == code)?,
        kernel: kernel.to_string(),
        id: of_hex(id)?.try_into().ok().map(KernelId),
        row: row.parse().ok(),
        value: value.parse().ok().map(ValueId),
        args: args.chunks_exact(2).map(|pair| (pair[0].to_string(), pair[1].to_string())).collect(),
        detail: detail.to_string(),
    })
}

fn netstrings(mut text: &str) -> Option<Vec<&str>> {
    let mut fields = Vec::new();
    while !text.is_empty() {
        let (length, rest) = text.split_once(':')?;
        let (field, rest) = rest.split_at_checked(length.parse().ok()?)?;
        fields.push(field);
        text = rest.strip_prefix(',')?;
    }
    Some(fields)
}

fn of_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// The error of a line `FB-0402: kernel was made by another version: ...`, to the end of the line.
fn of_line(text: &str) -> Option<KernelError> {
    text.match_indices("FB-").find_map(|(at, _)| {
        let (number, rest) = text[at + 3..].split_once(": ")?;
        let number: u16 = (number.len() == 4).then(|| number.parse().ok())??;
        let code = *Code::ALL.iter().find(|known| known.number() == number)?;
        let line = rest.lines().next().unwrap_or_default();
        let detail = line.strip_prefix(code.title()).unwrap_or(line).trim_start_matches([':', ' ']);
        Some(KernelError::new(code, detail.trim_end()))
    })
}

#[cfg(test)]
#[path = "carried/tests.rs"]
mod tests;
