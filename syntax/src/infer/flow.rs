//! Loops, labelled blocks, and the jumps out of them.

use filbert_ir::{Code, Diagnostic, Span};

use super::branch::{Reach, Want};
use super::explain::Why;
use super::types::{Open, Ty, Types};
use super::{Exit, Infer, Meaning};
use crate::ast::{Block, ExprId, ExprKind, LocalId, Macro, Name, Pat};
use crate::names;

/// What is around an expression, and can be left.
pub(super) struct Frame<'a, 't> {
    pub(super) at: ExprId,
    pub(super) kind: FrameKind,
    label: Option<Name<'t>>,
    /// Type of the value that is taken out.
    pub(super) ty: Ty,
    /// Who asks for it.
    why: Option<Why<'a, 't>>,
    /// The state at the jumps behind it; `None` before the first.
    breaks: Option<Reach>,
    /// Variables declared until then are declared outside.
    pub(super) clock: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    While,
    For,
    Loop,
    Block,
    Closure,
}

impl FrameKind {
    fn name(self) -> &'static str {
        match self {
            FrameKind::While => "`while`",
            FrameKind::For => "`for`",
            FrameKind::Loop => "`loop`",
            FrameKind::Block => "a labelled block",
            FrameKind::Closure => "a closure",
        }
    }

    fn is_loop(self) -> bool {
        matches!(self, FrameKind::While | FrameKind::For | FrameKind::Loop)
    }
}

impl Frame<'_, '_> {
    /// Whether its body may run more than once.
    pub(super) fn can_repeat(&self) -> bool {
        self.kind.is_loop() || self.is_closure()
    }

    pub(super) fn is_closure(&self) -> bool {
        self.kind == FrameKind::Closure
    }
}

impl<'a, 't> Infer<'a, 't> {
    /// A construct that the reader takes and that nothing behind it knows.
    pub(super) fn not_yet(&mut self, span: Span, what: &str) -> Ty {
        let message = format!("a kernel cannot have {what}");
        self.report(Diagnostic::new(Code::Unsupported, span, message).help("it is not in this version"));
        Ty::Error
    }

    pub(super) fn while_loop(&mut self, id: ExprId, cond: ExprId, body: ExprId, label: Option<Name<'t>>) -> Ty {
        let mark = self.assigned.len();
        self.push_frame(id, FrameKind::While, label, Types::unit(), None);
        let scope = self.undo.len();
        self.condition(cond, Why::While);
        let behind = self.reach();
        self.check(body, Types::unit(), Why::Body);
        self.leave(scope);
        self.resume(behind);
        self.pop_frame();
        self.note_changes(id, mark);
        Types::unit()
    }

    pub(super) fn endless_loop(&mut self, id: ExprId, body: ExprId, label: Option<Name<'t>>, want: Want<'a, 't>) -> Ty {
        let mark = self.assigned.len();
        let (ty, why) = self.wanted_type(want);
        self.push_frame(id, FrameKind::Loop, label, ty, why);
        self.check(body, Types::unit(), Why::Body);
        let frame = self.pop_frame();
        let ty = match frame.breaks {
            Some(reach) => {
                self.resume(reach);
                self.out.frames.insert(id.0, frame.ty);
                self.must_cross(id, frame.ty);
                frame.ty
            }
            None => {
                self.dead = true;
                Ty::Never
            }
        };
        self.note_changes(id, mark);
        ty
    }

    pub(super) fn for_loop(
        &mut self,
        id: ExprId,
        pat: &'a Pat<'t>,
        iter: ExprId,
        body: ExprId,
        label: Option<Name<'t>>,
    ) -> Ty {
        let (item, changes) = self.for_item(iter);
        let mark = self.assigned.len();
        self.assigned.extend(changes);
        let behind = self.reach();
        self.push_frame(id, FrameKind::For, label, Types::unit(), None);
        let scope = self.undo.len();
        self.bind_pattern(pat, item, None);
        self.must_match(pat, item, "for");
        self.check(body, Types::unit(), Why::Body);
        self.leave(scope);
        self.resume(behind);
        self.pop_frame();
        self.note_changes(id, mark);
        Types::unit()
    }

