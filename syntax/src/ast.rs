//! The tree of a kernel text: what the reader makes of syn's tree, and all that later stages look at.
//!
//! It is flat (expressions refer to each other by index), knows only what kernels have, and every node has
//! its byte span, so nothing behind the reader depends on syn or on proc-macro2's spans, and dropping it
//! does not recurse. Names are slices of the text.

use std::collections::HashMap;

use filbert_ir::{Op, Span, Type};

use crate::attributes::Attributes;
use crate::generics::{Bound, Instance};
use crate::warnings::Lint;

mod parts;

/// An expression, by its place in `Tree::exprs`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ExprId(pub(crate) u32);

/// A variable or parameter; numbered over the whole text, in source order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct LocalId(pub(crate) u32);

/// A constant, by its place in `Tree::consts`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ConstId(pub(crate) u32);

/// A whole text.
#[derive(Default)]
pub(crate) struct Tree<'t> {
    pub(crate) text: &'t str,
    pub(crate) exprs: Vec<Expr<'t>>,
    pub(crate) kernels: Vec<KernelItem<'t>>,
    /// Every constant, local ones too.
    pub(crate) consts: Vec<ConstItem<'t>>,
    /// Those that stand beside the kernels.
    pub(crate) outer_consts: Vec<ConstId>,
    pub(crate) structs: Vec<StructItem<'t>>,
    /// Number of variables and parameters.
    pub(crate) locals: u32,
    /// Imports, which count in the whole text.
    pub(crate) uses: Vec<Use<'t>>,
    /// What generic kernels were read for.
    pub(crate) instances: Vec<Instance>,
    /// Warnings that the text does not want, and where.
    pub(crate) allows: Vec<(Lint, Span)>,
    /// What is written behind `::` of a method: `sum::<f64>`, by expression.
    pub(crate) turbofish: HashMap<u32, (TypeNote<'t>, Span)>,
    /// Names that rejected constructs would have bound: not reported when they are used.
    pub(crate) forgiven: Vec<&'t str>,
}

/// A name, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'t> {
    pub(crate) text: &'t str,
    pub(crate) span: Span,
}

/// `use` of one name from std's constants: `alias` means `path`.
pub(crate) struct Use<'t> {
    /// `None` for a glob.
    pub(crate) alias: Option<&'t str>,
    pub(crate) path: Vec<&'t str>,
    pub(crate) span: Span,
}

/// `fn`.
pub(crate) struct KernelItem<'t> {
    pub(crate) name: Name<'t>,
    pub(crate) doc: String,
    /// What `#[kernel(...)]` says.
    pub(crate) attrs: Attributes<'t>,
    pub(crate) role: Role,
    /// Its type parameters.
    pub(crate) generics: Vec<Generic<'t>>,
    pub(crate) params: Vec<Param<'t>>,
    pub(crate) result: TypeNote<'t>,
    /// Where the result type stands, or would.
    pub(crate) result_span: Span,
    pub(crate) body: ExprId,
}

/// What a `fn` is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// A kernel.
    Plain,
    /// A generic kernel: it has a signature, and an error for its body.
    Template,
    /// A generic kernel for certain types, by its place in `Tree::instances`.
    Instance(usize),
}

/// A type parameter.
pub(crate) struct Generic<'t> {
    pub(crate) name: Name<'t>,
    /// `None` after an error.
    pub(crate) bound: Option<Bound>,
}

/// A parameter.
pub(crate) struct Param<'t> {
    pub(crate) name: Name<'t>,
    pub(crate) local: LocalId,
    pub(crate) mutable: bool,
    pub(crate) ty: TypeNote<'t>,
    /// Where the type stands.
    pub(crate) ty_span: Span,
}

/// `struct` with named fields.
pub(crate) struct StructItem<'t> {
    pub(crate) name: Name<'t>,
    pub(crate) fields: Vec<(Name<'t>, TypeNote<'t>)>,
}

/// `const`.
pub(crate) struct ConstItem<'t> {
    pub(crate) name: Name<'t>,
    /// A scalar, or an array of scalars: a table.
    pub(crate) ty: TypeNote<'t>,
    pub(crate) ty_span: Span,
    pub(crate) init: ExprId,
}

