//! `AssumeRole`: credentials for a session of a role.

use std::sync::Arc;

use policy::{Arn, NamedPolicy, ResourceKind};

use super::mfa;
use super::session::{
    inline_policy, length, packed_percent, pattern, policy_arns, session_policies, write_credentials,
};
use crate::arns;
use crate::caller::{Identity, Session, SessionSource, Token};
use crate::gate::actions::sts;
use crate::gate::{Permit, Question};
use crate::model::{Account, Role};
use crate::query::{Call, Fault, Params, Xml};

/// Shortest and longest session in seconds; a role's own maximum may be lower than the longest.
const DURATION: std::ops::RangeInclusive<i64> = 900..=43_200;
/// Length of a session when the request does not say.
const DEFAULT_DURATION: i64 = 3_600;
/// Longest session of a role that was assumed from a session of another.
const MAX_CHAINED_DURATION: i64 = 3_600;

pub(super) async fn assume_role(call: Call<'_>) -> Result<Xml, Fault> {
    let asked = Asked::read(call.params)?;
    match call.caller.identity {
        Identity::Root => {
            return Err(Fault::refused(403, "AccessDenied", "Roles may not be assumed by root accounts."));
        }
        // STS is closed to federated users (IAM User Guide, `id_credentials_sts-comparison`).
        Identity::Federated(_) => return Err(denied(call, &asked)),
        _ => {}
    }
    let mfa = mfa::verified(call).await?;
    let target = Target::find(call, &asked).await?;
    let permit = authorize(call, &asked, target.as_ref(), mfa)?;
    let Some(target) = target else { return Err(denied(call, &asked)) };
    open_session(call, &asked, &target, &permit)
}

/// The parameters, checked.
struct Asked<'a> {
    role_arn: &'a str,
    session_name: &'a str,
    duration: Option<i64>,
    policy: Option<&'a str>,
    policy_arns: Vec<&'a str>,
    external_id: Option<&'a str>,
}

impl<'a> Asked<'a> {
    fn read(params: &'a Params) -> Result<Self, Fault> {
        let role_arn = params.required("RoleArn")?;
        let session_name = params.required("RoleSessionName")?;
        length("roleArn", role_arn, 20..=2_048)?;
        length("roleSessionName", session_name, 2..=64)?;
        pattern("roleSessionName", session_name, "_+=,.@-", r"[\w+=,.@-]*")?;
        let duration = params.integer("DurationSeconds", DURATION)?;
        let policy = inline_policy(params)?;
        let external_id = params.get("ExternalId");
        if let Some(id) = external_id {
            length("externalId", id, 2..=1_224)?;
            pattern("externalId", id, r"_+=,.@:\/-", r"[\w+=,.@:\/-]*")?;
        }
        let policy_arns = policy_arns(params)?;
        if !is_role_arn(role_arn) {
            return Err(Fault::validation(format!("{role_arn} is invalid")));
        }
        Ok(Self { role_arn, session_name, duration, policy, policy_arns, external_id })
    }
}

/// The role asked for, with its account.
struct Target {
    account: Arc<Account>,
    role: Arc<Role>,
}

impl Target {
    /// `None` when there is no role with exactly this ARN.
    async fn find(call: Call<'_>, asked: &Asked<'_>) -> Result<Option<Self>, Fault> {
        let arn = asked.role_arn;
        let account = Arn::parse(arn).map_or("", |arn| arn.account);
        let Some(account) = call.aws.store.account(account).await? else { return Ok(None) };
        let role = account.roles.get(arn.rsplit('/').next().unwrap_or_default()).cloned();
        let role = role.filter(|role| arns::role(&account.id, &role.path, &role.name) == arn);
        Ok(role.map(|role| Self { account, role }))
    }
}

/// Asks the gate; without a role there is no trust policy, which nobody passes.
fn authorize(
    call: Call<'_>,
    asked: &Asked<'_>,
    target: Option<&Target>,
    mfa: bool,
) -> Result<Permit<sts::AssumeRole>, Fault> {
    let mut question = Question::about(asked.role_arn)
        .owned_by(Arn::parse(asked.role_arn).map_or("", |arn| arn.account))
        .with("sts:RoleSessionName", asked.session_name);
    if let Some(id) = asked.external_id {
        question = question.with("sts:ExternalId", id);
    }
    if let Some(target) = target {
        question = question.with_tags_of_resource(&target.role.tags, true);
    }
    if mfa {
        // For this request alone: the session that comes of it carries no MFA (IAM User Guide,
        // `id_credentials_mfa_configure-api-require`).
        question = question.with("aws:MultiFactorAuthPresent", "true").with("aws:MultiFactorAuthAge", "0");
    }
    question.kind = ResourceKind::IamRole;
    question.resource_policy = target.map(|target| trust_policy(&target.role));
    Ok(call.aws.gate.authorize(call.meta, call.caller, question)?)
}

/// A role's trust policy as the gate takes it.
pub(crate) fn trust_policy(role: &Role) -> NamedPolicy {
    NamedPolicy { name: "trust policy".into(), arn: None, document: role.trust.document() }
}

/// The sentence for a role that does not exist: the same as for one that may not be assumed, so that it tells nothing.
fn denied(call: Call<'_>, asked: &Asked<'_>) -> Fault {
    let (caller, role) = (call.caller.arn(), asked.role_arn);
    let message = format!("User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role}");
    Fault::refused(403, "AccessDenied", message)
}

fn open_session(
    call: Call<'_>,
    asked: &Asked<'_>,
    target: &Target,
    _permit: &Permit<sts::AssumeRole>,
) -> Result<Xml, Fault> {
    let role = &target.role;
    let duration = session_length(call, asked, role)?;
    let policies = session_policies(asked.policy, &asked.policy_arns, &target.account)?;
    let session = Session {
        account: target.account.id.clone(),
        role: role.name.clone(),
        role_id: role.id.clone(),
        name: asked.session_name.to_owned(),
        policies,
        issued: call.now(),
        expires: call.now() + duration,
        source: SessionSource::AssumeRole,
    };
    let (account, name) = (&session.account, &session.name);
    let mut xml = write_credentials(call, &Token::Role(session.clone()))?;
    xml.element("AssumedRoleUser", |element| {
        element
            .text("AssumedRoleId", format_args!("{}:{name}", role.id))
            .text("Arn", format_args!("arn:aws:sts::{account}:assumed-role/{}/{name}", role.name));
    })
    .optional(
        "PackedPolicySize",
        (!session.policies.is_empty()).then(|| packed_percent(asked.policy, &asked.policy_arns)),
    );
    Ok(xml)
}

fn session_length(call: Call<'_>, asked: &Asked<'_>, role: &Role) -> Result<i64, Fault> {
    // A session of an instance is not a link of a chain (IAM User Guide, "Role chaining").
    let chained =
        matches!(&call.caller.identity, Identity::Session(Session { source: SessionSource::AssumeRole, .. }));
    let duration = asked.duration.unwrap_or(DEFAULT_DURATION);
    if chained && duration > MAX_CHAINED_DURATION {
        return Err(Fault::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    if duration > role.max_session_duration {
        return Err(Fault::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(duration)
}

/// Whether this is an ARN at all that could name a role.
fn is_role_arn(text: &str) -> bool {
    Arn::parse(text).is_some_and(|arn| {
        !arn.partition.is_empty()
            && arn.service == "iam"
            && arn.region.is_empty()
            && policy::is_account_id(arn.account)
            && arn.resource.strip_prefix("role/").is_some_and(|name| !name.is_empty() && !name.ends_with('/'))
    })
}
