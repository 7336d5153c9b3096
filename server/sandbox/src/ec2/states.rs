//! `StopInstances`, `StartInstances` and `TerminateInstances`. Nothing runs, so a change is over once it was answered; the answer
//! tells the state on the way, as EC2's does.

use std::sync::Arc;

use super::fault::{authorize, dry_run, required, unsupported};
use super::ids;
use super::question::about;
use super::write::{self, State};
use crate::gate::{Action, actions::ec2};
use crate::model::{Instance, InstanceState, Timestamp};
use crate::query::{Call, Fault, Xml};

pub(super) async fn terminate(call: Call<'_>) -> Result<Xml, Fault> {
    change::<ec2::TerminateInstances>(call, State::ShuttingDown, |instance, now| {
        if !instance.terminated {
            instance.terminated = true;
            instance.ended = Some(now);
        }
        Ok(())
    })
    .await
}

pub(super) async fn stop(call: Call<'_>) -> Result<Xml, Fault> {
    if call.params.flag("Hibernate")? {
        return Err(unsupported(call, "Hibernate=true"));
    }
    change::<ec2::StopInstances>(call, State::Stopping, |instance, _| {
        if instance.terminated {
            let message =
                format!("This instance '{}' is not in a state from which it can be stopped.", instance.id);
            return Err(Fault::refused(400, "IncorrectInstanceState", message));
        }
        instance.stopped = true;
        Ok(())
    })
    .await
}

pub(super) async fn start(call: Call<'_>) -> Result<Xml, Fault> {
    change::<ec2::StartInstances>(call, State::Pending, |instance, now| {
        if instance.terminated {
            let message =
                format!("The instance '{}' is not in a state from which it can be started.", instance.id);
            return Err(Fault::refused(400, "IncorrectInstanceState", message));
        }
        if instance.stopped {
            instance.stopped = false;
            instance.launched = now;
        }
        Ok(())
    })
    .await
}

/// Changes the instances that a request names: all of them or none. One that is in the new state already stays as it is.
async fn change<A: Action>(
    call: Call<'_>,
    on_the_way: State,
    change: impl Fn(&mut Instance, Timestamp) -> Result<(), Fault>,
) -> Result<Xml, Fault> {
    let wanted = call.params.list("InstanceId", "");
    if wanted.is_empty() {
        required(call, "InstanceId")?;
    }
    ids::check_instances(&wanted)?;
    // There is no system to shut down, gently or not.
    for name in ["Force", "SkipOsShutdown"] {
        call.params.flag(name)?;
    }
    let mut permit = None;
    for id in &wanted {
        permit = Some(authorize::<A>(call, about(call, id))?);
    }
    let Some(permit) = permit else { return Err(ids::no_instances(&wanted)) };
    dry_run(call)?;
    call.change(&permit, |account| {
        let now = call.now();
        let missing: Vec<&str> =
            wanted.iter().copied().filter(|id| account.instance(id, now).is_none()).collect();
        if !missing.is_empty() {
            return Err(ids::no_instances(&missing));
        }
        let mut changed: Vec<(&str, InstanceState, State)> = Vec::new();
        for id in &wanted {
            let Some(instance) = account.instances.get_mut(*id) else { continue };
            let before = instance.state();
            let mut after = Instance::clone(instance);
            change(&mut after, now)?;
            let current = if after.state() == before { State::from(before) } else { on_the_way };
            if after.state() != before {
                *instance = Arc::new(after);
            }
            changed.push((id, before, current));
        }
        let mut xml = Xml::default();
        xml.list("instancesSet", "item", changed, |item, (id, before, current)| {
            item.text("instanceId", id);
            write::state(item, "currentState", current);
            write::state(item, "previousState", before.into());
        });
        Ok(xml)
    })
    .await
}
