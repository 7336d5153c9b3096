//! Calls on roles and policies, and IAM's simulator.

use super::calls::{Told, not_made};
use crate::{cloud::Asked as _, console::desk::Desk, tutorial::scenario::Call, verdict::Question};
use app::console::{Answer, ConsoleError};
use aws_sdk_iam::types::{EvaluationResult, PolicyEvaluationDecisionType};

/// Makes a call of IAM's.
pub(super) async fn on_iam(desk: &mut Desk<'_>, call: &Call) -> Result<Result<(), Answer>, ConsoleError> {
    let iam = desk.clients.iam.clone();
    let of_role = |desk: &Desk<'_>, operation, role: &str| {
        Question::new("iam", operation).role(&desk.lab.role_arn(role))
    };
    let last = |arn: &str| arn.rsplit('/').next().unwrap_or(arn).to_owned();
    Ok(match call {
        Call::CreateRole(name, trust) => {
            let request = iam.create_role().role_name(name).assume_role_policy_document(trust).send().asked();
            let question = of_role(desk, "CreateRole", name);
            desk.call(question, name.as_str(), request, |_, _| {}).await?.map(drop)
        }
        Call::GetRole(name) => {
            let request = iam.get_role().role_name(*name).send().asked();
            let question = of_role(desk, "GetRole", name);
            desk.call(question, *name, request, |_, _| {}).await?.map(drop)
        }
        Call::DeleteRole(name) => {
            let request = iam.delete_role().role_name(name).send().asked();
            let question = of_role(desk, "DeleteRole", name);
            desk.call(question, name.as_str(), request, |_, _| {}).await?.map(drop)
        }
        Call::PutRolePolicy(role, name, document) => {
            let request = iam.put_role_policy().role_name(role).policy_name(name).policy_document(document);
            let question = of_role(desk, "PutRolePolicy", role);
            desk.call(question, format!("{name} in {role}"), request.send().asked(), |_, _| {})
                .await?
                .map(drop)
        }
        Call::DeleteRolePolicy(role, name) => {
            let request = iam.delete_role_policy().role_name(role).policy_name(name).send().asked();
            let question = of_role(desk, "DeleteRolePolicy", role);
            desk.call(question, format!("{name} in {role}"), request, |_, _| {}).await?.map(drop)
        }
        Call::AttachRolePolicy(role, policy) => {
            let request = iam.attach_role_policy().role_name(role).policy_arn(policy).send().asked();
            let question = of_role(desk, "AttachRolePolicy", role).policy(policy);
            desk.call(question, format!("{} to {role}", last(policy)), request, |_, _| {}).await?.map(drop)
        }
        Call::DetachRolePolicy(role, policy) => {
            let request = iam.detach_role_policy().role_name(role).policy_arn(policy).send().asked();
            let question = of_role(desk, "DetachRolePolicy", role).policy(policy);
            desk.call(question, format!("{} from {role}", last(policy)), request, |_, _| {}).await?.map(drop)
        }
        Call::CreatePolicyVersion(listing, document) => {
            let policy = desk.lab.policy_arn(*listing);
            let request = iam.create_policy_version().policy_arn(&policy).policy_document(document);
            let question = Question::new("iam", "CreatePolicyVersion").policy(&policy);
            let request = request.set_as_default(true).send().asked();
            desk.call(question, last(&policy), request, |_, _| {}).await?.map(drop)
        }
        Call::SetDefaultPolicyVersion(policy, version) => {
            let request =
                iam.set_default_policy_version().policy_arn(policy).version_id(version).send().asked();
            let question = Question::new("iam", "SetDefaultPolicyVersion").policy(policy);
            desk.call(question, format!("{} {version}", last(policy)), request, |_, _| {}).await?.map(drop)
        }
        Call::DeletePolicyVersion(policy, version) => {
            let request = iam.delete_policy_version().policy_arn(policy).version_id(version).send().asked();
            let question = Question::new("iam", "DeletePolicyVersion").policy(policy);
            desk.call(question, format!("{} {version}", last(policy)), request, |_, _| {}).await?.map(drop)
        }
        other => return Err(not_made(other)),
    })
}

/// `iam:SimulateCustomPolicy`.
pub(super) async fn simulate(
    desk: &mut Desk<'_>,
    document: &str,
    action: &str,
    resource: &str,
    allowed: bool,
) -> Result<Told, ConsoleError> {
    let iam = desk.clients.iam.clone();
    let request = iam
        .simulate_custom_policy()
        .policy_input_list(document)
        .action_names(action)
        .resource_arns(resource)
        .send()
        .asked();
    let question = Question::new("iam", "SimulateCustomPolicy");
    let made = desk.call(question, format!("{action} on {resource}"), request, |_, _| {}).await?;
    Ok(simulated(made.map(|answer| answer.evaluation_results.unwrap_or_default()), action, allowed))
}

/// `iam:SimulatePrincipalPolicy`.
pub(super) async fn simulate_role(
    desk: &mut Desk<'_>,
    role: &str,
    action: &str,
    resource: &str,
    allowed: bool,
) -> Result<Told, ConsoleError> {
    let iam = desk.clients.iam.clone();
    let arn = desk.lab.role_arn(role);
    let request = iam.simulate_principal_policy().policy_source_arn(&arn);
    let request = request.action_names(action).resource_arns(resource).send().asked();
    let question = Question::new("iam", "SimulatePrincipalPolicy").role(&arn);
    let made = desk.call(question, format!("{action} by {role}"), request, |_, _| {}).await?;
    Ok(simulated(made.map(|answer| answer.evaluation_results.unwrap_or_default()), action, allowed))
}

/// What the simulator says, against what it should say.
fn simulated(made: Result<Vec<EvaluationResult>, Answer>, action: &str, allowed: bool) -> Told {
    let said = match made.as_ref().map(|results| results.first()) {
        Ok(Some(result)) => {
            let decision = result.eval_decision();
            let is_allowed = *decision == PolicyEvaluationDecisionType::Allowed;
            (is_allowed != allowed)
                .then(|| format!("IAM’s simulator says {} for {action}", decision.as_str()))
        }
        Ok(None) => Some("IAM’s simulator said nothing".into()),
        Err(_) => None,
    };
    Told { result: made.map(drop), said }
}
