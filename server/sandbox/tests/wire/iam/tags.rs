//! Tags: what can be set, what is shown, and what they decide (IAM User Guide, `id_tags`, `access_iam-tags`).

use serde_json::json;

use super::{EC2_TRUST, Pairs, allow, did, fails, iam, user};
use crate::support::{Answer, Keys, Lab};

/// `Tags.member.1.Key` and so on.
fn given(tags: &[(&str, &str)]) -> Vec<(String, String)> {
    let member = |(place, (key, value)): (usize, &(&str, &str))| {
        let place = place + 1;
        [
            (format!("Tags.member.{place}.Key"), (*key).to_owned()),
            (format!("Tags.member.{place}.Value"), (*value).to_owned()),
        ]
    };
    tags.iter().enumerate().flat_map(member).collect()
}

/// Calls as `keys` with tags beside other parameters.
async fn with_tags(
    lab: &Lab,
    keys: &Keys,
    action: &str,
    parameters: &[(&str, &str)],
    tags: &[(&str, &str)],
) -> Answer {
    let tags = given(tags);
    let tags = tags.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let all: Vec<_> = parameters.iter().copied().chain(tags).collect();
    lab.query(keys, "iam", action, &all).await
}

/// The tags that a list or a description shows, in its order.
fn shown(answer: &Answer) -> Vec<(String, String)> {
    let text = answer.text();
    let between = |text: &str, element: &str| {
        let start = text.split(&format!("<{element}>")).nth(1).unwrap_or_default();
        start.split(&format!("</{element}>")).next().unwrap_or_default().to_owned()
    };
    let tags = between(&text, "Tags");
    tags.split("<member>").skip(1).map(|member| (between(member, "Key"), between(member, "Value"))).collect()
}

