//! The linter: every defect of the tutorial's own listings, and each rule by itself.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;

use policy::lint::{Finding, Kind, Severity, lint};
use serde::Deserialize;
use serde_json::{Value, json};

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code.as_str()).collect()
}

fn found<'f>(findings: &'f [Finding], code: &str, pointer: &str) -> &'f Finding {
    let found = findings.iter().find(|finding| finding.code == code && finding.pointer == pointer);
    found.unwrap_or_else(|| panic!("no {code} at {pointer} in {findings:#?}"))
}

/// The document with the fix of one finding, as JSON.
fn mended(text: &str, finding: &Finding) -> Value {
    let fix = finding.fix.as_ref().unwrap_or_else(|| panic!("{} has no fix", finding.code));
    serde_json::from_str(&fix.apply(text)).unwrap()
}

const BUCKET_ADMIN: &str = include_str!("fixtures/printed/secure-bucket-admin.json");
const KEY_ADMIN: &str = include_str!("fixtures/printed/secure-key-admin.json");
const BUCKET_ACCESS: &str = include_str!("fixtures/printed/secure-bucket-access.json");
const BUCKET_POLICY: &str = include_str!("fixtures/printed/bucket-policy.json");

#[test]
fn listing_1_denies_on_the_bucket_what_is_asked_on_objects() {
    let findings = lint(BUCKET_ADMIN, Kind::Identity);
    let finding = found(&findings, "statement-never-matches", "/Statement/1/Resource");
    assert!(finding.message.starts_with("This Deny never matches"), "{}", finding.message);
    let fixed = mended(BUCKET_ADMIN, finding);
    assert_eq!(fixed["Statement"][1]["Resource"], "arn:aws:s3:::secure-demo-bucket/*");
}

#[test]
fn listing_1_leaves_relatives_of_what_it_denies() {
    let findings = lint(BUCKET_ADMIN, Kind::Identity);
    for (index, wide) in [(0, "s3:DeleteObject*"), (2, "s3:GetObject*"), (4, "s3:PutObject*")] {
        let pointer = format!("/Statement/1/Action/{index}");
        let fixed = mended(BUCKET_ADMIN, found(&findings, "deny-leaves-siblings", &pointer));
        assert_eq!(fixed["Statement"][1]["Action"][index], wide);
    }
    let more = found(&findings, "deny-leaves-object-actions", "/Statement/1/Action");
    let fixed = mended(BUCKET_ADMIN, more);
    let actions = fixed["Statement"][1]["Action"].as_array().unwrap();
    assert_eq!(
        actions[7..],
        [
            json!("s3:RestoreObject"),
            json!("s3:BypassGovernanceRetention"),
            json!("s3:UpdateObjectEncryption")
        ]
    );
}

#[test]
fn listing_2_begins_its_arns_with_a_space() {
    let findings = lint(KEY_ADMIN, Kind::Identity);
    for statement in [0, 1] {
        let finding = found(&findings, "arn-space", &format!("/Statement/{statement}/Resource"));
        let fixed = mended(KEY_ADMIN, finding);
        assert_eq!(fixed["Statement"][statement]["Resource"], "arn:aws:kms:*:111122223333:key/*");
    }
}

#[test]
fn listing_2_cannot_create_keys_nor_aliases() {
    let findings = lint(KEY_ADMIN, Kind::Identity);
    let finding = found(&findings, "wildcard-leaves-out", "/Statement/0/Action");
    let fixed = mended(KEY_ADMIN, finding);
    let (without, aliases) = (&fixed["Statement"][2], &fixed["Statement"][3]);
    let actions = without["Action"].as_array().unwrap();
    for action in ["kms:CreateKey", "kms:ListKeys", "kms:ListAliases", "kms:GenerateRandom"] {
        assert!(actions.contains(&json!(action)), "{action} in {actions:?}");
    }
    assert_eq!(without["Resource"], "*");
    assert_eq!(aliases["Action"], json!(["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"]));
    assert_eq!(aliases["Resource"], "arn:aws:kms:*:111122223333:alias/*");
}

#[test]
fn listing_2_denies_one_way_to_data_keys_of_four_and_hands_out_the_key() {
    let findings = lint(KEY_ADMIN, Kind::Identity);
    let finding = found(&findings, "deny-leaves-siblings", "/Statement/1/Action/2");
    assert!(finding.message.contains("kms:GenerateDataKeyWithoutPlaintext"), "{}", finding.message);
    assert_eq!(mended(KEY_ADMIN, finding)["Statement"][1]["Action"][2], "kms:GenerateDataKey*");
    found(&findings, "wildcard-administers-keys", "/Statement/0/Action");
}

