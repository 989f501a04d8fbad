//! Generic kernels: one text, compiled again for each choice of types.
//!
//! A kernel with type parameters, or with kernels as parameters, is no kernel itself: the reader keeps its
//! signature only. What it means is decided for *instances*, in which every type parameter is a type and
//! every such parameter a kernel's name; the reader reads the function again for each, so that the stages
//! behind it see plain kernels.
//!
//! | instance of | why |
//! |---|---|
//! | types that the bounds allow | a sample, so that mistakes show where the kernel is written |
//! | types of a call's arguments | a kernel of the text calls it |
//! | types of columns | [`Template::specialise`] |
//!
//! Calls are found while types are inferred, so a text is read and inferred again until no call asks for a
//! new instance.

use std::sync::Arc;

use filbert_ir::{Code, Diagnostic, Diagnostics, Logical, Param, Span, Type, VerifiedKernel};

use crate::ast::{KernelItem, Role, Tree, TypeNote};
use crate::capture::ConstantValue;
use crate::front;
use crate::links::{Given, Links};

/// How deep calls of generic kernels may nest, and how many instances the calls of a text may want.
pub(crate) const ROUNDS_MAX: usize = 8;
pub(crate) const INSTANCES_MAX: usize = 64;

/// What a type parameter may be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Bound {
    /// f32, f64.
    Float,
    /// i8 to i64, u8 to u64.
    Int,
    /// Any of these.
    Num,
}

impl Bound {
    /// Every bound.
    pub const ALL: [Bound; 3] = [Bound::Float, Bound::Int, Bound::Num];

    /// The name as kernel text has it.
    pub fn name(self) -> &'static str {
        match self {
            Bound::Float => "Float",
            Bound::Int => "Int",
            Bound::Num => "Num",
        }
    }

    /// Whether a type keeps it.
    pub fn contains(self, ty: Type) -> bool {
        match self {
            Bound::Float => ty.is_float(),
            Bound::Int => ty.is_int(),
            Bound::Num => ty != Type::Bool,
        }
    }

    /// The types that keep it, in words.
    pub fn describe(self) -> &'static str {
        match self {
            Bound::Float => "f32 or f64",
            Bound::Int => "an integer type",
            Bound::Num => "a number type",
        }
    }

    /// The types that stand for all of them where a generic kernel is written.
    fn samples(self) -> &'static [Type] {
        match self {
            Bound::Float => &[Type::F64],
            Bound::Int => &[Type::I64],
            Bound::Num => &[Type::F64, Type::I64],
        }
    }
}

/// A choice of types and kernels for a generic kernel.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    /// The generic kernel.
    pub(crate) kernel: String,
    /// For each type parameter.
    pub(crate) types: Vec<Type>,
    /// For each parameter that is a kernel: its name.
    pub(crate) functions: Vec<String>,
    pub(crate) origin: Origin,
}

/// Why there is an instance.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin {
    Sample,
    Call(Span),
    Asked,
}

/// What tells an instance from others.
pub(crate) type Key = (String, Vec<Type>, Vec<String>);

impl Instance {
    /// Equal where both mean the same.
    pub(crate) fn key(&self) -> Key {
        (self.kernel.clone(), self.types.clone(), self.functions.clone())
    }
}

/// The instances that show the mistakes of the generic kernels themselves.
pub(crate) fn samples(tree: &Tree<'_>) -> Vec<Instance> {
    let mut samples = Vec::new();
    for kernel in &tree.kernels {
        let is_template = matches!(kernel.role, Role::Template);
        let Some(bounds) = bounds(kernel).filter(|_| is_template && !takes_kernels(kernel)) else { continue };
        let count = bounds.iter().map(|bound| bound.samples().len()).max().unwrap_or(0);
        for turn in 0..count {
            let types = bounds.iter().map(|bound| bound.samples()[turn.min(bound.samples().len() - 1)]);
            let (kernel, types) = (kernel.name.text.to_string(), types.collect());
            samples.push(Instance { kernel, types, functions: Vec::new(), origin: Origin::Sample });
        }
    }
    samples
}

