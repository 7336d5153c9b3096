//! Work the server does for a person: making a step's calls, undoing them, removing the lab.

use super::{ListingId, Persona, StepId};
use serde::{Deserialize, Serialize};

/// What "Do it for me" would do in a step, as things are now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Solution {
    /// In order, those first that earlier steps still need. Empty when nothing is left to do.
    pub tasks: Vec<Task>,
    /// The listing, as printed, that makes the last call of the last task fail; what would follow is not among them.
    pub stops_at: Option<ListingId>,
}

/// One form or one command line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The step it belongs to.
    pub step: StepId,
    /// Who does it.
    pub persona: Persona,
    /// The API operations it calls, or the line it types.
    pub calls: Vec<String>,
    /// What it is about, for example a policy's name. Empty for a command line.
    pub subject: String,
    /// The id of its form; `None` for a command line.
    #[serde(default)]
    pub form: Option<String>,
    /// Whether it is a line in the instance's terminal.
    pub is_line: bool,
    /// Whether AWS is meant to refuse it.
    pub to_be_refused: bool,
}

/// What there is to undo in a step, read from AWS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Undoing {
    /// The step.
    pub step: StepId,
    /// The later steps that stand on it and of which something is done; they are undone with it.
    pub also: Vec<StepId>,
    /// In the order in which AWS lets them go.
    pub removals: Vec<Removal>,
}

/// One thing that would be removed or put back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Removal {
    /// The step it belongs to; `None` in the list of a whole lab.
    pub step: Option<StepId>,
    /// Who removes it; `None` when the account goes as a whole.
    pub persona: Option<Persona>,
    /// What kind of thing it is: `Role`, `Object`.
    pub what: String,
    /// Its name or ARN.
    pub name: String,
    /// The API operation, or the line that is typed; empty when the account goes as a whole.
    pub call: String,
}

/// Which work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// A step's calls were made.
    Solve,
    /// They were undone.
    Undo,
}

/// What became of the newest work in a lab.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkReport {
    /// Which work.
    pub work: Work,
    /// The step it was asked for in.
    pub step: StepId,
    /// The calls it made, by [`Record::id`](super::Record::id).
    pub records: Vec<i64>,
    /// The lines it typed in the terminal, by [`TerminalEntry::id`](super::TerminalEntry::id).
    pub entries: Vec<i64>,
    /// Why it stopped before its end, if it did.
    pub stopped: Option<Stopped>,
    /// Who the session acted as before.
    pub before: Persona,
    /// Who it acts as afterwards.
    pub after: Persona,
}

/// Why work stopped before its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stopped {
    /// The call that failed, if it was one.
    pub record: Option<i64>,
    /// One or two sentences; names between backticks.
    pub why: String,
    /// The listing whose correction would let it go on.
    pub correct: Option<ListingId>,
}
