//! The steps from kernel to artifact, and the guards around both back ends. A kernel that the vector back end
//! takes never meets Cranelift here; the runtime asks for its scalar code by a target `without_vectors`, if at
//! all. Where the vector back end fails, by an error of its own or by a panic, the kernel gets scalar code, and the
//! artifact says why.
//!
//! A panic inside Cranelift is caught and becomes `CompileError::Internal`. Cranelift recurses along the
//! dominator tree: whoever compiles a large kernel does so on a large stack, as the runtime's ladder does.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::{Context, ir};
use filbert_ir::VerifiedKernel;

use crate::artifact::{Artifact, Backend, Site};
use crate::audit::{Audit, audit};
use crate::error::CompileError;
use crate::first_use::FirstUse;
use crate::lower;
use crate::passes::{self, Optimized};
use crate::target::Target;
use crate::vector;

/// Values of the largest kernel that compiles on any stack of half a MiB.
pub const VALUES_SMALL_MAX: usize = 256;
/// Values of the largest kernel that becomes vector code: its scalar code is made where it is wanted, within a call.
pub const VALUES_VECTOR_MAX: usize = 1024;
/// Stack that is enough for every kernel, in bytes.
pub const STACK_BYTES_LARGE: usize = 16 << 20;

/// Compiles a kernel. A pure function: the same kernel and target give the same artifact. The stack must be
/// `STACK_BYTES_LARGE` if the kernel has more than `VALUES_SMALL_MAX` values.
pub fn compile(kernel: &VerifiedKernel, target: &Target) -> Result<Artifact, CompileError> {
    let stages = guarded(kernel, target, false)?;
    Ok(stages.artifact)
}

/// The helpers that a kernel's scalar code for this target calls, as indexes of `helpers::HELPERS`: of the table that
/// `CallFrame::helpers` points to, these entries are read.
pub fn helpers_called(kernel: &VerifiedKernel, target: &Target) -> Vec<usize> {
    lower::helpers_called(&passes::optimize(kernel).kernel.core, target)
}

/// What each stage made; `explain` shows it.
pub(crate) struct Stages {
    pub(crate) optimized: Optimized,
    /// What the back end made of it before its bytes, if asked for: CLIF, or the IR of blocks.
    pub(crate) lowered: Option<String>,
    /// Why the vector back end did not take it, if it did not.
    pub(crate) not_vectorised: Option<String>,
    pub(crate) artifact: Artifact,
}

/// Runs the stages where a panic does no harm.
pub(crate) fn guarded(kernel: &VerifiedKernel, target: &Target, keep_text: bool) -> Result<Stages, CompileError> {
    contain(kernel, || stages(kernel, target, keep_text))
}

/// Runs `step` so that its panic becomes an error about `kernel`.
fn contain<T>(kernel: &VerifiedKernel, step: impl FnOnce() -> Result<T, CompileError>) -> Result<T, CompileError> {
    catch_unwind(AssertUnwindSafe(step))
        .unwrap_or_else(|panic| Err(CompileError::internal(kernel, panic_message(&*panic))))
}

fn stages(kernel: &VerifiedKernel, target: &Target, keep_text: bool) -> Result<Stages, CompileError> {
    let optimized = passes::optimize(kernel);
    let by_vector = || by_vector(kernel, &optimized, target, keep_text);
    let why = match catch_unwind(AssertUnwindSafe(by_vector)) {
        Ok(Ok((lowered, artifact))) => return Ok(Stages { optimized, lowered, not_vectorised: None, artifact }),
        Ok(Err(why)) => why,
        Err(panic) => NotVectorised::Defect(panic_message(&*panic)),
    };
    if target.uniform() != 0 || target.sums() {
        return Err(match why {
            NotVectorised::Refused(why) => {
                CompileError::Unsupported(format!("no vector code for columns of one value, or for sums: it {why}"))
            }
            NotVectorised::Defect(why) => CompileError::internal(kernel, why),
        });
    }
    let (lowered, mut artifact) = by_cranelift(kernel, &optimized, target, keep_text)?;
    let not_vectorised = Some(match why {
        NotVectorised::Refused(why) => why,
        NotVectorised::Defect(why) => {
            artifact.defect = Some(why.clone());
            format!("{why} (a defect of Filbert; please report it with this kernel)")
        }
    });
    Ok(Stages { optimized, lowered, not_vectorised, artifact })
}

