//! The forms' fields: what was typed, and what is plainly wrong with it before any call.
//!
//! Only what AWS could not even be asked is refused here. Everything else goes to AWS, whose own error the page shows.

use app::console::{Action, Answer, ConsoleError, Draft};

/// A form's fields and their values, as the page spells them.
pub(super) fn values(action: &Action) -> Vec<(String, String)> {
    let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    match action {
        Action::CreatePolicy { name, document, .. } => vec![text("name", name), text("document", document)],
        Action::CreateBucket { name } => vec![text("name", name)],
        Action::CreateKey { alias, description, administrators, users } => {
            let list = |field: &'static str, names: &[String]| -> Vec<(String, String)> {
                names.iter().map(|name| (field.to_owned(), name.clone())).collect()
            };
            let mut values = vec![text("alias", alias), text("description", description)];
            values.extend(list("administrators", administrators));
            values.extend(list("users", users));
            values
        }
        Action::PutBucketPolicy { document } => vec![text("document", document)],
        Action::CorrectPolicy { .. }
        | Action::CreateRole { .. }
        | Action::AttachPolicy { .. }
        | Action::CreateInstanceProfile
        | Action::LaunchInstance
        | Action::RemoveKeyUser
        | Action::AddKeyUser => Vec::new(),
    }
}

/// Refuses a form with an empty field that the call cannot do without.
pub(super) fn check(action: &Action) -> Result<(), ConsoleError> {
    let required = |field: &str, value: &str, message: &str| match value.trim() {
        "" => Err(ConsoleError::Invalid { field: field.into(), message: message.into() }),
        _ => Ok(()),
    };
    match action {
        Action::CreatePolicy { name, document, .. } => {
            required("name", name, "Give the policy a name.")?;
            required("document", document, "Paste the policy document.")
        }
        Action::CreateBucket { name } => required("name", name, "Give the bucket a name."),
        Action::CreateKey { alias, .. } => {
            required("alias", alias, "Give the key an alias, such as secure-demo-key.")
        }
        Action::PutBucketPolicy { document } => required("document", document, "Paste the bucket policy."),
        _ => Ok(()),
    }
}

/// What a form that succeeded has sent, where it is a document that one may want to look over again.
pub(super) fn sent(action: &Action) -> Option<Draft> {
    let document = matches!(action, Action::CreatePolicy { .. } | Action::PutBucketPolicy { .. });
    document.then(|| Draft { values: values(action), problem: None })
}

/// The draft of a form that AWS refused.
pub(super) fn refused(action: &Action, answer: &Answer) -> Draft {
    let code = answer.code.as_deref().unwrap_or("AWS gave no answer");
    let problem = match &answer.message {
        Some(message) => format!("{code}: {message}"),
        None => code.to_owned(),
    };
    Draft { values: values(action), problem: Some((String::new(), problem)) }
}

/// The draft of a form that was refused before any call.
pub(super) fn invalid(action: &Action, field: &str, message: &str) -> Draft {
    Draft { values: values(action), problem: Some((field.into(), message.into())) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{check, values};
    use app::console::{Action, ConsoleError, ListingId};

    #[test]
    fn an_empty_field_is_named_and_its_form_keeps_what_was_typed() {
        let action =
            Action::CreatePolicy { listing: ListingId::KeyAdmin, name: " ".into(), document: "{}".into() };
        let error = check(&action).unwrap_err();
        assert!(matches!(&error, ConsoleError::Invalid { field, .. } if field == "name"), "{error}");
        assert_eq!(values(&action), [("name".into(), " ".into()), ("document".into(), "{}".into())]);
    }

    #[test]
    fn what_aws_can_judge_is_left_to_aws() {
        assert!(check(&Action::CreateBucket { name: "No_Such.Name".into() }).is_ok());
        assert!(check(&Action::PutBucketPolicy { document: "not json".into() }).is_ok());
    }
}
