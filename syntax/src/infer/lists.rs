//! The lists that a kernel takes and writes: which parameters are lists, whose lengths must agree, and how
//! long the lists are that it writes.

use filbert_ir::limits::FIXED_LEN_MAX;
use filbert_ir::{Code, Diagnostic, Length, Span};

use super::Infer;
use super::types::{Ty, Types};
use crate::ast::{KernelItem, Param};
use crate::attributes::Dim;

/// A list, as the signature of a kernel has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ListTy {
    /// Type of the elements: a scalar, or an array of them for a list of two dimensions.
    pub(crate) elem: Ty,
    /// Rows that it must have, if that is fixed.
    pub(crate) len: Option<u64>,
    /// Whether the kernel writes it.
    pub(crate) is_out: bool,
}

/// The list that a parameter of this type is; by value an array is one too.
pub(crate) fn list_of(types: &Types, ty: Ty) -> Option<ListTy> {
    let (ty, is_out) = match types.resolve(ty) {
        Ty::Slice(slice) => {
            let (elem, is_out) = types.slice_of(slice);
            return Some(ListTy { elem, len: None, is_out });
        }
        Ty::Ref(of) => types.ref_of(of),
        other => (other, false),
    };
    match types.resolve(ty) {
        Ty::Array(array) => {
            let (elem, len) = types.array_of(array);
            Some(ListTy { elem, len: Some(len), is_out })
        }
        _ => None,
    }
}

/// A length that is known when the kernel starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Extent {
    /// Rows of the list that this parameter is.
    Rows(usize),
    Known(u64),
}

/// What a kernel's lists must look like.
#[derive(Clone, Default, Debug)]
pub(crate) struct Lists {
    /// Lengths that must be equal, and where the second one is written.
    pub(crate) same: Vec<(Extent, Extent, Span)>,
    /// The length of each list that the kernel writes.
    pub(crate) out: Vec<Length>,
}

const WRITES: &str = "a list that is written is a parameter `out: &mut [f64]`";

impl<'a, 't> Infer<'a, 't> {
    /// Checks the parameters of a kernel, whose types are those of their variables.
    pub(super) fn lists(&mut self, kernel: &'a KernelItem<'t>) -> Lists {
        let mut ends = None;
        for param in &kernel.params {
            let ty = self.locals[param.local.0 as usize].ty;
            self.check_param(param, ty);
            let is_out = list_of(&self.out.types, ty).is_some_and(|list| list.is_out);
            match ends {
                None if is_out => ends = Some(param),
                Some(out) if !is_out && !self.out.types.is_error(ty) => {
                    let message = format!("parameter `{}` behind the list `{}`", param.name.text, out.name.text);
                    let help = "lists that the kernel writes are the last parameters";
                    self.report(Diagnostic::new(Code::Unsupported, param.name.span, message).help(help));
                }
                _ => {}
            }
        }
        let params: Vec<Ty> = kernel.params.iter().map(|param| self.locals[param.local.0 as usize].ty).collect();
        if params.iter().any(|&ty| self.out.types.is_error(ty)) {
            return Lists::default();
        }
        let lists: Vec<Option<ListTy>> = params.iter().map(|&ty| list_of(&self.out.types, ty)).collect();
        let mut found = Lists::default();
        if kernel.attrs.layout.is_some() {
            self.layout(kernel, &lists, &mut found);
        } else {
            self.out_lengths(kernel, &lists, &mut found);
        }
        found
    }

