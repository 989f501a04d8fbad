//! A kernel as a scalar function of DataFusion.
//!
//! How an argument of another type is seen. `coerce_types` is told types only, so it converts what no value
//! can lose by (see `coercion`), leaves every other argument as it is and never fails: DataFusion would bury
//! its message. `return_field_from_args` is told the literals too, while the plan is made: there a literal of
//! another type passes if its value does, and all else is refused with one message. `simplify` then writes
//! the converted literals into the plan, and `invoke_with_args` converts what comes by another way. A column
//! that would lose digits is thus refused before any row is read.
//!
//! The kernel is compiled when the first batch arrives: plans are decoded far more often than they run.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use datafusion::arrow::array::{ArrayRef, new_empty_array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DataFusionError, Result, ScalarValue, internal_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, DocSection, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, TypeSignature, Volatility,
};
use filbert_ir::{AsKernel, Code, KernelError, Scalar, Type, VerifiedKernel};
use filbert_runtime::{ArrowArg, LoadedKernel, arrow_type, result_fields, struct_of};

use crate::coercion::{self, Refusal};
use crate::error::{external, wrong_kernel};

const SECTION: DocSection = DocSection { include: true, label: "Kernels", description: None };

/// A kernel that a session can call. Cheap to clone. Two are equal when they compute the same under the same
/// name, so that common subexpressions of one kernel merge and those of two kernels never do.
#[derive(Clone)]
pub struct KernelUdf {
    shared: Arc<Shared>,
}

struct Shared {
    kernel: VerifiedKernel,
    /// In lower case: SQL reads a name without quotes so.
    name: String,
    /// The name as the kernel has it, if that is another one; reached by quoting.
    aliases: Vec<String>,
    params: Vec<Type>,
    signature: Signature,
    documentation: Documentation,
    loaded: OnceLock<LoadedKernel>,
}

impl KernelUdf {
    /// The function for a verified kernel.
    pub fn new(kernel: VerifiedKernel) -> KernelUdf {
        let name = kernel.name().to_lowercase();
        let aliases = if name == kernel.name() { Vec::new() } else { vec![kernel.name().to_string()] };
        let params = kernel.core.slot_types();
        // `UserDefined` decides. `Exact` is there to be shown by SHOW FUNCTIONS and cannot win: all that
        // `coerce_types` answers is accepted, and it stands first. `Nullary` lets a call without arguments
        // come as far as our own message.
        let exact = TypeSignature::Exact(params.iter().map(|&ty| arrow_type(ty)).collect());
        let signature =
            Signature::one_of(vec![TypeSignature::UserDefined, exact, TypeSignature::Nullary], Volatility::Immutable);
        let documentation = documentation(&kernel);
        let loaded = OnceLock::new();
        KernelUdf { shared: Arc::new(Shared { kernel, name, aliases, params, signature, documentation, loaded }) }
    }

    /// The function for whatever stands for a kernel.
    pub fn of(kernel: &(impl AsKernel + ?Sized)) -> Result<KernelUdf> {
        Ok(KernelUdf::new(kernel.as_kernel().map_err(wrong_kernel)?))
    }

    /// The kernel.
    pub fn kernel(&self) -> &VerifiedKernel {
        &self.shared.kernel
    }

    /// Whether the kernel has been loaded, and with that compiled, through this function.
    pub fn is_loaded(&self) -> bool {
        self.shared.loaded.get().is_some()
    }

    fn loaded(&self) -> &LoadedKernel {
        self.shared.loaded.get_or_init(|| LoadedKernel::load(&self.shared.kernel))
    }

    /// `great_circle(lat1 DOUBLE, lon1 DOUBLE) -> DOUBLE`
    pub fn synopsis(&self) -> String {
        synopsis(&self.shared.kernel)
    }

    /// What a call gives: the type of the one result, or a struct of several.
    pub fn result_type(&self) -> DataType {
        let kernel = &self.shared.kernel;
        match kernel.core.return_types().as_slice() {
            [single] => arrow_type(*single),
            _ => DataType::Struct(result_fields(kernel)),
        }
    }

    fn refuse(&self, code: Code, detail: String) -> DataFusionError {
        external(KernelError::new(code, detail).of(&self.shared.kernel, self.shared.kernel.id()))
    }

    fn check_count(&self, given: usize) -> Result<()> {
        let wanted = self.shared.params.len();
        if given == wanted {
            return Ok(());
        }
        let plural = if wanted == 1 { "" } else { "s" };
        Err(self
            .refuse(Code::ArgumentCount, format!("{} takes {wanted} argument{plural}, got {given}", self.synopsis())))
    }

