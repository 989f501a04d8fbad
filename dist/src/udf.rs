//! A kernel as a scalar function of DataFusion.
//!
//! How an argument of another type is seen. `coerce_types` is told types only, so it converts what no value
//! can lose by (see `coercion`), leaves every other argument as it is and never fails: DataFusion would bury
//! its message. `return_field_from_args` is told the literals too, while the plan is made: there a literal of
//! another type passes if its value does, and almost all else is refused with one message. What may still
//! turn out to be a constant (`TIMESTAMP '...'`, `[1, 2]`) waits for `simplify`, which comes when constants
//! have been computed, writes converted literals into the plan, and refuses the rest. `invoke_with_args`
//! converts what comes by another way. A column that would lose digits is thus refused before any row is
//! read.
//!
//! The kernel is compiled when the first batch arrives: plans are decoded far more often than they run.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use datafusion::arrow::array::{Array, ArrayRef, new_empty_array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DataFusionError, Result, ScalarValue, internal_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, DocSection, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, TypeSignature, Volatility,
};
use filbert_ir::{AsKernel, Code, Datum, KernelError, Param, Signature as KernelSignature, VerifiedKernel};
use filbert_runtime::{
    ArrowArg, CallOptions, LoadedKernel, param_data_type, result_data_type, result_fields, struct_of,
};

use crate::coercion::{Way, way};
use crate::error::{external, wrong_kernel};
use crate::literal::{Refusal, engine_value, literal};
use crate::measure::{self, Call};
use crate::options::KernelOptions;
use crate::types::{self, cast as cast_of, decoded, describe, is_utc};

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
    signature: Signature,
    documentation: Documentation,
    loaded: OnceLock<LoadedKernel>,
}