fn pairs(tags: &[(&str, &str)]) -> Vec<(String, String)> {
    tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// What can be tagged: suffix of its operations, the parameter that names it, its name, and how to make it.
type Kind<'a> = (&'static str, &'static str, String, Vec<(&'a str, &'a str)>);

#[tokio::test]
async fn everything_with_tags_is_made_with_some_and_changes_them() {
    let lab = Lab::new().await;
    let document = allow("s3:*", "*");
    let arn = format!("arn:aws:iam::{}:policy/thing", lab.account);
    let kinds: [Kind<'_>; 4] = [
        ("User", "UserName", "thing".into(), vec![("UserName", "thing")]),
        (
            "Role",
            "RoleName",
            "thing".into(),
            vec![("RoleName", "thing"), ("AssumeRolePolicyDocument", EC2_TRUST)],
        ),
        ("Policy", "PolicyArn", arn, vec![("PolicyName", "thing"), ("PolicyDocument", &document)]),
        ("InstanceProfile", "InstanceProfileName", "thing".into(), vec![("InstanceProfileName", "thing")]),
    ];
    for (kind, parameter, name, parameters) in kinds {
        let named = [(parameter, name.as_str())];
        let (create, get, tag) = (format!("Create{kind}"), format!("Get{kind}"), format!("Tag{kind}"));
        let (untag, list) = (format!("Untag{kind}"), format!("List{kind}Tags"));
        let first = [("stage", "live"), ("team", "red one")];
        let made = with_tags(&lab, &lab.admin, &create, &parameters, &first).await;
        assert_eq!((made.status, shown(&made)), (200, pairs(&first)), "{}", made.text());
        assert_eq!(shown(&did(&lab, &get, &named).await), pairs(&first), "{get}");
        let changed = with_tags(&lab, &lab.admin, &tag, &named, &[("team", ""), ("cost", "7")]).await;
        assert_eq!(changed.status, 200, "{}", changed.text());
        let all = [("cost", "7"), ("stage", "live"), ("team", "")];
        assert_eq!(shown(&did(&lab, &list, &named).await), pairs(&all), "{list}");
        let gone = [named[0], ("TagKeys.member.1", "team"), ("TagKeys.member.2", "absent")];
        did(&lab, &untag, &gone).await;
        let listed = did(&lab, &list, &[named[0], ("MaxItems", "1")]).await;
        assert_eq!((shown(&listed), listed.xml("IsTruncated").as_deref()), (pairs(&all[..1]), Some("true")));
        let marker = listed.xml("Marker").unwrap();
        let rest = did(&lab, &list, &[named[0], ("Marker", &marker)]).await;
        assert_eq!(shown(&rest), pairs(&all[1..2]));
    }
    let of_aws = [("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess")];
    assert_eq!(shown(&did(&lab, "ListPolicyTags", &of_aws).await), []);
    let denied = with_tags(&lab, &lab.admin, "TagPolicy", &of_aws, &[("a", "b")]).await;
    assert_eq!((denied.status, denied.error().0.as_str()), (403, "AccessDenied"));
}

#[tokio::test]
async fn keys_that_differ_in_case_are_one_for_users_and_roles_and_two_for_the_rest() {
    let lab = Lab::new().await;
    let (upper, lower) = (("Team", "one"), ("team", "two"));
    with_tags(&lab, &lab.admin, "CreateUser", &[("UserName", "u")], &[upper]).await;
    with_tags(&lab, &lab.admin, "TagUser", &[("UserName", "U")], &[lower]).await;
    assert_eq!(shown(&did(&lab, "GetUser", &[("UserName", "u")]).await), pairs(&[lower]));
    let twice = with_tags(&lab, &lab.admin, "TagUser", &[("UserName", "u")], &[upper, lower]).await;
    assert_eq!(twice.error().0, "InvalidInput");
    let profile = [("InstanceProfileName", "p")];
    with_tags(&lab, &lab.admin, "CreateInstanceProfile", &profile, &[upper, lower]).await;
    assert_eq!(shown(&did(&lab, "GetInstanceProfile", &profile).await), pairs(&[upper, lower]));
}

#[tokio::test]
async fn tags_that_cannot_be_are_refused_in_the_words_of_iam_and_nothing_is_set() {
    let lab = Lab::new().await;
    did(&lab, "CreateUser", &[("UserName", "u")]).await;
    let pattern = r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]";
    let at = |member: &str| {
        format!("1 validation error detected: Value at '{member}' failed to satisfy constraint: ")
    };
    let (long_key, long_value) = ("k".repeat(129), "v".repeat(257));
    let duplicate = "Duplicate tag keys found. Please note that Tag keys are case insensitive.".to_owned();
    let cases: [(Pairs<'_>, &str, String); 8] = [
        (vec![("a", "1"), ("a", "2")], "InvalidInput", duplicate),
        (
            vec![("AWS:a", "1")],
            "InvalidInput",
            "Tag keys beginning with aws: are reserved for system use.".into(),
        ),
        (
            vec![(&long_key, "1")],
            "ValidationError",
            at("tags.1.member.key") + "Member must have length less than or equal to 128",
        ),
        (
            vec![("a", &long_value)],
            "ValidationError",
            at("tags.1.member.value") + "Member must have length less than or equal to 256",
        ),
        (vec![("a", "1"), ("b!", "1")], "ValidationError", at("tags.2.member.key") + pattern + "+"),
        (vec![("a", "b\nc")], "ValidationError", at("tags.1.member.value") + pattern + "*"),
        (
            vec![("a", "1"); 51],
            "ValidationError",
            at("tags") + "Member must have length less than or equal to 50",
        ),
        (vec![], "ValidationError", at("tags") + "Member must not be null"),
    ];
    for (tags, code, message) in cases {
        let refused = with_tags(&lab, &lab.admin, "TagUser", &[("UserName", "u")], &tags).await;
        let message = message
            .replace("Value at 'tags' failed to satisfy constraint: Member must not be null", {
                "Value null at 'tags' failed to satisfy constraint: Member must not be null"
            });
        assert_eq!((refused.status, refused.error()), (400, (code.to_owned(), message)), "{tags:?}");
    }
    let gap = "2 validation errors detected: Value at 'tags.1.member.value' failed to satisfy constraint: Member must not be \
               null; Value at 'tags.1.member.key' failed to satisfy constraint: Member must not be null";
    let second = [("UserName", "u"), ("Tags.member.2.Key", "a"), ("Tags.member.2.Value", "b")];
    fails(&lab, "TagUser", &second, 400, "ValidationError", gap).await;
    let keys = "1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: \
                [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member \
                must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+, Member must not be null]";
    fails(&lab, "UntagUser", &[("UserName", "u"), ("TagKeys.member.1", "!")], 400, "ValidationError", keys)
        .await;
    assert_eq!(shown(&did(&lab, "ListUserTags", &[("UserName", "u")]).await), []);
    let fifty: Vec<String> = (0..50).map(|number| format!("key{number}")).collect();
    let fifty: Vec<_> = fifty.iter().map(|key| (key.as_str(), "v")).collect();
    assert_eq!(with_tags(&lab, &lab.admin, "TagUser", &[("UserName", "u")], &fifty).await.status, 200);
    let over = with_tags(&lab, &lab.admin, "TagUser", &[("UserName", "u")], &[("one", "more")]).await;
    let message = "The number of tags has reached the maximum limit.";
    assert_eq!((over.status, over.error()), (409, ("LimitExceeded".into(), message.into())));
    let ghost = ("UserName", "ghost");
    for (action, parameters) in [
        ("ListUserTags", vec![ghost]),
        ("UntagUser", vec![ghost, ("TagKeys.member.1", "a")]),
        ("TagUser", vec![ghost, ("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "b")]),
    ] {
        let message = "The user with name ghost cannot be found.";
        fails(&lab, action, &parameters, 404, "NoSuchEntity", message).await;
    }
}

/// Whoever may tag only with values given to them cannot make or change anything under other ones.
#[tokio::test]
async fn tags_of_the_request_can_be_demanded() {
    let lab = Lab::new().await;
    let document = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Action": ["iam:CreateUser", "iam:TagUser"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:RequestTag/team": "red"},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"]},
        },
    }]});
    let keys = user(&lab, "helper", Some(&document.to_string())).await;
    let ask = |name: &'static str, tags: &'static [(&'static str, &'static str)]| {
        let (lab, keys) = (&lab, &keys);
        async move { with_tags(lab, keys, "CreateUser", &[("UserName", name)], tags).await }
    };
    assert_eq!(ask("a", &[]).await.status, 403);
    assert_eq!(ask("a", &[("team", "blue")]).await.status, 403);
    assert_eq!(ask("a", &[("team", "red"), ("cost", "7")]).await.status, 403);
    assert_eq!(ask("a", &[("team", "red"), ("stage", "live")]).await.status, 200);
    // The one who denies has the first word: AWS checks permissions before it checks the tags.
    assert_eq!(ask("b", &[("aws:team", "red")]).await.status, 403);
    assert_eq!(ask("b", &[("team", "blue"), ("team", "blue")]).await.error().0, "AccessDenied");
    assert_eq!(ask("b", &[("team", "blue"), ("team", "red")]).await.error().0, "InvalidInput");
    let maker = user(&lab, "maker", Some(&allow("iam:CreateUser", "*"))).await;
    let denied = with_tags(&lab, &maker, "CreateUser", &[("UserName", "c")], &[("team", "red")]).await;
    let expected = format!(
        "User: arn:aws:iam::{0}:user/maker is not authorized to perform: iam:TagUser on resource: \
         user c because no identity-based policy allows the iam:TagUser action",
        lab.account
    );
    assert_eq!((denied.status, denied.error().1), (403, expected));
    assert_eq!(lab.query(&maker, "iam", "CreateUser", &[("UserName", "c")]).await.status, 200);
}

