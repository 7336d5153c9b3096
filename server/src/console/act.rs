//! The forms of the walk, each as the calls the AWS console would make.

use super::{Site, desk::Desk, drafts, is_valid};
use crate::{
    cloud::Asked as _,
    store::{LabId, LabState},
    tutorial::{INSTANCE_PROFILE, key_policy, listings, steps::printed_mark, trust},
    verdict::Question,
};
use app::console::{Action, Answer, ConsoleError, ListingId, Listings, RoleName, StepId};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use futures::FutureExt as _;
use serde_json::Value;

/// An image and a type for an instance that runs nothing, the image a placeholder: what the tutorial calls "an Amazon Linux AMI" and "t2.micro".
const IMAGE: &str = "ami-0abcdef1234567890";
const INSTANCE_TYPE: &str = "t2.micro";

/// What the calls of a form came to: all well, or AWS's answer to the one that failed.
type Made = Result<(), Answer>;

/// Makes the calls of a form as whoever the lab acts as, while that persona's credentials are valid. Gives the records of the calls.
pub(super) async fn act(
    site: &Site,
    lab: LabState,
    step: StepId,
    action: &Action,
) -> Result<Vec<i64>, ConsoleError> {
    let id = lab.id.clone();
    let made = async {
        drafts::check(action)?;
        let (actor, clients) = site.actor(&lab.id, lab.acting).await?;
        if !is_valid(&actor, site.now()) {
            return Err(ConsoleError::Expired { persona: lab.acting.name().into() });
        }
        attempt(Desk::new(site, lab, step, actor, clients).await?, action).await
    };
    settled(site, &id, action, made.await).await
}

/// The same as whoever works at the desk.
pub(super) async fn act_at(desk: Desk<'_>, action: &Action) -> Result<Vec<i64>, ConsoleError> {
    let (site, id) = (desk.site, desk.lab.id.clone());
    let made = match drafts::check(action) {
        Ok(()) => attempt(desk, action).await,
        Err(error) => Err(error),
    };
    settled(site, &id, action, made).await
}

/// Keeps what the form is to show from now on: what was typed and why it failed, or nothing of it.
async fn settled(
    site: &Site,
    id: &LabId,
    action: &Action,
    made: Result<(Vec<i64>, Made), ConsoleError>,
) -> Result<Vec<i64>, ConsoleError> {
    let form = action.form_id();
    match made {
        Ok((records, Ok(()))) => {
            site.store.drop_draft(id, &form).await?;
            if let Some(sent) = drafts::sent(action) {
                site.store.keep_draft(id, &Action::sent_form_id(&form), &sent).await?;
            }
            Ok(records)
        }
        Ok((records, Err(answer))) => {
            site.store.keep_draft(id, &form, &drafts::refused(action, &answer)).await?;
            Ok(records)
        }
        Err(ConsoleError::Invalid { field, message }) => {
            site.store.keep_draft(id, &form, &drafts::invalid(action, &field, &message)).await?;
            Err(ConsoleError::Invalid { field, message })
        }
        Err(error @ ConsoleError::Expired { .. }) => {
            site.store.keep_draft(id, &form, &drafts::invalid(action, "", &error.to_string())).await?;
            Err(error)
        }
        Err(error) => Err(error),
    }
}

