//! Nothing a policy, a request or a principal's name can hold makes the engine panic or take unreasonably long; and the
//! parser says where it stopped. The inputs come from a seeded generator, so a failure repeats.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use policy::{
    Context, Document, NamedPolicy, ParseErrorKind, Policies, Principal, Request, ResourceKind, evaluate,
    validate,
};
use serde_json::{Value, json};

/// xorshift64*: enough to shuffle test inputs.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % sides
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }
}

const TEXTS: [&str; 28] = [
    "*",
    "?",
    "",
    "s3:*",
    "s3:GetObject",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b",
    " arn:aws:s3:::b",
    "arn:aws:iam::111122223333:root",
    "arn:aws:iam::111122223333:role/r",
    "arn:aws:iam::111122223333:user/*",
    "arn:aws:sts::111122223333:assumed-role/r",
    "111122223333",
    "AROAEXAMPLE",
    "${aws:username}",
    "${",
    "${aws:x, '",
    "${aws:x, 'd'}",
    "${*}",
    "é:ü:*:?",
    "\u{0}",
    "10.0.0.0/8",
    "::/129",
    "2026-02-30T99:99:99+é",
    "-1e309",
    "9999999999999999999999999999999999999999",
    "true",
    "::::::::*:*:*:?*",
];

const OPERATORS: [&str; 14] = [
    "StringEquals",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "ArnLike",
    "ArnNotEquals",
    "NumericLessThan",
    "DateGreaterThan",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddressIfExists",
    "Null",
    "ForAllValues:StringLike",
    "ForAnyValue:NumericEquals",
];

const KEYS: [&str; 5] =
    ["aws:username", "aws:PrincipalArn", "aws:SourceIp", "aws:CurrentTime", "aws:TagKeys"];

fn texts(dice: &mut Dice) -> Value {
    match dice.roll(4) {
        0 => json!([]),
        1 => json!([dice.pick(&TEXTS), dice.pick(&TEXTS)]),
        _ => json!(dice.pick(&TEXTS)),
    }
}

fn statement(dice: &mut Dice) -> Value {
    let mut statement = json!({ "Effect": dice.pick(&["Allow", "Deny"]) });
    let [action, resource] =
        [["Action", "NotAction"], ["Resource", "NotResource"]].map(|names| names[dice.roll(2)]);
    if dice.roll(8) > 0 {
        statement[action] = texts(dice);
    }
    if dice.roll(8) > 0 {
        statement[resource] = texts(dice);
    }
    let principal = match dice.roll(4) {
        0 => json!("*"),
        1 => json!({ "Service": texts(dice), "Federated": texts(dice), "CanonicalUser": texts(dice) }),
        _ => json!({ "AWS": texts(dice) }),
    };
    statement[dice.pick(&["Principal", "NotPrincipal"])] = principal;
    if dice.roll(2) > 0 {
        statement["Condition"] = json!({ dice.pick(&OPERATORS): { dice.pick(&KEYS): texts(dice) } });
    }
    statement
}

fn principal(dice: &mut Dice) -> Principal {
    match dice.roll(5) {
        0 => Principal::anonymous(),
        1 => Principal::service(dice.pick(&TEXTS)),
        2 => Principal::root(dice.pick(&TEXTS)),
        3 => Principal::user(dice.pick(&TEXTS), dice.pick(&TEXTS)),
        _ => Principal::session("arn:aws:iam::111122223333:role/r", dice.pick(&TEXTS)).unwrap(),
    }
}

#[test]
fn evaluation_and_explanation_never_panic_and_agree() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for _ in 0..3_000 {
        let source = json!({ "Version": dice.pick(&["2012-10-17", "2008-10-17"]), "Statement": [statement(&mut dice), statement(&mut dice)] });
        let text = source.to_string();
        let document = Document::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let again = Document::parse(&document.source().to_string()).unwrap();
        assert_eq!(again.source(), document.source(), "printing and parsing again changed {text}");
        for validate in [validate::identity, validate::trust, validate::key] {
            let _ = validate(&text);
        }
        let _ = validate::bucket(&text, dice.pick(&TEXTS));
        let policy = [NamedPolicy { name: "p".into(), arn: None, document: Arc::new(document) }];
        let mut context = Context::new();
        for key in KEYS {
            if dice.roll(2) > 0 {
                context.set(key, [dice.pick(&TEXTS), dice.pick(&TEXTS)]);
            }
        }
        let request = Request {
            principal: principal(&mut dice),
            action: dice.pick(&TEXTS).to_owned(),
            resource: dice.pick(&TEXTS).to_owned(),
            resource_account: (dice.roll(2) > 0).then(|| "111122223333".to_owned()),
            context,
        };
        let kinds =
            [ResourceKind::S3Bucket, ResourceKind::KmsKey, ResourceKind::IamRole, ResourceKind::Other];
        let policies = Policies {
            identity: if dice.roll(2) > 0 { &policy } else { &[] },
            resource: (dice.roll(2) > 0).then_some(&policy[0]),
            resource_kind: dice.pick(&kinds),
            boundaries: if dice.roll(4) > 0 { &[] } else { &policy },
            endpoint_policies: if dice.roll(4) > 0 { &[] } else { &policy },
            block_public_access: dice.roll(2) > 0,
            ..Policies::default()
        };
        let decision = evaluate(&request, &policies);
        let explanation = decision.explain();
        assert_eq!(decision.denial().is_none(), decision.is_allowed(), "{text}");
        assert_eq!(explanation.outcome, decision.outcome, "{text}");
        let explained =
            explanation.lanes.iter().flat_map(|lane| &lane.statements).filter(|found| found.deciding).count();
        assert_eq!(explained, decision.deciding.len(), "{text}");
    }
}

