//! What a session says: `SET filbert.fuel = 1000`, `SET filbert.partition_bytes = '64MiB'`, and its stop flag.
//!
//! They travel with the engine's own settings, which reach each call. Where an engine does not have them (a
//! plain `SessionContext`), kernels run with their own fuel and are not stopped.

use std::any::Any;

use datafusion::common::config::{ConfigEntry, ConfigExtension, ConfigOptions, ExtensionOptions};
use datafusion::common::{Result, config_err};
use filbert_runtime::{CallOptions, StopFlag};

const FUEL: &str = "fuel";
const PARTITION_BYTES: &str = "partition_bytes";
const BUNDLE: &str = "bundle";

/// The settings under the prefix `filbert`.
#[derive(Clone, Debug, Default)]
pub struct KernelOptions {
    /// Loop iterations that a row may spend, where that is less than its kernel allows. Nothing: the
    /// kernel's own number.
    pub fuel: Option<u64>,
    /// Bytes of files that one partition is to have (see `partition_bytes`). Nothing: queries have the session's
    /// number of partitions, however large their files are.
    pub partition_bytes: Option<u64>,
    /// A bundle of compiled kernels, by path. The session that is told so takes it (`Session::with_bundle`); where the
    /// setting travels to, nobody opens a file because of it.
    pub bundle: Option<String>,
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

/// A number of bytes, more than none: `8GiB`, `512MiB`, `65536`.
pub fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: Option<u64> = match &text[digits.len()..].to_ascii_lowercase()[..] {
        "" | "b" => Some(1),
        "k" | "kib" => Some(1 << 10),
        "m" | "mib" => Some(1 << 20),
        "g" | "gib" => Some(1 << 30),
        "t" | "tib" => Some(1 << 40),
        _ => None,
    };
    let bytes = digits.replace('_', "").trim().parse::<u64>().ok().zip(unit);
    let bytes = bytes.and_then(|(number, unit)| number.checked_mul(unit)).filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| "write a number of bytes, such as 8GiB or 512MiB".to_string())
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
        let is_default = value.eq_ignore_ascii_case("default");
        match key {
            FUEL if is_default => self.fuel = None,
            FUEL => match value.replace('_', "").parse() {
                Ok(fuel) => self.fuel = Some(fuel),
                Err(_) => return config_err!("filbert.fuel is a number of loop iterations, not '{value}'"),
            },
            PARTITION_BYTES if is_default => self.partition_bytes = None,
            PARTITION_BYTES => match bytes(value) {
                Ok(bytes) => self.partition_bytes = Some(bytes),
                Err(help) => return config_err!("filbert.partition_bytes is '{value}': {help}"),
            },
            BUNDLE if is_default || value.is_empty() => self.bundle = None,
            BUNDLE => self.bundle = Some(value.to_string()),
            _ => {
                return config_err!(
                    "there is no setting filbert.{key}; there are filbert.bundle, filbert.fuel and filbert.partition_bytes"
                );
            }
        }
        Ok(())
    }

    /// With the prefix: `SHOW` and engines that ship settings look for whole names.
    fn entries(&self) -> Vec<ConfigEntry> {
        let entry = |key: &str, value: Option<u64>, description| ConfigEntry {
            key: format!("{}.{key}", KernelOptions::PREFIX),
            value: value.map(|value| value.to_string()),
            description,
        };
        let fuel = "Loop iterations that one row of a kernel may spend, where that is less than the kernel allows";
        let partition_bytes = "Bytes of files that one partition of a query is to have";
        let bundle = ConfigEntry {
            key: format!("{}.{BUNDLE}", KernelOptions::PREFIX),
            value: self.bundle.clone(),
            description: "A bundle of compiled kernels, whose functions the session has from then on",
        };
        vec![bundle, entry(FUEL, self.fuel, fuel), entry(PARTITION_BYTES, self.partition_bytes, partition_bytes)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let good = [("1", 1), ("65536", 65536), ("64MiB", 64 << 20), ("64m", 64 << 20), ("8 GiB", 8 << 30)];
        for (text, expected) in good.into_iter().chain([("1_000b", 1000), ("2TiB", 2 << 40), ("3kib", 3 << 10)]) {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "0", "0GiB", "-1", "1.5GiB", "lots", "1XB", "99999999999999999999", "16777217TiB", "\u{212a}"]
        {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
