//! `RunInstances`.

use std::sync::Arc;

use super::fault::{authorize, dry_run, invalid_value, required};
use super::{ids, write};
use crate::arns;
use crate::gate::actions::{ec2, iam};
use crate::gate::{Permit, Question};
use crate::model::{Account, Instance, InstanceProfile, ProfileRef};
use crate::query::{Call, Fault, Params, Xml};

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
        authorize_pass_role(call, account, profile)?;
    }
    dry_run(call)?;
    let profile = profile.map(|profile| ProfileRef { name: profile.name.clone(), id: profile.id.clone() });
    launch(call, &asked, profile.as_ref(), &permit).await
}

/// The parameters, checked.
struct Asked<'a> {
    image_id: &'a str,
    instance_type: &'a str,
    min: usize,
    max: usize,
    profile: Option<NamedProfile<'a>>,
    client_token: Option<&'a str>,
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
        Ok(Self { image_id, instance_type, min, max, profile, client_token })
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

/// An instance profile as a request names it.
enum NamedProfile<'a> {
    Name(&'a str),
    Arn(&'a str),
}

impl<'a> NamedProfile<'a> {
    fn read(params: &'a Params) -> Result<Option<Self>, Fault> {
        match (params.get("IamInstanceProfile.Name"), params.get("IamInstanceProfile.Arn")) {
            (None, None) => Ok(None),
            (Some(name), None) => Ok(Some(Self::Name(name))),
            (None, Some(arn)) => Ok(Some(Self::Arn(arn))),
            (Some(_), Some(_)) => Err(Fault::refused(
                400,
                "InvalidParameterCombination",
                "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
            )),
        }
    }

    fn name(&self) -> &'a str {
        match self {
            Self::Name(name) => name,
            Self::Arn(arn) => arn.rsplit('/').next().unwrap_or_default(),
        }
    }

    /// The profile of this account; one with a role, since there is nothing to take from one without.
    fn find<'p>(&self, account: &'p Account) -> Result<&'p InstanceProfile, Fault> {
        let arn_of =
            |profile: &InstanceProfile| arns::instance_profile(&account.id, &profile.path, &profile.name);
        let profile = account
            .instance_profiles
            .get(self.name())
            .filter(|profile| match self {
                Self::Name(_) => true,
                Self::Arn(arn) => arn_of(profile) == *arn,
            })
            .ok_or_else(|| {
                let (value, field, what) = match self {
                    Self::Name(name) => (name, "name", "name"),
                    Self::Arn(arn) => (arn, "arn", "ARN"),
                };
                invalid_value(format!(
                    "Value ({value}) for parameter iamInstanceProfile.{field} is invalid. \
                     Invalid IAM Instance Profile {what}"
                ))
            })?;
        match &profile.role {
            Some(_) => Ok(profile),
            None => Err(invalid_value(format!(
                "IAM Instance Profile \"{}\" has no associated IAM Roles",
                arn_of(profile)
            ))),
        }
    }
}

fn authorize_launch(call: Call<'_>, asked: &Asked<'_>) -> Result<Permit<ec2::RunInstances>, Fault> {
    let region = &call.aws.region;
    let mut question = Question::about(arns::instance(region, call.account_id(), "*"))
        .with("ec2:Region", region.as_str())
        .with("ec2:InstanceType", asked.instance_type);
    if let Some(named) = &asked.profile {
        let path = call
            .peek(|account| account.instance_profiles.get(named.name()).map(|profile| profile.path.as_str()));
        let arn = arns::instance_profile(call.account_id(), path.unwrap_or("/"), named.name());
        question = question.with("ec2:InstanceProfile", arn);
    }
    authorize(call, question)
}

/// Whoever launches with a profile hands its role to EC2 (IAM User Guide, `id_roles_use_passrole`). A profile's role is
/// always of its own account, so none is passed across accounts.
fn authorize_pass_role(call: Call<'_>, account: &Account, profile: &InstanceProfile) -> Result<(), Fault> {
    let name = profile.role.as_deref().unwrap_or_default();
    let path = account.roles.get(name).map_or("/", |role| &role.path);
    let associated = arns::instance(&call.aws.region, &account.id, "*");
    let question = Question::about(arns::role(&account.id, path, name))
        .with("iam:PassedToService", "ec2.amazonaws.com")
        .with("iam:AssociatedResourceArn", associated);
    authorize::<iam::PassRole>(call, question).map(drop)
}

async fn launch(
    call: Call<'_>,
    asked: &Asked<'_>,
    profile: Option<&ProfileRef>,
    permit: &Permit<ec2::RunInstances>,
) -> Result<Xml, Fault> {
    let reservation_id = ids::new("r-")?;
    let new_ids = (0..asked.max.min(MAX_INSTANCES)).map(|_| ids::new("i-")).collect::<Result<Vec<_>, _>>()?;
    call.change(permit, |account| {
        if let Some(earlier) = launched_before(account, asked, profile)? {
            return Ok(answer(call, account, &earlier));
        }
        let running = account.instances.values().filter(|instance| !instance.terminated).count();
        let count = asked.max.min(MAX_INSTANCES.saturating_sub(running));
        if count < asked.min {
            let message = format!(
                "You have requested more instances ({}) than your current instance limit of {MAX_INSTANCES} allows.",
                asked.min
            );
            return Err(Fault::refused(400, "InstanceLimitExceeded", message));
        }
        let instances: Vec<Arc<Instance>> = new_ids
            .iter()
            .take(count)
            .map(|id| {
                Arc::new(Instance {
                    id: id.clone(),
                    image_id: asked.image_id.to_owned(),
                    instance_type: asked.instance_type.to_owned(),
                    profile: profile.cloned(),
                    launched: call.now(),
                    terminated: false,
                    reservation_id: reservation_id.clone(),
                    client_token: asked.client_token.map(str::to_owned),
                })
            })
            .collect();
        forget_terminated(account);
        for instance in &instances {
            account.instances.insert(instance.id.clone(), Arc::clone(instance));
        }
        Ok(answer(call, account, &instances))
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
    profile: Option<&ProfileRef>,
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
            && instance.profile.as_ref() == profile
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

fn answer(call: Call<'_>, account: &Account, instances: &[Arc<Instance>]) -> Xml {
    let mut xml = Xml::default();
    let instances: Vec<&Instance> = instances.iter().map(Arc::as_ref).collect();
    write::reservation(&mut xml, &call.aws.region, account, &instances);
    xml
}
