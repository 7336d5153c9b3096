//! Login profiles: the passwords of users (IAM User Guide, `id_credentials_passwords`). Nobody can sign in with one here; what
//! they are is kept, checked and reported.

use std::sync::Arc;

use super::entity::{Entity as _, Users};
use super::passwords::{Passwords, conforms};
use super::read;
use super::users::{subject, subject_question};
use crate::caller::Identity;
use crate::gate::actions::iam;
use crate::model::{Account, LoginProfile, PasswordPolicy, User};
use crate::query::{Call, Fault, Params, Xml, timestamp};

/// Longest password, in characters.
const LONGEST: usize = 128;

pub(super) async fn create(call: Call<'_>) -> Result<Xml, Fault> {
    let name = user(call)?;
    let password = password(call.params, "Password")?;
    let reset_required = call.params.flag("PasswordResetRequired")?;
    let permit = call.authorize::<iam::CreateLoginProfile>(subject_question(call, Some(name)))?;
    let account = call.account(&permit)?;
    let owner = account.users.get(name).ok_or_else(|| Users::not_found(name))?;
    if owner.login.is_some() {
        return Err(already_exists(name));
    }
    let sealed = renewed(call, account, owner, Passwords::none()?, password).await?;
    call.change(&permit, |account| {
        let user = Arc::make_mut(account.users.get_mut(name).ok_or_else(|| Users::not_found(name))?);
        if user.login.is_some() {
            return Err(already_exists(name));
        }
        let profile = LoginProfile {
            created: call.now(),
            changed: call.now(),
            reset_required,
            sealed_passwords: sealed.clone(),
        };
        let xml = shown(name, &profile);
        user.login = Some(profile);
        Ok(xml)
    })
    .await
}

pub(super) async fn get(call: Call<'_>) -> Result<Xml, Fault> {
    let name = user(call)?;
    let permit = call.authorize::<iam::GetLoginProfile>(subject_question(call, Some(name)))?;
    let user = call.account(&permit)?.users.get(name).ok_or_else(|| Users::not_found(name))?;
    Ok(shown(name, user.login.as_ref().ok_or_else(|| not_found(name))?))
}

/// What the request does not say stays as it is.
pub(super) async fn update(call: Call<'_>) -> Result<Xml, Fault> {
    let name = Users::named(call)?;
    let password = call.params.get("Password").map(|_| password(call.params, "Password")).transpose()?;
    let reset_required = call.params.get("PasswordResetRequired");
    let reset_required = reset_required.map(|_| call.params.flag("PasswordResetRequired")).transpose()?;
    let permit = call.authorize::<iam::UpdateLoginProfile>(Users::question(call, name))?;
    let account = call.account(&permit)?;
    let owner = account.users.get(name).ok_or_else(|| Users::not_found(name))?;
    let login = owner.login.as_ref().ok_or_else(|| not_found(name))?;
    let sealed = match password {
        Some(password) => Some(renewed(call, account, owner, kept(call, owner, login)?, password).await?),
        None => None,
    };
    call.change(&permit, |account| {
        let login = login_mut(account, name)?;
        if let Some(sealed) = &sealed {
            login.sealed_passwords.clone_from(sealed);
            login.changed = call.now();
        }
        login.reset_required = reset_required.unwrap_or(login.reset_required);
        Ok(Xml::default())
    })
    .await
}

pub(super) async fn delete(call: Call<'_>) -> Result<Xml, Fault> {
    let name = user(call)?;
    let permit = call.authorize::<iam::DeleteLoginProfile>(subject_question(call, Some(name)))?;
    call.change(&permit, |account| {
        login_mut(account, name)?;
        Arc::make_mut(account.users.get_mut(name).ok_or_else(|| Users::not_found(name))?).login = None;
        Ok(Xml::default())
    })
    .await
}

