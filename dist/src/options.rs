//! What a session says about every kernel it runs: `SET filbert.fuel = 1000`, and its stop flag.
//!
//! They travel with the engine's own settings, which reach each call. Where an engine does not have them (a
//! plain `SessionContext`), kernels run with their own fuel and are not stopped.

use std::any::Any;

use datafusion::common::config::{ConfigEntry, ConfigExtension, ConfigOptions, ExtensionOptions};
use datafusion::common::{Result, config_err};
use filbert_runtime::{CallOptions, StopFlag};

const FUEL: &str = "fuel";

/// The settings under the prefix `filbert`.
#[derive(Clone, Debug, Default)]
pub struct KernelOptions {
    /// Loop iterations that a row may spend, where that is less than its kernel allows. Nothing: the
    /// kernel's own number.
    pub fuel: Option<u64>,
    /// Ends running kernels when it is raised.
    pub stop: StopFlag,
}

impl KernelOptions {
    /// How a kernel is called under these settings.
    pub fn call_options(config: &ConfigOptions) -> CallOptions {
        match config.extensions.get::<KernelOptions>() {
            None => CallOptions::default(),
            Some(options) => {
                CallOptions { stop: Some(options.stop.clone()), fuel: options.fuel, ..CallOptions::default() }
            }
        }
    }
}

impl ConfigExtension for KernelOptions {
    const PREFIX: &'static str = "filbert";
}

impl ExtensionOptions for KernelOptions {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    /// The copy has the same flag: raising it reaches the queries that run.
    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        match key {
            FUEL if value.eq_ignore_ascii_case("default") => self.fuel = None,
            FUEL => match value.replace('_', "").parse() {
                Ok(fuel) => self.fuel = Some(fuel),
                Err(_) => return config_err!("filbert.fuel is a number of loop iterations, not '{value}'"),
            },
            _ => return config_err!("there is no setting filbert.{key}; there is filbert.fuel"),
        }
        Ok(())
    }

    /// With the prefix: `SHOW` and engines that ship settings look for whole names.
    fn entries(&self) -> Vec<ConfigEntry> {
        vec![ConfigEntry {
            key: format!("{}.{FUEL}", KernelOptions::PREFIX),
            value: self.fuel.map(|fuel| fuel.to_string()),
            description: "Loop iterations that one row of a kernel may spend, where that is less than the kernel allows",
        }]
    }
}