    /// What `for` walks over, item by item, and the variables that this changes.
    fn for_item(&mut self, iter: ExprId) -> (Ty, Vec<LocalId>) {
        if let Some((item, array)) = self.own_array(iter) {
            return (item, vec![array]);
        }
        let ty = self.infer(iter);
        if self.out.types.resolve(ty) == Ty::Never {
            return (Ty::Never, Vec::new());
        }
        let span = self.tree.span(iter);
        let Some(items) = self.items(ty, span) else {
            self.explain_no_items(iter, ty, "for");
            return (Ty::Error, Vec::new());
        };
        if let Ty::Range(range) = self.out.types.resolve(ty) {
            let of = self.out.types.range_of(range);
            self.checks.push(super::check::Check::Counts { iter, of });
        }
        (items.item, self.iter_changes(ty))
    }

    pub(super) fn labelled_block(
        &mut self,
        id: ExprId,
        block: &'a Block<'t>,
        label: Name<'t>,
        want: Want<'a, 't>,
    ) -> Ty {
        let mark = self.assigned.len();
        let (ty, why) = self.wanted_type(want);
        self.push_frame(id, FrameKind::Block, Some(label), ty, why);
        let end = self.plain_block(id, block, Some((ty, why.unwrap_or(Why::Break))));
        let frame = self.pop_frame();
        self.out.frames.insert(id.0, frame.ty);
        let ty = if frame.breaks.is_some() || end != Ty::Never { frame.ty } else { Ty::Never };
        if let Some(reach) = frame.breaks {
            self.meet(reach);
            self.must_cross(id, ty);
        }
        self.note_changes(id, mark);
        ty
    }

    /// The type that the value of a loop or block must have, or an open one.
    fn wanted_type(&mut self, want: Want<'a, 't>) -> (Ty, Option<Why<'a, 't>>) {
        match want {
            Some((ty, why)) if !self.out.types.is_error(ty) && self.out.types.resolve(ty) != Ty::Never => {
                (ty, Some(why))
            }
            _ => (self.out.types.open(Open::Any), None),
        }
    }

    fn push_frame(&mut self, at: ExprId, kind: FrameKind, label: Option<Name<'t>>, ty: Ty, why: Option<Why<'a, 't>>) {
        let outer = label.and_then(|label| self.frames.iter().filter_map(|f| f.label).find(|l| l.text == label.text));
        if let (Some(label), Some(outer)) = (label, outer) {
            let message = format!("the label `{}` is used twice, one inside the other", label.text);
            self.report(
                Diagnostic::new(Code::DuplicateName, label.span, message)
                    .note(outer.span, "the outer one")
                    .help("give one of them another name"),
            );
        }
        let clock = self.clock;
        self.frames.push(Frame { at, kind, label, ty, why, breaks: None, clock });
    }

    /// A closure's body begins.
    pub(super) fn push_closure(&mut self, at: ExprId, result: Ty, clock: u32) {
        let frame = Frame { at, kind: FrameKind::Closure, label: None, ty: result, why: None, breaks: None, clock };
        self.frames.push(frame);
    }

    /// Ends a frame; the exits that lead behind it are none of what is around it.
    pub(super) fn pop_frame(&mut self) -> Frame<'a, 't> {
        let Some(frame) = self.frames.pop() else { unreachable!("frames are popped where they were pushed") };
        self.exits.retain(|exit| exit.frame() != Some(frame.at));
        frame
    }

    /// A jump: nothing behind it is reached.
    fn jump(&mut self, id: ExprId, exit: Exit) -> Ty {
        self.out.meanings[id.0 as usize] = Meaning::Exit(exit);
        if !self.dead {
            self.exits.push(exit);
        }
        self.dead = true;
        Ty::Never
    }

