//! Who calls: the policies, the permissions boundary and the tags of a user or role.

use super::{Part, decoded};
use crate::cloud::{Asked as _, Clients, Failure};
use aws_sdk_iam::types::{AttachedPermissionsBoundary, AttachedPolicy, Tag};
use futures::future::{join, join3, join4};
use policy::{Principal, PrincipalKind};

pub(super) async fn identity(clients: &Clients, caller: &str) -> Part {
    let mut part = Part::default();
    let Ok(principal) = Principal::from_arn(caller) else { return part };
    let name = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
    match principal.kind() {
        PrincipalKind::User => user(clients, &mut part, &name(caller)).await,
        PrincipalKind::Session | PrincipalKind::Role => {
            if let Some(of) = principal.principal_arn().map(name) {
                role(clients, &mut part, &of, &name(caller)).await;
            }
            instance(&mut part, clients, caller);
        }
        _ => {}
    }
    part
}

async fn user(clients: &Clients, part: &mut Part, user: &str) {
    let iam = &clients.iam;
    let (attached, inline, itself, groups) = join4(
        iam.list_attached_user_policies().user_name(user).send().asked(),
        iam.list_user_policies().user_name(user).send().asked(),
        iam.get_user().user_name(user).send().asked(),
        iam.list_groups_for_user().user_name(user).send().asked(),
    )
    .await;
    attached_policies(clients, part, user, attached.map(|list| list.attached_policies)).await;
    inline_policies(part, user, inline.map(|list| list.policy_names), |name| {
        let get = iam.get_user_policy().user_name(user).policy_name(name);
        async move { get.send().asked().await.map(|answer| decoded(answer.policy_document())) }
    })
    .await;
    match itself.map(|answer| answer.user) {
        Ok(Some(itself)) => {
            part.0.caller.set("aws:username", [user]);
            part.0.caller.set("aws:userid", [itself.user_id()]);
            tagged(part, itself.tags());
            boundary(clients, part, itself.permissions_boundary).await;
        }
        Ok(None) => {}
        Err(failure) => part.unseen(&format!("the permissions boundary and the tags of {user}"), &failure),
    }
    match groups {
        Ok(list) => {
            for group in list.groups() {
                group_policies(clients, part, group.group_name()).await;
            }
        }
        Err(failure) => part.unseen(&format!("the groups of {user}"), &failure),
    }
}

async fn group_policies(clients: &Clients, part: &mut Part, group: &str) {
    let iam = &clients.iam;
    let (attached, inline) = join(
        iam.list_attached_group_policies().group_name(group).send().asked(),
        iam.list_group_policies().group_name(group).send().asked(),
    )
    .await;
    attached_policies(clients, part, group, attached.map(|list| list.attached_policies)).await;
    inline_policies(part, group, inline.map(|list| list.policy_names), |name| {
        let get = iam.get_group_policy().group_name(group).policy_name(name);
        async move { get.send().asked().await.map(|answer| decoded(answer.policy_document())) }
    })
    .await;
}

async fn role(clients: &Clients, part: &mut Part, role: &str, session: &str) {
    let iam = &clients.iam;
    let (attached, inline, itself) = join3(
        iam.list_attached_role_policies().role_name(role).send().asked(),
        iam.list_role_policies().role_name(role).send().asked(),
        iam.get_role().role_name(role).send().asked(),
    )
    .await;
    attached_policies(clients, part, role, attached.map(|list| list.attached_policies)).await;
    inline_policies(part, role, inline.map(|list| list.policy_names), |name| {
        let get = iam.get_role_policy().role_name(role).policy_name(name);
        async move { get.send().asked().await.map(|answer| decoded(answer.policy_document())) }
    })
    .await;
    match itself.map(|answer| answer.role) {
        Ok(Some(itself)) => {
            part.0.caller.set("aws:userid", [format!("{}:{session}", itself.role_id())]);
            tagged(part, itself.tags());
            boundary(clients, part, itself.permissions_boundary).await;
        }
        Ok(None) => {}
        Err(failure) => part.unseen(&format!("the permissions boundary and the tags of {role}"), &failure),
    }
}

/// The condition keys of a session that EC2 opened for an instance, which bears the instance's id as its name: instances here are
/// launched to answer IMDSv2 alone (IAM User Guide, "AWS global condition context keys", `ec2:RoleDelivery`).
fn instance(part: &mut Part, clients: &Clients, caller: &str) {
    let (Some(account), Some(name)) = (caller.split(':').nth(4), caller.rsplit('/').next()) else { return };
    if name.starts_with("i-") {
        let region = clients.s3.config().region().map(AsRef::as_ref).unwrap_or_default();
        let arn = format!("arn:aws:ec2:{region}:{account}:instance/{name}");
        part.0.caller.set("ec2:SourceInstanceARN", [arn]);
        part.0.caller.set("ec2:RoleDelivery", ["2.0"]);
    }
}

fn tagged(part: &mut Part, tags: &[Tag]) {
    for tag in tags {
        part.0.caller.set(format!("aws:PrincipalTag/{}", tag.key()), [tag.value()]);
    }
}

/// The managed policies attached to `holder`: a user, a group or a role.
async fn attached_policies(
    clients: &Clients,
    part: &mut Part,
    holder: &str,
    list: Result<Option<Vec<AttachedPolicy>>, Failure>,
) {
    match list {
        Ok(list) => {
            for attached in list.unwrap_or_default() {
                managed(clients, part, attached.policy_name(), attached.policy_arn(), false).await;
            }
        }
        Err(failure) => part.unseen(&format!("the policies attached to {holder}"), &failure),
    }
}

/// The policies written into `holder`, each read with `read`.
async fn inline_policies<R: Future<Output = Result<String, Failure>>>(
    part: &mut Part,
    holder: &str,
    names: Result<Vec<String>, Failure>,
    read: impl Fn(String) -> R,
) {
    match names {
        Ok(names) => {
            for name in names {
                match read(name.clone()).await {
                    Ok(document) => {
                        let policy = part.parse(&name, None, &document);
                        part.0.identity.extend(policy);
                    }
                    Err(failure) => part.unseen(&format!("the inline policy {name} of {holder}"), &failure),
                }
            }
        }
        Err(failure) => part.unseen(&format!("the inline policies of {holder}"), &failure),
    }
}

/// A permissions boundary, if there is one.
async fn boundary(clients: &Clients, part: &mut Part, limit: Option<AttachedPermissionsBoundary>) {
    if let Some(arn) = limit.and_then(|limit| limit.permissions_boundary_arn) {
        managed(clients, part, arn.rsplit('/').next(), Some(&arn), true).await;
    }
}

async fn managed(clients: &Clients, part: &mut Part, name: Option<&str>, arn: Option<&str>, boundary: bool) {
    let (Some(name), Some(arn)) = (name, arn) else { return };
    let document = async {
        let policy = clients.iam.get_policy().policy_arn(arn).send().asked().await?;
        let version = policy.policy().and_then(|policy| policy.default_version_id()).unwrap_or("v1");
        let version =
            clients.iam.get_policy_version().policy_arn(arn).version_id(version).send().asked().await?;
        Ok::<_, Failure>(version.policy_version().and_then(|version| version.document()).map(decoded))
    };
    match document.await {
        Ok(document) => {
            let read = part.parse(name, Some(arn), document.as_deref().unwrap_or_default());
            let list = if boundary { &mut part.0.boundaries } else { &mut part.0.identity };
            list.extend(read);
        }
        Err(failure) => part.unseen(&format!("the policy {name}"), &failure),
    }
}