/// The bounds of the type parameters; `None` if one was reported.
fn bounds(kernel: &KernelItem<'_>) -> Option<Vec<Bound>> {
    kernel.generics.iter().map(|generic| generic.bound).collect()
}

fn takes_kernels(kernel: &KernelItem<'_>) -> bool {
    kernel.params.iter().any(|param| matches!(param.ty, TypeNote::Function { .. }))
}

/// The type of a column that an argument comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ArgType {
    /// One value a row.
    Scalar(Logical),
    /// A list of numbers a row.
    List(Type),
}

impl From<Type> for ArgType {
    fn from(ty: Type) -> ArgType {
        ArgType::Scalar(ty.into())
    }
}

impl From<Logical> for ArgType {
    fn from(ty: Logical) -> ArgType {
        ArgType::Scalar(ty)
    }
}

impl From<&Param> for ArgType {
    fn from(param: &Param) -> ArgType {
        match param {
            Param::Scalar { ty, .. } => ArgType::Scalar(*ty),
            Param::List { elem, .. } => ArgType::List(*elem),
        }
    }
}

impl std::fmt::Display for ArgType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ArgType::Scalar(ty) => write!(f, "{ty}"),
            ArgType::List(ty) => write!(f, "a list of {ty}"),
        }
    }
}

/// A type parameter of a template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TypeParam {
    /// Its name.
    pub name: String,
    /// What it may be.
    pub bound: Bound,
}

/// A parameter of a template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TemplateParam {
    /// Its name.
    pub name: String,
    /// Its type as written.
    pub ty: String,
    /// The type parameter that its values are of, by its place, if they are of one.
    generic: Option<usize>,
    is_list: bool,
    span: Span,
}

impl TemplateParam {
    /// The type parameter that its values are of, by its place, if they are of one.
    pub fn generic(&self) -> Option<usize> {
        self.generic
    }
}

/// What a template is compiled from: enough to make it again elsewhere.
#[derive(Clone, Debug)]
pub struct TemplateSource {
    /// What messages call the text.
    pub name: String,
    /// The text.
    pub text: Arc<str>,
    /// Kernels that the text calls and does not define, by their path in it.
    pub kernels: Vec<(String, VerifiedKernel)>,
    /// Constants that it uses and does not define.
    pub consts: Vec<(String, ConstantValue)>,
}

/// A generic kernel: its text, which becomes a kernel once the types of its columns are known.
#[derive(Clone, Debug)]
pub struct Template {
    /// The kernel's name.
    pub name: String,
    /// Its documentation.
    pub doc: String,
    /// Its type parameters.
    pub types: Vec<TypeParam>,
    /// Its parameters.
    pub params: Vec<TemplateParam>,
    source: Source,
    span: Span,
}

/// What is compiled again, shared by the templates of a text.
#[derive(Clone, Debug)]
struct Source {
    name: Arc<str>,
    text: Arc<str>,
    given: Option<Arc<Given>>,
}

impl Template {
    /// The kernel for columns of these types. It is compiled anew each time: keep it.
    pub fn specialise(&self, args: &[ArgType]) -> Result<VerifiedKernel, Diagnostics> {
        let types = self.deduce(&args.iter().copied().map(Some).collect::<Vec<_>>())?;
        match types.iter().position(Option::is_none) {
            None => self.with_types(&types.into_iter().flatten().collect::<Vec<_>>()),
            Some(place) => {
                let name = &self.types[place].name;
                let message = format!("`{}`: no parameter tells what `{name}` is", self.name);
                let finding = Diagnostic::new(Code::SignatureMismatch, self.span, message);
                Err(self
                    .findings(finding.help(format!("take a parameter of the type `{name}`, or write the type itself"))))
            }
        }
    }

