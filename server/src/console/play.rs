//! One call of a scenario or a check, made as its persona at a desk like any other.

mod calls;
mod identities;
mod keys;

pub(super) use calls::make;

use super::{Site, desk::Desk, role};
use crate::{
    cloud::Asked as _,
    store::{KeyAccount, LabState, Undo},
    tutorial::scenario::{Call, KeyOf},
    verdict::is_denial,
};
use app::console::{
    ConsoleError, Persona, Record,
    scenario::{Expected, Occasion},
};
use futures::FutureExt as _;

/// What came of a list of calls.
#[derive(Debug, Default)]
pub(super) struct Ran {
    /// All that were made, those that only got credentials included.
    pub(super) records: Vec<i64>,
    /// What came out otherwise, as a sentence; `None` if all was as expected.
    pub(super) otherwise: Option<String>,
    /// Whether nothing was tried, since the persona has no credentials; `otherwise` says why.
    pub(super) vacant: bool,
}

/// Makes calls as a persona, in order. Gives the lab back with what they changed in it, and with what puts that back.
pub(super) async fn run(
    site: &Site,
    mut lab: LabState,
    occasion: Occasion,
    by: Persona,
    calls: &[(Call, Expected)],
) -> Result<(LabState, Ran), ConsoleError> {
    let mut ran = Ran::default();
    if by == Persona::KeyAccountAdmin && lab.beyond.key_account.is_none() {
        open_key_account(site, &mut lab, occasion).await?;
    }
    let mut desk = match Box::pin(role::desk(site, lab, occasion, by, &mut ran.records)).await? {
        Ok(desk) => desk,
        Err(vacant) => {
            (ran.otherwise, ran.vacant) = (Some(vacant.why), true);
            return Ok((vacant.lab, ran));
        }
    };
    for (call, expected) in calls {
        desk.before = Box::pin(what_was(&desk, call)).await;
        let told = make(&mut desk, call).boxed().await?;
        let id = desk.records.last().copied().unwrap_or_default();
        let record = site.store.record(&desk.lab.id, id).await?;
        let otherwise = match told.said {
            Some(said) => Some(said),
            None => record.and_then(|record| otherwise(call, expected, &record)),
        };
        let failed = told.result.is_err();
        if ran.otherwise.is_none() {
            ran.otherwise = otherwise.clone();
        }
        if failed && otherwise.is_some() {
            // What was to follow builds on this call.
            break;
        }
    }
    ran.records.extend(desk.records);
    Ok((desk.lab, ran))
}

/// What came out otherwise than expected; `None` if nothing did.
fn otherwise(call: &Call, expected: &Expected, record: &Record) -> Option<String> {
    let code = record.answer.code.as_deref();
    let there_already = matches!(call, Call::CreateRole(..)) && code == Some("EntityAlreadyExists");
    let lane = record.verdict.decided_by;
    let decided = lane.map_or("no policy", |lane| lane.name());
    let who = record.persona.name();
    let operation = &record.operation;
    match expected {
        Expected::Works(_) if there_already => None,
        Expected::Works(by) if record.answer.succeeded() => {
            let other = by.is_some_and(|by| lane != Some(by));
            other.then(|| format!("{operation} worked for {who}, but it was {decided} that decided it"))
        }
        Expected::Works(_) => {
            let code = code.unwrap_or("no answer");
            Some(format!(
                "{operation} should work for {who}, and was refused ({code}; decided by: {decided})"
            ))
        }
        Expected::Refused(by) if is_denial(&record.answer) => (lane != Some(*by)).then(|| {
            format!("{operation} was refused to {who}, but by: {decided}, and not by: {}", by.name())
        }),
        Expected::Error(wanted) if code == Some(wanted) => None,
        Expected::Refused(_) | Expected::Error(_) if record.answer.succeeded() => {
            Some(format!("{operation} should be refused to {who}, and worked"))
        }
        Expected::Refused(_) | Expected::Error(_) => {
            let code = code.unwrap_or("no answer");
            Some(format!("{operation} failed for {who} for another reason: {code}"))
        }
    }
}

/// Opens the second account, whose administrator the vault then holds.
async fn open_key_account(site: &Site, lab: &mut LabState, occasion: Occasion) -> Result<(), ConsoleError> {
    let account = site.target.create_account().await.map_err(|error| {
        tracing::error!(%error, "second account");
        ConsoleError::Unavailable(format!("No second account could be made: {error}. Try again."))
    })?;
    lab.beyond.key_account = Some(KeyAccount { account_id: account.account_id.clone(), key_arn: None });
    lab.beyond.changed(occasion, Undo::KeyAccount(account.account_id.clone()));
    // Written before anything else: whoever forgets the lab must know of it.
    site.store.save_lab(lab).await?;
    site.vault.put(&lab.id, Persona::KeyAccountAdmin, &account.user_arn, &account.credentials).await?;
    Ok(())
}