    /// Whether a parameter may be of this type, as far as lists are concerned.
    fn check_param(&mut self, param: &'a Param<'t>, ty: Ty) {
        if self.out.types.is_error(ty) {
            return;
        }
        let types = &self.out.types;
        let (elem, mutable) = match (list_of(types, ty), types.resolve(ty)) {
            (Some(list), _) => match types.resolve(list.elem) {
                Ty::Array(row) => (types.array_of(row).0, list.is_out),
                elem => (elem, list.is_out),
            },
            (None, Ty::Ref(of)) => {
                let (to, mutable) = types.ref_of(of);
                let shown = types.show(to);
                let message = format!("parameter `{}`: a reference to {shown}", param.name.text);
                let help = match mutable {
                    true => "return the value; several are a tuple, `-> (f64, f64)`".to_string(),
                    false => format!("take the value itself: `{}: {shown}`", param.name.text),
                };
                return self.report(Diagnostic::new(Code::Unsupported, param.ty_span, message).help(help));
            }
            _ => return,
        };
        if types.scalar(elem).is_some_and(|ty| ty != filbert_ir::Type::Bool) && matches!(elem, Ty::Scalar(_)) {
            return;
        }
        let shown = types.show(elem);
        let message = format!("parameter `{}`: a list of {shown}", param.name.text);
        let help = match (types.scalar(elem), elem) {
            (Some(_), _) if mutable => "write 0 and 1 to a list of u8",
            (Some(_), _) => "take a list of u8 that holds 0 and 1",
            (None, Ty::Array(_)) => "lists have one or two dimensions: `&[f64]`, `&[[f64; 3]]`",
            (None, Ty::Time(_)) => "take the numbers that it is stored as, for example `&[i64]`",
            (None, Ty::Option(_)) => "a row with a null among the elements is null without being computed",
            _ => "lists hold numbers",
        };
        self.report(Diagnostic::new(Code::UnknownType, param.ty_span, message).help(help));
    }

    /// Whether a kernel may return this type, as far as lists and arrays are concerned.
    pub(super) fn check_list_results(&mut self, kernel: &'a KernelItem<'t>, result: Ty) {
        let types = &self.out.types;
        let columns = match types.resolve(result) {
            Ty::Tuple(tuple) => types.elems(tuple).to_vec(),
            Ty::Struct(of) => types.fields(of).to_vec(),
            _ => vec![result],
        };
        for column in columns {
            let types = &self.out.types;
            let (what, help) = match types.resolve(column) {
                Ty::Slice(_) | Ty::Ref(_) => (types.show(column), WRITES),
                Ty::Array(array) => {
                    let (elem, len) = types.array_of(array);
                    match types.resolve(elem) {
                        Ty::Scalar(ty) if ty != filbert_ir::Type::Bool && len <= u64::from(FIXED_LEN_MAX) => continue,
                        Ty::Scalar(filbert_ir::Type::Bool) => (types.show(column), "return an array of u8"),
                        Ty::Scalar(_) => (types.show(column), WRITES),
                        Ty::Error => continue,
                        _ => (types.show(column), "an array that is returned holds numbers: return it flat"),
                    }
                }
                _ => continue,
            };
            let message = format!("result of `{}`: {what}", kernel.name.text);
            self.report(Diagnostic::new(Code::UnknownType, kernel.result_span, message).help(help));
        }
    }

    /// Lengths from fixed sizes and the attribute `out`.
    fn out_lengths(&mut self, kernel: &'a KernelItem<'t>, lists: &[Option<ListTy>], found: &mut Lists) {
        let mut is_used = false;
        for (param, list) in kernel.params.iter().zip(lists) {
            let Some(list) = list.filter(|list| list.is_out) else { continue };
            let length = match (list.len, &kernel.attrs.out) {
                (Some(len), _) => Length { constant: len as i64, terms: Vec::new() },
                (None, Some(out)) if is_used => {
                    let message = format!("`out` gives the length of one list, and `{}` is another", param.name.text);
                    let help = "write the lengths of all of them: `#[kernel(layout = \"(n)->(n),(n)\")]`";
                    let finding = Diagnostic::new(Code::BadAttribute, param.name.span, message);
                    self.report(finding.note(out.span, "the attribute").help(help));
                    continue;
                }
                (None, Some(out)) => {
                    is_used = true;
                    let mut terms = Vec::new();
                    for &(times, name) in &out.terms {
                        terms.extend(self.length_term(kernel, lists, name).map(|index| (index, times)));
                    }
                    terms.sort_unstable();
                    Length { constant: out.constant, terms }
                }
                (None, None) => {
                    self.explain_no_length(kernel, lists, param);
                    continue;
                }
            };
            found.out.push(length);
        }
        if let Some(out) = &kernel.attrs.out
            && !is_used
        {
            let message = "`out` without a list that it gives the length of";
            self.report(Diagnostic::new(Code::BadAttribute, out.span, message).help(WRITES));
        }
    }

