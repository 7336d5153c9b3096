//! `GetSessionToken` and `GetFederationToken`: temporary credentials by whoever holds long-term ones.

use super::mfa;
use super::session::{
    Packed, inline_policy, length, pattern, policy_arns, session_policies, write_credentials,
};
use super::tags;
use crate::caller::{Federation, Identity, Temporary, Token, UserRef};
use crate::gate::Question;
use crate::gate::actions::sts;
use crate::query::{Call, Fault, Xml};

/// How long such credentials may last, in seconds; those of the root user last an hour at most.
const DURATION: std::ops::RangeInclusive<i64> = 900..=129_600;
const DEFAULT_DURATION: i64 = 43_200;
const MAX_ROOT_DURATION: i64 = 3_600;

/// Who asks: a user, or the root user (`None`).
fn user_of(call: Call<'_>) -> Result<Option<UserRef>, Fault> {
    let operation = call.params.action().unwrap_or_default();
    let refused =
        || Fault::refused(403, "AccessDenied", format!("Cannot call {operation} with session credentials"));
    if call.caller.is_temporary() {
        return Err(refused());
    }
    match &call.caller.identity {
        Identity::Root => Ok(None),
        Identity::User(name) => Ok(Some(UserRef { name: name.clone(), id: call.caller.user_id() })),
        Identity::Session(_) | Identity::Federated(_) | Identity::Anonymous => Err(refused()),
    }
}

fn duration(call: Call<'_>, user: Option<&UserRef>) -> Result<i64, Fault> {
    let asked = call.params.integer("DurationSeconds", DURATION)?.unwrap_or(DEFAULT_DURATION);
    // What is longer is cut, not refused (STS API reference, `GetSessionToken`).
    Ok(if user.is_none() { asked.min(MAX_ROOT_DURATION) } else { asked })
}

/// Asks nobody: no permission is needed (STS API reference, `GetSessionToken`).
pub(super) async fn session_token(call: Call<'_>) -> Result<Xml, Fault> {
    let user = user_of(call)?;
    let expires = call.now() + duration(call, user.as_ref())?;
    let mfa = mfa::verified(call).await?;
    let token = Temporary { account: call.account_id().to_owned(), user, issued: call.now(), expires, mfa };
    write_credentials(call, &Token::User(token))
}

pub(super) async fn federation_token(call: Call<'_>) -> Result<Xml, Fault> {
    let params = call.params;
    let name = params.required("Name")?;
    length("name", name, 2..=32)?;
    pattern("name", name, "_+=,.@-", r"[\w+=,.@-]*")?;
    let policy = inline_policy(params)?;
    let arns = policy_arns(params)?;
    let tags = tags::tags(params)?;
    let user = user_of(call)?;
    let expires = call.now() + duration(call, user.as_ref())?;
    let account_id = call.account_id();
    let arn = format!("arn:aws:sts::{account_id}:federated-user/{name}");
    let question = || tags::with_tags(Question::about(arn.clone()), &tags);
    let permit = call.authorize::<sts::GetFederationToken>(question())?;
    if !tags.values.is_empty() {
        call.authorize::<sts::TagSession>(question())?;
    }
    let packed = Packed { policy, policy_arns: &arns, tags: &tags };
    packed.must_fit()?;
    let packed = packed.percent();
    let policies = session_policies(policy, &arns, call.account(&permit)?)?;
    let token = Token::Federated(Federation {
        account: account_id.to_owned(),
        user,
        name: name.to_owned(),
        policies,
        issued: call.now(),
        expires,
        tags,
    });
    let mut xml = write_credentials(call, &token)?;
    xml.element("FederatedUser", |element| {
        element.text("FederatedUserId", format_args!("{account_id}:{name}")).text("Arn", &arn);
    })
    .text("PackedPolicySize", packed);
    Ok(xml)
}
