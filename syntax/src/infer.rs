//! Names and types: gives every name its meaning and every expression its type, as Rust would.
//!
//! One walk over the tree in source order. Literals and the variables that hold them start open and are
//! decided by their uses, at last by the default (i32, f64); what can only be checked then, such as the
//! range of a literal, waits in a list. Whatever is wrong is reported and becomes `Ty::Error`, which fits
//! everywhere, so the walk goes on and finds the other mistakes. Messages are made in `explain`.

mod array;
mod binding;
mod check;
mod explain;
mod flow;
mod notes;
mod ops;
mod resolve;
mod structs;
pub(crate) mod time;
pub(crate) mod types;

use std::collections::HashMap;

use filbert_ir::op::Class;
use filbert_ir::{Code, Diagnostic, Logical, Op, Scalar, Span, Type};

use crate::ast::{Block, ConstId, ExprId, ExprKind, KernelItem, LocalId, Pat, Stmt, Tree};
use crate::links::Links;
use crate::methods::Method;
use check::Check;
pub(crate) use check::{in_parens, int_bits};
use explain::Why;
pub(crate) use time::TimeMethod;
use types::{BOOL, Open, Ty, Types};

/// What the walk found out; complete where nothing was reported.
pub(crate) struct Typed<'t> {
    pub(crate) types: Types,
    /// By expression.
    pub(crate) exprs: Vec<Ty>,
    /// By expression; only paths and calls have one.
    pub(crate) meanings: Vec<Meaning>,
    /// By variable.
    pub(crate) locals: Vec<Ty>,
    /// For what has branches or turns: the variables from outside that these assign.
    pub(crate) changes: HashMap<u32, Vec<LocalId>>,
    /// For expressions that may leave: where to.
    pub(crate) exits: HashMap<u32, Vec<Exit>>,
    /// By expression: control does not come to its end.
    pub(crate) diverges: Vec<bool>,
    /// For loops, labelled blocks and closures: the type of the value that is taken out of them.
    pub(crate) frames: HashMap<u32, Ty>,
    /// For closures: the variables from outside that they read and do not assign.
    pub(crate) captures: HashMap<u32, Vec<LocalId>>,
    /// Names in patterns that are those of constants.
    pub(crate) const_patterns: HashMap<LocalId, Meaning>,
    /// By kernel: the type of its result.
    pub(crate) results: Vec<Ty>,
    /// Which kernel of the text calls which, and where.
    pub(crate) calls: Vec<Call>,
    /// Names that the text leaves to whoever links it, as `Links::Open` allows.
    pub(crate) wanted: Vec<Wanted<'t>>,
}

/// A call between kernels of the text.
pub(crate) struct Call {
    pub(crate) caller: usize,
    pub(crate) callee: usize,
    pub(crate) span: Span,
}

/// A name that stands for something outside the text.
#[derive(Clone, Debug)]
pub(crate) struct Wanted<'t> {
    pub(crate) path: Vec<&'t str>,
    pub(crate) span: Span,
    pub(crate) is_kernel: bool,
}

/// Where a jump leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// Out of the kernel, with its result.
    Kernel,
    /// Out of a closure, with its result.
    Closure(ExprId),
    /// Behind a loop or a labelled block.
    Break(ExprId),
    /// To the next turn of a loop.
    Continue(ExprId),
}

