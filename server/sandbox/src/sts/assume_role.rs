//! `AssumeRole`: credentials for a session of a role.

use std::sync::Arc;

use policy::{Arn, NamedPolicy, ResourceKind};

use super::mfa;
use super::session::{
    Packed, inline_policy, length, pattern, policy_arns, session_policies, write_credentials,
};
use super::tags;
use crate::arns;
use crate::caller::{Caller, Identity, Session, SessionSource, SessionTags, Token};
use crate::gate::actions::sts;
use crate::gate::{Permit, Question};
use crate::model::{Account, Role};
use crate::query::{Call, Fault, Xml};

/// Shortest and longest session in seconds; a role's own maximum may be lower than the longest.
const DURATION: std::ops::RangeInclusive<i64> = 900..=43_200;
/// Length of a session when the request does not say.
const DEFAULT_DURATION: i64 = 3_600;
/// Longest session of a role that was assumed from a session of another.
const MAX_CHAINED_DURATION: i64 = 3_600;

pub(super) async fn assume_role(call: Call<'_>) -> Result<Xml, Fault> {
    let asked = Asked::read(call)?;
    match call.caller.identity {
        Identity::Root => {
            return Err(Fault::refused(403, "AccessDenied", "Roles may not be assumed by root accounts."));
        }
        // STS is closed to federated users (IAM User Guide, `id_credentials_sts-comparison`).
        Identity::Federated(_) => return Err(denied(call, "AssumeRole", &asked)),
        _ => {}
    }
    let mfa = mfa::verified(call).await?;
    let target = Target::find(call, &asked).await?;
    let permits = authorize(call, &asked, target.as_ref(), mfa)?;
    let Some(target) = target else { return Err(denied(call, "AssumeRole", &asked)) };
    open_session(call, &asked, &target, &permits)
}

/// The parameters, checked.
struct Asked<'a> {
    role_arn: &'a str,
    session_name: &'a str,
    duration: Option<i64>,
    policy: Option<&'a str>,
    policy_arns: Vec<&'a str>,
    external_id: Option<&'a str>,
    /// The tags that the request passes.
    tags: SessionTags,
    /// Those of the session: the same and what the calling session hands on.
    session_tags: SessionTags,
    /// The source identity of the session: as the request says, or the calling session's.
    source_identity: Option<&'a str>,
}

impl<'a> Asked<'a> {
    fn read(call: Call<'a>) -> Result<Self, Fault> {
        let params = call.params;
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
        let tags = tags::tags(params)?;
        let session_tags = tags::joined(&tags, tags::inherited(call.caller))?;
        let source_identity = tags::source_identity(params)?.or(source_identity_of(call.caller));
        Ok(Self {
            role_arn,
            session_name,
            duration,
            policy,
            policy_arns,
            external_id,
            tags,
            session_tags,
            source_identity,
        })
    }

    fn packed(&self) -> Packed<'_> {
        Packed { policy: self.policy, policy_arns: &self.policy_arns, tags: &self.session_tags }
    }

    /// What is asked of the gate, whichever the action: without a role there is no trust policy, which nobody passes.
    fn question(&self, target: Option<&Role>) -> Question {
        let mut question = Question::about(self.role_arn)
            .owned_by(Arn::parse(self.role_arn).map_or("", |arn| arn.account))
            .with("sts:RoleSessionName", self.session_name);
        if let Some(id) = self.external_id {
            question = question.with("sts:ExternalId", id);
        }
        if let Some(identity) = self.source_identity {
            question = question.with("sts:SourceIdentity", identity);
        }
        if let Some(target) = target {
            question = question.with_tags_of_resource(&target.tags, true);
        }
        question.kind = ResourceKind::IamRole;
        question.resource_policy = target.map(trust_policy);
        tags::with_tags(question, &self.tags)
    }
}

/// The role asked for, with its account.
struct Target {
    account: Arc<Account>,
    role: Arc<Role>,
    /// The role as the gate knows it, if it does yet.
    known: Option<Arc<Role>>,
}

