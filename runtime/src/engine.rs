//! Which engine runs kernels: machine code, or the interpreter that defines what machine code must give.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU8, Ordering};

/// What runs a kernel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Engine {
    /// Machine code, where there is any; else the interpreter.
    #[default]
    Native,
    /// The interpreter only. No code is made executable.
    Interp,
}

/// Environment variable with the process's engine: `native` or `interp`.
pub const ENGINE_VARIABLE: &str = "FILBERT_ENGINE";

impl Engine {
    /// The engine that `FILBERT_ENGINE` names; `Native` if it is not set. An unknown name is warned about
    /// and means `Interp`: whoever sets the variable wants the careful one.
    pub fn from_env() -> Engine {
        match std::env::var(ENGINE_VARIABLE) {
            Err(std::env::VarError::NotPresent) => Engine::Native,
            Ok(name) => name.parse().unwrap_or_else(|()| unknown(&name)),
            Err(std::env::VarError::NotUnicode(name)) => unknown(&name.to_string_lossy()),
        }
    }

    /// The name, as in the environment variable.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Native => "native",
            Engine::Interp => "interp",
        }
    }
}

fn unknown(name: &str) -> Engine {
    tracing::warn!("{ENGINE_VARIABLE}={name} is neither `native` nor `interp`; using the interpreter");
    Engine::Interp
}

impl FromStr for Engine {
    type Err = ();

    fn from_str(s: &str) -> Result<Engine, ()> {
        [Engine::Native, Engine::Interp].into_iter().find(|engine| engine.name() == s).ok_or(())
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// 0: not decided yet; else the engine's place in the enum, plus one.
static DEFAULT: AtomicU8 = AtomicU8::new(0);

/// The engine that `LoadedKernel::load` uses: what `set_engine` said last, else `FILBERT_ENGINE`.
pub fn engine() -> Engine {
    match DEFAULT.load(Ordering::Relaxed) {
        0 => {
            let engine = Engine::from_env();
            set_engine(engine);
            engine
        }
        1 => Engine::Native,
        _ => Engine::Interp,
    }
}

/// Sets the engine for kernels that are loaded from now on in this process.
pub fn set_engine(engine: Engine) {
    let number = match engine {
        Engine::Native => 1,
        Engine::Interp => 2,
    };
    DEFAULT.store(number, Ordering::Relaxed);
}
