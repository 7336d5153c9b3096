//! Reports that an account has had made of itself.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// All users with the state of their credentials.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CredentialReport {
    /// CSV.
    pub content: String,
    /// When it was made.
    pub generated: Timestamp,
}

impl CredentialReport {
    /// Under which name the newest is kept.
    pub const NAME: &'static str = "CredentialReport";
}

/// Which services a user, role, group or policy lets somebody use, and when that was last tried.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessReport {
    /// Job id, a UUID.
    pub id: String,
    /// Who may read it: unique id of a user, a role or the account.
    pub owner: String,
    /// Whether it tells of actions as well.
    pub action_level: bool,
    /// When it was made.
    pub created: Timestamp,
    /// Unique ids of the users and roles that it is about.
    pub entities: Vec<String>,
    /// The services that they can use, by namespace.
    pub services: Vec<ServiceAccess>,
}

/// One service of a report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServiceAccess {
    /// For example `s3`.
    pub namespace: String,
    /// The last use by each of those who used it, the latest first.
    pub uses: Vec<EntityUse>,
    /// The actions that they can use and that IAM keeps track of.
    pub actions: Vec<TrackedAction>,
}

/// The last use of a service or an action by one user or role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EntityUse {
    /// Its unique id.
    pub id: String,
    /// Its ARN when the report was made.
    pub arn: String,
    /// When.
    pub used: Timestamp,
    /// Region of the request.
    pub region: String,
}

/// One action of a report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrackedAction {
    /// Without its service, for example `PutBucketPolicy`.
    pub name: String,
    /// Its last use.
    pub last: Option<EntityUse>,
}