#[tokio::test]
async fn tags_of_the_caller_and_of_the_resource_decide_together() {
    let lab = Lab::new().await;
    let document = json!({"Version": "2012-10-17", "Statement": [
        {
            "Effect": "Allow", "Action": ["iam:GetUser", "iam:DeleteRole", "iam:GetInstanceProfile"], "Resource": "*",
            "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}},
        },
        {
            "Effect": "Allow", "Action": "iam:ListAccessKeys", "Resource": "*",
            "Condition": {"StringEquals": {"iam:ResourceTag/team": "red"}},
        },
        {"Effect": "Allow", "Action": "s3:CreateBucket", "Resource": "arn:aws:s3:::${aws:PrincipalTag/team}-*"},
    ]});
    let ann = user(&lab, "ann", Some(&document.to_string())).await;
    let role = [("RoleName", "r"), ("AssumeRolePolicyDocument", EC2_TRUST)];
    with_tags(&lab, &lab.admin, "CreateRole", &role, &[("team", "red")]).await;
    with_tags(&lab, &lab.admin, "CreateUser", &[("UserName", "bob")], &[("team", "red")]).await;
    did(&lab, "CreateInstanceProfile", &[("InstanceProfileName", "p")]).await;
    let ask = |action: &'static str, parameter: &'static str, name: &'static str| {
        let (lab, ann) = (&lab, &ann);
        async move { lab.query(ann, "iam", action, &[(parameter, name)]).await.status }
    };
    assert_eq!(ask("GetUser", "UserName", "bob").await, 403, "the caller has no tag");
    assert_eq!(ask("ListAccessKeys", "UserName", "bob").await, 200);
    assert_eq!(ask("ListAccessKeys", "UserName", "ann").await, 403);
    with_tags(&lab, &lab.admin, "TagUser", &[("UserName", "ann")], &[("Team", "red")]).await;
    assert_eq!(ask("GetUser", "UserName", "bob").await, 200);
    assert_eq!(ask("GetInstanceProfile", "InstanceProfileName", "p").await, 403);
    assert_eq!(lab.s3(&ann, "PUT", "/red-bucket", &[], b"").await.status, 200);
    assert_eq!(lab.s3(&ann, "PUT", "/blue-bucket", &[], b"").await.status, 403);
    assert_eq!(ask("DeleteRole", "RoleName", "r").await, 200);
    // A change is in force at the next call.
    did(&lab, "UntagUser", &[("UserName", "ann"), ("TagKeys.member.1", "team")]).await;
    assert_eq!(ask("GetUser", "UserName", "bob").await, 403);
}