    /// The parameter whose length is meant.
    fn length_term(
        &mut self,
        kernel: &'a KernelItem<'t>,
        lists: &[Option<ListTy>],
        name: crate::ast::Name<'t>,
    ) -> Option<u32> {
        let index = kernel.params.iter().position(|param| param.name.text == name.text);
        match index {
            Some(index) if lists[index].is_some_and(|list| !list.is_out) => Some(index as u32),
            _ => {
                let names = kernel.params.iter().zip(lists).filter(|(_, list)| list.is_some_and(|list| !list.is_out));
                let names: Vec<&str> = names.map(|(param, _)| param.name.text).collect();
                let message = format!("`len({})`: expected the name of a list parameter", name.text);
                let mut finding = Diagnostic::new(Code::BadAttribute, name.span, message);
                finding.help = match (crate::names::nearest(name.text, names.iter().copied()), names.is_empty()) {
                    (Some(near), _) => Some(format!("did you mean `{near}`?")),
                    (None, false) => Some(format!("the lists are {}", names.join(", "))),
                    (None, true) => None,
                };
                self.report(finding);
                None
            }
        }
    }

    fn explain_no_length(&mut self, kernel: &'a KernelItem<'t>, lists: &[Option<ListTy>], param: &'a Param<'t>) {
        let first = kernel.params.iter().zip(lists).find(|(_, list)| list.is_some_and(|list| !list.is_out));
        let example = match first {
            Some((first, _)) => format!("len({})", first.name.text),
            None => "3".to_string(),
        };
        let message = format!("nothing says how long the list `{}` is", param.name.text);
        let outs = lists.iter().flatten().filter(|list| list.is_out).count();
        let help = if outs > 1 {
            "write the dimensions before the `fn`: `#[kernel(layout = \"(n)->(n),(n)\")]`".to_string()
        } else {
            format!("write `#[kernel(out = \"{example}\")]` before the `fn`, or a fixed length: `&mut [f64; 3]`")
        };
        self.report(Diagnostic::new(Code::BadAttribute, param.ty_span, message).help(help));
    }

