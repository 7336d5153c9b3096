//! What a lab did beyond the walk: scenarios played, what puts them back, and what checks found. Part of the lab's own row.

use app::console::{
    StepId,
    scenario::{Occasion, Probed, ScenarioId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Beyond {
    /// The scenario that has changed something and was not put back.
    pub open: Option<ScenarioId>,
    /// What was done in each.
    pub plays: BTreeMap<ScenarioId, Play>,
    /// The second account, while a scenario uses one.
    pub key_account: Option<KeyAccount>,
    /// What the newest check of each step found.
    pub checks: BTreeMap<StepId, Vec<Probed>>,
    /// What a check has changed and not put back yet.
    #[serde(default)]
    pub checking: Vec<Undo>,
}

impl Beyond {
    /// Notes what puts a change back. Of two changes to one thing the first counts: it knows what there was.
    pub fn changed(&mut self, occasion: Occasion, before: Undo) {
        let undo = match occasion {
            Occasion::Scenario(id) => &mut self.plays.entry(id).or_default().undo,
            Occasion::Check(_) => &mut self.checking,
        };
        if !undo.iter().any(|kept| before.is_of(kept)) {
            undo.push(before);
        }
    }
}

/// A second account, which owns a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAccount {
    /// 12 digits.
    pub account_id: String,
    /// Its key, once made.
    pub key_arn: Option<String>,
}

/// What was done in a scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Play {
    /// Moves made, by number.
    pub moves: BTreeMap<usize, Played>,
    /// What puts it back, in the order in which the changes were made.
    pub undo: Vec<Undo>,
    /// Whether it was put back: the next move begins anew.
    pub put_back: bool,
    /// The calls that put it back.
    pub mended: Vec<i64>,
    /// What could not be put back.
    pub unmended: Vec<String>,
}

/// What came of a move.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Played {
    /// Its calls.
    pub records: Vec<i64>,
    /// Whether it came out as it should.
    pub as_expected: bool,
    /// What is missing and what to do; empty when it came out as it should.
    pub missing: String,
    /// The document that was typed.
    pub document: Option<String>,
    /// What was wrong with it, if no call was made.
    pub problem: Option<String>,
}

/// How one change is put back: what was there before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Undo {
    /// The bucket policy; `None` if there was none.
    BucketPolicy(Option<String>),
    /// The key policy of the lab's key.
    KeyPolicy(String),
    /// The bucket's Block Public Access: all four settings on.
    PublicAccessBlock,
    /// The bucket's default encryption: its key, or SSE-S3.
    BucketEncryption(Option<String>),
    /// A role that was made.
    Role(String),
    /// An inline policy that was put into a role; with the document that was there before, if one was.
    RolePolicy {
        /// The role.
        role: String,
        /// The policy's name.
        name: String,
        /// What it was.
        before: Option<String>,
    },
    /// A managed policy that was attached to a role.
    Attached {
        /// The role.
        role: String,
        /// The policy's ARN.
        policy: String,
    },
    /// A managed policy's default version, and the versions it had.
    PolicyVersion {
        /// The policy's ARN.
        policy: String,
        /// The default version.
        default: String,
        /// All versions.
        versions: Vec<String>,
    },
    /// An object that was put.
    Object(String),
    /// The second account.
    KeyAccount(String),
}

impl Undo {
    /// Whether both put the same thing back; the older of two is the one that counts.
    pub fn is_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::BucketPolicy(_), Self::BucketPolicy(_))
            | (Self::KeyPolicy(_), Self::KeyPolicy(_))
            | (Self::PublicAccessBlock, Self::PublicAccessBlock)
            | (Self::BucketEncryption(_), Self::BucketEncryption(_)) => true,
            (Self::RolePolicy { role, name, .. }, Self::RolePolicy { role: r, name: n, .. }) => {
                role == r && name == n
            }
            (Self::PolicyVersion { policy, .. }, Self::PolicyVersion { policy: p, .. }) => policy == p,
            _ => self == other,
        }
    }

    /// What it will do, as a phrase of a list.
    pub fn phrase(&self) -> String {
        match self {
            Self::BucketPolicy(Some(_)) => "the bucket policy is put again as it was".into(),
            Self::BucketPolicy(None) => "the bucket policy is deleted: there was none".into(),
            Self::KeyPolicy(_) => "the key policy is put again as it was".into(),
            Self::PublicAccessBlock => "Block Public Access of the bucket is switched on again".into(),
            Self::BucketEncryption(None) => "the bucket’s default encryption is SSE-S3 again".into(),
            Self::BucketEncryption(Some(key)) => {
                format!("the bucket’s default encryption is under `{key}` again")
            }
            Self::Role(role) => format!("the role `{role}` is deleted"),
            Self::RolePolicy { role, name, before: None } => {
                format!("the inline policy `{name}` is deleted from the role `{role}`")
            }
            Self::RolePolicy { role, name, .. } => {
                format!("the inline policy `{name}` of the role `{role}` is put again as it was")
            }
            Self::Attached { role, policy } => {
                format!("the policy `{policy}` is detached from the role `{role}`")
            }
            Self::PolicyVersion { policy, default, .. } => {
                format!(
                    "the policy `{policy}` has version {default} as its default again; later versions are deleted"
                )
            }
            Self::Object(key) => format!("the object `{key}` is deleted"),
            Self::KeyAccount(account) => {
                format!(
                    "the second account, {account}, is closed, with its key: what is under that key is lost"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Undo;

    #[test]
    fn of_two_changes_to_one_thing_the_first_is_what_there_was() {
        let (before, after) = (Undo::BucketPolicy(Some("{}".into())), Undo::BucketPolicy(None));
        assert!(after.is_of(&before));
        assert!(!Undo::Object("a".into()).is_of(&Undo::Object("b".into())));
        assert!(!Undo::Role("a".into()).is_of(&before));
        let inline = |name: &str, before: Option<&str>| Undo::RolePolicy {
            role: "r".into(),
            name: name.into(),
            before: before.map(Into::into),
        };
        assert!(inline("p", Some("{}")).is_of(&inline("p", None)));
        assert!(!inline("p", None).is_of(&inline("q", None)));
    }
}
