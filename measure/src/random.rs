//! Random columns whose bits are the same on every machine: the value of a row depends on the seed, the
//! parameter's name and the row alone, and is computed by operations that are correctly rounded and by the
//! pinned `libm`. So the first rows of a long column are a shorter one.

use filbert_ir::{Code, Diagnostic, Logical, Param, Scalar, Type, VerifiedKernel};
use filbert_runtime::{Column, Element};

use crate::aligned::Aligned;
use crate::dist::{Dist, Number, Spec};
use crate::inputs::Inputs;

/// Length of a list that nobody says anything about.
const LIST_LEN: usize = 16;

/// Random columns, one for each parameter of a kernel.
pub struct Random {
    columns: Vec<Drawn>,
    rows: usize,
    described: String,
}

struct Drawn {
    elements: Elements,
    /// Numbers in a row, and in a row of its list; nothing if the parameter is no list.
    list: Option<(usize, usize)>,
    /// What the elements mean, where that is not what they are.
    logical: Logical,
    /// Where its lists begin, if they are empty or lists of rows.
    starts: Vec<i64>,
}

impl Random {
    /// Draws `rows` rows for a kernel. A parameter that no spec names gets a distribution of its type: floats
    /// `uniform(-1,1)`, integers `randint(0,100)`, bools `randint(0,2)`, times `randint(0,86400)`. All mistakes
    /// are told together.
    pub fn draw(kernel: &VerifiedKernel, specs: &[Spec], rows: usize, seed: u64) -> Result<Random, Vec<Diagnostic>> {
        let signature = &kernel.core.signature;
        let names: Vec<String> = (0..signature.params.len()).map(|index| param_name(kernel, index)).collect();
        let mut wrong = Vec::new();
        for (index, spec) in specs.iter().enumerate() {
            if !names.contains(&spec.name) {
                let message = format!("{} has no parameter `{}`", kernel.name(), spec.name);
                wrong.push(Diagnostic::unplaced(Code::UnknownName, message).help(parameters(&names)));
            } else if specs[..index].iter().any(|earlier| earlier.name == spec.name) {
                let message = format!("`{}` is given a distribution twice", spec.name);
                wrong.push(Diagnostic::unplaced(Code::DuplicateName, message).help("leave one of them out"));
            }
        }
        let (mut columns, mut described) = (Vec::new(), Vec::new());
        for (name, param) in names.iter().zip(&signature.params) {
            let spec = specs.iter().find(|spec| spec.name == *name);
            let dist = spec.map_or_else(|| default_dist(param), |spec| spec.dist);
            let len = spec.and_then(|spec| spec.len);
            match column(name, param, dist, len, rows, seed) {
                Ok(drawn) => {
                    let len = drawn.list.map_or(String::new(), |(len, inner)| format!("[{}]", len / inner.max(1)));
                    described.push(format!("{name}={dist}{len}"));
                    columns.push(drawn);
                }
                Err(found) => wrong.push(found),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let described = match described.is_empty() {
            true => "no parameters".to_string(),
            false => format!("{}; seed {seed}", described.join(", ")),
        };
        Ok(Random { columns, rows, described })
    }
}

impl Inputs for Random {
    fn rows(&self) -> usize {
        self.rows
    }

    fn columns(&self, rows: usize) -> Vec<Column<'_>> {
        self.columns.iter().map(|drawn| drawn.column(rows)).collect()
    }

    fn bytes(&self, rows: usize) -> usize {
        self.columns.iter().map(|drawn| drawn.bytes(rows)).sum()
    }

    fn describe(&self) -> String {
        self.described.clone()
    }
}

/// The name of a parameter; of one that has none, its place.
pub(crate) fn param_name(kernel: &VerifiedKernel, index: usize) -> String {
    kernel.names.params.get(index).cloned().unwrap_or_else(|| format!("p{index}"))
}

fn parameters(names: &[String]) -> String {
    match names {
        [] => "it has no parameters".to_string(),
        names => format!("it has {}", names.join(", ")),
    }
}

fn default_dist(param: &Param) -> Dist {
    let of_type = |ty: Type| match ty {
        Type::F32 | Type::F64 => Dist::Uniform { low: -1.0, high: 1.0 },
        Type::Bool => Dist::Randint { low: 0, high: 2 },
        _ => Dist::Randint { low: 0, high: 100 },
    };
    match param {
        Param::Scalar { ty: Logical::Plain(ty), .. } => of_type(*ty),
        Param::Scalar { .. } => Dist::Randint { low: 0, high: 86_400 },
        Param::List { elem, .. } => of_type(*elem),
    }
}

fn column(
    name: &str,
    param: &Param,
    dist: Dist,
    len: Option<usize>,
    rows: usize,
    seed: u64,
) -> Result<Drawn, Diagnostic> {
    let wrong = |why: String, help: &str| {
        Err(Diagnostic::unplaced(Code::TypeMismatch, format!("parameter {name}: {why}")).help(help.to_string()))
    };
    let too_many = || Diagnostic::unplaced(Code::OutOfMemory, format!("parameter {name}: no memory for {rows} rows"));
    let (logical, list) = match (param, len) {
        (Param::Scalar { ty, .. }, None) => (*ty, None),
        (Param::Scalar { ty, .. }, Some(len)) => {
            return wrong(format!("it is {ty}, not a list of {len}"), "leave the length in brackets out");
        }
        (Param::List { elem, inner, len: fixed }, len) => {
            let fixed = fixed.map(|len| len as usize);
            if let (Some(fixed), Some(len)) = (fixed, len)
                && fixed != len
            {
                return wrong(format!("it is a list of {fixed}, not of {len}"), "leave the length in brackets out");
            }
            let inner = (*inner as usize).max(1);
            let len = fixed.or(len).unwrap_or(LIST_LEN);
            (Logical::Plain(*elem), Some((len.checked_mul(inner).ok_or_else(too_many)?, inner)))
        }
    };
    // The same number in every row is one value, which no column holds.
    let count = match (list, dist) {
        (None, Dist::Const(_)) => 1,
        (None, _) => rows,
        (Some((len, _)), _) => rows.checked_mul(len).ok_or_else(too_many)?,
    };
    let starts = match list {
        Some((len, inner)) if inner > 1 || len == 0 => (0..=rows).map(|row| (row * (len / inner)) as i64).collect(),
        _ => Vec::new(),
    };
    let key = key(seed, name);
    let elements = Elements::draw(logical.storage(), dist, count, key, matches!((list, dist), (None, Dist::Const(_))));
    match elements {
        Ok(elements) => Ok(Drawn { elements, list, logical, starts }),
        Err(Misfit::Kind(help)) => wrong(format!("{dist} does not give {logical}"), help),
        Err(Misfit::Memory) => Err(too_many()),
        Err(Misfit::Range) => {
            let message = format!("parameter {name}: {dist} does not fit {}", logical.storage());
            Err(Diagnostic::unplaced(Code::LiteralRange, message).help("choose numbers that the type holds"))
        }
    }
}

impl Drawn {
    fn column(&self, rows: usize) -> Column<'_> {
        let len = self.list.map_or(rows, |(len, _)| rows * len);
        let elements = self.elements.column(len);
        match self.list {
            None => elements.with_type(self.logical),
            Some(_) if self.starts.is_empty() => Column::equal_lists(elements, rows).expect("lists of one length"),
            Some((_, inner)) => {
                let starts = &self.starts[..=rows];
                Column::lists_of_rows(elements, inner, starts).expect("starts that count the rows of the elements")
            }
        }
    }

