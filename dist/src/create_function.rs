//! `CREATE [OR REPLACE] FUNCTION name(types) [RETURNS type] LANGUAGE kernel AS 'fn ...'`.
//!
//! The body is kernel text: one `fn` or several, of which the one with the function's name counts, else the
//! only one. The types stand in SQL so that a reader of the script sees them; the kernel's text decides, and
//! a disagreement is an error. The function lives as long as its session.
//!
//! A generic kernel is made for the declared types; `CREATE FUNCTION f() LANGUAGE kernel AS 'fn f<T: Float>...'`
//! declares none, and each call decides.
//!
//! Warnings about the text go to `tracing`, a line each, and to whoever asked for them.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::context::{FunctionFactory, RegisterFunction, SessionState};
use datafusion::logical_expr::{CreateFunction, Expr, ScalarUDF, Volatility};
use filbert_ir::{Code, Diagnostics, KernelError, VerifiedKernel};
use filbert_runtime::param_data_type;
use filbert_syntax::{Module, Template};

use crate::error::{external, wrong_kernel};
use crate::template::TemplateUdf;
use crate::types::{describe, same};
use crate::udf::KernelUdf;

/// How many texts with warnings wait for somebody to ask; later ones are told to `tracing` only.
const WARNINGS_MAX: usize = 1_000;

/// The warnings of a session's texts, until somebody takes them. Clones are one list.
#[derive(Clone, Debug, Default)]
pub struct Warnings {
    found: Arc<Mutex<Vec<Diagnostics>>>,
}

impl Warnings {
    /// All that came since the last call, a text each.
    pub fn take(&self) -> Vec<Diagnostics> {
        mem::take(&mut *self.found.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, warnings: &Diagnostics) {
        for warning in &warnings.list {
            tracing::warn!("[{}] {}: {}", warning.code, warnings.name, warning.message);
        }
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if !warnings.list.is_empty() && found.len() < WARNINGS_MAX {
            found.push(warnings.clone());
        }
    }
}

/// Creates functions from kernel text. Install it with `SessionContext::with_function_factory`;
/// `Session` has it already.
#[derive(Clone, Debug, Default)]
pub struct KernelFunctionFactory {
    /// Where warnings about texts are kept.
    pub warnings: Warnings,
}

#[async_trait]
impl FunctionFactory for KernelFunctionFactory {
    async fn create(&self, state: &SessionState, statement: CreateFunction) -> Result<RegisterFunction> {
        let udf = kernel_function(&statement, &self.warnings)?;
        if !statement.or_replace {
            check_new(state, &udf, &statement.name)?;
        }
        Ok(RegisterFunction::Scalar(Arc::new(udf)))
    }
}

fn kernel_function(statement: &CreateFunction, warnings: &Warnings) -> Result<ScalarUDF> {
    let name = &statement.name;
    check_language(statement)?;
    let text = body(statement)?;
    let module = filbert_syntax::parse(text, &format!("CREATE FUNCTION {name}")).map_err(wrong_kernel)?;
    let udf = match generic(&module, name) {
        Some(template) if statement.args.as_deref().unwrap_or_default().is_empty() => {
            if let Some(declared) = &statement.return_type {
                let detail = format!(
                    "RETURNS says {}, but the result of a generic kernel depends on its arguments; leave it out, or \
                     declare the arguments",
                    describe(declared)
                );
                return Err(wrong(name, detail));
            }
            ScalarUDF::new_from_impl(TemplateUdf::named(template.clone(), name))
        }
        Some(template) => {
            let declared = statement.args.iter().flatten().map(|arg| arg.data_type.clone()).collect::<Vec<_>>();
            let udf = TemplateUdf::named(template.clone(), name).specialise(&declared)?;
            ScalarUDF::new_from_impl(checked(statement, udf.kernel())?)
        }
        None => ScalarUDF::new_from_impl(checked(statement, module.select(name).map_err(wrong_kernel)?)?),
    };
    warnings.add(&module.warnings);
    Ok(udf)
}

/// The generic kernel that the statement means, unless it means a kernel: the one of its name, else the only
/// function of the text.
fn generic<'m>(module: &'m Module, name: &str) -> Option<&'m Template> {
    match (module.get(name), module.template(name)) {
        (Some(_), _) => None,
        (None, Some(template)) => Some(template),
        (None, None) => match (module.kernels.as_slice(), module.templates.as_slice()) {
            ([], [only]) => Some(only),
            _ => None,
        },
    }
}

