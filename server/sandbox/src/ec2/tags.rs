//! Tags of instances (EC2 User Guide, `Using_Tags`). Nothing else here can be tagged.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fault::{authorize, dry_run, invalid_value, required, unsupported};
use super::filter::{Filter, page};
use super::ids;
use super::question::{about, about_none};
use crate::gate::actions::ec2;
use crate::gate::{Action, Permit, Question};
use crate::model::Account;
use crate::query::{Call, Fault, Xml};

/// Most tags of a resource, and longest keys and values, in characters.
const MAX_TAGS: usize = 50;
const MAX_KEY: usize = 127;
const MAX_VALUE: usize = 256;
/// The one type of resource here that has tags.
const INSTANCE: &str = "instance";

/// Tags by key.
pub(super) type Tags = BTreeMap<String, String>;

/// The tags that a launch gives its instances: `TagSpecification.1.ResourceType`, `TagSpecification.1.Tag.1.Key`, ….
pub(super) fn of_launch(call: Call<'_>) -> Result<Tags, Fault> {
    let mut tags = Tags::new();
    for (number, kind) in call.params.numbered("TagSpecification", ".ResourceType") {
        match kind {
            INSTANCE => {}
            "volume" | "network-interface" | "spot-instances-request" | "elastic-gpu" => {
                return Err(unsupported(call, &format!("A tag specification for {kind}")));
            }
            _ => {
                let message = format!("'{kind}' is not a valid taggable resource type for this operation.");
                return Err(invalid_value(message));
            }
        }
        let given = read(call, &format!("TagSpecification.{number}.Tag"))?;
        if given.is_empty() {
            return Err(invalid_value("Tag specification must have at least one tag"));
        }
        tags.extend(given.into_iter().map(|(key, value)| (key, value.unwrap_or_default())));
    }
    if tags.len() > MAX_TAGS {
        return Err(too_many());
    }
    Ok(tags)
}

/// A question with the condition keys of tags that are being given.
pub(super) fn with_request(mut question: Question, tags: &Tags) -> Question {
    for (key, value) in tags {
        question = question.with(format!("aws:RequestTag/{key}"), value.clone());
    }
    if !tags.is_empty() {
        question.context.set("aws:TagKeys", tags.keys().cloned());
    }
    question
}

pub(super) async fn create(call: Call<'_>) -> Result<Xml, Fault> {
    let wanted = resources(call)?;
    let given = read(call, "Tag")?;
    if given.is_empty() {
        return Err(required(call, "Tag").err().unwrap_or_else(too_many));
    }
    let given: Tags = given.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect();
    let permit = authorize_all::<ec2::CreateTags>(call, &wanted, |question| with_request(question, &given))?;
    dry_run(call)?;
    change(call, &permit, &wanted, |tags| {
        tags.extend(given.clone());
        match tags.len() <= MAX_TAGS {
            true => Ok(()),
            false => Err(too_many()),
        }
    })
    .await
}

/// A tag goes by its key, or by key and value where a value is given; without tags all go.
pub(super) async fn delete(call: Call<'_>) -> Result<Xml, Fault> {
    let wanted = resources(call)?;
    let given = read(call, "Tag")?;
    let valued: Tags = given.iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?))).collect();
    let asked = |question| {
        let mut question = with_request(question, &valued);
        if !given.is_empty() {
            question.context.set("aws:TagKeys", given.keys().cloned());
        }
        question
    };
    let permit = authorize_all::<ec2::DeleteTags>(call, &wanted, asked)?;
    dry_run(call)?;
    change(call, &permit, &wanted, |tags| {
        let goes = |key: &str, value: &str| match given.get(key) {
            None => given.is_empty(),
            Some(wanted) => wanted.as_deref().is_none_or(|wanted| wanted == value),
        };
        tags.retain(|key, value| !goes(key, value));
        Ok(())
    })
    .await
}

