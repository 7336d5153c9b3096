//! The account's alias: a name for it that no other account has.

use std::sync::Arc;

use super::read;
use crate::gate::Question;
use crate::gate::actions::iam;
use crate::model::AccountAlias;
use crate::query::{Call, Fault, Xml, page};

/// Shortest and longest alias.
const LENGTHS: std::ops::RangeInclusive<usize> = 3..=63;

/// Takes the place of the alias that the account had (IAM User Guide, `console-account-alias`).
pub(super) async fn create(call: Call<'_>) -> Result<Xml, Fault> {
    let name = alias(call)?;
    let permit = call.authorize::<iam::CreateAccountAlias>(Question::about("*"))?;
    let taken = || Fault::already_exists(format!("The account alias {name} already exists."));
    call.change_unless_taken(&permit, taken, |account| {
        if account.account_aliases.contains_key(name) {
            return Err(taken());
        }
        let alias = AccountAlias { name: name.to_owned(), created: call.now() };
        account.account_aliases.clear();
        account.account_aliases.insert(name.to_owned(), Arc::new(alias));
        Ok(Xml::default())
    })
    .await
}

pub(super) async fn delete(call: Call<'_>) -> Result<Xml, Fault> {
    let name = alias(call)?;
    let permit = call.authorize::<iam::DeleteAccountAlias>(Question::about("*"))?;
    call.change(&permit, |account| match account.account_aliases.remove(name) {
        Some(_) => Ok(Xml::default()),
        None => Err(Fault::no_such_entity(format!("The account alias {name} cannot be found."))),
    })
    .await
}

pub(super) async fn list(call: Call<'_>) -> Result<Xml, Fault> {
    let permit = call.authorize::<iam::ListAccountAliases>(Question::about("*"))?;
    let aliases = call.account(&permit)?.account_aliases.keys().map(|name| (name.as_str(), name));
    page(call.params, "AccountAliases", aliases, |xml, name| {
        xml.content(name);
    })
}

fn alias(call: Call<'_>) -> Result<&str, Fault> {
    let name = call.params.required("AccountAlias")?;
    read::length("AccountAlias", name, LENGTHS)?;
    let letters = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if !letters || name.starts_with('-') || name.ends_with('-') || name.contains("--") {
        let pattern = r"satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$";
        return Err(read::constraint("AccountAlias", pattern));
    }
    // The sign-in page could not tell it from an account id (IAM User Guide, `console-account-alias`).
    match policy::is_account_id(name) {
        true => Err(Fault::validation("The account alias must not be a 12-digit number.")),
        false => Ok(name),
    }
}
