//! The console over HTTP: what is served, what is refused, and with which status.

#![allow(clippy::unwrap_used)]

mod support;

use app::console::{Console as _, StepId};
use axum::{
    Router,
    body::{Body, to_bytes},
};
use futures::StreamExt as _;
use http::{Request, Response, StatusCode, header};
use support::Walk;
use tower::ServiceExt as _;
use trilock::{
    shutdown::{Shutdown, Trigger},
    web::{self, Setup},
};

/// A browser that keeps its cookie.
struct Browser {
    router: Router,
    cookie: Option<String>,
    trigger: Trigger,
    walk: Walk,
}

impl Browser {
    async fn new() -> Self {
        let walk = Walk::new().await;
        let (trigger, shutdown) = Shutdown::by_hand();
        let site_root = std::env::temp_dir().join("trilock-no-site");
        let setup = Setup { site: walk.site.clone(), shutdown, site_root, loopback: true };
        Self { router: web::router(setup).await, cookie: None, trigger, walk }
    }

    async fn send(&mut self, mut request: Request<Body>) -> Response<Body> {
        request.headers_mut().insert(header::HOST, "127.0.0.1:3000".parse().unwrap());
        if let Some(cookie) = &self.cookie {
            request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        if let Some(cookie) = response.headers().get(header::SET_COOKIE) {
            self.cookie = cookie.to_str().unwrap().split(';').next().map(str::to_owned);
        }
        response
    }

    async fn get(&mut self, path: &str) -> (StatusCode, String) {
        let response = self.send(Request::get(path).body(Body::empty()).unwrap()).await;
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn post(&mut self, path: &str, form: &str) -> Response<Body> {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "text/html")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(form.to_owned()));
        self.send(request.unwrap()).await
    }

    async fn start(&mut self) {
        let bucket = self.walk.console.suggested_bucket();
        let response = self.post("/api/lab/start", &format!("listings=corrected&bucket={bucket}")).await;
        assert_eq!(location(&response), "/steps/policies");
    }
}

fn location(response: &Response<Body>) -> &str {
    response.headers()[header::LOCATION].to_str().unwrap()
}

#[tokio::test]
async fn every_page_is_served_with_a_policy_that_names_its_nonce() {
    let mut browser = Browser::new().await;
    browser.start().await;
    let steps = StepId::ALL.map(|step| format!("/steps/{}", step.slug()));
    for path in ["/", "/instance", "/activity"].into_iter().chain(steps.iter().map(String::as_str)) {
        let response = browser.send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let headers = response.headers().clone();
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
        assert_eq!(headers[header::REFERRER_POLICY], "same-origin");
        let page = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let page = String::from_utf8(page.to_vec()).unwrap();
        assert!(page.contains(&format!("nonce=\"{nonce}\"")), "{path}");
        assert!(page.contains("/pkg/app.js") && page.contains("/pkg/app_bg.wasm"), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_404_page_of_the_app() {
    let mut browser = Browser::new().await;
    browser.start().await;
    for path in ["/nowhere", "/steps/nowhere", "/activity/999", "/pkg/nothing.js"] {
        let (status, page) = browser.get(path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.contains("<html"), "{path}");
    }
    assert_eq!(browser.get("/healthz").await, (StatusCode::OK, "ok\n".into()));
}

#[tokio::test]
async fn a_foreign_site_changes_nothing() {
    let mut browser = Browser::new().await;
    browser.start().await;
    let store = browser.walk.site.store.clone();
    let labs = || async { store.labs().await.unwrap() };
    let before = labs().await;
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "http://evil.example")]
    {
        let request = Request::post("/api/lab/start")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(name, value)
            .body(Body::from("listings=printed&bucket=stolen-bucket"));
        assert_eq!(browser.send(request.unwrap()).await.status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert_eq!(labs().await, before);
}

#[tokio::test]
async fn what_is_too_large_is_refused_with_its_limit() {
    let mut browser = Browser::new().await;
    browser.start().await;
    let response = browser.post("/api/policy/create", &"x".repeat(64 * 1024 + 1)).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let page = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    assert!(String::from_utf8_lossy(&page).contains("at most 64 KiB"));

    let file = vec![b'x'; 8 * 1024 * 1024 + 128 * 1024];
    let mut form = b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n".to_vec();
    form.extend(file);
    form.extend(b"\r\n--B--\r\n");
    let request =
        Request::post("/instance/files").header(header::CONTENT_TYPE, "multipart/form-data; boundary=B");
    let response = browser.send(request.body(Body::from(form)).unwrap()).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let page = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    assert!(String::from_utf8_lossy(&page).contains("at most 8 MiB"));
}

#[tokio::test]
async fn the_live_stream_sends_what_is_new_and_what_was_missed() {
    let mut browser = Browser::new().await;
    let nobody = browser.send(Request::get("/activity/stream").body(Body::empty()).unwrap()).await;
    assert_eq!(nobody.status(), StatusCode::NOT_FOUND);
    browser.start().await;
    let role = |name: &str| format!("persona={name}&step=bucket&back=/steps/bucket");
    // No role is there yet: each switch is one refused call, and so one record.
    browser.post("/api/role/switch", &role("secure-bucket-admin")).await;
    let request = Request::get("/activity/stream").header("last-event-id", "0").body(Body::empty()).unwrap();
    let response = browser.send(request).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut events = response.into_body().into_data_stream();
    let missed = String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(missed.contains("id: 1\n") && missed.contains("AssumeRole"), "{missed}");
    browser.post("/api/role/switch", &role("secure-key-admin")).await;
    let new = String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(new.contains("id: 2\n") && new.trim_end().lines().count() == 2, "{new}");
    browser.trigger.pull();
    assert!(events.next().await.is_none());
}
