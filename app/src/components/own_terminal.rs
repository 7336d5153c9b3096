//! "Use your own terminal": profiles with which the AWS CLI acts as the instance or as a role. No secret is in them; the
//! administrator's access key comes in a file of its own, once.

use super::command::ShellLines;
use crate::{
    console::{Lab, Persona, StepId},
    serverfns::instance::delete_key::DeleteOwnKey,
};
use leptos::{prelude::*, server_fn::ServerFn};

/// How to act from a shell outside the browser.
#[component]
pub(crate) fn OwnTerminal(
    /// The session's lab.
    lab: Lab,
) -> impl IntoView {
    let no_instance = lab.instance_id.is_none().then(|| {
        view! {
            <p>
                "The profile of the instance is missing until "
                <a href=format!("/steps/{}", StepId::Instance.slug())>"step 7"</a> " has launched it."
            </p>
        }
    });
    let instance = Persona::Instance.profile();
    let key = lab.own_access_key.clone();
    let made = key.clone().map(|id| {
        view! {
            <p>
                "The file that was downloaded has the access key " <code>{id}</code>
                ". Its secret was in that file alone; downloading again makes another key and deletes this one."
            </p>
        }
    });
    let delete = key.map(|id| {
        view! {
            <form method="post" action=DeleteOwnKey::PATH>
                <button type="submit" class="button button-small button-quiet">
                    "Delete the access key" <span class="visually-hidden">{format!(" {id}")}</span>
                </button>
            </form>
        }
    });
    view! {
        <section class="card own-terminal" id="own-terminal" aria-labelledby="own-terminal-title">
            <h2 id="own-terminal-title">"Use your own terminal"</h2>
            <p>
                "The AWS CLI on the machine that Trilock runs on reaches the same AWS at "
                <code>{lab.aws_endpoint.clone()}</code>
                ". What it does there counts: policies, objects and keys change for this lab too, and CloudTrail records it. Only \
                 the calls that are made in these pages get a verdict."
            </p>
            <h3>"1. Profiles, in a folder of their own"</h3>
            <p>"Your own AWS configuration stays as it is. Paste this into a POSIX shell:"</p>
            <ShellLines id="own-profiles" what="the profiles" text=profiles(&lab) />
            {no_instance}
            <h3>"2. As the instance"</h3>
            <p>
                "No key is needed: the AWS CLI takes the role’s credentials from the metadata service, as it would on EC2."
            </p>
            <ShellLines
                id="own-instance"
                what="the command"
                text=format!("aws --profile {instance} sts get-caller-identity")
            />
            <h3>"3. As a role, or as Admin"</h3>
            <p>
                "The role profiles assume their role from Admin, so they need an access key of Admin’s. Pressing the button calls "
                <code>"iam:CreateAccessKey"</code>
                " and downloads the AWS CLI’s credentials file with it. As in AWS, the secret can be had this once."
            </p>
            {made}
            <div class="own-key">
                <form method="post" action="/instance/credentials">
                    <button type="submit" class="button button-small">"Create an access key and download it"</button>
                </form>
                {delete}
            </div>
            <ShellLines id="own-roles" what="the commands" text=roles() />
        </section>
    }
    .into_any()
}

/// What is pasted to set up the profiles.
fn profiles(lab: &Lab) -> String {
    let Lab { region, aws_endpoint, account_id, .. } = lab;
    let profile = |persona: Persona, more: &str| {
        format!("[profile {}]\nregion = {region}\nendpoint_url = {aws_endpoint}\n{more}\n", persona.profile())
    };
    let role = |persona: Persona| {
        let source = Persona::Admin.profile();
        profile(
            persona,
            &format!(
                "role_arn = arn:aws:iam::{account_id}:role/{}\nsource_profile = {source}\nrole_session_name = Admin\n",
                persona.name()
            ),
        )
    };
    let instance = lab.instance_id.as_ref().map(|id| {
        profile(Persona::Instance, &format!("ec2_metadata_service_endpoint = {aws_endpoint}/imds/{id}\n"))
    });
    let all = [profile(Persona::Admin, ""), role(Persona::SecureBucketAdmin), role(Persona::SecureKeyAdmin)];
    let text: String = all.into_iter().chain(instance).collect();
    format!(
        "mkdir -p ~/.trilock\ncat > ~/.trilock/config <<'EOF'\n{}\nEOF\n\
         export AWS_CONFIG_FILE=~/.trilock/config AWS_SHARED_CREDENTIALS_FILE=~/.trilock/credentials",
        text.trim_end()
    )
}

/// What is pasted once the credentials file is there.
fn roles() -> String {
    let ask = |persona: Persona| format!("aws --profile {} sts get-caller-identity", persona.profile());
    format!(
        "mv ~/Downloads/trilock-credentials ~/.trilock/credentials && chmod 600 ~/.trilock/credentials\n{}\n{}",
        ask(Persona::SecureBucketAdmin),
        ask(Persona::SecureKeyAdmin)
    )
}