    /// The kernel for these types of the type parameters. It is compiled anew each time: keep it.
    pub fn with_types(&self, types: &[Type]) -> Result<VerifiedKernel, Diagnostics> {
        if types.len() != self.types.len() {
            let message = format!("`{}`: expected {} types, got {}", self.name, self.types.len(), types.len());
            return Err(self.findings(Diagnostic::new(Code::SignatureMismatch, self.span, message)));
        }
        if let Some((param, ty)) = self.types.iter().zip(types).find(|(param, ty)| !param.bound.contains(**ty)) {
            let (bound, kinds) = (param.bound.name(), param.bound.describe());
            let message = format!("`{}`: {} was tried as {ty}, which is not `{bound}`", self.name, param.name);
            let finding = Diagnostic::new(Code::SignatureMismatch, self.span, message);
            return Err(self.findings(finding.help(format!("`{bound}` is {kinds}"))));
        }
        let (kernel, types) = (self.name.clone(), types.to_vec());
        let instance = Instance { kernel, types, functions: Vec::new(), origin: Origin::Asked };
        let links = self.source.given.as_deref().map_or(Links::None, Links::Given);
        let compiled = front::compile_instance(&self.source.text, &self.source.name, &links, instance)?;
        compiled.asked.ok_or_else(|| {
            let message = format!("the text of `{}` does not define it", self.name);
            self.findings(Diagnostic::unplaced(Code::Internal, message))
        })
    }

    /// The type that each type parameter must be for columns of these types, as far as they tell. A literal
    /// tells nothing: it takes whatever type there is.
    pub fn deduce(&self, args: &[Option<ArgType>]) -> Result<Vec<Option<Type>>, Diagnostics> {
        self.decide(args).map_err(|finding| self.findings(finding))
    }

    fn decide(&self, args: &[Option<ArgType>]) -> Result<Vec<Option<Type>>, Diagnostic> {
        if args.len() != self.params.len() {
            let message = format!("`{}`: expected {} columns, got {}", self.name, self.params.len(), args.len());
            return Err(Diagnostic::new(Code::SignatureMismatch, self.span, message));
        }
        let mut types: Vec<Option<Type>> = vec![None; self.types.len()];
        for (param, arg) in self.params.iter().zip(args) {
            let (Some(place), Some(arg)) = (param.generic, *arg) else { continue };
            let generic = &self.types[place];
            let ty = match (arg, param.is_list) {
                (ArgType::Scalar(Logical::Plain(ty)), false) | (ArgType::List(ty), true) => ty,
                _ => {
                    let what = if param.is_list { "a list of numbers" } else { "a number" };
                    let message = format!("`{}`: expected {what} for `{}`, got {arg}", self.name, param.name);
                    return Err(Diagnostic::new(Code::SignatureMismatch, param.span, message));
                }
            };
            if !generic.bound.contains(ty) {
                let (t, bound) = (&generic.name, generic.bound.name());
                let message =
                    format!("`{}`: {t} was tried as {ty} (from `{}`), which is not `{bound}`", self.name, param.name);
                let help = format!("`{bound}` is {}", generic.bound.describe());
                return Err(Diagnostic::new(Code::SignatureMismatch, param.span, message).help(help));
            }
            match types[place] {
                Some(first) if first != ty => return Err(self.two_types(place, args)),
                _ => types[place] = Some(ty),
            }
        }
        Ok(types)
    }

    /// One type parameter, and columns of several types for it.
    fn two_types(&self, place: usize, args: &[Option<ArgType>]) -> Diagnostic {
        let told = self.params.iter().zip(args).filter_map(|(param, arg)| Some((param, (*arg)?)));
        let tried = told.filter(|(param, _)| param.generic == Some(place));
        let list: Vec<String> = tried.clone().map(|(param, arg)| format!("{arg} (from `{}`)", param.name)).collect();
        let name = &self.types[place].name;
        let message = format!("`{}`: {name} was tried as {}", self.name, list.join(" and as "));
        let mut finding = Diagnostic::new(Code::SignatureMismatch, self.span, message);
        for (param, arg) in tried {
            finding = finding.note(param.span, format!("{arg} here"));
        }
        finding.help(format!("one `{name}` is one type: convert a column with CAST"))
    }

