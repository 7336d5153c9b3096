//! How an instance's metadata service answers: set at launch, changed by `ModifyInstanceMetadataOptions`.

use std::sync::Arc;

use super::fault::{authorize, dry_run, invalid_value, required, unsupported};
use super::ids;
use super::question::about;
use super::tags::must_be_tellable;
use super::write;
use crate::gate::actions::ec2;
use crate::model::MetadataOptions;
use crate::query::{Call, Fault, Xml};

const HOP_LIMITS: std::ops::RangeInclusive<u8> = 1..=64;

/// The members of the options, as a request names them.
const MEMBERS: [&str; 4] = ["HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "InstanceMetadataTags"];

/// The options of a launch, which names them under `MetadataOptions.`; what it leaves out is as it usually is.
pub(super) fn of_launch(call: Call<'_>) -> Result<MetadataOptions, Fault> {
    // An image that asks for IMDSv2 comes with a hop limit of 2 (EC2 User Guide, `instance-metadata-options-order-of-precedence`).
    let required = call.aws.fidelity.metadata_tokens_required;
    let usual = MetadataOptions {
        tokens_required: required,
        hop_limit: if required { 2 } else { 1 },
        ..MetadataOptions::default()
    };
    let known = |name: &str| MEMBERS.contains(&name) || name == "HttpProtocolIpv6";
    let unknown = call.params.names().filter_map(|name| name.strip_prefix("MetadataOptions."));
    if let Some(name) = unknown.into_iter().find(|name| !known(name)) {
        return Err(unsupported(call, &format!("MetadataOptions.{name}")));
    }
    changed(call, "MetadataOptions.", usual)
}

pub(super) async fn modify(call: Call<'_>) -> Result<Xml, Fault> {
    let id = required(call, "InstanceId")?;
    ids::check_instances(&[id])?;
    changed(call, "", MetadataOptions::default())?;
    let given = MEMBERS.into_iter().filter_map(|name| Some((name, call.params.get(name)?)));
    let mut question = about(call, id);
    question.context.set("ec2:Attribute", given.clone().map(|(name, _)| name));
    for (name, value) in given {
        question = question.with(format!("ec2:Attribute/{name}"), value);
    }
    let permit = authorize::<ec2::ModifyInstanceMetadataOptions>(call, question)?;
    dry_run(call)?;
    call.change(&permit, |account| {
        let known = account.instance(id, call.now()).filter(|instance| !instance.terminated);
        let mut instance = known.cloned().ok_or_else(|| ids::no_instances(&[id]))?;
        instance.metadata = changed(call, "", instance.metadata)?;
        if instance.metadata.tags {
            must_be_tellable(&instance.tags)?;
        }
        let mut xml = Xml::default();
        xml.text("instanceId", id);
        write::metadata_options(&mut xml, "instanceMetadataOptions", &instance.metadata, "pending");
        account.instances.insert(id.to_owned(), Arc::new(instance));
        Ok(xml)
    })
    .await
}

/// `options` with what the request says under this prefix.
fn changed(call: Call<'_>, prefix: &str, options: MetadataOptions) -> Result<MetadataOptions, Fault> {
    let given = |name: &str| call.params.get(&format!("{prefix}{name}"));
    if given("HttpProtocolIpv6").is_some_and(|state| state != "disabled") {
        return Err(unsupported(call, "HttpProtocolIpv6=enabled"));
    }
    let flag = |name: &str, on: &str, off: &str, before: bool| match given(name) {
        None => Ok(before),
        Some(value) if value == on => Ok(true),
        Some(value) if value == off => Ok(false),
        Some(value) => Err(invalid_value(format!(
            "Value ( {value} ) for parameter {name} is invalid. Valid values are {off} and {on}."
        ))),
    };
    let hop_limit = match given("HttpPutResponseHopLimit") {
        None => options.hop_limit,
        Some(text) => text.parse().ok().filter(|limit| HOP_LIMITS.contains(limit)).ok_or_else(|| {
            invalid_value(format!(
                "Value ( {text} ) for parameter HttpPutResponseHopLimit is invalid. Expecting a value between {} and {}.",
                HOP_LIMITS.start(),
                HOP_LIMITS.end()
            ))
        })?,
    };
    Ok(MetadataOptions {
        enabled: flag("HttpEndpoint", "enabled", "disabled", options.enabled)?,
        tokens_required: flag("HttpTokens", "required", "optional", options.tokens_required)?,
        hop_limit,
        tags: flag("InstanceMetadataTags", "enabled", "disabled", options.tags)?,
    })
}