pub(super) async fn describe(call: Call<'_>) -> Result<Xml, Fault> {
    let known = |name: &str| {
        matches!(name, "key" | "value" | "resource-id" | "resource-type") || name.starts_with("tag:")
    };
    let filters = Filter::read_all(call, known)?;
    let permit = authorize::<ec2::DescribeTags>(call, about_none(call))?;
    dry_run(call)?;
    let account = call.account(&permit)?;
    let instances = account.instances.values().filter(|instance| !instance.is_gone(call.now()));
    let all = instances.flat_map(|instance| instance.tags.iter().map(move |tag| (&instance.id, tag)));
    let shown = all.filter(|(id, (key, value))| {
        filters.iter().all(|filter| match filter.name {
            "key" => filter.passes([key]),
            "value" => filter.passes([value]),
            "resource-id" => filter.passes([id]),
            "resource-type" => filter.passes([INSTANCE]),
            other => other.strip_prefix("tag:") == Some(key.as_str()) && filter.passes([value]),
        })
    });
    let (shown, next) = page(call, shown.map(|(id, tag)| (format!("{id}/{}", tag.0), (id, tag))))?;
    let mut xml = Xml::default();
    xml.list("tagSet", "item", shown, |item, (id, (key, value))| {
        item.text("resourceId", id).text("resourceType", INSTANCE).text("key", key).text("value", value);
    })
    .optional("nextToken", next);
    Ok(xml)
}

/// Tags under this prefix, in the order of their keys; `None` where no value is given.
fn read(call: Call<'_>, prefix: &str) -> Result<BTreeMap<String, Option<String>>, Fault> {
    let mut tags = BTreeMap::new();
    for (number, key) in call.params.numbered(prefix, ".Key") {
        let value = call.params.get(&format!("{prefix}.{number}.Value"));
        if key.is_empty() {
            return Err(invalid_value("Tag keys must have at least one character"));
        }
        if key.chars().count() > MAX_KEY {
            return Err(invalid_value(format!("Tag key exceeds the maximum length of {MAX_KEY} characters")));
        }
        if value.is_some_and(|value| value.chars().count() > MAX_VALUE) {
            return Err(invalid_value(format!(
                "Tag value exceeds the maximum length of {MAX_VALUE} characters"
            )));
        }
        if key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:")) {
            return Err(invalid_value("Tag keys starting with 'aws:' are reserved for internal use"));
        }
        if tags.insert(key.to_owned(), value.map(str::to_owned)).is_some() {
            let message = format!("Duplicate tag key '{key}' specified.");
            return Err(invalid_value(message));
        }
    }
    Ok(tags)
}

/// `ResourceId.1`, …: instances, all of them.
fn resources(call: Call<'_>) -> Result<Vec<&str>, Fault> {
    let wanted = call.params.list("ResourceId", "");
    if wanted.is_empty() {
        required(call, "ResourceId")?;
    }
    match wanted.iter().find(|id| !ids::is_instance_id(id)) {
        Some(id) => Err(Fault::refused(400, "InvalidID", format!("The ID '{id}' is not valid"))),
        None => Ok(wanted),
    }
}

fn authorize_all<A: Action>(
    call: Call<'_>,
    wanted: &[&str],
    asked: impl Fn(Question) -> Question,
) -> Result<Permit<A>, Fault> {
    let mut permit = None;
    for id in wanted {
        permit = Some(authorize::<A>(call, asked(about(call, id)))?);
    }
    permit.ok_or_else(|| ids::no_instances(wanted))
}

/// Changes the tags of these instances: of all of them or of none.
async fn change<A>(
    call: Call<'_>,
    permit: &Permit<A>,
    wanted: &[&str],
    change: impl Fn(&mut Tags) -> Result<(), Fault>,
) -> Result<Xml, Fault> {
    call.change(permit, |account: &mut Account| {
        for id in wanted {
            let known = account.instance(id, call.now()).ok_or_else(|| ids::no_instances(&[id]))?;
            let mut instance = known.clone();
            change(&mut instance.tags)?;
            if instance.metadata.tags {
                must_be_tellable(&instance.tags)?;
            }
            if instance.tags != known.tags {
                account.instances.insert((*id).to_owned(), Arc::new(instance));
            }
        }
        let mut xml = Xml::default();
        xml.text("return", true);
        Ok(xml)
    })
    .await
}

/// The metadata service tells tags by their keys in a path, so not all keys can be told (EC2 User Guide, `Using_Tags`).
pub(super) fn must_be_tellable(tags: &Tags) -> Result<(), Fault> {
    let tellable = |key: &str| {
        !matches!(key, "." | ".." | "_index")
            && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+=,.@:".contains(&byte))
    };
    match tags.keys().find(|key| !tellable(key)) {
        None => Ok(()),
        Some(key) => Err(invalid_value(format!(
            "'{key}' is not a valid tag key. Tag keys must match pattern ([0-9a-zA-Z\\-_+=,.@:]{{1,255}}), and must not be a \
             reserved name ('.', '..', '_index')"
        ))),
    }
}

fn too_many() -> Fault {
    Fault::refused(400, "TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
}
