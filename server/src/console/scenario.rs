//! Scenarios played, put back, and steps checked, for one lab.

use super::{Site, desk::Desk, play, role};
use crate::{
    cloud::{Asked as _, Clients},
    store::{LabState, Played, Undo},
    tutorial::{
        scenario::{self as table, Call},
        steps,
    },
    verdict::decoded,
};
use app::console::{
    ConsoleError, ListingId, Persona, Record, RecordsOf, StepId,
    scenario::{Costs, Expected, Made, Move, Occasion, Probed, Scenario, ScenarioId},
};
use std::collections::BTreeMap;

/// The steps that every scenario builds on.
const BUILT: [StepId; 6] =
    [StepId::Policies, StepId::Roles, StepId::Bucket, StepId::Key, StepId::BucketPolicy, StepId::Instance];
/// What to do about a move that came out otherwise.
const ADVICE: &str = "The verdict below names the statement that decided. If a move before this one was left out or changed, make it \
                      first, or put things back and begin again.";
/// AWS's ways to say that what was to be removed is not there.
const GONE: [&str; 4] = ["NoSuchEntity", "NoSuchBucketPolicy", "NoSuchKey", "NotFoundException"];

/// A scenario as its page shows it.
pub(super) async fn view(site: &Site, lab: &LabState, id: ScenarioId) -> Result<Scenario, ConsoleError> {
    let play = lab.beyond.plays.get(&id).cloned().unwrap_or_default();
    let mut moves = Vec::new();
    for (index, one) in table::moves(lab, site.target.region(), id).into_iter().enumerate() {
        let number = index + 1;
        let played = play.moves.get(&number);
        // Of a round that is over the forms keep nothing.
        let typing = played.filter(|_| !play.put_back);
        let typed = typing.and_then(|played| played.document.clone());
        let document =
            one.document().map(|(label, text)| (label.to_owned(), typed.unwrap_or_else(|| text.to_owned())));
        let made = match played.filter(|played| played.problem.is_none()) {
            Some(played) => Some(Made {
                records: records(site, lab, &played.records).await?,
                as_expected: played.as_expected,
                missing: played.missing.clone(),
            }),
            None => None,
        };
        let calls = one.calls.iter().flat_map(|(call, expected)| {
            let operations = call.operations();
            operations.iter().enumerate().map(move |(position, operation)| {
                let last = position + 1 == operations.len();
                ((*operation).to_owned(), if last { expected.clone() } else { Expected::Works(None) })
            })
        });
        moves.push(Move {
            number,
            by: one.by,
            title: one.title.clone(),
            calls: calls.collect(),
            why: one.why.into(),
            notice: one.notice.into(),
            document,
            problem: typing.and_then(|played| played.problem.clone()),
            made,
        });
    }
    let done = steps::done(lab);
    Ok(Scenario {
        id,
        missing: BUILT.into_iter().filter(|step| !done.contains(step)).collect(),
        without_key_user: lab.key_user_present == Some(false),
        other: lab.beyond.open.filter(|open| *open != id),
        open: lab.beyond.open == Some(id),
        put_back: play.put_back,
        moves,
        undo: play.undo.iter().rev().map(Undo::phrase).collect(),
        mended: records(site, lab, &play.mended).await?,
        unmended: play.unmended,
    })
}

async fn records(site: &Site, lab: &LabState, ids: &[i64]) -> Result<Vec<Record>, ConsoleError> {
    let mut found = Vec::new();
    for id in ids {
        found.extend(site.store.record(&lab.id, *id).await?);
    }
    Ok(found)
}

fn refuse_unless_ready(scenario: &Scenario) -> Result<(), ConsoleError> {
    let message = match (scenario.is_ready(), scenario.other) {
        (true, _) => return Ok(()),
        (_, Some(other)) => format!("“{}” is still open. Put things back there first.", other.title()),
        (_, None) if scenario.missing.is_empty() => {
            "authorized-users is no key user now. Restore it first.".into()
        }
        (_, None) => "The walk has not come far enough yet. The page says which steps are missing.".into(),
    };
    Err(ConsoleError::Invalid { field: "scenario".into(), message })
}

