//! The compiler's code of a kernel for one level, and what it refers to.

use filbert_compiler::compile::helpers_called;
use filbert_compiler::helpers::HELPERS;
use filbert_compiler::{Artifact, Backend, CompileError, Platform, Target, compile};
use filbert_ir::{Op, Type, VerifiedKernel};

use crate::AotError;

/// Code of one level.
pub(crate) struct Code {
    pub(crate) platform: Platform,
    /// What runs first: vector code, if the kernel has any at this level.
    pub(crate) main: Artifact,
    /// What runs where vector code leaves rows; the same as `main` if that is scalar.
    pub(crate) scalar: Artifact,
    /// Rows that scalar code computes where vector code leaves some; 0 without vector code.
    pub(crate) turn_rows: u64,
    /// Helpers that are called, as indexes of the table in the frame, each with its function of libm.
    pub(crate) helpers: Vec<(usize, &'static str)>,
    /// Line and column of each site of the scalar code; at least one.
    pub(crate) places: Vec<(u32, u32)>,
}

/// Compiles a kernel for a level.
pub(crate) fn code(kernel: &VerifiedKernel, platform: Platform) -> Result<Code, AotError> {
    let target = Target::of(platform).standalone();
    let main = compile(kernel, &target)?;
    if let Some(defect) = &main.defect {
        let (kernel_name, detail) = (kernel.name().to_string(), defect.clone());
        return Err(CompileError::Internal { kernel: kernel_name, detail, ir: filbert_ir::text::print(kernel) }.into());
    }
    let (turn_rows, scalar) = match main.backend {
        Backend::Scalar => (0, main.clone()),
        Backend::Vector { turn_rows, .. } => (u64::from(turn_rows), compile(kernel, &target.without_vectors())?),
    };
    let mut helpers = Vec::new();
    for index in helpers_called(kernel, &target.without_vectors()) {
        let helper = &HELPERS[index];
        let symbol = libm_symbol(helper.op, helper.ty);
        let symbol = symbol.ok_or_else(|| AotError::internal(format!("{} of {} is called", helper.op, helper.ty)))?;
        helpers.push((index, symbol));
    }
    let mut places: Vec<(u32, u32)> = scalar.sites.iter().map(|site| place(kernel, site.value.index())).collect();
    if places.is_empty() {
        places.push((0, 0));
    }
    Ok(Code { platform, main, scalar, turn_rows, helpers, places })
}

/// The function of the C library that is a helper: those with one possible result only, exact or rounded once.
fn libm_symbol(op: Op, ty: Type) -> Option<&'static str> {
    Some(match (op, ty) {
        (Op::MulAdd, Type::F64) => "fma",
        (Op::MulAdd, Type::F32) => "fmaf",
        (Op::Rem, Type::F64) => "fmod",
        (Op::Rem, Type::F32) => "fmodf",
        (Op::Floor, Type::F64) => "floor",
        (Op::Floor, Type::F32) => "floorf",
        (Op::Ceil, Type::F64) => "ceil",
        (Op::Ceil, Type::F32) => "ceilf",
        (Op::Trunc, Type::F64) => "trunc",
        (Op::Trunc, Type::F32) => "truncf",
        (Op::Round, Type::F64) => "round",
        (Op::Round, Type::F32) => "roundf",
        _ => return None,
    })
}

/// Line and column of a value in its source, both from 1; zeros where there is none.
fn place(kernel: &VerifiedKernel, value: usize) -> (u32, u32) {
    let found = kernel.source.as_ref().and_then(|source| {
        let before = source.text.get(..source.spans.get(value)?.start as usize)?;
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1;
        Some((line, column))
    });
    found.unwrap_or((0, 0))
}
