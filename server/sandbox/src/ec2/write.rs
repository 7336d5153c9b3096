//! Instances as EC2's answers show them.

use crate::arns;
use crate::model::{Account, Instance};
use crate::query::{Xml, timestamp};

/// Code and name of an instance's state.
pub(super) fn state(xml: &mut Xml, name: &str, terminated: bool) {
    let (code, state) = if terminated { (48, "terminated") } else { (16, "running") };
    xml.element(name, |element| {
        element.text("code", code).text("name", state);
    });
}

/// The instances of one launch.
pub(super) fn reservation(xml: &mut Xml, region: &str, account: &Account, instances: &[&Instance]) {
    let id = instances.first().map_or("", |instance| instance.reservation_id.as_str());
    xml.text("reservationId", id).text("ownerId", &account.id).element("groupSet", |_| {}).list(
        "instancesSet",
        "item",
        instances.iter().enumerate(),
        |item, (index, instance)| self::instance(item, region, account, instance, index),
    );
}

/// The one availability zone of the region.
pub(crate) fn zone(region: &str) -> String {
    format!("{region}a")
}

fn instance(xml: &mut Xml, region: &str, account: &Account, instance: &Instance, index: usize) {
    xml.text("instanceId", &instance.id).text("imageId", &instance.image_id);
    state(xml, "instanceState", instance.terminated);
    xml.text("amiLaunchIndex", index)
        .text("instanceType", &instance.instance_type)
        .text("launchTime", timestamp(instance.launched))
        .element("placement", |placement| {
            placement.text("availabilityZone", zone(region)).text("tenancy", "default");
        })
        .optional("clientToken", instance.client_token.as_deref());
    if let Some(profile) = account.profile_of(instance).filter(|_| !instance.terminated) {
        xml.element("iamInstanceProfile", |element| {
            element
                .text("arn", arns::instance_profile(&account.id, &profile.path, &profile.name))
                .text("id", &profile.id);
        });
    }
    xml.element("metadataOptions", |options| {
        options.text("state", "applied").text("httpTokens", "required").text("httpEndpoint", "enabled");
    });
}
