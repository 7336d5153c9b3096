//! The scenarios and the checks of steps as tables: who makes which calls, how they should come out, why, and what to notice.
//!
//! Nothing here makes a call; [`console::play`](crate::console) does.

mod check;
pub mod documents;
mod drills;
mod exploits;
mod variations;

pub use check::{Probe, Stored, probes};

use crate::store::LabState;
use app::console::{
    Lane, ListingId, Persona,
    scenario::{Expected, ScenarioId},
};

/// The object that most scenarios are about.
pub const REPORT: &str = "reports/payroll.csv";

/// One move of a scenario.
#[derive(Clone, Debug)]
pub struct Move {
    /// Who makes the calls.
    pub by: Persona,
    /// What it is, in a few words.
    pub title: String,
    /// Its calls, and how each should come out.
    pub calls: Vec<(Call, Expected)>,
    /// Why to do it.
    pub why: &'static str,
    /// What to notice.
    pub notice: &'static str,
}

/// One real API call, or what a button of the AWS console does in a few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// `s3:PutObject` of a small file.
    PutObject(String, Sse),
    /// `s3:GetObject`.
    GetObject(String),
    /// `s3:HeadObject`.
    HeadObject(String),
    /// `s3:DeleteObject`.
    DeleteObject(String),
    /// `s3:CopyObject` of an object onto itself.
    CopyOntoItself(String, Sse),
    /// `s3:ListObjectsV2`.
    ListObjects,
    /// `s3:GetBucketLocation`.
    GetBucketLocation,
    /// `s3:GetBucketPolicy`.
    GetBucketPolicy,
    /// `s3:PutBucketPolicy`.
    PutBucketPolicy(String),
    /// `s3:DeleteBucketPolicy`.
    DeleteBucketPolicy,
    /// `s3:PutBucketEncryption`: SSE-KMS under the key, or SSE-S3.
    PutBucketEncryption(Option<String>),
    /// `s3:PutPublicAccessBlock`, all four settings on or off.
    PutPublicAccessBlock(bool),
    /// `kms:DescribeKey`.
    DescribeKey(KeyOf),
    /// `kms:GetKeyPolicy`.
    GetKeyPolicy(KeyOf),
    /// `kms:PutKeyPolicy`.
    PutKeyPolicy(KeyOf, String),
    /// `kms:GenerateDataKey`.
    GenerateDataKey,
    /// `kms:GenerateDataKeyWithoutPlaintext`.
    GenerateDataKeyWithoutPlaintext,
    /// `kms:CreateGrant` of `kms:Decrypt` on the lab's key to this principal.
    CreateGrant(String),
    /// *Key users > Add*: `kms:GetKeyPolicy`, `kms:PutKeyPolicy`.
    AddKeyUser(&'static str),
    /// *Key users > Remove*: the same.
    RemoveKeyUser(&'static str),
    /// `kms:CreateKey` in the second account, with this key policy.
    CreateKey(String),
    /// `iam:CreateRole`: name and trust policy.
    CreateRole(String, String),
    /// `iam:GetRole`.
    GetRole(&'static str),
    /// `iam:DeleteRole`.
    DeleteRole(String),
    /// `iam:PutRolePolicy`: role, name, document.
    PutRolePolicy(String, String, String),
    /// `iam:DeleteRolePolicy`: role, name.
    DeleteRolePolicy(String, String),
    /// `iam:AttachRolePolicy`: role, policy ARN.
    AttachRolePolicy(String, String),
    /// `iam:DetachRolePolicy`: role, policy ARN.
    DetachRolePolicy(String, String),
    /// `iam:CreatePolicyVersion` of the policy made from a listing, set as default.
    CreatePolicyVersion(ListingId, String),
    /// `iam:SetDefaultPolicyVersion`: policy ARN, version.
    SetDefaultPolicyVersion(String, String),
    /// `iam:DeletePolicyVersion`: policy ARN, version.
    DeletePolicyVersion(String, String),
    /// `sts:AssumeRole` of a role of this account.
    AssumeRole(&'static str),
    /// `sts:GetCallerIdentity`.
    GetCallerIdentity,
    /// `iam:SimulateCustomPolicy` of one action on one resource: document, action, resource, and what it must say.
    Simulate(String, &'static str, String, bool),
    /// `iam:SimulatePrincipalPolicy`: role, action, resource, and what it must say.
    SimulateRole(&'static str, &'static str, String, bool),
}

/// How an object is to be encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sse {
    /// No header.
    None,
    /// `aws:kms` with the lab's key.
    LabKey,
    /// `aws:kms` with this key.
    Key(String),
}

/// Whose key a KMS call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOf {
    /// The lab's, of step 4.
    Lab,
    /// The second account's.
    KeyAccount,
}

impl Call {
    /// The operations it calls, in order.
    pub const fn operations(&self) -> &'static [&'static str] {
        match self {
            Self::PutObject(..) => &["s3:PutObject"],
            Self::GetObject(_) => &["s3:GetObject"],
            Self::HeadObject(_) => &["s3:HeadObject"],
            Self::DeleteObject(_) => &["s3:DeleteObject"],
            Self::CopyOntoItself(..) => &["s3:CopyObject"],
            Self::ListObjects => &["s3:ListObjectsV2"],
            Self::GetBucketLocation => &["s3:GetBucketLocation"],
            Self::GetBucketPolicy => &["s3:GetBucketPolicy"],
            Self::PutBucketPolicy(_) => &["s3:PutBucketPolicy"],
            Self::DeleteBucketPolicy => &["s3:DeleteBucketPolicy"],
            Self::PutBucketEncryption(_) => &["s3:PutBucketEncryption"],
            Self::PutPublicAccessBlock(_) => &["s3:PutPublicAccessBlock"],
            Self::DescribeKey(_) => &["kms:DescribeKey"],
            Self::GetKeyPolicy(_) => &["kms:GetKeyPolicy"],
            Self::PutKeyPolicy(..) => &["kms:PutKeyPolicy"],
            Self::GenerateDataKey => &["kms:GenerateDataKey"],
            Self::GenerateDataKeyWithoutPlaintext => &["kms:GenerateDataKeyWithoutPlaintext"],
            Self::CreateGrant(_) => &["kms:CreateGrant"],
            Self::AddKeyUser(_) | Self::RemoveKeyUser(_) => &["kms:GetKeyPolicy", "kms:PutKeyPolicy"],
            Self::CreateKey(_) => &["kms:CreateKey"],
            Self::CreateRole(..) => &["iam:CreateRole"],
            Self::GetRole(_) => &["iam:GetRole"],
            Self::DeleteRole(_) => &["iam:DeleteRole"],
            Self::PutRolePolicy(..) => &["iam:PutRolePolicy"],
            Self::DeleteRolePolicy(..) => &["iam:DeleteRolePolicy"],
            Self::AttachRolePolicy(..) => &["iam:AttachRolePolicy"],
            Self::DetachRolePolicy(..) => &["iam:DetachRolePolicy"],
            Self::CreatePolicyVersion(..) => &["iam:CreatePolicyVersion"],
            Self::SetDefaultPolicyVersion(..) => &["iam:SetDefaultPolicyVersion"],
            Self::DeletePolicyVersion(..) => &["iam:DeletePolicyVersion"],
            Self::AssumeRole(_) => &["sts:AssumeRole"],
            Self::GetCallerIdentity => &["sts:GetCallerIdentity"],
            Self::Simulate(..) => &["iam:SimulateCustomPolicy"],
            Self::SimulateRole(..) => &["iam:SimulatePrincipalPolicy"],
        }
    }

    /// The policy document it puts, and what that is called.
    pub fn document(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::PutBucketPolicy(document) => Some(("Bucket policy", document)),
            Self::PutKeyPolicy(_, document) | Self::CreateKey(document) => Some(("Key policy", document)),
            Self::CreateRole(_, document) => Some(("Trust policy", document)),
            Self::PutRolePolicy(_, _, document) => Some(("Inline policy", document)),
            Self::CreatePolicyVersion(_, document) => Some(("Policy document", document)),
            _ => None,
        }
    }

    /// The same with another document in its place.
    #[must_use]
    pub fn with_document(mut self, typed: String) -> Self {
        match &mut self {
            Self::PutBucketPolicy(document)
            | Self::PutKeyPolicy(_, document)
            | Self::CreateKey(document)
            | Self::CreateRole(_, document)
            | Self::PutRolePolicy(_, _, document)
            | Self::CreatePolicyVersion(_, document) => *document = typed,
            _ => {}
        }
        self
    }
}

