//! `RunInstances`.

use std::sync::Arc;

use super::fault::{authorize, dry_run, invalid_value, required};
use super::profiles::{NamedProfile, associated, authorize_pass_role};
use super::question::{about, with_launch};
use super::tags::{Tags, with_request};
use super::write::{self, Moment};
use super::{ids, options, tags};
use crate::arns;
use crate::gate::{Permit, Question, actions::ec2};
use crate::model::{Account, Instance, InstanceProfile, MetadataOptions, ProfileRef};
use crate::query::{Call, Fault, Xml};

/// Instances that an account can have at a time.
const MAX_INSTANCES: usize = 20;
/// Terminated instances of an account that are remembered; EC2 forgets them after a while, too.
const REMEMBERED: usize = 200;
/// What EC2 takes when the request names no type.
const DEFAULT_TYPE: &str = "m1.small";
/// Longest client token.
const MAX_TOKEN: usize = 64;

pub(super) async fn run(call: Call<'_>) -> Result<Xml, Fault> {
    let asked = Asked::read(call)?;
    let permit = authorize_launch(call, &asked)?;
    let account = call.account(&permit)?;
    let profile = asked.profile.as_ref().map(|named| named.find(account)).transpose()?;
    if let Some(profile) = profile {
        let instance = arns::instance(&call.aws.region, &account.id, "*");
        authorize_pass_role(call, account, profile, &instance)?;
    }
    dry_run(call)?;
    launch(call, &asked, profile, &permit).await
}

/// The parameters, checked.
struct Asked<'a> {
    image_id: &'a str,
    instance_type: &'a str,
    min: usize,
    max: usize,
    profile: Option<NamedProfile<'a>>,
    client_token: Option<&'a str>,
    tags: Tags,
    metadata: MetadataOptions,
}

impl<'a> Asked<'a> {
    fn read(call: Call<'a>) -> Result<Self, Fault> {
        let image_id = required(call, "ImageId")?;
        let (min, max) = (count(call, "MinCount")?, count(call, "MaxCount")?);
        if !ids::is_well_formed("ami-", image_id) {
            let message = format!("Invalid id: \"{image_id}\" (expecting \"ami-...\")");
            return Err(Fault::refused(400, "InvalidAMIID.Malformed", message));
        }
        if min > max {
            let message =
                format!("The minimum number of instances ({min}) may not exceed the maximum number ({max})");
            return Err(Fault::refused(400, "InvalidParameterCombination", message));
        }
        let instance_type = call.params.get("InstanceType").unwrap_or(DEFAULT_TYPE);
        let well_formed = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        };
        if !instance_type
            .split_once('.')
            .is_some_and(|(family, size)| well_formed(family) && well_formed(size))
        {
            return Err(invalid_value(format!("Invalid value '{instance_type}' for InstanceType.")));
        }
        let client_token = call.params.get("ClientToken");
        if client_token.is_some_and(|token| token.len() > MAX_TOKEN || !token.is_ascii()) {
            return Err(invalid_value(format!(
                "Value for parameter clientToken is invalid. It may have up to {MAX_TOKEN} ASCII characters"
            )));
        }
        let profile = NamedProfile::read(call.params)?;
        let (tags, metadata) = (tags::of_launch(call)?, options::of_launch(call)?);
        if metadata.tags {
            tags::must_be_tellable(&tags)?;
        }
        Ok(Self { image_id, instance_type, min, max, profile, client_token, tags, metadata })
    }
}

fn count(call: Call<'_>, name: &str) -> Result<usize, Fault> {
    let text = required(call, name)?;
    text.parse().ok().filter(|count| (1..=1_000).contains(count)).ok_or_else(|| {
        invalid_value(format!(
            "Value ({text}) for parameter {name} is invalid. It must be a whole number from 1 to 1000"
        ))
    })
}

/// Asks about the instances that are to be, and about giving them tags (EC2 User Guide, `supported-iam-actions-tagging`).
fn authorize_launch(call: Call<'_>, asked: &Asked<'_>) -> Result<Permit<ec2::RunInstances>, Fault> {
    let mut question = with_launch(about(call, "*"), call, asked.instance_type, &asked.metadata);
    if let Some(named) = &asked.profile {
        question = question.with("ec2:InstanceProfile", named.arn(call));
    }
    let permit = authorize(call, with_request(question, &asked.tags))?;
    if !asked.tags.is_empty() {
        let question: Question = about(call, "*").with("ec2:CreateAction", "RunInstances");
        authorize::<ec2::CreateTags>(call, with_request(question, &asked.tags))?;
    }
    Ok(permit)
}