    /// `argument 2 (lon1) of great_circle`
    fn argument(&self, index: usize) -> String {
        let name = self.shared.kernel.names.params.get(index).map(|n| format!(" ({n})")).unwrap_or_default();
        format!("argument {}{name} of {}", index + 1, self.shared.name)
    }

    fn refuse_column(&self, index: usize, given: &DataType) -> DataFusionError {
        let wanted = coercion::sql_name(self.shared.params[index]);
        let why = match given.is_numeric() {
            true => "which could change values",
            false => "which has no conversion",
        };
        self.refuse(
            Code::Coercion,
            format!(
                "{} is {wanted}, the query passes {}, {why}; write CAST(... AS {wanted}) if that is meant",
                self.argument(index),
                coercion::describe(given),
            ),
        )
    }

    fn refuse_literal(&self, index: usize, value: &ScalarValue, refusal: Refusal) -> DataFusionError {
        match refusal {
            Refusal::Type => self.refuse_column(index, &value.data_type()),
            Refusal::Inexact => {
                let wanted = coercion::sql_name(self.shared.params[index]);
                self.refuse(
                    Code::Coercion,
                    format!(
                        "{} is {wanted}, which has no value {value}; write CAST({value} AS {wanted}) to have it rounded, \
                         or an error where it is out of range",
                        self.argument(index)
                    ),
                )
            }
        }
    }

    /// A column of the parameter's type, converted if nothing can be lost.
    fn column(&self, index: usize, array: ArrayRef) -> Result<ArrayRef> {
        let wanted = self.shared.params[index];
        if *array.data_type() == arrow_type(wanted) {
            Ok(array)
        } else if coercion::widens(array.data_type(), wanted) {
            Ok(cast(&array, &arrow_type(wanted))?)
        } else {
            Err(self.refuse_column(index, array.data_type()))
        }
    }

    fn scalar(&self, index: usize, value: &ScalarValue) -> Result<Option<Scalar>> {
        coercion::literal(value, self.shared.params[index])
            .map_err(|refusal| self.refuse_literal(index, value, refusal))
    }

    fn call(&self, args: &[Argument], rows: usize) -> Result<ArrayRef> {
        let args: Vec<ArrowArg<'_>> = args
            .iter()
            .map(|arg| match arg {
                Argument::Column(array) => ArrowArg::Array(array),
                Argument::Scalar(value) => ArrowArg::Scalar(*value),
            })
            .collect();
        // A panic would cost the engine its task without a word of ours; generated code cannot panic, so what
        // arrives here is a defect around it.
        let called = catch_unwind(AssertUnwindSafe(|| self.loaded().call_arrow(&args, rows)));
        let mut columns =
            called.map_err(|_| self.refuse(Code::Internal, "the call panicked".into()))?.map_err(external)?;
        match columns.pop() {
            Some(only) if columns.is_empty() => Ok(only),
            Some(last) => {
                columns.push(last);
                Ok(Arc::new(struct_of(&self.shared.kernel, columns)))
            }
            None => internal_err!("kernel {} gave no column", self.shared.name),
        }
    }
}

enum Argument {
    Column(ArrayRef),
    Scalar(Option<Scalar>),
}

fn synopsis(kernel: &VerifiedKernel) -> String {
    let params: Vec<String> = kernel
        .core
        .slot_types()
        .iter()
        .enumerate()
        .map(|(i, &ty)| match kernel.names.params.get(i) {
            Some(name) => format!("{name} {}", coercion::sql_name(ty)),
            None => coercion::sql_name(ty).to_string(),
        })
        .collect();
    let results = kernel.core.return_types();
    let result = match results.as_slice() {
        [single] => coercion::sql_name(*single).to_string(),
        several => {
            let fields = several.iter().enumerate();
            let fields = fields.map(|(i, &ty)| format!("{} {}", kernel.names.result(i), coercion::sql_name(ty)));
            format!("STRUCT<{}>", fields.collect::<Vec<_>>().join(", "))
        }
    };
    format!("{}({}) -> {result}", kernel.name(), params.join(", "))
}

fn documentation(kernel: &VerifiedKernel) -> Documentation {
    let doc = kernel.names.doc.trim();
    let description = if doc.is_empty() { format!("Kernel {}.", kernel.name()) } else { doc.to_string() };
    let mut builder = Documentation::builder(SECTION, description, synopsis(kernel));
    for (name, ty) in kernel.names.params.iter().zip(kernel.core.slot_types()) {
        builder = builder.with_argument(name.clone(), coercion::sql_name(ty));
    }
    builder.build()
}

