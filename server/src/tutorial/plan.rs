//! What is left to do in a step, and what it stands on: one task at a time, from how the lab is.
//!
//! The same rule makes the list that a person sees beforehand, by pretending that each task had its effect.

use super::{
    TEST_FILE, commands, listings,
    steps::{Mark, printed_mark},
};
use crate::store::LabState;
use app::console::{self, Action, ListingId, Listings, Persona, RoleName, Solution, StepId};
use std::collections::BTreeSet;

/// More tasks than the whole walk has.
pub const MOST: usize = 60;

/// The names of the files on the instance.
pub type Files = BTreeSet<String>;

/// One task: whose, in which step, and what.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The step it belongs to.
    pub step: StepId,
    /// Who does it.
    pub persona: Persona,
    /// What to do.
    pub task: Task,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// A form, with the tutorial's values.
    Form(Action),
    /// A line in the instance's terminal, and what it is to show; `None` for the line that fetches the test file.
    Line(String, Option<Mark>),
}

/// The steps that a step stands on directly.
pub const fn needs(step: StepId) -> &'static [StepId] {
    match step {
        StepId::Policies => &[],
        StepId::Roles => &[StepId::Policies],
        StepId::Bucket | StepId::Key | StepId::Instance => &[StepId::Roles],
        StepId::BucketPolicy => &[StepId::Bucket, StepId::Key],
        StepId::Test1 | StepId::Test2 => &[StepId::BucketPolicy, StepId::Instance],
        StepId::Test3 | StepId::Test4 => &[StepId::Test1],
        StepId::Restore => &[StepId::Test4],
    }
}

/// Whether `step` stands on `on`, directly or not. No step stands on itself.
pub fn stands_on(step: StepId, on: StepId) -> bool {
    needs(step).iter().any(|&need| need == on || stands_on(need, on))
}

/// The next thing to do so that `step` is done, earlier steps first; `None` when nothing is left.
pub fn next(lab: &LabState, files: &Files, region: &str, step: StepId) -> Option<Planned> {
    let of_needs = needs(step).iter().find_map(|&need| next(lab, files, region, need));
    of_needs.or_else(|| own(lab, files, region, step))
}

/// Everything that is left, up to and with the first call that a listing as printed makes fail.
pub fn solution(lab: &LabState, files: &Files, region: &str, step: StepId) -> Solution {
    let (mut lab, mut files) = (lab.clone(), files.clone());
    let mut solution = Solution::default();
    for _ in 0..MOST {
        let Some(planned) = next(&lab, &files, region, step) else { break };
        solution.tasks.push(described(&planned));
        if let Some(listing) = foreseen(&lab, &planned.task) {
            solution.stops_at = Some(listing);
            // `kms:CreateKey` fails, and `kms:CreateAlias` is not made.
            if let Some(last) = solution.tasks.last_mut() {
                last.calls.truncate(1);
            }
            break;
        }
        pretend(&mut lab, &mut files, &planned.task);
    }
    solution
}

/// The listing that will make a task fail, as far as is known: Listing 2 as printed cannot create a key.
fn foreseen(lab: &LabState, task: &Task) -> Option<ListingId> {
    let listing = ListingId::KeyAdmin;
    let made = lab.marks.contains(&Action::listing_form_id("create", listing));
    let printed = match made {
        true => lab.marks.contains(&printed_mark(listing)),
        false => lab.spelling(listing) == Listings::Printed,
    };
    let corrected = lab.marks.contains(&Action::CorrectPolicy { listing }.form_id());
    (matches!(task, Task::Form(Action::CreateKey { .. })) && printed && !corrected).then_some(listing)
}

