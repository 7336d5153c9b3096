//! One check inside a call: its lanes, their statements, and why each statement applied or did not.

use super::{
    call::{verdict_class, verdict_word},
    icon::{Glyph, Icon},
    policy_source::PolicySources,
};
use crate::console::{Check, CheckLane};
use leptos::prelude::*;
use policy::{ConditionExplanation, Effect, LaneVerdict, Mismatch, Outcome, Reach, StatementExplanation};
use serde_json::Value;

/// A check with what every lane said to it.
#[component]
pub(crate) fn CheckView(
    /// Its place in the call, from 1.
    number: usize,
    /// The check.
    check: Check,
) -> impl IntoView {
    let (class, words, icon) = if check.reached {
        match check.outcome {
            Outcome::Allowed => ("is-ok", "Allowed", Icon::Allows),
            Outcome::ImplicitlyDenied => ("is-refused", "Not allowed", Icon::Silent),
            Outcome::ExplicitlyDenied => ("is-refused", "Explicitly denied", Icon::Denies),
        }
    } else {
        ("is-unreached", "Not reached", Icon::NotConsulted)
    };
    let lanes = check.lanes.into_iter().map(|lane| view! { <CheckLaneView lane /> }).collect_view();
    view! {
        <li class="check" class:is-unreached=!check.reached>
            <div class="check-head">
                <span class="check-number" aria-hidden="true">{number}</span>
                <p class="check-what">
                    <code class="check-action">{check.action}</code>
                    " on "
                    <code class="check-resource">{check.resource}</code>
                </p>
                <span class=format!("outcome {class}")><Glyph icon />{words}</span>
            </div>
            <div class="check-lanes">{lanes}</div>
        </li>
    }
    .into_any()
}

/// A lane's statements, folded unless one of them decided.
#[component]
fn CheckLaneView(lane: CheckLane) -> impl IntoView {
    let CheckLane { lane, verdict, statements, policies } = lane;
    let decided = statements.iter().any(|statement| statement.deciding);
    let count = match statements.len() {
        0 => "no statements".to_owned(),
        1 => "1 statement".to_owned(),
        more => format!("{more} statements"),
    };
    let consulted = verdict != LaneVerdict::NotConsulted;
    let sources = view! { <PolicySources frames=policies statements=statements.clone() /> };
    let has_statements = !statements.is_empty();
    let statements =
        statements.into_iter().map(|statement| view! { <StatementView statement /> }).collect_view();
    view! {
        <details class=format!("check-lane {}", verdict_class(verdict)) open=decided && verdict == LaneVerdict::Denies>
            <summary>
                <Glyph icon=Icon::of_lane(lane) />
                <span class="check-lane-name">{lane.name()}</span>
                <span class="check-lane-word"><Glyph icon=Icon::of_verdict(verdict) />{verdict_word(verdict)}</span>
                <span class="check-lane-count">{count}</span>
            </summary>
            {if consulted {
                view! {
                    {has_statements.then(|| view! { <div class="policy-sources">{sources}</div> })}
                    <ul class="statements">{statements}</ul>
                }
                    .into_any()
            } else {
                view! { <p class="hint">"This check does not consult it."</p> }.into_any()
            }}
        </details>
    }
    .into_any()
}

/// A statement, why it applied or not, its conditions with the values compared, and its text.
#[component]
fn StatementView(statement: StatementExplanation) -> impl IntoView {
    let effect = match statement.effect {
        Effect::Allow => ("effect effect-allow", "Allow"),
        Effect::Deny => ("effect effect-deny", "Deny"),
    };
    let name = statement.sid.clone().unwrap_or_else(|| format!("Statement {}", statement.index + 1));
    let reason = reason(&statement);
    let conditions =
        statement.conditions.into_iter().map(|condition| view! { <ConditionRow condition /> }).collect_view();
    let has_conditions = !conditions.is_empty();
    view! {
        <li class="statement" class:is-deciding=statement.deciding class:is-matched=statement.matched>
            <div class="statement-head">
                <strong class="sid">{name}</strong>
                <span class=effect.0>{effect.1}</span>
                {statement.deciding.then(|| view! { <span class="badge badge-deciding">"Decides"</span> })}
                <span class="statement-policy" title=statement.policy_arn>{statement.policy}</span>
            </div>
            <p class="statement-reason">{reason}</p>
            {has_conditions
                .then(|| {
                    view! {
                        <div class="table-box" tabindex="0" role="group" aria-label="Conditions">
                            <table class="conditions">
                                <thead>
                                    <tr>
                                        <th scope="col">"Condition"</th>
                                        <th scope="col">"Key"</th>
                                        <th scope="col">"Wanted"</th>
                                        <th scope="col">"In the request"</th>
                                        <th scope="col">"Result"</th>
                                    </tr>
                                </thead>
                                <tbody>{conditions}</tbody>
                            </table>
                        </div>
                    }
                })}
        </li>
    }
    .into_any()
}

#[component]
fn ConditionRow(condition: ConditionExplanation) -> impl IntoView {
    let ConditionExplanation { operator, key, wanted, actual, matched } = condition;
    let result = if matched { ("is-true", Icon::Done, "true") } else { ("is-false", Icon::Denies, "false") };
    view! {
        <tr>
            <td data-label="Condition"><code>{operator}</code></td>
            <td data-label="Key"><code>{key}</code></td>
            <td data-label="Wanted"><div><Values values=Some(wanted) /></div></td>
            <td data-label="In the request"><div><Values values=actual /></div></td>
            <td data-label="Result" class=result.0><div><Glyph icon=result.1 />{result.2}</div></td>
        </tr>
    }
    .into_any()
}

