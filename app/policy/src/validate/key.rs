//! KMS's checks of key policies. KMS is lax: a statement without `Action` or `Resource` is stored and does nothing
//! (BC:kms.PutKeyPolicy). For a document that breaks the grammar no recorded message is known; the words are ours.

use super::{Rejection, invalid_principal, reject};
use crate::document::Document;

const CODE: &str = "MalformedPolicyDocumentException";

pub(super) fn key(json: &str) -> Result<Document, Rejection> {
    if json.len() > 32_768 {
        return Err(reject(
            "LimitExceededException",
            "The key policy exceeds the maximum size of 32768 bytes.",
        ));
    }
    let document =
        Document::parse(json).map_err(|error| reject(CODE, format!("Invalid key policy: {error}")))?;
    let names_somebody = |statement: &crate::document::Statement| {
        let principal = statement.principal.as_ref();
        principal.is_some_and(|element| !element.named.is_empty() && invalid_principal(element).is_none())
    };
    if !document.statements().iter().all(names_somebody) {
        return Err(reject(CODE, "Policy contains a statement with one or more invalid principals."));
    }
    Ok(document)
}
