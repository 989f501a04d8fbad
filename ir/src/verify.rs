//! The rules that every kernel keeps, and the only maker of a `VerifiedKernel`.
//!
//! One iterative pass over the table that reports what it finds (up to `FINDINGS_MAX`) and panics on no
//! input. Later stages trust a verified kernel and do not check again. The rules, with their places:
//!
//! `signature.rs`, before any value is looked at:
//!
//! 1. the semantics version is the one this build knows;
//! 2. the limits of `limits.rs` hold (values, blocks, nesting, parameters, results, yields, names, tables,
//!    fuel, bytes in wire form);
//! 3. lists and tables have numbers as elements; a list's `inner` and fixed length are 1 or more and their
//!    product fits Arrow's i32; a fixed result has 1 to `FIXED_LEN_MAX` elements; a length names list
//!    parameters in rising order;
//! 4. a table is whole elements;
//! 5. there is a result; `returns` are the entries that the results ask for, of their types, visible at the
//!    end of the body;
//! 6. names: one for each parameter, one for each result or none, none of them empty or too long;
//! 7. a source has a span for each value, inside its text;
//!
//! `value.rs`:
//!
//! 8. the slots of the signature are the first values, numbered in order, of their types, and no other value
//!    is one;
//! 9. a constant has no bits beyond the width of its type;
//! 10. an operation has the operand count and types that its row asks for, and the type that follows;
//! 11. an output names an `if` or `loop` of its own region and one of its results from 1 up, and has its type;
//! 12. a loop has the type of its first initial value; its carried values are the first values of its region,
//!     numbered in order, of the types of the initial values, and no other value is one;
//! 13. a load or store names memory that is there (a store: a list result), an index that is a u64, and has
//!     the type of the elements; a store is a bool;
//!
//! this file:
//!
//! 14. an operand has a smaller id than its user and is visible: it stands in the user's region or in one
//!     around it that has not ended, and does not own a region around the user;
//! 15. regions are consecutive, directly behind their owner, and inside the region around it; the condition
//!     of an `if` is a bool;
//! 16. both regions of an `if` yield the same number (one or more) of visible values of the same types, the
//!     first of which is the type of the `if`; a loop's region yields a bool and then the carried types.

mod signature;
mod value;

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::kernel::{Core, Def, Kernel, Region, ValueId, VerifiedKernel};
use crate::limits;
use crate::types::Type;
use crate::wire;

/// Findings that are kept; a kernel with more is not worth more words.
const FINDINGS_MAX: usize = 100;

/// Checks every rule. On success the kernel gets its id; otherwise all findings come back together.
pub fn verify(kernel: Kernel) -> Result<VerifiedKernel, Diagnostics> {
    let mut verifier = Verifier::new(&kernel);
    verifier.check_sizes();
    if verifier.found.is_empty() {
        verifier.check_signature();
        verifier.check_tables();
    }
    if verifier.found.is_empty() {
        verifier.check_values();
        verifier.check_returns();
    }
    verifier.check_names();
    verifier.check_source();
    if verifier.found.is_empty() {
        let (id, bytes) = wire::seal(&kernel);
        verifier.limit("bytes in wire form", bytes, limits::WIRE_BYTES_MAX);
        if verifier.found.is_empty() {
            return Ok(VerifiedKernel::from_checked(kernel, id));
        }
    }
    let found = verifier.found;
    Err(match &kernel.source {
        Some(source) => Diagnostics::new(found, source.name.clone(), source.text.clone()),
        None => Diagnostics::without_text(found),
    })
}

/// Which region of its owner.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The whole table; it has no owner.
    Body,
    Then,
    Otherwise,
    Loop,
}

/// A region that has begun and not ended.
#[derive(Clone, Copy)]
struct Frame {
    /// The `if` or `loop`; none for the body.
    owner: Option<ValueId>,
    part: Part,
    /// First value.
    start: usize,
    /// One past the last value.
    end: usize,
    /// Number of the region in order of opening; values carry it.
    serial: usize,
    /// Loops around its values.
    loops: usize,
}

