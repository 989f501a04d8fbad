//! `filbert build`: kernels made ahead of time, as files that C programs are linked with.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use filbert_aot::{Emit, Module, default_platforms};
use filbert_compiler::Platform;
use filbert_ir::{Code, Diagnostic, Type, VerifiedKernel};
use filbert_syntax::Template;

use crate::failure::{Failure, print, reason};
use crate::kernel_file;

#[derive(clap::Args)]
pub(crate) struct Build {
    /// Kernel file: every kernel in it is built
    file: PathBuf,
    /// What to write
    #[arg(long, value_name = "KIND", value_delimiter = ',', default_values_t = Emit::ALL)]
    emit: Vec<Emit>,
    /// Machines to build for: x86-64-v1 to x86-64-v4, aarch64; without, all of this machine's architecture
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    target: Vec<Platform>,
    /// Types that generic kernels are built for, each as a kernel of its own: lerp_f64, lerp_f32
    #[arg(long, value_name = "TYPE", value_delimiter = ',', value_parser = type_of)]
    types: Vec<Type>,
    /// Where to write: a folder and the first part of the files' names, out/geo
    #[arg(short, long, value_name = "STEM")]
    output: PathBuf,
}

fn type_of(word: &str) -> Result<Type, String> {
    word.parse().map_err(|()| format!("unknown type `{word}`"))
}

impl Build {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let place = Place::of(&self.output, &self.file);
        let kernels = self.kernels()?;
        let platforms = if self.target.is_empty() { default_platforms() } else { self.target.clone() };
        let told = |error: filbert_aot::AotError| Failure::from(error.diagnostics());
        let module = Module::new(&place.name, &kernels).map_err(told)?;
        let files = module.files(&self.emit, &platforms).map_err(told)?;
        // All or nothing, as far as this program decides.
        for (name, bytes) in files {
            let path = place.folder.join(name);
            write(&path, &bytes)?;
            print(format_args!("{} ({} bytes)\n", path.display(), bytes.len()))?;
        }
        Ok(())
    }

    /// The kernels of the file, generic ones for each type.
    fn kernels(&self) -> Result<Vec<VerifiedKernel>, Failure> {
        let module = kernel_file::load(&self.file)?;
        let mut kernels = module.kernels;
        for template in &module.templates {
            for types in self.types_of(template)? {
                let kernel = template.with_types(&types)?;
                let words: Vec<&str> = types.iter().map(|ty| ty.name()).collect();
                kernels.push(kernel.with_name(format!("{}_{}", template.name, words.join("_"))));
            }
        }
        Ok(kernels)
    }

    /// The types that a generic kernel is built for.
    fn types_of(&self, template: &Template) -> Result<Vec<Vec<Type>>, Failure> {
        if self.types.is_empty() {
            return Ok(vec![kernel_file::default_types(template)]);
        }
        let takes = |ty: &Type| template.types.iter().all(|parameter| parameter.bound.contains(*ty));
        let types: Vec<Vec<Type>> =
            self.types.iter().filter(|ty| takes(ty)).map(|ty| vec![*ty; template.types.len()]).collect();
        if types.is_empty() {
            let message = format!("generic kernel {} takes none of the types in --types", template.name);
            let bounds = template.types.iter().map(|ty| format!("{}: {}", ty.name, ty.bound.describe()));
            let help = format!("it takes {}", bounds.collect::<Vec<_>>().join(", "));
            return Err(Failure::of(Diagnostic::unplaced(Code::TypeMismatch, message).help(help)));
        }
        Ok(types)
    }
}

/// Where files go, and what they are called.
struct Place {
    folder: PathBuf,
    name: String,
}

impl Place {
    /// A folder takes files that are called like the kernel file.
    fn of(output: &Path, file: &Path) -> Place {
        let is_folder = output.is_dir() || output.to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR]);
        let (folder, named) = match is_folder {
            true => (output, file.file_stem()),
            false => (output.parent().unwrap_or(Path::new("")), output.file_name()),
        };
        Place { folder: folder.into(), name: named.unwrap_or_default().to_string_lossy().into_owned() }
    }
}

/// Writes a file beside its place and puts it there when it is whole.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let wrong = |error: std::io::Error| {
        let why = match error.kind() {
            ErrorKind::NotFound => "there is no such folder".to_string(),
            _ => reason(&error),
        };
        Failure::new(Code::Output, format!("cannot write {}: {why}", path.display()))
    };
    let part = path.with_added_extension(format!("{}.part", std::process::id()));
    fs::write(&part, bytes).and_then(|()| fs::rename(&part, path)).map_err(|error| {
        let _ = fs::remove_file(&part);
        wrong(error)
    })
}