async fn attempt(mut desk: Desk<'_>, action: &Action) -> Result<(Vec<i64>, Made), ConsoleError> {
    let form = action.form_id();
    // Each form's calls are boxed: their futures are large, and only one of them is ever needed.
    let made = match action {
        Action::CreatePolicy { listing, name, document } => {
            create_policy(&mut desk, &form, *listing, name.trim(), document).boxed().await?
        }
        Action::CorrectPolicy { listing: ListingId::BucketPolicy } => {
            let corrected = corrected(&desk, ListingId::BucketPolicy);
            put_bucket_policy(&mut desk, &form, &corrected).boxed().await?
        }
        Action::CorrectPolicy { listing } => correct_policy(&mut desk, &form, *listing).boxed().await?,
        Action::CreateRole { role } => create_role(&mut desk, &form, *role).boxed().await?,
        Action::AttachPolicy { role } => attach_policy(&mut desk, &form, *role).boxed().await?,
        Action::CreateInstanceProfile => create_instance_profile(&mut desk, &form).boxed().await?,
        Action::CreateBucket { name } => create_bucket(&mut desk, &form, name.trim()).boxed().await?,
        Action::CreateKey { alias, description, administrators, users } => {
            create_key(&mut desk, &form, alias.trim(), description, administrators, users).boxed().await?
        }
        Action::PutBucketPolicy { document } => put_bucket_policy(&mut desk, &form, document).boxed().await?,
        Action::LaunchInstance => launch_instance(&mut desk, &form).boxed().await?,
        Action::RemoveKeyUser => change_key_user(&mut desk, &form, false).boxed().await?,
        Action::AddKeyUser => change_key_user(&mut desk, &form, true).boxed().await?,
    };
    Ok((desk.records, made))
}

/// Marks a form as done when its last call succeeded.
fn done<T>(form: &str) -> impl FnOnce(&mut LabState, Result<&T, &Answer>) + Send + use<T> {
    let form = form.to_owned();
    move |lab, result| {
        if result.is_ok() {
            lab.marks.insert(form);
        }
    }
}

fn corrected(desk: &Desk<'_>, listing: ListingId) -> String {
    listings::listing(&desk.lab, desk.site.target.region(), listing, Listings::Corrected).document
}

async fn create_policy(
    desk: &mut Desk<'_>,
    form: &str,
    listing: ListingId,
    name: &str,
    document: &str,
) -> Result<Made, ConsoleError> {
    let iam = desk.clients.iam.clone();
    let request = iam.create_policy().policy_name(name).policy_document(document).send().asked();
    let arn = format!("arn:aws:iam::{}:policy/{name}", desk.lab.account_id);
    let question = Question::new("iam", "CreatePolicy").policy(&arn);
    let printed =
        listings::listing(&desk.lab, desk.site.target.region(), listing, Listings::Printed).document;
    let as_printed = serde_json::from_str::<Value>(document)
        .is_ok_and(|document| serde_json::from_str(&printed).is_ok_and(|printed: Value| document == printed));
    let made = desk
        .call(question, name, request, |lab, result| {
            if let Ok(output) = result {
                let arn = output.policy().and_then(|policy| policy.arn()).map_or(arn, str::to_owned);
                lab.policies.insert(listing.name().into(), arn);
                lab.marks.insert(form.into());
                if as_printed {
                    lab.marks.insert(printed_mark(listing));
                }
            }
        })
        .await?;
    Ok(made.map(drop))
}

async fn correct_policy(desk: &mut Desk<'_>, form: &str, listing: ListingId) -> Result<Made, ConsoleError> {
    let arn = desk.lab.policy_arn(listing);
    let iam = desk.clients.iam.clone();
    let request = iam
        .create_policy_version()
        .policy_arn(&arn)
        .policy_document(corrected(desk, listing))
        .set_as_default(true)
        .send()
        .asked();
    let question = Question::new("iam", "CreatePolicyVersion").policy(&arn);
    Ok(desk.call(question, listing.name(), request, done(form)).await?.map(drop))
}

async fn create_role(desk: &mut Desk<'_>, form: &str, role: RoleName) -> Result<Made, ConsoleError> {
    let document = trust::policy(role, &desk.lab.account_id).to_string();
    let iam = desk.clients.iam.clone();
    let request =
        iam.create_role().role_name(role.name()).assume_role_policy_document(document).send().asked();
    let question = Question::new("iam", "CreateRole").role(&desk.lab.role_arn(role.name()));
    Ok(desk.call(question, role.name(), request, done(form)).await?.map(drop))
}

