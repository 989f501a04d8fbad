//! The rules that every kernel keeps, and the only maker of a `VerifiedKernel`.
//!
//! One iterative pass over the table that reports everything it finds and panics on no input. Later
//! stages trust a verified kernel and do not check again. The rules:
//!
//! 1. the semantics version is the one this build knows;
//! 2. the limits of `limits.rs` hold (values, blocks, nesting, parameters, results, yields, names);
//! 3. parameters are the first values, numbered in order, and no other value is one;
//! 4. a constant has no bits beyond the width of its type;
//! 5. an operand has a smaller id than its user and is visible: it stands in the user's region or in one
//!    around it that has not ended, and does not own a region around the user;
//! 6. an operation has the operand count and types that its row asks for, and the type that follows;
//! 7. the regions of an `if` are consecutive and directly behind it, and inside the region around it; its
//!    condition is a bool; both regions yield the same number (one or more) of visible values of the same
//!    types; the type of the `if` is that of its first yield;
//! 8. an output names an `if` of its own region and a yield from 1 up, and has that yield's type;
//! 9. there is a result, and results are visible at the end of the body;
//! 10. names: one for each parameter, one for each result or none, none of them empty or too long;
//! 11. a source has a span for each value, inside its text.

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::kernel::{Core, Def, Kernel, Region, SEMANTICS_VERSION, Value, ValueId, VerifiedKernel};
use crate::limits;
use crate::op::Op;
use crate::types::Type;
use crate::wire;

/// Checks every rule. On success the kernel gets its id; otherwise all findings come back together.
pub fn verify(kernel: Kernel) -> Result<VerifiedKernel, Diagnostics> {
    let mut verifier = Verifier::new(&kernel);
    verifier.check_sizes();
    if verifier.found.is_empty() {
        verifier.check_values();
        verifier.check_returns();
    }
    verifier.check_names();
    verifier.check_source();
    let found = verifier.found;
    if found.is_empty() {
        let id = wire::core_id(&kernel.core);
        return Ok(VerifiedKernel::from_checked(kernel, id));
    }
    Err(match &kernel.source {
        Some(source) => Diagnostics::new(found, source.name.clone(), source.text.clone()),
        None => Diagnostics::without_text(found),
    })
}

/// A region that has begun and not ended.
struct Frame {
    /// The `if`, or none for the body.
    owner: Option<ValueId>,
    /// Whether this is the `else` region of its owner.
    is_otherwise: bool,
    /// One past the last value.
    end: usize,
    /// Number of the region in order of opening; values carry it.
    serial: usize,
}

struct Verifier<'a> {
    kernel: &'a Kernel,
    core: &'a Core,
    found: Vec<Diagnostic>,
    /// Regions around the current value, outermost first.
    frames: Vec<Frame>,
    /// By region serial: whether the region has not ended.
    open: Vec<bool>,
    /// By value: serial of its region.
    home: Vec<usize>,
}