/// Makes one move.
pub(super) async fn play(
    site: &Site,
    lab: LabState,
    id: ScenarioId,
    number: usize,
    document: Option<String>,
) -> Result<(LabState, Vec<i64>, bool), ConsoleError> {
    let mut lab = lab;
    if lab.beyond.plays.get(&id).is_some_and(|play| play.put_back) {
        lab.beyond.plays.remove(&id);
    }
    refuse_unless_ready(&view(site, &lab, id).await?)?;
    let all = table::moves(&lab, site.target.region(), id);
    let one = number.checked_sub(1).and_then(|index| all.into_iter().nth(index));
    let mut one = one.ok_or_else(|| ConsoleError::NotFound { what: format!("move {number}") })?;
    let offered = one.document().map(|(_, text)| text.to_owned());
    let typed = document
        .filter(|typed| offered.as_deref().is_some_and(|offered| offered.trim_end() != typed.trim_end()));
    let play = lab.beyond.plays.entry(id).or_default();
    if typed.as_deref().is_some_and(|typed| typed.trim().is_empty()) {
        let played = play.moves.entry(number).or_default();
        *played = crate::store::Played {
            document: typed,
            problem: Some("Paste a policy document.".into()),
            ..Played::default()
        };
        site.store.save_lab(&lab).await?;
        return Err(ConsoleError::Invalid {
            field: "document".into(),
            message: "Paste a policy document.".into(),
        });
    }
    if let Some(typed) = &typed {
        for (call, _) in &mut one.calls {
            *call = call.clone().with_document(typed.clone());
        }
    }
    // Written before the first call, so that a process that ends in between leaves a scenario that can be put back.
    lab.beyond.open = Some(id);
    site.store.save_lab(&lab).await?;
    let occasion = Occasion::Scenario(id);
    let (mut lab, ran) = Box::pin(play::run(site, lab, occasion, one.by, &one.calls)).await?;
    let as_expected = ran.otherwise.is_none();
    let missing = ran.otherwise.map(|what| format!("{what}. {ADVICE}")).unwrap_or_default();
    let play = lab.beyond.plays.entry(id).or_default();
    play.mended.clear();
    let records = ran.records.clone();
    play.moves.insert(
        number,
        Played { records: ran.records, as_expected, missing, document: typed, problem: None },
    );
    site.store.save_lab(&lab).await?;
    Ok((lab, records, as_expected))
}

/// Makes the moves that were not made yet, in order, until one comes out otherwise. Gives the number of the last one made.
pub(super) async fn play_rest(
    site: &Site,
    lab: LabState,
    id: ScenarioId,
) -> Result<Option<usize>, ConsoleError> {
    let mut lab = lab;
    let count = table::moves(&lab, site.target.region(), id).len();
    let mut last = None;
    for number in 1..=count {
        let play = lab.beyond.plays.get(&id).filter(|play| !play.put_back);
        let made = play.and_then(|play| play.moves.get(&number)).is_some_and(|played| played.as_expected);
        if made {
            continue;
        }
        let typed = play.and_then(|play| play.moves.get(&number)).and_then(|played| played.document.clone());
        let as_expected;
        (lab, _, as_expected) = Box::pin(self::play(site, lab, id, number, typed)).await?;
        last = Some(number);
        if !as_expected {
            break;
        }
    }
    Ok(last)
}