/// A written type.
#[derive(Clone, Debug)]
pub(crate) enum TypeNote<'t> {
    Scalar(Type),
    Tuple(Vec<TypeNote<'t>>),
    Option(Box<TypeNote<'t>>),
    /// `&[T]`, `&mut [T]`
    Slice {
        elem: Box<TypeNote<'t>>,
        mutable: bool,
    },
    /// `[T; N]`; the length is a literal or a constant.
    Array {
        elem: Box<TypeNote<'t>>,
        len: ExprId,
    },
    /// `&[T; N]`, `&mut [T; N]`: a reference to anything but a slice.
    Ref {
        of: Box<TypeNote<'t>>,
        mutable: bool,
    },
    /// A struct, a type parameter, or a time type with its unit: `Timestamp<Millisecond>`.
    Named {
        name: Name<'t>,
        unit: Option<Name<'t>>,
    },
    /// `impl Fn(f64) -> f64`
    Function {
        params: Vec<TypeNote<'t>>,
        result: Box<TypeNote<'t>>,
    },
    /// `_`, or none.
    Infer,
    /// Reported already.
    Error,
}

impl TypeNote<'_> {
    /// Whether there is a `_` in it, or it was not written.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            TypeNote::Infer => true,
            TypeNote::Scalar(_) | TypeNote::Named { .. } | TypeNote::Error => false,
            TypeNote::Tuple(elems) => elems.iter().any(TypeNote::is_open),
            TypeNote::Option(of) | TypeNote::Slice { elem: of, .. } => of.is_open(),
            TypeNote::Array { elem: of, .. } | TypeNote::Ref { of, .. } => of.is_open(),
            TypeNote::Function { params, result } => result.is_open() || params.iter().any(TypeNote::is_open),
        }
    }
}

/// What an assignment assigns.
#[derive(Debug)]
pub(crate) enum Target {
    /// A path of one segment.
    Variable(ExprId),
    /// `a[i]`, `p.x`, `t.0`, `*r`
    Place(ExprId),
    Wild,
    Tuple(Vec<Target>, Span),
    Error,
}

