//! The words that the pages use without stopping for them, each in a sentence or two.

use super::Unavailable;
use crate::{
    components::{layout::Layout, prose::Words},
    context::expect_console,
};
use leptos::prelude::*;

/// The page.
#[component]
pub(crate) fn WordsPage() -> impl IntoView {
    Suspend::new(async move {
        match expect_console().lab().await {
            Ok(lab) => view! {
                <Layout lab title="Words">
                    <article class="step words">
                        <header class="page-head">
                            <h1>"Words"</h1>
                            <p>
                                "Trilock\u{2019}s own words first, then those of AWS that its pages use. AWS\u{2019}s documentation says \
                                 more about each of the latter under the same name."
                            </p>
                        </header>
                        <List title="Of Trilock" id="trilock" words=OURS />
                        <List title="Of AWS" id="aws" words=OF_AWS />
                    </article>
                </Layout>
            }
            .into_any(),
            Err(error) => view! { <Unavailable lab=None message=error.to_string() /> }.into_any(),
        }
    })
}

#[component]
fn List(title: &'static str, id: &'static str, words: &'static [Word]) -> impl IntoView {
    let rows = words
        .iter()
        .map(|(word, meaning)| {
            view! {
                <div id=anchor(word)>
                    <dt>{*word}</dt>
                    <dd><Words text=*meaning /></dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <section aria-labelledby=id>
            <h2 id=id>{title}</h2>
            <dl class="word-list">{rows}</dl>
        </section>
    }
}

/// Where a word stands on the page: `key-policy` for `Key policy`.
fn anchor(word: &str) -> String {
    word.to_lowercase().replace(' ', "-")
}

/// A word and what it means.
type Word = (&'static str, &'static str);

const OURS: &[Word] = &[
    (
        "Lock",
        "A policy that stands between a caller and the data and that one person keeps: the IAM policies, the bucket policy, the key \
         policy. Whoever may change it is said to hold it, or to turn it.",
    ),
    (
        "Lane",
        "One kind of policy in a verdict, with what it said about the call. There are three, one a lock, and a fourth for the trust \
         policy where somebody asks to become a role.",
    ),
    (
        "Verdict",
        "What the policies, as read back from AWS, have to say about one call, beside what AWS answered.",
    ),
    (
        "Check",
        "One permission that AWS looks at for a call. An upload under a KMS key has two: `s3:PutObject` on the object and \
         `kms:GenerateDataKey` on the key.",
    ),
    ("Allows", "A statement with Allow applies to the caller, the action and the resource."),
    (
        "Denies",
        "A statement with Deny applies. That ends it, whatever any other policy allows; it is called an explicit deny.",
    ),
    (
        "Silent",
        "The policy was asked and no statement of it applies. If no other policy allows the call, it is refused all the same: an \
         implicit deny.",
    ),
    (
        "Denied",
        "Refused because a statement with Deny applies: an explicit deny. No Allow in any policy overrides it.",
    ),
    (
        "Not allowed",
        "Refused because nothing allows it, though nothing denies it either: an implicit deny. An Allow in the right policy is what is \
         missing.",
    ),
    (
        "Delegates",
        "The policy allows the account rather than the caller. It leaves the answer to IAM, and an IAM policy has to allow the action too.",
    ),
    (
        "Not consulted",
        "AWS did not ask this policy: it has no bearing on the call, is not there, or the call was refused before.",
    ),
    (
        "As printed",
        "A listing letter for letter as the blog post has it, mistakes included, with your bucket, account and key filled in. \
         Corrected is the same listing repaired to do what it was meant to.",
    ),
];

const OF_AWS: &[Word] = &[
    (
        "ARN",
        "Amazon Resource Name: the full name of one thing in AWS, such as `arn:aws:s3:::demo/report.pdf`. It names the service and, where \
         that matters, the region and the account.",
    ),
    (
        "IAM policy",
        "A document attached to a user or a role that says what it may do. The other kind, a resource policy, is attached to the thing \
         itself and says who may do what to it.",
    ),
    ("Bucket policy", "The resource policy of an S3 bucket. It covers the bucket and the objects in it."),
    (
        "Key policy",
        "The resource policy of a KMS key. As with a trust policy, and unlike a bucket policy in the same account, IAM alone is not \
         enough: the key policy has to allow the caller, or the caller\u{2019}s account, which leaves it to IAM. A grant is the one way round it.",
    ),
    ("Trust policy", "The resource policy of a role: it says who may become the role."),
    (
        "STS",
        "Security Token Service. Its call `sts:AssumeRole` hands out credentials for a role that end after a while.",
    ),
    (
        "KMS",
        "Key Management Service: keeps keys that never leave it, and encrypts and decrypts with them for whoever may use them.",
    ),
    (
        "SSE-KMS",
        "Server-side encryption with KMS keys: S3 encrypts an object as it stores it, under a data key that KMS made, and asks KMS \
         again whenever somebody reads it.",
    ),
    (
        "SSE-S3",
        "Server-side encryption with keys that S3 keeps itself. Every permitted reader gets plaintext, and no key policy is asked.",
    ),
    (
        "Data key",
        "A key that KMS makes for one use and hands out twice, in the clear and encrypted under the KMS key. S3 encrypts with the first, \
         stores the second beside the object and forgets the first.",
    ),
    (
        "Grant",
        "A permission to use a KMS key that is given by a call and kept beside the key policy. It allows also whom the key policy does not \
         name; a Deny in any policy still wins. A grant itself cannot deny.",
    ),
    (
        "Condition key",
        "A named value of a request that a policy statement can compare, such as `s3:x-amz-server-side-encryption`. A request may lack it.",
    ),
    (
        "Negated operator",
        "A comparison that holds when values differ, such as `StringNotEquals`. It also holds when the request lacks the condition key.",
    ),
    (
        "Instance profile",
        "What carries a role onto an EC2 instance: it holds one role, and programs on the instance get that role\u{2019}s credentials.",
    ),
    (
        "PassRole",
        "`iam:PassRole`, the right to hand a role to a service, as when an instance is launched with one. It is no call of its own: AWS \
         checks it within the call that hands the role over.",
    ),
    (
        "IMDSv2",
        "The second version of the metadata service, where an instance finds its credentials. Each request has to carry a token that was \
         asked for first.",
    ),
    (
        "Block Public Access",
        "Settings of a bucket or an account that keep it from being opened to the public: among others, a bucket policy that would is refused.",
    ),
];

#[cfg(test)]
mod tests {
    use super::{OF_AWS, OURS, anchor};
    use std::collections::HashSet;

    #[test]
    fn every_word_has_a_place_of_its_own_and_closes_its_backticks() {
        let mut places = HashSet::new();
        for (word, meaning) in OURS.iter().chain(OF_AWS) {
            assert!(places.insert(anchor(word)), "{word}");
            assert_eq!(meaning.matches('`').count() % 2, 0, "{word}");
            assert!(!meaning.contains("  ") && meaning.ends_with('.'), "{word}");
        }
    }
}
