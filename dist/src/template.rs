//! A generic kernel as a scalar function of DataFusion: which kernel a call means follows from its columns.
//!
//! `return_field_from_args` decides it while the plan is made and speaks for that kernel; `simplify` puts the
//! kernel in place of the template, and a plan that was never simplified decides again in `invoke_with_args`.
//! All three must choose alike, though constants are computed in between:
//!
//! | argument | what it says about `T` |
//! |---|---|
//! | a column, or a constant of a type that somebody wrote (`CAST(1 AS INT)`) | `T` is this type |
//! | a literal as SQL reads it by itself: BIGINT, DOUBLE, a decimal | nothing, if anything else says something; else f64 if one of them has a point or `T` is a float, and i64 |
//! | NULL | nothing |
//!
//! A computed constant (`1 + 1`) is the first until it is computed and the second from then on, which makes
//! no difference: where it alone decides, both give its type, and where it does not fit, the plan is refused.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, DocSection, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, TypeSignature, Volatility,
};
use filbert_ir::{Logical, Type, VerifiedKernel};
use filbert_runtime::{logical_of_arrow, param_data_type};
use filbert_syntax::{ArgType, Bound, Template};

use crate::error::wrong_kernel;
use crate::payload;
use crate::types::{decoded, elements};
use crate::udf::KernelUdf;

const SECTION: DocSection = DocSection { include: true, label: "Kernels", description: None };

/// Kernels that one template keeps; beyond, it forgets them all and makes again what is asked for.
const KERNELS_MAX: usize = 64;

/// A generic kernel that a session can call. Cheap to clone. Two are equal when they have the same text, with
/// all that the text refers to, under the same name.
#[derive(Clone)]
pub struct TemplateUdf {
    shared: Arc<Shared>,
}

struct Shared {
    template: Template,
    /// In lower case: SQL reads a name without quotes so.
    name: String,
    aliases: Vec<String>,
    /// As it stands in a plan.
    bytes: Vec<u8>,
    signature: Signature,
    documentation: Documentation,
    made: Mutex<Vec<(Vec<Type>, KernelUdf)>>,
}

/// What an argument says about types.
#[derive(Clone, Copy)]
enum Given {
    Type(ArgType),
    Literal { is_float: bool },
    Nothing,
}

impl TemplateUdf {
    /// The function of a template, under its own name.
    pub fn new(template: Template) -> TemplateUdf {
        let name = template.name.clone();
        TemplateUdf::named(template, &name)
    }

    /// The function of a template under another name.
    pub fn named(template: Template, name: &str) -> TemplateUdf {
        let lower = name.to_lowercase();
        let aliases = if lower == name { Vec::new() } else { vec![name.to_string()] };
        let bytes = payload::of_template(&template, name);
        let documentation = documentation(&template);
        let signature = Signature::one_of(shown_types(&template), Volatility::Immutable);
        let made = Mutex::default();
        let shared = Shared { template, name: lower, aliases, bytes, signature, documentation, made };
        TemplateUdf { shared: Arc::new(shared) }
    }

    /// The template.
    pub fn template(&self) -> &Template {
        &self.shared.template
    }

    /// The form in a plan, see `payload`.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.shared.bytes
    }

    /// The kernels that calls have asked for so far.
    pub fn kernels(&self) -> Vec<VerifiedKernel> {
        let made = self.shared.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.iter().map(|(_, udf)| udf.kernel().clone()).collect()
    }

    /// `lerp<T: Float>(a: T, b: T, t: T)`
    pub fn synopsis(&self) -> String {
        synopsis(&self.shared.template)
    }

    /// The kernel for columns of these types.
    pub fn specialise(&self, columns: &[DataType]) -> Result<KernelUdf> {
        self.choose(&columns.iter().map(of_column).collect::<Vec<_>>())
    }

    fn choose(&self, given: &[Given]) -> Result<KernelUdf> {
        let template = &self.shared.template;
        let args: Vec<Option<ArgType>> = given.iter().map(|given| given.ty()).collect();
        let decided = template.deduce(&args).map_err(wrong_kernel)?;
        let types = decided.into_iter().enumerate().map(|(place, ty)| {
            let literals = template.params.iter().zip(given).filter(|(param, _)| param.generic() == Some(place));
            let has_float =
                literals.map(|(_, given)| given).any(|given| matches!(given, Given::Literal { is_float: true }));
            ty.unwrap_or_else(|| default_type(template.types[place].bound, has_float))
        });
        self.make(&types.collect::<Vec<_>>())
    }

    /// The kernel for these types of the type parameters.
    fn make(&self, types: &[Type]) -> Result<KernelUdf> {
        let lock = || self.shared.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, udf)) = lock().iter().find(|(seen, _)| seen == types) {
            return Ok(udf.clone());
        }
        let kernel = self.shared.template.with_types(types).map_err(wrong_kernel)?;
        let name = self.shared.aliases.first().unwrap_or(&self.shared.name);
        let udf = KernelUdf::new(kernel.with_name(name));
        let mut made = lock();
        if made.len() >= KERNELS_MAX {
            made.clear();
        }
        made.push((types.to_vec(), udf.clone()));
        Ok(udf)
    }
}

