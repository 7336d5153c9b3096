//! The credential report: all users of an account with the state of their credentials, as CSV (IAM User Guide,
//! `id_credentials_getting-report`).

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::access_keys;
use crate::activity::KeyUse;
use crate::arns;
use crate::gate::Question;
use crate::gate::actions::iam;
use crate::model::{Account, CredentialReport, PasswordPolicy, Timestamp, User};
use crate::query::{Call, Fault, Xml, timestamp};

/// The columns, in their order.
const HEADER: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,\
    password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
    access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,\
    access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,\
    cert_1_last_rotated,cert_2_active,cert_2_last_rotated";
/// After so many seconds a report is not shown any more (IAM API reference, `GetCredentialReport`).
const EXPIRY: Timestamp = 4 * 60 * 60;
/// What stands where there is nothing.
const NONE: &str = "N/A";
/// The report's name for the root user.
const ROOT: &str = "<root_account>";

/// Makes a report unless the newest is fresh. It is there when the answer is: AWS takes a while.
pub(super) async fn generate(call: Call<'_>) -> Result<Xml, Fault> {
    let permit = call.authorize::<iam::GenerateCredentialReport>(Question::about("*"))?;
    let account = call.account(&permit)?;
    let mut xml = Xml::default();
    let span = call.aws.fidelity.credential_report_seconds;
    if newest(account).is_some_and(|report| call.now() - report.generated < span) {
        xml.text("State", "COMPLETE");
        return Ok(xml);
    }
    let uses = call.aws.gate.activity().key_uses(&call.aws.store, &account.id).await?;
    let uses: HashMap<String, KeyUse> =
        uses.into_iter().map(|used| (used.access_key.clone(), used)).collect();
    call.change(&permit, |account| {
        let report = CredentialReport { content: content(account, &uses), generated: call.now() };
        account.credential_reports.insert(CredentialReport::NAME.into(), Arc::new(report));
        Ok(())
    })
    .await?;
    xml.text("State", "STARTED")
        .text("Description", "No report exists. Starting a new report generation task");
    Ok(xml)
}

/// Neither error has a message, as AWS was recorded answering.
pub(super) async fn get(call: Call<'_>) -> Result<Xml, Fault> {
    let permit = call.authorize::<iam::GetCredentialReport>(Question::about("*"))?;
    let report = newest(call.account(&permit)?).ok_or_else(|| Fault::refused(410, "ReportNotPresent", ""))?;
    if call.now() - report.generated >= EXPIRY {
        return Err(Fault::refused(410, "ReportExpired", ""));
    }
    let mut xml = Xml::default();
    xml.text("Content", BASE64_STANDARD.encode(&report.content))
        .text("ReportFormat", "text/csv")
        .text("GeneratedTime", timestamp(report.generated));
    Ok(xml)
}

fn newest(account: &Account) -> Option<&CredentialReport> {
    account.credential_reports.get(CredentialReport::NAME).map(Arc::as_ref)
}

/// The root user, then all users by name.
fn content(account: &Account, uses: &HashMap<String, KeyUse>) -> String {
    let mut lines = vec![HEADER.to_owned(), root(account, uses)];
    let mut users: Vec<_> = account.users.values().collect();
    users.sort_by_key(|user| user.name.to_lowercase());
    lines.extend(users.into_iter().map(|user| {
        let mut fields =
            vec![user.name.clone(), arns::user(&account.id, &user.path, &user.name), timestamp(user.created)];
        fields.extend(password(account, user));
        fields.push(account.mfa_devices_of(&user.id).next().is_some().to_string());
        fields.extend(keys(account, Some(&user.name), uses));
        fields.extend(certificates());
        line(&fields)
    }));
    lines.join("\n")
}

/// The columns of a user's password. Nobody signs in with one here.
fn password(account: &Account, user: &User) -> [String; 4] {
    const DAY: Timestamp = 24 * 60 * 60;
    let Some(login) = &user.login else { return ["false", NONE, NONE, NONE].map(str::to_owned) };
    let max_age = account.password_policies.get(PasswordPolicy::NAME).and_then(|policy| policy.max_age);
    let next = max_age.map_or_else(|| NONE.to_owned(), |days| timestamp(login.changed + days * DAY));
    ["true".to_owned(), "no_information".to_owned(), timestamp(login.changed), next]
}

/// Its password belongs to the sign-in page, which is not here.
fn root(account: &Account, uses: &HashMap<String, KeyUse>) -> String {
    let mut fields = vec![ROOT.to_owned(), arns::root(&account.id), timestamp(first_day(account))];
    fields.extend(["false", NONE, NONE, "not_supported", "false"].map(str::to_owned));
    fields.extend(keys(account, None, uses));
    fields.extend(certificates());
    line(&fields)
}

/// When the account was made: no later than the first that it has.
fn first_day(account: &Account) -> Timestamp {
    let users = account.users.values().map(|user| user.created);
    let keys = account.access_keys.values().map(|key| key.created);
    users.chain(keys).chain(account.roles.values().map(|role| role.created)).min().unwrap_or_default()
}

/// The columns of both access keys.
fn keys(account: &Account, user: Option<&str>, uses: &HashMap<String, KeyUse>) -> Vec<String> {
    let mut columns = Vec::new();
    for key in access_keys::keys_of(account, user).take(access_keys::MAX_KEYS) {
        let used = uses.get(&key.id);
        columns.push(key.active.to_string());
        columns.push(timestamp(key.created));
        columns.push(used.map_or_else(|| NONE.into(), |used| timestamp(used.used)));
        columns.push(used.map_or(NONE, |used| used.region.as_str()).to_owned());
        columns.push(used.map_or(NONE, |used| used.service.as_str()).to_owned());
    }
    while columns.len() < 5 * access_keys::MAX_KEYS {
        columns.push("false".into());
        columns.extend(std::iter::repeat_n(NONE.to_owned(), 4));
    }
    columns
}

/// There are no signing certificates.
fn certificates() -> [String; 4] {
    ["false", NONE, "false", NONE].map(str::to_owned)
}

/// A line of CSV (RFC 4180): names of users may hold commas, quotation marks they may not.
fn line(fields: &[String]) -> String {
    let field = |field: &String| if field.contains(',') { format!("\"{field}\"") } else { field.clone() };
    fields.iter().map(field).collect::<Vec<_>>().join(",")
}
