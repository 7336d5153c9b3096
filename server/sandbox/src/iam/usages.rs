//! Who has a managed policy: attached, or as permissions boundary.

use super::entity::{Entity as _, Policies};
use super::{policies, read};
use crate::gate::actions::iam;
use crate::model::{Account, IdentityPolicies};
use crate::query::{Call, DEFAULT_ITEMS, Fault, Xml, cut};

/// What can be asked for, in IAM's order; policies have none.
const KINDS: [&str; 5] = ["LocalManagedPolicy", "User", "AWSManagedPolicy", "Role", "Group"];

/// One who has it.
struct User<'a> {
    kind: &'static str,
    name: &'a str,
    id: &'a str,
    path: &'a str,
}

pub(super) async fn list(call: Call<'_>) -> Result<Xml, Fault> {
    let params = call.params;
    let arn = Policies::named(call)?;
    let kind = read::one_of("EntityFilter", params.get("EntityFilter"), &KINDS)?;
    let usage = read::usage_filter(params)?;
    let prefix = read::path_prefix(params)?;
    let permit = call.authorize::<iam::ListEntitiesForPolicy>(Policies::question(call, arn))?;
    let account = call.account(&permit)?;
    if Policies::tags(account, arn).is_none() {
        return Err(policies::not_found(arn));
    }
    let users: Vec<(String, User<'_>)> = users(account, arn, usage)
        .into_iter()
        .filter(|user| kind.is_none_or(|kind| kind == user.kind) && user.path.starts_with(prefix))
        .map(|user| (format!("{}/{}", user.kind, user.name), user))
        .collect();
    let page = cut(params, DEFAULT_ITEMS, users.iter().map(|(key, user)| (key.as_str(), user)))?;
    let mut xml = Xml::default();
    for kind in ["Group", "User", "Role"] {
        let of_kind = page.entries.iter().filter(|user| user.kind == kind);
        xml.list(&format!("Policy{kind}s"), "member", of_kind, |item, user| {
            item.text(&format!("{kind}Name"), user.name).text(&format!("{kind}Id"), user.id);
        });
    }
    page.write_end(&mut xml);
    Ok(xml)
}

/// Everyone who has it in this way, or in any: groups, roles, users.
fn users<'a>(account: &'a Account, arn: &str, usage: Option<&str>) -> Vec<User<'a>> {
    let has = |held: &IdentityPolicies, boundary: Option<&String>| {
        let attached = held.attached.iter().any(|attached| attached == arn);
        let bounded = boundary.is_some_and(|boundary| boundary == arn);
        (attached && usage != Some("PermissionsBoundary")) || (bounded && usage != Some("PermissionsPolicy"))
    };
    let groups = account.groups.values().filter(|group| has(&group.policies, None));
    let groups =
        groups.map(|group| User { kind: "Group", name: &group.name, id: &group.id, path: &group.path });
    let roles = account.roles.values().filter(|role| has(&role.policies, role.boundary.as_ref()));
    let roles = roles.map(|role| User { kind: "Role", name: &role.name, id: &role.id, path: &role.path });
    let users = account.users.values().filter(|user| has(&user.policies, user.boundary.as_ref()));
    let users = users.map(|user| User { kind: "User", name: &user.name, id: &user.id, path: &user.path });
    groups.chain(roles).chain(users).collect()
}
