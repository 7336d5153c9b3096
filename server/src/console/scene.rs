//! Everyone of the lab's account with the policies that bear on them, read with the base identity.

use super::Site;
use crate::{
    cloud::{Asked as _, Clients, Failure},
    store::LabState,
    tutorial::TEST_FILE,
    verdict::{self, Question, Readers},
};
use app::console::{ConsoleError, Held, Persona};
use policy::{
    NamedPolicy,
    call::Bearings,
    lint::Kind,
    scene::{Actor, DEFAULT_KEY_POLICY, KEY_POLICY, Scene, SceneDocument},
};

/// How many roles a scene has at most: more columns than that nobody compares.
const MAX_ROLES: usize = 8;
/// Who stands for everybody to whom nothing is attached.
const NOBODY: &str = "any other role";

/// The id of the bucket policy in a scene.
pub(super) const BUCKET_POLICY: &str = "bucket-policy";
/// What the id of an inline policy begins with; the kind of its holder, the holder and its own name follow.
pub(super) const INLINE: &str = "inline";

/// The scene as it is now.
pub(super) async fn scene(site: &Site, lab: &LabState) -> Result<Scene, ConsoleError> {
    let (admin, clients) = site.admin(&lab.id).await?;
    let mut scene = Scene {
        account: lab.account_id.clone(),
        region: site.target.region().into(),
        bucket: lab.bucket.clone(),
        object: TEST_FILE.into(),
        key_arn: lab.key_arn.clone(),
        ..Scene::default()
    };
    let others = site.lock_holders(&lab.id).await?;
    let readers = Readers { base: &clients, others: &others, elsewhere: None };
    people(readers, lab, &admin, &mut scene).await?;
    bucket(readers, lab, &admin, &mut scene).await;
    key(readers, lab, &admin, &mut scene).await;
    Ok(scene)
}

async fn people(
    readers: Readers<'_>,
    lab: &LabState,
    admin: &Held,
    scene: &mut Scene,
) -> Result<(), ConsoleError> {
    let roles = roles(readers.base).await.map_err(|failure| {
        let why = failure.code.or(failure.message).unwrap_or_else(|| "no answer".into());
        ConsoleError::Unavailable(format!("The roles of the account could not be read: {why}. Try again."))
    })?;
    add(readers, scene, Persona::Admin.name(), &admin.arn, "user").await;
    for role in roles.iter().take(MAX_ROLES) {
        let session = match &lab.instance_id {
            Some(instance) if role == "authorized-users" => instance,
            _ => "Admin",
        };
        let arn = format!("arn:aws:sts::{}:assumed-role/{role}/{session}", lab.account_id);
        add(readers, scene, role, &arn, "role").await;
    }
    scene.actors.push(Actor {
        name: NOBODY.into(),
        arn: format!("arn:aws:sts::{}:assumed-role/any-other-role/session", lab.account_id),
        ..Actor::default()
    });
    Ok(())
}

/// The names of the account's own roles: those of the walk first, in its order, then the others by name.
async fn roles(clients: &Clients) -> Result<Vec<String>, Failure> {
    let walk: Vec<&str> = app::console::RoleName::ALL.into_iter().map(app::console::RoleName::name).collect();
    let mut names = Vec::new();
    let mut marker = None;
    loop {
        let page = clients.iam.list_roles().set_marker(marker).send().asked().await?;
        let own = page.roles().iter().filter(|role| !role.path().starts_with("/aws-service-role/"));
        names.extend(own.map(|role| role.role_name().to_owned()));
        marker = page.marker().map(Into::into);
        if !page.is_truncated() || marker.is_none() {
            break;
        }
    }
    names.sort_by_key(|name| {
        (walk.iter().position(|known| known == name).unwrap_or(walk.len()), name.clone())
    });
    Ok(names)
}

