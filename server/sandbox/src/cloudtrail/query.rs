//! What records show of IAM's, STS's and EC2's requests and answers.

mod tree;

use std::collections::HashSet;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::shown::{self, HIDDEN, or_null, spelled};
use super::xml::{self, Element};
use crate::query::{Params, Service};
use tree::Tree;

/// Names, in parameters and answers, whose values are numbers, and those whose values are true or false.
const NUMBERS: &[&str] = &[
    "amiLaunchIndex",
    "attachmentCount",
    "code",
    "durationSeconds",
    "httpPutResponseHopLimit",
    "maxCount",
    "maxItems",
    "maxPasswordAge",
    "maxResults",
    "maxSessionDuration",
    "minCount",
    "minimumPasswordLength",
    "packedPolicySize",
    "passwordReusePrevention",
    "permissionsBoundaryUsageCount",
];
const TRUTHS: &[&str] = &[
    "_return",
    "allowUsersToChangePassword",
    "force",
    "hardExpiry",
    "hibernate",
    "isAttachable",
    "isDefaultVersion",
    "onlyAttached",
    "passwordResetRequired",
    "requireLowercaseCharacters",
    "requireNumbers",
    "requireSymbols",
    "requireUppercaseCharacters",
    "setAsDefault",
    "skipOsShutdown",
];
/// Names whose values are times.
const TIMES: &[&str] = &["createDate", "expiration", "updateDate"];
/// Parameters that are shown, with all that is in them. Passwords and codes are none of them.
static PARAMETERS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "AccessKeyId AccountAlias ActionNames AllowUsersToChangePassword Arn AssignmentStatus AssociationId \
    AssumeRolePolicyDocument CallerArn ClientToken ContextEntries Description DryRun DurationSeconds EntityFilter \
    ExternalId Filter Force Granularity GroupName HardExpiry Hibernate HttpEndpoint HttpProtocolIpv6 \
    HttpPutResponseHopLimit HttpTokens IamInstanceProfile ImageId InstanceId InstanceMetadataTags \
    InstanceProfileName InstanceType JobId Marker MaxCount MaxItems MaxPasswordAge MaxResults MaxSessionDuration \
    MetadataOptions MinCount MinimumPasswordLength Name NewGroupName NewPath NewUserName NextToken OnlyAttached \
    PasswordResetRequired PasswordReusePrevention Path PathPrefix PermissionsBoundary \
    PermissionsBoundaryPolicyInputList Policy PolicyArn PolicyArns PolicyDocument PolicyInputList PolicyName \
    PolicySourceArn PolicyUsageFilter RequireLowercaseCharacters RequireNumbers RequireSymbols \
    RequireUppercaseCharacters ResourceArns ResourceId ResourceOwner ResourcePolicy RoleArn RoleName RoleSessionName \
    Scope SerialNumber ServiceNamespace ServiceNamespaces SetAsDefault SkipOsShutdown SourceIdentity Status Tag \
    TagKeys TagSpecification Tags TransitiveTagKeys UserName VersionId VirtualMFADeviceName"
        .split_whitespace()
        .collect()
});
/// Elements of answers that are shown. Secret keys and seeds are none of them.
static ELEMENTS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "AccessKey AccessKeyId Arn AssumedRoleId AssumedRoleUser AssumeRolePolicyDocument AttachmentCount CreateDate \
    Credentials DefaultVersionId Description Expiration FederatedUser FederatedUserId Group GroupId GroupName \
    InstanceProfile InstanceProfileId InstanceProfileName IsAttachable IsDefaultVersion Key LoginProfile \
    MaxSessionDuration PackedPolicySize PasswordResetRequired Path PermissionsBoundary PermissionsBoundaryArn \
    PermissionsBoundaryType PermissionsBoundaryUsageCount Policy PolicyId PolicyName PolicyVersion Role RoleId \
    RoleLastUsed RoleName Roles SerialNumber SessionToken SourceIdentity Status Tags UpdateDate User UserId UserName \
    Value VersionId VirtualMFADevice amiLaunchIndex arn associationId availabilityZone clientToken code currentState \
    groupSet httpEndpoint httpProtocolIpv6 httpPutResponseHopLimit httpTokens iamInstanceProfile \
    iamInstanceProfileAssociation id imageId instanceId instanceMetadataOptions instanceMetadataTags instanceState \
    instancesSet instanceType item key launchTime metadataOptions monitoring name ownerId placement previousState \
    privateDnsName privateIpAddress reason requestId reservationId return rootDeviceName rootDeviceType state \
    stateReason stateTransitionReason tagSet tenancy timestamp value"
        .split_whitespace()
        .collect()
});
/// Most parts of a parameter's name: no operation takes one with more.
const MOST_PARTS: usize = 8;
/// Elements that are lists also when there is nothing in them.
const LISTS: &[&str] = &["Roles", "Tags"];

