//! Reading the policies that bear on a call, as the base identity.
//!
//! What cannot be read is noted and never stops the call: the verdict then says what it could not see.

mod identity;
mod resources;

use crate::cloud::{Clients, Failure};
use futures::future::{FutureExt as _, join4};
use policy::{
    Document, NamedPolicy,
    call::{Bearings, KeyFacts, ObjectFacts, Question},
};
use std::sync::Arc;

/// Who reads what bears on a call.
#[derive(Clone, Copy, Debug)]
pub struct Readers<'a> {
    /// The base identity, who reads first.
    pub base: &'a Clients,
    /// The administrators of bucket and key, as far as the lab holds them: a policy may keep the base identity from reading it.
    pub others: &'a [Clients],
    /// A second account and clients of its administrator, for what is that account's.
    pub elsewhere: Option<(&'a str, &'a Clients)>,
}

/// Reads what bears on `question` when `caller` makes it.
pub async fn gather(readers: Readers<'_>, caller: &str, question: &Question) -> Bearings {
    let Readers { base: clients, others, elsewhere } = readers;
    let of = |arn: &str| match elsewhere {
        Some((account, other)) if arn.split(':').nth(4) == Some(account) => other,
        _ => clients,
    };
    let mut gathered = Bearings::default();
    let (identity, mut bucket, source, role) = join4(
        identity::identity(of(caller), caller).boxed(),
        resources::bucket(clients, question).boxed(),
        resources::source(clients, question).boxed(),
        resources::role(clients, question).boxed(),
    )
    .await;
    for other in others {
        if bucket.0.unseen.is_empty() {
            break;
        }
        let again = resources::bucket(other, question).boxed().await;
        if again.0.unseen.len() < bucket.0.unseen.len() {
            bucket = again;
        }
    }
    identity.merge(&mut gathered);
    bucket.merge(&mut gathered);
    source.merge(&mut gathered);
    role.merge(&mut gathered);
    if let Some(id) = key_id(question, &gathered) {
        gathered.key = key(of(&id), others, &id, question, &mut gathered).await;
    }
    if let Some(ObjectFacts::Present { key: Some(id), .. }) = gathered.source.clone() {
        gathered.source_key = key(of(&id), others, &id, question, &mut gathered).await;
    }
    gathered
}

/// A key as the first reader sees it who sees all of it, or else the one who sees most.
async fn key(
    first: &Clients,
    others: &[Clients],
    id: &str,
    question: &Question,
    gathered: &mut Bearings,
) -> Option<KeyFacts> {
    let mut part = Part::default();
    let mut found = resources::key(first, &mut part, id, question).boxed().await;
    for other in others {
        if part.0.unseen.is_empty() {
            break;
        }
        let mut again = Part::default();
        let facts = resources::key(other, &mut again, id, question).boxed().await;
        if again.0.unseen.len() < part.0.unseen.len() {
            (part, found) = (again, facts);
        }
    }
    part.merge(gathered);
    found
}

/// A part of [`Bearings`] that was read on its own.
#[derive(Default)]
struct Part(Bearings);

impl Part {
    fn unseen(&mut self, what: &str, failure: &Failure) {
        let why = failure.code.as_deref().or(failure.message.as_deref()).unwrap_or("no answer");
        self.0.unseen.push(format!("{what} ({why})"));
    }

    /// Compiles a document, or notes that it could not be read.
    fn parse(&mut self, name: &str, arn: Option<&str>, json: &str) -> Option<NamedPolicy> {
        match Document::parse(json) {
            Ok(document) => Some(NamedPolicy {
                name: name.into(),
                arn: arn.map(Into::into),
                document: Arc::new(document),
            }),
            Err(error) => {
                self.0.unseen.push(format!("the policy {name} ({error})"));
                None
            }
        }
    }

    fn merge(self, into: &mut Bearings) {
        let Bearings {
            identity,
            boundaries,
            caller,
            network,
            bucket_policy,
            bucket_absent,
            bucket_default_key,
            bucket_keys,
            object,
            key,
            source_policy,
            source,
            source_key,
            trust_policy,
            role_tags,
            unseen,
        } = self.0;
        into.identity.extend(identity);
        into.boundaries.extend(boundaries);
        into.caller.extend(caller);
        into.network.extend(network);
        into.bucket_policy = into.bucket_policy.take().or(bucket_policy);
        into.bucket_absent |= bucket_absent;
        into.bucket_default_key = into.bucket_default_key.take().or(bucket_default_key);
        into.bucket_keys |= bucket_keys;
        into.object = into.object.take().or(object);
        into.key = into.key.take().or(key);
        into.source_policy = into.source_policy.take().or(source_policy);
        into.source = into.source.take().or(source);
        into.source_key = into.source_key.take().or(source_key);
        into.trust_policy = into.trust_policy.take().or(trust_policy);
        into.role_tags.extend(role_tags);
        into.unseen.extend(unseen);
    }
}

/// The key a call uses: the one it names, the object's own, the bucket's default, or the account's `aws/s3`.
fn key_id(question: &Question, gathered: &Bearings) -> Option<String> {
    if question.service == "kms" {
        return question.key.clone();
    }
    if question.writes_object() {
        let default = || gathered.bucket_default_key.clone();
        return match question.sse.as_deref() {
            Some("aws:kms" | "aws:kms:dsse") => {
                question.sse_key.clone().or_else(default).or_else(|| Some("alias/aws/s3".into()))
            }
            Some(_) => None,
            None => default(),
        };
    }
    match &gathered.object {
        Some(ObjectFacts::Present { key, .. }) => key.clone(),
        _ => None,
    }
}

/// IAM gives documents percent-encoded (RFC 3986).
pub fn decoded(document: &str) -> String {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(&format!("d={document}")).unwrap_or_default();
    pairs.into_iter().next().map_or_else(|| document.to_owned(), |(_, document)| document)
}
