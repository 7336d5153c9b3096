//! Callers that go away while their call is under way: what is in memory only must outlive them.
#![allow(clippy::unwrap_used)]

mod support;

use std::future::Future as _;
use std::task::{Context, Waker};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use sandbox::Body;
use support::{Lab, request};

const BUCKET: &str = "trilock-gone";

/// Polls the call so many times, and then drops it; whether it was done by then.
async fn begin(lab: &Lab, request: Request<Bytes>, patience: usize) -> bool {
    let mut call = Box::pin(lab.sandbox.call(request.map(Body::from)));
    for _ in 0..patience {
        if call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return true;
        }
        tokio::time::sleep(Duration::from_micros(20)).await;
    }
    false
}

#[tokio::test]
async fn an_account_in_memory_outlives_every_caller() {
    let lab = Lab::new().await;
    let path = format!("/{BUCKET}/key");
    assert_eq!(lab.s3(&lab.admin, "PUT", &format!("/{BUCKET}"), &[], b"").await.status, 200);
    assert_eq!(lab.s3(&lab.admin, "PUT", &path, &[], b"kept").await.status, 200);
    let mut left = 0;
    for round in 0..400 {
        let method = ["GET", "HEAD", "PUT"][round % 3];
        let request = request(
            Some(&lab.admin),
            "s3",
            method,
            &path,
            &[],
            if method == "PUT" { b"kept" } else { b"" },
            SystemTime::now(),
        );
        left += usize::from(!begin(&lab, request, 1 + round % 5).await);
    }
    assert!(left > 30, "{left} callers went away");
    let read = lab.s3(&lab.admin, "GET", &path, &[], b"").await;
    assert_eq!((read.status, read.text().as_str()), (200, "kept"));
}
