//! A kernel's machine code, with what its faults mean and, for vector code, the scalar code beside it.
//!
//! Vector code leaves rows to scalar code where one of them fails, or where there are too few. That code is made
//! when it is first wanted, and kept as long as the vector code is. Where it cannot be had the interpreter
//! computes these rows.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use filbert_compiler::compile::{STACK_BYTES_LARGE, VALUES_SMALL_MAX};
use filbert_compiler::{Artifact, Backend, CompileError, Target, helpers};
use filbert_ir::{KernelId, ValueId, VerifiedKernel};

use crate::code_memory::{CodeMemory, Refused};
use crate::kept::Kept;
use crate::layout::Layout;
use crate::maker::Maker;
use crate::stats::count;

/// Calls for which there is vector code of its own; the default is columns in and columns out.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Form {
    /// Slots, a bit each, that have one value for all rows.
    pub(crate) uniform: u64,
    /// Results are not stored but added to the lanes of a sum.
    pub(crate) sums: bool,
}

impl Form {
    /// What a kernel is without if there is no code of this form.
    fn without(self) -> &'static str {
        match (self.sums, self.uniform != 0) {
            (true, _) => "code that adds up its results, which are stored and read again",
            _ => "code for arguments of one value, which are repeated in memory",
        }
    }
}

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
    pub(super) form: Form,
    /// Compared with the interpreter at least once; where it is of a form of its own.
    checked: AtomicBool,
    pub(super) vector: Option<Vector>,
}

/// What vector code needs besides.
pub(super) struct Vector {
    /// Rows of a block.
    pub(super) lanes: usize,
    /// Rows that are lost, as far as vectors go, if one of them fails.
    pub(super) turn_rows: usize,
    pub(super) kernel: VerifiedKernel,
    /// What the code was made for, and what scalar code is made for.
    vectors: Target,
    target: Target,
    maker: Maker,
    companion: Arc<Kept<Option<Arc<NativeCode>>>>,
    /// Vector code of other forms, and behind it that for sums.
    variants: [[Kept<Variant>; VARIANTS_MAX]; 2],
}

/// A form, and its code, if there is any.
type Variant = (Form, Option<Arc<NativeCode>>);

/// Sets of slots of one value for which there is code. An engine that passes literals does so in the same places each
/// time.
const VARIANTS_MAX: usize = 4;

/// Rows of a call from which on it is worth to compile for its form: that takes some 50 us.
const VARIANT_ROWS_MIN: usize = 1024;

