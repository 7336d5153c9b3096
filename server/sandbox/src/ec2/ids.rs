//! Ids of EC2 resources: a prefix and hexadecimal digits.

use super::fault::invalid_value;
use crate::crypto::{self, CryptoError};
use crate::query::Fault;

/// Prefix of the id of an association of instance and profile.
pub(super) const ASSOCIATION: &str = "iip-assoc-";

/// A new id with 17 digits, as EC2 has given them since 2018.
pub(super) fn new(prefix: &str) -> Result<String, CryptoError> {
    let digits = hex::encode(crypto::random::<9>()?);
    Ok(format!("{prefix}{}", digits.get(..17).unwrap_or(&digits)))
}

/// Whether `id` is `prefix` and 8 or 17 digits.
pub(super) fn is_well_formed(prefix: &str, id: &str) -> bool {
    id.strip_prefix(prefix).is_some_and(|digits| {
        matches!(digits.len(), 8 | 17) && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Whether `id` could be an instance's.
pub(crate) fn is_instance_id(id: &str) -> bool {
    is_well_formed("i-", id)
}

/// Refuses malformed ids of instances.
pub(super) fn check_instances(ids: &[&str]) -> Result<(), Fault> {
    match ids.iter().find(|id| !is_instance_id(id)) {
        Some(id) => Err(Fault::refused(400, "InvalidInstanceID.Malformed", format!("Invalid id: \"{id}\""))),
        None => Ok(()),
    }
}

/// Refuses malformed ids of associations.
pub(super) fn check_association(id: &str) -> Result<(), Fault> {
    match is_well_formed(ASSOCIATION, id) {
        true => Ok(()),
        false => Err(invalid_value("Invalid value for associationId.")),
    }
}

/// The instances with these ids do not exist.
pub(super) fn no_instances(ids: &[&str]) -> Fault {
    let message = match ids {
        [id] => format!("The instance ID '{id}' does not exist"),
        ids => format!("The instance IDs '{}' do not exist", ids.join(", ")),
    };
    Fault::refused(400, "InvalidInstanceID.NotFound", message)
}

/// There is no association with this id.
pub(super) fn no_association(id: &str) -> Fault {
    Fault::refused(
        400,
        "InvalidAssociationID.NotFound",
        format!("An invalid association-id of '{id}' was given"),
    )
}
