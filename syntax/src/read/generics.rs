//! Generic kernels: type parameters with their bounds, and reading one for an instance.

use std::collections::HashMap;

use filbert_ir::{Code, Diagnostic};

use super::{Reader, types};
use crate::ast::Generic;
use crate::generics::{Bound, Instance};

impl<'t> Reader<'t, '_> {
    /// Reads the generic kernels again, once for each instance.
    pub(super) fn instances(&mut self, file: &syn::File, instances: &[Instance]) {
        let mut functions: HashMap<&str, &syn::ItemFn> = HashMap::new();
        for item in &file.items {
            if let syn::Item::Fn(item) = item {
                functions.entry(self.name(&item.sig.ident).text).or_insert(item);
            }
        }
        for (place, instance) in instances.iter().enumerate() {
            let Some(item) = functions.get(instance.kernel.as_str()) else { continue };
            let kernels = instance.functions.iter().map(|name| {
                let kernel = functions.get(name.as_str());
                kernel.map_or("", |item| self.name(&item.sig.ident).text)
            });
            let params = item.sig.inputs.iter().filter_map(function_param);
            self.functions = params.zip(kernels).collect();
            let kernel = self.kernel(item, Some(place));
            self.tree.kernels.push(kernel);
            self.functions.clear();
        }
    }

    /// The type parameters with their bounds, also those behind `where`.
    pub(super) fn type_params(&mut self, generics: &syn::Generics) -> Vec<Generic<'t>> {
        let mut params = Vec::new();
        for param in &generics.params {
            match param {
                syn::GenericParam::Type(param) => params.push(self.type_param(param, generics)),
                syn::GenericParam::Lifetime(param) => {
                    let span = self.spanned(param);
                    self.unsupported(span, "a lifetime", "leave it out: a kernel keeps no references");
                }
                syn::GenericParam::Const(param) => {
                    let span = self.spanned(param);
                    self.unsupported(span, "a constant as a parameter", "write `const N: u64 = ...;`");
                }
            }
        }
        let where_clause = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
        for predicate in where_clause {
            let names_param = |ty: &syn::Type| match ty {
                syn::Type::Path(path) => params.iter().any(|param| path.path.is_ident(param.name.text)),
                _ => false,
            };
            if !matches!(predicate, syn::WherePredicate::Type(of) if names_param(&of.bounded_ty)) {
                let span = self.spanned(predicate);
                self.unsupported(span, "this bound", "write `where T: Float` for a type parameter `T`");
            }
        }
        params
    }

    fn type_param(&mut self, param: &syn::TypeParam, generics: &syn::Generics) -> Generic<'t> {
        let name = self.name(&param.ident);
        let clause = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
        let behind = clause.filter_map(|predicate| match predicate {
            syn::WherePredicate::Type(of) => match &of.bounded_ty {
                syn::Type::Path(path) if path.path.is_ident(&param.ident) => Some(&of.bounds),
                _ => None,
            },
            _ => None,
        });
        let mut bound = None;
        let mut is_reported = false;
        for written in param.bounds.iter().chain(behind.flatten()) {
            let ident = match written {
                syn::TypeParamBound::Trait(of) => of.path.segments.last().map(|segment| segment.ident.to_string()),
                _ => None,
            };
            let ident = ident.unwrap_or_default();
            // What every number is anyway.
            let is_given = ["Copy", "Clone", "PartialOrd", "PartialEq", "Send", "Sync", "Debug", "Default"];
            if let Some(known) = Bound::ALL.into_iter().find(|known| known.name() == ident) {
                // All bounds count, and `Num` says least.
                bound = match (bound, known) {
                    (Some(Bound::Float), Bound::Int) | (Some(Bound::Int), Bound::Float) => {
                        let span = self.spanned(written);
                        let message = format!("no type is both `Float` and `Int`, as `{}` would be", name.text);
                        let finding = Diagnostic::new(Code::UnknownType, span, message);
                        self.report(finding.help("keep one of them, or write `Num` for both kinds of numbers"));
                        is_reported = true;
                        None
                    }
                    (Some(narrow), Bound::Num) => Some(narrow),
                    _ => Some(known),
                };
            } else if !is_given.contains(&ident.as_str()) {
                let span = self.spanned(written);
                let help = match ident.as_str() {
                    "Fn" | "FnMut" | "FnOnce" => "write `f: impl Fn(f64) -> f64` for a parameter that is a kernel",
                    _ => "the bounds are Float (f32, f64), Int (i8 to u64) and Num (both)",
                };
                let message = format!("unknown bound `{}`", self.tree.slice(span));
                self.report(Diagnostic::new(Code::UnknownType, span, message).help(help));
                is_reported = true;
            }
        }
        if bound.is_none() && !is_reported {
            let message = format!("the type parameter `{}` has no bound", name.text);
            let help = format!("write `{0}: Float`, `{0}: Int` or `{0}: Num`", name.text);
            self.report(Diagnostic::new(Code::UnknownType, name.span, message).help(help));
        }
        Generic { name, bound }
    }
}

/// Whether a parameter is a kernel.
pub(crate) fn takes_kernel(arg: &syn::FnArg) -> bool {
    matches!(arg, syn::FnArg::Typed(arg) if types::function(&arg.ty).is_some())
}

/// The name of a parameter of the type `impl Fn(..) -> ..`.
pub(super) fn function_param(arg: &syn::FnArg) -> Option<String> {
    let syn::FnArg::Typed(arg) = arg else { return None };
    let syn::Pat::Ident(name) = &*arg.pat else { return None };
    types::function(&arg.ty).map(|_| name.ident.to_string())
}
