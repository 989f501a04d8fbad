//! `#[kernel]`, all but the proc-macro entry point.
//!
//! ```text
//! #[kernel]                          static f: KernelFn<fn(f64) -> f64> = {
//! fn f(x: f64) -> f64 {                  fn f(x: f64) -> f64 { g(x) * R }
//!     g(x) * R                 =>        static DECLARATION: Declaration = text of f, g, R
//! }                                      KernelFn::new(f, &DECLARATION)
//!                                    };
//! ```
//!
//! The text is compiled here, for its errors only; they become `compile_error!`s at the user's tokens.

mod layout;

use std::sync::{Mutex, PoisonError};

use filbert_ir::Diagnostic;
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;

use crate::front::{self, Compiled, Need};
use crate::links::Links;
use crate::read::takes_kernel;
use layout::{Layout, has_bare_groups, with_parentheses};

/// Expands `#[kernel(args)] item`.
pub fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let (krate, rest, mut errors) = arguments(args);
    let layout = Layout::new(with_arguments(rest, item.clone()));
    let item = if has_bare_groups(item.clone()) { with_parentheses(item, false) } else { item };
    let function: syn::ItemFn = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            let error = match syn::parse2::<syn::Item>(item.clone()) {
                Ok(_) => syn::Error::new_spanned(&item, "`#[kernel]` stands before a `fn`, and nothing else"),
                Err(_) => error,
            };
            errors.push(error);
            return compile_errors(errors);
        }
    };
    if let Some(param) = function.sig.inputs.iter().find(|arg| takes_kernel(arg)) {
        let message = "a kernel that takes a kernel can be called by kernels of its own text only [FB-0002]\n\
                       help: write both in a kernel file";
        errors.push(syn::Error::new_spanned(param, message));
        return compile_errors(errors);
    }
    match compile_text(&layout.text) {
        Ok(compiled) if errors.is_empty() => kernel_static(&function, &krate, &layout, &compiled.wanted),
        Ok(_) => failed(&function, &krate, errors),
        Err(findings) => {
            errors.extend(findings.iter().map(|finding| at_tokens(finding, &layout)));
            failed(&function, &krate, errors)
        }
    }
}

/// The crate through which paths go, the other arguments, which are part of the text, and what is wrong.
fn arguments(args: TokenStream) -> (syn::Path, Vec<syn::Meta>, Vec<syn::Error>) {
    let mut krate = syn::parse_quote!(::filbert);
    let metas = match Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated.parse2(args) {
        Ok(metas) => metas,
        Err(error) => return (krate, Vec::new(), vec![error]),
    };
    let mut rest = Vec::new();
    for meta in metas {
        match meta {
            syn::Meta::NameValue(syn::MetaNameValue { path, value: syn::Expr::Path(value), .. })
                if path.is_ident("crate") =>
            {
                krate = value.path;
            }
            other => rest.push(other),
        }
    }
    (krate, rest, Vec::new())
}

/// The item with the arguments as an attribute where the macro was called: before what stands behind it.
fn with_arguments(args: Vec<syn::Meta>, item: TokenStream) -> TokenStream {
    let Some(first) = args.first() else { return item };
    let at = first.span().start();
    let tokens: Vec<TokenTree> = item.into_iter().collect();
    // Attributes are pairs of tokens, in source order.
    let attributes = tokens.chunks(2).take_while(|pair| matches!(&pair[0], TokenTree::Punct(p) if p.as_char() == '#'));
    let before = attributes.take_while(|pair| pair[0].span().start() < at).count() * 2;
    let (before, behind) = tokens.split_at(before.min(tokens.len()));
    let attribute = quote!(#[kernel(#(#args),*)]);
    before.iter().cloned().chain(attribute).chain(behind.iter().cloned()).collect()
}

/// Runs the front end on text, with spans that count bytes.
///
/// Inside rustc, proc-macro2 would hand the text to the compiler's lexer, whose spans have no place in it.
/// Its own lexer is switched on meanwhile. The switch is one for the whole macro library, hence the lock.
fn compile_text(text: &str) -> Result<Compiled, Vec<Diagnostic>> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    struct Restore;
    impl Drop for Restore {
        fn drop(&mut self) {
            proc_macro2::fallback::unforce();
        }
    }
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let _restore = Restore;
    proc_macro2::fallback::force();
    front::compile(text, "#[kernel]", &Links::Open).map_err(|diagnostics| diagnostics.list)
}

/// A finding as an error at the tokens that it is about.
fn at_tokens(finding: &Diagnostic, layout: &Layout) -> syn::Error {
    let mut message = format!("{} [{}]", finding.message, finding.code);
    let quoted = |range: std::ops::Range<usize>| layout.text.get(range).unwrap_or("").to_string();
    for (span, note) in &finding.notes {
        let text = quoted(span.start as usize..span.end as usize);
        message.push_str(&format!("\nnote: {note}: `{text}`"));
    }
    if let Some(help) = &finding.help {
        message.push_str(&format!("\nhelp: {help}"));
    }
    let (first, last) = match finding.span {
        Some(span) => layout.spans(span.start as usize..span.end as usize),
        None => (Span::call_site(), Span::call_site()),
    };
    // An error takes its place from the first and the last token that it is made with.
    let tokens = [first, last].map(|span| proc_macro2::TokenTree::Ident(proc_macro2::Ident::new("_at", span)));
    syn::Error::new_spanned(tokens.into_iter().collect::<TokenStream>(), message)
}

