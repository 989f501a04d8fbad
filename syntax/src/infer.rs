//! Names and types: gives every name its meaning and every expression its type, as Rust would.
//!
//! One walk over the tree in source order. Literals and the variables that hold them start open and are
//! decided by their uses, at last by the default (i32, f64); what can only be checked then, such as the
//! range of a literal, waits in a list. Whatever is wrong is reported and becomes `Ty::Error`, which fits
//! everywhere, so the walk goes on and finds the other mistakes. Messages are made in `explain`.

mod array;
mod binding;
mod branch;
mod check;
mod closure;
mod exhaust;
mod explain;
mod expr;
mod flow;
mod generics;
mod iter;
mod length;
pub(crate) mod lists;
mod matching;
mod notes;
mod ops;
mod option;
mod range;
mod resolve;
mod sequence;
mod structs;
pub(crate) mod time;
pub(crate) mod types;

use std::collections::HashMap;

use filbert_ir::{Code, Diagnostic, Logical, Scalar, Span, Type};

use crate::ast::{ConstId, ExprId, KernelItem, LocalId, Role, Tree};
use crate::generics::{Instance, Key};
use crate::iters::IterMethod;
use crate::links::Links;
use crate::lists::ListMethod;
use crate::methods::Method;
use crate::options::OptionMethod;
use check::Check;
pub(crate) use check::{in_parens, int_bits};
use explain::Why;
use flow::Frame;
pub(crate) use range::RangeMethod;
#[cfg(test)]
pub(crate) use time::METHODS as TIME_METHODS;
pub(crate) use time::TimeMethod;
use types::{Ty, Types};

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
    /// Statements and arms that are never reached.
    pub(crate) unreachable: Vec<Span>,
    /// By kernel: what its lists must look like.
    pub(crate) lists: Vec<lists::Lists>,
    /// Which kernel of the text calls which, and where.
    pub(crate) calls: Vec<Call>,
    /// Names that the text leaves to whoever links it, as `Links::Open` allows.
    pub(crate) wanted: Vec<Wanted<'t>>,
    /// What generic kernels are called for, as far as the tree does not have it.
    pub(crate) instances: Vec<Instance>,
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
    /// To the next part of a long `match` or block; lowering makes it.
    Next(ExprId),
}

