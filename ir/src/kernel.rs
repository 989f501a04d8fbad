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
//! value is visible behind itself in its own region and in the regions nested there. A `loop` will own one
//! region in the same way, with its carried values as that region's first entries and a yield that says
//! whether to go on; nothing else has to change for it.
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
use crate::types::{Scalar, Type};

/// Version of what kernels mean. It is part of the core, hence of the id: any change of a result bit or of
/// an error moves it on.
pub const SEMANTICS_VERSION: u16 = 1;

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
    /// The parameter with this index. Parameters are the first values of the table, in order.
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
    /// Value number `index` (from 1) of those that the `if` named `of` yields.
    Output {
        /// An `if` of the same region.
        of: ValueId,
        /// Which of its yields.
        index: u32,
    },
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
    /// Number of parameters: the first so many values of the table.
    pub params: u32,
    /// The table.
    pub values: Vec<Value>,
    /// The results, one or more, visible at the end of the table.
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

    /// Types of the parameters, in order.
    pub fn param_types(&self) -> Vec<Type> {
        self.values.iter().take(self.params as usize).map(|v| v.ty).collect()
    }

    /// Types of the results, in order; panics as `value` does.
    pub fn result_types(&self) -> Vec<Type> {
        self.returns.iter().map(|&id| self.ty(id)).collect()
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
