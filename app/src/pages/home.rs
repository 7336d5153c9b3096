//! The first page: what Trilock is, and where a lab starts.

use super::Unavailable;
use crate::{
    components::{
        form::{FieldProblem, described_by},
        further::Further,
        icon::{Glyph, Icon},
        layout::Layout,
        notice::{Notice, Problem, Tone},
        prose::Words,
    },
    console::{ConsoleError, Draft, Lab, ListingId, Listings, StepId, scenario::ScenarioId},
    context::expect_console,
    pages::step_title,
    serverfns::lab::start::{self, StartLab},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;

/// The first page.
#[component]
pub(crate) fn HomePage() -> impl IntoView {
    Suspend::new(async move {
        match load().await {
            Ok((lab, draft, bucket)) => view! { <Home lab draft bucket /> }.into_any(),
            Err(error) => view! { <Unavailable lab=None message=error.to_string() /> }.into_any(),
        }
    })
}

async fn load() -> Result<(Option<Lab>, Option<Draft>, String), ConsoleError> {
    let console = expect_console();
    let lab = console.lab().await?;
    let draft = console.draft(start::FORM_ID).await?;
    Ok((lab, draft, console.suggested_bucket()))
}

#[component]
fn Home(lab: Option<Lab>, draft: Option<Draft>, bucket: String) -> impl IntoView {
    let anew = lab.is_some();
    let wrong = draft.is_some();
    let start = view! { <StartForm draft bucket anew /> };
    view! {
        <Layout lab=lab.clone() title="">
            <article class="hero">
                <h1>"Three policies guard one object."<br />"See which of them decides."</h1>
                <p class="lead">
                    "Trilock walks you through a separation of duties on AWS: one person runs the bucket, another runs the \
                     encryption key, and neither can read the data alone. Every step makes real API calls, and after each one \
                     the page shows what the IAM policies, the bucket policy and the key policy had to say, down to the \
                     statement and the condition."
                </p>
                <p>
                    "It follows a post of the AWS Security Blog, "
                    <cite>"How to use KMS and IAM to enable independent security controls for encrypted data in S3"</cite>
                    ". The post builds three roles, a bucket, a key and an instance by hand, so that whoever keeps the bucket and \
                     whoever keeps the key are different people, and tries it with four tests. Its four policies are printed in it \
                     as listings, some with mistakes; its steps are numbered 1 to 5 and 7. "
                    <a href="/tutorial">"The post line by line, and where each part of it is here"</a>"."
                </p>
            </article>
            <Problem />
            <Done />
            {lab.map(|lab| view! { <Progress lab /> })}
            {if anew {
                view! {
                    <details class="card start-anew" open=wrong>
                        <summary class="card-head"><h2 id="start-title">"Start anew"</h2></summary>
                        <p>
                            "This makes a new account and leaves the present one behind: its bucket, key, roles and calls can \
                             no longer be reached from this browser."
                        </p>
                        {start}
                    </details>
                }
                    .into_any()
            } else {
                view! { <section class="card" aria-labelledby="start-title"><h2 id="start-title">"Start a lab"</h2>{start}</section> }
                    .into_any()
            }}
            <Locks has_lab=anew />
        </Layout>
    }
    .into_any()
}

/// What was just done, where a server function put it into the address.
#[component]
fn Done() -> impl IntoView {
    let done = use_query_map().get_untracked().get("done");
    (done.as_deref() == Some("lab-removed")).then(|| {
        view! {
            <div id="done" role="status" tabindex="-1">
                <Notice tone=Tone::Hint>
                    <p>"The lab and its account are removed, with everything that was in them."</p>
                </Notice>
            </div>
        }
    })
}

/// The three locks, each with who turns it.
#[component]
fn Locks(has_lab: bool) -> impl IntoView {
    let tried = ScenarioId::AdminStillReads;
    // Scenarios are played on a lab.
    let tried = match has_lab {
        true => view! { <a href=tried.path()>{tried.title()}</a> }.into_any(),
        false => format!("“{}”", tried.title()).into_any(),
    };
    let lock = |icon, class: &'static str, name: &'static str, holder: &'static str, text: &'static str| {
        view! {
            <li class=format!("lock {class}")>
                <p class="lock-name"><Glyph icon />{name}</p>
                <p>{text}</p>
                <p class="lock-holder">"Changed by " <strong>{holder}</strong></p>
            </li>
        }
    };
    view! {
        <section class="locks-section" aria-labelledby="locks-title">
            <h2 id="locks-title">"The three locks"</h2>
            <p>
                "A lock here is a policy that can say no by itself. Whoever may change it holds it, and no one person is to hold \
                 all three. "<a href="/words">"What the words mean"</a>
            </p>
            <p>
                "Admin, the administrator of the account, still can: its AdministratorAccess covers the key policy too, which has a \
                 statement that leaves the key to IAM. See "{tried}"."
            </p>
            <ul class="locks">
                {lock(
                    Icon::Iam,
                    "lock-iam",
                    "IAM policy",
                    "Admin",
                    "Says what a role may do. Attached to the role, it lets the instance read and write in the bucket, and says \
                     nothing about the key.",
                )}
                {lock(
                    Icon::Bucket,
                    "lock-bucket",
                    "Bucket policy",
                    "secure-bucket-admin",
                    "Refuses every upload that is not encrypted under one particular key. It grants nothing; it only says no.",
                )}
                {lock(
                    Icon::Key,
                    "lock-key",
                    "Key policy",
                    "secure-key-admin",
                    "Says who may use the key. Take a role off it and that role can neither read an object under the key nor \
                     store one, though the other two policies have not changed. Listing and deleting ask no key.",
                )}
            </ul>
        </section>
    }
    .into_any()
}

/// Which of the four listings are as printed and which corrected, as a phrase.
fn spelled(spelling: impl Fn(ListingId) -> Listings) -> String {
    let of = |wanted| -> Vec<String> {
        let so = ListingId::ALL.into_iter().filter(|listing| spelling(*listing) == wanted);
        so.map(|listing| listing.number().to_string()).collect()
    };
    let (printed, corrected) = (of(Listings::Printed), of(Listings::Corrected));
    match (printed.is_empty(), corrected.is_empty()) {
        (true, _) => "all corrected".into(),
        (_, true) => "all as printed".into(),
        _ => format!("{} as printed, {} corrected", series(&printed), series(&corrected)),
    }
}

/// `1, 2 and 3`.
fn series(numbers: &[String]) -> String {
    match numbers {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// How far the walk is, and the way on.
#[component]
fn Progress(lab: Lab) -> impl IntoView {
    let done = StepId::ALL.into_iter().filter(|step| lab.is_done(*step)).count();
    let skipped = lab.skipped.len();
    let (href, words) = match lab.next_step() {
        Some(step) => (
            format!("/steps/{}", step.slug()),
            format!("Continue with {}: {}", step.label(), step_title(step)),
        ),
        None if skipped > 0 => {
            ("/activity".into(), "Every step is done or skipped. Look at what happened".into())
        }
        None => ("/activity".into(), "The walk is complete. Look at what happened".into()),
    };
    let complete = lab.next_step().is_none();
    let listings = spelled(|listing| lab.spelling(listing));
    view! {
        <section class="card progress-card" aria-labelledby="progress-title">
            <h2 id="progress-title">"Your lab"</h2>
            <dl class="facts">
                <div>
                    <dt>"Account"</dt>
                    <dd><code>{lab.account_id}</code></dd>
                </div>
                <div>
                    <dt>"Region"</dt>
                    <dd><code>{lab.region}</code></dd>
                </div>
                <div>
                    <dt>"Bucket"</dt>
                    <dd><code>{lab.bucket}</code></dd>
                </div>
                <div>
                    <dt>"Listings"</dt>
                    <dd>{listings}" (the post\u{2019}s four policies)"</dd>
                </div>
                <div>
                    <dt>"AWS endpoint"</dt>
                    <dd><code>{lab.aws_endpoint}</code></dd>
                </div>
                <div>
                    <dt>"Done"</dt>
                    <dd>
                        {format!("{done} of {} steps", StepId::ALL.len())}
                        {(skipped > 0).then(|| format!(", {skipped} skipped"))}
                    </dd>
                </div>
            </dl>
            <progress max=StepId::ALL.len().to_string() value=done.to_string() aria-label="Steps done"></progress>
            <p><a class="button" href=href>{words}</a></p>
            {complete.then(|| view! { <Further /> })}
            <p class="quiet-links">
                <a href="/tutorial">"The tutorial, line by line"</a>
                " · "
                <a href="/lab">"All that is in this lab, and removing it"</a>
            </p>
        </section>
    }
    .into_any()
}

/// The form that starts a lab.
#[component]
fn StartForm(draft: Option<Draft>, bucket: String, anew: bool) -> impl IntoView {
    let typed = |field: &str| draft.as_ref().and_then(|draft| draft.value(field)).map(str::to_owned);
    let listings = typed("listings").and_then(|name| Listings::from_name(&name)).unwrap_or_default();
    let bucket = typed("bucket").unwrap_or(bucket);
    let problem = draft.as_ref().and_then(|draft| draft.problem_with("bucket")).map(str::to_owned);
    let form_problem = draft.as_ref().and_then(|draft| draft.problem_with("")).map(str::to_owned);
    let choice = |of: Listings, words: &'static str, hint: &'static str| {
        view! {
            <label class="choice">
                <input type="radio" name="listings" value=of.name() checked=listings == of />
                <span>
                    <strong>{words}</strong>
                    <span class="hint">{hint}</span>
                </span>
            </label>
        }
    };
    view! {
        <form method="post" action=StartLab::PATH id="form-start" aria-labelledby="start-title" tabindex="-1" data-busy="Starting…">
            {form_problem.map(|problem| view! { <p class="problem" role="alert"><Words text=problem /></p> })}
            <fieldset class="field">
                <legend>"The four policy listings of the post"</legend>
                <p class="hint">
                    "Each can be switched on its own later. Listing 4 begins corrected either way: the post has its reader replace its \
                     one mistake, the ARN of an example key."
                </p>
                {choice(
                    Listings::Corrected,
                    "Corrected",
                    "Repaired, so that each does what its author meant. The walk succeeds from end to end.",
                )}
                {choice(
                    Listings::Printed,
                    "As printed",
                    "As published, mistakes included, with your bucket, account and key filled in. Some calls fail or lock less than they seem to; the pages \
                     say where and why, and offer the correction.",
                )}
            </fieldset>
            <div class="field">
                <label for="start-bucket">"Bucket name"</label>
                <p class="hint" id="start-bucket-hint">
                    "Two of the policies name the bucket before it exists, so it is chosen now. 3 to 63 lower-case letters, \
                     digits, dots and hyphens."
                </p>
                <input
                    type="text"
                    id="start-bucket"
                    name="bucket"
                    value=bucket
                    required
                    autocomplete="off"
                    spellcheck="false"
                    aria-invalid=problem.is_some().then_some("true")
                    aria-describedby=described_by("start-bucket", true, problem.is_some())
                />
                <FieldProblem id="start-bucket".to_owned() problem />
            </div>
            <div class="form-foot">
                <button type="submit" class="button">{if anew { "Start anew" } else { "Start the lab" }}</button>
                <p class="hint">"You get a sandbox account of your own, with an Admin."</p>
            </div>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::spelled;
    use crate::console::{ListingId, Listings};

    #[test]
    fn each_listing_is_told_as_it_is_spelled() {
        assert_eq!(spelled(|_| Listings::Corrected), "all corrected");
        assert_eq!(spelled(|_| Listings::Printed), "all as printed");
        let begun = |listing| match listing {
            ListingId::BucketPolicy => Listings::Corrected,
            _ => Listings::Printed,
        };
        assert_eq!(spelled(begun), "1, 2 and 3 as printed, 4 corrected");
    }
}