/// What putting a call's change back needs to know, read before the call as the base identity.
async fn what_was(desk: &Desk<'_>, call: &Call) -> Option<Undo> {
    let clients = desk.observer();
    let bucket = &desk.lab.bucket;
    match call {
        Call::PutBucketPolicy(_) | Call::DeleteBucketPolicy => {
            let policy = clients.s3.get_bucket_policy().bucket(bucket).send().asked().await;
            match policy {
                Ok(answer) => Some(Undo::BucketPolicy(answer.policy().map(Into::into))),
                Err(failure) => failure.is("NoSuchBucketPolicy").then_some(Undo::BucketPolicy(None)),
            }
        }
        Call::PutKeyPolicy(KeyOf::Lab, _) | Call::AddKeyUser(_) | Call::RemoveKeyUser(_) => {
            let key = desk.lab.key_arn.as_ref()?;
            let policy = clients.kms.get_key_policy().key_id(key).policy_name("default").send().asked().await;
            policy.ok()?.policy().map(|document| Undo::KeyPolicy(document.into()))
        }
        Call::PutPublicAccessBlock(false) => Some(Undo::PublicAccessBlock),
        Call::PutBucketEncryption(_) => {
            let answer = clients.s3.get_bucket_encryption().bucket(bucket).send().asked().await.ok()?;
            let rule = answer.server_side_encryption_configuration()?.rules().first()?;
            let default = rule.apply_server_side_encryption_by_default()?;
            Some(Undo::BucketEncryption(default.kms_master_key_id().map(Into::into)))
        }
        Call::CreateRole(name, _) => Some(Undo::Role(name.clone())),
        Call::PutRolePolicy(role, name, _) => {
            let get = clients.iam.get_role_policy().role_name(role).policy_name(name).send().asked().await;
            let before = get.ok().map(|answer| crate::verdict::decoded(answer.policy_document()));
            Some(Undo::RolePolicy { role: role.clone(), name: name.clone(), before })
        }
        Call::AttachRolePolicy(role, policy) => {
            Some(Undo::Attached { role: role.clone(), policy: policy.clone() })
        }
        Call::CreatePolicyVersion(listing, _) => {
            let policy = desk.lab.policy_arn(*listing);
            let answer = clients.iam.list_policy_versions().policy_arn(&policy).send().asked().await.ok()?;
            let id = |version: &aws_sdk_iam::types::PolicyVersion| version.version_id().map(str::to_owned);
            let versions = answer.versions();
            let default = versions.iter().find(|version| version.is_default_version()).and_then(id)?;
            Some(Undo::PolicyVersion { policy, default, versions: versions.iter().filter_map(id).collect() })
        }
        Call::PutObject(key, _) => {
            let head = clients.s3.head_object().bucket(bucket).key(key).send().await;
            head.is_err().then(|| Undo::Object(key.clone()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::otherwise;
    use crate::tutorial::scenario::Call;
    use app::console::{Answer, Lane, Persona, Record, Verdict, scenario::Expected};

    fn record(status: u16, code: Option<&str>, decided_by: Option<Lane>) -> Record {
        let (checks, lanes, explanation) = (Vec::new(), Vec::new(), String::new());
        Record {
            id: 1,
            at: 0,
            step: None,
            occasion: None,
            persona: Persona::OtherTeam,
            caller: String::new(),
            service: "s3".into(),
            operation: "GetObject".into(),
            subject: String::new(),
            answer: Answer { status, code: code.map(Into::into), message: None, request_id: None },
            verdict: Verdict { checks, lanes, decided_by, agrees: true, explanation },
        }
    }

    #[test]
    fn a_call_is_as_expected_only_by_the_lane_that_was_named() {
        let denied = |lane| record(403, Some("AccessDenied"), Some(lane));
        let allowed = |lane| record(200, None, Some(lane));
        let refused = |lane| Expected::Refused(lane);
        let cases = [
            (Expected::Works(None), allowed(Lane::Iam), None),
            (Expected::Works(Some(Lane::Key)), allowed(Lane::Key), None),
            (Expected::Works(Some(Lane::Key)), allowed(Lane::Iam), Some("it was IAM that decided")),
            (Expected::Works(None), denied(Lane::Key), Some("should work for other-team, and was refused")),
            (refused(Lane::Key), denied(Lane::Key), None),
            (refused(Lane::Key), denied(Lane::Iam), Some("by: IAM, and not by: Key policy")),
            (refused(Lane::Key), allowed(Lane::Key), Some("should be refused to other-team, and worked")),
            (refused(Lane::Key), record(404, Some("NoSuchKey"), None), Some("another reason: NoSuchKey")),
            (Expected::Error("AccessDenied".into()), record(403, Some("AccessDenied"), None), None),
            (
                Expected::Error("AccessDenied".into()),
                record(400, Some("MalformedPolicy"), None),
                Some("another reason"),
            ),
        ];
        for (expected, record, said) in cases {
            let found = otherwise(&Call::ListObjects, &expected, &record);
            match said {
                None => assert_eq!(found, None, "{expected:?}"),
                Some(part) => assert!(
                    found.as_deref().is_some_and(|found| found.contains(part)),
                    "{expected:?}: {found:?}"
                ),
            }
        }
    }

    #[test]
    fn a_role_that_is_there_already_is_as_good_as_made() {
        let there = record(409, Some("EntityAlreadyExists"), None);
        let make = Call::CreateRole("other-team".into(), "{}".into());
        assert_eq!(otherwise(&make, &Expected::Works(None), &there), None);
        assert!(otherwise(&Call::ListObjects, &Expected::Works(None), &there).is_some());
    }
}
