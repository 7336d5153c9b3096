//! The one spelling of every persona, step, role, listing and form: in addresses, pages, forms and the database.

use super::{Action, ListingId, Listings, Persona, RoleName, StepId};

impl Persona {
    /// Everyone a person can try to be, in the order of the role bar.
    pub const SWITCHABLE: [Self; 4] =
        [Self::Admin, Self::SecureBucketAdmin, Self::SecureKeyAdmin, Self::AuthorizedUsers];

    /// The name people and AWS use for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "Admin",
            Self::SecureBucketAdmin => "secure-bucket-admin",
            Self::SecureKeyAdmin => "secure-key-admin",
            Self::Instance => "instance",
            Self::AuthorizedUsers => "authorized-users",
            Self::OtherTeam => "other-team",
            Self::ReportFunction => "report-function",
            Self::LogWriter => "log-writer",
            Self::LogReader => "log-reader",
            Self::KeyAccountAdmin => "key-account-admin",
            Self::Anonymous => "anonymous",
        }
    }

    /// The profile of the AWS CLI that acts as it. Those who act in scenarios only share one that the page does not set up.
    pub const fn profile(self) -> &'static str {
        match self {
            Self::Admin => "trilock-admin",
            Self::SecureBucketAdmin => "trilock-secure-bucket-admin",
            Self::SecureKeyAdmin => "trilock-secure-key-admin",
            Self::Instance | Self::AuthorizedUsers => "trilock-instance",
            _ => "trilock-scenario",
        }
    }
    /// Those who act in scenarios only.
    pub const OF_SCENARIOS: [Self; 6] = [
        Self::OtherTeam,
        Self::ReportFunction,
        Self::LogWriter,
        Self::LogReader,
        Self::KeyAccountAdmin,
        Self::Anonymous,
    ];

    /// The persona of that name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        let others = Self::OF_SCENARIOS.into_iter().chain([Self::Instance]);
        others.chain(Self::SWITCHABLE).find(|persona| persona.name() == name)
    }

    /// The role of the tutorial behind the persona; `None` for Admin, who is an IAM user, and for those of scenarios.
    pub const fn role(self) -> Option<RoleName> {
        match self {
            Self::Admin
            | Self::OtherTeam
            | Self::ReportFunction
            | Self::LogWriter
            | Self::LogReader
            | Self::KeyAccountAdmin
            | Self::Anonymous => None,
            Self::SecureBucketAdmin => Some(RoleName::SecureBucketAdmin),
            Self::SecureKeyAdmin => Some(RoleName::SecureKeyAdmin),
            Self::Instance | Self::AuthorizedUsers => Some(RoleName::AuthorizedUsers),
        }
    }
}

impl Listings {
    /// `corrected` or `printed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Corrected => "corrected",
            Self::Printed => "printed",
        }
    }

    /// The spelling of that name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Corrected, Self::Printed].into_iter().find(|listings| listings.name() == name)
    }
}

impl ListingId {
    /// In the tutorial's order.
    pub const ALL: [Self; 4] = [Self::BucketAdmin, Self::KeyAdmin, Self::BucketAccess, Self::BucketPolicy];

    /// The name of the policy it becomes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BucketAdmin => "secure-bucket-admin",
            Self::KeyAdmin => "secure-key-admin",
            Self::BucketAccess => "secure-bucket-access",
            Self::BucketPolicy => "bucket-policy",
        }
    }

    /// 1 to 4.
    pub const fn number(self) -> u8 {
        match self {
            Self::BucketAdmin => 1,
            Self::KeyAdmin => 2,
            Self::BucketAccess => 3,
            Self::BucketPolicy => 4,
        }
    }

    /// The listing of that name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|listing| listing.name() == name)
    }
}

impl RoleName {
    /// In the tutorial's order.
    pub const ALL: [Self; 3] = [Self::SecureBucketAdmin, Self::SecureKeyAdmin, Self::AuthorizedUsers];

    /// The role's name in IAM.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SecureBucketAdmin => "secure-bucket-admin",
            Self::SecureKeyAdmin => "secure-key-admin",
            Self::AuthorizedUsers => "authorized-users",
        }
    }

    /// The listing whose policy is attached to it in step 2.
    pub const fn listing(self) -> ListingId {
        match self {
            Self::SecureBucketAdmin => ListingId::BucketAdmin,
            Self::SecureKeyAdmin => ListingId::KeyAdmin,
            Self::AuthorizedUsers => ListingId::BucketAccess,
        }
    }

    /// The role of that name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl StepId {
    /// In the order of the walk.
    pub const ALL: [Self; 11] = [
        Self::Policies,
        Self::Roles,
        Self::Bucket,
        Self::Key,
        Self::BucketPolicy,
        Self::Instance,
        Self::Test1,
        Self::Test2,
        Self::Test3,
        Self::Test4,
        Self::Restore,
    ];

    /// Its part of the address `/steps/…`.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Policies => "policies",
            Self::Roles => "roles",
            Self::Bucket => "bucket",
            Self::Key => "key",
            Self::BucketPolicy => "bucket-policy",
            Self::Instance => "instance",
            Self::Test1 => "test-1",
            Self::Test2 => "test-2",
            Self::Test3 => "test-3",
            Self::Test4 => "test-4",
            Self::Restore => "restore",
        }
    }

    /// The step of that slug; `None` if there is none.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.slug() == slug)
    }

    /// The number the tutorial gives it: it goes from step 5 to step 7.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Policies => "Step 1",
            Self::Roles => "Step 2",
            Self::Bucket => "Step 3",
            Self::Key => "Step 4",
            Self::BucketPolicy => "Step 5",
            Self::Instance => "Step 7",
            Self::Test1 => "Test 1",
            Self::Test2 => "Test 2",
            Self::Test3 => "Test 3",
            Self::Test4 => "Test 4",
            Self::Restore => "Restore",
        }
    }

    /// Who does the step's forms in the tutorial. Tests 1 to 3 are typed on the instance, whoever the console acts as.
    pub const fn needs(self) -> Option<Persona> {
        match self {
            Self::Policies | Self::Roles | Self::Instance => Some(Persona::Admin),
            Self::Bucket | Self::BucketPolicy => Some(Persona::SecureBucketAdmin),
            Self::Key | Self::Test4 | Self::Restore => Some(Persona::SecureKeyAdmin),
            Self::Test1 | Self::Test2 | Self::Test3 => None,
        }
    }

    /// The step before it.
    pub fn previous(self) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|step| *step < self)
    }

    /// The step after it.
    pub fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|step| *step > self)
    }
}

impl Action {
    /// The form it comes from: the key of its draft and of `Lab::done_forms`.
    pub fn form_id(&self) -> String {
        match self {
            Self::CreatePolicy { listing, .. } => format!("create-policy-{}", listing.name()),
            Self::CorrectPolicy { listing } => format!("correct-policy-{}", listing.name()),
            Self::CreateRole { role } => format!("create-role-{}", role.name()),
            Self::AttachPolicy { role } => format!("attach-policy-{}", role.name()),
            Self::CreateInstanceProfile => "create-instance-profile".into(),
            Self::CreateBucket { .. } => "create-bucket".into(),
            Self::CreateKey { .. } => "create-key".into(),
            Self::PutBucketPolicy { .. } => "put-bucket-policy".into(),
            Self::LaunchInstance => "launch-instance".into(),
            Self::RemoveKeyUser => "remove-key-user".into(),
            Self::AddKeyUser => "add-key-user".into(),
        }
    }
}
