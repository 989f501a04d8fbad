//! All that the workers need, made on first use under the target folder: two virtual environments of Python, the
//! Cython modules, the rustc peer and the program that measures the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::worker::Worker;

/// This folder of the sources.
const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// Pythons that all the pinned packages are made for.
const PYTHONS: std::ops::RangeInclusive<u32> = 11..=13;

/// Threads that a worker may ever use.
pub(crate) const THREADS: usize = 2;

/// Where everything is.
pub(crate) struct Setup {
    home: PathBuf,
}

/// An environment of Python by its list of requirements.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Environment {
    Current,
    Svml,
}

impl Environment {
    fn name(self) -> &'static str {
        match self {
            Environment::Current => "current",
            Environment::Svml => "svml",
        }
    }

    fn requirements(self) -> PathBuf {
        Path::new(HERE).join(format!("python/requirements-{}.txt", self.name()))
    }
}

impl Setup {
    /// Under the target folder that this program was built in.
    pub(crate) fn new() -> Result<Setup, String> {
        let own = std::env::current_exe().map_err(|e| format!("this program: {e}"))?;
        let target = own.ancestors().nth(2).ok_or("this program lies in no target folder")?;
        let home = target.join("peers");
        fs::create_dir_all(&home).map_err(|e| format!("{}: {e}", home.display()))?;
        Ok(Setup { home })
    }

    /// Where workers write what they say besides replies.
    pub(crate) fn logs(&self) -> PathBuf {
        self.home.join("logs")
    }

    /// Where columns are handed over: in memory, if there is such a place.
    pub(crate) fn columns(&self) -> PathBuf {
        let memory = Path::new("/dev/shm");
        let name = format!("filbert-peers-{}", std::process::id());
        if memory.is_dir() { memory.join(name) } else { self.home.join("columns") }
    }

    /// Filbert in a process of its own.
    pub(crate) fn ours(&self) -> Result<Worker, String> {
        let own = std::env::current_exe().map_err(|e| format!("this program: {e}"))?;
        let mut command = Command::new(own);
        command.arg("--worker").env("RAYON_NUM_THREADS", THREADS.to_string());
        Worker::start("filbert", large_pages(command), &self.logs())
    }

    /// The rustc peer, built for this CPU; the flag reaches this crate alone.
    pub(crate) fn native(&self) -> Result<Worker, String> {
        let target = self.home.join("native");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args(["build", "--release", "--quiet", "--locked", "--manifest-path"]);
        build.arg(Path::new(HERE).join("native/Cargo.toml")).arg("--target-dir").arg(&target);
        build.env("RUSTFLAGS", "-C target-cpu=native").env_remove("CARGO_ENCODED_RUSTFLAGS");
        run(&mut build)?;
        let mut command = Command::new(target.join("release/filbert-peers-native"));
        command.env("RAYON_NUM_THREADS", THREADS.to_string());
        Worker::start("rustc", large_pages(command), &self.logs())
    }

    /// The peers of an environment of Python.
    pub(crate) fn python(&self, environment: Environment) -> Result<Worker, String> {
        let home = self.environment(environment)?;
        let mut command = Command::new(home.join("bin/python"));
        command.arg(Path::new(HERE).join("python/worker.py")).arg(environment.name());
        let threads = THREADS.to_string();
        command.envs([("NUMBA_NUM_THREADS", threads.as_str()), ("NUMEXPR_MAX_THREADS", &threads)]);
        command.envs([("POLARS_MAX_THREADS", "1"), ("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1")]);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        match environment {
            Environment::Svml => {
                command.env("LD_LIBRARY_PATH", svml(&home)?);
            }
            Environment::Current => match self.cython(&home) {
                Ok(modules) => {
                    command.arg(modules);
                }
                Err(why) => eprintln!("Cython is left out: {why}"),
            },
        }
        Worker::start(environment.name(), large_pages(command), &self.logs())
    }