struct Verifier<'a> {
    kernel: &'a Kernel,
    core: &'a Core,
    found: Vec<Diagnostic>,
    /// Types of the slots.
    slots: Vec<Type>,
    /// Regions around the current value, outermost first; the body is always there.
    frames: Vec<Frame>,
    /// By region serial: whether the region has not ended.
    open: Vec<bool>,
    /// By value: serial of its region.
    home: Vec<usize>,
    /// By value: whether the current value stands in one of its regions.
    encloses: Vec<bool>,
}

impl<'a> Verifier<'a> {
    fn new(kernel: &'a Kernel) -> Verifier<'a> {
        Verifier {
            kernel,
            core: &kernel.core,
            found: Vec::new(),
            slots: Vec::new(),
            frames: Vec::new(),
            open: Vec::new(),
            home: Vec::new(),
            encloses: Vec::new(),
        }
    }

    fn check_values(&mut self) {
        let core = self.core;
        self.slots = core.slot_types();
        self.encloses = vec![false; core.values.len()];
        self.open_region(None, Part::Body, 0, core.values.len());
        for (index, value) in core.values.iter().enumerate() {
            self.close_regions(index);
            let id = ValueId(index as u32);
            self.check_value(id, value);
            self.home.push(self.frame().serial);
            match &value.def {
                Def::If { then, otherwise, .. } if self.check_if_ranges(id, then, otherwise) => {
                    self.open_region(Some(id), Part::Then, then.start.index(), then.end.index());
                }
                Def::Loop { inits, body } if self.check_loop_range(id, inits.len(), body) => {
                    self.open_region(Some(id), Part::Loop, body.start.index(), body.end.index());
                }
                _ => {}
            }
        }
        self.close_regions(core.values.len());
    }

    /// The region of the current value.
    fn frame(&self) -> Frame {
        let whole = Frame { owner: None, part: Part::Body, start: 0, end: 0, serial: 0, loops: 0 };
        self.frames.last().copied().unwrap_or(whole)
    }

    fn open_region(&mut self, owner: Option<ValueId>, part: Part, start: usize, end: usize) {
        let loops = self.frame().loops + usize::from(part == Part::Loop);
        self.frames.push(Frame { owner, part, start, end, serial: self.open.len(), loops });
        self.open.push(true);
        self.set_encloses(owner, true);
        if self.frames.len() == limits::NESTING_MAX + 2 {
            self.limit("nested regions", limits::NESTING_MAX + 1, limits::NESTING_MAX);
        }
        if part == Part::Loop && loops == limits::LOOPS_NESTED_MAX + 1 {
            self.limit("nested loops", loops, limits::LOOPS_NESTED_MAX);
        }
    }

    /// Ends every region that ends before value `index`: checks its yields, then goes on to the `else`.
    fn close_regions(&mut self, index: usize) {
        let core = self.core;
        loop {
            let frame = self.frame();
            let Some(owner) = frame.owner.filter(|_| frame.end == index) else { return };
            let def = core.values.get(owner.index()).map(|value| &value.def);
            match (def, frame.part) {
                (Some(Def::If { then, .. }), Part::Then) => self.check_if_yields(owner, then, None),
                (Some(Def::If { then, otherwise, .. }), Part::Otherwise) => {
                    self.check_if_yields(owner, otherwise, Some(then));
                }
                (Some(Def::Loop { inits, body }), Part::Loop) => self.check_loop_yields(owner, inits, body),
                _ => {}
            }
            self.frames.pop();
            self.open[frame.serial] = false;
            self.set_encloses(Some(owner), false);
            if let (Some(Def::If { otherwise, .. }), Part::Then) = (def, frame.part) {
                self.open_region(Some(owner), Part::Otherwise, otherwise.start.index(), otherwise.end.index());
            }
        }
    }

    fn set_encloses(&mut self, owner: Option<ValueId>, whether: bool) {
        if let Some(place) = owner.and_then(|id| self.encloses.get_mut(id.index())) {
            *place = whether;
        }
    }

    /// Whether the regions of an `if` lie where they must.
    fn check_if_ranges(&mut self, id: ValueId, then: &Region, otherwise: &Region) -> bool {
        let (a, b, c) = (then.start.index(), then.end.index(), otherwise.end.index());
        let is_behind = a == id.index() + 1 && otherwise.start == then.end;
        let ok = is_behind && a <= b && b <= c && c <= self.frame().end;
        if !ok {
            self.malformed(Some(id), "regions of the if are not directly behind it, or overrun".to_string());
        }
        ok
    }

    /// Whether the region of a loop lies where it must and has room for its carried values.
    fn check_loop_range(&mut self, id: ValueId, carried: usize, body: &Region) -> bool {
        let (start, end) = (body.start.index(), body.end.index());
        let ok = start == id.index() + 1 && end <= self.frame().end && start.saturating_add(carried) <= end;
        if !ok {
            self.malformed(Some(id), "the region of the loop is not directly behind it, or overruns".to_string());
        }
        ok
    }

    fn check_if_yields(&mut self, id: ValueId, region: &Region, other: Option<&Region>) {
        let tys = self.yield_types(region);
        let of = self.core.values.get(id.index()).map(|value| value.ty);
        if let (Some(Some(first)), Some(ty)) = (tys.first(), of)
            && *first != ty
        {
            self.malformed(Some(id), format!("the if is {ty} but a region yields {first}"));
        }
        if tys.is_empty() {
            self.malformed(Some(id), "a region yields nothing".to_string());
        }
        let Some(other) = other else { return };
        let others =
            other.yields.iter().take(limits::YIELDS_MAX).map(|y| self.core.values.get(y.index()).map(|v| v.ty));
        let differ = |(a, b): (Option<Type>, &Option<Type>)| a.is_some() && b.is_some() && a != *b;
        if other.yields.len() != region.yields.len() || others.zip(&tys).any(differ) {
            self.malformed(Some(id), "the regions of the if yield different types".to_string());
        }
    }

    fn check_loop_yields(&mut self, id: ValueId, inits: &[ValueId], body: &Region) {
        let tys = self.yield_types(body);
        let carried = inits.iter().map(|init| self.core.values.get(init.index()).map(|v| v.ty));
        let wanted: Vec<Option<Type>> = [Some(Type::Bool)].into_iter().chain(carried).collect();
        if body.yields.len() != wanted.len() {
            let (want, got) = (wanted.len(), body.yields.len());
            return self.malformed(Some(id), format!("the loop yields {got} values, expected {want}"));
        }
        for (place, (want, got)) in wanted.into_iter().zip(tys).enumerate() {
            if let (Some(want), Some(got)) = (want, got)
                && want != got
            {
                self.malformed(Some(id), format!("yield {place} of the loop is {got}, expected {want}"));
            }
        }
    }

    /// Types of what the innermost region yields; none where it is not visible, which is said.
    fn yield_types(&mut self, region: &Region) -> Vec<Option<Type>> {
        self.limit("yields of a region", region.yields.len(), limits::YIELDS_MAX);
        let at = ValueId(self.frame().end as u32);
        region.yields.iter().take(limits::YIELDS_MAX).map(|&y| self.visible(at, y)).collect()
    }

    /// The type of `arg` if a user at `user` may name it, else a finding.
    fn visible(&mut self, user: ValueId, arg: ValueId) -> Option<Type> {
        if arg >= user {
            self.malformed(Some(user), format!("uses {arg}, which does not stand before it"));
            return None;
        }
        if self.encloses.get(arg.index()) == Some(&true) {
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
        if got <= max || self.found.len() >= FINDINGS_MAX {
            return;
        }
        let message = format!("kernel has {got} {what}, the limit is {max}");
        if self.found.iter().all(|d| d.message != message) {
            self.found.push(
                Diagnostic::unplaced(Code::KernelTooLarge, message)
                    .help("split the kernel, or move part of the work into another column"),
            );
        }
    }

    fn malformed(&mut self, id: Option<ValueId>, what: String) {
        if self.found.len() >= FINDINGS_MAX {
            return;
        }
        let message = match id {
            Some(id) => format!("{id}: {what}"),
            None => what,
        };
        let span = id.and_then(|id| self.kernel.source.as_ref()?.spans.get(id.index()).copied());
        let diagnostic = Diagnostic::unplaced(Code::Malformed, message);
        self.found.push(Diagnostic { span, ..diagnostic });
    }
}