impl Exit {
    /// The loop, block or closure that it belongs to.
    pub(crate) fn frame(self) -> Option<ExprId> {
        match self {
            Exit::Kernel => None,
            Exit::Closure(at) | Exit::Break(at) | Exit::Continue(at) => Some(at),
        }
    }
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meaning {
    None,
    Local(LocalId),
    Const(ConstId),
    Scalar(Scalar),
    /// A kernel of the text.
    Kernel(usize),
    /// A kernel from outside, by its place in the links.
    Linked(usize),
    Method(Method),
    /// A method or function of a time type.
    Time(TimeMethod, Logical),
    /// `f64::from`
    From(Type),
    /// `None`
    NoneValue,
    /// `Some(x)`
    SomeValue,
    /// Where `return`, `break`, `continue` or `?` leads.
    Exit(Exit),
}

/// Types the whole text.
pub(crate) fn infer<'a, 't>(tree: &'a Tree<'t>, links: &'a Links<'a>, found: &'a mut Vec<Diagnostic>) -> Typed<'t> {
    let mut infer = Infer {
        tree,
        links,
        found,
        out: Typed {
            types: Types::new(),
            exprs: vec![Ty::Error; tree.exprs.len()],
            meanings: vec![Meaning::None; tree.exprs.len()],
            locals: Vec::new(),
            changes: HashMap::new(),
            exits: HashMap::new(),
            diverges: vec![false; tree.exprs.len()],
            frames: HashMap::new(),
            captures: HashMap::new(),
            const_patterns: HashMap::new(),
            results: Vec::new(),
            calls: Vec::new(),
            wanted: Vec::new(),
        },
        locals: Vec::new(),
        names: HashMap::new(),
        undo: Vec::new(),
        kernels: HashMap::new(),
        assigned: Vec::new(),
        checks: Vec::new(),
        kernel: None,
        in_const: false,
    };
    infer.locals.resize(tree.locals as usize, Local::default());
    infer.text();
    infer.out.locals = infer.locals.iter().map(|local| local.ty).collect();
    infer.out
}

#[derive(Clone, Copy)]
enum Entity {
    Local(LocalId),
    Const(ConstId),
}

#[derive(Clone, Copy)]
struct Local {
    ty: Ty,
    mutable: bool,
    span: Span,
    in_scope: bool,
}

impl Default for Local {
    fn default() -> Local {
        Local { ty: Ty::Error, mutable: true, span: Span::default(), in_scope: false }
    }
}

struct Infer<'a, 't> {
    tree: &'a Tree<'t>,
    links: &'a Links<'a>,
    found: &'a mut Vec<Diagnostic>,
    out: Typed<'t>,
    locals: Vec<Local>,
    /// What each name means here.
    names: HashMap<&'t str, Entity>,
    /// What the names of the open scopes hid.
    undo: Vec<(&'t str, Option<Entity>)>,
    kernels: HashMap<&'t str, usize>,
    /// Variables assigned since the walk began, those that went out of scope left out at each `if`.
    assigned: Vec<LocalId>,
    checks: Vec<Check<'t>>,
    /// The kernel being walked.
    kernel: Option<usize>,
    in_const: bool,
}

impl<'a, 't> Infer<'a, 't> {
    fn text(&mut self) {
        let tree = self.tree;
        let mut first: HashMap<&str, Span> = HashMap::new();
        let kernel_names = tree.kernels.iter().map(|kernel| kernel.name);
        let const_names = tree.outer_consts.iter().map(|&id| tree.constant(id).name);
        for name in kernel_names.chain(const_names) {
            if let Some(&span) = first.get(name.text) {
                let message = format!("`{}` is defined twice", name.text);
                self.report(Diagnostic::new(Code::DuplicateName, name.span, message).note(span, "first defined here"));
            } else {
                first.insert(name.text, name.span);
            }
        }
        for (index, kernel) in tree.kernels.iter().enumerate() {
            self.kernels.entry(kernel.name.text).or_insert(index);
        }
        self.structs();
        self.declare_consts(&tree.outer_consts);
        for (index, kernel) in tree.kernels.iter().enumerate() {
            self.kernel = Some(index);
            self.kernel(kernel);
        }
        self.run_checks();
    }

    fn kernel(&mut self, kernel: &'a KernelItem<'t>) {
        let scope = self.undo.len();
        let mut first: HashMap<&str, Span> = HashMap::new();
        let mut params = Vec::new();
        for param in &kernel.params {
            let name = param.name;
            if let Some(&span) = first.get(name.text).filter(|_| name.text != "_") {
                let message = format!("parameter `{}` is defined twice", name.text);
                self.report(Diagnostic::new(Code::DuplicateName, name.span, message).note(span, "first defined here"));
            }
            first.insert(name.text, name.span);
            let ty = self.note(&param.ty, param.ty_span);
            params.push(ty);
            self.declare(param.local, name.text, name.span, param.mutable, ty);
        }
        let result = self.note(&kernel.result, kernel.result_span);
        self.check_columns(kernel, &params, result);
        self.out.results.push(result);
        self.check(kernel.body, result, Why::Result(kernel));
        self.leave(scope);
        self.assigned.clear();
    }

    /// Makes constants known, then looks at their values: they may use each other in any order.
    fn declare_consts(&mut self, ids: &[ConstId]) {
        for &id in ids {
            let name = self.tree.constant(id).name;
            self.bind(name.text, Entity::Const(id));
        }
        let outside = std::mem::replace(&mut self.in_const, true);
        for &id in ids {
            let constant = self.tree.constant(id);
            let ty = self.note(&constant.ty, constant.ty_span);
            self.check(constant.init, ty, Why::Const(constant.name.text));
        }
        self.in_const = outside;
    }

    fn declare(&mut self, local: LocalId, name: &'t str, span: Span, mutable: bool, ty: Ty) {
        self.locals[local.0 as usize] = Local { ty, mutable, span, in_scope: true };
        if name == "_" {
            return;
        }
        if let Some(Entity::Const(id)) = self.names.get(name) {
            let message = format!("`{name}` is a constant: as a pattern it would compare, not bind");
            let at = self.tree.constant(*id).name.span;
            let diagnostic = Diagnostic::new(Code::DuplicateName, span, message)
                .note(at, "the constant")
                .help("give the variable another name");
            self.report(diagnostic);
        }
        self.bind(name, Entity::Local(local));
    }

    fn bind(&mut self, name: &'t str, entity: Entity) {
        let hidden = self.names.insert(name, entity);
        self.undo.push((name, hidden));
    }

    /// Ends the scopes begun since `undo` had this length.
    fn leave(&mut self, scope: usize) {
        while self.undo.len() > scope {
            let Some((name, hidden)) = self.undo.pop() else { break };
            let left = match hidden {
                Some(entity) => self.names.insert(name, entity),
                None => self.names.remove(name),
            };
            if let Some(Entity::Local(local)) = left {
                self.locals[local.0 as usize].in_scope = false;
            }
        }
    }

    /// The type of an expression whose surroundings ask for none.
    fn infer(&mut self, id: ExprId) -> Ty {
        let ty = self.infer_kind(id);
        self.out.exprs[id.0 as usize] = ty;
        ty
    }

    fn infer_kind(&mut self, id: ExprId) -> Ty {
        let tree = self.tree;
        let span = tree.span(id);
        match &tree.expr(id).kind {
            ExprKind::Error => Ty::Error,
            ExprKind::Bool(_) => BOOL,
            ExprKind::Int { suffix, .. } => {
                self.checks.push(Check::Literal(id));
                suffix.map_or_else(|| self.out.types.open(Open::Int), Ty::Scalar)
            }
            ExprKind::Float { suffix, .. } => {
                self.checks.push(Check::Literal(id));
                suffix.map_or_else(|| self.out.types.open(Open::Float), Ty::Scalar)
            }
            ExprKind::Path(path) => self.path(id, path),
            ExprKind::Unary { op, arg } => {
                let ty = self.infer(*arg);
                let class = if *op == Op::Neg { Class::SignedNum } else { Class::IntOrBool };
                let symbol = if *op == Op::Neg { "-" } else { "!" };
                if self.operand(id, *arg, class, symbol) { ty } else { Ty::Error }
            }
            ExprKind::Binary { op, symbol, left, right } => self.binary(id, *op, symbol.text, *left, *right),
            ExprKind::Logic { logic: _, left, right } => {
                self.check(*left, BOOL, Why::Logic(id));
                let mark = self.assigned.len();
                self.check(*right, BOOL, Why::Logic(id));
                self.note_changes(id, mark);
                BOOL
            }
            ExprKind::Cast { arg, ty } => {
                let to = self.note(ty, span);
                self.cast(id, *arg, to)
            }
            ExprKind::Tuple(elems) => {
                let elems = elems.iter().map(|&elem| self.infer(elem)).collect();
                self.tuple(elems, span)
            }
            ExprKind::Field { of, index } => self.field(id, *of, *index),
            ExprKind::Call { path, path_span, args } => self.call(id, path, *path_span, args),
            ExprKind::Method { receiver, name, args } => {
                let ty = self.infer(*receiver);
                self.method(id, name.text, name.span, (*receiver, ty), args)
            }
            ExprKind::If { cond, then, otherwise } => self.if_expr(id, *cond, *then, *otherwise, None),
            ExprKind::Block(block) => self.block(id, block, None),
            ExprKind::Assign { target, value } => {
                self.assign(target, *value);
                Types::unit()
            }
            ExprKind::Update { op, symbol, target, value } => {
                self.update(id, *op, symbol.text, *target, *value);
                Types::unit()
            }
            ExprKind::Array(elems) => self.array(id, elems),
            ExprKind::Repeat { value, len } => self.repeat(id, *value, *len),
            ExprKind::Index { of, index } => self.index(id, *of, *index),
            ExprKind::Ref { of, mutable } => self.reference(id, *of, *mutable),
            ExprKind::Deref(of) => self.deref(id, *of),
            ExprKind::NamedField { of, name } => self.named_field(id, *of, *name),
            ExprKind::StructLit { name, fields } => self.struct_value(*name, fields),
            ExprKind::While { .. } => self.not_yet(span, "a `while` loop"),
            ExprKind::Loop { .. } => self.not_yet(span, "a `loop`"),
            ExprKind::For { .. } => self.not_yet(span, "a `for` loop"),
            ExprKind::Break { .. } => self.not_yet(span, "`break`"),
            ExprKind::Continue { .. } => self.not_yet(span, "`continue`"),
            ExprKind::Return { .. } => self.not_yet(span, "an early `return`"),
            ExprKind::Match { .. } => self.not_yet(span, "`match`"),
            ExprKind::Let { .. } => self.not_yet(span, "`if let`"),
            ExprKind::Closure { .. } => self.not_yet(span, "a closure"),
            ExprKind::Try(_) => self.not_yet(span, "`?`"),
            ExprKind::Range { .. } => self.not_yet(span, "a range"),
            ExprKind::Macro { .. } => self.not_yet(span, "this macro"),
        }
    }

    /// Asks for a type. An error is reported where the value comes from: in the branch of an `if`, at the
    /// end of a block.
    fn check(&mut self, id: ExprId, want: Ty, why: Why<'a, 't>) {
        let tree = self.tree;
        let want_elems = match self.out.types.resolve(want) {
            Ty::Tuple(tuple) => self.out.types.elems(tuple).to_vec(),
            _ => Vec::new(),
        };
        let ty = match &tree.expr(id).kind {
            ExprKind::Block(block) => self.block(id, block, Some((want, why))),
            ExprKind::If { cond, then, otherwise } => self.if_expr(id, *cond, *then, *otherwise, Some((want, why))),
            ExprKind::Tuple(elems) if !elems.is_empty() && elems.len() == want_elems.len() => {
                for (&elem, &want) in elems.iter().zip(&want_elems) {
                    self.check(elem, want, why);
                }
                let elems = elems.iter().map(|elem| self.out.exprs[elem.0 as usize]).collect();
                self.tuple(elems, tree.span(id))
            }
            _ => {
                let got = self.infer_kind(id);
                if self.out.types.unify(want, got) {
                    got
                } else {
                    self.explain_mismatch(id, want, got, why);
                    Ty::Error
                }
            }
        };
        self.out.exprs[id.0 as usize] = ty;
    }

    fn block(&mut self, id: ExprId, block: &'a Block<'t>, want: Option<(Ty, Why<'a, 't>)>) -> Ty {
        let scope = self.undo.len();
        self.declare_consts(&block.consts);
        for stmt in &block.stmts {
            match stmt {
                Stmt::Let { pat, note, note_span, init, otherwise } => {
                    let ty = match (self.note(note, note_span.unwrap_or_default()), init) {
                        (Ty::Error, Some(init)) => self.infer(*init),
                        (noted, Some(init)) => {
                            self.check(*init, noted, Why::Let(pat));
                            // Where the note has a `_`, the value's own type says more.
                            let got = self.out.exprs[init.0 as usize];
                            if self.out.types.is_error(got) { noted } else { got }
                        }
                        (noted, None) => noted,
                    };
                    if let Some(otherwise) = otherwise {
                        self.not_yet(self.tree.span(*otherwise), "`let ... else`");
                    }
                    if init.is_none() {
                        let span = note_span.unwrap_or_default();
                        self.not_yet(span, "`let` without a value");
                    }
                    self.bind_pattern(pat, ty, *init);
                    // `let x;` was reported: assignments to it are no second mistake.
                    if let (Pat::Bind { local, .. }, None) = (pat, init) {
                        self.locals[local.0 as usize].mutable = true;
                    }
                }
                Stmt::Expr { expr, semi: Some(_) } => {
                    self.infer(*expr);
                }
                Stmt::Expr { expr, semi: None } => self.check(*expr, Types::unit(), Why::Statement),
            }
        }
        let ty = match (block.tail, want) {
            (Some(tail), Some((want, why))) => {
                self.check(tail, want, why);
                self.out.exprs[tail.0 as usize]
            }
            (Some(tail), None) => self.infer(tail),
            (None, Some((want, why))) if !self.out.types.unify(want, Types::unit()) => {
                self.explain_missing(id, block, want, why);
                Ty::Error
            }
            (None, _) => Types::unit(),
        };
        self.leave(scope);
        ty
    }

    fn if_expr(
        &mut self,
        id: ExprId,
        cond: ExprId,
        then: ExprId,
        otherwise: Option<ExprId>,
        want: Option<(Ty, Why<'a, 't>)>,
    ) -> Ty {
        self.check(cond, BOOL, Why::Condition);
        let mark = self.assigned.len();
        let ty = match (otherwise, want) {
            (None, Some((want, why))) if !self.out.types.unify(want, Types::unit()) => {
                self.infer(then);
                self.explain_no_else(id, want, why);
                Ty::Error
            }
            (None, _) => {
                self.check(then, Types::unit(), Why::NoElse);
                Types::unit()
            }
            (Some(otherwise), Some((want, why))) => {
                self.check(then, want, why);
                self.check(otherwise, want, why);
                self.either(then, otherwise)
            }
            (Some(otherwise), None) => {
                let want = self.infer(then);
                self.check(otherwise, want, Why::Branches(then));
                self.either(then, otherwise)
            }
        };
        self.note_changes(id, mark);
        ty
    }

    /// The type of whichever branch has one.
    fn either(&self, then: ExprId, otherwise: ExprId) -> Ty {
        let ty = self.out.exprs[then.0 as usize];
        if self.out.types.is_error(ty) { self.out.exprs[otherwise.0 as usize] } else { ty }
    }

    /// Keeps the variables from outside that were assigned since `mark` as what this expression changes.
    fn note_changes(&mut self, id: ExprId, mark: usize) {
        if self.assigned.len() == mark {
            return;
        }
        let mut changes = self.assigned.split_off(mark);
        changes.retain(|local| self.locals[local.0 as usize].in_scope);
        changes.sort_unstable();
        changes.dedup();
        self.assigned.extend_from_slice(&changes);
        if !changes.is_empty() {
            self.out.changes.insert(id.0, changes);
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }
}
