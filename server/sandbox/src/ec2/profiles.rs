//! Instance profiles as requests name them, and passing their roles to EC2.

use super::fault::{authorize, invalid_value};
use super::ids;
use crate::arns;
use crate::crypto::CryptoError;
use crate::gate::Question;
use crate::gate::actions::iam;
use crate::model::{Account, InstanceProfile, ProfileRef};
use crate::query::{Call, Fault, Params};

/// An instance profile as a request names it.
pub(super) enum NamedProfile<'a> {
    Name(&'a str),
    Arn(&'a str),
}

impl<'a> NamedProfile<'a> {
    pub(super) fn read(params: &'a Params) -> Result<Option<Self>, Fault> {
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

    /// Its ARN, for a condition key: whether it exists is told only after the gate was asked.
    pub(super) fn arn(&self, call: Call<'_>) -> String {
        let name = self.name();
        let path =
            call.peek(|account| account.instance_profiles.get(name).map(|profile| profile.path.as_str()));
        arns::instance_profile(call.account_id(), path.unwrap_or("/"), name)
    }

    /// The profile of this account; one with a role, since there is nothing to take from one without.
    pub(super) fn find<'p>(&self, account: &'p Account) -> Result<&'p InstanceProfile, Fault> {
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

/// A new association with a profile.
pub(super) fn associated(call: Call<'_>, profile: &InstanceProfile) -> Result<ProfileRef, CryptoError> {
    Ok(ProfileRef {
        name: profile.name.clone(),
        id: profile.id.clone(),
        association: ids::new(ids::ASSOCIATION)?,
        since: call.now(),
    })
}

/// Whoever gives an instance a profile hands its role to EC2 (IAM User Guide, `id_roles_use_passrole`). A profile's role is always
/// of its own account, so none is passed across accounts. `instance` is the ARN of the instance that gets it.
pub(super) fn authorize_pass_role(
    call: Call<'_>,
    account: &Account,
    profile: &InstanceProfile,
    instance: &str,
) -> Result<(), Fault> {
    let name = profile.role.as_deref().unwrap_or_default();
    let role = account.roles.get(name);
    let path = role.map_or("/", |role| &role.path);
    let mut question = Question::about(arns::role(&account.id, path, name))
        .with("iam:PassedToService", "ec2.amazonaws.com")
        .with("iam:AssociatedResourceArn", instance);
    if let Some(role) = role {
        question = question.with_tags_of_resource(&role.tags, true);
    }
    authorize::<iam::PassRole>(call, question).map(drop)
}
