//! Forms of the walk: a card with what it does, who does it, its fields, and what was wrong last time.

use super::{
    call::sealed_apart,
    icon::{Glyph, Icon},
    persona::PersonaChip,
    prose::Words,
};
use crate::console::{Draft, Persona, StepId};
use leptos::prelude::*;

/// What every form of a step has in common.
#[derive(Clone, Debug)]
pub(crate) struct FormFrame {
    /// See [`crate::console::Action::form_id`].
    pub(crate) id: String,
    /// Where it posts to.
    pub(crate) action: &'static str,
    /// The step whose page it stands on.
    pub(crate) step: StepId,
    /// Whether it has succeeded before.
    pub(crate) done: bool,
    /// Whether what it makes is already so, whoever made it; such a form folds too.
    pub(crate) already: bool,
    /// Who will make the calls.
    pub(crate) acting: Persona,
    /// What was typed when it last did not succeed.
    pub(crate) draft: Option<Draft>,
}

impl FormFrame {
    /// What is wrong with the field, if anything is.
    fn problem_with(&self, field: &str) -> Option<String> {
        self.draft.as_ref()?.problem_with(field).map(str::to_owned)
    }

    /// What the field holds: what was typed last, or `offered`.
    pub(crate) fn value_or(&self, field: &str, offered: String) -> String {
        self.draft.as_ref().and_then(|draft| draft.value(field)).map_or(offered, str::to_owned)
    }

    /// A unique id for the field.
    fn field_id(&self, field: &str) -> String {
        format!("{}-{field}", self.id)
    }
}

/// A form that stands for one or more calls. One that has succeeded folds to a line and can still be sent again.
#[component]
pub(crate) fn StepForm(
    /// What it shares with the others.
    frame: FormFrame,
    /// What is made, for example `Policy secure-key-admin`.
    #[prop(into)]
    title: String,
    /// The API operations it calls, in order.
    calls: &'static [&'static str],
    /// What the button says.
    #[prop(into)]
    button: String,
    /// Whether the button takes something away.
    #[prop(optional)]
    danger: bool,
    /// Whether it starts folded: it leads away from what the step is about.
    #[prop(optional)]
    folded: bool,
    /// Explanation and fields.
    children: Children,
) -> impl IntoView {
    let heading_id = format!("{}-title", frame.id);
    let open = !(folded || frame.done || frame.already) || frame.draft.is_some();
    let badge = match (frame.already, frame.done) {
        (true, _) => Some("Already so"),
        (false, true) => Some("Done"),
        (false, false) => None,
    };
    let calls = calls.iter().map(|call| view! { <li><code>{*call}</code></li> }).collect_view();
    view! {
        <details class="card step-form" class:is-done=frame.done open=open>
            <summary class="card-head">
                <h3 id=heading_id.clone()>{title}</h3>
                {badge.map(|word| view! { <span class="badge badge-done"><Glyph icon=Icon::Done />{word}</span> })}
            </summary>
            <form method="post" action=format!("/acting/{}{}", frame.acting.name(), frame.action) id=format!("form-{}", frame.id) aria-labelledby=heading_id tabindex="-1">
                <input type="hidden" name="step" value=frame.step.slug() />
                {frame
                    .problem_with("")
                    // What is sealed in it stands under the call.
                    .map(|problem| {
                        view! { <p class="problem" role="alert"><Words text=sealed_apart(&problem).0.to_owned() /></p> }
                    })}
                {children()}
                <div class="form-foot">
                    <button type="submit" class="button" class:button-danger=danger>{button}</button>
                    <p class="form-who">"as "<PersonaChip persona=frame.acting /></p>
                    <ul class="form-calls" aria-label="API calls">{calls}</ul>
                </div>
            </form>
        </details>
    }
    .into_any()
}

/// A line of text.
#[component]
pub(crate) fn TextField(
    /// The form it belongs to.
    frame: FormFrame,
    /// Its name in the form.
    name: &'static str,
    /// What it is called on the page.
    label: &'static str,
    /// What it holds until something else was typed.
    #[prop(into)]
    value: String,
    /// A rule worth knowing before typing; empty for none.
    #[prop(optional)]
    hint: &'static str,
    /// Whether it may not be empty.
    #[prop(default = true)]
    required: bool,
) -> impl IntoView {
    let id = frame.field_id(name);
    let problem = frame.problem_with(name);
    let described_by = described_by(&id, !hint.is_empty(), problem.is_some());
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <Hint id=id.clone() hint />
            <input
                type="text"
                id=id.clone()
                name=name
                value=frame.value_or(name, value)
                required=required
                autocomplete="off"
                spellcheck="false"
                aria-invalid=problem.is_some().then_some("true")
                aria-describedby=described_by
            />
            <FieldProblem id problem />
        </div>
    }
    .into_any()
}

