//! What is there to remove, read as the base identity. Nothing is listed that AWS does not have.

use super::remove::Removal;
use crate::{
    cloud::{Asked as _, Clients, Failure},
    console::Site,
    store::LabState,
    tutorial::{INSTANCE_PROFILE, TEST_FILE, steps::Mark},
};
use app::console::{Action, ConsoleError, ListingId, RoleName, StepId};

/// What undoing these steps removes, in the order in which AWS lets it go, each with the step that made it.
pub(super) async fn removals(
    site: &Site,
    lab: &LabState,
    steps: &[StepId],
) -> Result<Vec<(StepId, Removal)>, ConsoleError> {
    let (_, clients) = site.admin(&lab.id).await?;
    let undone = |step| steps.contains(&step);
    let mut found = Vec::new();
    objects(&clients, lab, steps, &mut found).await.map_err(unread)?;
    files(site, lab, steps, &mut found).await?;
    if !undone(StepId::Key) {
        found.extend(key_user(lab, steps));
    }
    if undone(StepId::Instance)
        && let Some(id) = &lab.instance_id
        && running(&clients, id).await.map_err(unread)?
    {
        found.push((StepId::Instance, Removal::Instance(id.clone())));
    }
    bucket(&clients, lab, steps, &mut found).await.map_err(unread)?;
    if undone(StepId::Key) {
        key(&clients, lab, &mut found).await.map_err(unread)?;
    }
    if undone(StepId::Roles) {
        roles(&clients, &mut found).await.map_err(unread)?;
    }
    if undone(StepId::Policies) {
        policies(&clients, lab, &mut found).await.map_err(unread)?;
    }
    Ok(found)
}

fn unread(failure: Failure) -> ConsoleError {
    tracing::error!(?failure, "what there is to undo");
    let why = failure.code.or(failure.message).unwrap_or_else(|| "no answer".into());
    ConsoleError::Unavailable(format!("What there is to undo could not be read from AWS ({why}). Try again."))
}