/// Puts back what a scenario changed, the newest change first.
pub(super) async fn mend(site: &Site, lab: LabState, id: ScenarioId) -> Result<(), ConsoleError> {
    let mut lab = lab;
    let occasion = Occasion::Scenario(id);
    let mut left = Vec::new();
    let undo = lab.beyond.plays.entry(id).or_default().undo.clone();
    let (mut mended, mut unmended) = (Vec::new(), Vec::new());
    for one in undo.into_iter().rev() {
        if let Undo::KeyAccount(account) = &one {
            match site.target.remove_account(account).await {
                Ok(()) => {
                    lab.beyond.key_account = None;
                    site.vault.end(&lab.id, Persona::KeyAccountAdmin, site.now()).await?;
                }
                Err(error) => {
                    unmended.push(format!("{}: {error}", one.phrase()));
                    left.push(one);
                }
            }
            continue;
        }
        let (by, calls) = back(site, &lab, &one).await?;
        let mut failed = None;
        for call in calls {
            let mut desk = match Box::pin(role::desk(site, lab, occasion, by, &mut mended)).await? {
                Ok(desk) => desk,
                Err(vacant) => Desk::of_admin(site, vacant.lab, occasion).await?,
            };
            let told = Box::pin(play::make(&mut desk, &call)).await?;
            mended.append(&mut desk.records);
            lab = desk.lab;
            if let Err(answer) = told.result
                && !answer.code.as_deref().is_some_and(|code| GONE.contains(&code))
            {
                failed = Some(answer.code.unwrap_or_else(|| "no answer".into()));
                break;
            }
        }
        if let Some(code) = failed {
            unmended.push(format!("{}: {code}", one.phrase()));
            left.push(one);
        } else if let Undo::Role(role) = &one
            && let Some(persona) = Persona::from_name(role)
        {
            // The sessions of a role that is gone are dead.
            site.vault.end(&lab.id, persona, site.now()).await?;
        }
    }
    left.reverse();
    let play = lab.beyond.plays.entry(id).or_default();
    play.put_back = left.is_empty();
    (play.undo, play.mended, play.unmended) = (left, mended, unmended);
    if play.put_back {
        lab.beyond.open = lab.beyond.open.filter(|open| *open != id);
    }
    Ok(site.store.save_lab(&lab).await?)
}

/// Who puts a change back, and with which calls. Key policies are the key administrator's, whom they name.
async fn back(site: &Site, lab: &LabState, undo: &Undo) -> Result<(Persona, Vec<Call>), ConsoleError> {
    let calls = match undo {
        Undo::BucketPolicy(Some(document)) => vec![Call::PutBucketPolicy(document.clone())],
        Undo::BucketPolicy(None) => vec![Call::DeleteBucketPolicy],
        Undo::KeyPolicy(document) => {
            let call = Call::PutKeyPolicy(table::KeyOf::Lab, document.clone());
            return Ok((Persona::SecureKeyAdmin, vec![call]));
        }
        Undo::PublicAccessBlock => vec![Call::PutPublicAccessBlock(true)],
        Undo::BucketEncryption(key) => vec![Call::PutBucketEncryption(key.clone())],
        Undo::Role(role) => vec![Call::DeleteRole(role.clone())],
        Undo::RolePolicy { role, name, before: None } => {
            vec![Call::DeleteRolePolicy(role.clone(), name.clone())]
        }
        Undo::RolePolicy { role, name, before: Some(document) } => {
            vec![Call::PutRolePolicy(role.clone(), name.clone(), document.clone())]
        }
        Undo::Attached { role, policy } => vec![Call::DetachRolePolicy(role.clone(), policy.clone())],
        Undo::PolicyVersion { policy, default, versions } => {
            let (_, clients) = site.admin(&lab.id).await?;
            let now = clients.iam.list_policy_versions().policy_arn(policy).send().asked().await;
            let now = now.map(|answer| answer.versions.unwrap_or_default()).unwrap_or_default();
            let added = now
                .iter()
                .filter_map(|version| version.version_id())
                .filter(|version| !versions.iter().any(|known| known == version));
            let delete = added.map(|version| Call::DeletePolicyVersion(policy.clone(), version.into()));
            [Call::SetDefaultPolicyVersion(policy.clone(), default.clone())]
                .into_iter()
                .chain(delete)
                .collect()
        }
        Undo::Object(key) => vec![Call::DeleteObject(key.clone())],
        Undo::KeyAccount(_) => Vec::new(),
    };
    Ok((Persona::Admin, calls))
}

