//! `filbert bench`: how fast a kernel runs here, by back end and number of rows.

mod table;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::builder::ValueParser;
use filbert_compiler::Target;
use filbert_ir::{Code, Diagnostic, Diagnostics, VerifiedKernel};
use filbert_measure::bench::sizes;
use filbert_measure::report::{self, Setting};
use filbert_measure::{Bandwidth, Choice, Inputs, Measurement, Plan, Random, Settings, Spec, Subject, bench, chart};

use crate::failure::{Failure, print, reason, tell};
use crate::kernel_file;
use table::Table;

/// Rows of random columns, if nobody says how many: what fits the caches of most machines; in a sweep, what
/// hardly fits any.
const ROWS: usize = 1 << 20;
const ROWS_OF_SWEEP: usize = 4 << 20;

#[derive(clap::Args)]
pub(crate) struct Bench {
    /// Kernel file
    file: PathBuf,
    /// Name of the kernel; of a generic one with its types: lerp<f32>
    kernel: String,
    /// Measure on the columns of this Parquet file; each parameter is the column of its name
    #[arg(long, value_name = "FILE.parquet", conflicts_with_all = ["rows", "random", "seed"])]
    table: Option<PathBuf>,
    /// Rows of random columns; in a sweep, the most rows [default: 1048576, in a sweep 4194304]
    #[arg(long, value_name = "N", value_parser = count())]
    rows: Option<u64>,
    /// How a parameter is drawn: NAME=uniform(lo,hi), normal(mean,sd), randint(lo,hi) without hi, or const(c); of a
    /// list with its length, NAME=uniform(lo,hi)[16]; may be given several times [default: uniform(-1,1) for floats,
    /// randint(0,100) for integers]
    #[arg(long, value_name = "NAME=DIST")]
    random: Vec<String>,
    /// Another seed gives other random columns
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What runs the kernel [default: auto, as in a job; in a sweep, all that this CPU can]
    #[arg(long, value_enum)]
    backend: Option<BackendChoice>,
    /// Threads that a call may use; a thread gets 65,536 rows at a time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    threads: u16,
    /// One JSON object a line, instead of text for people
    #[arg(long)]
    json: bool,
    /// Measure from 1,024 rows up to all, by every back end
    #[arg(long)]
    sweep: bool,
    /// Draw the sweep into this file
    #[arg(long, value_name = "FILE.svg", requires = "sweep")]
    svg: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum BackendChoice {
    Auto,
    Scalar,
    Avx2,
    Avx512,
    Interp,
}

impl From<BackendChoice> for Choice {
    fn from(choice: BackendChoice) -> Choice {
        match choice {
            BackendChoice::Auto => Choice::Auto,
            BackendChoice::Scalar => Choice::Scalar,
            BackendChoice::Avx2 => Choice::Avx2,
            BackendChoice::Avx512 => Choice::Avx512,
            BackendChoice::Interp => Choice::Interp,
        }
    }
}

/// A number of rows: more than none, `1_000_000` too.
fn count() -> ValueParser {
    let parse = |text: &str| match text.replace('_', "").parse::<u64>() {
        Ok(rows) if rows > 0 => Ok(rows),
        _ => Err("write a number of rows, at least 1"),
    };
    ValueParser::new(parse)
}

impl Bench {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let kernel = kernel_file::load_one(&self.file, &self.kernel)?;
        let subjects = self.subjects(&kernel)?;
        let inputs = self.inputs(&kernel)?;
        if inputs.rows() == 0 {
            let message = "there are no rows to measure on";
            return Err(Failure::of(Diagnostic::unplaced(Code::Input, message).help("name a table that has some")));
        }
        let sizes = if self.sweep { sizes(inputs.rows()) } else { vec![inputs.rows()] };
        let threads = usize::from(self.threads);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| Failure::new(Code::OutOfMemory, format!("cannot start threads: {error}")))?;
        let settings = Settings { threads, plan: Plan::default() };
        let found = pool.install(|| bench(&subjects, inputs.as_ref(), &sizes, settings));
        let found = found.map_err(|error| Failure::Screen(error.render(Some(&kernel))))?;
        if let Some(path) = &self.svg {
            draw(path, &kernel_file::signature(&kernel), &found)?;
        }
        if self.json {
            return print(found.iter().map(report::json).collect::<String>());
        }
        let signature = kernel_file::signature(&kernel);
        let inputs = inputs.describe();
        let bandwidth = pool.install(Bandwidth::measure);
        let setting = Setting { signature: &signature, inputs: &inputs, threads, bandwidth };
        match (found.as_slice(), subjects.as_slice()) {
            ([one], [subject]) if !self.sweep => print(report::one(one, subject, &setting)),
            _ => print(report::table(&found, &subjects, &setting)),
        }
    }

    /// The kernel by each back end that is measured. In a sweep over all of them, one that leaves the kernel to
    /// another is left out; one that was named is not, and what really runs is said.
    fn subjects(&self, kernel: &VerifiedKernel) -> Result<Vec<Subject>, Failure> {
        let load = |choice: Choice| Subject::load(kernel, choice).map_err(Failure::of);
        let named = match (self.backend, self.sweep) {
            (None, true) => None,
            (None, false) => Some(Choice::Auto),
            (Some(choice), _) => Some(choice.into()),
        };
        if let Some(choice) = named {
            let subject = load(choice)?;
            if !subject.is_as_asked() {
                let (asked, runs) = (subject.asked.name(), subject.runs.name());
                tell(format_args!("not by {asked} but by {runs}: {}\n", subject.reason));
            }
            return Ok(vec![subject]);
        }
        let features = Target::host();
        let mut subjects = Vec::new();
        for choice in Choice::NAMED {
            let lacks = choice.lacks(features.features());
            if !lacks.is_empty() {
                tell(format_args!("without {}: this CPU lacks {}\n", choice.name(), lacks.join(", ")));
                continue;
            }
            let subject = load(choice)?;
            match subject.is_as_asked() {
                true => subjects.push(subject),
                false => tell(format_args!("without {}: {}\n", choice.name(), subject.reason)),
            }
        }
        Ok(subjects)
    }

    fn inputs(&self, kernel: &VerifiedKernel) -> Result<Box<dyn Inputs>, Failure> {
        if let Some(path) = &self.table {
            return Ok(Box::new(Table::read(path, kernel)?));
        }
        let told = |found: Vec<Diagnostic>| Failure::from(Diagnostics::without_text(found));
        let (specs, wrong): (Vec<_>, Vec<_>) =
            self.random.iter().map(|text| Spec::parse(text)).partition(Result::is_ok);
        let wrong: Vec<Diagnostic> = wrong.into_iter().filter_map(Result::err).collect();
        if !wrong.is_empty() {
            return Err(told(wrong));
        }
        let specs: Vec<Spec> = specs.into_iter().flatten().collect();
        let default = if self.sweep { ROWS_OF_SWEEP } else { ROWS };
        let rows = self.rows.map_or(default, |rows| usize::try_from(rows).unwrap_or(usize::MAX));
        Ok(Box::new(Random::draw(kernel, &specs, rows, self.seed).map_err(told)?))
    }
}

fn draw(path: &Path, title: &str, found: &[Measurement]) -> Result<(), Failure> {
    let wrong = |why: String| Failure::new(Code::Output, format!("cannot write {}: {why}", path.display()));
    let picture = chart::svg(title, found).map_err(wrong)?;
    std::fs::write(path, picture).map_err(|error| match error.kind() {
        ErrorKind::NotFound => wrong("there is no such folder".to_string()),
        _ => wrong(reason(&error)),
    })
}
