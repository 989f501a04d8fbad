//! The tree of a kernel text: what the reader makes of syn's tree, and all that later stages look at.
//!
//! It is flat (expressions refer to each other by index), knows only what kernels have, and every node has
//! its byte span, so nothing behind the reader depends on syn or on proc-macro2's spans, and dropping it
//! does not recurse. Names are slices of the text.

use filbert_ir::{Op, Span, Type};

/// An expression, by its place in `Tree::exprs`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ExprId(pub(crate) u32);

/// A variable or parameter; numbered over the whole text, in source order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
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
    /// Number of variables and parameters.
    pub(crate) locals: u32,
    /// Imports, which count in the whole text.
    pub(crate) uses: Vec<Use<'t>>,
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
    pub(crate) params: Vec<Param<'t>>,
    pub(crate) result: TypeNote,
    /// Where the result type stands, or would.
    pub(crate) result_span: Span,
    pub(crate) body: ExprId,
}

/// A parameter; `ty` is `None` after an error.
pub(crate) struct Param<'t> {
    pub(crate) name: Name<'t>,
    pub(crate) local: LocalId,
    pub(crate) mutable: bool,
    pub(crate) ty: Option<Type>,
}

/// `const`.
pub(crate) struct ConstItem<'t> {
    pub(crate) name: Name<'t>,
    pub(crate) ty: Option<Type>,
    pub(crate) init: ExprId,
}

/// A written type.
#[derive(Clone, Debug)]
pub(crate) enum TypeNote {
    Scalar(Type),
    Tuple(Vec<TypeNote>),
    /// `_`, or none.
    Infer,
    /// Reported already.
    Error,
}

/// What an assignment assigns.
#[derive(Debug)]
pub(crate) enum Target {
    /// A path of one segment.
    Variable(ExprId),
    Wild,
    Tuple(Vec<Target>, Span),
    Error,
}

/// A pattern of `let`.
#[derive(Debug)]
pub(crate) enum Pat<'t> {
    Bind { name: Name<'t>, local: LocalId, mutable: bool },
    Wild,
    Tuple(Vec<Pat<'t>>, Span),
    Error,
}

#[derive(Debug)]
pub(crate) enum Stmt<'t> {
    Let {
        pat: Pat<'t>,
        note: TypeNote,
        note_span: Option<Span>,
        init: Option<ExprId>,
    },
    /// An expression whose value is dropped; `semi` is the place of the semicolon, if there is one.
    Expr {
        expr: ExprId,
        semi: Option<Span>,
    },
}

#[derive(Debug)]
pub(crate) struct Block<'t> {
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
    /// One segment or more.
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
        ty: Option<Type>,
    },
    Tuple(Vec<ExprId>),
    Field {
        of: ExprId,
        index: u32,
    },
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
    /// Reported already.
    Error,
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