#[test]
fn many_wildcards_against_a_long_text_take_no_time() {
    let stars = |count: usize| "a*".repeat(count);
    for pattern in [stars(500), format!("arn:{}:{}", stars(200), stars(200)), format!("{}b", stars(500))] {
        let source =
            json!({ "Statement": { "Effect": "Allow", "Action": pattern, "Resource": pattern } }).to_string();
        let document = Arc::new(Document::parse(&source).unwrap());
        let identity = [NamedPolicy { name: "p".into(), arn: None, document }];
        let request = Request {
            principal: Principal::root("111122223333"),
            action: "a".repeat(2_000),
            resource: format!("arn:{}:c", "a".repeat(2_000)),
            resource_account: None,
            context: Context::new(),
        };
        let started = std::time::Instant::now();
        let _ = evaluate(&request, &Policies { identity: &identity, ..Policies::default() });
        assert!(started.elapsed().as_secs() < 2, "`{pattern}` took {:?}", started.elapsed());
    }
}

#[test]
fn a_parse_error_says_what_and_where() {
    let table = [
        ("{", "", "the policy is not valid JSON at line 1, column 1"),
        ("{}", "", "the element `Statement` is missing"),
        (r#"{"Statement": 1}"#, "/Statement", "the value must be an object (at `/Statement`)"),
        (
            r#"{"Statement": [{"Effect": "Maybe"}]}"#,
            "/Statement/0/Effect",
            "`Maybe` is not one of `Allow`, `Deny` (at `/Statement/0/Effect`)",
        ),
        (
            r#"{"Statement": {"Effect": "Deny", "Action": [1]}}"#,
            "/Statement/Action/0",
            "the value must be a string (at `/Statement/Action/0`)",
        ),
        (
            r#"{"Statement": {"Effect": "Deny", "Condition": {"Strin/gEquals": {}}}}"#,
            "/Statement/Condition/Strin~1gEquals",
            "`Strin/gEquals` is not a condition operator (at `/Statement/Condition/Strin~1gEquals`)",
        ),
        (
            r#"{"Statement": {"Effect": "Deny", "Action": "*", "NotAction": "*"}}"#,
            "/Statement",
            "`Action` and `NotAction` cannot stand in one statement (at `/Statement`)",
        ),
        (
            r#"{"Version": "2012-10-17", "Statemnt": []}"#,
            "/Statemnt",
            "the element `Statemnt` is not part of the policy language (at `/Statemnt`)",
        ),
    ];
    for (json, pointer, sentence) in table {
        let error = Document::parse(json).unwrap_err();
        assert_eq!((error.pointer(), error.to_string().as_str()), (pointer, sentence), "{json}");
    }
    let deep = "[".repeat(100_000);
    assert!(matches!(Document::parse(&deep).unwrap_err().kind(), ParseErrorKind::NotJson { .. }));
}

#[test]
fn a_principal_is_read_from_its_arn_or_refused() {
    for arn in [
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:user/division/alice",
        "arn:aws:iam::111122223333:role/r",
        "arn:aws:sts::111122223333:assumed-role/r/i-0abc",
        "arn:aws-cn:iam::111122223333:user/alice",
    ] {
        assert_eq!(Principal::from_arn(arn).unwrap().arn(), Some(arn));
    }
    for (text, sentence) in [
        ("alice", "`alice` is not an ARN"),
        ("arn:aws:iam::1:root", "the account of `arn:aws:iam::1:root` is not twelve digits"),
        (
            "arn:aws:iam::111122223333:group/g",
            "`arn:aws:iam::111122223333:group/g` does not name an account root, user, role or session",
        ),
        (
            "arn:aws:sts::111122223333:assumed-role/r",
            "`arn:aws:sts::111122223333:assumed-role/r` does not name an account root, user, role or session",
        ),
    ] {
        assert_eq!(Principal::from_arn(text).unwrap_err().to_string(), sentence);
    }
    let session = Principal::session("arn:aws:iam::111122223333:role/team/r", "s").unwrap();
    assert_eq!(session.arn(), Some("arn:aws:sts::111122223333:assumed-role/r/s"));
    assert_eq!(session.principal_arn(), Some("arn:aws:iam::111122223333:role/team/r"));
}
