//! The kinds of things that IAM operations are about: how requests name one, and what the gate is asked about it.

use super::policies;
use super::read;
use crate::gate::Question;
use crate::model::{Account, Table, Tags};
use crate::query::{Call, Fault};
use crate::{arns, managed};

/// One kind.
pub(super) trait Entity {
    /// Whether its tags also fill `iam:ResourceTag/…` (Service Authorization Reference).
    const OWN_TAG_KEY: bool = false;

    /// The name that a request gives, in the spelling in which it is kept: IAM finds names without regard to case.
    fn named(call: Call<'_>) -> Result<&str, Fault>;
    /// ARN of the one with this name; the path is `/` when there is none.
    fn arn(call: Call<'_>, name: &str) -> String;
    /// There is none with this name.
    fn not_found(name: &str) -> Fault;

    /// Its permissions boundary.
    fn boundary<'a>(_account: &'a Account, _name: &str) -> Option<&'a str> {
        None
    }

    /// Its tags.
    fn tags<'a>(_account: &'a Account, _name: &str) -> Option<&'a Tags> {
        None
    }

    /// The question about one of them. What changes it can be held to its boundary and to its tags (IAM User Guide,
    /// `reference_policies_iam-condition-keys`, `access_iam-tags`).
    fn question(call: Call<'_>, name: &str) -> Question {
        let mut question = Question::about(Self::arn(call, name));
        if let Some(boundary) = call.peek(|account| Self::boundary(account, name)) {
            question = question.with("iam:PermissionsBoundary", boundary);
        }
        match call.peek(|account| Self::tags(account, name)) {
            Some(tags) => question.with_tags_of_resource(tags, Self::OWN_TAG_KEY),
            None => question,
        }
    }
}

/// The name in the spelling in which the table has it; as given when it has none such.
fn spelling<'a, T: 'a>(
    call: Call<'a>,
    table: impl FnOnce(&'a Account) -> &'a Table<T>,
    name: &'a str,
) -> &'a str {
    let kept = |account| {
        let table = table(account);
        let folded = || table.keys().find(|kept| kept.eq_ignore_ascii_case(name)).map(String::as_str);
        if table.contains_key(name) { None } else { folded() }
    };
    call.peek(kept).unwrap_or(name)
}

/// IAM roles.
pub(super) enum Roles {}

impl Entity for Roles {
    const OWN_TAG_KEY: bool = true;

    fn named(call: Call<'_>) -> Result<&str, Fault> {
        let name = read::name(call.params, "RoleName", read::SHORT_NAME)?;
        Ok(spelling(call, |account| &account.roles, name))
    }

    fn arn(call: Call<'_>, name: &str) -> String {
        let path = call.peek(|account| account.roles.get(name).map(|role| role.path.as_str()));
        arns::role(call.account_id(), path.unwrap_or("/"), name)
    }

    fn not_found(name: &str) -> Fault {
        Fault::no_such_entity(format!("The role with name {name} cannot be found."))
    }

    fn boundary<'a>(account: &'a Account, name: &str) -> Option<&'a str> {
        account.roles.get(name)?.boundary.as_deref()
    }

    fn tags<'a>(account: &'a Account, name: &str) -> Option<&'a Tags> {
        account.roles.get(name).map(|role| &role.tags)
    }
}

/// IAM users.
pub(super) enum Users {}

impl Entity for Users {
    const OWN_TAG_KEY: bool = true;

    /// Users that exist may be named with up to 128 characters, though new names have 64 at most.
    fn named(call: Call<'_>) -> Result<&str, Fault> {
        let name = read::name(call.params, "UserName", read::LONG_NAME)?;
        Ok(spelling(call, |account| &account.users, name))
    }

    fn arn(call: Call<'_>, name: &str) -> String {
        let path = call.peek(|account| account.users.get(name).map(|user| user.path.as_str()));
        arns::user(call.account_id(), path.unwrap_or("/"), name)
    }

    fn not_found(name: &str) -> Fault {
        Fault::no_such_entity(format!("The user with name {name} cannot be found."))
    }

    fn boundary<'a>(account: &'a Account, name: &str) -> Option<&'a str> {
        account.users.get(name)?.boundary.as_deref()
    }

    fn tags<'a>(account: &'a Account, name: &str) -> Option<&'a Tags> {
        account.users.get(name).map(|user| &user.tags)
    }
}

/// IAM groups, which have neither a boundary nor tags.
pub(super) enum Groups {}

impl Entity for Groups {
    fn named(call: Call<'_>) -> Result<&str, Fault> {
        let name = read::name(call.params, "GroupName", read::LONG_NAME)?;
        Ok(spelling(call, |account| &account.groups, name))
    }

    fn arn(call: Call<'_>, name: &str) -> String {
        let path = call.peek(|account| account.groups.get(name).map(|group| group.path.as_str()));
        arns::group(call.account_id(), path.unwrap_or("/"), name)
    }

    fn not_found(name: &str) -> Fault {
        Fault::no_such_entity(format!("The group with name {name} cannot be found."))
    }
}

/// Managed policies, which are named by ARN.
pub(super) enum Policies {}

impl Entity for Policies {
    fn named(call: Call<'_>) -> Result<&str, Fault> {
        read::policy_arn(call.params)
    }

    fn arn(_call: Call<'_>, name: &str) -> String {
        name.to_owned()
    }

    fn not_found(name: &str) -> Fault {
        policies::not_found(name)
    }

    /// Those that AWS manages have none.
    fn tags<'a>(account: &'a Account, name: &str) -> Option<&'a Tags> {
        static NONE: Tags = Tags::new();
        match managed::aws_managed(name) {
            Some(_) => Some(&NONE),
            None => policies::own(account, name).ok().map(|policy| &policy.tags),
        }
    }
}

/// Instance profiles.
pub(super) enum Profiles {}

impl Entity for Profiles {
    fn named(call: Call<'_>) -> Result<&str, Fault> {
        let name = read::name(call.params, "InstanceProfileName", read::LONG_NAME)?;
        Ok(spelling(call, |account| &account.instance_profiles, name))
    }

    fn arn(call: Call<'_>, name: &str) -> String {
        let path = call.peek(|account| account.instance_profiles.get(name).map(|found| found.path.as_str()));
        arns::instance_profile(call.account_id(), path.unwrap_or("/"), name)
    }

    fn not_found(name: &str) -> Fault {
        Fault::no_such_entity(format!("Instance Profile {name} cannot be found."))
    }

    fn tags<'a>(account: &'a Account, name: &str) -> Option<&'a Tags> {
        account.instance_profiles.get(name).map(|profile| &profile.tags)
    }
}

/// Virtual MFA devices, which are named by their serial numbers: ARNs.
pub(super) enum MfaDevices {}

impl Entity for MfaDevices {
    fn named(call: Call<'_>) -> Result<&str, Fault> {
        read::serial_number(call.params)
    }

    /// What else could be a serial number is no device's here.
    fn arn(call: Call<'_>, name: &str) -> String {
        let devices = format!("arn:aws:iam::{}:mfa/", call.account_id());
        let last = name.rsplit('/').next().unwrap_or_default();
        if name.starts_with(&devices) { name.to_owned() } else { format!("{devices}{last}") }
    }

    fn not_found(name: &str) -> Fault {
        Fault::no_such_entity(format!("MFA Device with serial number {name} does not exist."))
    }

    fn tags<'a>(account: &'a Account, name: &str) -> Option<&'a Tags> {
        account.mfa_devices.get(name).map(|device| &device.tags)
    }
}