impl Exit {
    /// The loop, block or closure that it belongs to.
    pub(crate) fn frame(self) -> Option<ExprId> {
        match self {
            Exit::Kernel => None,
            Exit::Closure(at) | Exit::Break(at) | Exit::Continue(at) | Exit::Next(at) => Some(at),
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
    /// A constant from outside that is no scalar, by its place in the links.
    Given(usize),
    /// A kernel of the text.
    Kernel(usize),
    /// A kernel as an argument.
    KernelName,
    /// A kernel from outside, by its place in the links.
    Linked(usize),
    Method(Method),
    /// A method or function of a time type.
    Time(TimeMethod, Logical),
    List(ListMethod),
    Iter(IterMethod),
    /// `f64::from`
    From(Type),
    /// `None`
    NoneValue,
    /// `Some(x)`
    SomeValue,
    Option(OptionMethod),
    Range(RangeMethod),
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
            unreachable: Vec::new(),
            lists: Vec::new(),
            calls: Vec::new(),
            instances: Vec::new(),
            wanted: Vec::new(),
        },
        locals: Vec::new(),
        names: HashMap::new(),
        undo: Vec::new(),
        kernels: HashMap::new(),
        type_params: Vec::new(),
        instances: HashMap::new(),
        assigned: Vec::new(),
        checks: Vec::new(),
        kernel: None,
        in_const: false,
        dead: false,
        exits: Vec::new(),
        frames: Vec::new(),
        unset: Vec::new(),
        touched: Vec::new(),
        clock: 0,
        reads: Vec::new(),
        closure_changes: HashMap::new(),
        lengths: HashMap::new(),
        const_ints: HashMap::new(),
        const_depth: 0,
        origins: HashMap::new(),
        iter_changes: HashMap::new(),
        receiver_roots: HashMap::new(),
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
    /// When it was declared.
    clock: u32,
    /// Declared without a value.
    is_late: bool,
}

impl Default for Local {
    fn default() -> Local {
        Local { ty: Ty::Error, mutable: true, span: Span::default(), in_scope: false, clock: 0, is_late: false }
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
    /// The instances of generic kernels that the tree has.
    instances: HashMap<Key, usize>,
    /// What the type parameters of a callee stand for, while its signature is looked at.
    type_params: Vec<(&'t str, Ty)>,
    /// Variables assigned since the walk began, those that went out of scope left out at each `if`.
    assigned: Vec<LocalId>,
    checks: Vec<Check<'a, 't>>,
    /// The kernel being walked.
    kernel: Option<usize>,
    in_const: bool,
    /// Control does not come here.
    dead: bool,
    /// The exits of what was walked in the expression at hand.
    exits: Vec<Exit>,
    /// The loops, labelled blocks and closures around, the innermost last.
    frames: Vec<Frame<'a, 't>>,
    /// Late variables (`let x;`) that may still have no value here.
    unset: Vec<LocalId>,
    /// Late variables that may have got one.
    touched: Vec<LocalId>,
    /// Numbers the declarations of variables.
    clock: u32,
    /// Variables read inside closures.
    reads: Vec<LocalId>,
    /// For each closure, the variables from outside that it assigns.
    closure_changes: HashMap<u32, Vec<LocalId>>,
    /// Lengths of arrays, by the expression that says it.
    lengths: HashMap<u32, Option<u64>>,
    /// Constants that are integers which lengths may use.
    const_ints: HashMap<u32, Option<i128>>,
    /// Constants that are being computed.
    const_depth: usize,
    /// For references to elements of arrays that are variables: the variable.
    origins: HashMap<u32, LocalId>,
    /// For iterators: the variables that taking items changes.
    iter_changes: HashMap<u32, Vec<LocalId>>,
    /// For arrays that a method is called on: what stands behind them.
    receiver_roots: HashMap<u32, array::Root>,
}

impl<'a, 't> Infer<'a, 't> {
    fn text(&mut self) {
        let tree = self.tree;
        let mut first: HashMap<&str, Span> = HashMap::new();
        let written = tree.kernels.iter().filter(|kernel| !matches!(kernel.role, Role::Instance(_)));
        let kernel_names = written.map(|kernel| kernel.name);
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
            if let Role::Instance(place) = kernel.role {
                self.instances.insert(tree.instances[place].key(), index);
            }
        }
        self.structs();
        self.declare_consts(&tree.outer_consts);
        // Lengths in signatures mean what they mean here, also where a caller has other names.
        for kernel in &tree.kernels {
            for param in &kernel.params {
                self.note(&param.ty, param.ty_span);
            }
            self.note(&kernel.result, kernel.result_span);
        }
        self.run_checks();
        for (index, kernel) in tree.kernels.iter().enumerate() {
            self.kernel = Some(index);
            let from = self.found.len();
            match kernel.role {
                Role::Template => {
                    self.out.results.push(Ty::Error);
                    self.out.lists.push(lists::Lists::default());
                }
                Role::Plain | Role::Instance(_) => self.kernel(kernel),
            }
            self.run_checks();
            if let Role::Instance(place) = kernel.role {
                self.explain_instance(place, from);
            }
        }
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
            self.check_param_type(ty, param.ty_span);
            self.declare(param.local, name.text, name.span, param.mutable, ty);
        }
        let result = self.note(&kernel.result, kernel.result_span);
        self.check_columns(kernel, &params, result);
        self.check_result_type(result, kernel.result_span);
        self.out.results.push(result);
        let lists = self.lists(kernel);
        self.out.lists.push(lists);
        self.check_list_results(kernel, result);
        self.out.types.forget_bindings();
        self.check(kernel.body, result, Why::Result(kernel));
        self.leave(scope);
        self.dead = false;
        self.assigned.clear();
        self.exits.clear();
        self.unset.clear();
        self.touched.clear();
    }

    /// Whether a generic kernel is walked: its literals take the types that its parameters stand for.
    fn is_generic(&self) -> bool {
        let is_instance = |kernel: &KernelItem<'t>| kernel.role != Role::Plain && !kernel.generics.is_empty();
        !self.in_const && self.kernel.is_some_and(|kernel| is_instance(&self.tree.kernels[kernel]))
    }

    /// Makes constants known, then looks at their values: they may use each other in any order.
    fn declare_consts(&mut self, ids: &[ConstId]) {
        for &id in ids {
            let name = self.tree.constant(id).name;
            self.bind(name.text, Entity::Const(id));
        }
        self.compute_const_ints(ids);
        let outside = std::mem::replace(&mut self.in_const, true);
        let dead = std::mem::replace(&mut self.dead, false);
        for &id in ids {
            let constant = self.tree.constant(id);
            let ty = self.note(&constant.ty, constant.ty_span);
            self.check(constant.init, ty, Why::Const(constant.name.text));
        }
        self.in_const = outside;
        self.dead = dead;
    }

    fn declare(&mut self, local: LocalId, name: &'t str, span: Span, mutable: bool, ty: Ty) {
        self.clock += 1;
        self.locals[local.0 as usize] = Local { ty, mutable, span, in_scope: true, clock: self.clock, is_late: false };
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

    fn report(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }
}
