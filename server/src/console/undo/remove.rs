//! One removal: in words, and as a call.

use crate::{
    cloud::Asked as _,
    console::{Site, act, desk::Desk, instance, role, solve::reloaded},
    store::LabState,
    tutorial::{INSTANCE_PROFILE, steps::printed_mark},
    verdict::{Question, is_denial},
};
use app::console::{
    self, Action, Answer, ConsoleError, ListingId, Persona, RoleName, StepId, Stopped, WorkReport,
};
use futures::FutureExt as _;

/// KMS lets nobody delete a key at once; this is the shortest wait it takes, in days.
const KEY_WAITS: i32 = 7;

/// One thing that goes, or goes back to how it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// An object of the lab's bucket.
    Object(String),
    /// A version of an object, or the marker of a deletion, in a versioned bucket.
    Version {
        key: String,
        version: String,
    },
    /// A file on the instance.
    File(String),
    /// The files of an instance that goes itself.
    Disk(Vec<String>),
    /// Whether the key policy is to name authorized-users as key user.
    KeyUser(bool),
    Instance(String),
    BucketPolicy,
    Bucket,
    /// With `alias/`.
    Alias(String),
    Key(String),
    RoleInProfile(String),
    Profile,
    Attachment {
        role: RoleName,
        policy: String,
    },
    InlinePolicy {
        role: RoleName,
        name: String,
    },
    Role(RoleName),
    PolicyVersion {
        arn: String,
        version: String,
    },
    Policy {
        listing: ListingId,
        arn: String,
    },
}

impl Removal {
    /// Who does it: whoever is meant to have made it, whoever did. Objects are the instance's while it runs, else Admin's: the
    /// bucket's administrator is not to touch them.
    fn persona(&self, lab: &LabState) -> Persona {
        match self {
            Self::Object(_) | Self::File(_) if lab.instance_id.is_some() => Persona::Instance,
            Self::BucketPolicy | Self::Bucket => Persona::SecureBucketAdmin,
            Self::Alias(_) | Self::Key(_) | Self::KeyUser(_) => Persona::SecureKeyAdmin,
            _ => Persona::Admin,
        }
    }

    /// The line that the instance types.
    fn line(&self, lab: &LabState) -> Option<String> {
        let quoted = |word: &str| shlex::try_quote(word).map(|word| word.into_owned()).ok();
        match self {
            _ if lab.instance_id.is_none() => None,
            Self::Object(key) => {
                Some(format!("aws s3 rm {}", quoted(&format!("s3://{}/{key}", lab.bucket))?))
            }
            Self::File(name) => Some(format!("rm {}", quoted(name)?)),
            _ => None,
        }
    }

    /// The removal in words.
    pub(super) fn described(&self, step: StepId, lab: &LabState, region: &str) -> console::Removal {
        let account = &lab.account_id;
        let (what, name, call) = match self {
            Self::Object(key) => ("Object", format!("s3://{}/{key}", lab.bucket), "s3:DeleteObject"),
            Self::Version { key, version } => (
                "Version of an object",
                format!("{version} of s3://{}/{key}", lab.bucket),
                "s3:DeleteObjectVersion",
            ),
            Self::File(name) => ("File on the instance", name.clone(), ""),
            Self::Disk(names) => ("Files on the instance", names.join(", "), ""),
            Self::KeyUser(true) => {
                ("Key user put back", lab.role_arn("authorized-users"), "kms:PutKeyPolicy")
            }
            Self::KeyUser(false) => {
                ("Key user removed again", lab.role_arn("authorized-users"), "kms:PutKeyPolicy")
            }
            Self::Instance(id) => (
                "Instance",
                format!("arn:aws:ec2:{region}:{account}:instance/{id}"),
                "ec2:TerminateInstances",
            ),
            Self::BucketPolicy => {
                ("Bucket policy", format!("arn:aws:s3:::{}", lab.bucket), "s3:DeleteBucketPolicy")
            }
            Self::Bucket => ("Bucket", format!("arn:aws:s3:::{}", lab.bucket), "s3:DeleteBucket"),
            Self::Alias(alias) => {
                ("Alias", format!("arn:aws:kms:{region}:{account}:{alias}"), "kms:DeleteAlias")
            }
            Self::Key(arn) => ("Key, deleted after seven days", arn.clone(), "kms:ScheduleKeyDeletion"),
            Self::RoleInProfile(role) => (
                "Role taken out of the instance profile",
                format!("{role} in {INSTANCE_PROFILE}"),
                "iam:RemoveRoleFromInstanceProfile",
            ),
            Self::Profile => ("Instance profile", profile_arn(account), "iam:DeleteInstanceProfile"),
            Self::Attachment { role, policy } => {
                ("Policy taken off a role", format!("{policy} from {}", role.name()), "iam:DetachRolePolicy")
            }
            Self::InlinePolicy { role, name } => {
                ("Inline policy", format!("{name} of {}", role.name()), "iam:DeleteRolePolicy")
            }
            Self::Role(role) => ("Role", lab.role_arn(role.name()), "iam:DeleteRole"),
            Self::PolicyVersion { arn, version } => {
                ("Policy version", format!("{version} of {arn}"), "iam:DeletePolicyVersion")
            }
            Self::Policy { arn, .. } => ("Policy", arn.clone(), "iam:DeletePolicy"),
        };
        console::Removal {
            step: Some(step),
            persona: (!matches!(self, Self::Disk(_))).then(|| self.persona(lab)),
            what: what.into(),
            name,
            call: self.line(lab).unwrap_or_else(|| call.into()),
        }
    }

