//! The tree of items: values at its leaves, listings in between.

use serde_json::{Value, json};

use super::{Place, credentials};
use crate::crypto::CryptoError;
use crate::ec2::zone;
use crate::query::timestamp;

/// The versions of the service, as EC2 lists them (EC2 User Guide, `instancedata-data-retrieval`). All answer alike here.
const VERSIONS: [&str; 26] = [
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
    "2011-01-01",
    "2011-05-01",
    "2012-01-12",
    "2014-02-25",
    "2014-11-05",
    "2015-10-20",
    "2016-04-19",
    "2016-06-30",
    "2016-09-02",
    "2018-03-28",
    "2018-08-17",
    "2018-09-24",
    "2019-10-01",
    "2020-10-27",
    "2021-01-03",
    "2021-03-23",
    "latest",
];

const IDENTITY: &str = "dynamic/instance-identity/document";
const INFO: &str = "meta-data/iam/info";
const CREDENTIALS: &str = "meta-data/iam/security-credentials/";
const TAGS: &str = "meta-data/tags/instance/";

/// The value of an item that every instance has.
type Item = fn(Place<'_>) -> String;

/// Every item but those that depend on the instance's profile and tags.
const ITEMS: [(&str, Item); 12] = [
    (IDENTITY, |place| pretty(&identity_document(place))),
    ("meta-data/ami-id", |place| place.instance.image_id.clone()),
    ("meta-data/ami-launch-index", |place| place.instance.launch_index.to_string()),
    ("meta-data/instance-action", |_| "none".to_owned()),
    ("meta-data/instance-id", |place| place.instance.id.clone()),
    ("meta-data/instance-life-cycle", |_| "on-demand".to_owned()),
    ("meta-data/instance-type", |place| place.instance.instance_type.clone()),
    ("meta-data/placement/availability-zone", |place| zone(&place.aws.region)),
    ("meta-data/placement/region", |place| place.aws.region.clone()),
    ("meta-data/reservation-id", |place| place.instance.reservation_id.clone()),
    ("meta-data/services/domain", |_| "amazonaws.com".to_owned()),
    ("meta-data/services/partition", |_| "aws".to_owned()),
];

/// The list of versions.
pub(super) fn versions() -> String {
    VERSIONS.join("\n")
}

/// Whether there is this version.
pub(super) fn is_version(version: &str) -> bool {
    VERSIONS.contains(&version)
}

/// An item or a listing; `None` when there is no such item. `version` is 1 for requests without a token, else 2.
pub(super) fn read(place: Place<'_>, item: &str, version: u8) -> Result<Option<String>, CryptoError> {
    // An item is an item with a slash behind it, too: so SDKs ask for the availability zone.
    let item = item.strip_suffix('/').unwrap_or(item);
    if let Some(role) =
        credentials::role(place).filter(|role| item.strip_prefix(CREDENTIALS) == Some(&role.name))
    {
        let credentials = credentials::security_credentials(place, role, version)?;
        return Ok(Some(pretty(&credentials)));
    }
    if item == INFO {
        return Ok(credentials::info(place).map(|info| pretty(&info)));
    }
    if let Some(key) = item.strip_prefix(TAGS).filter(|key| !key.is_empty()) {
        let tags = &place.instance.tags;
        return Ok(tags.get(key).filter(|_| place.instance.metadata.tags).cloned());
    }
    let leaf = ITEMS.iter().find(|(name, _)| *name == item);
    Ok(leaf.map(|(_, value)| value(place)).or_else(|| listing(place, item)))
}

/// Names below a folder, one a line. Folders end in `/`, but for those at the top.
fn listing(place: Place<'_>, folder: &str) -> Option<String> {
    let folder =
        if folder.is_empty() || folder.ends_with('/') { folder.to_owned() } else { format!("{folder}/") };
    let mut items: Vec<String> = ITEMS.iter().map(|(name, _)| (*name).to_owned()).collect();
    if credentials::profile(place).is_some() {
        items.push(INFO.to_owned());
    }
    if let Some(role) = credentials::role(place) {
        items.push(format!("{CREDENTIALS}{}", role.name));
    }
    if place.instance.metadata.tags {
        items.extend(place.instance.tags.keys().map(|key| format!("{TAGS}{key}")));
    }
    let mut names: Vec<&str> = items
        .iter()
        .filter_map(|item| item.strip_prefix(&folder))
        .map(|rest| match folder.as_str() {
            "" => rest.split('/').next().unwrap_or(rest),
            _ => rest.split_inclusive('/').next().unwrap_or(rest),
        })
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
