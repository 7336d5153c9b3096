//! The forms of the steps, filled with what the tutorial would type.

use super::{data::StepData, lines::TestLines, listing::ListingCard};
use crate::{
    components::{
        form::{DocumentField, FormFrame, RolesField, StepForm, TextField},
        notice::{Notice, Tone},
        prose::Words,
    },
    console::{Action, RoleName, StepId},
    serverfns::{
        bucket::{create::CreateBucket, put_policy::PutBucketPolicy},
        instance::launch::LaunchInstance,
        key::{add_user::AddKeyUser, create::CreateKey, remove_user::RemoveKeyUser},
        policy::create::CreatePolicy,
        profile::create::CreateInstanceProfile,
        role::{attach::AttachPolicy, create::CreateRole},
    },
};
use leptos::{prelude::*, server_fn::ServerFn};

/// Step 1: a form for each of Listings 1 to 3.
#[component]
pub(crate) fn PoliciesForms(data: StepData) -> impl IntoView {
    data.listings
        .clone()
        .into_iter()
        .map(|listing| {
            let frame = data.frame(Action::listing_form_id("create", listing.id), CreatePolicy::PATH);
            let title = format!("Policy {}", listing.name);
            view! {
                <ListingCard data=data.clone() listing=listing.clone()>
                    <StepForm frame=frame.clone() title calls=&["iam:CreatePolicy"] button=format!("Create {}", listing.name)>
                        <input type="hidden" name="listing" value=listing.id.name() />
                        <TextField frame=frame.clone() name="name" label="Policy name" value=listing.name.clone() />
                        <DocumentField frame label="Policy document" value=listing.document.clone() />
                    </StepForm>
                </ListingCard>
            }
        })
        .collect_view()
}

/// Step 2: create and attach for each role, then the instance profile.
#[component]
pub(crate) fn RolesForms(data: StepData) -> impl IntoView {
    let roles = RoleName::ALL
        .into_iter()
        .map(|role| {
            let create = data.frame(Action::CreateRole { role }.form_id(), CreateRole::PATH);
            let attach = data.frame(Action::AttachPolicy { role }.form_id(), AttachPolicy::PATH);
            let name = role.name();
            let policy = role.listing().name();
            view! {
                <StepForm
                    frame=create
                    title=format!("Role {name}")
                    calls=&["iam:CreateRole"]
                    button=format!("Create role {name}")
                >
                    <input type="hidden" name="role" value=name />
                    <p><Words text=trust(role) /></p>
                </StepForm>
                <StepForm
                    frame=attach
                    title=format!("Policy {policy} on role {name}")
                    calls=&["iam:AttachRolePolicy"]
                    button=format!("Attach policy {policy}")
                >
                    <input type="hidden" name="role" value=name />
                    <p>
                        "Attaches the policy "<code>{policy}</code>" from step 1 to the role "<code>{name}</code>"."
                    </p>
                </StepForm>
            }
        })
        .collect_view();
    let profile = data.frame(Action::CreateInstanceProfile.form_id(), CreateInstanceProfile::PATH);
    view! {
        <ComesFirst data step=StepId::Policies missing="Not all three policies are there yet." />
        {roles}
        <StepForm
            frame=profile
            title="Instance profile authorized-users"
            calls=&["iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile"]
            button="Create instance profile"
        >
            <p>"Makes an instance profile with the name of the role, and puts the role into it."</p>
        </StepForm>
    }
    .into_any()
}

/// Whom a role's trust policy admits.
const fn trust(role: RoleName) -> &'static str {
    match role {
        RoleName::SecureBucketAdmin | RoleName::SecureKeyAdmin => {
            "Trusts this account: its trust policy names the account's root, which stands for everyone in the account \
             whom IAM allows `sts:AssumeRole`."
        }
        RoleName::AuthorizedUsers => {
            "Trusts the service `ec2.amazonaws.com` and nobody else. Only EC2 can take the role on, for an instance."
        }
    }
}

