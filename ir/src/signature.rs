//! What a kernel takes and gives, as its caller sees it.
//!
//! Inside a kernel there are only scalars (`Type`) and memory (`Array`). The signature says how a row's
//! arguments become those, and which of them become results:
//!
//! ```text
//!   parameter                 slots (the first values of the table)     memory
//!   Scalar, strict            value
//!   Scalar, nullable          value (0 where null), is_some: bool
//!   List                      length: u64                               Array::Param(i), read only
//!
//!   result                    entries of `returns`                      memory
//!   Scalar                    value
//!   Scalar, nullable          value, is_some: bool
//!   Fixed                     `len` values
//!   List                      (none; a slot `length: u64` behind the    Array::Result(j), zeros at first
//!                              slots of all parameters)
//! ```
//!
//! A row with a null in a strict parameter, or a null among the elements of a list, is null without being
//! computed. All lengths inside a kernel count elements: a list of `inner = 3` has three for each of its
//! rows.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kernel::ValueId;
use crate::types::{Scalar, Type};

/// Iterations that a row may spend if its kernel does not say otherwise.
pub const FUEL_DEFAULT: u64 = 1 << 30;

/// Unit of a time type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Unit {
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
}

impl Unit {
    /// Every unit, the coarsest first.
    pub const ALL: [Unit; 4] = [Unit::Second, Unit::Millisecond, Unit::Microsecond, Unit::Nanosecond];

    /// How many of it are a second.
    pub fn per_second(self) -> i64 {
        match self {
            Unit::Second => 1,
            Unit::Millisecond => 1_000,
            Unit::Microsecond => 1_000_000,
            Unit::Nanosecond => 1_000_000_000,
        }
    }

    /// The name as kernel text has it: `Second`.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Second => "Second",
            Unit::Millisecond => "Millisecond",
            Unit::Microsecond => "Microsecond",
            Unit::Nanosecond => "Nanosecond",
        }
    }
}

/// What a scalar means to the caller. Inside the kernel it is the integer or float that stores it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Logical {
    /// Itself.
    Plain(Type),
    /// Days since 1970-01-01, an i32.
    Date32,
    /// Milliseconds since 1970-01-01, an i64.
    Date64,
    /// Time of day: an i32 of seconds or milliseconds, an i64 of microseconds or nanoseconds.
    Time(Unit),
    /// Since 1970-01-01T00:00:00 UTC, an i64.
    Timestamp(Unit),
    /// A span of time, an i64.
    Duration(Unit),
}

impl Logical {
    /// The type that stores it.
    pub fn storage(self) -> Type {
        match self {
            Logical::Plain(ty) => ty,
            Logical::Date32 | Logical::Time(Unit::Second | Unit::Millisecond) => Type::I32,
            Logical::Date64 | Logical::Time(_) | Logical::Timestamp(_) | Logical::Duration(_) => Type::I64,
        }
    }

    /// The type itself if it is a plain one.
    pub fn plain(self) -> Option<Type> {
        match self {
            Logical::Plain(ty) => Some(ty),
            _ => None,
        }
    }

    /// Every type that is not plain.
    pub fn times() -> impl Iterator<Item = Logical> {
        let of = |make: fn(Unit) -> Logical| Unit::ALL.into_iter().map(make);
        [Logical::Date32, Logical::Date64]
            .into_iter()
            .chain(of(Logical::Time))
            .chain(of(Logical::Timestamp))
            .chain(of(Logical::Duration))
    }
}

impl From<Type> for Logical {
    fn from(ty: Type) -> Logical {
        Logical::Plain(ty)
    }
}

/// As kernel text has it: `f64`, `Date32`, `Timestamp<Microsecond>`.
impl fmt::Display for Logical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Logical::Plain(ty) => write!(f, "{ty}"),
            Logical::Date32 => f.write_str("Date32"),
            Logical::Date64 => f.write_str("Date64"),
            Logical::Time(unit) => write!(f, "Time<{}>", unit.name()),
            Logical::Timestamp(unit) => write!(f, "Timestamp<{}>", unit.name()),
            Logical::Duration(unit) => write!(f, "Duration<{}>", unit.name()),
        }
    }
}

impl std::str::FromStr for Logical {
    type Err = ();

    fn from_str(text: &str) -> Result<Logical, ()> {
        match text.parse::<Type>() {
            Ok(ty) => Ok(Logical::Plain(ty)),
            Err(()) => Logical::times().find(|time| time.to_string() == text).ok_or(()),
        }
    }
}

/// A parameter.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Param {
    /// One value a row.
    Scalar {
        /// What it means.
        ty: Logical,
        /// Whether the kernel sees nulls (`Option<T>`).
        nullable: bool,
    },
    /// A list of numbers a row.
    List {
        /// Type of the elements: a number.
        elem: Type,
        /// Elements of each row of a two-dimensional list; 1 for a plain one. The list's length is a
        /// multiple of it.
        inner: u32,
        /// Rows that every list must have, if the kernel wants a fixed number.
        len: Option<u32>,
    },
}