/// The function of a kernel, if it is what the statement declares.
fn checked(statement: &CreateFunction, kernel: &VerifiedKernel) -> Result<KernelUdf> {
    check_arguments(statement, kernel)?;
    let udf = KernelUdf::new(kernel.with_name(&statement.name));
    check_result(statement, &udf)?;
    Ok(udf)
}

fn wrong(name: &str, detail: impl Into<String>) -> DataFusionError {
    external(KernelError { kernel: name.to_string(), ..KernelError::new(Code::CreateFunction, detail) })
}

fn check_language(statement: &CreateFunction) -> Result<()> {
    let name = &statement.name;
    match &statement.params.language {
        Some(language) if language.value.eq_ignore_ascii_case("kernel") => {}
        Some(language) => {
            let detail =
                format!("there is no language {language}; write LANGUAGE kernel and the kernel's text after AS");
            return Err(wrong(name, detail));
        }
        None => return Err(wrong(name, "the language is missing; write LANGUAGE kernel")),
    }
    match statement.params.behavior {
        None | Some(Volatility::Immutable) => Ok(()),
        Some(other) => {
            let detail = format!(
                "a kernel gives the same result for the same arguments; leave out {}",
                format!("{other:?}").to_uppercase()
            );
            Err(wrong(name, detail))
        }
    }
}

fn body(statement: &CreateFunction) -> Result<&str> {
    let name = &statement.name;
    match &statement.params.function_body {
        Some(Expr::Literal(value, _)) => match value.try_as_str() {
            Some(Some(text)) => Ok(text),
            _ => Err(wrong(name, "the body must be kernel text: AS 'fn ...' or AS $$ fn ... $$")),
        },
        Some(_) => {
            Err(wrong(name, "the body must be kernel text, not an SQL expression: AS 'fn ...' or AS $$ fn ... $$"))
        }
        None => Err(wrong(name, "the body is missing: AS 'fn ...' or AS $$ fn ... $$")),
    }
}

fn check_arguments(statement: &CreateFunction, kernel: &VerifiedKernel) -> Result<()> {
    let name = &statement.name;
    let declared = statement.args.as_deref().unwrap_or_default();
    let params = &kernel.core.signature.params;
    if declared.len() != params.len() {
        let detail = format!(
            "the statement declares {} argument(s), the kernel has {}: {}",
            declared.len(),
            params.len(),
            KernelUdf::new(kernel.clone()).synopsis()
        );
        return Err(wrong(name, detail));
    }
    for (index, (arg, wanted)) in declared.iter().zip(params).enumerate() {
        let param = kernel.names.params.get(index).map_or("", String::as_str);
        if arg.default_expr.is_some() {
            return Err(wrong(
                name,
                format!("argument {} ({param}) has a default, which kernels do not have", index + 1),
            ));
        }
        let ty = param_data_type(wanted);
        if !same(&arg.data_type, &ty) {
            let detail = format!(
                "argument {} ({param}) is declared {}, the kernel takes {} ({wanted})",
                index + 1,
                describe(&arg.data_type),
                describe(&ty)
            );
            return Err(wrong(name, detail));
        }
        // Arguments go by position. A name of one's own is welcome; the name of another parameter means that
        // two were swapped.
        let given = arg.name.as_ref().map_or("", |ident| ident.value.trim_matches('"'));
        let place = kernel.names.params.iter().position(|param| param.eq_ignore_ascii_case(given));
        if let Some(place) = place.filter(|&place| place != index) {
            let detail = format!(
                "argument {} is called {given}, which is the kernel's parameter {}; arguments go by position",
                index + 1,
                place + 1
            );
            return Err(wrong(name, detail));
        }
    }
    Ok(())
}

fn check_result(statement: &CreateFunction, udf: &KernelUdf) -> Result<()> {
    let result = udf.result_type();
    match &statement.return_type {
        Some(declared) if !same(declared, &result) => {
            let detail = format!("RETURNS says {}, the kernel gives {}", describe(declared), describe(&result));
            Err(wrong(&statement.name, detail))
        }
        _ => Ok(()),
    }
}

fn check_new(state: &SessionState, udf: &ScalarUDF, name: &str) -> Result<()> {
    let lower = udf.name();
    let exists = state.scalar_functions().contains_key(lower)
        || state.scalar_functions().contains_key(name)
        || state.aggregate_functions().contains_key(lower)
        || state.window_functions().contains_key(lower);
    match exists {
        true => Err(wrong(name, "a function of that name exists; write CREATE OR REPLACE FUNCTION to replace it")),
        false => Ok(()),
    }
}
