//! Written types.

use filbert_ir::{Code, Diagnostic, Type};

use super::Reader;
use crate::ast::TypeNote;
use crate::names;

/// The time types, and whether they have a unit.
pub(crate) const TIMES: [(&str, bool); 5] =
    [("Date32", false), ("Date64", false), ("Time", true), ("Timestamp", true), ("Duration", true)];

impl<'t> Reader<'t, '_> {
    pub(super) fn note(&mut self, ty: &syn::Type) -> TypeNote<'t> {
        match ty {
            syn::Type::Paren(inner) => self.note(&inner.elem),
            syn::Type::Group(inner) => self.note(&inner.elem),
            syn::Type::Infer(_) => TypeNote::Infer,
            syn::Type::Tuple(tuple) => TypeNote::Tuple(tuple.elems.iter().map(|ty| self.note(ty)).collect()),
            syn::Type::Array(array) => {
                let elem = Box::new(self.note(&array.elem));
                TypeNote::Array { elem, len: self.expr(&array.len) }
            }
            syn::Type::Reference(of) => self.reference(of),
            syn::Type::Path(path) => self.named(path),
            syn::Type::ImplTrait(_) if function(ty).is_some() => self.function_note(ty),
            other => {
                self.reject_type(other);
                TypeNote::Error
            }
        }
    }

    fn reference(&mut self, of: &syn::TypeReference) -> TypeNote<'t> {
        let mutable = of.mutability.is_some();
        match &*of.elem {
            syn::Type::Slice(slice) => TypeNote::Slice { elem: Box::new(self.note(&slice.elem)), mutable },
            syn::Type::Path(path) if path.path.is_ident("str") => {
                self.reject_reference(of);
                TypeNote::Error
            }
            syn::Type::Array(_) | syn::Type::Path(_) | syn::Type::Reference(_) | syn::Type::Tuple(_) => {
                TypeNote::Ref { of: Box::new(self.note(&of.elem)), mutable }
            }
            _ => {
                self.reject_reference(of);
                TypeNote::Error
            }
        }
    }

    fn named(&mut self, path: &syn::TypePath) -> TypeNote<'t> {
        let Some(last) = path.path.segments.last() else { return TypeNote::Error };
        let name = self.name(&last.ident);
        let plain = path.qself.is_none() && path.path.get_ident().is_some();
        if let Some(ty) = names::scalar_type(name.text)
            && (plain || self.is_primitive_path(&path.path))
        {
            return TypeNote::Scalar(ty);
        }
        let is_one = path.qself.is_none() && path.path.segments.len() == 1 && path.path.leading_colon.is_none();
        let args = self.type_arguments(last);
        match (name.text, args.as_slice()) {
            ("Option", [of]) if is_option(path) => TypeNote::Option(Box::new(self.note(of))),
            ("Option", _) if is_option(path) => {
                let span = self.spanned(path);
                let message = "`Option` needs the type of what it holds".to_string();
                self.report(Diagnostic::new(Code::UnknownType, span, message).help("for example `Option<f64>`"));
                TypeNote::Error
            }
            (text, []) if is_one && self.structs.contains(&text) => TypeNote::Named { name, unit: None },
            (text, []) if is_one && self.generics.iter().any(|(generic, _)| generic == text) => {
                match self.type_of_param(text) {
                    Some(ty) => TypeNote::Scalar(ty),
                    None => TypeNote::Named { name, unit: None },
                }
            }
            (text, units) if is_one && TIMES.iter().any(|(time, _)| *time == text) => {
                let unit = match units {
                    [syn::Type::Path(unit)] => unit.path.get_ident().map(|unit| self.name(unit)),
                    _ => None,
                };
                TypeNote::Named { name, unit }
            }
            _ => {
                self.reject_type_name(path, name.text);
                TypeNote::Error
            }
        }
    }

    pub(super) fn type_arguments<'s>(&self, segment: &'s syn::PathSegment) -> Vec<&'s syn::Type> {
        let syn::PathArguments::AngleBracketed(args) = &segment.arguments else { return Vec::new() };
        let types = args.args.iter().filter_map(|arg| match arg {
            syn::GenericArgument::Type(ty) => Some(ty),
            _ => None,
        });
        types.collect()
    }

    /// `std::primitive::f64`.
    fn is_primitive_path(&self, path: &syn::Path) -> bool {
        let mut segments = path.segments.iter();
        let root = segments.next().is_some_and(|s| s.ident == "std" || s.ident == "core");
        root && segments.next().is_some_and(|s| s.ident == "primitive") && segments.count() == 1
    }

    /// The type of a place whose type rustc wants to see in full: `what` it is the type of.
    pub(super) fn written(&mut self, ty: &syn::Type, what: &str) -> TypeNote<'t> {
        let note = self.note(ty);
        if !note.is_open() {
            return note;
        }
        let span = self.spanned(ty);
        self.report(Diagnostic::new(Code::UnknownType, span, format!("the type of {what} must be written out")));
        TypeNote::Error
    }

    /// What a type parameter is in the instance being read.
    pub(super) fn type_of_param(&self, name: &str) -> Option<Type> {
        self.generics.iter().find(|(generic, _)| generic == name).and_then(|&(_, ty)| ty)
    }

    /// `impl Fn(f64) -> f64`
    fn function_note(&mut self, ty: &syn::Type) -> TypeNote<'t> {
        let Some(args) = function(ty) else { return TypeNote::Error };
        let params = args.inputs.iter().map(|ty| self.note(ty)).collect();
        let result = match &args.output {
            syn::ReturnType::Type(_, ty) => self.note(ty),
            syn::ReturnType::Default => TypeNote::Tuple(Vec::new()),
        };
        TypeNote::Function { params, result: Box::new(result) }
    }
}

/// `Option`, `std::option::Option`.
fn is_option(path: &syn::TypePath) -> bool {
    let names: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    path.qself.is_none() && matches!(names.as_slice(), ["Option"] | ["std" | "core", "option", "Option"])
}

/// The types in `impl Fn(f64) -> f64`.
pub(super) fn function(ty: &syn::Type) -> Option<&syn::ParenthesizedGenericArguments> {
    let syn::Type::ImplTrait(of) = ty else { return None };
    let bound = of.bounds.iter().find_map(|bound| match bound {
        syn::TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    })?;
    match &bound.arguments {
        syn::PathArguments::Parenthesized(args) if bound.ident == "Fn" => Some(args),
        _ => None,
    }
}
