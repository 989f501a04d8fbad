//! Messages about names and types: operation, expected, got, and what to write instead.

use filbert_ir::{Code, Diagnostic, Op, Span, Type};

use super::check::{POWER, in_parens};
use super::types::{Open, Ty};
use super::{Infer, Meaning};
use crate::ast::{Block, ExprId, ExprKind, KernelItem, LocalId, Param, Pat, Stmt, StructItem};
use crate::{habits, methods, names};

/// Who asks for a type.
#[derive(Clone, Copy)]
pub(super) enum Why<'a, 't> {
    Arg(&'a KernelItem<'t>, &'a Param<'t>),
    /// Of a generic kernel: a parameter, and one before it that is of the same type.
    SameType(&'a KernelItem<'t>, &'a Param<'t>, &'a Param<'t>),
    /// Of a kernel outside the text: its path, and the place of the argument.
    LinkedArg(&'a [&'t str], usize),
    MethodArg(&'t str, ExprId),
    Receiver(&'t str),
    Result(&'a KernelItem<'t>),
    Let(&'a Pat<'t>),
    Const(&'t str),
    /// A field of a struct, by its place.
    Field(&'a StructItem<'t>, usize),
    Assign(&'t str, LocalId),
    /// An assignment to a part of something.
    Place(ExprId),
    /// The first element of the array.
    Element(ExprId),
    Condition,
    Logic(ExprId),
    /// The other branch decided.
    Branches(ExprId),
    NoElse,
    Statement,
    While,
    /// The body of a loop.
    Body,
    /// Out of a loop or a labelled block.
    Break,
    Guard,
    /// An arm of a `match` whose first one decided.
    Arms(ExprId),
    ClosureResult,
    ClosureArg(ExprId),
    Assert,
}

impl<'a, 't> Infer<'a, 't> {
    /// The operation that wants a type, and the places that explain why.
    fn operation(&self, why: Why<'a, 't>) -> (String, Vec<(Span, String)>) {
        let tree = self.tree;
        match why {
            Why::Arg(kernel, param) => (
                format!("parameter `{}` of `{}`", param.name.text, kernel.name.text),
                vec![(param.name.span, "the parameter".to_string())],
            ),
            Why::SameType(kernel, first, param) => (
                format!("`{}` and `{}` of `{}` are of one type", first.name.text, param.name.text, kernel.name.text),
                vec![(first.name.span, "decided here".to_string()), (param.name.span, "the parameter".to_string())],
            ),
            Why::LinkedArg(path, index) => (format!("argument {} of `{}`", index + 1, path.join("::")), Vec::new()),
            Why::MethodArg(name, receiver) => {
                let ty = self.out.types.show(self.out.exprs[receiver.0 as usize]);
                (format!("argument of `{name}`"), vec![(tree.span(receiver), format!("this is {ty}"))])
            }
            Why::Receiver(name) => (format!("first argument of `{name}`"), Vec::new()),
            Why::Result(kernel) => {
                (format!("result of `{}`", kernel.name.text), vec![(kernel.result_span, "the result type".to_string())])
            }
            Why::Let(Pat::Bind { name, .. }) => (format!("value of `{}`", name.text), Vec::new()),
            Why::Let(_) => ("value of `let`".to_string(), Vec::new()),
            Why::Field(item, index) => {
                let name = item.fields[index].0;
                (format!("field `{}` of `{}`", name.text, item.name.text), vec![(name.span, "the field".to_string())])
            }
            Why::Const(name) => (format!("value of the constant `{name}`"), Vec::new()),
            Why::Assign(name, local) => {
                let info = &self.locals[local.0 as usize];
                let note = format!("`{name}` is {}", self.out.types.show(info.ty));
                (format!("assignment to `{name}`"), vec![(info.span, note)])
            }
            Why::Place(place) => {
                let span = tree.span(place);
                (format!("assignment to `{}`", tree.slice(span)), Vec::new())
            }
            Why::Element(first) => {
                let ty = self.out.types.show(self.out.exprs[first.0 as usize]);
                ("element of an array".to_string(), vec![(tree.span(first), format!("this is {ty}"))])
            }
            Why::Condition => ("condition of `if`".to_string(), Vec::new()),
            Why::Logic(id) => {
                let symbol = match &tree.expr(id).kind {
                    ExprKind::Logic { logic: crate::ast::Logic::Or, .. } => "||",
                    _ => "&&",
                };
                (format!("operand of `{symbol}`"), Vec::new())
            }
            Why::Branches(then) => {
                let at = self.last_of(then);
                let ty = self.out.types.show(self.out.exprs[then.0 as usize]);
                ("branches of `if`".to_string(), vec![(tree.span(at), format!("this is {ty}"))])
            }
            Why::NoElse => ("`if` without `else`".to_string(), Vec::new()),
            Why::Statement => ("statement".to_string(), Vec::new()),
            Why::While => ("condition of `while`".to_string(), Vec::new()),
            Why::Body => ("body of the loop".to_string(), Vec::new()),
            Why::Break => ("value of `break`".to_string(), Vec::new()),
            Why::Guard => ("guard of an arm".to_string(), Vec::new()),
            Why::Arms(first) => {
                let at = self.last_of(first);
                let ty = self.out.types.show(self.out.exprs[first.0 as usize]);
                ("arms of `match`".to_string(), vec![(tree.span(at), format!("this is {ty}"))])
            }
            Why::ClosureResult => ("result of the closure".to_string(), Vec::new()),
            Why::ClosureArg(at) => {
                ("argument of the closure".to_string(), vec![(tree.span(at), "the closure".to_string())])
            }
            Why::Assert => ("condition of `assert!`".to_string(), Vec::new()),
        }
    }

    /// The expression that a block's value comes from.
    fn last_of(&self, mut id: ExprId) -> ExprId {
        while let ExprKind::Block(Block { tail: Some(tail), .. }) = &self.tree.expr(id).kind {
            id = *tail;
        }
        id
    }

    pub(super) fn explain_mismatch(&mut self, id: ExprId, want: Ty, got: Ty, why: Why<'a, 't>) {
        if self.out.types.is_error(want) || self.out.types.is_error(got) {
            return;
        }
        let (operation, notes) = self.operation(why);
        let types = &self.out.types;
        let message = format!("{operation}: expected {}, got {}", types.show(want), types.show(got));
        let mut diagnostic = Diagnostic::new(Code::TypeMismatch, self.tree.span(id), message);
        diagnostic.label = format!("this is {}", types.show(got));
        diagnostic.notes = notes;
        let never_null = self.never_null(id, want, why);
        diagnostic.help = match why {
            _ if never_null.is_some() => never_null,
            Why::Logic(logic) if self.is_option_bool(got) => Some(self.kleene_help(logic, id)),
            Why::NoElse => Some("add `else { ... }`, or end the value with `;`".to_string()),
            Why::Statement | Why::Body => Some("end it with `;` to drop the value, or bind it with `let`".to_string()),
            Why::Condition => match &self.tree.expr(id).kind {
                ExprKind::Assign { .. } => {
                    Some(format!("`=` assigns: write `{}`", self.tree.slice(self.tree.span(id)).replacen('=', "==", 1)))
                }
                _ => self.conversion(id, want, got),
            },
            _ => self.conversion(id, want, got),
        };
        self.report(diagnostic);
        self.out.types.give_up(got);
        if let Why::ClosureResult = why {
            self.out.types.give_up(want);
        }
    }

    /// What to write where `None` meets a type that is never null.
    fn never_null(&self, id: ExprId, want: Ty, why: Why<'a, 't>) -> Option<String> {
        let is_none = matches!(self.out.meanings[id.0 as usize], Meaning::NoneValue);
        let is_value = !matches!(self.out.types.resolve(want), Ty::Option(_) | Ty::Tuple(_));
        let shown = self.out.types.show(want);
        match why {
            _ if !is_none || !is_value => None,
            Why::Result(_) => {
                Some(format!("write the result type `Option<{shown}>`, and `Some(...)` around its values"))
            }
            _ => Some(format!("write `Option<{shown}>` where it is declared, and `Some(...)` around its values")),
        }
    }

    fn is_option_bool(&self, ty: Ty) -> bool {
        match self.out.types.resolve(ty) {
            Ty::Option(option) => self.out.types.scalar(self.out.types.inner(option)) == Some(Type::Bool),
            _ => false,
        }
    }

    fn kleene_help(&self, logic: ExprId, side: ExprId) -> String {
        let source = in_parens(self.tree.slice(self.tree.span(side)));
        let name = match &self.tree.expr(logic).kind {
            ExprKind::Logic { logic: crate::ast::Logic::Or, .. } => "kleene_or",
            _ => "kleene_and",
        };
        format!("for three-valued logic as in SQL write `{source}.{name}(other)`, else `{source}.unwrap_or(false)`")
    }

    /// How to get on with a value that may be null, where one is needed.
    pub(super) fn null_help(&self, source: &str, ty: Option<Type>) -> String {
        let default = match ty {
            Some(Type::Bool) => "false",
            Some(ty) if ty.is_float() => "0.0",
            _ => "0",
        };
        let source = in_parens(source);
        let result = self.kernel.and_then(|kernel| self.out.results.get(kernel)).copied();
        let question = match result.map(|result| self.out.types.resolve(result)) {
            Some(Ty::Option(_)) => format!(", or `{source}?` to give null"),
            _ => String::new(),
        };
        format!("it may be null: write `{source}.unwrap_or({default})`, or `{source}.map(|v| ...)`{question}")
    }

    /// How to make an expression of type `got` one of type `want`.
    fn conversion(&self, id: ExprId, want: Ty, got: Ty) -> Option<String> {
        let types = &self.out.types;
        let source = self.tree.slice(self.tree.span(id));
        if source.len() > 60 || source.contains('\n') {
            return None;
        }
        match (types.resolve(want), types.resolve(got)) {
            (Ty::Option(_), Ty::Option(_)) => {}
            (Ty::Option(option), other) => {
                let inner = types.resolve(types.inner(option));
                let fits = types.scalar(inner).is_some_and(|ty| types.scalar(other) == Some(ty))
                    || types.openness(inner).is_some()
                    || types.openness(other).is_some();
                return fits.then(|| format!("write `Some({source})`"));
            }
            (other, Ty::Option(option)) => {
                let fits = types.scalar(other).is_some() && types.scalar(types.inner(option)) == types.scalar(other);
                return fits.then(|| self.null_help(source, types.scalar(other)));
            }
            _ => {}
        }
        let arg = in_parens(source);
        let depth = |ty: Ty| types.show(ty).chars().take_while(|&c| c == '&').count();
        // A literal takes the type of what the reference refers to.
        let is_open = types.openness(types.resolve(want)).is_some();
        if is_open && depth(got) > 0 || types.show(types.peel(want)) == types.show(types.peel(got)) {
            let (want, got) = (depth(want), depth(got));
            return match got > want {
                true => Some(format!("write `{}{arg}`", "*".repeat(got - want))),
                false => Some(format!("write `{}{arg}`", "&".repeat(want - got))),
            };
        }
        let (want, got_scalar) = (types.scalar(want)?, types.scalar(got)?);
        match &self.tree.expr(id).kind {
            ExprKind::Int { suffix: None, magnitude: Some(value @ (0 | 1)), .. } if want == Type::Bool => {
                return Some(format!("write `{}`", *value == 1));
            }
            ExprKind::Unary { op: Op::Not, arg } if want == Type::Bool => {
                let of = in_parens(self.tree.slice(self.tree.span(*arg)));
                return Some(format!("`!` of an integer turns its bits round: write `{of} == 0`"));
            }
            ExprKind::Int { suffix: None, .. } if want.is_float() => {
                let is_plain = source.chars().all(|c| c.is_ascii_digit() || matches!(c, '_' | '-' | ' '));
                return Some(if is_plain {
                    format!("write `{source}.0`")
                } else {
                    format!("write `{source} as {want}`")
                });
            }
            ExprKind::Float { suffix: None, .. } if want.is_int() => {
                return match source.split_once('.') {
                    Some((whole, "" | "0")) => Some(format!("write `{whole}`")),
                    _ => Some(format!("{want} is an integer type: write a whole number")),
                };
            }
            _ => {}
        }
        match (got_scalar, want) {
            (Type::Bool, want) if want.is_float() => Some(format!("write `if {source} {{ 1.0 }} else {{ 0.0 }}`")),
            (from, Type::Bool) if from.is_float() => Some(format!("write `{arg} != 0.0`")),
            (_, Type::Bool) => Some(format!("write `{arg} != 0`")),
            (_, want) => Some(format!("write `{arg} as {want}`")),
        }
    }

    pub(super) fn explain_operands(&mut self, symbol: &str, left: (ExprId, Ty), right: (ExprId, Ty), is_update: bool) {
        let types = &self.out.types;
        if types.is_error(left.1) || types.is_error(right.1) {
            return;
        }
        let message = format!(
            "`{symbol}`: expected one type on both sides, got {} and {}",
            types.show(left.1),
            types.show(right.1)
        );
        // Mend the side that is a literal, or else the one whose values all fit the other type.
        let is_open = |ty| types.openness(types.resolve(ty)).is_some();
        let widens = |from: Ty, to: Ty| match (types.scalar(from), types.scalar(to)) {
            (Some(from), Some(to)) => {
                (to.is_float() && !from.is_float()) || (to.is_float() == from.is_float() && from.bits() < to.bits())
            }
            _ => false,
        };
        let is_ref = |ty| matches!(types.resolve(ty), Ty::Ref(_));
        let mend_left = match (is_open(left.1), is_open(right.1)) {
            _ if is_update => false,
            _ if is_ref(left.1) != is_ref(right.1) => is_ref(left.1),
            (true, false) => true,
            (false, true) => false,
            _ => widens(left.1, right.1),
        };
        let (mend, other) = if mend_left { (left, right) } else { (right, left) };
        let is_float = |ty| types.scalar(types.peel(ty)).is_some_and(Type::is_float);
        // `s += x` where `s` began as `0`.
        let is_open_int = types.openness(types.resolve(left.1)) == Some(Open::Int);
        let began = match self.out.meanings[left.0.0 as usize] {
            Meaning::Local(local) if is_update && is_open_int && is_float(right.1) => {
                Some(self.locals[local.0 as usize].span)
            }
            _ => None,
        };
        let help = match (symbol, began) {
            ("^", _) if is_float(other.1) || is_float(mend.1) => Some(POWER.to_string()),
            (_, Some(declared)) => {
                let name = self.tree.slice(declared);
                Some(format!("`{name}` began as an integer: begin with a float, such as `let mut {name} = 0.0;`"))
            }
            _ => self.conversion(mend.0, other.1, mend.1),
        };
        let (other_type, mend_type) = (self.out.types.show(other.1), self.out.types.show(mend.1));
        let mut diagnostic = Diagnostic::new(Code::TypeMismatch, self.tree.span(mend.0), message)
            .label(format!("this is {mend_type}"))
            .note(self.tree.span(other.0), format!("this is {other_type}"));
        diagnostic.help = help;
        self.report(diagnostic);
        if began.is_some() {
            self.out.types.set_reported(left.1);
        }
    }

    /// A block that ends without the value that is wanted of it.
    pub(super) fn explain_missing(&mut self, id: ExprId, block: &Block<'_>, want: Ty, why: Why<'a, 't>) {
        let (operation, notes) = self.operation(why);
        let span = self.tree.span(id);
        let close = Span { start: span.end.saturating_sub(1).max(span.start), end: span.end };
        let message = format!("{operation}: expected {}, got no value", self.out.types.show(want));
        let mut diagnostic = Diagnostic::new(Code::MissingValue, close, message);
        diagnostic.label = "the block ends without a value".to_string();
        diagnostic.notes = notes;
        diagnostic.help = Some("end the block with an expression, without `;`".to_string());
        if let Some(Stmt::Expr { expr, semi: Some(semi) }) = block.stmts.last() {
            let ty = self.out.exprs[expr.0 as usize];
            let had_value = !matches!(self.out.types.resolve(ty), Ty::Tuple(0));
            if self.out.types.is_error(ty) {
                return;
            }
            if had_value {
                diagnostic.span = Some(*semi);
                diagnostic.label = "this drops the value".to_string();
                diagnostic.help = Some("remove the `;`".to_string());
            }
        }
        self.report(diagnostic);
    }

    /// An `if` without `else` whose value is wanted.
    pub(super) fn explain_no_else(&mut self, id: ExprId, want: Ty, why: Why<'a, 't>) {
        let (operation, notes) = self.operation(why);
        let message = format!("{operation}: expected {}, got an `if` without `else`", self.out.types.show(want));
        let mut diagnostic = Diagnostic::new(Code::MissingValue, self.tree.span(id), message)
            .help("add `else { ... }` with the value for all other rows");
        diagnostic.notes = notes;
        self.report(diagnostic);
    }

    pub(super) fn explain_unknown_name(&mut self, path: &[&'t str], span: Span) {
        if let [name] = path
            && self.tree.forgiven.contains(name)
        {
            return;
        }
        let joined = path.join("::");
        let message = format!("unknown name `{joined}`");
        let mut diagnostic = Diagnostic::new(Code::UnknownName, span, message);
        diagnostic.help = self.name_help(path);
        self.report(diagnostic);
    }

    fn name_help(&self, path: &[&'t str]) -> Option<String> {
        let [name] = path else {
            return Some("std's constants are `std::f64::consts::PI`, `f64::MAX` and the like".to_string());
        };
        if self.kernels.contains_key(name) {
            return Some(format!("`{name}` is a kernel: call it, `{name}(...)`"));
        }
        if let Some(help) = habits::name(name) {
            return Some(help.to_string());
        }
        if let "NAN" | "INFINITY" | "NEG_INFINITY" | "EPSILON" | "MIN_POSITIVE" = *name {
            return Some(format!("write `f64::{name}`"));
        }
        if let Some(near) = self.nearest_name(name) {
            return Some(format!("did you mean `{near}`?"));
        }
        if names::MATH_CONSTANTS.contains(name) {
            return Some(format!("write `std::f64::consts::{name}`"));
        }
        None
    }

    fn nearest_name(&self, name: &str) -> Option<&str> {
        // Sorted, because equally near names would come in the order of a hash map.
        let mut known: Vec<&str> = self.names.keys().chain(self.kernels.keys()).copied().collect();
        known.sort_unstable();
        names::nearest(name, known.into_iter())
    }

    pub(super) fn explain_unknown_function(&mut self, path: &[&'t str], span: Span, args: &[ExprId]) {
        let joined = path.join("::");
        let last = path.last().copied().unwrap_or_default();
        if path.len() == 1 && self.tree.forgiven.contains(&last) {
            return;
        }
        if let "Ok" | "Err" = last {
            let message = format!("a kernel cannot have a `Result` value (`{last}`)");
            let help = "use `Option`: `Some(...)` and `None`, which is null in the column";
            return self.report(Diagnostic::new(Code::Unsupported, span, message).help(help));
        }
        let texts: Vec<&str> = args.iter().map(|&arg| self.tree.slice(self.tree.span(arg))).collect();
        let near = || {
            let mut known: Vec<&str> = self.kernels.keys().copied().collect();
            known.sort_unstable();
            names::nearest(last, known.into_iter().filter(|_| path.len() == 1))
                .map(|near| format!("did you mean `{near}`?"))
        };
        let help = if let Some(help) = near() {
            Some(help)
        } else if let Some(help) = habits::function(&joined, &texts) {
            Some(help)
        } else if methods::method(last).is_some() {
            Some(match texts.split_first() {
                Some((receiver, rest)) => format!("write `{}.{last}({})`", in_parens(receiver), rest.join(", ")),
                None => format!("write `x.{last}()`"),
            })
        } else {
            names::nearest(last, methods::names()).map(|near| format!("did you mean `x.{near}(...)`?"))
        };
        let mut diagnostic = Diagnostic::new(Code::UnknownFunction, span, format!("unknown function `{joined}`"));
        diagnostic.help = help;
        self.report(diagnostic);
    }

    pub(super) fn explain_unknown_method(&mut self, name: &str, span: Span, ty: Ty) {
        let message = format!("{} has no method `{name}`", self.out.types.show(ty));
        let mut diagnostic = Diagnostic::new(Code::UnknownFunction, span, message);
        diagnostic.help = methods::instead(name).or_else(|| self.near_method(name, ty));
        self.report(diagnostic);
    }

    /// A method that the type has and that is written almost so, or a kernel of that name.
    fn near_method(&self, name: &str, ty: Ty) -> Option<String> {
        if self.kernels.contains_key(name) {
            return Some(format!("`{name}` is a kernel: call it, `{name}(x)`"));
        }
        let scalar = self.out.types.scalar(ty);
        let fits = |candidate: &&str| {
            methods::method(candidate).is_some_and(|m| scalar.is_none_or(|ty| m.class().contains(ty)))
        };
        names::nearest(name, methods::names().filter(fits)).map(|near| format!("did you mean `{near}`?"))
    }

    pub(super) fn explain_method_count(&mut self, name: &str, span: Span, want: usize, got: usize) {
        let plural = if want == 1 { "argument" } else { "arguments" };
        // Of `f64::max(x)` the value is an argument too.
        let behind = if self.tree.slice(span).contains("::") { " behind the value" } else { "" };
        let message = format!("`{name}`: expected {want} {plural}{behind}, got {got}");
        let mut finding = Diagnostic::new(Code::ArgumentCount, span, message);
        finding.help = match (name, got) {
            ("log", 0) => Some("the natural logarithm is `x.ln()`; `x.log(base)` has any base".to_string()),
            ("round", 1) => Some("it gives a whole number: for two digits `(x * 100.0).round() / 100.0`".to_string()),
            _ => None,
        };
        self.report(finding);
    }

    /// `f64::NAME` that is neither a constant nor a function.
    pub(super) fn explain_type_member(&mut self, ty: Type, name: &str, span: Span, is_call: bool) {
        let is_method = methods::method(name).is_some();
        let message = match is_call {
            true => format!("{ty} has no function `{name}`"),
            false if is_method => format!("`{ty}::{name}` is a function, not a value"),
            false => format!("{ty} has no constant `{name}`"),
        };
        let code = if is_call { Code::UnknownFunction } else { Code::UnknownName };
        let near = |candidates: &mut dyn Iterator<Item = &'static str>| {
            names::nearest(name, candidates).map(|near| format!("did you mean `{ty}::{near}`?"))
        };
        let mut diagnostic = Diagnostic::new(code, span, message);
        diagnostic.help = match is_call {
            true => methods::instead(name).or_else(|| near(&mut methods::names())),
            false if is_method => Some(format!("call it: `{ty}::{name}(x)`")),
            false => near(&mut names::TYPE_CONSTANTS.into_iter().filter(|c| names::type_constant(ty, c).is_some())),
        };
        self.report(diagnostic);
    }
}
