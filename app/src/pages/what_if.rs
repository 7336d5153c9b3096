//! What if: the documents in force, to be changed on the page, and what everyone could do then. Nothing is in force before it is
//! applied, by the persona whose lock it is.

use super::{instead, lab_or_none_yet};
use crate::{
    components::{
        call::FoldedCall,
        icon::{Glyph, Icon},
        layout::Layout,
        notice::{Notice, Problem, Tone},
        persona::PersonaChip,
        prose::Words,
    },
    console::{Console, ConsoleError, Draft, Lab, Persona, Record, RecordsOf},
    context::expect_console,
    islands::WhatIf,
    picture::{findings, matrix, venn},
    serverfns::what_if::change::{self, ChangeDocuments},
};
use leptos::{prelude::*, server_fn::ServerFn};
use policy::{
    lint::Kind,
    scene::{DEFAULT_KEY_POLICY, Deed, Matrix, Scene, SceneDocument},
};

/// The page.
#[component]
pub(crate) fn WhatIfPage() -> impl IntoView {
    Suspend::new(async move {
        match load().await {
            Ok(loaded) => view! { <WhatIfView loaded /> }.into_any(),
            Err(error) => instead(error, None),
        }
    })
}

/// What the page shows.
struct Loaded {
    lab: Lab,
    /// What is in force.
    scene: Scene,
    /// The same with the documents as typed.
    typed: Scene,
    problem: Option<(String, String)>,
    applied: Vec<Record>,
}

async fn load() -> Result<Loaded, ConsoleError> {
    let console = expect_console();
    let console: &dyn Console = &*console;
    let lab = lab_or_none_yet(console).await?;
    let scene = console.scene().await?;
    let draft = console.draft(change::FORM_ID).await?.unwrap_or_default();
    let applied = newest_applied(console).await?;
    Ok(Loaded { typed: with_typed(&scene, &draft), problem: draft.problem, lab, scene, applied })
}

/// The newest calls that put a document in force from here, at most three.
async fn newest_applied(console: &dyn Console) -> Result<Vec<Record>, ConsoleError> {
    const WRITES: [&str; 6] = [
        "PutBucketPolicy",
        "DeleteBucketPolicy",
        "PutKeyPolicy",
        "CreatePolicyVersion",
        "PutRolePolicy",
        "PutUserPolicy",
    ];
    let newest = console.records(RecordsOf::Newest(12)).await?;
    let made_here = |record: &Record| record.step.is_none() && WRITES.contains(&record.operation.as_str());
    Ok(newest.into_iter().filter(made_here).take(3).collect())
}

/// The scene with the documents as they were typed; what was typed for a document that is gone is left out.
fn with_typed(scene: &Scene, draft: &Draft) -> Scene {
    let mut typed = scene.clone();
    for document in &mut typed.documents {
        if let Some(text) = draft.value(&document.id) {
            document.text = text.to_owned();
        }
    }
    typed
}

/// Who may put a document in force: whoever holds that lock.
pub(crate) fn holder(kind: Kind) -> Persona {
    match kind {
        Kind::Bucket => Persona::SecureBucketAdmin,
        Kind::Key => Persona::SecureKeyAdmin,
        Kind::Identity | Kind::Trust => Persona::Admin,
    }
}

/// Whether a document can be changed here: AWS's own policies cannot.
fn is_editable(document: &SceneDocument) -> bool {
    document.id != DEFAULT_KEY_POLICY
        && !document.arn.as_deref().is_some_and(|arn| arn.starts_with("arn:aws:iam::aws:"))
}

