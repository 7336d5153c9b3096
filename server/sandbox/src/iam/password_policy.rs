//! What the passwords of an account's users must be like.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::read::Violations;
use crate::gate::Question;
use crate::gate::actions::iam;
use crate::model::PasswordPolicy;
use crate::query::{Call, Fault, Params, Xml, parameter};

/// Shortest password that a policy may ask for, in characters.
const LENGTHS: RangeInclusive<i64> = 6..=128;
/// Earlier passwords that it may shut out.
const REUSE: RangeInclusive<i64> = 1..=24;
/// Days until passwords expire.
const AGES: RangeInclusive<i64> = 1..=1_095;

/// Replaces the whole policy: what the request does not say goes back to its default (IAM API Reference,
/// `UpdateAccountPasswordPolicy`).
pub(super) async fn update(call: Call<'_>) -> Result<Xml, Fault> {
    let params = call.params;
    let mut broken = Violations::default();
    let minimum_length = number(params, "MinimumPasswordLength", LENGTHS, &mut broken)?;
    let reuse_prevention = number(params, "PasswordReusePrevention", REUSE, &mut broken)?;
    let max_age = number(params, "MaxPasswordAge", AGES, &mut broken)?;
    broken.into_result()?;
    let policy = Arc::new(PasswordPolicy {
        minimum_length: minimum_length.unwrap_or(*LENGTHS.start()),
        require_symbols: params.flag("RequireSymbols")?,
        require_numbers: params.flag("RequireNumbers")?,
        require_uppercase: params.flag("RequireUppercaseCharacters")?,
        require_lowercase: params.flag("RequireLowercaseCharacters")?,
        allow_users_to_change: params.flag("AllowUsersToChangePassword")?,
        max_age,
        reuse_prevention,
        hard_expiry: params.get("HardExpiry").map(|_| params.flag("HardExpiry")).transpose()?,
    });
    let permit = call.authorize::<iam::UpdateAccountPasswordPolicy>(Question::about("*"))?;
    call.change(&permit, |account| {
        account.password_policies.insert(PasswordPolicy::NAME.into(), Arc::clone(&policy));
        Ok(Xml::default())
    })
    .await
}

pub(super) async fn get(call: Call<'_>) -> Result<Xml, Fault> {
    let permit = call.authorize::<iam::GetAccountPasswordPolicy>(Question::about("*"))?;
    let account = call.account(&permit)?;
    let policy = account.password_policies.get(PasswordPolicy::NAME).ok_or_else(|| {
        let id = &account.id;
        Fault::no_such_entity(format!("The Password Policy with domain name {id} cannot be found."))
    })?;
    let mut xml = Xml::default();
    xml.element("PasswordPolicy", |element| {
        element
            .text("AllowUsersToChangePassword", policy.allow_users_to_change)
            .text("ExpirePasswords", policy.max_age.is_some())
            .optional("HardExpiry", policy.hard_expiry)
            .optional("MaxPasswordAge", policy.max_age)
            .text("MinimumPasswordLength", policy.minimum_length)
            .optional("PasswordReusePrevention", policy.reuse_prevention)
            .text("RequireLowercaseCharacters", policy.require_lowercase)
            .text("RequireNumbers", policy.require_numbers)
            .text("RequireSymbols", policy.require_symbols)
            .text("RequireUppercaseCharacters", policy.require_uppercase);
    });
    Ok(xml)
}

pub(super) async fn delete(call: Call<'_>) -> Result<Xml, Fault> {
    let permit = call.authorize::<iam::DeleteAccountPasswordPolicy>(Question::about("*"))?;
    call.change(&permit, |account| match account.password_policies.remove(PasswordPolicy::NAME) {
        Some(_) => Ok(Xml::default()),
        None => {
            let name = PasswordPolicy::NAME;
            Err(Fault::no_such_entity(format!("The account policy with name {name} cannot be found.")))
        }
    })
    .await
}

fn number(
    params: &Params,
    name: &str,
    range: RangeInclusive<i64>,
    broken: &mut Violations,
) -> Result<Option<i64>, Fault> {
    let value = params.integer(name, i64::MIN..=i64::MAX)?;
    match value {
        Some(value) if value < *range.start() => {
            let least = range.start();
            broken.add(&parameter(name), format_args!("have value greater than or equal to {least}"));
        }
        Some(value) if value > *range.end() => {
            broken.add(&parameter(name), format_args!("have value less than or equal to {}", range.end()));
        }
        _ => {}
    }
    Ok(value)
}
