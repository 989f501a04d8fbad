//! `filbert build`: kernels made ahead of time, for machines that this need not be one of: a bundle for sessions and
//! executors, or files that C programs are linked with.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use filbert_aot::{Emit, Module, default_platforms};
use filbert_compiler::{Level, Platform};
use filbert_ir::{Code, Diagnostic, Type, VerifiedKernel};
use filbert_store::{bundle, folder};
use filbert_syntax::Template;

use crate::failure::{Failure, print, reason};
use crate::kernel_file;

#[derive(clap::Args)]
pub(crate) struct Build {
    /// Kernel files: every kernel in them is built. For C, one file
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Files for C instead of a bundle: obj, header, staticlib
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    emit: Vec<Emit>,
    /// Machines to build for: x86-64-v1 to x86-64-v4, aarch64 [default: x86-64-v2, v3 and v4; for C, all of this
    /// machine's architecture]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    target: Vec<Platform>,
    /// Types that generic kernels are built for, each as a kernel of its own: lerp_f64, lerp_f32
    #[arg(long, value_name = "TYPE", value_delimiter = ',', value_parser = type_of)]
    types: Vec<Type>,
    /// Sign the bundle with the key in this file; `filbert cache key --sign` makes one
    #[arg(long, value_name = "FILE", conflicts_with = "emit")]
    sign: Option<PathBuf>,
    /// Where to write: NAME.fbundle; for C a folder and the first part of the files' names, out/geo
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
}

/// What a bundle is for if nobody says so.
const BUNDLE_PLATFORMS: [Platform; 3] =
    [Platform::X86_64(Level::V2), Platform::X86_64(Level::V3), Platform::X86_64(Level::V4)];

fn type_of(word: &str) -> Result<Type, String> {
    word.parse().map_err(|()| format!("unknown type `{word}`"))
}

impl Build {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        if self.emit.is_empty() { self.bundle() } else { self.for_c() }
    }

    fn bundle(&self) -> Result<(), Failure> {
        if self.output.extension().is_none_or(|extension| extension != "fbundle") {
            let message = format!("{} is no name for a bundle", self.output.display());
            let help = "write -o NAME.fbundle, or say with --emit which files for C are wanted";
            return Err(Failure::of(Diagnostic::unplaced(Code::Output, message).help(help)));
        }
        let mut kernels = Vec::new();
        for file in &self.files {
            kernels.extend(self.kernels(file)?);
        }
        let platforms = if self.target.is_empty() { BUNDLE_PLATFORMS.to_vec() } else { self.target.clone() };
        let key = self.sign.as_deref().map(folder::read_key).transpose();
        let key = key.map_err(|why| Failure::new(Code::Input, why))?;
        let bytes = bundle::build(&kernels, &platforms, key.as_ref());
        let bytes = bytes.map_err(|why| Failure::new(Code::KernelTooLarge, why))?;
        write(&self.output, &bytes)?;
        let (count, names) = (kernels.len(), platforms.iter().map(|platform| platform.name()).collect::<Vec<_>>());
        let plural = if count == 1 { "" } else { "s" };
        let shown = self.output.display();
        print(format_args!("{shown}: {count} kernel{plural} for {}; {} bytes\n", names.join(", "), bytes.len()))
    }

    fn for_c(&self) -> Result<(), Failure> {
        let [file] = &self.files[..] else {
            let message = format!("files for C are made of one kernel file, not of {}", self.files.len());
            return Err(Failure::new(Code::Input, message));
        };
        let place = Place::of(&self.output, file);
        let kernels = self.kernels(file)?;
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

    /// The kernels of a file, generic ones for each type: `lerp_f32`, but in a bundle `lerp` where nobody asked for
    /// types.
    fn kernels(&self, file: &Path) -> Result<Vec<VerifiedKernel>, Failure> {
        let module = kernel_file::load(file)?;
        let mut kernels = module.kernels;
        for template in &module.templates {
            for types in self.types_of(template)? {
                let kernel = template.with_types(&types)?;
                if self.types.is_empty() && self.emit.is_empty() {
                    kernels.push(kernel);
                    continue;
                }
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
