//! What a session is told about itself: session tags, source identities, and tokens that nobody can make up.

use crate::support::{Answer, Keys, Lab, account, call};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Parameters of a call.
type Pairs<'a> = Vec<(&'a str, &'a str)>;

fn policy(statement: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

fn allow(actions: &[&str], condition: &Value) -> String {
    policy(&json!({"Effect": "Allow", "Action": actions, "Resource": "*", "Condition": condition}))
}

/// A role that its account may assume with `actions` under a condition, and that may do `may`.
async fn role(lab: &Lab, name: &str, actions: &[&str], condition: Value, may: &str) -> String {
    let root = format!("arn:aws:iam::{}:root", lab.account);
    let trust = policy(&json!({
        "Effect": "Allow", "Principal": {"AWS": root}, "Action": actions, "Condition": condition
    }));
    let create = [("RoleName", name), ("AssumeRolePolicyDocument", trust.as_str())];
    let made = did(lab, &lab.admin, "iam", "CreateRole", &create).await;
    let put = [("RoleName", name), ("PolicyName", "p"), ("PolicyDocument", may)];
    did(lab, &lab.admin, "iam", "PutRolePolicy", &put).await;
    made.xml("Arn").unwrap()
}

const EVERYTHING: [&str; 3] = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];

async fn did(lab: &Lab, keys: &Keys, service: &str, action: &str, parameters: &[(&str, &str)]) -> Answer {
    let answer = lab.query(keys, service, action, parameters).await;
    assert_eq!(answer.status, 200, "{action}: {}", answer.text());
    answer
}

async fn assume(lab: &Lab, keys: &Keys, role: &str, extra: &[(&str, &str)]) -> Answer {
    let asked = [&[("RoleArn", role), ("RoleSessionName", "me")], extra].concat();
    lab.query(keys, "sts", "AssumeRole", &asked).await
}

fn keys(answer: &Answer) -> Keys {
    assert_eq!(answer.status, 200, "{}", answer.text());
    Keys {
        access_key_id: answer.xml("AccessKeyId").unwrap(),
        secret: answer.xml("SecretAccessKey").unwrap(),
        token: answer.xml("SessionToken"),
    }
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str, message: &str) {
    assert_eq!((answer.status, answer.error()), (status, (code.to_owned(), message.to_owned())));
}

/// Parameters that pass tags.
fn tags(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let of = |(place, (key, value)): (usize, &(&str, &str))| {
        let name = |field: &str| format!("Tags.member.{}.{field}", place + 1);
        [(name("Key"), (*key).to_owned()), (name("Value"), (*value).to_owned())]
    };
    pairs.iter().enumerate().flat_map(of).collect()
}

fn borrowed(pairs: &[(String, String)]) -> Pairs<'_> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[tokio::test]
async fn session_tags_are_tags_of_the_principal() {
    let lab = Lab::new().await;
    let red = json!({"StringEquals": {"aws:PrincipalTag/team": "red"}});
    let arn = role(&lab, "r", &EVERYTHING, json!({}), &allow(&["iam:ListUsers"], &red)).await;
    for (team, passes) in [("red", true), ("blue", false)] {
        let tags = tags(&[("Team", team)]);
        let assumed = assume(&lab, &lab.admin, &arn, &borrowed(&tags)).await;
        let answer = lab.query(&keys(&assumed), "iam", "ListUsers", &[]).await;
        assert_eq!(answer.status == 200, passes, "{team}: {}", answer.text());
        assert!(assumed.xml("PackedPolicySize").is_some(), "tags take space in the token");
    }
    let untagged = assume(&lab, &lab.admin, &arn, &[]).await;
    assert_eq!(lab.query(&keys(&untagged), "iam", "ListUsers", &[]).await.status, 403);
}

