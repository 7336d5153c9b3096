//! Grant tokens: what CreateGrant gives so that a grant can be used before it is known throughout KMS. A token names its grant, is
//! sealed under the root key, and gives nothing by itself.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use super::{Call, KmsError};
use crate::Aws;

/// Most grant tokens of a call.
const MAX_TOKENS: usize = 10;
/// What sealed tokens are for.
const CONTEXT: &[u8] = b"grant token";

/// `GrantTokens`.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct GrantTokens(Option<Vec<String>>);

impl GrantTokens {
    /// Ids of the grants that they name.
    ///
    /// # Errors
    /// `InvalidGrantTokenException` when one was not made here, `ValidationException` when there are too many.
    pub(super) fn grants(&self, call: &Call<'_>) -> Result<Vec<String>, KmsError> {
        let tokens = self.0.as_deref().unwrap_or_default();
        if tokens.len() > MAX_TOKENS {
            return Err(KmsError::validation(format!(
                "1 validation error detected: Value at 'grantTokens' failed to satisfy constraint: Member must have length less \
                 than or equal to {MAX_TOKENS}"
            )));
        }
        tokens.iter().map(|token| Ok(read(call.aws, token)?.1)).collect()
    }
}

/// A new token for a grant; each is another, and all of a grant are as good.
pub(super) fn issue(call: &Call<'_>, key_arn: &str, grant: &str) -> Result<String, KmsError> {
    let sealed = call.aws.store.root_key().seal(format!("{key_arn} {grant}").as_bytes(), CONTEXT)?;
    Ok(BASE64_STANDARD.encode(sealed))
}

/// Key ARN and grant id of a token.
pub(super) fn read(aws: &Aws, token: &str) -> Result<(String, String), KmsError> {
    let invalid = || KmsError::refused("InvalidGrantTokenException", "Invalid grant token.");
    let sealed = BASE64_STANDARD.decode(token).map_err(|_| invalid())?;
    let opened = aws.store.root_key().open(&sealed, CONTEXT).map_err(|_| invalid())?;
    let text = std::str::from_utf8(&opened).map_err(|_| invalid())?;
    let (key, grant) = text.split_once(' ').ok_or_else(invalid)?;
    Ok((key.to_owned(), grant.to_owned()))
}