impl Param {
    /// A strict scalar.
    pub fn strict(ty: impl Into<Logical>) -> Param {
        Param::Scalar { ty: ty.into(), nullable: false }
    }

    /// A scalar whose nulls the kernel sees.
    pub fn nullable(ty: impl Into<Logical>) -> Param {
        Param::Scalar { ty: ty.into(), nullable: true }
    }

    /// A plain list of any length.
    pub fn list(elem: Type) -> Param {
        Param::List { elem, inner: 1, len: None }
    }

    /// Types of its slots.
    pub fn slots(&self) -> Vec<Type> {
        match self {
            Param::Scalar { ty, nullable: false } => vec![ty.storage()],
            Param::Scalar { ty, nullable: true } => vec![ty.storage(), Type::Bool],
            Param::List { .. } => vec![Type::U64],
        }
    }

    /// How many slots it has.
    fn slot_count(&self) -> u32 {
        match self {
            Param::Scalar { nullable: true, .. } => 2,
            Param::Scalar { nullable: false, .. } | Param::List { .. } => 1,
        }
    }
}

/// As kernel text has it.
impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Param::Scalar { ty, nullable: false } => write!(f, "{ty}"),
            Param::Scalar { ty, nullable: true } => write!(f, "Option<{ty}>"),
            Param::List { elem, inner, len } => {
                let row = if *inner == 1 { elem.to_string() } else { format!("[{elem}; {inner}]") };
                match len {
                    Some(len) => write!(f, "&[{row}; {len}]"),
                    None => write!(f, "&[{row}]"),
                }
            }
        }
    }
}

/// The length of a list that a kernel writes, in rows of `inner` elements: a constant, and a multiple of the
/// length (in rows) of each list parameter named. Below zero it counts as zero.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Length {
    /// The constant.
    pub constant: i64,
    /// Index of a list parameter, and how often its length counts. Indexes rise.
    pub terms: Vec<(u32, i32)>,
}

impl Length {
    /// The length of a row's list, given the length in rows of each parameter.
    pub fn of(&self, lengths: impl Fn(u32) -> u64) -> u64 {
        let term = |&(param, times): &(u32, i32)| i128::from(times) * i128::from(lengths(param));
        let sum = i128::from(self.constant) + self.terms.iter().map(term).sum::<i128>();
        u64::try_from(sum.max(0)).unwrap_or(u64::MAX)
    }
}

/// A result column.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ResultTy {
    /// One value a row.
    Scalar {
        /// What it means.
        ty: Logical,
        /// Whether the kernel says which rows are null (`Option<T>`).
        nullable: bool,
    },
    /// A list of the same length in every row, given as so many values.
    Fixed {
        /// Type of the elements.
        elem: Type,
        /// How many; at least 1.
        len: u32,
    },
    /// A list that the kernel writes element by element.
    List {
        /// Type of the elements: a number.
        elem: Type,
        /// Elements of each row of a two-dimensional list; 1 for a plain one.
        inner: u32,
        /// How many rows.
        len: Length,
    },
}

impl ResultTy {
    /// A scalar that is null only where an argument is.
    pub fn strict(ty: impl Into<Logical>) -> ResultTy {
        ResultTy::Scalar { ty: ty.into(), nullable: false }
    }

    /// Types of its entries in `returns`.
    pub fn entries(&self) -> Vec<Type> {
        match self {
            ResultTy::Scalar { ty, nullable: false } => vec![ty.storage()],
            ResultTy::Scalar { ty, nullable: true } => vec![ty.storage(), Type::Bool],
            ResultTy::Fixed { elem, len } => vec![*elem; *len as usize],
            ResultTy::List { .. } => Vec::new(),
        }
    }
}

/// As kernel text has it.
impl fmt::Display for ResultTy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResultTy::Scalar { ty, nullable: false } => write!(f, "{ty}"),
            ResultTy::Scalar { ty, nullable: true } => write!(f, "Option<{ty}>"),
            ResultTy::Fixed { elem, len } => write!(f, "[{elem}; {len}]"),
            ResultTy::List { elem, inner: 1, .. } => write!(f, "&mut [{elem}]"),
            ResultTy::List { elem, inner, .. } => write!(f, "&mut [[{elem}; {inner}]]"),
        }
    }
}

/// What becomes of a row that fails.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum OnError {
    /// It ends the call.
    #[default]
    Fail,
    /// Its results are null.
    Null,
}

/// What a kernel takes and gives.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Signature {
    /// The parameters.
    pub params: Vec<Param>,
    /// The results; at least one.
    pub results: Vec<ResultTy>,
    /// Loop iterations that one row may spend.
    pub fuel: u64,
    /// What becomes of a row that fails.
    pub on_error: OnError,
}

