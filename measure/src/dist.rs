//! `--random NAME=DIST`: how the values of one parameter are spread, as text.

use std::fmt;

use filbert_ir::{Code, Diagnostic};

/// The forms of a distribution, for messages.
pub const FORMS: &str = "uniform(lo,hi), normal(mean,sd), randint(lo,hi) without hi, or const(c)";

/// A number or bool as it was written.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Number {
    /// `7`, `-1_000`.
    Whole(i128),
    /// `1.5`, `1e-3`, `inf`, `nan`.
    Float(f64),
    /// `true`, `false`.
    Bool(bool),
}

/// How values are spread.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Dist {
    /// Evenly from `low` up to, but not including, `high`.
    Uniform {
        /// Least value.
        low: f64,
        /// What all values are less than.
        high: f64,
    },
    /// By the normal distribution.
    Normal {
        /// Where its middle is.
        mean: f64,
        /// Its standard deviation.
        sd: f64,
    },
    /// Whole numbers, evenly from `low` up to, but not including, `high`.
    Randint {
        /// Least value.
        low: i128,
        /// What all values are less than.
        high: i128,
    },
    /// The same value in every row.
    Const(Number),
}

/// The distribution of one parameter: `x=uniform(-1,1)`; of a parameter that is a list with its length,
/// `x=uniform(-1,1)[16]`.
#[derive(Clone, PartialEq, Debug)]
pub struct Spec {
    /// The parameter.
    pub name: String,
    /// How its values are spread.
    pub dist: Dist,
    /// How many there are in a row, if the parameter is a list.
    pub len: Option<usize>,
}

impl Spec {
    /// Reads `NAME=DIST`. The error says what to write.
    pub fn parse(text: &str) -> Result<Spec, Diagnostic> {
        let form = || {
            let message = format!("`{text}` is not NAME=DIST, with the name of a parameter");
            Diagnostic::unplaced(Code::UnknownName, message).help(format!("DIST is {FORMS}, as in x=uniform(-1,1)"))
        };
        let (name, dist) = text.split_once('=').ok_or_else(form)?;
        let (name, dist) = (name.trim(), dist.trim());
        if name.is_empty() || dist.is_empty() {
            return Err(form());
        }
        let (dist, len) = match dist.strip_suffix(']').and_then(|dist| dist.rsplit_once('[')) {
            None => (dist, None),
            Some((dist, len)) => {
                let wrong = || wrong(Code::TypeMismatch, text, format!("`{len}` is not a number of elements"));
                (dist.trim(), Some(len.trim().parse().map_err(|_| wrong())?))
            }
        };
        Ok(Spec { name: name.to_string(), dist: self::dist(text, dist)?, len })
    }
}

fn wrong(code: Code, text: &str, why: impl fmt::Display) -> Diagnostic {
    Diagnostic::unplaced(code, format!("{text}: {why}")).help(format!("DIST is {FORMS}"))
}

fn dist(text: &str, dist: &str) -> Result<Dist, Diagnostic> {
    let Some((name, arguments)) = dist.strip_suffix(')').and_then(|dist| dist.split_once('(')) else {
        return Err(wrong(Code::UnknownFunction, text, format!("`{dist}` is not a distribution")));
    };
    let words: Vec<&str> = arguments.split(',').map(str::trim).collect();
    let count = |wanted: usize| match words.len() == wanted && words.iter().all(|word| !word.is_empty()) {
        true => Ok(()),
        false => {
            let (plural, given) = (if wanted == 1 { "" } else { "s" }, words.iter().filter(|w| !w.is_empty()).count());
            Err(wrong(Code::ArgumentCount, text, format!("{name} takes {wanted} number{plural}, got {given}")))
        }
    };
    let not_a = |word: &str, what: &str| wrong(Code::TypeMismatch, text, format!("`{word}` is not {what}"));
    let finite = |word: &str| match number(word) {
        Some(Number::Whole(v)) => Ok(v as f64),
        Some(Number::Float(v)) if v.is_finite() => Ok(v),
        _ => Err(not_a(word, "a finite number")),
    };
    let whole = |word: &str| match number(word) {
        Some(Number::Whole(v)) => Ok(v),
        _ => Err(not_a(word, "a whole number")),
    };
    match name.trim() {
        "uniform" => {
            count(2)?;
            let (low, high) = (finite(words[0])?, finite(words[1])?);
            if low >= high || !(high - low).is_finite() {
                return Err(wrong(Code::LiteralRange, text, format!("there is nothing from {low} up to {high}")));
            }
            Ok(Dist::Uniform { low, high })
        }
        "normal" => {
            count(2)?;
            let (mean, sd) = (finite(words[0])?, finite(words[1])?);
            if sd < 0.0 {
                return Err(wrong(Code::LiteralRange, text, format!("a standard deviation is not less than 0: {sd}")));
            }
            Ok(Dist::Normal { mean, sd })
        }
        "randint" => {
            count(2)?;
            let (low, high) = (whole(words[0])?, whole(words[1])?);
            if low >= high || high - low > 1 << 64 {
                let why = format!("there is no whole number from {low} up to, but not including, {high}");
                let why = if low < high { format!("from {low} up to {high} is more than 64 bits") } else { why };
                return Err(wrong(Code::LiteralRange, text, why));
            }
            Ok(Dist::Randint { low, high })
        }
        "const" => {
            count(1)?;
            number(words[0]).map(Dist::Const).ok_or_else(|| not_a(words[0], "a number, true or false"))
        }
        name => Err(wrong(Code::UnknownFunction, text, format!("there is no distribution `{name}`"))),
    }
}

