//! Users, roles, groups and managed policies by their ARNs, as the operations take them that tell what somebody may do.

use policy::{Arn, NamedPolicy};

use super::entity::{Entity as _, Groups, Policies, Roles, Users};
use super::{policies, read};
use crate::caller::resolve;
use crate::gate::Question;
use crate::model::{Account, Group, IdentityPolicies, Role, User};
use crate::query::{Call, Fault};
use crate::{arns, managed};

/// What an ARN names, by its form; whether it is there is another question.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    arn: &'a str,
    kind: Kind,
    name: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    User,
    Role,
    Group,
    Policy,
}

/// What is there.
pub(super) enum Subject<'a> {
    User(&'a User),
    Role(&'a Role),
    Group(&'a Group),
    Policy(NamedPolicy),
}

impl<'a> Named<'a> {
    /// A user, a role or a group.
    pub(super) fn identity(call: Call<'a>, parameter: &str) -> Result<Self, Fault> {
        let named = Self::read(call, parameter)?;
        if named.kind == Kind::Policy {
            return Err(unclear(named.arn));
        }
        Ok(named)
    }

    /// The same or a managed policy.
    pub(super) fn any(call: Call<'a>, parameter: &str) -> Result<Self, Fault> {
        Self::read(call, parameter)
    }

    fn read(call: Call<'a>, parameter: &str) -> Result<Self, Fault> {
        let arn = call.params.required(parameter)?;
        read::length(parameter, arn, read::ARN_LENGTH)?;
        let parsed = Arn::parse(arn).filter(|arn| (arn.service, arn.region) == ("iam", ""));
        let named = parsed.and_then(|parsed| {
            let (kind, path) = parsed.resource.split_once('/')?;
            let of_account = policy::is_account_id(parsed.account);
            let kind = match kind {
                "user" if of_account => Kind::User,
                "role" if of_account => Kind::Role,
                "group" if of_account => Kind::Group,
                "policy" if of_account || parsed.account == "aws" => Kind::Policy,
                _ => return None,
            };
            let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
            Some(Self { arn, kind, name })
        });
        named.ok_or_else(|| unclear(arn))
    }

    /// What the gate is asked about it.
    pub(super) fn question(&self, call: Call<'_>) -> Question {
        let question = match self.kind {
            Kind::User => Users::question(call, self.name),
            Kind::Role => Roles::question(call, self.name),
            Kind::Group => Groups::question(call, self.name),
            Kind::Policy => Policies::question(call, self.arn),
        };
        // What has another path or belongs to another account is not what the name finds here.
        if question.resource == self.arn { question } else { Question::about(self.arn) }
    }

    /// Looks for it.
    pub(super) fn find<'f>(&self, account: &'f Account) -> Result<Subject<'f>, Fault> {
        let is_it = |arn: String| arn == self.arn;
        let found = match self.kind {
            Kind::User => {
                let user = account.users.get(self.name);
                user.filter(|user| is_it(arns::user(&account.id, &user.path, &user.name)))
                    .map(|user| Subject::User(user))
            }
            Kind::Role => {
                let role = account.roles.get(self.name);
                role.filter(|role| is_it(arns::role(&account.id, &role.path, &role.name)))
                    .map(|role| Subject::Role(role))
            }
            Kind::Group => {
                let group = account.groups.get(self.name);
                group
                    .filter(|group| is_it(arns::group(&account.id, &group.path, &group.name)))
                    .map(|group| Subject::Group(group))
            }
            Kind::Policy => managed::document(account, self.arn).map(|(name, document)| {
                Subject::Policy(NamedPolicy { name, arn: Some(self.arn.to_owned()), document })
            }),
        };
        found.ok_or_else(|| match self.kind {
            Kind::Policy => policies::not_found(self.arn),
            _ => Fault::no_such_entity(format!("The entity {} cannot be found.", self.arn)),
        })
    }
}

/// Who holds policies that count for somebody: its kind, its name and what it holds.
pub(super) type Holding<'a> = (&'static str, &'a str, &'a IdentityPolicies);

impl<'a> Subject<'a> {
    /// Whose policies it has: its own, and a user those of its groups too. None of a policy.
    pub(super) fn holdings(&self, account: &'a Account) -> Vec<Holding<'a>> {
        let of_group = |group: &'a Group| -> Holding<'a> { ("GROUP", &group.name, &group.policies) };
        match self {
            Self::User(user) => {
                let own = ("USER", user.name.as_str(), &user.policies);
                std::iter::once(own).chain(account.groups_of(&user.name).map(of_group)).collect()
            }
            Self::Role(role) => vec![("ROLE", &role.name, &role.policies)],
            Self::Group(group) => vec![of_group(group)],
            Self::Policy(_) => Vec::new(),
        }
    }

    /// The policies themselves.
    pub(super) fn policies(&self, account: &'a Account) -> Vec<NamedPolicy> {
        match self {
            Self::Policy(policy) => vec![policy.clone()],
            _ => {
                let holdings = self.holdings(account).into_iter();
                holdings.flat_map(|(_, _, held)| resolve(account, held)).collect()
            }
        }
    }

    /// Unique ids of the users and roles that act with these policies: of a group its users, of a policy all that have it, by
    /// themselves or from a group.
    pub(super) fn entities(&self, account: &'a Account) -> Vec<&'a str> {
        let users = |has: &dyn Fn(&User) -> bool| {
            account.users.values().filter(|user| has(user)).map(|user| user.id.as_str()).collect::<Vec<_>>()
        };
        match self {
            Self::User(user) => vec![&user.id],
            Self::Role(role) => vec![&role.id],
            Self::Group(group) => users(&|user| group.members.contains(&user.name)),
            Self::Policy(policy) => {
                let holds = |attached: &[String]| attached.iter().any(|arn| Some(arn) == policy.arn.as_ref());
                let mut entities = users(&|user| {
                    holds(&user.policies.attached)
                        || account.groups_of(&user.name).any(|group| holds(&group.policies.attached))
                });
                let roles = account.roles.values().filter(|role| holds(&role.policies.attached));
                entities.extend(roles.map(|role| role.id.as_str()));
                entities
            }
        }
    }
}

fn unclear(arn: &str) -> Fault {
    let message = format!("Invalid Entity Arn: {arn} does not clearly define entity type and name.");
    Fault::refused(400, "InvalidInput", message)
}
