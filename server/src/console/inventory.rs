//! Everything in a lab, for the page that removes it: what the account holds, read as the base identity, and what Trilock keeps.

use super::Site;
use crate::{
    cloud::{Asked as _, Clients, Failure},
    store::LabState,
};
use app::console::{ConsoleError, Removal};

/// The list, in the order in which the walk makes things. What cannot be read is said in its place.
pub(super) async fn inventory(site: &Site, lab: &LabState) -> Result<Vec<Removal>, ConsoleError> {
    let (admin, clients) = site.admin(&lab.id).await?;
    let mut list = List(Vec::new());
    list.add("Account", &lab.account_id);
    list.add("Administrator with its access keys", &admin.arn);
    let read = [
        users(&clients, &admin.arn, &mut list).await,
        policies(&clients, &mut list).await,
        roles(&clients, &mut list).await,
        profiles(&clients, &mut list).await,
        buckets(&clients, &mut list).await,
        keys(&clients, &mut list).await,
        instances(&clients, lab, site.target.region(), &mut list).await,
    ];
    for failure in read.into_iter().filter_map(Result::err) {
        tracing::warn!(?failure, "the inventory of a lab");
        let why = failure.code.or(failure.message).unwrap_or_else(|| "no answer".into());
        list.add("Something that could not be read, and goes all the same", &why);
    }
    let files = site.store.files(&lab.id).await?;
    if !files.is_empty() {
        let names: Vec<String> = files.into_iter().map(|file| file.name).collect();
        list.add("Files on the instance", &names.join(", "));
    }
    let calls = site.store.newest_record(&lab.id).await?;
    list.add("Calls with their verdicts", &calls.to_string());
    let lines = site.store.terminal(&lab.id, 0).await?.len();
    list.add("Lines of the terminal", &lines.to_string());
    Ok(list.0)
}

struct List(Vec<Removal>);

impl List {
    fn add(&mut self, what: &str, name: &str) {
        let (what, name) = (what.to_owned(), name.to_owned());
        self.0.push(Removal { step: None, persona: None, what, name, call: String::new() });
    }
}

async fn users(clients: &Clients, admin: &str, list: &mut List) -> Result<(), Failure> {
    let answer = clients.iam.list_users().send().asked().await?;
    for user in answer.users().iter().filter(|user| user.arn() != admin) {
        list.add("User", user.arn());
    }
    Ok(())
}

async fn policies(clients: &Clients, list: &mut List) -> Result<(), Failure> {
    let local = aws_sdk_iam::types::PolicyScopeType::Local;
    let answer = clients.iam.list_policies().scope(local).send().asked().await?;
    for arn in answer.policies().iter().filter_map(|policy| policy.arn()) {
        list.add("Policy", arn);
    }
    Ok(())
}

async fn roles(clients: &Clients, list: &mut List) -> Result<(), Failure> {
    for role in clients.iam.list_roles().send().asked().await?.roles() {
        list.add("Role", role.arn());
    }
    Ok(())
}

async fn profiles(clients: &Clients, list: &mut List) -> Result<(), Failure> {
    for profile in clients.iam.list_instance_profiles().send().asked().await?.instance_profiles() {
        list.add("Instance profile", profile.arn());
    }
    Ok(())
}

async fn buckets(clients: &Clients, list: &mut List) -> Result<(), Failure> {
    let answer = clients.s3.list_buckets().send().asked().await?;
    for bucket in answer.buckets().iter().filter_map(|bucket| bucket.name()) {
        list.add("Bucket", &format!("arn:aws:s3:::{bucket}"));
        let policy = clients.s3.get_bucket_policy().bucket(bucket).send().asked().await;
        if policy.is_ok() {
            list.add("Bucket policy", bucket);
        }
        let objects = clients.s3.list_objects_v2().bucket(bucket).send().asked().await?;
        for key in objects.contents().iter().filter_map(|object| object.key()) {
            list.add("Object", &format!("s3://{bucket}/{key}"));
        }
        if objects.is_truncated() == Some(true) {
            list.add("Object", "and more");
        }
    }
    Ok(())
}

/// Keys before their aliases: KMS lists keys by their ids, which say nothing to a reader, and aliases by their names.
async fn keys(clients: &Clients, list: &mut List) -> Result<(), Failure> {
    let kms = &clients.kms;
    for key in kms.list_keys().send().asked().await?.keys().iter().filter_map(|key| key.key_arn()) {
        let described = kms.describe_key().key_id(key).send().asked().await?;
        let going = described.key_metadata().is_some_and(|key| key.deletion_date().is_some());
        list.add(if going { "Key, on its way out" } else { "Key" }, key);
    }
    let (mut aliases, mut marker): (Vec<String>, _) = (Vec::new(), None);
    loop {
        let page = kms.list_aliases().limit(100).set_marker(marker).send().asked().await?;
        let pointing = page.aliases().iter().filter(|alias| alias.target_key_id().is_some());
        aliases.extend(pointing.filter_map(|alias| alias.alias_name().map(str::to_owned)));
        marker = page.next_marker().map(str::to_owned);
        if marker.is_none() {
            break;
        }
    }
    aliases.sort_unstable();
    aliases.iter().for_each(|alias| list.add("Alias", alias));
    Ok(())
}

async fn instances(clients: &Clients, lab: &LabState, region: &str, list: &mut List) -> Result<(), Failure> {
    for instance in clients.ec2.instances().await? {
        if instance.instance_state.name != "terminated" {
            let account = &lab.account_id;
            list.add(
                "Instance",
                &format!("arn:aws:ec2:{region}:{account}:instance/{}", instance.instance_id),
            );
        }
    }
    Ok(())
}
