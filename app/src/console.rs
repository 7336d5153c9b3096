//! What the pages ask of the server: the words they share, and the trait the server implements.
//!
//! `app` depends on nothing of the server; the server puts an `Arc<dyn Console>` for the request's session into the Leptos
//! context. Everything here is data that may reach the browser, so nothing here can hold a secret.

mod names;
mod reading;
pub mod scenario;
mod wire;
mod work;

pub use wire::Wire;
pub use work::{Removal, Solution, Stopped, Task, Undoing, Work, WorkReport};

pub use policy::call::Lane;
use policy::{LaneVerdict, Outcome, StatementExplanation, scene::Scene};
use scenario::Occasion;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An identity a session can act as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Persona {
    /// The administrator of the account: an IAM user with AdministratorAccess. The base identity of every session.
    Admin,
    /// The role that manages the bucket and may not touch its objects.
    SecureBucketAdmin,
    /// The role that manages the key and may not use it.
    SecureKeyAdmin,
    /// The EC2 instance, with the role authorized-users through its instance profile. Acts only in the terminal.
    Instance,
    /// The role authorized-users assumed by hand. Its trust policy refuses this; a session never holds it.
    AuthorizedUsers,
    /// A role of a team that has nothing to do with the bucket. This one and the following act in scenarios only.
    OtherTeam,
    /// The role that a Lambda function would have.
    ReportFunction,
    /// A role that may encrypt and not decrypt.
    LogWriter,
    /// A role that may decrypt and not encrypt.
    LogReader,
    /// The administrator of a second account, which owns a key.
    KeyAccountAdmin,
    /// Whoever sends a request without a signature.
    Anonymous,
}

/// One of the three listings' spellings: as the tutorial prints them, or repaired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Listings {
    /// Repaired as `aws-semantics.md` §1 says.
    #[default]
    Corrected,
    /// As printed, defects and all.
    Printed,
}

/// The four policy documents of the tutorial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListingId {
    /// Listing 1: identity policy secure-bucket-admin.
    BucketAdmin,
    /// Listing 2: identity policy secure-key-admin.
    KeyAdmin,
    /// Listing 3: identity policy secure-bucket-access.
    BucketAccess,
    /// Listing 4: the bucket policy.
    BucketPolicy,
}

/// A listing filled in with this lab's account, bucket and key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// Which of the four.
    pub id: ListingId,
    /// The IAM policy name, or the bucket's name for Listing 4.
    pub name: String,
    /// As printed or corrected.
    pub spelling: Listings,
    /// The document as JSON text, ready for a form.
    pub document: String,
}

/// The three roles of the tutorial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoleName {
    /// secure-bucket-admin
    SecureBucketAdmin,
    /// secure-key-admin
    SecureKeyAdmin,
    /// authorized-users
    AuthorizedUsers,
}

/// The steps of the walk, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepId {
    /// Step 1: three IAM policies, as Admin.
    Policies,
    /// Step 2: three roles and the instance profile, as Admin.
    Roles,
    /// Step 3: the bucket, as secure-bucket-admin.
    Bucket,
    /// Step 4: the key, as secure-key-admin.
    Key,
    /// Step 5: the bucket policy, as secure-bucket-admin.
    BucketPolicy,
    /// Step 7 of the tutorial (it has no step 6): the instance, as Admin.
    Instance,
    /// Test 1: an encrypted upload.
    #[serde(rename = "test-1")]
    Test1,
    /// Test 2: an unencrypted upload.
    #[serde(rename = "test-2")]
    Test2,
    /// Test 3: a download.
    #[serde(rename = "test-3")]
    Test3,
    /// Test 4: the key user is removed.
    #[serde(rename = "test-4")]
    Test4,
    /// The key user is put back.
    Restore,
}

