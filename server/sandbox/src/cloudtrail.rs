//! AWS CloudTrail: an event for every call that reached a service, and `LookupEvents`, which finds them again.
//!
//! A request leaves an event whether it was allowed, denied or refused. None is left by a request whose credentials are not
//! accepted, as on AWS, nor by one for an operation that is not here. What events say without knowing AWS's own words for it
//! is taken from records that AWS made; where AWS shows session tokens, the embedded AWS does not.

mod identity;
mod lookup;
mod query;
mod record;
mod s3;
mod shown;
mod trail;
mod xml;

use std::sync::Arc;

use http::Response;
use policy::call::{Operation, ResourceOf, operation};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::{Caller, Identity};
use crate::credentials::SessionCredentials;
use crate::crypto::CryptoError;
use crate::gate::Denied;
use crate::kms::{EncryptionContext, KmsError};
use crate::query::Params;
use crate::request::{Refusal, RequestMeta, Subject};
use crate::store::StoreError;
use crate::{Aws, Body, json};

use identity::Who;
use record::{Arn, Call, Resource};
use trail::Made;

pub(crate) use s3::{Asked, Watch};
pub(crate) use trail::Trail;
pub use trail::TrailConfig;

/// How S3 calls itself where it makes a call with its caller's identity, as records of AWS show it.
const S3_FOR_A_CALLER: &str = "fas.s3.amazonaws.com";
/// The service that assumes instances' roles.
pub(crate) const EC2: &str = "ec2.amazonaws.com";
/// What stands before an operation's name in `X-Amz-Target`.
const TARGET: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.";

/// All operations.
pub(crate) const OPERATIONS: &[&str] = &["LookupEvents"];

/// The name of the operation in an `X-Amz-Target`.
pub(crate) fn operation_name(target: &str) -> &str {
    target.strip_prefix(TARGET).unwrap_or(target)
}

/// Why CloudTrail did not answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The caller's fault, with an error code of its API.
    #[error("{code}: {message}")]
    Refused {
        /// For example `InvalidTimeRangeException`.
        code: &'static str,
        /// What is wrong.
        message: String,
    },
    /// Ours; the cause is logged and not shown.
    #[error("{0}")]
    Internal(String),
}

