//! The tree of items: values at its leaves, listings in between.

use serde_json::{Value, json};

use super::{Place, credentials};
use crate::crypto::CryptoError;
use crate::ec2::zone;
use crate::query::timestamp;

/// Every item but those under `iam/`, which depend on the instance's profile.
const ITEMS: [&str; 6] = [
    "dynamic/instance-identity/document",
    "meta-data/ami-id",
    "meta-data/instance-id",
    "meta-data/instance-type",
    "meta-data/placement/availability-zone",
    "meta-data/placement/region",
];
const INFO: &str = "meta-data/iam/info";
const CREDENTIALS: &str = "meta-data/iam/security-credentials/";

/// Body and content type of an item or a listing; `None` when there is no such item.
pub(super) fn read(place: Place<'_>, item: &str) -> Result<Option<(String, &'static str)>, CryptoError> {
    if let Some(role) =
        credentials::role(place).filter(|role| item.strip_prefix(CREDENTIALS) == Some(&role.name))
    {
        let credentials = credentials::security_credentials(place, role)?;
        return Ok(Some((pretty(&credentials), "text/plain")));
    }
    if item == INFO {
        return Ok(credentials::info(place).map(|info| (pretty(&info), "text/plain")));
    }
    let text = match item {
        "dynamic/instance-identity/document" => pretty(&identity_document(place)),
        "meta-data/ami-id" => place.instance.image_id.clone(),
        "meta-data/instance-id" => place.instance.id.clone(),
        "meta-data/instance-type" => place.instance.instance_type.clone(),
        "meta-data/placement/availability-zone" => zone(&place.aws.region),
        "meta-data/placement/region" => place.aws.region.clone(),
        folder => return Ok(listing(place, folder).map(|names| (names, "text/plain"))),
    };
    Ok(Some((text, "text/plain")))
}

/// Names below a folder, one a line; folders end in `/`.
fn listing(place: Place<'_>, folder: &str) -> Option<String> {
    let folder =
        if folder.is_empty() || folder.ends_with('/') { folder.to_owned() } else { format!("{folder}/") };
    let mut items: Vec<String> = ITEMS.map(str::to_owned).into();
    if credentials::profile(place).is_some() {
        items.push(INFO.to_owned());
    }
    if let Some(role) = credentials::role(place) {
        items.push(format!("{CREDENTIALS}{}", role.name));
    }
    let mut names: Vec<&str> = items
        .iter()
        .filter_map(|item| item.strip_prefix(&folder))
        .map(|rest| rest.split_inclusive('/').next().unwrap_or(rest))
        .collect();
    names.sort_unstable();
    names.dedup();
    (!names.is_empty()).then(|| names.join("\n"))
}

/// The document by which clients learn the region, among others. It is not signed here.
fn identity_document(place: Place<'_>) -> Value {
    json!({
        "accountId": place.account.id,
        "architecture": "x86_64",
        "availabilityZone": zone(&place.aws.region),
        "billingProducts": null,
        "devpayProductCodes": null,
        "imageId": place.instance.image_id,
        "instanceId": place.instance.id,
        "instanceType": place.instance.instance_type,
        "kernelId": null,
        "marketplaceProductCodes": null,
        "pendingTime": timestamp(place.instance.launched),
        "privateIp": null,
        "ramdiskId": null,
        "region": place.aws.region,
        "version": "2017-09-30",
    })
}

fn pretty(value: &Value) -> String {
    // A JSON value always has a text; the alternate form is the one with line ends.
    format!("{value:#}")
}
