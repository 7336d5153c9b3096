//! Permissions boundaries: the most that a user or role can be allowed by its identity policies (IAM User Guide,
//! `access_policies_boundaries`).

use super::holder::Bounded;
use crate::gate::Question;
use crate::managed;
use crate::model::Account;
use crate::query::{Call, Fault, Xml};

/// `PermissionsBoundary`, where it may be given.
pub(super) fn given(call: Call<'_>) -> Option<&str> {
    call.params.get("PermissionsBoundary")
}

/// The question about one that is to be made, with the boundary it is to have.
pub(super) fn asked_with(question: Question, boundary: Option<&str>) -> Question {
    match boundary {
        Some(arn) => question.with("iam:PermissionsBoundary", arn),
        None => question,
    }
}

/// A boundary is a managed policy that is there.
pub(super) fn must_exist(account: &Account, arn: Option<&str>) -> Result<(), Fault> {
    match arn {
        Some(arn) if managed::document(account, arn).is_none() => {
            Err(Fault::no_such_entity(format!("Scope ARN: {arn} does not exist or is not attachable.")))
        }
        _ => Ok(()),
    }
}

pub(super) async fn put<H: Bounded>(call: Call<'_>) -> Result<Xml, Fault> {
    let name = H::named(call)?;
    let arn = call.params.required("PermissionsBoundary")?;
    // The boundary that is to be is what can be demanded, not the one that was.
    let permit = call.authorize::<H::PutBoundary>(asked_with(H::question(call, name), Some(arn)))?;
    call.change(&permit, |account| {
        must_exist(account, Some(arn))?;
        H::set_boundary(account, name, Some(arn.to_owned())).ok_or_else(|| H::not_found(name))?;
        Ok(Xml::default())
    })
    .await
}

pub(super) async fn delete<H: Bounded>(call: Call<'_>) -> Result<Xml, Fault> {
    let name = H::named(call)?;
    let permit = call.authorize::<H::DeleteBoundary>(H::question(call, name))?;
    call.change(&permit, |account| {
        H::set_boundary(account, name, None).ok_or_else(|| H::not_found(name))?;
        Ok(Xml::default())
    })
    .await
}

/// How a user or role shows its boundary.
pub(super) fn write(xml: &mut Xml, boundary: Option<&str>) {
    if let Some(arn) = boundary {
        xml.element("PermissionsBoundary", |element| {
            element.text("PermissionsBoundaryType", "Policy").text("PermissionsBoundaryArn", arn);
        });
    }
}