    /// The marks that go with it, though later removals may fail.
    fn marks(&self) -> Vec<String> {
        match self {
            Self::Instance(_) => vec![Action::LaunchInstance.form_id()],
            Self::BucketPolicy => vec!["put-bucket-policy".into()],
            Self::Bucket => vec!["create-bucket".into()],
            Self::Alias(_) | Self::Key(_) => vec!["create-key".into()],
            Self::RoleInProfile(_) | Self::Profile => vec![Action::CreateInstanceProfile.form_id()],
            Self::Attachment { role, .. } => vec![Action::AttachPolicy { role: *role }.form_id()],
            Self::Role(role) => vec![Action::CreateRole { role: *role }.form_id()],
            Self::Policy { listing, .. } => {
                let forms = ["create", "correct"].map(|verb| Action::listing_form_id(verb, *listing));
                forms.into_iter().chain([printed_mark(*listing)]).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What the lab knows of it no longer.
    fn forget(&self, lab: &mut LabState) {
        for mark in self.marks() {
            lab.marks.remove(&mark);
        }
        match self {
            Self::Instance(_) => lab.instance_id = None,
            Self::Alias(_) => lab.key_alias = None,
            Self::Key(_) => (lab.key_arn, lab.key_user_present) = (None, None),
            Self::Policy { listing, .. } => {
                lab.policies.remove(listing.name());
            }
            _ => {}
        }
    }
}

fn profile_arn(account: &str) -> String {
    format!("arn:aws:iam::{account}:instance-profile/{INSTANCE_PROFILE}")
}

/// Removes one thing. Gives why the work has to stop, if it has to. A role that may not do it, or cannot be taken on any more,
/// is followed by Admin.
pub(super) async fn remove(
    site: &Site,
    lab: LabState,
    step: StepId,
    removal: &Removal,
    report: &mut WorkReport,
) -> Result<Option<Stopped>, ConsoleError> {
    let id = lab.id.clone();
    if let Removal::Disk(names) = removal {
        for name in names {
            site.store.remove_file(&id, name).await?;
        }
        return Ok(None);
    }
    let mut lab = lab;
    if let Some(line) = removal.line(&lab) {
        let entry = Box::pin(instance::run(site, lab, Some(step), line.clone())).await?;
        report.entries.push(entry.id);
        report.records.extend(&entry.records);
        if entry.status == 0 {
            return Ok(None);
        }
        if matches!(removal, Removal::File(_)) {
            return Ok(Some(Stopped { record: None, why: format!("`{line}` failed."), correct: None }));
        }
        lab = reloaded(site, &id).await?;
    }
    let mut who = match removal.persona(&lab) {
        Persona::Instance => Persona::Admin,
        persona => persona,
    };
    loop {
        let desk = Box::pin(role::desk(site, lab, step, who, &mut report.records));
        let desk = match desk.await? {
            Ok(desk) => desk,
            Err(_) if who != Persona::Admin => {
                who = Persona::Admin;
                lab = reloaded(site, &id).await?;
                continue;
            }
            Err(_) => {
                let (record, why) = (report.records.last().copied(), "Admin could not act.".into());
                return Ok(Some(Stopped { record, why, correct: None }));
            }
        };
        let failed = once(desk, removal, report).await?;
        lab = reloaded(site, &id).await?;
        match failed {
            None => return Ok(None),
            Some(answer) if is_denial(&answer) && who != Persona::Admin => who = Persona::Admin,
            Some(answer) => {
                let code = answer.code.as_deref().unwrap_or("no answer");
                let call = removal.described(step, &lab, site.target.region()).call;
                return Ok(Some(Stopped {
                    record: report.records.last().copied(),
                    why: format!("`{call}` failed: {code}."),
                    correct: None,
                }));
            }
        }
    }
}

/// One try, as whoever works at the desk. Gives AWS's answer if it failed; what is gone already is no failure.
async fn once(
    mut desk: Desk<'_>,
    removal: &Removal,
    report: &mut WorkReport,
) -> Result<Option<Answer>, ConsoleError> {
    if let Removal::KeyUser(present) = removal {
        let action = if *present { Action::AddKeyUser } else { Action::RemoveKeyUser };
        let (site, id) = (desk.site, desk.lab.id.clone());
        let records = Box::pin(act::act_at(desk, &action)).await?;
        report.records.extend(&records);
        let last = match records.last() {
            Some(last) => site.store.record(&id, *last).await?,
            None => None,
        };
        return Ok(last.map(|record| record.answer).filter(|answer| !answer.succeeded()));
    }
    let answered = call(&mut desk, removal).await;
    report.records.extend(&desk.records);
    Ok(answered?.err().filter(|answer| !answer.code.as_deref().is_some_and(|code| GONE.contains(&code))))
}

const GONE: [&str; 6] = [
    "NoSuchEntity",
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchKey",
    "NotFoundException",
    "InvalidInstanceID.NotFound",
];

/// The call itself.
async fn call(desk: &mut Desk<'_>, removal: &Removal) -> Result<Result<(), Answer>, ConsoleError> {
    let (account, bucket) = (desk.lab.account_id.clone(), desk.lab.bucket.clone());
    let region = desk.site.target.region();
    let clients = desk.clients.clone();
    let (s3, kms, iam) = (&clients.s3, &clients.kms, &clients.iam);
    let role_arn = |role: &RoleName| format!("arn:aws:iam::{account}:role/{}", role.name());
    // Answers differ in type and say nothing that matters here.
    macro_rules! sent {
        ($call:expr) => {{
            let sent = $call.send().asked();
            async move { sent.await.map(drop) }.boxed()
        }};
    }
    let (question, subject, request) = match removal {
        Removal::Object(key) => (
            Question::new("s3", "DeleteObject").object(&bucket, key),
            format!("{bucket}/{key}"),
            sent!(s3.delete_object().bucket(&bucket).key(key)),
        ),
        Removal::Version { key, version } => (
            Question::new("s3", "DeleteObject").object(&bucket, key),
            format!("{bucket}/{key} {version}"),
            sent!(s3.delete_object().bucket(&bucket).key(key).version_id(version)),
        ),
        Removal::BucketPolicy => (
            Question::new("s3", "DeleteBucketPolicy").bucket(&bucket),
            bucket.clone(),
            sent!(s3.delete_bucket_policy().bucket(&bucket)),
        ),
        Removal::Bucket => (
            Question::new("s3", "DeleteBucket").bucket(&bucket),
            bucket.clone(),
            sent!(s3.delete_bucket().bucket(&bucket)),
        ),
        Removal::Alias(alias) => {
            let mut question = Question::new("kms", "DeleteAlias");
            question.key = Some(desk.lab.key_arn.clone().unwrap_or_else(|| alias.clone()));
            question.alias = Some(alias.clone());
            (question, alias.clone(), sent!(kms.delete_alias().alias_name(alias)))
        }
        Removal::Key(arn) => (
            Question::new("kms", "ScheduleKeyDeletion")
                .key(arn)
                .carrying("kms:ScheduleKeyDeletionPendingWindowInDays", [KEY_WAITS.to_string()]),
            arn.clone(),
            sent!(kms.schedule_key_deletion().key_id(arn).pending_window_in_days(KEY_WAITS)),
        ),
        Removal::Instance(instance) => {
            let ec2 = clients.ec2.clone();
            let arn = format!("arn:aws:ec2:{region}:{account}:instance/{instance}");
            let named = instance.clone();
            (
                Question::new("ec2", "TerminateInstances").instance(&arn),
                instance.clone(),
                async move { ec2.terminate_instance(&named).await }.boxed(),
            )
        }
        Removal::RoleInProfile(role) => (
            Question::new("iam", "RemoveRoleFromInstanceProfile").profile(&profile_arn(&account)),
            format!("{role} from {INSTANCE_PROFILE}"),
            sent!(
                iam.remove_role_from_instance_profile()
                    .instance_profile_name(INSTANCE_PROFILE)
                    .role_name(role)
            ),
        ),
        Removal::Profile => (
            Question::new("iam", "DeleteInstanceProfile").profile(&profile_arn(&account)),
            INSTANCE_PROFILE.to_owned(),
            sent!(iam.delete_instance_profile().instance_profile_name(INSTANCE_PROFILE)),
        ),
        Removal::Attachment { role, policy } => (
            Question::new("iam", "DetachRolePolicy").role(&role_arn(role)).policy(policy),
            format!("{} from {}", policy.rsplit('/').next().unwrap_or(policy), role.name()),
            sent!(iam.detach_role_policy().role_name(role.name()).policy_arn(policy)),
        ),
        Removal::InlinePolicy { role, name } => (
            Question::new("iam", "DeleteRolePolicy").role(&role_arn(role)),
            format!("{name} of {}", role.name()),
            sent!(iam.delete_role_policy().role_name(role.name()).policy_name(name)),
        ),
        Removal::Role(role) => (
            Question::new("iam", "DeleteRole").role(&role_arn(role)),
            role.name().to_owned(),
            sent!(iam.delete_role().role_name(role.name())),
        ),
        Removal::PolicyVersion { arn, version } => (
            Question::new("iam", "DeletePolicyVersion").policy(arn),
            format!("{version} of {}", arn.rsplit('/').next().unwrap_or(arn)),
            sent!(iam.delete_policy_version().policy_arn(arn).version_id(version)),
        ),
        Removal::Policy { arn, .. } => (
            Question::new("iam", "DeletePolicy").policy(arn),
            arn.rsplit('/').next().unwrap_or(arn).to_owned(),
            sent!(iam.delete_policy().policy_arn(arn)),
        ),
        // These are no single call.
        Removal::File(_) | Removal::Disk(_) | Removal::KeyUser(_) => return Ok(Ok(())),
    };
    let of = removal.clone();
    let made = desk
        .call(question, subject, request, move |lab, result| {
            let gone =
                result.is_err_and(|answer| answer.code.as_deref().is_some_and(|code| GONE.contains(&code)));
            if result.is_ok() || gone {
                of.forget(lab);
            }
        })
        .await?;
    if made.is_ok() {
        ended(desk, removal).await?;
    }
    Ok(made)
}

/// Sessions end with their role or instance, whatever their time says.
async fn ended(desk: &Desk<'_>, removal: &Removal) -> Result<(), ConsoleError> {
    let (site, lab) = (desk.site, &desk.lab.id);
    match removal {
        Removal::Instance(_) | Removal::Role(RoleName::AuthorizedUsers) => site.cache_instance(lab, None),
        Removal::Role(RoleName::SecureBucketAdmin) => {
            site.vault.end(lab, Persona::SecureBucketAdmin, site.now()).await?;
        }
        Removal::Role(RoleName::SecureKeyAdmin) => {
            site.vault.end(lab, Persona::SecureKeyAdmin, site.now()).await?;
        }
        _ => {}
    }
    Ok(())
}