/// A pattern.
#[derive(Debug)]
pub(crate) enum Pat<'t> {
    /// A name, with the pattern behind `@`. Where the name is that of a constant, it compares. Alternatives
    /// that bind one name share its variable.
    Bind {
        name: Name<'t>,
        local: LocalId,
        mutable: bool,
        sub: Option<Box<Pat<'t>>>,
    },
    Wild,
    /// `..` in a tuple: as many `_` as it takes; see `spread`.
    Rest,
    Tuple(Vec<Pat<'t>>, Span),
    /// `[a, b, ..]`
    Array(Vec<Pat<'t>>, Span),
    /// A literal, or a path of a constant.
    Value(ExprId),
    /// `a..=b`, `a..b`, `a..`, `..=b`
    Range {
        start: Option<ExprId>,
        end: Option<ExprId>,
        inclusive: bool,
        span: Span,
    },
    /// `a | b`: two or more.
    Or(Vec<Pat<'t>>, Span),
    Some(Box<Pat<'t>>, Span),
    None(Span),
    /// `&p`
    Ref(Box<Pat<'t>>, Span),
    /// `Point { x, y: p, .. }`
    Struct {
        name: Name<'t>,
        fields: Vec<(Name<'t>, Pat<'t>)>,
        rest: bool,
        span: Span,
    },
    Error,
}

/// The patterns of a tuple of `count` elements, `..` written out.
pub(crate) fn spread<'p, 't>(pats: &'p [Pat<'t>], count: usize) -> Vec<&'p Pat<'t>> {
    let gap = (count + 1).saturating_sub(pats.len());
    let mut all = Vec::new();
    for pat in pats {
        match pat {
            Pat::Rest => all.extend(std::iter::repeat_n(&Pat::Wild, gap)),
            pat => all.push(pat),
        }
    }
    all
}

/// An arm of `match`.
#[derive(Debug)]
pub(crate) struct Arm<'t> {
    pub(crate) pat: Pat<'t>,
    pub(crate) pat_span: Span,
    pub(crate) guard: Option<ExprId>,
    pub(crate) body: ExprId,
}

/// A parameter of a closure.
#[derive(Debug)]
pub(crate) struct ClosureParam<'t> {
    pub(crate) pat: Pat<'t>,
    pub(crate) note: TypeNote<'t>,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) enum Stmt<'t> {
    Let {
        pat: Pat<'t>,
        note: TypeNote<'t>,
        note_span: Option<Span>,
        init: Option<ExprId>,
        /// The block of `let ... else`.
        otherwise: Option<ExprId>,
    },
    /// An expression whose value is dropped; `semi` is the place of the semicolon, if there is one.
    Expr { expr: ExprId, semi: Option<Span> },
}

impl Stmt<'_> {
    /// What it computes.
    pub(crate) fn expr(&self) -> Option<ExprId> {
        match self {
            Stmt::Let { init, .. } => *init,
            Stmt::Expr { expr, .. } => Some(*expr),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Block<'t> {
    /// `'a: { ... break 'a value ... }`
    pub(crate) label: Option<Name<'t>>,
    /// Constants are visible in the whole block.
    pub(crate) consts: Vec<ConstId>,
    pub(crate) stmts: Vec<Stmt<'t>>,
    pub(crate) tail: Option<ExprId>,
}

#[derive(Debug)]
pub(crate) struct Expr<'t> {
    pub(crate) span: Span,
    pub(crate) kind: ExprKind<'t>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Logic {
    And,
    Or,
}

#[derive(Debug)]
pub(crate) enum ExprKind<'t> {
    /// `None` for a magnitude beyond 128 bits.
    Int {
        magnitude: Option<u128>,
        negative: bool,
        suffix: Option<Type>,
    },
    /// Digits as Rust's `parse` takes them, without sign and suffix.
    Float {
        digits: String,
        negative: bool,
        suffix: Option<Type>,
    },
    Bool(bool),
    /// A string, where only a message can stand.
    Text,
    /// One segment or more; `None` is one too.
    Path(Vec<&'t str>),
    /// `Neg` or `Not`.
    Unary {
        op: Op,
        arg: ExprId,
    },
    /// Arithmetic, bit operations, shifts, comparisons.
    Binary {
        op: Op,
        symbol: Name<'t>,
        left: ExprId,
        right: ExprId,
    },
    Logic {
        logic: Logic,
        left: ExprId,
        right: ExprId,
    },
    Cast {
        arg: ExprId,
        ty: TypeNote<'t>,
    },
    Tuple(Vec<ExprId>),
    /// `t.0`
    Field {
        of: ExprId,
        index: u32,
    },
    /// `p.x`
    NamedField {
        of: ExprId,
        name: Name<'t>,
    },
    /// `f(x)`, `Some(x)`; what is called is a kernel, a function of a type, or a variable with a closure.
    Call {
        path: Vec<&'t str>,
        path_span: Span,
        args: Vec<ExprId>,
    },
    Method {
        receiver: ExprId,
        name: Name<'t>,
        args: Vec<ExprId>,
    },
    If {
        cond: ExprId,
        then: ExprId,
        otherwise: Option<ExprId>,
    },
    Block(Block<'t>),
    Assign {
        target: Target,
        value: ExprId,
    },
    /// `+=` and the like.
    Update {
        op: Op,
        symbol: Name<'t>,
        target: ExprId,
        value: ExprId,
    },
    While {
        cond: ExprId,
        body: ExprId,
        label: Option<Name<'t>>,
    },
    Loop {
        body: ExprId,
        label: Option<Name<'t>>,
    },
    For {
        pat: Pat<'t>,
        iter: ExprId,
        body: ExprId,
        label: Option<Name<'t>>,
    },
    Break {
        label: Option<Name<'t>>,
        value: Option<ExprId>,
    },
    Continue {
        label: Option<Name<'t>>,
    },
    Return {
        value: Option<ExprId>,
    },
    Match {
        scrutinee: ExprId,
        arms: Vec<Arm<'t>>,
    },
    /// `let pat = value` as a condition.
    Let {
        pat: Pat<'t>,
        value: ExprId,
    },
    Closure {
        params: Vec<ClosureParam<'t>>,
        /// `|x| -> f64 { ... }`
        result: TypeNote<'t>,
        body: ExprId,
        is_move: bool,
    },
    /// `x?`
    Try(ExprId),
    Range {
        start: Option<ExprId>,
        end: Option<ExprId>,
        inclusive: bool,
    },
    Index {
        of: ExprId,
        index: ExprId,
    },
    Ref {
        of: ExprId,
        mutable: bool,
    },
    /// `*x`
    Deref(ExprId),
    Array(Vec<ExprId>),
    /// `[value; len]`
    Repeat {
        value: ExprId,
        len: ExprId,
    },
    /// `Point { x: 1.0, y }`
    StructLit {
        name: Name<'t>,
        fields: Vec<(Name<'t>, ExprId)>,
    },
    /// A call of one of the macros that kernels have; what it prints is left out.
    Macro {
        name: Macro,
        args: Vec<ExprId>,
    },
    /// Reported already.
    Error,
}

/// The macros that kernels have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Macro {
    /// `assert!` and `debug_assert!`: one argument.
    Assert,
    /// `assert_eq!` and `debug_assert_eq!`: two.
    AssertEq,
    /// `assert_ne!` and `debug_assert_ne!`: two.
    AssertNe,
    /// `panic!`, `unreachable!`, `todo!`, `unimplemented!`: none.
    Panic,
}

impl<'t> Tree<'t> {
    pub(crate) fn expr(&self, id: ExprId) -> &Expr<'t> {
        &self.exprs[id.0 as usize]
    }

    pub(crate) fn span(&self, id: ExprId) -> Span {
        self.expr(id).span
    }

    pub(crate) fn constant(&self, id: ConstId) -> &ConstItem<'t> {
        &self.consts[id.0 as usize]
    }

    /// The text of a span.
    pub(crate) fn slice(&self, span: Span) -> &'t str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }
}
