//! Options of the embedded AWS that `trilock serve` and `trilock sandbox` share.

use super::LimitOptions;
use clap::Args;
use sandbox::{Config, Storage};

/// How the embedded AWS is to be.
#[derive(Args, Clone, Debug)]
pub struct AwsOptions {
    /// What accounts and clients may take of the machine.
    #[command(flatten)]
    pub limits: LimitOptions,
}

impl AwsOptions {
    /// An embedded AWS with this storage, used by many people or not.
    pub fn config(&self, storage: Storage, shared: bool) -> Config {
        let in_memory = matches!(storage, Storage::InMemory);
        Config { storage, limits: self.limits.limits(in_memory, shared), ..Config::default() }
    }
}