async fn attach_policy(desk: &mut Desk<'_>, form: &str, role: RoleName) -> Result<Made, ConsoleError> {
    let policy = desk.lab.policy_arn(role.listing());
    let iam = desk.clients.iam.clone();
    let request = iam.attach_role_policy().role_name(role.name()).policy_arn(&policy).send().asked();
    let question =
        Question::new("iam", "AttachRolePolicy").role(&desk.lab.role_arn(role.name())).policy(&policy);
    let subject = format!("{} to {}", policy.rsplit('/').next().unwrap_or(&policy), role.name());
    Ok(desk.call(question, subject, request, done(form)).await?.map(drop))
}

/// Two calls. A profile that an earlier try left without its role is no obstacle.
async fn create_instance_profile(desk: &mut Desk<'_>, form: &str) -> Result<Made, ConsoleError> {
    let arn = format!("arn:aws:iam::{}:instance-profile/{INSTANCE_PROFILE}", desk.lab.account_id);
    let iam = desk.clients.iam.clone();
    let request = iam.create_instance_profile().instance_profile_name(INSTANCE_PROFILE).send().asked();
    let question = Question::new("iam", "CreateInstanceProfile").profile(&arn);
    let made = desk.call(question, INSTANCE_PROFILE, request, |_, _| {}).await?;
    if let Err(answer) = made
        && answer.code.as_deref() != Some("EntityAlreadyExists")
    {
        return Ok(Err(answer));
    }
    let role = RoleName::AuthorizedUsers.name();
    let request = iam
        .add_role_to_instance_profile()
        .instance_profile_name(INSTANCE_PROFILE)
        .role_name(role)
        .send()
        .asked();
    let question =
        Question::new("iam", "AddRoleToInstanceProfile").profile(&arn).role(&desk.lab.role_arn(role));
    Ok(desk.call(question, format!("{role} to {INSTANCE_PROFILE}"), request, done(form)).await?.map(drop))
}

async fn create_bucket(desk: &mut Desk<'_>, form: &str, name: &str) -> Result<Made, ConsoleError> {
    let s3 = desk.clients.s3.clone();
    let mut request = s3.create_bucket().bucket(name);
    // us-east-1 is the one region that must not be named.
    if desk.site.target.region() != "us-east-1" {
        let constraint = BucketLocationConstraint::from(desk.site.target.region());
        let configuration = CreateBucketConfiguration::builder().location_constraint(constraint).build();
        request = request.create_bucket_configuration(configuration);
    }
    let made = desk
        .call(
            Question::new("s3", "CreateBucket").bucket(name),
            name,
            request.send().asked(),
            |lab, result| {
                if result.is_ok() {
                    // The later steps are about the bucket that was made.
                    lab.bucket = name.into();
                    lab.marks.insert(form.into());
                }
            },
        )
        .await?;
    Ok(made.map(drop))
}

async fn create_key(
    desk: &mut Desk<'_>,
    form: &str,
    alias: &str,
    description: &str,
    administrators: &[String],
    users: &[String],
) -> Result<Made, ConsoleError> {
    let alias = alias.strip_prefix("alias/").unwrap_or(alias);
    // A key whose alias was refused is there and works: what is missing is the alias alone.
    if let (Some(key), None) = (desk.lab.key_arn.clone(), &desk.lab.key_alias) {
        return create_alias(desk, form, alias, &key).await;
    }
    let arns = |names: &[String]| names.iter().map(|name| desk.lab.role_arn(name)).collect::<Vec<_>>();
    let policy =
        key_policy::console_policy(&desk.lab.account_id, &arns(administrators), &arns(users)).to_string();
    let user_present = users.iter().any(|user| user == RoleName::AuthorizedUsers.name());
    let kms = desk.clients.kms.clone();
    let request = kms.create_key().policy(policy).description(description).send().asked();
    let made = desk
        .call(Question::new("kms", "CreateKey"), alias, request, |lab, result| {
            if let Ok(output) = result {
                lab.key_arn = output.key_metadata().and_then(|key| key.arn()).map(Into::into);
                lab.key_alias = None;
                lab.key_user_present = Some(user_present);
            }
        })
        .await?;
    let key = match made {
        Ok(output) => output.key_metadata().map(|key| key.key_id().to_owned()).unwrap_or_default(),
        Err(answer) => return Ok(Err(answer)),
    };
    create_alias(desk, form, alias, &key).await
}