impl ScalarUDFImpl for KernelUdf {
    fn name(&self) -> &str {
        &self.shared.name
    }

    fn aliases(&self) -> &[String] {
        &self.shared.aliases
    }

    fn signature(&self) -> &Signature {
        &self.shared.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.result_type())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        self.check_count(args.arg_fields.len())?;
        for (index, field) in args.arg_fields.iter().enumerate() {
            let literal = args.scalar_arguments.get(index).copied().flatten();
            match literal {
                Some(value) => drop(self.scalar(index, value)?),
                None if coercion::widens(field.data_type(), self.shared.params[index]) => {}
                None => return Err(self.refuse_column(index, field.data_type())),
            }
        }
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), self.result_type(), nullable)))
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        if arg_types.len() != self.shared.params.len() {
            return Ok(arg_types.to_vec());
        }
        let coerced = arg_types
            .iter()
            .zip(&self.shared.params)
            .map(|(given, &wanted)| if coercion::widens(given, wanted) { arrow_type(wanted) } else { given.clone() });
        Ok(coerced.collect())
    }

    fn simplify(&self, args: Vec<Expr>, _info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let foreign = |index: usize, arg: &Expr| match (arg, self.shared.params.get(index)) {
            (Expr::Literal(value, _), Some(&wanted)) => value.data_type() != arrow_type(wanted),
            _ => false,
        };
        if !args.iter().enumerate().any(|(index, arg)| foreign(index, arg)) {
            return Ok(ExprSimplifyResult::Original(args));
        }
        let converted = args.into_iter().enumerate().map(|(index, arg)| match &arg {
            Expr::Literal(value, metadata) if foreign(index, &arg) => {
                let wanted = arrow_type(self.shared.params[index]);
                let value = match self.scalar(index, value)? {
                    None => ScalarValue::try_from(&wanted)?,
                    Some(scalar) => engine_scalar(scalar),
                };
                Ok(Expr::Literal(value, metadata.clone()))
            }
            _ => Ok(arg),
        });
        let args = converted.collect::<Result<Vec<_>>>()?;
        let func = Arc::new(ScalarUDF::new_from_impl(self.clone()));
        Ok(ExprSimplifyResult::Simplified(Expr::ScalarFunction(ScalarFunction::new_udf(func, args))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.check_count(args.args.len())?;
        let rows = args.number_rows;
        if rows == 0 {
            // A call of scalars on an empty batch must not fail for a row that is not there.
            return Ok(ColumnarValue::Array(new_empty_array(&self.result_type())));
        }
        let arguments = args.args.into_iter().enumerate().map(|(index, value)| match value {
            ColumnarValue::Array(array) => self.column(index, array).map(Argument::Column),
            ColumnarValue::Scalar(value) => self.scalar(index, &value).map(Argument::Scalar),
        });
        let arguments = arguments.collect::<Result<Vec<_>>>()?;
        if arguments.iter().all(|argument| matches!(argument, Argument::Scalar(_))) {
            let one = self.call(&arguments, 1)?;
            Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&one, 0)?))
        } else {
            Ok(ColumnarValue::Array(self.call(&arguments, rows)?))
        }
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.shared.documentation)
    }
}

fn engine_scalar(scalar: Scalar) -> ScalarValue {
    match scalar {
        Scalar::Bool(v) => v.into(),
        Scalar::I8(v) => v.into(),
        Scalar::I16(v) => v.into(),
        Scalar::I32(v) => v.into(),
        Scalar::I64(v) => v.into(),
        Scalar::U8(v) => v.into(),
        Scalar::U16(v) => v.into(),
        Scalar::U32(v) => v.into(),
        Scalar::U64(v) => v.into(),
        Scalar::F32(v) => v.into(),
        Scalar::F64(v) => v.into(),
    }
}

impl PartialEq for KernelUdf {
    fn eq(&self, other: &KernelUdf) -> bool {
        self.shared.kernel.id() == other.shared.kernel.id() && self.shared.name == other.shared.name
    }
}

impl Eq for KernelUdf {}

impl Hash for KernelUdf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.shared.kernel.id().hash(state);
        self.shared.name.hash(state);
    }
}

impl fmt::Debug for KernelUdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KernelUdf({} {})", self.synopsis(), self.shared.kernel.id())
    }
}
