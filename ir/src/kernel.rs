//! What a kernel is: a flat table of typed values with structured regions.
//!
//! A kernel's *core* decides what it computes and is what `KernelId` hashes: a table of values in which a
//! value's operands always have smaller ids than its own. Control flow is structured: `if` owns two
//! regions, which are consecutive ranges of the same table, directly behind it:
//!
//! ```text
//!   %4: bool = lt %0, %3
//!   %5: f64  = if %4 {      then region = %6..%7, yields %6
//!   %6: f64  =   neg %0
//!                yield %6
//!              } else {     else region = %7..%7 (empty), yields %0
//!                yield %0
//!              }
//!   %7: f64  = mul %5, %5
//! ```
//!
//! An `if` yields one value or more; it stands itself for the first, `Def::Output` names the others. A
//! value is visible behind itself in its own region and in the regions nested there. A `loop` owns one
//! region in the same way. Its carried values are the region's first entries; the region yields whether to
//! go on, then the next value of each. It runs at least once:
//!
//! ```text
//!   %3: i64 = loop %1, %2 {         carried values begin as %1 and %2
//!   %4: i64  =   carried 0
//!   %5: i64  =   carried 1
//!   %6: i64  =   add %4, %5
//!   %7: bool =   lt %6, %0
//!                yield %7, %6, %4   go on while %7, with %6 and %4
//!              }
//!   %8: i64 = output %3, 1          %3 is the final value of carried 0, %8 that of carried 1
//! ```
//!
//! Memory is named, not pointed to: `Def::Load` and `Def::Store` take an `Array` of the signature or a
//! table. The order of the table is the order of execution.
//!
//! A kernel computes rows that do not know of each other. Kernels of other forms (reduce, scan, stencil)
//! will be several such cores under one name.
//!
//! *Names* (kernel, parameters, results, documentation) and *source* (text, and a span for each value)
//! stand apart: two kernels that differ only there have one id and one compiled artifact.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};

use crate::op::Op;
use crate::signature::{Array, Signature, Table};
use crate::types::{Scalar, Type};

/// Version of what kernels mean. It is part of the core, hence of the id: any change of a result bit or of
/// an error moves it on.
pub const SEMANTICS_VERSION: u16 = 3;

/// A value of a kernel: an index into its table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ValueId(pub u32);

impl ValueId {
    /// The id as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for ValueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.0)
    }
}

impl fmt::Debug for ValueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One to three operands, stored in place.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Args {
    len: u8,
    ids: [ValueId; 3],
}

impl Args {
    /// Operands from a slice.
    ///
    /// # Panics
    /// If there are more than three, which no operation has.
    pub fn new(args: &[ValueId]) -> Args {
        assert!(args.len() <= 3, "no operation has {} operands", args.len());
        let mut ids = [ValueId(0); 3];
        ids[..args.len()].copy_from_slice(args);
        Args { len: args.len() as u8, ids }
    }

    /// The same operands with each id replaced.
    pub fn map(&self, mut f: impl FnMut(ValueId) -> ValueId) -> Args {
        let mut args = *self;
        args.ids[..self.len as usize].iter_mut().for_each(|id| *id = f(*id));
        args
    }
}

impl Deref for Args {
    type Target = [ValueId];

    fn deref(&self) -> &[ValueId] {
        &self.ids[..self.len as usize]
    }
}

impl fmt::Debug for Args {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for Args {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut seq = s.serialize_seq(Some(self.len()))?;
        for id in self.iter() {
            seq.serialize_element(id)?;
        }
        seq.end()
    }
}

impl<'de> Deserialize<'de> for Args {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Args, D::Error> {
        struct ArgsVisitor;
        impl<'de> Visitor<'de> for ArgsVisitor {
            type Value = Args;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("at most three operands")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Args, A::Error> {
                let mut args = Args::new(&[]);
                while let Some(id) = seq.next_element::<ValueId>()? {
                    let place = args.ids.get_mut(args.len as usize);
                    *place.ok_or_else(|| A::Error::custom("more than three operands"))? = id;
                    args.len += 1;
                }
                Ok(args)
            }
        }
        d.deserialize_seq(ArgsVisitor)
    }
}

/// A range of the value table that runs only when its owner says so.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Region {
    /// First value of the region.
    pub start: ValueId,
    /// One past its last value; `start == end` for an empty region.
    pub end: ValueId,
    /// The values that the region hands to its owner; at least one.
    pub yields: Vec<ValueId>,
}

