//! Trust policies, as IAM accepts them.

use super::policies::stored;
use crate::model::PolicyText;
use crate::query::Fault;
use crate::{Aws, principals};

/// A trust policy that IAM accepts: well formed, and every principal that it names exists.
pub(super) async fn document(aws: &Aws, text: &str) -> Result<PolicyText, Fault> {
    let document = policy::validate::trust(text)?;
    match principals::first_missing(&aws.store, &document).await? {
        None => stored(text),
        Some(named) => Err(Fault::refused(
            400,
            "MalformedPolicyDocument",
            format!("Invalid principal in policy: \"AWS\":\"{named}\""),
        )),
    }
}
