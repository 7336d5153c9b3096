//! Who a caller is, and whose an access key is.

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

/// Only long-term keys can be looked up: the keys of sessions are not stored.
pub(super) async fn access_key_info(call: Call<'_>) -> Result<Xml, Fault> {
    let id = call.params.required("AccessKeyId")?;
    call.authorize::<sts::GetAccessKeyInfo>(Question::about("*"))?;
    let owner = call.aws.store.access_key_owner(id).await?;
    let owner =
        owner.ok_or_else(|| Fault::validation(format!("The access key id {id} is not a long-term key.")))?;
    let mut xml = Xml::default();
    xml.text("Account", &owner.id);
    Ok(xml)
}
