//! What kernels do not have: each construct's name, and what to write instead.

use filbert_ir::{Code, Diagnostic, Span, Type};

use super::Reader;
use crate::names;

const LOOPS: &str = "loops are not in this version: write the steps out, or use a closed form";
const ARRAYS: &str = "arrays are not in this version: take one parameter, or keep one variable, for each element";
const OPTIONS: &str =
    "`Option` is not in this version: a row with a null argument gives null without asking the kernel";
const STRINGS: &str = "kernels compute numbers and bools only";
const STRUCTS: &str = "write a tuple, or one variable for each field";
const REFERENCES: &str = "values are copied: pass and use the value itself";
const BESIDE: &str = "write it beside the kernel, as an item of its own";

impl Reader<'_, '_> {
    /// Reports a construct at `span`: its name, and what to write instead.
    pub(super) fn unsupported(&mut self, span: Span, what: &str, instead: &str) {
        let message = format!("a kernel cannot have {what}");
        self.report(Diagnostic::new(Code::Unsupported, span, message).help(instead));
    }

    pub(super) fn reject_expr(&mut self, expr: &syn::Expr) {
        use syn::Expr::*;
        let one_row = "a kernel computes one row, at once: leave it out";
        let (span, what, instead) = match expr {
            Array(e) => (e.bracket_token.span.join(), "an array", ARRAYS),
            Async(e) => (e.async_token.span, "`async`", one_row),
            Await(e) => (e.await_token.span, "`.await`", one_row),
            Break(e) => (e.break_token.span, "`break`", LOOPS),
            Closure(e) => (e.or1_token.spans[0], "a closure", "write a second kernel, `fn`, and call it"),
            Const(e) => (e.const_token.span, "a `const` block", "write `const NAME: f64 = ...;`"),
            Continue(e) => (e.continue_token.span, "`continue`", LOOPS),
            ForLoop(e) => (e.for_token.span, "a `for` loop", LOOPS),
            Index(e) => (e.bracket_token.span.join(), "indexing", ARRAYS),
            Infer(e) => (e.underscore_token.spans[0], "`_` as a value", "write the value"),
            Let(e) => {
                self.forgive(&e.pat);
                let instead = if is_option(&e.pat) { OPTIONS } else { "compare with `==` in an `if`" };
                (e.let_token.span, "`if let`", instead)
            }
            Loop(e) => (e.loop_token.span, "a `loop`", LOOPS),
            Macro(e) => return self.reject_macro(&e.mac),
            Match(e) => (e.match_token.span, "`match`", "`match` is not in this version: write `if` and `else if`"),
            Range(e) => {
                let span = self.spanned(&e.limits);
                return self.unsupported(span, "a range", "compare with the ends: `lo <= x && x < hi`");
            }
            RawAddr(e) => (e.and_token.span, "a raw address", REFERENCES),
            Reference(e) => (e.and_token.span, "a reference", REFERENCES),
            Repeat(e) => (e.bracket_token.span.join(), "an array", ARRAYS),
            Struct(e) => (e.path.segments[0].ident.span(), "a struct value", STRUCTS),
            Try(e) => (e.question_token.span, "`?`", OPTIONS),
            TryBlock(e) => (e.try_token.span, "a `try` block", OPTIONS),
            Unsafe(e) => (e.unsafe_token.span, "`unsafe`", "nothing in a kernel needs it: leave it out"),
            While(e) => (e.while_token.span, "a `while` loop", LOOPS),
            Yield(e) => (e.yield_token.span, "`yield`", "a kernel returns one result for each row"),
            other => {
                let span = self.spanned(other);
                return self.unsupported(span, "this expression", "see the list of expressions in docs/language.md");
            }
        };
        let span = self.span(span);
        self.unsupported(span, what, instead);
    }

