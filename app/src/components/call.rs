//! One call and its verdict: what AWS answered, what each lane said, which of them decided.

use super::{
    activity_row::{clock_time, iso_time},
    check::CheckView,
    icon::{Glyph, Icon},
    notice::{Notice, Tone},
    persona::PersonaChip,
    prose::Words,
};
use crate::console::{Answer, Lane, LaneSummary, Record, Verdict};
use leptos::prelude::*;
use policy::LaneVerdict;

/// What a lane said, in the word a page uses for it.
pub(crate) const fn verdict_word(verdict: LaneVerdict) -> &'static str {
    match verdict {
        LaneVerdict::Allows => "Allows",
        LaneVerdict::Denies => "Denies",
        LaneVerdict::Silent => "Silent",
        LaneVerdict::Delegates => "Delegates",
        LaneVerdict::NotConsulted => "Not consulted",
    }
}

/// The class that goes with it. Colour never says it alone: word and drawing are always there.
pub(crate) const fn verdict_class(verdict: LaneVerdict) -> &'static str {
    match verdict {
        LaneVerdict::Allows => "says-allows",
        LaneVerdict::Denies => "says-denies",
        LaneVerdict::Silent => "says-silent",
        LaneVerdict::Delegates => "says-delegates",
        LaneVerdict::NotConsulted => "says-nothing",
    }
}

/// A lane's name inside a sentence.
pub(crate) const fn lane_in_a_sentence(lane: Lane) -> &'static str {
    match lane {
        Lane::Iam => "IAM",
        Lane::Bucket => "the bucket policy",
        Lane::Key => "the key policy",
        Lane::Trust => "the trust policy",
    }
}

/// HTTP status and AWS's code, with a mark for done or refused.
#[component]
pub(crate) fn Outcome(
    /// What AWS answered.
    answer: Answer,
) -> impl IntoView {
    let (class, icon, phrase) = match answer.status {
        _ if !answer.succeeded() => ("outcome is-refused", Icon::Denies, ""),
        204 => ("outcome is-ok", Icon::Allows, "No Content"),
        _ => ("outcome is-ok", Icon::Allows, "OK"),
    };
    let status = if answer.status == 0 { "no answer".to_owned() } else { answer.status.to_string() };
    let code = answer.code.unwrap_or_else(|| phrase.into());
    view! {
        <span class=class>
            <Glyph icon />
            {status}
            " "
            {code}
        </span>
    }
    .into_any()
}

/// The lanes of a call as a row of small marks.
#[component]
pub(crate) fn LaneMarks(
    /// What the policies said.
    verdict: Verdict,
) -> impl IntoView {
    let deciders = deciding_lanes(&verdict);
    let marks = verdict
        .shown_lanes()
        .into_iter()
        .map(|LaneSummary { lane, verdict, .. }| {
            let decided = deciders.contains(&lane);
            let words = format!(
                "{}: {}{}",
                lane.name(),
                verdict_word(verdict).to_lowercase(),
                if decided { ", decided" } else { "" }
            );
            view! {
                <span class=format!("lane-mark {}", verdict_class(verdict)) class:is-deciding=decided title=words>
                    <Glyph icon=Icon::of_lane(lane) />
                    <Glyph icon=Icon::of_verdict(verdict) />
                    <span class="visually-hidden">{words.clone()}". "</span>
                </span>
            }
        })
        .collect_view();
    view! { <span class="lane-marks">{marks}</span> }
}

/// A call that folds to one line: the calls of a step, newest open.
#[component]
pub(crate) fn FoldedCall(
    /// The call.
    record: Record,
    /// Whether it starts unfolded.
    open: bool,
) -> impl IntoView {
    let id = record.id;
    view! {
        <details class="call" open=open>
            <summary class="call-head">
                <span class="call-title">
                    <strong>{record.title()}</strong>
                    " "
                    <span class="subject">{record.subject.clone()}</span>
                </span>
                <PersonaChip persona=record.persona />
                <LaneMarks verdict=record.verdict.clone() />
                <Outcome answer=record.answer.clone() />
            </summary>
            <CallView record words=open />
            <p class="permalink"><a href=format!("/activity/{id}")>{format!("Call {id} on a page of its own")}</a></p>
        </details>
    }
    .into_any()
}