/// How a value comes about.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Def {
    /// The slot with this index, see `signature`. Slots are the first values of the table, in order.
    Param(u32),
    /// A constant, by its bits (zero-extended, see `Scalar::bits`).
    Const(u64),
    /// An operation of the table.
    Op(Op, Args),
    /// Runs one of two regions. The value is the first of the values that region yields.
    If {
        /// A bool.
        cond: ValueId,
        /// Directly behind this value.
        then: Region,
        /// Directly behind `then`.
        otherwise: Region,
    },
    /// Value number `index` (from 1) of those that the `if` or `loop` named `of` gives.
    Output {
        /// An `if` or `loop` of the same region.
        of: ValueId,
        /// Which of its yields (of an `if`), or of its carried values (of a `loop`).
        index: u32,
    },
    /// Runs a region again and again. The value is the final one of the first carried value.
    Loop {
        /// What the carried values are at first; at least one.
        inits: Vec<ValueId>,
        /// Directly behind this value; begins with a `Carried` for each of `inits`. Yields a bool that says
        /// whether to go on, then the next value of each carried one.
        body: Region,
    },
    /// The carried value with this index, of the loop around it.
    Carried(u32),
    /// An element of memory. The row fails unless the index, a u64, is below the length.
    Load {
        /// From where.
        array: Array,
        /// Which.
        index: ValueId,
    },
    /// Writes an element of a result; as `Load` otherwise. As a value it is `false`.
    Store {
        /// Where to: an `Array::Result`.
        array: Array,
        /// Which.
        index: ValueId,
        /// What.
        value: ValueId,
    },
}

impl Def {
    /// Calls `f` with each value that it reads, what its regions yield among them. The length of an array that is
    /// accessed is not among them, nor is the `if` or `loop` that an output is of.
    pub fn each_read(&self, mut f: impl FnMut(ValueId)) {
        match self {
            Def::Op(_, args) => args.iter().for_each(|&arg| f(arg)),
            Def::If { cond, then, otherwise } => {
                f(*cond);
                then.yields.iter().chain(&otherwise.yields).for_each(|&id| f(id));
            }
            Def::Loop { inits, body } => inits.iter().chain(&body.yields).for_each(|&id| f(id)),
            Def::Load { index, .. } => f(*index),
            Def::Store { index, value, .. } => {
                f(*index);
                f(*value);
            }
            Def::Param(_) | Def::Const(_) | Def::Output { .. } | Def::Carried(_) => {}
        }
    }
}

/// One entry of the table.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Value {
    /// Its type.
    pub ty: Type,
    /// How it comes about.
    pub def: Def,
}

/// What a kernel computes, and all that `KernelId` depends on.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Core {
    /// Version of the meaning; this build knows `SEMANTICS_VERSION`.
    pub semantics: u16,
    /// What it takes and gives.
    pub signature: Signature,
    /// Lookup tables that it carries.
    pub tables: Vec<Table>,
    /// The table of values, which begins with the slots.
    pub values: Vec<Value>,
    /// The values that make the results, in the order of the signature, visible at the end of the table.
    pub returns: Vec<ValueId>,
}

impl Core {
    /// The entry of a value.
    ///
    /// # Panics
    /// If the table has no such value; ids of a verified kernel always have one.
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.index()]
    }

    /// The type of a value; panics as `value` does.
    pub fn ty(&self, id: ValueId) -> Type {
        self.value(id).ty
    }

    /// Number of slots: the first so many values.
    pub fn slots(&self) -> u32 {
        self.signature.slots()
    }

    /// Types of the slots, in order.
    pub fn slot_types(&self) -> Vec<Type> {
        self.signature.slot_types()
    }

    /// Types of the values that make the results, in order; panics as `value` does.
    pub fn return_types(&self) -> Vec<Type> {
        self.returns.iter().map(|&id| self.ty(id)).collect()
    }

    /// Type of the elements of an array; `None` if there is no such memory.
    pub fn elem(&self, array: Array) -> Option<Type> {
        use crate::signature::{Param, ResultTy};
        match array {
            Array::Param(index) => match self.signature.params.get(index as usize)? {
                Param::List { elem, .. } => Some(*elem),
                Param::Scalar { .. } => None,
            },
            Array::Result(index) => match self.signature.results.get(index as usize)? {
                ResultTy::List { elem, .. } => Some(*elem),
                ResultTy::Scalar { .. } | ResultTy::Fixed { .. } => None,
            },
            Array::Table(index) => self.tables.get(index as usize).map(|table| table.elem),
        }
    }

    /// Whether it has loops.
    pub fn has_loops(&self) -> bool {
        self.values.iter().any(|value| matches!(value.def, Def::Loop { .. }))
    }

    /// For each value whether a result or `Def::each_read` names it.
    pub fn read_values(&self) -> Vec<bool> {
        let mut read = vec![false; self.values.len()];
        self.values.iter().for_each(|value| value.def.each_read(|id| read[id.index()] = true));
        self.returns.iter().for_each(|id| read[id.index()] = true);
        read
    }

    /// The constant that a value is, if it is one.
    pub fn as_const(&self, id: ValueId) -> Option<Scalar> {
        let value = self.values.get(id.index())?;
        match value.def {
            Def::Const(bits) => Some(Scalar::from_bits(value.ty, bits)),
            _ => None,
        }
    }

    /// Whether this value can fail a row by itself (its regions not counted).
    pub fn may_fault(&self, id: ValueId) -> bool {
        match &self.value(id).def {
            Def::Op(op, args) => op.may_fault(self.ty(args[0])),
            Def::Load { .. } | Def::Store { .. } | Def::Loop { .. } => true,
            _ => false,
        }
    }

    /// Whether any row can fail.
    pub fn is_fallible(&self) -> bool {
        (0..self.values.len() as u32).any(|i| self.may_fault(ValueId(i)))
    }
}