    fn bytes(&self, rows: usize) -> usize {
        match &self.elements {
            Elements::Same(_) => 0,
            elements => elements.width() * self.list.map_or(rows, |(len, _)| rows * len),
        }
    }
}

/// Why a distribution cannot give values of a type.
enum Misfit {
    /// It gives others; the help says what to write.
    Kind(&'static str),
    /// They are too large or too small for it.
    Range,
    /// There are too many.
    Memory,
}

macro_rules! elements {
    ($($variant:ident $rust:ty),*) => {
        /// Numbers of one type.
        enum Elements {
            /// One for every row.
            Same(Scalar),
            $($variant(Aligned<$rust>),)*
        }

        impl Elements {
            fn draw(ty: Type, dist: Dist, count: usize, key: u64, same: bool) -> Result<Elements, Misfit> {
                match ty {
                    $(Type::$variant => {
                        let draw = <$rust as Draw>::drawer(dist, key)?;
                        if same {
                            return Ok(Elements::Same(draw(0).into()));
                        }
                        let values = (0..count as u64).map(|index| draw(index));
                        let drawn = Aligned::collect(count, <$rust>::default(), values);
                        drawn.map(Elements::$variant).ok_or(Misfit::Memory)
                    })*
                }
            }

            fn column(&self, len: usize) -> Column<'_> {
                match self {
                    Elements::Same(value) => Column::scalar(*value),
                    $(Elements::$variant(values) => Column::slice(&values[..len]),)*
                }
            }

            fn width(&self) -> usize {
                match self {
                    Elements::Same(_) => 0,
                    $(Elements::$variant(_) => size_of::<$rust>(),)*
                }
            }
        }
    };
}

elements!(Bool bool, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64, F32 f32, F64 f64);