/// The lanes that decided a call: one, or several where it has several checks and was allowed.
fn deciding_lanes(verdict: &Verdict) -> Vec<Lane> {
    let each: Vec<Lane> = verdict.deciders().into_iter().map(|(_, lane)| lane).collect();
    if each.is_empty() { verdict.decided_by.into_iter().collect() } else { each }
}

/// The verdict in full.
#[component]
pub(crate) fn CallView(
    /// The call.
    record: Record,
    /// Whether the words of the lanes are explained under them: once a page is enough.
    #[prop(default = true)]
    words: bool,
) -> impl IntoView {
    let Record { id, at, persona, caller, answer, verdict, .. } = record.clone();
    let label = format!("{} by {}: {}", record.title(), persona.name(), answer.status);
    let deciding = deciding_lanes(&verdict);
    let several = !verdict.deciders().is_empty();
    let shown = verdict.shown_lanes();
    let fourth = shown.iter().any(|lane| lane.lane == Lane::Trust);
    let lanes = shown
        .into_iter()
        .map(|lane| view! { <LaneCard decided=deciding.contains(&lane.lane) several summary=lane /> })
        .collect_view();
    let decider = decider(&verdict);
    let checks = verdict
        .checks
        .into_iter()
        .enumerate()
        .map(|(position, check)| view! { <CheckView number=position + 1 check /> })
        .collect_view();
    view! {
        <article class="verdict" id=format!("call-{id}") aria-label=label tabindex="-1">
            <p class="explanation"><Words text=verdict.explanation /></p>
            <ul class="lanes" aria-label="What each policy said">{lanes}</ul>
            {fourth
                .then(|| {
                    view! {
                        <p class="lane-note">
                            "The trust policy is a fourth lane. It stands here only when somebody asks to become a role: that policy, \
                             attached to the role itself, says who may."
                        </p>
                    }
                })}
            {words.then(|| view! { <LaneWords /> })}
            {(!verdict.agrees).then(|| view! { <Disagreement /> })}
            <dl class="answer">
                <div>
                    <dt>"Outcome"</dt>
                    <dd><Outcome answer=answer.clone() /></dd>
                </div>
                <div>
                    <dt>"Decided by"</dt>
                    <dd>{decider}</dd>
                </div>
                {answer
                    .message
                    .map(|message| {
                        view! {
                            <div class="answer-wide">
                                <dt>"What AWS said"</dt>
                                <dd><AwsMessage message /></dd>
                            </div>
                        }
                    })}
                <div class="answer-wide">
                    <dt>"Caller"</dt>
                    <dd><code>{caller}</code></dd>
                </div>
                {answer
                    .request_id
                    .map(|request_id| {
                        view! {
                            <div>
                                <dt>"Request ID"</dt>
                                <dd><code>{request_id}</code></dd>
                            </div>
                        }
                    })}
                <div>
                    <dt>"Time"</dt>
                    <dd><time datetime=iso_time(at)>{clock_time(at)}</time></dd>
                </div>
            </dl>
            <div class="checks">
                <p class="checks-title">"Checks, in the order AWS makes them"</p>
                <ol>{checks}</ol>
            </div>
        </article>
    }
    .into_any()
}

/// What EC2 says before that which it seals into a denial.
const SEALED: &str = "Encoded authorization failure message: ";

/// AWS's words, all of them. What is sealed among them is some two thousand characters that only
/// `sts:DecodeAuthorizationMessage` can read, so it is folded.
#[component]
fn AwsMessage(message: String) -> impl IntoView {
    let (said, sealed) = sealed_apart(&message);
    view! {
        <code class="aws-message">{said.to_owned()}</code>
        {sealed
            .map(|sealed| {
                view! {
                    <details class="aside">
                        <summary>{SEALED.trim_end()}</summary>
                        <code class="aws-message">{sealed.to_owned()}</code>
                    </details>
                }
            })}
    }
    .into_any()
}

/// What a message says in words, and what is sealed in it.
pub(crate) fn sealed_apart(message: &str) -> (&str, Option<&str>) {
    message.split_once(SEALED).map_or((message, None), |(said, sealed)| (said.trim_end(), Some(sealed)))
}

