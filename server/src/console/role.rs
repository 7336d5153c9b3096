//! Acting as someone: `sts:AssumeRole` by the base identity, as the AWS console's *Switch role* does it.

use super::{Site, desk::Desk, is_valid};
use crate::{
    cloud::{Asked as _, Credentials},
    store::LabState,
    verdict::Question,
};
use app::console::{ConsoleError, Persona, StepId};
use aws_sdk_sts::operation::assume_role::AssumeRoleOutput;

/// The AWS console names the session of a switched role after the user who switched.
pub(super) const SESSION_NAME: &str = "Admin";

/// Acts as `persona` from now on, assuming its role unless valid credentials are held. Gives the record of the call if one
/// was made; when it was refused the session stays who it was.
pub(super) async fn switch(
    site: &Site,
    lab: LabState,
    persona: Persona,
    step: Option<StepId>,
) -> Result<Option<i64>, ConsoleError> {
    let Taken { mut lab, record, held } = take(site, lab, persona, step, false).await?;
    if held {
        lab.acting = persona;
        site.store.save_lab(&lab).await?;
        site.store.clear_problems(&lab.id).await?;
    }
    Ok(record)
}

/// What came of taking credentials for a persona.
pub(super) struct Taken {
    pub(super) lab: LabState,
    /// The call that was made, if one was.
    pub(super) record: Option<i64>,
    /// Whether there are valid credentials now.
    pub(super) held: bool,
}

/// Holds credentials for `persona`, assuming its role unless there are valid ones, or anyway when they are to be `renewed`. Whoever
/// the session acts as stays so.
pub(super) async fn take(
    site: &Site,
    lab: LabState,
    persona: Persona,
    step: Option<StepId>,
    renewed: bool,
) -> Result<Taken, ConsoleError> {
    let held = site.vault.held(&lab.id).await?;
    let now = site.now();
    // The base identity has long-term keys: there is nothing to renew.
    let renewed = renewed && persona != Persona::Admin;
    if !renewed && held.iter().any(|held| held.persona == persona && is_valid(held, now)) {
        return Ok(Taken { lab, record: None, held: true });
    }
    let role = match (persona, persona.role()) {
        (Persona::Admin, _) | (_, None) => {
            return Err(ConsoleError::NotFound { what: "administrator".into() });
        }
        (Persona::Instance, _) => {
            return Err(ConsoleError::Invalid {
                field: "persona".into(),
                message: "The instance acts in its own terminal only.".into(),
            });
        }
        (_, Some(role)) => role.name(),
    };
    let arn = lab.role_arn(role);
    let (admin, clients) = site.admin(&lab.id).await?;
    let mut desk = Desk::new(site, lab, step, admin, clients).await?;
    let request =
        desk.clients.sts.assume_role().role_arn(&arn).role_session_name(SESSION_NAME).send().asked();
    let question = Question::new("sts", "AssumeRole").role(&arn);
    let assumed = desk.call(question, role, request, |_, _| {}).await?;
    let mut held = false;
    if let Ok(assumed) = assumed
        && let Some((arn, credentials)) = credentials(&assumed)
    {
        site.vault.put(&desk.lab.id, persona, &arn, &credentials).await?;
        held = true;
    }
    Ok(Taken { record: desk.records.pop(), lab: desk.lab, held })
}

/// The session's ARN and its credentials.
pub(super) fn credentials(assumed: &AssumeRoleOutput) -> Option<(String, Credentials)> {
    let (keys, user) = (assumed.credentials()?, assumed.assumed_role_user()?);
    let credentials = Credentials::temporary(
        keys.access_key_id().into(),
        keys.secret_access_key().into(),
        keys.session_token().into(),
        keys.expiration().secs(),
    );
    Some((user.arn().into(), credentials))
}