fn number(word: &str) -> Option<Number> {
    if let Ok(flag) = word.parse() {
        return Some(Number::Bool(flag));
    }
    let digits = word.replace('_', "");
    let whole = digits.parse::<i128>().ok().filter(|v| v.unsigned_abs() <= 1 << 64);
    whole.map(Number::Whole).or_else(|| digits.parse().ok().map(Number::Float))
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Whole(v) => write!(f, "{v}"),
            Number::Float(v) => write!(f, "{v:?}"),
            Number::Bool(v) => write!(f, "{v}"),
        }
    }
}

impl fmt::Display for Dist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dist::Uniform { low, high } => write!(f, "uniform({low},{high})"),
            Dist::Normal { mean, sd } => write!(f, "normal({mean},{sd})"),
            Dist::Randint { low, high } => write!(f, "randint({low},{high})"),
            Dist::Const(value) => write!(f, "const({value})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form() {
        let rows = [
            ("x=uniform(-1,1)", Dist::Uniform { low: -1.0, high: 1.0 }, None),
            (" x = uniform( -1.5 , 1e3 ) ", Dist::Uniform { low: -1.5, high: 1e3 }, None),
            ("x=normal(0,2.5)", Dist::Normal { mean: 0.0, sd: 2.5 }, None),
            ("x=randint(0,1_000)[16]", Dist::Randint { low: 0, high: 1000 }, Some(16)),
            ("x=randint(0,18446744073709551616)", Dist::Randint { low: 0, high: 1 << 64 }, None),
            ("x=const(-0.5)", Dist::Const(Number::Float(-0.5)), None),
            ("x=const(7)", Dist::Const(Number::Whole(7)), None),
            ("x=const(true)", Dist::Const(Number::Bool(true)), None),
        ];
        for (text, dist, len) in rows {
            assert_eq!(Spec::parse(text), Ok(Spec { name: "x".to_string(), dist, len }), "{text}");
            assert_eq!(Spec::parse(&format!("x={dist}")).map(|spec| spec.dist), Ok(dist));
        }
    }

    #[test]
    fn every_mistake_says_what_to_write() {
        let rows = [
            ("uniform(0,1)", Code::UnknownName, "`uniform(0,1)` is not NAME=DIST, with the name of a parameter"),
            ("=uniform(0,1)", Code::UnknownName, "`=uniform(0,1)` is not NAME=DIST, with the name of a parameter"),
            ("x=", Code::UnknownName, "`x=` is not NAME=DIST, with the name of a parameter"),
            ("x=3", Code::UnknownFunction, "x=3: `3` is not a distribution"),
            ("x=gauss(0,1)", Code::UnknownFunction, "x=gauss(0,1): there is no distribution `gauss`"),
            ("x=uniform(0)", Code::ArgumentCount, "x=uniform(0): uniform takes 2 numbers, got 1"),
            ("x=const()", Code::ArgumentCount, "x=const(): const takes 1 number, got 0"),
            ("x=uniform(0,one)", Code::TypeMismatch, "x=uniform(0,one): `one` is not a finite number"),
            ("x=uniform(0,inf)", Code::TypeMismatch, "x=uniform(0,inf): `inf` is not a finite number"),
            ("x=uniform(1,1)", Code::LiteralRange, "x=uniform(1,1): there is nothing from 1 up to 1"),
            ("x=normal(0,-1)", Code::LiteralRange, "x=normal(0,-1): a standard deviation is not less than 0: -1"),
            ("x=randint(0,1.5)", Code::TypeMismatch, "x=randint(0,1.5): `1.5` is not a whole number"),
            (
                "x=randint(5,5)",
                Code::LiteralRange,
                "x=randint(5,5): there is no whole number from 5 up to, but not including, 5",
            ),
            ("x=uniform(0,1)[few]", Code::TypeMismatch, "x=uniform(0,1)[few]: `few` is not a number of elements"),
        ];
        for (text, code, message) in rows {
            let found = Spec::parse(text).unwrap_err();
            assert_eq!((found.code, found.message.as_str()), (code, message));
            assert!(found.help.is_some_and(|help| help.contains("randint(lo,hi) without hi")), "{text}");
        }
    }
}
