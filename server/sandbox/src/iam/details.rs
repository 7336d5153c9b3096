//! Everything that an account's IAM holds about who may do what, in one list (IAM API Reference,
//! `GetAccountAuthorizationDetails`).

use super::policies::Listed;
use super::versions::Version;
use super::{attachments, boundaries, groups, policies, profiles, read, roles, tags, users, versions};
use crate::activity::{self, Use};
use crate::gate::Question;
use crate::gate::actions::iam;
use crate::managed;
use crate::model::{Account, Group, IdentityPolicies, Role, User};
use crate::query::{Call, DEFAULT_ITEMS, Fault, Params, Xml, cut, encoded, marker};

/// What can be asked for, in IAM's order.
const KINDS: [&str; 5] = ["LocalManagedPolicy", "User", "AWSManagedPolicy", "Role", "Group"];

/// One entry.
enum Detail<'a> {
    User(&'a User),
    Role(&'a Role),
    Group(&'a Group),
    Policy(Listed<'a>),
}

pub(super) async fn get(call: Call<'_>) -> Result<Xml, Fault> {
    let filter = filter(call.params)?;
    let permit = call.authorize::<iam::GetAccountAuthorizationDetails>(Question::about("*"))?;
    let account = call.account(&permit)?;
    // A marker says for which filter it is.
    let prefix = format!("{}|", filter.join(","));
    match marker(call.params) {
        Ok(after) if after.as_ref().is_none_or(|after| after.starts_with(&prefix)) => {}
        _ => return Err(Fault::validation("Marker and Filter do not match")),
    }
    let entries: Vec<(String, Detail<'_>)> = details(account, &filter)
        .into_iter()
        .map(|(key, detail)| (format!("{prefix}{key}"), detail))
        .collect();
    let page = cut(call.params, DEFAULT_ITEMS, entries.iter().map(|(key, detail)| (key.as_str(), detail)))?;
    let uses = call.aws.gate.activity().uses(&call.aws.store, &account.id, None, call.now()).await?;
    let shown = || page.entries.iter().copied();
    let mut xml = Xml::default();
    xml.list("Policies", "member", shown().filter_map(Detail::policy), |item, policy| {
        write_policy(item, account, policy);
    });
    xml.list("UserDetailList", "member", shown().filter_map(Detail::user), |item, user| {
        write_user(item, account, user);
    });
    xml.list("RoleDetailList", "member", shown().filter_map(Detail::role), |item, role| {
        write_role(item, account, role, &uses);
    });
    xml.list("GroupDetailList", "member", shown().filter_map(Detail::group), |item, group| {
        groups::write(item, &account.id, group);
        write_inline(item, "GroupPolicyList", &group.policies);
        write_attached(item, account, &group.policies);
    });
    page.write_end(&mut xml);
    Ok(xml)
}

/// `Filter`; everything when it is not given.
fn filter(params: &Params) -> Result<Vec<&str>, Fault> {
    let asked = params.list("Filter.member", "");
    if asked.iter().any(|kind| !KINDS.contains(kind)) {
        let known = KINDS.join(", ");
        let member = format!("satisfy constraint: [Member must satisfy enum value set: [{known}]]");
        return Err(read::constraint("Filter", &member));
    }
    Ok(KINDS.into_iter().filter(|kind| asked.is_empty() || asked.contains(kind)).collect())
}

/// What there is of these kinds, in the order of its keys: users, roles, groups, policies.
fn details<'a>(account: &'a Account, filter: &[&str]) -> Vec<(String, Detail<'a>)> {
    let wanted = |kind: &str| filter.contains(&kind);
    let mut details = Vec::new();
    if wanted("User") {
        details.extend(account.users.iter().map(|(name, user)| (format!("1{name}"), Detail::User(user))));
    }
    if wanted("Role") {
        details.extend(account.roles.iter().map(|(name, role)| (format!("2{name}"), Detail::Role(role))));
    }
    if wanted("Group") {
        details.extend(account.groups.iter().map(|(name, group)| (format!("3{name}"), Detail::Group(group))));
    }
    let mut listed: Vec<Listed<'a>> = Vec::new();
    if wanted("LocalManagedPolicy") {
        listed.extend(account.policies.values().map(|policy| Listed::own(account, policy)));
    }
    if wanted("AWSManagedPolicy") {
        // Of AWS's only those that somebody has.
        let aws = managed::all_aws_managed().map(|policy| Listed::aws(account, policy));
        listed.extend(aws.filter(|policy| policy.is_used(None)));
    }
    listed.sort_unstable_by(|one, other| one.arn.cmp(&other.arn));
    details.extend(listed.into_iter().map(|policy| (format!("4{}", policy.arn), Detail::Policy(policy))));
    details
}

impl<'a> Detail<'a> {
    fn user(&self) -> Option<&'a User> {
        if let Self::User(user) = self { Some(user) } else { None }
    }

    fn role(&self) -> Option<&'a Role> {
        if let Self::Role(role) = self { Some(role) } else { None }
    }

    fn group(&self) -> Option<&'a Group> {
        if let Self::Group(group) = self { Some(group) } else { None }
    }

    fn policy(&self) -> Option<&Listed<'a>> {
        if let Self::Policy(policy) = self { Some(policy) } else { None }
    }
}

fn write_policy(xml: &mut Xml, account: &Account, policy: &Listed<'_>) {
    policies::write(xml, policy);
    let newest_first = Version::find(account, &policy.arn).unwrap_or_default().into_iter().rev();
    xml.list("PolicyVersionList", "member", newest_first, |item, version| {
        item.text("Document", encoded(version.document.text()));
        versions::write(item, version.id, version.in_force, version.created);
    });
}

fn write_user(xml: &mut Xml, account: &Account, user: &User) {
    users::write(xml, &account.id, user);
    if !user.policies.inline.is_empty() {
        write_inline(xml, "UserPolicyList", &user.policies);
    }
    xml.list("GroupList", "member", account.groups_of(&user.name), |item, group| {
        item.content(&group.name);
    });
    write_attached(xml, account, &user.policies);
    boundaries::write(xml, user.boundary.as_deref());
    tags::write(xml, &user.tags);
}

fn write_role(xml: &mut Xml, account: &Account, role: &Role, uses: &[Use]) {
    roles::write_identity(xml, &account.id, role);
    let profiles =
        account.instance_profiles.values().filter(|profile| profile.role.as_ref() == Some(&role.name));
    xml.list("InstanceProfileList", "member", profiles, |item, profile| {
        profiles::write(item, account, profile)
    });
    write_inline(xml, "RolePolicyList", &role.policies);
    write_attached(xml, account, &role.policies);
    boundaries::write(xml, role.boundary.as_deref());
    tags::write(xml, &role.tags);
    roles::write_last_used(xml, activity::latest(uses.iter().filter(|used| used.entity == role.id)));
}

fn write_inline(xml: &mut Xml, name: &str, held: &IdentityPolicies) {
    xml.list(name, "member", &held.inline, |item, (name, text)| {
        item.text("PolicyName", name).text("PolicyDocument", encoded(text.text()));
    });
}

fn write_attached(xml: &mut Xml, account: &Account, held: &IdentityPolicies) {
    xml.list(
        "AttachedManagedPolicies",
        "member",
        attachments::attached(account, held),
        |item, (arn, name)| {
            item.text("PolicyName", name).text("PolicyArn", arn);
        },
    );
}