async fn launch(
    call: Call<'_>,
    asked: &Asked<'_>,
    profile: Option<&InstanceProfile>,
    permit: &Permit<ec2::RunInstances>,
) -> Result<Xml, Fault> {
    let reservation_id = ids::new("r-")?;
    let new_instance = |_| {
        let association = profile.map(|profile| associated(call, profile)).transpose()?;
        Ok::<(String, Option<ProfileRef>), Fault>((ids::new("i-")?, association))
    };
    let new_instances = (0..asked.max.min(MAX_INSTANCES)).map(new_instance).collect::<Result<Vec<_>, _>>()?;
    call.change(permit, |account| {
        account.instances.retain(|_, instance| !instance.is_gone(call.now()));
        if let Some(earlier) = launched_before(account, asked, profile)? {
            return Ok(answer(call, account, &earlier, Moment::Later));
        }
        let held = account.instances.values().filter(|instance| !instance.terminated).count();
        let count = asked.max.min(MAX_INSTANCES.saturating_sub(held));
        if count < asked.min {
            let message = format!(
                "You have requested more instances ({}) than your current instance limit of {MAX_INSTANCES} allows for the \
                 specified instance type. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment \
                 to this limit.",
                held + asked.min
            );
            return Err(Fault::refused(400, "InstanceLimitExceeded", message));
        }
        let instances: Vec<Arc<Instance>> = new_instances
            .iter()
            .take(count)
            .enumerate()
            .map(|(launch_index, (id, profile))| {
                Arc::new(Instance {
                    id: id.clone(),
                    image_id: asked.image_id.to_owned(),
                    instance_type: asked.instance_type.to_owned(),
                    profile: profile.clone(),
                    launched: call.now(),
                    terminated: false,
                    ended: None,
                    stopped: false,
                    reservation_id: reservation_id.clone(),
                    launch_index,
                    client_token: asked.client_token.map(str::to_owned),
                    tags: asked.tags.clone(),
                    metadata: asked.metadata,
                })
            })
            .collect();
        forget_terminated(account);
        for instance in &instances {
            account.instances.insert(instance.id.clone(), Arc::clone(instance));
        }
        Ok(answer(call, account, &instances, Moment::Launch))
    })
    .await
}

fn forget_terminated(account: &mut Account) {
    let mut terminated: Vec<_> =
        account.instances.values().filter(|instance| instance.terminated).cloned().collect();
    terminated.sort_unstable_by_key(|instance| std::cmp::Reverse(instance.launched));
    for instance in terminated.iter().skip(REMEMBERED) {
        account.instances.remove(&instance.id);
    }
}

/// What an earlier launch with the same client token made.
fn launched_before(
    account: &Account,
    asked: &Asked<'_>,
    profile: Option<&InstanceProfile>,
) -> Result<Option<Vec<Arc<Instance>>>, Fault> {
    let Some(token) = asked.client_token else { return Ok(None) };
    let earlier: Vec<Arc<Instance>> = account
        .instances
        .values()
        .filter(|instance| instance.client_token.as_deref() == Some(token))
        .cloned()
        .collect();
    let same = |instance: &Arc<Instance>| {
        instance.image_id == asked.image_id
            && instance.instance_type == asked.instance_type
            && instance.profile.as_ref().map(|known| &known.id) == profile.map(|profile| &profile.id)
    };
    match (earlier.is_empty(), earlier.iter().all(same)) {
        (true, _) => Ok(None),
        (false, true) => Ok(Some(earlier)),
        (false, false) => Err(Fault::refused(
            400,
            "IdempotentParameterMismatch",
            "The client token was used by an earlier request with other parameters.",
        )),
    }
}

fn answer(call: Call<'_>, account: &Account, instances: &[Arc<Instance>], moment: Moment) -> Xml {
    let mut xml = Xml::default();
    let instances: Vec<&Instance> = instances.iter().map(Arc::as_ref).collect();
    write::reservation(&mut xml, &call.aws.region, account, &instances, moment);
    xml
}
