//! `filbert explain`: what each stage made of a kernel, down to the machine code.

use std::path::PathBuf;
use std::time::Instant;

use filbert_compiler::{Artifact, Backend, Explanation, Target};
use filbert_ir::{Code, Def, OnError, ValueId, VerifiedKernel, text};
use filbert_syntax::Template;

use crate::failure::{Failure, print};
use crate::kernel_file;

#[derive(clap::Args)]
pub(crate) struct Explain {
    /// Kernel file
    file: PathBuf,
    /// Name of a kernel, with types if it is generic: lerp<f32>; without it, every kernel of the file
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
    /// What the back end is given: CLIF for Cranelift, blocks for the vector back end
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
            None => {
                let module = kernel_file::load(&self.file)?;
                let by_default = |template: &Template| template.with_types(&kernel_file::default_types(template));
                let made = module.templates.iter().map(by_default).collect::<Result<Vec<_>, _>>()?;
                [module.kernels, made].concat()
            }
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
    let artifact = filbert_compiler::compile(kernel, &target).map_err(defect)?;
    let micros = started.elapsed().as_micros();
    let made = filbert_compiler::explain(kernel, &target).map_err(defect)?;

    let mut out = summary(kernel, &made, &artifact, &target, micros);
    let mut section = |of: Stage, title: &str, text: &str| {
        if stage == of || stage == Stage::All {
            out.push_str(&format!("\n== {title} ==\n{}\n", text.trim_end()));
        }
    };
    section(Stage::Source, "source", kernel.source.as_ref().map_or("", |source| &*source.text));
    section(Stage::Ir, "ir", &text::print(kernel));
    section(Stage::Ir, "ir after passes", &made.optimised);
    let lowered = if made.backend == Backend::Scalar { "clif" } else { "blocks" };
    section(Stage::Clif, lowered, &made.clif);
    section(Stage::Asm, "asm", &made.asm);
    Ok(out)
}

fn summary(kernel: &VerifiedKernel, made: &Explanation, artifact: &Artifact, target: &Target, micros: u128) -> String {
    let core = &kernel.core;
    let mut rows = vec![
        ("kernel", kernel_file::signature(kernel)),
        ("id", kernel.id().to_string()),
        ("values", core.values.len().to_string()),
        ("can fail", if core.is_fallible() { "yes" } else { "no" }.to_string()),
    ];
    if core.signature.on_error == OnError::Null {
        rows.push(("on error", "the row is null".to_string()));
    }
    rows.extend(checks(kernel, artifact));
    if core.has_loops() {
        rows.push(("fuel", format!("{} loop iterations a row", core.signature.fuel)));
    }
    if !core.tables.is_empty() {
        let tables = core.tables.iter().map(|table| format!("{} of {}", table.len(), table.elem));
        rows.push(("tables", tables.collect::<Vec<_>>().join(", ")));
    }
    rows.extend([
        ("target", target.describe()),
        ("back end", format!("{}; {}", made.backend.name(), made.backend_reason)),
        ("code", format!("{} bytes, compiled in {micros} us", made.code_bytes)),
    ]);
    rows.iter().map(|(name, value)| format!("{name:<10}{value}\n")).collect()
}

/// How many operations are looked at while rows run, of those that can fail: the others are proved not to, or
/// nobody needs them.
fn checks(kernel: &VerifiedKernel, artifact: &Artifact) -> Vec<(&'static str, String)> {
    let core = &kernel.core;
    let ids = || (0..core.values.len() as u32).map(ValueId);
    let is_access = |id: &ValueId| matches!(core.value(*id).def, Def::Load { .. } | Def::Store { .. });
    let is_checked = |id: &ValueId| artifact.sites.iter().any(|site| site.value == *id);
    let counted = |of: &dyn Fn(&ValueId) -> bool| {
        let all = ids().filter(|id| core.may_fault(*id) && of(id));
        (all.clone().count(), all.filter(|id| is_checked(id)).count())
    };
    let rows = [("indexes", counted(&|id| is_access(id))), ("checks", counted(&|id| !is_access(id)))];
    let rows = rows.into_iter().filter(|(_, (all, _))| *all > 0);
    rows.map(|(name, (all, checked))| (name, format!("{checked} of {all} checked in each row"))).collect()
}