/// What people call the parts of a kernel. Not part of its identity.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Names {
    /// The kernel's name.
    pub kernel: String,
    /// A name for each parameter.
    pub params: Vec<String>,
    /// A name for each result column, or empty: then they are `c0`, `c1`, ...
    pub results: Vec<String>,
    /// Documentation, from the doc comments of the source.
    pub doc: String,
}

impl Names {
    /// The name of result column `index`.
    pub fn result(&self, index: usize) -> String {
        self.results.get(index).cloned().unwrap_or_else(|| format!("c{index}"))
    }
}

/// A half-open range of byte offsets in a source text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end`.
    pub fn new(start: usize, end: usize) -> Span {
        Span { start: start as u32, end: end as u32 }
    }

    /// The smallest span that holds both.
    pub fn join(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Where a kernel was written. Stays with the client: it never travels in a plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// What messages call the text: a file name, `CREATE FUNCTION f`, ...
    pub name: String,
    /// The text; kernels of one text share it.
    pub text: Arc<str>,
    /// A span for each value of the kernel, by value id. A value inlined from another kernel carries the
    /// span of the call.
    pub spans: Vec<Span>,
}

/// A kernel that nobody has checked yet; `verify` turns it into a `VerifiedKernel`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kernel {
    /// What it computes.
    pub core: Core,
    /// What its parts are called.
    pub names: Names,
    /// Where it was written, if this process knows.
    pub source: Option<Arc<Source>>,
}

/// Identity of what a kernel computes: blake3 of the canonical bytes of its core.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KernelId(pub [u8; 32]);

impl fmt::Display for KernelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KernelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A kernel that keeps every rule of `verify`, with its id. Cheap to clone; stages behind the verifier
/// accept nothing else and do not check again.
#[derive(Clone)]
pub struct VerifiedKernel {
    inner: Arc<(Kernel, KernelId)>,
}

impl VerifiedKernel {
    /// Only `verify` may call this.
    pub(crate) fn from_checked(kernel: Kernel, id: KernelId) -> VerifiedKernel {
        VerifiedKernel { inner: Arc::new((kernel, id)) }
    }

    /// Identity of what it computes.
    pub fn id(&self) -> KernelId {
        self.inner.1
    }

    /// The kernel's name.
    pub fn name(&self) -> &str {
        &self.names.kernel
    }

    /// The same computation under another name.
    pub fn with_name(&self, name: impl Into<String>) -> VerifiedKernel {
        let mut kernel = self.inner.0.clone();
        kernel.names.kernel = name.into();
        VerifiedKernel::from_checked(kernel, self.id())
    }
}

impl Deref for VerifiedKernel {
    type Target = Kernel;

    fn deref(&self) -> &Kernel {
        &self.inner.0
    }
}

/// Equal when they compute the same under the same kernel name.
impl PartialEq for VerifiedKernel {
    fn eq(&self, other: &VerifiedKernel) -> bool {
        self.id() == other.id() && self.name() == other.name()
    }
}

impl Eq for VerifiedKernel {}

impl std::hash::Hash for VerifiedKernel {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id().hash(state);
        self.name().hash(state);
    }
}

impl fmt::Debug for VerifiedKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kernel {} {}", self.name(), self.id())
    }
}

/// Whatever stands for a kernel: a verified one, or the static that `#[kernel]` makes.
pub trait AsKernel {
    /// The kernel, or why its source is not one.
    fn as_kernel(&self) -> Result<VerifiedKernel, crate::diagnostic::Diagnostics>;
}

impl AsKernel for VerifiedKernel {
    fn as_kernel(&self) -> Result<VerifiedKernel, crate::diagnostic::Diagnostics> {
        Ok(self.clone())
    }
}

impl<K: AsKernel + ?Sized> AsKernel for &K {
    fn as_kernel(&self) -> Result<VerifiedKernel, crate::diagnostic::Diagnostics> {
        (**self).as_kernel()
    }
}