/// What is left of the step itself.
fn own(lab: &LabState, files: &Files, region: &str, step: StepId) -> Option<Planned> {
    let form = |step: StepId, action: Action| {
        Some(Planned { step, persona: step.needs().unwrap_or(Persona::Admin), task: Task::Form(action) })
    };
    let line = |step, line: &str, mark| {
        Some(Planned { step, persona: Persona::Instance, task: Task::Line(line.to_owned(), mark) })
    };
    let open = |action: &Action| !lab.marks.contains(&action.form_id());
    if let Some(action) = forms(lab, region, step).into_iter().find(open) {
        return form(step, action);
    }
    let marks = marks(step);
    let mark = marks.iter().copied().find(|mark| !lab.marks.contains(mark.name()));
    let (wanted, turn) = match step {
        // It is refused before the key is asked.
        StepId::Test2 => (None, None),
        StepId::Test4 => (Some(false), Some(Action::RemoveKeyUser)),
        StepId::Restore => (Some(true), Some(Action::AddKeyUser)),
        _ => (Some(true), None),
    };
    let turned = turn.is_none_or(|action| lab.marks.contains(&action.form_id()));
    if mark.is_none() && turned {
        return None;
    }
    let present = lab.key_user_present == Some(true);
    // Where the key user is as wanted though nobody in this lab turned it, it is turned twice.
    if !turned || wanted.is_some_and(|wanted| wanted != present) {
        return match present {
            true => form(StepId::Test4, Action::RemoveKeyUser),
            false => form(StepId::Restore, Action::AddKeyUser),
        };
    }
    let mark = mark?;
    let commands = commands::suggested(lab, step);
    let transfers: Vec<&String> = commands.iter().filter(|line| line.starts_with("aws ")).collect();
    if mark.uploads() && !files.contains(TEST_FILE) {
        let fetch = commands::suggested(lab, StepId::Test1).into_iter().next()?;
        return line(StepId::Test1, &fetch, None);
    }
    let place = marks.iter().position(|of| *of == mark)?;
    line(step, transfers.get(place)?, Some(mark))
}

/// What a step's lines are to show, in their order.
pub const fn marks(step: StepId) -> &'static [Mark] {
    match step {
        StepId::Test1 => &[Mark::EncryptedUpload],
        StepId::Test2 => &[Mark::UnencryptedUploadDenied],
        StepId::Test3 => &[Mark::Download],
        StepId::Test4 => &[Mark::UploadDeniedWithoutKey, Mark::DownloadDeniedWithoutKey],
        StepId::Restore => &[Mark::UploadRestored, Mark::DownloadRestored],
        _ => &[],
    }
}

/// The step's forms with the tutorial's values, but those that turn the key user.
fn forms(lab: &LabState, region: &str, step: StepId) -> Vec<Action> {
    let text = |id| listings::listing(lab, region, id, lab.spelling(id));
    match step {
        StepId::Policies => [ListingId::BucketAdmin, ListingId::KeyAdmin, ListingId::BucketAccess]
            .map(|listing| {
                let filled = text(listing);
                Action::CreatePolicy { listing, name: filled.name, document: filled.document }
            })
            .into(),
        StepId::Roles => RoleName::ALL
            .into_iter()
            .flat_map(|role| [Action::CreateRole { role }, Action::AttachPolicy { role }])
            .chain([Action::CreateInstanceProfile])
            .collect(),
        StepId::Bucket => vec![Action::CreateBucket { name: lab.bucket.clone() }],
        StepId::Key => vec![Action::CreateKey {
            alias: lab.key_alias.clone().unwrap_or_else(|| "secure-demo-key".into()),
            description: "Encrypts the objects of the secure bucket".into(),
            administrators: vec![RoleName::SecureKeyAdmin.name().into()],
            users: vec![RoleName::AuthorizedUsers.name().into()],
        }],
        StepId::BucketPolicy => {
            vec![Action::PutBucketPolicy { document: text(ListingId::BucketPolicy).document }]
        }
        StepId::Instance => vec![Action::LaunchInstance],
        _ => Vec::new(),
    }
}

/// What a task does to the lab when it goes as it should.
fn pretend(lab: &mut LabState, files: &mut Files, task: &Task) {
    match task {
        Task::Form(action) => {
            lab.marks.insert(action.form_id());
            match action {
                Action::CreatePolicy { listing, .. } if lab.spelling(*listing) == Listings::Printed => {
                    lab.marks.insert(printed_mark(*listing));
                }
                Action::CreateKey { .. } | Action::AddKeyUser => lab.key_user_present = Some(true),
                Action::RemoveKeyUser => lab.key_user_present = Some(false),
                _ => {}
            }
        }
        Task::Line(_, Some(mark)) => {
            lab.marks.insert(mark.name().into());
        }
        Task::Line(_, None) => {
            files.insert(TEST_FILE.into());
        }
    }
}

/// A task in words.
fn described(planned: &Planned) -> console::Task {
    let task = |calls: &[&str], subject: &str| console::Task {
        step: planned.step,
        persona: planned.persona,
        calls: calls.iter().map(|&call| call.to_owned()).collect(),
        subject: subject.to_owned(),
        form: None,
        is_line: false,
        to_be_refused: false,
    };
    match &planned.task {
        Task::Line(line, mark) => console::Task {
            is_line: true,
            to_be_refused: mark.is_some_and(Mark::is_refusal),
            ..task(&[line], "")
        },
        Task::Form(action) => console::Task { form: Some(action.form_id()), ..of_form(action, task) },
    }
}