    pub(super) fn break_expr(&mut self, id: ExprId, label: Option<Name<'t>>, value: Option<ExprId>) -> Ty {
        let Some(at) = self.target(id, label, "break") else {
            value.map(|value| self.infer(value));
            self.dead = true;
            return Ty::Error;
        };
        let (ty, kind, why) = (self.frames[at].ty, self.frames[at].kind, self.frames[at].why);
        match value {
            Some(value) if matches!(kind, FrameKind::While | FrameKind::For) => {
                self.infer(value);
                let message = format!("`break` with a value: {} has no value", kind.name());
                let help = match kind {
                    FrameKind::While => "its condition can end it too: write `loop`, or keep the value in a variable",
                    _ => "it can run to its end: keep the value in a variable, and `break`",
                };
                let note = self.tree.span(self.frames[at].at);
                let start = Span { start: note.start, end: note.start + if kind == FrameKind::For { 3 } else { 5 } };
                self.report(
                    Diagnostic::new(Code::TypeMismatch, self.tree.span(value), message)
                        .note(start, "the loop")
                        .help(help),
                );
            }
            Some(value) => self.check(value, ty, why.unwrap_or(Why::Break)),
            None if !self.out.types.unify(ty, Types::unit()) => {
                let message = format!("`break` without a value: expected {}", self.out.types.show(ty));
                let help = "every `break` of it brings the value: write `break value`";
                self.report(Diagnostic::new(Code::MissingValue, self.tree.span(id), message).help(help));
            }
            None => {}
        }
        if !self.dead {
            let here = self.reach();
            let breaks = match self.frames[at].breaks.take() {
                Some(before) => {
                    let now = self.reach();
                    self.meet(before);
                    let met = self.reach();
                    self.resume(now);
                    met
                }
                None => here,
            };
            self.frames[at].breaks = Some(breaks);
        }
        let exit = Exit::Break(self.frames[at].at);
        self.jump(id, exit)
    }

    pub(super) fn continue_expr(&mut self, id: ExprId, label: Option<Name<'t>>) -> Ty {
        let Some(at) = self.target(id, label, "continue") else {
            self.dead = true;
            return Ty::Error;
        };
        if !self.frames[at].kind.is_loop() {
            let message = "`continue`: expected the label of a loop, got that of a block";
            let help = "a block has no next turn: write `break` with its label";
            self.report(Diagnostic::new(Code::UnknownName, self.tree.span(id), message).help(help));
            self.dead = true;
            return Ty::Error;
        }
        let exit = Exit::Continue(self.frames[at].at);
        self.jump(id, exit)
    }

    /// The place of the frame that a jump means.
    fn target(&mut self, id: ExprId, label: Option<Name<'t>>, word: &str) -> Option<usize> {
        let inner = self.frames.iter().rposition(|frame| frame.kind == FrameKind::Closure).map_or(0, |at| at + 1);
        let found = match label {
            None => self.frames[inner..].iter().rposition(|frame| frame.kind.is_loop()),
            Some(label) => {
                self.frames[inner..].iter().rposition(|frame| frame.label.is_some_and(|l| l.text == label.text))
            }
        };
        if let Some(found) = found {
            return Some(inner + found);
        }
        let outside = self.frames[..inner].iter().any(|frame| match label {
            None => frame.kind.is_loop(),
            Some(label) => frame.label.is_some_and(|l| l.text == label.text),
        });
        let (span, message, help) = match label {
            _ if outside => (
                self.tree.span(id),
                format!("`{word}` inside a closure cannot reach the loop outside"),
                Some("give the closure a result that says so, and act on it in the loop".to_string()),
            ),
            None => (
                self.tree.span(id),
                format!("`{word}` outside of a loop"),
                Some("it ends a turn of `loop`, `while` or `for`; to leave the kernel, write `return`".to_string()),
            ),
            Some(label) => {
                let known: Vec<&str> = self.frames[inner..].iter().filter_map(|f| f.label).map(|l| l.text).collect();
                let help = match names::nearest(label.text, known.iter().copied()) {
                    Some(near) => Some(format!("did you mean `{near}`?")),
                    None if known.is_empty() => {
                        Some(format!("write it before the loop: `{}: loop {{ ... }}`", label.text))
                    }
                    None => Some(format!("the labels around are {}", known.join(", "))),
                };
                (label.span, format!("unknown label `{}`", label.text), help)
            }
        };
        let code = if label.is_some() && !outside { Code::UnknownName } else { Code::Misplaced };
        let mut diagnostic = Diagnostic::new(code, span, message);
        diagnostic.help = help;
        self.report(diagnostic);
        None
    }

    /// The innermost closure.
    fn closure_frame(&self) -> Option<usize> {
        self.frames.iter().rposition(|frame| frame.kind == FrameKind::Closure)
    }