/// A form of the walk, filled in: what the session asks to have done, as whoever it acts as now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// `iam:CreatePolicy`.
    CreatePolicy {
        /// Which listing the form stands for.
        listing: ListingId,
        /// Policy name.
        name: String,
        /// Policy document, JSON text.
        document: String,
    },
    /// Printed walk: `iam:CreatePolicyVersion` with the corrected document, set as default.
    CorrectPolicy {
        /// Which listing is replaced by its corrected form.
        listing: ListingId,
    },
    /// `iam:CreateRole` with the trust policy of that role.
    CreateRole {
        /// The role.
        role: RoleName,
    },
    /// `iam:AttachRolePolicy` of the policy of step 1 that belongs to that role.
    AttachPolicy {
        /// The role.
        role: RoleName,
    },
    /// `iam:CreateInstanceProfile`, then `iam:AddRoleToInstanceProfile`, both named authorized-users.
    CreateInstanceProfile,
    /// `s3:CreateBucket`.
    CreateBucket {
        /// Bucket name.
        name: String,
    },
    /// `kms:CreateKey` with the key policy the AWS console would write, then `kms:CreateAlias`.
    CreateKey {
        /// Alias without the prefix `alias/`.
        alias: String,
        /// Free text.
        description: String,
        /// Key administrators: role names.
        administrators: Vec<String>,
        /// Key users: role names.
        users: Vec<String>,
    },
    /// `s3:PutBucketPolicy`.
    PutBucketPolicy {
        /// Bucket policy, JSON text.
        document: String,
    },
    /// `ec2:RunInstances` with the instance profile authorized-users.
    LaunchInstance,
    /// `kms:GetKeyPolicy`, then `kms:PutKeyPolicy` without authorized-users.
    RemoveKeyUser,
    /// `kms:GetKeyPolicy`, then `kms:PutKeyPolicy` with authorized-users.
    AddKeyUser,
}

/// What a session has built and who it acts as: the top of every page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lab {
    /// 12 digits.
    pub account_id: String,
    /// For example `us-east-1`.
    pub region: String,
    /// Printed or corrected, as chosen at the start.
    pub listings: Listings,
    /// The name chosen for the bucket.
    pub bucket: String,
    /// Known once step 4 has made it.
    pub key_arn: Option<String>,
    /// Alias without `alias/`, once step 4 has made it.
    pub key_alias: Option<String>,
    /// Known once the instance runs.
    pub instance_id: Option<String>,
    /// Whether the key policy names authorized-users as a key user now; `None` before there is a key.
    pub key_user_present: Option<bool>,
    /// Who the session acts as.
    pub acting: Held,
    /// Whether that is this browser tab's own persona, whoever the others act as.
    pub own_tab: bool,
    /// When each persona made its newest call, Unix time in milliseconds.
    pub last_used: BTreeMap<Persona, i64>,
    /// Everyone it could switch to without a new `AssumeRole`.
    pub held: Vec<Held>,
    /// Steps whose calls have all succeeded (for tests 2 and 4: have failed as they must).
    pub done: Vec<StepId>,
    /// Single forms that succeeded, by [`Action`] form id (see [`Action::form_id`]).
    pub done_forms: Vec<String>,
    /// Where the AWS CLI reaches the embedded AWS, for example `http://127.0.0.1:4566`.
    pub aws_endpoint: String,
    /// Steps that were skipped and not done since.
    pub skipped: Vec<StepId>,
    /// How each listing is spelled in this lab.
    pub spellings: Vec<(ListingId, Listings)>,
    /// The IAM policies that were made from their listings as printed, whether or not they were corrected since.
    pub printed: Vec<ListingId>,
    /// What became of the newest work that was done for the person.
    pub report: Option<WorkReport>,
    /// The scenario that has changed something and was not put back.
    pub open_scenario: Option<scenario::ScenarioId>,
    /// Id of the access key that was made for a shell of the person's own, if there is one. The id is no secret.
    pub own_access_key: Option<String>,
}

/// An identity the session holds credentials for (the credentials themselves never leave the server).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Which persona.
    pub persona: Persona,
    /// Its ARN as AWS reports the caller.
    pub arn: String,
    /// Unix time in seconds when its credentials end; `None` for Admin's long-term keys.
    pub expires_at: Option<i64>,
}

/// One API call that was made, what AWS answered and what the policies say about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Counts up within a session.
    pub id: i64,
    /// Unix time in milliseconds.
    pub at: i64,
    /// The step it was made in.
    pub step: Option<StepId>,
    /// Where else it was made; calls from before there were such places have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occasion: Option<Occasion>,
    /// Who made it.
    pub persona: Persona,
    /// Caller ARN.
    pub caller: String,
    /// `s3`, `kms`, `iam`, `sts`, `ec2`.
    pub service: String,
    /// API operation, for example `PutObject`.
    pub operation: String,
    /// One line that says what was asked, for example `secure-demo-bucket/test2.pdf`.
    pub subject: String,
    /// What AWS answered.
    pub answer: Answer,
    /// What the policies say.
    pub verdict: Verdict,
}

/// AWS's answer to one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// HTTP status; 0 when no answer came.
    pub status: u16,
    /// AWS error code, for example `AccessDenied`.
    pub code: Option<String>,
    /// AWS's own error text.
    pub message: Option<String>,
    /// AWS request id.
    pub request_id: Option<String>,
}

