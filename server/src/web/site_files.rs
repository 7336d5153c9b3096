//! The site's files: style, script and WebAssembly as `cargo xtask` built them, compressed beforehand.

use axum::{
    body::Body,
    http::{HeaderValue, Method, Request, Response, StatusCode, header, request::Parts},
};
use std::path::{Path, PathBuf};
use tower::ServiceExt as _;
use tower_http::services::ServeDir;

/// Where the site's files are when `TRILOCK_SITE_ROOT` does not say otherwise.
const DEFAULT_ROOT: &str = "target/site";

/// The folder with the site's files.
pub(super) fn root() -> PathBuf {
    std::env::var_os("TRILOCK_SITE_ROOT").map_or_else(|| DEFAULT_ROOT.into(), Into::into)
}

/// Whether the folder holds the site: pages work without, but bare.
pub(super) fn is_complete(root: &Path) -> bool {
    root.join("pkg/main.css").is_file()
}

/// The file a path names, Brotli or gzip if the browser takes it; `None` if there is no such file.
///
/// Names do not change with content, so browsers ask again each time and get `304` when nothing changed.
pub(super) async fn file(root: &Path, request: &Parts) -> Option<Response<Body>> {
    if !matches!(request.method, Method::GET | Method::HEAD) || request.uri.path().ends_with('/') {
        return None;
    }
    let mut question = Request::builder().method(&request.method).uri(&request.uri);
    for name in
        [header::ACCEPT_ENCODING, header::IF_MODIFIED_SINCE, header::IF_UNMODIFIED_SINCE, header::RANGE]
    {
        if let Some(value) = request.headers.get(&name) {
            question = question.header(name, value);
        }
    }
    let files =
        ServeDir::new(root).append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
    let response = files.oneshot(question.body(Body::empty()).ok()?).await.ok()?;
    if response.status() == StatusCode::NOT_FOUND {
        return None;
    }
    let mut response = response.map(Body::new);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Some(response)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{file, is_complete};
    use axum::{
        body::to_bytes,
        http::{Request, header},
    };
    use std::{fs, path::PathBuf};

    fn site() -> PathBuf {
        let root = std::env::temp_dir().join(format!("trilock-site-{}", uuid::Uuid::new_v4()));
        fs::create_dir_all(root.join("pkg")).unwrap();
        fs::write(root.join("pkg/app_bg.wasm"), "plain").unwrap();
        fs::write(root.join("pkg/app_bg.wasm.br"), "brotli").unwrap();
        fs::write(root.join("secret"), "outside").unwrap();
        root
    }

    #[tokio::test]
    async fn a_compressed_file_is_preferred_and_has_the_type_of_the_plain_one() {
        let root = site();
        let ask = |encoding: &'static str| {
            let request = Request::get("/pkg/app_bg.wasm").header(header::ACCEPT_ENCODING, encoding).body(());
            request.unwrap().into_parts().0
        };
        for (encoding, expected) in [("br, gzip", "brotli"), ("identity", "plain"), ("gzip", "plain")] {
            let response = file(&root, &ask(encoding)).await.unwrap();
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/wasm");
            assert_eq!(to_bytes(response.into_body(), 100).await.unwrap(), expected, "{encoding}");
        }
        assert!(!is_complete(&root));
        fs::remove_dir_all(root).unwrap();
    }

    #[tokio::test]
    async fn no_path_leads_out_of_the_site() {
        let root = site();
        for path in ["/../secret", "/pkg/..%2f..%2fetc/passwd", "/pkg/", "/nothing"] {
            let (request, ()) = Request::get(path).body(()).unwrap().into_parts();
            assert!(file(&root.join("pkg"), &request).await.is_none(), "{path}");
        }
        fs::remove_dir_all(root).unwrap();
    }
}