#[test]
fn listing_3_names_an_action_that_is_none_and_lacks_one() {
    let findings = lint(BUCKET_ACCESS, Kind::Identity);
    let finding = found(&findings, "unknown-action", "/Statement/0/Action/1");
    assert!(finding.message.contains("s3:ListBucket: did you mean that?"), "{}", finding.message);
    assert_eq!(mended(BUCKET_ACCESS, finding)["Statement"][0]["Action"], json!(["s3:ListAllMyBuckets"]));
    let finding = found(&findings, "objects-without-list", "/Statement/1/Action");
    let fixed = mended(BUCKET_ACCESS, finding);
    assert_eq!(
        fixed["Statement"][2],
        json!({
            "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::secure-demo-bucket"
        })
    );
}

#[test]
fn listing_4_wants_a_key_that_cannot_be() {
    let findings = lint(BUCKET_POLICY, Kind::Bucket);
    let at = "/Statement/1/Condition/StringNotEquals/s3:x-amz-server-side-encryption-aws-kms-key-id";
    assert!(found(&findings, "arn-account", at).message.contains("11112222333 has 11 digits"));
    found(&findings, "arn-region", at);
    assert_eq!(codes(&findings), ["arn-account", "arn-region"]);
}

#[test]
fn the_corrected_listings_have_nothing_to_warn_of() {
    for (name, text, kind) in [
        ("1", include_str!("fixtures/corrected/secure-bucket-admin.json"), Kind::Identity),
        ("2", include_str!("fixtures/corrected/secure-key-admin.json"), Kind::Identity),
        ("3", include_str!("fixtures/corrected/secure-bucket-access.json"), Kind::Identity),
        ("4", include_str!("fixtures/corrected/bucket-policy.json"), Kind::Bucket),
        ("key policy", include_str!("fixtures/key-policy/with-user.json"), Kind::Key),
        ("trust", include_str!("fixtures/trust/ec2.json"), Kind::Trust),
        ("administrator", include_str!("fixtures/administrator-access.json"), Kind::Identity),
    ] {
        let worse: Vec<_> =
            lint(text, kind).into_iter().filter(|finding| finding.severity != Severity::Note).collect();
        assert_eq!(codes(&worse), [""; 0], "{name}: {worse:#?}");
        assert_eq!(Kind::guess(text), kind, "{name}");
    }
}

/// One document of `lint.json`, with the codes of all that should be found in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    kind: Kind,
    #[serde(default)]
    document: Value,
    /// For what JSON cannot hold twice.
    #[serde(default)]
    text: Option<String>,
    codes: Vec<String>,
}

impl Case {
    fn text(&self) -> String {
        self.text.clone().unwrap_or_else(|| self.document.to_string())
    }
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("lint.json")).unwrap()
}

