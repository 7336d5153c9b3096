//! A scene: the people of an account, their policies, one bucket and one key; and what each of them may do with it.
//!
//! It is plain data, so that a page can carry it into a browser and answer there what would follow from a document that is being
//! written. Nothing is called: a scene says what the policies say, and no more.

#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

use crate::call::{Bearings, KeyFacts, Lane, ObjectFacts, Operation, Question, Ruling, fixed, rule};
use crate::context::{OF_THE_CALL, Supposed};
use crate::lint::Kind;
use crate::{Context, Document, Grant, LaneVerdict, NamedPolicy, Outcome, ParseError, Principal};

/// The id of the document that is the key's policy.
pub const KEY_POLICY: &str = "key-policy";
/// The id of the policy of the key that the bucket encrypts with by default, when that is another.
pub const DEFAULT_KEY_POLICY: &str = "default-key-policy";

/// People, documents, a bucket and a key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    /// The account: 12 digits.
    pub account: String,
    /// For example `us-east-1`.
    pub region: String,
    /// The bucket's name.
    pub bucket: String,
    /// The key of the object that the deeds are about; whether it is there does not matter.
    pub object: String,
    /// The key's ARN, once there is one.
    pub key_arn: Option<String>,
    /// The ARN of the key that the bucket encrypts with by default.
    pub default_key: Option<String>,
    /// Everyone.
    pub actors: Vec<Actor>,
    /// Every document that bears on them.
    pub documents: Vec<SceneDocument>,
    /// The key's grants.
    pub grants: Vec<Grant>,
    /// Whether the bucket's default encryption has S3 use a Bucket Key.
    pub bucket_keys: bool,
    /// The condition keys that tell of the key, with their values: its kind, its aliases, its tags.
    pub key_context: Vec<(String, Vec<String>)>,
    /// The key's state when nobody can use it, as KMS names it: `Disabled`, `PendingDeletion`.
    pub key_state: Option<String>,
    /// What could not be read, as the end of a sentence that begins "could not read". Answers that hang on it are not sure.
    pub unseen: Vec<String>,
}

/// Somebody who may call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actor {
    /// What people call them.
    pub name: String,
    /// The caller's ARN: of a user, or of a role's session.
    pub arn: String,
    /// The ids of their identity policies, those of groups included.
    pub policies: Vec<String>,
    /// The id of their permissions boundary.
    pub boundary: Option<String>,
    /// Condition keys that say who they are, beside those that follow from the ARN.
    pub context: Vec<(String, Vec<String>)>,
}

/// A policy document of a scene, as text: it may be one that is being written.
#[derive(Clone, Debug, PartialEq)]
pub struct SceneDocument {
    /// Unique in the scene.
    pub id: String,
    /// What it is attached to.
    pub kind: Kind,
    /// The policy's name.
    pub name: String,
    /// The ARN of a managed policy.
    pub arn: Option<String>,
    /// The document; empty when there is none, as for a bucket without a policy.
    pub text: String,
}

/// Something that can be tried in a scene: one API call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// GetObject of an object under the key.
    Read,
    /// PutObject under the key.
    Write,
    /// PutObject without a word about encryption.
    WritePlain,
    /// DeleteObject.
    Delete,
    /// ListObjectsV2.
    List,
    /// KMS Decrypt, directly.
    Decrypt,
    /// KMS GenerateDataKeyWithoutPlaintext, directly.
    DataKey,
    /// PutRolePolicy on the role authorized-users: turning the first lock.
    ChangeIam,
    /// PutBucketPolicy: turning the second.
    ChangeBucketPolicy,
    /// PutKeyPolicy: turning the third.
    ChangeKeyPolicy,
    /// ScheduleKeyDeletion.
    DeleteKey,
}

/// What a deed comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Whether every check passes.
    pub allowed: bool,
    /// Whether a Deny statement refused it.
    pub explicit: bool,
    /// The action of the check that decided.
    pub action: &'static str,
    /// The lane that decided.
    pub decided_by: Option<Lane>,
    /// Which of the three locks is open.
    pub open: Locks,
    /// Whether a condition on what no scene knows, one of [`Scene::unknown_keys`], could turn the answer.
    pub hangs: bool,
}

/// Which of the three locks does not stand in the way. All three are open exactly where the call is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Locks {
    /// The IAM policies allow the action, or need not, because the resource's policy allows the caller itself.
    pub iam: bool,
    /// The bucket policy does not deny it.
    pub bucket: bool,
    /// The key may be used: the key policy allows it, or leaves it to IAM, which does; or a grant.
    pub key: bool,
}

impl Locks {
    /// Whether nothing stands in the way.
    pub fn all(self) -> bool {
        self.iam && self.bucket && self.key
    }
}

/// A document that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its id.
    pub document: String,
    /// Why.
    pub error: ParseError,
}

/// What everyone may do: for each actor, the answers in the order of [`Deed::ALL`]. `None` where there is nothing to do it to.
pub type Matrix = Vec<Vec<Option<Answered>>>;

