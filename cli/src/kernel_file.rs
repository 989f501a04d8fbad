//! Reading kernel files, and naming what is in them.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use filbert_dist::template::default_type;
use filbert_ir::limits::WIRE_BYTES_MAX;
use filbert_ir::{Code, Diagnostic, Kernel, Type, VerifiedKernel};
use filbert_syntax::{Module, Template};

use crate::failure::Failure;

/// The kernels of a file.
pub(crate) fn load(path: &Path) -> Result<Module, Failure> {
    let text = read(path, WIRE_BYTES_MAX)?;
    Ok(filbert_syntax::parse(&text, &path.display().to_string())?)
}

/// The kernel of that name in that file. A generic one is called `lerp<f32>`, or `lerp` for f64 or i64.
pub(crate) fn load_one(path: &Path, name: &str) -> Result<VerifiedKernel, Failure> {
    let module = load(path)?;
    let (name, types) = match name.split_once('<') {
        Some((name, types)) => (name.trim(), Some(types)),
        None => (name, None),
    };
    match (module.get(name), module.template(name), types) {
        (Some(kernel), _, None) => Ok(kernel.clone()),
        (Some(_), ..) => {
            let message = format!("kernel {name} is not generic");
            Err(Failure::of(Diagnostic::unplaced(Code::TypeMismatch, message).help(format!("write {name}"))))
        }
        (None, Some(template), types) => {
            let types = types.map_or_else(|| Ok(default_types(template)), |types| named_types(template, types))?;
            Ok(template.with_types(&types)?)
        }
        (None, None, _) => Err(unknown(path, name, &module)),
    }
}

/// The types of a generic kernel that nobody says anything about.
pub(crate) fn default_types(template: &Template) -> Vec<Type> {
    template.types.iter().map(|ty| default_type(ty.bound, true)).collect()
}

/// The types in `f32, i64>`.
fn named_types(template: &Template, words: &str) -> Result<Vec<Type>, Failure> {
    let words: Vec<&str> = words.trim_end().trim_end_matches('>').split(',').map(str::trim).collect();
    let parameters: Vec<&str> = template.types.iter().map(|ty| ty.name.as_str()).collect();
    let wrong = |message: String| {
        let help = format!("write {}<{}> with a type for each", template.name, parameters.join(", "));
        Failure::of(Diagnostic::unplaced(Code::UnknownType, message).help(help))
    };
    if words.len() != parameters.len() {
        let (count, plural) = (parameters.len(), if parameters.len() == 1 { "" } else { "s" });
        return Err(wrong(format!("{} takes {count} type{plural}, got {}", template.name, words.len())));
    }
    words.iter().map(|word| word.parse().map_err(|()| wrong(format!("unknown type `{word}`")))).collect()
}

/// A text of at most so many bytes; a longer one is not read.
pub(crate) fn read(path: &Path, bytes_max: usize) -> Result<String, Failure> {
    let input = |error| Failure::input(path, &error);
    if fs::metadata(path).map_err(input)?.is_dir() {
        return Err(Failure::new(Code::Input, format!("cannot read {}: it is a folder", path.display())));
    }
    let mut text = String::new();
    File::open(path).map_err(input)?.take(bytes_max as u64 + 1).read_to_string(&mut text).map_err(input)?;
    if text.len() > bytes_max {
        let message = format!("{} is longer than {bytes_max} bytes, the limit for source text", path.display());
        return Err(Failure::new(Code::KernelTooLarge, message));
    }
    // Some editors begin a text with a byte order mark.
    Ok(text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text))
}

/// `great_circle(lat1: f64, lon1: f64) -> f64`
pub(crate) fn signature(kernel: &Kernel) -> String {
    let signature = &kernel.core.signature;
    let params = signature.params.iter().enumerate().map(|(index, param)| match kernel.names.params.get(index) {
        Some(name) => format!("{name}: {param}"),
        None => param.to_string(),
    });
    let params: Vec<String> = params.collect();
    let results: Vec<String> = signature.results.iter().map(|result| result.to_string()).collect();
    let result = match results.as_slice() {
        [single] => single.clone(),
        several => format!("({})", several.join(", ")),
    };
    format!("{}({}) -> {result}", kernel.names.kernel, params.join(", "))
}

fn unknown(path: &Path, name: &str, module: &Module) -> Failure {
    const NAMES_SHOWN_MAX: usize = 20;
    let templates = module.templates.iter().map(|template| template.name.as_str());
    let all = module.kernels.iter().map(|kernel| kernel.name()).chain(templates);
    let names: Vec<&str> = all.clone().take(NAMES_SHOWN_MAX).collect();
    let more = if all.count() > names.len() { ", ..." } else { "" };
    let message = format!("{} has no kernel `{name}`", path.display());
    let help = format!("it has {}{more}", names.join(", "));
    Failure::of(Diagnostic::unplaced(Code::UnknownName, message).help(help))
}
