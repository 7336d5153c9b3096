//! Encoded authorization messages: what EC2 seals into a denial, and what opens it again.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::crypto::{CryptoError, Key};
use crate::gate::Question;
use crate::gate::actions::sts;
use crate::query::{Call, Fault, Xml};

/// What sealed messages are for, so that nothing else sealed under the root key opens as one.
fn context(account: &str) -> String {
    format!("authorization message of {account}")
}

/// Seals a message for the callers of `account`.
pub(crate) fn encode(root: &Key, account: &str, message: &serde_json::Value) -> Result<String, CryptoError> {
    let sealed = root.seal(message.to_string().as_bytes(), context(account).as_bytes())?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed))
}

pub(super) async fn decode(call: Call<'_>) -> Result<Xml, Fault> {
    let encoded = call.params.required("EncodedMessage")?;
    call.authorize::<sts::DecodeAuthorizationMessage>(Question::about("*"))?;
    let invalid = || Fault::refused(400, "InvalidAuthorizationMessageException", "Message is not valid");
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(encoded).map_err(|_| invalid())?;
    let context = context(call.account_id());
    let message = call.aws.store.root_key().open(&sealed, context.as_bytes()).map_err(|_| invalid())?;
    let message = std::str::from_utf8(&message).map_err(|_| invalid())?;
    let mut xml = Xml::default();
    xml.text("DecodedMessage", message);
    Ok(xml)
}