#[component]
fn WhatIfView(loaded: Loaded) -> impl IntoView {
    let Loaded { lab, scene, typed, problem, applied } = loaded;
    let before = scene.matrix().unwrap_or_default();
    let (now, unreadable) = match typed.matrix() {
        Ok(now) => (now, Vec::new()),
        Err(unreadable) => (before.clone(), unreadable),
    };
    let changed = matrix::changes(&typed, &now, &before);
    let editable: Vec<_> = typed.documents.iter().filter(|document| is_editable(document)).cloned().collect();
    let dirty = |document: &SceneDocument| {
        scene.document(&document.id).is_none_or(|in_force| in_force.text != document.text)
    };
    let documents = editable
        .iter()
        .map(|document| {
            let problem = problem.as_ref().filter(|(id, _)| *id == document.id).map(|(_, text)| text.clone());
            let error = unreadable.iter().find(|unread| unread.document == document.id);
            let error = error.map(|unread| unread.error.to_string());
            let place = editable.iter().position(|other| other.id == document.id).unwrap_or_default();
            let was = scene.document(&document.id).map_or_else(String::new, |in_force| change::mark(&in_force.text));
            view! { <DocumentEditor document=document.clone() dirty=dirty(document) was problem error place /> }
        })
        .collect_view();
    let status = if !unreadable.is_empty() {
        "A document cannot be read, so this still shows what is in force.".to_owned()
    } else if changed.is_empty() {
        "No answer differs from what was in force when this page was loaded.".to_owned()
    } else {
        changed
    };
    view! {
        <Layout lab=Some(lab) title="What if">
            <article class="page-head">
                <h1>"What if?"</h1>
                <p>
                    "Change any policy below and see at once who could do what, before anything is in force. The answers come from \
                     the same engine that explains every call here, working on these documents alone; no call is made until you \
                     apply one. Each is applied by the persona who holds that lock."
                </p>
                <p>
                    "The object is "<code>{scene.object.clone()}</code>", listed without a prefix; the key is deleted after thirty days. What it cannot \
                     know: when, from which address and through which endpoint a call will come; an answer that hangs \
                     on that says so. Nor whether Block Public Access will refuse to take a public bucket policy: applying it tells."
                </p>
                <Unsure scene=scene.clone() />
            </article>
            <Problem />
            <section class="what-follows" id="what-follows" aria-labelledby="follows-title">
                <h2 id="follows-title">"What would follow"</h2>
                <p class="what-if-status" id="what-if-status" role="status">{status}</p>
                <Pictures scene=typed.clone() matrix=now.clone() />
                <div class="table-box" id="what-if-matrix" tabindex="0" role="group" aria-label="Who may do what" inner_html=matrix::html(&typed, &now, &before)></div>
            </section>
            <section class="documents" id="documents" aria-labelledby="documents-title">
                <h2 id="documents-title">"The documents"</h2>
                <form method="post" action=ChangeDocuments::PATH id="form-what-if">
                    {documents}
                    <div class="form-foot what-if-foot">
                        <button type="submit" class="button" id="what-if-try">"Show what would follow"</button>
                        <a href="#what-follows" id="what-if-count">"What would follow"</a>
                        <button type="submit" class="button button-quiet" name="reset" value="all">
                            "Back to what is in force"
                        </button>
                    </div>
                </form>
                <WhatIf scene=scene.to_text() />
            </section>
            <Applied records=applied />
        </Layout>
    }
    .into_any()
}

/// What makes the answers of a scene unsure.
#[component]
pub(crate) fn Unsure(
    /// The scene.
    scene: Scene,
) -> impl IntoView {
    let unseen = (!scene.unseen.is_empty()).then(|| scene.unseen.join(", "));
    view! {
        {unseen
            .map(|unseen| {
                view! {
                    <Notice tone=Tone::Warning>
                        <p>{format!("Could not read {unseen}. What hangs on that is not in the answers, so they may be wrong.")}</p>
                    </Notice>
                }
            })}
        {scene
            .key_state
            .map(|state| {
                view! {
                    <Notice tone=Tone::Warning>
                        <p>
                            {format!("The key is {state}: KMS lets nobody use it, whatever the policies say. The answers are about the policies alone.")}
                        </p>
                    </Notice>
                }
            })}
    }
}

/// The two Venn diagrams, for reading and for writing.
#[component]
pub(crate) fn Pictures(
    /// The scene.
    scene: Scene,
    /// Its answers.
    matrix: Matrix,
) -> impl IntoView {
    let picture = |deed: Deed, id: &'static str, title: &'static str| {
        view! {
            <figure class="venn-figure">
                <figcaption>{title}</figcaption>
                <div inner_html=venn::html(&scene, &matrix, deed, id)></div>
            </figure>
        }
    };
    let without_key = scene.key_arn.is_none();
    view! {
        {without_key
            .then(|| {
                view! {
                    <Notice tone=Tone::Hint>
                        <p>"There is no key yet, so there is no object under one. The circles fill once step 4 has made it."</p>
                    </Notice>
                }
            })}
        <div class="venns">
            {picture(Deed::Read, "venn-read", "Who may read an object")}
            {picture(Deed::Write, "venn-write", "Who may write one under the key")}
        </div>
    }
    .into_any()
}

