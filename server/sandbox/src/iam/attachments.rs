//! Managed policies attached to roles, users and groups, and policies written into them.

use super::holder::Holder;
use super::policies::{not_found, stored_identity};
use super::read;
use crate::managed;
use crate::model::{Account, IdentityPolicies};
use crate::query::{Call, Fault, Xml, encoded, page};

/// Managed policies that one role, user or group can have by default.
pub(super) const MAX_ATTACHED: usize = 10;

pub(super) async fn attach<H: Holder>(call: Call<'_>) -> Result<Xml, Fault> {
    let name = H::named(call)?;
    let arn = read::policy_arn(call.params)?;
    let question = H::question(call, name).with("iam:PolicyARN", arn);
    let permit = call.authorize::<H::Attach>(question)?;
    call.change(&permit, |account| {
        let held = H::policies(account, name).ok_or_else(|| H::not_found(name))?;
        if held.attached.iter().any(|attached| attached == arn) {
            return Ok(Xml::default());
        }
        let count = held.attached.len();
        if managed::document(account, arn).is_none() {
            return Err(Fault::no_such_entity(format!("Policy {arn} does not exist or is not attachable.")));
        }
        read::quota(H::ATTACHED_QUOTA, count, MAX_ATTACHED)?;
        let held = H::policies_mut(account, name).ok_or_else(|| H::not_found(name))?;
        held.attached.push(arn.to_owned());
        Ok(Xml::default())
    })
    .await
}

pub(super) async fn detach<H: Holder>(call: Call<'_>) -> Result<Xml, Fault> {
    let name = H::named(call)?;
    let arn = read::policy_arn(call.params)?;
    let question = H::question(call, name).with("iam:PolicyARN", arn);
    let permit = call.authorize::<H::Detach>(question)?;
    call.change(&permit, |account| {
        let held = H::policies_mut(account, name).ok_or_else(|| H::not_found(name))?;
        let place =
            held.attached.iter().position(|attached| attached == arn).ok_or_else(|| not_found(arn))?;
        held.attached.remove(place);
        Ok(Xml::default())
    })
    .await
}

pub(super) async fn list_attached<H: Holder>(call: Call<'_>) -> Result<Xml, Fault> {
    let name = H::named(call)?;
    let prefix = read::path_prefix(call.params)?;
    let permit = call.authorize::<H::ListAttached>(H::question(call, name))?;
    let account = call.account(&permit)?;
    let held = H::policies(account, name).ok_or_else(|| H::not_found(name))?;
    let mut attached = attached(account, held);
    attached.retain(|(arn, _)| arn.split_once(":policy").is_some_and(|(_, path)| path.starts_with(prefix)));
    let entries = attached.iter().map(|(arn, name)| (*arn, (*arn, name)));
    page(call.params, "AttachedPolicies", entries, |xml, (arn, name)| {
        xml.text("PolicyName", name).text("PolicyArn", arn);
    })
}

/// ARN and name of the managed policies that are attached, by ARN.
pub(super) fn attached<'a>(account: &Account, held: &'a IdentityPolicies) -> Vec<(&'a str, String)> {
    let named = |arn: &'a String| Some((arn.as_str(), managed::document(account, arn)?.0));
    let mut attached: Vec<_> = held.attached.iter().filter_map(named).collect();
    attached.sort_unstable();
    attached
}

pub(super) async fn put<H: Holder>(call: Call<'_>) -> Result<Xml, Fault> {
    let name = H::named(call)?;
    let policy_name = read::name(call.params, "PolicyName", read::LONG_NAME)?;
    let text = call.params.required("PolicyDocument")?;
    let permit = call.authorize::<H::Put>(H::question(call, name))?;
    policy::validate::inline(text)?;
    let document = stored_identity(call, text)?;
    call.change(&permit, |account| {
        let held = H::policies_mut(account, name).ok_or_else(|| H::not_found(name))?;
        let kept = spelling(held, policy_name).unwrap_or_else(|| policy_name.to_owned());
        held.inline.insert(kept, document.clone());
        if held.inline.values().map(|policy| size(policy.text())).sum::<usize>() > H::INLINE_LIMIT {
            return Err(Fault::limit_exceeded(format!(
                "Maximum policy size of {} bytes exceeded for {} {name}",
                H::INLINE_LIMIT,
                H::KIND
            )));
        }
        Ok(Xml::default())
    })
    .await
}

pub(super) async fn get<H: Holder>(call: Call<'_>) -> Result<Xml, Fault> {
    let name = H::named(call)?;
    let policy_name = read::name(call.params, "PolicyName", read::LONG_NAME)?;
    let permit = call.authorize::<H::Get>(H::question(call, name))?;
    let held = H::policies(call.account(&permit)?, name).ok_or_else(|| H::not_found(name))?;
    let policy = spelling(held, policy_name).and_then(|kept| held.inline.get(&kept));
    let policy = policy.ok_or_else(|| inline_not_found::<H>(policy_name))?;
    let mut xml = Xml::default();
    xml.text(H::PARAMETER, name)
        .text("PolicyName", policy_name)
        .text("PolicyDocument", encoded(policy.text()));
    Ok(xml)
}

pub(super) async fn delete<H: Holder>(call: Call<'_>) -> Result<Xml, Fault> {
    let name = H::named(call)?;
    let policy_name = read::name(call.params, "PolicyName", read::LONG_NAME)?;
    let permit = call.authorize::<H::Delete>(H::question(call, name))?;
    call.change(&permit, |account| {
        let held = H::policies_mut(account, name).ok_or_else(|| H::not_found(name))?;
        let kept = spelling(held, policy_name).ok_or_else(|| inline_not_found::<H>(policy_name))?;
        held.inline.remove(&kept);
        Ok(Xml::default())
    })
    .await
}

pub(super) async fn list_inline<H: Holder>(call: Call<'_>) -> Result<Xml, Fault> {
    let name = H::named(call)?;
    let permit = call.authorize::<H::List>(H::question(call, name))?;
    let held = H::policies(call.account(&permit)?, name).ok_or_else(|| H::not_found(name))?;
    let names = held.inline.keys().map(|name| (name.as_str(), name));
    page(call.params, "PolicyNames", names, |xml, name| {
        xml.content(name);
    })
}

/// The name in the spelling in which it is kept: IAM finds inline policies without regard to case, as it was recorded.
fn spelling(held: &IdentityPolicies, name: &str) -> Option<String> {
    held.inline.keys().find(|kept| kept.eq_ignore_ascii_case(name)).cloned()
}

fn inline_not_found<H: Holder>(policy_name: &str) -> Fault {
    Fault::no_such_entity(format!("The {} policy with name {policy_name} cannot be found.", H::KIND))
}

/// As IAM counts: white space is free.
fn size(text: &str) -> usize {
    text.chars().filter(|char| !char.is_whitespace()).count()
}
