//! What kernels do not have: each construct's name, and what to write instead.

use filbert_ir::{Code, Diagnostic, Span, Type};

use syn::punctuated::Punctuated;

use super::Reader;
use crate::ast::Name;
use crate::attributes::{self, Argument, Attributes};
use crate::warnings::Lint;
use crate::{habits, names};

const ARRAYS: &str = "a list parameter is `x: &[f64]`, a list result is a last parameter `out: &mut [f64]`, and a local array \
                      has a fixed length: `[0.0; 4]`";
const STRINGS: &str = "kernels compute numbers and bools only";
const STRUCTS: &str = "write a tuple, or one variable for each field";
const REFERENCES: &str = "values are copied: pass and use the value itself";
const BESIDE: &str = "write it beside the kernel, as an item of its own";

impl<'t> Reader<'t, '_> {
    /// Reports a construct at `span`: its name, and what to write instead.
    pub(super) fn unsupported(&mut self, span: Span, what: &str, instead: &str) {
        let message = format!("a kernel cannot have {what}");
        self.report(Diagnostic::new(Code::Unsupported, span, message).help(instead));
    }

    pub(super) fn reject_expr(&mut self, expr: &syn::Expr) {
        use syn::Expr::*;
        let one_row = "a kernel computes one row, at once: leave it out";
        let (span, what, instead) = match expr {
            Async(e) => (e.async_token.span, "`async`", one_row),
            Await(e) => (e.await_token.span, "`.await`", one_row),
            Const(e) => (e.const_token.span, "a `const` block", "write `const NAME: f64 = ...;`"),
            Infer(e) => (e.underscore_token.spans[0], "`_` as a value", "write the value"),
            RawAddr(e) => (e.and_token.span, "a raw address", REFERENCES),
            TryBlock(e) => (e.try_token.span, "a `try` block", "write a closure, or a kernel of its own"),
            Unsafe(e) => (e.unsafe_token.span, "`unsafe`", "nothing in a kernel needs it: leave it out"),
            Yield(e) => (e.yield_token.span, "`yield`", "a kernel returns one result for each row"),
            other => {
                let span = self.spanned(other);
                return self.unsupported(span, "this expression", "see the list of expressions in docs/language.md");
            }
        };
        let span = self.span(span);
        self.unsupported(span, what, instead);
    }

    pub(super) fn reject_literal(&mut self, lit: &syn::Lit) {
        let (what, instead) = match lit {
            syn::Lit::Str(_) | syn::Lit::ByteStr(_) | syn::Lit::CStr(_) => ("a string", STRINGS),
            syn::Lit::Char(_) => ("a character", "write its number, for example `65u32`"),
            _ => ("this literal", STRINGS),
        };
        let span = self.span(lit.span());
        self.unsupported(span, what, instead);
    }

    pub(super) fn reject_macro(&mut self, mac: &syn::Macro) {
        let name = mac.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
        let instead = match name.as_str() {
            "dbg" | "print" | "println" | "eprintln" | "format" | "write" => {
                "a kernel has no output but its results: return what you want to see"
            }
            "vec" => "a local array has a fixed length: `[0.0; 4]`",
            _ => "macros are not expanded: write out what it stands for",
        };
        let span = self.spanned(&mac.path);
        self.unsupported(span, &format!("the macro `{name}!`"), instead);
    }

    pub(super) fn reject_item(&mut self, item: &syn::Item) {
        use syn::Item::*;
        let (span, what, instead) = match item {
            Const(e) => (e.const_token.span, "a constant here", BESIDE),
            Enum(e) => (e.enum_token.span, "an enum", "use integers and name them with `const`"),
            ExternCrate(e) => (e.extern_token.span, "`extern crate`", "kernels stand alone: leave it out"),
            Fn(e) => {
                let name = self.name(&e.sig.ident).text;
                self.tree.forgiven.push(name);
                (e.sig.fn_token.span, "a function inside a function", BESIDE)
            }
            ForeignMod(e) => (e.abi.extern_token.span, "an `extern` block", "kernels call kernels only"),
            Impl(e) => (e.impl_token.span, "an `impl`", "write a plain `fn`"),
            Macro(e) => return self.reject_macro(&e.mac),
            Mod(e) => (e.mod_token.span, "a module", "write its items directly into the text"),
            Static(e) => (e.static_token.span, "a `static` here", BESIDE),
            Struct(e) => return self.reject_struct(e),
            Trait(e) => (e.trait_token.span, "a trait", "write a plain `fn`"),
            TraitAlias(e) => (e.trait_token.span, "a trait", "write a plain `fn`"),
            Type(e) => (e.type_token.span, "a type alias", "write the type itself"),
            Union(e) => (e.union_token.span, "a union", STRUCTS),
            Use(e) => (e.use_token.span, "`use` here", BESIDE),
            other => {
                let span = self.spanned(other);
                return self.unsupported(span, "this item", "a text holds `fn`, `const` and `use`");
            }
        };
        let span = self.span(span);
        self.unsupported(span, what, instead);
    }

    pub(super) fn reject_struct(&mut self, item: &syn::ItemStruct) {
        for attribute in item.attrs.iter().filter(|attribute| !attribute.path().is_ident("derive")) {
            self.outer_attribute(attribute);
        }
        if !item.generics.params.is_empty() {
            let span = self.spanned(&item.generics);
            self.unsupported(span, "a generic struct", "write one struct for each type");
        }
        let (what, span) = match &item.fields {
            syn::Fields::Named(fields) if fields.named.is_empty() => ("a struct without fields", item.ident.span()),
            syn::Fields::Named(_) => return,
            syn::Fields::Unnamed(_) => ("a struct without names for its fields", item.ident.span()),
            syn::Fields::Unit => ("a struct without fields", item.ident.span()),
        };
        let span = self.span(span);
        self.unsupported(span, what, "name each field: `struct Point { x: f64, y: f64 }`");
    }

    pub(super) fn reject_pattern(&mut self, pat: &syn::Pat) {
        use syn::Pat::*;
        let compare = "bind a name and compare it in an `if`";
        let (what, instead) = match pat {
            Ident(p) if p.by_ref.is_some() => ("a `ref` pattern", REFERENCES),
            Const(_) => ("a `const` block as a pattern", compare),
            Macro(_) => ("a macro as a pattern", compare),
            Reference(_) => ("a reference pattern", REFERENCES),
            Rest(_) => ("`..` in a pattern", "name each element, or write `_` for it"),
            TupleStruct(_) if is_result(pat) => ("a `Result` pattern", "use `Option`: `Some` and `None`"),
            TupleStruct(_) | Struct(_) => ("a struct pattern", STRUCTS),
            _ => ("this pattern", "bind a name, `_`, or a tuple of them"),
        };
        let span = self.spanned(pat);
        self.unsupported(span, what, instead);
    }

    pub(super) fn reject_type(&mut self, ty: &syn::Type) {
        use syn::Type::*;
        let (what, instead) = match ty {
            Slice(_) => ("a slice without a reference", "write `&[f64]`"),
            Ptr(_) => ("a pointer type", REFERENCES),
            BareFn(_) => ("a function pointer", "write `impl Fn(f64) -> f64` for a parameter that is a kernel"),
            ImplTrait(_) | TraitObject(_) => {
                ("this trait type", "write `impl Fn(f64) -> f64` for a parameter that is a kernel")
            }
            Never(_) => ("the type `!`", "a kernel always returns"),
            _ => ("this type", "name a scalar type, for example `f64`"),
        };
        let span = self.spanned(ty);
        self.unsupported(span, what, instead);
    }

    pub(super) fn reject_reference(&mut self, ty: &syn::TypeReference) {
        let (what, instead) = match &*ty.elem {
            syn::Type::Path(path) if path.path.is_ident("str") => ("a string type", STRINGS),
            _ => ("a reference type", REFERENCES),
        };
        let span = self.spanned(ty);
        self.unsupported(span, what, instead);
    }

    pub(super) fn reject_type_name(&mut self, path: &syn::TypePath, ident: &str) {
        let span = self.spanned(path);
        match ident {
            "Result" => {
                return self.unsupported(span, "the type `Result`", "use `Option`: a row without a value is null");
            }
            "Vec" | "Box" | "Rc" | "Arc" => return self.unsupported(span, &format!("the type `{ident}`"), ARRAYS),
            "String" | "str" | "char" => return self.unsupported(span, &format!("the type `{ident}`"), STRINGS),
            _ => {}
        }
        let help = match ident {
            "i128" | "u128" => "the widest integers are `i64` and `u64`".to_string(),
            "f16" | "f128" => "floats are `f32` and `f64`".to_string(),
            _ => habits::type_name(ident).unwrap_or_else(|| {
                match names::nearest(ident, Type::ALL.iter().map(|ty| ty.name())) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None if ident.starts_with(|c: char| c.is_uppercase()) => {
                        "a struct must stand in the same text; under `#[kernel]` return a tuple and name its columns: \
                     `#[kernel(fields = \"x, y\")]`"
                            .to_string()
                    }
                    None => "the types are bool, i8 to i64, u8 to u64, f32 and f64".to_string(),
                }
            }),
        };
        self.report(Diagnostic::new(Code::UnknownType, span, format!("unknown type `{ident}`")).help(help));
    }

    /// The documentation among the attributes of a `fn`, and what `#[kernel(...)]` says; reports those that
    /// mean nothing.
    pub(super) fn fn_attributes(&mut self, attributes: &[syn::Attribute]) -> (String, Attributes<'t>) {
        let mut lines = Vec::new();
        let mut arguments = Vec::new();
        for attribute in attributes {
            let path = attribute.path();
            let last = path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
            let known_root = path.segments.len() == 1 || path.segments[0].ident == "filbert";
            match &attribute.meta {
                syn::Meta::NameValue(meta) if path.is_ident("doc") => {
                    if let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(line), .. }) = &meta.value {
                        lines.push(line.value());
                    }
                }
                syn::Meta::Path(_) if last == "kernel" && known_root => {}
                meta if last == "kernel" && known_root => self.kernel_attribute(meta, &mut arguments),
                _ => self.outer_attribute(attribute),
            }
        }
        (clean_doc(&lines), attributes::read(&arguments, self.found))
    }

    /// `#[kernel(...)]`: the path that the macro takes is nobody's business here.
    fn kernel_attribute(&mut self, meta: &syn::Meta, arguments: &mut Vec<Argument<'t>>) {
        let args = match meta {
            syn::Meta::List(list) => list.parse_args_with(Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated),
            other => Err(syn::Error::new_spanned(other, "")),
        };
        let Ok(args) = args else {
            let span = self.spanned(meta);
            let message = format!("arguments of #[kernel]: expected `name = value`, got `{}`", self.tree.slice(span));
            self.report(Diagnostic::new(Code::BadAttribute, span, message).help(attributes::arguments()));
            return;
        };
        for arg in args.iter().filter(|arg| !arg.path().is_ident("crate")) {
            let span = self.spanned(arg.path());
            let name = Name { text: self.tree.slice(span), span };
            let value = match arg {
                syn::Meta::NameValue(arg) => {
                    let span = self.spanned(&arg.value);
                    Some(Name { text: self.tree.slice(span), span })
                }
                _ => None,
            };
            arguments.push((name, value));
        }
    }

    /// Attributes that change nothing about results are passed over; others would be a promise not kept.
    pub(super) fn outer_attribute(&mut self, attribute: &syn::Attribute) {
        let path = attribute.path();
        let harmless =
            ["doc", "allow", "expect", "warn", "inline", "must_use", "cold", "rustfmt", "clippy", "deprecated"];
        if !harmless.iter().any(|name| path.segments[0].ident == name) {
            self.bad_attribute(attribute);
        }
    }

    /// Keeps the warnings that `#[allow(...)]` or `#[expect(...)]` silences in a part of the text.
    pub(super) fn allow(&mut self, attributes: &[syn::Attribute], span: Span) {
        for attribute in attributes.iter().filter(|a| a.path().is_ident("allow") || a.path().is_ident("expect")) {
            let names = attribute.parse_args_with(Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated);
            for name in names.iter().flatten() {
                let segments: Vec<String> = name.path().segments.iter().map(|s| s.ident.to_string()).collect();
                self.tree.allows.extend(Lint::named(&segments.join("::")).into_iter().map(|lint| (lint, span)));
            }
        }
    }

    pub(super) fn bad_attribute(&mut self, attribute: &syn::Attribute) {
        let span = self.spanned(attribute);
        let name = self.spanned(attribute.path());
        let message = format!("unknown attribute `{}`", self.tree.slice(name));
        let help = "kernels know `#[kernel]`, doc comments, and lint attributes such as `#[allow(...)]`";
        self.report(Diagnostic::new(Code::BadAttribute, span, message).help(help));
    }
}

/// `Ok(..)`, `Err(..)`.
fn is_result(pat: &syn::Pat) -> bool {
    let syn::Pat::TupleStruct(pat) = pat else { return false };
    pat.path.segments.last().is_some_and(|s| s.ident == "Ok" || s.ident == "Err")
}

/// One space after `///` belongs to the comment, not to the text.
fn clean_doc(lines: &[String]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    lines.join("\n").trim().to_string()
}
