//! The targets of `design.md`: a decision with its explanation, compiled and from text, on the tutorial's own requests and on
//! a role with ten managed policies of fifty statements. `cargo bench -p policy`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use policy::{
    Context, Decision, Document, NamedPolicy, Policies, Principal, Request, ResourceKind, evaluate,
};

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const OBJECT: &str = "arn:aws:s3:::secure-demo-bucket/KMS-Cryptographic-Details.pdf";

/// A request with its policies as text.
struct Question {
    name: &'static str,
    request: Request,
    kind: ResourceKind,
    identity: Vec<String>,
    resource: Option<String>,
}

/// The same, compiled.
struct Compiled {
    identity: Vec<NamedPolicy>,
    resource: Option<NamedPolicy>,
}

impl Question {
    fn compile(&self) -> Compiled {
        let named = |text: &String| NamedPolicy {
            name: String::new(),
            arn: None,
            document: Arc::new(Document::parse(text).unwrap()),
        };
        Compiled {
            identity: self.identity.iter().map(named).collect(),
            resource: self.resource.as_ref().map(named),
        }
    }

    fn decide<'a>(&'a self, compiled: &'a Compiled) -> Decision<'a> {
        let policies = Policies {
            identity: &compiled.identity,
            resource: compiled.resource.as_ref(),
            resource_kind: self.kind,
            ..Policies::default()
        };
        evaluate(&self.request, &policies)
    }
}

fn request(action: &str, resource: &str, context: Context) -> Request {
    let role = "arn:aws:iam::111122223333:role/authorized-users";
    Request {
        principal: Principal::session(role, "i-0123456789abcdef0").unwrap(),
        action: action.to_owned(),
        resource: resource.to_owned(),
        resource_account: Some("111122223333".to_owned()),
        context,
    }
}

fn tutorial() -> Vec<Question> {
    let identity = || vec![include_str!("../tests/fixtures/corrected/secure-bucket-access.json").to_owned()];
    let bucket_policy = || Some(include_str!("../tests/fixtures/corrected/bucket-policy.json").to_owned());
    let with_user = || Some(include_str!("../tests/fixtures/key-policy/with-user.json").to_owned());
    let removed = || Some(include_str!("../tests/fixtures/key-policy/user-removed.json").to_owned());
    let encrypted = Context::new()
        .with("s3:x-amz-server-side-encryption", "aws:kms")
        .with("s3:x-amz-server-side-encryption-aws-kms-key-id", KEY);
    let by_s3 = policy::call::s3_to_kms_context("us-east-1", "111122223333", OBJECT);
    let s3 = |name, action: &str, context| Question {
        name,
        request: request(action, OBJECT, context),
        kind: ResourceKind::S3Bucket,
        identity: identity(),
        resource: bucket_policy(),
    };
    let kms = |name, action: &str, resource| Question {
        name,
        request: request(action, KEY, by_s3.clone()),
        kind: ResourceKind::KmsKey,
        identity: identity(),
        resource,
    };
    vec![
        s3("test 1, PutObject", "s3:PutObject", encrypted),
        kms("test 1, GenerateDataKey", "kms:GenerateDataKey", with_user()),
        s3("test 2, PutObject unencrypted", "s3:PutObject", Context::new()),
        s3("test 3, GetObject", "s3:GetObject", Context::new()),
        kms("test 3, Decrypt", "kms:Decrypt", with_user()),
        kms("test 4, Decrypt", "kms:Decrypt", removed()),
    ]
}

/// A role with ten managed policies of fifty statements, of which the last one allows.
fn large_role() -> Question {
    let statement = |policy: usize, index: usize| {
        format!(
            r#"{{"Sid": "S{index}", "Effect": "Allow", "Action": ["s3:GetObject", "s3:List*"],
                "Resource": "arn:aws:s3:::bucket-{policy}-{index}/*",
                "Condition": {{"StringLike": {{"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}}}}}"#
        )
    };
    let document = |policy| {
        let statements: Vec<_> = (0..50).map(|index| statement(policy, index)).collect();
        format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(","))
    };
    Question {
        name: "ten policies of fifty statements",
        request: request("s3:GetObject", "arn:aws:s3:::bucket-9-49/report.pdf", Context::new()),
        kind: ResourceKind::S3Bucket,
        identity: (0..10).map(document).collect(),
        resource: None,
    }
}

fn benches(criterion: &mut Criterion) {
    let mut questions = tutorial();
    questions.push(large_role());
    for question in &questions {
        let compiled = question.compile();
        let mut group = criterion.benchmark_group(question.name);
        group.bench_function("compiled, explained", |bencher| {
            bencher.iter(|| black_box(question.decide(black_box(&compiled))));
        });
        group.bench_function("compiled, written out", |bencher| {
            bencher.iter(|| black_box(question.decide(black_box(&compiled)).explain()));
        });
        group.bench_function("parsed, explained", |bencher| {
            bencher.iter(|| {
                let compiled = question.compile();
                black_box(question.decide(black_box(&compiled)).outcome)
            });
        });
        group.finish();
    }
}

criterion_group!(decision, benches);
criterion_main!(decision);