    /// `return` anywhere but at the end of the body.
    pub(super) fn reject_early_return(&mut self, expr: &syn::ExprReturn) {
        let span = self.span(expr.return_token.span);
        self.unsupported(
            span,
            "an early `return`",
            "make the rest of the body the `else`: `if done { a } else { ... b }`",
        );
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
            "panic" | "assert" | "assert_eq" | "assert_ne" | "todo" | "unreachable" | "unimplemented" => {
                "a kernel cannot fail on purpose in this version: return NaN, or a second bool result"
            }
            "debug_assert" | "dbg" | "print" | "println" | "eprintln" | "format" | "write" => {
                "a kernel has no output but its results: return what you want to see"
            }
            "vec" => ARRAYS,
            "matches" => "compare with `==` and `||`",
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
            Static(e) => {
                let name = self.name(&e.ident).text;
                self.tree.forgiven.push(name);
                (e.static_token.span, "a `static`", "write `const`")
            }
            Struct(e) => (e.struct_token.span, "a struct", STRUCTS),
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

    pub(super) fn reject_pattern(&mut self, pat: &syn::Pat) {
        use syn::Pat::*;
        let compare = "bind a name and compare it in an `if`";
        let (what, instead) = match pat {
            Ident(p) if p.by_ref.is_some() => ("a `ref` pattern", REFERENCES),
            Ident(_) => ("an `@` pattern", compare),
            Lit(_) | Const(_) | Path(_) => ("a constant as a pattern", compare),
            Macro(_) => ("a macro as a pattern", compare),
            Or(_) => ("a pattern with alternatives", compare),
            Range(_) => ("a range as a pattern", compare),
            Reference(_) => ("a reference pattern", REFERENCES),
            Rest(_) => ("`..` in a pattern", "name each element, or write `_` for it"),
            Slice(_) => ("a slice pattern", ARRAYS),
            Struct(_) => ("a struct pattern", STRUCTS),
            TupleStruct(_) if is_option(pat) => ("an `Option` or `Result` pattern", OPTIONS),
            TupleStruct(_) => ("a struct pattern", STRUCTS),
            _ => ("this pattern", "bind a name, `_`, or a tuple of them"),
        };
        let span = self.spanned(pat);
        self.unsupported(span, what, instead);
    }

    pub(super) fn reject_type(&mut self, ty: &syn::Type) {
        use syn::Type::*;
        let (what, instead) = match ty {
            Array(_) | Slice(_) => ("an array type", ARRAYS),
            Reference(inner) if matches!(*inner.elem, Slice(_) | Array(_)) => ("a slice type", ARRAYS),
            Reference(inner) => match &*inner.elem {
                Path(path) if path.path.is_ident("str") => ("a string type", STRINGS),
                _ => ("a reference type", REFERENCES),
            },
            Ptr(_) => ("a pointer type", REFERENCES),
            BareFn(_) => ("a function type", "call the kernel by its name"),
            ImplTrait(_) | TraitObject(_) => ("a trait type", "name a scalar type, for example `f64`"),
            Never(_) => ("the type `!`", "a kernel always returns"),
            _ => ("this type", "name a scalar type, for example `f64`"),
        };
        let span = self.spanned(ty);
        self.unsupported(span, what, instead);
    }

    pub(super) fn reject_type_name(&mut self, path: &syn::TypePath, ident: &str) {
        let span = self.spanned(path);
        match ident {
            "Option" | "Result" => return self.unsupported(span, &format!("the type `{ident}`"), OPTIONS),
            "Vec" | "Box" | "Rc" | "Arc" => return self.unsupported(span, &format!("the type `{ident}`"), ARRAYS),
            "String" | "str" | "char" => return self.unsupported(span, &format!("the type `{ident}`"), STRINGS),
            _ => {}
        }
        let help = match ident {
            "usize" | "isize" => {
                "results may not depend on the machine: write `u64` or `i64`, or another size".to_string()
            }
            "i128" | "u128" => "the widest integers are `i64` and `u64`".to_string(),
            "f16" | "f128" => "floats are `f32` and `f64`".to_string(),
            "double" | "float" | "Float" | "Double" | "real" => "floats are `f32` and `f64`".to_string(),
            "int" | "integer" | "long" => "integers are `i8` to `i64` and `u8` to `u64`".to_string(),
            "boolean" | "Boolean" => "write `bool`".to_string(),
            _ => match names::nearest(ident, Type::ALL.iter().map(|ty| ty.name())) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "the types are bool, i8 to i64, u8 to u64, f32 and f64".to_string(),
            },
        };
        self.report(Diagnostic::new(Code::UnknownType, span, format!("unknown type `{ident}`")).help(help));
    }

    /// The documentation among the attributes of a `fn`; reports those that mean nothing.
    pub(super) fn fn_attributes(&mut self, attributes: &[syn::Attribute]) -> String {
        let mut lines = Vec::new();
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
                meta if last == "kernel" && known_root => self.kernel_attribute(meta),
                _ => self.outer_attribute(attribute),
            }
        }
        clean_doc(&lines)
    }

    /// `#[kernel(...)]`: the path that the macro takes is nobody's business here.
    fn kernel_attribute(&mut self, meta: &syn::Meta) {
        let syn::Meta::List(list) = meta else { return self.bad_kernel_argument(meta) };
        let args = list.parse_args_with(syn::punctuated::Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated);
        let Ok(args) = args else { return self.bad_kernel_argument(meta) };
        for arg in args.iter().filter(|arg| !arg.path().is_ident("crate")) {
            self.bad_kernel_argument(arg);
        }
    }

    fn bad_kernel_argument(&mut self, arg: &syn::Meta) {
        let span = self.spanned(arg);
        let name = self.tree.slice(span).to_string();
        let message = format!("unknown argument of #[kernel]: `{name}`");
        self.report(Diagnostic::new(Code::BadAttribute, span, message).help(names::KERNEL_ARGUMENTS));
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

    pub(super) fn bad_attribute(&mut self, attribute: &syn::Attribute) {
        let span = self.spanned(attribute);
        let name = self.spanned(attribute.path());
        let message = format!("unknown attribute `{}`", self.tree.slice(name));
        let help = "kernels know `#[kernel]`, doc comments, and lint attributes such as `#[allow(...)]`";
        self.report(Diagnostic::new(Code::BadAttribute, span, message).help(help));
    }
}

/// `Some(..)`, `Ok(..)`, `Err(..)`.
fn is_option(pat: &syn::Pat) -> bool {
    let syn::Pat::TupleStruct(pat) = pat else { return false };
    pat.path.segments.last().is_some_and(|s| s.ident == "Some" || s.ident == "Ok" || s.ident == "Err")
}

/// One space after `///` belongs to the comment, not to the text.
fn clean_doc(lines: &[String]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    lines.join("\n").trim().to_string()
}