/// The alias of the key that step 4 made, by its id or ARN.
async fn create_alias(desk: &mut Desk<'_>, form: &str, alias: &str, key: &str) -> Result<Made, ConsoleError> {
    let kms = desk.clients.kms.clone();
    let alias_name = format!("alias/{alias}");
    let request = kms.create_alias().alias_name(&alias_name).target_key_id(key).send().asked();
    let mut question = Question::new("kms", "CreateAlias").key(key);
    question.alias = Some(alias_name.clone());
    let made = desk
        .call(question, alias_name.as_str(), request, |lab, result| {
            if result.is_ok() {
                lab.key_alias = Some(alias.into());
                lab.marks.insert(form.into());
            }
        })
        .await?;
    Ok(made.map(drop))
}

async fn put_bucket_policy(desk: &mut Desk<'_>, form: &str, document: &str) -> Result<Made, ConsoleError> {
    let bucket = desk.lab.bucket.clone();
    let s3 = desk.clients.s3.clone();
    let request = s3.put_bucket_policy().bucket(&bucket).policy(document).send().asked();
    let question = Question::new("s3", "PutBucketPolicy").bucket(&bucket);
    Ok(desk.call(question, bucket.as_str(), request, done(form)).await?.map(drop))
}

async fn launch_instance(desk: &mut Desk<'_>, form: &str) -> Result<Made, ConsoleError> {
    let ec2 = desk.clients.ec2.clone();
    let request = ec2.run_instances(IMAGE, INSTANCE_TYPE, INSTANCE_PROFILE);
    let question =
        Question::new("ec2", "RunInstances").role(&desk.lab.role_arn(RoleName::AuthorizedUsers.name()));
    let subject = format!("{INSTANCE_TYPE} with the instance profile {INSTANCE_PROFILE}");
    let made = desk
        .call(question, subject, request, |lab, result| {
            if let Ok(instance) = result {
                lab.instance_id = Some(instance.instance_id.clone());
                lab.marks.insert(form.into());
            }
        })
        .await?;
    if made.is_ok() {
        desk.site.cache_instance(&desk.lab.id, None);
    }
    Ok(made.map(drop))
}

/// *Key users > Remove* or *Add*: the key policy is read, changed and written back.
async fn change_key_user(desk: &mut Desk<'_>, form: &str, add: bool) -> Result<Made, ConsoleError> {
    let key = desk.lab.key_arn.clone().ok_or_else(|| ConsoleError::NotFound { what: "KMS key".into() })?;
    let role = desk.lab.role_arn(RoleName::AuthorizedUsers.name());
    let subject = desk.lab.key_alias.as_ref().map_or_else(|| key.clone(), |alias| format!("alias/{alias}"));
    let kms = desk.clients.kms.clone();
    let request = kms.get_key_policy().key_id(&key).policy_name("default").send().asked();
    let question = Question::new("kms", "GetKeyPolicy").key(&key);
    let document = match desk.call(question, subject.as_str(), request, |_, _| {}).await? {
        Ok(output) => output.policy().unwrap_or_default().to_owned(),
        Err(answer) => return Ok(Err(answer)),
    };
    let changed =
        if add { key_policy::add_user(&document, &role) } else { key_policy::remove_user(&document, &role) };
    let changed = changed.map_err(|error| ConsoleError::Invalid {
        field: String::new(),
        message: format!("The key user cannot be changed: {error}."),
    })?;
    let written = changed.to_string();
    let turned = key_policy::has_user(&document, &role) != key_policy::has_user(&written, &role);
    let document = written;
    let request = kms.put_key_policy().key_id(&key).policy_name("default").policy(&document).send().asked();
    let question = Question::new("kms", "PutKeyPolicy").key(&key);
    let made = desk
        .call(question, subject, request, |lab, result| {
            if result.is_ok() {
                lab.key_user_present = Some(key_policy::has_user(&document, &role));
                // A policy written back as it was changed nothing.
                if turned {
                    lab.marks.insert(form.into());
                }
            }
        })
        .await?;
    Ok(made.map(drop))
}
