//! Kernels made ahead of time, as functions that C, C++ and everything that calls C can call: an object file for
//! each architecture, with the code of several levels in it, an archive of it, and a header.
//!
//! A crate of its own because nobody who runs kernels needs a writer of object files, and because this is the one
//! place that knows C. What a function computes is the compiler's code, byte for byte; what is added here is a small
//! function around it that Cranelift makes, too:
//!
//! ```text
//!   int32_t filbert_haversine(size_t rows, const double *lat1, .., double *out, filbert_error *error)
//!       which level has this CPU?          -> that level's code: vector or scalar, and scalar code beside it
//!       a CallFrame on the stack (docs/abi.md), strips of rows where nulls or lists want scratch
//!       vector code; where it leaves a turn, scalar code for that turn; and on
//!       a row that fails                   -> its number, its place in the source, the fault
//! ```
//!
//! Results have the bits that the runtime's have. Objects are position-independent, hold no path and no time, and
//! refer to nothing but themselves and to exact functions of libm where a kernel needs them (docs/aot.md says which).
//! The only thing that is ever written besides results is a word that remembers what the CPU is.
//!
//! | module | what it holds |
//! |---|---|
//! | `shape` | a kernel's signature in terms of C, and what has none |
//! | `header` | the header |
//! | `code` | the compiler's code of a kernel, for each level |
//! | `entry` | the function around it |
//! | `cpu` | which level a CPU has |
//! | `object` | an object file |
//! | `archive` | an archive with it |
//! | `files` | what a build writes, by name |

#![forbid(unsafe_code)]

mod archive;
mod code;
mod cpu;
mod entry;
mod error;
mod files;
mod header;
mod object;
mod shape;

use filbert_compiler::compile::STACK_BYTES_LARGE;
use filbert_compiler::{Level, Platform};
use filbert_ir::VerifiedKernel;

pub use error::AotError;
pub use files::{Emit, UnknownEmit, default_platforms};
use shape::Shape;

/// Version of the C interface: of the types in headers, of the order of arguments, of the numbers.
pub const C_ABI_VERSION: u32 = 1;

/// Kernels that become one object and one header.
#[derive(Clone, Debug)]
pub struct Module {
    name: String,
    exports: Vec<Export>,
}

/// A kernel and its shape in C.
#[derive(Clone, Debug)]
struct Export {
    kernel: VerifiedKernel,
    /// The function's name.
    symbol: String,
    shape: Shape,
}

impl Module {
    /// A module of these kernels, whose functions are called by `filbert_` and the kernel's name. All that is not for
    /// C is reported at once.
    pub fn new(name: &str, kernels: &[VerifiedKernel]) -> Result<Module, AotError> {
        let name = shape::c_word(name);
        let (mut exports, mut wrong): (Vec<Export>, Vec<_>) = (Vec::new(), Vec::new());
        for kernel in kernels {
            let symbol = format!("filbert_{}", kernel.name());
            let is_taken = exports.iter().any(|export| export.symbol == symbol)
                || [&target_symbol(&name), "filbert_error", "filbert_fault"].contains(&symbol.as_str());
            match Shape::of(kernel, is_taken) {
                Ok(shape) => exports.push(Export { kernel: kernel.clone(), symbol, shape }),
                Err(found) => wrong.extend(found),
            }
        }
        if wrong.is_empty() { Ok(Module { name, exports }) } else { Err(AotError::refused(kernels, wrong)) }
    }

    /// The module's name, as C has it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The C functions, in order.
    pub fn symbols(&self) -> impl Iterator<Item = &str> {
        self.exports.iter().map(|export| export.symbol.as_str())
    }

    /// The header.
    pub fn header(&self) -> String {
        header::header(self)
    }

    /// An object file (ELF) for these platforms, which must be of one architecture; several are levels among which the
    /// object chooses where it runs. The same kernels and platforms give the same bytes everywhere.
    pub fn object(&self, platforms: &[Platform]) -> Result<Vec<u8>, AotError> {
        let mut platforms = platforms.to_vec();
        platforms.sort_unstable();
        platforms.dedup();
        let architecture = platforms.first().ok_or(AotError::NoPlatform)?.architecture();
        if platforms.iter().any(|platform| platform.architecture() != architecture) {
            return Err(AotError::Architectures);
        }
        // Cranelift recurses on large kernels.
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("filbert-build".into()).stack_size(STACK_BYTES_LARGE);
            let made = thread.spawn_scoped(scope, || object::object(self, &platforms));
            let made = made.map_err(|why| AotError::internal(format!("no thread to compile on: {why}")))?;
            made.join().unwrap_or_else(|_| Err(AotError::internal("a panic in the writer of objects")))
        })
    }

    /// An archive (`libNAME.a`) that holds this object.
    pub fn archive(&self, object: &[u8]) -> Result<Vec<u8>, AotError> {
        archive::archive(&format!("{}.o", self.name), object)
    }
}

/// The function that says which of an object's levels is used.
fn target_symbol(module: &str) -> String {
    format!("filbert_{module}_target")
}

/// What a platform's level is to the code that compares it: higher ones have all that lower ones have.
fn level_number(platform: Platform) -> i64 {
    match platform {
        Platform::X86_64(Level::V1) | Platform::Aarch64 => 1,
        Platform::X86_64(Level::V2) => 2,
        Platform::X86_64(Level::V3) => 3,
        Platform::X86_64(Level::V4) => 4,
    }
}
