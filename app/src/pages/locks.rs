//! The three locks as they stand now: what is built, who may read and write, who may do what.

use super::{
    instead, lab_or_none_yet,
    what_if::{Pictures, Unsure},
};
use crate::{
    components::{
        layout::Layout,
        notice::{Notice, Tone},
    },
    console::{Console, ConsoleError, Lab, Lane, Persona, RecordsOf, StepId, scenario::ScenarioId},
    context::expect_console,
    islands::LiveParts,
    picture::{
        architecture::{self, Built},
        matrix,
    },
};
use leptos::prelude::*;
use policy::scene::{Deed, Matrix, Scene, answer};

/// The page.
#[component]
pub(crate) fn LocksPage() -> impl IntoView {
    Suspend::new(async move {
        match load().await {
            Ok((lab, newest, scene)) => view! { <Locks lab newest scene /> }.into_any(),
            Err(error) => instead(error, None),
        }
    })
}

async fn load() -> Result<(Lab, i64, Scene), ConsoleError> {
    let console = expect_console();
    let console: &dyn Console = &*console;
    let lab = lab_or_none_yet(console).await?;
    // Before the policies are read, so that what changes them afterwards is told.
    let newest = console.records(RecordsOf::Newest(1)).await?.first().map_or(0, |record| record.id);
    let scene = console.scene().await?;
    Ok((lab, newest, scene))
}

#[component]
fn Locks(lab: Lab, newest: i64, scene: Scene) -> impl IntoView {
    let answers = scene.matrix();
    let unreadable = answers.is_err();
    let answers = answers.unwrap_or_default();
    let built = Built { bucket: lab.is_done(StepId::Bucket), instance: lab.instance_id.clone() };
    view! {
        <Layout lab=Some(lab) title="The three locks">
            <article class="page-head">
                <h1>"The three locks, now"</h1>
                <p>
                    "Read back from AWS a moment ago: the account’s roles (the first eight) and its Admin, their IAM policies, the bucket policy and the key \
                     policy, and what follows from them. The page follows every change. To see what a change would do before you \
                     make it, go to "<a href="/what-if">"What if"</a>"."
                </p>
                <LiveParts after=newest />
            </article>
            {unreadable.then(|| view! { <p class="problem" role="alert">"A policy that AWS holds could not be read, so nothing can be said."</p> })}
            <div class="locks-now" id="locks-now" data-live="">
                <Unsure scene=scene.clone() />
                <section aria-labelledby="built-title">
                    <h2 id="built-title">"What is built"</h2>
                    <div inner_html=architecture::html(&scene, &answers, &built)></div>
                </section>
                <section aria-labelledby="venn-title">
                    <h2 id="venn-title">"Who gets through all three"</h2>
                    <p class="hint">
                        "In a circle stands everyone whom that policy does not stop; who stands in all three may. The letters name \
                         people, here and over the table: A is Admin, B secure-bucket-admin, K secure-key-admin, U authorized-users. \
                         Any other role has a number."
                    </p>
                    <Pictures scene=scene.clone() matrix=answers.clone() />
                </section>
                <section aria-labelledby="matrix-title">
                    <h2 id="matrix-title">"Who may do what"</h2>
                    {turns_all(&scene, &answers).then(|| view! { <TurnsAll /> })}
                    <p class="hint">
                        "What is refused is denied or not allowed: "<a href="/words#denied">"the difference"</a>"."
                    </p>
                    <div class="table-box" tabindex="0" role="group" aria-label="Who may do what" inner_html=matrix::html(&scene, &answers, &answers)></div>
                </section>
            </div>
        </Layout>
    }
    .into_any()
}

/// Whether IAM allows Admin to change the policies of all three locks.
fn turns_all(scene: &Scene, matrix: &Matrix) -> bool {
    let may = |deed: Deed| {
        answer(scene, matrix, Persona::Admin.name(), deed)
            .is_some_and(|answered| answered.allowed && answered.decided_by == Some(Lane::Iam))
    };
    [Deed::ChangeIam, Deed::ChangeBucketPolicy, Deed::ChangeKeyPolicy].into_iter().all(may)
}

/// Why the administrator of the account can turn all three, and what that comes to.
#[component]
fn TurnsAll() -> impl IntoView {
    let tried = ScenarioId::AdminStillReads;
    view! {
        <Notice tone=Tone::Hint>
            <p>
                "No one person is to hold all three locks, and Admin, the administrator of the account, still does. AdministratorAccess \
                 lets it change the IAM policies and the bucket policy. The key policy’s statement for the account leaves the key to IAM, \
                 and so lets it change the key policy too. What that comes to is tried in "
                <a href=tried.path()>{tried.title()}</a>"."
            </p>
        </Notice>
    }
}

#[cfg(test)]
mod tests {
    use super::turns_all;
    use crate::console::Lane;
    use policy::scene::{Actor, Answered, Deed, Locks, Matrix, Scene};

    #[test]
    fn admin_is_said_to_turn_all_three_locks_only_while_iam_lets_it() {
        let scene =
            Scene { actors: vec![Actor { name: "Admin".into(), ..Actor::default() }], ..Scene::default() };
        let by = |lane, allowed| -> Matrix {
            let answered = Answered {
                allowed,
                explicit: false,
                action: "",
                decided_by: Some(lane),
                open: Locks::default(),
                hangs: false,
            };
            vec![vec![Some(answered); Deed::ALL.len()]]
        };
        assert!(turns_all(&scene, &by(Lane::Iam, true)));
        assert!(!turns_all(&scene, &by(Lane::Iam, false)));
        // A key policy that names Admin itself does not leave it to IAM.
        assert!(!turns_all(&scene, &by(Lane::Key, true)));
        assert!(!turns_all(&scene, &Matrix::default()));
        assert!(!turns_all(&Scene::default(), &by(Lane::Iam, true)));
    }
}