impl Deed {
    /// In the order of a page: with the data, with the key, with the locks.
    pub const ALL: [Self; 11] = [
        Self::Read,
        Self::Write,
        Self::WritePlain,
        Self::Delete,
        Self::List,
        Self::Decrypt,
        Self::DataKey,
        Self::ChangeIam,
        Self::ChangeBucketPolicy,
        Self::ChangeKeyPolicy,
        Self::DeleteKey,
    ];

    /// In a few words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Read => "Read an object",
            Self::Write => "Write one under the key",
            Self::WritePlain => "Write one unencrypted",
            Self::Delete => "Delete an object",
            Self::List => "List the bucket",
            Self::Decrypt => "Decrypt directly",
            Self::DataKey => "Make a data key",
            Self::ChangeIam => "Change the IAM policies",
            Self::ChangeBucketPolicy => "Change the bucket policy",
            Self::ChangeKeyPolicy => "Change the key policy",
            Self::DeleteKey => "Delete the key",
        }
    }

    /// The API operation.
    pub const fn operation(self) -> &'static Operation {
        match self {
            Self::Read => const { &fixed("s3", "GetObject") },
            Self::Write | Self::WritePlain => const { &fixed("s3", "PutObject") },
            Self::Delete => const { &fixed("s3", "DeleteObject") },
            Self::List => const { &fixed("s3", "ListObjectsV2") },
            Self::Decrypt => const { &fixed("kms", "Decrypt") },
            Self::DataKey => const { &fixed("kms", "GenerateDataKeyWithoutPlaintext") },
            Self::ChangeIam => const { &fixed("iam", "PutRolePolicy") },
            Self::ChangeBucketPolicy => const { &fixed("s3", "PutBucketPolicy") },
            Self::ChangeKeyPolicy => const { &fixed("kms", "PutKeyPolicy") },
            Self::DeleteKey => const { &fixed("kms", "ScheduleKeyDeletion") },
        }
    }

    /// The call in this scene; `None` when there is no key to make it with.
    fn question(self, scene: &Scene) -> Option<Question> {
        let question = Question::new(self.operation().service, self.operation().name);
        let key = scene.key_arn.as_deref();
        Some(match self {
            Self::Write => Question {
                sse: Some("aws:kms".into()),
                sse_key: Some(key?.into()),
                ..question.object(&scene.bucket, &scene.object)
            },
            Self::Read => {
                key?;
                question.object(&scene.bucket, &scene.object)
            }
            Self::WritePlain | Self::Delete => question.object(&scene.bucket, &scene.object),
            Self::List | Self::ChangeBucketPolicy => question.bucket(&scene.bucket),
            Self::ChangeIam => {
                question.role(&format!("arn:aws:iam::{}:role/authorized-users", scene.account))
            }
            Self::Decrypt | Self::DataKey | Self::ChangeKeyPolicy | Self::DeleteKey => question.key(key?),
        })
    }
}

/// The documents of a scene, compiled.
struct Compiled {
    policies: Vec<(String, NamedPolicy)>,
    bucket: Option<NamedPolicy>,
    key: Option<NamedPolicy>,
    default_key: Option<NamedPolicy>,
}

/// What a matrix of the scene says of somebody, by name, and a deed; `None` where there is no such person or nothing to do it to.
pub fn answer<'a>(scene: &Scene, matrix: &'a Matrix, name: &str, deed: Deed) -> Option<&'a Answered> {
    let row = scene.actors.iter().position(|actor| actor.name == name)?;
    let column = Deed::ALL.iter().position(|known| *known == deed)?;
    matrix.get(row)?.get(column)?.as_ref()
}

impl Scene {
    /// The document of this id.
    pub fn document(&self, id: &str) -> Option<&SceneDocument> {
        self.documents.iter().find(|document| document.id == id)
    }

    /// What everyone may do.
    ///
    /// # Errors
    /// Every document that cannot be read: nothing can be said while there is one.
    pub fn matrix(&self) -> Result<Matrix, Vec<Unreadable>> {
        let compiled = self.compiled()?;
        let rows = |supposed: Option<Supposed>| -> Matrix {
            self.actors.iter().map(|actor| self.row(actor, &compiled, supposed)).collect()
        };
        let mut matrix = rows(None);
        if !self.unknown_keys().is_empty() {
            let (best, worst) = (rows(Some(Supposed::Best)), rows(Some(Supposed::Worst)));
            let supposed = best.into_iter().flatten().zip(worst.into_iter().flatten());
            for (answer, supposed) in matrix.iter_mut().flatten().zip(supposed) {
                if let (Some(answer), (Some(best), Some(worst))) = (answer, supposed) {
                    answer.hangs = best.allowed != worst.allowed;
                }
            }
        }
        Ok(matrix)
    }

