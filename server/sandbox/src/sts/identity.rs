//! Who a caller is, and whose an access key is.

use super::session::{length, pattern};
use crate::credentials::account_of_session_key;
use crate::gate::Question;
use crate::gate::actions::sts;
use crate::query::{Call, Fault, Xml};

/// Asks nobody: the operation cannot be denied (STS API Reference, `GetCallerIdentity`).
pub(super) async fn caller_identity(call: Call<'_>) -> Result<Xml, Fault> {
    let mut xml = Xml::default();
    xml.text("UserId", call.caller.user_id())
        .text("Account", call.account_id())
        .text("Arn", call.caller.arn());
    Ok(xml)
}

/// Long-term keys are looked up; a session's key holds its account, so that it need not be stored. Nothing is said about whether the
/// key still works (STS API Reference, `GetAccessKeyInfo`).
pub(super) async fn access_key_info(call: Call<'_>) -> Result<Xml, Fault> {
    let id = call.params.required("AccessKeyId")?;
    length("accessKeyId", id, 16..=128)?;
    pattern("accessKeyId", id, "_", r"[\w]*")?;
    call.authorize::<sts::GetAccessKeyInfo>(Question::about("*"))?;
    let store = &call.aws.store;
    let owner = match account_of_session_key(id) {
        Some(account) => store.account(&account).await?,
        None => store.access_key_owner(id).await?,
    };
    let owner = owner.ok_or_else(|| Fault::validation(format!("The access key ID {id} does not exist.")))?;
    let mut xml = Xml::default();
    xml.text("Account", &owner.id);
    Ok(xml)
}