    /// Makes an environment, unless one of these requirements and this Python is there.
    fn environment(&self, environment: Environment) -> Result<PathBuf, String> {
        let python = python()?;
        let requirements = environment.requirements();
        let wanted = fs::read_to_string(&requirements).map_err(|e| format!("{}: {e}", requirements.display()))?;
        let wanted = format!("{}\n{wanted}", run(Command::new(&python).arg("--version"))?);
        let home = self.home.join(format!("python-{}", environment.name()));
        let stamp = home.join("made-of.txt");
        if fs::read_to_string(&stamp).is_ok_and(|made_of| made_of == wanted) {
            return Ok(home);
        }
        eprintln!("making the Python environment {} (some minutes, once)", home.display());
        let _ = fs::remove_dir_all(&home);
        run(Command::new(&python).args(["-m", "venv"]).arg(&home))?;
        let pip = ["-m", "pip", "install", "--quiet", "--retries", "2", "--only-binary", ":all:", "-r"];
        run(Command::new(home.join("bin/python")).args(pip).arg(&requirements))?;
        fs::write(&stamp, wanted).map_err(|e| format!("{}: {e}", stamp.display()))?;
        Ok(home)
    }

    /// The folder of the Cython modules, built if their source or compiler is new.
    fn cython(&self, environment: &Path) -> Result<PathBuf, String> {
        let source = Path::new(HERE).join("cython/kernels.pyx");
        let folder = self.home.join("cython");
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let text = fs::read_to_string(&source).map_err(|e| format!("{}: {e}", source.display()))?;
        let compiler = run(Command::new("cc").arg("--version"))?;
        let of = |what: &str| {
            let code = format!("import sysconfig as s; print({what})");
            run(Command::new(environment.join("bin/python")).args(["-c", &code])).map(|said| said.trim().to_string())
        };
        let (headers, suffix) = (of("s.get_path('include')")?, of("s.get_config_var('EXT_SUFFIX')")?);
        let (stamp, wanted) = (folder.join("made-of.txt"), format!("{compiler}{suffix}\n{text}"));
        if fs::read_to_string(&stamp).is_ok_and(|made_of| made_of == wanted) {
            return Ok(folder);
        }
        let (c, object) = (folder.join("kernels.c"), folder.join("kernels.o"));
        run(Command::new(environment.join("bin/cython")).arg("-3").arg(&source).arg("-o").arg(&c))?;
        for (name, flags) in [("strict", [].as_slice()), ("fast", &["-ffast-math"])] {
            let mut compile = Command::new("cc");
            compile.args(["-O3", "-march=native", "-fPIC", "-w", "-c"]).args(flags);
            run(compile.arg(format!("-I{headers}")).arg(&c).arg("-o").arg(&object))?;
            // Linked without -ffast-math: with it the module would turn off subnormals in the whole process.
            let module = folder.join(format!("{name}{suffix}"));
            let link = |vector_functions: &[&str]| {
                let mut link = Command::new("cc");
                link.arg("-shared").arg(&object).arg("-o").arg(&module);
                run(link.args(vector_functions).arg("-lm"))
            };
            link(&["-lmvec"]).or_else(|_| link(&[]))?;
        }
        fs::write(&stamp, wanted).map_err(|e| format!("{}: {e}", stamp.display()))?;
        Ok(folder)
    }

    /// The program that measures what this machine can do.
    pub(crate) fn roofline(&self) -> Result<PathBuf, String> {
        let source = Path::new(HERE).join("roofline/roofline.c");
        let program = self.home.join("roofline");
        let mut compile = Command::new("cc");
        compile.args(["-O3", "-march=native", "-mprefer-vector-width=512", "-o"]).arg(&program).arg(&source);
        run(&mut compile)?;
        Ok(program)
    }
}

/// Large columns of all workers lie in large pages where the system gives them on request, as NumPy's do anyway.
fn large_pages(mut command: Command) -> Command {
    command.env("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
    command
}

/// A Python that the packages are made for.
fn python() -> Result<PathBuf, String> {
    let names = std::iter::once("python3".to_string()).chain(PYTHONS.rev().map(|minor| format!("python3.{minor}")));
    for name in names {
        let code = "import sys; print(sys.version_info.minor)";
        let minor = run(Command::new(&name).args(["-c", code])).ok().and_then(|said| said.trim().parse().ok());
        if minor.is_some_and(|minor| PYTHONS.contains(&minor)) {
            return Ok(name.into());
        }
    }
    Err(format!("no Python from 3.{} to 3.{} on the path", PYTHONS.start(), PYTHONS.end()))
}

/// The folder of libsvml in an environment.
fn svml(home: &Path) -> Result<PathBuf, String> {
    let folder = home.join("lib");
    if folder.join("libsvml.so").exists() { Ok(folder) } else { Err(format!("no libsvml.so in {}", folder.display())) }
}

/// What a command prints, or why it failed.
pub(crate) fn run(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|e| format!("{name}: {e}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    Err(format!("{name} {}: {}", args.join(" "), said.trim()))
}