/// A type whose values can be drawn: what the value of a row is.
trait Draw: Element {
    fn drawer(dist: Dist, key: u64) -> Result<Box<dyn Fn(u64) -> Self>, Misfit>;
}

macro_rules! draw_integer {
    ($($rust:ty),*) => {
        $(impl Draw for $rust {
            fn drawer(dist: Dist, key: u64) -> Result<Box<dyn Fn(u64) -> $rust>, Misfit> {
                let fits = |v: i128| <$rust>::try_from(v).map_err(|_| Misfit::Range);
                match dist {
                    Dist::Randint { low, high } => {
                        fits(low)?;
                        fits(high - 1)?;
                        Ok(Box::new(move |index| whole(key, index, low, high) as $rust))
                    }
                    Dist::Const(Number::Whole(value)) => {
                        let value = fits(value)?;
                        Ok(Box::new(move |_| value))
                    }
                    _ => Err(Misfit::Kind("write randint(lo,hi), or const(c) with a whole number")),
                }
            }
        })*
    };
}

draw_integer!(i8, i16, i32, i64, u8, u16, u32, u64);

impl Draw for bool {
    fn drawer(dist: Dist, key: u64) -> Result<Box<dyn Fn(u64) -> bool>, Misfit> {
        match dist {
            Dist::Randint { low, high } if low >= 0 && high <= 2 => {
                Ok(Box::new(move |index| whole(key, index, low, high) != 0))
            }
            Dist::Randint { .. } => Err(Misfit::Range),
            Dist::Const(Number::Bool(value)) => Ok(Box::new(move |_| value)),
            _ => Err(Misfit::Kind("write randint(0,2), const(true) or const(false)")),
        }
    }
}

impl Draw for f64 {
    fn drawer(dist: Dist, key: u64) -> Result<Box<dyn Fn(u64) -> f64>, Misfit> {
        Ok(match dist {
            Dist::Uniform { low, high } => Box::new(move |index| uniform(key, index, low, high)),
            Dist::Normal { mean, sd } => Box::new(move |index| normal(key, index, mean, sd)),
            Dist::Randint { low, high } => Box::new(move |index| whole(key, index, low, high) as f64),
            Dist::Const(Number::Float(value)) => Box::new(move |_| value),
            Dist::Const(Number::Whole(value)) => Box::new(move |_| value as f64),
            Dist::Const(Number::Bool(_)) => return Err(Misfit::Kind("write const(c) with a number")),
        })
    }
}

impl Draw for f32 {
    fn drawer(dist: Dist, key: u64) -> Result<Box<dyn Fn(u64) -> f32>, Misfit> {
        let draw = <f64 as Draw>::drawer(dist, key)?;
        match dist {
            Dist::Uniform { high, .. } => {
                // Rounding may reach the end, which does not belong to it.
                let below = if f64::from(high as f32) < high { high as f32 } else { (high as f32).next_down() };
                Ok(Box::new(move |index| (draw(index) as f32).min(below)))
            }
            _ => Ok(Box::new(move |index| draw(index) as f32)),
        }
    }
}

/// The key of a column: columns of one seed have nothing to do with each other.
fn key(seed: u64, name: &str) -> u64 {
    let hash = blake3::hash(format!("filbert bench {seed} {name}").as_bytes());
    hash.as_bytes()[..8].iter().fold(0, |key, &byte| key << 8 | u64::from(byte))
}

/// The `index`-th number of splitmix64 with this key.
fn bits(key: u64, index: u64) -> u64 {
    let mut z = key.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// From 0 up to, but not including, 1: a multiple of 2^-53.
fn unit(key: u64, index: u64) -> f64 {
    (bits(key, index) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

fn uniform(key: u64, index: u64, low: f64, high: f64) -> f64 {
    // The product or the sum may be rounded up to the end, which does not belong to it.
    (low + (high - low) * unit(key, index)).min(high.next_down())
}

/// By Box and Muller.
fn normal(key: u64, index: u64, mean: f64, sd: f64) -> f64 {
    let angle = std::f64::consts::TAU * unit(!key, index);
    let radius = (-2.0 * libm::log(1.0 - unit(key, index))).sqrt();
    mean + sd * (radius * libm::cos(angle))
}

/// From `low` up to, but not including, `high`, which are at most 2^64 apart. Of so many numbers none is more
/// than 2^-64 likelier than another.
fn whole(key: u64, index: u64, low: i128, high: i128) -> i128 {
    let span = (high - low) as u128;
    low + ((u128::from(bits(key, index)) * span) >> 64) as i128
}

#[cfg(test)]
#[path = "random_tests.rs"]
mod tests;