/// All checks of a call and the lane that decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// In the order in which AWS makes them.
    pub checks: Vec<Check>,
    /// The four lanes over all checks together; `NotConsulted` where no check reached them.
    pub lanes: Vec<LaneSummary>,
    /// The lane that decided; `None` when something other than a policy did (a bad request, a missing object).
    pub decided_by: Option<Lane>,
    /// Whether evaluation and AWS's answer agree.
    pub agrees: bool,
    /// One or two sentences that a person can read aloud.
    pub explanation: String,
}

/// One authorization inside a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// For example `kms:GenerateDataKey`.
    pub action: String,
    /// Resource ARN or `*`.
    pub resource: String,
    /// The result of this check.
    pub outcome: Outcome,
    /// The lane that decided this check; records of before have none.
    #[serde(default)]
    pub decided_by: Option<Lane>,
    /// Whether AWS got as far as this check.
    pub reached: bool,
    /// The lanes that bear on this check, IAM first.
    pub lanes: Vec<CheckLane>,
}

/// A lane's part in one check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckLane {
    /// Which lane.
    pub lane: Lane,
    /// What it said.
    pub verdict: LaneVerdict,
    /// Every statement of its policies, each with why it matched or not.
    pub statements: Vec<StatementExplanation>,
    /// What stands around the statements in their documents, one a policy in the same order. Empty in records of before.
    #[serde(default)]
    pub policies: Vec<PolicyFrame>,
}

/// A policy document without its statements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyFrame {
    /// The policy's name, as its statements have it.
    pub policy: String,
    /// The policy's ARN, if it has one.
    pub arn: Option<String>,
    /// The document with `Statement` emptied: a list, or an object where the document has a single one.
    pub frame: serde_json::Value,
}

/// A lane's part in the whole call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaneSummary {
    /// Which lane.
    pub lane: Lane,
    /// What it said.
    pub verdict: LaneVerdict,
    /// One short sentence: the statement that said it, or why none did.
    pub said: String,
    /// The action it was about, where the lane's verdict was another on another check of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// One line typed on the instance and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TerminalEntry {
    /// Counts up within a session.
    pub id: i64,
    /// The command line as typed.
    pub line: String,
    /// Standard output and error together, as the AWS CLI prints them.
    pub output: String,
    /// Exit status.
    pub status: i32,
    /// The calls it made, by [`Record::id`].
    pub records: Vec<i64>,
}

/// A file on the instance, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceFile {
    /// Its name in the one folder there is.
    pub name: String,
    /// Bytes.
    pub size: i64,
    /// Unix time in seconds.
    pub modified: i64,
}

/// What Tab completes in the terminal: rows of a key and the words that may follow it, with tabs between.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// Commands and options: the same for every lab.
    pub words: String,
    /// The lab's bucket, key and roles, and the instance's files.
    pub names: String,
}

/// What was typed into a form that did not succeed, kept until it does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Field name and value.
    pub values: Vec<(String, String)>,
    /// What is wrong, and with which field (empty: the form as a whole).
    pub problem: Option<(String, String)>,
}

/// Which records a page wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordsOf {
    /// The newest of all, at most this many.
    Newest(u32),
    /// All of one step, oldest first.
    Step(StepId),
}

/// Why the console could not do what a page asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum ConsoleError {
    /// No lab was started in this browser, or its session ended.
    #[error("This browser has no lab yet, or its session has ended. Start one on the first page.")]
    NoLab,
    /// A form field is wrong; the form shows it beside the field.
    #[error("{message}")]
    Invalid {
        /// Field name.
        field: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// There is no such thing in this session.
    #[error("There is no {what} in this lab.")]
    NotFound {
        /// For example `call 12`.
        what: String,
    },
    /// The role's credentials ran out.
    #[error("The credentials of {persona} have expired. Switch to the role again to get new ones.")]
    Expired {
        /// The persona's name.
        persona: String,
    },
    /// Storage or the target could not be reached.
    #[error("{0}")]
    Unavailable(String),
}