impl Given {
    fn ty(self) -> Option<ArgType> {
        match self {
            Given::Type(ty) => Some(ty),
            Given::Literal { .. } | Given::Nothing => None,
        }
    }
}

/// The type that a type parameter has if only literals are given for it.
pub fn default_type(bound: Bound, has_float: bool) -> Type {
    match bound {
        Bound::Float => Type::F64,
        Bound::Num if has_float => Type::F64,
        Bound::Num | Bound::Int => Type::I64,
    }
}

fn of_column(ty: &DataType) -> Given {
    let number = |ty: &DataType| match ty {
        DataType::Float16 => Some(Logical::Plain(Type::F32)),
        ty => logical_of_arrow(ty),
    };
    let ty = decoded(ty);
    let found = match elements(ty) {
        None => number(ty).map(ArgType::Scalar),
        Some(field) => {
            let row = decoded(field.data_type());
            let elem = elements(row).map_or(row, |field| decoded(field.data_type()));
            number(elem).and_then(Logical::plain).map(ArgType::List)
        }
    };
    // Whatever kernels do not have is refused by the kernel, with its name.
    found.map_or(Given::Nothing, Given::Type)
}

fn of_constant(value: &ScalarValue) -> Given {
    match value {
        ScalarValue::Int64(_) => Given::Literal { is_float: false },
        ScalarValue::Float64(_) | ScalarValue::Decimal128(..) => Given::Literal { is_float: true },
        ScalarValue::Null => Given::Nothing,
        value => of_column(&value.data_type()),
    }
}

/// The types of `SHOW FUNCTIONS`: what the template is for each type that its only type parameter may be, or
/// by default.
fn shown_types(template: &Template) -> Vec<TypeSignature> {
    let choices: Vec<Vec<Type>> = match template.types.as_slice() {
        [only] => Type::ALL.into_iter().filter(|&ty| only.bound.contains(ty)).map(|ty| vec![ty]).collect(),
        several => vec![several.iter().map(|ty| default_type(ty.bound, false)).collect()],
    };
    let kernels = choices.iter().filter_map(|types| template.with_types(types).ok());
    let exact =
        kernels.map(|kernel| TypeSignature::Exact(kernel.core.signature.params.iter().map(param_data_type).collect()));
    // As in `KernelUdf`, the first decides.
    [TypeSignature::UserDefined].into_iter().chain(exact).chain([TypeSignature::Nullary]).collect()
}

fn synopsis(template: &Template) -> String {
    let types = template.types.iter().map(|ty| format!("{}: {}", ty.name, ty.bound.name()));
    let params = template.params.iter().map(|param| format!("{}: {}", param.name, param.ty));
    let list = |items: Vec<String>| items.join(", ");
    format!("{}<{}>({})", template.name, list(types.collect()), list(params.collect()))
}

fn documentation(template: &Template) -> Documentation {
    let doc = template.doc.trim();
    let description = if doc.is_empty() { format!("Kernel {}.", template.name) } else { doc.to_string() };
    let mut builder = Documentation::builder(SECTION, description, synopsis(template));
    for param in &template.params {
        builder = builder.with_argument(param.name.clone(), param.ty.clone());
    }
    builder.build()
}

impl ScalarUDFImpl for TemplateUdf {
    fn name(&self) -> &str {
        &self.shared.name
    }

    fn aliases(&self) -> &[String] {
        &self.shared.aliases
    }

    fn signature(&self) -> &Signature {
        &self.shared.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.specialise(arg_types)?.return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let literal = |index: usize| args.scalar_arguments.get(index).copied().flatten();
        let given = args.arg_fields.iter().enumerate().map(|(index, field)| match literal(index) {
            Some(value) => of_constant(value),
            None => of_column(field.data_type()),
        });
        self.choose(&given.collect::<Vec<_>>())?.return_field_from_args(args)
    }

    /// Types alone do not tell what is a literal: the kernel converts, when it is called.
    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(arg_types.to_vec())
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let given = args.iter().map(|arg| match arg {
            Expr::Literal(value, _) => Ok(of_constant(value)),
            arg => Ok(of_column(&info.get_data_type(arg)?)),
        });
        let udf = self.choose(&given.collect::<Result<Vec<_>>>()?)?;
        let func = Arc::new(ScalarUDF::new_from_impl(udf));
        Ok(ExprSimplifyResult::Simplified(Expr::ScalarFunction(ScalarFunction::new_udf(func, args))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let given = args.args.iter().map(|value| match value {
            ColumnarValue::Array(array) => of_column(array.data_type()),
            ColumnarValue::Scalar(value) => of_constant(value),
        });
        self.choose(&given.collect::<Vec<_>>())?.invoke_with_args(args)
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.shared.documentation)
    }
}

impl PartialEq for TemplateUdf {
    fn eq(&self, other: &TemplateUdf) -> bool {
        self.shared.bytes == other.shared.bytes
    }
}

impl Eq for TemplateUdf {}

impl Hash for TemplateUdf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.shared.bytes.hash(state);
    }
}

impl fmt::Debug for TemplateUdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TemplateUdf({})", self.synopsis())
    }
}
