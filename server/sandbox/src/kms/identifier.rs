//! The forms in which a key can be named.

use policy::{Arn, is_account_id};

use super::KmsError;

/// The forms in which a key can be named (KMS Developer Guide, "Key identifiers").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form<'a> {
    /// A key id.
    Id(&'a str),
    /// `alias/…`.
    Alias(&'a str),
    /// `arn:…:key/…`: account and key id.
    KeyArn(&'a str, &'a str),
    /// `arn:…:alias/…`: account and alias.
    AliasArn(&'a str, &'a str),
}

/// Tells the form of a key identifier.
///
/// # Errors
/// `NotFoundException` `Invalid arn …` or `Invalid keyId '…'` (`aws-semantics.md` §3, table "Errors").
pub(crate) fn form_of<'a>(region: &str, identifier: &'a str) -> Result<Form<'a>, KmsError> {
    if identifier.starts_with("arn:") {
        return form_of_arn(region, identifier);
    }
    match identifier {
        alias if alias.starts_with("alias/") => Ok(Form::Alias(alias)),
        id if is_key_id(id) => Ok(Form::Id(id)),
        other => Err(KmsError::not_found(format!("Invalid keyId '{other}'"))),
    }
}

fn form_of_arn<'a>(region: &str, identifier: &'a str) -> Result<Form<'a>, KmsError> {
    let invalid = || KmsError::not_found(format!("Invalid keyId '{identifier}'"));
    let arn = Arn::parse(identifier).ok_or_else(invalid)?;
    if arn.partition != "aws" || arn.service != "kms" {
        return Err(invalid());
    }
    if arn.region != region || !is_account_id(arn.account) {
        return Err(KmsError::not_found(format!("Invalid arn {}", arn.region)));
    }
    match arn.resource.strip_prefix("key/") {
        Some(id) if is_key_id(id) => Ok(Form::KeyArn(arn.account, id)),
        None if arn.resource.starts_with("alias/") => Ok(Form::AliasArn(arn.account, arn.resource)),
        _ => Err(invalid()),
    }
}

/// A UUID as KMS writes it, or the id of a multi-Region key.
fn is_key_id(id: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match id.strip_prefix("mrk-") {
        Some(rest) => rest.len() == 32 && is_hex(rest),
        None => id.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && id.split('-').all(is_hex),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn key_identifiers_have_four_forms() {
        let key_arn = format!("arn:aws:kms:us-east-1:111122223333:key/{ID}");
        assert_eq!(form_of("us-east-1", ID).unwrap(), Form::Id(ID));
        assert_eq!(form_of("us-east-1", "alias/a").unwrap(), Form::Alias("alias/a"));
        assert_eq!(form_of("us-east-1", &key_arn).unwrap(), Form::KeyArn("111122223333", ID));
        let alias_arn = "arn:aws:kms:us-east-1:111122223333:alias/a/b";
        assert_eq!(form_of("us-east-1", alias_arn).unwrap(), Form::AliasArn("111122223333", "alias/a/b"));
    }

    #[test]
    fn identifiers_of_no_form_are_refused_in_kms_words() {
        let cases = [
            // Test 4 of the tutorial as printed: 17 characters at the end.
            (
                "abcdefab-1234-1234-1234-abcdef01234567890",
                "Invalid keyId 'abcdefab-1234-1234-1234-abcdef01234567890'",
            ),
            ("x", "Invalid keyId 'x'"),
            ("", "Invalid keyId ''"),
            // Listing 4 as printed: no region, 11 digits.
            ("arn:aws:kms::11112222333:key/1234abcd-12ab-34cd-56ef-1234567890ab", "Invalid arn "),
            (
                "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                "Invalid arn eu-west-1",
            ),
            ("arn:aws:s3:::bucket", "Invalid keyId 'arn:aws:s3:::bucket'"),
            (
                "arn:aws:kms:us-east-1:111122223333:key/x",
                "Invalid keyId 'arn:aws:kms:us-east-1:111122223333:key/x'",
            ),
        ];
        for (identifier, message) in cases {
            let error = form_of("us-east-1", identifier).unwrap_err();
            assert_eq!((error.code(), error.message()), ("NotFoundException", message));
        }
    }
}
