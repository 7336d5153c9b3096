//! The lanes: the policies that bear on a call, as pages show them side by side.

use serde::{Deserialize, Serialize};

/// The three policies of the tutorial, and the trust policy as a fourth for `AssumeRole`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    /// Identity policies.
    Iam,
    /// The bucket policy.
    Bucket,
    /// The key policy, with grants.
    Key,
    /// The trust policy of a role.
    Trust,
}

impl Lane {
    /// All four, in the order in which pages show them.
    pub const ALL: [Self; 4] = [Self::Iam, Self::Bucket, Self::Key, Self::Trust];

    /// Its name on a page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Iam => "IAM",
            Self::Bucket => "Bucket policy",
            Self::Key => "Key policy",
            Self::Trust => "Trust policy",
        }
    }
}
