//! Time: requests from the past and from the future, presigned URLs to the second.

use time::{Duration, OffsetDateTime};

use crate::support::calls::Plain;
use crate::support::signer::{Raw, Scope};
use crate::support::steps::{lab_with_bucket, s3};
use crate::support::{Answer, Lab};
use crate::{Words, in_words_of, one_of_each, tried};

const QUARTER: Duration = Duration::minutes(15);

/// What every service answers when the clocks are too far apart.
const SKEWED: Words = [
    (403, "RequestTimeTooSkewed"),
    (400, "InvalidSignatureException"),
    (403, "SignatureDoesNotMatch"),
    (403, "SignatureDoesNotMatch"),
    (401, "AuthFailure"),
];

async fn lab() -> Lab {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/object", &[], b"secret").await;
    lab
}

/// Sends what `sign` makes at `offset` from now, within one second of the clock: what is exact to the second must not depend
/// on when in it the test runs.
async fn within_a_second(lab: &Lab, offset: Duration, sign: impl Fn(OffsetDateTime) -> Raw) -> Answer {
    loop {
        let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
        let answer = tried(lab, &sign(now + offset)).await;
        if OffsetDateTime::now_utc().unix_timestamp() == now.unix_timestamp() {
            return answer;
        }
    }
}

#[tokio::test]
async fn clocks_may_differ_by_a_quarter_of_an_hour_and_not_by_a_second_more() {
    let lab = lab().await;
    for plain in one_of_each() {
        let sign = |time| {
            let mut raw = Raw::of(&plain);
            raw.sign(&lab.admin, &Scope::at(plain.service, time));
            raw
        };
        let second = Duration::SECOND;
        for offset in [second - QUARTER, QUARTER - second] {
            let answer = within_a_second(&lab, offset, sign).await;
            assert_eq!(answer.status, 200, "{offset} at {}: {}", plain.service, answer.text());
        }
        let far = Duration::days(365 * 20);
        for offset in [-QUARTER - second, QUARTER + second, -far, far] {
            let answer = within_a_second(&lab, offset, sign).await;
            let (status, code) = in_words_of(plain.service, &SKEWED);
            assert_eq!(
                (answer.status, answer.error().0.as_str()),
                (status, code),
                "{offset} at {}",
                plain.service
            );
        }
    }
}

#[tokio::test]
async fn a_presigned_url_expires_at_its_second() {
    let lab = lab().await;
    let get = Plain::s3("GET /bucket-1/object", &Default::default(), "", &Default::default());
    for lifetime in [2_i64, 60, 604_800] {
        let sign = |time| {
            let mut raw = Raw::of(&get);
            raw.presign(&lab.admin, &Scope::at("s3", time), &lifetime.to_string());
            raw
        };
        for age in [0, 1, lifetime - 1] {
            let answer = within_a_second(&lab, -Duration::seconds(age), sign).await;
            assert_eq!(answer.status, 200, "{age} s old of {lifetime}: {}", answer.text());
        }
        let answer = within_a_second(&lab, -Duration::seconds(lifetime + 1), sign).await;
        assert_eq!(
            (answer.status, answer.error()),
            (403, ("AccessDenied".into(), "Request has expired".into()))
        );
        let early = within_a_second(&lab, QUARTER + Duration::SECOND, sign).await;
        assert_eq!(
            (early.status, early.error()),
            (403, ("AccessDenied".into(), "Request is not valid yet".into()))
        );
    }
}

#[tokio::test]
async fn a_presigned_url_lives_a_number_of_seconds_and_a_week_at_most() {
    let lab = lab().await;
    for lifetime in ["-1", "604801", "99999999999999999999", "1e3", "60s", " 60", "", "0x3c"] {
        let mut raw =
            Raw::of(&Plain::s3("GET /bucket-1/object", &Default::default(), "", &Default::default()));
        raw.presign(&lab.admin, &Scope::of("s3"), lifetime);
        let answer = tried(&lab, &raw).await;
        assert_eq!(
            (answer.status, answer.error().0.as_str()),
            (400, "AuthorizationQueryParametersError"),
            "{lifetime:?}: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn nothing_of_a_presigned_url_can_be_changed() {
    let lab = lab().await;
    s3(&lab, "PUT", "/bucket-1/other", &[], b"other").await;
    let mut raw = Raw::of(&Plain::s3("GET /bucket-1/object", &Default::default(), "", &Default::default()));
    raw.presign(&lab.admin, &Scope::of("s3"), "60");
    assert_eq!(tried(&lab, &raw).await.status, 200);
    let target = |from: &str, to: &str| {
        assert!(raw.target.contains(from), "{from} in {}", raw.target);
        Raw { target: raw.target.replace(from, to), ..raw.clone() }
    };
    let changes = [
        ("longer", target("Expires=60", "Expires=600")),
        ("twice", target("X-Amz-Expires=60", "X-Amz-Expires=60&X-Amz-Expires=600")),
        ("another object", target("/object", "/other")),
        ("another method", Raw { method: "DELETE".into(), ..raw.clone() }),
        ("one parameter more", target("X-Amz-Algorithm", "tagging&X-Amz-Algorithm")),
        ("another version", target("X-Amz-Algorithm", "versionId=null&X-Amz-Algorithm")),
        ("a header in the list", target("SignedHeaders=host", "SignedHeaders=host%3Bx-amz-acl")),
        (
            "a list twice",
            target("X-Amz-SignedHeaders", "X-Amz-SignedHeaders=host%3Bx-amz-acl&X-Amz-SignedHeaders"),
        ),
        ("a signature twice", target("X-Amz-Signature=", "X-Amz-Signature=0&X-Amz-Signature=")),
        ("small letters", target("X-Amz-Signature", "x-amz-signature")),
        ("another algorithm", target("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1")),
    ];
    for (what, changed) in changes {
        let answer = tried(&lab, &changed).await;
        assert!([400, 403].contains(&answer.status), "{what}: {} {}", answer.status, answer.text());
        assert!(!answer.text().contains("secret"), "{what}");
        assert!(lab.sandbox.trace(&answer.request_id()).is_empty(), "{what}: the gate was asked");
    }
    assert_eq!(s3(&lab, "GET", "/bucket-1/object", &[], b"").await.text(), "secret");
}
