//! `filbert build`: kernels compiled ahead of time, for machines that this need not be one of.

use std::path::{Path, PathBuf};

use filbert_compiler::{Level, Platform};
use filbert_ir::{Code, Type, VerifiedKernel};
use filbert_store::{bundle, folder};
use filbert_syntax::Template;

use crate::failure::{Failure, print};
use crate::kernel_file;

/// What a bundle is for if nobody says so.
const PLATFORMS: [Platform; 3] =
    [Platform::X86_64(Level::V2), Platform::X86_64(Level::V3), Platform::X86_64(Level::V4)];

#[derive(clap::Args)]
pub(crate) struct Build {
    /// Files with kernels
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Types that generic kernels are made for, each in turn, where their bounds take it [default: f64 or i64]
    #[arg(long, value_name = "TYPE", value_delimiter = ',', value_parser = type_named)]
    types: Vec<Type>,
    /// Machines to compile for [default: x86-64-v2,x86-64-v3,x86-64-v4]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    target: Vec<Platform>,
    /// Sign the bundle with the key in this file (`filbert cache key --sign FILE` makes one)
    #[arg(long, value_name = "FILE")]
    sign: Option<PathBuf>,
    /// The bundle
    #[arg(short, long, value_name = "FILE.fbundle")]
    output: PathBuf,
}

fn type_named(word: &str) -> Result<Type, String> {
    word.trim().parse().map_err(|()| format!("there is no type `{word}`"))
}

impl Build {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut kernels = Vec::new();
        for file in &self.files {
            let module = kernel_file::load(file)?;
            kernels.extend(module.kernels.iter().cloned());
            for template in &module.templates {
                kernels.extend(self.instances(template)?);
            }
        }
        let platforms = if self.target.is_empty() { PLATFORMS.to_vec() } else { self.target.clone() };
        let key = self.sign.as_deref().map(folder::read_key).transpose();
        let key = key.map_err(|why| Failure::new(Code::Input, why))?;
        let bytes =
            bundle::build(&kernels, &platforms, key.as_ref()).map_err(|why| Failure::new(Code::Internal, why))?;
        write(&self.output, &bytes)?;
        let (count, names) = (kernels.len(), platforms.iter().map(|platform| platform.name()).collect::<Vec<_>>());
        let plural = if count == 1 { "" } else { "s" };
        let shown = self.output.display();
        print(format!("{shown}: {count} kernel{plural} for {}; {} bytes\n", names.join(", "), bytes.len()))
    }

    /// A generic kernel for each of the types that it takes.
    fn instances(&self, template: &Template) -> Result<Vec<VerifiedKernel>, Failure> {
        if self.types.is_empty() {
            return Ok(vec![template.with_types(&kernel_file::default_types(template))?]);
        }
        let made = self.types.iter().map(|&ty| template.with_types(&vec![ty; template.types.len()]));
        let made: Vec<_> = made.collect();
        if made.iter().all(Result::is_err)
            && let Some(Err(first)) = made.iter().find(|one| one.is_err())
        {
            // None of the types suits it: say why of the first.
            return Err(first.clone().into());
        }
        Ok(made.into_iter().flatten().collect())
    }
}

/// The whole file or none of it.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let cannot = |error| Failure::new(Code::Output, format!("cannot write {}: {error}", path.display()));
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = std::fs::write(&temporary, bytes).and_then(|()| std::fs::rename(&temporary, path));
    written.map_err(|error| {
        let _ = std::fs::remove_file(&temporary);
        cannot(error)
    })
}
