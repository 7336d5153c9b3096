//! What is asked of the gate about an instance: its ARN, and the condition keys that EC2 fills from it (Service Authorization
//! Reference, "Amazon EC2").

use super::write::{State, zone};
use crate::arns;
use crate::gate::Question;
use crate::model::{Instance, MetadataOptions};
use crate::query::Call;

/// A question about something without a resource of its own: a list.
pub(super) fn about_none(call: Call<'_>) -> Question {
    Question::about("*").with("ec2:Region", call.aws.region.as_str())
}

/// A question about the instance with this id, `*` for one that is yet to be launched.
pub(super) fn about(call: Call<'_>, id: &str) -> Question {
    let region = call.aws.region.as_str();
    let question = Question::about(arns::instance(region, call.account_id(), id))
        .with("ec2:Region", region)
        .with("ec2:InstanceID", id);
    let known = call.peek(|account| {
        let instance = account.instance(id, call.now())?;
        let profile = account.profile_of(instance);
        Some((
            instance,
            profile.map(|profile| arns::instance_profile(&account.id, &profile.path, &profile.name)),
        ))
    });
    let Some((instance, profile)) = known else { return question };
    let question = with_launch(question, call, &instance.instance_type, &instance.metadata);
    let question = with_tags(question, instance);
    match profile {
        Some(arn) => question.with("ec2:InstanceProfile", arn),
        None => question,
    }
}

/// The same with what is told of an instance at its launch already.
pub(super) fn with_launch(
    question: Question,
    call: Call<'_>,
    instance_type: &str,
    metadata: &MetadataOptions,
) -> Question {
    question
        .with("ec2:InstanceType", instance_type)
        .with("ec2:AvailabilityZone", zone(&call.aws.region))
        .with("ec2:Tenancy", "default")
        .with("ec2:InstanceMarketType", "on-demand")
        .with("ec2:MetadataHttpEndpoint", State::of(metadata.enabled))
        .with("ec2:MetadataHttpTokens", if metadata.tokens_required { "required" } else { "optional" })
        .with("ec2:MetadataHttpPutResponseHopLimit", metadata.hop_limit.to_string())
        .with("ec2:InstanceMetadataTags", State::of(metadata.tags))
}

fn with_tags(mut question: Question, instance: &Instance) -> Question {
    for (key, value) in &instance.tags {
        for prefix in ["aws", "ec2"] {
            question = question.with(format!("{prefix}:ResourceTag/{key}"), value.clone());
        }
    }
    question
}
