//! A kernel's machine code, with what its faults mean and, for vector code, the scalar code beside it.
//!
//! Vector code leaves rows to scalar code where one of them fails, or where there are too few. That code is made
//! when it is first wanted, and kept as long as the vector code is. Where it cannot be had the interpreter
//! computes these rows.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicPtr;

use filbert_compiler::{Artifact, Backend, CompileError, Target, helpers};
use filbert_ir::{KernelId, ValueId, VerifiedKernel};

use crate::code_memory::{CodeMemory, Refused};
use crate::kept::Kept;
use crate::layout::Layout;

/// What compiles: the compiler, or a test's stand-in.
pub(crate) type CompileFn = fn(&VerifiedKernel, &Target) -> Result<Artifact, CompileError>;

/// A kernel's machine code.
pub(crate) struct NativeCode {
    pub(super) id: KernelId,
    pub(super) memory: CodeMemory,
    pub(super) sites: Vec<ValueId>,
    /// The table of helpers that code gets.
    pub(super) helpers: &'static [AtomicPtr<()>],
    layout: Arc<Layout>,
    backend: Backend,
    defect: Option<String>,
    pub(super) vector: Option<Vector>,
}

/// What vector code needs besides.
pub(super) struct Vector {
    /// Rows of a block.
    pub(super) lanes: usize,
    /// Rows that are lost, as far as vectors go, if one of them fails.
    pub(super) turn_rows: usize,
    pub(super) kernel: VerifiedKernel,
    target: Target,
    compile: CompileFn,
    companion: Kept<Option<Arc<NativeCode>>>,
}

impl NativeCode {
    /// Maps what `compile` made of `kernel`.
    pub(crate) fn load(
        kernel: &VerifiedKernel,
        artifact: &Artifact,
        target: &Target,
        compile: CompileFn,
    ) -> Result<NativeCode, Refused> {
        let vector = match artifact.backend {
            Backend::Scalar => None,
            Backend::Vector { lanes, turn_rows, .. } => Some(Vector {
                lanes: lanes as usize,
                turn_rows: turn_rows as usize,
                kernel: kernel.clone(),
                target: target.without_vectors(),
                compile,
                companion: Kept::new(),
            }),
        };
        Ok(NativeCode {
            id: kernel.id(),
            memory: CodeMemory::load(&artifact.code, artifact.align, artifact.entry_offset)?,
            helpers: helpers::table(),
            sites: artifact.sites.iter().map(|site| site.value).collect(),
            layout: Arc::new(Layout::of(kernel)),
            backend: artifact.backend,
            defect: artifact.defect.clone(),
            vector,
        })
    }

    /// How the arguments and results of its kernel lie.
    pub(crate) fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Which back end made it.
    pub(crate) fn backend(&self) -> Backend {
        self.backend
    }

    /// What went wrong in the vector back end, if it is scalar code because of that.
    pub(crate) fn defect(&self) -> Option<&str> {
        self.defect.as_deref()
    }

    /// Whether it computes blocks of rows.
    pub(super) fn is_vector(&self) -> bool {
        self.vector.is_some()
    }

    /// Bytes of memory that it holds, without the scalar code beside it.
    pub(crate) fn bytes(&self) -> usize {
        self.memory.bytes() + self.sites.len() * size_of::<ValueId>()
    }

    /// Bytes that the scalar code beside it holds; 0 as long as nobody wanted it.
    pub(crate) fn companion_bytes(&self) -> usize {
        let companion = self.vector.as_ref().and_then(|vector| vector.companion.get());
        companion.and_then(Option::as_ref).map_or(0, |code| code.bytes())
    }
}

impl Vector {
    /// The scalar code; `None` if there is none to be had. Kernels with vector code are small: they compile on
    /// any stack, and in no time that a budget would be needed for.
    pub(super) fn companion(&self) -> Option<Arc<NativeCode>> {
        let make = || {
            let artifact = (self.compile)(&self.kernel, &self.target).ok()?;
            let code = NativeCode::load(&self.kernel, &artifact, &self.target, self.compile).ok()?;
            // A stand-in for the compiler may not care what it is asked for.
            code.vector.is_none().then(|| Arc::new(code))
        };
        self.companion.get_or(|| catch_unwind(AssertUnwindSafe(make)).unwrap_or(None))
    }
}
