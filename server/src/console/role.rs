//! Acting as someone: a desk at which a persona works, with credentials that are held or got now. Roles are taken on by the base
//! identity with `sts:AssumeRole`, as the AWS console's *Switch role* does it.

use super::{
    Site,
    desk::{Desk, Place},
    instance, is_valid,
};
use crate::{
    cloud::{Asked as _, Clients, Credentials},
    store::LabState,
    verdict::Question,
};
use app::console::{Answer, ConsoleError, Held, Persona, RoleName, StepId};
use aws_sdk_sts::operation::assume_role::AssumeRoleOutput;

/// The AWS console names the session of a switched role after the user who switched.
pub(super) const SESSION_NAME: &str = "Admin";

/// Who sends a request without a signature, where an ARN stands otherwise.
const ANONYMOUS: &str = "anonymous";

/// What there is instead of a desk when nobody can work at it.
pub(super) struct Vacant {
    pub(super) lab: LabState,
    /// Why, as a sentence without its full stop.
    pub(super) why: String,
}

/// A desk at which `persona` works, for calls of `place`. Its role is assumed where no valid credentials are held; the record of
/// that call is added to `records`, of a refusal too. Whoever the session acts as stays so.
pub(super) async fn desk<'a>(
    site: &'a Site,
    lab: LabState,
    place: impl Into<Place>,
    persona: Persona,
    records: &mut Vec<i64>,
) -> Result<Result<Desk<'a>, Vacant>, ConsoleError> {
    let place = place.into();
    let (lab, (held, clients)) = match persona {
        Persona::Anonymous => {
            let nobody = Held { persona, arn: ANONYMOUS.into(), expires_at: None };
            (lab, (nobody, Clients::anonymous(&site.target)))
        }
        Persona::Instance => match instance::actor(site, &lab).await {
            Ok(actor) => (lab, actor),
            Err(why) => return Ok(Err(Vacant { lab, why: why.into() })),
        },
        _ => match Box::pin(hold(site, lab, place, persona, false, records)).await? {
            Ok(lab) => {
                let actor = site.actor(&lab.id, persona).await?;
                (lab, actor)
            }
            Err(vacant) => return Ok(Err(vacant)),
        },
    };
    Ok(Ok(Desk::new(site, lab, place, held, clients).await?))
}

/// Acts as `persona` from now on, assuming its role unless valid credentials are held. Gives the record of the call if one
/// was made; when it was refused the session stays who it was.
pub(super) async fn switch(
    site: &Site,
    lab: LabState,
    persona: Persona,
    step: Option<StepId>,
) -> Result<Option<i64>, ConsoleError> {
    let mut records = Vec::new();
    if let Ok(mut lab) = take(site, lab, persona, step, false, &mut records).await? {
        lab.acting = persona;
        site.store.save_lab(&lab).await?;
        site.store.clear_problems(&lab.id).await?;
    }
    Ok(records.pop())
}

/// Holds credentials for a persona that a person can act as, assuming its role unless there are valid ones, or anyway when they are
/// to be `renewed`; the record of that call is added to `records`. Whoever the session acts as stays so.
pub(super) async fn take(
    site: &Site,
    lab: LabState,
    persona: Persona,
    step: Option<StepId>,
    renewed: bool,
    records: &mut Vec<i64>,
) -> Result<Result<LabState, Vacant>, ConsoleError> {
    if persona == Persona::Instance {
        return Err(ConsoleError::Invalid {
            field: "persona".into(),
            message: "The instance acts in its own terminal only.".into(),
        });
    }
    if !Persona::SWITCHABLE.contains(&persona) {
        return Err(ConsoleError::NotFound { what: format!("role {}", persona.name()) });
    }
    Box::pin(hold(site, lab, step.into(), persona, renewed, records)).await
}

/// Sees to it that valid credentials for a persona are in the vault.
async fn hold(
    site: &Site,
    lab: LabState,
    place: Place,
    persona: Persona,
    renewed: bool,
    records: &mut Vec<i64>,
) -> Result<Result<LabState, Vacant>, ConsoleError> {
    let (held, now) = (site.vault.held(&lab.id).await?, site.now());
    // The base identity has long-term keys: there is nothing to renew.
    let renewed = renewed && persona != Persona::Admin;
    if !renewed && held.iter().any(|held| held.persona == persona && is_valid(held, now)) {
        return Ok(Ok(lab));
    }
    let role = persona.role().map_or(persona.name(), RoleName::name);
    let session = if persona == Persona::ReportFunction { persona.name() } else { SESSION_NAME };
    let mut desk = Desk::of_admin(site, lab, place).await?;
    let assumed = Box::pin(assume(&mut desk, role, session)).await?;
    records.append(&mut desk.records);
    let Ok((arn, credentials)) = assumed else {
        return Ok(Err(Vacant { lab: desk.lab, why: format!("Admin could not take on the role {role}") }));
    };
    site.vault.put(&desk.lab.id, persona, &arn, &credentials).await?;
    Ok(Ok(desk.lab))
}

/// `sts:AssumeRole` by whoever is at the desk. Gives the session's ARN and credentials.
pub(super) async fn assume(
    desk: &mut Desk<'_>,
    role: &str,
    session: &str,
) -> Result<Result<(String, Credentials), Answer>, ConsoleError> {
    let arn = desk.lab.role_arn(role);
    let request = desk.clients.sts.assume_role().role_arn(&arn).role_session_name(session).send().asked();
    let question = Question::new("sts", "AssumeRole").role(&arn);
    let assumed = desk.call(question, role, request, |_, _| {}).await?;
    Ok(assumed.and_then(|assumed| credentials(&assumed).ok_or_else(Answer::none)))
}

/// The session's ARN and its credentials.
fn credentials(assumed: &AssumeRoleOutput) -> Option<(String, Credentials)> {
    let (keys, user) = (assumed.credentials()?, assumed.assumed_role_user()?);
    let credentials = Credentials::temporary(
        keys.access_key_id().into(),
        keys.secret_access_key().into(),
        keys.session_token().into(),
        keys.expiration().secs(),
    );
    Some((user.arn().into(), credentials))
}
