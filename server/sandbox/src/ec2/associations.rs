//! Instance profiles of instances that were launched already: associated, replaced, taken away, listed. What the metadata service
//! answers follows at once.

use std::sync::Arc;

use super::fault::{authorize, missing, required};
use super::filter::{Filter, page};
use super::ids;
use super::profiles::{NamedProfile, associated, authorize_pass_role};
use super::question::{about, about_none};
use crate::arns;
use crate::gate::actions::ec2;
use crate::gate::{Permit, Question};
use crate::model::{Account, Instance, InstanceState, ProfileRef, Timestamp};
use crate::query::{Call, Fault, Xml, timestamp};

pub(super) async fn associate(call: Call<'_>) -> Result<Xml, Fault> {
    let id = required(call, "InstanceId")?;
    ids::check_instances(&[id])?;
    let named = required_profile(call)?;
    let question = about(call, id).with("ec2:NewInstanceProfile", named.arn(call));
    let arn = question.resource.clone();
    let permit = authorize::<ec2::AssociateIamInstanceProfile>(call, question)?;
    let profile = passed(call, &named, &arn, &permit)?;
    change(call, &permit, "associating", id, |instance| {
        if instance.state() == InstanceState::Terminated {
            let message = format!("The instance '{id}' is not in the 'running' or 'stopped' states.");
            return Err(Fault::refused(400, "IncorrectInstanceState", message));
        }
        if instance.profile.is_some() {
            let message = format!("There is an existing association for instance {id}");
            return Err(incorrect_state(message));
        }
        instance.profile = Some(profile.clone());
        Ok(profile.clone())
    })
    .await
}

pub(super) async fn disassociate(call: Call<'_>) -> Result<Xml, Fault> {
    let association = required(call, "AssociationId")?;
    ids::check_association(association)?;
    let id = instance_of(call, association);
    let permit = authorize::<ec2::DisassociateIamInstanceProfile>(call, asked(call, id.as_deref()))?;
    let id = id.ok_or_else(|| ids::no_association(association))?;
    change(call, &permit, "disassociating", &id, |instance| {
        // Only as it was when the gate was asked.
        match instance.association_id().as_deref() == Some(association) {
            true => instance.profile.take().ok_or_else(|| ids::no_association(association)),
            false => Err(ids::no_association(association)),
        }
    })
    .await
}

pub(super) async fn replace(call: Call<'_>) -> Result<Xml, Fault> {
    let association = required(call, "AssociationId")?;
    ids::check_association(association)?;
    let named = required_profile(call)?;
    let id = instance_of(call, association);
    let question = asked(call, id.as_deref()).with("ec2:NewInstanceProfile", named.arn(call));
    let arn = question.resource.clone();
    let permit = authorize::<ec2::ReplaceIamInstanceProfileAssociation>(call, question)?;
    let id = id.ok_or_else(|| ids::no_association(association))?;
    let profile = passed(call, &named, &arn, &permit)?;
    change(call, &permit, "associating", &id, |instance| {
        if instance.association_id().as_deref() != Some(association) {
            return Err(ids::no_association(association));
        }
        // It is replaced on running instances only (EC2 API Reference, `ReplaceIamInstanceProfileAssociation`).
        if instance.state() != InstanceState::Running {
            let message = format!("The association {association} is not the active association");
            return Err(incorrect_state(message));
        }
        instance.profile = Some(profile.clone());
        Ok(profile.clone())
    })
    .await
}