#[test]
fn each_rule_finds_its_mistakes_and_nothing_else() {
    let mut wrong = Vec::new();
    for case in cases() {
        let text = case.text();
        let findings = lint(&text, case.kind);
        if codes(&findings) != case.codes {
            wrong.push(format!("{}: {findings:#?}", case.name));
        }
        // Where there is a fix, it ends the finding.
        for finding in findings.iter().filter(|finding| finding.fix.is_some()) {
            let mended = mended(&text, finding).to_string();
            let again = lint(&mended, case.kind);
            let stays =
                again.iter().any(|other| (&other.code, &other.pointer) == (&finding.code, &finding.pointer));
            if stays || again.len() > findings.len() {
                wrong.push(format!("{}: mended as {mended} it has {again:#?}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A rule that no case sets off may be broken without anyone knowing.
#[test]
fn every_rule_is_set_off_by_a_case() {
    let set_off: BTreeSet<String> = cases().into_iter().flat_map(|case| case.codes).collect();
    let mut rules = BTreeSet::new();
    for file in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lint")).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        let quoted =
            source.split("Severity::").skip(1).filter_map(|after| after.split('"').nth(1).map(str::to_owned));
        rules.extend(quoted.filter(|code| {
            code.contains('-') && code.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase())
        }));
    }
    assert!(rules.len() > 20, "{rules:?}");
    let listings = ["wildcard-leaves-out"].map(str::to_owned);
    let untried: Vec<_> =
        rules.iter().filter(|code| !set_off.contains(*code) && !listings.contains(code)).collect();
    assert!(untried.is_empty(), "{untried:?}");
}

#[test]
fn a_variable_under_the_old_version_is_found_and_the_version_set() {
    for text in [
        r#"{"Version": "2008-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:username}/*"}}"#,
        r#"{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:username}/*"}}"#,
    ] {
        let findings = lint(text, Kind::Bucket);
        let finding = found(&findings, "variable-in-old-version", "/Statement/Resource");
        assert_eq!(mended(text, finding)["Version"], "2012-10-17");
    }
}

#[test]
fn what_a_service_refuses_is_told_in_its_words_at_its_place() {
    let table = [
        (
            Kind::Identity,
            "{\n  \"Version\": 1,\n",
            "MalformedPolicyDocument: Syntax errors in policy.",
            "",
            (1, 1),
        ),
        (
            Kind::Identity,
            "{\"Version\": \"2012-10-17\",\n \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"*\",\n  \"Resource\": \"bucket\"}]}",
            "MalformedPolicyDocument: Resource bucket must be in ARN format or \"*\".",
            "/Statement/0/Resource",
            (3, 15),
        ),
        (
            Kind::Bucket,
            "{\"Version\": \"2012-10-17\",\n \"Statement\": [{\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"s3:GetObject\",\n  \"Resource\": \"arn:aws:s3:::b\"}]}",
            "MalformedPolicy: Action does not apply to any resource(s) in statement",
            "/Statement/0",
            (2, 16),
        ),
        (
            Kind::Bucket,
            "{\"Version\": \"2012-10-17\",\n \"Statement\": [{\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": [\"s3:ListBucket\", \"s3:GetObject\"],\n  \"Resource\": [\"arn:aws:s3:::b\", \"arn:aws:s3:::b/*\"], \"Condition\": {\"StringLike\": {\n   \"s3:prefix\": \"a/*\"}}}]}",
            "MalformedPolicy: Conditions do not apply to combination of actions and resources in statement \
             (s3:GetObject does not carry s3:prefix.)",
            "/Statement/0/Condition/StringLike/s3:prefix",
            (4, 17),
        ),
        (
            Kind::Trust,
            "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"*\"}, \"Action\": \"s3:GetObject\"}]}",
            "MalformedPolicyDocument: AssumeRole policy may only specify STS AssumeRole actions.",
            "/Statement/0",
            (1, 41),
        ),
        (
            Kind::Trust,
            "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"Service\": \"lamda.amazonaws.com\"},\n \"Action\": \"sts:AssumeRole\"}]}",
            "MalformedPolicyDocument: Invalid principal in policy: \"SERVICE\":\"lamda.amazonaws.com\" \
             (No AWS service is called lamda.amazonaws.com. Did you mean lambda.amazonaws.com?)",
            "/Statement/0/Principal/Service",
            (1, 86),
        ),
        (
            Kind::Key,
            "{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\", \"Principal\": {\"Service\": [\"ec2.amazonaws.com\",\n \"foo.amazonaws.com\"]}, \"Action\": \"kms:Decrypt\", \"Resource\": \"*\"}}",
            "MalformedPolicyDocumentException: Policy contains a statement with one or more invalid principals. \
             (No AWS service is called foo.amazonaws.com.)",
            "/Statement/Principal/Service/1",
            (2, 2),
        ),
        (
            Kind::Key,
            "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Permit\"}]}",
            "MalformedPolicyDocumentException: ",
            "/Statement/0/Effect",
            (1, 52),
        ),
    ];
    for (kind, text, message, pointer, place) in table {
        let findings = lint(text, kind);
        let error = findings.iter().find(|finding| finding.severity == Severity::Error).unwrap();
        assert!(error.message.starts_with(message), "{}", error.message);
        assert_eq!((error.pointer.as_str(), (error.line, error.column)), (pointer, place), "{text}");
    }
}

#[test]
fn no_text_makes_it_panic() {
    let seeds = [BUCKET_ADMIN, KEY_ADMIN, BUCKET_ACCESS, BUCKET_POLICY];
    for seed in seeds {
        for cut in (0..seed.len()).step_by(3).filter(|cut| seed.is_char_boundary(*cut)) {
            for kind in Kind::ALL {
                lint(&seed[..cut], kind);
                lint(&seed[cut..], kind);
            }
        }
    }
}