#[tokio::test]
async fn passing_tags_is_an_action_of_its_own() {
    let lab = Lab::new().await;
    let only_assume =
        role(&lab, "plain", &["sts:AssumeRole"], json!({}), &allow(&["s3:*"], &json!({}))).await;
    let team = tags(&[("team", "red")]);
    let admin = format!("arn:aws:iam::{}:user/Admin", lab.account);
    let sentence = |caller: &str, action: &str, role: &str| {
        format!("User: {caller} is not authorized to perform: sts:{action} on resource: {role}")
    };
    let answer = assume(&lab, &lab.admin, &only_assume, &borrowed(&team)).await;
    refused(&answer, 403, "AccessDenied", &sentence(&admin, "TagSession", &only_assume));
    assert_eq!(assume(&lab, &lab.admin, &only_assume, &[]).await.status, 200);
    // The trust policy delegates to the account, so the caller's own policies must say so too.
    let open = role(&lab, "open", &EVERYTHING, json!({}), &allow(&["s3:*"], &json!({}))).await;
    let user =
        lab.user("assumes", serde_json::from_str(&allow(&["sts:AssumeRole"], &json!({}))).unwrap()).await;
    assert_eq!(assume(&lab, &user, &open, &[]).await.status, 200);
    let answer = assume(&lab, &user, &open, &borrowed(&team)).await;
    let caller = format!("arn:aws:iam::{}:user/assumes", lab.account);
    refused(&answer, 403, "AccessDenied", &sentence(&caller, "TagSession", &open));
}

#[tokio::test]
async fn a_trust_policy_can_say_which_tags_are_passed_and_which_go_on() {
    let lab = Lab::new().await;
    let condition = json!({
        "StringEquals": {"aws:RequestTag/team": ["red", "blue"]},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"], "sts:TransitiveTagKeys": ["team"]}
    });
    let arn = role(&lab, "r", &EVERYTHING, condition, &allow(&["s3:*"], &json!({}))).await;
    let cases = [
        (vec![("team", "red")], vec![], true),
        (vec![("team", "red"), ("stage", "live")], vec!["team"], true),
        (vec![("team", "green")], vec![], false),
        (vec![("stage", "live")], vec![], false),
        (vec![("team", "red"), ("other", "x")], vec![], false),
        (vec![("team", "red"), ("stage", "live")], vec!["stage"], false),
        (vec![], vec![], false),
    ];
    for (passed, transitive, allowed) in cases {
        let mut parameters = tags(&passed);
        parameters.extend(
            transitive
                .iter()
                .enumerate()
                .map(|(place, key)| (format!("TransitiveTagKeys.member.{}", place + 1), (*key).to_owned())),
        );
        let answer = assume(&lab, &lab.admin, &arn, &borrowed(&parameters)).await;
        assert_eq!(answer.status == 200, allowed, "{passed:?} {transitive:?}: {}", answer.text());
    }
}

/// The chain of the IAM User Guide, `id_session-tags_role-chaining`.
#[tokio::test]
async fn transitive_tags_go_along_a_chain_of_roles_and_cannot_be_replaced() {
    let lab = Lab::new().await;
    let chain = allow(&["sts:*"], &json!({}));
    let first = role(&lab, "one", &EVERYTHING, json!({}), &chain).await;
    let second = role(&lab, "two", &EVERYTHING, json!({}), &chain).await;
    let star =
        json!({"StringEquals": {"aws:PrincipalTag/star": "1"}, "Null": {"aws:PrincipalTag/sun": "true"}});
    let third = role(&lab, "three", &EVERYTHING, json!({}), &allow(&["iam:ListUsers"], &star)).await;
    let untagged = role(&lab, "closed", &["sts:AssumeRole"], json!({}), &chain).await;

    let mut parameters = tags(&[("Star", "1"), ("Heart", "1"), ("Moon", "1")]);
    parameters.push(("TransitiveTagKeys.member.1".into(), "star".into()));
    parameters.push(("TransitiveTagKeys.member.2".into(), "Heart".into()));
    let one = keys(&assume(&lab, &lab.admin, &first, &borrowed(&parameters)).await);
    let sun = tags(&[("Sun", "2")]);
    let two = assume(&lab, &one, &second, &borrowed(&sun)).await;
    let three = keys(&assume(&lab, &keys(&two), &third, &[]).await);
    // Star came along; Sun, which was not transitive, did not.
    did(&lab, &three, "iam", "ListUsers", &[]).await;

    let conflict = "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from \
                    the calling session.";
    for key in ["Heart", "heart"] {
        let heart = tags(&[(key, "3")]);
        refused(
            &assume(&lab, &one, &second, &borrowed(&heart)).await,
            400,
            "InvalidParameterValue",
            conflict,
        );
    }
    let moon = tags(&[("Moon", "3")]);
    assert_eq!(assume(&lab, &one, &second, &borrowed(&moon)).await.status, 200, "Moon stays behind");
    // Tags that are handed on are passed: each role of the chain must let them be.
    let session = format!("arn:aws:sts::{}:assumed-role/one/me", lab.account);
    refused(
        &assume(&lab, &one, &untagged, &[]).await,
        403,
        "AccessDenied",
        &format!("User: {session} is not authorized to perform: sts:TagSession on resource: {untagged}"),
    );
}

