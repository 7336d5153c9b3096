//! Everything put together: which path leads where, and what stands before it.

use super::{ActsAs, AppError, guard, headers, instance_files, site_files, tabs, upload};
use crate::{
    activity,
    console::{SessionConsole, Site},
    session::layer,
    shutdown::Shutdown,
};
use app::{App, console::Console, shell};
use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request},
    http::{StatusCode, request::Parts},
    middleware,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use leptos::prelude::{LeptosOptions, provide_context, use_context};
use leptos_axum::{LeptosRoutes as _, generate_route_list, render_app_async_with_context};
use std::{path::PathBuf, sync::Arc};
use tower_http::{CompressionLevel, compression::CompressionLayer};
use tower_sessions::Session;

/// What the router is made from.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What all sessions share.
    pub site: Arc<Site>,
    /// Ends the open streams.
    pub shutdown: Shutdown,
    /// The site's files; see [`site_root`](Setup::default_site_root).
    pub site_root: PathBuf,
    /// Whether the console listens on loopback: then it is plain http, and only loopback names are its own.
    pub loopback: bool,
}

impl Setup {
    /// The folder that `TRILOCK_SITE_ROOT` names, `target/site` without.
    pub fn default_site_root() -> PathBuf {
        site_files::root()
    }

    /// Whether the site's files are there: pages work without, but bare.
    pub fn has_site_files(&self) -> bool {
        site_files::is_complete(&self.site_root)
    }
}

/// The console's router.
pub async fn router(setup: Setup) -> Router {
    // `HydrationScripts` names the files /pkg/app.js and /pkg/app_bg.wasm after this.
    let options = LeptosOptions::builder()
        .output_name("app")
        .site_pkg_dir("pkg")
        .site_root(setup.site_root.to_string_lossy().into_owned())
        .build();
    let sessions = layer::layer(&setup.site.store, !setup.loopback).await;
    let context = console_context(Arc::clone(&setup.site));
    let page = {
        let options = options.clone();
        move || shell(options.clone())
    };
    let fallback = {
        let (root, context, page) = (setup.site_root.clone(), context.clone(), page.clone());
        move |request: Request| file_or_not_found(root, context, page, request)
    };
    let live = Router::new()
        .route("/activity/stream", get(activity::stream))
        .with_state((Arc::clone(&setup.site), setup.shutdown));
    let files = Router::new()
        .route(guard::UPLOAD_PATH, post(upload::upload))
        .route("/instance/files/{name}", get(instance_files::download))
        .route("/instance/credentials", post(instance_files::credentials))
        .layer(DefaultBodyLimit::max(upload::MAX_UPLOAD))
        .with_state(setup.site);
    let router = Router::new()
        .leptos_routes_with_context(&options, generate_route_list(App), context, page)
        .fallback(fallback)
        .with_state(options)
        .merge(live)
        .merge(files)
        .layer(sessions)
        .route("/healthz", get(|| async { "ok\n" }))
        .layer(middleware::from_fn(guard::limit_form))
        .layer(middleware::from_fn_with_state(setup.loopback, guard::same_site))
        .layer(middleware::from_fn(headers::secure));
    // The site's files are compressed beforehand; pages are as they go. A live stream is left as it is.
    // A page is some fifty kilobytes of text: what more effort wins is worth its millisecond.
    tabs::with_tabs(router).layer(CompressionLayer::new().quality(CompressionLevel::Precise(8)))
}

/// Puts the console of the request's session into the Leptos context, for pages and server functions alike.
fn console_context(site: Arc<Site>) -> impl Fn() + Clone + Send + Sync + 'static {
    move || {
        let parts = use_context::<Parts>();
        let acts_as = parts.as_ref().and_then(|parts| parts.extensions.get::<ActsAs>().copied());
        let session = parts.and_then(|parts| parts.extensions.get::<Session>().cloned());
        match session {
            Some(session) => {
                let console = SessionConsole::new(Arc::clone(&site), session).acting_as(acts_as);
                let console: Arc<dyn Console> = Arc::new(console);
                provide_context(console);
            }
            None => tracing::error!("a request reached a page without passing the session layer"),
        }
    }
}

/// A file of the site, or the app's own page for what is not there.
async fn file_or_not_found<V>(
    root: PathBuf,
    context: impl Fn() + Clone + Send + Sync + 'static,
    page: impl Fn() -> V + Clone + Send + Sync + 'static,
    request: Request<Body>,
) -> Response
where
    V: leptos::IntoView + 'static,
{
    let (parts, body) = request.into_parts();
    if let Some(file) = site_files::file(&root, &parts).await {
        return file;
    }
    let request = Request::from_parts(parts, body);
    if request.method() != http::Method::GET {
        return AppError::Console(app::console::ConsoleError::NotFound { what: "such page".into() })
            .into_response();
    }
    let mut response = render_app_async_with_context(context, page)(request).await.into_response();
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}