/// Step 3: the bucket.
#[component]
pub(crate) fn BucketForms(data: StepData) -> impl IntoView {
    let frame = data.frame("create-bucket", CreateBucket::PATH);
    view! {
        <StepForm frame=frame.clone() title="Bucket" calls=&["s3:CreateBucket"] button="Create bucket">
            <TextField
                frame
                name="name"
                label="Bucket name"
                value=data.lab.bucket.clone()
                hint="Another name can be made too, but the IAM policies of step 1 name this one only: the tests would then fail."
            />
        </StepForm>
    }
    .into_any()
}

/// Step 4: the key, with who administers it and who uses it.
#[component]
pub(crate) fn KeyForms(data: StepData) -> impl IntoView {
    let frame = data.frame("create-key", CreateKey::PATH);
    let alias = data.lab.key_alias.clone().unwrap_or_else(|| "secure-demo-key".into());
    if let (Some(key), None) = (data.lab.key_arn.clone(), &data.lab.key_alias) {
        return view! { <AliasForm frame alias key /> }.into_any();
    }
    view! {
        <StepForm frame=frame.clone() title="KMS key" calls=&["kms:CreateKey", "kms:CreateAlias"] button="Create key">
            <TextField
                frame=frame.clone()
                name="alias"
                label="Alias"
                value=alias
                hint="A name for people. Letters, digits, and the characters / _ - ; not starting with aws/."
            />
            <TextField
                frame=frame.clone()
                name="description"
                label="Description"
                value="Encrypts the objects of the secure bucket"
                required=false
            />
            <RolesField
                frame=frame.clone()
                name="administrators"
                label="Key administrators"
                offered=RoleName::SecureKeyAdmin
                hint="May manage the key, change its policy and grant its use to others. Nothing here lets them encrypt or decrypt by themselves."
            />
            <RolesField
                frame
                name="users"
                label="Key users"
                offered=RoleName::AuthorizedUsers
                hint="May encrypt and decrypt with the key, directly or through S3."
            />
            <details class="aside">
                <summary>"The key policy this writes"</summary>
                <p>"The one the AWS console writes: four statements, all for this key."</p>
                <dl class="statement-list">
                    <div>
                        <dt>"Enable IAM User Permissions"</dt>
                        <dd>"Names the account, for every KMS action: leaves the decision to IAM."</dd>
                    </div>
                    <div>
                        <dt>"Allow access for Key Administrators"</dt>
                        <dd>"Names the administrators: create, describe, enable, list, put, update, delete; no use of the key."</dd>
                    </div>
                    <div>
                        <dt>"Allow use of the key"</dt>
                        <dd>"Names the users: encrypt, decrypt, re-encrypt, generate data keys, describe."</dd>
                    </div>
                    <div>
                        <dt>"Allow attachment of persistent resources"</dt>
                        <dd>"Names the users: grants, and only those that an AWS service asks for on their behalf."</dd>
                    </div>
                </dl>
            </details>
        </StepForm>
    }
    .into_any()
}

/// Step 4 again, where the key was made and its alias was refused.
#[component]
fn AliasForm(frame: FormFrame, alias: String, key: String) -> impl IntoView {
    view! {
        <StepForm frame=frame.clone() title="Alias of the KMS key" calls=&["kms:CreateAlias"] button="Create alias">
            <Notice tone=Tone::Hint>
                <p>
                    "The key was made and works: "<code>{key}</code>
                    ". Only its alias was refused, so this asks for an alias alone and makes no second key. For a key with other \
                     administrators or users, undo the step first."
                </p>
            </Notice>
            <TextField
                frame
                name="alias"
                label="Alias"
                value=alias
                hint="A name for people. Letters, digits, and the characters / _ - ; not starting with aws/."
            />
        </StepForm>
    }
    .into_any()
}

/// Says which step comes first, where AWS would refuse the form for want of what that step makes; nothing where it is done.
#[component]
fn ComesFirst(
    /// What was done so far.
    data: StepData,
    /// The step that makes it.
    step: StepId,
    /// What is missing, as a sentence.
    missing: &'static str,
) -> impl IntoView {
    (!data.lab.is_done(step)).then(|| {
        view! {
            <Notice tone=Tone::Hint>
                <p>
                    {missing}" "<a href=format!("/steps/{}", step.slug())>{format!("{} is for that", step.label())}</a>
                    "; until then AWS refuses this."
                </p>
            </Notice>
        }
    })
}