impl KernelUdf {
    /// The function for a verified kernel.
    pub fn new(kernel: VerifiedKernel) -> KernelUdf {
        let name = kernel.name().to_lowercase();
        let aliases = if name == kernel.name() { Vec::new() } else { vec![kernel.name().to_string()] };
        // `UserDefined` decides. `Exact` is there to be shown by SHOW FUNCTIONS and cannot win: all that
        // `coerce_types` answers is accepted, and it stands first. `Nullary` lets a call without arguments
        // come as far as our own message.
        let exact = TypeSignature::Exact(kernel.core.signature.params.iter().map(param_data_type).collect());
        let signature =
            Signature::one_of(vec![TypeSignature::UserDefined, exact, TypeSignature::Nullary], Volatility::Immutable);
        let documentation = documentation(&kernel);
        let loaded = OnceLock::new();
        KernelUdf { shared: Arc::new(Shared { kernel, name, aliases, signature, documentation, loaded }) }
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

    /// The loaded kernel, and how long it compiled, if that was now.
    fn loaded(&self) -> (&LoadedKernel, Option<Duration>) {
        let mut compile_time = None;
        let loaded = self.shared.loaded.get_or_init(|| {
            let loaded = LoadedKernel::load(&self.shared.kernel);
            compile_time = loaded.compile_time();
            loaded
        });
        (loaded, compile_time)
    }

    /// `great_circle(lat1 DOUBLE, lon1 DOUBLE) -> DOUBLE`
    pub fn synopsis(&self) -> String {
        synopsis(&self.shared.kernel)
    }

    /// What a call gives: the type of the one result, or a struct of several.
    pub fn result_type(&self) -> DataType {
        let kernel = &self.shared.kernel;
        match kernel.core.signature.results.as_slice() {
            [single] => result_data_type(single),
            _ => DataType::Struct(result_fields(kernel)),
        }
    }

    fn contract(&self) -> &KernelSignature {
        &self.shared.kernel.core.signature
    }

    fn param(&self, index: usize) -> &Param {
        &self.contract().params[index]
    }

    fn refuse(&self, code: Code, detail: String) -> DataFusionError {
        external(KernelError::new(code, detail).of(&self.shared.kernel, self.shared.kernel.id()))
    }

    fn check_count(&self, given: usize) -> Result<()> {
        let wanted = self.contract().params.len();
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
        let wanted = param_data_type(self.param(index));
        let (argument, shown) = (self.argument(index), describe(&wanted));
        let (why, write) = refusal(given, &wanted);
        self.refuse(
            Code::Coercion,
            format!(
                "{argument} is {shown}, the query passes {}, {why}; write {write} if that is meant",
                describe(given)
            ),
        )
    }

    fn refuse_literal(&self, index: usize, value: &ScalarValue, refusal: Refusal) -> DataFusionError {
        match refusal {
            Refusal::Type => self.refuse_column(index, &value.data_type()),
            Refusal::Inexact => {
                let wanted = param_data_type(self.param(index));
                let (argument, shown) = (self.argument(index), describe(&wanted));
                let detail = match types::elements(&wanted) {
                    Some(_) => format!("{argument} is {shown}, which has no value {value}"),
                    None => format!(
                        "{argument} is {shown}, which has no value {value}; write {} to have it rounded, or an error \
                         where it is out of range",
                        cast_of(&value.to_string(), &wanted)
                    ),
                };
                self.refuse(Code::Coercion, detail)
            }
        }
    }

    /// A column that the kernel takes, converted if nothing can be lost.
    fn column(&self, index: usize, array: ArrayRef) -> Result<ArrayRef> {
        match way(array.data_type(), self.param(index)) {
            Way::AsIs => Ok(array),
            Way::Cast(wanted) => Ok(cast(&array, &wanted)?),
            Way::Constant | Way::Refused => Err(self.refuse_column(index, array.data_type())),
        }
    }

    fn constant(&self, index: usize, value: &ScalarValue) -> Result<Datum> {
        literal(value, self.param(index)).map_err(|refusal| self.refuse_literal(index, value, refusal))
    }

    fn call(&self, args: &[Argument], rows: usize, options: &CallOptions) -> Result<ArrayRef> {
        let args: Vec<ArrowArg<'_>> = args
            .iter()
            .map(|arg| match arg {
                Argument::Column(array) => ArrowArg::Array(array),
                Argument::Constant(datum) => ArrowArg::Datum(datum),
            })
            .collect();
        // A panic would cost the engine its task without a word of ours; generated code cannot panic, so what
        // arrives here is a defect around it.
        let called = catch_unwind(AssertUnwindSafe(|| {
            let (loaded, compile_time) = self.loaded();
            let started = Instant::now();
            let called = loaded.call_arrow_with(&args, rows, options);
            let (time, engine, failed) = (started.elapsed(), loaded.engine(), called.is_err());
            measure::record(self.name(), &self.shared.kernel, &Call { rows, time, compile_time, engine, failed });
            called
        }));
        let mut columns =
            called.map_err(|_| self.refuse(Code::Internal, "the call panicked".into()))?.map_err(external)?;
        if columns.iter().any(|column| matches!(column.data_type(), DataType::LargeList(_))) {
            let detail = "the lists of one batch have more than 2,147,483,647 elements; SET \
                          datafusion.execution.batch_size to fewer rows";
            return Err(self.refuse(Code::OutOfMemory, detail.into()));
        }
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
    /// For every row.
    Constant(Datum),
}

/// Why a column does not reach a parameter, and what says that it shall.
fn refusal(given: &DataType, wanted: &DataType) -> (&'static str, String) {
    let in_zone = matches!(decoded(given), DataType::Timestamp(_, zone) if !is_utc(zone.as_deref()));
    let is_list = |ty| types::elements(decoded(ty)).is_some();
    let convert = || cast_of("...", wanted);
    match wanted {
        DataType::Timestamp(..) if in_zone => {
            ("whose hours are not those of UTC", cast_of("... AT TIME ZONE 'UTC'", wanted))
        }
        _ if is_list(given) && !is_list(wanted) => ("which is a list", "...[1]".into()),
        _ if is_list(wanted) && !is_list(given) => ("which is no list", "[...]".into()),
        _ if number_of(given).is_numeric() && number_of(wanted).is_numeric() => {
            ("which could change values", convert())
        }
        _ if given.is_temporal() && wanted.is_temporal() => ("which could change values", convert()),
        _ => ("which has no conversion", convert()),
    }
}

/// A number type, or that of a list's elements.
fn number_of(ty: &DataType) -> &DataType {
    let ty = decoded(ty);
    types::elements(ty).map_or(ty, |field| number_of(field.data_type()))
}

/// `great_circle(lat1 DOUBLE, lon1 DOUBLE NULL) -> DOUBLE`; NULL where the kernel sees nulls.
fn synopsis(kernel: &VerifiedKernel) -> String {
    let params = kernel.core.signature.params.iter().enumerate().map(|(i, param)| {
        let name = kernel.names.params.get(i).map(|name| format!("{name} ")).unwrap_or_default();
        format!("{name}{}{}", describe(&param_data_type(param)), if is_nullable(param) { " NULL" } else { "" })
    });
    let params: Vec<String> = params.collect();
    let result = match kernel.core.signature.results.as_slice() {
        [single] => describe(&result_data_type(single)),
        _ => describe(&DataType::Struct(result_fields(kernel))),
    };
    format!("{}({}) -> {result}", kernel.name(), params.join(", "))
}

fn is_nullable(param: &Param) -> bool {
    matches!(param, Param::Scalar { nullable: true, .. })
}

fn documentation(kernel: &VerifiedKernel) -> Documentation {
    let doc = kernel.names.doc.trim();
    let description = if doc.is_empty() { format!("Kernel {}.", kernel.name()) } else { doc.to_string() };
    let mut builder = Documentation::builder(SECTION, description, synopsis(kernel));
    for (name, param) in kernel.names.params.iter().zip(&kernel.core.signature.params) {
        builder = builder.with_argument(name.clone(), describe(&param_data_type(param)));
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
        let mut nullable = self.contract().makes_nulls();
        for (index, field) in args.arg_fields.iter().enumerate() {
            let literal = args.scalar_arguments.get(index).copied().flatten();
            match literal {
                Some(value) => drop(self.constant(index, value)?),
                None if way(field.data_type(), self.param(index)) != Way::Refused => {}
                None => return Err(self.refuse_column(index, field.data_type())),
            }
            let strict = !is_nullable(self.param(index));
            nullable |= strict && (field.is_nullable() || types::has_nullable_elements(field.data_type()));
        }
        Ok(Arc::new(Field::new(self.name(), self.result_type(), nullable)))
    }

    /// Null where an argument is, and nowhere else: the optimizer drops outer joins and null checks by it.
    fn is_strict(&self) -> bool {
        let strict = |param: &Param| matches!(param, Param::Scalar { nullable: false, .. });
        self.contract().params.iter().all(strict) && !self.contract().makes_nulls()
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let params = &self.contract().params;
        if arg_types.len() != params.len() {
            return Ok(arg_types.to_vec());
        }
        // A conversion in the plan is shared between calls. Encoded columns are decoded at the call, though:
        // the engine would keep the encoding.
        let coerced = arg_types.iter().zip(params).map(|(given, param)| match way(given, param) {
            Way::Cast(wanted) if crate::coercion::engine_casts(given, param) => wanted,
            _ => given.clone(),
        });
        Ok(coerced.collect())
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        if args.len() != self.contract().params.len() {
            return Ok(ExprSimplifyResult::Original(args));
        }
        let mut changed = false;
        let mut converted = Vec::with_capacity(args.len());
        for (index, arg) in args.into_iter().enumerate() {
            converted.push(match arg {
                Expr::Literal(value, metadata) if value.data_type() != param_data_type(self.param(index)) => {
                    changed = true;
                    Expr::Literal(engine_value(&self.constant(index, &value)?, self.param(index))?, metadata)
                }
                arg if arg.any_column_refs() => {
                    let given = info.get_data_type(&arg)?;
                    match way(&given, self.param(index)) {
                        Way::Constant => return Err(self.refuse_column(index, &given)),
                        _ => arg,
                    }
                }
                arg => arg,
            });
        }
        if !changed {
            return Ok(ExprSimplifyResult::Original(converted));
        }
        let func = Arc::new(ScalarUDF::new_from_impl(self.clone()));
        Ok(ExprSimplifyResult::Simplified(Expr::ScalarFunction(ScalarFunction::new_udf(func, converted))))
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
            ColumnarValue::Scalar(value) => self.constant(index, &value).map(Argument::Constant),
        });
        let arguments = arguments.collect::<Result<Vec<_>>>()?;
        let options = KernelOptions::call_options(&args.config_options);
        if arguments.iter().all(|argument| !matches!(argument, Argument::Column(_))) {
            let one = self.call(&arguments, 1, &options)?;
            Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&one, 0)?))
        } else {
            Ok(ColumnarValue::Array(self.call(&arguments, rows, &options)?))
        }
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.shared.documentation)
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
