//! From syn's tree to ours: items. Expressions are in `expr`, `flow` and `operator`, patterns in `pattern`,
//! types in `types`.
//!
//! The reader takes what kernels have and reports everything else, each construct with its name and what
//! to write instead (`reject`). It knows no scopes and no types.

mod expr;
mod flow;
mod generics;
mod operator;
mod pattern;
mod reject;
mod types;

use filbert_ir::{Code, Diagnostic, Span, Type};
use syn::spanned::Spanned;

use crate::ast::{
    ConstId, ConstItem, Expr, ExprId, ExprKind, KernelItem, LocalId, Name, Param, Pat, Role, StructItem, Tree,
    TypeNote, Use,
};
use crate::generics::Instance;
use crate::names;
use generics::function_param;
pub(crate) use generics::takes_kernel;
pub(crate) use types::TIMES;

/// Reads a whole text. What was rejected stands in the tree as an error that later stages pass over.
/// Generic kernels are read once for each instance.
pub(crate) fn read<'t>(
    text: &'t str,
    file: &syn::File,
    instances: &[Instance],
    found: &mut Vec<Diagnostic>,
) -> Tree<'t> {
    let mut reader = Reader {
        tree: Tree { text, instances: instances.to_vec(), ..Tree::default() },
        found,
        generics: Vec::new(),
        functions: Vec::new(),
        structs: Vec::new(),
        bound: Vec::new(),
        shared: Vec::new(),
    };
    reader.structs = reader.struct_names(file);
    for attribute in &file.attrs {
        reader.outer_attribute(attribute);
    }
    reader.allow(&file.attrs, Span::new(0, text.len()));
    for item in &file.items {
        reader.item(item);
    }
    reader.instances(file, instances);
    reader.check_imports();
    reader.tree
}

const RESULTS: &str = "a kernel returns a scalar, or a tuple of scalars for several columns: write `-> f64` after \
                       the parameters";

struct Reader<'t, 'f> {
    tree: Tree<'t>,
    found: &'f mut Vec<Diagnostic>,
    /// Type parameters of the function being read, and what they are in the instance.
    generics: Vec<(String, Option<Type>)>,
    /// Its parameters that are kernels, and the kernels' names in the instance.
    functions: Vec<(String, &'t str)>,
    /// Names of the structs of the text.
    structs: Vec<&'t str>,
    /// The names that the pattern being read has bound.
    bound: Vec<(Name<'t>, LocalId)>,
    /// Those that the first of its alternatives binds.
    shared: Vec<(Name<'t>, LocalId)>,
}

impl<'t> Reader<'t, '_> {
    fn item(&mut self, item: &syn::Item) {
        match item {
            syn::Item::Fn(item) => {
                let kernel = self.kernel(item, None);
                self.tree.kernels.push(kernel);
            }
            syn::Item::Const(item) => {
                let id = self.constant(item);
                self.tree.outer_consts.push(id);
            }
            syn::Item::Static(item) => {
                let id = self.static_item(item);
                self.tree.outer_consts.push(id);
            }
            syn::Item::Use(item) => self.import(item),
            syn::Item::Struct(item) => self.struct_item(item),
            other => self.reject_item(other),
        }
    }

    fn struct_names(&self, file: &syn::File) -> Vec<&'t str> {
        let names = file.items.iter().filter_map(|item| match item {
            syn::Item::Struct(item) => Some(self.name(&item.ident).text),
            _ => None,
        });
        names.collect()
    }

    fn struct_item(&mut self, item: &syn::ItemStruct) {
        self.reject_struct(item);
        let name = self.name(&item.ident);
        let mut fields = Vec::new();
        for field in &item.fields {
            if let Some(ident) = &field.ident {
                let ident = self.name(ident);
                fields.push((ident, self.written(&field.ty, "a field")));
            }
        }
        self.tree.structs.push(StructItem { name, fields });
    }

    fn kernel(&mut self, item: &syn::ItemFn, instance: Option<usize>) -> KernelItem<'t> {
        let (doc, attrs) = self.fn_attributes(&item.attrs);
        self.check_signature(&item.sig);
        let generics = self.type_params(&item.sig.generics);
        let types = instance.map_or(Vec::new(), |place| self.tree.instances[place].types.clone());
        let bound = generics.iter().enumerate();
        self.generics = bound.map(|(i, generic)| (generic.name.text.to_string(), types.get(i).copied())).collect();
        let is_generic = !generics.is_empty() || item.sig.inputs.iter().any(|arg| function_param(arg).is_some());
        let role = match instance {
            Some(place) => Role::Instance(place),
            None if is_generic => Role::Template,
            None => Role::Plain,
        };
        let name = self.name(&item.sig.ident);
        // In an instance, kernels are no longer parameters.
        let inputs = item.sig.inputs.iter().filter(|arg| instance.is_none() || function_param(arg).is_none());
        let params: Vec<Param<'t>> = inputs.filter_map(|arg| self.param(arg)).collect();
        let close = self.span(item.sig.paren_token.span.close());
        let (result, result_span) = match &item.sig.output {
            syn::ReturnType::Default if writes_lists(&params) => (TypeNote::Tuple(Vec::new()), close),
            syn::ReturnType::Default => {
                let message = format!("kernel `{}` has no result", name.text);
                self.report(Diagnostic::new(Code::MissingValue, close, message).help(RESULTS));
                (TypeNote::Error, close)
            }
            syn::ReturnType::Type(_, ty) => {
                let note = self.written(ty, "the result");
                let span = self.spanned(&**ty);
                self.check_result(&note, name.text, span, writes_lists(&params));
                (note, span)
            }
        };
        let body = match role {
            // Its body is read for each instance.
            Role::Template => self.push(close, ExprKind::Error),
            Role::Plain | Role::Instance(_) => self.body(&item.block),
        };
        self.allow(&item.attrs, name.span.join(self.tree.span(body)));
        self.generics.clear();
        KernelItem { name, doc, attrs, role, generics, params, result, result_span, body }
    }