    /// What it is compiled from.
    pub fn source(&self) -> TemplateSource {
        let Source { name, text, given } = &self.source;
        let (kernels, consts) = given.as_ref().map(|given| (given.kernels.clone(), given.consts.clone())).unzip();
        TemplateSource {
            name: name.to_string(),
            text: text.clone(),
            kernels: kernels.unwrap_or_default(),
            consts: consts.unwrap_or_default(),
        }
    }

    /// The template of this name in a source.
    pub fn compile(name: &str, source: TemplateSource) -> Result<Template, Diagnostics> {
        let given = Given { kernels: source.kernels, consts: source.consts };
        let is_whole = given.kernels.is_empty() && given.consts.is_empty();
        let links = if is_whole { Links::None } else { Links::Given(&given) };
        let compiled = front::compile(&source.text, &source.name, &links)?;
        compiled.templates.into_iter().find(|template| template.name == name).ok_or_else(|| {
            let message = format!("there is no generic kernel `{name}` in the text");
            Diagnostics::without_text(vec![Diagnostic::unplaced(Code::NoKernel, message)])
        })
    }

    fn findings(&self, finding: Diagnostic) -> Diagnostics {
        Diagnostics::new(vec![finding], &*self.source.name, self.source.text.clone())
    }
}

/// The templates of a text, in source order. Kernels that take kernels can only be called by kernels.
pub(crate) fn templates(tree: &Tree<'_>, name: &str, links: &Links<'_>) -> Vec<Template> {
    let given = match links {
        Links::Given(given) => Some(Arc::new((*given).clone())),
        Links::None | Links::Open => None,
    };
    let source = Source { name: name.into(), text: tree.text.into(), given };
    let generic = tree.kernels.iter().filter(|kernel| matches!(kernel.role, Role::Template) && !takes_kernels(kernel));
    generic.filter_map(|kernel| template(tree, kernel, &source)).collect()
}

fn template(tree: &Tree<'_>, kernel: &KernelItem<'_>, source: &Source) -> Option<Template> {
    let types = kernel.generics.iter().zip(bounds(kernel)?);
    let types = types.map(|(generic, bound)| TypeParam { name: generic.name.text.to_string(), bound });
    // Lists that are written are results.
    let is_out = |note: &TypeNote<'_>| {
        matches!(note, TypeNote::Slice { mutable: true, .. } | TypeNote::Ref { mutable: true, .. })
    };
    let params = kernel.params.iter().filter(|param| !is_out(&param.ty)).map(|param| {
        let (generic, is_list) = named_in(kernel, &param.ty);
        TemplateParam {
            name: param.name.text.to_string(),
            ty: tree.slice(param.ty_span).to_string(),
            generic,
            is_list,
            span: param.ty_span,
        }
    });
    Some(Template {
        name: kernel.name.text.to_string(),
        doc: kernel.doc.clone(),
        types: types.collect(),
        params: params.collect(),
        source: source.clone(),
        span: kernel.name.span,
    })
}

/// The type parameter in a written type, by its place, and whether it is that of a list's elements.
fn named_in(kernel: &KernelItem<'_>, note: &TypeNote<'_>) -> (Option<usize>, bool) {
    match note {
        TypeNote::Named { name, .. } => {
            (kernel.generics.iter().position(|generic| generic.name.text == name.text), false)
        }
        TypeNote::Option(inner) => named_in(kernel, inner),
        TypeNote::Slice { elem, .. } | TypeNote::Array { elem, .. } => (named_in(kernel, elem).0, true),
        TypeNote::Ref { of, .. } => (named_in(kernel, of).0, true),
        _ => (None, false),
    }
}