impl Default for Signature {
    fn default() -> Signature {
        Signature { params: Vec::new(), results: Vec::new(), fuel: FUEL_DEFAULT, on_error: OnError::Fail }
    }
}

impl Signature {
    /// Number of slots: of the parameters, and of the lengths of the lists that are written.
    pub fn slots(&self) -> u32 {
        self.length_slot(self.results.len()).0
    }

    /// Types of the slots.
    pub fn slot_types(&self) -> Vec<Type> {
        let lists = self.results.iter().filter(|result| matches!(result, ResultTy::List { .. }));
        self.params.iter().flat_map(Param::slots).chain(lists.map(|_| Type::U64)).collect()
    }

    /// The first slot of parameter `index`.
    pub fn param_slot(&self, index: usize) -> ValueId {
        ValueId(self.params[..index].iter().map(Param::slot_count).sum())
    }

    /// The slot that holds the length of list result `index`.
    pub fn length_slot(&self, index: usize) -> ValueId {
        let is_list = |result: &&ResultTy| matches!(result, ResultTy::List { .. });
        let before = self.results[..index].iter().filter(is_list).count();
        ValueId(self.param_slot(self.params.len()).0 + before as u32)
    }

    /// Whether a result can be null though no argument is.
    pub fn makes_nulls(&self) -> bool {
        let nullable = |result: &ResultTy| matches!(result, ResultTy::Scalar { nullable: true, .. });
        self.on_error == OnError::Null || self.results.iter().any(nullable)
    }
}

/// Read-only numbers that a kernel carries: a captured lookup table.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Table {
    /// Type of the elements: a number.
    pub elem: Type,
    /// The elements one after another, little endian, `elem.bytes()` each.
    pub bytes: Vec<u8>,
}

impl Table {
    /// A table of these scalars.
    ///
    /// # Panics
    /// If they are not all of type `elem`.
    pub fn new(elem: Type, scalars: &[Scalar]) -> Table {
        let mut bytes = Vec::with_capacity(scalars.len() * elem.bytes());
        for scalar in scalars {
            assert_eq!(scalar.ty(), elem, "elements of a table have one type");
            bytes.extend_from_slice(&scalar.bits().to_le_bytes()[..elem.bytes()]);
        }
        Table { elem, bytes }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.elem.bytes()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bits of an element, if there is one.
    pub fn get(&self, index: u64) -> Option<u64> {
        let (start, width) = (usize::try_from(index).ok()?.checked_mul(self.elem.bytes())?, self.elem.bytes());
        let bytes = self.bytes.get(start..start.checked_add(width)?)?;
        let mut bits = [0; 8];
        bits[..width].copy_from_slice(bytes);
        Some(u64::from_le_bytes(bits))
    }
}

/// Memory that a kernel reads or writes element by element.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Array {
    /// The list of the parameter with this index.
    Param(u32),
    /// The list that is the result with this index.
    Result(u32),
    /// The table with this index.
    Table(u32),
}

/// As the text form has it: `param 0`.
impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Array::Param(index) => write!(f, "param {index}"),
            Array::Result(index) => write!(f, "result {index}"),
            Array::Table(index) => write!(f, "table {index}"),
        }
    }
}

/// A value as a caller holds it: an argument or a result of one row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Datum {
    /// NULL.
    Null,
    /// A number, a bool, or what stores a time.
    Scalar(Scalar),
    /// The elements of a list, flat.
    List(Vec<Scalar>),
}

impl<T: Into<Scalar>> From<T> for Datum {
    fn from(value: T) -> Datum {
        Datum::Scalar(value.into())
    }
}

/// `None` is NULL.
impl<T: Into<Datum>> From<Option<T>> for Datum {
    fn from(value: Option<T>) -> Datum {
        value.map_or(Datum::Null, T::into)
    }
}

/// A list.
impl<T: Into<Scalar>> From<Vec<T>> for Datum {
    fn from(elements: Vec<T>) -> Datum {
        Datum::List(elements.into_iter().map(T::into).collect())
    }
}

/// A list.
impl<T: Copy + Into<Scalar>> From<&[T]> for Datum {
    fn from(elements: &[T]) -> Datum {
        Datum::List(elements.iter().map(|&element| element.into()).collect())
    }
}

/// A list.
impl<T: Into<Scalar>, const N: usize> From<[T; N]> for Datum {
    fn from(elements: [T; N]) -> Datum {
        Datum::List(elements.into_iter().map(T::into).collect())
    }
}

/// `null`, a number, or `[1, 2]`.
impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Datum::Null => f.write_str("null"),
            Datum::Scalar(scalar) => scalar.fmt(f),
            Datum::List(elems) => {
                let elems: Vec<String> = elems.iter().map(Scalar::to_string).collect();
                write!(f, "[{}]", elems.join(", "))
            }
        }
    }
}
