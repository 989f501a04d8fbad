//! `filbert explain`: what each stage made of a kernel, down to the machine code.

use std::path::PathBuf;
use std::time::Instant;

use filbert_compiler::{Explanation, Target};
use filbert_ir::{Code, VerifiedKernel, text};

use crate::failure::{Failure, print};
use crate::kernel_file;

#[derive(clap::Args)]
pub(crate) struct Explain {
    /// Kernel file
    file: PathBuf,
    /// Name of a kernel; without it, every kernel of the file
    kernel: Option<String>,
    /// Which stage to show
    #[arg(long, value_enum, default_value_t = Stage::All)]
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Stage {
    /// The text that was read
    Source,
    /// The typed values, before and after the passes
    Ir,
    /// What Cranelift is given
    Clif,
    /// Machine code of this machine
    Asm,
    /// All of them
    All,
}

impl Explain {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let kernels = match &self.kernel {
            Some(name) => vec![kernel_file::load_one(&self.file, name)?],
            None => kernel_file::load(&self.file)?.kernels,
        };
        for (index, kernel) in kernels.iter().enumerate() {
            if index > 0 {
                print("\n")?;
            }
            print(explain(kernel, self.stage)?)?;
        }
        Ok(())
    }
}

fn explain(kernel: &VerifiedKernel, stage: Stage) -> Result<String, Failure> {
    let target = Target::host();
    let defect = |e: filbert_compiler::CompileError| Failure::new(Code::Internal, e.to_string());
    // The first compilation of a process also sets Cranelift up; the second shows what a kernel costs.
    filbert_compiler::compile(kernel, &target).map_err(defect)?;
    let started = Instant::now();
    filbert_compiler::compile(kernel, &target).map_err(defect)?;
    let micros = started.elapsed().as_micros();
    let made = filbert_compiler::explain(kernel, &target).map_err(defect)?;

    let mut out = summary(kernel, &made, &target, micros);
    let mut section = |of: Stage, title: &str, text: &str| {
        if stage == of || stage == Stage::All {
            out.push_str(&format!("\n== {title} ==\n{}\n", text.trim_end()));
        }
    };
    section(Stage::Source, "source", kernel.source.as_ref().map_or("", |source| &*source.text));
    section(Stage::Ir, "ir", &text::print(kernel));
    section(Stage::Ir, "ir after passes", &made.optimised);
    section(Stage::Clif, "clif", &made.clif);
    section(Stage::Asm, "asm", &made.asm);
    Ok(out)
}

fn summary(kernel: &VerifiedKernel, made: &Explanation, target: &Target, micros: u128) -> String {
    let rows = [
        ("kernel", kernel_file::signature(kernel)),
        ("id", kernel.id().to_string()),
        ("values", kernel.core.values.len().to_string()),
        ("can fail", if kernel.core.is_fallible() { "yes" } else { "no" }.to_string()),
        ("target", target.describe()),
        ("back end", format!("{}; {}", made.backend.name(), made.backend_reason)),
        ("code", format!("{} bytes, compiled in {micros} us", made.code_bytes)),
    ];
    rows.iter().map(|(name, value)| format!("{name:<10}{value}\n")).collect()
}
