//! What somebody may use and when that was last tried, to find permissions that nobody needs (IAM User Guide,
//! `access_policies_last-accessed`).

mod tracked;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use policy::NamedPolicy;
use policy::access::{self, Access};

use super::read;
use super::subject::Named;
use crate::activity::{Use, latest};
use crate::arns;
use crate::caller::{Caller, Identity, resolve};
use crate::gate::Question;
use crate::gate::actions::iam;
use crate::model::{AccessReport, Account, EntityUse, ServiceAccess, Timestamp, TrackedAction};
use crate::query::{Call, DEFAULT_ITEMS, Fault, Params, Xml, cut, timestamp};

/// Reports that an account keeps.
const KEPT: usize = 100;
/// Services of a page when the request does not say, as AWS was recorded answering; its documentation has 100.
const SERVICES: i64 = 200;
/// Length of a job id.
const JOB_ID: usize = 36;

/// Makes the report at once: AWS takes a while.
pub(super) async fn generate(call: Call<'_>) -> Result<Xml, Fault> {
    let named = Named::any(call, "Arn")?;
    let levels = ["SERVICE_LEVEL", "ACTION_LEVEL"];
    let level = read::one_of("Granularity", call.params.get("Granularity"), &levels)?;
    let permit = call.authorize::<iam::GenerateServiceLastAccessedDetails>(named.question(call))?;
    let account = call.account(&permit)?;
    let uses = call.aws.gate.activity().uses(&call.aws.store, &account.id, None, call.now()).await?;
    let subject = named.find(account)?;
    let policies = subject.policies(account);
    let action_level = level == Some("ACTION_LEVEL");
    let entities = subject.entities(account);
    let found: Entities<'_> =
        entities.iter().filter_map(|id| Some((*id, Entity::find(account, id)?))).collect();
    let access = Access::of(policies.iter().map(|policy| Arc::as_ref(&policy.document)));
    let report = Arc::new(AccessReport {
        id: uuid::Uuid::new_v4().to_string(),
        owner: owner(call.caller),
        action_level,
        created: call.now(),
        services: services(&access, &found, &uses, action_level),
        entities: entities.into_iter().map(str::to_owned).collect(),
    });
    call.change(&permit, |account| {
        account.access_reports.insert(report.id.clone(), Arc::clone(&report));
        forget_oldest(account);
        Ok(())
    })
    .await?;
    let mut xml = Xml::default();
    xml.text("JobId", &report.id);
    Ok(xml)
}

pub(super) async fn get(call: Call<'_>) -> Result<Xml, Fault> {
    let id = job_id(call.params)?;
    let permit = call.authorize::<iam::GetServiceLastAccessedDetails>(Question::about("*"))?;
    let report = report(call, call.account(&permit)?, id)?;
    let services = report.services.iter().map(|service| (service.namespace.as_str(), service));
    let page = cut(call.params, SERVICES, services)?;
    let mut xml = Xml::default();
    xml.text("JobStatus", "COMPLETED")
        .text("JobType", if report.action_level { "ACTION_LEVEL" } else { "SERVICE_LEVEL" })
        .text("JobCreationDate", timestamp(report.created))
        .list("ServicesLastAccessed", "member", &page.entries, |item, service| write(item, service))
        .text("JobCompletionDate", timestamp(report.created));
    page.write_end(&mut xml);
    Ok(xml)
}