/// A policy document.
#[component]
pub(crate) fn DocumentField(
    /// The form it belongs to.
    frame: FormFrame,
    /// What it is called on the page.
    label: &'static str,
    /// What it holds until something else was typed.
    #[prop(into)]
    value: String,
) -> impl IntoView {
    let id = frame.field_id("document");
    let problem = frame.problem_with("document");
    let text = frame.value_or("document", value);
    let rows = text.lines().count().clamp(8, 26).to_string();
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <textarea
                class="code-field"
                id=id.clone()
                name="document"
                rows=rows
                required
                spellcheck="false"
                autocapitalize="off"
                autocomplete="off"
                aria-invalid=problem.is_some().then_some("true")
                aria-describedby=described_by(&id, false, problem.is_some())
            >
                {text}
            </textarea>
            <FieldProblem id problem />
        </div>
    }
    .into_any()
}

/// A group of checkboxes over role names; the form's field is a list of the names ticked.
#[component]
pub(crate) fn RolesField(
    /// The form it belongs to.
    frame: FormFrame,
    /// Its name in the form.
    name: &'static str,
    /// What it is called on the page.
    label: &'static str,
    /// Whom the tutorial picks.
    offered: crate::console::RoleName,
    /// Why those and no others.
    hint: &'static str,
) -> impl IntoView {
    let id = frame.field_id(name);
    let problem = frame.problem_with(name);
    let invalid = problem.is_some();
    let described_by = described_by(&id, true, invalid);
    let boxes = crate::console::RoleName::ALL
        .into_iter()
        .map(|role| {
            let ticked = frame
                .draft
                .as_ref()
                .filter(|draft| !draft.values.is_empty())
                .map_or(role == offered, |draft| draft.values_of(name).any(|value| value == role.name()));
            view! {
                <label class="tick">
                    <input type="checkbox" name=format!("{name}[]") value=role.name() checked=ticked />
                    <span>{role.name()}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field" class:is-invalid=invalid aria-describedby=described_by>
            <legend>{label}</legend>
            <Hint id=id.clone() hint />
            <div class="ticks">{boxes}</div>
            <FieldProblem id problem />
        </fieldset>
    }
    .into_any()
}

#[component]
fn Hint(id: String, hint: &'static str) -> impl IntoView {
    (!hint.is_empty()).then(|| view! { <p class="hint" id=format!("{id}-hint")>{hint}</p> })
}

#[component]
pub(crate) fn FieldProblem(
    /// The field's id.
    id: String,
    /// What is wrong with it.
    problem: Option<String>,
) -> impl IntoView {
    problem.map(|problem| {
        view! {
            <p class="problem" id=format!("{id}-problem") role="alert">
                <Words text=problem />
            </p>
        }
    })
}

/// The ids of the texts that describe a field, for `aria-describedby`.
pub(crate) fn described_by(id: &str, hint: bool, problem: bool) -> Option<String> {
    match (hint, problem) {
        (false, false) => None,
        (true, false) => Some(format!("{id}-hint")),
        (false, true) => Some(format!("{id}-problem")),
        (true, true) => Some(format!("{id}-problem {id}-hint")),
    }
}

#[cfg(test)]
mod tests {
    use super::{FormFrame, described_by};
    use crate::console::{Draft, Persona, StepId};

    fn frame(draft: Option<Draft>) -> FormFrame {
        FormFrame {
            id: "create-bucket".into(),
            action: "/api/bucket/create",
            step: StepId::Bucket,
            done: false,
            already: false,
            acting: Persona::Admin,
            draft,
        }
    }

    #[test]
    fn a_field_holds_what_was_typed_and_else_what_is_offered() {
        let typed = Draft { values: vec![("name".into(), "My_Bucket".into())], problem: None };
        assert_eq!(frame(Some(typed)).value_or("name", "demo".into()), "My_Bucket");
        assert_eq!(frame(Some(Draft::default())).value_or("name", "demo".into()), "demo");
        assert_eq!(frame(None).value_or("name", "demo".into()), "demo");
    }

    #[test]
    fn a_problem_is_shown_at_its_field_only() {
        let draft = Draft { values: vec![], problem: Some(("name".into(), "Too short.".into())) };
        let frame = frame(Some(draft));
        assert_eq!(frame.problem_with("name").as_deref(), Some("Too short."));
        assert_eq!(frame.problem_with(""), None);
    }

    #[test]
    fn a_wrong_field_names_its_problem_before_its_hint() {
        assert_eq!(described_by("f", false, false), None);
        assert_eq!(described_by("f", true, true).as_deref(), Some("f-problem f-hint"));
    }
}