/// Parameters and answers by their names, of which each names a resource.
const RESOURCES: &[(&str, &str)] = &[
    ("accessKeyId", "AWS::IAM::AccessKey"),
    ("assumedRoleId", "AWS::STS::AssumedRole"),
    ("groupName", "AWS::IAM::Group"),
    ("imageId", "AWS::EC2::Ami"),
    ("instanceId", "AWS::EC2::Instance"),
    ("instanceProfileName", "AWS::IAM::InstanceProfile"),
    ("policyArn", "AWS::IAM::Policy"),
    ("roleName", "AWS::IAM::Role"),
    ("userName", "AWS::IAM::User"),
];

/// Operations of EC2 whose requests and answers are shown in the names of the API, under the name of the message.
const WRAPPED: &[&str] = &[
    "AssociateIamInstanceProfile",
    "DescribeIamInstanceProfileAssociations",
    "DisassociateIamInstanceProfile",
    "ModifyInstanceMetadataOptions",
    "ReplaceIamInstanceProfileAssociation",
];

/// The parameters of a request: those that the operation takes, which are `known`.
pub(super) fn parameters(service: Service, action: &str, params: &Params, known: &[&str]) -> Value {
    let mut root = Tree::default();
    for name in params.names() {
        let first = name.split('.').next().unwrap_or(name);
        let well_formed = name.split('.').count() <= MOST_PARTS;
        if known.contains(&first) && PARAMETERS.contains(first) && well_formed {
            root.insert(name, params.get(name).unwrap_or_default());
        }
    }
    match service {
        Service::Ec2 if WRAPPED.contains(&action) => json!({ format!("{action}Request"): root.to_wrapped() }),
        Service::Ec2 => or_null(of_ec2(root)),
        Service::Iam | Service::Sts => match root.to_value("") {
            Value::Object(members) => or_null(members),
            _ => Value::Null,
        },
    }
}

/// What was answered to a call that changed something.
pub(super) fn elements(service: Service, action: &str, body: &[u8]) -> Value {
    let Some(document) = xml::read(body) else { return Value::Null };
    let result = match service {
        Service::Ec2 if WRAPPED.contains(&action) => {
            let mut members = wrapped_members(&document);
            members.extend(document.namespace.map(|namespace| ("xmlns".to_owned(), namespace.into())));
            return json!({ document.name: members });
        }
        Service::Ec2 => Some(&document),
        Service::Iam | Service::Sts => document.child(&format!("{action}Result")),
    };
    result.map_or(Value::Null, |result| or_null(members(service, result)))
}

/// The resources that parameters or elements name.
pub(super) fn resources(shown: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(shown, &mut found);
    found
}