/// Whether somebody asked to become a role that is not there: its trust policy would have been asked, and there is none.
fn role_is_missing(verdict: &Verdict) -> bool {
    let lanes = || verdict.checks.iter().flat_map(|check| &check.lanes);
    verdict.agrees
        && lanes().any(|lane| lane.lane == Lane::Trust && lane.verdict == LaneVerdict::NotConsulted)
}

/// Which lane decided, or for each check which one where they differ.
fn decider(verdict: &Verdict) -> AnyView {
    let each = verdict.deciders();
    if each.is_empty() {
        return match verdict.decided_by {
            Some(lane) => lane.name().into_any(),
            None if role_is_missing(verdict) => "No policy: there is no such role".into_any(),
            None if !verdict.agrees => "Not known: evaluation and answer differ".into_any(),
            None => "No policy: something else about the request".into_any(),
        };
    }
    let each = each
        .into_iter()
        .map(|(check, lane)| {
            view! {
                <li>
                    <strong>{lane.name()}</strong>
                    " for "
                    <code>{check.action.clone()}</code>
                    " on "
                    <code>{check.resource.clone()}</code>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="deciders">{each}</ul> }.into_any()
}

/// What a lane can say, in the words the cards use.
#[component]
fn LaneWords() -> impl IntoView {
    view! {
        <details class="lane-words">
            <summary>"What the words mean"</summary>
            <dl>
                <div>
                    <dt>"Allows"</dt>
                    <dd>"A statement with Allow applies to the caller, the action and the resource."</dd>
                </div>
                <div>
                    <dt>"Denies"</dt>
                    <dd>"A statement with Deny applies. That ends it, whatever any other policy allows."</dd>
                </div>
                <div>
                    <dt>"Silent"</dt>
                    <dd>
                        "The policy was asked and no statement applies: it neither allows nor denies. The call goes through if another \
                         policy that may do so allows it, and is refused if none does."
                    </dd>
                </div>
                <div>
                    <dt>"Delegates"</dt>
                    <dd>
                        "The policy allows the account and not the caller by name: it leaves the answer to IAM, so an IAM policy has to \
                         allow the action as well."
                    </dd>
                </div>
                <div>
                    <dt>"Not consulted"</dt>
                    <dd>"AWS did not ask it: it has no bearing on this call, is not there, or the call was refused before."</dd>
                </div>
            </dl>
            <p><a href="/words">"More words"</a></p>
        </details>
    }
    .into_any()
}

/// One of the lanes side by side.
#[component]
fn LaneCard(summary: LaneSummary, decided: bool, several: bool) -> impl IntoView {
    let LaneSummary { lane, verdict, said, about } = summary;
    view! {
        <li class=format!("lane {}", verdict_class(verdict)) class:is-deciding=decided>
            <p class="lane-name"><Glyph icon=Icon::of_lane(lane) />{lane.name()}</p>
            <p class="lane-word"><Glyph icon=Icon::of_verdict(verdict) />{verdict_word(verdict)}</p>
            {about.map(|action| view! { <p class="lane-about">"on "<code>{action}</code></p> })}
            <p class="lane-said"><Words text=said /></p>
            {decided
                .then(|| {
                    view! {
                        <p class="lane-decided">{if several { "Decided a check of this call" } else { "Decided this call" }}</p>
                    }
                })}
        </li>
    }
    .into_any()
}

/// Said plainly where the policies, as read back, do not account for what AWS answered.
#[component]
fn Disagreement() -> impl IntoView {
    view! {
        <Notice tone=Tone::Warning>
            <p>
                <strong>"Trilock's evaluation and AWS's answer differ."</strong>
                " AWS's answer is what happened. Trilock reads identity policies, bucket policy, key policy, grants and trust \
                 policy; it does not know every condition key that a request carries, it cannot see service control policies, \
                 resource control policies or VPC endpoint policies, and a change made seconds ago may not have reached every part of AWS."
            </p>
        </Notice>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::sealed_apart;

    #[test]
    fn what_is_sealed_into_a_denial_stands_apart_from_its_words() {
        assert_eq!(
            sealed_apart("Not authorized. Encoded authorization failure message: AbC_-9"),
            ("Not authorized.", Some("AbC_-9"))
        );
        assert_eq!(sealed_apart("Access Denied"), ("Access Denied", None));
    }
}
