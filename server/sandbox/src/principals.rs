//! Whether the principals that a resource policy names exist. S3, KMS and IAM refuse policies that name others.

use policy::{Document, Principal, PrincipalKind};
use serde_json::Value;

use crate::arns;
use crate::store::{Store, StoreError};

/// Whether every account, user and role exists that the document names under `AWS`.
pub(crate) async fn all_exist(store: &Store, document: &Document) -> Result<bool, StoreError> {
    Ok(first_missing(store, document).await?.is_none())
}

/// The first account, user or role that the document names under `AWS` and that does not exist.
pub(crate) async fn first_missing<'d>(
    store: &Store,
    document: &'d Document,
) -> Result<Option<&'d str>, StoreError> {
    for named in named(document) {
        if !exists(store, named).await? {
            return Ok(Some(named));
        }
    }
    Ok(None)
}

/// What stands under `AWS` in `Principal` and `NotPrincipal`.
fn named(document: &Document) -> impl Iterator<Item = &str> {
    let elements = document
        .statements()
        .iter()
        .flat_map(|statement| ["Principal", "NotPrincipal"].map(|name| statement.source().get(name)))
        .flatten();
    elements.filter_map(|element| element.get("AWS")).flat_map(|named| match named {
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect::<Vec<_>>(),
        one => one.as_str().into_iter().collect(),
    })
}

/// Whether the account, user or role with this ARN exists; an account is named by its id, too.
pub(crate) async fn exists(store: &Store, named: &str) -> Result<bool, StoreError> {
    if named == "*" {
        return Ok(true);
    }
    if policy::is_account_id(named) {
        return Ok(store.account(named).await?.is_some());
    }
    let Ok(principal) = Principal::from_arn(named) else { return Ok(false) };
    let Some(account) = principal.account() else { return Ok(false) };
    let Some(account) = store.account(account).await? else { return Ok(false) };
    let last = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(match principal.kind() {
        PrincipalKind::Root | PrincipalKind::FederatedUser => true,
        PrincipalKind::User => account
            .users
            .get(&last(named))
            .is_some_and(|user| arns::user(&account.id, &user.path, &user.name) == named),
        PrincipalKind::Role => account
            .roles
            .get(&last(named))
            .is_some_and(|role| arns::role(&account.id, &role.path, &role.name) == named),
        PrincipalKind::Session => {
            principal.principal_arn().is_some_and(|role| account.roles.contains_key(&last(role)))
        }
        PrincipalKind::Federated | PrincipalKind::Service | PrincipalKind::Anonymous => false,
    })
}