#[tokio::test]
async fn tags_have_limits() {
    let lab = Lab::new().await;
    let arn = role(&lab, "r", &EVERYTHING, json!({}), &allow(&["s3:*"], &json!({}))).await;
    let long = "k".repeat(129);
    let value = "v".repeat(257);
    let detected = |rest: &str| format!("1 validation error detected: {rest}");
    let must = "failed to satisfy constraint: Member must";
    let expression = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]";
    let cases: Vec<(Pairs<'_>, &str, String)> = vec![
        (
            vec![("Tags.member.1.Key", "a")],
            "ValidationError",
            detected(&format!("Value null at 'tags.1.member.value' {must} not be null")),
        ),
        (
            vec![("Tags.member.1.Value", "a")],
            "ValidationError",
            detected(&format!("Value null at 'tags.1.member.key' {must} not be null")),
        ),
        (
            vec![("Tags.member.1.Key", &long), ("Tags.member.1.Value", "")],
            "ValidationError",
            detected(&format!(
                "Value '{long}' at 'tags.1.member.key' {must} have length less than or equal to 128"
            )),
        ),
        (
            vec![("Tags.member.1.Key", "a"), ("Tags.member.1.Value", &value)],
            "ValidationError",
            detected(&format!(
                "Value '{value}' at 'tags.1.member.value' {must} have length less than or equal to 256"
            )),
        ),
        (
            vec![("Tags.member.1.Key", "a*"), ("Tags.member.1.Value", "")],
            "ValidationError",
            detected(&format!(
                "Value 'a*' at 'tags.1.member.key' {must} satisfy regular expression pattern: {expression}+"
            )),
        ),
        (
            vec![
                ("Tags.member.1.Key", "Department"),
                ("Tags.member.1.Value", "a"),
                ("Tags.member.2.Key", "department"),
                ("Tags.member.2.Value", "b"),
            ],
            "InvalidParameterValue",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.".into(),
        ),
        (
            vec![
                ("Tags.member.1.Key", "a"),
                ("Tags.member.1.Value", "b"),
                ("TransitiveTagKeys.member.1", "c"),
            ],
            "InvalidParameterValue",
            "The specified transitive tag key must be included in the requested tags.".into(),
        ),
        (
            vec![("Tags.member.1.Key", "aws:x"), ("Tags.member.1.Value", "b")],
            "InvalidParameterValue",
            "Tag keys that begin with aws: are reserved for AWS.".into(),
        ),
        (
            vec![("SourceIdentity", "a b")],
            "ValidationError",
            detected(&format!(
                r"Value 'a b' at 'sourceIdentity' {must} satisfy regular expression pattern: [\w+=,.@-]*"
            )),
        ),
        (
            vec![("SourceIdentity", "a")],
            "ValidationError",
            detected(&format!("Value 'a' at 'sourceIdentity' {must} have length greater than or equal to 2")),
        ),
    ];
    for (parameters, code, message) in &cases {
        refused(&assume(&lab, &lab.admin, &arn, parameters).await, 400, code, message);
    }
    let keyed: Vec<String> = (0..51).map(|number| format!("k{number}")).collect();
    let many: Vec<(&str, &str)> = keyed.iter().map(|key| (key.as_str(), "")).collect();
    refused(
        &assume(&lab, &lab.admin, &arn, &borrowed(&tags(&many))).await,
        400,
        "ValidationError",
        &detected(&format!("Value at 'tags' {must} have length less than or equal to 50")),
    );
    // What nine tags of 252 characters were answered on AWS, but for its rounding.
    let a = "a".repeat(250);
    let nine: Vec<(&str, &str)> =
        ["T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9"].map(|key| (key, a.as_str())).into();
    refused(
        &assume(&lab, &lab.admin, &arn, &borrowed(&tags(&nine))).await,
        400,
        "PackedPolicyTooLarge",
        "Packed size of session tags consumes 499% of allotted space.",
    );
    let spoken = tags(&[("Küche: 1/2", "été @home")]);
    assert_eq!(assume(&lab, &lab.admin, &arn, &borrowed(&spoken)).await.status, 200);
}