    pub(super) fn return_expr(&mut self, id: ExprId, value: Option<ExprId>) -> Ty {
        let (want, why, exit) = match (self.closure_frame(), self.kernel) {
            (Some(at), _) => {
                let frame = &self.frames[at];
                (frame.ty, Why::ClosureResult, Exit::Closure(frame.at))
            }
            (None, Some(kernel)) if !self.in_const => {
                (self.out.results[kernel], Why::Result(&self.tree.kernels[kernel]), Exit::Kernel)
            }
            _ => {
                value.map(|value| self.infer(value));
                let message = "`return` outside of a kernel";
                self.report(
                    Diagnostic::new(Code::Misplaced, self.tree.span(id), message).help("write the value itself"),
                );
                self.dead = true;
                return Ty::Error;
            }
        };
        match value {
            Some(value) => self.check(value, want, why),
            None if !self.out.types.unify(want, Types::unit()) => {
                let message = format!("`return` without a value: expected {}", self.out.types.show(want));
                self.report(
                    Diagnostic::new(Code::MissingValue, self.tree.span(id), message).help("write `return value`"),
                );
            }
            None => {}
        }
        self.jump(id, exit)
    }

    /// `value?`: the value, or `None` out of the kernel or closure.
    pub(super) fn question(&mut self, id: ExprId, of: ExprId) -> Ty {
        let ty = self.infer(of);
        let resolved = self.out.types.resolve(ty);
        let inner = match resolved {
            Ty::Option(option) => self.out.types.inner(option),
            none @ (Ty::Error | Ty::Never) => none,
            Ty::Var(_) if self.out.types.openness(resolved) == Some(Open::Any) => {
                let inner = self.out.types.open(Open::Any);
                let option = self.option(inner, self.tree.span(id));
                self.out.types.unify(ty, option);
                inner
            }
            other => {
                let message = format!("`?`: expected an Option, got {}", self.out.types.show(other));
                let help = "it takes the value out of an `Option`; this is a value already: leave the `?` out";
                self.report(Diagnostic::new(Code::OperandType, self.tree.span(id), message).help(help));
                Ty::Error
            }
        };
        let exit = match (self.closure_frame(), self.kernel) {
            (Some(at), _) => {
                let (result, at) = (self.frames[at].ty, self.frames[at].at);
                let open = self.out.types.open(Open::Any);
                let option = self.option(open, self.tree.span(id));
                if !self.out.types.unify(result, option) {
                    self.explain_question(id, "closure", result, self.tree.span(at));
                }
                Exit::Closure(at)
            }
            (None, Some(kernel)) if !self.in_const => {
                let result = self.out.types.resolve(self.out.results[kernel]);
                if !matches!(result, Ty::Option(_) | Ty::Error) {
                    self.explain_question(id, "kernel", result, self.tree.kernels[kernel].result_span);
                }
                Exit::Kernel
            }
            _ => {
                let message = "`?` outside of a kernel";
                self.report(
                    Diagnostic::new(Code::Misplaced, self.tree.span(id), message).help("a constant has a value"),
                );
                return Ty::Error;
            }
        };
        self.out.meanings[id.0 as usize] = Meaning::Exit(exit);
        if !self.dead {
            self.exits.push(exit);
        }
        inner
    }

    fn explain_question(&mut self, id: ExprId, what: &str, result: Ty, at: Span) {
        let shown = self.out.types.show(result);
        let message = format!(
            "`?` gives `None` back where there is no value: expected a {what} that returns an Option, got {shown}"
        );
        let source = match &self.tree.expr(id).kind {
            ExprKind::Try(of) => self.tree.slice(self.tree.span(*of)),
            _ => "x",
        };
        let help = match what {
            "kernel" if self.out.types.scalar(result).is_some() => {
                format!("return `Option<{shown}>` and `Some(...)` at the end, or write `{source}.unwrap_or(...)`")
            }
            "kernel" => format!("say what the results are then: `let Some(v) = {source} else {{ return ... }};`"),
            _ => format!("end the closure with `Some(...)`, or write `{source}.unwrap_or(...)`"),
        };
        self.report(Diagnostic::new(Code::TypeMismatch, self.tree.span(id), message).note(at, "the result").help(help));
    }

    /// `assert!` and its like.
    pub(super) fn macro_call(&mut self, id: ExprId, name: Macro, args: &'a [ExprId]) -> Ty {
        match (name, args) {
            (Macro::Assert, [cond]) => self.check(*cond, super::types::BOOL, Why::Assert),
            (Macro::AssertEq | Macro::AssertNe, [left, right]) => {
                self.infer(*left);
                let op = if name == Macro::AssertEq { filbert_ir::Op::Eq } else { filbert_ir::Op::Ne };
                self.operands(id, (op, if name == Macro::AssertEq { "==" } else { "!=" }), *left, *right, false);
            }
            _ => {
                self.dead = true;
                return Ty::Never;
            }
        }
        Types::unit()
    }
}
