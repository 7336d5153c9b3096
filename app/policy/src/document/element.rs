//! The `Action` and `Resource` elements with their `Not` forms.

use crate::pattern::{Pattern, Resolve, Syntax};

/// `Action` or `NotAction`.
#[derive(Clone, Debug)]
pub(crate) struct ActionElement {
    negated: bool,
    patterns: Vec<Pattern>,
}

impl ActionElement {
    /// Action names have no case (`aws-semantics.md` §2) and no variables.
    pub(crate) fn new(negated: bool, actions: &[&str]) -> Self {
        let compile = |action: &&str| Pattern::compile(action, Syntax::Wildcards, false).ignoring_case();
        Self { negated, patterns: actions.iter().map(compile).collect() }
    }

    pub(crate) fn matches(&self, action: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(action, &|_| None)) != self.negated
    }
}

/// `Resource` or `NotResource`.
#[derive(Clone, Debug)]
pub(crate) struct ResourceElement {
    negated: bool,
    patterns: Vec<Pattern>,
}

impl ResourceElement {
    pub(crate) fn new(negated: bool, resources: &[&str], variables: bool) -> Self {
        let compile = |resource: &&str| Pattern::compile(resource, Syntax::Resource, variables);
        Self { negated, patterns: resources.iter().map(compile).collect() }
    }

    pub(crate) fn matches<'v>(&'v self, resource: &str, resolve: Resolve<'_, 'v>) -> bool {
        self.patterns.iter().any(|pattern| pattern.is_any() || pattern.matches(resource, resolve))
            != self.negated
    }
}
