//! CloudTrail.

use super::{Operation, ResourceOf, always};
use crate::request::ResourceKind;

pub(super) const OPERATIONS: &[Operation] = &[Operation::new(
    "cloudtrail",
    "LookupEvents",
    &[always("cloudtrail:LookupEvents", ResourceOf::Any, ResourceKind::Other)],
)];