/// What an action's form calls, and on what.
fn of_form(action: &Action, task: impl Fn(&[&str], &str) -> console::Task) -> console::Task {
    match action {
        Action::CreatePolicy { name, .. } => task(&["iam:CreatePolicy"], name),
        Action::CorrectPolicy { listing } => task(&["iam:CreatePolicyVersion"], listing.name()),
        Action::CreateRole { role } => task(&["iam:CreateRole"], role.name()),
        Action::AttachPolicy { role } => {
            task(&["iam:AttachRolePolicy"], &format!("{} to {}", role.listing().name(), role.name()))
        }
        Action::CreateInstanceProfile => {
            task(&["iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile"], super::INSTANCE_PROFILE)
        }
        Action::CreateBucket { name } => task(&["s3:CreateBucket"], name),
        Action::CreateKey { alias, .. } => task(&["kms:CreateKey", "kms:CreateAlias"], alias),
        Action::PutBucketPolicy { .. } => task(&["s3:PutBucketPolicy"], "Listing 4"),
        Action::LaunchInstance => task(&["ec2:RunInstances"], super::INSTANCE_PROFILE),
        Action::RemoveKeyUser => task(&["kms:GetKeyPolicy", "kms:PutKeyPolicy"], "without authorized-users"),
        Action::AddKeyUser => task(&["kms:GetKeyPolicy", "kms:PutKeyPolicy"], "with authorized-users"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Files, Task, next, solution, stands_on};
    use crate::store::LabState;
    use app::console::{Action, ListingId, Listings, StepId};

    const REGION: &str = "us-east-1";

    fn lab(listings: Listings) -> LabState {
        LabState::new("111122223333".into(), listings, "demo".into())
    }

    #[test]
    fn from_nothing_the_last_step_takes_the_whole_walk_but_the_tests_it_does_not_stand_on() {
        let found = solution(&lab(Listings::Corrected), &Files::new(), REGION, StepId::Restore);
        let steps: Vec<StepId> = found.tasks.iter().fold(Vec::new(), |mut steps, task| {
            if steps.last() != Some(&task.step) {
                steps.push(task.step);
            }
            steps
        });
        let expected = [
            StepId::Policies,
            StepId::Roles,
            StepId::Bucket,
            StepId::Key,
            StepId::BucketPolicy,
            StepId::Instance,
            StepId::Test1,
            StepId::Test4,
            StepId::Restore,
        ];
        assert_eq!(steps, expected);
        assert_eq!(found.stops_at, None);
        assert_eq!(found.tasks.iter().filter(|task| task.to_be_refused).count(), 2);
    }

    #[test]
    fn listing_2_as_printed_is_foreseen_to_stop_at_create_key_until_it_was_corrected() {
        let mut lab = lab(Listings::Printed);
        let found = solution(&lab, &Files::new(), REGION, StepId::Test1);
        assert_eq!(found.stops_at, Some(ListingId::KeyAdmin));
        let last = found.tasks.last().map(|task| (task.step, task.calls.join(" ")));
        assert_eq!(last, Some((StepId::Key, "kms:CreateKey".into())));
        lab.marks.insert(Action::CorrectPolicy { listing: ListingId::KeyAdmin }.form_id());
        assert_eq!(solution(&lab, &Files::new(), REGION, StepId::Test1).stops_at, None);
    }

    #[test]
    fn a_test_that_needs_the_key_user_puts_it_back_first() {
        let mut lab = lab(Listings::Corrected);
        for _ in 0..super::MOST {
            let Some(planned) = next(&lab, &Files::new(), REGION, StepId::BucketPolicy) else { break };
            super::pretend(&mut lab, &mut Files::new(), &planned.task);
        }
        lab.marks.extend(["launch-instance".into(), "remove-key-user".into()]);
        lab.key_user_present = Some(false);
        let first = next(&lab, &Files::new(), REGION, StepId::Test1);
        assert!(matches!(first, Some(planned) if planned.task == Task::Form(Action::AddKeyUser)));
        let test_2 = next(&lab, &Files::new(), REGION, StepId::Test2);
        assert!(matches!(test_2, Some(planned) if matches!(planned.task, Task::Line(_, None))));
    }

    #[test]
    fn what_stands_on_a_step_is_everything_after_it_that_needs_it() {
        let on = |step: StepId| StepId::ALL.into_iter().filter(|later| stands_on(*later, step)).count();
        assert_eq!(on(StepId::Policies), 10);
        assert_eq!(on(StepId::Key), 6);
        assert_eq!(on(StepId::Test2), 0);
        assert!(!stands_on(StepId::Key, StepId::Bucket));
    }
}