fn collect(shown: &Value, found: &mut Vec<(String, String)>) {
    match shown {
        Value::Object(members) => {
            for (name, value) in members {
                let kind = RESOURCES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                match (kind, value) {
                    (Some((_, kind)), Value::String(text)) => found.push(((*kind).to_owned(), text.clone())),
                    _ => collect(value, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|entry| collect(entry, found)),
        _ => {}
    }
}

/// An element of an answer as [`Tree::to_wrapped`] has parameters.
fn wrapped(element: &Element) -> Value {
    match element.children.is_empty() {
        true => guessed(&element.text),
        false => Value::Object(wrapped_members(element)),
    }
}

fn wrapped_members(element: &Element) -> Map<String, Value> {
    element.members(|name| ELEMENTS.contains(name).then(|| name.to_owned()), wrapped)
}

/// What looks like a number or like true or false is shown as one there.
fn guessed(text: &str) -> Value {
    match text.parse::<i64>() {
        Ok(number) if number.to_string() == text => number.into(),
        _ => text.parse::<bool>().map_or_else(|_| text.into(), Value::from),
    }
}

/// EC2 shows lists as sets of items, and what is to be launched as a set of its own.
fn of_ec2(root: Tree) -> Map<String, Value> {
    let mut shown = Map::new();
    let mut launched = Map::new();
    for (name, tree) in &root.branches {
        let spelling = spelled(name);
        match (name.as_str(), tree.entries()) {
            ("ImageId" | "MinCount" | "MaxCount", _) => {
                let value = tree.to_value(&spelling);
                launched.insert(spelling, value);
            }
            ("InstanceId", Some(ids)) => {
                let ids = ids.into_iter().map(|id| json!({ "instanceId": id.to_value("") }));
                shown.insert("instancesSet".into(), items(ids));
            }
            ("Filter", Some(filters)) => {
                let filters = filters.into_iter().map(|filter| {
                    let values = filter.branches.get("Value").and_then(Tree::entries).unwrap_or_default();
                    let name = filter.branches.get("Name").map_or(Value::Null, |name| name.to_value(""));
                    let values = values.into_iter().map(|value| json!({ "value": value.to_value("") }));
                    json!({ "name": name, "valueSet": items(values) })
                });
                shown.insert("filterSet".into(), items(filters));
            }
            ("ResourceId", Some(ids)) => {
                let ids = ids.into_iter().map(|id| json!({ "resourceId": id.to_value("") }));
                shown.insert("resourcesSet".into(), items(ids));
            }
            (_, Some(entries)) => {
                let entries = entries.into_iter().map(|entry| {
                    let mut entry = entry.to_value("");
                    // Those of a `TagSpecification`.
                    if let Some(tags) = entry.as_object_mut().and_then(|members| members.remove("tag")) {
                        entry["tags"] = tags;
                    }
                    entry
                });
                shown.insert(format!("{spelling}Set"), items(entries));
            }
            (_, None) => {
                let value = tree.to_value(&spelling);
                shown.insert(spelling, value);
            }
        }
    }
    if !launched.is_empty() {
        shown.insert("instancesSet".into(), items([Value::Object(launched)]));
    }
    shown
}

fn items(entries: impl IntoIterator<Item = Value>) -> Value {
    json!({ "items": entries.into_iter().collect::<Vec<_>>() })
}

fn members(service: Service, element: &Element) -> Map<String, Value> {
    element.members(
        |name| match name {
            "return" if service == Service::Ec2 => Some("_return".to_owned()),
            name => ELEMENTS.contains(name).then(|| spelled(name)),
        },
        |child| {
            let all = |name: &str| child.children.iter().all(|entry| entry.name == name);
            let list = || child.children.iter().map(|entry| value_of(service, entry)).collect::<Vec<_>>();
            match child.children.is_empty() {
                true if child.text.is_empty() && LISTS.contains(&child.name.as_str()) => json!([]),
                true if child.text.is_empty() && child.name.ends_with("Set") => json!({}),
                false if all("member") => list().into(),
                false if all("item") => items(list()),
                _ => value_of(service, child),
            }
        },
    )
}

fn value_of(service: Service, element: &Element) -> Value {
    match element.children.is_empty() {
        true if element.name == "SessionToken" => HIDDEN.into(),
        true if element.name == "return" => scalar("_return", &element.text, service.prefix()),
        true => scalar(&spelled(&element.name), &element.text, service.prefix()),
        false => Value::Object(members(service, element)),
    }
}

fn scalar(name: &str, text: &str, service: &str) -> Value {
    let number = || text.parse::<i64>().map_or_else(|_| text.into(), Value::from);
    match name {
        name if NUMBERS.contains(&name) => number(),
        name if TRUTHS.contains(&name) => text.parse::<bool>().map_or_else(|_| text.into(), Value::from),
        name if TIMES.contains(&name) => shown::time_of_text(text, service),
        // EC2 writes this one in milliseconds.
        "launchTime" => OffsetDateTime::parse(text, &Rfc3339)
            .map_or_else(|_| text.into(), |time| (time.unix_timestamp() * 1_000).into()),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shown(service: Service, query: &str, known: &[&str]) -> Value {
        let params = Params::read(query, b"").unwrap();
        parameters(service, params.get("Action").unwrap_or_default(), &params, known)
    }

    #[test]
    fn parameters_are_shown_in_the_form_of_their_service() {
        let query = "Action=CreateUser&Version=1&UserName=a&Tags.member.2.Key=k2&Tags.member.1.Key=k1&Tags.member.1.Value=v\
                     &Password=hunter2&Unknown=hunter2&MaxItems=5&PolicyArns.member.1.arn=x";
        assert_eq!(
            shown(Service::Iam, query, &["UserName", "Tags", "Password", "MaxItems", "PolicyArns"]),
            json!({
                "maxItems": 5, "policyArns": [{"arn": "x"}], "tags": [{"key": "k1", "value": "v"}, {"key": "k2"}],
                "userName": "a",
            })
        );
        assert_eq!(shown(Service::Sts, "Action=GetCallerIdentity", &[]), Value::Null);
        let nested = format!("Tags{}=x", ".1".repeat(100_000));
        assert_eq!(shown(Service::Iam, &nested, &["Tags"]), Value::Null);
        let query = "Action=RunInstances&ImageId=ami-1&MinCount=1&MaxCount=2&IamInstanceProfile.Name=p&InstanceType=t2.micro\
                     &TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=k&TagSpecification.1.Tag.1.Value=v";
        assert_eq!(
            shown(
                Service::Ec2,
                query,
                &[
                    "ImageId",
                    "MinCount",
                    "MaxCount",
                    "IamInstanceProfile",
                    "InstanceType",
                    "TagSpecification"
                ]
            ),
            json!({
                "iamInstanceProfile": {"name": "p"}, "instanceType": "t2.micro",
                "instancesSet": {"items": [{"imageId": "ami-1", "maxCount": 2, "minCount": 1}]},
                "tagSpecificationSet": {"items": [{"resourceType": "instance", "tags": [{"key": "k", "value": "v"}]}]},
            })
        );
        let query =
            "Action=DescribeInstances&InstanceId.1=i-1&InstanceId.2=i-2&Filter.1.Name=n&Filter.1.Value.1=v";
        assert_eq!(
            shown(Service::Ec2, query, &["InstanceId", "Filter"]),
            json!({
                "filterSet": {"items": [{"name": "n", "valueSet": {"items": [{"value": "v"}]}}]},
                "instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]},
            })
        );
    }

    #[test]
    fn of_every_parameter_it_is_decided_whether_it_is_shown() {
        let hidden = [
            "AuthenticationCode1",
            "AuthenticationCode2",
            "EncodedMessage",
            "NewPassword",
            "OldPassword",
            "Password",
            "TokenCode",
        ];
        let tables = [crate::iam::OPERATIONS, crate::sts::OPERATIONS, crate::ec2::OPERATIONS];
        let taken: HashSet<&str> =
            tables.iter().copied().flatten().flat_map(|(_, names)| *names).copied().collect();
        let decided: HashSet<&str> = PARAMETERS.iter().copied().chain(hidden).collect();
        assert_eq!(taken, decided);
        assert_eq!(decided.len(), PARAMETERS.len() + hidden.len());
    }

    #[test]
    fn newer_operations_of_ec2_are_shown_in_the_names_of_the_api() {
        let query = "Action=AssociateIamInstanceProfile&InstanceId=i-1&IamInstanceProfile.Name=p&Other=x";
        assert_eq!(
            shown(Service::Ec2, query, &["InstanceId", "IamInstanceProfile"]),
            json!({"AssociateIamInstanceProfileRequest": {
                "InstanceId": "i-1", "IamInstanceProfile": {"Name": "p"},
            }})
        );
        let query = "Action=DescribeIamInstanceProfileAssociations&AssociationId.1=a&MaxResults=5&Filter.1.Name=state\
                     &Filter.1.Value.1=x&Filter.1.Value.2=true&Filter.2.1.1=y&Filter.2.1.2=z";
        assert_eq!(
            shown(Service::Ec2, query, &["AssociationId", "MaxResults", "Filter"]),
            json!({"DescribeIamInstanceProfileAssociationsRequest": {
                "AssociationId": {"tag": 1, "content": "a"},
                "MaxResults": 5,
                "Filter": [
                    {"tag": 1, "Name": "state", "Value": [{"tag": 1, "content": "x"}, {"tag": 2, "content": true}]},
                    {"tag": 2, "content": [{"tag": 1, "content": "y"}, {"tag": 2, "content": "z"}]},
                ],
            }})
        );
        let answer = b"<ModifyInstanceMetadataOptionsResponse xmlns=\"n\"><requestId>r</requestId>\
            <instanceMetadataOptions><httpPutResponseHopLimit>2</httpPutResponseHopLimit></instanceMetadataOptions>\
            </ModifyInstanceMetadataOptionsResponse>";
        assert_eq!(
            elements(Service::Ec2, "ModifyInstanceMetadataOptions", answer),
            json!({"ModifyInstanceMetadataOptionsResponse": {
                "xmlns": "n", "requestId": "r", "instanceMetadataOptions": {"httpPutResponseHopLimit": 2},
            }})
        );
        let answer =
            b"<CreateTagsResponse><requestId>r</requestId><return>true</return></CreateTagsResponse>";
        assert_eq!(elements(Service::Ec2, "CreateTags", answer), json!({"requestId": "r", "_return": true}));
        let query = "Action=CreateTags&ResourceId.1=i-1&Tag.1.Key=k&Tag.1.Value=v";
        assert_eq!(
            shown(Service::Ec2, query, &["ResourceId", "Tag"]),
            json!({
                "resourcesSet": {"items": [{"resourceId": "i-1"}]},
                "tagSet": {"items": [{"key": "k", "value": "v"}]},
            })
        );
    }

    #[test]
    fn answers_are_shown_without_secrets_and_tokens() {
        let answer = b"<AssumeRoleResponse xmlns=\"n\"><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>\
            <SecretAccessKey>hunter2</SecretAccessKey><SessionToken>hunter2</SessionToken>\
            <Expiration>2024-08-01T11:45:22Z</Expiration></Credentials><PackedPolicySize>6</PackedPolicySize>\
            </AssumeRoleResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></AssumeRoleResponse>";
        let shown = elements(Service::Sts, "AssumeRole", answer);
        assert_eq!(
            shown,
            json!({
                "credentials": {"accessKeyId": "ASIA1", "sessionToken": HIDDEN, "expiration": "Aug 1, 2024, 11:45:22 AM"},
                "packedPolicySize": 6,
            })
        );
        assert_eq!(resources(&shown), [("AWS::IAM::AccessKey".to_owned(), "ASIA1".to_owned())]);
        let answer = b"<RunInstancesResponse><requestId>r</requestId><ownerId>012345678901</ownerId><groupSet/><instancesSet>\
            <item><instanceId>i-1</instanceId><launchTime>1970-01-01T00:00:01Z</launchTime></item></instancesSet>\
            </RunInstancesResponse>";
        assert_eq!(
            elements(Service::Ec2, "RunInstances", answer),
            json!({
                "requestId": "r", "ownerId": "012345678901", "groupSet": {},
                "instancesSet": {"items": [{"instanceId": "i-1", "launchTime": 1000}]},
            })
        );
        let answer = b"<A><AResult><InstanceProfile><Roles/><Path>/</Path></InstanceProfile></AResult></A>";
        assert_eq!(
            elements(Service::Iam, "A", answer),
            json!({"instanceProfile": {"roles": [], "path": "/"}})
        );
        assert_eq!(elements(Service::Iam, "DeleteUser", b"<DeleteUserResponse/>"), Value::Null);
    }
}
