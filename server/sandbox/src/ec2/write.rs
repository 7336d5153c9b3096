//! Instances as EC2's answers show them.

use crate::arns;
use crate::model::{Account, Instance, InstanceState, MetadataOptions};
use crate::query::{Xml, timestamp};

/// State of an instance as answers tell it: with those on the way from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
    Stopping,
    Stopped,
}

impl State {
    /// Code and name (EC2 API Reference, `InstanceState`).
    pub(super) const fn wording(self) -> (u8, &'static str) {
        match self {
            Self::Pending => (0, "pending"),
            Self::Running => (16, "running"),
            Self::ShuttingDown => (32, "shutting-down"),
            Self::Terminated => (48, "terminated"),
            Self::Stopping => (64, "stopping"),
            Self::Stopped => (80, "stopped"),
        }
    }

    /// `enabled` or `disabled`.
    pub(super) const fn of(enabled: bool) -> &'static str {
        if enabled { "enabled" } else { "disabled" }
    }
}

impl From<InstanceState> for State {
    fn from(state: InstanceState) -> Self {
        match state {
            InstanceState::Running => Self::Running,
            InstanceState::Stopped => Self::Stopped,
            InstanceState::Terminated => Self::Terminated,
        }
    }
}

/// Code and name of an instance's state.
pub(super) fn state(xml: &mut Xml, name: &str, state: State) {
    let (code, state) = state.wording();
    xml.element(name, |element| {
        element.text("code", code).text("name", state);
    });
}

/// When instances are told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// By the call that launches them: they are on their way.
    Launch,
    /// Any later.
    Later,
}

/// The instances of one launch.
pub(super) fn reservation(
    xml: &mut Xml,
    region: &str,
    account: &Account,
    instances: &[&Instance],
    moment: Moment,
) {
    let id = instances.first().map_or("", |instance| instance.reservation_id.as_str());
    xml.text("reservationId", id).text("ownerId", &account.id).element("groupSet", |_| {}).list(
        "instancesSet",
        "item",
        instances,
        |item, instance| self::instance(item, region, account, instance, moment),
    );
}

/// The one availability zone of the region.
pub(crate) fn zone(region: &str) -> String {
    format!("{region}a")
}

fn instance(xml: &mut Xml, region: &str, account: &Account, instance: &Instance, moment: Moment) {
    xml.text("instanceId", &instance.id).text("imageId", &instance.image_id);
    let (now, options) = match moment {
        Moment::Launch => (State::Pending, "pending"),
        Moment::Later => (instance.state().into(), "applied"),
    };
    state(xml, "instanceState", now);
    xml.text("amiLaunchIndex", instance.launch_index)
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
    if !instance.tags.is_empty() {
        xml.list("tagSet", "item", &instance.tags, |item, (key, value)| {
            item.text("key", key).text("value", value);
        });
    }
    metadata_options(xml, "metadataOptions", &instance.metadata, options);
}

/// How the metadata service of an instance answers; `state` is that of the options.
pub(super) fn metadata_options(xml: &mut Xml, name: &str, options: &MetadataOptions, state: &str) {
    xml.element(name, |element| {
        element
            .text("state", state)
            .text("httpTokens", if options.tokens_required { "required" } else { "optional" })
            .text("httpPutResponseHopLimit", options.hop_limit)
            .text("httpEndpoint", State::of(options.enabled))
            .text("httpProtocolIpv6", "disabled")
            .text("instanceMetadataTags", State::of(options.tags));
    });
}