impl Target {
    /// `None` when there is no role with exactly this ARN.
    async fn find(call: Call<'_>, asked: &Asked<'_>) -> Result<Option<Self>, Fault> {
        let arn = asked.role_arn;
        let account = Arn::parse(arn).map_or("", |arn| arn.account);
        let Some(account) = call.aws.store.account(account).await? else { return Ok(None) };
        let role = account.roles.get(arn.rsplit('/').next().unwrap_or_default()).cloned();
        let role = role.filter(|role| arns::role(&account.id, &role.path, &role.name) == arn);
        Ok(role.map(|role| Self { known: call.aws.known_role(&account.id, &role), account, role }))
    }
}

/// The source identity of a role session.
fn source_identity_of(caller: &Caller) -> Option<&str> {
    match &caller.identity {
        Identity::Session(session) => session.source_identity.as_deref(),
        _ => None,
    }
}

/// What opening a session needs.
struct Permits {
    _assume: Permit<sts::AssumeRole>,
    _tag: Option<Permit<sts::TagSession>>,
    _identify: Option<Permit<sts::SetSourceIdentity>>,
}

/// Asks the gate: about assuming the role, and about each thing that the session is told. What the calling session hands on counts,
/// so that a chain of roles needs those permissions at every link.
fn authorize(
    call: Call<'_>,
    asked: &Asked<'_>,
    target: Option<&Target>,
    mfa: bool,
) -> Result<Permits, Fault> {
    let (gate, meta, caller) = (&call.aws.gate, call.meta, call.caller);
    let target = target.and_then(|target| target.known.as_deref());
    let mut question = asked.question(target);
    if mfa {
        // For this request alone: the session that comes of it carries no MFA (IAM User Guide,
        // `id_credentials_mfa_configure-api-require`).
        question = question.with("aws:MultiFactorAuthPresent", "true").with("aws:MultiFactorAuthAge", "0");
    }
    let assume = gate.authorize(meta, caller, question)?;
    let tags = !asked.session_tags.values.is_empty();
    let tag = tags.then(|| gate.authorize(meta, caller, asked.question(target))).transpose()?;
    let identify = asked.source_identity.map(|_| gate.authorize(meta, caller, asked.question(target)));
    let identify = identify.transpose()?;
    // Whatever policies say, it stays what it was when the chain began.
    if source_identity_of(caller).is_some_and(|known| asked.source_identity != Some(known)) {
        return Err(denied(call, "SetSourceIdentity", asked));
    }
    Ok(Permits { _assume: assume, _tag: tag, _identify: identify })
}

/// A role's trust policy as the gate takes it.
pub(crate) fn trust_policy(role: &Role) -> NamedPolicy {
    NamedPolicy { name: "trust policy".into(), arn: None, document: role.trust.document() }
}

/// The sentence for a role that does not exist: the same as for one that may not be assumed, so that it tells nothing.
fn denied(call: Call<'_>, action: &str, asked: &Asked<'_>) -> Fault {
    let (caller, role) = (call.caller.arn(), asked.role_arn);
    let message = format!("User: {caller} is not authorized to perform: sts:{action} on resource: {role}");
    Fault::refused(403, "AccessDenied", message)
}

fn open_session(
    call: Call<'_>,
    asked: &Asked<'_>,
    target: &Target,
    _permits: &Permits,
) -> Result<Xml, Fault> {
    let role = &target.role;
    let duration = session_length(call, asked, role)?;
    asked.packed().must_fit()?;
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
        tags: asked.session_tags.clone(),
        source_identity: asked.source_identity.map(str::to_owned),
        instance: None,
    };
    let (account, name) = (&session.account, &session.name);
    let mut xml = write_credentials(call, &Token::Role(session.clone()))?;
    xml.element("AssumedRoleUser", |element| {
        element
            .text("AssumedRoleId", format_args!("{}:{name}", role.id))
            .text("Arn", format_args!("arn:aws:sts::{account}:assumed-role/{}/{name}", role.name));
    })
    .optional("PackedPolicySize", (!asked.packed().is_empty()).then(|| asked.packed().percent()))
    .optional("SourceIdentity", asked.source_identity);
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
