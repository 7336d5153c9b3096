//! An access key for the AWS CLI in a shell of a person's own: a second one of the administrator's, made for the file that is
//! downloaded once. The console's own key stays in the vault.

use super::{Site, desk::Desk};
use crate::{cloud::Asked as _, store::LabState, verdict::Question};
use app::console::{ConsoleError, Persona};
use zeroize::Zeroizing;

/// What asking for the file came to.
pub enum OwnKey {
    /// The credentials file, and nobody can have it again.
    File(Zeroizing<String>),
    /// AWS refused; the number of the call.
    Refused(i64),
}

/// Makes a new access key after deleting the one made before, and gives the AWS CLI's credentials file with it.
pub(super) async fn create(site: &Site, lab: LabState) -> Result<OwnKey, ConsoleError> {
    let mut desk = Desk::of_admin(site, lab, None).await?;
    if !delete_old(&mut desk).await? {
        return refused(&desk);
    }
    let user = user_name(&desk.actor().arn);
    let request = desk.clients.iam.create_access_key().user_name(&user).send().asked();
    let question = Question::new("iam", "CreateAccessKey").user(&desk.actor().arn);
    let made = desk
        .call(question, user.as_str(), request, |lab, result| {
            if let Ok(Some(key)) = result.map(|made| made.access_key()) {
                lab.own_access_key = Some(key.access_key_id().into());
            }
        })
        .await?;
    match made.ok().and_then(|made| made.access_key) {
        Some(key) => Ok(OwnKey::File(Zeroizing::new(format!(
            "[{}]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
            Persona::Admin.profile(),
            key.access_key_id(),
            key.secret_access_key()
        )))),
        None => refused(&desk),
    }
}

/// Deletes the access key that was made; gives the records of the calls.
pub(super) async fn delete(site: &Site, lab: LabState) -> Result<Vec<i64>, ConsoleError> {
    let mut desk = Desk::of_admin(site, lab, None).await?;
    delete_old(&mut desk).await?;
    Ok(desk.records)
}

/// Whether no key made before is left. One that is gone already is no obstacle.
async fn delete_old(desk: &mut Desk<'_>) -> Result<bool, ConsoleError> {
    let Some(id) = desk.lab.own_access_key.clone() else { return Ok(true) };
    let user = user_name(&desk.actor().arn);
    let request = desk.clients.iam.delete_access_key().user_name(&user).access_key_id(&id).send().asked();
    let question = Question::new("iam", "DeleteAccessKey").user(&desk.actor().arn);
    let gone = |code: Option<&str>| code == Some("NoSuchEntity");
    let deleted = desk
        .call(question, id.as_str(), request, |lab, result| {
            if result.is_ok() || result.is_err_and(|answer| gone(answer.code.as_deref())) {
                lab.own_access_key = None;
            }
        })
        .await?;
    Ok(deleted.is_ok() || desk.lab.own_access_key.is_none())
}

fn refused(desk: &Desk<'_>) -> Result<OwnKey, ConsoleError> {
    desk.records
        .last()
        .map(|id| OwnKey::Refused(*id))
        .ok_or_else(|| ConsoleError::Unavailable("No access key was made. Try again.".into()))
}

fn user_name(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or_default().to_owned()
}