/// Values of a condition key; `None` when the request did not have the key.
#[component]
fn Values(values: Option<Vec<String>>) -> impl IntoView {
    match values {
        None => view! { <em>"absent"</em> }.into_any(),
        Some(values) if values.is_empty() => view! { <em>"empty"</em> }.into_any(),
        Some(values) => values
            .into_iter()
            .map(|value| view! { <code class="value">{value}</code> })
            .collect_view()
            .into_any(),
    }
}

/// Why a statement applied or did not, as a sentence.
fn reason(statement: &StatementExplanation) -> String {
    if let Some(mismatch) = &statement.mismatch {
        return mismatch_sentence(mismatch, &statement.source);
    }
    match statement.reach {
        Some(Reach::Account) => {
            "Applies: it names the account, which leaves the decision to IAM. It allows nothing by itself.".into()
        }
        _ if statement.conditions.is_empty() => "Applies to this caller, action and resource.".into(),
        // The rule people trip over, and the one Listing 4 rests on: IAM-UG, condition operators.
        _ if statement.conditions.iter().any(|condition| condition.actual.is_none() && is_negated(condition)) => {
            "Applies to this caller, action and resource. Its condition holds because the request lacks the key: a negated \
             operator is true for what is not there."
                .into()
        }
        _ => "Applies to this caller, action and resource, and its conditions hold.".into(),
    }
}

/// Whether the operator is one that asks for a difference, such as `StringNotEquals` or `ForAllValues:ArnNotLike`.
fn is_negated(condition: &ConditionExplanation) -> bool {
    let operator = condition.operator.rsplit(':').next().unwrap_or_default();
    ["StringNot", "ArnNot", "NumericNot", "DateNot", "NotIp"]
        .iter()
        .any(|negated| operator.starts_with(negated))
}

/// The first element that the request does not meet; `source` is the statement.
fn mismatch_sentence(mismatch: &Mismatch, source: &Value) -> String {
    match mismatch {
        Mismatch::NoPrincipal => "Does nothing: it names no principal.".into(),
        Mismatch::Principal => {
            format!("Does not apply: the caller does not meet {}.", element(source, "Principal"))
        }
        Mismatch::NoAction => "Does nothing: it names no action.".into(),
        Mismatch::Action => {
            format!("Does not apply: the action does not meet {}.", element(source, "Action"))
        }
        Mismatch::NoResource => "Does nothing: it names no resource.".into(),
        Mismatch::Resource => {
            format!("Does not apply: the resource does not meet {}.", element(source, "Resource"))
        }
        Mismatch::Condition(condition) => condition_sentence(condition),
    }
}

fn condition_sentence(condition: &ConditionExplanation) -> String {
    let ConditionExplanation { operator, key, wanted, actual, .. } = condition;
    let wanted = wanted.join(", ");
    match actual {
        None => format!(
            "Does not apply: {operator} wants {key} to compare with {wanted}, and the request lacks that key."
        ),
        Some(actual) => {
            format!(
                "Does not apply: {operator} compares {key} with {wanted}; the request has {}.",
                actual.join(", ")
            )
        }
    }
}

/// The element as the statement has it, for a sentence; a long list is shortened, as the statement itself stands below.
fn element(source: &Value, name: &str) -> String {
    let not = format!("Not{name}");
    let (word, value) = match (source.get(name), source.get(&not)) {
        (Some(value), _) => (name, value),
        (None, Some(value)) => (not.as_str(), value),
        (None, None) => return format!("its {name}"),
    };
    let mut values = Vec::new();
    flatten(value, &mut values);
    match values.as_slice() {
        [] => format!("its {word}"),
        [one] => format!("its {word} {one}"),
        [first, rest @ ..] => format!("its {word} {first} and {} more", rest.len()),
    }
}

fn flatten<'a>(value: &'a Value, into: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => into.push(text),
        Value::Array(items) => items.iter().for_each(|item| flatten(item, into)),
        Value::Object(fields) => fields.values().for_each(|item| flatten(item, into)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{condition_sentence, mismatch_sentence};
    use policy::{ConditionExplanation, Mismatch};
    use serde_json::json;

    #[test]
    fn a_mismatch_reads_as_a_sentence_with_what_the_statement_names() {
        let statement = json!({
            "Principal": {"AWS": ["arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/b"]},
            "NotAction": "s3:GetObject",
            "Resource": "arn:aws:s3:::demo",
        });
        let cases = [
            (
                Mismatch::Resource,
                "Does not apply: the resource does not meet its Resource arn:aws:s3:::demo.",
            ),
            (Mismatch::Action, "Does not apply: the action does not meet its NotAction s3:GetObject."),
            (
                Mismatch::Principal,
                "Does not apply: the caller does not meet its Principal arn:aws:iam::111122223333:role/a and 1 more.",
            ),
            (Mismatch::NoPrincipal, "Does nothing: it names no principal."),
        ];
        for (mismatch, sentence) in cases {
            assert_eq!(mismatch_sentence(&mismatch, &statement), sentence);
        }
    }

    #[test]
    fn an_absent_condition_key_is_said_to_be_absent() {
        let condition = |actual| ConditionExplanation {
            operator: "StringEquals".into(),
            key: "kms:ViaService".into(),
            wanted: vec!["s3.us-east-1.amazonaws.com".into()],
            actual,
            matched: false,
        };
        assert!(condition_sentence(&condition(None)).contains("the request lacks that key"));
        let other = condition(Some(vec!["ec2.us-east-1.amazonaws.com".into()]));
        assert!(condition_sentence(&other).ends_with("the request has ec2.us-east-1.amazonaws.com."));
    }
}