fn compile_errors(errors: Vec<syn::Error>) -> TokenStream {
    errors.iter().map(syn::Error::to_compile_error).collect()
}

fn kernel_static(function: &syn::ItemFn, krate: &syn::Path, layout: &Layout, wanted: &[Need]) -> TokenStream {
    let syn::ItemFn { attrs, vis, sig, block } = function;
    let private = quote!(#krate::__private);
    let name = &sig.ident;
    let (outer, inner) = split_attributes(attrs);
    let ty = pointer_type(sig);
    let text = &layout.text;
    let name_text = name.to_string();
    let name_text = name_text.strip_prefix("r#").unwrap_or(&name_text);
    let stmts = &block.stmts;

    let mut seen = Vec::new();
    let (mut callees, mut consts) = (Vec::new(), Vec::new());
    for need in wanted {
        if seen.contains(&(need.is_kernel, &need.path)) {
            continue;
        }
        seen.push((need.is_kernel, &need.path));
        let path = &need.path;
        let tokens = layout.tokens(need.span.start as usize..need.span.end as usize);
        // What is no kernel, or no scalar, is rustc's error, at the name.
        let span = tokens.span();
        if need.is_kernel {
            callees.push(quote_spanned!(span=> (#path, &#tokens)));
        } else {
            consts.push(quote_spanned!(span=> (#path, || #private::constant(&#tokens))));
        }
    }
    let declaration = quote! {
        static __FILBERT_DECLARATION: #private::Declaration = #private::Declaration {
            name: #name_text,
            place: ::core::concat!(::core::file!(), ":", ::core::line!()),
            text: #text,
            callees: &[#(#callees),*],
            consts: &[#(#consts),*],
        };
    };
    if is_generic(sig) {
        return quote! {
            #(#outer)*
            #[allow(non_upper_case_globals)]
            #vis static #name: #private::KernelTemplate = {
                #declaration
                #private::KernelTemplate::new(&__FILBERT_DECLARATION)
            };
        };
    }
    quote! {
        #(#outer)*
        #[allow(non_upper_case_globals)]
        #vis static #name: #private::KernelFn<#ty> = {
            #(#inner)*
            #[allow(unstable_name_collisions, unused_parens, clippy::needless_range_loop, clippy::too_many_arguments)]
            #sig {
                #[allow(unused_imports)]
                use #private::{FloatExt as _, KleeneExt as _};
                #(#stmts)*
            }
            #declaration
            #private::KernelFn::new(#name, &__FILBERT_DECLARATION)
        };
    }
}

/// Whether it has type parameters: then there is no plain function.
fn is_generic(sig: &syn::Signature) -> bool {
    sig.generics.type_params().next().is_some()
}

/// The errors, and what keeps others from following: the static without a body, so that its users compile.
fn failed(function: &syn::ItemFn, krate: &syn::Path, errors: Vec<syn::Error>) -> TokenStream {
    let errors = compile_errors(errors);
    let syn::ItemFn { vis, sig, .. } = function;
    let is_plain = sig.generics.lifetimes().next().is_none()
        && sig.generics.const_params().next().is_none()
        && sig.asyncness.is_none()
        && sig.abi.is_none()
        && sig.variadic.is_none()
        && sig.receiver().is_none();
    if !is_plain {
        return errors;
    }
    let private = quote!(#krate::__private);
    let name = &sig.ident;
    let declaration = quote! {
        static __FILBERT_DECLARATION: #private::Declaration =
            #private::Declaration { name: "", place: "", text: "", callees: &[], consts: &[] };
    };
    if is_generic(sig) {
        return quote! {
            #errors
            #[allow(missing_docs, non_upper_case_globals, dead_code)]
            #vis static #name: #private::KernelTemplate = {
                #declaration
                #private::KernelTemplate::new(&__FILBERT_DECLARATION)
            };
        };
    }
    let ty = pointer_type(sig);
    quote! {
        #errors
        #[allow(missing_docs, non_upper_case_globals, dead_code)]
        #vis static #name: #private::KernelFn<#ty> = {
            #[allow(unused)]
            #sig {
                ::core::unreachable!()
            }
            #declaration
            #private::KernelFn::new(#name, &__FILBERT_DECLARATION)
        };
    }
}

/// Attributes of the static, and of the plain function inside it. Lint levels hold for both.
fn split_attributes(attrs: &[syn::Attribute]) -> (Vec<&syn::Attribute>, Vec<&syn::Attribute>) {
    let is = |attr: &syn::Attribute, names: &[&str]| names.iter().any(|name| attr.path().is_ident(name));
    let outer = attrs.iter().filter(|attr| is(attr, &["doc", "deprecated", "allow", "expect", "warn"]));
    let inner = attrs.iter().filter(|attr| !is(attr, &["doc", "deprecated", "expect"]));
    (outer.collect(), inner.collect())
}

fn pointer_type(sig: &syn::Signature) -> TokenStream {
    let params = sig.inputs.iter().map(|arg| match arg {
        syn::FnArg::Typed(arg) => &arg.ty,
        syn::FnArg::Receiver(receiver) => &receiver.ty,
    });
    let unsafety = &sig.unsafety;
    let output = &sig.output;
    quote!(#unsafety fn(#(#params),*) #output)
}