/// One document to be changed.
#[component]
fn DocumentEditor(
    document: SceneDocument,
    dirty: bool,
    was: String,
    problem: Option<String>,
    error: Option<String>,
    place: usize,
) -> impl IntoView {
    let SceneDocument { id, kind, name, text, .. } = document;
    let holder = holder(kind);
    let (what, apply) = match kind {
        Kind::Bucket => ("Bucket policy", "Apply bucket policy"),
        Kind::Key => ("Key policy", "Apply key policy"),
        Kind::Trust => ("Trust policy", "Apply trust policy"),
        Kind::Identity => ("IAM policy", "Apply IAM policy"),
    };
    let title = if kind == Kind::Identity { format!("{what} {name}") } else { what.to_owned() };
    let field = format!("document-{place}");
    let absent = text.is_empty();
    let open = dirty || problem.is_some() || error.is_some();
    let rows = text.lines().count().clamp(6, 24).to_string();
    let found = findings::html(&text, kind);
    view! {
        <details class="card document" open=open>
            <summary class="card-head">
                <h3>{title.clone()}</h3>
                <span class="badge badge-changed" data-changed=id.clone() hidden=!dirty>
                    <Glyph icon=Icon::Warning />
                    "Not in force"
                </span>
            </summary>
            <div class="field">
                <label for=field.clone()>{title}</label>
                {(absent && kind == Kind::Bucket)
                    .then(|| view! { <p class="hint">"The bucket has no policy now. Leave it empty to keep it so."</p> })}
                <input type="hidden" name="ids[]" value=id.clone() />
                <input type="hidden" name="was[]" value=was />
                <textarea
                    class="code-field"
                    id=field.clone()
                    name="texts[]"
                    rows=rows
                    spellcheck="false"
                    autocapitalize="off"
                    autocomplete="off"
                    data-document=id.clone()
                    data-kind=kind.name()
                    aria-describedby=format!("{field}-found")
                >
                    {text}
                </textarea>
                {error.map(|error| view! { <p class="problem" role="alert"><Words text=error /></p> })}
                {problem.map(|problem| view! { <p class="problem" role="alert"><Words text=problem /></p> })}
                <div class="findings-box" id=format!("{field}-found") data-findings=id.clone() inner_html=found></div>
            </div>
            <div class="form-foot">
                <button type="submit" class="button button-small" name="apply" value=id>{apply}</button>
                <p class="form-who">"as "<PersonaChip persona=holder /></p>
            </div>
        </details>
    }
    .into_any()
}

/// The calls that put documents in force.
#[component]
fn Applied(records: Vec<Record>) -> impl IntoView {
    (!records.is_empty()).then(|| {
        let calls = records
            .into_iter()
            .enumerate()
            .map(|(position, record)| view! { <FoldedCall record open=position == 0 /> })
            .collect_view();
        view! {
            <section class="results" aria-labelledby="applied-title">
                <h2 id="applied-title">"What was applied"</h2>
                {calls}
            </section>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_takes_the_place_of_what_is_in_force() {
        let document = |id: &str| SceneDocument {
            id: id.into(),
            kind: Kind::Bucket,
            name: id.into(),
            arn: None,
            text: "in force".into(),
        };
        let scene = Scene { documents: vec![document("a"), document("b")], ..Scene::default() };
        let draft =
            Draft { values: vec![("b".into(), "typed".into()), ("gone".into(), "x".into())], problem: None };
        let texts: Vec<_> =
            with_typed(&scene, &draft).documents.into_iter().map(|document| document.text).collect();
        assert_eq!(texts, ["in force", "typed"]);
    }

    #[test]
    fn each_lock_is_turned_by_its_holder() {
        assert_eq!(holder(Kind::Bucket), Persona::SecureBucketAdmin);
        assert_eq!(holder(Kind::Key), Persona::SecureKeyAdmin);
        assert_eq!(holder(Kind::Identity), Persona::Admin);
    }
}