/// The server's side of the pages, for the session of one request.
#[cfg(feature = "ssr")]
#[async_trait::async_trait]
pub trait Console: scenario::Scenarios {
    /// The session's lab; `None` before one is started.
    async fn lab(&self) -> Result<Option<Lab>, ConsoleError>;
    /// A bucket name to offer on the first page: valid and not likely to be taken.
    fn suggested_bucket(&self) -> String;
    /// Starts a lab: a new sandbox account with its Admin. Replaces the session's lab if there was one.
    async fn start(&self, listings: Listings, bucket: String) -> Result<(), ConsoleError>;
    /// Acts as `persona` from now on; calls `sts:AssumeRole` unless valid credentials are held. Gives the record of the
    /// call if one was made. A refused `AssumeRole` is a record too, and the session stays who it was.
    async fn switch(&self, persona: Persona, step: Option<StepId>) -> Result<Option<i64>, ConsoleError>;
    /// Holds credentials of `persona` without acting as it: calls `sts:AssumeRole` unless there are valid ones, or anyway when they
    /// are to be `renewed`. Gives the record of the call if one was made.
    async fn hold(
        &self,
        persona: Persona,
        step: Option<StepId>,
        renewed: bool,
    ) -> Result<Option<i64>, ConsoleError>;
    /// Makes the calls of a form as whoever the session acts as; stops at the first that fails. Gives their records.
    /// An [`ConsoleError::Invalid`] or a failed call keeps the form's values as its draft.
    async fn act(&self, step: StepId, action: Action) -> Result<Vec<i64>, ConsoleError>;
    /// A listing in the lab's spelling, or in the one given.
    async fn listing(&self, id: ListingId, spelling: Option<Listings>) -> Result<Listing, ConsoleError>;
    /// What was typed into the form and did not succeed.
    async fn draft(&self, form_id: &str) -> Result<Option<Draft>, ConsoleError>;
    /// Everyone of the account with the policies that bear on them, as they are now.
    async fn scene(&self) -> Result<Scene, ConsoleError>;
    /// Keeps what was typed into a form that makes no call.
    async fn keep_draft(&self, form_id: &str, draft: Draft) -> Result<(), ConsoleError>;
    /// Puts a document of [`Console::scene`] in force, by its id and as the persona who holds that lock. Gives the records of
    /// the calls.
    async fn apply(&self, document: String, text: String) -> Result<Vec<i64>, ConsoleError>;
    /// One record.
    async fn record(&self, id: i64) -> Result<Record, ConsoleError>;
    /// One record's request, answer and CloudTrail records.
    async fn wire(&self, id: i64) -> Result<Wire, ConsoleError>;
    /// Several records.
    async fn records(&self, of: RecordsOf) -> Result<Vec<Record>, ConsoleError>;
    /// Runs a line on the instance; `step` is the page it was typed on.
    async fn run(&self, step: Option<StepId>, line: String) -> Result<TerminalEntry, ConsoleError>;
    /// The terminal's log, oldest first.
    async fn terminal(&self) -> Result<Vec<TerminalEntry>, ConsoleError>;
    /// The command the tutorial types in this step, filled in with this lab's names; empty where it types none.
    async fn suggested_commands(&self, step: StepId) -> Result<Vec<String>, ConsoleError>;
    /// What [`Console::solve`] would do in a step.
    async fn solution(&self, step: StepId) -> Result<Solution, ConsoleError>;
    /// Makes the calls that a step and what it stands on still need, as the roles they are meant for, and stops at the first
    /// that fails though it should not. `correct` first mends an IAM policy made as printed. The report is the lab's newest.
    async fn solve(&self, step: StepId, correct: Option<ListingId>) -> Result<(), ConsoleError>;
    /// What [`Console::undo`] would remove, read from AWS now.
    async fn undoing(&self, step: StepId) -> Result<Undoing, ConsoleError>;
    /// Removes what a step made, and what stands on it. The report is the lab's newest.
    async fn undo(&self, step: StepId) -> Result<(), ConsoleError>;
    /// Marks a step as skipped, or takes the mark away.
    async fn skip(&self, step: StepId, skipped: bool) -> Result<(), ConsoleError>;
    /// Chooses how one listing is spelled from now on; what was typed into its form is forgotten.
    async fn spell(&self, listing: ListingId, spelling: Listings) -> Result<(), ConsoleError>;
    /// Everything in the lab, read from AWS now.
    async fn inventory(&self) -> Result<Vec<Removal>, ConsoleError>;
    /// Removes the lab with its account. The session has none afterwards.
    async fn remove_lab(&self) -> Result<(), ConsoleError>;
    /// What the terminal's line can be completed with.
    async fn completion(&self) -> Result<Completion, ConsoleError>;
    /// Puts a file on the instance, from the page's upload form.
    async fn upload(&self, name: String, bytes: Vec<u8>) -> Result<(), ConsoleError>;
    /// The instance's files, by name.
    async fn files(&self) -> Result<Vec<InstanceFile>, ConsoleError>;
    /// Removes a file from the instance; one that is gone already is no error.
    async fn remove_file(&self, name: String) -> Result<(), ConsoleError>;
    /// Deletes the access key that was made for a shell of the person's own. Gives the records of the calls.
    async fn delete_own_key(&self) -> Result<Vec<i64>, ConsoleError>;
}