/// The users and roles of a report with their last use of one service, the latest first.
pub(super) async fn get_with_entities(call: Call<'_>) -> Result<Xml, Fault> {
    let id = job_id(call.params)?;
    let namespace = call.params.required("ServiceNamespace")?;
    check_namespace("ServiceNamespace", namespace)?;
    let permit = call.authorize::<iam::GetServiceLastAccessedDetailsWithEntities>(Question::about("*"))?;
    if access::service_name(namespace).is_none() {
        let message = format!("Invalid service namespace: {namespace}");
        return Err(Fault::refused(400, "InvalidInput", message));
    }
    let account = call.account(&permit)?;
    let report = report(call, account, id)?;
    let service = report.services.iter().find(|service| service.namespace == namespace);
    let used = |id: &str| service?.uses.iter().find(|used| used.id == id).map(|used| used.used);
    // Whoever is gone is left out, and names are those of now.
    let mut entities: Vec<(Option<Timestamp>, Entity<'_>)> = report
        .entities
        .iter()
        .filter(|_| service.is_some())
        .filter_map(|id| Some((used(id), Entity::find(account, id)?)))
        .collect();
    entities.sort_by(|(one, a), (other, b)| other.cmp(one).then(a.name.cmp(b.name)));
    let keys: Vec<String> = (0..entities.len()).map(|place| format!("{place:05}")).collect();
    let page = cut(call.params, DEFAULT_ITEMS, keys.iter().map(String::as_str).zip(&entities))?;
    let mut xml = Xml::default();
    xml.text("JobStatus", "COMPLETED")
        .text("JobCreationDate", timestamp(report.created))
        .text("JobCompletionDate", timestamp(report.created))
        .list("EntityDetailsList", "member", &page.entries, |item, (used, entity)| {
            item.element("EntityInfo", |info| {
                info.text("Arn", &entity.arn)
                    .text("Name", entity.name)
                    .text("Type", entity.kind)
                    .text("Id", entity.id)
                    .text("Path", entity.path);
            })
            .optional("LastAuthenticated", used.map(timestamp));
        });
    page.write_end(&mut xml);
    Ok(xml)
}

/// The policies of somebody by the services that they give.
pub(super) async fn list_granting(call: Call<'_>) -> Result<Xml, Fault> {
    const MOST: usize = 200;
    let named = Named::identity(call, "Arn")?;
    let namespaces = call.params.list("ServiceNamespaces.member", "");
    if namespaces.is_empty() {
        call.params.required("ServiceNamespaces")?;
    }
    if namespaces.len() > MOST {
        let most = format!("have length less than or equal to {MOST}");
        return Err(read::constraint("ServiceNamespaces", &most));
    }
    namespaces.iter().try_for_each(|namespace| check_namespace("ServiceNamespaces", namespace))?;
    let permit = call.authorize::<iam::ListPoliciesGrantingServiceAccess>(named.question(call))?;
    let unknown: Vec<&str> =
        namespaces.iter().copied().filter(|namespace| access::service_name(namespace).is_none()).collect();
    if !unknown.is_empty() {
        let message = format!("Invalid service namespace: [{}]", unknown.join(", "));
        return Err(Fault::refused(400, "InvalidInput", message));
    }
    let account = call.account(&permit)?;
    let holdings = named.find(account)?.holdings(account).into_iter();
    let policies: Vec<(&str, &str, NamedPolicy)> = holdings
        .flat_map(|(kind, name, held)| {
            resolve(account, held).into_iter().map(move |policy| (kind, name, policy))
        })
        .collect();
    let keys: Vec<String> = (0..namespaces.len()).map(|place| format!("{place:05}")).collect();
    let page = cut(call.params, DEFAULT_ITEMS, keys.iter().map(String::as_str).zip(namespaces))?;
    let mut xml = Xml::default();
    xml.list("PoliciesGrantingServiceAccess", "member", &page.entries, |item, namespace| {
        let grants = |policy: &NamedPolicy| Access::of([Arc::as_ref(&policy.document)]).reaches(namespace);
        let granting = policies.iter().filter(|(_, _, policy)| grants(policy));
        item.text("ServiceNamespace", namespace).list("Policies", "member", granting, |entry, granting| {
            let (kind, name, policy) = granting;
            entry.text("PolicyName", &policy.name);
            match &policy.arn {
                Some(arn) => entry.text("PolicyType", "MANAGED").text("PolicyArn", arn),
                None => entry.text("PolicyType", "INLINE").text("EntityType", kind).text("EntityName", name),
            };
        });
    });
    page.write_end(&mut xml);
    Ok(xml)
}

/// Users and roles by their unique ids.
type Entities<'a> = HashMap<&'a str, Entity<'a>>;

/// The services that can be used, with their uses by these users and roles.
fn services(
    access: &Access<'_>,
    entities: &Entities<'_>,
    uses: &[Use],
    action_level: bool,
) -> Vec<ServiceAccess> {
    let mut by_service: HashMap<&str, Vec<&Use>> = HashMap::new();
    for used in uses.iter().filter(|used| entities.contains_key(used.entity.as_str())) {
        let namespace = used.action.split(':').next().unwrap_or_default();
        by_service.entry(namespace).or_default().push(used);
    }
    let reached = access::services().filter(|namespace| access.reaches(namespace));
    let service = |namespace: &'static str| {
        let of_service = by_service.get(namespace).map(Vec::as_slice).unwrap_or_default();
        let actions = if action_level { access.actions(namespace) } else { Vec::new() };
        let tracked = actions.into_iter().filter(|name| tracked::is_tracked(namespace, name));
        let tracked = tracked.map(|name| {
            let of_action =
                of_service.iter().copied().filter(|used| used.action.ends_with(&format!(":{name}")));
            TrackedAction {
                name: name.to_owned(),
                last: latest(of_action).and_then(|used| told(entities, used)),
            }
        });
        let mut by_entity: BTreeMap<&str, Vec<&Use>> = BTreeMap::new();
        for used in of_service {
            by_entity.entry(&used.entity).or_default().push(used);
        }
        let mut last: Vec<EntityUse> = by_entity
            .into_values()
            .filter_map(|uses| latest(uses).and_then(|used| told(entities, used)))
            .collect();
        last.sort_by_key(|used| std::cmp::Reverse(used.used));
        ServiceAccess { namespace: namespace.to_owned(), uses: last, actions: tracked.collect() }
    };
    reached.map(service).collect()
}