/// Drops an error of these codes: what is not there needs no removing.
fn if_there<T>(answer: Result<T, Failure>, absent: &[&str]) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if absent.iter().any(|code| failure.is(code)) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The objects of a bucket that goes, else those that the tests made.
async fn objects(
    clients: &Clients,
    lab: &LabState,
    steps: &[StepId],
    found: &mut Vec<(StepId, Removal)>,
) -> Result<(), Failure> {
    let mut token = None;
    loop {
        let request = clients.s3.list_objects_v2().bucket(&lab.bucket).set_continuation_token(token.take());
        let Some(page) = if_there(request.send().asked().await, &["NoSuchBucket"])? else { return Ok(()) };
        for key in page.contents().iter().filter_map(|object| object.key()) {
            let made_by = match key {
                TEST_FILE => StepId::Test1,
                "test2.pdf" => StepId::Test2,
                "test4.pdf" if steps.contains(&StepId::Test4) => StepId::Test4,
                "test4.pdf" => StepId::Restore,
                _ => StepId::Bucket,
            };
            if steps.contains(&made_by) || steps.contains(&StepId::Bucket) {
                found.push((made_by, Removal::Object(key.to_owned())));
            }
        }
        token = page.next_continuation_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    match steps.contains(&StepId::Bucket) {
        true => versions(clients, lab, found).await,
        false => Ok(()),
    }
}

/// What a versioned bucket keeps of its objects: it cannot be deleted before that is gone too.
async fn versions(
    clients: &Clients,
    lab: &LabState,
    found: &mut Vec<(StepId, Removal)>,
) -> Result<(), Failure> {
    let (mut key, mut version) = (None, None);
    loop {
        let request = clients.s3.list_object_versions().bucket(&lab.bucket);
        let request = request.set_key_marker(key.take()).set_version_id_marker(version.take());
        let Some(page) = if_there(request.send().asked().await, &["NoSuchBucket"])? else { return Ok(()) };
        let versions = page.versions().iter().map(|version| (version.key(), version.version_id()));
        let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
        for (key, version) in versions.chain(markers) {
            // An object of a bucket that was never versioned has the version `null`, and goes as an object.
            if let (Some(key), Some(version)) = (key, version.filter(|version| *version != "null")) {
                let removal = Removal::Version { key: key.to_owned(), version: version.to_owned() };
                found.push((StepId::Bucket, removal));
            }
        }
        if page.is_truncated() != Some(true) {
            return Ok(());
        }
        (key, version) =
            (page.next_key_marker().map(str::to_owned), page.next_version_id_marker().map(str::to_owned));
    }
}

/// The files of the tests on the instance; all of them when it goes itself.
async fn files(
    site: &Site,
    lab: &LabState,
    steps: &[StepId],
    found: &mut Vec<(StepId, Removal)>,
) -> Result<(), ConsoleError> {
    let files = site.store.files(&lab.id).await?;
    if steps.contains(&StepId::Instance) {
        if !files.is_empty() {
            let names = files.into_iter().map(|file| file.name).collect();
            found.push((StepId::Instance, Removal::Disk(names)));
        }
        return Ok(());
    }
    for name in files.into_iter().map(|file| file.name) {
        let fetched_by: &[StepId] = match name.as_str() {
            TEST_FILE => &[StepId::Test1],
            "test3.pdf" => &[StepId::Test3],
            "test4.pdf" => &[StepId::Restore, StepId::Test4],
            _ => &[],
        };
        if let Some(step) = fetched_by.iter().find(|step| steps.contains(step)) {
            found.push((*step, Removal::File(name)));
        }
    }
    Ok(())
}

/// The key user as it was before the first of these steps.
fn key_user(lab: &LabState, steps: &[StepId]) -> Option<(StepId, Removal)> {
    lab.key_arn.as_ref()?;
    let present = lab.key_user_present == Some(true);
    let restored = [Action::AddKeyUser.form_id(), Mark::UploadRestored.name().into()];
    match () {
        () if steps.contains(&StepId::Test4) => (!present).then_some((StepId::Test4, Removal::KeyUser(true))),
        () if steps.contains(&StepId::Restore) => {
            let was_restored = restored.iter().any(|mark| lab.marks.contains(mark));
            (present && was_restored).then_some((StepId::Restore, Removal::KeyUser(false)))
        }
        () => None,
    }
}

async fn running(clients: &Clients, id: &str) -> Result<bool, Failure> {
    let described = if_there(clients.ec2.describe_instance(id).await, &["InvalidInstanceID.NotFound"])?;
    Ok(described.flatten().is_some_and(|instance| instance.instance_state.name != "terminated"))
}

async fn bucket(
    clients: &Clients,
    lab: &LabState,
    steps: &[StepId],
    found: &mut Vec<(StepId, Removal)>,
) -> Result<(), Failure> {
    if steps.contains(&StepId::BucketPolicy) {
        let policy = clients.s3.get_bucket_policy().bucket(&lab.bucket).send().asked().await;
        if if_there(policy, &["NoSuchBucketPolicy", "NoSuchBucket"])?.is_some() {
            found.push((StepId::BucketPolicy, Removal::BucketPolicy));
        }
    }
    if steps.contains(&StepId::Bucket) {
        let location = clients.s3.get_bucket_location().bucket(&lab.bucket).send().asked().await;
        if if_there(location, &["NoSuchBucket"])?.is_some() {
            found.push((StepId::Bucket, Removal::Bucket));
        }
    }
    Ok(())
}

async fn key(clients: &Clients, lab: &LabState, found: &mut Vec<(StepId, Removal)>) -> Result<(), Failure> {
    let Some(arn) = &lab.key_arn else { return Ok(()) };
    let described = clients.kms.describe_key().key_id(arn).send().asked().await;
    let Some(described) = if_there(described, &["NotFoundException"])? else { return Ok(()) };
    let aliases = clients.kms.list_aliases().key_id(arn).send().asked().await?;
    for alias in aliases.aliases().iter().filter_map(|alias| alias.alias_name()) {
        found.push((StepId::Key, Removal::Alias(alias.to_owned())));
    }
    let going = described.key_metadata().is_some_and(|key| key.deletion_date().is_some());
    if !going {
        found.push((StepId::Key, Removal::Key(arn.clone())));
    }
    Ok(())
}

async fn roles(clients: &Clients, found: &mut Vec<(StepId, Removal)>) -> Result<(), Failure> {
    let iam = &clients.iam;
    let absent = &["NoSuchEntity"];
    let mut push = |removal| found.push((StepId::Roles, removal));
    let profile = iam.get_instance_profile().instance_profile_name(INSTANCE_PROFILE).send().asked().await;
    if let Some(profile) = if_there(profile, absent)? {
        let roles = profile.instance_profile().map(|profile| profile.roles()).unwrap_or_default();
        for role in roles {
            push(Removal::RoleInProfile(role.role_name().to_owned()));
        }
        push(Removal::Profile);
    }
    for role in RoleName::ALL {
        let name = role.name();
        let attached = iam.list_attached_role_policies().role_name(name).send().asked().await;
        let Some(attached) = if_there(attached, absent)? else { continue };
        for policy in attached.attached_policies().iter().filter_map(|policy| policy.policy_arn()) {
            push(Removal::Attachment { role, policy: policy.to_owned() });
        }
        for policy in iam.list_role_policies().role_name(name).send().asked().await?.policy_names() {
            push(Removal::InlinePolicy { role, name: policy.clone() });
        }
        push(Removal::Role(role));
    }
    Ok(())
}

async fn policies(
    clients: &Clients,
    lab: &LabState,
    found: &mut Vec<(StepId, Removal)>,
) -> Result<(), Failure> {
    for listing in [ListingId::BucketAdmin, ListingId::KeyAdmin, ListingId::BucketAccess] {
        let arn = lab.policy_arn(listing);
        let versions = clients.iam.list_policy_versions().policy_arn(&arn).send().asked().await;
        let Some(versions) = if_there(versions, &["NoSuchEntity"])? else { continue };
        for version in versions.versions().iter().filter(|version| !version.is_default_version()) {
            let version = version.version_id().unwrap_or_default().to_owned();
            found.push((StepId::Policies, Removal::PolicyVersion { arn: arn.clone(), version }));
        }
        found.push((StepId::Policies, Removal::Policy { listing, arn }));
    }
    Ok(())
}