impl Move {
    fn new(by: Persona, title: impl Into<String>, why: &'static str, notice: &'static str) -> Self {
        Self { by, title: title.into(), calls: Vec::new(), why, notice }
    }

    /// A call that works, whoever allows it.
    fn works(mut self, call: Call) -> Self {
        self.calls.push((call, Expected::Works(None)));
        self
    }

    /// A call that works because this lane allows it.
    fn allowed(mut self, call: Call, by: Lane) -> Self {
        self.calls.push((call, Expected::Works(Some(by))));
        self
    }

    /// A call that this lane refuses.
    fn refused(mut self, call: Call, by: Lane) -> Self {
        self.calls.push((call, Expected::Refused(by)));
        self
    }

    /// A call that fails with this code for another reason than a policy's.
    fn fails(mut self, call: Call, code: &str) -> Self {
        self.calls.push((call, Expected::Error(code.into())));
        self
    }

    /// Reading and writing the report, both refused by this lane.
    fn both_refused(self, by: Lane) -> Self {
        self.refused(Call::GetObject(REPORT.into()), by)
            .refused(Call::PutObject(REPORT.into(), Sse::LabKey), by)
    }

    /// The document that a form of it offers.
    pub fn document(&self) -> Option<(&'static str, &str)> {
        self.calls.iter().find_map(|(call, _)| call.document())
    }
}