pub(super) async fn describe(call: Call<'_>) -> Result<Xml, Fault> {
    let wanted = call.params.list("AssociationId", "");
    wanted.iter().try_for_each(|id| ids::check_association(id))?;
    let filters = Filter::read_all(call, |name| matches!(name, "instance-id" | "state"))?;
    let permit = authorize::<ec2::DescribeIamInstanceProfileAssociations>(call, about_none(call))?;
    let account = call.account(&permit)?;
    let associations: Vec<(String, &Instance)> = account
        .instances
        .values()
        .filter_map(|instance| Some((instance.association_id()?, instance.as_ref())))
        .collect();
    if let Some(absent) = wanted.iter().find(|id| !associations.iter().any(|(known, _)| known == *id)) {
        return Err(ids::no_association(absent));
    }
    let shown = |(id, instance): &(String, &Instance)| {
        let asked_for = wanted.is_empty() || wanted.contains(&id.as_str());
        let passes = |filter: &Filter<'_>| match filter.name {
            "instance-id" => filter.passes([&instance.id]),
            _ => filter.passes(["associated"]),
        };
        asked_for && filters.iter().all(passes)
    };
    let mut associations: Vec<(String, &Instance)> = associations.into_iter().filter(shown).collect();
    associations.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
    let (instances, next) = page(call, associations)?;
    let mut xml = Xml::default();
    xml.list("iamInstanceProfileAssociationSet", "item", instances, |item, instance| {
        if let (Some(profile), Some(id)) = (&instance.profile, instance.association_id()) {
            write(item, account, &instance.id, &id, profile, "associated");
        }
    })
    .optional("nextToken", next);
    Ok(xml)
}

fn required_profile(call: Call<'_>) -> Result<NamedProfile<'_>, Fault> {
    NamedProfile::read(call.params)?.ok_or_else(|| missing("IamInstanceProfile"))
}

/// The instance with this association.
fn instance_of(call: Call<'_>, association: &str) -> Option<String> {
    call.peek(|account| {
        let mut instances = account.instances.values();
        instances.find(|instance| instance.association_id().as_deref() == Some(association))
    })
    .map(|instance| instance.id.clone())
}

/// A question about the instance of an association; of none in particular when there is no such association.
fn asked(call: Call<'_>, instance: Option<&str>) -> Question {
    about(call, instance.unwrap_or("*"))
}

/// The profile that a request names, its role passed, as an association of its own.
fn passed<A>(
    call: Call<'_>,
    named: &NamedProfile<'_>,
    instance: &str,
    permit: &Permit<A>,
) -> Result<ProfileRef, Fault> {
    let account = call.account(permit)?;
    let profile = named.find(account)?;
    authorize_pass_role(call, account, profile, instance)?;
    Ok(associated(call, profile)?)
}

/// Changes one instance, and answers the association that `change` gives in this state.
async fn change<A>(
    call: Call<'_>,
    permit: &Permit<A>,
    state: &str,
    id: &str,
    change: impl Fn(&mut Instance) -> Result<ProfileRef, Fault>,
) -> Result<Xml, Fault> {
    call.change(permit, |account| {
        let known = account.instance(id, call.now()).ok_or_else(|| ids::no_instances(&[id]))?;
        let mut instance = known.clone();
        let before = instance.association_id();
        let profile = change(&mut instance)?;
        let association = instance.association_id().or(before).unwrap_or_default();
        account.instances.insert(id.to_owned(), Arc::new(instance));
        let mut xml = Xml::default();
        xml.element("iamInstanceProfileAssociation", |element| {
            write(element, account, id, &association, &profile, state);
        });
        Ok(xml)
    })
    .await
}

fn write(
    xml: &mut Xml,
    account: &Account,
    instance: &str,
    association: &str,
    profile: &ProfileRef,
    state: &str,
) {
    let path = account.instance_profiles.get(&profile.name).map_or("/", |known| &known.path);
    xml.text("associationId", association)
        .text("instanceId", instance)
        .element("iamInstanceProfile", |element| {
            element
                .text("arn", arns::instance_profile(&account.id, path, &profile.name))
                .text("id", &profile.id);
        })
        .text("state", state)
        .optional("timestamp", since(profile).map(timestamp));
}

/// When they were associated; not known for those of earlier versions.
fn since(profile: &ProfileRef) -> Option<Timestamp> {
    (profile.since != 0).then_some(profile.since)
}

fn incorrect_state(message: String) -> Fault {
    Fault::refused(400, "IncorrectState", message)
}