/// A user's own.
pub(super) async fn change(call: Call<'_>) -> Result<Xml, Fault> {
    let (old, new) = (password(call.params, "OldPassword")?, password(call.params, "NewPassword")?);
    let Identity::User(name) = &call.caller.identity else {
        let message = "Only IAM Users can change their own password.";
        return Err(Fault::refused(400, "InvalidUserType", message));
    };
    let permit = call.authorize::<iam::ChangePassword>(Users::question(call, name))?;
    let account = call.account(&permit)?;
    let owner = account.users.get(name).ok_or_else(|| Users::not_found(name))?;
    let login = owner.login.as_ref().ok_or_else(|| not_found(name))?;
    let passwords = kept(call, owner, login)?;
    if !passwords.is_current(&passwords.hash(old).await?) {
        return Err(Fault::refused(403, "AccessDenied", "The old password was incorrect."));
    }
    let sealed = renewed(call, account, owner, passwords, new).await?;
    let before = &login.sealed_passwords;
    call.change(&permit, |account| {
        let login = login_mut(account, name)?;
        // Changed in the meantime: the old password is not that any more.
        if login.sealed_passwords != *before {
            return Err(Fault::refused(
                409,
                "EntityTemporarilyUnmodifiable",
                "The password is being changed.",
            ));
        }
        login.sealed_passwords.clone_from(&sealed);
        login.changed = call.now();
        login.reset_required = false;
        Ok(Xml::default())
    })
    .await
}

/// Who must say which user it means: whoever is none, and the root user, whose password is the sign-in page's business.
fn user(call: Call<'_>) -> Result<&str, Fault> {
    subject(call)?
        .ok_or_else(|| Fault::validation("Must specify userName when calling with non-User credentials"))
}

fn password<'a>(params: &'a Params, name: &str) -> Result<&'a str, Fault> {
    let password = params.required(name)?;
    read::length(name, password, 1..=LONGEST)?;
    let holdable = |char| matches!(char, '\t' | '\n' | '\r' | ' '..='\u{ff}');
    match password.chars().all(holdable) {
        true => Ok(password),
        false => {
            let pattern = r"satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+";
            Err(read::constraint(name, pattern))
        }
    }
}

/// The passwords of a user with a new one, as they are stored; an error when the account's policy does not allow it.
async fn renewed(
    call: Call<'_>,
    account: &Account,
    user: &User,
    mut passwords: Passwords,
    password: &str,
) -> Result<String, Fault> {
    let policy = account.password_policies.get(PasswordPolicy::NAME).map(Arc::as_ref);
    let violation = || {
        let message = "Password does not conform to the account password policy.";
        Fault::refused(400, "PasswordPolicyViolation", message)
    };
    if !conforms(policy, password) {
        return Err(violation());
    }
    let hash = passwords.hash(password).await?;
    let remembered = policy.and_then(|policy| policy.reuse_prevention).unwrap_or_default();
    if passwords.is_among(usize::try_from(remembered).unwrap_or_default(), &hash) {
        return Err(violation());
    }
    passwords.set(hash);
    Ok(passwords.sealed(call.aws.store.root_key(), &user.id)?)
}

fn kept(call: Call<'_>, user: &User, login: &LoginProfile) -> Result<Passwords, Fault> {
    Ok(Passwords::open(call.aws.store.root_key(), &user.id, &login.sealed_passwords)?)
}

fn login_mut<'a>(account: &'a mut Account, name: &str) -> Result<&'a mut LoginProfile, Fault> {
    let user = account.users.get_mut(name).ok_or_else(|| Users::not_found(name))?;
    if user.login.is_none() {
        return Err(not_found(name));
    }
    Arc::make_mut(user).login.as_mut().ok_or_else(|| not_found(name))
}

fn already_exists(name: &str) -> Fault {
    Fault::already_exists(format!("Login Profile for user {name} already exists."))
}

fn not_found(name: &str) -> Fault {
    Fault::no_such_entity(format!("Login Profile for User {name} cannot be found."))
}

fn shown(name: &str, profile: &LoginProfile) -> Xml {
    let mut xml = Xml::default();
    xml.element("LoginProfile", |element| {
        element
            .text("UserName", name)
            .text("CreateDate", timestamp(profile.created))
            .text("PasswordResetRequired", profile.reset_required);
    });
    xml
}