impl Failure {
    fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::Refused { code, message: message.into() }
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        Self::refused("AccessDeniedException", denied.message)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<CryptoError> for Failure {
    fn from(error: CryptoError) -> Self {
        Self::Internal(error.to_string())
    }
}

/// Answers one request to CloudTrail. `target` is its `X-Amz-Target`, `body` its whole body; the signature is already verified.
pub(crate) async fn handle(
    aws: &Arc<Aws>,
    meta: &RequestMeta,
    caller: &Caller,
    target: &str,
    body: &[u8],
) -> Response<Body> {
    let name = operation_name(target);
    let meta = &meta.asking_for("cloudtrail", name);
    let answer = match name {
        "LookupEvents" => match json::read(body) {
            Ok(input) => lookup::lookup_events(aws, meta, caller, input).await,
            Err((code, message)) => Err(Failure::refused(code, message)),
        },
        unknown => {
            let message = format!("The operation {unknown} is not implemented.");
            Err(Failure::refused("UnknownOperationException", message))
        }
    };
    match answer {
        Ok(value) => json::success(meta, &value),
        Err(Failure::Refused { code, message }) => json::error(meta, 400, code, &message),
        Err(Failure::Internal(cause)) => {
            tracing::error!(request_id = %meta.id, cause, "a CloudTrail request failed");
            json::error(meta, 500, "InternalFailure", "The request processing has failed.")
        }
    }
}

/// Finishes a call and records it, whether or not its caller waits for the answer: what was done must not go unrecorded because
/// somebody hung up.
pub(crate) async fn to_the_end(
    call: impl Future<Output = Response<Body>> + Send + 'static,
) -> Response<Body> {
    tokio::spawn(call).await.unwrap_or_else(|cause| {
        tracing::error!(%cause, "a request was not answered");
        Response::builder().status(500).body(Body::empty()).unwrap_or_default()
    })
}

/// How a service is asked, as far as records show it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Protocol<'a> {
    /// JSON 1.1: service and body.
    Json(&'a str, &'a [u8]),
    /// Query: service and parameters.
    Query(crate::query::Service, &'a Params),
}

/// Records a call to a service other than S3 that was answered. `meta` notes what the gate was asked about.
pub(crate) fn record(
    aws: &Aws,
    meta: &RequestMeta,
    caller: &Caller,
    (name, protocol): (&str, Protocol<'_>),
    response: &Response<Body>,
) {
    let service = match protocol {
        Protocol::Json(service, _) => service,
        Protocol::Query(service, _) => service.prefix(),
    };
    let Some(operation) = operation(service, name) else { return };
    if !aws.trail.has_room(Made::ByCaller) {
        return;
    }
    let refusal = response.extensions().get::<Refusal>();
    let answer = response.body().bytes().filter(|_| refusal.is_none()).unwrap_or_default();
    let (mut parameters, mut elements) = parameters_and_elements(operation, protocol, &answer);
    let (mut resources, mut names) = (resources(meta, operation), Vec::new());
    if refusal.is_none() && operation.service == "kms" && TELL_THE_KEY.contains(&operation.name) {
        tell_the_key(&mut elements, &resources);
    }
    if operation.service == "sts" && operation.name == "AssumeRole" {
        tell_incoming_tags(&mut parameters, caller);
    }
    match protocol {
        Protocol::Json(..) => resources.extend(made_key(&elements)),
        Protocol::Query(..) => {
            names.extend(query::resources(&parameters));
            names.extend(query::resources(&elements));
        }
    }
    let call = Call {
        meta,
        operation,
        who: Who::Caller(caller),
        invoked_by: None,
        request_id: meta.id.clone(),
        refusal: refusal.map(|refusal| told(service, refusal, response.status().is_server_error())),
        additional: additional(aws, operation, protocol, &answer),
        parameters,
        elements,
        resources,
        names,
    };
    aws.trail.push(call.entries(aws.now()));
}

/// `requestParameters` and `responseElements`: the latter only where something was changed, or credentials were given.
fn parameters_and_elements(operation: &Operation, protocol: Protocol<'_>, answer: &[u8]) -> (Value, Value) {
    let gives = operation.service == "sts" && matches!(operation.name, "AssumeRole" | "GetSessionToken");
    let tells = !answer.is_empty() && (gives || !operation.read_only);
    match protocol {
        // AWS shows the grant alone, among the additional data.
        Protocol::Json("kms", _) if operation.name == "RetireGrant" => (Value::Null, Value::Null),
        Protocol::Json(service, body) => {
            let elements = if tells { shown::json_elements(answer) } else { Value::Null };
            (shown::json_parameters(service, operation.name, body), elements)
        }
        Protocol::Query(service, params) => {
            let known = parameters_of(service, operation.name);
            let elements = if tells { query::elements(service, operation.name, answer) } else { Value::Null };
            (query::parameters(service, operation.name, params, known), elements)
        }
    }
}

/// The parameters that an operation takes: no others are shown.
fn parameters_of(service: crate::query::Service, name: &str) -> &'static [&'static str] {
    let table = match service {
        crate::query::Service::Iam => crate::iam::OPERATIONS,
        crate::query::Service::Sts => crate::sts::OPERATIONS,
        crate::query::Service::Ec2 => crate::ec2::OPERATIONS,
    };
    table.iter().find(|(known, _)| *known == name).map_or(&[], |(_, parameters)| *parameters)
}

fn additional(aws: &Aws, operation: &Operation, protocol: Protocol<'_>, answer: &[u8]) -> Value {
    let Protocol::Json("kms", body) = protocol else { return Value::Null };
    match operation.name {
        "RetireGrant" => retired_grant(aws, body).map_or(Value::Null, |id| json!({ "grantId": id })),
        _ => shown::materials(answer),
    }
}

/// The grant that a request to retire one names, by its id or by a token.
fn retired_grant(aws: &Aws, body: &[u8]) -> Option<String> {
    let request = serde_json::from_slice::<Value>(body).ok()?;
    let text = |name: &str| request.get(name)?.as_str();
    match text("GrantId") {
        Some(id) => Some(id.to_owned()),
        None => crate::kms::grant_of_token(aws, text("GrantToken")?),
    }
}

/// Operations of KMS whose records have the key's ARN among the answer's elements, though the answer has not (KMS Developer
/// Guide, `understanding-kms-entries`).
const TELL_THE_KEY: &[&str] = &[
    "CreateAlias",
    "CreateGrant",
    "DeleteAlias",
    "DisableKey",
    "EnableKey",
    "EnableKeyRotation",
    "UntagResource",
    "UpdateAlias",
];

fn tell_the_key(elements: &mut Value, resources: &[Resource]) {
    let key = |resource: &&Resource| matches!(&resource.arn, Arn::Whole(arn) if arn.contains(":key/"));
    // An alias that goes to another key was asked about with both, of which the new one is last.
    if let Some(resource) = resources.iter().rfind(key) {
        elements["keyId"] = resource.name.as_str().into();
    }
}

/// The tags that a session hands on to the one it assumes, as their values by their keys (IAM User Guide, `id_session-tags`).
fn tell_incoming_tags(parameters: &mut Value, caller: &Caller) {
    let Identity::Session(session) = &caller.identity else { return };
    let tags = session.tags.handed_on().values;
    if !tags.is_empty() {
        parameters["incomingTransitiveTags"] = json!(tags);
    }
}

/// What the gate was asked about; of KMS keys before aliases (KMS Developer Guide, `ct-createalias`).
fn resources(meta: &RequestMeta, operation: &Operation) -> Vec<Resource> {
    let subjects = meta.subjects.as_ref().map(crate::request::Subjects::all).unwrap_or_default();
    let (aliases, others): (Vec<Subject>, Vec<Subject>) =
        subjects.into_iter().partition(|subject| subject.on == ResourceOf::Alias);
    others.into_iter().chain(aliases).filter_map(|subject| resource(subject, operation)).collect()
}

/// IAM's own resources go by their names, all others by their ARNs.
fn resource(subject: Subject, operation: &Operation) -> Option<Resource> {
    let kind = subject.on.event_type()?;
    let by_name = match subject.on {
        ResourceOf::Role | ResourceOf::User | ResourceOf::Group | ResourceOf::InstanceProfile => {
            operation.service != "sts"
        }
        ResourceOf::Instance => true,
        _ => false,
    };
    let last = subject.resource.rsplit('/').next().unwrap_or_default();
    let name = if by_name { last } else { subject.resource.as_str() };
    let name = name.to_owned();
    Some(Resource { kind, name, arn: Arn::Whole(subject.resource), account: subject.owner })
}

/// The key that CreateKey made: nobody could be asked about it before.
fn made_key(elements: &Value) -> Option<Resource> {
    let metadata = elements.get("keyMetadata")?;
    let text = |name: &str| metadata.get(name)?.as_str().map(str::to_owned);
    Some(key(&text("arn")?, text("aWSAccountId")))
}

fn key(arn: &str, account: Option<String>) -> Resource {
    Resource { kind: "AWS::KMS::Key", arn: Arn::Whole(arn.to_owned()), account, name: arn.to_owned() }
}

/// Error codes of IAM and STS that records show by the name of the exception.
const EXCEPTIONS: &[&str] = &[
    "DeleteConflict",
    "EntityAlreadyExists",
    "EntityTemporarilyUnmodifiable",
    "InvalidInput",
    "LimitExceeded",
    "MalformedPolicyDocument",
    "NoSuchEntity",
    "PackedPolicyTooLarge",
    "PolicyNotAttachable",
    "ServiceFailure",
    "UnmodifiableEntity",
];

/// A refusal as records tell it: the codes are not always those of the answer.
fn told(service: &str, refusal: &Refusal, ours: bool) -> Refusal {
    let code = refusal.code.as_str();
    let told = match service {
        "ec2" => format!("{}.{code}", if ours { "Server" } else { "Client" }),
        "iam" | "sts" if code == "ValidationError" => "ValidationException".into(),
        "iam" | "sts" if EXCEPTIONS.contains(&code) => format!("{code}Exception"),
        "kms" | "cloudtrail" if code == "AccessDeniedException" => "AccessDenied".into(),
        _ => code.to_owned(),
    };
    Refusal { code: told, ..refusal.clone() }
}

/// Records a call that S3 made to KMS with its caller's identity: `operation` is `Decrypt` or `GenerateDataKey`, `identifier`
/// the key as S3 names it, `key_arn` the key as far as it is known.
pub(crate) fn record_for_s3(
    call: &crate::kms::Call<'_>,
    name: &str,
    identifier: Option<&str>,
    key_arn: Option<&str>,
    context: &EncryptionContext,
    refused: Option<&KmsError>,
) {
    let (aws, Some(operation)) = (call.aws, operation("kms", name)) else { return };
    if !aws.trail.has_room(Made::ByService) {
        return;
    }
    let mut parameters = json!({ "encryptionContext": context });
    match identifier {
        Some(identifier) => {
            parameters["keySpec"] = "AES_256".into();
            parameters["keyId"] = identifier.into();
        }
        None => parameters["encryptionAlgorithm"] = "SYMMETRIC_DEFAULT".into(),
    }
    let account = |arn: &str| policy::Arn::parse(arn).map(|arn| arn.account.to_owned());
    let refusal = refused
        .map(|error| told("kms", &Refusal::new(error.code(), error.message()), error.cause().is_some()));
    let call = Call {
        meta: call.meta,
        operation,
        who: Who::Caller(call.caller),
        invoked_by: Some(S3_FOR_A_CALLER),
        request_id: Uuid::new_v4().to_string(),
        refusal,
        parameters,
        elements: Value::Null,
        additional: Value::Null,
        resources: key_arn.map(|arn| key(arn, account(arn))).into_iter().collect(),
        names: Vec::new(),
    };
    aws.trail.push(call.entries(aws.now()));
}

/// Records that EC2 took a role for an instance, or was not let: `given` is what the instance got. Credentials that were given
/// before are no new call.
pub(crate) fn record_role_taken(
    aws: &Aws,
    meta: &RequestMeta,
    role: (&str, &str),
    instance: &str,
    given: Result<&SessionCredentials, String>,
) {
    let Some(operation) = operation("sts", "AssumeRole") else { return };
    let known = given.as_ref().is_ok_and(|given| !aws.trail.is_first_delivery(&given.access_key_id));
    if known || !aws.trail.has_room(Made::ByCaller) {
        return;
    }
    let (account, arn) = role;
    let expiration = |credentials: &SessionCredentials| {
        time::OffsetDateTime::from_unix_timestamp(credentials.expires)
            .map_or(Value::Null, |time| shown::time(time, "sts"))
    };
    let elements = given.as_ref().map_or(Value::Null, |credentials| {
        json!({ "credentials": {
            "accessKeyId": credentials.access_key_id,
            "sessionToken": shown::HIDDEN,
            "expiration": expiration(credentials),
        } })
    });
    let resource = Resource {
        kind: "AWS::IAM::Role",
        arn: Arn::Whole(arn.to_owned()),
        account: Some(account.to_owned()),
        name: arn.to_owned(),
    };
    let call = Call {
        meta,
        operation,
        who: Who::Service,
        invoked_by: Some(EC2),
        request_id: Uuid::new_v4().to_string(),
        refusal: given.as_ref().err().map(|message| Refusal::new("AccessDenied", message.as_str())),
        parameters: json!({ "roleArn": arn, "roleSessionName": instance }),
        names: query::resources(&elements),
        elements,
        additional: Value::Null,
        resources: vec![resource],
    };
    aws.trail.push(call.entries(aws.now()));
}
