//! Any question the property tests could ask, steered by the fuzzer's bytes: a Deny never opens, and the account agrees.
#![no_main]

#[path = "../../tests/generated/mod.rs"]
mod generated;

use generated::{Question, question, statement};
use libfuzzer_sys::fuzz_target;
use policy::{Outcome, evaluate};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

fn outcome(question: &Question) -> Outcome {
    let compiled = question.compile();
    let decision = evaluate(compiled.request(), &compiled.policies());
    let explanation = decision.explain();
    assert_eq!(explanation.outcome, decision.outcome);
    assert_eq!(decision.denial().is_none(), decision.is_allowed());
    let statements = explanation.lanes.iter().flat_map(|lane| &lane.statements);
    assert_eq!(statements.filter(|found| found.deciding).count(), decision.deciding.len());
    let levers = decision.levers();
    assert!(levers.iter().all(|set| !set.is_empty()));
    decision.outcome
}

fuzz_target!(|bytes: &[u8]| {
    let rng = TestRng::from_seed(RngAlgorithm::PassThrough, bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let Ok(tree) = (question(), statement(&["Deny"])).new_tree(&mut runner) else { return };
    let (mut question, deny) = tree.current();
    let before = outcome(&question);
    for document in question.documents() {
        document["Statement"].as_array_mut().expect("a list of statements").push(deny.clone());
    }
    let after = outcome(&question);
    assert!(before == Outcome::Allowed || after != Outcome::Allowed, "a Deny opened {question:#?}");
});