#[tokio::test]
async fn a_source_identity_is_for_good() {
    let lab = Lab::new().await;
    let chain = allow(&["sts:*"], &json!({}));
    let named = json!({"StringLike": {"sts:SourceIdentity": ["saanvi", "diego"]}});
    let first = role(&lab, "one", &EVERYTHING, named, &chain).await;
    let is_diego = allow(&["iam:ListUsers"], &json!({"StringEquals": {"aws:SourceIdentity": "diego"}}));
    let second =
        role(&lab, "two", &EVERYTHING, json!({"StringEquals": {"aws:SourceIdentity": "diego"}}), &is_diego)
            .await;
    let closed = role(&lab, "closed", &["sts:AssumeRole"], json!({}), &chain).await;
    let diego = [("SourceIdentity", "diego")];

    assert_eq!(assume(&lab, &lab.admin, &first, &[]).await.status, 403, "it is demanded");
    assert_eq!(assume(&lab, &lab.admin, &first, &[("SourceIdentity", "martha")]).await.status, 403);
    let admin = format!("arn:aws:iam::{}:user/Admin", lab.account);
    let sentence = |caller: &str, role: &str| {
        format!("User: {caller} is not authorized to perform: sts:SetSourceIdentity on resource: {role}")
    };
    refused(
        &assume(&lab, &lab.admin, &closed, &diego).await,
        403,
        "AccessDenied",
        &sentence(&admin, &closed),
    );

    let one = assume(&lab, &lab.admin, &first, &diego).await;
    assert_eq!(one.xml("SourceIdentity").as_deref(), Some("diego"));
    let one = keys(&one);
    let session = format!("arn:aws:sts::{}:assumed-role/one/me", lab.account);
    let two = assume(&lab, &one, &second, &[]).await;
    assert_eq!(two.xml("SourceIdentity").as_deref(), Some("diego"), "it stays along the chain");
    did(&lab, &keys(&two), "iam", "ListUsers", &[]).await;
    assert_eq!(assume(&lab, &one, &second, &diego).await.status, 200, "the same may be said again");
    refused(
        &assume(&lab, &one, &second, &[("SourceIdentity", "saanvi")]).await,
        403,
        "AccessDenied",
        &sentence(&session, &second),
    );
    // Setting it is asked at every link, said again or not.
    refused(&assume(&lab, &one, &closed, &[]).await, 403, "AccessDenied", &sentence(&session, &closed));
}

