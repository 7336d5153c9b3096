//! STS. What a session's credentials are is printed to whoever asked for them, as the AWS CLI does, and kept nowhere else.

use super::{Made, Members, made};
use crate::{cloud::Asked as _, console::desk::Desk, terminal::api::values::Values, verdict::Question};
use app::console::ConsoleError;

pub(super) async fn call(
    desk: &mut Desk<'_>,
    operation: &str,
    values: &Values,
) -> Result<Made, ConsoleError> {
    let sts = desk.clients.sts.clone();
    if operation == "GetCallerIdentity" {
        let request = sts.get_caller_identity().send().asked();
        let question = Question::new("sts", "GetCallerIdentity");
        let answer = desk.call(question, "who the instance is", request, |_, _| {}).await?;
        return Ok(made(answer, |who| {
            Members::default()
                .maybe("UserId", who.user_id())
                .maybe("Account", who.account())
                .maybe("Arn", who.arn())
        }));
    }
    let role = values.needed("--role-arn");
    let request = sts
        .assume_role()
        .role_arn(role)
        .role_session_name(values.needed("--role-session-name"))
        .set_duration_seconds(values.number("--duration-seconds"))
        .set_external_id(values.text("--external-id").map(Into::into))
        .send()
        .asked();
    let mut question = Question::new("sts", "AssumeRole").role(role);
    question = question.carrying("sts:RoleSessionName", [values.needed("--role-session-name").to_owned()]);
    if let Some(id) = values.text("--external-id") {
        question = question.carrying("sts:ExternalId", [id.to_owned()]);
    }
    let subject = role.rsplit('/').next().unwrap_or(role);
    let answer = desk.call(question, subject, request, |_, _| {}).await?;
    Ok(made(answer, |assumed| {
        let credentials = assumed.credentials().map(|keys| {
            Members::default()
                .with("AccessKeyId", keys.access_key_id())
                .with("SecretAccessKey", keys.secret_access_key())
                .with("SessionToken", keys.session_token())
                .time("Expiration", Some(keys.expiration()))
        });
        let user = assumed.assumed_role_user().map(|user| {
            Members::default().with("AssumedRoleId", user.assumed_role_id()).with("Arn", user.arn())
        });
        Members::default().maybe("Credentials", credentials).maybe("AssumedRoleUser", user)
    }))
}