/// Tries both sides of a step and keeps what was found.
pub(super) async fn check(site: &Site, lab: LabState, step: StepId) -> Result<(), ConsoleError> {
    let occasion = Occasion::Check(step);
    let (_, admin) = site.admin(&lab.id).await?;
    let stored = if step == StepId::Policies { stored(&admin, &lab).await } else { table::Stored::new() };
    let (mut lab, mut found) = (lab, Vec::new());
    for probe in table::probes(&lab, site.target.region(), step, &stored) {
        let needs_key =
            probe.calls.iter().any(|(call, _)| matches!(call, Call::PutObject(_, table::Sse::LabKey)))
                || probe
                    .calls
                    .iter()
                    .any(|(call, _)| call.operations().iter().any(|name| name.starts_with("kms:")));
        if probe.calls.is_empty() || (needs_key && lab.key_arn.is_none()) {
            let missing = match needs_key {
                true => "Needs a KMS key, which step 4 creates.",
                false => probe.missing,
            };
            found.push(Probed {
                claim: probe.claim,
                holds: false,
                untried: true,
                missing: missing.into(),
                records: Vec::new(),
            });
            continue;
        }
        let ran;
        (lab, ran) = Box::pin(play::run(site, lab, occasion, probe.by, &probe.calls)).await?;
        let missing = ran.otherwise.map(|what| match ran.vacant {
            true => format!("Needs credentials of {}: {what}. {}", probe.by.name(), origin(probe.by)),
            false => format!("{what}. {}", probe.missing),
        });
        found.push(Probed {
            claim: probe.claim,
            holds: missing.is_none(),
            untried: ran.vacant,
            missing: missing.unwrap_or_default(),
            records: ran.records,
        });
    }
    // What a probe put although it should not have been able to, or could not delete again.
    for one in std::mem::take(&mut lab.beyond.checking) {
        if let Undo::Object(key) = one
            && admin.s3.head_object().bucket(&lab.bucket).key(&key).send().await.is_ok()
        {
            let calls = [(Call::DeleteObject(key), Expected::Works(None))];
            (lab, _) = Box::pin(play::run(site, lab, occasion, Persona::Admin, &calls)).await?;
        }
    }
    lab.beyond.checks.insert(step, found);
    Ok(site.store.save_lab(&lab).await?)
}

/// Where a persona that a check plays comes from.
const fn origin(persona: Persona) -> &'static str {
    match persona {
        Persona::Instance => "Create the role and its profile in step 2, and launch the instance in step 7.",
        _ => "Create the role in step 2, with a trust policy that names this account.",
    }
}

/// What IAM holds of step 1's policies.
async fn stored(clients: &Clients, lab: &LabState) -> table::Stored {
    let mut found = table::Stored::new();
    for listing in [ListingId::BucketAdmin, ListingId::KeyAdmin, ListingId::BucketAccess] {
        let arn = lab.policy_arn(listing);
        let Ok(policy) = clients.iam.get_policy().policy_arn(&arn).send().asked().await else { continue };
        let version = policy.policy().and_then(|policy| policy.default_version_id()).unwrap_or("v1");
        let version =
            clients.iam.get_policy_version().policy_arn(&arn).version_id(version).send().asked().await;
        let document = version.ok().and_then(|answer| answer.policy_version()?.document().map(decoded));
        found.extend(document.map(|document| (listing.name(), document)));
    }
    found
}

/// What the keys were asked in the calls of this lab.
pub(super) async fn costs(site: &Site, lab: &LabState) -> Result<Costs, ConsoleError> {
    let (mut through_s3, mut direct) = (BTreeMap::<String, u32>::new(), BTreeMap::<String, u32>::new());
    let (mut costs, mut made) = (Costs::default(), 0);
    let all = site.store.records(&lab.id, RecordsOf::Newest(u32::MAX)).await?;
    for record in all {
        match record.service.as_str() {
            "kms" => {
                let own = record.operation == "CreateKey" && record.persona != Persona::KeyAccountAdmin;
                made += u32::from(own && record.answer.succeeded());
                *direct.entry(record.operation).or_default() += 1;
            }
            "s3" => {
                let reached = record.verdict.checks.iter().filter(|check| check.reached);
                let mut asked = false;
                for check in reached.filter(|check| check.action.starts_with("kms:")) {
                    *through_s3.entry(check.action.trim_start_matches("kms:").to_owned()).or_default() += 1;
                    asked = true;
                }
                costs.transfers += u32::from(asked);
            }
            _ => {}
        }
    }
    // The second account's key goes with it; the lab's own stay.
    let elsewhere = lab.beyond.key_account.as_ref().is_some_and(|account| account.key_arn.is_some());
    costs.keys = made + u32::from(elsewhere);
    (costs.through_s3, costs.direct) = (through_s3.into_iter().collect(), direct.into_iter().collect());
    Ok(costs)
}