/// Why a child does not compile; see `first_use`.
const FORKED: &str = "this process was forked while its parent compiled for the first time";

/// Why there is no vector code.
enum NotVectorised {
    /// It is not for kernels of this kind, or not for this machine.
    Refused(String),
    /// It is, but what came out is not right, or nothing came out.
    Defect(String),
}

/// The vector back end: the IR as text, if asked for, and the code.
fn by_vector(
    kernel: &VerifiedKernel,
    optimized: &Optimized,
    target: &Target,
    keep_text: bool,
) -> Result<(Option<String>, Artifact), NotVectorised> {
    static ASSEMBLER: FirstUse = FirstUse::new();
    let plan = vector::plan(kernel, optimized, target).map_err(NotVectorised::Refused)?;
    // Not the same as a kernel that is not taken: nobody shall keep the scalar code for it.
    let _using = ASSEMBLER.begin().ok_or_else(|| NotVectorised::Defect(FORKED.into()))?;
    let made = plan.make(target).map_err(NotVectorised::Defect)?;
    let artifact = Artifact {
        kernel: kernel.id(),
        target: target.fingerprint().clone(),
        backend: Backend::Vector { isa: plan.isa, lanes: plan.lanes, turn_rows: plan.turn_rows },
        code: made.code,
        align: made.align,
        entry_offset: 0,
        sites: plan.sites.iter().map(|&value| Site { value }).collect(),
        audit: made.audit,
        defect: None,
    };
    Ok((keep_text.then(|| plan.text()), artifact))
}

/// The scalar back end: CLIF as text, if asked for, and the code.
fn by_cranelift(
    kernel: &VerifiedKernel,
    optimized: &Optimized,
    target: &Target,
    keep_text: bool,
) -> Result<(Option<String>, Artifact), CompileError> {
    static CRANELIFT: FirstUse = FirstUse::new();
    let _using = CRANELIFT.begin().ok_or_else(|| CompileError::Unsupported(FORKED.into()))?;
    let isa = target.isa().map_err(|why| CompileError::Unsupported(why.to_string()))?;
    let too_large = |detail| CompileError::TooLarge { kernel: kernel.name().to_string(), detail };
    let lowered = lower::lower(optimized, target, isa.as_ref()).map_err(too_large)?;
    let clif = keep_text.then(|| lowered.function.display().to_string());
    let sites = lowered.sites.iter().map(|&value| Site { value }).collect();
    let (code, align, audit) =
        emit(lowered.function, lowered.divisions, target).map_err(|why| CompileError::internal(kernel, why))?;
    let artifact = Artifact {
        kernel: kernel.id(),
        target: target.fingerprint().clone(),
        backend: Backend::Scalar,
        code,
        align,
        entry_offset: 0,
        sites,
        audit,
        defect: None,
    };
    Ok((clif, artifact))
}

/// Runs Cranelift and audits what comes out.
fn emit(function: ir::Function, divisions: u32, target: &Target) -> Result<(Vec<u8>, u32, Audit), String> {
    let isa = target.isa()?;
    let mut context = Context::for_function(function);
    let code = context
        .compile(isa.as_ref(), &mut ControlPlane::default())
        .map_err(|e| cranelift_codegen::print_errors::pretty_error(e.func, e.inner))?;
    let audit = audit(code, divisions)?;
    let align = code.buffer.alignment.max(isa.function_alignment().minimum);
    Ok((code.code_buffer().to_vec(), align, audit))
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    format!("panic: {}", text.unwrap_or("without a message"))
}

#[cfg(test)]
mod tests;