/// A use as reports keep it.
fn told(entities: &Entities<'_>, used: &Use) -> Option<EntityUse> {
    Some(EntityUse {
        id: used.entity.clone(),
        arn: entities.get(used.entity.as_str())?.arn.clone(),
        used: used.used,
        region: used.region.clone(),
    })
}

fn write(xml: &mut Xml, service: &ServiceAccess) {
    let last = service.uses.first();
    let namespace = &service.namespace;
    xml.text("ServiceName", access::service_name(namespace).unwrap_or(namespace))
        .optional("LastAuthenticated", last.map(|used| timestamp(used.used)))
        .text("ServiceNamespace", namespace)
        .optional("LastAuthenticatedEntity", last.map(|used| &used.arn))
        .optional("LastAuthenticatedRegion", last.map(|used| &used.region))
        .text("TotalAuthenticatedEntities", service.uses.len());
    if service.actions.is_empty() {
        return;
    }
    xml.list("TrackedActionsLastAccessed", "member", &service.actions, |item, action| {
        let last = action.last.as_ref();
        item.text("ActionName", &action.name)
            .optional("LastAccessedEntity", last.map(|used| &used.arn))
            .optional("LastAccessedTime", last.map(|used| timestamp(used.used)))
            .optional("LastAccessedRegion", last.map(|used| &used.region));
    });
}

/// A user or role by its unique id.
struct Entity<'a> {
    id: &'a str,
    kind: &'static str,
    name: &'a str,
    path: &'a str,
    arn: String,
}

impl<'a> Entity<'a> {
    fn find(account: &'a Account, id: &str) -> Option<Self> {
        if let Some(user) = account.users.values().find(|user| user.id == id) {
            let arn = arns::user(&account.id, &user.path, &user.name);
            return Some(Self { id: &user.id, kind: "USER", name: &user.name, path: &user.path, arn });
        }
        let role = account.roles.values().find(|role| role.id == id)?;
        let arn = arns::role(&account.id, &role.path, &role.name);
        Some(Self { id: &role.id, kind: "ROLE", name: &role.name, path: &role.path, arn })
    }
}

/// Whose reports are whose: those of a user, of a role's sessions, of the root user.
fn owner(caller: &Caller) -> String {
    match &caller.identity {
        Identity::Root | Identity::Anonymous => caller.account_id().to_owned(),
        Identity::User(_) => caller.user_id(),
        Identity::Session(_) | Identity::Federated(_) => caller.access_key_id.clone(),
    }
}

fn report<'a>(call: Call<'_>, account: &'a Account, id: &str) -> Result<&'a AccessReport, Fault> {
    account
        .access_reports
        .get(id)
        .map(Arc::as_ref)
        .filter(|report| report.owner == owner(call.caller))
        .ok_or_else(|| Fault::no_such_entity(format!("The job with id {id} cannot be found.")))
}

fn forget_oldest(account: &mut Account) {
    while account.access_reports.len() > KEPT {
        let oldest = account.access_reports.values().min_by_key(|report| report.created);
        let Some(id) = oldest.map(|report| report.id.clone()) else { return };
        account.access_reports.remove(&id);
    }
}

fn job_id(params: &Params) -> Result<&str, Fault> {
    let id = params.required("JobId")?;
    read::length("JobId", id, JOB_ID..=JOB_ID)?;
    Ok(id)
}

fn check_namespace(parameter: &str, namespace: &str) -> Result<(), Fault> {
    read::length(parameter, namespace, 1..=64)?;
    let valid = namespace.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    match valid {
        true => Ok(()),
        false => Err(read::constraint(parameter, r"satisfy regular expression pattern: [\w-]*")),
    }
}