    fn check_result(&mut self, note: &TypeNote<'t>, name: &str, span: Span, writes: bool) {
        let TypeNote::Tuple(elems) = note else { return };
        if elems.is_empty() && !writes {
            let message = format!("kernel `{name}` has no result");
            self.report(Diagnostic::new(Code::MissingValue, span, message).help(RESULTS));
        }
        if elems.iter().any(|elem| matches!(elem, TypeNote::Tuple(_))) {
            self.unsupported(span, "a tuple inside its result tuple", "write one flat tuple: each element is a column");
        }
    }

    fn param(&mut self, arg: &syn::FnArg) -> Option<Param<'t>> {
        let arg = match arg {
            syn::FnArg::Typed(arg) => arg,
            syn::FnArg::Receiver(receiver) => {
                let span = self.span(receiver.self_token.span);
                self.unsupported(span, "a `self` parameter", "a kernel is a plain function: name the parameter");
                return None;
            }
        };
        for attribute in &arg.attrs {
            self.bad_attribute(attribute);
        }
        let mut ty = self.written(&arg.ty, "a parameter");
        let ty_span = self.spanned(&*arg.ty);
        if let TypeNote::Tuple(_) = ty {
            self.unsupported(ty_span, "a tuple parameter", "take one parameter for each element");
            ty = TypeNote::Error;
        }
        let (name, local, mutable) = match self.pattern(&arg.pat) {
            Pat::Bind { name, local, mutable, sub: None } => (name, local, mutable),
            pat => {
                let span = self.spanned(&*arg.pat);
                if !matches!(pat, Pat::Wild | Pat::Error) {
                    self.forgive(&arg.pat);
                    let what = if let Pat::Tuple(..) = pat { "a tuple parameter" } else { "a pattern as a parameter" };
                    self.unsupported(span, what, "take one parameter for each element");
                    ty = TypeNote::Error;
                }
                (Name { text: "_", span }, self.fresh_local(), false)
            }
        };
        Some(Param { name, local, mutable, ty, ty_span })
    }

    fn check_signature(&mut self, sig: &syn::Signature) {
        let modifiers = [
            (sig.constness.map(|t| t.span), "`const fn`"),
            (sig.asyncness.map(|t| t.span), "`async fn`"),
            (sig.unsafety.map(|t| t.span), "`unsafe fn`"),
            (sig.abi.as_ref().map(|abi| abi.extern_token.span), "`extern fn`"),
        ];
        for (span, what) in modifiers {
            if let Some(span) = span {
                let span = self.span(span);
                self.unsupported(span, what, "a kernel is a plain `fn`: leave the modifier out");
            }
        }
        if let Some(variadic) = &sig.variadic {
            let span = self.spanned(variadic);
            self.unsupported(span, "a variable number of arguments", "name each parameter");
        }
    }

    fn constant(&mut self, item: &syn::ItemConst) -> ConstId {
        if !item.generics.params.is_empty() {
            let span = self.spanned(&item.generics);
            self.unsupported(span, "a generic constant", "write one constant for each type");
        }
        self.constant_of(&item.attrs, &item.ident, &item.ty, &item.expr)
    }

    /// A `static`: to a kernel it is a constant.
    fn static_item(&mut self, item: &syn::ItemStatic) -> ConstId {
        if let syn::StaticMutability::Mut(token) = &item.mutability {
            let span = self.span(token.span);
            self.unsupported(span, "a `static mut`", "rows do not know of each other: nothing lasts from row to row");
        }
        self.constant_of(&item.attrs, &item.ident, &item.ty, &item.expr)
    }

    fn constant_of(
        &mut self,
        attributes: &[syn::Attribute],
        name: &proc_macro2::Ident,
        ty: &syn::Type,
        init: &syn::Expr,
    ) -> ConstId {
        for attribute in attributes {
            self.outer_attribute(attribute);
        }
        let ty_span = self.spanned(ty);
        let mut note = self.written(ty, "a constant");
        let is_list = match &note {
            TypeNote::Array { .. } | TypeNote::Slice { mutable: false, .. } => true,
            TypeNote::Ref { of, mutable: false } => matches!(**of, TypeNote::Array { .. }),
            _ => false,
        };
        if !matches!(note, TypeNote::Scalar(_) | TypeNote::Error) && !is_list {
            let instead = "write one constant for each scalar, or an array";
            self.unsupported(ty_span, "a constant that is not a scalar or an array", instead);
            note = TypeNote::Error;
        }
        let name = self.name(name);
        let ty = note;
        let init = self.expr(init);
        let id = ConstId(self.tree.consts.len() as u32);
        self.tree.consts.push(ConstItem { name, ty, ty_span, init });
        id
    }

    fn import(&mut self, item: &syn::ItemUse) {
        for attribute in &item.attrs {
            self.outer_attribute(attribute);
        }
        self.import_tree(&item.tree, &mut Vec::new());
    }

    /// `use` trees nest at most as deep as brackets and runs do, which the scan bounds.
    fn import_tree(&mut self, tree: &syn::UseTree, path: &mut Vec<&'t str>) {
        let (alias, last, span) = match tree {
            syn::UseTree::Path(inner) => {
                path.push(self.name(&inner.ident).text);
                self.import_tree(&inner.tree, path);
                path.pop();
                return;
            }
            syn::UseTree::Group(group) => {
                for inner in &group.items {
                    self.import_tree(inner, path);
                }
                return;
            }
            syn::UseTree::Name(name) => {
                let name = self.name(&name.ident);
                (Some(name.text), Some(name.text), name.span)
            }
            syn::UseTree::Rename(rename) => {
                let name = self.name(&rename.ident);
                (Some(self.name(&rename.rename).text), Some(name.text), name.span)
            }
            syn::UseTree::Glob(glob) => (None, None, self.span(glob.star_token.spans[0])),
        };
        let mut full = path.clone();
        // `use a::b::{self}` names `a::b`.
        if last == Some("self") {
            let alias = if alias == last { full.last().copied() } else { alias };
            self.add_import(Use { alias, path: full, span });
        } else {
            full.extend(last);
            self.add_import(Use { alias, path: full, span });
        }
    }

    fn add_import(&mut self, import: Use<'t>) {
        let span = import.span;
        match names::import(&import) {
            names::Import::Constants => self.tree.uses.push(import),
            // `use filbert::kernel;` lets the same file compile as Rust; it means nothing here.
            names::Import::Ignored => {}
            names::Import::Unknown => self.unsupported(
                span,
                "an import of anything but std's constants",
                "only `use std::f64::consts::PI;` and the like; kernels of the same text need no `use`",
            ),
        }
    }

    /// Imports count in the whole text, without Rust's scopes; where that would give a name another meaning
    /// than Rust does, it is refused.
    fn check_imports(&mut self) {
        for (index, import) in self.tree.uses.iter().enumerate() {
            let other = self.tree.uses[..index].iter().find(|o| o.alias == import.alias && o.path != import.path);
            let named = |name: &str| import.alias.map_or(names::MATH_CONSTANTS.contains(&name), |alias| alias == name);
            let constant = self.tree.consts.iter().find(|constant| named(constant.name.text));
            let (first, what) = match (other, constant) {
                (Some(other), _) => (other.span, import.alias.unwrap_or("*")),
                (None, Some(constant)) => (constant.name.span, constant.name.text),
                (None, None) => continue,
            };
            let message = format!("`{what}` has two meanings in this text");
            let finding = Diagnostic::new(Code::DuplicateName, import.span, message).note(first, "the other one");
            self.found.push(finding.help("imports count in the whole text: write the path where it is used"));
        }
    }

    fn fresh_local(&mut self) -> LocalId {
        self.tree.locals += 1;
        LocalId(self.tree.locals - 1)
    }

    fn push(&mut self, span: Span, kind: ExprKind<'t>) -> ExprId {
        let id = ExprId(self.tree.exprs.len() as u32);
        self.tree.exprs.push(Expr { span, kind });
        id
    }

    fn name(&self, ident: &proc_macro2::Ident) -> Name<'t> {
        let span = self.span(ident.span());
        let text = self.tree.slice(span);
        Name { text: text.strip_prefix("r#").unwrap_or(text), span }
    }

    fn span(&self, span: proc_macro2::Span) -> Span {
        let range = span.byte_range();
        Span::new(range.start, range.end)
    }

    /// The span of any syntax node. Slow (syn makes the tokens again), so not on the usual path.
    fn spanned(&self, node: &impl Spanned) -> Span {
        self.span(node.span())
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }
}

/// Whether a kernel has results among its parameters.
fn writes_lists(params: &[Param<'_>]) -> bool {
    let writes = |note: &TypeNote<'_>| {
        matches!(note, TypeNote::Slice { mutable: true, .. } | TypeNote::Ref { mutable: true, .. })
    };
    params.iter().any(|param| writes(&param.ty))
}
