//! `DescribeInstances`.

use std::collections::BTreeMap;

use super::fault::{authorize, dry_run};
use super::filter::{Filter, page};
use super::ids;
use super::question::about_none;
use super::write::{self, Moment, State, zone};
use crate::arns;
use crate::gate::actions::ec2;
use crate::model::{Account, Instance};
use crate::query::{Call, Fault, Xml, timestamp};

pub(super) async fn describe(call: Call<'_>) -> Result<Xml, Fault> {
    let wanted = call.params.list("InstanceId", "");
    ids::check_instances(&wanted)?;
    if !wanted.is_empty() && call.params.get("MaxResults").is_some() {
        return Err(Fault::refused(
            400,
            "InvalidParameterCombination",
            "The parameter instancesSet cannot be used with the parameter maxResults",
        ));
    }
    let filters = Filter::read_all(call, |name| field(name).is_some() || name.starts_with("tag:"))?;
    let permit = authorize::<ec2::DescribeInstances>(call, about_none(call))?;
    dry_run(call)?;
    let account = call.account(&permit)?;
    let now = call.now();
    let missing: Vec<&str> =
        wanted.iter().copied().filter(|id| account.instance(id, now).is_none()).collect();
    if !missing.is_empty() {
        return Err(ids::no_instances(&missing));
    }
    let mut reservations: BTreeMap<String, Vec<&Instance>> = BTreeMap::new();
    for instance in account.instances.values().filter(|instance| !instance.is_gone(now)) {
        let asked_for = wanted.is_empty() || wanted.contains(&instance.id.as_str());
        let shown = Shown { account, region: &call.aws.region, instance };
        if asked_for && filters.iter().all(|filter| passes(filter, &shown)) {
            reservations.entry(instance.reservation_id.clone()).or_default().push(instance);
        }
    }
    let (shown, next) = page(call, reservations)?;
    let mut xml = Xml::default();
    xml.list("reservationSet", "item", shown, |item, mut instances| {
        instances.sort_by_key(|instance| instance.launch_index);
        write::reservation(item, &call.aws.region, account, &instances, Moment::Later);
    })
    .optional("nextToken", next);
    Ok(xml)
}

/// An instance that filters look at.
struct Shown<'a> {
    account: &'a Account,
    region: &'a str,
    instance: &'a Instance,
}

/// The values of an instance that a filter compares with.
type Field = fn(&Shown<'_>) -> Vec<String>;

/// The filters there are, by name; `tag:…` comes on top.
const FIELDS: [(&str, Field); 22] = [
    ("instance-id", |shown| vec![shown.instance.id.clone()]),
    ("image-id", |shown| vec![shown.instance.image_id.clone()]),
    ("instance-type", |shown| vec![shown.instance.instance_type.clone()]),
    ("instance-state-name", |shown| vec![state(shown).1.to_owned()]),
    ("instance-state-code", |shown| vec![state(shown).0.to_string()]),
    ("reservation-id", |shown| vec![shown.instance.reservation_id.clone()]),
    ("owner-id", |shown| vec![shown.account.id.clone()]),
    ("client-token", |shown| shown.instance.client_token.iter().cloned().collect()),
    ("launch-index", |shown| vec![shown.instance.launch_index.to_string()]),
    // AWS writes milliseconds here.
    ("launch-time", |shown| vec![timestamp(shown.instance.launched).replace('Z', ".000Z")]),
    ("availability-zone", |shown| vec![zone(shown.region)]),
    ("tenancy", |_| vec!["default".to_owned()]),
    ("iam-instance-profile.arn", |shown| {
        let profile = shown.account.profile_of(shown.instance).into_iter();
        profile
            .map(|profile| arns::instance_profile(&shown.account.id, &profile.path, &profile.name))
            .collect()
    }),
    ("iam-instance-profile.id", |shown| {
        shown.account.profile_of(shown.instance).map(|profile| profile.id.clone()).into_iter().collect()
    }),
    ("iam-instance-profile.name", |shown| {
        shown.account.profile_of(shown.instance).map(|profile| profile.name.clone()).into_iter().collect()
    }),
    ("tag-key", |shown| shown.instance.tags.keys().cloned().collect()),
    ("tag-value", |shown| shown.instance.tags.values().cloned().collect()),
    ("metadata-options.http-endpoint", |shown| vec![State::of(shown.instance.metadata.enabled).to_owned()]),
    ("metadata-options.http-tokens", |shown| {
        let required = shown.instance.metadata.tokens_required;
        vec![if required { "required" } else { "optional" }.to_owned()]
    }),
    ("metadata-options.http-put-response-hop-limit", |shown| {
        vec![shown.instance.metadata.hop_limit.to_string()]
    }),
    ("metadata-options.instance-metadata-tags", |shown| {
        vec![State::of(shown.instance.metadata.tags).to_owned()]
    }),
    ("metadata-options.state", |_| vec!["applied".to_owned()]),
];

fn field(name: &str) -> Option<Field> {
    FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
}

fn state(shown: &Shown<'_>) -> (u8, &'static str) {
    State::from(shown.instance.state()).wording()
}

fn passes(filter: &Filter<'_>, shown: &Shown<'_>) -> bool {
    match filter.name.strip_prefix("tag:") {
        Some(key) => filter.passes(shown.instance.tags.get(key)),
        None => field(filter.name).is_some_and(|field| filter.passes(field(shown))),
    }
}