#[tokio::test]
async fn a_session_has_the_tags_of_its_role_and_a_role_can_be_assumed_by_its_tags() {
    let lab = Lab::new().await;
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": lab.account.as_str()}, "Action": "sts:AssumeRole",
    }]});
    let role = [("RoleName", "r"), ("AssumeRolePolicyDocument", &trust.to_string())];
    with_tags(&lab, &lab.admin, "CreateRole", &role, &[("team", "red")]).await;
    let bucket = allow("s3:*", "arn:aws:s3:::${aws:PrincipalTag/team}-*");
    did(&lab, "PutRolePolicy", &[role[0], ("PolicyName", "p"), ("PolicyDocument", &bucket)]).await;
    let session = lab.assume(&lab.admin, "r", "me").await;
    assert_eq!(lab.s3(&session, "PUT", "/red-bucket", &[], b"").await.status, 200);
    with_tags(&lab, &lab.admin, "TagRole", &role[..1], &[("team", "blue")]).await;
    assert_eq!(lab.s3(&session, "PUT", "/red-bucket-2", &[], b"").await.status, 403);
    let document = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*",
        "Condition": {"StringEquals": {"iam:ResourceTag/team": "blue"}},
    }]});
    let ann = user(&lab, "ann", Some(&document.to_string())).await;
    let arn = format!("arn:aws:iam::{}:role/r", lab.account);
    let parameters = [("RoleArn", arn.as_str()), ("RoleSessionName", "ann")];
    assert_eq!(lab.query(&ann, "sts", "AssumeRole", &parameters).await.status, 200);
    did(&lab, "UntagRole", &[role[0], ("TagKeys.member.1", "team")]).await;
    assert_eq!(lab.query(&ann, "sts", "AssumeRole", &parameters).await.status, 403);
    assert_eq!(iam(&lab, "ListRoleTags", &[("RoleName", "R")]).await.status, 200, "names fold case");
}