    /// Lengths from the attribute `layout`.
    fn layout(&mut self, kernel: &'a KernelItem<'t>, lists: &[Option<ListTy>], found: &mut Lists) {
        let Some(layout) = &kernel.attrs.layout else { return };
        let outs = lists.iter().flatten().filter(|list| list.is_out).count();
        let inputs = lists.len() - outs;
        let returned = self.returned_dims();
        let mut count = |what: &str, want: usize, got: usize| {
            if want != got {
                let message = format!("`layout` has {got} {what}, the kernel has {want}");
                let help = "write `(n)` for a list, `(m,n)` for one of two dimensions, `()` for a scalar";
                self.found.push(Diagnostic::new(Code::BadAttribute, layout.span, message).help(help));
            }
            want == got
        };
        let is_one = count("parameters before `->`", inputs, layout.params.len());
        if !(count("results behind `->`", returned.len() + outs, layout.results.len()) && is_one) {
            return;
        }
        let mut known: Vec<(&'t str, Extent)> = Vec::new();
        for (index, dims) in layout.params.iter().enumerate() {
            let extents = self.extents(lists[index], index);
            if !self.has_dims(dims, extents.len(), kernel.params[index].name.text, layout.span) {
                continue;
            }
            for (dim, extent) in dims.iter().zip(extents) {
                let at = kernel.params[index].name.span;
                let other = match *dim {
                    Dim::Fixed(fixed, _) => Extent::Known(u64::from(fixed)),
                    Dim::Named(name) => match known.iter().find(|(other, _)| *other == name.text) {
                        Some(&(_, other)) => other,
                        None => {
                            known.push((name.text, extent));
                            continue;
                        }
                    },
                };
                self.same(other, extent, at, dim, found);
            }
        }
        for (dims, want) in layout.results.iter().zip(&returned) {
            if self.has_dims(dims, want.len(), "the result", layout.span) {
                for (dim, &extent) in dims.iter().zip(want) {
                    match self.dim(dim, &known) {
                        Some(Extent::Known(len)) if len == extent => {}
                        Some(_) => self.explain_dim(dim, &format!("is {extent} in the result type")),
                        None => {}
                    }
                }
            }
        }
        let outs = kernel.params.iter().zip(lists).skip(inputs);
        for (dims, (param, list)) in layout.results.iter().skip(returned.len()).zip(outs) {
            let extents = self.extents(*list, usize::MAX);
            if !self.has_dims(dims, extents.len(), param.name.text, layout.span) {
                continue;
            }
            for (at, (dim, extent)) in dims.iter().zip(extents).enumerate() {
                let Some(is) = self.dim(dim, &known) else { continue };
                match (extent, is) {
                    (Extent::Known(want), Extent::Known(is)) if want == is => {}
                    (Extent::Known(want), _) => {
                        self.explain_dim(dim, &format!("is {want} in the type of `{}`", param.name.text));
                    }
                    (Extent::Rows(_), _) => {}
                }
                if at == 0 {
                    found.out.push(match (is, extent) {
                        (Extent::Known(len), _) | (_, Extent::Known(len)) => {
                            Length { constant: len as i64, terms: Vec::new() }
                        }
                        (Extent::Rows(of), _) => Length { constant: 0, terms: vec![(of as u32, 1)] },
                    });
                }
            }
        }
    }

    /// The dimensions of what the kernel returns: of each column.
    fn returned_dims(&self) -> Vec<Vec<u64>> {
        let types = &self.out.types;
        let dims = |ty: Ty| match types.resolve(ty) {
            Ty::Array(array) => vec![types.array_of(array).1],
            _ => Vec::new(),
        };
        match self.out.results.last().map(|&ty| types.resolve(ty)) {
            Some(Ty::Tuple(tuple)) => types.elems(tuple).iter().map(|&elem| dims(elem)).collect(),
            Some(Ty::Struct(of)) => types.fields(of).iter().map(|&field| dims(field)).collect(),
            Some(ty) => vec![dims(ty)],
            None => Vec::new(),
        }
    }

    /// The dimensions of a list, those of a scalar none.
    fn extents(&self, list: Option<ListTy>, param: usize) -> Vec<Extent> {
        let Some(list) = list else { return Vec::new() };
        let mut extents = vec![list.len.map_or(Extent::Rows(param), Extent::Known)];
        if let Ty::Array(row) = self.out.types.resolve(list.elem) {
            extents.push(Extent::Known(self.out.types.array_of(row).1));
        }
        extents
    }

    fn has_dims(&mut self, dims: &[Dim<'t>], want: usize, of: &str, span: Span) -> bool {
        if dims.len() == want {
            return true;
        }
        let plural = if want == 1 { "dimension" } else { "dimensions" };
        let message = format!("`layout` gives `{of}` {}, it has {want} {plural}", dims.len());
        let help = "write `(n)` for a list, `(m,n)` for one of two dimensions, `()` for a scalar";
        self.report(Diagnostic::new(Code::BadAttribute, span, message).help(help));
        false
    }

    /// Notes that two extents must be equal, if that is not known.
    fn same(&mut self, a: Extent, b: Extent, at: Span, dim: &Dim<'t>, found: &mut Lists) {
        match (a, b) {
            (Extent::Known(x), Extent::Known(y)) if x != y => {
                self.explain_dim(dim, &format!("is {x} and {y} at once"));
            }
            (Extent::Known(_), Extent::Known(_)) => {}
            _ => found.same.push((a, b, at)),
        }
    }

    /// What a dimension of a result is.
    fn dim(&mut self, dim: &Dim<'t>, known: &[(&'t str, Extent)]) -> Option<Extent> {
        match *dim {
            Dim::Fixed(fixed, _) => Some(Extent::Known(u64::from(fixed))),
            Dim::Named(name) => {
                let extent = known.iter().find(|(other, _)| *other == name.text).map(|&(_, extent)| extent);
                if extent.is_none() {
                    self.explain_dim(dim, "is not a dimension of a parameter");
                }
                extent
            }
        }
    }

    fn explain_dim(&mut self, dim: &Dim<'t>, what: &str) {
        let (text, span) = match *dim {
            Dim::Named(name) => (name.text.to_string(), name.span),
            Dim::Fixed(fixed, span) => (fixed.to_string(), span),
        };
        self.report(Diagnostic::new(Code::BadAttribute, span, format!("`layout`: the dimension {text} {what}")));
    }
}
