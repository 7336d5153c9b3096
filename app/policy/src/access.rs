//! Which services and actions identity policies let somebody use: what IAM lists as last accessed information.
//!
//! It looks at what policies say, not at what would come of a request. Of what they allow, resources and conditions do not
//! count; of what they deny, only what they deny always and everywhere (IAM User Guide, `access_policies_last-accessed`).

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::document::{ActionElement, Document, Effect, Statement};
use crate::lint::catalog::catalog;
use crate::lint::glob::covers;
use serde_json::Value;

/// The names that AWS gives to its services, by their namespaces; written by `data/refresh.mjs`.
const NAMES: &str = include_str!("../data/service-names.json");

/// The namespaces of all of AWS's services, such as `s3`, in their order.
pub fn services() -> impl Iterator<Item = &'static str> {
    catalog().prefixes()
}

/// What AWS calls the service with this namespace: `Amazon S3` for `s3`.
pub fn service_name(namespace: &str) -> Option<&'static str> {
    static READ: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    // A test reads them.
    READ.get_or_init(|| serde_json::from_str(NAMES).unwrap_or_default()).get(namespace).map(String::as_str)
}

/// Identity policies, read for what they let somebody use.
///
/// ```
/// use policy::{Document, access::Access};
///
/// let document = Document::parse(
///     r#"{"Statement": [{"Effect": "Allow", "Action": ["s3:Get*", "lambda:InvokeFunction"], "Resource": "*"},
///                       {"Effect": "Deny", "Action": "s3:GetBucketAcl", "Resource": "*"}]}"#,
/// )?;
/// let access = Access::of([&document]);
/// assert!(access.reaches("lambda") && access.reaches("s3") && !access.reaches("kms"));
/// assert!(access.actions("s3").contains(&"GetObject") && !access.actions("s3").contains(&"GetBucketAcl"));
/// # Ok::<(), policy::ParseError>(())
/// ```
#[derive(Debug)]
pub struct Access<'d> {
    allowed: Vec<Rule<'d>>,
    denied: Vec<Rule<'d>>,
}

/// `Action` or `NotAction` of one statement.
#[derive(Debug)]
struct Rule<'d> {
    element: &'d ActionElement,
    negated: bool,
    /// In small letters: actions have no case.
    patterns: Vec<String>,
}

impl<'d> Access<'d> {
    /// Reads policies that somebody has together.
    pub fn of(documents: impl IntoIterator<Item = &'d Document>) -> Self {
        let (mut allowed, mut denied) = (Vec::new(), Vec::new());
        for statement in documents.into_iter().flat_map(|document| &document.statements) {
            match statement.effect {
                Effect::Allow => allowed.extend(Rule::of(statement)),
                Effect::Deny if is_unlimited(statement) => denied.extend(Rule::of(statement)),
                Effect::Deny => {}
            }
        }
        Self { allowed, denied }
    }

    /// Whether something of this service can be used.
    pub fn reaches(&self, namespace: &str) -> bool {
        match catalog().service(namespace) {
            Some((_, service)) => service.names().any(|name| self.allows(namespace, name)),
            None => {
                // What its actions are is not known here, so patterns stand for them.
                let mut asked = self.allowed.iter().flat_map(|rule| rule.patterns_of(namespace));
                asked.any(|pattern| !self.denied.iter().any(|rule| rule.takes_in(namespace, &pattern)))
            }
        }
    }

    /// The actions of a service that can be used, without its namespace; none for services whose actions are not known here.
    pub fn actions(&self, namespace: &str) -> Vec<&'static str> {
        let names = catalog().service(namespace).map(|(_, service)| service.names());
        names.into_iter().flatten().filter(|name| self.allows(namespace, name)).collect()
    }

    fn allows(&self, namespace: &str, name: &str) -> bool {
        let action = format!("{namespace}:{name}");
        let matches = |rule: &Rule<'_>| rule.element.matches(&action);
        self.allowed.iter().any(matches) && !self.denied.iter().any(matches)
    }
}

impl<'d> Rule<'d> {
    fn of(statement: &'d Statement) -> Option<Self> {
        let source = statement.source();
        let patterns = match source.get("Action").or_else(|| source.get("NotAction")) {
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            Some(one) => one.as_str().into_iter().collect(),
            None => Vec::new(),
        };
        Some(Self {
            element: statement.action.as_ref()?,
            negated: source.get("Action").is_none(),
            patterns: patterns.into_iter().map(str::to_ascii_lowercase).collect(),
        })
    }

    /// Patterns for what of a service it matches.
    fn patterns_of(&self, namespace: &str) -> Vec<String> {
        let all = format!("{namespace}:*");
        match self.negated {
            true if self.patterns.iter().any(|pattern| covers(pattern, &all)) => Vec::new(),
            true => vec![all],
            false => self.of_service(namespace).collect(),
        }
    }

    /// Whether it matches all that a pattern of this service does.
    fn takes_in(&self, namespace: &str, pattern: &str) -> bool {
        match self.negated {
            true => self.of_service(namespace).next().is_none(),
            false => self.patterns.iter().any(|own| covers(own, pattern)),
        }
    }

    /// Its patterns, as far as they are about a service.
    fn of_service(&self, namespace: &str) -> impl Iterator<Item = String> {
        self.patterns.iter().filter_map(move |pattern| match pattern.split_once(':') {
            None => Some(format!("{namespace}:*")),
            Some((service, name)) => covers(service, namespace).then(|| format!("{namespace}:{name}")),
        })
    }
}

/// Whether a statement speaks of every resource, whatever the circumstances.
fn is_unlimited(statement: &Statement) -> bool {
    let everything = |text: &Value| text.as_str() == Some("*");
    let resources = match statement.source().get("Resource") {
        Some(Value::Array(several)) => several.iter().any(everything),
        Some(one) => everything(one),
        None => false,
    };
    resources && statement.conditions.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(statements: &str) -> impl Fn(&str) -> bool {
        let document = Document::parse(&format!(r#"{{"Statement": [{statements}]}}"#)).unwrap();
        move |namespace| Access::of([&document]).reaches(namespace)
    }

    #[test]
    fn every_service_has_a_name() {
        assert_eq!(service_name("kms"), Some("AWS Key Management Service"));
        assert_eq!(services().filter(|namespace| service_name(namespace).is_none()).count(), 0);
        assert!(services().is_sorted());
    }

    #[test]
    fn conditions_and_resources_limit_no_permission_but_a_denial() {
        let reaches = reached(
            r#"{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::demo", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
               {"Effect": "Deny", "Action": ["kms:*", "Lambda:*"], "Resource": "*"},
               {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::demo"},
               {"Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}"#,
        );
        assert!(reaches("s3") && reaches("iam") && reaches("sqs"));
        assert!(!reaches("kms") && !reaches("lambda"));
    }

    #[test]
    fn what_is_left_out_is_not_allowed_and_not_denied() {
        let reaches =
            reached(r#"{"Effect": "Allow", "NotAction": ["sqs:*", "sns:Publish", "s3:*"], "Resource": "*"}"#);
        assert!(reaches("sns") && reaches("kms") && !reaches("sqs") && !reaches("s3"));
        let reaches = reached(
            r#"{"Effect": "Allow", "Action": "*", "Resource": "*"},
               {"Effect": "Deny", "NotAction": ["sns:Publish", "s3:GetObject"], "Resource": "*"}"#,
        );
        assert!(reaches("sns") && reaches("s3") && !reaches("kms") && !reaches("sqs"));
    }
}