/// The moves of a scenario, filled in for a lab.
pub fn moves(lab: &LabState, region: &str, id: ScenarioId) -> Vec<Move> {
    let of = documents::Documents { lab, region };
    match id {
        ScenarioId::BucketOpened => drills::bucket_opened(&of),
        ScenarioId::IamTooWide => drills::iam_too_wide(&of),
        ScenarioId::KeyUserAdded => drills::key_user_added(&of),
        ScenarioId::TwoAtOnce => drills::two_at_once(&of),
        ScenarioId::BucketAdminDeletes => exploits::bucket_admin_deletes(&of),
        ScenarioId::KeyAdminMakesDataKeys => exploits::key_admin_makes_data_keys(&of),
        ScenarioId::AdminStillReads => exploits::admin_still_reads(),
        ScenarioId::IamAloneUndoes => exploits::iam_alone_undoes(&of),
        ScenarioId::RootStatementNarrowed => exploits::root_statement_narrowed(&of),
        ScenarioId::KeyOfAnotherAccount => variations::key_of_another_account(&of),
        ScenarioId::AnotherService => variations::another_service(&of),
        ScenarioId::EncryptOnlyDecryptOnly => variations::encrypt_only_decrypt_only(&of),
        ScenarioId::DefaultEncryption => variations::default_encryption(&of),
        ScenarioId::NotRetroactive => variations::not_retroactive(&of),
    }
}

/// The instance puts the report under the key: what every attempt is about.
fn report_is_stored() -> Move {
    Move::new(
        Persona::Instance,
        "Store something worth reading",
        "The instance uploads a file under the lab’s key, as in test 1. The attempts that follow are about this object.",
        "IAM allows `s3:PutObject`, the key policy allows `kms:GenerateDataKey`. The object can be read only by whom the key lets decrypt.",
    )
    .allowed(Call::PutObject(REPORT.into(), Sse::LabKey), Lane::Key)
}

/// Admin makes the role of a team that has nothing to do with the bucket.
fn other_team_exists(of: &documents::Documents<'_>) -> Move {
    Move::new(
        Persona::Admin,
        "Another team gets a role",
        "The role `other-team` stands for everybody else in the account. It holds no policy at all; its trust policy lets this \
         account’s people take it on.",
        "A new role can do nothing until some policy says otherwise.",
    )
    .works(Call::CreateRole(Persona::OtherTeam.name().into(), of.trust_of_account()))
}
