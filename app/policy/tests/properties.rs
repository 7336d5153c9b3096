//! What holds for every policy and every request, tried on thousands of them at random. A failure prints the smallest input
//! found and is kept in `properties.proptest-regressions`.
#![allow(clippy::unwrap_used)]

mod generated;

use generated::{Compiled, Question, document, question, statement};
use policy::lint::{Kind, lint};
use policy::{Decision, Document, Outcome, evaluate, line, validate};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

fn decide(compiled: &Compiled) -> Decision<'_> {
    evaluate(compiled.request(), &compiled.policies())
}

fn outcome(question: &Question) -> Outcome {
    decide(&question.compile()).outcome
}

fn push_statement(document: &mut Value, statement: Value) {
    document["Statement"].as_array_mut().unwrap().push(statement);
}

/// `*` is any text and `?` any character: the definition, with nothing clever.
fn matches(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) if matches(rest, text) => true,
        (Some(('*', _)), Some((_, after))) => matches(pattern, after),
        (Some(('?', rest)), Some((_, after))) => matches(rest, after),
        (Some((wanted, rest)), Some((found, after))) => wanted == found && matches(rest, after),
        _ => false,
    }
}

/// Else the properties below would be about denials alone.
#[test]
fn a_fair_share_of_the_questions_is_allowed_and_of_the_denials_explicit() {
    let mut runner = TestRunner::deterministic();
    let mut draw = || outcome(&question().new_tree(&mut runner).unwrap().current());
    let outcomes: Vec<_> = (0..1_000).map(|_| draw()).collect();
    for (least, wanted) in
        [(100, Outcome::Allowed), (100, Outcome::ExplicitlyDenied), (100, Outcome::ImplicitlyDenied)]
    {
        let count = outcomes.iter().filter(|outcome| **outcome == wanted).count();
        assert!(count >= least, "only {count} of 1,000 are {wanted:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn a_deny_added_to_any_policy_never_turns_a_denial_into_an_allow(
        before in question(), deny in statement(&["Deny"]), place in any::<prop::sample::Index>(),
    ) {
        let mut after = before.clone();
        let mut documents = after.documents();
        if !documents.is_empty() {
            push_statement(documents.remove(place.index(documents.len())), deny);
        }
        prop_assert!(outcome(&before) == Outcome::Allowed || outcome(&after) != Outcome::Allowed);
    }

    #[test]
    fn a_policy_of_denies_added_to_any_layer_never_turns_a_denial_into_an_allow(
        before in question(), deny in statement(&["Deny"]), layer in 0..7,
    ) {
        let mut after = before.clone();
        let policy = json!({ "Version": "2012-10-17", "Statement": [deny] });
        match layer {
            0 => after.identity.push(policy),
            1 => after.boundaries.push(policy),
            2 => after.session_policies.push(policy),
            3 => after.endpoint_policies.push(policy),
            4 => after.scps.push(vec![policy]),
            5 => after.rcps.push(vec![policy]),
            _ => { after.resource.get_or_insert(policy); }
        }
        prop_assert!(outcome(&before) == Outcome::Allowed || outcome(&after) != Outcome::Allowed);
    }

    #[test]
    fn an_allow_added_to_an_identity_policy_never_takes_an_allow_away(
        before in question(), allow in statement(&["Allow"]),
    ) {
        let mut after = before.clone();
        after.identity.push(json!({ "Version": "2012-10-17", "Statement": [allow] }));
        prop_assert!(outcome(&before) != Outcome::Allowed || outcome(&after) == Outcome::Allowed);
    }

    #[test]
    fn the_order_of_statements_policies_levels_and_grants_never_matters(before in question()) {
        let mut after = before.clone();
        for document in after.documents() {
            document["Statement"].as_array_mut().unwrap().reverse();
        }
        for list in [&mut after.identity, &mut after.boundaries, &mut after.session_policies, &mut after.endpoint_policies] {
            list.reverse();
        }
        for levels in [&mut after.scps, &mut after.rcps] {
            levels.reverse();
            levels.iter_mut().for_each(|level| level.reverse());
        }
        after.grants.reverse();
        let (before, after) = (before.compile(), after.compile());
        let (one, other) = (decide(&before), decide(&after));
        prop_assert_eq!((one.outcome, one.decided_by, one.iam, one.resource), (other.outcome, other.decided_by, other.iam, other.resource));
        let statements = |decision: &Decision<'_>| {
            let mut texts: Vec<_> = decision.deciding.iter().map(|found| (format!("{:?}", found.layer), found.statement.source().to_string())).collect();
            texts.sort();
            texts
        };
        prop_assert_eq!(statements(&one), statements(&other));
        prop_assert_eq!(one.levers(), other.levers());
    }

    #[test]
    fn the_account_of_a_decision_agrees_with_it(question in question()) {
        let compiled = question.compile();
        let decision = decide(&compiled);
        let explanation = decision.explain();
        prop_assert_eq!(explanation.outcome, decision.outcome);
        prop_assert_eq!(decision.denial().is_none(), decision.is_allowed());
        prop_assert_eq!(decision.outcome == Outcome::ImplicitlyDenied, decision.denial().is_some_and(|denial| !denial.explicit));
        let explained = explanation.lanes.iter().flat_map(|lane| &lane.statements);
        prop_assert_eq!(explained.clone().filter(|found| found.deciding).count(), decision.deciding.len());
        for found in explained {
            prop_assert_eq!(found.matched, found.mismatch.is_none());
            prop_assert!(found.matched || !found.deciding);
        }
    }

    #[test]
    fn parsing_what_was_printed_gives_the_same_document(source in document(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&source).unwrap() } else { source.to_string() };
        let document = Document::parse(&text).unwrap();
        prop_assert_eq!(document.text(), &text);
        prop_assert_eq!(document.source(), &source);
        let again = Document::parse(&document.source().to_string()).unwrap();
        prop_assert_eq!(again.source(), &source);
        prop_assert_eq!(again.version(), document.version());
        for (one, other) in document.statements().iter().zip(again.statements()) {
            prop_assert_eq!((one.sid(), one.effect(), one.source()), (other.sid(), other.effect(), other.source()));
        }
    }

    #[test]
    fn wildcards_match_what_their_definition_matches(pattern in "[ab*?]{0,9}", text in "[ab]{0,9}") {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        let question = json!({
            "principal": "arn:aws:iam::111122223333:user/alice", "action": "s3:GetObject", "resource": "*",
            "context": { "s3:prefix": text },
            "identity_policies": [{ "Version": "2012-10-17", "Statement": {
                "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "StringLike": { "s3:prefix": pattern } },
            } }],
        });
        let answer = line::answer(&question.to_string()).unwrap();
        prop_assert_eq!(answer.decision == Outcome::Allowed, matches(&letters(&pattern), &letters(&text)));
    }

    #[test]
    fn a_fix_leaves_a_document_that_can_be_read(source in document(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&source).unwrap() } else { source.to_string() };
        for kind in Kind::ALL {
            for finding in lint(&text, kind) {
                prop_assert!(finding.pointer.is_empty() || source.pointer(&finding.pointer).is_some(), "{}", finding.pointer);
                if let Some(fix) = &finding.fix {
                    let mended = fix.apply(&text);
                    prop_assert!(Document::parse(&mended).is_ok(), "{} makes {mended}", finding.code);
                }
            }
        }
    }

    #[test]
    fn no_text_makes_anything_panic(text in prop_oneof!["\\PC{0,60}", "[\\[\\]{}:,\"\\\\a0 \n]{0,60}"], cut in any::<prop::sample::Index>(), source in document()) {
        let whole = source.to_string();
        let start: String = whole.chars().take(cut.index(whole.chars().count())).collect();
        for text in [&text, &start, &format!("{start}{text}")] {
            let _ = line::answer(text);
            for validate in [validate::identity, validate::trust, validate::key] {
                let _ = validate(text);
            }
            let _ = validate::bucket(text, "b");
            for kind in Kind::ALL.into_iter().chain([Kind::guess(text)]) {
                lint(text, kind);
            }
        }
    }
}