/// Step 5: Listing 4.
#[component]
pub(crate) fn BucketPolicyForms(data: StepData) -> impl IntoView {
    let mut frame = data.frame("put-bucket-policy", PutBucketPolicy::PATH);
    if data.corrected {
        // The page was asked for the corrected listing: that, and not what was typed before, is what it must show.
        frame.draft = None;
    }
    let without_key = data.lab.key_arn.is_none();
    data.listings
        .clone()
        .into_iter()
        .map(|listing| {
            let (frame, bucket, early) = (frame.clone(), data.lab.bucket.clone(), data.clone());
            view! {
                <ListingCard data=data.clone() listing=listing.clone()>
                    <StepForm
                        frame=frame.clone()
                        title=format!("Policy of {bucket}")
                        calls=&["s3:PutBucketPolicy"]
                        button="Put bucket policy"
                    >
                        <ComesFirst data=early step=StepId::Bucket missing="There is no bucket yet." />
                        {without_key
                            .then(|| {
                                view! {
                                    <Notice tone=Tone::Hint>
                                        <p>
                                            "There is no key yet: the ARN below is only an example. Step 4 makes a key; a policy \
                                             put before refuses every upload until it is put again with that key's ARN."
                                        </p>
                                    </Notice>
                                }
                            })}
                        <DocumentField frame label="Bucket policy" value=listing.document />
                    </StepForm>
                </ListingCard>
            }
        })
        .collect_view()
}

/// Step 7: the instance.
#[component]
pub(crate) fn InstanceForms(data: StepData) -> impl IntoView {
    let frame = data.frame(Action::LaunchInstance.form_id(), LaunchInstance::PATH);
    view! {
        <StepForm frame title="Instance with the profile authorized-users" calls=&["ec2:RunInstances"] button="Launch instance">
            <ComesFirst data step=StepId::Roles missing="There is no instance profile yet." />
            <p>
                "A small instance with the instance profile "<code>"authorized-users"</code>
                ". Its metadata service answers with session tokens only (IMDSv2). The image id in the call is a placeholder: on AWS, \
                 name an AMI of yours."
            </p>
        </StepForm>
    }
    .into_any()
}

/// Test 4 and its way back: the key's users.
#[component]
pub(crate) fn KeyUserForms(data: StepData) -> impl IntoView {
    let present = data.lab.key_user_present;
    let no_key = data.lab.key_arn.is_none();
    let restores = data.step == StepId::Restore;
    // What the step is about is done when it is so. The way back is folded away, but works.
    let frame = |action: Action, path, meant: bool, so: bool| FormFrame {
        done: meant && so,
        already: !meant && so,
        ..data.frame(action.form_id(), path)
    };
    let remove = frame(Action::RemoveKeyUser, RemoveKeyUser::PATH, !restores, present == Some(false));
    let add = frame(Action::AddKeyUser, AddKeyUser::PATH, restores, present == Some(true));
    let calls: &'static [&'static str] = &["kms:GetKeyPolicy", "kms:PutKeyPolicy"];
    let state = match present {
        None => "There is no key yet, and so no key users.",
        Some(true) => "The key policy names authorized-users as a key user.",
        Some(false) => "The key policy does not name authorized-users.",
    };
    let remove = view! {
        <StepForm
            frame=remove
            title="Remove authorized-users from the key users"
            calls
            button="Remove key user"
            danger=true
            folded=restores
        >
            <p>"Takes the role's ARN out of both statements for key users and writes the policy back."</p>
        </StepForm>
    };
    let add = view! {
        <StepForm frame=add title="Add authorized-users to the key users" calls button="Add key user" folded=!restores>
            <p>"Puts the role's ARN into both statements for key users and writes the policy back."</p>
        </StepForm>
    };
    let (there, back) =
        if restores { (add.into_any(), remove.into_any()) } else { (remove.into_any(), add.into_any()) };
    view! {
        <p class="state"><strong>"Now: "</strong>{state}</p>
        {no_key
            .then(|| view! { <p><a href="/steps/key">"Step 4 makes the key"</a>"; until then these forms call nothing."</p> })}
        {there}
        <TestLines data />
        <p><a href="/side-by-side/secure-key-admin/instance">"See both sides at once: the key administrator and the instance"</a></p>
        {back}
    }
    .into_any()
}