impl<'a> Verifier<'a> {
    fn new(kernel: &'a Kernel) -> Verifier<'a> {
        Verifier {
            kernel,
            core: &kernel.core,
            found: Vec::new(),
            frames: Vec::new(),
            open: Vec::new(),
            home: Vec::new(),
        }
    }

    fn check_sizes(&mut self) {
        let core = self.core;
        if core.semantics != SEMANTICS_VERSION {
            self.found.push(Diagnostic::unplaced(
                Code::VersionSkew,
                format!("kernel has semantics version {}, this build knows {SEMANTICS_VERSION}", core.semantics),
            ));
        }
        self.limit("values", core.values.len(), limits::VALUES_MAX);
        self.limit("parameters", core.signature.params.len(), limits::PARAMS_MAX);
        self.limit("results", core.returns.len(), limits::RESULTS_MAX);
        let regions = core.values.iter().filter(|v| matches!(v.def, Def::If { .. })).count() * 2;
        self.limit("blocks", regions + 1, limits::BLOCKS_MAX);
        if core.slots() as usize > core.values.len() {
            self.malformed(None, format!("{} slots in a table of {}", core.slots(), core.values.len()));
        }
    }

    fn check_values(&mut self) {
        let core = self.core;
        self.open_region(None, false, core.values.len());
        for (index, value) in core.values.iter().enumerate() {
            self.close_regions(index);
            let id = ValueId(index as u32);
            self.check_value(id, value);
            self.home.push(self.frames.last().map_or(0, |f| f.serial));
            if let Def::If { then, otherwise, .. } = &value.def
                && self.check_ranges(id, then, otherwise)
            {
                self.open_region(Some(id), false, then.end.index());
            }
        }
        self.close_regions(core.values.len());
    }

    fn open_region(&mut self, owner: Option<ValueId>, is_otherwise: bool, end: usize) {
        self.frames.push(Frame { owner, is_otherwise, end, serial: self.open.len() });
        self.open.push(true);
        if self.frames.len() == limits::NESTING_MAX + 2 {
            self.limit("nested regions", limits::NESTING_MAX + 1, limits::NESTING_MAX);
        }
    }

    /// Ends every region that ends before value `index`: checks its yields, then goes on to the `else`.
    fn close_regions(&mut self, index: usize) {
        while let Some(frame) = self.frames.last() {
            let (Some(owner), true) = (frame.owner, frame.end == index) else { return };
            let (is_otherwise, serial) = (frame.is_otherwise, frame.serial);
            if let Some(Value { ty, def: Def::If { then, otherwise, .. } }) = self.core.values.get(owner.index()) {
                self.check_yields(owner, *ty, then, otherwise, is_otherwise);
                self.frames.pop();
                self.open[serial] = false;
                if !is_otherwise {
                    self.open_region(Some(owner), true, otherwise.end.index());
                }
            }
        }
    }

    fn check_value(&mut self, id: ValueId, value: &Value) {
        let is_param = id.0 < self.core.slots();
        match &value.def {
            Def::Param(index) if is_param && *index == id.0 => {}
            Def::Param(_) => self.malformed(Some(id), "a parameter out of place".to_string()),
            _ if is_param => {
                self.malformed(Some(id), format!("must be parameter {id}, the table begins with them"));
            }
            Def::Const(bits) if bits & !value.ty.mask() != 0 => {
                self.malformed(Some(id), format!("constant {bits:#x} has bits beyond {}", value.ty));
            }
            Def::Const(_) => {}
            Def::Op(op, args) => self.check_op(id, value.ty, *op, args),
            Def::If { cond, .. } => {
                if let Some(ty) = self.visible(id, *cond)
                    && ty != Type::Bool
                {
                    self.malformed(Some(id), format!("condition {cond} is {ty}, expected bool"));
                }
            }
            Def::Output { of, index } => self.check_output(id, value.ty, *of, *index),
            Def::Loop { .. } | Def::Carried(_) | Def::Load { .. } | Def::Store { .. } => {
                self.malformed(Some(id), "not supported yet".to_string());
            }
        }
    }

    fn check_op(&mut self, id: ValueId, ty: Type, op: Op, args: &[ValueId]) {
        let tys: Vec<Type> = args.iter().filter_map(|&arg| self.visible(id, arg)).collect();
        if args.len() != op.rule().arity() {
            let (want, got) = (op.rule().arity(), args.len());
            return self.malformed(Some(id), format!("{op} takes {want} operands, got {got}"));
        }
        if tys.len() < args.len() {
            return; // an operand is not visible: said already
        }
        if op.result_type(&tys, ty) != Some(ty) {
            let tys = tys.iter().map(|ty| ty.name()).collect::<Vec<_>>().join(", ");
            self.malformed(Some(id), format!("{op} of ({tys}) cannot be {ty}"));
        }
    }

    fn check_output(&mut self, id: ValueId, ty: Type, of: ValueId, index: u32) {
        if self.visible(id, of).is_none() {
            return;
        }
        let same_region = self.home.get(of.index()).copied() == self.frames.last().map(|f| f.serial);
        let yielded = match &self.core.values[of.index()].def {
            Def::If { then, .. } if index > 0 => then.yields.get(index as usize),
            _ => None,
        };
        match yielded.and_then(|&y| self.core.values.get(y.index())) {
            None => self.malformed(Some(id), format!("{of} has no output {index}")),
            Some(_) if !same_region => self.malformed(Some(id), format!("{of} stands in another region")),
            Some(value) if value.ty != ty => {
                self.malformed(Some(id), format!("output {index} of {of} is {}, not {ty}", value.ty));
            }
            Some(_) => {}
        }
    }

    /// Whether the regions lie where they must.
    fn check_ranges(&mut self, id: ValueId, then: &Region, otherwise: &Region) -> bool {
        let around = self.frames.last().map_or(0, |f| f.end);
        let (a, b, c) = (then.start.index(), then.end.index(), otherwise.end.index());
        let ok = a == id.index() + 1 && a <= b && otherwise.start == then.end && b <= c && c <= around;
        if !ok {
            self.malformed(Some(id), "regions of the if are not directly behind it, or overrun".to_string());
        }
        ok
    }

    fn check_yields(&mut self, id: ValueId, ty: Type, then: &Region, otherwise: &Region, is_otherwise: bool) {
        let region = if is_otherwise { otherwise } else { then };
        self.limit("yields of a region", region.yields.len(), limits::YIELDS_MAX);
        let end = self.frames.last().map_or(0, |f| f.end);
        let at = ValueId(end as u32);
        let tys: Vec<Option<Type>> = region.yields.iter().map(|&y| self.visible(at, y)).collect();
        if tys.is_empty() {
            self.malformed(Some(id), "a region yields nothing".to_string());
        }
        if let Some(Some(first)) = tys.first()
            && *first != ty
        {
            self.malformed(Some(id), format!("the if is {ty} but a region yields {first}"));
        }
        if is_otherwise {
            let others = then.yields.iter().map(|y| self.core.values.get(y.index()).map(|v| v.ty));
            let others: Vec<Option<Type>> = others.collect();
            if others.len() != tys.len() || others.iter().zip(&tys).any(|(a, b)| a.is_some() && b.is_some() && a != b) {
                self.malformed(Some(id), "the regions of the if yield different types".to_string());
            }
        }
    }

    fn check_returns(&mut self) {
        if self.core.returns.is_empty() {
            self.malformed(None, "a kernel has no result".to_string());
        }
        let end = ValueId(self.core.values.len() as u32);
        for &id in &self.core.returns {
            self.visible(end, id);
        }
    }

    fn check_names(&mut self) {
        let names = &self.kernel.names;
        self.limit("bytes of documentation", names.doc.len(), limits::DOC_BYTES_MAX);
        if names.params.len() != self.core.signature.params.len() {
            let (got, want) = (names.params.len(), self.core.signature.params.len());
            self.malformed(None, format!("{got} parameter names for {want} parameters"));
        }
        if !names.results.is_empty() && names.results.len() != self.core.signature.results.len() {
            let (got, want) = (names.results.len(), self.core.signature.results.len());
            self.malformed(None, format!("{got} result names for {want} results"));
        }
        for name in [&names.kernel].into_iter().chain(&names.params).chain(&names.results) {
            self.limit("bytes of a name", name.len(), limits::NAME_BYTES_MAX);
            if name.is_empty() {
                self.malformed(None, "a name is empty".to_string());
            }
        }
    }

    fn check_source(&mut self) {
        let Some(source) = &self.kernel.source else { return };
        let end = source.text.len() as u32;
        if source.spans.len() != self.core.values.len() || source.spans.iter().any(|s| s.start > s.end || s.end > end) {
            self.malformed(None, "spans do not match the values or the text".to_string());
        }
    }

    /// The type of `arg` if a user at `user` may name it, else a finding.
    fn visible(&mut self, user: ValueId, arg: ValueId) -> Option<Type> {
        if arg >= user {
            self.malformed(Some(user), format!("uses {arg}, which does not stand before it"));
            return None;
        }
        if self.frames.iter().any(|frame| frame.owner == Some(arg)) {
            self.malformed(Some(user), format!("uses {arg} inside its own region"));
            return None;
        }
        let home = self.home.get(arg.index()).copied();
        if home.is_none_or(|serial| self.open.get(serial) != Some(&true)) {
            self.malformed(Some(user), format!("uses {arg}, whose region has ended"));
            return None;
        }
        self.core.values.get(arg.index()).map(|v| v.ty)
    }

    fn limit(&mut self, what: &str, got: usize, max: usize) {
        let message = format!("kernel has {got} {what}, the limit is {max}");
        if got > max && self.found.iter().all(|d| d.message != message) {
            self.found.push(
                Diagnostic::unplaced(Code::KernelTooLarge, message)
                    .help("split the kernel, or move part of the work into another column"),
            );
        }
    }

    fn malformed(&mut self, id: Option<ValueId>, what: String) {
        let message = match id {
            Some(id) => format!("{id}: {what}"),
            None => what,
        };
        let span = id.and_then(|id| self.kernel.source.as_ref()?.spans.get(id.index()).copied());
        let diagnostic = Diagnostic::unplaced(Code::Malformed, message);
        self.found.push(Diagnostic { span, ..diagnostic });
    }
}