/// Adds a caller with its identity policies.
async fn add(readers: Readers<'_>, scene: &mut Scene, name: &str, arn: &str, kind: &str) {
    // A call that asks no policy and touches no resource: what is gathered for it is the caller alone.
    let who = Question::new("sts", "GetCallerIdentity");
    let Bearings { identity, boundaries, caller, unseen, .. } = verdict::gather(readers, arn, &who).await;
    scene.unseen.extend(unseen);
    let holder = arn.rsplit('/').nth(usize::from(kind == "role")).unwrap_or_default().to_owned();
    let id = |policy: &NamedPolicy| match &policy.arn {
        Some(arn) => arn.clone(),
        None => format!("{INLINE}:{kind}:{holder}:{}", policy.name),
    };
    for policy in identity.iter().chain(&boundaries) {
        put(scene, id(policy), Kind::Identity, policy);
    }
    scene.actors.push(Actor {
        name: name.into(),
        arn: arn.into(),
        policies: identity.iter().map(id).collect(),
        boundary: boundaries.first().map(id),
        context: caller.iter().map(|(key, values)| (key.to_owned(), values.to_vec())).collect(),
    });
}

fn put(scene: &mut Scene, id: String, kind: Kind, policy: &NamedPolicy) {
    if scene.document(&id).is_none() {
        scene.documents.push(SceneDocument {
            id,
            kind,
            name: policy.name.clone(),
            arn: policy.arn.clone(),
            text: pretty(policy.document.text()),
        });
    }
}

/// A document as people read it: AWS keeps some without a line break.
fn pretty(text: &str) -> String {
    if text.contains('\n') {
        return text.to_owned();
    }
    let value = serde_json::from_str::<serde_json::Value>(text);
    value.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_else(|_| text.to_owned())
}

async fn bucket(readers: Readers<'_>, lab: &LabState, admin: &Held, scene: &mut Scene) {
    // An upload that says nothing of encryption brings along the bucket's default too.
    let upload = Question::new("s3", "PutObject").object(&lab.bucket, TEST_FILE);
    let found = verdict::gather(readers, &admin.arn, &upload).await;
    if found.bucket_absent {
        return;
    }
    scene.unseen.extend(found.unseen);
    scene.bucket_keys = found.bucket_keys;
    if let Some(key) = found.key {
        if Some(&key.arn) != lab.key_arn.as_ref()
            && let Some(policy) = &key.policy
        {
            put(scene, DEFAULT_KEY_POLICY.into(), Kind::Key, policy);
        }
        scene.default_key = Some(key.arn);
    }
    match &found.bucket_policy {
        Some(policy) => put(scene, BUCKET_POLICY.into(), Kind::Bucket, policy),
        None => scene.documents.push(SceneDocument {
            id: BUCKET_POLICY.into(),
            kind: Kind::Bucket,
            name: "bucket policy".into(),
            arn: None,
            text: String::new(),
        }),
    }
}

async fn key(readers: Readers<'_>, lab: &LabState, admin: &Held, scene: &mut Scene) {
    let Some(arn) = &lab.key_arn else { return };
    let describe = Question::new("kms", "DescribeKey").key(arn);
    let found = verdict::gather(readers, &admin.arn, &describe).await;
    scene.unseen.extend(found.unseen);
    scene.key_state = state(readers, arn).await;
    let Some(key) = found.key else { return };
    scene.key_context = key.context;
    if let Some(policy) = &key.policy {
        put(scene, KEY_POLICY.into(), Kind::Key, policy);
    }
    scene.grants = key.grants;
}

/// The state of a key in which KMS lets nobody use it, as KMS names it; `None` when it is enabled.
async fn state(readers: Readers<'_>, key: &str) -> Option<String> {
    let described = readers.base.kms.describe_key().key_id(key).send().asked().await.ok()?;
    let state = described.key_metadata()?.key_state()?.as_str().to_owned();
    (state != "Enabled").then_some(state)
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn a_document_on_one_line_is_set_out_and_one_that_is_stays_as_written() {
        assert_eq!(pretty(r#"{"a":[1]}"#), "{\n  \"a\": [\n    1\n  ]\n}");
        let own = "{\n    \"a\": 1 }";
        assert_eq!(pretty(own), own);
    }
}
