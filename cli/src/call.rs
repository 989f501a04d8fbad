//! `filbert call`: one row from the command line.

use std::path::PathBuf;

use filbert_ir::{Code, Datum, KernelError, Scalar, VerifiedKernel};
use filbert_runtime::{Engine, LoadedKernel};

use crate::failure::{Failure, print, tell};
use crate::{arguments, cache, kernel_file};

#[derive(clap::Args)]
pub(crate) struct Call {
    /// Kernel file
    file: PathBuf,
    /// Name of the kernel; of a generic one with its types: lerp<f32>
    kernel: String,
    /// One value for each parameter: 7, -1.5, 0xff, inf, -inf, nan, true, false, '[1, 2]', 2013-01-31T10:00:00, 90s,
    /// null
    #[arg(value_name = "ARG")]
    args: Vec<String>,
    /// Who computes it; `both` compares the bits and fails when they differ [default: $FILBERT_ENGINE, else native]
    #[arg(long, value_enum, value_name = "ENGINE")]
    engine: Option<Choice>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Choice {
    Native,
    Interp,
    Both,
}

type Outcome = Result<Vec<Datum>, KernelError>;

impl Call {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let kernel = kernel_file::load_one(&self.file, &self.kernel)?;
        let row = arguments::parse(&kernel, &self.args)?;
        if !matches!(self.engine, Some(Choice::Interp)) {
            cache::begin();
        }
        let outcome = match self.engine {
            None => LoadedKernel::load(&kernel).call_row(&row),
            Some(Choice::Native) => LoadedKernel::load_with(&kernel, Engine::Native).call_row(&row),
            Some(Choice::Interp) => LoadedKernel::load_with(&kernel, Engine::Interp).call_row(&row),
            Some(Choice::Both) => both(&kernel, &row)?,
        };
        match outcome {
            Ok(results) => show(&kernel, &results),
            Err(error) => Err(Failure::Screen(error.render(Some(&kernel)))),
        }
    }
}

/// The value alone, or a line for each result column.
fn show(kernel: &VerifiedKernel, results: &[Datum]) -> Result<(), Failure> {
    let types = &kernel.core.signature.results;
    let shown: Vec<String> = results.iter().zip(types).map(|(datum, ty)| arguments::show(datum, ty)).collect();
    match shown.as_slice() {
        [single] => print(format_args!("{single}\n")),
        several => {
            let lines = several.iter().enumerate().map(|(i, value)| format!("{} = {value}\n", kernel.names.result(i)));
            print(lines.collect::<String>())
        }
    }
}

/// Runs both engines; a failure if they do not agree to the bit, or by error code and place.
fn both(kernel: &VerifiedKernel, row: &[Datum]) -> Result<Outcome, Failure> {
    let loaded = LoadedKernel::load_with(kernel, Engine::Native);
    if loaded.engine() != Engine::Native {
        let message = "native code cannot be run here, so there is nothing to compare";
        return Err(Failure::new(Code::JitUnavailable, message));
    }
    let native = loaded.call_row(row);
    if loaded.engine() != Engine::Native {
        // The runtime compares a kernel's first call itself, and does not run code that failed.
        return Err(Failure::new(Code::Internal, "native code and interpreter differ; see the warning above"));
    }
    let interp = LoadedKernel::load_with(kernel, Engine::Interp).call_row(row);
    let same = match (&native, &interp) {
        (Ok(a), Ok(b)) => a == b,
        (Err(a), Err(b)) => (a.code, a.value) == (b.code, b.value),
        _ => false,
    };
    if !same {
        let message =
            format!("native code and interpreter differ\n  native: {}\n  interp: {}", bits(&native), bits(&interp));
        return Err(Failure::new(Code::Internal, message));
    }
    if native.is_ok() {
        tell(format_args!("native and interp agree: {}\n", bits(&native)));
    }
    Ok(native)
}

fn bits(outcome: &Outcome) -> String {
    let one = |v: &Scalar| format!("{v} (bits {:#0w$x})", v.bits(), w = v.ty().bytes() * 2 + 2);
    match outcome {
        Ok(results) => {
            let shown = results.iter().map(|result| match result {
                Datum::Null => "null".to_string(),
                Datum::Scalar(v) => one(v),
                Datum::List(elems) => format!("[{}]", elems.iter().map(one).collect::<Vec<_>>().join(", ")),
            });
            shown.collect::<Vec<_>>().join(", ")
        }
        Err(error) => error.code.to_string(),
    }
}