    /// The condition keys that only a call itself brings, such as `aws:SourceIp`, as far as the documents speak of them.
    pub fn unknown_keys(&self) -> Vec<&'static str> {
        let texts: Vec<String> =
            self.documents.iter().map(|document| document.text.to_ascii_lowercase()).collect();
        let spoken_of = |name: &&&str| texts.iter().any(|text| text.contains(&name.to_ascii_lowercase()));
        OF_THE_CALL.iter().filter(spoken_of).copied().collect()
    }

    fn compiled(&self) -> Result<Compiled, Vec<Unreadable>> {
        let mut compiled = Compiled { policies: Vec::new(), bucket: None, key: None, default_key: None };
        let mut unreadable = Vec::new();
        for document in self.documents.iter().filter(|document| !document.text.trim().is_empty()) {
            let policy = match Document::parse(&document.text) {
                Ok(parsed) => NamedPolicy {
                    name: document.name.clone(),
                    arn: document.arn.clone(),
                    document: Arc::new(parsed),
                },
                Err(error) => {
                    unreadable.push(Unreadable { document: document.id.clone(), error });
                    continue;
                }
            };
            match document.kind {
                Kind::Bucket => compiled.bucket = Some(policy),
                Kind::Key if document.id == DEFAULT_KEY_POLICY => compiled.default_key = Some(policy),
                Kind::Key => compiled.key = Some(policy),
                Kind::Identity | Kind::Trust => compiled.policies.push((document.id.clone(), policy)),
            }
        }
        if unreadable.is_empty() { Ok(compiled) } else { Err(unreadable) }
    }

    fn row(&self, actor: &Actor, compiled: &Compiled, supposed: Option<Supposed>) -> Vec<Option<Answered>> {
        let Ok(principal) = Principal::from_arn(&actor.arn) else { return vec![None; Deed::ALL.len()] };
        let named = |id: &String| {
            compiled.policies.iter().find(|(known, _)| known == id).map(|(_, policy)| policy.clone())
        };
        let mut caller = Context::new();
        for (key, values) in &actor.context {
            caller.set(key.clone(), values.iter().cloned());
        }
        caller.supposed = supposed;
        let mut bearings = Bearings {
            identity: actor.policies.iter().filter_map(named).collect(),
            boundaries: actor.boundary.iter().filter_map(named).collect(),
            caller,
            bucket_policy: compiled.bucket.clone(),
            bucket_default_key: self.default_key.clone(),
            bucket_keys: self.bucket_keys,
            object: Some(ObjectFacts::Present {
                key: self.key_arn.clone(),
                bucket_key: self.bucket_keys,
                tags: Vec::new(),
            }),
            ..Bearings::default()
        };
        let answer = |deed: Deed| {
            let question = deed.question(self)?;
            bearings.key = self.key_of(deed).map(|arn| match Some(&arn) == self.key_arn.as_ref() {
                true => KeyFacts {
                    policy: compiled.key.clone(),
                    grants: self.grants.clone(),
                    context: self.key_context.clone(),
                    arn,
                },
                false => KeyFacts {
                    policy: compiled.default_key.clone(),
                    grants: Vec::new(),
                    context: Vec::new(),
                    arn,
                },
            });
            Some(answered(&rule(deed.operation(), &question, &bearings, &principal, &self.region)))
        };
        Deed::ALL.into_iter().map(answer).collect()
    }

    /// The key that a deed uses.
    fn key_of(&self, deed: Deed) -> Option<String> {
        match deed {
            Deed::WritePlain => self.default_key.clone(),
            Deed::Delete | Deed::List | Deed::ChangeIam | Deed::ChangeBucketPolicy => None,
            _ => self.key_arn.clone(),
        }
    }
}

/// What the checks of a call come to together.
fn answered(checks: &[Ruling]) -> Answered {
    let refused = checks.iter().find(|check| !check.is_allowed());
    let decisive = refused.or(checks.last());
    let mut open = Locks { iam: true, bucket: true, key: true };
    for check in checks.iter().filter(|check| !check.is_allowed()) {
        match check.resource_lane() {
            // An IAM policy that denies KMS, or does not reach as far: that one is shut. The key is open where its policy names the
            // caller; where it only leaves the answer to IAM, IAM has just not given it.
            Some(Lane::Key) if check.decided_by() == Some(Lane::Iam) => {
                open.iam = false;
                let named = check.resource == LaneVerdict::Allows;
                open.key = named || check.across && check.resource == LaneVerdict::Delegates;
            }
            Some(Lane::Key) => open.key = false,
            Some(Lane::Bucket) => {
                open.bucket &= check.resource != LaneVerdict::Denies;
                // With no Deny in the bucket policy, it was IAM that did not allow.
                open.iam &= check.iam == LaneVerdict::Allows;
            }
            _ => open.iam = false,
        }
    }
    Answered {
        allowed: refused.is_none(),
        explicit: decisive.is_some_and(|check| check.outcome == Outcome::ExplicitlyDenied),
        action: decisive.map_or("", |check| check.spec.action),
        decided_by: decisive.and_then(Ruling::decided_by),
        open,
        hangs: false,
    }
}