#[tokio::test]
async fn a_federated_user_has_the_tags_it_was_given() {
    let lab = Lab::new().await;
    let user = lab
        .user(
            "ann",
            serde_json::from_str(&allow(&["kms:ListKeys", "sts:GetFederationToken"], &json!({}))).unwrap(),
        )
        .await;
    let red = allow(&["kms:ListKeys"], &json!({"StringEquals": {"aws:PrincipalTag/team": "red"}}));
    let ask = |team: &str| {
        [tags(&[("team", team)]), vec![("Name".into(), "bob".into()), ("Policy".into(), red.clone())]]
            .concat()
    };
    let denied = lab.query(&user, "sts", "GetFederationToken", &borrowed(&ask("red"))).await;
    let (caller, bob) = (
        format!("arn:aws:iam::{}:user/ann", lab.account),
        format!("arn:aws:sts::{}:federated-user/bob", lab.account),
    );
    refused(
        &denied,
        403,
        "AccessDenied",
        &format!("User: {caller} is not authorized to perform: sts:TagSession on resource: {bob}"),
    );
    let tagging =
        allow(&["sts:TagSession"], &json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}));
    let put = [("UserName", "ann"), ("PolicyName", "tags"), ("PolicyDocument", tagging.as_str())];
    did(&lab, &lab.admin, "iam", "PutUserPolicy", &put).await;
    for (team, status) in [("red", 200), ("blue", 400)] {
        let bob = keys(&lab.query(&user, "sts", "GetFederationToken", &borrowed(&ask(team))).await);
        assert_eq!(lab.kms(&bob, "ListKeys", json!({})).await.status, status, "{team}");
    }
    let transitive = [("Name", "bob"), ("TransitiveTagKeys.member.1", "team")];
    assert_eq!(
        lab.query(&lab.admin, "sts", "GetFederationToken", &transitive).await.error().0,
        "UnsupportedParameter"
    );
    let plain = did(&lab, &lab.admin, "sts", "GetFederationToken", &[("Name", "bob")]).await;
    assert_eq!(
        plain.xml("PackedPolicySize").as_deref(),
        Some("0"),
        "told even when there is nothing to pack"
    );
}

#[tokio::test]
async fn the_key_of_a_session_tells_its_account() {
    let lab = Lab::new().await;
    let (other, stranger) = account(&lab.sandbox).await;
    role(&lab, "r", &EVERYTHING, json!({}), &allow(&["s3:*"], &json!({}))).await;
    let session = lab.assume(&lab.admin, "r", "me").await;
    for asker in [&lab.admin, &stranger] {
        let asked = [("AccessKeyId", session.access_key_id.as_str())];
        let answer = did(&lab, asker, "sts", "GetAccessKeyInfo", &asked).await;
        assert_eq!(answer.xml("Account").as_ref(), Some(&lab.account));
    }
    let of_stranger = did(&lab, &stranger, "sts", "GetSessionToken", &[]).await.xml("AccessKeyId").unwrap();
    let answer = did(&lab, &lab.admin, "sts", "GetAccessKeyInfo", &[("AccessKeyId", &of_stranger)]).await;
    assert_eq!(answer.xml("Account").as_ref(), Some(&other));
    // One that no session ever had, and one that names no account of this AWS.
    for id in ["ASIAIOSFODNN7EXAMPLE", "ASIAQAAAAAAAAAAAAAAA", "ASIA", "no spaces in access key ids"] {
        let answer = lab.query(&lab.admin, "sts", "GetAccessKeyInfo", &[("AccessKeyId", id)]).await;
        assert_eq!((answer.status, answer.error().0.as_str()), (400, "ValidationError"), "{id}");
    }
}

