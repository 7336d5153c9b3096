//! `TerminateInstances`.

use std::sync::Arc;

use super::fault::{authorize, dry_run, required};
use super::{ids, write};
use crate::arns;
use crate::gate::Question;
use crate::gate::actions::ec2;
use crate::query::{Call, Fault, Xml};

pub(super) async fn terminate(call: Call<'_>) -> Result<Xml, Fault> {
    let wanted = call.params.list("InstanceId", "");
    if wanted.is_empty() {
        required(call, "InstanceId")?;
    }
    ids::check_instances(&wanted)?;
    let region = &call.aws.region;
    let mut permit = None;
    for id in &wanted {
        let question = Question::about(arns::instance(region, call.account_id(), id))
            .with("ec2:Region", region.as_str())
            .with("ec2:InstanceID", *id);
        permit = Some(authorize::<ec2::TerminateInstances>(call, question)?);
    }
    let Some(permit) = permit else { return Err(ids::no_instances(&wanted)) };
    dry_run(call)?;
    call.change(&permit, |account| {
        let missing: Vec<&str> =
            wanted.iter().copied().filter(|id| !account.instances.contains_key(*id)).collect();
        if !missing.is_empty() {
            return Err(ids::no_instances(&missing));
        }
        let mut ended = Vec::new();
        for id in &wanted {
            let Some(instance) = account.instances.get_mut(*id) else { continue };
            ended.push((*id, instance.terminated));
            if !instance.terminated {
                Arc::make_mut(instance).terminated = true;
            }
        }
        let mut xml = Xml::default();
        xml.list("instancesSet", "item", ended, |item, (id, before)| {
            item.text("instanceId", id);
            write::state(item, "currentState", true);
            write::state(item, "previousState", before);
        });
        Ok(xml)
    })
    .await
}
