//! `filbert check`: every diagnostic of every file, and nothing else; or the page about one of them. Warnings are
//! no failure unless `--deny-warnings` says so.

use std::path::{Path, PathBuf};

use filbert_ir::{Code, Type};
use filbert_syntax::Template;

use crate::failure::{Failure, print, tell};
use crate::job::Job;
use crate::kernel_file;
use crate::pages;
use crate::script::Script;
use crate::threads;

#[derive(clap::Args)]
pub(crate) struct Check {
    /// Kernel files (.rs) and SQL scripts (.sql)
    #[arg(required_unless_present = "explain", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print the page about a code instead: what it means, an example, what to do
    #[arg(long, value_name = "CODE", value_parser = pages::code, conflicts_with = "files")]
    explain: Option<Code>,
    /// End with status 1 if there are warnings
    #[arg(long)]
    deny_warnings: bool,
}

/// What was found, as screens.
#[derive(Default)]
struct Found {
    errors: String,
    warnings: String,
}

impl Check {
    /// Goes on after a file with errors, so that one run shows all there is to fix.
    pub(crate) fn run(&self) -> Result<(), Failure> {
        if let Some(code) = self.explain {
            return print(pages::page(code));
        }
        let mut found = Found::default();
        for file in &self.files {
            check_file(file, &mut found)?;
        }
        tell(&found.warnings);
        match found {
            Found { errors, .. } if !errors.is_empty() => Err(Failure::Screen(errors)),
            Found { warnings, .. } if self.deny_warnings && !warnings.is_empty() => Err(Failure::Screen(String::new())),
            _ => Ok(()),
        }
    }
}

fn check_file(file: &Path, found: &mut Found) -> Result<(), Failure> {
    let is_script = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("sql"));
    if !is_script {
        return match kernel_file::load(file) {
            Ok(module) => {
                found.warnings.push_str(&module.warnings.render());
                module.templates.iter().for_each(|template| found.instances(template));
                Ok(())
            }
            Err(failure) => found.note(failure),
        };
    }
    let file = file.to_path_buf();
    let in_script = threads::run(async move {
        let mut found = Found::default();
        let script = match Script::read(&file) {
            Ok(script) => script,
            Err(failure) => return found.note(failure).map(|()| found),
        };
        // Only what creates functions is run: it reads no table.
        let mut job = Job::new(None);
        for step in script.steps.iter().filter(|step| step.creates_function()) {
            if let Err(failure) = job.plan(&script, step).await {
                found.note(failure)?;
            }
        }
        found.warnings = job.warnings();
        Ok(found)
    })?;
    found.errors.push_str(&in_script.errors);
    found.warnings.push_str(&in_script.warnings);
    Ok(())
}

impl Found {
    /// The mistakes of a generic kernel that only some types show: each parameter's types are tried, with the
    /// others as they are by default.
    fn instances(&mut self, template: &Template) {
        let default = kernel_file::default_types(template);
        let mut seen = Vec::new();
        for (place, parameter) in template.types.iter().enumerate() {
            for ty in Type::ALL.into_iter().filter(|&ty| parameter.bound.contains(ty)) {
                let mut types = default.clone();
                types[place] = ty;
                let Err(findings) = template.with_types(&types) else { continue };
                // What fails for one integer fails for most of them.
                let places: Vec<_> = findings.list.iter().map(|finding| (finding.code, finding.span)).collect();
                if !seen.contains(&places) {
                    let names: Vec<String> = types.iter().map(Type::to_string).collect();
                    let (name, names) = (&template.name, names.join(", "));
                    self.errors.push_str(&format!("{}  in {name}<{names}>\n", findings.render()));
                    seen.push(places);
                }
            }
        }
    }

    /// Keeps the screen of a failure.
    fn note(&mut self, failure: Failure) -> Result<(), Failure> {
        match failure {
            Failure::Screen(screen) => self.errors.push_str(&screen),
            Failure::Closed => return Err(Failure::Closed),
        }
        Ok(())
    }
}