impl NativeCode {
    /// Maps what `maker` made of `kernel` for `target`. What is made beside it later, is so by the same.
    pub(crate) fn load(
        kernel: &VerifiedKernel,
        artifact: &Artifact,
        target: &Target,
        maker: &Maker,
    ) -> Result<NativeCode, Refused> {
        let vector = match artifact.backend {
            Backend::Scalar => None,
            Backend::Vector { lanes, turn_rows, .. } => Some(Vector {
                lanes: lanes as usize,
                turn_rows: turn_rows as usize,
                kernel: kernel.clone(),
                vectors: target.clone(),
                target: target.without_vectors(),
                maker: maker.clone(),
                companion: Arc::new(Kept::new()),
                variants: [const { [const { Kept::new() }; VARIANTS_MAX] }; 2],
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
            form: Form { uniform: target.uniform(), sums: target.sums() },
            checked: AtomicBool::new(false),
            vector,
        })
    }

    /// How the arguments and results of its kernel lie.
    pub(crate) fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Whether it adds its results to the lanes of a sum.
    pub(crate) fn sums(&self) -> bool {
        self.form.sums
    }

    /// Which back end made it.
    pub(crate) fn backend(&self) -> Backend {
        self.backend
    }

    /// The code for a call of so many rows and this form, if there is such code: made where the call is worth it, or
    /// `now`.
    pub(crate) fn variant(&self, form: Form, rows: usize, now: bool) -> Option<&NativeCode> {
        let vector = self.vector.as_ref().filter(|_| form != Form::default())?;
        for kept in &vector.variants[usize::from(form.sums)] {
            let (own, code) = match kept.get() {
                Some(variant) => variant,
                None if now || rows >= VARIANT_ROWS_MIN => kept.keep(self.make_variant(vector, form))?,
                None => return None,
            };
            if *own == form {
                return code.as_deref();
            }
        }
        None
    }

    #[cold]
    fn make_variant(&self, vector: &Vector, form: Form) -> Variant {
        let target = if form.sums { vector.vectors.with_sums() } else { vector.vectors.clone() };
        let target = if form.uniform != 0 { target.with_uniform(form.uniform) } else { target };
        let code = vector.make(&target, form.without()).and_then(|mut code| {
            code.layout = self.layout.clone();
            code.vector.as_mut()?.companion = vector.companion.clone();
            Some(Arc::new(code))
        });
        (form, code)
    }

    /// Whether it is code of a form of its own that nobody has compared with the interpreter.
    pub(crate) fn is_unchecked_variant(&self) -> bool {
        self.form != Form::default() && !self.checked.load(Ordering::Relaxed)
    }

    pub(crate) fn set_checked(&self) {
        self.checked.store(true, Ordering::Relaxed);
    }

    /// Whether a slot has one value for all rows.
    pub(super) fn is_uniform(&self, slot: usize) -> bool {
        slot < u64::BITS as usize && self.form.uniform >> slot & 1 == 1
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

    /// Bytes that the code beside it holds, scalar or of other forms; 0 as long as nobody wanted it.
    pub(crate) fn companion_bytes(&self) -> usize {
        let Some(vector) = &self.vector else { return 0 };
        let scalar = vector.companion.get().and_then(Option::as_ref);
        let variants = vector.variants.iter().flatten().filter_map(|kept| kept.get()?.1.as_ref());
        scalar.into_iter().chain(variants).map(|code| code.bytes()).sum()
    }
}

impl Vector {
    /// The scalar code; `None` if there is none to be had. Kernels with vector code are small: they compile in no time
    /// that a budget would be needed for.
    pub(super) fn companion(&self) -> Option<Arc<NativeCode>> {
        self.companion.get_or(|| {
            let code =
                self.make(&self.target, "scalar code beside the vector code, whose rows the interpreter computes")?;
            // A stand-in for the compiler may not care what it is asked for.
            code.vector.is_none().then(|| Arc::new(code))
        })
    }

    /// Code for another target than that of the vector code that this stands behind. Where there is none the log says
    /// `without` what the kernel runs, and why; a form that the back end does not take is no news.
    fn make(&self, target: &Target, without: &str) -> Option<NativeCode> {
        let make = || {
            let made = self.maker.make(&self.kernel, target).map_err(|error| match error {
                CompileError::Unsupported(_) => Missing::Refused,
                error => Missing::Defect(error.to_string()),
            })?;
            let code = NativeCode::load(&self.kernel, &made.artifact, target, &self.maker)
                .map_err(|why| Missing::Passing(why.to_string()))?;
            self.maker.keep(&self.kernel, target, &made);
            Ok(code)
        };
        let why = match with_stack(&self.kernel, make) {
            Ok(code) => return Some(code),
            Err(Missing::Refused) => return None,
            Err(Missing::Defect(why)) => {
                count(&self.maker.counters().form_defects);
                why
            }
            Err(Missing::Passing(why)) => {
                count(&self.maker.counters().refusals);
                why
            }
        };
        let kernel = &self.kernel;
        tracing::warn!(kernel = kernel.name(), id = %kernel.id(), "runs without {without}: {why}");
        None
    }
}

/// Why there is no code of a form of its own, or beside vector code.
enum Missing {
    /// The back end does not take it.
    Refused,
    /// The compiler failed.
    Defect(String),
    /// The system gives no memory for code, or no thread to compile on.
    Passing(String),
}

/// Runs what compiles a kernel where the stack is large enough for that, and catches its panic.
fn with_stack<T: Send>(
    kernel: &VerifiedKernel,
    make: impl FnOnce() -> Result<T, Missing> + Send,
) -> Result<T, Missing> {
    let defect = |panic: Box<dyn std::any::Any + Send>| Err(Missing::Defect(panic_text(&*panic)));
    let make = || catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(defect);
    if kernel.core.values.len() <= VALUES_SMALL_MAX {
        return make();
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("filbert-compile".into()).stack_size(STACK_BYTES_LARGE);
        match thread.spawn_scoped(scope, make) {
            Ok(thread) => thread.join().unwrap_or_else(defect),
            Err(why) => Err(Missing::Passing(format!("no thread to compile on: {why}"))),
        }
    })
}

/// What a panic of the compiler says.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the compiler panicked: {}", text.unwrap_or("no message"))
}
