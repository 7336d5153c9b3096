//! Options of the embedded AWS that `trilock serve` and `trilock sandbox` share.

use super::LimitOptions;
use crate::commands::CommandError;
use clap::{Args, ValueEnum};
use sandbox::{Config, Fidelity, MetadataAccess, Propagation, Storage, gate::Journal};
use std::{path::PathBuf, str::FromStr, time::Duration};

/// How the embedded AWS is to be.
#[derive(Args, Clone, Debug)]
pub struct AwsOptions {
    /// Do otherwise where AWS's behaviour is not known for certain, as often as needed; `help` lists what there is
    #[arg(long, value_name = "NAME=VALUE")]
    fidelity: Vec<FidelityOption>,
    /// How long changes of IAM, and of key policies and grants, take to be known where it is decided; they are read at once
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=3_600))]
    propagation: u64,
    /// Who may ask the metadata services of instances over TCP: whoever may, and knows an instance's id, gets the credentials of
    /// its role
    #[arg(long, value_enum, value_name = "WHO", default_value = "this-machine")]
    metadata_access: MetadataOption,
    /// Append what every policy said of every call to this file, one JSON object a line; holds no secrets
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// What accounts and clients may take of the machine.
    #[command(flatten)]
    pub limits: LimitOptions,
}

impl AwsOptions {
    /// An embedded AWS with this storage, used by many people or not.
    ///
    /// # Errors
    /// When the trace file cannot be opened.
    pub fn config(&self, storage: Storage, shared: bool) -> Result<Config, CommandError> {
        let in_memory = matches!(storage, Storage::InMemory);
        let journal = self.trace.as_ref().map(|file| {
            Journal::open(file).map_err(|error| CommandError::Trace { file: file.clone(), error })
        });
        Ok(Config {
            storage,
            limits: self.limits.limits(in_memory, shared),
            fidelity: self.fidelity(),
            propagation: Propagation::of_all(Duration::from_secs(self.propagation)),
            journal: journal.transpose()?,
            metadata_access: self.metadata_access.into(),
            ..Config::default()
        })
    }

    fn fidelity(&self) -> Fidelity {
        let mut fidelity = Fidelity::default();
        for option in &self.fidelity {
            if let FidelityOption::Switch(text) = option {
                // INVARIANT: it was set once when it was read.
                let _ = fidelity.set(text);
            }
        }
        fidelity
    }

    /// What `--fidelity help` asks for.
    pub fn help(&self) -> Option<String> {
        let introduction =
            "What to do where AWS's behaviour is not known for certain, with the recommended values:\n";
        self.fidelity.contains(&FidelityOption::Help).then(|| format!("{introduction}{}", Fidelity::list()))
    }
}

/// `--metadata-access`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MetadataOption {
    /// Clients on this machine that no proxy forwards
    ThisMachine,
    /// Every client that reaches the address: for a classroom where learners use the AWS CLI on machines of their own
    Anyone,
}

impl From<MetadataOption> for MetadataAccess {
    fn from(option: MetadataOption) -> Self {
        match option {
            MetadataOption::ThisMachine => Self::ThisMachine,
            MetadataOption::Anyone => Self::Anyone,
        }
    }
}

/// `--fidelity` as given.
#[derive(Clone, Debug, PartialEq, Eq)]
enum FidelityOption {
    Help,
    /// `NAME=VALUE`, both of which there are.
    Switch(String),
}

impl FromStr for FidelityOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "help" {
            return Ok(Self::Help);
        }
        match Fidelity::default().set(text) {
            Ok(()) => Ok(Self::Switch(text.into())),
            Err(error) => Err(error.to_string()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser as _;

    fn given(arguments: &[&str]) -> Result<AwsOptions, clap::Error> {
        let cli = Cli::try_parse_from([&["trilock", "sandbox"], arguments].concat())?;
        let Command::Sandbox(options) = cli.command else { panic!("not sandbox") };
        Ok(options.aws)
    }

    #[test]
    fn switches_are_set_by_name_and_unknown_ones_are_refused_with_the_list() {
        let switches = ["--fidelity", "alias_expands=true", "--fidelity", "instance_credential_seconds=900"];
        let expected =
            Fidelity { alias_expands: true, instance_credential_seconds: 900, ..Fidelity::default() };
        assert_eq!(given(&switches).unwrap().fidelity(), expected);
        assert_eq!(given(&[]).unwrap().fidelity(), Fidelity::default());
        for wrong in ["aliases=true", "alias_expands=2", "alias_expands"] {
            assert!(given(&["--fidelity", wrong]).is_err(), "{wrong}");
        }
        let unknown = given(&["--fidelity", "aliases=true"]).unwrap_err().to_string();
        let help = given(&["--fidelity", "help"]).unwrap().help().unwrap();
        for switch in Fidelity::switches() {
            let line = format!("{}={}", switch.name, switch.default);
            assert!(
                unknown.contains(&line) && help.contains(&line) && help.contains(&switch.about),
                "{line}"
            );
        }
        assert_eq!(given(&[]).unwrap().help(), None);
    }

    #[test]
    fn changes_are_known_at_once_unless_a_delay_is_asked_for() {
        let delay = |arguments: &[&str]| {
            given(arguments).unwrap().config(Storage::InMemory, false).unwrap().propagation
        };
        assert_eq!(delay(&[]), Propagation::default());
        assert_eq!(delay(&["--propagation", "5"]), Propagation::of_all(Duration::from_secs(5)));
        for wrong in ["3601", "-1", "soon"] {
            assert!(given(&["--propagation", wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn metadata_is_for_this_machine_unless_anyone_is_said() {
        let access = |arguments: &[&str]| {
            given(arguments).map(|options| options.config(Storage::InMemory, false).unwrap().metadata_access)
        };
        assert_eq!(access(&[]).unwrap(), MetadataAccess::ThisMachine);
        assert_eq!(access(&["--metadata-access", "this-machine"]).unwrap(), MetadataAccess::ThisMachine);
        assert_eq!(access(&["--metadata-access", "anyone"]).unwrap(), MetadataAccess::Anyone);
        let error = access(&["--metadata-access", "everyone"]).unwrap_err().to_string();
        assert!(error.contains("[possible values: this-machine, anyone]"), "{error}");
    }

    #[test]
    fn a_trace_file_that_cannot_be_written_is_named() {
        let options = given(&["--trace", "/nowhere/trace.jsonl"]).unwrap();
        let error = options.config(Storage::InMemory, false).unwrap_err().to_string();
        assert!(error.starts_with("--trace /nowhere/trace.jsonl cannot be written: "), "{error}");
    }
}
