//! `DescribeInstances`.

use std::collections::BTreeMap;

use super::fault::{authorize, dry_run, invalid_value};
use super::{ids, write};
use crate::arns;
use crate::gate::Question;
use crate::gate::actions::ec2;
use crate::model::{Account, Instance};
use crate::query::{Call, Fault, Xml};

/// What `MaxResults` may be.
const PAGE: std::ops::RangeInclusive<usize> = 5..=1_000;

pub(super) async fn describe(call: Call<'_>) -> Result<Xml, Fault> {
    let wanted = call.params.list("InstanceId", "");
    ids::check_instances(&wanted)?;
    let filters = Filter::read_all(call)?;
    let limit = max_results(call)?;
    let question = Question::about("*").with("ec2:Region", call.aws.region.as_str());
    let permit = authorize::<ec2::DescribeInstances>(call, question)?;
    dry_run(call)?;
    let account = call.account(&permit)?;
    let missing: Vec<&str> =
        wanted.iter().copied().filter(|id| !account.instances.contains_key(*id)).collect();
    if !missing.is_empty() {
        return Err(ids::no_instances(&missing));
    }
    let mut reservations: BTreeMap<&str, Vec<&Instance>> = BTreeMap::new();
    for instance in account.instances.values() {
        let asked_for = wanted.is_empty() || wanted.contains(&instance.id.as_str());
        if asked_for && filters.iter().all(|filter| filter.passes(account, instance)) {
            reservations.entry(&instance.reservation_id).or_default().push(instance);
        }
    }
    // A token is the last reservation of the page before.
    let after = call.params.get("NextToken").unwrap_or_default();
    if !after.is_empty() && !ids::is_well_formed("r-", after) {
        let message = "The specified pagination token is not valid or is expired.";
        return Err(Fault::refused(400, "InvalidPaginationToken", message));
    }
    let mut rest = reservations.iter().filter(|(id, _)| **id > after).peekable();
    let mut shown = Vec::new();
    while let Some(reservation) = rest.next_if(|_| shown.len() < limit) {
        shown.push(reservation);
    }
    let next = rest.peek().and_then(|_| shown.last()).map(|(id, _)| **id);
    let mut xml = Xml::default();
    xml.list("reservationSet", "item", shown, |item, (_, instances)| {
        write::reservation(item, &call.aws.region, account, instances);
    })
    .optional("nextToken", next);
    Ok(xml)
}

fn max_results(call: Call<'_>) -> Result<usize, Fault> {
    let Some(text) = call.params.get("MaxResults") else { return Ok(usize::MAX) };
    text.parse().ok().filter(|limit| PAGE.contains(limit)).ok_or_else(|| {
        invalid_value(format!(
            "Value ( {text} ) for parameter maxResults is invalid. Expecting a value between {} and {}.",
            PAGE.start(),
            PAGE.end()
        ))
    })
}

/// A filter: instances pass whose field has one of the values.
struct Filter<'a> {
    field: Field,
    values: Vec<&'a str>,
}

#[derive(Clone, Copy)]
enum Field {
    InstanceId,
    ImageId,
    InstanceType,
    State,
    ReservationId,
    ProfileArn,
}

impl<'a> Filter<'a> {
    fn read_all(call: Call<'a>) -> Result<Vec<Self>, Fault> {
        let names = call.params.numbered("Filter", ".Name").into_iter();
        names
            .map(|(number, name)| {
                let field = match name {
                    "instance-id" => Field::InstanceId,
                    "image-id" => Field::ImageId,
                    "instance-type" => Field::InstanceType,
                    "instance-state-name" => Field::State,
                    "reservation-id" => Field::ReservationId,
                    "iam-instance-profile.arn" => Field::ProfileArn,
                    _ => return Err(invalid_value(format!("The filter '{name}' is invalid"))),
                };
                Ok(Self { field, values: call.params.list(&format!("Filter.{number}.Value"), "") })
            })
            .collect()
    }

    fn passes(&self, account: &Account, instance: &Instance) -> bool {
        let profile = || {
            let profile = account.profile_of(instance)?;
            Some(arns::instance_profile(&account.id, &profile.path, &profile.name))
        };
        let actual = match self.field {
            Field::InstanceId => instance.id.clone(),
            Field::ImageId => instance.image_id.clone(),
            Field::InstanceType => instance.instance_type.clone(),
            Field::State => if instance.terminated { "terminated" } else { "running" }.to_owned(),
            Field::ReservationId => instance.reservation_id.clone(),
            Field::ProfileArn => profile().unwrap_or_default(),
        };
        self.values.contains(&actual.as_str())
    }
}