#[tokio::test]
async fn a_session_token_opens_for_its_own_key_in_its_own_account_unchanged_and_while_its_role_lives() {
    let lab = Lab::new().await;
    let may = allow(&["iam:ListUsers"], &json!({}));
    role(&lab, "r", &EVERYTHING, json!({}), &may).await;
    let (session, other) = (lab.assume(&lab.admin, "r", "me").await, lab.assume(&lab.admin, "r", "me").await);
    let (_, stranger) = account(&lab.sandbox).await;
    let foreign = keys(&did(&lab, &stranger, "sts", "GetSessionToken", &[]).await);
    let token = session.token.clone().unwrap();
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(&token).unwrap();
    let mut tokens: Vec<(String, Option<String>)> = vec![
        ("none".into(), None),
        ("empty".into(), Some(String::new())),
        ("of another key".into(), other.token.clone()),
        ("of another account".into(), foreign.token.clone()),
        ("its first half".into(), token.get(..token.len() / 2).map(str::to_owned)),
        ("without its last letter".into(), token.get(..token.len() - 1).map(str::to_owned)),
        ("with one letter more".into(), Some(format!("{token}A"))),
        ("twice".into(), Some(format!("{token}{token}"))),
        (
            "a JSON of its own".into(),
            Some(BASE64_URL_SAFE_NO_PAD.encode(br#"{"user":{"account":"1","user":null}}"#)),
        ),
    ];
    for place in (0..sealed.len()).step_by(7).chain([0, sealed.len() - 1]) {
        let mut changed = sealed.clone();
        changed[place] ^= 1 << (place % 8);
        tokens.push((format!("byte {place} changed"), Some(BASE64_URL_SAFE_NO_PAD.encode(changed))));
    }
    for (what, token) in tokens {
        let forged = Keys { token, ..session.clone() };
        let answer = lab.query(&forged, "sts", "GetCallerIdentity", &[]).await;
        let code = answer.error().0;
        assert_eq!(
            (answer.status, code.as_str()),
            (403, "InvalidClientTokenId"),
            "{what}: {}",
            answer.text()
        );
        assert!(matches!(lab.kms(&forged, "ListKeys", json!({})).await.status, 400 | 403), "{what}");
        assert!(matches!(lab.s3(&forged, "GET", "/", &[], b"").await.status, 400 | 403), "{what}");
    }
    // A token does not make up for a secret, nor for the key of a user.
    let unsigned = Keys { secret: other.secret.clone(), ..session.clone() };
    assert_eq!(
        lab.query(&unsigned, "sts", "GetCallerIdentity", &[]).await.error().0,
        "SignatureDoesNotMatch"
    );
    let borrowed = Keys { token: Some(token), ..lab.admin.clone() };
    assert_eq!(lab.query(&borrowed, "sts", "GetCallerIdentity", &[]).await.error().0, "InvalidClientTokenId");

    did(&lab, &session, "iam", "ListUsers", &[]).await;
    did(&lab, &lab.admin, "iam", "DeleteRolePolicy", &[("RoleName", "r"), ("PolicyName", "p")]).await;
    did(&lab, &lab.admin, "iam", "DeleteRole", &[("RoleName", "r")]).await;
    assert_eq!(lab.query(&session, "sts", "GetCallerIdentity", &[]).await.error().0, "InvalidClientTokenId");
    role(&lab, "r", &EVERYTHING, json!({}), &may).await;
    assert_eq!(lab.query(&session, "sts", "GetCallerIdentity", &[]).await.error().0, "InvalidClientTokenId");
}

#[tokio::test]
async fn other_ways_into_a_session_are_refused_by_name() {
    let lab = Lab::new().await;
    for action in ["AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "AssumeRoot", "GetDelegatedAccessToken"]
    {
        let answer = lab.query(&lab.admin, "sts", action, &[]).await;
        refused(&answer, 501, "NotImplemented", &format!("The operation {action} is not implemented."));
    }
    // The first two are not signed.
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (action, status, code) in [
        ("AssumeRoleWithSAML", 501, "NotImplemented"),
        ("AssumeRoleWithWebIdentity", 501, "NotImplemented"),
        ("AssumeRole", 403, "MissingAuthenticationToken"),
        ("GetCallerIdentity", 403, "MissingAuthenticationToken"),
    ] {
        let body = format!("Action={action}&Version=2011-06-15");
        let answer = call(&lab.sandbox, None, "", "POST", "/", &form, body.as_bytes()).await;
        assert_eq!((answer.status, answer.error().0.as_str()), (status, code), "{action}");
    }
    let context = [("ProvidedContexts.member.1.ProviderArn", "x")];
    let answer = assume(&lab, &lab.admin, "arn:aws:iam::111122223333:role/r", &context).await;
    assert_eq!(answer.error().0, "UnsupportedParameter");
}
